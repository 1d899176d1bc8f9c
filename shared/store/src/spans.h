/* SPDX-License-Identifier: MIT */
#ifndef WFS_SPANS_H
#define WFS_SPANS_H

/*
 * Spans - what times a sealed day file holds, and a list of them beside the files,
 * <folder>/spans: whoever asks for two hours of a year opens the file that has them, not 365.
 *
 * The list only saves time. A line counts for the file of that size, modified at that moment, and
 * only while it is sealed; a line that is missing, damaged or of another file costs a look into
 * the file itself. The store writes it, a little at a time.
 */

#include "db.h"
#include "folder.h"

struct wfs_spans {
    int64_t device_from, device_to; /* of rows; from > to: there are none */
    int64_t gap_from, gap_to;       /* of gaps, by any clock */
    bool has_deleted;               /* it tells of files that were deleted */
};

/* Ask the file itself. */
int wfs_spans_read(sqlite3 *db, struct wfs_spans *out, struct wf_err *err);

struct wfs_span_entry {
    struct wfs_day_file file; /* as it was when it was read */
    struct wfs_spans spans;
};

struct wfs_span_list {
    struct wfs_span_entry *entries; /* ascending by key */
    size_t count;
};

/* What is there and undamaged; nothing is fine as well. Only NOMEM fails. */
int wfs_span_list_load(const char *folder, struct wfs_span_list *out, struct wf_err *err);
int wfs_span_list_save(const struct wfs_span_list *list, const char *folder, const char *group,
                       struct wf_err *err);
void wfs_span_list_free(struct wfs_span_list *list);
/* The spans of a file as it is now; NULL: they are not known. */
const struct wfs_spans *wfs_span_list_find(const struct wfs_span_list *list,
                                           const struct wfs_day_file *file);

#endif /* WFS_SPANS_H */
