/* SPDX-License-Identifier: MIT */
#ifndef ALERT_PLUGIN_H
#define ALERT_PLUGIN_H

/* One plugin's process as the monitor has it: plugins.c runs it, plugin_listen.c hears what it says. */

#include "alert.h"

#include "plugin_talk.h"

#define ALERT_SUBJECTS_MAX 1024

/* A region that a plugin judges. */
struct alert_subject {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    int64_t created_ns;
    uint64_t next; /* sample to be judged next */
    int condition; /* index in the roster's coded conditions, or -1 */
    char why[ALERT_WHY_SIZE];
};

enum plugin_state { PLUGIN_WAITING, PLUGIN_RUNNING, PLUGIN_OTHER, PLUGIN_REFUSED };

struct alert_plugin {
    struct alert_plugin *next;
    struct alert *alert;
    char path[WF_PATH_SIZE];
    char name[WF_NAME_SIZE]; /* as a name of a condition; "" until it said hello */
    enum plugin_state state;
    bool has_failed; /* since it last ran calmly */
    bool is_dropped; /* not wanted any more: freed when its handles are closed */
    unsigned tries;

    uv_process_t process;
    uv_pipe_t to, from;
    unsigned handles; /* that are open */
    bool is_running, is_told;
    int64_t started_ns, heard_ns, again_ns;
    int64_t backoff_ns;
    const char *end_reason; /* of a life that we ended */

    char line[ALERT_WORKER_LINE_MAX];
    size_t line_len;
    struct alert_subject *subjects;
    size_t subject_count;
};

/* plugins.c: a line in the log and in the journal. */
void alert_plugin_trouble(struct alert_plugin *plugin, const char *what);
/* End its process because of that; it is started again later. */
void alert_plugin_end(struct alert_plugin *plugin, const char *reason);

/* plugin_listen.c: what came through its pipe. */
void alert_plugin_hear(struct alert_plugin *plugin, const char *bytes, size_t len);

#endif /* ALERT_PLUGIN_H */
