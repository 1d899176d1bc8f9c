/* SPDX-License-Identifier: MIT */
/* Stage: see stage.h. */

#include "stage.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/problems.h>
#include <watchfloor/watch.h>

#include "replay_info.h"
#include "replay_schema.h"

#define WRITER_MAX 32

struct line {
    struct wf_writer *writer;
    uint64_t schema_hash;
};

struct stage {
    struct wf_publisher *publisher;
    struct line *lines; /* by stream */
    uint64_t published, refused;
    struct wf_err why;

    struct wf_schema *schema; /* of wf.replay */
    struct wf_writer *writer;
    uint64_t *payload;
    char origin[65], history[256];
    uint64_t sequence;
};

/* Two sources of samples in one instance would be taken for one another. */
static int refuse_beside_receiver(const char *instance, struct wf_err *err)
{
    struct wf_watch_options options = { .instance = instance };
    struct wf_writer_info writers[WRITER_MAX];
    struct wf_watch *watch = NULL;
    int64_t now_ns = wf_mono_now_ns();
    int rc = wf_watch_open(&options, &watch, err);
    size_t count;

    if (rc < 0)
        return rc;
    (void)wf_watch_refresh(watch, NULL);
    count = wf_watch_writers(watch, writers, WRITER_MAX);
    for (size_t i = 0; i < count && i < WRITER_MAX && rc == 0; i++)
        if (strcmp(writers[i].role, "receiver") == 0 && writers[i].state == WF_WRITER_RUNNING &&
            now_ns - writers[i].heartbeat_mono_ns < WF_HEARTBEAT_MAX_NS)
            rc =
                wf_fail(err, WF_ERR_BUSY,
                        "instance '%s' has a receiver (pid %d): live telemetry and a replay do not "
                        "mix; choose another with --into",
                        instance, writers[i].pid);
    wf_watch_close(&watch);
    return rc;
}

static int open_own(struct stage *stage, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    int rc = wf_schema_parse("replay.ini", replay_schema_text, replay_schema_text_len,
                             &stage->schema, &problems, err);

    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    if (rc == 0)
        rc = wf_publisher_add(stage->publisher, WF_SOURCE_OWN, stage->schema, &stage->writer, NULL,
                              err);
    if (rc < 0)
        return rc;
    stage->payload = calloc(1, stage->schema->payload_bytes);
    return stage->payload != NULL ? WF_OK : wf_fail(err, WF_ERR_NOMEM, "out of memory");
}

int stage_open(const struct stage_options *options, struct stage **out_stage, struct wf_err *err)
{
    struct wf_publisher_options publisher = {
        .instance = options->instance,
        .role = "replay",
        .state = options->state,
        .group = options->group[0] != '\0' ? options->group : NULL,
    };
    struct stage *stage;
    int rc = refuse_beside_receiver(options->instance, err);

    if (rc < 0)
        return rc;
    stage = calloc(1, sizeof(*stage));
    if (stage == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    (void)wf_copy_text(stage->origin, sizeof(stage->origin), options->origin);
    if (!wf_copy_text(stage->history, sizeof(stage->history), options->history))
        stage->history[0] = '\0'; /* half a path is none */
    stage->lines = calloc(options->streams, sizeof(stage->lines[0]));
    rc = stage->lines != NULL ? wf_publisher_open(&publisher, &stage->publisher, err)
                              : wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (rc == 0)
        rc = open_own(stage, err);
    if (rc < 0) {
        stage_close(&stage);
        return rc;
    }
    *out_stage = stage;
    return WF_OK;
}

void stage_close(struct stage **stage)
{
    struct stage *old = *stage;

    *stage = NULL;
    if (old == NULL)
        return;
    wf_publisher_close(&old->publisher);
    wf_schema_free(&old->schema);
    free(old->payload);
    free(old->lines);
    free(old);
}

/* --- publishing ------------------------------------------------------------------------ */

/* The writer of this stream, for the schema that this sample has. */
static struct wf_writer *find_writer(struct stage *stage, const struct tape_sample *sample)
{
    struct line *line = &stage->lines[sample->stream];
    const struct wf_schema *schema = sample->row->schema;

    if (line->writer != NULL && line->schema_hash == schema->schema_hash)
        return line->writer;
    if (line->writer != NULL)
        wf_publisher_remove(stage->publisher, &line->writer);
    if (wf_publisher_add(stage->publisher, sample->source, schema, &line->writer, NULL,
                         &stage->why) < 0)
        return NULL;
    line->schema_hash = schema->schema_hash;
    return line->writer;
}

void stage_publish(struct stage *stage, const struct tape_sample *sample)
{
    struct wf_writer *writer = find_writer(stage, sample);
    struct wf_stamp stamp = sample->row->stamp;
    int rc;

    if (writer == NULL) {
        stage->refused++;
        return;
    }
    stamp.received_mono_ns = wf_mono_now_ns(); /* ages are those of the replay */
    stamp.flags = (stamp.flags & ~(uint32_t)WF_SAMPLE_IMPORTED) | WF_SAMPLE_REPLAY;
    rc = wf_writer_publish(writer, &stamp, sample->row->payload);
    if (rc == 0) {
        stage->published++;
        return;
    }
    stage->refused++;
    (void)wf_fail(&stage->why, (enum wf_rc)rc, "%s.%s: %s", sample->source,
                  sample->row->schema->name, wf_rc_text(rc));
}

void stage_ring(struct stage *stage)
{
    wf_publisher_ring(stage->publisher);
}

void stage_report(struct stage *stage, const struct stage_report *report)
{
    struct replay_info *info = (struct replay_info *)(void *)stage->payload;
    struct wf_stamp stamp = { .received_ns = wf_utc_now_ns(),
                              .received_mono_ns = wf_mono_now_ns(),
                              .sequence = stage->sequence++ };

    stamp.device_ns = stamp.received_ns;
    info->state = (uint8_t)report->state;
    info->position = report->position_ns;
    info->from = report->from_ns;
    info->to = report->to_ns;
    info->speed = report->speed;
    info->moves = report->moves;
    info->samples = stage->published;
    info->refused = stage->refused;
    info->behind = report->behind_s;
    (void)wf_copy_text(info->origin, sizeof(info->origin), stage->origin);
    (void)wf_copy_text(info->history, sizeof(info->history), stage->history);
    (void)wf_writer_publish(stage->writer, &stamp, stage->payload);
    wf_publisher_heartbeat(stage->publisher, stamp.received_mono_ns);
    wf_publisher_ring(stage->publisher);
}

uint64_t stage_published(const struct stage *stage)
{
    return stage->published;
}

uint64_t stage_refused(const struct stage *stage, const char **out_why)
{
    *out_why = stage->why.text;
    return stage->refused;
}
