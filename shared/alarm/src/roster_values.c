/* SPDX-License-Identifier: MIT */
/*
 * The values of one sample, to the engine: INVALID, RATE, LIMIT and STATES of each parameter
 * that has an alarm, in the schema's order. Of arrays the worst element decides.
 */

#include "roster_private.h"

#include <math.h>
#include <string.h>

/* Numbers as they lie in the struct; NaN for what is none. */
static double load(enum wf_storage storage, const char *at)
{
#define LOAD(type)                                                                                 \
    do {                                                                                           \
        type got;                                                                                  \
        memcpy(&got, at, sizeof(got));                                                             \
        return (double)got;                                                                        \
    } while (0)

    switch (storage) {
    case WF_STORE_F64:
        LOAD(double);
    case WF_STORE_F32:
        LOAD(float);
    case WF_STORE_U8:
        LOAD(uint8_t);
    case WF_STORE_U16:
        LOAD(uint16_t);
    case WF_STORE_U32:
        LOAD(uint32_t);
    case WF_STORE_U64:
        LOAD(uint64_t);
    case WF_STORE_I8:
        LOAD(int8_t);
    case WF_STORE_I16:
        LOAD(int16_t);
    case WF_STORE_I32:
        LOAD(int32_t);
    case WF_STORE_I64:
    case WF_STORE_TIME:
        LOAD(int64_t);
    case WF_STORE_BOOL:
        return *at != 0 ? 1 : 0;
    case WF_STORE_CHARS:
    case WF_STORE_BYTES:
        break;
    }
    return (double)NAN;
#undef LOAD
}

static void judge_invalid(struct wf_alarm_roster *roster, int alarm, uint8_t quality, double value,
                          const struct wf_alarm_now *now)
{
    if (quality == WF_QUALITY_ABSENT ||
        (quality < WF_QUALITY_INVALID && wfi_roster_is_at_rest(roster->engine, alarm)) ||
        !wfi_roster_counts(roster, (size_t)alarm))
        return;
    wf_alarm_engine_truth(roster->engine, (size_t)alarm,
                          quality >= WF_QUALITY_INVALID ? WF_TRUE : WF_FALSE, value, now);
}

/* What the elements of an array say together. */
struct compared {
    unsigned violated, left;
    double worst;
    bool is_known;
};

/* The worst element decides: what any violates is violated, what all leave is left. */
static struct compared compare_elements(const struct wf_alarm_roster *roster,
                                        const struct wfi_member *member,
                                        const struct wfi_reading *reading, const void *payload)
{
    const struct wf_alarm_definition *definition =
        &roster->engine->alarms[reading->limit].definition;
    size_t count = wf_value_count(member->schema, payload, reading->parameter);
    struct compared all = { .left = definition->levels, .worst = (double)NAN };

    for (size_t i = 0; i < count; i++) {
        unsigned own_violated, own_left;
        struct wf_value value;
        double number;

        wf_value_get(member->schema, payload, reading->parameter, i, &value);
        number = wf_value_as_double(&value);
        if (isnan(number))
            continue;
        wf_alarm_compare(definition, number, &own_violated, &own_left);
        if (!all.is_known || (own_violated & ~all.violated) != 0 || (all.left & ~own_left) != 0)
            all.worst = number;
        all.violated |= own_violated;
        all.left &= own_left;
        all.is_known = true;
    }
    return all;
}

static void judge_elements(struct wf_alarm_roster *roster, const struct wfi_member *member,
                           const struct wfi_reading *reading, const void *payload,
                           const struct wf_alarm_now *now)
{
    struct compared all = compare_elements(roster, member, reading, payload);

    if (all.is_known)
        wf_alarm_engine_levels(roster->engine, (size_t)reading->limit, all.violated, all.left,
                               all.worst, now);
}

/* Severity of the worst element, and its value; false: there is none. */
static bool compare_states(const struct wfi_member *member, const struct wfi_reading *reading,
                           const void *payload, uint8_t *out_severity, double *out_worst)
{
    size_t count = wf_value_count(member->schema, payload, reading->parameter);
    uint8_t severity = 0;
    double worst = (double)NAN;

    for (size_t i = 0; i < count; i++) {
        struct wf_value value;
        uint8_t own;

        wf_value_get(member->schema, payload, reading->parameter, i, &value);
        value.quality = WF_QUALITY_VALID;
        own = wf_value_severity(member->schema, reading->parameter, &value);
        if (i == 0 || own > severity) {
            severity = own;
            worst = wf_value_as_double(&value);
        }
    }
    *out_severity = severity;
    *out_worst = worst;
    return count > 0;
}

