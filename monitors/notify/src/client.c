/* SPDX-License-Identifier: MIT */
/* What people ask: see client.h. */

#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/control/control.h>
#include <watchfloor/notify.h>
#include <watchfloor/store/outbox.h>

#include "message.h"

#define STATUS_NOT_WELL 1
#define STATUS_CANNOT   2
#define LOG_LINES       50
/* A worker's start and the longest deadline a route may have. */
#define TEST_MS   (11 * 60 * 1000)
#define ANSWER_MS 5000

static int complain(const struct wf_err *err)
{
    (void)fprintf(stderr, "wf notify: %s\n", err->text);
    return STATUS_CANNOT;
}

static void print_json(const json_t *json)
{
    (void)json_dumpf(json, stdout, JSON_COMPACT);
    (void)putchar('\n');
}

static int ask(const struct ntf_client *client, json_t *request, int timeout_ms, json_t **out_reply,
               struct wf_err *err)
{
    char folder[WF_PATH_SIZE];
    int rc = wf_paths_in_state(&client->common->paths, "run", folder, sizeof(folder), err);

    if (rc == 0)
        rc = wf_control_ask(folder, "notify", request, timeout_ms, out_reply, err);
    json_decref(request);
    return rc;
}

/* --- test -------------------------------------------------------------------------------------- */

static int test(const struct ntf_client *client, const char *route)
{
    json_t *reply = NULL;
    struct wf_err err = { 0 };
    int rc = ask(client, json_pack("{ss ss}", "do", "test", "route", route), TEST_MS, &reply, &err);
    int status = EXIT_SUCCESS;

    if (rc == 0 && client->is_json)
        print_json(reply);
    else if (rc == 0)
        (void)printf("route %s: delivered in %.0f ms (%s)\n", route,
                     json_real_value(json_object_get(reply, "ms")),
                     json_string_value(json_object_get(reply, "id")));
    else if (rc == WF_ERR_SYSTEM && reply != NULL) {
        (void)fprintf(stderr, "wf notify: route %s: %s\n", route, err.text);
        status = STATUS_NOT_WELL;
    } else {
        status = complain(&err);
    }
    json_decref(reply);
    return status;
}

/* --- routes ------------------------------------------------------------------------------------ */

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static long long number_of(const json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

static void print_route(const json_t *route)
{
    char room[32];
    struct wf_strbuf age = WF_STRBUF_FIXED(room);
    const json_t *ago = json_object_get(route, "delivered_ago_s");

    if (ago != NULL)
        wf_strbuf_add_age(&age, (int64_t)(json_real_value(ago) * (double)WF_NS_PER_S));
    (void)printf("%-16s %-10s %-10s %10lld %8lld %8lld %8lld %8lld  %-8s %s\n",
                 text_of(route, "route"), text_of(route, "plugin"), text_of(route, "state"),
                 number_of(route, "delivered"), number_of(route, "waiting"),
                 number_of(route, "held"), number_of(route, "failed"), number_of(route, "given_up"),
                 ago != NULL ? room : "-", text_of(route, "why"));
}

static int routes(const struct ntf_client *client)
{
    json_t *reply = NULL;
    struct wf_err err = { 0 };
    int rc = ask(client, json_pack("{ss}", "do", "routes"), ANSWER_MS, &reply, &err);
    const json_t *list = json_object_get(reply, "routes");
    int status = EXIT_SUCCESS;

    if (rc < 0) {
        json_decref(reply);
        return complain(&err);
    }
    if (client->is_json)
        print_json(list);
    else
        (void)printf("%-16s %-10s %-10s %10s %8s %8s %8s %8s  %-8s %s\n", "route", "plugin",
                     "state", "delivered", "waiting", "held", "failed", "given up", "last", "why");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *route = json_array_get(list, i);

        if (!client->is_json)
            print_route(route);
        if (strcmp(text_of(route, "state"), "failing") == 0)
            status = STATUS_NOT_WELL;
    }
    json_decref(reply);
    return status;
}

/* --- log --------------------------------------------------------------------------------------- */

struct printing {
    bool is_json;
    char **lines; /* newest first, as they come */
    size_t count, capacity;
};

static void add_time(struct wf_strbuf *out, int64_t utc_ns)
{
    wf_strbuf_add_time(out, utc_ns, 3);
}

static void add_row(const struct wf_outbox_message *row, struct wf_strbuf *out)
{
    json_t *body = json_loads(row->body, 0, NULL);

    add_time(out, row->made_ns);
    wf_strbuf_addf(out, " %-10s %-12s ", row->state, row->route);
    wf_strbuf_addf(out, "%s", text_of(body, "subject"));
    if (row->done_ns != WF_TIME_NONE && strcmp(row->state, ntf_state_name(NTF_DELIVERED)) == 0) {
        wf_strbuf_add(out, " (in ");
        wf_strbuf_add_age(out, row->done_ns - row->made_ns);
        wf_strbuf_add_char(out, ')');
    }
    if (row->attempts > 0)
        wf_strbuf_addf(out, " (%u attempt%s failed: %s)", row->attempts,
                       row->attempts == 1 ? "" : "s", row->why);
    json_decref(body);
}

