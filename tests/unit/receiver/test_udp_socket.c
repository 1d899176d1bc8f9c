/* SPDX-License-Identifier: MIT */
/* UDP sockets: what arrives, when it arrived, and what the kernel dropped. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>

#include "address.h"
#include "udp_socket.h"

#define DEADLINE_MS 5000

static struct rx_udp_batch *batch;

static int make_batch(void **state)
{
    (void)state;
    return rx_udp_batch_create(&batch, NULL);
}

static int drop_batch(void **state)
{
    (void)state;
    rx_udp_batch_destroy(&batch);
    return 0;
}

static struct rx_udp_bound open_on(const char *host, const char *group, const char *interface,
                                   uint64_t buffer)
{
    struct rx_udp_options options = {
        .host = host, .group = group, .interface = interface, .receive_buffer = buffer
    };
    struct rx_udp_bound bound = { .fd = -1 };
    struct wf_err err = { 0 };

    if (rx_udp_open(&options, &bound, &err) < 0)
        fail_msg("%s", err.text);
    return bound;
}

static int connect_to(const struct rx_udp_bound *bound)
{
    int fd = socket(bound->address.ss_family, SOCK_DGRAM, 0);
    socklen_t len = bound->address.ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                        : sizeof(struct sockaddr_in6);

    assert_true(fd >= 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&bound->address, len), 0);
    return fd;
}

/* Wait until something is there, then read one batch. */
static int read_some(int fd)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };

    assert_int_equal(poll(&wait, 1, DEADLINE_MS), 1);
    return rx_udp_read(fd, batch);
}

static void datagrams_arrive_whole_with_sender_and_kernel_time(void **state)
{
    static const char *const hosts[] = { "127.0.0.1", "::1" };

    (void)state;
    for (size_t h = 0; h < WF_COUNT_OF(hosts); h++) {
        struct rx_udp_bound bound = open_on(hosts[h], "", "", 65536);
        int sender = connect_to(&bound);
        struct rx_datagram datagram;
        struct rx_address from, wanted;
        int64_t before = wf_utc_now_ns();

        assert_int_equal(rx_udp_read(bound.fd, batch), 0);
        assert_int_equal(send(sender, "first", 5, 0), 5);
        assert_int_equal(send(sender, "", 0, 0), 0);
        assert_int_equal(send(sender, "third one", 9, 0), 9);
        assert_int_equal(read_some(bound.fd), 3);

        rx_udp_datagram(batch, 0, &datagram);
        assert_int_equal(datagram.len, 5);
        assert_memory_equal(datagram.bytes, "first", 5);
        assert_false(datagram.was_cut);
        assert_true(rx_address_from_sockaddr(datagram.from, &from, NULL));
        assert_true(rx_address_parse(hosts[h], &wanted));
        assert_true(rx_address_is_equal(&from, &wanted));
        /* The very first one may be stamped a little late: the kernel was just asked to. */
        assert_true(datagram.received_ns >= before - WF_NS_PER_S);
        assert_true(datagram.received_ns <= wf_utc_now_ns() + WF_NS_PER_S);
        rx_udp_datagram(batch, 1, &datagram);
        assert_int_equal(datagram.len, 0);
        rx_udp_datagram(batch, 2, &datagram);
        assert_memory_equal(datagram.bytes, "third one", 9);
        assert_int_equal(rx_udp_read(bound.fd, batch), 0);
        (void)close(sender);
        (void)close(bound.fd);
    }
}

static void the_largest_datagram_fits(void **state)
{
    static uint8_t big[65507];
    struct rx_udp_bound bound = open_on("127.0.0.1", "", "", 1 << 20);
    int sender = connect_to(&bound);
    struct rx_datagram datagram;

    (void)state;
    memset(big, 0x5a, sizeof(big));
    assert_int_equal(send(sender, big, sizeof(big), 0), (int)sizeof(big));
    assert_int_equal(read_some(bound.fd), 1);
    rx_udp_datagram(batch, 0, &datagram);
    assert_int_equal(datagram.len, sizeof(big));
    assert_false(datagram.was_cut);
    assert_memory_equal(datagram.bytes, big, sizeof(big));
    (void)close(sender);
    (void)close(bound.fd);
}

