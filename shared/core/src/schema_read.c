/* SPDX-License-Identifier: MIT */
/*
 * Reading schemas: the second pass reads the keys of what the first one made
 * (schema_make.c), in the order enumerations, calibrators, subsystem, parameters,
 * contexts, conditions. Expressions are compiled last. Nothing stops at the first
 * problem.
 */

#include "schema_private.h"

#include <stdlib.h>
#include <string.h>

#define LABEL_MAX 128

static void report_unknown_key(struct wfi_reader *reader, const struct wfi_key_table *table,
                               unsigned where, const char *name)
{
    const char *names[WFI_KEYS_MAX];
    size_t count = 0;
    char hint[100];

    if (wfi_key_row(table, name) < table->count) {
        wfi_problem(reader, where == WFI_IN_OVERLAY ? "cannot differ by source"
                                                    : "not for this kind of section");
        return;
    }

    for (size_t row = 0; row < table->count; row++)
        if (where == 0 || (table->rows[row].where & where))
            names[count++] = table->rows[row].name;
    wfi_problem(reader, "unknown key%s",
                wfi_suggest(reader, name, names, count, hint, sizeof(hint)));
}

void wfi_read_keys(struct wfi_reader *reader, const struct wfi_key_table *table,
                   struct wf_ini_section *section, void *object, unsigned where)
{
    memset(reader->keys, 0, WFI_KEYS_MAX * sizeof(*reader->keys));
    for (size_t i = 0; i < section->key_count; i++) {
        struct wf_ini_key *key = &section->keys[i];
        size_t row = wfi_key_row(table, key->name);

        key->was_used = true;
        if (row < table->count && (where == 0 || (table->rows[row].where & where))) {
            reader->keys[row] = key;
            continue;
        }
        wfi_stand_on(reader, key);
        report_unknown_key(reader, table, where, key->name);
    }
    /* In the table's order, whatever the file's is. */
    for (size_t row = 0; row < table->count; row++) {
        const struct wfi_key *key = &table->rows[row];

        if (reader->keys[row] == NULL)
            continue;
        wfi_stand_on(reader, reader->keys[row]);
        if (reader->parameter != NULL && key->types != 0 &&
            !(key->types & WFI_TYPE_BIT((unsigned)reader->parameter->type)))
            wfi_problem(reader, "not for type = %s", wfi_type_name(reader->parameter->type));
        else
            key->read(reader, key, object, reader->keys[row]->value);
    }
}

static int compare_entries(const void *a, const void *b)
{
    const struct wf_enumeration_entry *left = a, *right = b;

    return (left->low > right->low) - (left->low < right->low);
}

/* "3" or "4..7". */
static bool read_entry_range(struct wfi_reader *reader, const char *text,
                             struct wf_enumeration_entry *entry)
{
    char low[64];
    const char *dots = strstr(text, "..");
    size_t len = dots != NULL ? (size_t)(dots - text) : strlen(text);
    const char *high = dots != NULL ? dots + 2 : low;

    while (len > 0 && text[len - 1] == ' ')
        len--;
    if (len >= sizeof(low))
        len = 0;
    memcpy(low, text, len);
    low[len] = '\0';
    while (*high == ' ')
        high++;
    if (wf_parse_i64(low, &entry->low, NULL) < 0 || wf_parse_i64(high, &entry->high, NULL) < 0 ||
        entry->low > entry->high) {
        wfi_problem(reader, "expected NUMBER = LABEL or LOW..HIGH = LABEL");
        return false;
    }
    return true;
}

static void read_enumeration(struct wfi_reader *reader, struct wf_ini_section *section,
                             struct wf_enumeration *enumeration)
{
    enumeration->entries =
        wfi_arena_get(reader->arena, section->key_count, sizeof(*enumeration->entries));
    if (enumeration->entries == NULL)
        return;
    for (size_t i = 0; i < section->key_count; i++) {
        struct wf_ini_key *key = &section->keys[i];
        struct wf_enumeration_entry entry = { 0 };

        key->was_used = true;
        wfi_stand_on(reader, key);
        entry.label = wfi_fold_text(reader, key->value, false);
        if (entry.label == NULL || !read_entry_range(reader, key->name, &entry))
            continue;
        if (entry.label[0] == '\0' || strlen(entry.label) > LABEL_MAX)
            wfi_problem(reader, "a label has 1 to %d bytes", LABEL_MAX);
        else
            enumeration->entries[enumeration->count++] = entry;
    }
    wfi_stand_on(reader, NULL);
    if (section->key_count == 0)
        wfi_problem(reader, "no NUMBER = LABEL in it");
    qsort(enumeration->entries, enumeration->count, sizeof(*enumeration->entries), compare_entries);
    for (size_t i = 1; i < enumeration->count; i++) {
        const struct wf_enumeration_entry *one = &enumeration->entries[i - 1];
        const struct wf_enumeration_entry *other = &enumeration->entries[i];

        if (other->low <= one->high)
            wfi_problem(reader, "'%.60s' and '%.60s' overlap at %lld", one->label, other->label,
                        (long long)other->low);
    }
}

