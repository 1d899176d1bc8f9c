/* SPDX-License-Identifier: MIT */
/* Replay: see replay.h. */

#include "replay.h"

void con_replay_age(const struct con_model *model, struct con_entry *entry)
{
    if (model->is_replay && entry->has_sample)
        wf_replay_age(&model->replay, model->now.mono_ns, &entry->stamp);
}

void con_replay_look(struct con_model *model)
{
    model->is_replay =
        model->state == CON_STATE_REPLAY && wf_replay_find(model->watch, &model->replay);
    if (!model->is_replay)
        return;
    for (size_t i = 0; i < model->entry_count; i++)
        con_replay_age(model, &model->entries[i]);
    model->now.utc_ns = wf_replay_now_ns(&model->replay, model->now.mono_ns);
    if (model->replay.history[0] != '\0')
        con_pasts_use(model->pasts, model->replay.history);
}

void con_replay_describe(const struct con_model *model, struct wf_strbuf *out)
{
    if (model->is_replay)
        wf_replay_describe(&model->replay, model->now.mono_ns, out);
    else
        wf_strbuf_add(out, "REPLAY");
    wf_strbuf_add(out, ": these values come from history, not from now.");
}
