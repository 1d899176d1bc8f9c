/* SPDX-License-Identifier: MIT */
/*
 * A writing program's lease, directory and life. See <watchfloor/publisher.h>;
 * birth and death in shared/core/README.md.
 *
 * The order matters: lease first (from then on nobody else writes), then the
 * directory, adopted when it is fit and otherwise retired and made anew.
 */

#define _XOPEN_SOURCE 700 /* realpath */

#include "publisher_private.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/paths.h>
#include <watchfloor/strbuf.h>

#include "ring.h"

#define REGION_MAX_DEFAULT 4096u
#define REGION_MAX_CEILING 65536u
#define RING_TIME_DEFAULT  (10 * WF_NS_PER_S)
#define HEARTBEAT_MIN_NS   (100 * WF_NS_PER_MS)

static struct wf_directory_entry *entries_of(const struct wf_directory_header *directory)
{
    return (struct wf_directory_entry *)(void *)(directory + 1);
}

/* --- entries ------------------------------------------------------------------------------ */

/* An entry as it lies in memory behind its sequence word. */
struct entry_image {
    int64_t created_ns;
    char source[WF_LAYOUT_NAME_SIZE];
    char subsystem[WF_LAYOUT_NAME_SIZE];
};
static_assert(sizeof(struct entry_image) == 8 * 15, "an entry's words");

void wfi_directory_store(struct wf_publisher *publisher, uint32_t index)
{
    struct wf_directory_header *directory = publisher->directory;
    struct wf_directory_entry *at = entries_of(directory) + index;
    const struct wfi_entry *entry = &publisher->entries[index];
    struct entry_image image = { .created_ns = entry->created_ns };
    uint64_t version = (atomic_load_explicit(&at->seq, memory_order_relaxed) + 1) / 2;
    uint32_t count = 0;

    if (entry->created_ns != 0) {
        (void)wf_copy_text(image.source, sizeof(image.source), entry->source);
        (void)wf_copy_text(image.subsystem, sizeof(image.subsystem), entry->subsystem);
    }
    wfi_slot_begin(&at->seq, version);
    wfi_words_store(at->words, &image, WF_COUNT_OF(at->words));
    wfi_slot_end(&at->seq, version);

    for (uint32_t i = 0; i < publisher->entry_used; i++)
        count += publisher->entries[i].created_ns != 0;
    atomic_store_explicit(&directory->region_count, count, memory_order_relaxed);
    /* Pairs with the acquire of a watch: who sees the change sees the entry. */
    (void)atomic_fetch_add_explicit(&directory->changes, 1, memory_order_release);
}

uint32_t wfi_directory_find(const struct wf_publisher *publisher, const char *source,
                            const char *subsystem)
{
    uint32_t i = 0;

    for (; i < publisher->entry_used; i++) {
        const struct wfi_entry *entry = &publisher->entries[i];

        if (entry->created_ns != 0 && wf_name_is_equal(entry->source, source) &&
            wf_name_is_equal(entry->subsystem, subsystem))
            break;
    }
    return i;
}

/* Remember what an earlier life kept. One that it was just changing is dropped: it will be added. */
static void load_entries(struct wf_publisher *publisher)
{
    for (uint32_t i = 0; i < publisher->entry_max; i++) {
        struct wf_directory_entry *at = entries_of(publisher->directory) + i;
        struct wfi_entry *entry = &publisher->entries[i];
        uint64_t seq = atomic_load_explicit(&at->seq, memory_order_acquire);
        struct entry_image image;

        if (seq == 0)
            continue;
        publisher->entry_used = i + 1;
        wfi_words_load(&image, at->words, WF_COUNT_OF(at->words));
        image.source[WF_NAME_MAX] = '\0';
        image.subsystem[WF_NAME_MAX] = '\0';
        if (seq % 2 == 0 && image.created_ns != 0 && wf_name_check(image.source, NULL) == 0 &&
            wf_name_check(image.subsystem, NULL) == 0) {
            entry->created_ns = image.created_ns;
            (void)wf_copy_text(entry->source, sizeof(entry->source), image.source);
            (void)wf_copy_text(entry->subsystem, sizeof(entry->subsystem), image.subsystem);
        } else if (seq % 2 != 0) {
            wfi_directory_store(publisher, i); /* as free */
        }
    }
}

