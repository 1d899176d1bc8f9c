/* SPDX-License-Identifier: MIT */
/*
 * What no single key can know: values that need one another, defaults that
 * depend on others, references between sections, and expressions.
 */

#include "schema_private.h"

#include <string.h>

#include "expr_private.h"

/* --- a parameter ------------------------------------------------------------------------ */

/* Problems that stand on a key, or on the section when it was not given. */
#define PROBLEM_AT(reader, row, ...)                                                               \
    do {                                                                                           \
        wfi_stand_on((reader), (reader)->keys[row]);                                               \
        wfi_problem((reader), __VA_ARGS__);                                                        \
    } while (0)

static void check_float(struct wfi_reader *reader, const struct wf_parameter *parameter)
{
    bool is_1750a = parameter->encoding == WF_ENCODING_MIL1750A;

    if (!is_1750a && parameter->encoding != WF_ENCODING_PLAIN)
        PROBLEM_AT(reader, WFI_ROW_ENCODING, "a float is plain or mil1750a");
    else if (parameter->bits != 32 && parameter->bits != (is_1750a ? 48 : 64))
        PROBLEM_AT(reader, WFI_ROW_BITS, "a %s float has 32 or %d bits, not %u",
                   is_1750a ? "mil1750a" : "plain", is_1750a ? 48 : 64, parameter->bits);
}

static void check_width(struct wfi_reader *reader, struct wf_parameter *parameter)
{
    if (reader->keys[WFI_ROW_BITS] == NULL)
        parameter->bits = wfi_bits_default(parameter);
    if (parameter->type == WF_TYPE_FLOAT && !parameter->is_derived)
        check_float(reader, parameter);
    else if (parameter->encoding == WF_ENCODING_MIL1750A)
        PROBLEM_AT(reader, WFI_ROW_ENCODING, "mil1750a is for type = float");
    else if (parameter->encoding == WF_ENCODING_BCD &&
             (parameter->type != WF_TYPE_UINT || parameter->bits % 4 != 0))
        PROBLEM_AT(reader, WFI_ROW_ENCODING, "bcd is for type = uint of whole digits (4 bits)");
    else if ((parameter->encoding == WF_ENCODING_SIGN_MAGNITUDE ||
              parameter->encoding == WF_ENCODING_ONES_COMPLEMENT) &&
             parameter->type != WF_TYPE_INT)
        PROBLEM_AT(reader, WFI_ROW_ENCODING, "this encoding is for type = int");
    if (reader->keys[WFI_ROW_BYTE_ORDER] == NULL)
        parameter->byte_order = wfi_byte_order_default(reader->schema, parameter);
    else if (parameter->byte_order == WF_LITTLE_ENDIAN && parameter->bits % 8 != 0)
        PROBLEM_AT(reader, WFI_ROW_BYTE_ORDER, "little is for whole bytes, not for %u bits",
                   parameter->bits);
}

static void check_place(struct wfi_reader *reader, const struct wf_parameter *parameter)
{
    const struct wf_schema *schema = reader->schema;

    bool is_placed = parameter->place.is_absolute || parameter->place.is_from_end;

    if (is_placed && reader->keys[WFI_ROW_SKIP] != NULL)
        PROBLEM_AT(reader, WFI_ROW_SKIP, "has no meaning together with 'at'");
    if (is_placed && parameter->place.bit / 8 >= schema->packet_max)
        PROBLEM_AT(reader, WFI_ROW_AT, "byte %u lies behind packet_max = %u",
                   parameter->place.bit / 8, schema->packet_max);
    if (parameter->place.is_from_end &&
        (uint64_t)parameter->bits * (wfi_is_count_variable(parameter) ? 1 : parameter->count_max) >
            parameter->place.bit)
        PROBLEM_AT(reader, WFI_ROW_AT, "%u bits before the end of the packet are too few for it",
                   parameter->place.bit);
    if (parameter > schema->parameters && !parameter->is_derived && !is_placed) {
        const struct wf_parameter *before = parameter - 1;
        bool is_sized = before->type == WF_TYPE_STRING || before->type == WF_TYPE_BYTES;

        if (before->is_count_rest || (is_sized && before->sizing == WF_SIZE_REST))
            PROBLEM_AT(reader, WFI_ROW_AT,
                       "'%s' before it takes the rest of the packet; say "
                       "where this one is",
                       before->name);
    }
}

