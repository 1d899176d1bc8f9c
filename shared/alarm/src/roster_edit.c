/* SPDX-License-Identifier: MIT */
/* Limits in force: the schema's, a context's, a user's; and what a journal gives back. */

#include "roster_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const limit_names[WF_LIMIT_COUNT] = { "lolo", "lo", "hi", "hihi" };

/* What context `index` of the member's schema says of the parameter; NULL: nothing. */
static const struct wf_context_limit *context_limit(const struct wfi_member *member, size_t index,
                                                    int parameter)
{
    const struct wf_context *context = &member->schema->contexts[index];

    for (size_t i = 0; i < context->limit_count; i++)
        if (context->limits[i].parameter == parameter)
            return &context->limits[i];
    return NULL;
}

void wfi_roster_definition(const struct wf_alarm_roster *roster, size_t alarm, unsigned context,
                           struct wf_alarm_definition *out)
{
    const struct wfi_entry *entry = &roster->entries[alarm];
    const struct wfi_member *member = &roster->members[entry->member];
    const struct wf_limits *limits = &member->schema->parameters[entry->parameter].limits;

    if (entry->edited != NULL)
        wf_alarm_define_limits(entry->edited, out);
    else if (context > 0)
        wf_alarm_define_context(limits, context_limit(member, context - 1, entry->parameter), out);
    else
        wf_alarm_define_limits(limits, out);
}

/* --- contexts -------------------------------------------------------------------------------- */

/* The first TRUE one that names the parameter; UNKNOWN before it holds what is. */
static unsigned context_of(const struct wfi_member *member, int parameter, unsigned now)
{
    for (size_t i = 0; i < member->schema->context_count; i++) {
        if (member->context_truths[i] == WF_FALSE || context_limit(member, i, parameter) == NULL)
            continue;
        return member->context_truths[i] == WF_TRUE ? (unsigned)i + 1 : now;
    }
    return 0;
}

void wfi_roster_contexts(struct wf_alarm_roster *roster, size_t home,
                         const struct wf_alarm_now *now)
{
    const struct wfi_member *member = &roster->members[home];

    for (size_t i = 0; i < member->context_alarms.count; i++) {
        size_t alarm = member->context_alarms.items[i];
        struct wfi_alarm *it = &roster->engine->alarms[alarm];
        unsigned context = context_of(member, roster->entries[alarm].parameter, it->memory.context);
        struct wf_alarm_definition definition;

        roster->engine->at.step++;
        if (context == it->memory.context || !wfi_roster_counts(roster, alarm))
            continue;
        it->memory.context = (uint16_t)context;
        wfi_alarm_touch(roster->engine, alarm);
        wfi_roster_definition(roster, alarm, context, &definition);
        if (roster->entries[alarm].edited == NULL)
            wf_alarm_engine_limits(roster->engine, alarm, &definition, now);
    }
}

/* --- edits ------------------------------------------------------------------------------------ */

static int check_persistence(const struct wf_persistence *persistence, const char *what,
                             struct wf_err *err)
{
    bool is_duration = persistence->n == 0 && persistence->m == 0 && persistence->for_ns >= 0;

    if (is_duration || (persistence->n >= 1 && persistence->n <= persistence->m &&
                        persistence->m <= WF_ALARM_M_MAX))
        return 0;
    return wf_fail(err, WF_ERR_INVALID, "%s: %u of %u; expected 1 of 1 .. %d of %d, or a time",
                   what, persistence->n, persistence->m, WF_ALARM_M_MAX, WF_ALARM_M_MAX);
}

