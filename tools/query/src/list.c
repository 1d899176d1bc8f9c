/* SPDX-License-Identifier: MIT */
/* `wf query` without names: what there is in the range. */

#include <watchfloor/clock.h>

#include "query.h"

static void add_parameters(const struct wf_schema *schema, struct wf_strbuf *out)
{
    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *parameter = &schema->parameters[i];

        wf_strbuf_addf(out, "    %-32s %-8s %s\n", parameter->name, parameter->unit,
                       parameter->title);
    }
}

int query_print_list(struct query *query)
{
    const struct wf_history_entry *list = NULL;
    struct wf_err err = { 0 };
    char first[16], last[16];
    size_t count = 0;

    if (wf_history_list(query->history, &query->options.range, &list, &count, &err) < 0)
        return query_failed(&err);
    if (count == 0) {
        size_t days = wf_history_days(query->history, first, last);

        (void)fprintf(stderr,
                      "wf-query: nothing was stored in this range; history has %zu day%s, %s to"
                      " %s: say --from and --to\n",
                      days, days == 1 ? "" : "s", first, last);
        return EXIT_NOTHING;
    }
    for (size_t i = 0; i < count; i++) {
        struct wf_strbuf text;

        wf_strbuf_init(&text, 1u << 20);
        wf_strbuf_add_name(&text, list[i].source, list[i].schema->name, NULL);
        if (list[i].schema->title[0] != '\0')
            wf_strbuf_addf(&text, "  %s", list[i].schema->title);
        wf_strbuf_add_char(&text, '\n');
        add_parameters(list[i].schema, &text);
        (void)fputs(text.text, stdout);
        wf_strbuf_fini(&text);
    }
    return 0;
}
