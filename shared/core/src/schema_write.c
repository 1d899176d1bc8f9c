/* SPDX-License-Identifier: MIT */
/*
 * The canonical text of a schema: what is not a default, in the order of the key
 * tables, wrapped so that every line can be read back.
 */

#include "schema_private.h"

#include <inttypes.h>
#include <string.h>

#define LINE_WANTED 96

struct writer {
    const struct wf_schema *schema;
    struct wf_strbuf *out;
    struct wf_strbuf value;
};

static void start_section(struct writer *writer, const char *kind, const char *name)
{
    if (writer->out->len > 0)
        wf_strbuf_add_char(writer->out, '\n');
    wf_strbuf_addf(writer->out, name[0] != '\0' ? "[%s %s]\n" : "[%s]\n", kind, name);
}

static void add_line(struct writer *writer, const char *name, const char *value, bool is_expression)
{
    struct wf_strbuf *out = writer->out;
    size_t column = strlen(name) + 2;

    wf_strbuf_add(out, name);
    wf_strbuf_add(out, " =");
    for (size_t at = 0; value[at] != '\0';) {
        size_t end = wfi_text_group(value, at, is_expression);

        /* The first group stays beside its key: a line of its own would be no value. */
        if (at > 0 && column + 1 + end - at > LINE_WANTED) {
            wf_strbuf_add(out, "\n ");
            column = 1;
        }
        wf_strbuf_add_char(out, ' ');
        wf_strbuf_add_bytes(out, value + at, end - at);
        column += 1 + end - at;
        at = value[end] == ' ' ? end + 1 : end;
    }
    wf_strbuf_add_char(out, '\n');
}

static void write_keys(struct writer *writer, const struct wfi_key_table *table, const void *object,
                       unsigned where, unsigned type)
{
    for (size_t row = 0; row < table->count; row++) {
        const struct wfi_key *key = &table->rows[row];

        if (where != 0 && !(key->where & where))
            continue;
        if (key->types != 0 && !(key->types & type))
            continue;
        wf_strbuf_clear(&writer->value);
        key->write(writer->schema, key, object, &writer->value);
        if (writer->value.was_cut)
            writer->out->was_cut = true;
        if (writer->value.len > 0)
            add_line(writer, key->name, writer->value.text, key->rule != WFI_RULE_NONE);
    }
}

static void write_enumeration(struct writer *writer, const struct wf_enumeration *enumeration)
{
    start_section(writer, "enumeration", enumeration->name);
    for (size_t i = 0; i < enumeration->count; i++) {
        const struct wf_enumeration_entry *entry = &enumeration->entries[i];

        wf_strbuf_addf(writer->out, "%" PRId64, entry->low);
        if (entry->high != entry->low)
            wf_strbuf_addf(writer->out, "..%" PRId64, entry->high);
        wf_strbuf_addf(writer->out, " = %s\n", entry->label);
    }
}

static void write_context(struct writer *writer, const struct wf_context *context)
{
    start_section(writer, "context", context->name);
    write_keys(writer, &wfi_context_keys, context, 0, 0);
    for (size_t i = 0; i < context->limit_count; i++) {
        const struct wf_context_limit *limit = &context->limits[i];

        wf_strbuf_clear(&writer->value);
        wfi_write_limit_list(limit->present, limit->value, &writer->value);
        add_line(writer, writer->schema->parameters[limit->parameter].name, writer->value.text,
                 false);
    }
}

void wf_schema_write(const struct wf_schema *schema, struct wf_strbuf *out)
{
    struct writer writer = { .schema = schema, .out = out };

    wf_strbuf_init(&writer.value, WF_SCHEMA_TEXT_MAX);
    start_section(&writer, "subsystem", "");
    write_keys(&writer, &wfi_subsystem_keys, schema, 0, 0);
    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *parameter = &schema->parameters[i];

        start_section(&writer, parameter->is_derived ? "derived" : "parameter", parameter->name);
        write_keys(&writer, &wfi_parameter_keys, parameter,
                   parameter->is_derived ? WFI_IN_DERIVED : WFI_IN_PARAMETER,
                   WFI_TYPE_BIT((unsigned)parameter->type));
    }
    for (size_t i = 0; i < schema->calibrator_count; i++) {
        /* Those without a name are written with their parameter. */
        if (schema->calibrators[i].name[0] == '\0')
            continue;
        start_section(&writer, "calibrator", schema->calibrators[i].name);
        write_keys(&writer, &wfi_calibrator_keys, &schema->calibrators[i], 0, 0);
    }
    for (size_t i = 0; i < schema->enumeration_count; i++)
        write_enumeration(&writer, &schema->enumerations[i]);
    for (size_t i = 0; i < schema->context_count; i++)
        write_context(&writer, &schema->contexts[i]);
    for (size_t i = 0; i < schema->condition_count; i++) {
        start_section(&writer, "condition", schema->conditions[i].name);
        write_keys(&writer, &wfi_condition_keys, &schema->conditions[i], 0, 0);
    }
    wf_strbuf_fini(&writer.value);
}
