/* SPDX-License-Identifier: MIT */
/* Model: an entry as displays see it. See model.h and <watchfloor/plugin.h>. */

#include "model.h"

bool con_entry_remember(struct con_entry *entry, int64_t now_mono_ns)
{
    if (entry->history != NULL)
        return true;
    if (mon_history_create(entry->region, &entry->history, NULL) < 0)
        return false;
    mon_history_take(entry->history, entry->region, now_mono_ns);
    return true;
}

static size_t recent_of_entry(const struct wf_view *view, size_t parameter, double *out_values,
                              int64_t *out_utc_ns, size_t count)
{
    struct con_entry *entry = view->host;

    if (!con_entry_remember(entry, view->now_mono_ns))
        return 0;
    return mon_history_recent(entry->history, entry->region, parameter, out_values, out_utc_ns,
                              count, view->now_mono_ns);
}

static const struct wf_past *past_of_entry(const struct wf_view *view, size_t parameter,
                                           int64_t span_ns, size_t steps)
{
    struct con_entry *entry = view->host;
    struct con_now now = { .utc_ns = view->now_utc_ns, .mono_ns = view->now_mono_ns };

    return con_pasts_ask(entry->pasts, entry, parameter, span_ns, steps, &now);
}

void con_model_view(struct con_model *model, struct con_entry *entry, struct wf_view *out)
{
    entry->pasts = model->pasts;
    *out = (struct wf_view){
        .size = sizeof(*out),
        .source = entry->source,
        .subsystem = entry->subsystem,
        .schema = entry->schema,
        .data = entry->has_sample ? entry->payload : NULL,
        .stamp = entry->has_sample ? &entry->stamp : NULL,
        .now_utc_ns = model->now.utc_ns,
        .now_mono_ns = model->now.mono_ns,
        .is_live = entry->is_live ? 1 : 0,
        .recent = recent_of_entry,
        .past = past_of_entry,
        .host = entry,
    };
}
