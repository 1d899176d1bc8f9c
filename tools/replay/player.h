/* SPDX-License-Identifier: MIT */
#ifndef REPLAY_PLAYER_H
#define REPLAY_PLAYER_H

/*
 * Player - takes samples from the tape when their moment has come and puts them on the stage.
 *
 * Its clock is a position in history that moves at `speed` while it plays. Pausing stops it, a
 * step moves it by one sample or by a time, seeking sets it and shows the state of that moment.
 *
 * Threads: the loop's.
 */

#include <uv.h>

#include "stage.h"
#include "tape.h"

struct player;

struct player_options {
    int64_t from_ns, to_ns;
    double speed;        /* 0: as fast as possible */
    bool is_paused;      /* begin so */
    bool stays;          /* at the end, instead of being over */
    bool shows_progress; /* a line on stderr */
    /* It is over: rc 0 at the end of the range, else what went wrong. */
    void (*over)(void *context, int rc, const struct wf_err *err);
    void *context;
};

int player_start(uv_loop_t *loop, const struct player_options *options, struct tape *tape,
                 struct stage *stage, struct player **out_player, struct wf_err *err);
/* Close its handles; free it once the loop has run out. */
void player_close(struct player *player);
void player_free(struct player **player);

void player_pause(struct player *player);
void player_resume(struct player *player);
/* LIMIT: not between 0 and 1e6. */
int player_set_speed(struct player *player, double speed, struct wf_err *err);
/* Publish the next `samples`, or all of the next `time_ns`, at once; pauses. */
int player_step(struct player *player, uint64_t samples, int64_t time_ns, struct wf_err *err);
/* LIMIT: outside of the range that is replayed. */
int player_seek(struct player *player, int64_t time_ns, struct wf_err *err);

void player_look(const struct player *player, struct stage_report *out);

#endif /* REPLAY_PLAYER_H */
