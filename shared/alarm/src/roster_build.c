/* SPDX-License-Identifier: MIT */
/* Schemas to alarms: what there is to watch, and what makes it be looked at. */

#include "roster_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct wf_persistence once = { .n = 1, .m = 1 };
static const struct wf_persistence thrice = { .n = 3, .m = 3 };

#define PROBLEM(builder, member, ...)                                                              \
    do {                                                                                           \
        wf_problems_add((builder)->problems, (member)->schema->name, 0, __VA_ARGS__);              \
        (builder)->is_failed = true;                                                               \
    } while (0)

/* --- alarms -------------------------------------------------------------------------------- */

/* Globs with blanks or commas between, over names with or without the kind. */
static bool is_on_trial(const char *globs, const char *name)
{
    const char *blank = strchr(name, ' ');
    char glob[WF_FULL_NAME_SIZE + 16], bare[WF_FULL_NAME_SIZE + 16];
    const char *between = globs != NULL && strchr(globs, ',') != NULL ? "," : ", \t\n";

    if (globs == NULL)
        return false;
    (void)snprintf(bare, sizeof(bare), "%.*s", (int)(blank - name), name);
    for (;;) {
        size_t len;

        globs += strspn(globs, ", \t\n");
        len = strcspn(globs, between);
        if (len == 0)
            return false;
        if (len < sizeof(glob)) {
            memcpy(glob, globs, len);
            glob[len] = '\0';
            while (len > 0 && (glob[len - 1] == ' ' || glob[len - 1] == '\t'))
                glob[--len] = '\0';
            if (wf_glob_match(glob, name) || wf_glob_match(glob, bare))
                return true;
        }
        globs += strcspn(globs, between);
    }
}

/* An alarm of member `member`; `name` is that of a parameter or condition, or NULL. -1: no memory. */
static int add_alarm(struct wfi_builder *builder, size_t member, const char *name,
                     const struct wf_alarm_definition *definition)
{
    struct wf_alarm_roster *roster = builder->roster;
    const struct wfi_member *of = &roster->members[member];
    struct wf_alarm_spec *spec = wfi_roster_more((void **)&builder->specs, &builder->spec_count,
                                                 &builder->spec_room, sizeof(*spec));
    struct wfi_entry *entry;

    if (spec == NULL)
        return -1;
    entry = wfi_roster_more((void **)&roster->entries, &roster->entry_count, &builder->entry_room,
                            sizeof(*entry));
    if (entry == NULL)
        return -1;
    (void)snprintf(spec->name, sizeof(spec->name), "%s.%s%s%s %s", of->source, of->schema->name,
                   name != NULL ? "." : "", name != NULL ? name : "",
                   wf_alarm_kind_name((enum wf_alarm_kind)definition->kind));
    spec->definition = *definition;
    spec->parent = WF_ALARM_NO_PARENT;
    spec->linger_ns = roster->linger_ns;
    spec->is_shadow = is_on_trial(builder->options->shadow, spec->name);
    entry->member = member;
    entry->parameter = WF_NO_INDEX;
    return (int)(builder->spec_count - 1);
}

static bool is_number(const struct wf_parameter *parameter)
{
    return parameter->storage != WF_STORE_CHARS && parameter->storage != WF_STORE_BYTES;
}

/* What any bits give a good value of needs no alarm for bad ones. */
static bool can_be_invalid(const struct wf_schema *schema, const struct wf_parameter *parameter)
{
    bool is_table = parameter->calibrator >= 0 &&
                    schema->calibrators[parameter->calibrator].kind == WF_CALIBRATOR_TABLE;

    return parameter->storage == WF_STORE_F32 || parameter->storage == WF_STORE_F64 ||
           parameter->storage == WF_STORE_TIME || parameter->enumeration >= 0 || is_table ||
           parameter->is_derived || parameter->encoding == WF_ENCODING_BCD ||
           isfinite(parameter->valid_lo) || isfinite(parameter->valid_hi);
}

static bool is_in_a_context(const struct wf_schema *schema, int parameter)
{
    for (size_t i = 0; i < schema->context_count; i++)
        for (size_t k = 0; k < schema->contexts[i].limit_count; k++)
            if (schema->contexts[i].limits[k].parameter == parameter)
                return true;
    return false;
}

static int add_rates(struct wfi_builder *builder, const struct wfi_member *member,
                     const struct wf_parameter *parameter, struct wfi_reading *reading,
                     struct wf_err *err)
{
    const struct wf_alarm_history_spec spec = {
        .window = WF_WINDOW_RATE,
        .samples = parameter->limits.rate_samples,
        .counter_bits = wfi_roster_counter_bits(parameter),
        .time_ns = parameter->limits.rate_window_ns,
        .period_ns = member->schema->period_ns,
    };
    struct wf_err own = { 0 };

