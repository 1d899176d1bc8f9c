/* SPDX-License-Identifier: MIT */
/* Clients that send halves, too much, nonsense or nothing, do not read, or leave. */

#include "support.h"

#include <signal.h>

/* Whatever happened before, the next one is served. */
static void expect_alive(struct served *served)
{
    json_decref(ask(served, "{\"do\":\"echo\"}", 0));
}

static void nonsense_is_refused_and_the_connection_lives_on(void **state)
{
    static const char *const cases[] = {
        "\n",
        "hello\n",
        "{\"do\":\n",
        "[1,2,3]\n",
        "{}\n",
        "{\"do\":7}\n",
        "{\"do\":\"echo\",\"do\":\"refuse\"}\n",
        "{\"do\":\"echo\"} trailing\n",
        "\xff\xfe\n",
        "{\"do\":\"a\\u0000b\"}\n",
    };
    struct served served = serve_start(*state);
    int fd = raw_connect(&served);
    char line[4096];

    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        raw_say(fd, cases[i]);
        (void)raw_line(fd, line, sizeof(line));
        if (strstr(line, "\"code\":\"INVALID\"") == NULL)
            fail_msg("%s: %s", cases[i], line);
    }
    raw_say(fd, "{\"do\":\"echo\"}\n");
    assert_non_null(strstr(raw_line(fd, line, sizeof(line)), "\"ok\":true"));
    (void)close(fd);
    expect_alive(&served);
    serve_stop(&served);
}

static void a_request_in_single_bytes_is_one_request(void **state)
{
    static const char request[] = "{\"do\":\"echo\",\"alarm\":\"power.bus_voltage LIMIT\"}\n";
    struct served served = serve_start(*state);
    int fd = raw_connect(&served);
    char line[4096];

    for (size_t i = 0; i + 1 < sizeof(request); i++) {
        raw_send(fd, request + i, 1);
        if (i == 20)
            expect_alive(&served); /* nobody waits for the slow one */
    }
    assert_non_null(strstr(raw_line(fd, line, sizeof(line)), "power.bus_voltage LIMIT"));
    (void)close(fd);
    serve_stop(&served);
}

static void requests_in_one_piece_are_answered_in_order(void **state)
{
    struct served served = serve_start(*state);
    int fd = raw_connect(&served);
    char *text = malloc(1000 * 40), line[512], want[32];
    size_t len = 0;

    assert_non_null(text);
    for (int i = 0; i < 1000; i++)
        len += (size_t)snprintf(text + len, 40, "{\"do\":\"echo\",\"n\":%d}\n", i);
    raw_send(fd, text, len);
    assert_int_equal(shutdown(fd, SHUT_WR), 0); /* what was sent is still answered */
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(want, sizeof(want), "\"n\":%d}", i);
        assert_non_null(strstr(raw_line(fd, line, sizeof(line)), want));
    }
    assert_string_equal(raw_line(fd, line, sizeof(line)), "");
    (void)close(fd);
    free(text);
    serve_stop(&served);
}

static void a_huge_line_is_refused_and_hung_up_on(void **state)
{
    struct served served = serve_start(*state);
    char *text = malloc(WF_CONTROL_LINE_MAX * 2);
    char line[512];
    int fd = raw_connect(&served);

    assert_non_null(text);
    memset(text, 'x', WF_CONTROL_LINE_MAX * 2);
    for (size_t sent = 0; sent < WF_CONTROL_LINE_MAX * 2;) {
        ssize_t got = send(fd, text + sent, WF_CONTROL_LINE_MAX * 2 - sent, MSG_NOSIGNAL);

        if (got <= 0)
            break; /* it hung up before reading all of it */
        sent += (size_t)got;
    }
    assert_non_null(strstr(raw_line(fd, line, sizeof(line)), "\"code\":\"LIMIT\""));
    assert_string_equal(raw_line(fd, line, sizeof(line)), "");
    (void)close(fd);
    free(text);
    expect_alive(&served);
    serve_stop(&served);
}

static void the_longest_line_allowed_is_read(void **state)
{
    struct served served = serve_start(*state);
    char *text = malloc(WF_CONTROL_LINE_MAX + 1);
    char start[64];
    int fd = raw_connect(&served);
    int len = snprintf(start, sizeof(start), "{\"do\":\"refuse\"}");

    assert_non_null(text);
    memset(text, ' ', WF_CONTROL_LINE_MAX);
    memcpy(text, start, (size_t)len);
    text[WF_CONTROL_LINE_MAX] = '\n';
    raw_send(fd, text, WF_CONTROL_LINE_MAX + 1);
    assert_non_null(strstr(raw_line(fd, text, 512), "newer transition"));
    (void)close(fd);
    free(text);
    serve_stop(&served);
}

static void peers_that_leave_while_their_call_waits_harm_nobody(void **state)
{
    struct served served = serve_start(*state);

    for (int i = 0; i < 50; i++) {
        int fd = raw_connect(&served);

        raw_say(fd, i % 2 == 0 ? "{\"do\":\"later\"}\n" : "{\"do\":\"never\"}\n{\"do\":\"ec");
        wait_for_calls(&served, (size_t)i + 1);
        (void)close(fd);
    }
    expect_alive(&served);
    json_decref(ask(&served, "{\"do\":\"release\"}", 0));
    expect_alive(&served);
    serve_stop(&served);
}

