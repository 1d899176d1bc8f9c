/* SPDX-License-Identifier: MIT */
#ifndef CON_EVENTS_H
#define CON_EVENTS_H

/*
 * Events - the newest entries of the journals of all alarm monitors: transitions and what people
 * did, in one list by time. Read only while somebody looks at it.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alarms.h"

#define CON_EVENT_MAX 500

struct con_event {
    int64_t utc_ns;
    uint64_t id; /* of its journal */
    char monitor[WF_NAME_SIZE];
    char alarm[MON_ALARM_NAME_SIZE]; /* "" = none */
    char what[32];                   /* "RAISE", "ACK", "SHELVED", "limits" ... */
    char states[40];                 /* "NORMAL > ACTIVE_UNACK" */
    char value[52];
    char user[36];
    char text[200]; /* note, or what happened */
    uint8_t severity;
};

struct con_events;

/* `folder`: <state>/alarms. */
int con_events_create(const char *folder, struct con_events **out_events, struct wf_err *err);
void con_events_destroy(struct con_events **events);

/* Read what is new of the monitors whose alarms are known. */
void con_events_update(struct con_events *events, const struct mon_alarms *alarms);

/* Newest first. NULL beyond the end. */
size_t con_events_count(const struct con_events *events);
const struct con_event *con_events_at(const struct con_events *events, size_t index);
/* Why a journal could not be read; "" = all could. */
const char *con_events_trouble(const struct con_events *events);

#endif /* CON_EVENTS_H */
