/* SPDX-License-Identifier: MIT */
#ifndef REPLAY_REMOTE_H
#define REPLAY_REMOTE_H

/*
 * Remote control - pause, resume, step, seek and speed of a replay that runs, over its command
 * socket `replay` (<watchfloor/control/control.h>):
 *
 *   {"do":"status"}                   state, position_ns, from_ns, to_ns, speed, samples
 *   {"do":"pause"} {"do":"resume"}    the same
 *   {"do":"speed","speed":10}
 *   {"do":"step","samples":1}         or "time_ns"
 *   {"do":"seek","time_ns":N}
 *   {"do":"stop"}
 *
 * Whoever may connect (the owner, and the configured group) may command.
 */

#include <watchfloor/control/control.h>

#include "player.h"

struct remote {
    struct player *player;
    const struct stage *stage;
    void (*stop)(void *context);
    void *context;
};

/* For wf_control_options.handle; context is a struct remote. */
void remote_handle(void *context, struct wf_control_call *call);

/* Is it a word of the remote control? */
bool remote_is_verb(const char *word);
/* The other end: send `verb` with its `operand` (or NULL), print what comes back. Exit status. */
int remote_send(const char *run_folder, const char *verb, const char *operand);

#endif /* REPLAY_REMOTE_H */
