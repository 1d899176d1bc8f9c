/* SPDX-License-Identifier: MIT */
/* Act: see act.h. */

#include "act.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "json_text.h"

#define SHOWN_MAX 20

static void add_clock(struct wf_strbuf *out, int64_t utc_ns)
{
    wf_strbuf_add_time(out, utc_ns, 0);
}

/* "power.bus_voltage LIMIT: acknowledged, now ACTIVE_ACK" */
static void tell_done(const struct act *act, const json_t *alarm)
{
    char text[120];
    struct wf_strbuf until = WF_STRBUF_FIXED(text);
    int64_t until_ns = desk_time(alarm, "shelved_until_ns");

    if (desk_has_mark(alarm, "SHELVED") && until_ns != WF_TIME_NONE) {
        wf_strbuf_add(&until, ", shelved until ");
        add_clock(&until, until_ns);
    }
    (void)printf("%s: %s, now %s%s\n", desk_short_name(desk_text(alarm, "alarm")), act->done,
                 desk_text(alarm, "state"), text);
}

/* Who was faster: told so that one can decide without looking elsewhere. */
static void tell_changed(const struct desk *desk, const json_t *reply)
{
    const json_t *changed = json_object_get(reply, "changed");
    const json_t *alarm = json_object_get(reply, "alarm");
    const char *user = desk_text(changed, "user");
    char text[64];
    struct wf_strbuf when = WF_STRBUF_FIXED(text);

    if (!json_is_object(changed))
        return;
    add_clock(&when, desk_time(changed, "time_ns"));
    desk_say(desk, "since then: %s%s%s at %s, seq %lld; now %s, severity %lld, %s", //
             desk_text(changed, "event"), user[0] != '\0' ? " by " : "", user, text,
             (long long)desk_number(changed, "seq"), desk_text(alarm, "state"),
             (long long)desk_number(alarm, "severity"), desk_text(alarm, "value_text"));
}

static void tell_refusal(const struct desk *desk, const char *name, const struct wf_err *err,
                         const json_t *reply)
{
    if (strstr(err->text, name) != NULL || name[0] == '\0')
        desk_say(desk, "%s", err->text);
    else
        desk_say(desk, "%s: %s", desk_short_name(name), err->text);
    if (err->rc == WF_ERR_BUSY)
        tell_changed(desk, reply);
}

static int status_of(int rc)
{
    /* The alarm is not as the user thought: not well, but understood. */
    return rc == WF_ERR_BUSY || rc == WF_ERR_INVALID ? DESK_NOT_WELL : DESK_CANNOT;
}

static int send_one(const struct desk *desk, const struct act *act, const struct desk_found *found)
{
    const char *name = desk_text(found->alarm, "alarm");
    json_t *request = json_copy(act->request), *reply = NULL;
    struct wf_err err = { 0 };
    uint64_t seq = (uint64_t)desk_number(found->alarm, "seq");
    int rc, status = DESK_FINE;

    if (act->seq != NULL && wf_parse_u64(act->seq, &seq, &err) < 0) {
        json_decref(request);
        desk_say(desk, "--seq: %s", err.text);
        return DESK_CANNOT;
    }
    (void)json_object_set_new(request, "alarm", json_string(name));
    if (act->has_seq)
        (void)json_object_set_new(request, "seq", json_integer((json_int_t)seq));
    rc = desk_ask(desk, found->monitor, request, &reply, &err);
    if (desk->is_json && reply != NULL)
        (void)json_text_write(reply, true, stdout);
    if (rc < 0) {
        tell_refusal(desk, name, &err, reply);
        status = status_of(rc);
    } else if (!desk->is_json) {
        tell_done(act, json_object_get(reply, "alarm"));
    }
    json_decref(reply);
    return status;
}

static int tell_result(const struct desk *desk, const struct act *act, const json_t *result)
{
    struct wf_err err = { 0 };
    const json_t *alarm = json_object_get(result, "alarm");

    if (json_is_true(json_object_get(result, "ok"))) {
        if (!desk->is_json)
            tell_done(act, alarm);
        return DESK_FINE;
    }
    err.rc = strcmp(desk_text(result, "code"), "BUSY") == 0 ? WF_ERR_BUSY : WF_ERR_INVALID;
    (void)wf_copy_text(err.text, sizeof(err.text), desk_text(result, "error"));
    tell_refusal(desk, json_is_object(alarm) ? desk_text(alarm, "alarm") : "", &err, result);
    return DESK_NOT_WELL;
}

