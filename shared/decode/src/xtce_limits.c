/* SPDX-License-Identifier: MIT */
/* Valid ranges and alarms: XTCE's five levels into the two on each side that limits have. */

#include <math.h>
#include <string.h>

#include <watchfloor/attributes.h>

#include "xtce_model.h"

struct range {
    double lo, hi;     /* NAN = none */
    bool is_inclusive; /* the bounds themselves are still inside */
    int severity;
};

static const struct {
    const char *element, *level;
    int severity;
} levels[] = {
    { "WatchRange", "watch", 1 },       { "WarningRange", "warning", 2 },
    { "DistressRange", "distress", 3 }, { "CriticalRange", "critical", 4 },
    { "SevereRange", "severe", 5 },
};

static struct range read_range(const struct wfd_node *node)
{
    struct range range = { .lo = wfd_number(node, "minInclusive", NAN),
                           .hi = wfd_number(node, "maxInclusive", NAN),
                           .is_inclusive = true };

    if (isnan(range.lo) && wfd_attribute(node, "minExclusive") != NULL) {
        range.lo = wfd_number(node, "minExclusive", NAN);
        range.is_inclusive = false;
    }
    if (isnan(range.hi) && wfd_attribute(node, "maxExclusive") != NULL) {
        range.hi = wfd_number(node, "maxExclusive", NAN);
        range.is_inclusive = false;
    }
    return range;
}

static size_t read_ranges(const struct wfd_draft *draft, const struct wfd_node *alarm,
                          struct range out[WF_COUNT_OF(levels)])
{
    const struct wfd_node *set = wfd_child(alarm, "StaticAlarmRanges");
    const char *form = wfd_attribute(set, "rangeForm");
    size_t count = 0;

    if (form != NULL && strcmp(form, "outside") != 0) {
        wfd_note(draft, set, "alarm ranges of form '%.20s': left out", form);
        return 0;
    }
    for (size_t i = 0; i < WF_COUNT_OF(levels); i++) {
        const struct wfd_node *node = wfd_child(set, levels[i].element);

        if (node == NULL)
            continue;
        out[count] = read_range(node);
        out[count].severity = levels[i].severity;
        if (!isnan(out[count].lo) || !isnan(out[count].hi))
            count++;
    }
    return count;
}

static void add_bound(struct wf_strbuf *out, const char *before, double value, const char *after)
{
    if (isnan(value))
        return;
    wf_strbuf_add(out, before);
    wf_strbuf_add_double(out, value);
    wf_strbuf_add(out, after);
}

/* XTCE's levels of one side as its two limits; index into ranges, -1 = none. */
struct side {
    int inner, outer;
    size_t count;
};

/* The lowest is the inner, the highest the outer one; a single one by how severe it is. */
static struct side side_of(const struct range *ranges, size_t count, bool is_hi)
{
    struct side side = { .inner = -1, .outer = -1 };

    for (size_t i = 0; i < count; i++) {
        if (isnan(is_hi ? ranges[i].hi : ranges[i].lo))
            continue;
        if (side.count++ == 0)
            side.inner = (int)i;
        else
            side.outer = (int)i;
    }
    /* What is passed first is the inner one, whatever its level. */
    if (side.outer >= 0) {
        double inner = is_hi ? ranges[side.inner].hi : ranges[side.inner].lo;
        double outer = is_hi ? ranges[side.outer].hi : ranges[side.outer].lo;

        if (inner == outer) {
            side.inner = -1;
        } else if ((inner > outer) == is_hi) {
            int swap = side.inner;

            side.inner = side.outer;
            side.outer = swap;
        }
    }
    if (side.count == 1 && ranges[side.inner].severity >= WF_SEVERITY_CRITICAL) {
        side.outer = side.inner;
        side.inner = -1;
    }
    return side;
}

