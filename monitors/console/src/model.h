/* SPDX-License-Identifier: MIT */
#ifndef CON_MODEL_H
#define CON_MODEL_H

/*
 * Model - what the console knows: every subsystem of the instance with its newest
 * sample, what of it is out of limits since when, and how the writers are.
 *
 * Pages only read it. It has no clock: whoever updates it says what time it is,
 * and a frozen screen is one whose model is not updated. Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/plugin.h>
#include <watchfloor/region.h>
#include <watchfloor/replay.h>
#include <watchfloor/watch.h>

#include "alarms.h"
#include "history.h"
#include "limits.h"
#include "pasts.h"

/* One moment by both clocks. */
struct con_now {
    int64_t utc_ns, mono_ns;
};

struct con_entry {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    struct wf_region *region;       /* the watch's; valid until the next refresh */
    const struct wf_schema *schema; /* with the limits in force */
    struct wf_schema *judged;       /* that schema, where it is a copy of ours; else NULL */
    uint64_t generation;
    struct wf_region_info info;
    bool is_own; /* of the source wf: the system's own health */

    uint8_t *payload; /* the newest sample, when has_sample */
    struct wf_stamp stamp;
    bool has_sample;
    bool is_live;  /* its writer runs */
    bool is_stale; /* received once, but too long ago or the writer is gone */
    double rate_hz;
    bool has_gaps; /* the receiver told `gaps` */
    uint64_t gaps;

    int worst;                   /* severity 0..5 */
    size_t out_count;            /* parameters with a severity above 0 */
    int64_t *since_mono_ns;      /* by parameter: out of limits since; 0 = it is not */
    struct mon_history *history; /* NULL until somebody asks */
    struct con_pasts *pasts;     /* the model's, for its view */
};

/* One line of the list of what is not normal. */
struct con_exception {
    size_t entry;
    size_t parameter; /* CON_WHOLE: the subsystem itself is stale */
    int severity;
    int64_t since_mono_ns;
};
#define CON_WHOLE         SIZE_MAX
#define CON_EXCEPTION_MAX 512

enum con_state {
    CON_STATE_NO_RECEIVER, /* nobody writes, nothing is there */
    CON_STATE_STOPPED,     /* an orderly stop: the last values are still there */
    CON_STATE_SILENT,      /* it should run, but gives no sign of life */
    CON_STATE_NO_DATA,     /* it runs, but everything it brings is stale */
    CON_STATE_REPLAY,      /* it runs, and publishes history */
    CON_STATE_LIVE,
};

struct con_model {
    struct wf_watch *watch;
    char instance[32];
    struct con_now now; /* of the last update; utc_ns is that of a replay where there is one */
    bool is_replay;
    struct wf_replay replay; /* that feeds this instance */

    struct con_entry *entries; /* as the watch sorts them, own health last; no tables */
    size_t entry_count;
    size_t parameter_count; /* of all entries together */

    struct con_exception exceptions[CON_EXCEPTION_MAX]; /* worst first, then newest */
    size_t exception_count;                             /* in the list */
    size_t exception_total;                             /* of all there are */
    size_t severity_counts[6];                          /* parameters by severity, all of them */
    size_t stale_count;

    enum con_state state;
    const char *unreadable; /* nothing can be read, and why; the watch's; NULL = not so */
    int64_t state_age_ns;   /* STOPPED, SILENT, NO_DATA: for how long */
    int64_t lag_ns;         /* age of the newest sample of all; -1 = none */
    uint64_t commits;       /* updates that brought something new */

    struct mon_alarms *alarms;
    struct mon_alarm_counts alarm_counts;
    size_t monitor_count, monitors_live; /* alarm monitors */
    struct mon_limits *limits;
    struct con_pasts *pasts;
    bool is_limits_due; /* an entry came that was not looked at yet */

    uint64_t receiver_epoch;
    char note[120]; /* what just happened, as "receiver restarted, reattached" */
    int64_t note_mono_ns;
};

int con_model_open(const char *instance, struct con_model **out_model, struct wf_err *err);
void con_model_close(struct con_model **model);

/* Look for regions and writers that came or went, and rates: about once a second. */
void con_model_refresh(struct con_model *model, const struct con_now *now);
/* Take the newest samples and alarms, and judge. True when something new had come. */
bool con_model_update(struct con_model *model, const struct con_now *now);

/* Alarms and the limits in force alone; update does it too. True when anything changed. */
bool con_model_take_alarms(struct con_model *model, const struct con_now *now);

/* By name without case; NULL when it is not there (now). */
struct con_entry *con_model_find(const struct con_model *model, const char *source,
                                 const char *subsystem);
/* "power", or "sat1.power" when the source is not main. */
void con_entry_name(const struct con_entry *entry, char *out, size_t size);

/* The entry as displays see it; valid until the next refresh or update. */
void con_model_view(struct con_model *model, struct con_entry *entry, struct wf_view *out);
/* Begin to keep its recent past, unless that was done. False: out of memory. */
bool con_entry_remember(struct con_entry *entry, int64_t now_mono_ns);

/* The region of a table of the system's own health (source wf), or NULL. */
struct wf_region *con_model_table(const struct con_model *model, const char *name);
/* A scalar of one of the own health's samples, as wf.receiver.packet_rate; false when not there. */
bool con_model_number(const struct con_model *model, const char *subsystem, const char *parameter,
                      double *out);

#endif /* CON_MODEL_H */
