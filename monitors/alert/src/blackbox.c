/* SPDX-License-Identifier: MIT */
/*
 * Black box: the samples around a trip, copied out of the ring before it forgets them, attached to
 * the record when the time after the trip is over. Trips of one subsystem close to each
 * other share one recording; memory is bounded by configuration.
 */

#include "alert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>

#define TRIPS_MAX 64
/* Copied out of a ring at once. */
#define RUN_MAX 4096
/* Values in one recording: writing them down must not hold up the judging. */
#define VALUES_MAX 200000

struct sample {
    struct sample *next;
    struct wf_stamp stamp;
    uint64_t payload[];
};

struct recording {
    struct recording *next;
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    struct wf_schema *schema; /* ours */
    int64_t created_ns;       /* of the region */
    struct sample *first, **last;
    size_t count;
    uint64_t bytes;
    uint64_t next_number; /* to be copied */
    uint64_t lost;
    int64_t until_ns; /* received, by the clock of alert_now */
    bool is_complete;
    uint64_t seqs[TRIPS_MAX];
    size_t seq_count;
    uint64_t trip_epoch, trip_number;
};

struct alert_blackbox {
    struct recording *recordings;
    uint64_t bytes;
};

static void free_recording(struct alert_blackbox *box, struct recording *recording)
{
    while (recording->first != NULL) {
        struct sample *gone = recording->first;

        recording->first = gone->next;
        free(gone);
    }
    box->bytes -= recording->bytes;
    wf_schema_free(&recording->schema);
    free(recording);
}

/* --- collecting -------------------------------------------------------------------------------- */

/* Copy what has come since; false when there is no more memory for it. */
static bool collect(const struct alert *alert, struct recording *recording,
                    const struct wf_region *region)
{
    struct alert_blackbox *box = alert->blackbox;
    size_t bytes = sizeof(struct sample) + recording->schema->payload_bytes;

    for (unsigned i = 0; i < RUN_MAX && !recording->is_complete; i++) {
        struct sample *sample;
        int rc;

        if (box->bytes + bytes > alert->settings->blackbox_memory ||
            recording->count * recording->schema->parameter_count > VALUES_MAX)
            return false;
        sample = malloc(bytes);
        if (sample == NULL)
            return false;
        rc = wf_region_read(region, recording->next_number, sample->payload,
                            recording->schema->payload_bytes, &sample->stamp);
        if (rc < 0)
            free(sample);
        if (rc == WF_ERR_GONE) {
            recording->lost++;
            recording->next_number++;
            continue;
        }
        if (rc < 0)
            return true;
        recording->next_number++;
        if (alert_clock_mono(alert, &sample->stamp) > recording->until_ns) {
            free(sample);
            recording->is_complete = true;
            return true;
        }
        sample->next = NULL;
        *recording->last = sample;
        recording->last = &sample->next;
        recording->count++;
        recording->bytes += bytes;
        box->bytes += bytes;
    }
    return true;
}

static const struct alert_line *line_of(const struct alert *alert,
                                        const struct recording *recording)
{
    const struct alert_line *line =
        alert_follow_find(alert, recording->source, recording->subsystem);

    return line != NULL && line->region != NULL && line->created_ns == recording->created_ns ? line
                                                                                             : NULL;
}

/* Number of the oldest sample in the ring that was received after `from_ns`. */
static uint64_t find_start(const struct alert *alert, const struct alert_line *line,
                           int64_t from_ns)
{
    uint64_t number = line->stamp.number;
    uint64_t slots;
    struct wf_region_info info;
    struct wf_stamp stamp;
    void *payload = malloc(line->schema->payload_bytes);

    wf_region_info(line->region, &info);
    slots = info.slot_count;
    while (payload != NULL && number > 0 && line->stamp.number - number < slots) {
        if (wf_region_read(line->region, number - 1, payload, line->schema->payload_bytes, &stamp) <
                0 ||
            alert_clock_mono(alert, &stamp) < from_ns)
            break;
        number--;
    }
    free(payload);
    return number;
}

