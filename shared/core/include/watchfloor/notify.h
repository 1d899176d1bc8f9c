/* SPDX-License-Identifier: MIT */
#ifndef WF_NOTIFY_H
#define WF_NOTIFY_H

/*
 * Notify - what a plugin of kind WF_PLUGIN_NOTIFY is: one way to tell people of an alarm.
 *
 * The host (wf-notify) decides who is told of what and when, keeps what waits, tries again, and
 * keeps the log; the plugin only carries one message at a time. It runs in a worker process of its
 * own, one for each route, so that it may block. It is handed a deadline; the host ends a worker that
 * overruns it, and its process group with it. What it writes to stdout and stderr is kept for
 * the log, a little of it.
 *
 * A message is delivered at least once: after a power cut or a kill in the wrong moment it comes a
 * second time with the same `id`.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/strbuf.h>

/* What deliver() answers. */
enum wf_notify_result {
    WF_NOTIFY_OK = 0,
    WF_NOTIFY_RETRY = 1,  /* not now: the host tries again */
    WF_NOTIFY_REFUSE = 2, /* never: trying again would not help */
};

/* One `name = value` of the route's settings. */
struct wf_notify_setting {
    const char *name, *value;
};

/* What a plugin understands; the host refuses anything else, with file and line. */
struct wf_notify_key {
    const char *name; /* NULL ends the list */
    bool is_required;
    const char *sentence; /* what it means, its default */
};

struct wf_notify_setup {
    size_t size; /* sizeof(struct wf_notify_setup) in the host */
    const char *instance, *route;
    const char *state; /* folder for relative paths: <state>/notify */
    const struct wf_notify_setting *settings;
    size_t setting_count;
};

/* One message. Strings are ended, never NULL, UTF-8, without control characters (text: line feeds). */
struct wf_notification {
    size_t size;    /* sizeof(struct wf_notification) in the host */
    const char *id; /* the same at each attempt; no two messages share one */
    const char *instance, *monitor, *route;
    /* "raised" "worsened" "returned" (from shelf or suppression) "escalated" "repeated" "normal"
     * "acknowledged" "summary" "test" */
    const char *event;
    const char *subject; /* one line for people */
    const char *text;    /* all of it for people, several lines */
    const char *json;    /* the same for programs, one object in one line */
    const char *alarm;   /* "sat1.power.bus_voltage LIMIT"; "" in a summary or test */
    const char *state;   /* "ACTIVE_UNACK" */
    const char *title, *guidance, *level, *value, *limit, *user, *note;
    uint8_t severity, highest; /* 0..5; of a summary the highest in it */
    uint32_t count;            /* alarms it speaks of: 1, or those of a summary */
    uint32_t step;             /* of the escalation, from 0 */
    uint32_t attempt;          /* from 1 */
    uint64_t seq;              /* of the transition; what an acknowledge names */
    int64_t utc_ns;            /* when it happened */
};

struct wf_notify_ops {
    size_t size;                      /* sizeof(struct wf_notify_ops) in the plugin */
    const struct wf_notify_key *keys; /* NULL: it takes no settings */
    /*
     * Check the settings and make ready, without telling anybody: `wf check` calls it too.
     * Optional. On failure err begins with the name of the setting and ": ", where one is to blame.
     */
    int (*open)(const struct wf_notify_setup *setup, void **out_state, struct wf_err *err);
    void (*close)(void *state);
    /*
     * Tell, and come back before `deadline_mono_ns` (wf_mono_now_ns()). May block and allocate.
     * `why` is shown to people when it is not OK.
     */
    enum wf_notify_result (*deliver)(void *state, const struct wf_notification *notification,
                                     int64_t deadline_mono_ns, struct wf_strbuf *why);
};

/* The value of a setting, or `fallback` when it is not given. */
const char *wf_notify_setting(const struct wf_notify_setup *setup, const char *name,
                              const char *fallback);
/* "normal" "watch" "warning" "distress" "critical" "severe". */
const char *wf_severity_name(unsigned severity);

#endif /* WF_NOTIFY_H */