static int check_limits(const struct wf_limits *limits, struct wf_err *err)
{
    double last = (double)-INFINITY;
    int rc = check_persistence(&limits->raise, "raise", err);

    if (rc == 0)
        rc = check_persistence(&limits->clear, "clear", err);
    if (rc == 0 && !(limits->hysteresis >= 0))
        rc = wf_fail(err, WF_ERR_INVALID, "hysteresis is a number from 0 on");
    for (unsigned i = 0; i < WF_LIMIT_COUNT && rc == 0; i++) {
        if ((limits->present & (1u << i)) == 0)
            continue;
        if (isnan(limits->value[i]) || !(limits->value[i] > last))
            rc = wf_fail(err, WF_ERR_INVALID,
                         "%s: limits must be in the order lolo < lo < hi < hihi", limit_names[i]);
        else if (limits->severity[i] > WF_SEVERITY_SEVERE)
            rc = wf_fail(err, WF_ERR_INVALID, "%s: a severity is 0 .. 5", limit_names[i]);
        last = limits->value[i];
    }
    return rc;
}

/* Keep a copy of `limits` (NULL: none) as the user's; the caller brings the definition up to date. */
static int keep_limits(struct wf_alarm_roster *roster, size_t alarm, const struct wf_limits *limits,
                       struct wf_err *err)
{
    struct wfi_entry *entry;
    int rc;

    if (alarm >= roster->entry_count)
        return wf_fail(err, WF_ERR_ABSENT, "there is no alarm %zu", alarm);
    entry = &roster->entries[alarm];
    if (roster->engine->specs[alarm].definition.kind != WF_ALARM_LIMIT)
        return wf_fail(err, WF_ERR_INVALID, "'%s' has no limits that could be changed",
                       roster->engine->specs[alarm].name);
    if (limits == NULL) {
        free(entry->edited);
        entry->edited = NULL;
        return 0;
    }
    rc = check_limits(limits, err);
    if (rc < 0)
        return rc;
    if (entry->edited == NULL)
        entry->edited = malloc(sizeof(*entry->edited));
    if (entry->edited == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    *entry->edited = *limits;
    entry->edited->states = NULL;
    entry->edited->state_count = 0;
    return 0;
}

int wf_alarm_roster_edit(struct wf_alarm_roster *roster, size_t alarm,
                         const struct wf_limits *limits, const struct wf_alarm_who *who,
                         const struct wf_alarm_now *now, struct wf_err *err)
{
    struct wf_alarm_definition definition;
    int rc;

    if (who->user == NULL || who->user[0] == '\0')
        return wf_fail(err, WF_ERR_DENIED, "say who you are");
    rc = keep_limits(roster, alarm, limits, err);
    if (rc < 0)
        return rc;
    wfi_roster_definition(roster, alarm, roster->engine->alarms[alarm].memory.context, &definition);
    return wf_alarm_engine_edit(roster->engine, alarm, &definition, who, now, err);
}

int wf_alarm_roster_edited(struct wf_alarm_roster *roster, size_t alarm,
                           const struct wf_limits *limits, struct wf_err *err)
{
    struct wfi_alarm *it;
    int rc = keep_limits(roster, alarm, limits, err);

    if (rc < 0)
        return rc;
    it = &roster->engine->alarms[alarm];
    wfi_roster_definition(roster, alarm, it->memory.context, &it->definition);
    return 0;
}

/* --- restoring -------------------------------------------------------------------------------- */

int wf_alarm_roster_restore(struct wf_alarm_roster *roster, size_t alarm,
                            const struct wf_alarm_memory *memory, const struct wf_alarm_now *now,
                            struct wf_err *err)
{
    struct wfi_alarm *it;
    const struct wfi_entry *entry;
    unsigned context = memory->context;
    struct wf_alarm_memory fitting = *memory;
    int rc;