/* All of one monitor in one request, so that it is one commit and one answer. */
static int send_many(const struct desk *desk, const struct act *act, const char *monitor,
                     const struct desk_find *find)
{
    json_t *request = json_copy(act->request), *alarms = json_array(), *reply = NULL;
    const json_t *results;
    struct wf_err err = { 0 };
    int rc, status = DESK_FINE;

    for (size_t i = 0; i < find->count; i++) {
        const json_t *alarm = find->list[i].alarm;

        if (find->list[i].monitor != monitor || !act->applies(act, alarm))
            continue;
        (void)json_array_append_new(alarms,
                                    json_pack("{s:s,s:I}", "alarm", desk_text(alarm, "alarm"),
                                              "seq", (json_int_t)desk_number(alarm, "seq")));
    }
    if (json_array_size(alarms) == 0) {
        json_decref(alarms);
        json_decref(request);
        return DESK_FINE;
    }
    (void)json_object_set_new(request, "alarms", alarms);
    rc = desk_ask(desk, monitor, request, &reply, &err);
    if (desk->is_json && reply != NULL)
        (void)json_text_write(reply, true, stdout);
    if (rc < 0) {
        desk_say(desk, "%s", err.text);
        status = status_of(rc);
    }
    results = json_object_get(reply, "results");
    for (size_t i = 0; i < json_array_size(results); i++) {
        if (tell_result(desk, act, json_array_get(results, i)) != DESK_FINE && status == DESK_FINE)
            status = DESK_NOT_WELL;
    }
    json_decref(reply);
    return status;
}

static size_t count_applying(const struct act *act, const struct desk_find *find, size_t *out_first)
{
    size_t count = 0;

    for (size_t i = 0; i < find->count; i++) {
        if (act->applies(act, find->list[i].alarm) && count++ == 0)
            *out_first = i;
    }
    return count;
}

static void tell_several(const struct desk *desk, const struct act *act, const char *pattern,
                         const struct desk_find *find, size_t count)
{
    size_t shown = 0;

    desk_say(desk, "'%s' means %zu alarms; name one of them, or --all to %s each:", pattern, count,
             act->verb);
    for (size_t i = 0; i < find->count && shown < SHOWN_MAX; i++) {
        const json_t *alarm = find->list[i].alarm;

        if (!act->applies(act, alarm))
            continue;
        (void)fprintf(stderr, "  %s  (%s, seq %lld)\n", desk_short_name(desk_text(alarm, "alarm")),
                      desk_text(alarm, "state"), (long long)desk_number(alarm, "seq"));
        shown++;
    }
    if (shown < count)
        (void)fprintf(stderr, "  ... and %zu more\n", count - shown);
}

static int act_on(const struct desk *desk, const struct act *act, const char *pattern)
{
    struct desk_find find;
    struct wf_err err = { 0 };
    size_t at = 0, count;
    int preferred, status = DESK_FINE;

    if (desk_find(desk, pattern, &find, &err) < 0)
        return desk_fail(desk, &err);
    count = count_applying(act, &find, &at);
    preferred = act->is_for_all ? -1 : desk_prefer(pattern, &find);
    if (preferred >= 0 && (count != 1 || act->applies(act, find.list[preferred].alarm))) {
        /* When it means nothing now, the monitor knows best why. */
        status = send_one(desk, act, &find.list[preferred]);
    } else if (count == 0) {
        desk_say(desk, "there is nothing to %s among the %zu alarms that '%s' means", act->verb,
                 find.count, pattern);
        status = DESK_NOT_WELL;
    } else if (count == 1) {
        status = send_one(desk, act, &find.list[at]);
    } else if (!act->is_for_all) {
        tell_several(desk, act, pattern, &find, count);
        status = DESK_CANNOT;
    } else {
        for (size_t i = 0; i < desk->running_count; i++) {
            int one = send_many(desk, act, desk->running[i], &find);

            status = one > status ? one : status;
        }
    }
    desk_find_fini(&find);
    return status;
}

int act_run(struct desk *desk, struct act *act)
{
    struct wf_common *common = &desk->common;
    struct wf_err err = { 0 };
    int status = DESK_FINE;

    if (act->request == NULL) {
        desk_say(desk, "notes must be UTF-8 text");
        return DESK_CANNOT;
    }
    if (desk_open(desk, &err) < 0) {
        status = desk_fail(desk, &err);
    } else if (common->operand_count == 0) {
        desk_say(desk, "which alarm? `wf alarms` lists them; see --help");
        status = DESK_CANNOT;
    } else if (common->operand_count > 1 && act->seq != NULL) {
        desk_say(desk, "--seq is of one alarm; name one");
        status = DESK_CANNOT;
    }
    for (int i = 0; i < common->operand_count && (status != DESK_CANNOT || i > 0); i++) {
        int one = act_on(desk, act, common->operands[i]);

        status = one > status ? one : status;
    }
    json_decref(act->request);
    act->request = NULL;
    return desk_finish(desk, status);
}
