/* SPDX-License-Identifier: MIT */
#ifndef SCHEMAGEN_H
#define SCHEMAGEN_H

/* wf-schemagen - C out of a schema: the struct of a sample, or the schema's text itself. */

#include <watchfloor/schema.h>
#include <watchfloor/strbuf.h>

/* `<name>_info.h`: struct, parameter numbers, labels, layout hash, asserts. NOMEM. */
int gen_write_info(const struct wf_schema *schema, struct wf_strbuf *out, struct wf_err *err);

/* `<name>_schema.h` and `<name>_schema.c`: the canonical text as a constant. */
void gen_write_schema_header(const struct wf_schema *schema, struct wf_strbuf *out);
void gen_write_schema_source(const struct wf_schema *schema, const char *text, size_t len,
                             struct wf_strbuf *out);

/* A C identifier in capitals: "SAFE MODE" becomes SAFE_MODE. Shared by both writers. */
void gen_add_capitals(struct wf_strbuf *out, const char *text);

#endif /* SCHEMAGEN_H */
