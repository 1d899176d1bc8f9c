/* SPDX-License-Identifier: MIT */
#ifndef WF_WATCH_H
#define WF_WATCH_H

/*
 * Watch - all regions of an instance that a monitor cares for, kept open.
 *
 * Reads the directories of the instance's writing programs, opens what matches,
 * follows regions that come, go and are made anew, and waits for any of them in
 * one place. Starting before the receiver is fine: the watch is just empty.
 *
 * Threads: one at a time, except wf_watch_wait, which may run in a thread of its
 * own while another uses the rest (for programs with an event loop).
 */

#include <watchfloor/region.h>

struct wf_watch;

struct wf_watch_options {
    const char *instance;
    const char *const *patterns; /* see wf_pattern_match; NULL = everything */
    size_t pattern_count;
    /*
     * Called by wf_watch_refresh for a region that went or was made anew, just before it is
     * closed: nobody writes it any more, and what is in it can still be read. May be NULL.
     */
    void (*going)(void *context, struct wf_region *region);
    void *going_context;
};

int wf_watch_open(const struct wf_watch_options *options, struct wf_watch **out_watch,
                  struct wf_err *err);
void wf_watch_close(struct wf_watch **watch);

/*
 * Look for regions that came, went or were made anew. Cheap when nothing
 * changed; call it about once a second. Returns 1 when the set changed, else 0,
 * or a negative WF_ERR_*. Regions that cannot be opened are skipped and told by
 * wf_watch_trouble.
 */
int wf_watch_refresh(struct wf_watch *watch, struct wf_err *err);

/* Entries, sorted by source then subsystem; indexes are stable between refreshes. */
size_t wf_watch_count(const struct wf_watch *watch);
/* Borrowed until the next refresh or close. */
struct wf_region *wf_watch_region(const struct wf_watch *watch, size_t index);
/* Changes whenever this entry's region is another mapping than before. */
uint64_t wf_watch_generation(const struct wf_watch *watch, size_t index);
/* Find by pattern; returns how many match, the first in *out_index. */
size_t wf_watch_find(const struct wf_watch *watch, const char *pattern, size_t *out_index);

/* What could not be opened at the last refresh, one text each ("sat1.power: ..."), or NULL. */
const char *wf_watch_trouble(const struct wf_watch *watch, size_t index);

/* One writing program of the instance. */
struct wf_writer_info {
    char role[WF_NAME_SIZE];
    int pid;
    uint64_t epoch;
    enum wf_writer_state state;
    int64_t heartbeat_mono_ns;
    uint32_t region_count;
};
size_t wf_watch_writers(const struct wf_watch *watch, struct wf_writer_info *out, size_t max);

/*
 * Wait until any writing program rang since the last wait, or `timeout_ms`
 * (at most 250 are slept at once; a dead writer wakes nobody). Returns 1 rang, 0 time is up.
 */
int wf_watch_wait(struct wf_watch *watch, int timeout_ms);
/* Make a wait in another thread return now. */
void wf_watch_interrupt(struct wf_watch *watch);

#endif /* WF_WATCH_H */
