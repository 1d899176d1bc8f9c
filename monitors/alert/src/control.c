/* SPDX-License-Identifier: MIT */
/* The control socket: who asks, which alarm is meant, and answers once the journal has it. */

#include "control.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>

#define CANDIDATES_MAX 20

static const struct command {
    const char *name;
    enum alert_role role;
    alert_do_fn run; /* NULL: it only looks */
    bool is_for_many;
} commands[] = {
    { "status", ALERT_VIEWER, NULL, false },
    { "list", ALERT_VIEWER, NULL, false },
    { "explain", ALERT_VIEWER, NULL, false },
    { "ack", ALERT_OPERATOR, alert_do_ack, true },
    { "shelve", ALERT_OPERATOR, alert_do_shelve, true },
    { "unshelve", ALERT_OPERATOR, alert_do_unshelve, true },
    { "reset", ALERT_OPERATOR, alert_do_reset, true },
    { "service", ALERT_ENGINEER, alert_do_service, true },
    { "limits", ALERT_ENGINEER, alert_do_limits, false },
    { "revert", ALERT_ENGINEER, alert_do_revert, false },
};

const char *alert_request_text(const json_t *request, const char *key)
{
    const char *text = json_string_value(json_object_get(request, key));

    return text != NULL ? text : "";
}

/* --- which alarm ---------------------------------------------------------------------------------- */

static bool has_prefix(const char *text, const char *prefix, size_t len)
{
    char head[WF_JOURNAL_ALARM_SIZE];

    if (len >= sizeof(head) || strlen(text) < len)
        return false;
    memcpy(head, text, len);
    head[len] = '\0';
    return wf_casecmp(head, prefix) == 0;
}

/* Is `name` a short form of the full name: without source, without kind, or both? */
static bool is_short_for(const char *full, const char *name)
{
    const char *blank = strrchr(full, ' ');
    const char *dot = strchr(full, '.');
    size_t len = strlen(name);

    if (wf_casecmp(full, name) == 0 || (dot != NULL && wf_casecmp(dot + 1, name) == 0))
        return true;
    if (blank == NULL || dot == NULL || strchr(name, ' ') != NULL)
        return false;
    return ((size_t)(blank - full) == len && has_prefix(full, name, len)) ||
           ((size_t)(blank - dot - 1) == len && has_prefix(dot + 1, name, len));
}

static int find_alarm(struct alert *alert, const char *name, struct alert_alarm **out,
                      json_t **out_more, struct wf_err *err)
{
    struct alert_alarm *exact = alert_book_find(&alert->book, name);
    json_t *candidates;
    size_t count = 0, listed_count = 0;
    struct alert_alarm *listed = NULL;

    if (name[0] == '\0')
        return wf_fail(err, WF_ERR_INVALID, "say which alarm: \"alarm\": NAME");
    if (exact != NULL && exact->index >= 0) {
        *out = exact;
        return 0;
    }
    candidates = json_array();
    for (size_t i = 0; i < alert->alarm_count; i++) {
        if (!is_short_for(alert->alarms[i]->name, name))
            continue;
        *out = alert->alarms[i];
        if (alert_is_listed(&alert->alarms[i]->shown)) {
            listed = alert->alarms[i];
            listed_count++;
        }
        if (count++ < CANDIDATES_MAX)
            (void)json_array_append_new(candidates, json_string(alert->alarms[i]->name));
    }
    if (count == 1 || listed_count == 1) {
        json_decref(candidates);
        if (count > 1)
            *out = listed;
        return 0;
    }
    if (count == 0) {
        json_decref(candidates);
        return wf_fail(err, WF_ERR_ABSENT,
                       "there is no alarm '%.120s'; `wf alarms --all` lists them", name);
    }
    *out_more = json_pack("{s:o}", "candidates", candidates);
    return wf_fail(err, WF_ERR_INVALID, "'%.120s' means %zu alarms; say the whole name", name,
                   count);
}

/* --- doing ---------------------------------------------------------------------------------------- */

/* What cannot be stored is not done: nobody could be told of it. */
static int check_journal(struct alert *alert, struct wf_err *err)
{
    struct alert_commit_figures figures;

    if (!alert->is_open || alert->roster == NULL)
        return wf_fail(err, WF_ERR_BUSY, "the alarm monitor is starting; try again in a moment");
    alert_commit_figures(alert->commit, &figures);
    if (figures.is_failing)
        return wf_fail(err, WF_ERR_NOSPACE,
                       "the journal cannot be written (%s); nothing was changed", figures.error);
    return 0;
}

