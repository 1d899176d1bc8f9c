/* SPDX-License-Identifier: MIT */
/* Remote control: see remote.h. */

#include "remote.h"

#include <stdio.h>
#include <string.h>

#include <watchfloor/clock.h>

#define SOCKET    "replay"
#define ANSWER_MS 10000 /* a seek looks into many files */

static const char *const state_names[] = { "playing", "paused", "finished" };

/* --- the side that plays ------------------------------------------------------------------ */

static json_t *describe(const struct remote *remote)
{
    struct stage_report report;

    player_look(remote->player, &report);
    return json_pack("{s:s,s:I,s:I,s:I,s:f,s:I}", "state", state_names[report.state], "position_ns",
                     (json_int_t)report.position_ns, "from_ns", (json_int_t)report.from_ns, "to_ns",
                     (json_int_t)report.to_ns, "speed", report.speed, "samples",
                     (json_int_t)stage_published(remote->stage));
}

static int read_whole(const json_t *request, const char *key, int64_t least, int64_t *out,
                      struct wf_err *err)
{
    const json_t *value = json_object_get(request, key);

    if (!json_is_integer(value) || json_integer_value(value) < least)
        return wf_fail(err, WF_ERR_INVALID, "\"%s\": expected a whole number from %lld on", key,
                       (long long)least);
    *out = json_integer_value(value);
    return WF_OK;
}

static int step(struct remote *remote, const json_t *request, struct wf_err *err)
{
    int64_t number = 0;
    int rc;

    if (json_object_get(request, "time_ns") != NULL) {
        rc = read_whole(request, "time_ns", 1, &number, err);
        return rc < 0 ? rc : player_step(remote->player, 0, number, err);
    }
    rc = read_whole(request, "samples", 1, &number, err);
    return rc < 0 ? rc : player_step(remote->player, (uint64_t)number, 0, err);
}

static int obey(struct remote *remote, const json_t *request, struct wf_err *err)
{
    const char *verb = json_string_value(json_object_get(request, "do"));
    int64_t time_ns = 0;
    int rc;

    if (verb == NULL)
        return wf_fail(err, WF_ERR_INVALID, "expected \"do\"");
    if (strcmp(verb, "status") == 0)
        return WF_OK;
    if (strcmp(verb, "pause") == 0) {
        player_pause(remote->player);
        return WF_OK;
    }
    if (strcmp(verb, "resume") == 0) {
        player_resume(remote->player);
        return WF_OK;
    }
    if (strcmp(verb, "speed") == 0)
        return player_set_speed(remote->player,
                                json_number_value(json_object_get(request, "speed")), err);
    if (strcmp(verb, "step") == 0)
        return step(remote, request, err);
    if (strcmp(verb, "seek") == 0) {
        rc = read_whole(request, "time_ns", INT64_MIN + 1, &time_ns, err);
        return rc < 0 ? rc : player_seek(remote->player, time_ns, err);
    }
    if (strcmp(verb, "stop") == 0)
        return WF_OK;
    return wf_fail(err, WF_ERR_INVALID,
                   "'%.40s': expected status, pause, resume, speed, step, seek or stop", verb);
}

void remote_handle(void *context, struct wf_control_call *call)
{
    struct remote *remote = context;
    const json_t *request = wf_control_call_request(call);
    const char *verb = json_string_value(json_object_get(request, "do"));
    bool is_stop = verb != NULL && strcmp(verb, "stop") == 0;
    struct wf_err err = { 0 };

    if (obey(remote, request, &err) < 0)
        wf_control_refuse(call, &err, NULL);
    else
        wf_control_reply(call, describe(remote));
    if (is_stop)
        remote->stop(remote->context);
}

/* --- the side that asks -------------------------------------------------------------------- */

static const struct verb {
    const char *word;
    const char *operand; /* what it wants; NULL = nothing */
} verbs[] = {
    { "status", NULL },
    { "pause", NULL },
    { "resume", NULL },
    { "speed", "a factor, or max" },
    { "step", "samples, or a duration as 10s" },
    { "seek", "a time as 2026-11-20T12:00:00Z" },
    { "stop", NULL },
};

static const struct verb *find_verb(const char *word)
{
    for (size_t i = 0; i < WF_COUNT_OF(verbs); i++)
        if (strcmp(verbs[i].word, word) == 0)
            return &verbs[i];
    return NULL;
}

bool remote_is_verb(const char *word)
{
    return find_verb(word) != NULL;
}

static int read_speed(const char *operand, json_t *request, struct wf_err *err)
{
    double speed = 0;

    if (strcmp(operand, "max") != 0 && wf_parse_double(operand, &speed, err) < 0)
        return err->rc;
    return json_object_set_new(request, "speed", json_real(speed));
}

static int read_step(const char *operand, json_t *request, struct wf_err *err)
{
    int64_t time_ns;
    uint64_t samples;

    if (wf_parse_u64(operand, &samples, NULL) == 0)
        return json_object_set_new(request, "samples", json_integer((json_int_t)samples));
    if (wf_parse_duration_ns(operand, &time_ns, err) < 0) {
        wf_err_prefix(err, "step: expected a number of samples, or a duration");
        return err->rc;
    }
    return json_object_set_new(request, "time_ns", json_integer(time_ns));
}

static int read_operand(const struct verb *verb, const char *operand, json_t *request,
                        struct wf_err *err)
{
    int64_t time_ns;

    if ((operand == NULL) != (verb->operand == NULL) && strcmp(verb->word, "step") != 0)
        return wf_fail(err, WF_ERR_INVALID, "%s: expected %s", verb->word,
                       verb->operand != NULL ? verb->operand : "nothing behind it");
    if (strcmp(verb->word, "step") == 0)
        return read_step(operand != NULL ? operand : "1", request, err);
    if (strcmp(verb->word, "speed") == 0)
        return read_speed(operand, request, err);
    if (strcmp(verb->word, "seek") != 0)
        return WF_OK;
    if (wf_parse_time(operand, wf_utc_now_ns(), &time_ns, err) < 0)
        return err->rc;
    return json_object_set_new(request, "time_ns", json_integer(time_ns));
}

static void print_reply(const json_t *reply)
{
    char text[64];
    struct wf_strbuf time = WF_STRBUF_FIXED(text);

    wf_strbuf_add_time(&time, json_integer_value(json_object_get(reply, "position_ns")), 3);
    (void)printf("%s at %s, speed %g, %lld samples\n",
                 json_string_value(json_object_get(reply, "state")), text,
                 json_number_value(json_object_get(reply, "speed")),
                 (long long)json_integer_value(json_object_get(reply, "samples")));
}

int remote_send(const char *run_folder, const char *verb, const char *operand)
{
    json_t *request = json_pack("{s:s}", "do", verb);
    struct wf_err err = { 0 };
    json_t *reply = NULL;
    int rc = request != NULL ? read_operand(find_verb(verb), operand, request, &err)
                             : wf_fail(&err, WF_ERR_NOMEM, "out of memory");

    if (rc == 0)
        rc = wf_control_ask(run_folder, SOCKET, request, ANSWER_MS, &reply, &err);
    if (rc == 0)
        print_reply(reply);
    else
        (void)fprintf(stderr, "wf-replay: %s\n", err.text);
    json_decref(request);
    json_decref(reply);
    return rc == 0 ? 0 : 2;
}
