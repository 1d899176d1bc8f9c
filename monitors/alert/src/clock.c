/* SPDX-License-Identifier: MIT */
/*
 * The clock. Live, it is the machine's. Where recorded telemetry is replayed (<watchfloor/replay.h>) it is
 * the replay's: it goes on with the samples and the reports of where the replay is, in their
 * order, stands still with it, and whatever was going on ends when the replay is moved. So every
 * duration is that of then, at any speed. Only what is replayed is judged: the health of the programs
 * that run now has nothing to do with that time.
 */

#include "alert.h"

#include <stdlib.h>

#include <watchfloor/log.h>

struct wf_alarm_now alert_now(const struct alert *alert)
{
    const struct alert_clock *clock = &alert->clock;

    if (clock->is_replay)
        return (struct wf_alarm_now){ .mono_ns = clock->replay.position_ns,
                                      .utc_ns = clock->replay.position_ns,
                                      .device_ns = WF_TIME_NONE };
    return (struct wf_alarm_now){ .mono_ns = wf_mono_now_ns(),
                                  .utc_ns = wf_utc_now_ns(),
                                  .device_ns = WF_TIME_NONE };
}

int64_t alert_clock_mono(const struct alert *alert, const struct wf_stamp *stamp)
{
    return alert->clock.is_replay ? stamp->received_ns : stamp->received_mono_ns;
}

/* Is it of the journey that the clock is on? What was published before the last move is not. */
static bool is_of_journey(const struct alert_clock *clock, uint64_t epoch, uint64_t order)
{
    return epoch == clock->replay.stamp.epoch && order >= clock->order;
}

bool alert_clock_accepts(const struct alert *alert, const struct wf_stamp *stamp,
                         struct wf_stamp *out)
{
    const struct alert_clock *clock = &alert->clock;

    *out = *stamp;
    if (!clock->is_replay)
        return true;
    out->received_mono_ns = stamp->received_ns;
    return (stamp->flags & WF_SAMPLE_REPLAY) != 0 &&
           is_of_journey(clock, stamp->epoch, stamp->order);
}

bool alert_clock_accepts_judgement(const struct alert *alert, uint64_t epoch, uint64_t order,
                                   struct wf_alarm_now *now)
{
    if (!alert->clock.is_replay)
        return true;
    now->mono_ns = now->utc_ns;
    return is_of_journey(&alert->clock, epoch, order);
}

/* --- following the replay ------------------------------------------------------------------ */

static bool is_replay_line(const struct alert_line *line)
{
    return wf_name_is_equal(line->source, WF_SOURCE_OWN) &&
           wf_name_is_equal(line->subsystem, WF_REPLAY_SUBSYSTEM);
}

static void tell_move(const struct alert *alert)
{
    char text[200];
    struct wf_strbuf out = WF_STRBUF_FIXED(text);

    wf_replay_describe(&alert->clock.replay, 0, &out);
    wf_log_info("%s: alarms begin anew", text);
}

/* The replay begins, or is somewhere else than before: everything begins anew. */
static void move(struct alert *alert, const struct wf_replay *replay, uint64_t order)
{
    struct wf_err err = { 0 };

    alert->clock = (struct alert_clock){
        .is_replay = true, .is_moved = true, .replay = *replay, .order = order
    };
    tell_move(alert);
    if (alert->is_open && alert_judge_rebuild(alert, alert->settings, &err) < 0)
        wf_log_error("%s; going on with the alarms there were", err.text);
}

void alert_clock_take(struct alert *alert, const struct alert_line *line)
{
    struct alert_clock *clock = &alert->clock;
    struct wf_replay replay;

    if (!clock->is_replay || !is_replay_line(line) ||
        !wf_replay_read(line->schema, line->payload, &line->stamp, &replay))
        return;
    if (replay.stamp.epoch != clock->replay.stamp.epoch || replay.moves > clock->replay.moves)
        move(alert, &replay, line->stamp.order);
    else if (replay.moves == clock->replay.moves && replay.position_ns >= clock->replay.position_ns)
        clock->replay = replay;
}

/*
 * The journey that a monitor comes into: its first report that the ring still has; or, when we were on
 * it before a restart, the last one that was judged.
 */
static void begin(struct alert *alert, const struct wf_replay *newest)
{
    const struct alert_line *line = alert_follow_find(alert, WF_SOURCE_OWN, WF_REPLAY_SUBSYSTEM);
    uint64_t order = 0;
    bool is_known = alert_follow_was_in(alert, newest->stamp.epoch, newest->moves, &order);
    struct wf_replay first = *newest;
    struct wf_replay at;
    struct wf_stamp stamp;
    void *payload = line != NULL ? malloc(line->schema->payload_bytes) : NULL;
    uint64_t number = newest->stamp.number;

    while (payload != NULL && number > 0 &&
           wf_region_read(line->region, number - 1, payload, line->schema->payload_bytes, &stamp) ==
               0 &&
           wf_replay_read(line->schema, payload, &stamp, &at) && at.moves == newest->moves &&
           stamp.epoch == newest->stamp.epoch) {
        first = at;
        number--;
        if (is_known && stamp.number < line->cursor.next)
            break;
    }
    free(payload);
    if (!is_known) {
        move(alert, &first, first.stamp.order);
        return;
    }
    alert->clock = (struct alert_clock){ .is_replay = true, .replay = first, .order = order };
}

void alert_clock_look(struct alert *alert)
{
    struct wf_replay replay;
    bool is_replay = wf_replay_find(alert->watch, &replay);

    if (is_replay == alert->clock.is_replay)
        return;
    if (is_replay) {
        begin(alert, &replay);
        return;
    }
    wf_log_info("no replay any more: time is the machine's again; alarms begin anew");
    alert->clock = (struct alert_clock){ .is_moved = true };
    alert->is_changed = true;
}