static int do_one(struct alert_command *command, const struct command *which, struct wf_err *err)
{
    struct alert *alert = command->alert;
    int rc = find_alarm(alert, alert_request_text(command->request, "alarm"), &command->alarm,
                        &command->more, err);

    return rc < 0 ? rc : which->run(command, err);
}

static json_t *refusal(const struct wf_err *err, json_t *more)
{
    static const struct {
        int rc;
        const char *name;
    } codes[] = {
#define X(name, value, text) { value, #name },
        WF_RC_LIST(X)
#undef X
    };
    const char *code = "SYSTEM";

    for (size_t i = 0; i < WF_COUNT_OF(codes); i++)
        if (codes[i].rc == (int)err->rc)
            code = codes[i].name;
    if (more == NULL)
        more = json_object();
    (void)json_object_set_new(more, "ok", json_false());
    (void)json_object_set_new(more, "code", json_string(code));
    (void)json_object_set_new(more, "error", json_string(err->text));
    return more;
}

/* The keys of one object over those of the whole request. */
static json_t *merged(const json_t *request, const json_t *one)
{
    json_t *all = json_object();
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)(uintptr_t)request, key,
                        value) if (strcmp(key, "alarms") != 0 && strcmp(key, "alarm") != 0 &&
                                   strcmp(key, "seq") != 0)(void) json_object_set(all, key, value);
    if (json_is_object(one))
        (void)json_object_update(all, (json_t *)(uintptr_t)one);
    return all;
}

static void do_many(struct alert *alert, struct wf_control_call *call,
                    const struct alert_command *pattern, const struct command *which,
                    const json_t *alarms)
{
    struct alert_waiting *waiting = calloc(1, sizeof(*waiting));
    struct wf_err err = { 0 };
    size_t index;
    json_t *one;

    if (waiting == NULL) {
        (void)wf_fail(&err, WF_ERR_NOMEM, "out of memory");
        wf_control_refuse(call, &err, NULL);
        return;
    }
    waiting->results = json_array();
    json_array_foreach((json_t *)(uintptr_t)alarms, index, one)
    {
        struct alert_command command = *pattern;
        json_t *request = merged(pattern->request, one);
        json_t *result;

        command.request = request;
        if (do_one(&command, which, &err) < 0) {
            alert->figures.refused_commands++;
            result = refusal(&err, command.more);
        } else {
            result = json_pack("{s:b,s:s}", "ok", 1, "alarm", command.alarm->name);
        }
        (void)json_array_append_new(waiting->results, result);
        json_decref(request);
    }
    waiting->call = call;
    alert_batch_wait(alert, waiting);
    alert_batch_flush(alert, false);
}

static void do_command(struct alert *alert, struct wf_control_call *call,
                       const struct alert_command *pattern, const struct command *which)
{
    const json_t *alarms = json_object_get(pattern->request, "alarms");
    struct alert_command command = *pattern;
    struct alert_waiting *waiting;
    struct wf_err err = { 0 };
    int rc = check_journal(alert, &err);

    if (rc == 0 && which->is_for_many && json_is_array(alarms)) {
        do_many(alert, call, pattern, which, alarms);
        return;
    }
    waiting = calloc(1, sizeof(*waiting));
    if (rc == 0 && waiting == NULL)
        rc = wf_fail(&err, WF_ERR_NOMEM, "out of memory");
    if (rc == 0)
        rc = do_one(&command, which, &err);
    if (rc < 0) {
        alert->figures.refused_commands++;
        wf_control_refuse(call, &err, command.more);
        json_decref(command.reply);
        free(waiting);
        return;
    }
    waiting->call = call;
    waiting->reply = command.reply;
    waiting->alarm = command.alarm;
    alert_batch_wait(alert, waiting);
    alert_batch_flush(alert, false);
}

