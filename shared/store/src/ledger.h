/* SPDX-License-Identifier: MIT */
#ifndef WFS_LEDGER_H
#define WFS_LEDGER_H

/*
 * Ledger - what one day file holds of each source's subsystem: should the file be lost or deleted,
 * this is what gaps must tell of, so that sums over all files stay right.
 */

#include <watchfloor/store/gap.h>

#include "db.h"

struct wfs_ledger_entry {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    uint64_t rows;      /* samples that were published and are stored */
    uint64_t published; /* these, those thinned on request, and losses that only this file tells */
    uint64_t imported;  /* rows that never were published */
};

struct wfs_ledger { /* zero-initialise */
    struct wfs_ledger_entry *list;
    size_t count;
};

/* Found or made; NULL without memory. */
struct wfs_ledger_entry *wfs_ledger_get(struct wfs_ledger *ledger, const char *source,
                                        const char *subsystem);
/* What the file says, of any format. */
int wfs_ledger_read(struct wfs_ledger *ledger, sqlite3 *db, struct wf_err *err);
/*
 * Add the gaps that tell of all this to a list: of what was published with `cause`, of what was
 * imported with their own. They last the day of `day_ns`. NOMEM: the list is as it was.
 */
int wfs_ledger_gaps(const struct wfs_ledger *ledger, enum wf_gap_cause cause, int64_t day_ns,
                    struct wf_gap **inout_list, size_t *inout_count);
void wfs_ledger_fini(struct wfs_ledger *ledger);

#endif /* WFS_LEDGER_H */