/* --- the directory ------------------------------------------------------------------------ */

int wfi_adoption_check(const struct wf_mapping_info *info, const struct wf_publisher *publisher,
                       const uint8_t boot_id[16], uint64_t pid_namespace, struct wf_err *err)
{
    if (info->gid != publisher->gid || info->mode != publisher->mode || info->links != 1)
        return wf_fail(err, WF_ERR_GONE, "its group, mode or links differ");
    if (memcmp(boot_id, publisher->host.boot_id, 16) != 0 ||
        pid_namespace != publisher->host.pid_namespace)
        return wf_fail(err, WF_ERR_GONE, "it is of another boot or PID namespace");
    return 0;
}

/*
 * Another state folder means another lease: whoever holds that one writes this
 * instance too. We take it as well, for as long as we live.
 */
static int take_former_lease(struct wf_publisher *publisher,
                             const struct wf_directory_header *directory, struct wf_err *err)
{
    char path[WF_LAYOUT_LEASE_SIZE];
    uint64_t last_epoch;
    int rc;

    memcpy(path, directory->lease, sizeof(path));
    path[sizeof(path) - 1] = '\0';
    if (path[0] != '/' || strcmp(path, publisher->lease_path) == 0)
        return 0;
    rc = wfi_lease_take(path, 0, &publisher->former_lease, &last_epoch, err);
    if (rc == WF_ERR_ABSENT)
        return 0; /* its state folder was removed */
    return rc;
}

/* GONE: it cannot be adopted, make another. */
static int understand_directory(struct wf_publisher *publisher, const struct wf_mapping_info *info,
                                struct wf_err *err)
{
    const struct wf_directory_header *directory = publisher->directory;
    uint32_t magic = atomic_load_explicit(&directory->magic, memory_order_acquire);
    int rc;

    if (magic != WF_LAYOUT_MAGIC_DIRECTORY || directory->endian != WF_LAYOUT_ENDIAN ||
        directory->abi_major != WF_LAYOUT_ABI_MAJOR)
        return wf_fail(err, WF_ERR_GONE, "it is of another release");
    rc = take_former_lease(publisher, directory, err);
    if (rc < 0)
        return rc;
    if (directory->header_bytes != sizeof(*directory) || directory->total_bytes != info->size ||
        directory->entry_count != publisher->entry_max ||
        directory->entries_offset != sizeof(*directory) ||
        directory->entry_stride != sizeof(struct wf_directory_entry) ||
        sizeof(*directory) + (uint64_t)publisher->entry_max * sizeof(struct wf_directory_entry) !=
            info->size ||
        strcmp(directory->lease, publisher->lease_path) != 0)
        return wf_fail(err, WF_ERR_GONE, "it has another shape");
    return wfi_adoption_check(info, publisher, directory->boot_id, directory->pid_namespace, err);
}

/* 0 adopted; ABSENT or GONE: make one; anything else: give up. */
static int adopt_directory(struct wf_publisher *publisher, struct wf_err *err)
{
    struct wf_mapping *mapping = NULL;
    struct wf_mapping_info info;
    int rc = wf_mapping_look(publisher->name, WF_BACKING_MEMORY, &info, err);

    if (rc < 0)
        return rc;
    if (info.uid != publisher->host.uid)
        return WF_ERR_GONE; /* wfi_retire says whose it is */
    rc = wf_mapping_open(publisher->name, WF_BACKING_MEMORY, WF_ACCESS_WRITE, &mapping, err);
    if (rc == 0)
        rc = wf_mapping_info(mapping, &info, err);
    if (rc == 0 && info.size < sizeof(struct wf_directory_header))
        rc = WF_ERR_GONE;
    if (rc == 0)
        rc = wf_map_view_open(mapping, WF_ACCESS_WRITE, 0, 0, NULL, &publisher->view, err);
    wf_mapping_close(&mapping);
    if (rc < 0) /* half-made or not a file at all: nobody lives there, we hold the lease */
        return rc == WF_ERR_BUSY || rc == WF_ERR_CORRUPT ? WF_ERR_GONE : rc;
    publisher->directory = wf_map_view_data(publisher->view);
    rc = understand_directory(publisher, &info, err);
    if (rc < 0) {
        wf_map_view_close(&publisher->view); /* no lock was ever in a directory */
        publisher->directory = NULL;
    }
    return rc;
}

