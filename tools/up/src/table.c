/* SPDX-License-Identifier: MIT */
/* The region wf.processes: one row per child. See up.h and processes.ini. */

#include "up.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/publisher.h>

#include "processes_info.h"
#include "processes_schema.h"

/* Rows are set again this often, so that a reader can tell a live table from a left one. */
#define REFRESH_TICKS 4

_Static_assert((int)UP_WAITING == PROCESSES_STATES_WAITING &&
                   (int)UP_RUNNING == PROCESSES_STATES_RUNNING &&
                   (int)UP_FAILED == PROCESSES_STATES_FAILED,
               "enum up_state is the enumeration of processes.ini");

struct up_table {
    struct wf_schema *schema;
    struct wf_publisher *publisher;
    struct wf_writer *writer;
    unsigned ticks;
    void *payload; /* one row: the struct, raw values, quality; made anew for each */
};

static int parse_schema(struct up_table *table, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    int rc = wf_schema_parse("processes.ini", processes_schema_text, processes_schema_text_len,
                             &table->schema, &problems, err);

    wf_problems_fini(&problems); /* the build has checked it */
    if (rc == 0 && table->schema->layout_hash != PROCESSES_INFO_LAYOUT_HASH)
        return wf_fail(err, WF_ERR_VERSION,
                       "this libwatchfloor lays structs out as another release does");
    if (rc == 0 && (table->payload = calloc(1, table->schema->payload_bytes)) == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    return rc;
}

int up_table_open(struct up *up, struct wf_err *err)
{
    struct up_table *table = calloc(1, sizeof(*table));
    const struct wf_publisher_options options = {
        .instance = up->paths.instance,
        .role = "up",
        .state = up->paths.state,
        .region_max = 1,
        .group = up->config->group[0] != '\0' ? up->config->group : NULL,
    };
    int rc;

    if (table == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    up->table = table;
    rc = parse_schema(table, err);
    if (rc == 0)
        rc = wf_publisher_open(&options, &table->publisher, err);
    if (rc == 0)
        rc = wf_publisher_add(table->publisher, WF_SOURCE_OWN, table->schema, &table->writer, NULL,
                              err);
    if (rc < 0)
        up_table_close(up);
    return rc;
}

void up_table_close(struct up *up)
{
    struct up_table *table = up->table;

    up->table = NULL;
    if (table == NULL)
        return;
    wf_publisher_close(&table->publisher);
    wf_schema_free(&table->schema);
    free(table->payload);
    free(table);
}

void up_table_set(struct up_child *child)
{
    struct up_table *table = child->up->table;
    struct processes_info *info;
    struct wf_stamp stamp = { .device_ns = wf_utc_now_ns(),
                              .received_ns = wf_utc_now_ns(),
                              .received_mono_ns = wf_mono_now_ns() };

    if (table == NULL)
        return;
    memset(table->payload, 0, table->schema->payload_bytes);
    info = table->payload;
    (void)wf_copy_text(info->name, sizeof(info->name), child->name);
    info->pid = child->pid;
    info->state = (uint8_t)child->state;
    info->restarts = child->restarts;
    info->started = child->started_utc_ns != 0 ? child->started_utc_ns : WF_TIME_NONE;
    info->exit_status = child->exit_status;
    (void)wf_copy_text(info->program, sizeof(info->program), child->program);
    (void)wf_copy_text(info->status, sizeof(info->status), child->status);
    if (wf_writer_set_row(table->writer, &stamp, table->payload) < 0)
        wf_log_debug("row of %s not written, trying again soon", child->name);
    wf_publisher_ring(table->publisher);
}

void up_table_tick(struct up *up)
{
    if (up->table == NULL)
        return;
    wf_publisher_heartbeat(up->table->publisher, wf_mono_now_ns());
    if (++up->table->ticks % REFRESH_TICKS != 0)
        return;
    for (size_t i = 0; i < up->child_count; i++)
        up_table_set(&up->children[i]);
}
