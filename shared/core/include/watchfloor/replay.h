/* SPDX-License-Identifier: MIT */
#ifndef WF_REPLAY_H
#define WF_REPLAY_H

/*
 * Replay - what time it is in an instance whose telemetry is recorded history.
 *
 * Who plays it (wf-replay) publishes wf.replay: where it is, how fast, and how often it was moved.
 * Its samples stand in the order of all that it publishes: whatever was received up to `position`
 * was published before. Programs that judge time take this clock for that of the instance, so that
 * ages, durations and silence are those of then, at any speed, and stand still with it.
 *
 * Threads: none of it has state.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/region.h>
#include <watchfloor/schema.h>
#include <watchfloor/watch.h>

#define WF_REPLAY_SUBSYSTEM "replay"

enum wf_replay_state { WF_REPLAY_PLAYING, WF_REPLAY_PAUSED, WF_REPLAY_FINISHED };

struct wf_replay {
    enum wf_replay_state state;
    int64_t position_ns; /* UTC: received until then was published */
    int64_t to_ns;       /* the end of what is played */
    double speed;        /* seconds of history in a second; 0: as fast as possible */
    uint64_t moves;      /* grows whenever it is set to another place: nothing goes on over that */
    char origin[65];     /* instance whose history it is */
    char history[256];   /* its folder; "" when it is not known */
    struct wf_stamp stamp; /* of this report */
};

/* Read a sample of wf.replay; false when it is none. */
bool wf_replay_read(const struct wf_schema *schema, const void *payload,
                    const struct wf_stamp *stamp, struct wf_replay *out);
/*
 * Where the replay in this instance is, by its newest report. False when there is none: nobody
 * plays or played here, or a receiver brings live telemetry again.
 */
bool wf_replay_find(const struct wf_watch *watch, struct wf_replay *out);

/* UTC in the replay, when the monotonic clock shows `mono_ns`. */
int64_t wf_replay_now_ns(const struct wf_replay *replay, int64_t mono_ns);
/*
 * Make the age of a sample that of then: sets received_mono_ns so that `mono_ns` is as much later
 * as the replay is behind the sample. Samples that are not replayed stay as they are.
 */
void wf_replay_age(const struct wf_replay *replay, int64_t mono_ns, struct wf_stamp *inout_stamp);

/* "REPLAY of 'ops' at 2026-11-20T18:06:52Z, 10 x". */
void wf_replay_describe(const struct wf_replay *replay, int64_t mono_ns, struct wf_strbuf *out);

#endif /* WF_REPLAY_H */