static int make_directory(struct wf_publisher *publisher, struct wf_err *err)
{
    struct wf_mapping_options options = {
        .size = sizeof(struct wf_directory_header) +
                (uint64_t)publisher->entry_max * sizeof(struct wf_directory_entry),
        .mode = publisher->mode,
        .group = publisher->group,
    };
    struct wf_mapping *mapping = NULL;
    struct wf_directory_header *directory;
    int rc = wf_mapping_create(publisher->name, &options, &mapping, err);

    if (rc < 0)
        return rc;
    rc = wf_map_view_open(mapping, WF_ACCESS_WRITE, 0, 0, NULL, &publisher->view, err);
    wf_mapping_close(&mapping);
    if (rc < 0) {
        (void)wf_mapping_remove(publisher->name, WF_BACKING_MEMORY, NULL); /* failing already */
        return rc;
    }
    directory = wf_map_view_data(publisher->view);
    publisher->directory = directory;
    directory->abi_major = WF_LAYOUT_ABI_MAJOR;
    directory->abi_minor = WF_LAYOUT_ABI_MINOR;
    directory->endian = WF_LAYOUT_ENDIAN;
    directory->header_bytes = sizeof(*directory);
    directory->total_bytes = options.size;
    directory->created_ns = wf_utc_now_ns();
    directory->entry_count = publisher->entry_max;
    directory->entry_stride = sizeof(struct wf_directory_entry);
    directory->entries_offset = sizeof(*directory);
    directory->uid = publisher->host.uid;
    memcpy(directory->boot_id, publisher->host.boot_id, sizeof(directory->boot_id));
    directory->pid_namespace = publisher->host.pid_namespace;
    (void)wf_copy_text(directory->instance, sizeof(directory->instance), publisher->instance);
    (void)wf_copy_text(directory->role, sizeof(directory->role), publisher->role);
    (void)wf_copy_text(directory->lease, sizeof(directory->lease), publisher->lease_path);
    return 0;
}

int wfi_retire(const char *name, const struct wfi_host *host, struct wf_err *err)
{
    struct wf_mapping *mapping = NULL;
    struct wf_map_view *view = NULL;
    struct wf_mapping_info info;
    int rc = wf_mapping_look(name, WF_BACKING_MEMORY, &info, err);

    if (rc < 0)
        return rc;
    if (info.uid != host->uid) {
        char who[64];

        wfi_host_user_name(info.uid, who, sizeof(who));
        return wf_fail(err, WF_ERR_DENIED,
                       "/dev/shm%s belongs to %s: let them remove it, or use another instance",
                       name, who);
    }
    /* What cannot be opened has no readers either. */
    if (wf_mapping_open(name, WF_BACKING_MEMORY, WF_ACCESS_WRITE, &mapping, NULL) == 0 &&
        wf_map_view_open(mapping, WF_ACCESS_WRITE, 0, sizeof(uint32_t), NULL, &view, NULL) == 0) {
        _Atomic uint32_t *magic = wf_map_view_data(view);

        atomic_store_explicit(magic, WF_LAYOUT_MAGIC_RETIRED, memory_order_release);
    }
    wf_map_view_close(&view);
    wf_mapping_close(&mapping);
    return wf_mapping_remove(name, WF_BACKING_MEMORY, err);
}

static int obtain_directory(struct wf_publisher *publisher, struct wf_err *err)
{
    int rc = adopt_directory(publisher, err);

    if (rc == WF_ERR_GONE)
        rc = wfi_retire(publisher->name, &publisher->host, err);
    else if (rc != WF_ERR_ABSENT)
        return rc;
    if (rc == 0 || rc == WF_ERR_ABSENT) {
        rc = make_directory(publisher, err);
        publisher->is_directory_new = rc == 0;
    }
    return rc;
}

/* --- life --------------------------------------------------------------------------------- */