    if (alarm >= roster->entry_count)
        return wf_fail(err, WF_ERR_ABSENT, "there is no alarm %zu", alarm);
    (void)wfi_roster_on_line(roster, now->utc_ns, now->mono_ns);
    it = &roster->engine->alarms[alarm];
    entry = &roster->entries[alarm];
    if (it->definition.kind == WF_ALARM_LIMIT) {
        const struct wfi_member *member = &roster->members[entry->member];

        /* The context may have been another one, or none, before the schema was changed. */
        if (context > member->schema->context_count ||
            (context > 0 && context_limit(member, context - 1, entry->parameter) == NULL))
            context = 0;
        wfi_roster_definition(roster, alarm, context, &it->definition);
    } else {
        context = 0;
    }
    fitting.context = (uint16_t)context;
    rc = wf_alarm_engine_restore(roster->engine, alarm, &fitting, now, err);
    if (rc < 0 && it->definition.kind == WF_ALARM_LIMIT) {
        wfi_roster_definition(roster, alarm, it->memory.context, &it->definition);
        return rc;
    }
    if (rc < 0)
        return rc;
    if (!roster->is_replaying || memory->epoch > roster->until_epoch ||
        (memory->epoch == roster->until_epoch && memory->order > roster->until_order)) {
        roster->until_epoch = memory->epoch;
        roster->until_order = memory->order;
    }
    roster->is_replaying = true;
    return 0;
}

/* --- for people and journals ------------------------------------------------------------------ */

static void add_persistence(struct wf_strbuf *out, const char *name,
                            const struct wf_persistence *persistence)
{
    wf_strbuf_addf(out, ",\"%s\":\"", name);
    if (persistence->n == 0 && persistence->for_ns > 0) {
        wf_strbuf_add_double(out, (double)persistence->for_ns / 1e6);
        wf_strbuf_add(out, "ms\"");
    } else {
        wf_strbuf_addf(out, "%u of %u\"", persistence->n, persistence->m);
    }
}

static void add_rate(struct wf_strbuf *out, const char *name, double value, const char **comma)
{
    if (!isfinite(value))
        return;
    wf_strbuf_addf(out, "%s\"%s\":", *comma, name);
    wf_strbuf_add_double(out, value);
    *comma = ",";
}

void wf_alarm_roster_limits_text(const struct wf_alarm_roster *roster, size_t alarm,
                                 struct wf_strbuf *out)
{
    const struct wf_alarm_definition *definition;
    const struct wf_limits *rate;
    const char *comma = "";

    wf_strbuf_add_char(out, '{');
    if (alarm < roster->entry_count) {
        definition = &roster->engine->alarms[alarm].definition;
        for (unsigned i = 0; i < WF_LIMIT_COUNT && definition->kind == WF_ALARM_LIMIT; i++) {
            if ((definition->levels & (1u << i)) == 0)
                continue;
            wf_strbuf_addf(out, "%s\"%s\":", comma, limit_names[i]);
            wf_strbuf_add_double(out, definition->limit[i]);
            comma = ",";
        }
        if (definition->kind == WF_ALARM_RATE) {
            rate = &roster->members[roster->entries[alarm].member]
                        .schema->parameters[roster->entries[alarm].parameter]
                        .limits;
            add_rate(out, "rate_lo", rate->rate_lo, &comma);
            add_rate(out, "rate_hi", rate->rate_hi, &comma);
        }
        wf_strbuf_addf(out, "%s\"severity\":[", comma);
        for (unsigned i = 0, n = 0; i < WF_ALARM_LEVEL_MAX; i++)
            if ((definition->levels & (1u << i)) != 0)
                wf_strbuf_addf(out, "%s%u", n++ > 0 ? "," : "", definition->severity[i]);
        wf_strbuf_add_char(out, ']');
        if (definition->kind == WF_ALARM_LIMIT) {
            wf_strbuf_add(out, ",\"hysteresis\":");
            wf_strbuf_add_double(out, definition->hysteresis);
        }
        add_persistence(out, "raise", &definition->raise);
        add_persistence(out, "clear", &definition->clear);
        if (definition->is_latched)
            wf_strbuf_add(out, ",\"latch\":true");
    }
    wf_strbuf_add_char(out, '}');
}
