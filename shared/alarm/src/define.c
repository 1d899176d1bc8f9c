/* SPDX-License-Identifier: MIT */
/* Definitions: from a schema's limits to levels, and which levels a value violates and leaves. */

#include <watchfloor/alarm/judge.h>

#include <math.h>
#include <string.h>

#define BIT(level) (1u << (level))

static const char *const kind_names[WF_ALARM_KIND_COUNT] = { "LIMIT", "STATES", "RATE", "INVALID",
                                                             "STALE", "GAP",    "RULE" };

const char *wf_alarm_kind_name(enum wf_alarm_kind kind)
{
    return (unsigned)kind < WF_ALARM_KIND_COUNT ? kind_names[kind] : "?";
}

/*
 * A percentage is of the distance between the outermost limits on both sides; with one
 * side only there is no span, and none of it.
 */
static double absolute_hysteresis(const struct wf_limits *limits)
{
    double lo = NAN, hi = NAN;

    if (!limits->is_hysteresis_percent)
        return limits->hysteresis > 0 ? limits->hysteresis : 0;
    for (int i = WF_LOLO; i <= WF_LO; i++)
        if ((limits->present & BIT(i)) != 0 && !(lo <= limits->value[i]))
            lo = limits->value[i];
    for (int i = WF_HI; i <= WF_HIHI; i++)
        if ((limits->present & BIT(i)) != 0 && !(hi >= limits->value[i]))
            hi = limits->value[i];
    return hi > lo && limits->hysteresis > 0 ? (hi - lo) * limits->hysteresis / 100 : 0;
}

static void define(enum wf_alarm_kind kind, const struct wf_persistence *raise,
                   const struct wf_persistence *clear, bool is_latched,
                   struct wf_alarm_definition *out)
{
    memset(out, 0, sizeof(*out));
    out->kind = (uint8_t)kind;
    out->raise = *raise;
    out->clear = *clear;
    out->is_latched = is_latched;
}

void wf_alarm_define_limits(const struct wf_limits *limits, struct wf_alarm_definition *out)
{
    define(WF_ALARM_LIMIT, &limits->raise, &limits->clear, limits->is_latched, out);
    out->is_exclusive = limits->is_exclusive;
    out->hysteresis = absolute_hysteresis(limits);
    for (unsigned i = 0; i < WF_LIMIT_COUNT; i++) {
        if ((limits->present & BIT(i)) == 0 || limits->severity[i] == 0 || isnan(limits->value[i]))
            continue;
        out->levels = (uint8_t)(out->levels | BIT(i));
        out->limit[i] = limits->value[i];
        out->severity[i] = limits->severity[i];
    }
}

void wf_alarm_define_context(const struct wf_limits *limits, const struct wf_context_limit *context,
                             struct wf_alarm_definition *out)
{
    struct wf_limits replaced = *limits;

    replaced.present = context->present;
    memcpy(replaced.value, context->value, sizeof(replaced.value));
    wf_alarm_define_limits(&replaced, out);
}

void wf_alarm_define_states(const struct wf_limits *limits, struct wf_alarm_definition *out)
{
    define(WF_ALARM_STATES, &limits->raise, &limits->clear, limits->is_latched, out);
    for (size_t i = 0; i < limits->state_count; i++) {
        unsigned severity = limits->states[i].severity;

        if (severity < 1 || severity > WF_ALARM_LEVEL_MAX)
            continue;
        out->levels = (uint8_t)(out->levels | BIT(severity - 1));
        out->severity[severity - 1] = (uint8_t)severity;
    }
}

void wf_alarm_define_single(enum wf_alarm_kind kind, uint8_t severity,
                            const struct wf_persistence *raise, const struct wf_persistence *clear,
                            bool is_latched, struct wf_alarm_definition *out)
{
    define(kind, raise, clear, is_latched, out);
    out->levels = severity > 0 ? 1 : 0;
    out->severity[0] = severity;
}

void wf_alarm_memory_init(struct wf_alarm_memory *out)
{
    memset(out, 0, sizeof(*out));
    out->level = WF_ALARM_NO_LEVEL;
}

bool wf_alarm_memory_fits(const struct wf_alarm_definition *definition,
                          const struct wf_alarm_memory *memory)
{
    unsigned all = definition->levels;
    bool is_active = memory->state == WF_ALARM_ACTIVE_UNACK || memory->state == WF_ALARM_ACTIVE_ACK;
    bool is_quiet = memory->state == WF_ALARM_NORMAL || memory->state == WF_ALARM_PENDING;

    if (memory->state >= WF_ALARM_STATE_COUNT || (memory->raised & ~all) != 0 ||
        (memory->counting & ~all) != 0 || (memory->violated & ~all) != 0)
        return false;
    if ((memory->raised != 0) != is_active || (memory->severity != 0) != is_active ||
        memory->severity > WF_SEVERITY_SEVERE || memory->highest > WF_SEVERITY_SEVERE ||
        (is_quiet && memory->highest != 0) || (is_active && memory->highest < memory->severity))
        return false;
    if (memory->state == WF_ALARM_PENDING && memory->counting == 0)
        return false;
    if (memory->level == WF_ALARM_NO_LEVEL)
        return !is_active;
    return memory->level < WF_ALARM_LEVEL_MAX && (memory->raised & BIT(memory->level)) != 0 &&
           definition->severity[memory->level] == memory->severity;
}

void wf_alarm_compare(const struct wf_alarm_definition *definition, double value,
                      unsigned *out_violated, unsigned *out_left)
{
    const double *limit = definition->limit;
    double hysteresis = definition->hysteresis;
    unsigned violated, left;

    if (definition->is_exclusive) {
        violated =
            (value < limit[WF_LOLO] ? BIT(WF_LOLO) : 0) | (value < limit[WF_LO] ? BIT(WF_LO) : 0) |
            (value > limit[WF_HI] ? BIT(WF_HI) : 0) | (value > limit[WF_HIHI] ? BIT(WF_HIHI) : 0);
        left = (value >= limit[WF_LOLO] + hysteresis ? BIT(WF_LOLO) : 0) |
               (value >= limit[WF_LO] + hysteresis ? BIT(WF_LO) : 0) |
               (value <= limit[WF_HI] - hysteresis ? BIT(WF_HI) : 0) |
               (value <= limit[WF_HIHI] - hysteresis ? BIT(WF_HIHI) : 0);
    } else {
        violated = (value <= limit[WF_LOLO] ? BIT(WF_LOLO) : 0) |
                   (value <= limit[WF_LO] ? BIT(WF_LO) : 0) |
                   (value >= limit[WF_HI] ? BIT(WF_HI) : 0) |
                   (value >= limit[WF_HIHI] ? BIT(WF_HIHI) : 0);
        left = (value > limit[WF_LOLO] + hysteresis ? BIT(WF_LOLO) : 0) |
               (value > limit[WF_LO] + hysteresis ? BIT(WF_LO) : 0) |
               (value < limit[WF_HI] - hysteresis ? BIT(WF_HI) : 0) |
               (value < limit[WF_HIHI] - hysteresis ? BIT(WF_HIHI) : 0);
    }
    *out_violated = violated & definition->levels;
    *out_left = left & definition->levels;
}

void wf_alarm_compare_severity(const struct wf_alarm_definition *definition, uint8_t severity,
                               unsigned *out_violated, unsigned *out_left)
{
    unsigned violated =
        severity > WF_ALARM_LEVEL_MAX ? BIT(WF_ALARM_LEVEL_MAX) - 1 : BIT(severity) - 1;

    *out_violated = violated & definition->levels;
    *out_left = ~violated & definition->levels;
}
