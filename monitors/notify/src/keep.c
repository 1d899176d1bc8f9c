/* SPDX-License-Identifier: MIT */
/* What must survive, in the outbox: see notify.h. */

#include "notify.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>

#define FORGET_EVERY_NS (60 * WF_NS_PER_S)

/* --- opening ------------------------------------------------------------------------------------ */

int ntf_keep_open(struct ntf_program *program, struct wf_err *err)
{
    const struct wf_outbox_options options = {
        .folder = program->folder,
        .instance = program->paths->instance,
        .group = program->config->group,
    };
    char note[512];
    int rc = wf_outbox_open(&options, &program->outbox, note, sizeof(note), err);

    if (rc == 0 && note[0] != '\0')
        wf_log_warning("%s; what stands unacknowledged is told anew", note);
    program->is_keeping = rc == 0;
    return rc;
}

void ntf_keep_close(struct ntf_program *program)
{
    wf_outbox_close(&program->outbox);
    while (program->done != NULL) {
        struct ntf_message *message = program->done;

        program->done = message->next;
        ntf_message_free(&message);
    }
}

/* --- restoring ----------------------------------------------------------------------------------- */

static void push_done(struct ntf_program *program, struct ntf_message *message)
{
    message->next = program->done;
    program->done = message;
    program->done_count++;
    program->is_dirty = true;
}

void ntf_keep_done(void *context, struct ntf_message *message)
{
    struct ntf_program *program = ((struct ntf_way *)context)->program;

    if (message->asker != NULL)
        ntf_ask_told(message);
    push_done(program, message);
}

static int restore_message(void *context, const struct wf_outbox_message *from)
{
    struct ntf_program *program = context;
    struct ntf_message *message = ntf_message_create();
    json_t *json = json_loads(from->body, 0, NULL);
    struct ntf_way *way;
    struct wf_err err = { 0 };

    if (message == NULL) {
        json_decref(json);
        return WF_ERR_NOMEM;
    }
    if (ntf_message_from_json(message, json, &err) < 0)
        wf_log_warning("message %s in the outbox cannot be read; it is left out", from->id);
    json_decref(json);
    ntf_copy_clean(message->id, sizeof(message->id), from->id, false);
    ntf_copy_clean(message->route, sizeof(message->route), from->route, false);
    ntf_copy_clean(message->why, sizeof(message->why), from->why, false);
    message->number = from->number;
    message->count = from->count;
    message->attempts = from->attempts;
    message->crashes = from->crashes;
    message->made_ns = from->made_ns;
    message->not_before_ns = from->not_before_ns;
    message->state = strcmp(from->state, ntf_state_name(NTF_HELD)) == 0 ? NTF_HELD : NTF_WAITING;
    message->is_dirty = false;
    way = ntf_way_find(program, message->route);
    /* Whoever asked for a test has gone. */
    if (way != NULL && err.rc == 0 && message->event != NTF_TEST) {
        ntf_line_restore(way->line, message);
        return 0;
    }
    message->state = NTF_GIVEN_UP;
    message->done_ns = ntf_now(program).now_ns;
    message->is_dirty = true;
    if (message->event != NTF_TEST)
        (void)wf_copy_text(message->why, sizeof(message->why),
                           err.rc != 0 ? err.text : "the route is no longer there");
    push_done(program, message);
    return 0;
}

static int restore_track(void *context, const char *json)
{
    struct ntf_program *program = context;
    struct wf_err err = { 0 };
    int rc = ntf_plan_restore(program->plan, json, &err);

    if (rc == WF_ERR_CORRUPT)
        wf_log_warning("%s; it is left out", err.text);
    return rc == WF_ERR_CORRUPT ? 0 : rc;
}

int ntf_keep_restore(struct ntf_program *program, struct wf_err *err)
{
    int rc = wf_outbox_each_waiting(program->outbox, restore_message, program, err);

    if (rc == 0)
        rc = wf_outbox_each_track(program->outbox, restore_track, program, err);
    return rc;
}

/* --- committing --------------------------------------------------------------------------------- */

struct putting {
    struct ntf_program *program;
    struct wf_err *err;
    int rc;
};