bool wfi_lease_folder(const char *state, char out[WF_PATH_SIZE], struct wf_err *err)
{
    char folder[WF_PATH_SIZE];
    struct wf_strbuf text = WF_STRBUF_FIXED(folder);
    char *real;

    wf_strbuf_addf(&text, "%s/lease", state);
    real = text.was_cut ? NULL : realpath(folder, NULL);
    if (real == NULL) {
        (void)wf_fail(err, WF_ERR_ABSENT, "there is no folder '%s'", folder);
        return false;
    }
    (void)wf_copy_text(out, WF_PATH_SIZE, real);
    free(real);
    return true;
}

static int take_lease(struct wf_publisher *publisher, const char *state, uint64_t *out_last_epoch,
                      struct wf_err *err)
{
    char folder[WF_PATH_SIZE];
    struct wf_strbuf path = WF_STRBUF_FIXED(folder);
    int rc;

    wf_strbuf_addf(&path, "%s/lease", state);
    rc = path.was_cut ? wf_fail(err, WF_ERR_LIMIT, "the path of the state folder is too long")
                      : wf_make_folders(folder, err);
    if (rc == 0 && !wfi_lease_folder(state, folder, err))
        rc = WF_ERR_ABSENT;
    if (rc < 0)
        return rc;

    wf_strbuf_init_fixed(&path, publisher->lease_path, sizeof(publisher->lease_path));
    wf_strbuf_addf(&path, "%s/%s.lease", folder, publisher->role);
    if (path.was_cut)
        return wf_fail(err, WF_ERR_LIMIT, "the path of the state folder has more than %d bytes",
                       WF_LAYOUT_LEASE_SIZE - WF_NAME_SIZE);
    rc = wfi_lease_take(publisher->lease_path, 1, &publisher->lease, out_last_epoch, err);
    if (rc == WF_ERR_BUSY)
        wf_err_prefix(err, "another %s of instance '%s' is running", publisher->role,
                      publisher->instance);
    return rc;
}

static int take_options(struct wf_publisher *publisher, const struct wf_publisher_options *options,
                        struct wf_err *err)
{
    int rc = wfi_directory_name(options->instance, options->role, publisher->name, err);

