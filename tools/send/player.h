/* SPDX-License-Identifier: MIT */
#ifndef SEND_PLAYER_H
#define SEND_PLAYER_H

/*
 * Player - takes packets from a recording to a target, each when it is due.
 * Threads: the loop's.
 */

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "recording.h"
#include "target.h"

struct player_options {
    double speed; /* times the recorded one; 0 = not by recorded times */
    double
        rate_hz; /* packets a second; 0 = not by rate. Neither: as fast as the target takes them */
    int64_t pause_max_ns; /* by recorded times: a jump of more is not waited for */
    uint64_t count;       /* packets at most; 0 = all */
    uint64_t loops;       /* times through the file; 0 = without end */
    bool shows_progress;
};

struct player_counts {
    uint64_t packets, bytes;   /* handed to the system */
    uint64_t lost, lost_bytes; /* of them: found nobody, or were in a connection that broke */
    uint64_t refused;          /* never sent: too long for a datagram */
    uint64_t unsent;           /* read, but not sent when the player was stopped */
    uint64_t jumps;            /* of the recorded time, passed over at once */
};

struct player;

/* Called once, when it is over; rc negative and err when it ended before its end. */
typedef void (*player_over_fn)(void *context, int rc, const struct wf_err *err);

/* Borrows all three; `target`'s on_ready must call player_go. */
int player_start(uv_loop_t *loop, const struct player_options *options, struct recording *recording,
                 player_over_fn on_over, void *context, struct player **out_player,
                 struct wf_err *err);
void player_set_target(struct player *player, struct target *target);
void player_go(struct player *player, int rc, const struct wf_err *err);
void player_stop(struct player *player); /* on_over follows at once */
void player_close(struct player **player);

void player_counts(const struct player *player, struct player_counts *out);

#endif /* SEND_PLAYER_H */