static void write_alarm(const struct wfd_draft *draft, const struct wfd_node *alarm,
                        const struct wfd_field *field, struct wf_strbuf *out)
{
    static const char *const names[] = { "lolo", "lo", "hi", "hihi" };
    struct range ranges[WF_COUNT_OF(levels)];
    size_t count = read_ranges(draft, alarm, ranges), said = 0;
    struct side sides[] = { side_of(ranges, count, false), side_of(ranges, count, true) };
    int64_t violations;
    bool is_mixed = false;

    if (count == 0)
        return;
    if (sides[0].count > 2 || sides[1].count > 2)
        wfd_note(draft, alarm, "%zu alarm levels of '%s': the lowest and the highest are used",
                 count, field->original);
    for (size_t i = 0; i < 4; i++) {
        int at = i == 1 || i == 2 ? sides[i / 2].inner : sides[i / 2].outer;

        if (at >= 0) {
            wf_strbuf_addf(out, "%s = ", names[i]);
            add_bound(out, "", i < 2 ? ranges[at].lo : ranges[at].hi, "\n");
        }
    }
    for (size_t i = 0; i < 4; i++) {
        int at = i == 1 || i == 2 ? sides[i / 2].inner : sides[i / 2].outer;

        if (at >= 0)
            wf_strbuf_addf(out, "%s%s:%d", said++ > 0 ? " " : "severity = ", names[i],
                           ranges[at].severity);
    }
    wf_strbuf_add_char(out, '\n');
    for (size_t i = 1; i < count; i++)
        is_mixed = is_mixed || ranges[i].is_inclusive != ranges[0].is_inclusive;
    /* A bound that is still inside violates only when it is passed. */
    if (ranges[0].is_inclusive)
        wf_strbuf_add(out, "exclusive = yes\n");
    if (is_mixed)
        wfd_note(draft, alarm,
                 "alarm ranges of '%s' mix inclusive and exclusive: taken as those "
                 "of the lowest level",
                 field->original);
    if (wfd_integer(alarm, "minViolations", 1, &violations) && violations > 1 && violations <= 1000)
        wf_strbuf_addf(out, "raise = %lld of %lld\n", (long long)violations, (long long)violations);
}

/* EnumerationAlarmList: severities of states, by number. */
static void write_states(const struct wfd_draft *draft, const struct wfd_node *alarm,
                         const struct wfd_field *field, struct wf_strbuf *out)
{
    const struct wfd_node *labels = wfd_type_child(draft->xtce, field->type, "EnumerationList");
    struct wf_strbuf text;

    wf_strbuf_init(&text, 64u << 10);
    for (const struct wfd_node *node = wfd_path(alarm, "EnumerationAlarmList/EnumerationAlarm");
         node != NULL; node = wfd_next(node)) {
        const char *label = wfd_attribute(node, "enumerationLabel");
        const char *level = wfd_attribute(node, "alarmLevel");
        const struct wfd_node *state = wfd_child(labels, "Enumeration");
        int64_t value = 0;
        int severity = -1;

        if (label == NULL)
            label = wfd_attribute(node, "enumerationValue");
        while (state != NULL && (label == NULL || wfd_attribute(state, "label") == NULL ||
                                 strcmp(wfd_attribute(state, "label"), label) != 0))
            state = wfd_next(state);
        for (size_t i = 0; level != NULL && i < WF_COUNT_OF(levels); i++) {
            if (strcmp(levels[i].level, level) == 0)
                severity = levels[i].severity;
        }
        if (severity < 0 && level != NULL && strcmp(level, "normal") == 0)
            continue;
        if (state == NULL || severity < 0 || !wfd_integer(state, "value", 0, &value)) {
            wfd_note(draft, node, "an alarm on a label or level nobody knows: left out");
            continue;
        }
        wf_strbuf_addf(&text, "%s%lld: %d", text.len > 0 ? ", " : "", (long long)value, severity);
    }
    if (text.len > 0)
        wfd_write_text(out, "states", text.text);
    wf_strbuf_fini(&text);
}