static void begin(struct alert *alert, const struct alert_line *line, uint64_t seq)
{
    const struct wf_config_alert *settings = alert->settings;
    struct alert_blackbox *box = alert->blackbox;
    struct recording *recording = calloc(1, sizeof(*recording));

    if (recording == NULL)
        return;
    recording->last = &recording->first;
    recording->schema = alert_copy_schema(line->schema);
    if (recording->schema == NULL || line->region == NULL) {
        free_recording(box, recording);
        return;
    }
    (void)wf_copy_text(recording->source, sizeof(recording->source), line->source);
    (void)wf_copy_text(recording->subsystem, sizeof(recording->subsystem), line->subsystem);
    recording->created_ns = line->created_ns;
    recording->trip_epoch = line->stamp.epoch;
    recording->trip_number = line->stamp.number;
    recording->seqs[recording->seq_count++] = seq;
    recording->until_ns = alert_clock_mono(alert, &line->stamp) + settings->blackbox_after_ns;
    recording->next_number = find_start(
        alert, line, alert_clock_mono(alert, &line->stamp) - settings->blackbox_before_ns);
    recording->next = box->recordings;
    box->recordings = recording;
    if (!collect(alert, recording, line->region))
        recording->is_complete = true; /* as much as there was room for */
}

void alert_blackbox_trip(struct alert *alert, const struct alert_line *line, uint64_t seq)
{
    const struct wf_config_alert *settings = alert->settings;

    if (settings->blackbox_before_ns == 0 && settings->blackbox_after_ns == 0)
        return;
    if (alert->blackbox == NULL)
        alert->blackbox = calloc(1, sizeof(*alert->blackbox));
    if (alert->blackbox == NULL)
        return;
    for (struct recording *at = alert->blackbox->recordings; at != NULL; at = at->next) {
        if (at->is_complete || at->created_ns != line->created_ns ||
            !wf_name_is_equal(at->source, line->source) ||
            !wf_name_is_equal(at->subsystem, line->subsystem))
            continue;
        if (at->seq_count < TRIPS_MAX)
            at->seqs[at->seq_count++] = seq;
        else
            alert->figures.blackboxes_skipped++;
        return;
    }
    if (alert->blackbox->bytes + line->schema->payload_bytes * UINT64_C(16) >
        settings->blackbox_memory) {
        alert->figures.blackboxes_skipped++;
        return;
    }
    begin(alert, line, seq);
}

/* --- attaching --------------------------------------------------------------------------------- */

static json_t *value_json(const struct wf_schema *schema, const void *payload, size_t index)
{
    char room[256];
    struct wf_strbuf text = WF_STRBUF_FIXED(room);
    struct wf_value value;

    wf_value_get(schema, payload, index, 0, &value);
    if (value.quality >= WF_QUALITY_INVALID)
        return json_null();
    if (schema->parameters[index].enumeration < 0) {
        if (value.kind == WF_VALUE_F64)
            return isfinite(value.as.f64) ? json_real(value.as.f64) : json_null();
        if (value.kind == WF_VALUE_BOOL)
            return json_boolean(value.as.u64 != 0);
        if (value.kind == WF_VALUE_I64 || (value.kind == WF_VALUE_U64 && value.as.u64 <= INT64_MAX))
            return json_integer((json_int_t)value.as.i64);
    }
    wf_value_exact(schema, index, &value, false, &text);
    return json_string_nocheck(text.text);
}

static json_t *sample_json(const struct recording *recording, const struct sample *sample)
{
    const struct wf_schema *schema = recording->schema;
    const struct wf_stamp *stamp = &sample->stamp;
    json_t *values = json_array();

    for (size_t i = 0; i < schema->parameter_count; i++)
        if (schema->parameters[i].count_max == 1)
            (void)json_array_append_new(values, value_json(schema, sample->payload, i));
    return json_pack("[I,I,o,o]", (json_int_t)stamp->number, (json_int_t)stamp->received_ns,
                     stamp->device_ns == WF_TIME_NONE ? json_null()
                                                      : json_integer((json_int_t)stamp->device_ns),
                     values);
}

