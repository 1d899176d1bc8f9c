/* SPDX-License-Identifier: MIT */
/* Ledger: see ledger.h. */

#include "ledger.h"

#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/clock.h>

struct wfs_ledger_entry *wfs_ledger_get(struct wfs_ledger *ledger, const char *source,
                                        const char *subsystem)
{
    struct wfs_ledger_entry *more;

    for (size_t i = 0; i < ledger->count; i++) {
        if (wf_name_is_equal(ledger->list[i].source, source) &&
            wf_name_is_equal(ledger->list[i].subsystem, subsystem))
            return &ledger->list[i];
    }
    more = realloc(ledger->list, (ledger->count + 1) * sizeof(*more));
    if (more == NULL)
        return NULL;
    ledger->list = more;
    more = &ledger->list[ledger->count++];
    *more = (struct wfs_ledger_entry){ 0 };
    (void)wf_copy_text(more->source, sizeof(more->source), source);
    (void)wf_copy_text(more->subsystem, sizeof(more->subsystem), subsystem);
    return more;
}

/* Format 1 thinned nothing; _imported is made by the first import. */
static int prepare_read(sqlite3 *db, sqlite3_stmt **out, struct wf_err *err)
{
    char sql[700];
    int64_t version = 0;
    int rc = wfs_get_i64(db, "PRAGMA user_version", 0, &version, err);

    if (rc < 0)
        return rc;
    (void)snprintf(sql, sizeof(sql),
                   "SELECT p.source, p.subsystem, p.rows, p.rows + %s + coalesce((SELECT"
                   " sum(g.lost) FROM _gaps AS g WHERE g.is_published AND g.subsystem = p.subsystem"
                   " AND g.source = (SELECT id FROM _sources WHERE name = p.source)), 0), %s"
                   " FROM _positions AS p",
                   version >= 2 ? "p.thinned" : "0",
                   wfs_has_table(db, "_imported")
                       ? "coalesce((SELECT sum(i.rows) FROM _imported AS i WHERE"
                         " i.source = p.source AND i.subsystem = p.subsystem), 0)"
                       : "0");
    return wfs_prepare(db, sql, out, err);
}

int wfs_ledger_read(struct wfs_ledger *ledger, sqlite3 *db, struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = prepare_read(db, &stmt, err), step = SQLITE_DONE;

    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *source = (const char *)sqlite3_column_text(stmt, 0);
        const char *subsystem = (const char *)sqlite3_column_text(stmt, 1);
        struct wfs_ledger_entry *entry = wfs_ledger_get(ledger, source != NULL ? source : "",
                                                        subsystem != NULL ? subsystem : "");

        if (entry == NULL) {
            rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
            break;
        }
        entry->rows = wfs_column_u64(stmt, 2);
        entry->published = wfs_column_u64(stmt, 3);
        entry->imported = wfs_column_u64(stmt, 4);
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = wfs_fail(err, db, step, "read positions");
    (void)sqlite3_finalize(stmt);
    return rc;
}

static void tell(struct wf_gap *gap, const struct wfs_ledger_entry *entry, enum wf_gap_cause cause,
                 uint64_t lost, int64_t day_ns)
{
    *gap = (struct wf_gap){ .cause = cause,
                            .is_lost_known = true,
                            .lost = lost,
                            .from_device_ns = day_ns,
                            .from_received_ns = day_ns,
                            .to_device_ns = day_ns + WF_NS_PER_DAY,
                            .to_received_ns = day_ns + WF_NS_PER_DAY };
    (void)wf_copy_text(gap->source, sizeof(gap->source), entry->source);
    (void)wf_copy_text(gap->subsystem, sizeof(gap->subsystem), entry->subsystem);
}

int wfs_ledger_gaps(const struct wfs_ledger *ledger, enum wf_gap_cause cause, int64_t day_ns,
                    struct wf_gap **inout_list, size_t *inout_count)
{
    struct wf_gap *more =
        realloc(*inout_list, (*inout_count + 2 * ledger->count + 1) * sizeof(*more));

    if (more == NULL)
        return WF_ERR_NOMEM;
    *inout_list = more;
    for (size_t i = 0; i < ledger->count; i++) {
        const struct wfs_ledger_entry *entry = &ledger->list[i];

        if (entry->published > 0)
            tell(&more[(*inout_count)++], entry, cause, entry->published, day_ns);
        if (entry->imported > 0)
            tell(&more[(*inout_count)++], entry, WF_GAP_IMPORT_LOST, entry->imported, day_ns);
    }
    return 0;
}

void wfs_ledger_fini(struct wfs_ledger *ledger)
{
    free(ledger->list);
    *ledger = (struct wfs_ledger){ 0 };
}
