/* SPDX-License-Identifier: MIT */
/* Orders: see orders.h; the language is monitors/alert/README.md. */

#include "orders.h"

#include <jansson.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/control/control.h>

#include "explain.h"

#define ANSWER_MS 2000

const char *con_verb_done(enum con_verb verb)
{
    static const char *const done[] = {
        [CON_ACK] = "acknowledged",
        [CON_SHELVE] = "shelved",
        [CON_UNSHELVE] = "taken from the shelf",
        [CON_RESET] = "reset",
        [CON_EXPLAIN] = "",
    };

    return done[verb];
}

static const char *word_of(enum con_verb verb)
{
    static const char *const words[] = {
        [CON_ACK] = "ack",     [CON_SHELVE] = "shelve",   [CON_UNSHELVE] = "unshelve",
        [CON_RESET] = "reset", [CON_EXPLAIN] = "explain",
    };

    return words[verb];
}

static json_t *make_request(const struct con_orders *orders, const struct con_order *order)
{
    json_t *request = json_pack("{s:s, s:s}", "do", word_of(orders->verb), "alarm", order->alarm);

    if (request == NULL)
        return NULL;
    if (orders->verb == CON_ACK)
        (void)json_object_set_new(request, "seq", json_integer((json_int_t)order->seq));
    if (orders->verb == CON_SHELVE)
        (void)json_object_set_new(request, "for_s",
                                  json_real((double)orders->for_ns / (double)WF_NS_PER_S));
    if (orders->note[0] != '\0')
        (void)json_object_set_new(request, "note", json_string(orders->note));
    return request;
}

/* What the answer says beyond the sentence: who was faster. */
static void add_refusal(const struct con_order *order, const json_t *reply,
                        const struct wf_err *err, struct wf_strbuf *out)
{
    const json_t *changed = json_object_get(reply, "changed");
    const char *event = json_string_value(json_object_get(changed, "event"));
    const char *user = json_string_value(json_object_get(changed, "user"));

    if (out->len > 0)
        wf_strbuf_add(out, "; ");
    wf_strbuf_addf(out, "%s: %s", order->alarm, err->text);
    if (event != NULL)
        wf_strbuf_addf(out, " (%s%s%s)", event, user != NULL && user[0] != '\0' ? " by " : "",
                       user != NULL ? user : "");
}

/* False in *out_is_answered: nobody there, or not in time; the next order would wait as long. */
static bool send_one(const struct con_orders *orders, const struct con_order *order,
                     const char *run_folder, struct wf_strbuf *out, bool *out_is_answered)
{
    char socket[WF_NAME_SIZE + 16];
    struct wf_strbuf name = WF_STRBUF_FIXED(socket);
    json_t *request = make_request(orders, order);
    struct wf_err err = { 0 };
    json_t *reply = NULL;
    int rc;

    wf_strbuf_addf(&name, "alert-%s", order->monitor);
    rc = request != NULL ? wf_control_ask(run_folder, socket, request, ANSWER_MS, &reply, &err)
                         : wf_fail(&err, WF_ERR_NOMEM, "out of memory");
    *out_is_answered = rc == 0 || reply != NULL;
    if (rc < 0)
        add_refusal(order, reply, &err, out);
    else if (orders->verb == CON_EXPLAIN)
        con_explain(json_object_get(reply, "explain"), out);
    json_decref(request);
    json_decref(reply);
    return rc == 0;
}

bool con_orders_send(const struct con_orders *orders, const char *run_folder, char *out,
                     size_t size)
{
    struct wf_strbuf text;
    bool is_answered = true;
    size_t done = 0;

    wf_strbuf_init_fixed(&text, out, size);
    for (size_t i = 0; i < orders->count && is_answered; i++)
        done += send_one(orders, &orders->list[i], run_folder, &text, &is_answered);
    if (orders->verb == CON_EXPLAIN)
        return done == orders->count;
    if (done > 0) {
        char refused[256];

        (void)wf_copy_text(refused, sizeof(refused), out);
        wf_strbuf_clear(&text);
        if (orders->count == 1)
            wf_strbuf_addf(&text, "%s %s", orders->list[0].alarm, con_verb_done(orders->verb));
        else
            wf_strbuf_addf(&text, "%zu of %zu %s", done, orders->count,
                           con_verb_done(orders->verb));
        if (refused[0] != '\0')
            wf_strbuf_addf(&text, "; %s", refused);
    }
    return done == orders->count;
}
