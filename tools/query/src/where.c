/* SPDX-License-Identifier: MIT */
/*
 * Conditions over parameters of any subsystems: see query.h. Each parameter stands for
 * its last value; one that is older than its subsystem's stale_after says nothing
 * (UNKNOWN), nor does one that is INVALID or was not in the packet.
 */

#include "query.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

/* How far back values are looked for that hold when the range begins. */
#define LOOKBACK_NS (7 * WF_NS_PER_DAY)

struct query_where {
    struct query *query;
    struct wf_expr *expr;
    struct wf_err err; /* of resolving, better than the compiler's */
    int64_t time_ns;
    const struct wf_align_cell *cells;
};

static int resolve(void *context, const char *name, int *out_id,
                   const struct wf_enumeration **out_enumeration)
{
    struct query_where *where = context;
    struct wf_err err = { 0 };
    size_t input = 0;
    int rc = query_add_input(where->query, name, &input, out_enumeration, &err);

    *out_id = (int)input;
    if (rc < 0 && rc != WF_ERR_ABSENT)
        where->err = err;
    return rc < 0 ? WF_ERR_ABSENT : 0;
}

static void get(void *context, int id, size_t element, struct wf_value *out)
{
    const struct query_where *where = context;
    const struct query *query = where->query;
    const struct query_column *input = &query->inputs[id];
    const struct wf_align_cell *cell;

    *out = (struct wf_value){ .kind = WF_VALUE_NONE, .quality = WF_QUALITY_NEVER };
    if ((size_t)id + element >= query->input_count ||
        query->inputs[(size_t)id + element].element != element)
        return;
    cell = &where->cells[(size_t)id + element];
    if (cell->time_ns == WF_TIME_NONE)
        return;
    *out = cell->value;
    /* Times ascend, but a clock gone wild may have been anywhere. */
    if (input->stale_after_ns > 0 &&
        (uint64_t)where->time_ns - (uint64_t)cell->time_ns > (uint64_t)input->stale_after_ns)
        out->quality = WF_QUALITY_STALE;
}

/* People write mode = SAFE: a single '=' outside of quotes is an equality. */
static void add_condition(const char *text, struct wf_strbuf *out)
{
    bool is_quoted = false;

    for (const char *p = text; *p != '\0'; p++) {
        bool is_alone =
            *p == '=' && !is_quoted && p[1] != '=' && (p == text || strchr("=!<>", p[-1]) == NULL);

        if (*p == '"')
            is_quoted = !is_quoted;
        wf_strbuf_add(out, is_alone ? "==" : "");
        if (!is_alone)
            wf_strbuf_add_char(out, *p);
    }
}

int query_where_open(struct query *query, const char *text, struct query_where **out_where,
                     struct wf_err *err)
{
    struct query_where *where = calloc(1, sizeof(*where));
    struct wf_expr_scope scope = { .context = where, .resolve = resolve };
    struct wf_strbuf condition;
    int rc;

    if (where == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    where->query = query;
    wf_strbuf_init(&condition, 1u << 16);
    add_condition(text, &condition);
    rc = condition.was_cut ? wf_fail(err, WF_ERR_LIMIT, "a condition is too long")
                           : wf_expr_compile(condition.text, &scope, &where->expr, err);
    wf_strbuf_fini(&condition);
    if (rc < 0 && where->err.rc != 0)
        *err = where->err;
    if (rc < 0) {
        wf_err_prefix(err, "'%.60s'", text);
        query_where_close(&where);
        return rc;
    }
    *out_where = where;
    return 0;
}

void query_where_close(struct query_where **where)
{
    if (*where == NULL)
        return;
    wf_expr_free(&(*where)->expr);
    free(*where);
    *where = NULL;
}

enum wf_truth query_where_holds(struct query_where *where, int64_t time_ns,
                                const struct wf_align_cell *inputs)
{
    struct wf_expr_values values = { .context = where, .get = get };

    where->time_ns = time_ns;
    where->cells = inputs;
    return wf_expr_truth(where->expr, &values);
}

static struct wf_align_column column_of(const struct query_column *column, bool is_raw)
{
    return (struct wf_align_column){ .source = column->source,
                                     .subsystem = column->subsystem,
                                     .parameter = column->parameter,
                                     .element = column->element,
                                     .is_raw = is_raw };
}

int query_align(struct query *query, size_t first, size_t count, struct wf_aligned **out_aligned,
                struct wf_err *err)
{
    struct wf_align_column *columns =
        calloc(count + query->input_count + 1, sizeof(struct wf_align_column));
    struct wf_align_query ask = { .range = query->options.range,
                                  .columns = columns,
                                  .column_count = count + query->input_count };
    int rc;

    if (columns == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (query->input_count > 0 || query->options.is_filled)
        ask.lookback_ns = LOOKBACK_NS;
    for (size_t i = 0; i < count; i++)
        columns[i] = column_of(&query->columns[first + i], query->options.is_raw);
    for (size_t i = 0; i < query->input_count; i++)
        columns[count + i] = column_of(&query->inputs[i], false);
    rc = wf_aligned_open(query->history, &ask, out_aligned, err);
    free(columns);
    return rc;
}

bool query_is_shown(const struct query *query, const struct wf_value *value)
{
    return value->kind != WF_VALUE_NONE && value->quality <= query->options.worst_quality;
}