    reading->rates = calloc(parameter->count_max, sizeof(*reading->rates));
    if (reading->rates == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (; reading->rate_count < parameter->count_max; reading->rate_count++) {
        int rc = wf_alarm_history_create(&spec, &reading->rates[reading->rate_count], &own);

        if (rc == WF_ERR_LIMIT) {
            PROBLEM(builder, member, "%s: rate_window: %s", parameter->name, own.text);
            return 0;
        }
        if (rc < 0)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    return 0;
}

/* The alarm of one kind of a parameter, when it has one: WFI_NO_ALARM, or its index. */
static int add_kind(struct wfi_builder *builder, size_t member, int parameter,
                    const struct wf_alarm_definition *definition, int *out_alarm)
{
    const struct wf_schema *schema = builder->roster->members[member].schema;

    *out_alarm = WFI_NO_ALARM;
    if (definition->levels == 0 &&
        (definition->kind != WF_ALARM_LIMIT || !is_in_a_context(schema, parameter)))
        return 0;
    *out_alarm = add_alarm(builder, member, schema->parameters[parameter].name, definition);
    if (*out_alarm < 0)
        return WF_ERR_NOMEM;
    builder->roster->entries[*out_alarm].parameter = parameter;
    return 0;
}

/* Bits hold the last samples, and there are 64 of them. */
static void check_persistence(struct wfi_builder *builder, const struct wfi_member *member,
                              const char *name, const char *key,
                              const struct wf_persistence *persistence)
{
    if (persistence->m > WF_ALARM_M_MAX)
        PROBLEM(builder, member, "%s: %s: %u of %u; at most %d samples are counted, use a duration",
                name, key, persistence->n, persistence->m, WF_ALARM_M_MAX);
}

static int add_parameter(struct wfi_builder *builder, size_t at, int index, struct wf_err *err)
{
    struct wfi_member *member = &builder->roster->members[at];
    const struct wf_parameter *parameter = &member->schema->parameters[index];
    const struct wf_limits *limits = &parameter->limits;
    struct wfi_reading *reading = &member->readings[member->reading_count];
    struct wf_alarm_definition definition;
    bool has_rate =
        is_number(parameter) && (isfinite(limits->rate_lo) || isfinite(limits->rate_hi));
    int rc = 0;

    check_persistence(builder, member, parameter->name, "raise", &limits->raise);
    check_persistence(builder, member, parameter->name, "clear", &limits->clear);
    reading->parameter = (uint32_t)index;
    reading->offset = parameter->offset;
    reading->quality_offset = parameter->quality_offset;
    reading->storage = (uint8_t)parameter->storage;
    reading->is_array = parameter->count_max != 1;
    reading->limit = reading->states = reading->rate = reading->invalid = WFI_NO_ALARM;
    if (is_number(parameter)) {
        wf_alarm_define_limits(limits, &definition);
        rc = add_kind(builder, at, index, &definition, &reading->limit);
        wf_alarm_define_states(limits, &definition);
        if (rc == 0)
            rc = add_kind(builder, at, index, &definition, &reading->states);
    }
    if (rc == 0 && has_rate) {
        wf_alarm_define_single(WF_ALARM_RATE, limits->rate_severity, &limits->raise, &limits->clear,
                               limits->is_latched, &definition);
        rc = add_kind(builder, at, index, &definition, &reading->rate);
    }
    if (rc == 0 && can_be_invalid(member->schema, parameter)) {
        wf_alarm_define_single(WF_ALARM_INVALID, limits->invalid_severity, &limits->raise,
                               &limits->clear, limits->is_latched, &definition);
        rc = add_kind(builder, at, index, &definition, &reading->invalid);
    }
    if (rc < 0)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (reading->rate >= 0)
        rc = add_rates(builder, member, parameter, reading, err);
    if (reading->limit >= 0 || reading->states >= 0 || reading->rate >= 0 || reading->invalid >= 0)
        member->reading_count++;
    if (rc == 0 && reading->limit >= 0 && is_in_a_context(member->schema, index))
        rc = wfi_list_add(&member->context_alarms, (size_t)reading->limit);
    return rc;
}

static int add_conditions(struct wfi_builder *builder, size_t at, struct wf_err *err)
{
    const struct wf_schema *schema = builder->roster->members[at].schema;

    for (size_t i = 0; i < schema->condition_count; i++) {
        const struct wf_condition *condition = &schema->conditions[i];
        struct wf_alarm_definition definition;
        struct wfi_rule *rule;
        int alarm;

        if (condition->severity == 0)
            continue;
        wf_alarm_define_single(WF_ALARM_RULE, condition->severity, &condition->raise,
                               &condition->clear, condition->is_latched, &definition);
        alarm = add_alarm(builder, at, condition->name, &definition);
        rule = alarm < 0
                   ? NULL
                   : wfi_roster_more((void **)&builder->roster->rules, &builder->roster->rule_count,
                                     &builder->roster->rule_room, sizeof(*rule));
        if (rule == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        check_persistence(builder, &builder->roster->members[at], condition->name, "raise",
                          &condition->raise);
        check_persistence(builder, &builder->roster->members[at], condition->name, "clear",
                          &condition->clear);
        builder->specs[alarm].unknown = condition->unknown;
        builder->roster->entries[alarm].condition = condition;
        rule->alarm = (size_t)alarm;
    }
    return 0;
}

/* The gravest that any parameter asks for: the whole subsystem goes silent at once. */
static uint8_t stale_severity(const struct wf_schema *schema)
{
    uint8_t severity = 0;

    for (size_t i = 0; i < schema->parameter_count; i++)
        if (schema->parameters[i].limits.stale_severity > severity)
            severity = schema->parameters[i].limits.stale_severity;
    return severity;
}

static int add_member(struct wfi_builder *builder, size_t at, struct wf_err *err)
{
    struct wfi_member *member = &builder->roster->members[at];
    const struct wf_schema *schema = member->schema;
    struct wf_alarm_definition definition;
    int rc = 0;

    if (schema->kind == WF_KIND_TABLE)
        return 0; /* rows by key are no samples of one thing */
    member->readings = calloc(schema->parameter_count + 1, sizeof(*member->readings));
    if (member->readings == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    wf_alarm_define_single(WF_ALARM_STALE, schema->stale_after_ns > 0 ? stale_severity(schema) : 0,
                           &once, &thrice, false, &definition);
    if (definition.levels != 0)
        member->stale = add_alarm(builder, at, NULL, &definition);
    wf_alarm_define_single(WF_ALARM_GAP, schema->gap_severity, &once, &thrice, false, &definition);
    if (definition.levels != 0)
        member->gap = add_alarm(builder, at, NULL, &definition);
    if (definition.levels != 0 && member->gap < 0)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < schema->parameter_count && rc == 0; i++)
        rc = add_parameter(builder, at, (int)i, err);
    return rc == 0 ? add_conditions(builder, at, err) : rc;
}

static int add_coded(struct wfi_builder *builder, struct wf_err *err)
{
    struct wf_alarm_roster *roster = builder->roster;

    for (size_t i = 0; i < builder->options->coded_count; i++) {
        const struct wf_alarm_coded *coded = &builder->options->coded[i];
        struct wf_alarm_definition definition;
        size_t at = 0;
        int alarm;

        while (at < roster->member_count &&
               !(wf_name_is_equal(roster->members[at].source, coded->source) &&
                 wf_name_is_equal(roster->members[at].schema->name, coded->subsystem)))
            at++;
        if (at == roster->member_count || coded->severity < 1 ||
            coded->severity > WF_SEVERITY_SEVERE) {
            wf_problems_add(builder->problems, coded->name, 0,
                            at == roster->member_count
                                ? "there is no subsystem %s.%s here"
                                : "a condition of %s.%s needs a severity of 1 .. 5",
                            coded->source, coded->subsystem);
            builder->is_failed = true;
            continue;
        }
        wf_alarm_define_single(WF_ALARM_RULE, coded->severity, &once, &once, false, &definition);
        alarm = add_alarm(builder, at, coded->name, &definition);
        if (alarm < 0)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        builder->specs[alarm].is_shadow |= coded->is_shadow;
        roster->entries[alarm].coded = strdup(coded->name);
        if (roster->entries[alarm].coded == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        roster->coded[i] = (size_t)alarm;
        roster->coded_count = i + 1;
    }
    return 0;
}

/* --- expressions ----------------------------------------------------------------------------- */

enum trigger { TRIGGER_CONTEXT, TRIGGER_ENABLE, TRIGGER_RULE };

/* Compile, and let every member it reads set it off. Without inputs its home does. */
static int compile(struct wfi_builder *builder, size_t home, const char *what, const char *text,
                   enum trigger trigger, size_t item, struct wfi_judgement *out)
{
    struct wf_alarm_roster *roster = builder->roster;
    struct wf_err err = { 0 };
    int rc = wfi_roster_compile(roster, home, text, &out->expr, &err);

    if (rc < 0) {
        PROBLEM(builder, &roster->members[home], "%s: %s", what, err.text);
        return rc == WF_ERR_NOMEM ? rc : 0;
    }
    rc = wfi_roster_needs(roster, out);
    if (rc == 0 && out->members.count == 0)
        rc = wfi_list_add(&out->members, home);
    for (size_t i = 0; i < out->members.count && rc == 0; i++) {
        struct wfi_member *member = &roster->members[out->members.items[i]];

        if (out->members.count > 1)
            member->is_kept = true;
        rc = wfi_list_add(trigger == TRIGGER_CONTEXT  ? &member->contexts
                          : trigger == TRIGGER_ENABLE ? &member->enables
                                                      : &member->rules,
                          item);
    }
    return rc;
}

static int add_contexts(struct wfi_builder *builder, size_t at)
{
    struct wfi_member *member = &builder->roster->members[at];
    size_t count = member->schema->context_count;
    struct wfi_list inputs = { 0 };
    int rc = 0;

    if (member->context_alarms.count == 0)
        return 0;
    member->context_judgements = calloc(count, sizeof(*member->context_judgements));
    member->context_truths = calloc(count, sizeof(*member->context_truths));
    if (member->context_judgements == NULL || member->context_truths == NULL)
        return WF_ERR_NOMEM;
    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct wf_context *context = &member->schema->contexts[i];

        member->context_truths[i] = WF_UNKNOWN;
        rc = compile(builder, at, context->name, context->when, TRIGGER_CONTEXT, at,
                     &member->context_judgements[i]);
        for (size_t k = 0; k < member->context_judgements[i].members.count && rc == 0; k++)
            rc = wfi_list_add(&inputs, member->context_judgements[i].members.items[k]);
    }
    /* Any of them makes all be judged, so none may forget what it read. */
    for (size_t i = 0; i < inputs.count && inputs.count > 1; i++)
        builder->roster->members[inputs.items[i]].is_kept = true;
    free(inputs.items);
    return rc;
}

static int add_enable(struct wfi_builder *builder, size_t alarm, const char *text)
{
    struct wf_alarm_roster *roster = builder->roster;
    size_t home = roster->entries[alarm].member, i = 0;

    while (i < roster->enable_count &&
           !(roster->enables[i].home == home && strcmp(roster->enables[i].text, text) == 0))
        i++;
    if (i == roster->enable_count) {
        struct wfi_enable *enable =
            wfi_roster_more((void **)&roster->enables, &roster->enable_count, &roster->enable_room,
                            sizeof(*enable));
        int rc;

        if (enable == NULL)
            return WF_ERR_NOMEM;
        enable->text = text;
        enable->home = home;
        enable->truth = WF_UNKNOWN;
        rc = compile(builder, home, builder->specs[alarm].name, text, TRIGGER_ENABLE, i,
                     &enable->judgement);
        if (rc < 0)
            return rc;
    }
    return wfi_list_add(&roster->enables[i].alarms, alarm);
}

static int add_expressions(struct wfi_builder *builder)
{
    struct wf_alarm_roster *roster = builder->roster;
    int rc = 0;

    for (size_t i = 0; i < roster->member_count && rc == 0; i++)
        rc = add_contexts(builder, roster->sorted[i]);
    for (size_t i = 0; i < roster->entry_count && rc == 0; i++) {
        const struct wfi_entry *entry = &roster->entries[i];
        const char *text =
            entry->condition != NULL ? entry->condition->enabled_when
            : entry->parameter >= 0
                ? roster->members[entry->member].schema->parameters[entry->parameter].enabled_when
                : "";

        if (text[0] != '\0')
            rc = add_enable(builder, i, text);
    }
    for (size_t i = 0; i < roster->rule_count && rc == 0; i++) {
        const struct wfi_entry *entry = &roster->entries[roster->rules[i].alarm];

        rc = compile(builder, entry->member, entry->condition->name, entry->condition->when,
                     TRIGGER_RULE, i, &roster->rules[i].judgement);
    }
    for (size_t i = 0; i < roster->member_count && rc == 0; i++) {
        struct wfi_member *member = &roster->members[i];

        if (member->is_kept && (member->copy = calloc(1, member->schema->payload_bytes)) == NULL)
            rc = WF_ERR_NOMEM;
    }
    return rc;
}

int wfi_roster_build(struct wfi_builder *builder, struct wf_err *err)
{
    struct wf_alarm_roster *roster = builder->roster;
    int rc = 0;

    for (size_t i = 0; i < roster->member_count && rc == 0; i++)
        rc = add_member(builder, roster->sorted[i], err);
    if (rc == 0)
        rc = add_coded(builder, err);
    if (rc < 0)
        return rc;
    wfi_roster_parents(builder);
    rc = add_expressions(builder);
    return rc < 0 ? wf_fail(err, WF_ERR_NOMEM, "out of memory") : 0;
}
