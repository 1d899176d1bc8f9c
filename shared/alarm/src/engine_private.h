/* SPDX-License-Identifier: MIT */
#ifndef WFI_ALARM_ENGINE_PRIVATE_H
#define WFI_ALARM_ENGINE_PRIVATE_H

/* The engine inside: engine.c holds and judges, commands.c is what people do. */

#include <watchfloor/alarm/engine.h>

/* These marks end the judging. */
#define WFI_ALARM_UNJUDGED (WF_ALARM_OUT_OF_SERVICE | WF_ALARM_DISABLED)

struct wfi_alarm {
    struct wf_alarm_memory memory;
    struct wf_alarm_definition definition; /* in force; spec.definition is as configured */
    int first_child, next_sibling;
    bool is_touched; /* in the list of wf_alarm_engine_touched */
};

/* How far samples were judged: written into the memory of whatever changes. */
struct wfi_alarm_position {
    uint64_t epoch, order;
    uint32_t step;
};

struct wf_alarm_engine {
    struct wf_alarm_host host;
    struct wfi_alarm *alarms;
    struct wf_alarm_spec *specs;
    size_t count;
    size_t *by_name;    /* alarms, sorted */
    size_t timed_count; /* alarms that a tick could change: shelved or lingering */
    uint64_t seq;
    size_t *touched; /* alarms whose memory changed since they were last asked for */
    size_t touched_count;
    bool is_unsettled; /* restored: a parent may be active that does not hide its children yet */
    int64_t restored_ns;
    bool is_unlingered; /* restored: suppressions without an end, whose parents may be over */

    /* A roster's; all 0 without one. Times that are remembered are monotonic time + offset. */
    struct wfi_alarm_position at;
    int64_t offset_ns; /* line of time minus monotonic time */
    int64_t shift_ns;  /* UTC minus the line of time */
    int64_t due_ns;    /* on the line: no shelf and no suppression ends before */
};

/* Its memory changes, with or without a transition. */
static inline void wfi_alarm_touch(struct wf_alarm_engine *engine, size_t alarm)
{
    if (engine->alarms[alarm].is_touched)
        return;
    engine->alarms[alarm].is_touched = true;
    engine->touched[engine->touched_count++] = alarm;
}

/* Let `event` happen: through the table, out to the host, on to the children. */
void wfi_alarm_happen(struct wf_alarm_engine *engine, size_t alarm, enum wf_alarm_event event,
                      double value, uint8_t severity_before, const struct wf_alarm_who *who,
                      const struct wf_alarm_now *now);
/* Set or lift marks; whoever lifts the last of SHELVED or SUPPRESSED lets REPRESENT happen. */
void wfi_alarm_mark(struct wf_alarm_engine *engine, size_t alarm, unsigned set, unsigned lift,
                    const struct wf_alarm_who *who, const struct wf_alarm_now *now);
/* Levels fall, judging ends. */
void wfi_alarm_end_judging(struct wf_alarm_engine *engine, size_t alarm, unsigned mark,
                           const struct wf_alarm_who *who, const struct wf_alarm_now *now);

/* Shelves and lingering suppressions end, as far as their time has come. */
void wfi_alarm_pass(struct wf_alarm_engine *engine, const struct wf_alarm_now *now);
/* Suppressions whose parent is over end `linger_ns` after that: right after restoring. */
void wfi_alarm_relinger(struct wf_alarm_engine *engine, const struct wf_alarm_now *now);
/* Put children of active parents under them: after restoring, before the first judgement. */
void wfi_alarm_settle(struct wf_alarm_engine *engine, const struct wf_alarm_now *now);
/* Look `due_ns` up; `line_ns` is now. */
void wfi_alarm_find_due(struct wf_alarm_engine *engine, int64_t line_ns);

#endif /* WFI_ALARM_ENGINE_PRIVATE_H */
