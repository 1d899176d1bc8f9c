/* SPDX-License-Identifier: MIT */
/*
 * Judging: see judge.h. Severity is the instantaneous check of the newest value
 * against the limits in the region's schema; states with memory (acknowledged,
 * shelved) are the alarm monitor's.
 */

#include "judge.h"

#include <watchfloor/clock.h>

#include <stdlib.h>
#include <string.h>

/* Samples looked back at, for "out of limits since" and for the rate. */
#define LOOK_BACK 256
#define RATE_BACK 32
/* A rate is that of the last few seconds (or periods), not of a burst long ago. */
#define RATE_WINDOW_NS (5 * WF_NS_PER_S)
#define RATE_PERIODS   3

static int severity_in(const struct con_entry *entry, const struct wf_stamp *stamp,
                       const void *payload, size_t parameter)
{
    struct wf_view view = {
        .size = sizeof(view), .schema = entry->schema, .data = payload, .stamp = stamp
    };

    return wf_view_severity(&view, parameter);
}

/* The oldest of the unbroken run of samples, back from the newest, in which it was out of limits. */
static int64_t find_since(const struct con_entry *entry, size_t parameter)
{
    int64_t since = entry->stamp.received_mono_ns;
    uint8_t *payload = malloc(entry->schema->payload_bytes);
    struct wf_stamp stamp;

    if (payload == NULL)
        return since;
    for (uint64_t back = 1; back <= LOOK_BACK && back <= entry->stamp.number; back++) {
        if (wf_region_read(entry->region, entry->stamp.number - back, payload,
                           entry->schema->payload_bytes, &stamp) < 0)
            break;
        if (severity_in(entry, &stamp, payload, parameter) == WF_SEVERITY_NORMAL)
            break;
        since = stamp.received_mono_ns;
    }
    free(payload);
    return since;
}

/* --- rates ---------------------------------------------------------------- */

/* How many of the newest samples came in the window, and since when. */
static uint64_t count_recent(const struct con_entry *entry, int64_t since_mono_ns,
                             int64_t *out_from_mono_ns)
{
    uint8_t *payload = malloc(entry->schema->payload_bytes);
    struct wf_stamp stamp;
    uint64_t count = 0;

    *out_from_mono_ns = entry->stamp.received_mono_ns;
    for (uint64_t back = 1; payload != NULL && back <= RATE_BACK && back <= entry->stamp.number;
         back++) {
        if (wf_region_read(entry->region, entry->stamp.number - back, payload,
                           entry->schema->payload_bytes, &stamp) < 0)
            break;
        if (stamp.received_mono_ns < since_mono_ns && count > 0)
            break;
        *out_from_mono_ns = stamp.received_mono_ns;
        count = back;
    }
    free(payload);
    return count;
}

static void judge_rate(struct con_entry *entry, int64_t now_mono_ns)
{
    int64_t period =
        entry->schema->period_ns < WF_NS_PER_DAY ? entry->schema->period_ns : WF_NS_PER_DAY;
    int64_t window =
        period * RATE_PERIODS > RATE_WINDOW_NS ? period * RATE_PERIODS : RATE_WINDOW_NS;
    int64_t from;
    uint64_t count;

    entry->rate_hz = 0;
    if (!entry->has_sample)
        return;
    count = count_recent(entry, now_mono_ns - window, &from);
    /* A source that stopped falls to zero instead of keeping its last rate. */
    if (count == 0 || now_mono_ns - entry->stamp.received_mono_ns > window)
        return;
    if (entry->stamp.received_mono_ns > from)
        entry->rate_hz = (double)count * 1e9 / (double)(entry->stamp.received_mono_ns - from);
}

void con_judge_entry(struct con_entry *entry, bool is_first, int64_t now_mono_ns)
{
    /* Once a second is enough later; at first there would be nothing to see. */
    if (is_first)
        judge_rate(entry, now_mono_ns);
    entry->worst = WF_SEVERITY_NORMAL;
    entry->out_count = 0;
    for (size_t i = 0; i < entry->schema->parameter_count; i++) {
        int severity = severity_in(entry, &entry->stamp, entry->payload, i);

        if (severity == WF_SEVERITY_NORMAL) {
            entry->since_mono_ns[i] = 0;
            continue;
        }
        entry->out_count++;
        if (severity > entry->worst)
            entry->worst = severity;
        if (entry->since_mono_ns[i] == 0)
            entry->since_mono_ns[i] =
                is_first ? find_since(entry, i) : entry->stamp.received_mono_ns;
    }
}

/* --- exceptions ----------------------------------------------------------- */

static int compare_exceptions(const void *left, const void *right)
{
    const struct con_exception *a = left;
    const struct con_exception *b = right;

    if (a->severity != b->severity)
        return a->severity > b->severity ? -1 : 1;
    if (a->since_mono_ns != b->since_mono_ns)
        return a->since_mono_ns > b->since_mono_ns ? -1 : 1;
    if (a->entry != b->entry)
        return a->entry < b->entry ? -1 : 1;
    return a->parameter < b->parameter ? -1 : a->parameter > b->parameter;
}

static void add_exception(struct con_model *model, size_t entry, size_t parameter, int severity,
                          int64_t since_mono_ns)
{
    model->exception_total++;
    if (model->exception_count == CON_EXCEPTION_MAX)
        return;
    model->exceptions[model->exception_count++] = (struct con_exception){
        .entry = entry,
        .parameter = parameter,
        .severity = severity,
        .since_mono_ns = since_mono_ns,
    };
}