static void put_message(void *context, struct ntf_message *message)
{
    struct putting *putting = context;
    struct wf_outbox_message row = {
        .number = message->number,
        .id = message->id,
        .route = message->route,
        .event = ntf_event_name(message->event),
        .alarm = message->facts.alarm,
        .state = ntf_state_name(message->state),
        .why = message->why,
        .severity = message->facts.severity > 0 ? message->facts.severity : message->facts.highest,
        .count = message->count,
        .attempts = message->attempts,
        .crashes = message->crashes,
        .made_ns = message->made_ns,
        .not_before_ns = message->not_before_ns,
        .done_ns = message->done_ns,
    };
    json_t *json;
    char *body;

    if (putting->rc < 0 || !message->is_dirty)
        return;
    json = ntf_message_json(message, putting->program->paths->instance);
    body = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;
    json_decref(json);
    row.body = body;
    putting->rc = body != NULL ? wf_outbox_put(putting->program->outbox, &row, putting->err)
                               : wf_fail(putting->err, WF_ERR_NOMEM, "out of memory");
    free(body);
    message->number = row.number; /* kept for the next try, too */
}

static int put_track(void *context, const char *key, const char *json)
{
    struct putting *putting = context;

    return wf_outbox_put_track(putting->program->outbox, key, json, putting->err);
}

static void clean_message(void *context, struct ntf_message *message)
{
    (void)context;
    message->is_dirty = false;
}

static int put_all(struct ntf_program *program, struct wf_err *err)
{
    struct putting putting = { program, err, 0 };

    for (struct ntf_message *at = program->done; at != NULL; at = at->next)
        put_message(&putting, at);
    for (size_t i = 0; i < program->way_count; i++)
        if (!program->is_keeping || ntf_line_take_dirty(program->ways[i].line))
            ntf_line_each(program->ways[i].line, put_message, &putting);
    if (putting.rc == 0)
        putting.rc = ntf_plan_save(program->plan, put_track, &putting);
    if (putting.rc == 0)
        putting.rc = ntf_follow_save(program, err);
    return putting.rc;
}

static void forget_done(struct ntf_program *program)
{
    while (program->done != NULL) {
        struct ntf_message *message = program->done;

        program->done = message->next;
        ntf_message_free(&message);
    }
    program->done_count = 0;
}

/* A disk that failed is opened anew: what SQLite remembers of it may not be so. */
static int commit(struct ntf_program *program, struct wf_err *err)
{
    int rc = 0;

    if (program->outbox == NULL)
        rc = ntf_keep_open(program, err);
    if (rc == 0)
        rc = wf_outbox_begin(program->outbox, err);
    if (rc == 0)
        rc = put_all(program, err);
    if (rc == 0)
        rc = wf_outbox_commit(program->outbox, err);
    if (rc == 0)
        return 0;
    if (program->outbox != NULL)
        wf_outbox_rollback(program->outbox);
    if (rc != WF_ERR_NOSPACE && rc != WF_ERR_BUSY)
        wf_outbox_close(&program->outbox);
    ntf_plan_unsaved(program->plan);
    return rc;
}

void ntf_keep_commit(struct ntf_program *program)
{
    bool was_keeping = program->is_keeping;
    struct wf_err err = { 0 };

    if (!program->is_dirty)
        return;
    if (commit(program, &err) < 0) {
        if (was_keeping)
            wf_log_error("cannot write the outbox: %s; people are told all the same, after a kill "
                         "some of it twice; trying again",
                         err.text);
        program->is_keeping = false;
        return;
    }
    for (size_t i = 0; i < program->way_count; i++)
        ntf_line_each(program->ways[i].line, clean_message, NULL);
    ntf_follow_saved(program);
    forget_done(program);
    program->is_dirty = false;
    program->is_keeping = true;
    if (!was_keeping)
        wf_log_info("the outbox is written again");
}

void ntf_keep_forget(struct ntf_program *program)
{
    struct ntf_now now = ntf_now(program);
    struct wf_err err = { 0 };

    if (program->outbox == NULL || now.now_ns - program->forgot_ns < FORGET_EVERY_NS)
        return;
    program->forgot_ns = now.now_ns;
    if (wf_outbox_forget(program->outbox, now.utc_ns - program->config->notify_keep_ns, &err) < 0)
        wf_log_debug("old deliveries are kept: %s", err.text);
}
