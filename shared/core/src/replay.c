/* SPDX-License-Identifier: MIT */
/* Replay: see <watchfloor/replay.h>. The parameters are those of tools/replay/replay.ini. */

#include <watchfloor/replay.h>

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/names.h>
#include <watchfloor/value.h>

/* A player that cannot keep its pace is not where its clock would have it. */
#define BEHIND_S 0.2

static bool get(const struct wf_schema *schema, const void *payload, const char *name,
                enum wf_value_kind kind, struct wf_value *out)
{
    int index = wf_schema_find(schema, name);

    if (index == WF_NO_INDEX)
        return false;
    wf_value_get(schema, payload, (size_t)index, 0, out);
    return out->kind == kind;
}

static void get_text(const struct wf_schema *schema, const void *payload, const char *name,
                     char *out, size_t size)
{
    struct wf_strbuf text;
    struct wf_value value;

    wf_strbuf_init_fixed(&text, out, size);
    if (get(schema, payload, name, WF_VALUE_TEXT, &value))
        wf_strbuf_add_bytes(&text, value.as.text, value.len);
}

static double get_number(const struct wf_schema *schema, const void *payload, const char *name)
{
    int index = wf_schema_find(schema, name);
    struct wf_value value;

    if (index == WF_NO_INDEX)
        return 0;
    wf_value_get(schema, payload, (size_t)index, 0, &value);
    return value.quality >= WF_QUALITY_INVALID ? 0 : wf_value_as_double(&value);
}

bool wf_replay_read(const struct wf_schema *schema, const void *payload,
                    const struct wf_stamp *stamp, struct wf_replay *out)
{
    struct wf_replay replay = { .stamp = *stamp };
    struct wf_value value;

    if (!get(schema, payload, "position", WF_VALUE_TIME, &value))
        return false;
    replay.position_ns = value.as.i64;
    replay.to_ns = get(schema, payload, "to", WF_VALUE_TIME, &value) ? value.as.i64 : INT64_MAX;
    if (get(schema, payload, "state", WF_VALUE_U64, &value))
        replay.state = value.as.u64 == WF_REPLAY_PLAYING  ? WF_REPLAY_PLAYING
                       : value.as.u64 == WF_REPLAY_PAUSED ? WF_REPLAY_PAUSED
                                                          : WF_REPLAY_FINISHED;
    if (get(schema, payload, "moves", WF_VALUE_U64, &value))
        replay.moves = value.as.u64;
    replay.speed = get_number(schema, payload, "speed");
    if (get_number(schema, payload, "behind") > BEHIND_S)
        replay.to_ns = replay.position_ns; /* no further than it says */
    get_text(schema, payload, "origin", replay.origin, sizeof(replay.origin));
    get_text(schema, payload, "history", replay.history, sizeof(replay.history));
    *out = replay;
    return true;
}

static bool is_live_receiver(const struct wf_writer_info *writer)
{
    return strcmp(writer->role, "receiver") == 0 && writer->state == WF_WRITER_RUNNING;
}

static bool has_receiver(const struct wf_watch *watch)
{
    struct wf_writer_info writers[32];
    size_t count = wf_watch_writers(watch, writers, 32);

    for (size_t i = 0; i < count && i < 32; i++)
        if (is_live_receiver(&writers[i]))
            return true;
    return false;
}

static bool read_newest(const struct wf_region *region, struct wf_replay *out)
{
    const struct wf_schema *schema = wf_region_schema(region);
    void *payload = malloc(schema->payload_bytes);
    struct wf_stamp stamp;
    bool is_read = payload != NULL &&
                   wf_region_latest(region, payload, schema->payload_bytes, &stamp) == 0 &&
                   wf_replay_read(schema, payload, &stamp, out);

    free(payload);
    return is_read;
}

bool wf_replay_find(const struct wf_watch *watch, struct wf_replay *out)
{
    for (size_t i = 0; i < wf_watch_count(watch); i++) {
        const struct wf_region *region = wf_watch_region(watch, i);
        struct wf_region_info info;

        wf_region_info(region, &info);
        if (info.kind == WF_KIND_SAMPLES && wf_name_is_equal(info.source, WF_SOURCE_OWN) &&
            wf_name_is_equal(info.subsystem, WF_REPLAY_SUBSYSTEM))
            return !has_receiver(watch) && read_newest(region, out);
    }
    return false;
}

int64_t wf_replay_now_ns(const struct wf_replay *replay, int64_t mono_ns)
{
    double passed = (double)(mono_ns - replay->stamp.received_mono_ns) * replay->speed;

    if (replay->state != WF_REPLAY_PLAYING || replay->to_ns <= replay->position_ns || passed <= 0)
        return replay->position_ns;
    if (passed > (double)(replay->to_ns - replay->position_ns))
        return replay->to_ns;
    return replay->position_ns + (int64_t)passed;
}

void wf_replay_age(const struct wf_replay *replay, int64_t mono_ns, struct wf_stamp *inout_stamp)
{
    int64_t age_ns;

    if ((inout_stamp->flags & WF_SAMPLE_REPLAY) == 0)
        return;
    age_ns = wf_replay_now_ns(replay, mono_ns) - inout_stamp->received_ns;
    inout_stamp->received_mono_ns = mono_ns - (age_ns > 0 ? age_ns : 0);
}

void wf_replay_describe(const struct wf_replay *replay, int64_t mono_ns, struct wf_strbuf *out)
{
    wf_strbuf_addf(out, "REPLAY of '%s' at ", replay->origin);
    wf_strbuf_add_time(out, wf_replay_now_ns(replay, mono_ns), 0);
    if (replay->state == WF_REPLAY_PAUSED)
        wf_strbuf_add(out, ", PAUSED");
    else if (replay->state == WF_REPLAY_FINISHED)
        wf_strbuf_add(out, ", at its END");
    else if (replay->speed == 0)
        wf_strbuf_add(out, ", as fast as possible");
    else
        wf_strbuf_addf(out, ", %g x", replay->speed);
}
