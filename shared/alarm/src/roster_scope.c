/* SPDX-License-Identifier: MIT */
/* Expressions of a roster: names of any of its subsystems, windows, and where values are. */

#include "roster_private.h"

#include <stdlib.h>
#include <string.h>

struct scope {
    struct wf_alarm_roster *roster;
    size_t home;
};

/* Cut `name` at its dots; the number of parts, 0 when they are too many or too long. */
static size_t split(const char *name, char parts[3][WF_NAME_SIZE])
{
    size_t count = 0;

    for (;;) {
        size_t len = strcspn(name, ".");

        if (count == 3 || len == 0 || len > WF_NAME_MAX)
            return 0;
        memcpy(parts[count], name, len);
        parts[count++][len] = '\0';
        if (name[len] == '\0')
            return count;
        name += len + 1;
    }
}

static bool is_member(const struct wfi_member *member, const char *source, const char *subsystem)
{
    return (source == NULL || wf_name_is_equal(member->source, source)) &&
           wf_name_is_equal(member->schema->name, subsystem);
}

/*
 * SUBSYSTEM.PARAMETER: the home itself, then the same source; then any source, when only one
 * has it.
 */
static bool find_short(const struct wf_alarm_roster *roster, size_t home, const char *subsystem,
                       const char *parameter, size_t *out_member, int *out_parameter)
{
    const char *source = roster->members[home].source;
    size_t found = 0;

    for (size_t i = 0; i < roster->member_count; i++) {
        const struct wfi_member *member = &roster->members[i];
        int index = is_member(member, NULL, subsystem) ? wf_schema_find(member->schema, parameter)
                                                       : WF_NO_INDEX;

        if (index < 0)
            continue;
        if (found++ == 0 || wf_name_is_equal(member->source, source)) {
            *out_member = i;
            *out_parameter = index;
        }
        if (wf_name_is_equal(member->source, source))
            return true;
    }
    return found == 1;
}

static bool find_parameter(const struct wf_alarm_roster *roster, size_t home, const char *name,
                           size_t *out_member, int *out_parameter)
{
    char parts[3][WF_NAME_SIZE];

    switch (split(name, parts)) {
    case 1:
        *out_member = home;
        *out_parameter = wf_schema_find(roster->members[home].schema, parts[0]);
        return *out_parameter >= 0;
    case 2:
        return find_short(roster, home, parts[0], parts[1], out_member, out_parameter);
    case 3:
        for (size_t i = 0; i < roster->member_count; i++) {
            if (!is_member(&roster->members[i], parts[0], parts[1]))
                continue;
            *out_member = i;
            *out_parameter = wf_schema_find(roster->members[i].schema, parts[2]);
            return *out_parameter >= 0;
        }
        return false;
    default:
        return false;
    }
}

static int add_ref(struct wf_alarm_roster *roster, const struct wfi_ref *ref, int *out_id)
{
    struct wfi_ref *added = wfi_roster_more((void **)&roster->refs, &roster->ref_count,
                                            &roster->ref_room, sizeof(*added));

    if (added == NULL)
        return WF_ERR_NOMEM;
    *added = *ref;
    *out_id = (int)(roster->ref_count - 1);
    return 0;
}

static int resolve(void *context, const char *name, int *out_id,
                   const struct wf_enumeration **out_enumeration)
{
    const struct scope *scope = context;
    struct wf_alarm_roster *roster = scope->roster;
    const struct wf_parameter *parameter;
    struct wfi_ref ref = { 0 };

    if (!find_parameter(roster, scope->home, name, &ref.member, &ref.parameter))
        return WF_ERR_ABSENT;
    parameter = &roster->members[ref.member].schema->parameters[ref.parameter];
    *out_enumeration =
        parameter->enumeration >= 0
            ? &roster->members[ref.member].schema->enumerations[parameter->enumeration]
            : NULL;
    for (size_t i = 0; i < roster->ref_count; i++) {
        const struct wfi_ref *known = &roster->refs[i];

        if (known->window == NULL && known->member == ref.member &&
            known->parameter == ref.parameter) {
            *out_id = (int)i;
            return 0;
        }
    }
    return add_ref(roster, &ref, out_id);
}

uint8_t wfi_roster_counter_bits(const struct wf_parameter *parameter)
{
    bool is_plain = parameter->storage <= WF_STORE_U64 && parameter->calibrator < 0;

    return parameter->limits.is_counter && is_plain ? (uint8_t)parameter->bits : 0;
}

static int window(void *context, enum wf_expr_window kind, const char *name, uint32_t samples,
                  int64_t time_ns, int *out_id)
{
    const struct scope *scope = context;
    struct wf_alarm_roster *roster = scope->roster;
    struct wf_alarm_history_spec spec = { .window = kind, .samples = samples, .time_ns = time_ns };
    struct wfi_ref ref = { .is_rate = kind == WF_WINDOW_RATE,
                           .samples = samples,
                           .time_ns = time_ns };
    int rc;

    if (!find_parameter(roster, scope->home, name, &ref.member, &ref.parameter))
        return WF_ERR_ABSENT;
    if (roster->members[ref.member].schema->parameters[ref.parameter].count_max != 1)
        return WF_ERR_ABSENT;
    spec.period_ns = roster->members[ref.member].schema->period_ns;
    spec.counter_bits =
        wfi_roster_counter_bits(&roster->members[ref.member].schema->parameters[ref.parameter]);
    rc = wf_alarm_history_create(&spec, &ref.window, NULL);
    if (rc < 0)
        return rc;
    rc = add_ref(roster, &ref, out_id);
    if (rc < 0)
        wf_alarm_history_destroy(&ref.window);
    else
        rc = wfi_list_add(&roster->members[ref.member].windows, (size_t)*out_id);
    return rc;
}

