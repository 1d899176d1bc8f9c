/* SPDX-License-Identifier: MIT */
#ifndef WFS_VIEW_H
#define WFS_VIEW_H

/*
 * Views - the engineering values in SQL: what people query with any tool.
 *
 * One view for each schema version turns its raw columns into values (and
 * belongs to that version's calibration, so overlays of a source come out
 * right); one view named like the type is the union of them.
 */

#include "db.h"
#include "plan.h"

/*
 * CREATE VIEW of one part of one schema version. `schema_id` is its row in
 * _schemas of that file, where labels and curve segments are looked up. `is_plain`
 * leaves the columns as they are, for schemas whose expressions outgrow a statement.
 */
void wfs_add_version_view(const struct wfs_plan *plan, size_t part, int64_t schema_id,
                          bool is_plain, struct wf_strbuf *sql);

/* Make the views named like `subsystem` anew, over all versions in the file's catalogue. */
int wfs_make_type_views(sqlite3 *db, const char *subsystem, struct wf_err *err);

/* One piece of a table calibrator: polynomial in (x - origin), for from <= x <= to. */
struct wfs_segment {
    double from, to, origin;
    double c[4];
};
/* Pieces of a table calibrator, ascending; `out` has room for count + 1. Returns how many. */
size_t wfs_segments(const struct wf_calibrator *calibrator, struct wfs_segment *out);

#endif /* WFS_VIEW_H */