static void check_size(struct wfi_reader *reader, const struct wf_parameter *parameter)
{
    if (wfi_is_count_variable(parameter) && reader->keys[WFI_ROW_COUNT_MAX] == NULL)
        PROBLEM_AT(reader, WFI_ROW_COUNT, "count_max is missing; a count that varies needs it");
    if (parameter->type == WF_TYPE_STRING || parameter->type == WF_TYPE_BYTES) {
        if (reader->keys[WFI_ROW_SIZE] == NULL)
            PROBLEM_AT(reader, WFI_ROW_SIZE,
                       "'size' is missing (bytes, a parameter's name, "
                       "prefix N, terminated BYTE or rest)");
        else if (parameter->sizing != WF_SIZE_FIXED && reader->keys[WFI_ROW_SIZE_MAX] == NULL)
            PROBLEM_AT(reader, WFI_ROW_SIZE, "size_max is missing; a size that varies needs it");
    }
    if (parameter->type == WF_TYPE_TIME && reader->keys[WFI_ROW_TIME] == NULL)
        PROBLEM_AT(reader, WFI_ROW_TIME, "'time' is missing (cuc C.F or cds D.S)");
}

void wfi_check_meaning(struct wfi_reader *reader, const struct wf_parameter *parameter)
{
    static const enum wfi_parameter_row ways[] = { WFI_ROW_POLYNOMIAL, WFI_ROW_TABLE,
                                                   WFI_ROW_CALIBRATOR, WFI_ROW_ENUMERATION };
    static const enum wfi_parameter_row limits[] = { WFI_ROW_HIHI, WFI_ROW_HI, WFI_ROW_LO,
                                                     WFI_ROW_LOLO };
    const char *expected;
    size_t given = 0, last = 0;

    for (size_t i = 0; i < WF_COUNT_OF(ways); i++) {
        if (reader->keys[ways[i]] == NULL)
            continue;
        given++;
        last = i;
    }
    if (given > 1)
        PROBLEM_AT(reader, ways[last],
                   "only one of polynomial, table, calibrator and enumeration can be given");
    if (!wfi_limits_are_ordered(parameter->limits.present, parameter->limits.value)) {
        size_t i = 0;

        while (i + 1 < WF_COUNT_OF(limits) && reader->keys[limits[i]] == NULL)
            i++;
        PROBLEM_AT(reader, limits[i], "limits must be in the order lolo < lo < hi < hihi");
    }
    if (parameter->format[0] != '\0' && !wfi_format_fits(parameter, &expected))
        PROBLEM_AT(reader, WFI_ROW_FORMAT, "'%.40s' is not one conversion that fits; expected %s",
                   parameter->format, expected);
}

void wfi_finish_parameter(struct wfi_reader *reader)
{
    struct wf_parameter *parameter = reader->parameter;

    check_width(reader, parameter);
    check_place(reader, parameter);
    check_size(reader, parameter);
    if (parameter->type == WF_TYPE_TIME && reader->keys[WFI_ROW_EPOCH] == NULL)
        wfi_epoch_default(&parameter->time);
    if (parameter->is_derived && parameter->expression[0] == '\0')
        PROBLEM_AT(reader, WFI_ROW_EXPRESSION, "'expression' is missing");
    wfi_check_meaning(reader, parameter);
}

/* --- [subsystem] and [calibrator] ----------------------------------------------------------- */

void wfi_finish_subsystem(struct wfi_reader *reader)
{
    struct wf_schema *schema = reader->schema;

    if (reader->keys[WFI_SUB_EPOCH] == NULL)
        wfi_epoch_default(&schema->time);
    if (reader->keys[WFI_SUB_STALE_AFTER] == NULL)
        schema->stale_after_ns = wfi_stale_default(schema->period_ns);
    if (schema->kind == WF_KIND_TABLE && reader->keys[WFI_SUB_KEY] == NULL)
        PROBLEM_AT(reader, WFI_SUB_KEY,
                   "kind = table needs 'key', the parameter that tells rows "
                   "apart");
    if (schema->kind != WF_KIND_TABLE && reader->keys[WFI_SUB_KEY] != NULL)
        PROBLEM_AT(reader, WFI_SUB_KEY, "only for kind = table");
    if (schema->kind != WF_KIND_TABLE && reader->keys[WFI_SUB_ROWS] != NULL)
        PROBLEM_AT(reader, WFI_SUB_ROWS, "only for kind = table");
    if (schema->is_segmented && schema->is_uncounted)
        PROBLEM_AT(reader, WFI_SUB_SEQUENCE, "segments are put together by their sequence counts");
    /* These say something about parameters, which are read later. */
    reader->time_key = reader->keys[WFI_SUB_TIME];
    reader->key_key = reader->keys[WFI_SUB_KEY];
}

