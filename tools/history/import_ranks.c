/* SPDX-License-Identifier: MIT */
/* Ranks: see import_ranks.h. A table of sets of a few slots each; the one used longest ago goes. */

#include "import_ranks.h"

#include <stdlib.h>

bool import_ranks_make(struct import_ranks *ranks)
{
    ranks->slots = calloc(IMPORT_RANKS, sizeof(ranks->slots[0]));
    return ranks->slots != NULL;
}

void import_ranks_fini(struct import_ranks *ranks)
{
    free(ranks->slots);
    ranks->slots = NULL;
}

static uint32_t set_of(const void *of, int64_t time_ns)
{
    uint64_t mix =
        ((uint64_t)time_ns ^ (uint64_t)(uintptr_t)of >> 4) * UINT64_C(0x9e3779b97f4a7c15);

    return (uint32_t)(mix >> 40) % (IMPORT_RANKS / IMPORT_RANK_WAYS) * IMPORT_RANK_WAYS;
}

uint32_t import_ranks_next(struct import_ranks *ranks, const void *of, int64_t time_ns)
{
    struct import_rank *set = &ranks->slots[set_of(of, time_ns)], *slot = set;

    ranks->clock++;
    for (unsigned i = 0; i < IMPORT_RANK_WAYS; i++) {
        if (set[i].of == of && set[i].time_ns == time_ns) {
            set[i].used = ranks->clock;
            return set[i].count++;
        }
        if (ranks->clock - set[i].used > ranks->clock - slot->used)
            slot = &set[i];
    }
    *slot = (struct import_rank){ of, time_ns, 1, ranks->clock };
    return 0;
}
