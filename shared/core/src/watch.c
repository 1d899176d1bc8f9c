/* SPDX-License-Identifier: MIT */
/* The set of regions a monitor cares for, kept open: see <watchfloor/watch.h>. */

#include "watch_private.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/names.h>
#include <watchfloor/strbuf.h>

static int compare_names(const char *source_a, const char *subsystem_a, const char *source_b,
                         const char *subsystem_b)
{
    int order = wf_casecmp(source_a, source_b);

    return order != 0 ? order : wf_casecmp(subsystem_a, subsystem_b);
}

static int compare_wanted(const void *a, const void *b)
{
    const struct wfi_wanted *x = a, *y = b;

    return compare_names(x->source, x->subsystem, y->source, y->subsystem);
}

void wfi_watch_add_trouble(struct wf_watch *watch, const char *what, const char *text)
{
    struct wf_strbuf line;

    if (watch->trouble_count == WFI_TROUBLES_MAX)
        return;
    wf_strbuf_init(&line, 1024);
    wf_strbuf_addf(&line, "%s: %s", what, text);
    watch->troubles[watch->trouble_count] = strdup(line.text);
    watch->trouble_count += watch->troubles[watch->trouble_count] != NULL;
    wf_strbuf_fini(&line);
}

static void forget_troubles(struct wf_watch *watch)
{
    while (watch->trouble_count > 0)
        free(watch->troubles[--watch->trouble_count]);
}

int wf_watch_open(const struct wf_watch_options *options, struct wf_watch **out_watch,
                  struct wf_err *err)
{
    struct wf_watch *watch = NULL;
    int rc = wf_instance_check(options->instance, err);

    if (rc < 0)
        return rc;
    watch = calloc(1, sizeof(*watch));
    if (watch == NULL || pthread_mutex_init(&watch->lock, NULL) != 0) {
        free(watch);
        return wf_fail(err, WF_ERR_NOMEM, "watch '%s': out of memory", options->instance);
    }
    (void)wf_copy_text(watch->instance, sizeof(watch->instance), options->instance);
    watch->going = options->going;
    watch->going_context = options->going_context;
    if (options->patterns != NULL && options->pattern_count > 0) {
        watch->patterns = calloc(options->pattern_count, sizeof(*watch->patterns));
        for (size_t i = 0; watch->patterns != NULL && i < options->pattern_count; i++) {
            watch->patterns[i] = strdup(options->patterns[i]);
            if (watch->patterns[i] == NULL)
                break;
            watch->pattern_count++;
        }
        if (watch->pattern_count < options->pattern_count)
            rc = wf_fail(err, WF_ERR_NOMEM, "watch '%s': out of memory", options->instance);
    }
    if (rc == 0)
        rc = wf_watch_refresh(watch, err);
    if (rc < 0) {
        wf_watch_close(&watch);
        return rc;
    }
    *out_watch = watch;
    return 0;
}

void wf_watch_close(struct wf_watch **watch)
{
    struct wf_watch *gone = watch != NULL ? *watch : NULL;

    if (gone == NULL)
        return;
    *watch = NULL;
    for (size_t i = 0; i < gone->entry_count; i++)
        wf_region_close(&gone->entries[i].region);
    for (size_t i = 0; i < gone->directory_count; i++)
        wfi_directory_close(&gone->directories[i]);
    while (gone->graveyard != NULL) {
        struct wfi_directory *directory = gone->graveyard;

        gone->graveyard = directory->next;
        wfi_directory_close(&directory);
    }
    forget_troubles(gone);
    wfi_schema_cache_fini(&gone->schemas);
    for (size_t i = 0; i < gone->pattern_count; i++)
        free(gone->patterns[i]);
    free(gone->patterns);
    free(gone->entries);
    (void)pthread_mutex_destroy(&gone->lock);
    free(gone);
}

/* Everything that the directories name, sorted; of equal names the first directory's. */
static int collect(struct wf_watch *watch, struct wfi_wanted_list *wanted)
{
    size_t kept = 0;

    for (size_t i = 0; i < watch->directory_count; i++) {
        int rc = wfi_directory_read(watch, watch->directories[i], wanted);

        if (rc < 0)
            return rc;
    }
    if (wanted->count > 1)
        qsort(wanted->list, wanted->count, sizeof(*wanted->list), compare_wanted);
    for (size_t i = 0; i < wanted->count; i++) {
        if (kept > 0 && compare_wanted(&wanted->list[kept - 1], &wanted->list[i]) == 0)
            continue;
        wanted->list[kept++] = wanted->list[i];
    }
    wanted->count = kept;
    return 0;
}

/* Open what is wanted into `out`; a trouble when that does not work. */
static bool open_wanted(struct wf_watch *watch, const struct wfi_wanted *wanted,
                        struct wfi_watched *out)
{
    struct wf_region *region = NULL;
    struct wf_err why = { 0 };
    int rc = wfi_region_open(watch->instance, wanted->source, wanted->subsystem, &watch->schemas,
                             &region, &why);

