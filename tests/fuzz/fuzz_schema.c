/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing: any bytes as a schema. What is accepted must survive its own text,
 * and everything that reads it must stay inside its payload.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/expr.h>
#include <watchfloor/schema.h>
#include <watchfloor/value.h>

#include "fuzz.h"

/* libFuzzer reports an abort together with the input that led to it. */
static void require(bool is_true)
{
    if (!is_true)
        abort();
}

static void check_survival(const struct wf_schema *schema)
{
    struct wf_strbuf text;
    struct wf_schema *again = NULL;

    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(schema, &text);
    require(!text.was_cut);
    require(wf_schema_parse("again", text.text, text.len, &again, NULL, NULL) == 0);
    require(again->schema_hash == schema->schema_hash);
    require(again->layout_hash == schema->layout_hash);
    require(again->payload_bytes == schema->payload_bytes);
    wf_schema_free(&again);
    wf_strbuf_fini(&text);
}

static void read_parameter(const struct wf_schema *schema, const void *payload, size_t index)
{
    char array[300];
    struct wf_strbuf out = WF_STRBUF_FIXED(array);
    size_t count = wf_value_count(schema, payload, index);
    struct wf_value value;

    for (size_t i = 0; i < (count < 4 ? count + 1 : 4); i++) {
        wf_value_get(schema, payload, index, i, &value);
        wf_value_format(schema, index, &value, &out);
        wf_value_exact(schema, index, &value, false, &out);
        (void)wf_value_severity(schema, index, &value);
        wf_value_get_raw(schema, payload, index, i, &value);
        wf_value_exact(schema, index, &value, true, &out);
    }
    if (count > 0)
        wf_value_get(schema, payload, index, count - 1, &value);
}

static void evaluate(const struct wf_schema *schema, const void *payload, const char *text)
{
    struct wf_expr_payload source = { schema, payload, false };
    struct wf_expr_values values;
    struct wf_expr_scope scope;
    struct wf_expr *expr = NULL;
    struct wf_value value;

    wf_expr_schema_scope(schema, &scope);
    wf_expr_payload_values(&source, &values);
    if (wf_expr_compile(text, &scope, &expr, NULL) == 0) {
        wf_expr_value(expr, &values, &value);
        (void)wf_expr_truth(expr, &values);
    }
    wf_expr_free(&expr);
}

static void calibrate(const struct wf_calibrator *calibrator)
{
    static const double raws[] = { 0, 1, -1, 1e300, 0.5 };

    for (size_t i = 0; i < WF_COUNT_OF(raws); i++) {
        double there, back;

        if (wf_calibrate(calibrator, raws[i], &there))
            (void)wf_calibrate_inverse(calibrator, there, &back);
    }
}

static void read_all(const struct wf_schema *schema, int fill)
{
    /* Exactly as large as it says, so that a byte beyond is noticed. */
    void *payload = malloc(schema->payload_bytes);
    size_t count = schema->parameter_count < 64 ? schema->parameter_count : 64;

    if (payload == NULL)
        return;
    memset(payload, fill, schema->payload_bytes);
    for (size_t i = 0; i < count; i++) {
        ((uint8_t *)payload)[schema->parameters[i].quality_offset] = 0;
        read_parameter(schema, payload, i);
        evaluate(schema, payload, schema->parameters[i].expression);
        evaluate(schema, payload, schema->parameters[i].enabled_when);
    }
    for (size_t i = 0; i < schema->condition_count && i < 16; i++)
        evaluate(schema, payload, schema->conditions[i].when);
    free(payload);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_err err = { 0 };

    if (wf_schema_parse("fuzz", (const char *)data, size, &schema, &problems, &err) == 0) {
        check_survival(schema);
        read_all(schema, 0);
        read_all(schema, 0xff);
        for (size_t i = 0; i < schema->calibrator_count && i < 16; i++)
            calibrate(&schema->calibrators[i]);
    } else {
        require(err.rc != WF_OK && err.text[0] != '\0');
    }
    wf_schema_free(&schema);
    wf_problems_fini(&problems);
    return 0;
}
