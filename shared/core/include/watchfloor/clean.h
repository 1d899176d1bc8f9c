/* SPDX-License-Identifier: MIT */
#ifndef WF_CLEAN_H
#define WF_CLEAN_H

/*
 * Clean - take away the shared memory that a dead instance left behind.
 *
 * An orderly stop keeps the regions, so that monitors can show the last values;
 * this removes them, after all leases were had, which proves that no writing
 * program lives. State on disk (history, leases) stays. Threads: any.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>

/* One mapping: removed when `why_kept` is NULL, otherwise left there, and why. */
typedef void (*wf_clean_fn)(void *context, const char *name, uint64_t bytes, const char *why_kept);

struct wf_clean_result {
    size_t removed, kept;
    uint64_t bytes; /* of those removed */
};

/*
 * Remove everything of `instance`, whose state folder is `state`; tell each to
 * `said` (may be NULL). With `is_dry` nothing is removed, only told.
 *   WF_ERR_BUSY   a writing program lives (err says which); nothing was removed
 */
int wf_clean(const char *instance, const char *state, bool is_dry, wf_clean_fn said, void *context,
             struct wf_clean_result *out, struct wf_err *err);

#endif /* WF_CLEAN_H */
