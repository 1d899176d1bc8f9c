/* SPDX-License-Identifier: MIT */
#ifndef DESK_H
#define DESK_H

/*
 * Desk - what all alarm commands stand on: which alarm monitors there are, asking them, their
 * journals, and alarms by the names that people write.
 *
 * Commands speak to monitors over their sockets (monitors/alert/README.md) and read the past from
 * journals. Several monitors are one to the user, unless --monitor names one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <jansson.h>

#include <watchfloor/names.h>
#include <watchfloor/options.h>
#include <watchfloor/store/journal.h>

#define DESK_FINE         0
#define DESK_NOT_WELL     1 /* it is so, but not well; or it could not be done as things are */
#define DESK_CANNOT       2

#define DESK_MONITOR_MAX  64
#define DESK_NAME_SIZE    (WF_INSTANCE_MAX + 1)
#define DESK_OPTION_COUNT 2

struct desk {
    const char *program; /* "wf-ack", for messages */
    struct wf_common common;
    char run[WF_PATH_SIZE], journals[WF_PATH_SIZE];
    const char *only; /* --monitor, or NULL */
    bool is_json;

    char running[DESK_MONITOR_MAX][DESK_NAME_SIZE]; /* monitors with a socket */
    size_t running_count;
    char kept[DESK_MONITOR_MAX][DESK_NAME_SIZE]; /* monitors with a journal */
    size_t kept_count;
    struct wf_err kept_err; /* why journals could not be listed; acting needs none */
};

/* --monitor and --json, for the start of a program's table. */
#define DESK_OPTIONS(desk)                                                                         \
    { "monitor", "NAME", "only this alarm monitor", &(desk).only, NULL },                          \
    {                                                                                              \
        "json", NULL, "as JSON", NULL, &(desk).is_json                                             \
    }

/* Behind wf_options_parse: look which monitors there are. */
int desk_open(struct desk *desk, struct wf_err *err);

/* For what needs the past: ABSENT when no monitor ever ran, or why journals cannot be seen. */
int desk_need_journals(const struct desk *desk, struct wf_err *err);

/* "PROGRAM: text" on stderr. */
void desk_say(const struct desk *desk, const char *format, ...) WF_PRINTF(2, 3);
/* Say `err`; the exit status that goes with it. */
int desk_fail(const struct desk *desk, const struct wf_err *err);
/* Flush stdout; a full disk behind a pipe is no success. */
int desk_finish(const struct desk *desk, int status);

/* Ask one monitor; takes over `request`. *out_reply may be NULL on errors. */
int desk_ask(const struct desk *desk, const char *monitor, json_t *request, json_t **out_reply,
             struct wf_err *err);

/* --- alarms by name ------------------------------------------------------------------------ */

/*
 * Names as operands: "power.bus_voltage" "LIMIT" are one. Joins them in place; returns how
 * many are left. They point into memory that lives as long as the program.
 */
int desk_join_names(char **operands, int count);

/*
 * Does what people write mean this alarm ("main.power.bus_voltage LIMIT")? The kind, the source and
 * (with one part only) the parameter may be missing; every part may be a glob.
 */
bool desk_name_match(const char *pattern, const char *alarm);
/* "power.bus_voltage LIMIT": without the source main. */
const char *desk_short_name(const char *alarm);

struct desk_found {
    const char *monitor; /* borrowed from the desk */
    json_t *alarm;       /* as monitors give it */
};
struct desk_find {
    struct desk_found *list;
    size_t count;
};

/*
 * All alarms of the running monitors that `pattern` means, NORMAL ones too.
 *   WF_ERR_ABSENT   nothing is called that, or no monitor runs
 */
int desk_find(const struct desk *desk, const char *pattern, struct desk_find *out,
              struct wf_err *err);
void desk_find_fini(struct desk_find *find);

/*
 * Of several, the one that a plain name means: the exact one, else the only one that is not normal or bears
 * a mark. -1: they are several, or the pattern has wildcards.
 */
int desk_prefer(const char *pattern, const struct desk_find *find);
/*
 * The one that is meant, for those who only look: of several alarms of one parameter the first of
 * LIMIT STATES RATE INVALID. INVALID with names in the text.
 */
int desk_find_one(const struct desk *desk, const char *pattern, struct desk_found *out,
                  struct wf_err *err);

/* --- JSON of monitors ---------------------------------------------------------------------- */

const char *desk_text(const json_t *object, const char *key); /* "" when missing */
int64_t desk_time(const json_t *object, const char *key);     /* WF_TIME_NONE */
int64_t desk_number(const json_t *object, const char *key);   /* 0 */
bool desk_has_mark(const json_t *alarm, const char *mark);

#endif /* DESK_H */
