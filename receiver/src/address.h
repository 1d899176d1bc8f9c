/* SPDX-License-Identifier: MIT */
#ifndef RX_ADDRESS_H
#define RX_ADDRESS_H

/*
 * Addresses and allow lists - who may speak to a listener.
 *
 * An IPv4 address that arrives over an IPv6 socket (::ffff:a.b.c.d) is the IPv4
 * address it means, so that one allow list holds for both kinds of socket.
 *
 * Threads: any; nothing here keeps state.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/socket.h>

#include <watchfloor/err.h>

/* Room for the longest IPv6 text with scope and the end. */
#define RX_ADDRESS_TEXT 64
#define RX_ALLOW_MAX    256

struct rx_address {
    uint8_t version;   /* 4 or 6; 0 = none */
    uint8_t bytes[16]; /* network order; IPv4 uses the first four, the rest is zero */
};

/* False when `sockaddr` is neither IPv4 nor IPv6. `out_port` (host order) may be NULL. */
bool rx_address_from_sockaddr(const struct sockaddr *sockaddr, struct rx_address *out,
                              uint16_t *out_port);
/* Numeric text only ("192.0.2.7", "::1"), no names. */
bool rx_address_parse(const char *text, struct rx_address *out);
void rx_address_text(const struct rx_address *address, char *out, size_t size);
bool rx_address_is_equal(const struct rx_address *a, const struct rx_address *b);
bool rx_address_is_loopback(const struct rx_address *address);

/* A list of ADDRESS/PREFIX; zero-initialise, fill with rx_allow_parse. */
struct rx_allow {
    struct rx_prefix {
        struct rx_address address;
        uint8_t bits;
    } list[RX_ALLOW_MAX];
    size_t count;
};

/*
 * Read "ADDRESS/PREFIX ..." separated by blanks, commas or line ends; an address
 * without prefix means that one host; "" means loopback only (127.0.0.0/8 ::1/128).
 *   WF_ERR_INVALID   err says which entry and what was expected
 *   WF_ERR_LIMIT     more than RX_ALLOW_MAX entries
 */
int rx_allow_parse(const char *text, struct rx_allow *out, struct wf_err *err);
bool rx_allow_has(const struct rx_allow *allow, const struct rx_address *address);
/* Does it let anybody in who is not on this machine? */
bool rx_allow_is_loopback_only(const struct rx_allow *allow);

#endif /* RX_ADDRESS_H */
