/* SPDX-License-Identifier: MIT */
/* Desk: see desk.h. */

#include "desk.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/control/control.h>

#define ASK_MS        10000
#define SOCKET_PREFIX "alert-"

static bool is_wanted(const struct desk *desk, const char *monitor)
{
    return desk->only == NULL || strcmp(desk->only, monitor) == 0;
}

static void note_socket(void *context, const char *name)
{
    struct desk *desk = context;
    const char *monitor = name + strlen(SOCKET_PREFIX);

    if (desk->running_count < DESK_MONITOR_MAX && is_wanted(desk, monitor))
        (void)wf_copy_text(desk->running[desk->running_count++], DESK_NAME_SIZE, monitor);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* "main.db" of <state>/alarms; nothing else that lies there. */
static void list_journals(struct desk *desk)
{
    DIR *dir = opendir(desk->journals);
    const struct dirent *entry;

    if (dir == NULL) {
        if (errno != ENOENT)
            (void)wf_fail_errno(&desk->kept_err, errno, "%s", desk->journals);
        return;
    }
    while (desk->kept_count < DESK_MONITOR_MAX && (entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        char name[DESK_NAME_SIZE];

        if (len < 4 || len - 3 >= sizeof(name) || strcmp(entry->d_name + len - 3, ".db") != 0)
            continue;
        memcpy(name, entry->d_name, len - 3);
        name[len - 3] = '\0';
        if (wf_instance_check(name, NULL) == 0 && is_wanted(desk, name))
            (void)wf_copy_text(desk->kept[desk->kept_count++], DESK_NAME_SIZE, name);
    }
    (void)closedir(dir);
    qsort(desk->kept, desk->kept_count, DESK_NAME_SIZE, compare_names);
}

int desk_open(struct desk *desk, struct wf_err *err)
{
    const struct wf_paths *paths = &desk->common.paths;
    int rc = wf_paths_in_state(paths, "run", desk->run, sizeof(desk->run), err);

    if (rc == 0)
        rc = wf_paths_in_state(paths, "alarms", desk->journals, sizeof(desk->journals), err);
    if (rc == 0)
        rc = wf_control_list(desk->run, SOCKET_PREFIX, note_socket, desk, err);
    if (rc == 0)
        list_journals(desk);
    if (rc == 0 && desk->only != NULL && desk->running_count == 0 && desk->kept_count == 0)
        rc = wf_fail(err, WF_ERR_ABSENT, "there is no alarm monitor '%s' in instance '%s'",
                     desk->only, paths->instance);
    return rc;
}

int desk_need_journals(const struct desk *desk, struct wf_err *err)
{
    if (desk->kept_count > 0)
        return 0;
    if (desk->kept_err.rc != 0)
        return wf_fail(err, desk->kept_err.rc, "%s", desk->kept_err.text);
    return wf_fail(err, WF_ERR_ABSENT,
                   "there is no journal in %.140s: no alarm monitor has run in instance '%s'",
                   desk->journals, desk->common.paths.instance);
}

void desk_say(const struct desk *desk, const char *format, ...)
{
    va_list args;

    (void)fflush(stdout);
    (void)fprintf(stderr, "%s: ", desk->program);
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

int desk_fail(const struct desk *desk, const struct wf_err *err)
{
    desk_say(desk, "%s", err->text);
    /* What was understood, but means nothing as things are now. */
    return err->rc == WF_ERR_BUSY || err->rc == WF_ERR_EXISTS ? DESK_NOT_WELL : DESK_CANNOT;
}

int desk_finish(const struct desk *desk, int status)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (errno != EPIPE)
        desk_say(desk, "cannot write: %s", strerror(errno));
    return DESK_CANNOT;
}

int desk_ask(const struct desk *desk, const char *monitor, json_t *request, json_t **out_reply,
             struct wf_err *err)
{
    char name[DESK_NAME_SIZE + sizeof(SOCKET_PREFIX)];
    int rc;

    (void)snprintf(name, sizeof(name), SOCKET_PREFIX "%s", monitor);
    if (out_reply != NULL)
        *out_reply = NULL;
    if (request == NULL)
        return wf_fail(err, WF_ERR_INVALID, "that is no UTF-8 text");
    rc = wf_control_ask(desk->run, name, request, ASK_MS, out_reply, err);
    json_decref(request);
    return rc;
}

/* --- JSON of monitors ----------------------------------------------------------------------- */

const char *desk_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

int64_t desk_time(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_integer(value) ? (int64_t)json_integer_value(value) : WF_TIME_NONE;
}

int64_t desk_number(const json_t *object, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(object, key));
}

bool desk_has_mark(const json_t *alarm, const char *mark)
{
    const json_t *marks = json_object_get(alarm, "marks");

    for (size_t i = 0; i < json_array_size(marks); i++) {
        const char *text = json_string_value(json_array_get(marks, i));

        if (text != NULL && strcmp(text, mark) == 0)
            return true;
    }
    return false;
}
