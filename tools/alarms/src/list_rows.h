/* SPDX-License-Identifier: MIT */
#ifndef LIST_ROWS_H
#define LIST_ROWS_H

/* Rows - which alarms a list shows: from the tables, or from the monitors for all of them. */

#include <watchfloor/replay.h>

#include "alarms.h"
#include "list.h"

struct list_rows {
    struct mon_alarm *list; /* those that the options let through, in order */
    size_t count, size;
    struct mon_alarm_counts counts; /* over all, whatever is let through */
    size_t monitor_count, live_count;
    bool is_replay; /* they are alarms of recorded telemetry */
    struct wf_replay replay;

    struct wf_watch *watch;
    struct mon_alarms *alarms;
    int64_t refreshed_ns;
};

int list_rows_open(const struct desk *desk, struct list_rows **out_rows, struct wf_err *err);
void list_rows_close(struct list_rows **rows);
/* Returns 1 when anything changed since the last time, 0, or a WF_ERR_*. */
int list_rows_update(struct list_rows *rows, const struct desk *desk,
                     const struct list_options *options, struct wf_err *err);
/* Until something may have changed. */
void list_rows_wait(struct list_rows *rows, int timeout_ms);

#endif /* LIST_ROWS_H */
