/* SPDX-License-Identifier: MIT */
/* What is wrong with a schema, told where it stands, with the name that was meant. */

#include "schema_private.h"

#include <stdarg.h>

void wfi_problem(struct wfi_reader *reader, const char *format, ...)
{
    char text[400];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);
    va_list args;

    if (reader->section_kind[0] != '\0')
        wf_strbuf_addf(&buf, reader->section_name[0] != '\0' ? "[%s %s] " : "[%s] ",
                       reader->section_kind, reader->section_name);
    if (reader->key_name[0] != '\0')
        wf_strbuf_addf(&buf, "%s: ", reader->key_name);
    va_start(args, format);
    wf_strbuf_vaddf(&buf, format, args);
    va_end(args);
    wf_problems_add(reader->problems, reader->file, reader->line, "%s", text);
}

void wfi_stand_on(struct wfi_reader *reader, const struct wf_ini_key *key)
{
    reader->key_name = key != NULL ? key->name : "";
    reader->line = key != NULL ? key->line : reader->section_line;
}

const char *wfi_suggest(struct wfi_reader *reader, const char *name, const char *const *candidates,
                        size_t count, char *out, size_t size)
{
    struct wf_strbuf buf;
    const char *nearest = NULL;

    wf_strbuf_init_fixed(&buf, out, size);
    /* Comparing costs; a hostile file does not get it more often than anybody reads. */
    if (reader->problems->count < 40)
        nearest = wf_nearest_name(name, candidates, count);
    if (nearest != NULL)
        wf_strbuf_addf(&buf, "; did you mean '%s'?", nearest);
    return out;
}

int wfi_reference(struct wfi_reader *reader, const char *name)
{
    const struct wf_schema *schema = reader->schema;
    int found = wf_schema_find(schema, name);
    const char *names[256];
    size_t count = 0;
    char hint[100];

    if (found != WF_NO_INDEX)
        return found;
    for (; count < WF_COUNT_OF(names) && count < schema->parameter_count; count++)
        names[count] = schema->parameters[count].name;
    wfi_problem(reader, "there is no parameter '%.60s'%s", name,
                wfi_suggest(reader, name, names, count, hint, sizeof(hint)));
    return WF_NO_INDEX;
}
