/* SPDX-License-Identifier: MIT */
/*
 * The first pass over a schema's sections: everything that has a name comes into
 * being with its defaults, so that any key may refer to any of it.
 */

#include "schema_private.h"

#include <math.h>
#include <string.h>

#define NAMED_MAX 4096 /* of each kind of section */

static const char *const section_kinds[WFI_SECTION_KINDS] = {
    "subsystem", "parameter", "derived", "calibrator", "enumeration", "context", "condition",
};

enum wfi_section_kind wfi_section_kind_of(const struct wf_ini_section *section)
{
    int kind = 0;

    while (kind < WFI_SECTION_KINDS && wf_casecmp(section_kinds[kind], section->kind) != 0)
        kind++;
    return (enum wfi_section_kind)kind;
}

void wfi_enter_section(struct wfi_reader *reader, const struct wf_ini_section *section)
{
    reader->section_kind = section->kind;
    reader->section_name = section->name;
    reader->section_line = section->line;
    reader->parameter = NULL;
    wfi_stand_on(reader, NULL);
}

void wfi_leave_section(struct wfi_reader *reader)
{
    reader->section_kind = reader->section_name = "";
    reader->section_line = 0;
    reader->parameter = NULL;
    wfi_stand_on(reader, NULL);
}

/* Is the section's head fine? Problems say what is not. */
static bool check_head(struct wfi_reader *reader, const struct wf_ini_section *section,
                       size_t counts[WFI_SECTION_KINDS])
{
    enum wfi_section_kind kind = wfi_section_kind_of(section);
    struct wf_err err = { 0 };
    char hint[100];

    if (kind == WFI_SECTION_KINDS && section->kind[0] == '\0') {
        wfi_problem(reader, "keys before the first [section]");
        return false;
    }
    if (kind == WFI_SECTION_KINDS) {
        wfi_problem(reader, "unknown section%s",
                    wfi_suggest(reader, section->kind, section_kinds, WFI_SECTION_KINDS, hint,
                                sizeof(hint)));
        return false;
    }
    if (kind == WFI_SECTION_SUBSYSTEM && section->name[0] != '\0') {
        wfi_problem(reader, "[subsystem] takes no name: it is the file's");
        return false;
    }
    if (kind != WFI_SECTION_SUBSYSTEM && wf_name_check(section->name, &err) < 0) {
        wfi_problem(reader, "%s", err.text);
        return false;
    }
    if (counts[kind] == NAMED_MAX) {
        wfi_problem(reader, "more than %d sections of this kind", NAMED_MAX);
        return false;
    }
    counts[kind]++;
    return true;
}

static struct wf_limits limits_default(void)
{
    struct wf_limits limits = {
        .rate_lo = (double)NAN,
        .rate_hi = (double)NAN,
        .rate_window_ns = INT64_C(10000000000),
        .rate_samples = 3,
        .rate_severity = WF_SEVERITY_WARNING,
        .raise = { .n = 1, .m = 1 },
        .clear = { .n = 3, .m = 3 },
        .stale_severity = WF_SEVERITY_WARNING,
        .invalid_severity = WF_SEVERITY_WARNING,
    };

    memcpy(limits.severity, wfi_severity_defaults, sizeof(limits.severity));
    return limits;
}

static struct wf_parameter parameter_default(struct wfi_arena *arena, bool is_derived)
{
    char *none = wfi_arena_text(arena, "", 0);

    return (struct wf_parameter){
        .alias = none,
        .title = none,
        .description = none,
        .unit = none,
        .format = none,
        .guidance = none,
        .group = none,
        .is_derived = is_derived,
        .expression = none,
        .type = is_derived ? WF_TYPE_FLOAT : WF_TYPE_UINT,
        .present_when = none,
        .count_max = 1,
        .count_from = WF_NO_INDEX,
        .size_from = WF_NO_INDEX,
        .calibrator = WF_NO_INDEX,
        .enumeration = WF_NO_INDEX,
        .valid_lo = -INFINITY,
        .valid_hi = INFINITY,
        .limits = limits_default(),
        .enabled_when = none,
        .suppressed_by = none,
    };
}

static size_t count_own_calibrators(struct wf_ini *ini)
{
    size_t count = 0;

    for (size_t i = 0; i < ini->section_count; i++) {
        const struct wf_ini_section *section = &ini->sections[i];

        for (size_t k = 0; k < section->key_count; k++)
            count += wf_casecmp(section->keys[k].name, "polynomial") == 0 ||
                     wf_casecmp(section->keys[k].name, "table") == 0;
    }
    return count;
}

static bool make_room(struct wfi_reader *reader, struct wf_ini *ini,
                      const size_t counts[WFI_SECTION_KINDS])
{
    struct wf_schema *schema = reader->schema;
    struct wfi_arena *arena = reader->arena;
    size_t parameters = counts[WFI_SECTION_PARAMETER] + counts[WFI_SECTION_DERIVED];

    if (parameters > WF_SCHEMA_PARAMETERS_MAX) {
        wfi_stand_on(reader, NULL);
        wfi_problem(reader, "%zu parameters; at most %d are possible", parameters,
                    WF_SCHEMA_PARAMETERS_MAX);
        return false;
    }
    schema->parameters = wfi_arena_get(arena, parameters, sizeof(*schema->parameters));
    reader->sections = wfi_arena_get(arena, parameters, sizeof(*reader->sections));
    schema->calibrators =
        wfi_arena_get(arena, counts[WFI_SECTION_CALIBRATOR] + count_own_calibrators(ini),
                      sizeof(*schema->calibrators));
    schema->enumerations =
        wfi_arena_get(arena, counts[WFI_SECTION_ENUMERATION], sizeof(*schema->enumerations));
    schema->contexts = wfi_arena_get(arena, counts[WFI_SECTION_CONTEXT], sizeof(*schema->contexts));
    schema->conditions =
        wfi_arena_get(arena, counts[WFI_SECTION_CONDITION], sizeof(*schema->conditions));
    return !arena->is_out_of_memory;
}

