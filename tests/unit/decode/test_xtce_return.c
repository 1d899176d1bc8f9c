/* SPDX-License-Identifier: MIT */
/*
 * Random schemas to XTCE and back: what was imported comes back byte by byte when it is exported
 * and imported again, whatever the first export could not say. Seeded: a failure names the seed.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/decode/decoder.h>
#include <watchfloor/decode/xtce.h>

#include "support/random_schema.h"

#define SCHEMAS 400

static struct wf_schema *parse(const char *text, const char *what)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;

    if (wf_schema_parse("random.ini", text, strlen(text), &schema, &problems, NULL) < 0) {
        wf_problems_print(&problems);
        (void)fprintf(stderr, "%s:\n%s\n", what, text);
        fail();
    }
    wf_problems_fini(&problems);
    return schema;
}

/* The schema that XTCE gives, as text; `out` is the caller's. */
static void export_and_import(const struct wf_schema *schema, struct wf_strbuf *xml,
                              struct wf_strbuf *out)
{
    struct wf_problems notes = { 0 };
    struct wf_xtce *xtce = NULL;
    struct wf_err err = { 0 };

    wf_strbuf_clear(xml);
    wf_strbuf_clear(out);
    wf_xtce_write(schema, "random.ini", xml, &notes);
    assert_false(xml->was_cut);
    if (wf_xtce_parse("random.xml", xml->text, xml->len, &xtce, &err) < 0)
        fail_msg("%s\n%s", err.text, xml->text);
    assert_int_equal(wf_xtce_packet_count(xtce), 1);
    assert_int_equal(wf_xtce_packet_schema(xtce, 0, out, &notes, &err), 0);
    wf_xtce_free(&xtce);
    wf_problems_fini(&notes);
}

/* What has words in XTCE and no way to be understood otherwise. */
static void check_kept(const struct wf_schema *before, const struct wf_schema *after)
{
    bool is_behind_rest = false; /* of bytes whose own length has no words */

    for (size_t i = 0; i < before->parameter_count; i++) {
        const struct wf_parameter *one = &before->parameters[i];
        int index = wf_schema_find(after, one->alias[0] != '\0' ? one->alias : one->name);
        const struct wf_parameter *other;

        if (index < 0) {
            if (!one->is_derived && !is_behind_rest)
                fail_msg("'%s' is lost", one->name);
            continue;
        }
        is_behind_rest =
            is_behind_rest || (one->type == WF_TYPE_BYTES && one->sizing != WF_SIZE_FIXED &&
                               one->sizing != WF_SIZE_FIELD);
        other = &after->parameters[index];
        assert_int_equal(one->is_derived, other->is_derived);
        assert_string_equal(one->title, other->title);
        assert_string_equal(one->description, other->description);
        if (one->is_derived)
            continue;
        if (one->type == WF_TYPE_BOOL || one->type == WF_TYPE_TIME || one->bits != other->bits)
            continue; /* a boolean with labels becomes a number of one bit */
        assert_int_equal(one->type, other->type);
        assert_int_equal(one->encoding, other->encoding);
        if (one->bits > 8)
            assert_int_equal(one->byte_order, other->byte_order);
        assert_int_equal(one->enumeration >= 0, other->enumeration >= 0);
        assert_int_equal(one->count_from >= 0, other->count_from >= 0);
        assert_int_equal(one->count_add, other->count_add);
        assert_int_equal(one->place.is_from_end, other->place.is_from_end);
    }
    assert_memory_equal(before->apids, after->apids, sizeof(before->apids));
    if (before->title[0] != '\0')
        assert_string_equal(before->title, after->title);
}

static void what_was_imported_comes_back(void **state)
{
    struct wf_strbuf text, xml, first, second;
    unsigned tried = 0;

    (void)state;
    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_strbuf_init(&xml, 16u << 20);
    wf_strbuf_init(&first, WF_SCHEMA_TEXT_MAX);
    wf_strbuf_init(&second, WF_SCHEMA_TEXT_MAX);
    for (unsigned i = 1; tried < SCHEMAS; i++) {
        struct wf_schema *schema, *imported;

        seed = UINT64_C(0x9e3779b97f4a7c15) * i;
        wf_strbuf_clear(&text);
        add_schema(&text);
        schema = parse(text.text, "random");
        if (schema->apid_count > 0) {
            tried++;
            export_and_import(schema, &xml, &first);
            imported = parse(first.text, xml.text);
            check_kept(schema, imported);
            export_and_import(imported, &xml, &second);
            if (strcmp(first.text, second.text) != 0) {
                size_t at = 0;

                while (first.text[at] == second.text[at])
                    at++;
                at = at > 300 ? at - 300 : 0;
                fail_msg("schema %u:\n%.600s\n--- is not\n%.600s\n--- by\n%s", i, second.text + at,
                         first.text + at, xml.text);
            }
            wf_schema_free(&imported);
        }
        wf_schema_free(&schema);
    }
    wf_strbuf_fini(&text);
    wf_strbuf_fini(&xml);
    wf_strbuf_fini(&first);
    wf_strbuf_fini(&second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_imported_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