static void write_valid(const struct wfd_draft *draft, const struct wfd_field *field,
                        bool is_calibrated, struct wf_strbuf *out)
{
    const struct wfd_node *node = wfd_type_child(draft->xtce, field->type, "ValidRange");
    const char *applies;
    bool is_engineering = true;
    struct range range;

    if (node == NULL)
        node = wfd_path(field->type, "ValidRangeSet/ValidRange");
    if (node == NULL || field->coding.bits == 0)
        return;
    applies = wfd_attribute(node, "validRangeAppliesToCalibrated");
    if (applies == NULL)
        applies = wfd_attribute(node->parent, "validRangeAppliesToCalibrated");
    if (applies != NULL)
        (void)wf_parse_bool(applies, &is_engineering, NULL);
    range = read_range(node);
    if (!is_engineering && is_calibrated) {
        wfd_note(draft, node, "a valid range of the raw value of '%s': left out", field->original);
        return;
    }
    if (!range.is_inclusive)
        wfd_note(draft, node, "an exclusive valid range of '%s': taken as inclusive",
                 field->original);
    if (isnan(range.lo) && isnan(range.hi))
        return;
    wf_strbuf_add(out, "valid = ");
    if (isnan(range.lo))
        wf_strbuf_add_char(out, '*');
    add_bound(out, "", range.lo, "");
    wf_strbuf_add(out, " .. ");
    if (isnan(range.hi))
        wf_strbuf_add_char(out, '*');
    add_bound(out, "", range.hi, "");
    wf_strbuf_add_char(out, '\n');
}

void wfd_write_limits(struct wfd_draft *draft, const struct wfd_field *field, bool is_calibrated,
                      struct wf_strbuf *out)
{
    const struct wfd_node *alarm = wfd_type_child(draft->xtce, field->type, "DefaultAlarm");

    write_valid(draft, field, is_calibrated, out);
    if (alarm == NULL)
        return;
    if (wfd_child(alarm, "StaticAlarmRanges") != NULL && field->coding.bits > 0)
        write_alarm(draft, alarm, field, out);
    if (wfd_child(alarm, "EnumerationAlarmList") != NULL)
        write_states(draft, alarm, field, out);
    for (const struct wfd_node *node = alarm->first; node != NULL; node = node->next) {
        if (!wfd_is(node, "StaticAlarmRanges") && !wfd_is(node, "EnumerationAlarmList"))
            wfd_note(draft, node, "%s of '%s': left out", node->name, field->original);
    }
}

/* --- contexts ------------------------------------------------------------------------------------- */

static void write_context(struct wfd_draft *draft, const struct wfd_field *field,
                          const struct wfd_node *alarm, unsigned number, struct wf_strbuf *out)
{
    const struct wfd_node *match = wfd_child(alarm, "ContextMatch");
    struct range ranges[WF_COUNT_OF(levels)];
    size_t count = read_ranges(draft, alarm, ranges);
    struct side lo = side_of(ranges, count, false), hi = side_of(ranges, count, true);
    struct wf_strbuf when;

    wf_strbuf_init(&when, 64u << 10);
    draft->reads_raw = false;
    if (match == NULL || wfd_child(alarm, "StaticAlarmRanges") == NULL ||
        !wfd_condition_text(draft, match, true, &when)) {
        wfd_note(draft, alarm, "a context alarm of '%s' that is not understood: left out",
                 field->original);
    } else {
        wf_strbuf_addf(out, "\n[context %.40s_%u]\n", field->name, number);
        wfd_write_text(out, "when", when.text);
        wf_strbuf_addf(out, "%s =", field->name);
        if (lo.outer >= 0)
            add_bound(out, " lolo ", ranges[lo.outer].lo, "");
        if (lo.inner >= 0)
            add_bound(out, " lo ", ranges[lo.inner].lo, "");
        if (hi.inner >= 0)
            add_bound(out, " hi ", ranges[hi.inner].hi, "");
        if (hi.outer >= 0)
            add_bound(out, " hihi ", ranges[hi.outer].hi, "");
        wf_strbuf_add(out, count == 0 ? " none\n" : "\n");
    }
    wf_strbuf_fini(&when);
}

void wfd_write_contexts(struct wfd_draft *draft, struct wf_strbuf *out)
{
    for (size_t i = 0; i < draft->count; i++) {
        const struct wfd_field *field = &draft->fields[i];
        const struct wfd_node *list = wfd_type_child(draft->xtce, field->type, "ContextAlarmList");
        unsigned number = 1;

        for (const struct wfd_node *alarm = wfd_child(list, "ContextAlarm");
             alarm != NULL && field->coding.bits > 0; alarm = wfd_next(alarm))
            write_context(draft, field, alarm, number++, out);
    }
}
