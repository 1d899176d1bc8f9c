/* SPDX-License-Identifier: MIT */
/*
 * Random schemas survive their canonical text in every field, and damaged text
 * never does more than be refused. Seeded: a failure names the seed that shows it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/random_schema.h"
#include "support/schema_text.h"

#define SCHEMAS 150
#define DAMAGES 400

static void random_schemas_survive_writing(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= SCHEMAS; i++) {
        struct wf_strbuf text;
        struct wf_problems problems = { 0 };
        struct wf_schema *schema = NULL;

        seed = UINT64_C(0x9e3779b97f4a7c15) * i;
        wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
        add_schema(&text);
        if (wf_schema_parse("r", text.text, text.len, &schema, &problems, NULL) < 0) {
            wf_problems_print(&problems);
            fail_msg("schema %u:\n%s", i, text.text);
        }
        assert_survives_writing(schema);
        wf_schema_free(&schema);
        wf_strbuf_fini(&text);
    }
}

/* One place of the text changed, cut or doubled: refused or read, never worse. */
static void damage(char *text, size_t len)
{
    size_t at = (size_t)(next() % len);

    switch (below(4)) {
    case 0:
        text[at] = (char)next();
        break;
    case 1:
        text[at] = "=[]\n;:\"0 -.%"[below(12)];
        break;
    case 2:
        memset(text + at, text[at], len - at < 30 ? len - at : 30);
        break;
    default: {
        size_t from = (size_t)(next() % len), count = len - (at > from ? at : from);

        memmove(text + at, text + from, count < 200 ? count : 200);
        break;
    }
    }
}

static void damaged_text_is_refused_or_read(void **state)
{
    unsigned refused = 0;

    (void)state;
    for (unsigned i = 1; i <= DAMAGES; i++) {
        struct wf_strbuf text;
        struct wf_problems problems = { 0 };
        struct wf_schema *schema = NULL;
        int rc;

        seed = UINT64_C(0xd1342543de82ef95) * i;
        wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
        add_schema(&text);
        for (unsigned n = below(3) + 1; n > 0; n--)
            damage(text.text, text.len);
        rc = wf_schema_parse("r", text.text, text.len, &schema, &problems, NULL);
        if (rc == 0) {
            assert_survives_writing(schema);
        } else {
            refused++;
            assert_true(problems.count > 0);
        }
        wf_schema_free(&schema);
        wf_problems_fini(&problems);
        wf_strbuf_fini(&text);
    }
    assert_in_range(refused, DAMAGES / 10, DAMAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_schemas_survive_writing),
        cmocka_unit_test(damaged_text_is_refused_or_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