static void an_answer_may_come_much_later(void **state)
{
    struct served served = serve_start(*state);
    int fd = raw_connect(&served);
    char line[512];

    raw_say(fd, "{\"do\":\"later\",\"n\":1}\n{\"do\":\"echo\",\"n\":2}\n");
    wait_for_calls(&served, 1);
    json_decref(ask(&served, "{\"do\":\"release\"}", 0));
    assert_non_null(strstr(raw_line(fd, line, sizeof(line)), "\"n\":1"));
    assert_non_null(strstr(raw_line(fd, line, sizeof(line)), "\"n\":2"));
    (void)close(fd);
    serve_stop(&served);
}

static void who_does_not_read_costs_one_answer_and_delays_nobody(void **state)
{
    struct served served = serve_start(*state);
    int fds[8];

    for (size_t i = 0; i < WF_COUNT_OF(fds); i++) {
        fds[i] = raw_connect(&served);
        raw_say(fds[i], "{\"do\":\"big\"}\n{\"do\":\"big\"}\n{\"do\":\"big\"}\n");
    }
    wait_for_calls(&served, WF_COUNT_OF(fds));
    expect_alive(&served);
    /* The second request of each is not even looked at before the first answer is taken. */
    assert_int_equal(calls_so_far(&served), WF_COUNT_OF(fds) + 1);
    for (size_t i = 0; i < WF_COUNT_OF(fds); i++)
        (void)close(fds[i]);
    serve_stop(&served);
}

static void one_too_many_is_told_so_and_room_comes_back(void **state)
{
    struct served served = serve_start(*state);
    int fds[WF_CONTROL_CLIENT_MAX];
    int64_t deadline_ns = wf_mono_now_ns() + DEADLINE_NS;
    char line[512];
    int rc;

    for (size_t i = 0; i < WF_COUNT_OF(fds); i++) {
        fds[i] = raw_connect(&served);
        raw_say(fds[i], "{\"do\":\"never\"}\n"); /* the first ones may not be dropped for others */
    }
    wait_for_calls(&served, WF_COUNT_OF(fds));
    int extra = raw_connect(&served);
    assert_non_null(strstr(raw_line(extra, line, sizeof(line)), "\"code\":\"LIMIT\""));
    (void)close(extra);
    json_decref(ask(&served, "{\"do\":\"echo\"}", WF_ERR_LIMIT));
    for (size_t i = 0; i < WF_COUNT_OF(fds); i++)
        (void)close(fds[i]);
    serve_stop(&served);

    served = serve_start(*state);
    for (size_t i = 0; i < WF_COUNT_OF(fds); i++)
        fds[i] = raw_connect(&served);
    for (size_t i = 0; i < WF_COUNT_OF(fds); i++)
        (void)close(fds[i]);
    do { /* the server notices one by one */
        json_t *request = json_pack("{s:s}", "do", "echo");

        rc = wf_control_ask(served.folder, "alert-main", request, 5000, NULL, NULL);
        json_decref(request);
        assert_true(wf_mono_now_ns() < deadline_ns);
    } while (rc != 0);
    serve_stop(&served);
}

/* Answers what it is told to, whatever was asked. */
static void *answer_nonsense(void *context)
{
    const char *const *script = context; /* path, answer */
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0), peer;
    char chunk[512];

    (void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", script[0]);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 1), 0);
    peer = accept(fd, NULL, NULL);
    if (script[1][0] != '!')
        (void)recv(peer, chunk, sizeof(chunk), 0);
    (void)send(peer, script[1], strlen(script[1]), MSG_NOSIGNAL);
    (void)close(peer);
    (void)close(fd);
    return NULL;
}

static void answers_that_make_no_sense_are_told(void **state)
{
    static const struct {
        const char *answer;
        int want;
    } cases[] = {
        { "", WF_ERR_GONE },
        { "{\"ok\":true}", WF_ERR_GONE }, /* cut off */
        { "[]\n", WF_ERR_CORRUPT },
        { "{}\n", WF_ERR_CORRUPT },
        { "!\n", WF_ERR_CORRUPT },
        { "{\"ok\":false}\n", WF_ERR_CORRUPT },
        { "{\"ok\":false,\"code\":\"NEWER\",\"error\":\"x\"}\n", WF_ERR_SYSTEM },
        { "{\"ok\":true}\nmore", 0 },
    };
    struct tmp_folder *tmp = *state;
    char *path = tmp_folder_path(tmp, "alert-main.sock");
    json_t *request = json_pack("{s:s}", "do", "echo");

    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        const char *script[] = { path, cases[i].answer };
        int64_t deadline_ns = wf_mono_now_ns() + DEADLINE_NS;
        pthread_t thread;
        int rc;

        (void)remove(path);
        assert_int_equal(pthread_create(&thread, NULL, answer_nonsense, script), 0);
        do {
            rc = wf_control_ask(tmp->path, "alert-main", request, 5000, NULL, NULL);
        } while (rc == WF_ERR_ABSENT && wf_mono_now_ns() < deadline_ns);
        if (rc != cases[i].want)
            fail_msg("'%s': %d, expected %d", cases[i].answer, rc, cases[i].want);
        (void)pthread_join(thread, NULL);
    }
    json_decref(request);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nonsense_is_refused_and_the_connection_lives_on),
        TEST(a_request_in_single_bytes_is_one_request),
        TEST(requests_in_one_piece_are_answered_in_order),
        TEST(a_huge_line_is_refused_and_hung_up_on),
        TEST(the_longest_line_allowed_is_read),
        TEST(peers_that_leave_while_their_call_waits_harm_nobody),
        TEST(an_answer_may_come_much_later),
        TEST(who_does_not_read_costs_one_answer_and_delays_nobody),
        TEST(one_too_many_is_told_so_and_room_comes_back),
        TEST(answers_that_make_no_sense_are_told),
    };

    (void)signal(SIGPIPE, SIG_IGN); /* as every program does */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