static void offered_is_received_plus_dropped(void **state)
{
    struct rx_udp_bound bound = open_on("127.0.0.1", "", "", 8192);
    int sender = connect_to(&bound);
    uint32_t drops = 0, offered = 0, received = 0;
    struct rx_datagram first;

    (void)state;
    for (int round = 0; round < 3; round++) {
        uint8_t bytes[200] = { 0 };
        int count;

        for (int i = 0; i < 500; i++) {
            if (send(sender, bytes, sizeof(bytes), 0) == (int)sizeof(bytes))
                offered++;
        }
        assert_true((count = rx_udp_read(bound.fd, batch)) > 0);
        rx_udp_datagram(batch, 0, &first);
        assert_int_equal(first.drops, drops); /* those of the round before, none of this one */
        for (; count > 0; count = rx_udp_read(bound.fd, batch))
            received += (uint32_t)count;
        assert_true(rx_udp_drops(bound.fd, &drops));
        assert_int_equal(offered, received + drops);
    }
    assert_true(drops > 0);
    (void)close(sender);
    (void)close(bound.fd);
}

static void a_group_is_heard_on_the_interface_that_was_named(void **state)
{
    static const struct {
        const char *group, *interface;
    } cases[] = { { "239.255.77.1", "lo" }, { "239.255.77.1", "127.0.0.1" }, { "ff12::77", "lo" } };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct rx_udp_bound bound = open_on("127.0.0.1", cases[i].group, cases[i].interface, 65536);
        int sender = socket(bound.address.ss_family, SOCK_DGRAM, 0);
        struct rx_datagram datagram;

        assert_true(sender >= 0);
        if (bound.address.ss_family == AF_INET) {
            struct in_addr lo = { .s_addr = htonl(INADDR_LOOPBACK) };
            assert_int_equal(setsockopt(sender, IPPROTO_IP, IP_MULTICAST_IF, &lo, sizeof(lo)), 0);
            assert_int_equal(sendto(sender, "x", 1, 0, (struct sockaddr *)&bound.address,
                                    sizeof(struct sockaddr_in)),
                             1);
        } else {
            unsigned lo = if_nametoindex("lo");

            assert_int_equal(setsockopt(sender, IPPROTO_IPV6, IPV6_MULTICAST_IF, &lo, sizeof(lo)),
                             0);
            if (sendto(sender, "x", 1, 0, (struct sockaddr *)&bound.address,
                       sizeof(struct sockaddr_in6)) < 0) {
                /* Most machines have no IPv6 multicast route over lo; joining was tested. */
                assert_int_equal(errno, ENETUNREACH);
                print_message("no IPv6 multicast route over lo: only joined\n");
                (void)close(sender);
                (void)close(bound.fd);
                continue;
            }
        }
        assert_int_equal(read_some(bound.fd), 1);
        rx_udp_datagram(batch, 0, &datagram);
        assert_int_equal(datagram.len, 1);
        (void)close(sender);
        (void)close(bound.fd);
    }
}

static void what_cannot_be_opened_says_what_to_do(void **state)
{
    struct rx_udp_bound taken = open_on("127.0.0.1", "", "", 8192);
    struct sockaddr_in address;

    (void)state;
    memcpy(&address, &taken.address, sizeof(address));

    const struct {
        struct rx_udp_options options;
        int want;
        const char *text;
    } cases[] = {
        { { "127.0.0.1", ntohs(address.sin_port), "", "", 8192 }, WF_ERR_EXISTS, "in use" },
        { { "no such host", 0, "", "", 8192 }, WF_ERR_INVALID, "no such host" },
        { { "192.0.2.1", 0, "", "", 8192 }, WF_ERR_INVALID, "no interface" },
        { { "", 0, "239.255.77.1", "wf-none0", 8192 }, WF_ERR_INVALID, "wf-none0" },
        { { "", 0, "10.1.2.3", "lo", 8192 }, WF_ERR_INVALID, "10.1.2.3" },
    };

    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct rx_udp_bound bound = { .fd = -1 };
        struct wf_err err = { 0 };
        int rc = rx_udp_open(&cases[i].options, &bound, &err);

        if (rc != cases[i].want || strstr(err.text, cases[i].text) == NULL)
            fail_msg("case %zu: %d %s", i, rc, err.text);
        assert_int_equal(bound.fd, -1);
    }
    (void)close(taken.fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(datagrams_arrive_whole_with_sender_and_kernel_time),
        cmocka_unit_test(the_largest_datagram_fits),
        cmocka_unit_test(offered_is_received_plus_dropped),
        cmocka_unit_test(a_group_is_heard_on_the_interface_that_was_named),
        cmocka_unit_test(what_cannot_be_opened_says_what_to_do),
    };

    return cmocka_run_group_tests(tests, make_batch, drop_batch);
}
