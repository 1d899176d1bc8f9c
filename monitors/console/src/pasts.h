/* SPDX-License-Identifier: MIT */
#ifndef CON_PASTS_H
#define CON_PASTS_H

/*
 * Pasts - what pages and displays want to know of the past, and what is known of it: recorded
 * history as it was read last, and behind its newest sample what came since, so that each sample
 * is there once.
 *
 * Asking never blocks. The program around the screens takes what is to be read from
 * con_pasts_next, reads it where it likes (past.h) and hands the answer to con_pasts_take.
 *
 * Threads: the screens'.
 */

#include "past.h"

struct con_entry;
struct con_now;
struct con_pasts;

int con_pasts_create(struct con_pasts **out_pasts, struct wf_err *err);
void con_pasts_destroy(struct con_pasts **pasts);

/* Whose history: <state>/history. Another one than before begins from nothing. */
void con_pasts_use(struct con_pasts *pasts, const char *folder);

/* For wf_view.past. NULL without memory. Borrowed until the same is asked again. */
const struct wf_past *con_pasts_ask(struct con_pasts *pasts, struct con_entry *entry,
                                    size_t parameter, int64_t span_ns, size_t steps,
                                    const struct con_now *now);

/* What should be read next; false: nothing now. Each is to be answered by con_pasts_take. */
bool con_pasts_next(struct con_pasts *pasts, const struct con_now *now,
                    struct con_past_request *out);
void con_pasts_take(struct con_pasts *pasts, const struct con_past_answer *answer,
                    const struct con_now *now);

#endif /* CON_PASTS_H */