static void make_parameter(struct wfi_reader *reader, const struct wf_ini_section *section,
                           bool is_derived)
{
    struct wf_schema *schema = reader->schema;
    struct wf_parameter *parameter = &schema->parameters[schema->parameter_count++];
    struct wf_ini_key *alias = wf_ini_get((struct wf_ini_section *)(uintptr_t)section, "alias");

    *parameter = parameter_default(reader->arena, is_derived);
    reader->sections[schema->parameter_count - 1] = section;
    (void)wf_copy_text(parameter->name, sizeof(parameter->name), section->name);
    /* The alias is a name that others may refer to, so it is known before keys are read. */
    if (alias != NULL) {
        char *text = wfi_fold_text(reader, alias->value, false);

        if (text != NULL)
            parameter->alias = text;
    }
}

static void make_named(struct wfi_reader *reader, const struct wf_ini_section *section)
{
    struct wf_schema *schema = reader->schema;
    char *none = wfi_arena_text(reader->arena, "", 0);
    char *name = NULL;

    switch (wfi_section_kind_of(section)) {
    case WFI_SECTION_CALIBRATOR:
        schema->calibrators[schema->calibrator_count].order = 1;
        schema->calibrators[schema->calibrator_count].when = none;
        name = schema->calibrators[schema->calibrator_count++].name;
        break;
    case WFI_SECTION_ENUMERATION:
        name = schema->enumerations[schema->enumeration_count++].name;
        break;
    case WFI_SECTION_CONTEXT:
        schema->contexts[schema->context_count].when = none;
        name = schema->contexts[schema->context_count++].name;
        break;
    case WFI_SECTION_CONDITION:
        schema->conditions[schema->condition_count] = (struct wf_condition){
            .when = none,
            .title = none,
            .guidance = none,
            .enabled_when = none,
            .suppressed_by = none,
            .severity = WF_SEVERITY_WARNING,
            .raise = { .n = 1, .m = 1 },
            .clear = { .n = 3, .m = 3 },
        };
        name = schema->conditions[schema->condition_count++].name;
        break;
    default:
        return;
    }
    (void)wf_copy_text(name, WF_NAME_SIZE, section->name);
}

/* Two parameters may share neither name nor alias, whatever their case. */
static void check_names(struct wfi_reader *reader)
{
    const struct wf_schema *schema = reader->schema;
    const struct wfi_schema_own *own = schema->own;

    for (size_t i = 1; i < own->name_count; i++) {
        const struct wfi_name_ref *one = &own->names[i - 1], *other = &own->names[i];

        if (wf_casecmp(one->name, other->name) != 0)
            continue;
        /* The one that stands later took what was there. */
        {
            const struct wf_ini_section *section = reader->sections[other->parameter];

            wfi_enter_section(reader, section);
            if (wf_casecmp(section->name, other->name) != 0)
                wfi_stand_on(reader,
                             wf_ini_get((struct wf_ini_section *)(uintptr_t)section, "alias"));
            wfi_problem(reader, "'%.80s' is the name or alias of both '%s' and '%s'", other->name,
                        schema->parameters[one->parameter].name,
                        schema->parameters[other->parameter].name);
        }
    }
    wfi_leave_section(reader);
}

bool wfi_make_all(struct wfi_reader *reader, struct wf_ini *ini, bool *fine)
{
    size_t counts[WFI_SECTION_KINDS] = { 0 };

    for (size_t i = 0; i < ini->section_count; i++) {
        wfi_enter_section(reader, &ini->sections[i]);
        fine[i] = check_head(reader, &ini->sections[i], counts);
    }
    wfi_leave_section(reader);
    reader->line = 1; /* something that is nowhere is missing from the beginning */
    if (counts[WFI_SECTION_SUBSYSTEM] == 0)
        wfi_problem(reader, "there is no [subsystem] section");
    if (counts[WFI_SECTION_PARAMETER] + counts[WFI_SECTION_DERIVED] == 0)
        wfi_problem(reader, "there is no [parameter NAME] section");
    if (!make_room(reader, ini, counts))
        return false;
    /* In packet order, then derived. */
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < ini->section_count; i++) {
            enum wfi_section_kind kind = wfi_section_kind_of(&ini->sections[i]);

            if (!fine[i] || kind != (pass == 0 ? WFI_SECTION_PARAMETER : WFI_SECTION_DERIVED))
                continue;
            wfi_enter_section(reader, &ini->sections[i]);
            make_parameter(reader, &ini->sections[i], pass == 1);
        }
    }
    for (size_t i = 0; i < ini->section_count; i++)
        if (fine[i])
            make_named(reader, &ini->sections[i]);
    wfi_schema_index(reader->schema);
    wfi_leave_section(reader);
    check_names(reader);
    return !reader->arena->is_out_of_memory;
}
