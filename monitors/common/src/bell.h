/* SPDX-License-Identifier: MIT */
#ifndef MON_BELL_H
#define MON_BELL_H

/*
 * Bell - tells a libuv loop that some region of a watch has news.
 *
 * Waiting for a bell blocks, so a thread does it; the loop hears of it through
 * a uv_async_t. One ring is told per mon_bell_listen(): whoever draws at most
 * ten times a second listens again only when the next drawing may begin, and
 * a writer that rings a thousand times costs no more than ten wake-ups.
 *
 * Threads: start, listen and stop belong to the loop's thread; so does `rang`.
 */

#include <uv.h>

#include <watchfloor/err.h>
#include <watchfloor/watch.h>

struct mon_bell;

typedef void (*mon_bell_fn)(void *context);

/*
 * The watch must outlive the bell. Starts deaf: call mon_bell_listen.
 *   WF_ERR_SYSTEM   no thread or handle to be had
 */
int mon_bell_start(uv_loop_t *loop, struct wf_watch *watch, mon_bell_fn rang, void *context,
                   struct mon_bell **out_bell, struct wf_err *err);
/* Call `rang` once when something was published since the last time. */
void mon_bell_listen(struct mon_bell *bell);
/*
 * Ends the thread (within 250 ms) and begins closing the handle; its memory goes
 * when the loop has run that out. Leaves NULL; fine on NULL.
 */
void mon_bell_stop(struct mon_bell **bell);

#endif /* MON_BELL_H */
