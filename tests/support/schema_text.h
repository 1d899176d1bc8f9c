/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_SCHEMA_TEXT_H
#define SUPPORT_SCHEMA_TEXT_H

/* For tests: schemas from text, and the proof that their own text says the same. */

#include <string.h>

#include <watchfloor/schema.h>

#include "support/schema_equal.h"

/* The schema, which must be without problems; the caller frees. */
static inline struct wf_schema *schema_of(const char *file, const char *text)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;

    (void)wf_schema_parse(file, text, strlen(text), &schema, &problems, NULL);
    wf_problems_print(&problems);
    assert_int_equal(problems.count, 0);
    assert_non_null(schema);
    wf_problems_fini(&problems);
    return schema;
}

/* Writing, reading and writing again gives the same text, hashes and layout. */
static inline void assert_survives_writing(const struct wf_schema *schema)
{
    struct wf_strbuf first, second;
    struct wf_schema *again;

    wf_strbuf_init(&first, WF_SCHEMA_TEXT_MAX);
    wf_strbuf_init(&second, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(schema, &first);
    again = schema_of("other.ini", first.text);
    wf_schema_write(again, &second);
    assert_string_equal(first.text, second.text);
    assert_same_schema(schema, again);
    wf_schema_free(&again);
    wf_strbuf_fini(&first);
    wf_strbuf_fini(&second);
}

#endif /* SUPPORT_SCHEMA_TEXT_H */
