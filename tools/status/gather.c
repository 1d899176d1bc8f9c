/* SPDX-License-Identifier: MIT */
/*
 * Everything a system says about itself, as one JSON object: its writing
 * programs (directories), processes (wf.processes), receiver (wf.receiver, in
 * which all counters of one sample belong together), subsystems, sources,
 * links, logger, alarm monitors. See status.h.
 */

#include "status.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/names.h>
#include <watchfloor/replay.h>
#include <watchfloor/value.h>

#define WRITERS_MAX   64
#define REJECTS_SHOWN 64
#define REASON_PREFIX "rejected_"

static json_t *age_s(int64_t since_mono_ns, int64_t now_mono_ns)
{
    int64_t age =
        now_mono_ns > since_mono_ns ? now_mono_ns - since_mono_ns : 0; /* it came meanwhile */

    return since_mono_ns > 0 ? json_real((double)age / 1e9) : json_null();
}

static json_t *gather_writers(const struct wf_watch *watch, int64_t now)
{
    struct wf_writer_info writers[WRITERS_MAX];
    size_t count = wf_watch_writers(watch, writers, WRITERS_MAX);
    json_t *array = json_array();

    for (size_t i = 0; i < count && i < WRITERS_MAX; i++) {
        json_t *one = json_object();

        (void)json_object_set_new(one, "role", json_string(writers[i].role));
        (void)json_object_set_new(one, "pid", json_integer(writers[i].pid));
        (void)json_object_set_new(
            one, "state",
            json_string(writers[i].state == WF_WRITER_RUNNING ? "running" : "stopped"));
        (void)json_object_set_new(one, "heartbeat_age_s", age_s(writers[i].heartbeat_mono_ns, now));
        (void)json_object_set_new(one, "regions", json_integer(writers[i].region_count));
        (void)json_array_append_new(array, one);
    }
    return array;
}

/* The receiver's newest sample, with rejected_<reason> gathered in "rejected". */
static json_t *gather_receiver(const struct wf_watch *watch, int64_t now)
{
    struct wf_stamp stamp;
    json_t *sample = status_newest(status_region(watch, "receiver"), &stamp);
    json_t *receiver, *reasons;
    const char *key;
    json_t *value;

    if (sample == NULL)
        return json_null();
    receiver = json_object();
    reasons = json_object();
    json_object_foreach(sample, key, value)
    {
        if (strncmp(key, REASON_PREFIX, strlen(REASON_PREFIX)) == 0)
            (void)json_object_set(reasons, key + strlen(REASON_PREFIX), value);
        else
            (void)json_object_set(receiver, strcmp(key, "rejected") == 0 ? "rejected_total" : key,
                                  value);
    }
    (void)json_object_set_new(receiver, "rejected", reasons);
    (void)json_object_set_new(receiver, "age_s", age_s(stamp.received_mono_ns, now));
    json_decref(sample);
    return receiver;
}

static json_t *gather_own(const struct wf_watch *watch, const char *subsystem, int64_t now)
{
    struct wf_stamp stamp;
    json_t *sample = status_newest(status_region(watch, subsystem), &stamp);

    if (sample == NULL)
        return json_null();
    (void)json_object_set_new(sample, "age_s", age_s(stamp.received_mono_ns, now));
    return sample;
}

/* When the newest sample came; of a replay, by its clock. */
static int64_t last_sample_mono_ns(const struct wf_region *region,
                                   const struct wf_region_info *info,
                                   const struct wf_replay *replay, int64_t now)
{
    const struct wf_schema *schema = wf_region_schema(region);
    void *payload = replay != NULL ? malloc(schema->payload_bytes) : NULL;
    struct wf_stamp stamp;
    int64_t last = info->last_sample_mono_ns;

    if (payload != NULL && wf_region_latest(region, payload, schema->payload_bytes, &stamp) == 0) {
        wf_replay_age(replay, now, &stamp);
        last = stamp.received_mono_ns;
    }
    free(payload);
    return last;
}

static json_t *gather_replay(const struct wf_replay *replay, int64_t now)
{
    static const char *const states[] = { "playing", "paused", "finished" };
    char text[64];
    struct wf_strbuf position = WF_STRBUF_FIXED(text);

    if (replay == NULL)
        return json_null();
    wf_strbuf_add_time(&position, wf_replay_now_ns(replay, now), 3);
    return json_pack("{s:s, s:s, s:s, s:f}", "origin", replay->origin, "position", text, "state",
                     states[replay->state], "speed", replay->speed);
}

/* What the region itself tells, for every subsystem alike, whoever counts it. */
static json_t *describe_region(const struct wf_region *region, const struct wf_replay *replay,
                               int64_t now)
{
    const struct wf_schema *schema = wf_region_schema(region);
    char text[WF_FULL_NAME_SIZE];
    struct wf_strbuf name = WF_STRBUF_FIXED(text);
    struct wf_region_info info;
    json_t *one = json_object();
    enum wf_quality quality;
    int64_t last;

    wf_region_info(region, &info);
    wf_strbuf_add_name(&name, info.source, info.subsystem, NULL);
    last = last_sample_mono_ns(region, &info, replay, now);
    quality = wf_quality_now(schema, WF_QUALITY_VALID, last, now);
    (void)json_object_set_new(one, "name", json_string(text));
    (void)json_object_set_new(one, "source", json_string(info.source));
    (void)json_object_set_new(one, "subsystem", json_string(info.subsystem));
    (void)json_object_set_new(one, "title", json_string(schema->title));
    (void)json_object_set_new(one, "samples", json_integer((json_int_t)info.head));
    (void)json_object_set_new(one, "rate_hz", json_null());
    (void)json_object_set_new(one, "age_s", age_s(last, now));
    (void)json_object_set_new(one, "stale", json_boolean(quality == WF_QUALITY_STALE));
    (void)json_object_set_new(one, "never", json_boolean(quality == WF_QUALITY_NEVER));
    (void)json_object_set_new(one, "gaps", json_null());
    (void)json_object_set_new(one, "lost", json_null());
    (void)json_object_set_new(one, "duplicates", json_null());
    (void)json_object_set_new(one, "out_of_order", json_null());
    (void)json_object_set_new(one, "rejected", json_null());
    (void)json_object_set_new(
        one, "region",
        json_pack("{s:I, s:I, s:I, s:I}", "slots", (json_int_t)info.slot_count, "bytes",
                  (json_int_t)info.total_bytes, "aborted_writes", (json_int_t)info.aborted_writes,
                  "lock_recoveries", (json_int_t)info.lock_recoveries));
    return one;
}