static void read_context(struct wfi_reader *reader, struct wf_ini_section *section,
                         struct wf_context *context)
{
    struct wf_ini_section only_when = *section;
    struct wf_ini_key when = { 0 };

    context->limits = wfi_arena_get(reader->arena, section->key_count, sizeof(*context->limits));
    if (context->limits == NULL)
        return;
    only_when.keys = &when;
    only_when.key_count = 0;
    for (size_t i = 0; i < section->key_count; i++) {
        struct wf_ini_key *key = &section->keys[i];
        struct wf_context_limit limit = { 0 };

        key->was_used = true;
        if (wf_casecmp(key->name, "when") == 0) {
            when = *key;
            only_when.key_count = 1;
            continue;
        }
        wfi_stand_on(reader, key);
        limit.parameter = wfi_reference(reader, key->name);
        if (limit.parameter < 0)
            continue;
        if (!(WFI_TYPES_NUMBER &
              WFI_TYPE_BIT((unsigned)reader->schema->parameters[limit.parameter].type)))
            wfi_problem(reader, "a parameter of this type has no limits");
        else if (wfi_read_limit_list(reader, key->value, &limit.present, limit.value))
            context->limits[context->limit_count++] = limit;
    }
    wfi_read_keys(reader, &wfi_context_keys, &only_when, context, 0);
    wfi_stand_on(reader, NULL);
    if (context->when[0] == '\0')
        wfi_problem(reader, "'when' is missing");
}

static void read_condition(struct wfi_reader *reader, struct wf_ini_section *section,
                           struct wf_condition *condition)
{
    wfi_read_keys(reader, &wfi_condition_keys, section, condition, 0);
    wfi_stand_on(reader, NULL);
    if (condition->when[0] == '\0')
        wfi_problem(reader, "'when' is missing");
}

/* Which object of its kind comes next; sections and objects are in the same order. */
struct positions {
    size_t parameter, derived, calibrator, enumeration, context, condition;
};

static void read_section(struct wfi_reader *reader, struct wf_ini_section *section,
                         struct positions *next)
{
    struct wf_schema *schema = reader->schema;

    wfi_enter_section(reader, section);
    switch (wfi_section_kind_of(section)) {
    case WFI_SECTION_SUBSYSTEM:
        wfi_read_keys(reader, &wfi_subsystem_keys, section, schema, 0);
        wfi_finish_subsystem(reader);
        break;
    case WFI_SECTION_PARAMETER:
        reader->parameter = &schema->parameters[next->parameter++];
        wfi_read_keys(reader, &wfi_parameter_keys, section, reader->parameter, WFI_IN_PARAMETER);
        wfi_finish_parameter(reader);
        break;
    case WFI_SECTION_DERIVED:
        reader->parameter = &schema->parameters[next->derived++];
        wfi_read_keys(reader, &wfi_parameter_keys, section, reader->parameter, WFI_IN_DERIVED);
        wfi_finish_parameter(reader);
        break;
    case WFI_SECTION_CALIBRATOR:
        wfi_read_keys(reader, &wfi_calibrator_keys, section, &schema->calibrators[next->calibrator],
                      0);
        wfi_finish_calibrator(reader, &schema->calibrators[next->calibrator++]);
        break;
    case WFI_SECTION_ENUMERATION:
        read_enumeration(reader, section, &schema->enumerations[next->enumeration++]);
        break;
    case WFI_SECTION_CONTEXT:
        read_context(reader, section, &schema->contexts[next->context++]);
        break;
    case WFI_SECTION_CONDITION:
        read_condition(reader, section, &schema->conditions[next->condition++]);
        break;
    case WFI_SECTION_KINDS:
        break;
    }
}

static void read_all(struct wfi_reader *reader, struct wf_ini *ini, const bool *fine)
{
    static const enum wfi_section_kind order[] = {
        WFI_SECTION_ENUMERATION, WFI_SECTION_CALIBRATOR, WFI_SECTION_SUBSYSTEM,
        WFI_SECTION_PARAMETER,   WFI_SECTION_DERIVED,    WFI_SECTION_CONTEXT,
        WFI_SECTION_CONDITION,
    };
    struct positions next = { 0 };

    while (next.derived < reader->schema->parameter_count &&
           !reader->schema->parameters[next.derived].is_derived)
        next.derived++;
    for (size_t pass = 0; pass < WF_COUNT_OF(order); pass++)
        for (size_t i = 0; i < ini->section_count; i++)
            if (fine[i] && wfi_section_kind_of(&ini->sections[i]) == order[pass])
                read_section(reader, &ini->sections[i], &next);
}

/* --- the whole ------------------------------------------------------------------------------ */

static struct wf_schema *new_schema(void)
{
    struct wf_schema *schema = calloc(1, sizeof(*schema));
    char *none;

    if (schema == NULL)
        return NULL;
    schema->own = calloc(1, sizeof(*schema->own));
    if (schema->own == NULL) {
        free(schema);
        return NULL;
    }
    none = wfi_arena_text(&schema->own->arena, "", 0);
    schema->title = schema->description = schema->version = schema->match = none;
    schema->suppressed_by = none;
    schema->gap_severity = WF_SEVERITY_WATCH;
    schema->key = WF_NO_INDEX;
    schema->row_max = 256;
    schema->packet_max = 65542;
    return schema;
}