/* A silent subsystem is one line, as grave as its gravest staleness: not one for each value. */
static int stale_severity(const struct wf_schema *schema)
{
    int worst = WF_SEVERITY_NORMAL;

    for (size_t i = 0; i < schema->parameter_count; i++)
        if (schema->parameters[i].limits.stale_severity > worst)
            worst = schema->parameters[i].limits.stale_severity;
    return worst;
}

static void judge_one(struct con_model *model, size_t index)
{
    struct con_entry *entry = &model->entries[index];

    if (!entry->has_sample) {
        entry->is_stale = false;
        return;
    }
    entry->is_stale = !entry->is_live ||
                      wf_quality_now(entry->schema, WF_QUALITY_VALID, entry->stamp.received_mono_ns,
                                     model->now.mono_ns) == WF_QUALITY_STALE;
    if (entry->is_stale) {
        model->stale_count++;
        /* When the whole system stands still the banner says so, not one line for each. */
        if (entry->is_live && stale_severity(entry->schema) > WF_SEVERITY_NORMAL)
            add_exception(model, index, CON_WHOLE, stale_severity(entry->schema),
                          entry->stamp.received_mono_ns + entry->schema->stale_after_ns);
    }
    for (size_t i = 0; entry->out_count > 0 && i < entry->schema->parameter_count; i++) {
        int severity;

        if (entry->since_mono_ns[i] == 0)
            continue;
        severity = severity_in(entry, &entry->stamp, entry->payload, i);
        model->severity_counts[severity]++;
        add_exception(model, index, i, severity, entry->since_mono_ns[i]);
    }
}

void con_judge_all(struct con_model *model)
{
    bool is_any_fresh = false;
    bool is_any_known = false;
    int64_t newest_mono_ns = 0;

    model->exception_count = 0;
    model->exception_total = 0;
    model->stale_count = 0;
    memset(model->severity_counts, 0, sizeof(model->severity_counts));
    for (size_t i = 0; i < model->entry_count; i++) {
        const struct con_entry *entry = &model->entries[i];

        judge_one(model, i);
        if (entry->is_own)
            continue;
        is_any_known = true;
        if (entry->has_sample && !entry->is_stale)
            is_any_fresh = true;
        if (entry->has_sample && entry->stamp.received_mono_ns > newest_mono_ns)
            newest_mono_ns = entry->stamp.received_mono_ns;
        if (entry->has_sample && (entry->stamp.flags & WF_SAMPLE_REPLAY) != 0 &&
            model->state == CON_STATE_LIVE)
            model->state = CON_STATE_REPLAY;
    }
    qsort(model->exceptions, model->exception_count, sizeof(model->exceptions[0]),
          compare_exceptions);
    model->lag_ns = newest_mono_ns != 0 ? model->now.mono_ns - newest_mono_ns : -1;
    if (model->state == CON_STATE_LIVE && is_any_known && !is_any_fresh) {
        model->state = CON_STATE_NO_DATA;
        model->state_age_ns = model->lag_ns > 0 ? model->lag_ns : 0;
    }
}

/* --- gaps ----------------------------------------------------------------- */

static bool row_text(const struct wf_schema *schema, const void *row, const char *name, char *out,
                     size_t size)
{
    int index = wf_schema_find(schema, name);
    struct wf_strbuf text;
    struct wf_value value;

    if (index == WF_NO_INDEX)
        return false;
    wf_value_get(schema, row, (size_t)index, 0, &value);
    if (value.kind != WF_VALUE_TEXT)
        return false;
    wf_strbuf_init_fixed(&text, out, size);
    wf_strbuf_add_bytes(&text, value.as.text, value.len);
    return true;
}

/* The receiver counts gaps for every subsystem; without it there is nothing to show. */
static void take_gaps(struct con_model *model)
{
    const struct wf_region *table = con_model_table(model, "subsystems");
    const struct wf_schema *schema;
    uint8_t *row;
    int gaps;

    if (table == NULL)
        return;
    schema = wf_region_schema(table);
    gaps = wf_schema_find(schema, "gaps");
    row = malloc(schema->payload_bytes);
    for (uint32_t i = 0; row != NULL && gaps != WF_NO_INDEX && i < schema->row_max; i++) {
        char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
        struct con_entry *entry;
        struct wf_stamp stamp;
        struct wf_value value;

        if (wf_region_row(table, i, row, schema->payload_bytes, &stamp) < 0 ||
            !row_text(schema, row, "source", source, sizeof(source)) ||
            !row_text(schema, row, "subsystem", subsystem, sizeof(subsystem)))
            continue;
        entry = con_model_find(model, source, subsystem);
        if (entry == NULL)
            continue;
        wf_value_get(schema, row, (size_t)gaps, 0, &value);
        entry->has_gaps = value.kind == WF_VALUE_U64;
        entry->gaps = value.kind == WF_VALUE_U64 ? value.as.u64 : 0;
    }
    free(row);
}

void con_judge_rates(struct con_model *model)
{
    for (size_t i = 0; i < model->entry_count; i++)
        judge_rate(&model->entries[i], model->now.mono_ns);
    take_gaps(model);
}
