/* SPDX-License-Identifier: MIT */
#ifndef MON_ALARMS_H
#define MON_ALARMS_H

/*
 * Alarms - the alarm tables of an instance (wf.alarms, wf.alarms_NAME: one for each alarm
 * monitor), read row by row as they change and put in the order in which people look at them.
 *
 * What is in a table is in that monitor's journal already. A table whose monitor stopped or gives no
 * sign of life is kept and marked: its alarms are the last ones known.
 *
 * Threads: one at a time. Memory: a copy of each row that is in use.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/alarm/engine.h>
#include <watchfloor/names.h>
#include <watchfloor/watch.h>

#define MON_ALARM_NAME_SIZE (WF_FULL_NAME_SIZE + 16)
#define MON_MONITOR_MAX     16

/* One row. Texts are cut to these sizes, times WF_TIME_NONE when there are none. */
struct mon_alarm {
    char monitor[WF_NAME_SIZE];     /* "main" */
    char name[MON_ALARM_NAME_SIZE]; /* "sat1.power.bus_voltage LIMIT" */
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE], parameter[WF_NAME_SIZE];
    enum wf_alarm_kind kind;
    enum wf_alarm_state state;
    uint8_t marks; /* WF_ALARM_SHELVED ... */
    bool is_shown, is_frozen;
    uint8_t severity, highest;
    uint8_t level; /* enum wf_limit, or WF_ALARM_NO_LEVEL */
    double value, limit;
    char value_text[52], unit[28];
    uint64_t seq;
    int64_t raised_ns, changed_ns, shelved_until_ns;
    uint32_t count, children;
    char user[36], note[164];
    char mark_user[36], mark_note[164];
    char parent[MON_ALARM_NAME_SIZE];
    char title[84], guidance[244];
    bool is_monitor_live;
};

struct mon_alarm_counts {
    size_t active[6]; /* shown and not normal, by severity (index 0: latched, returned) */
    size_t shown, unacknowledged, pending;
    size_t shelved, suppressed, out_of_service;
};

struct mon_alarms;

int mon_alarms_create(struct mon_alarms **out_alarms, struct wf_err *err);
void mon_alarms_destroy(struct mon_alarms **alarms);

/*
 * Take what changed since the last call from the tables that `watch` has open. Returns true when
 * anything did. `now_mono_ns` decides which monitors are alive.
 */
bool mon_alarms_update(struct mon_alarms *alarms, const struct wf_watch *watch,
                       int64_t now_mono_ns);

/*
 * Every row, in order: unacknowledged first, then by severity, then the newest. Borrowed until the
 * next update; NULL beyond the end. While `mon_alarms_hold` is on, those known keep their places and
 * what is new comes behind them.
 */
size_t mon_alarms_count(const struct mon_alarms *alarms);
const struct mon_alarm *mon_alarms_at(const struct mon_alarms *alarms, size_t index);
void mon_alarms_hold(struct mon_alarms *alarms, bool is_held);

void mon_alarms_counts(const struct mon_alarms *alarms, struct mon_alarm_counts *out);
/* Alarm monitors that publish here, and how many of them are alive. */
size_t mon_alarms_monitors(const struct mon_alarms *alarms, size_t *out_live);
/* The name of monitor number `index`; false beyond the end. */
bool mon_alarms_monitor(const struct mon_alarms *alarms, size_t index, char out[WF_NAME_SIZE]);
/* Alarms that became active and unacknowledged since this object first looked: ring for each new one. */
uint64_t mon_alarms_raised(const struct mon_alarms *alarms);

#endif /* MON_ALARMS_H */
