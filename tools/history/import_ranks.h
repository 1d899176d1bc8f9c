/* SPDX-License-Identifier: MIT */
#ifndef HISTORY_IMPORT_RANKS_H
#define HISTORY_IMPORT_RANKS_H

/*
 * Ranks - how many rows of one time came before, in an import of any length: about the last
 * IMPORT_RANKS times are remembered, of all subsystems together.
 *
 * Rows of one time lie side by side in whatever is imported. Should a time come again much later, it
 * counts from 0 on again: history has the rows that came before by then, so those are left out.
 */

#include <stdbool.h>
#include <stdint.h>

#define IMPORT_RANKS     (1u << 16)
#define IMPORT_RANK_WAYS 8

struct import_ranks { /* zero-initialise */
    struct import_rank {
        const void *of;
        int64_t time_ns;
        uint32_t count;
        uint32_t used; /* when, by the clock of uses */
    } * slots;
    uint32_t clock;
};

/* False without memory. */
bool import_ranks_make(struct import_ranks *ranks);
void import_ranks_fini(struct import_ranks *ranks);
/* The rank of a row of `of` (a series) with this time, from 0 on. */
uint32_t import_ranks_next(struct import_ranks *ranks, const void *of, int64_t time_ns);

#endif /* HISTORY_IMPORT_RANKS_H */
