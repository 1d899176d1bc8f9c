/* SPDX-License-Identifier: MIT */
/*
 * What `wf notify` asks, over the control socket "notify":
 *
 *   {"do":"routes"}               -> {"routes":[{"route","plugin","state",...}]}
 *   {"do":"test","route":NAME}    -> {"id","ms"}, or refused with what the plugin said
 */

#include "notify.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/control/control.h>
#include <watchfloor/log.h>

static void set_age(json_t *object, const char *key, int64_t from_ns, int64_t now_ns)
{
    if (from_ns != WF_TIME_NONE)
        (void)json_object_set_new(object, key,
                                  json_real((double)(now_ns - from_ns) / (double)WF_NS_PER_S));
}

static json_t *describe(const struct ntf_way *way, int64_t now_ns)
{
    struct ntf_line_figures figures;
    json_t *object;
    const char *trouble, *state;

    ntf_line_figures(way->line, &figures);
    trouble = ntf_way_trouble(way, &figures);
    state = trouble != NULL                                        ? "failing"
            : !ntf_worker_is_free(way->worker) && !way->is_opening ? "delivering"
                                                                   : "idle";
    object =
        json_pack("{ss ss ss sI sI sI sI si si ss}", "route", way->name, "plugin", way->plugin,
                  "state", state, "delivered", (json_int_t)figures.delivered, "failed",
                  (json_int_t)figures.failed, "given_up", (json_int_t)figures.given_up, "grouped",
                  (json_int_t)figures.grouped, "waiting", (int)figures.waiting, "held",
                  (int)figures.held, "why", way->worker == NULL ? way->why : figures.why);
    set_age(object, "oldest_s", figures.oldest_ns, now_ns);
    set_age(object, "delivered_ago_s", figures.delivered_ns, now_ns);
    return object;
}

static void answer_routes(struct ntf_program *program, struct wf_control_call *call)
{
    json_t *routes = json_array();
    struct ntf_now now = ntf_now(program);

    for (size_t i = 0; i < program->way_count; i++)
        (void)json_array_append_new(routes, describe(&program->ways[i], now.now_ns));
    wf_control_reply(call, json_pack("{so}", "routes", routes));
}

static void begin_test(struct ntf_program *program, struct wf_control_call *call)
{
    const json_t *request = wf_control_call_request(call);
    const char *name = json_string_value(json_object_get(request, "route"));
    struct ntf_way *way = name != NULL ? ntf_way_find(program, name) : NULL;
    struct ntf_now now = ntf_now(program);
    struct ntf_message *message = NULL;
    struct wf_strbuf id;
    struct wf_err err = { 0 };

    if (way == NULL)
        (void)wf_fail(&err, WF_ERR_ABSENT,
                      "there is no [route %.48s]; `wf notify routes` lists them",
                      name != NULL ? name : "");
    else if ((message = ntf_message_create()) == NULL)
        (void)wf_fail(&err, WF_ERR_NOMEM, "out of memory");
    if (err.rc != 0) {
        wf_control_refuse(call, &err, NULL);
        return;
    }
    message->event = NTF_TEST;
    message->made_ns = now.now_ns;
    message->facts.utc_ns = now.utc_ns;
    message->asker = call;
    ntf_copy_clean(message->facts.user, sizeof(message->facts.user),
                   wf_control_call_peer(call)->user, false);
    (void)wf_copy_text(message->route, sizeof(message->route), way->name);
    wf_strbuf_init_fixed(&id, message->id, sizeof(message->id));
    wf_strbuf_addf(&id, "test/%s/%lld", way->name, (long long)now.utc_ns);
    wf_log_info("route %s: a test for %s", way->name, message->facts.user);
    ntf_line_add(way->line, message, now.now_ns, now.utc_ns);
    program->is_dirty = true;
    ntf_pump(program);
}

void ntf_ask_told(struct ntf_message *message)
{
    struct wf_control_call *call = message->asker;
    double took_ms = (double)(message->done_ns - message->made_ns) / (double)WF_NS_PER_MS;
    struct wf_err err = { 0 };

    message->asker = NULL;
    if (message->state == NTF_DELIVERED) {
        wf_control_reply(call, json_pack("{ss sf}", "id", message->id, "ms", took_ms));
        return;
    }
    (void)wf_fail(&err, WF_ERR_SYSTEM, "%s",
                  message->why[0] != '\0' ? message->why : "not delivered");
    wf_control_refuse(call, &err, NULL);
}

static void on_call(void *context, struct wf_control_call *call)
{
    struct ntf_program *program = context;
    const char *what = json_string_value(json_object_get(wf_control_call_request(call), "do"));
    struct wf_err err = { 0 };

    if (what != NULL && strcmp(what, "routes") == 0) {
        answer_routes(program, call);
    } else if (what != NULL && strcmp(what, "test") == 0) {
        begin_test(program, call);
    } else {
        (void)wf_fail(&err, WF_ERR_INVALID, "wf-notify does \"routes\" and \"test\"");
        wf_control_refuse(call, &err, NULL);
    }
}

int ntf_ask_open(struct ntf_program *program, struct wf_err *err)
{
    char folder[WF_PATH_SIZE];
    struct wf_control_options options = {
        .folder = folder,
        .name = "notify",
        .group = program->config->group,
        .handle = on_call,
        .context = program,
    };
    int rc = wf_paths_in_state(program->paths, "run", folder, sizeof(folder), err);

    return rc < 0 ? rc : wf_control_listen(&program->loop, &options, &program->control, err);
}

void ntf_ask_close(struct ntf_program *program)
{
    wf_control_close(&program->control);
}