static const struct wf_parameter *parameter_of(const struct wf_alarm_roster *roster, int id)
{
    const struct wfi_ref *ref = &roster->refs[id];

    return &roster->members[ref->member].schema->parameters[ref->parameter];
}

static uint32_t elements(void *context, int id)
{
    const struct scope *scope = context;

    return parameter_of(scope->roster, id)->count_max;
}

static enum wf_value_kind kind(void *context, int id)
{
    const struct scope *scope = context;
    enum wf_type type = parameter_of(scope->roster, id)->type;

    return type == WF_TYPE_STRING || type == WF_TYPE_BYTES ? WF_VALUE_TEXT : WF_VALUE_F64;
}

/* Sources in the order of the members, each once. */
static int source(void *context, const char *name, size_t index, char *out)
{
    const struct scope *scope = context;
    const struct wf_alarm_roster *roster = scope->roster;
    char parts[3][WF_NAME_SIZE];

    if (split(name, parts) != 3)
        return WF_ERR_ABSENT;
    for (size_t i = 0; i < roster->member_count; i++) {
        const struct wfi_member *member = &roster->members[i];

        if (!wf_glob_match(parts[0], member->source) || !is_member(member, NULL, parts[1]) ||
            wf_schema_find(member->schema, parts[2]) < 0 || index-- > 0)
            continue;
        (void)wf_copy_text(out, WF_NAME_SIZE, member->source);
        return 0;
    }
    return WF_ERR_ABSENT;
}

int wfi_roster_compile(struct wf_alarm_roster *roster, size_t home, const char *text,
                       struct wf_expr **out_expr, struct wf_err *err)
{
    struct scope scope = { .roster = roster, .home = home };
    const struct wf_expr_scope names = { .context = &scope,
                                         .resolve = resolve,
                                         .window = window,
                                         .elements = elements,
                                         .source = source,
                                         .kind = kind };

    return wf_expr_compile(text, &names, out_expr, err);
}

int wfi_roster_needs(const struct wf_alarm_roster *roster, struct wfi_judgement *judgement)
{
    const int *ids;
    size_t count = wf_expr_inputs(judgement->expr, &ids);
    int rc = 0;

    for (size_t i = 0; i < count && rc == 0; i++) {
        const struct wfi_ref *ref = &roster->refs[ids[i]];

        rc = wfi_list_add(&judgement->members, ref->member);
        if (ref->samples > judgement->samples)
            judgement->samples = ref->samples;
        if (ref->time_ns > judgement->time_ns)
            judgement->time_ns = ref->time_ns;
    }
    return rc;
}

void wfi_roster_forget(struct wfi_judgement *judgement)
{
    wf_expr_free(&judgement->expr);
    free(judgement->members.items);
    judgement->members = (struct wfi_list){ 0 };
}

/* Has everything that it reads been seen for as long as its windows reach back? */
static bool is_filled(const struct wf_alarm_roster *roster, const struct wfi_judgement *judgement)
{
    for (size_t i = 0; i < judgement->members.count; i++) {
        const struct wfi_member *member = &roster->members[judgement->members.items[i]];

        if (!member->is_seen)
            return false;
        if (!member->is_whole && (member->taken <= judgement->samples ||
                                  roster->now_ns - member->first_ns < judgement->time_ns))
            return false;
    }
    return true;
}

enum wf_truth wfi_roster_truth(const struct wf_alarm_roster *roster,
                               const struct wfi_judgement *judgement,
                               const struct wf_expr_values *values, bool *out_is_open)
{
    *out_is_open = !roster->is_replaying || is_filled(roster, judgement);
    return *out_is_open ? wf_expr_truth(judgement->expr, values) : WF_UNKNOWN;
}

/* --- values -------------------------------------------------------------------------------- */

static void get(void *context, int id, size_t element, struct wf_value *out)
{
    const struct wf_alarm_roster *roster = context;
    const struct wfi_ref *ref = &roster->refs[id];
    const struct wfi_member *member = &roster->members[ref->member];

    *out = (struct wf_value){ .kind = WF_VALUE_NONE, .quality = WF_QUALITY_NEVER };
    if (!member->is_seen)
        return;
    if (member->is_stale) {
        out->quality = WF_QUALITY_STALE;
        return;
    }
    if (ref->window != NULL)
        wf_alarm_history_value(ref->window, roster->now_ns, out);
    else if (member->payload != NULL)
        wf_value_get(member->schema, member->payload, (size_t)ref->parameter, element, out);
}

void wfi_roster_values(struct wf_alarm_roster *roster, struct wf_expr_values *out)
{
    *out = (struct wf_expr_values){ .context = roster, .get = get };
}
