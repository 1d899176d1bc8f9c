/* SPDX-License-Identifier: MIT */
/*
 * Cells to text: see query.h.
 *
 * A day of one parameter is a million values, of which a converter of 12 bits can
 * make 4,096: the shortest text of a double costs ten times what everything else of
 * a line does, so the last ones are remembered.
 */

#include <math.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "query.h"

#define MEMORY_BITS 13

struct remembered {
    uint64_t bits;
    uint8_t len; /* 0: nothing yet */
    bool is_single;
    char text[30];
};

static struct remembered memory[1u << MEMORY_BITS];

static bool has_label(const struct query *query, const struct query_cell *cell)
{
    const struct wf_value *value = &cell->value;
    int enumeration;

    if (cell->schema == NULL || query->options.is_raw)
        return false;
    enumeration = cell->schema->parameters[cell->index].enumeration;
    return enumeration != WF_NO_INDEX &&
           (value->kind == WF_VALUE_I64 || value->as.u64 <= INT64_MAX) &&
           wf_enumeration_label(&cell->schema->enumerations[enumeration], value->as.i64) != NULL;
}

enum query_cell_kind query_cell_kind(const struct query *query, const struct query_cell *cell)
{
    const struct wf_value *value = &cell->value;

    switch (value->kind) {
    case WF_VALUE_NONE:
        return QUERY_CELL_NONE;
    case WF_VALUE_U64:
    case WF_VALUE_I64:
        /* Labelled, unless the label is missing: then the number stands there. */
        return has_label(query, cell) ? QUERY_CELL_TEXT : QUERY_CELL_NUMBER;
    case WF_VALUE_F64:
        return isfinite(value->as.f64) ? QUERY_CELL_NUMBER : QUERY_CELL_TEXT;
    case WF_VALUE_BOOL:
        return has_label(query, cell)  ? QUERY_CELL_TEXT
               : query->options.is_raw ? QUERY_CELL_NUMBER
                                       : QUERY_CELL_BOOL;
    case WF_VALUE_TEXT:
    case WF_VALUE_BYTES:
    case WF_VALUE_TIME:
        break;
    }
    return QUERY_CELL_TEXT;
}

static void add_exact(const struct query *query, const struct query_cell *cell,
                      struct wf_strbuf *out)
{
    static const struct wf_parameter plain = { .enumeration = WF_NO_INDEX };

    if (cell->schema != NULL) {
        wf_value_exact(cell->schema, cell->index, &cell->value, query->options.is_raw, out);
    } else {
        struct wf_schema schema = { .parameters = (struct wf_parameter *)(uintptr_t)&plain,
                                    .parameter_count = 1 };

        wf_value_exact(&schema, 0, &cell->value, true, out);
    }
}

/* As add_exact, by memory. */
static void add_real(const struct query *query, const struct query_cell *cell,
                     struct wf_strbuf *out)
{
    struct remembered *seen;
    uint64_t bits;
    size_t before = out->len;

    memcpy(&bits, &cell->value.as.f64, sizeof(bits));
    seen = &memory[(bits * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - MEMORY_BITS)];
    if (seen->len != 0 && seen->bits == bits && seen->is_single == cell->value.is_single) {
        wf_strbuf_add_bytes(out, seen->text, seen->len);
        return;
    }
    add_exact(query, cell, out);
    if (out->was_cut || out->len == before || out->len - before > sizeof(seen->text))
        return;
    seen->bits = bits;
    seen->is_single = cell->value.is_single;
    seen->len = (uint8_t)(out->len - before);
    memcpy(seen->text, out->text + before, seen->len);
}

void query_add_cell(const struct query *query, const struct query_cell *cell, bool is_for_people,
                    struct wf_strbuf *out)
{
    if (cell->value.kind == WF_VALUE_NONE)
        return;
    if (is_for_people && !query->options.is_raw && cell->schema != NULL)
        wf_value_format(cell->schema, cell->index, &cell->value, out);
    else if (is_for_people && cell->value.kind == WF_VALUE_F64 && isfinite(cell->value.as.f64))
        wf_strbuf_addf(out, "%.7g", cell->value.as.f64); /* a mean: its other digits mean nothing */
    else if (cell->value.kind == WF_VALUE_F64)
        add_real(query, cell, out);
    else
        add_exact(query, cell, out);
}

static void put_digits(char *at, int count, uint32_t number)
{
    for (int i = count - 1; i >= 0; i--, number /= 10)
        at[i] = (char)('0' + number % 10);
}

void query_add_time(struct query_clock *clock, int64_t time_ns, struct wf_strbuf *out)
{
    int64_t part = time_ns - clock->minute_ns;

    if (!clock->is_set || part < 0 || part >= 60 * WF_NS_PER_S) {
        char whole[48];
        struct wf_strbuf text = WF_STRBUF_FIXED(whole);

        wf_strbuf_add_time(&text, time_ns, 9);
        if (text.len != sizeof(clock->text)) { /* a year of another length */
            wf_strbuf_add_bytes(out, whole, text.len);
            return;
        }
        part = time_ns % (60 * WF_NS_PER_S);
        part += part < 0 ? 60 * WF_NS_PER_S : 0;
        clock->is_set = true;
        clock->minute_ns = time_ns - part;
        memcpy(clock->text, whole, sizeof(clock->text));
    }
    put_digits(clock->text + 17, 2, (uint32_t)(part / WF_NS_PER_S));
    put_digits(clock->text + 20, 9, (uint32_t)(part % WF_NS_PER_S));
    wf_strbuf_add_bytes(out, clock->text, sizeof(clock->text));
}
