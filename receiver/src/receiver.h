/* SPDX-License-Identifier: MIT */
#ifndef RX_RECEIVER_H
#define RX_RECEIVER_H

/*
 * Receiver - the program as a whole: a loop, a publisher, and the world in force.
 *
 * One thread does everything (the library adds a helper for waking many
 * monitors, libuv its own for looking up names of tcp-connect hosts).
 */

#include <watchfloor/options.h>
#include <watchfloor/problems.h>

struct rx_receiver;

/*
 * Load the configuration, take the lease, make the regions, open the sockets.
 * Problems of the configuration go to `problems`. After this, everything that
 * arrives is kept by the kernel until rx_receiver_run.
 *   WF_ERR_BUSY      another receiver of this instance runs
 *   WF_ERR_EXISTS    a port is in use
 *   WF_ERR_NOSPACE   /dev/shm or the state folder is full
 */
int rx_receiver_start(const struct wf_common *common, struct rx_receiver **out_receiver,
                      struct wf_problems *problems, struct wf_err *err);
/* Say ready and receive until TERM or INT; then stop in order. Returns 0, or what ended it early. */
int rx_receiver_run(struct rx_receiver *receiver);
void rx_receiver_destroy(struct rx_receiver **receiver);

#endif /* RX_RECEIVER_H */