void wfi_check_subsystem(struct wfi_reader *reader)
{
    const struct wf_schema *schema = reader->schema;

    reader->section_kind = "subsystem";
    reader->section_name = "";
    for (size_t i = 0; i < schema->time.field_count; i++) {
        const struct wf_parameter *field = &schema->parameters[schema->time.fields[i].parameter];

        if ((WFI_TYPES_NUMBER & WFI_TYPE_BIT((unsigned)field->type)) && !field->is_derived &&
            field->count_max == 1)
            continue;
        wfi_stand_on(reader, reader->time_key);
        wfi_problem(reader, "'%s' is not a single number of the packet", field->name);
    }
    if (schema->key >= 0 && schema->parameters[schema->key].type != WF_TYPE_STRING) {
        wfi_stand_on(reader, reader->key_key);
        wfi_problem(reader, "'%s' is not of type = string", schema->parameters[schema->key].name);
    }
}

void wfi_finish_calibrator(struct wfi_reader *reader, struct wf_calibrator *calibrator)
{
    bool has_polynomial = reader->keys[WFI_CAL_POLYNOMIAL] != NULL;
    bool has_table = reader->keys[WFI_CAL_TABLE] != NULL;

    if (has_polynomial == has_table)
        PROBLEM_AT(reader, WFI_CAL_TABLE, "a calibrator has either 'polynomial' or 'table'");
    else if (has_polynomial && reader->keys[WFI_CAL_INTERPOLATE] != NULL)
        PROBLEM_AT(reader, WFI_CAL_INTERPOLATE, "only for 'table'");
    else if (has_table && calibrator->count > 0 &&
             calibrator->count < (size_t)calibrator->order + 1)
        PROBLEM_AT(reader, WFI_CAL_TABLE, "%zu points are too few to interpolate this way",
                   calibrator->count);
}

/* --- expressions -------------------------------------------------------------------------- */

/* The scope of a schema that is looked at alone: other subsystems are believed to exist. */
struct lone_scope {
    struct wf_expr_scope own;
    enum wfi_rule rule;
};

static bool is_own(const struct wf_schema *schema, const char *name, size_t len)
{
    char first[WF_NAME_SIZE];

    if (len >= sizeof(first))
        return false;
    memcpy(first, name, len);
    first[len] = '\0';
    return wf_name_is_equal(first, schema->name);
}

static int resolve_alone(void *context, const char *name, int *out_id,
                         const struct wf_enumeration **out_enumeration)
{
    const struct lone_scope *scope = context;
    const struct wf_schema *schema = scope->own.context;
    int rc = scope->own.resolve(scope->own.context, name, out_id, out_enumeration);
    const char *dot = strchr(name, '.');

    if (rc == 0 || scope->rule != WFI_RULE_ANY || dot == NULL)
        return rc;
    /* Two parts with our own name in front: that parameter would be known. */
    if (strchr(dot + 1, '.') == NULL && is_own(schema, name, (size_t)(dot - name)))
        return WF_ERR_ABSENT;
    *out_id = WFI_EXPR_ELSEWHERE;
    *out_enumeration = NULL;
    return 0;
}

static int window_alone(void *context, enum wf_expr_window window, const char *name,
                        uint32_t samples, int64_t time_ns, int *out_id)
{
    (void)context;
    (void)window;
    (void)name;
    (void)samples;
    (void)time_ns;
    *out_id = WFI_EXPR_ELSEWHERE;
    return 0;
}

/* What is elsewhere may be an array or not, text or not: that is seen where it is. */
static uint32_t elements_alone(void *context, int id)
{
    const struct lone_scope *scope = context;

    return id >= 0 ? scope->own.elements(scope->own.context, id) : 1;
}

