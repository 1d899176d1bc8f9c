/* SPDX-License-Identifier: MIT */
/* The recorder's own health, published as the subsystem wf.recorder. */

#include <stdlib.h>

#include <watchfloor/clock.h>
#include <watchfloor/problems.h>

#include "recorder.h"
#include "recorder_info.h"
#include "recorder_schema.h"

struct rec_health {
    struct rec_recorder *recorder;
    struct wf_publisher *publisher;
    struct wf_schema *schema;
    struct wf_writer *writer; /* the publisher's */
    uint64_t *payload;
    uint64_t sequence;
};

int rec_health_open(struct rec_recorder *recorder, struct wf_publisher *publisher,
                    struct rec_health **out_health, struct wf_err *err)
{
    struct rec_health *health = calloc(1, sizeof(*health));
    struct wf_problems problems = { 0 };
    int rc;

    if (health == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    health->recorder = recorder;
    health->publisher = publisher;
    rc = wf_schema_parse("recorder.ini", recorder_schema_text, recorder_schema_text_len,
                         &health->schema, &problems, err);
    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    if (rc == 0)
        rc = wf_publisher_add(publisher, WF_SOURCE_OWN, health->schema, &health->writer, NULL, err);
    if (rc == 0) {
        health->payload = calloc(1, health->schema->payload_bytes);
        if (health->payload == NULL)
            rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    if (rc < 0) {
        rec_health_close(&health);
        return rc;
    }
    *out_health = health;
    return WF_OK;
}

void rec_health_close(struct rec_health **health)
{
    struct rec_health *old = *health;

    *health = NULL;
    if (old == NULL)
        return;
    wf_schema_free(&old->schema);
    free(old->payload);
    free(old);
}

void rec_health_publish(struct rec_health *health)
{
    struct rec_recorder *recorder = health->recorder;
    struct recorder_info *info = (struct recorder_info *)(void *)health->payload;
    struct wf_stamp stamp = { .received_ns = wf_utc_now_ns(),
                              .received_mono_ns = wf_mono_now_ns(),
                              .sequence = health->sequence++ };

    stamp.device_ns = stamp.received_ns;
    info->state = (uint8_t)atomic_load(&recorder->state);
    info->packets = atomic_load(&recorder->packets);
    info->bytes = atomic_load(&recorder->bytes);
    info->lost = atomic_load(&recorder->lost);
    info->gaps = atomic_load(&recorder->gaps);
    info->commits = atomic_load(&recorder->commits);
    info->errors = atomic_load(&recorder->errors);
    info->file_bytes = atomic_load(&recorder->file_bytes);
    info->files_deleted = atomic_load(&recorder->files_deleted);
    uv_mutex_lock(&recorder->queue.lock);
    info->queued = recorder->queue.count;
    info->queue_bytes = recorder->queue.bytes;
    uv_mutex_unlock(&recorder->queue.lock);
    (void)wf_writer_publish(health->writer, &stamp, health->payload);
    wf_publisher_heartbeat(health->publisher, stamp.received_mono_ns);
    wf_publisher_ring(health->publisher);
}