static void add_json(const struct wf_outbox_message *row, struct wf_strbuf *out)
{
    json_t *body = json_loads(row->body, 0, NULL);
    char room[40];
    struct wf_strbuf time = WF_STRBUF_FIXED(room);
    char *text;

    if (body == NULL)
        body = json_object();
    (void)json_object_set_new(body, "state_of_message", json_string(row->state));
    (void)json_object_set_new(body, "attempts", json_integer(row->attempts));
    (void)json_object_set_new(body, "why", json_string(row->why));
    add_time(&time, row->made_ns);
    (void)json_object_set_new(body, "made", json_string(room));
    wf_strbuf_clear(&time);
    add_time(&time, row->done_ns);
    (void)json_object_set_new(body, "done",
                              row->done_ns != WF_TIME_NONE ? json_string(room) : json_null());
    text = json_dumps(body, JSON_COMPACT);
    wf_strbuf_add(out, text != NULL ? text : "{}");
    free(text);
    json_decref(body);
}

static int keep_line(void *context, const struct wf_outbox_message *row)
{
    struct printing *printing = context;
    struct wf_strbuf line;
    char **lines;

    if (printing->count == printing->capacity) {
        size_t capacity = printing->capacity > 0 ? printing->capacity * 2 : 64;

        lines = realloc(printing->lines, capacity * sizeof(char *));
        if (lines == NULL)
            return WF_ERR_NOMEM;
        printing->lines = lines;
        printing->capacity = capacity;
    }
    wf_strbuf_init(&line, 1u << 20);
    if (printing->is_json)
        add_json(row, &line);
    else
        add_row(row, &line);
    printing->lines[printing->count] = strdup(line.text != NULL ? line.text : "");
    wf_strbuf_fini(&line);
    if (printing->lines[printing->count] == NULL)
        return WF_ERR_NOMEM;
    printing->count++;
    return 0;
}

static int read_query(const struct ntf_client *client, struct wf_outbox_query *out,
                      struct wf_err *err)
{
    int rc = 0;

    *out = (struct wf_outbox_query){
        .route = client->route,
        .alarm = client->alarm,
        .state = client->is_failed    ? ntf_state_name(NTF_GIVEN_UP)
                 : client->is_waiting ? ntf_state_name(NTF_WAITING)
                                      : NULL,
        .is_newest_first = true,
        .limit = client->since == NULL ? LOG_LINES : 0,
    };
    if (client->since != NULL)
        rc = wf_parse_time(client->since, wf_utc_now_ns(), &out->from_ns, err);
    if (rc == 0 && client->limit != NULL)
        rc = wf_parse_u64(client->limit, &out->limit, err);
    return rc;
}

static int show_log(const struct ntf_client *client)
{
    struct printing printing = { .is_json = client->is_json };
    struct wf_outbox_reader *reader = NULL;
    struct wf_outbox_query query;
    struct wf_err err = { 0 };
    char folder[WF_PATH_SIZE];
    int rc = read_query(client, &query, &err);

    if (rc == 0)
        rc = wf_paths_in_state(&client->common->paths, "notify", folder, sizeof(folder), &err);
    if (rc == 0)
        rc = wf_outbox_read(folder, &reader, &err);
    if (rc == 0)
        rc = wf_outbox_each(reader, &query, keep_line, &printing, &err);
    /* As it happened: the newest last. */
    for (size_t i = printing.count; i > 0; i--) {
        if (rc == 0)
            (void)puts(printing.lines[i - 1]);
        free(printing.lines[i - 1]);
    }
    free(printing.lines);
    wf_outbox_reader_close(&reader);
    if (rc == WF_ERR_NOMEM)
        (void)wf_fail(&err, rc, "out of memory");
    return rc < 0 ? complain(&err) : EXIT_SUCCESS;
}

int ntf_client_run(const struct ntf_client *client)
{
    char *const *words = client->common->operands;
    int count = client->common->operand_count;

    if (count == 2 && strcmp(words[0], "test") == 0)
        return test(client, words[1]);
    if (count == 1 && strcmp(words[0], "routes") == 0)
        return routes(client);
    if (count == 1 && strcmp(words[0], "log") == 0)
        return show_log(client);
    (void)fprintf(stderr,
                  "wf notify: expected `test ROUTE`, `routes` or `log`, or nothing: then it "
                  "is the notifier itself\n");
    return STATUS_CANNOT;
}