    if (rc == 0)
        rc = wfi_host_read(&publisher->host, err);
    if (rc < 0)
        return rc;
    (void)wf_copy_text(publisher->instance, sizeof(publisher->instance), options->instance);
    (void)wf_copy_text(publisher->role, sizeof(publisher->role), options->role);
    publisher->mode = options->mode != 0 ? options->mode : 0640;
    publisher->ring_time_ns = options->ring_time_ns > 0 ? options->ring_time_ns : RING_TIME_DEFAULT;
    publisher->memory_max = options->memory_max;
    publisher->entry_max = options->region_max != 0 ? options->region_max : REGION_MAX_DEFAULT;
    if (publisher->entry_max > REGION_MAX_CEILING)
        return wf_fail(err, WF_ERR_LIMIT, "a directory of %u regions (at most %u)",
                       publisher->entry_max, REGION_MAX_CEILING);
    publisher->gid = publisher->host.gid;
    if (options->group != NULL && options->group[0] != '\0') {
        publisher->group = strdup(options->group);
        if (publisher->group == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        rc = wfi_host_group_id(options->group, &publisher->gid, err);
    }
    publisher->entries = calloc(publisher->entry_max, sizeof(*publisher->entries));
    if (publisher->entries == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    return rc;
}

/* Epochs grow, whatever the clock does and whichever state folder the last life had. */
static uint64_t next_epoch(const struct wf_publisher *publisher, uint64_t last_epoch)
{
    uint64_t before = atomic_load_explicit(&publisher->directory->epoch, memory_order_relaxed);
    int64_t now = wf_utc_now_ns();
    uint64_t epoch = now > 0 ? (uint64_t)now : 1;

    if (epoch <= last_epoch)
        epoch = last_epoch + 1;
    if (epoch <= before)
        epoch = before + 1;
    return epoch;
}

static int begin_life(struct wf_publisher *publisher, uint64_t last_epoch, struct wf_err *err)
{
    struct wf_directory_header *directory = publisher->directory;
    int rc;

    publisher->epoch = next_epoch(publisher, last_epoch);
    rc = wfi_lease_sign(publisher->lease, publisher->epoch, err);
    if (rc < 0)
        return rc;
    load_entries(publisher);
    atomic_store_explicit(&directory->epoch, publisher->epoch, memory_order_relaxed);
    atomic_store_explicit(&directory->pid, publisher->host.pid, memory_order_relaxed);
    atomic_store_explicit(&directory->heartbeat_mono_ns, wf_mono_now_ns(), memory_order_relaxed);
    atomic_store_explicit(&directory->writer_state, WF_WRITER_RUNNING, memory_order_relaxed);
    /* Magic last: pairs with the acquire of whoever opens it. */
    atomic_store_explicit(&directory->magic, WF_LAYOUT_MAGIC_DIRECTORY, memory_order_release);
    return wfi_bell_start(&publisher->bell, &directory->bell, err);
}

int wf_publisher_open(const struct wf_publisher_options *options,
                      struct wf_publisher **out_publisher, struct wf_err *err)
{
    struct wf_publisher *publisher = calloc(1, sizeof(*publisher));
    uint64_t last_epoch = 0;
    int rc;

    if (publisher == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = take_options(publisher, options, err);
    if (rc == 0)
        rc = take_lease(publisher, options->state, &last_epoch, err);
    if (rc == 0)
        rc = obtain_directory(publisher, err);
    if (rc == 0)
        rc = begin_life(publisher, last_epoch, err);
    if (rc < 0) {
        wf_err_prefix(err, "publish as '%s' of instance '%s'", options->role, options->instance);
        wf_publisher_abandon(&publisher);
        return rc;
    }
    *out_publisher = publisher;
    return 0;
}

void wf_publisher_close(struct wf_publisher **publisher)
{
    struct wf_publisher *gone = publisher != NULL ? *publisher : NULL;

    if (gone == NULL)
        return;
    *publisher = NULL;
    for (uint32_t i = 0; i < gone->entry_used; i++) {
        struct wf_writer *writer = gone->entries[i].writer;

        if (writer == NULL)
            continue;
        atomic_store_explicit(&writer->header->writer_state, WF_WRITER_STOPPED,
                              memory_order_release);
        wfi_writer_destroy(&writer);
    }
    if (gone->directory != NULL && gone->bell.has_helper)
        atomic_store_explicit(&gone->directory->writer_state, WF_WRITER_STOPPED,
                              memory_order_release);
    wfi_bell_stop(&gone->bell);
    wf_map_view_close(&gone->view); /* a directory holds no lock */
    wfi_schema_cache_fini(&gone->schemas);
    wfi_lease_release(&gone->former_lease);
    wfi_lease_release(&gone->lease); /* last: from here on another may write */
    free(gone->entries);
    free(gone->group);
    free(gone);
}

void wf_publisher_abandon(struct wf_publisher **publisher)
{
    struct wf_publisher *gone = publisher != NULL ? *publisher : NULL;

    if (gone == NULL)
        return;
    for (uint32_t i = 0; i < gone->entry_used; i++) {
        struct wf_writer *writer = gone->entries[i].writer;

        if (writer != NULL && !writer->was_adopted)
            wf_publisher_remove(gone, &writer);
    }
    /* Without a directory of its own before, this life adopted nothing. */
    if (gone->is_directory_new)
        (void)wfi_retire(gone->name, &gone->host, NULL); /* we are failing already */
    wf_publisher_close(publisher);
}

uint64_t wf_publisher_epoch(const struct wf_publisher *publisher)
{
    return publisher->epoch;
}

uint64_t wf_publisher_memory(const struct wf_publisher *publisher)
{
    return publisher->memory;
}

void wf_publisher_ring(struct wf_publisher *publisher)
{
    wfi_bell_ring(&publisher->bell);
}

void wf_publisher_heartbeat(struct wf_publisher *publisher, int64_t now_mono_ns)
{
    struct wf_directory_header *directory = publisher->directory;
    int64_t last = atomic_load_explicit(&directory->heartbeat_mono_ns, memory_order_relaxed);

    if (now_mono_ns - last < HEARTBEAT_MIN_NS)
        return;
    atomic_store_explicit(&directory->heartbeat_mono_ns, now_mono_ns, memory_order_relaxed);
    for (uint32_t i = 0; i < publisher->entry_used; i++) {
        const struct wf_writer *writer = publisher->entries[i].writer;

        if (writer != NULL)
            atomic_store_explicit(&writer->header->heartbeat_mono_ns, now_mono_ns,
                                  memory_order_relaxed);
    }
}
