/* SPDX-License-Identifier: MIT */
/* The schema's own text as a constant, for programs that publish subsystems of their own. */

#include "schemagen.h"

void gen_write_schema_header(const struct wf_schema *schema, struct wf_strbuf *out)
{
    wf_strbuf_addf(out, "/* Made by wf-schemagen from %s.ini; change that. */\n#ifndef ",
                   schema->name);
    gen_add_capitals(out, schema->name);
    wf_strbuf_add(out, "_SCHEMA_H\n#define ");
    gen_add_capitals(out, schema->name);
    wf_strbuf_addf(out,
                   "_SCHEMA_H\n\n#include <stddef.h>\n\n"
                   "/* The canonical text, ended; the length is without the end. */\n"
                   "extern const char %s_schema_text[];\n"
                   "extern const size_t %s_schema_text_len;\n\n#endif\n",
                   schema->name, schema->name);
}

void gen_write_schema_source(const struct wf_schema *schema, const char *text, size_t len,
                             struct wf_strbuf *out)
{
    wf_strbuf_addf(out,
                   "/* Made by wf-schemagen from %s.ini; change that. */\n"
                   "#include \"%s_schema.h\"\n\nconst char %s_schema_text[] = {",
                   schema->name, schema->name, schema->name);
    /*
     * Single characters, not a string: compilers promise no more than 4,095 of one. Beyond
     * ASCII as character constants, which are right whether or not char has a sign.
     */
    for (size_t i = 0; i <= len; i++) {
        unsigned char c = i < len ? (unsigned char)text[i] : 0;

        wf_strbuf_addf(out, c < 0x80 ? "%s%u," : "%s'\\%03o',", i % 20 == 0 ? "\n    " : " ", c);
    }
    wf_strbuf_addf(out, "\n};\nconst size_t %s_schema_text_len = %zu;\n", schema->name, len);
}
