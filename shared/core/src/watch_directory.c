/* SPDX-License-Identifier: MIT */
/* A watch's directories: found by name, checked, read. See watch_private.h and layout.h. */

#include "watch_private.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/names.h>
#include <watchfloor/strbuf.h>

#include "ring.h"

#define ENTRIES_MAX 65536u
#define ENTRY_TRIES 3

struct entry_image {
    int64_t created_ns;
    char source[WF_LAYOUT_NAME_SIZE];
    char subsystem[WF_LAYOUT_NAME_SIZE];
};
static_assert(sizeof(struct entry_image) == 8 * 15, "an entry's words");

static bool is_text(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

/* Check the header against the mapping; everything used later is copied out of it here. */
static int understand(struct wfi_directory *directory, const struct wf_watch *watch,
                      const struct wf_mapping_info *info, struct wf_err *err)
{
    const struct wf_directory_header *header = directory->header;
    struct wf_directory_header fixed = { 0 };
    int rc = wfi_magic_check(atomic_load_explicit(&header->magic, memory_order_acquire),
                             WF_LAYOUT_MAGIC_DIRECTORY, err);

    if (rc < 0)
        return rc;
    wfi_words_load(&fixed, (const _Atomic uint64_t *)(const void *)header,
                   WF_LAYOUT_DIRECTORY_FIXED_BYTES / 8);
    if (fixed.endian != WF_LAYOUT_ENDIAN || fixed.abi_major != WF_LAYOUT_ABI_MAJOR)
        return wf_fail(err, WF_ERR_VERSION, "header: layout version %u, this program knows %d",
                       fixed.abi_major, WF_LAYOUT_ABI_MAJOR);
    if (fixed.total_bytes != info->size || fixed.uid != info->uid ||
        fixed.entry_stride != sizeof(struct wf_directory_entry) ||
        fixed.entries_offset < sizeof(fixed) || fixed.entries_offset % 64 != 0 ||
        fixed.entry_count > ENTRIES_MAX ||
        fixed.entries_offset + (uint64_t)fixed.entry_count * fixed.entry_stride > info->size)
        return wf_fail(err, WF_ERR_CORRUPT, "header: contradicts its mapping");
    if (!is_text(fixed.instance, sizeof(fixed.instance)) ||
        !is_text(fixed.role, sizeof(fixed.role)) || wf_name_check(fixed.role, NULL) < 0 ||
        strcmp(fixed.instance, watch->instance) != 0)
        return wf_fail(err, WF_ERR_CORRUPT, "header: it was made for another name");
    directory->entry_count = fixed.entry_count;
    directory->entries = (const struct wf_directory_entry *)(const void *)((const char *)header +
                                                                           fixed.entries_offset);
    (void)wf_copy_text(directory->role, sizeof(directory->role), fixed.role);
    directory->changes_seen = UINT64_MAX; /* never read */
    directory->bell_seen = atomic_load_explicit(&header->bell, memory_order_acquire);
    return 0;
}

static int open_directory(const struct wf_watch *watch, const char *name,
                          struct wfi_directory **out_directory, struct wf_err *err)
{
    struct wfi_directory *directory = calloc(1, sizeof(*directory));
    struct wf_mapping *mapping = NULL;
    struct wf_mapping_info info;
    int rc;

    if (directory == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    (void)wf_copy_text(directory->name, sizeof(directory->name), name);
    rc = wf_mapping_open(name, WF_BACKING_MEMORY, WF_ACCESS_READ, &mapping, err);
    if (rc == 0)
        rc = wf_mapping_info(mapping, &info, err);
    if (rc == 0)
        rc = wfi_trust_check(&info, err);
    if (rc == 0 && info.size < sizeof(struct wf_directory_header))
        rc = wf_fail(err, WF_ERR_CORRUPT, "too small for a header");
    if (rc == 0)
        rc = wf_map_view_open(mapping, WF_ACCESS_READ, 0, (size_t)info.size, NULL, &directory->view,
                              err);
    wf_mapping_close(&mapping);
    if (rc == 0) {
        directory->identity = info.identity;
        directory->header = wf_map_view_data(directory->view);
        rc = understand(directory, watch, &info, err);
    }
    if (rc < 0) {
        wfi_directory_close(&directory);
        return rc;
    }
    *out_directory = directory;
    return 0;
}

void wfi_directory_close(struct wfi_directory **directory)
{
    if (*directory == NULL)
        return;
    wf_map_view_close(&(*directory)->view);
    free(*directory);
    *directory = NULL;
}

static bool is_still_named(const struct wfi_directory *directory)
{
    struct wf_mapping_info info;

    return atomic_load_explicit(&directory->header->magic, memory_order_acquire) ==
               WF_LAYOUT_MAGIC_DIRECTORY &&
           wf_mapping_look(directory->name, WF_BACKING_MEMORY, &info, NULL) == 0 &&
           info.identity.inode == directory->identity.inode &&
           info.identity.device == directory->identity.device;
}

static const struct wfi_directory *find_directory(const struct wf_watch *watch, const char *name)
{
    for (size_t i = 0; i < watch->directory_count; i++) {
        if (strcmp(watch->directories[i]->name, name) == 0)
            return watch->directories[i];
    }
    return NULL;
}

/* Another thread may sleep on the bell of a directory that went: keep it mapped until it woke. */
static void bury(struct wf_watch *watch, size_t index)
{
    struct wfi_directory *gone = watch->directories[index];

    gone->next = watch->graveyard;
    watch->graveyard = gone;
    watch->directories[index] = watch->directories[--watch->directory_count];
}

static void empty_graveyard(struct wf_watch *watch)
{
    while (!watch->is_waiting && watch->graveyard != NULL) {
        struct wfi_directory *gone = watch->graveyard;

        watch->graveyard = gone->next;
        wfi_directory_close(&gone);
    }
}

/* Is everything as it was when the names were listed last? */
static bool is_list_fresh(const struct wf_watch *watch, uint64_t token)
{
    if (token == 0 || token != watch->list_token)
        return false;
    for (size_t i = 0; i < watch->directory_count; i++) {
        if (atomic_load_explicit(&watch->directories[i]->header->magic, memory_order_acquire) !=
            WF_LAYOUT_MAGIC_DIRECTORY)
            return false;
    }
    return true;
}

int wfi_directories_refresh(struct wf_watch *watch, bool *out_changed, struct wf_err *err)
{
    uint64_t token = wf_mapping_list_token();
    char prefix[WFI_REGION_NAME_SIZE];
    struct wf_mapping_names names;
    struct wf_strbuf text;
    int rc;

    *out_changed = false;
    if (is_list_fresh(watch, token))
        return 0;
    wf_strbuf_init_fixed(&text, prefix, sizeof(prefix));
    wf_strbuf_addf(&text, WFI_SHM_PREFIX "%s.@", watch->instance);
    rc = wf_mapping_list(prefix, &names, err);
    if (rc < 0)
        return rc;
    watch->list_token = token;

    (void)pthread_mutex_lock(&watch->lock);
    for (size_t i = watch->directory_count; i > 0; i--) {
        if (!is_still_named(watch->directories[i - 1])) {
            bury(watch, i - 1);
            *out_changed = true;
        }
    }
    for (size_t i = 0; i < names.count && watch->directory_count < WFI_DIRECTORIES_MAX; i++) {
        struct wf_err why = { 0 };

        if (find_directory(watch, names.names[i]) != NULL)
            continue;
        rc = open_directory(watch, names.names[i], &watch->directories[watch->directory_count],
                            &why);
        if (rc == 0) {
            watch->directory_count++;
            *out_changed = true;
        } else {
            watch->list_token = 0; /* look again next time */
            if (rc != WF_ERR_ABSENT && rc != WF_ERR_GONE)
                wfi_watch_add_trouble(watch, names.names[i], why.text);
        }
    }
    empty_graveyard(watch);
    (void)pthread_mutex_unlock(&watch->lock);
    if (*out_changed)
        wfi_watch_nudge(watch); /* whoever waits has to wait for other bells now */
    wf_mapping_names_free(&names);
    return 0;
}

static bool is_wanted(const struct wf_watch *watch, const char *source, const char *subsystem)
{
    for (size_t i = 0; i < watch->pattern_count; i++) {
        if (wf_pattern_match(watch->patterns[i], source, subsystem, NULL))
            return true;
    }
    return watch->pattern_count == 0;
}

/* False: it was changing all the time. A free entry reads as created_ns 0. */
static bool read_entry(const struct wf_directory_entry *entry, struct entry_image *out)
{
    for (int tries = 0; tries < ENTRY_TRIES; tries++) {
        uint64_t seq = atomic_load_explicit(&entry->seq, memory_order_acquire);
        uint64_t version = seq / 2 - 1;

        if (seq == 0) {
            out->created_ns = 0;
            return true;
        }
        if (seq % 2 != 0)
            continue;
        wfi_words_load(out, entry->words, WF_COUNT_OF(entry->words));
        if (wfi_slot_is_still(&entry->seq, version))
            return true;
    }
    return false;
}

int wfi_directory_read(const struct wf_watch *watch, struct wfi_directory *directory,
                       struct wfi_wanted_list *wanted)
{
    directory->changes_seen =
        atomic_load_explicit(&directory->header->changes, memory_order_acquire);
    directory->is_unread = false;
    for (uint32_t i = 0; i < directory->entry_count; i++) {
        struct entry_image image;
        struct wfi_wanted *one;

        if (!read_entry(&directory->entries[i], &image)) {
            directory->is_unread = true;
            continue;
        }
        if (image.created_ns == 0 || !is_text(image.source, sizeof(image.source)) ||
            !is_text(image.subsystem, sizeof(image.subsystem)) ||
            wf_name_check(image.source, NULL) < 0 || wf_name_check(image.subsystem, NULL) < 0 ||
            !is_wanted(watch, image.source, image.subsystem))
            continue;
        if (wanted->count == wanted->capacity) {
            size_t more = wanted->capacity == 0 ? 64 : 2 * wanted->capacity;
            struct wfi_wanted *grown = realloc(wanted->list, more * sizeof(*grown));

            if (grown == NULL)
                return WF_ERR_NOMEM;
            wanted->list = grown;
            wanted->capacity = more;
        }
        one = &wanted->list[wanted->count++];
        *one = (struct wfi_wanted){ .created_ns = image.created_ns, .directory = directory };
        (void)wf_copy_text(one->source, sizeof(one->source), image.source);
        (void)wf_copy_text(one->subsystem, sizeof(one->subsystem), image.subsystem);
    }
    return 0;
}
