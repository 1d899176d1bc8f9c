/* SPDX-License-Identifier: MIT */
/* The sd_notify protocol, over both kinds of unix sockets. */

#include "support/unit.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <watchfloor/service.h>
#include <watchfloor/strbuf.h>

/* A socket bound to `name` ('@' first: abstract), non-blocking. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    size_t len = strlen(name);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    assert_true(fd >= 0);
    assert_true(len < sizeof(address.sun_path));
    memcpy(address.sun_path, name, len);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    assert_int_equal(bind(fd, (const struct sockaddr *)&address,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)),
                     0);
    return fd;
}

static void expect_datagram(int fd, const char *want)
{
    char text[600] = "";
    ssize_t got = recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT);

    assert_true(got > 0);
    assert_string_equal(text, want);
}

static void expect_protocol_at(const char *name)
{
    int fd = listen_at(name);

    assert_int_equal(setenv("NOTIFY_SOCKET", name, 1), 0);
    wf_service_ready("3 listeners,\n5 subsystems");
    expect_datagram(fd, "READY=1\nSTATUS=3 listeners, 5 subsystems");
    wf_service_status("busy");
    expect_datagram(fd, "STATUS=busy");
    wf_service_ready(NULL);
    expect_datagram(fd, "READY=1");
    wf_service_alive();
    expect_datagram(fd, "WATCHDOG=1");
    wf_service_stopping();
    expect_datagram(fd, "STOPPING=1");
    (void)close(fd);
}

static void a_named_socket_hears_every_message(void **state)
{
    struct tmp_folder folder = tmp_folder_make();
    char *name = tmp_folder_path(&folder, "notify");

    (void)state;
    expect_protocol_at(name);
    tmp_folder_remove(&folder);
    free(name);
}

static void an_abstract_socket_hears_every_message(void **state)
{
    char name[64];
    struct wf_strbuf buf = WF_STRBUF_FIXED(name);

    (void)state;
    wf_strbuf_addf(&buf, "@wf-test-service-%ld", (long)getpid());
    expect_protocol_at(name);
}

static void nobody_listening_does_no_harm(void **state)
{
    (void)state;
    (void)unsetenv("NOTIFY_SOCKET");
    wf_service_ready("x");
    assert_int_equal(setenv("NOTIFY_SOCKET", "@wf-test-nobody-is-here", 1), 0);
    wf_service_ready("x");
    assert_int_equal(setenv("NOTIFY_SOCKET", "relative", 1), 0);
    wf_service_ready("x");
}

static void the_watchdog_is_fed_twice_per_period(void **state)
{
    char pid[32];
    struct wf_strbuf buf = WF_STRBUF_FIXED(pid);

    (void)state;
    (void)unsetenv("WATCHDOG_PID");
    (void)unsetenv("WATCHDOG_USEC");
    assert_true(wf_service_watchdog_ns() == 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "10000000", 1), 0);
    assert_true(wf_service_watchdog_ns() == INT64_C(5000000000));
    wf_strbuf_addf(&buf, "%ld", (long)getpid());
    assert_int_equal(setenv("WATCHDOG_PID", pid, 1), 0);
    assert_true(wf_service_watchdog_ns() == INT64_C(5000000000));
    assert_int_equal(setenv("WATCHDOG_PID", "1", 1), 0);
    assert_true(wf_service_watchdog_ns() == 0);
    assert_int_equal(setenv("WATCHDOG_USEC", "soon", 1), 0);
    assert_true(wf_service_watchdog_ns() == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_named_socket_hears_every_message),
        cmocka_unit_test(an_abstract_socket_hears_every_message),
        cmocka_unit_test(nobody_listening_does_no_harm),
        cmocka_unit_test(the_watchdog_is_fed_twice_per_period),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
