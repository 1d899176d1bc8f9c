/* SPDX-License-Identifier: MIT */
/* Addresses and allow lists: who gets in, and what is refused as a list. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>

#include "address.h"

static void an_allow_list_lets_in_whom_it_names(void **state)
{
    static const struct {
        const char *allow, *address;
        bool want;
    } cases[] = {
        { "", "127.0.0.1", true },
        { "", "127.255.3.9", true },
        { "", "::1", true },
        { "", "10.0.0.1", false },
        { "", "::2", false },
        { "", "fe80::1", false },
        { "  \n", "127.0.0.1", true },
        { "10.0.0.0/8", "10.200.1.1", true },
        { "10.0.0.0/8", "11.0.0.1", false },
        { "10.0.0.0/8", "127.0.0.1", false },
        { "192.0.2.128/25", "192.0.2.127", false },
        { "192.0.2.128/25", "192.0.2.128", true },
        { "192.0.2.7", "192.0.2.7", true },
        { "192.0.2.7", "192.0.2.6", false },
        { "10.0.0.0/8, 192.0.2.0/24\n2001:db8::/33", "192.0.2.1", true },
        { "2001:db8::/33", "2001:db8:7fff::1", true },
        { "2001:db8::/33", "2001:db8:8000::1", false },
        { "0.0.0.0/0", "203.0.113.9", true },
        { "0.0.0.0/0", "::1", false },
        { "::/0", "203.0.113.9", false },
        { "::/0", "2001:db8::1", true },
        { "10.0.0.0/8", "::ffff:10.1.2.3", true },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct rx_allow allow = { 0 };
        struct rx_address address;
        struct wf_err err = { 0 };

        if (rx_allow_parse(cases[i].allow, &allow, &err) < 0)
            fail_msg("'%s': %s", cases[i].allow, err.text);
        assert_true(rx_address_parse(cases[i].address, &address));
        if (rx_allow_has(&allow, &address) != cases[i].want)
            fail_msg("'%s' and %s", cases[i].allow, cases[i].address);
    }
}

static void a_list_that_makes_no_sense_is_refused_with_what_was_expected(void **state)
{
    static const struct {
        const char *allow, *text;
    } cases[] = {
        { "localhost", "not a numeric address" },
        { "10.0.0.0/33", "0 to 32" },
        { "::/129", "0 to 128" },
        { "10.0.0.0/", "0 to 32" },
        { "10.0.0.0/-1", "0 to 32" },
        { "10.0.0.1/8", "10.0.0.0/8" },
        { "127.0.0.1 300.1.1.1", "300.1.1.1" },
        { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
          "a",
          "too long" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct rx_allow allow = { 0 };
        struct wf_err err = { 0 };

        assert_int_equal(rx_allow_parse(cases[i].allow, &allow, &err), WF_ERR_INVALID);
        if (strstr(err.text, cases[i].text) == NULL)
            fail_msg("'%s' says: %s", cases[i].allow, err.text);
    }
}

static void a_list_longer_than_its_limit_is_refused(void **state)
{
    static char text[(RX_ALLOW_MAX + 1) * sizeof("10.0.0.1 ")];
    struct rx_allow allow = { 0 };

    (void)state;
    for (size_t i = 0; i <= RX_ALLOW_MAX; i++)
        memcpy(text + i * 9, "10.0.0.1 ", 9);
    assert_int_equal(rx_allow_parse(text, &allow, NULL), WF_ERR_LIMIT);
    text[RX_ALLOW_MAX * 9] = '\0';
    assert_int_equal(rx_allow_parse(text, &allow, NULL), 0);
    assert_int_equal(allow.count, RX_ALLOW_MAX);
}

static void loopback_only_is_told_apart_from_open_lists(void **state)
{
    static const struct {
        const char *allow;
        bool want;
    } cases[] = {
        { "", true },
        { "127.0.0.1", true },
        { "127.0.0.0/8 ::1", true },
        { "10.0.0.0/8", false },
        { "::1 10.0.0.1", false },
        { "::/127", false },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct rx_allow allow = { 0 };

        assert_int_equal(rx_allow_parse(cases[i].allow, &allow, NULL), 0);
        if (rx_allow_is_loopback_only(&allow) != cases[i].want)
            fail_msg("'%s'", cases[i].allow);
    }
}

static void socket_addresses_become_plain_ones(void **state)
{
    struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(4711) };
    struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(9) };
    struct sockaddr other = { .sa_family = AF_UNIX };
    struct rx_address a, b;
    uint16_t port = 0;
    char text[RX_ADDRESS_TEXT];

    (void)state;
    assert_int_equal(inet_pton(AF_INET, "192.0.2.7", &v4.sin_addr), 1);
    assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.7", &v6.sin6_addr), 1);
    assert_true(rx_address_from_sockaddr((struct sockaddr *)&v4, &a, &port));
    assert_int_equal(port, 4711);
    assert_true(rx_address_from_sockaddr((struct sockaddr *)&v6, &b, NULL));
    assert_true(rx_address_is_equal(&a, &b));
    rx_address_text(&b, text, sizeof(text));
    assert_string_equal(text, "192.0.2.7");
    assert_false(rx_address_from_sockaddr(&other, &a, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_allow_list_lets_in_whom_it_names),
        cmocka_unit_test(a_list_that_makes_no_sense_is_refused_with_what_was_expected),
        cmocka_unit_test(a_list_longer_than_its_limit_is_refused),
        cmocka_unit_test(loopback_only_is_told_apart_from_open_lists),
        cmocka_unit_test(socket_addresses_become_plain_ones),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