/* The name of "some/folder/power.ini" is power. */
static void name_from_file(const char *file, char out[WF_NAME_SIZE])
{
    const char *slash = strrchr(file, '/');
    const char *base = slash != NULL ? slash + 1 : file;
    size_t len = strcspn(base, ".");
    char text[WF_NAME_SIZE];

    if (len >= sizeof(text))
        len = sizeof(text) - 1;
    memcpy(text, base, len);
    text[len] = '\0';
    wf_name_from_text(text, out);
}

int wfi_schema_finish(struct wfi_reader *reader, size_t problems_before, struct wf_err *err)
{
    struct wf_problems *problems = reader->problems;
    int rc;

    wfi_check_pending(reader);
    if (reader->arena->is_out_of_memory)
        return wf_fail(err, WF_ERR_NOMEM, "%s: out of memory", reader->file);
    if (problems->count == problems_before) {
        rc = wfi_schema_layout(reader->schema, err);
        if (rc == 0)
            rc = wfi_schema_hash(reader->schema, err);
        if (rc != WF_ERR_LIMIT)
            return rc;
        wfi_leave_section(reader);
        wfi_problem(reader, "%s", err->text);
    }
    if (problems_before < problems->kept) {
        const struct wf_problem *first = &problems->list[problems_before];

        return wf_fail(err, WF_ERR_INVALID, "%s:%u: %s", first->file, first->line, first->text);
    }
    return wf_fail(err, WF_ERR_INVALID, "%s: %zu problems", reader->file,
                   problems->count - problems_before);
}

static int build(struct wf_ini *ini, const char *expected_name, size_t problems_before,
                 struct wf_problems *problems, struct wf_schema **out_schema, struct wf_err *err)
{
    struct wf_schema *schema = new_schema();
    bool *fine = calloc(ini->section_count + 1, sizeof(*fine));
    const struct wf_ini_key *keys[WFI_KEYS_MAX];
    int rc = WF_ERR_NOMEM;

    if (schema == NULL || fine == NULL) {
        (void)wf_fail(err, WF_ERR_NOMEM, "%s: out of memory", ini->file);
        goto out;
    }

    struct wfi_reader reader = {
        .schema = schema,
        .arena = &schema->own->arena,
        .file = ini->file,
        .problems = problems,
        .section_kind = "",
        .section_name = "",
        .key_name = "",
        .keys = keys,
    };

    name_from_file(ini->file, schema->name);
    if (wfi_make_all(&reader, ini, fine))
        read_all(&reader, ini, fine);
    if (expected_name != NULL && !wf_name_is_equal(expected_name, schema->name)) {
        struct wf_ini_section *section = wf_ini_find(ini, "subsystem", NULL);

        wfi_enter_section(&reader, section != NULL ? section : &ini->sections[0]);
        wfi_problem(&reader, "name '%s' must equal the file's name '%s'", schema->name,
                    expected_name);
    }
    wfi_check_subsystem(&reader);
    rc = wfi_schema_finish(&reader, problems_before, err);
    if (rc < 0)
        goto out;
    *out_schema = schema;
    schema = NULL;

out:
    free(fine);
    wf_schema_free(&schema);
    return rc;
}

int wf_schema_parse(const char *file, const char *text, size_t len, struct wf_schema **out_schema,
                    struct wf_problems *problems, struct wf_err *err)
{
    struct wf_problems own_problems = { 0 };
    struct wf_err own_err = { 0 };
    struct wf_problems *list = problems != NULL ? problems : &own_problems;
    size_t before = list->count;
    struct wf_ini *ini = NULL;
    int rc;

    if (err == NULL)
        err = &own_err;
    if (len > WF_SCHEMA_TEXT_MAX)
        return wf_fail(err, WF_ERR_LIMIT, "%s: a schema of more than %u bytes", file,
                       WF_SCHEMA_TEXT_MAX);
    rc = wf_ini_parse(file, text, len, &ini, list, err);
    if (rc == 0)
        rc = build(ini, NULL, before, list, out_schema, err);
    wf_ini_free(&ini);
    wf_problems_fini(&own_problems);
    return rc;
}

int wf_schema_load(const char *path, struct wf_schema **out_schema, struct wf_problems *problems,
                   struct wf_err *err)
{
    struct wf_problems own_problems = { 0 };
    struct wf_err own_err = { 0 };
    struct wf_problems *list = problems != NULL ? problems : &own_problems;
    size_t before = list->count;
    struct wf_ini *ini = NULL;
    char expected[WF_NAME_SIZE];
    int rc;

    if (err == NULL)
        err = &own_err;
    rc = wf_ini_read(path, &ini, list, err);
    if (rc == 0) {
        name_from_file(path, expected);
        rc = build(ini, expected, before, list, out_schema, err);
    }
    wf_ini_free(&ini);
    wf_problems_fini(&own_problems);
    return rc;
}
