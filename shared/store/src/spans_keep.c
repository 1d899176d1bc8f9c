/* SPDX-License-Identifier: MIT */
/* The store keeps the list of spans: see spans.h. A few files at a time, so that rows never wait. */

#include <stdlib.h>
#include <string.h>

#include "spans.h"
#include "store.h"

/* Looks for files that were sealed, one in so many calls; files read at a time. */
#define LOOK_EVERY 60
#define READ_MAX   4

static int read_file(const struct wf_store *store, const struct wfs_day_file *file,
                     struct wfs_spans *out)
{
    char path[WFS_PATH_SIZE];
    sqlite3 *db = NULL;
    int rc = wfs_day_path(store->folder, file->key, path, NULL);

    if (rc == 0)
        rc = wfs_open_reader(path, 0, &db, NULL);
    if (rc == 0)
        rc = wfs_spans_read(db, out, NULL);
    wfs_close(&db);
    return rc;
}

/*
 * The list of what there is now, from what was known and a few files more. True: something is
 * new. *out_is_left: more is to be read. A file that cannot be read is not in it.
 */
static bool update(struct wf_store *store, const struct wfs_day_file *files, size_t count,
                   struct wfs_span_list *out, bool *out_is_left)
{
    bool is_new = false;
    int reads = 0;

    *out_is_left = false;
    for (size_t i = 0; i < count; i++) {
        const struct wfs_spans *known = wfs_span_list_find(&store->spans, &files[i]);
        struct wfs_span_entry entry = { .file = files[i] };

        if (!files[i].is_sealed)
            continue;
        if (known == NULL && reads == READ_MAX) {
            *out_is_left = true;
            continue;
        }
        reads += known == NULL;
        if (known == NULL && read_file(store, &files[i], &entry.spans) < 0)
            continue;
        is_new = is_new || known == NULL;
        if (known != NULL)
            entry.spans = *known;
        out->entries[out->count++] = entry;
    }
    return is_new || out->count != store->spans.count;
}

void wfs_spans_keep(struct wf_store *store)
{
    struct wfs_span_list list = { 0 };
    struct wfs_day_file *files = NULL;
    size_t count = 0;

    if (!store->are_spans_left && store->tidies % LOOK_EVERY != 0)
        return;
    if (!store->are_spans_loaded)
        store->are_spans_loaded = wfs_span_list_load(store->folder, &store->spans, NULL) == 0;
    if (wfs_folder_list(store->folder, &files, &count, NULL) < 0)
        return;
    list.entries = calloc(count + 1, sizeof(*list.entries));
    if (list.entries != NULL) {
        store->is_span_list_new |= update(store, files, count, &list, &store->are_spans_left);
        wfs_span_list_free(&store->spans);
        store->spans = list;
    }
    free(files);
    /* That it cannot be written costs readers some time and nobody anything else: later. */
    if (store->is_span_list_new && !store->are_spans_left)
        store->is_span_list_new =
            wfs_span_list_save(&store->spans, store->folder, store->group, NULL) < 0;
}
