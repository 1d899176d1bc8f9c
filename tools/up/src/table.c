/* SPDX-License-Identifier: MIT */
/* The region wf.processes: one row per child. See up.h and processes.ini. */

#include "up.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/publisher.h>
#include <watchfloor/value.h>

#include "processes_ini.h"

/* Rows are set again this often, so that a reader can tell a live table from a left one. */
#define REFRESH_TICKS 4

#define PAYLOAD_WORDS 512

/* In the order of processes.ini; checked when opening. */
enum column {
    COLUMN_NAME,
    COLUMN_PID,
    COLUMN_STATE,
    COLUMN_RESTARTS,
    COLUMN_STARTED,
    COLUMN_EXIT_STATUS,
    COLUMN_PROGRAM,
    COLUMN_STATUS,
    COLUMN_COUNT,
};
static const char *const column_names[COLUMN_COUNT] = { "name",     "pid",     "state",
                                                        "restarts", "started", "exit_status",
                                                        "program",  "status" };

struct up_table {
    struct wf_schema *schema;
    struct wf_publisher *publisher;
    struct wf_writer *writer;
    unsigned ticks;
    uint64_t payload[PAYLOAD_WORDS]; /* one row, made anew for each */
};

static int parse_schema(struct up_table *table, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    int rc = wf_schema_parse("processes.ini", processes_ini, processes_ini_len, &table->schema,
                             &problems, err);

    wf_problems_print(&problems); /* only ever seen while changing that file */
    wf_problems_fini(&problems);
    for (int i = 0; i < COLUMN_COUNT && rc == 0; i++)
        if (wf_schema_find(table->schema, column_names[i]) != i)
            rc = wf_fail(err, WF_ERR_VERSION, "processes.ini: '%s' is not column %d",
                         column_names[i], i);
    if (rc == 0 && table->schema->payload_bytes > sizeof(table->payload))
        rc = wf_fail(err, WF_ERR_VERSION, "processes.ini: a row is larger than expected");
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
    free(table);
}

/* A value that does not fit shows as missing; the rest of the row is still worth having. */
static void set_value(struct up_table *table, enum column column, const struct wf_value *value)
{
    (void)wf_value_set(table->schema, table->payload, (size_t)column, 0, value);
}

static void set_number(struct up_table *table, enum column column, int64_t number)
{
    set_value(table, column, &(struct wf_value){ .kind = WF_VALUE_I64, .as.i64 = number });
}

static void set_time(struct up_table *table, enum column column, int64_t utc_ns)
{
    set_value(table, column, &(struct wf_value){ .kind = WF_VALUE_TIME, .as.i64 = utc_ns });
}

static void set_text(struct up_table *table, enum column column, const char *text)
{
    char fitting[UP_STATUS_SIZE + 1];
    uint32_t size = table->schema->parameters[column].size_max;

    (void)wf_copy_text(fitting, size < UP_STATUS_SIZE ? size + 1 : sizeof(fitting), text);
    set_value(
        table, column,
        &(struct wf_value){ .kind = WF_VALUE_TEXT, .len = strlen(fitting), .as.text = fitting });
}

void up_table_set(struct up_child *child)
{
    struct up_table *table = child->up->table;
    struct wf_stamp stamp = { .device_ns = wf_utc_now_ns(),
                              .received_ns = wf_utc_now_ns(),
                              .received_mono_ns = wf_mono_now_ns() };

    if (table == NULL)
        return;
    memset(table->payload, 0, sizeof(table->payload));
    set_text(table, COLUMN_NAME, child->name);
    set_number(table, COLUMN_PID, child->pid);
    set_number(table, COLUMN_STATE, (int64_t)child->state);
    set_number(table, COLUMN_RESTARTS, (int64_t)child->restarts);
    set_time(table, COLUMN_STARTED,
             child->started_utc_ns != 0 ? child->started_utc_ns : WF_TIME_NONE);
    set_number(table, COLUMN_EXIT_STATUS, child->exit_status);
    set_text(table, COLUMN_PROGRAM, child->program);
    set_text(table, COLUMN_STATUS, child->status);
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
