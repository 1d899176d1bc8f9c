/* SPDX-License-Identifier: MIT */
#ifndef WFS_CATALOGUE_H
#define WFS_CATALOGUE_H

/*
 * Catalogue - the tables by which a day file explains itself, and what enters
 * a source, a life of a writer or a schema version into them.
 */

#include "db.h"
#include "plan.h"

/* Make the catalogue of a new file, inside the caller's transaction. */
int wfs_catalogue_create(sqlite3 *db, const char *instance, const char *day, struct wf_err *err);
/* What format 2 added to that of format 1: the rows of 1 stay as they are. Likewise. */
int wfs_catalogue_upgrade(sqlite3 *db, struct wf_err *err);

/* Id of a source or an epoch, entered when it is new. */
int wfs_catalogue_source(sqlite3 *db, const char *source, int64_t *out_id, struct wf_err *err);
int wfs_catalogue_epoch(sqlite3 *db, uint64_t epoch, int64_t *out_id, struct wf_err *err);

/*
 * Id of a schema version; when it is new its tables, own views and descriptions are made, and
 * the view named like the type is due (wfs_make_type_views), once for all that are new.
 */
int wfs_catalogue_schema(sqlite3 *db, const struct wfs_plan *plan, int64_t day_ns, int64_t *out_id,
                         bool *out_is_new, struct wf_err *err);

#endif /* WFS_CATALOGUE_H */
