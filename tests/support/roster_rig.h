/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_ROSTER_RIG_H
#define SUPPORT_ROSTER_RIG_H

/*
 * For tests of rosters: subsystems from texts, samples by name, and what came out as lines:
 * "12.5 main.power.volts LIMIT: RAISE NORMAL>ACTIVE_UNACK 4". Times are seconds since the start.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/alarm/roster.h>
#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>

#include "support/schema_text.h"

#define RIG_START_NS   INT64_C(1790000000000000000)
#define RIG_MEMBER_MAX 8
#define RIG_ALARM_MAX  64

struct rig {
    struct wf_alarm_roster *roster;
    struct wf_alarm_member members[RIG_MEMBER_MAX];
    struct wf_schema *schemas[RIG_MEMBER_MAX];
    void *payloads[RIG_MEMBER_MAX];
    size_t member_count;
    struct wf_alarm_roster_options options;
    int64_t boot_ns; /* UTC at monotonic 0 */
    uint64_t order, numbers[RIG_MEMBER_MAX];
    uint32_t flags; /* of the next sample */
    struct wf_strbuf log;
    size_t announced;
    /* The newest memory of each alarm, as a journal has it. */
    struct wf_alarm_memory stored[RIG_ALARM_MAX];
    bool is_stored[RIG_ALARM_MAX];
    uint64_t last_seq;
};

static inline void rig_emit(void *context, const struct wf_alarm_transition *transition)
{
    struct rig *rig = context;
    struct wf_alarm_engine *engine = wf_alarm_roster_engine(rig->roster);
    const struct wf_alarm_spec *spec = wf_alarm_engine_spec(engine, transition->alarm);

    assert_int_equal(transition->seq, rig->last_seq + 1);
    rig->last_seq = transition->seq;
    wf_strbuf_addf(&rig->log, "%.3f %s: ", (double)(transition->now.utc_ns - RIG_START_NS) / 1e9,
                   spec->name);
    wf_strbuf_addf(&rig->log, "%s %s>%s %u",
                   transition->is_mark ? "MARK" : wf_alarm_event_name(transition->event),
                   wf_alarm_state_name(transition->from), wf_alarm_state_name(transition->to),
                   transition->severity);
    if (transition->marks != 0)
        wf_strbuf_addf(&rig->log, " marks %x", transition->marks);
    wf_strbuf_add_char(&rig->log, '\n');
    rig->announced += (transition->actions & WF_ALARM_ANNOUNCE) != 0;
    assert_true(transition->alarm < RIG_ALARM_MAX);
    rig->stored[transition->alarm] = *wf_alarm_engine_memory(engine, transition->alarm);
    rig->is_stored[transition->alarm] = true;
}

static inline size_t rig_add(struct rig *rig, const char *source, const char *name,
                             const char *text)
{
    size_t at = rig->member_count++;
    char file[WF_NAME_SIZE + 8];

    assert_true(at < RIG_MEMBER_MAX);
    (void)snprintf(file, sizeof(file), "%s.ini", name);
    rig->schemas[at] = schema_of(file, text);
    rig->members[at] = (struct wf_alarm_member){ .source = source, .schema = rig->schemas[at] };
    rig->payloads[at] = calloc(1, rig->schemas[at]->payload_bytes);
    assert_non_null(rig->payloads[at]);
    return at;
}

static inline void rig_make(struct rig *rig)
{
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };

    rig->options.members = rig->members;
    rig->options.member_count = rig->member_count;
    rig->options.host.context = rig;
    rig->options.host.emit = rig_emit;
    rig->options.host.last_seq = rig->last_seq;
    rig->boot_ns = rig->boot_ns != 0 ? rig->boot_ns : RIG_START_NS - 1000 * WF_NS_PER_S;
    if (wf_alarm_roster_create(&rig->options, &rig->roster, &problems, &err) < 0) {
        wf_problems_print(&problems);
        fail_msg("%s", err.text);
    }
    wf_problems_fini(&problems);
    if (rig->log.ceiling == 0)
        wf_strbuf_init(&rig->log, 64u << 20);
}

