/* SPDX-License-Identifier: MIT */
/* Peers: strangers cost no memory, and those with a connection stay. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "peers.h"

static struct rx_address address_of(unsigned n)
{
    char text[32];
    struct rx_address address;

    (void)snprintf(text, sizeof(text), "10.0.%u.%u", n / 256 % 256, n % 256);
    assert_true(rx_address_parse(text, &address));
    return address;
}

static void a_peer_is_found_again(void **state)
{
    static struct rx_peers peers;
    struct rx_address a = address_of(1), b = address_of(2);
    struct rx_peer *first = rx_peers_get(&peers, &a);

    (void)state;
    first->packets = 7;
    assert_ptr_not_equal(rx_peers_get(&peers, &b), first);
    assert_ptr_equal(rx_peers_get(&peers, &a), first);
    assert_int_equal(first->packets, 7);
}

static void the_one_silent_longest_makes_room(void **state)
{
    static struct rx_peers peers;

    (void)state;
    for (unsigned i = 0; i < RX_PEER_MAX; i++) {
        struct rx_address address = address_of(i);
        struct rx_peer *peer = rx_peers_get(&peers, &address);

        peer->last_received_ns = i == 5 ? 1 : 100 + i;
        peer->was_told = true;
    }
    /* Number 5 would go, but holds a connection; number 0 is next. */
    peers.list[5].connections = 1;
    struct rx_address stranger = address_of(1000), zero = address_of(0), five = address_of(5);

    assert_ptr_equal(rx_peers_get(&peers, &stranger), &peers.list[0]);
    assert_int_equal(peers.forgotten_count, 1);
    assert_true(rx_address_is_equal(&peers.forgotten[0], &zero));
    assert_ptr_equal(rx_peers_get(&peers, &five), &peers.list[5]);
}

static void a_flood_of_strangers_stays_in_bounds(void **state)
{
    static struct rx_peers peers;

    (void)state;
    for (unsigned i = 0; i < 10000; i++) {
        struct rx_address address = address_of(i);
        struct rx_peer *peer = rx_peers_get(&peers, &address);

        peer->last_received_ns = i;
        peer->was_told = true;
        peer->connections = i < RX_PEER_MAX ? 1 : peer->connections;
    }
    assert_true(peers.forgotten_count <= RX_PEER_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_is_found_again),
        cmocka_unit_test(the_one_silent_longest_makes_room),
        cmocka_unit_test(a_flood_of_strangers_stays_in_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