static enum wf_value_kind kind_alone(void *context, int id)
{
    const struct lone_scope *scope = context;

    return id >= 0 ? scope->own.kind(scope->own.context, id) : WF_VALUE_NONE;
}

static int source_alone(void *context, const char *name, size_t index, char *out)
{
    (void)context;
    (void)name;
    if (index > 0)
        return WF_ERR_ABSENT;
    (void)wf_copy_text(out, WF_NAME_SIZE, "any");
    return 0;
}

/* Does anything before `index` move it about in the packet? */
static bool is_fixed_place(const struct wf_schema *schema, int index)
{
    const struct wf_parameter *parameter = &schema->parameters[index];

    for (; !parameter->place.is_absolute && parameter > schema->parameters; parameter--) {
        const struct wf_parameter *before = parameter - 1;
        bool is_sized = before->type == WF_TYPE_STRING || before->type == WF_TYPE_BYTES;
        bool varies = wfi_is_count_variable(before) || before->present_when[0] != '\0' ||
                      (is_sized && before->sizing != WF_SIZE_FIXED) ||
                      (before->type == WF_TYPE_TIME && before->time.has_p_field) ||
                      parameter->place.is_from_end || before->place.is_from_end;

        if (varies)
            return false;
    }
    return parameter->place.is_absolute ||
           (!schema->time.has_p_field && !parameter->place.is_from_end);
}

static bool check_input(struct wfi_reader *reader, const struct wfi_pending *pending, int id)
{
    const struct wf_schema *schema = reader->schema;

    if (id < 0)
        return true;
    if (pending->rule == WFI_RULE_EARLIER && id >= pending->parameter) {
        wfi_problem(reader, "'%s' does not come before it", schema->parameters[id].name);
        return false;
    }
    if (pending->rule == WFI_RULE_EARLIER && schema->parameters[id].is_derived &&
        !schema->parameters[pending->parameter].is_derived) {
        wfi_problem(reader, "'%s' is derived, not in the packet", schema->parameters[id].name);
        return false;
    }
    if (pending->rule == WFI_RULE_PACKET && schema->parameters[id].is_derived) {
        wfi_problem(reader, "'%s' is derived, not in the packet", schema->parameters[id].name);
        return false;
    }
    if (pending->rule == WFI_RULE_EARLIER && schema->parameters[id].choice_count > 0 &&
        !schema->parameters[pending->parameter].is_derived) {
        wfi_problem(reader, "the calibrator of '%s' is not chosen before the packet is read",
                    schema->parameters[id].name);
        return false;
    }
    if (pending->rule == WFI_RULE_FIXED &&
        (schema->parameters[id].is_derived || !is_fixed_place(schema, id))) {
        wfi_problem(reader, "'%s' is not at a fixed place in the packet",
                    schema->parameters[id].name);
        return false;
    }
    return true;
}

static void check_expression(struct wfi_reader *reader, const struct wfi_pending *pending)
{
    struct lone_scope alone = { .rule = pending->rule };
    struct wf_expr_scope scope = { .context = &alone, .resolve = resolve_alone };
    struct wf_expr *expr = NULL;
    struct wf_err err = { 0 };
    const int *ids;
    size_t count;

    wf_expr_schema_scope(reader->schema, &alone.own);
    scope.elements = elements_alone;
    scope.kind = kind_alone;
    if (pending->rule == WFI_RULE_ANY) {
        scope.window = window_alone;
        scope.source = source_alone;
    }
    if (wf_expr_compile(pending->text, &scope, &expr, &err) < 0) {
        wfi_problem(reader, "%s", err.text);
        return;
    }
    count = wf_expr_inputs(expr, &ids);
    for (size_t i = 0; i < count; i++)
        if (!check_input(reader, pending, ids[i]))
            break;
    wf_expr_free(&expr);
}

void wfi_check_pending(struct wfi_reader *reader)
{
    for (size_t i = 0; i < reader->pending_count; i++) {
        const struct wfi_pending *pending = &reader->pending[i];

        reader->section_kind = pending->section_kind;
        reader->section_name = pending->section_name;
        reader->key_name = pending->key_name;
        reader->line = pending->line;
        check_expression(reader, pending);
    }
}
