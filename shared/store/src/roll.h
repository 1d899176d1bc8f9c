/* SPDX-License-Identifier: MIT */
#ifndef WFS_ROLL_H
#define WFS_ROLL_H

/*
 * Roll - the rollups of one source's subsystem while they come about: open buckets in
 * memory, how far the files go, and which of their buckets late rows made wrong.
 *
 *     minute_from        to_ns          live_ns         now
 *     ----|--- rolled up ---|--- raw only ---|--- piles ---|
 *
 * Rows from live_ns on are in piles, one for each open bucket. Those between to_ns and
 * live_ns came before this life of the store began to watch (or while a transaction was
 * rolled back): they are read from raw files, a portion at a time. A row below to_ns is
 * late: its minute is marked dirty in the transaction that stores it, and is computed anew.
 *
 * Slow subsystems (fewer than 10 rows a minute) pile by the hour and have no minutes.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/clock.h>
#include <watchfloor/names.h>

#include "acc.h"
#include "rollup_file.h"

/* Since ever: nothing of this series is older. */
#define WFS_ALWAYS (INT64_MIN + 1)
/* live_ns: not known yet. */
#define WFS_NOT_LIVE INT64_MAX
/* So many times in a row must agree before a device's clock is believed. */
#define WFS_VOTES          8
#define WFS_SLOW_PERIOD_NS (6 * WF_NS_PER_S)

/* How far rollups of a series can be trusted, as _positions says it. */
struct wfs_rolled {
    int64_t minute_from, hour_from, to_ns; /* WF_TIME_NONE: none */
};

struct wfs_pile {
    int64_t start_ns;
    uint64_t rows;
    const struct wf_schema *schema;
    const struct wfs_meters *meters;
    struct wfs_pile *next;
    struct wfs_acc accs[];
};

struct wfs_dirt {
    int64_t minute_ns;
    int64_t key; /* whose file says so; WF_TIME_NONE = none does: the row is not below to_ns */
};

struct wfs_roll {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    bool is_slow;
    bool is_rate_known; /* by the schema's period, or by what came */
    struct wfs_rolled state;
    int64_t live_ns;
    struct wfs_pile *piles; /* the one used last first */
    size_t pile_count;
    uint64_t pile_rows;
    int64_t votes[WFS_VOTES]; /* times of the newest rows */
    unsigned vote_count;      /* since rows are watched, at most WFS_VOTES + 1 */
    unsigned vote_at;
    uint64_t added, added_seen; /* rows, for telling silence */
    int64_t changed_mono_ns, cleaned_mono_ns;
    struct wfs_dirt *dirt;
    size_t dirt_count, dirt_capacity;
    size_t dirt_kept; /* of these, before the transaction under way */
    /* Parameter ids in the file that was written last, by tier. */
    struct wfs_ids {
        uint64_t generation; /* of the open file they hold in */
        const struct wfs_meters *meters;
        int64_t *list;
    } ids[WFS_TIER_COUNT];
    struct wfs_roll *next;
};

/* Begin with what the files say; `is_new`: nothing of it was stored before. NULL without memory. */
struct wfs_roll *wfs_roll_create(const char *source, const char *subsystem,
                                 const struct wfs_rolled *state, bool is_new);
void wfs_roll_destroy(struct wfs_roll **roll);

static inline enum wfs_tier wfs_roll_base(const struct wfs_roll *roll)
{
    return roll->is_slow ? WFS_TIER_HOUR : WFS_TIER_MINUTE;
}

/*
 * A row is being stored. *out_dirty is the minute that must be marked dirty in the same
 * transaction, WF_TIME_NONE as a rule.
 */
int wfs_roll_add(struct wfs_roll *roll, const struct wfs_plan *plan, const uint8_t *payload,
                 int64_t time_ns, int64_t *out_dirty, struct wf_err *err);
/* It was marked in the file of `key`. True when that was known already. */
bool wfs_roll_is_dirty(const struct wfs_roll *roll, int64_t minute_ns, int64_t key);
int wfs_roll_mark(struct wfs_roll *roll, int64_t minute_ns, int64_t key, struct wf_err *err);
/* No minute is dirty by what the file of `key` says. */
void wfs_roll_unmark(struct wfs_roll *roll, int64_t key);
/* The transaction under way was committed, or not. */
void wfs_roll_commit(struct wfs_roll *roll);
void wfs_roll_rollback(struct wfs_roll *roll);

/* Forget what is in memory: it will be read from raw files. */
void wfs_roll_reset(struct wfs_roll *roll);

/* Is it known well enough what time it is there? */
static inline bool wfs_roll_has_votes(const struct wfs_roll *roll)
{
    return roll->vote_count >= WFS_VOTES;
}
/*
 * Begin to watch: rows from the bucket on that is returned, behind all that came last (or,
 * when too little came to tell, behind `otherwise_ns`), go into piles. Rows that raw files have there already
 * are the caller's to mark. WFS_NOT_LIVE when no time is to be had.
 */
int64_t wfs_roll_go_live(struct wfs_roll *roll, int64_t otherwise_ns);

/*
 * Up to where buckets are over, by what came: WFS_ALWAYS when that cannot be said yet.
 * `is_silent`: nothing has come for so long that the newest bucket is over as well.
 */
int64_t wfs_roll_over_to(const struct wfs_roll *roll, bool is_silent);

/* Find or make the pile of a bucket in a list. */
int wfs_pile_get(struct wfs_pile **list, int64_t start_ns, const struct wf_schema *schema,
                 const struct wfs_meters *meters, struct wfs_pile **out, struct wf_err *err);
void wfs_piles_free(struct wfs_pile **list);

#endif /* WFS_ROLL_H */
