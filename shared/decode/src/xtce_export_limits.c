/* SPDX-License-Identifier: MIT */
/* Limits, states and valid ranges as alarms, those of contexts too. */

#include <math.h>
#include <string.h>

#include <watchfloor/attributes.h>

#include "xtce_export.h"

/* --- ranges ----------------------------------------------------------------------------------- */

static const char *const range_names[] = {
    "", "WatchRange", "WarningRange", "DistressRange", "CriticalRange", "SevereRange"
};

/* The levels of the limits of one side: at most one limit at each. */
static void write_ranges(const struct wfd_export *export, const struct wf_parameter *parameter,
                         uint8_t present, const double value[WF_LIMIT_COUNT])
{
    const struct wf_limits *limits = &parameter->limits;
    const char *ends[] = { limits->is_exclusive ? "minInclusive" : "minExclusive",
                           limits->is_exclusive ? "maxInclusive" : "maxExclusive" };
    static const enum wf_limit sides[][2] = { { WF_LO, WF_LOLO }, { WF_HI, WF_HIHI } };
    struct wf_strbuf *out = export->out;

    wf_strbuf_add(out, "<StaticAlarmRanges>");
    for (uint8_t severity = 1; severity <= WF_SEVERITY_SEVERE; severity++) {
        size_t from = out->len, empty;

        wf_strbuf_addf(out, "<%s", range_names[severity]);
        empty = out->len;
        for (size_t side = 0; side < 2; side++) {
            unsigned said = 0;

            for (size_t i = 0; i < 2; i++) {
                enum wf_limit which = sides[side][i];

                if (!(present & (1u << which)) || limits->severity[which] != severity)
                    continue;
                if (said++ == 0)
                    wfd_export_number(out, ends[side], value[which]);
                else
                    wfd_export_note(export, parameter,
                                    "two limits of the same severity on one side: the inner one "
                                    "is exported");
            }
        }
        if (out->len == empty) {
            out->len = from;
            out->text[from] = '\0';
        } else {
            wf_strbuf_add(out, "/>");
        }
    }
    wf_strbuf_add(out, "</StaticAlarmRanges>");
}

static void write_states(const struct wfd_export *export, const struct wf_parameter *parameter)
{
    static const char *const names[] = { "normal",   "watch",    "warning",
                                         "distress", "critical", "severe" };
    const struct wf_limits *limits = &parameter->limits;

    wf_strbuf_add(export->out, "<EnumerationAlarmList>");
    for (size_t i = 0; i < limits->state_count; i++) {
        const char *label = wf_enumeration_label(
            &export->schema->enumerations[parameter->enumeration], limits->states[i].value);
        uint8_t severity = limits->states[i].severity;

        if (label == NULL) {
            wfd_export_note(export, parameter, "a state without label has no words in XTCE");
            continue;
        }
        wf_strbuf_addf(export->out, "<EnumerationAlarm alarmLevel=\"%s\"",
                       names[severity <= 5 ? severity : 5]);
        wfd_export_attribute(export->out, "enumerationLabel", label);
        wf_strbuf_add(export->out, "/>");
    }
    wf_strbuf_add(export->out, "</EnumerationAlarmList>");
}

static void write_context_alarms(const struct wfd_export *export, size_t index)
{
    const struct wf_schema *schema = export->schema;
    const struct wf_parameter *parameter = &schema->parameters[index];
    struct wf_strbuf *out = export->out;
    bool is_open = false;

    for (size_t i = 0; i < schema->context_count; i++) {
        const struct wf_context *context = &schema->contexts[i];

        for (size_t k = 0; k < context->limit_count; k++) {
            const struct wf_context_limit *limit = &context->limits[k];
            struct wf_strbuf when;

            if (limit->parameter != (int)index)
                continue;
            wf_strbuf_init(&when, 64u << 10);
            if (wfd_export_condition(export, context->when, false, &when)) {
                wf_strbuf_add(out, is_open ? "" : "<ContextAlarmList>");
                is_open = true;
                wf_strbuf_add(out, "<ContextAlarm>");
                write_ranges(export, parameter, limit->present, limit->value);
                wf_strbuf_addf(out, "<ContextMatch>%s</ContextMatch></ContextAlarm>", when.text);
            } else {
                wfd_export_note(export, parameter,
                                "limits of a context that is no comparison of values of this "
                                "packet are left out");
            }
            wf_strbuf_fini(&when);
        }
    }
    wf_strbuf_add(out, is_open ? "</ContextAlarmList>" : "");
}

/* Said once a parameter: what alarms are made of beside ranges. */
void wfd_export_note_alarms(const struct wfd_export *export, const struct wf_parameter *parameter)
{
    const struct wf_limits *limits = &parameter->limits;

    if (limits->hysteresis != 0 || !isnan(limits->rate_lo) || !isnan(limits->rate_hi) ||
        limits->is_latched || limits->is_counter || limits->raise.n != limits->raise.m ||
        limits->raise.n == 0 || limits->clear.n != 3 || limits->clear.m != 3 ||
        limits->stale_severity != 2 || limits->invalid_severity != 2)
        wfd_export_note(export, parameter,
                        "hysteresis, rates, latching, durations and severities of stale or invalid "
                        "values have no words in XTCE");
    if (parameter->enabled_when[0] != '\0' || parameter->suppressed_by[0] != '\0')
        wfd_export_note(export, parameter, "suppression of alarms has no words in XTCE");
    if (parameter->guidance[0] != '\0' || parameter->format[0] != '\0' ||
        (parameter->group[0] != '\0' &&
         (size_t)(parameter - export->schema->parameters) >= export->header_count))
        wfd_export_note(export, parameter, "guidance, format and group have no words in XTCE");
}

void wfd_export_alarms(const struct wfd_export *export, size_t index)
{
    const struct wf_parameter *parameter = &export->schema->parameters[index];
    const struct wf_limits *limits = &parameter->limits;
    bool has_states = limits->state_count > 0 && parameter->enumeration >= 0;
    struct wf_strbuf *out = export->out;

    wfd_export_note_alarms(export, parameter);
    if (limits->state_count > 0 && !has_states)
        wfd_export_note(export, parameter, "states of what has no labels have no words in XTCE");
    if (limits->present != 0 || has_states) {
        wf_strbuf_addf(out, "<DefaultAlarm minViolations=\"%u\">",
                       limits->raise.n > 0 && limits->raise.n == limits->raise.m
                           ? (unsigned)limits->raise.n
                           : 1u);
        if (limits->present != 0)
            write_ranges(export, parameter, limits->present, limits->value);
        if (has_states)
            write_states(export, parameter);
        wf_strbuf_add(out, "</DefaultAlarm>");
    }
    write_context_alarms(export, index);
}

void wfd_export_valid(const struct wfd_export *export, const struct wf_parameter *parameter)
{
    struct wf_strbuf *out = export->out;

    if (isinf(parameter->valid_lo) && isinf(parameter->valid_hi))
        return;
    wf_strbuf_add(out, "<ValidRange");
    if (!isinf(parameter->valid_lo))
        wfd_export_number(out, "minInclusive", parameter->valid_lo);
    if (!isinf(parameter->valid_hi))
        wfd_export_number(out, "maxInclusive", parameter->valid_hi);
    wf_strbuf_add(out, "/>");
}