/* "sat1.power" in lower case: rows and regions meet by it. */
static void key_of(const char *source, const char *subsystem, char out[WF_FULL_NAME_SIZE])
{
    struct wf_strbuf text;

    wf_strbuf_init_fixed(&text, out, WF_FULL_NAME_SIZE);
    wf_strbuf_addf(&text, "%s.%s", source, subsystem);
    for (char *c = out; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z')
            *c = (char)(*c - 'A' + 'a');
    }
}

/* The receiver's counters by subsystem: there may be thousands. */
static json_t *index_rows(const json_t *rows)
{
    json_t *by_key = json_object();
    size_t index;
    json_t *row;

    json_array_foreach(rows, index, row)
    {
        char key[WF_FULL_NAME_SIZE];

        key_of(status_text(row, "source"), status_text(row, "subsystem"), key);
        (void)json_object_set(by_key, key, row);
    }
    return by_key;
}

/* One object for each region of samples; the receiver's counters where it counts. */
static json_t *gather_subsystems(const struct wf_watch *watch, const struct wf_replay *replay,
                                 int64_t now)
{
    json_t *rows = status_rows(status_region(watch, "subsystems"));
    json_t *by_key = index_rows(rows);
    json_t *array = json_array();

    for (size_t i = 0; i < wf_watch_count(watch); i++) {
        const struct wf_region *region = wf_watch_region(watch, i);
        char name[WF_FULL_NAME_SIZE];
        struct wf_region_info info;
        json_t *one, *value;
        const char *key;

        wf_region_info(region, &info);
        if (info.kind != WF_KIND_SAMPLES)
            continue;
        one = describe_region(region, replay, now);
        key_of(info.source, info.subsystem, name);
        json_object_foreach(json_object_get(by_key, name), key, value)
        {
            if (strcmp(key, "name") != 0 && strcmp(key, "is_stale") != 0)
                (void)json_object_set(one, key, value);
        }
        (void)json_array_append_new(array, one);
    }
    json_decref(by_key);
    json_decref(rows);
    return array;
}

/* One object for each alarm monitor: wf.alert, wf.alert_NAME. */
static json_t *gather_alerts(const struct wf_watch *watch, int64_t now)
{
    json_t *array = json_array();

    for (size_t i = 0; i < wf_watch_count(watch); i++) {
        struct wf_region_info info;
        json_t *one;

        wf_region_info(wf_watch_region(watch, i), &info);
        if (!wf_name_is_equal(info.source, WF_SOURCE_OWN) ||
            (!wf_name_is_equal(info.subsystem, "alert") &&
             !wf_glob_match("alert_*", info.subsystem)))
            continue;
        one = gather_own(watch, info.subsystem, now);
        if (json_is_object(one))
            (void)json_object_set_new(
                one, "monitor",
                json_string(info.subsystem[5] == '_' ? info.subsystem + 6 : "main"));
        (void)json_array_append_new(array, one);
    }
    return array;
}

static json_t *gather_troubles(const struct wf_watch *watch)
{
    json_t *array = json_array();
    const char *trouble;

    for (size_t i = 0; (trouble = wf_watch_trouble(watch, i)) != NULL; i++)
        (void)json_array_append_new(array, json_string(trouble));
    return array;
}

json_t *status_gather(const struct wf_watch *watch, const char *instance, bool with_rejects)
{
    int64_t now = wf_mono_now_ns();
    struct wf_replay found;
    const struct wf_replay *replay = wf_replay_find(watch, &found) ? &found : NULL;
    json_t *status = json_object();

    (void)json_object_set_new(status, "instance", json_string(instance));
    (void)json_object_set_new(status, "replay", gather_replay(replay, now));
    (void)json_object_set_new(status, "ready", json_false());
    (void)json_object_set_new(status, "problems", json_array());
    (void)json_object_set_new(status, "processes", status_rows(status_region(watch, "processes")));
    (void)json_object_set_new(status, "writers", gather_writers(watch, now));
    (void)json_object_set_new(status, "receiver", gather_receiver(watch, now));
    (void)json_object_set_new(status, "links", status_rows(status_region(watch, "links")));
    (void)json_object_set_new(status, "sources", status_rows(status_region(watch, "sources")));
    (void)json_object_set_new(status, "subsystems", gather_subsystems(watch, replay, now));
    (void)json_object_set_new(status, "logger", gather_own(watch, "logger", now));
    (void)json_object_set_new(status, "recorder", gather_own(watch, "recorder", now));
    (void)json_object_set_new(status, "notify", gather_own(watch, "notify", now));
    (void)json_object_set_new(status, "alerts", gather_alerts(watch, now));
    (void)json_object_set_new(status, "unreadable", gather_troubles(watch));
    if (with_rejects)
        (void)json_object_set_new(status, "rejects",
                                  status_samples(status_region(watch, "rejects"), REJECTS_SHOWN));
    return status;
}