static inline void rig_free(struct rig *rig)
{
    wf_alarm_roster_destroy(&rig->roster);
    for (size_t i = 0; i < rig->member_count; i++) {
        wf_schema_free(&rig->schemas[i]);
        free(rig->payloads[i]);
    }
    wf_strbuf_fini(&rig->log);
}

static inline struct wf_alarm_now rig_now(const struct rig *rig, double seconds)
{
    int64_t utc_ns = RIG_START_NS + (int64_t)(seconds * 1e9);

    return (struct wf_alarm_now){ .utc_ns = utc_ns,
                                  .mono_ns = utc_ns - rig->boot_ns,
                                  .device_ns = WF_TIME_NONE };
}

/* Set a value of the next sample; NaN and text labels are not for this. */
static inline void rig_set(struct rig *rig, size_t member, const char *name, size_t element,
                           double value)
{
    const struct wf_schema *schema = rig->schemas[member];
    int index = wf_schema_find(schema, name);
    struct wf_value it = { .kind = WF_VALUE_F64, .as.f64 = value };

    assert_true(index >= 0);
    assert_int_equal(wf_value_set(schema, rig->payloads[member], (size_t)index, element, &it), 0);
    ((uint8_t *)rig->payloads[member])[schema->parameters[index].quality_offset] =
        isnan(value) ? WF_QUALITY_INVALID : WF_QUALITY_VALID;
}

static inline void rig_quality(struct rig *rig, size_t member, const char *name, uint8_t quality)
{
    const struct wf_schema *schema = rig->schemas[member];

    ((uint8_t *)
         rig->payloads[member])[schema->parameters[wf_schema_find(schema, name)].quality_offset] =
        quality;
}

static inline struct wf_stamp rig_stamp(struct rig *rig, size_t member, double seconds)
{
    struct wf_alarm_now now = rig_now(rig, seconds);
    struct wf_stamp stamp = { .epoch = 1,
                              .order = ++rig->order,
                              .number = rig->numbers[member]++,
                              .received_ns = now.utc_ns,
                              .received_mono_ns = now.mono_ns,
                              .device_ns = now.utc_ns,
                              .flags = rig->flags };

    rig->flags = 0;
    return stamp;
}

static inline void rig_send(struct rig *rig, size_t member, double seconds)
{
    struct wf_stamp stamp = rig_stamp(rig, member, seconds);

    wf_alarm_roster_sample(rig->roster, member, &stamp, rig->payloads[member]);
}

/* One value, sent. */
static inline void rig_give(struct rig *rig, size_t member, const char *name, double value,
                            double seconds)
{
    rig_set(rig, member, name, 0, value);
    rig_send(rig, member, seconds);
}

static inline void rig_tick(struct rig *rig, double seconds)
{
    struct wf_alarm_now now = rig_now(rig, seconds);

    wf_alarm_roster_tick(rig->roster, &now);
}

static inline size_t rig_alarm(const struct rig *rig, const char *name)
{
    int alarm = wf_alarm_engine_find(wf_alarm_roster_engine(rig->roster), name);

    if (alarm < 0)
        fail_msg("no alarm '%s'", name);
    return (size_t)alarm;
}

/* What came out since the last time, exactly. */
static inline void rig_expect_at(struct rig *rig, const char *lines, const char *file, int line)
{
    const char *got = rig->log.text != NULL ? rig->log.text : "";

    if (strcmp(got, lines) != 0) {
        print_error("expected:\n%sgot:\n%s", lines, got);
        _fail(file, line);
    }
    wf_strbuf_clear(&rig->log);
}
#define rig_expect(rig, lines) rig_expect_at(rig, lines, __FILE__, __LINE__)

#endif /* SUPPORT_ROSTER_RIG_H */
