/* SPDX-License-Identifier: MIT */
/* Replay: see replay.h. */

#include "replay.h"

#include <string.h>

#include <watchfloor/clock.h>

/* As in tools/replay/replay.ini. */
enum { PLAYING, PAUSED, FINISHED };

static bool read_value(const struct con_entry *entry, const char *parameter, struct wf_value *out)
{
    int index = wf_schema_find(entry->schema, parameter);

    if (index == WF_NO_INDEX)
        return false;
    wf_value_get(entry->schema, entry->payload, (size_t)index, 0, out);
    return out->kind != WF_VALUE_NONE;
}

/* The moment at which the newest value came. */
static int64_t newest_mono_ns(const struct con_model *model)
{
    int64_t newest = 0;

    for (size_t i = 0; i < model->entry_count; i++) {
        const struct con_entry *entry = &model->entries[i];

        if (!entry->is_own && entry->has_sample && entry->stamp.received_mono_ns > newest)
            newest = entry->stamp.received_mono_ns;
    }
    return newest;
}

void con_replay_look(struct con_model *model)
{
    const struct con_entry *entry = con_model_find(model, WF_SOURCE_OWN, "replay");
    struct con_replay *replay = &model->replay;
    struct wf_value value;
    int64_t newest;

    *replay = (struct con_replay){ .position_ns = WF_TIME_NONE };
    if (model->state != CON_STATE_REPLAY || entry == NULL || !entry->has_sample)
        return;
    replay->is_there = true;
    if (read_value(entry, "state", &value) && value.kind == WF_VALUE_U64)
        replay->state = (int)value.as.u64;
    if (read_value(entry, "position", &value) && value.kind == WF_VALUE_TIME)
        replay->position_ns = value.as.i64;
    if (read_value(entry, "speed", &value))
        replay->speed = wf_value_as_double(&value);
    if (read_value(entry, "origin", &value) && value.kind == WF_VALUE_TEXT) {
        struct wf_strbuf origin = WF_STRBUF_FIXED(replay->origin);

        wf_strbuf_add_bytes(&origin, value.as.text, value.len);
    }
    newest = newest_mono_ns(model);
    if (replay->state != PLAYING && newest != 0)
        model->now.mono_ns = newest;
}

void con_replay_describe(const struct con_model *model, struct wf_strbuf *out)
{
    const struct con_replay *replay = &model->replay;

    wf_strbuf_add(out, "REPLAY");
    if (!replay->is_there) {
        wf_strbuf_add(out, ": these values come from history, not from now.");
        return;
    }
    wf_strbuf_addf(out, " of '%s' at ", replay->origin);
    wf_strbuf_add_time(out, replay->position_ns, 0);
    if (replay->state == PAUSED)
        wf_strbuf_add(out, ", PAUSED");
    else if (replay->state == FINISHED)
        wf_strbuf_add(out, ", at its END");
    else if (replay->speed == 0)
        wf_strbuf_add(out, ", as fast as possible");
    else
        wf_strbuf_addf(out, ", %g x", replay->speed);
    wf_strbuf_add(out, ": these values come from history, not from now.");
}