static void judge_states(struct wf_alarm_roster *roster, const struct wfi_member *member,
                         const struct wfi_reading *reading, const void *payload,
                         const struct wf_alarm_now *now)
{
    uint8_t severity;
    double worst;

    if (compare_states(member, reading, payload, &severity, &worst))
        wf_alarm_engine_severity(roster->engine, (size_t)reading->states, severity, worst, now);
}

static void judge_rate(struct wf_alarm_roster *roster, const struct wfi_member *member,
                       const struct wfi_reading *reading, const void *payload, int64_t at_ns,
                       const struct wf_alarm_now *now)
{
    const struct wf_limits *limits = &member->schema->parameters[reading->parameter].limits;
    size_t count = wf_value_count(member->schema, payload, reading->parameter);
    enum wf_truth truth = WF_UNKNOWN;
    double worst = (double)NAN;

    for (size_t i = 0; i < count && i < reading->rate_count; i++) {
        struct wf_value value, rate;
        enum wf_truth own;

        wf_value_get(member->schema, payload, reading->parameter, i, &value);
        if (value.quality == WF_QUALITY_LATE)
            value.quality = WF_QUALITY_VALID;
        wf_alarm_history_add(reading->rates[i], &value, at_ns);
        wf_alarm_history_value(reading->rates[i], at_ns, &rate);
        own = wf_alarm_rate_truth(limits, &rate);
        if (own != WF_UNKNOWN && (truth == WF_UNKNOWN || (own == WF_TRUE && truth == WF_FALSE))) {
            truth = own;
            worst = rate.as.f64;
        }
    }
    if (wfi_roster_counts(roster, (size_t)reading->rate))
        wf_alarm_engine_truth(roster->engine, (size_t)reading->rate, truth, worst, now);
}

static bool is_counted(uint8_t quality)
{
    return quality == WF_QUALITY_VALID || quality == WF_QUALITY_SUBSTITUTED ||
           quality == WF_QUALITY_LATE;
}

void wfi_roster_judge_values(struct wf_alarm_roster *roster, const struct wfi_member *member,
                             const void *payload, int64_t rate_at_ns,
                             const struct wf_alarm_now *now)
{
    struct wf_alarm_engine *engine = roster->engine;
    const char *bytes = payload;

    for (size_t i = 0; i < member->reading_count; i++) {
        const struct wfi_reading *reading = &member->readings[i];
        uint8_t quality = (uint8_t)bytes[reading->quality_offset];
        double value = reading->is_array
                           ? (double)NAN
                           : load((enum wf_storage)reading->storage, bytes + reading->offset);

        engine->at.step++;
        if (reading->invalid >= 0)
            judge_invalid(roster, reading->invalid, quality, value, now);
        if (reading->rate >= 0)
            judge_rate(roster, member, reading, payload, rate_at_ns, now);
        if (!is_counted(quality))
            continue;
        if (reading->limit >= 0 && wfi_roster_counts(roster, (size_t)reading->limit)) {
            if (reading->is_array)
                judge_elements(roster, member, reading, payload, now);
            else
                wf_alarm_engine_value(engine, (size_t)reading->limit, value, WF_QUALITY_VALID,
                                      false, now);
        }
        if (reading->states >= 0 && wfi_roster_counts(roster, (size_t)reading->states))
            judge_states(roster, member, reading, payload, now);
    }
}

void wf_alarm_roster_compare(const struct wf_alarm_roster *roster, size_t index,
                             const void *payload,
                             void (*each)(void *context, size_t alarm, double value), void *context)
{
    const struct wfi_member *member = &roster->members[index];

    for (size_t i = 0; index < roster->member_count && i < member->reading_count; i++) {
        const struct wfi_reading *reading = &member->readings[i];
        uint8_t severity;
        double worst;

        if (!is_counted(((const uint8_t *)payload)[reading->quality_offset]))
            continue;
        if (reading->limit >= 0) {
            struct compared all = compare_elements(roster, member, reading, payload);

            if (all.violated != 0)
                each(context, (size_t)reading->limit, all.worst);
        }
        if (reading->states >= 0 && compare_states(member, reading, payload, &severity, &worst) &&
            severity > 0)
            each(context, (size_t)reading->states, worst);
    }
}