void alert_waiting_answer(struct alert *alert, struct alert_waiting *waiting)
{
    json_t *reply = waiting->reply != NULL ? waiting->reply : json_object();
    size_t index;
    json_t *one;

    if (waiting->alarm != NULL)
        (void)json_object_set_new(reply, "alarm", alert_alarm_json(alert, waiting->alarm));
    json_array_foreach(waiting->results, index, one)
    {
        const char *name = json_string_value(json_object_get(one, "alarm"));
        const struct alert_alarm *alarm = name != NULL ? alert_book_find(&alert->book, name) : NULL;

        if (alarm != NULL)
            (void)json_object_set_new(one, "alarm", alert_alarm_json(alert, alarm));
    }
    if (waiting->results != NULL)
        (void)json_object_set_new(reply, "results", waiting->results);
    wf_control_reply(waiting->call, reply);
    free(waiting);
}

/* --- asking --------------------------------------------------------------------------------------- */

static void explain(struct alert *alert, struct wf_control_call *call, const json_t *request)
{
    struct alert_alarm *alarm = NULL;
    struct wf_err err = { 0 };
    json_t *more = NULL;
    int rc =
        alert->roster == NULL
            ? wf_fail(&err, WF_ERR_BUSY, "the alarm monitor is starting; try again in a moment")
            : find_alarm(alert, alert_request_text(request, "alarm"), &alarm, &more, &err);

    if (rc < 0)
        wf_control_refuse(call, &err, more);
    else
        wf_control_reply(call, json_pack("{s:o}", "explain", alert_explain_json(alert, alarm)));
}

static void refuse_unknown(struct wf_control_call *call, const char *name)
{
    struct wf_err err = { 0 };
    char list[200];
    struct wf_strbuf text = WF_STRBUF_FIXED(list);

    for (size_t i = 0; i < WF_COUNT_OF(commands); i++)
        wf_strbuf_addf(&text, "%s%s", i > 0 ? ", " : "", commands[i].name);
    (void)wf_fail(&err, WF_ERR_INVALID, "there is no command '%.40s'; there are %s", name, list);
    wf_control_refuse(call, &err, NULL);
}

static void handle(void *context, struct wf_control_call *call)
{
    struct alert *alert = context;
    const struct wf_control_peer *peer = wf_control_call_peer(call);
    const json_t *request = wf_control_call_request(call);
    const char *name = alert_request_text(request, "do");
    struct alert_command command = { .alert = alert, .request = request, .user = peer->user };
    const struct command *which = NULL;

    for (size_t i = 0; i < WF_COUNT_OF(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            which = &commands[i];
    if (which == NULL) {
        refuse_unknown(call, name);
        return;
    }
    command.role = alert_role_of(alert, peer, &command.shelve_max_ns);
    if (command.role < which->role) {
        struct wf_err err = { 0 };

        alert->figures.refused_commands++;
        wf_log_info("%s by %s (%s) was refused", name, peer->user, alert_role_name(command.role));
        (void)wf_fail(&err, WF_ERR_DENIED,
                      "%s needs the role %s, and %s is %s: see [role] in the configuration", name,
                      alert_role_name(which->role), peer->user, alert_role_name(command.role));
        wf_control_refuse(call, &err,
                          json_pack("{s:s,s:s,s:s}", "you", peer->user, "role",
                                    alert_role_name(command.role), "needs",
                                    alert_role_name(which->role)));
    } else if (which->run != NULL) {
        do_command(alert, call, &command, which);
    } else if (strcmp(name, "explain") == 0) {
        explain(alert, call, request);
    } else if (strcmp(name, "list") == 0) {
        const char *match = alert_request_text(request, "match");

        wf_control_reply(call, alert_list_json(alert, match[0] != '\0' ? match : "*",
                                               json_is_true(json_object_get(request, "all"))));
    } else {
        wf_control_reply(call, alert_status_json(alert, peer->user, command.role));
    }
}

int alert_control_open(struct alert *alert, struct wf_err *err)
{
    char folder[WF_PATH_SIZE], name[WF_NAME_SIZE + 8];
    struct wf_strbuf text = WF_STRBUF_FIXED(name);
    const struct wf_control_options options = {
        .folder = folder,
        .name = name,
        .group = alert->config->group,
        .handle = handle,
        .context = alert,
    };
    int rc = wf_paths_in_state(alert->paths, "run", folder, sizeof(folder), err);

    wf_strbuf_addf(&text, "alert-%s", alert->name);
    return rc < 0 ? rc : wf_control_listen(&alert->loop, &options, &alert->control, err);
}

void alert_control_close(struct alert *alert)
{
    wf_control_close(&alert->control);
}