    if (rc == 0 && (region->fixed.created_ns != wanted->created_ns ||
                    strcmp(region->fixed.role, wanted->directory->role) != 0))
        rc = wf_fail(&why, WF_ERR_GONE, "it is not the one its directory names");
    if (rc < 0) {
        char name[WF_FULL_NAME_SIZE];
        struct wf_strbuf text = WF_STRBUF_FIXED(name);

        wf_region_close(&region);
        wf_strbuf_add_name(&text, wanted->source, wanted->subsystem, NULL);
        wfi_watch_add_trouble(watch, name, why.text);
        return false;
    }
    *out = (struct wfi_watched){ .created_ns = wanted->created_ns,
                                 .generation = ++watch->generation_last,
                                 .region = region };
    (void)wf_copy_text(out->source, sizeof(out->source), region->fixed.source);
    (void)wf_copy_text(out->subsystem, sizeof(out->subsystem), region->fixed.subsystem);
    return true;
}

/* Both lists are sorted: walk them side by side, keep, open and close. 1 = something changed. */
static int merge(struct wf_watch *watch, const struct wfi_wanted_list *wanted)
{
    struct wfi_watched *merged = calloc(wanted->count + 1, sizeof(*merged));
    size_t old = 0, count = 0;
    bool has_changed = false;

    if (merged == NULL)
        return WF_ERR_NOMEM;
    for (size_t i = 0; i <= wanted->count; i++) {
        const struct wfi_wanted *want = i < wanted->count ? &wanted->list[i] : NULL;
        int order = 1;

        while (old < watch->entry_count) {
            struct wfi_watched *entry = &watch->entries[old];

            order = want == NULL ? -1
                                 : compare_names(entry->source, entry->subsystem, want->source,
                                                 want->subsystem);
            if (order > 0 || (order == 0 && entry->created_ns == want->created_ns))
                break;
            if (watch->going != NULL)
                watch->going(watch->going_context, entry->region);
            wf_region_close(&entry->region); /* gone, or made anew */
            has_changed = true;
            old++;
        }
        if (want == NULL)
            break;
        if (order == 0 && old < watch->entry_count) {
            merged[count++] = watch->entries[old++];
        } else if (open_wanted(watch, want, &merged[count])) {
            has_changed = true;
            count++;
        }
    }
    free(watch->entries);
    watch->entries = merged;
    watch->entry_count = count;
    return has_changed;
}

static bool is_any_directory_news(const struct wf_watch *watch)
{
    for (size_t i = 0; i < watch->directory_count; i++) {
        const struct wfi_directory *directory = watch->directories[i];

        if (directory->is_unread ||
            atomic_load_explicit(&directory->header->changes, memory_order_acquire) !=
                directory->changes_seen)
            return true;
    }
    return false;
}

int wf_watch_refresh(struct wf_watch *watch, struct wf_err *err)
{
    struct wfi_wanted_list wanted = { 0 };
    bool had_trouble = watch->trouble_count > 0;
    bool has_changed = false;
    int rc;

    if (had_trouble) {
        forget_troubles(watch);
        watch->list_token = 0;
    }
    rc = wfi_directories_refresh(watch, &has_changed, err);
    if (rc < 0)
        return rc;
    if (!has_changed && !had_trouble && !is_any_directory_news(watch))
        return 0;
    rc = collect(watch, &wanted);
    if (rc == 0)
        rc = merge(watch, &wanted);
    free(wanted.list);
    if (rc < 0)
        return wf_fail(err, WF_ERR_NOMEM, "watch '%s': out of memory", watch->instance);
    if (rc > 0)
        wfi_schema_cache_sweep(&watch->schemas);
    return rc;
}

size_t wf_watch_count(const struct wf_watch *watch)
{
    return watch->entry_count;
}

struct wf_region *wf_watch_region(const struct wf_watch *watch, size_t index)
{
    return index < watch->entry_count ? watch->entries[index].region : NULL;
}

uint64_t wf_watch_generation(const struct wf_watch *watch, size_t index)
{
    return index < watch->entry_count ? watch->entries[index].generation : 0;
}

size_t wf_watch_find(const struct wf_watch *watch, const char *pattern, size_t *out_index)
{
    size_t count = 0;

    for (size_t i = 0; i < watch->entry_count; i++) {
        const struct wfi_watched *entry = &watch->entries[i];

        if (!wf_pattern_match(pattern, entry->source, entry->subsystem, NULL))
            continue;
        if (count++ == 0)
            *out_index = i;
    }
    return count;
}

const char *wf_watch_trouble(const struct wf_watch *watch, size_t index)
{
    return index < watch->trouble_count ? watch->troubles[index] : NULL;
}

size_t wf_watch_writers(const struct wf_watch *watch, struct wf_writer_info *out, size_t max)
{
    size_t count = watch->directory_count < max ? watch->directory_count : max;

    for (size_t i = 0; i < count; i++) {
        const struct wfi_directory *directory = watch->directories[i];
        const struct wf_directory_header *header = directory->header;

        out[i] = (struct wf_writer_info){
            .pid = (int)atomic_load_explicit(&header->pid, memory_order_relaxed),
            .epoch = atomic_load_explicit(&header->epoch, memory_order_relaxed),
            .state = (enum wf_writer_state)atomic_load_explicit(&header->writer_state,
                                                                memory_order_acquire),
            .heartbeat_mono_ns =
                atomic_load_explicit(&header->heartbeat_mono_ns, memory_order_relaxed),
            .region_count = atomic_load_explicit(&header->region_count, memory_order_relaxed),
        };
        (void)wf_copy_text(out[i].role, sizeof(out[i].role), directory->role);
    }
    return watch->directory_count;
}
