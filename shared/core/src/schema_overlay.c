/* SPDX-License-Identifier: MIT */
/*
 * Overlays: see <watchfloor/schema_overlay.h>. The copy is made through the
 * canonical text, so that there is one way in which schemas come into being.
 */

#include <watchfloor/schema_overlay.h>

#include <string.h>

#include "schema_private.h"

int wf_schema_copy(const struct wf_schema *schema, struct wf_schema **out_copy, struct wf_err *err)
{
    struct wf_strbuf text;
    int rc;

    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(schema, &text);
    if (text.was_cut)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    else
        rc = wf_schema_parse(schema->name, text.text, text.len, out_copy, NULL, err);
    wf_strbuf_fini(&text);
    return rc;
}

void wf_schema_set_limits(struct wf_schema *copy, size_t parameter, uint8_t present,
                          const double value[WF_LIMIT_COUNT])
{
    struct wf_limits *limits = &copy->parameters[parameter].limits;

    limits->present = present;
    for (size_t i = 0; i < WF_LIMIT_COUNT; i++)
        limits->value[i] = value[i];
}

/* One more place for a calibrator of the parameter's own. */
static bool make_room(struct wf_schema *schema)
{
    size_t count = schema->calibrator_count;
    struct wf_calibrator *grown =
        wfi_arena_get(&schema->own->arena, count + 2, sizeof(*schema->calibrators));

    if (grown == NULL)
        return false;
    if (count > 0)
        memcpy(grown, schema->calibrators, count * sizeof(*grown));
    schema->calibrators = grown;
    return true;
}

static void overlay_subsystem(struct wfi_reader *reader, const struct wf_schema *type,
                              struct wf_ini_section *section)
{
    struct wf_schema *schema = reader->schema;
    bool is_usual = type->stale_after_ns == wfi_stale_default(type->period_ns);

    wfi_read_keys(reader, &wfi_subsystem_keys, section, schema, WFI_IN_OVERLAY);
    /* Three periods stay three periods. */
    if (is_usual && reader->keys[WFI_SUB_STALE_AFTER] == NULL)
        schema->stale_after_ns = wfi_stale_default(schema->period_ns);
}

static void overlay_parameter(struct wfi_reader *reader, const struct wf_schema *type, int index,
                              struct wf_ini_section *section)
{
    static const enum wfi_parameter_row calibrations[] = { WFI_ROW_POLYNOMIAL, WFI_ROW_TABLE,
                                                           WFI_ROW_CALIBRATOR };
    const struct wf_parameter *before = &type->parameters[index];

    reader->parameter = &reader->schema->parameters[index];
    wfi_read_keys(reader, &wfi_parameter_keys, section, reader->parameter, WFI_IN_OVERLAY);
    for (size_t i = 0; i < WF_COUNT_OF(calibrations); i++) {
        const struct wf_ini_key *key = reader->keys[calibrations[i]];
        bool has_choices = reader->parameter->choice_count > 0;

        if (key == NULL)
            continue;
        wfi_stand_on(reader, key);
        if (before->calibrator < 0)
            wfi_problem(reader,
                        "'%s' is not calibrated in its type; a calibration here would "
                        "change the layout",
                        before->name);
        else if (has_choices != (before->choice_count > 0))
            wfi_problem(reader,
                        "'%s' has %s calibrators in its type; anything else here would "
                        "change the layout",
                        before->name, has_choices ? "no conditional" : "conditional");
    }
    wfi_check_meaning(reader, reader->parameter);
}

int wf_schema_overlay(const struct wf_schema *type, const char *parameter, const char *file,
                      struct wf_ini_section *section, struct wf_schema **out_schema,
                      struct wf_problems *problems, struct wf_err *err)
{
    const struct wf_ini_key *keys[WFI_KEYS_MAX];
    struct wf_err own_err = { 0 };
    struct wf_problems own_problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wfi_reader reader = {
        .file = file,
        .problems = problems != NULL ? problems : &own_problems,
        .keys = keys,
    };
    size_t before = reader.problems->count;
    int rc;

    if (err == NULL)
        err = &own_err;
    rc = wf_schema_copy(type, &schema, err);
    if (rc < 0)
        goto out;
    reader.schema = schema;
    reader.arena = &schema->own->arena;
    wfi_enter_section(&reader, section);
    if (!make_room(schema)) {
        rc = wf_fail(err, WF_ERR_NOMEM, "%s: out of memory", file);
        goto out;
    }
    if (parameter[0] == '\0') {
        overlay_subsystem(&reader, type, section);
    } else {
        int index = wfi_reference(&reader, parameter);

        if (index >= 0)
            overlay_parameter(&reader, type, index, section);
    }
    rc = wfi_schema_finish(&reader, before, err);
    if (rc == 0 && schema->layout_hash != type->layout_hash)
        rc = wf_fail(err, WF_ERR_INVALID, "%s:%u: would change the layout of %s", file,
                     section->line, type->name);
    if (rc < 0)
        goto out;
    *out_schema = schema;
    schema = NULL;

out:
    wf_schema_free(&schema);
    wf_problems_fini(&own_problems);
    return rc;
}