static json_t *recording_json(const struct recording *recording)
{
    const struct wf_schema *schema = recording->schema;
    json_t *names = json_array(), *units = json_array(), *samples = json_array();

    for (size_t i = 0; i < schema->parameter_count; i++) {
        if (schema->parameters[i].count_max != 1)
            continue;
        (void)json_array_append_new(names, json_string(schema->parameters[i].name));
        (void)json_array_append_new(units, json_string(schema->parameters[i].unit));
    }
    for (const struct sample *at = recording->first; at != NULL; at = at->next)
        (void)json_array_append_new(samples, sample_json(recording, at));
    return json_pack("{s:s,s:s,s:o,s:o,s:{s:I,s:I},s:I,s:o}", "source", recording->source,
                     "subsystem", recording->subsystem, "parameters", names, "units", units, "trip",
                     "epoch", (json_int_t)recording->trip_epoch, "number",
                     (json_int_t)recording->trip_number, "lost", (json_int_t)recording->lost,
                     "samples", samples);
}

static void attach(struct alert *alert, uint64_t seq, const char *text)
{
    struct alert_job *job = alert_job_new(ALERT_JOB_ATTACH);

    if (job == NULL)
        return;
    job->json = strdup(text);
    if (job->json == NULL) {
        alert_job_free(&job);
        return;
    }
    job->json_bytes = strlen(text);
    job->seq = seq;
    alert_commit_push(alert->commit, job);
}

/* To the first trip whole, to the others by naming that one. */
static void attach_all(struct alert *alert, const struct recording *recording)
{
    json_t *json = recording_json(recording);
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    char other[64];
    struct wf_strbuf buf = WF_STRBUF_FIXED(other);

    json_decref(json);
    if (text == NULL || alert->commit == NULL) {
        free(text);
        return;
    }
    attach(alert, recording->seqs[0], text);
    free(text);
    wf_strbuf_addf(&buf, "{\"see\":%llu}", (unsigned long long)recording->seqs[0]);
    for (size_t i = 1; i < recording->seq_count; i++)
        attach(alert, recording->seqs[i], other);
}

void alert_blackbox_tick(struct alert *alert, bool is_ending)
{
    struct alert_blackbox *box = alert->blackbox;
    struct recording **at;

    if (box == NULL)
        return;
    at = &box->recordings;
    while (*at != NULL) {
        struct recording *recording = *at;
        const struct alert_line *line = line_of(alert, recording);

        if (!recording->is_complete && line != NULL && !collect(alert, recording, line->region))
            recording->is_complete = true;
        if (is_ending || line == NULL ||
            alert_now(alert).mono_ns > recording->until_ns + WF_NS_PER_S)
            recording->is_complete = true;
        /* Its transition must be there first. */
        if (!recording->is_complete || (alert->held > 0 && !is_ending)) {
            at = &recording->next;
            continue;
        }
        *at = recording->next;
        attach_all(alert, recording);
        free_recording(box, recording);
        /* One at a time: transitions are not to wait behind many of them. */
        if (!is_ending)
            return;
    }
}

void alert_blackbox_line_goes(struct alert *alert, const struct alert_line *line)
{
    if (alert->blackbox == NULL || line->region == NULL)
        return;
    for (struct recording *at = alert->blackbox->recordings; at != NULL; at = at->next)
        if (!at->is_complete && line_of(alert, at) == line) {
            (void)collect(alert, at, line->region);
            at->is_complete = true;
        }
}

void alert_blackbox_close(struct alert *alert)
{
    struct alert_blackbox *box = alert->blackbox;

    alert->blackbox = NULL;
    while (box != NULL && box->recordings != NULL) {
        struct recording *gone = box->recordings;

        box->recordings = gone->next;
        free_recording(box, gone);
    }
    free(box);
}
