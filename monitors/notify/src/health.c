/* SPDX-License-Identifier: MIT */
/* How it goes, for everybody to see and for wf-alert to judge: see notify.ini, notify_routes.ini. */

#include "notify.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/problems.h>

#include "notify_info.h"
#include "notify_schema.h"
#include "notify_routes_info.h"
#include "notify_routes_schema.h"

/* A message that was given up counts as news for so long. */
#define GIVEN_UP_NS (3600 * WF_NS_PER_S)

struct ntf_health {
    struct wf_schema *schema, *routes_schema;
    struct wf_writer *writer, *routes_writer; /* the publisher's */
    uint64_t sequence;
    struct notify_info *info;
    struct notify_routes_info *row;
};

static int add(struct ntf_program *program, const char *file, const char *text, size_t len,
               struct wf_schema **out_schema, struct wf_writer **out_writer, void **out_payload,
               struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    int rc = wf_schema_parse(file, text, len, out_schema, &problems, err);

    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    if (rc == 0)
        rc =
            wf_publisher_add(program->publisher, WF_SOURCE_OWN, *out_schema, out_writer, NULL, err);
    if (rc == 0 && (*out_payload = calloc(1, (*out_schema)->payload_bytes)) == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    return rc;
}

int ntf_health_open(struct ntf_program *program, struct wf_err *err)
{
    struct ntf_health *health = calloc(1, sizeof(*health));
    void *payload = NULL;
    int rc;

    if (health == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    program->health = health;
    rc = add(program, "notify.ini", notify_schema_text, notify_schema_text_len, &health->schema,
             &health->writer, &payload, err);
    health->info = payload;
    payload = NULL;
    if (rc == 0)
        rc = add(program, "notify_routes.ini", notify_routes_schema_text,
                 notify_routes_schema_text_len, &health->routes_schema, &health->routes_writer,
                 &payload, err);
    health->row = payload;
    return rc;
}

void ntf_health_close(struct ntf_program *program)
{
    struct ntf_health *health = program->health;

    if (health == NULL)
        return;
    wf_schema_free(&health->schema);
    wf_schema_free(&health->routes_schema);
    free(health->info);
    free(health->row);
    free(health);
    program->health = NULL;
}

static double wait_of(const struct ntf_line_figures *figures, int64_t now_ns)
{
    return figures->oldest_ns != WF_TIME_NONE && figures->oldest_ns < now_ns
               ? (double)(now_ns - figures->oldest_ns) / (double)WF_NS_PER_S
               : 0;
}

static struct wf_stamp stamp_now(struct ntf_health *health)
{
    struct wf_stamp stamp = { .received_ns = wf_utc_now_ns(),
                              .received_mono_ns = wf_mono_now_ns(),
                              .sequence = health->sequence++ };

    stamp.device_ns = stamp.received_ns;
    return stamp;
}

static void put_row(struct ntf_program *program, const struct ntf_way *way,
                    const struct ntf_line_figures *figures, int64_t now_ns)
{
    struct ntf_health *health = program->health;
    struct notify_routes_info *row = health->row;
    struct wf_stamp stamp = stamp_now(health);
    bool is_busy = way->worker != NULL && !ntf_worker_is_free(way->worker) && !way->is_opening;
    const char *trouble = ntf_way_trouble(way, figures);

    memset(row, 0, health->routes_schema->payload_bytes);
    (void)wf_copy_text(row->route, sizeof(row->route), way->name);
    (void)wf_copy_text(row->plugin, sizeof(row->plugin), way->plugin);
    (void)wf_copy_text(row->why, sizeof(row->why), trouble != NULL ? trouble : "");
    row->state = trouble != NULL ? NOTIFY_ROUTES_STATES_FAILING
                 : is_busy       ? NOTIFY_ROUTES_STATES_DELIVERING
                                 : NOTIFY_ROUTES_STATES_IDLE;
    row->delivered = figures->delivered;
    row->failed = figures->failed;
    row->given_up = figures->given_up;
    row->grouped = figures->grouped;
    row->waiting = figures->waiting;
    row->held = figures->held;
    row->oldest = wait_of(figures, now_ns);
    row->pid = way->worker != NULL ? (uint32_t)ntf_worker_pid(way->worker) : 0;
    (void)wf_writer_set_row(health->routes_writer, &stamp, row);
}

static void fill(struct ntf_program *program, struct notify_info *info, int64_t now_ns)
{
    memset(info, 0, program->health->schema->payload_bytes);
    for (size_t i = 0; i < program->way_count; i++) {
        struct ntf_line_figures figures;
        double wait_s;

        ntf_line_figures(program->ways[i].line, &figures);
        put_row(program, &program->ways[i], &figures, now_ns);
        wait_s = wait_of(&figures, now_ns);
        info->failing =
            (uint16_t)(info->failing + (ntf_way_trouble(&program->ways[i], &figures) != NULL));
        info->waiting += figures.waiting + figures.held;
        info->delivered += figures.delivered;
        info->failed += figures.failed;
        info->grouped += figures.grouped;
        if (wait_s > info->oldest)
            info->oldest = wait_s;
    }
    for (size_t i = 0; i < WF_COUNT_OF(program->given_up_ns); i++)
        if (program->given_up_ns[i] != 0 && now_ns - program->given_up_ns[i] < GIVEN_UP_NS)
            info->given_up++;
    info->entries = program->entries;
    info->journals = (uint16_t)ntf_follow_count(program);
    info->alarms = (uint32_t)ntf_plan_size(program->plan);
    info->delay = (double)program->delay_ns / (double)WF_NS_PER_S;
}

void ntf_health_sweep(struct ntf_program *program)
{
    struct ntf_health *health = program->health;
    struct wf_region *region = NULL;

    if (wf_region_open(program->paths->instance, WF_SOURCE_OWN, health->routes_schema->name,
                       &region, NULL) < 0)
        return;
    for (uint32_t row = 0; row < health->routes_schema->row_max; row++) {
        struct wf_stamp stamp;

        if (wf_region_row(region, row, health->row, health->routes_schema->payload_bytes, &stamp) ==
                0 &&
            ntf_way_find(program, health->row->route) == NULL)
            (void)wf_writer_remove_row(health->routes_writer, health->row->route);
    }
    wf_region_close(&region);
}

void ntf_health_publish(struct ntf_program *program, bool is_stopped)
{
    struct ntf_health *health = program->health;
    struct wf_stamp stamp = stamp_now(health);

    fill(program, health->info, ntf_now(program).now_ns);
    health->info->state = is_stopped                                    ? NOTIFY_STATES_STOPPED
                          : program->is_replay                          ? NOTIFY_STATES_REPLAY
                          : program->is_keeping && program->is_restored ? NOTIFY_STATES_WORKING
                                                                        : NOTIFY_STATES_FAILING;
    program->delay_ns = 0;
    (void)wf_writer_publish(health->writer, &stamp, health->info);
    wf_publisher_ring(program->publisher);
}
