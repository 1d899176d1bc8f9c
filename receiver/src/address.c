/* SPDX-License-Identifier: MIT */
/* Addresses and allow lists: see address.h. */

#include "address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include <watchfloor/strbuf.h>

static size_t address_bytes(uint8_t version)
{
    return version == 4 ? 4 : 16;
}

/* ::ffff:a.b.c.d is what a dual-stack socket says for an IPv4 sender. */
static void unmap_v4(struct rx_address *address)
{
    static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

    if (address->version != 6 || memcmp(address->bytes, mapped, sizeof(mapped)) != 0)
        return;
    memmove(address->bytes, address->bytes + 12, 4);
    memset(address->bytes + 4, 0, 12);
    address->version = 4;
}

bool rx_address_from_sockaddr(const struct sockaddr *sockaddr, struct rx_address *out,
                              uint16_t *out_port)
{
    struct rx_address address = { 0 };
    uint16_t port;

    if (sockaddr->sa_family == AF_INET) {
        struct sockaddr_in v4;

        memcpy(&v4, sockaddr, sizeof(v4));
        address.version = 4;
        memcpy(address.bytes, &v4.sin_addr, 4);
        port = ntohs(v4.sin_port);
    } else if (sockaddr->sa_family == AF_INET6) {
        struct sockaddr_in6 v6;

        memcpy(&v6, sockaddr, sizeof(v6));
        address.version = 6;
        memcpy(address.bytes, &v6.sin6_addr, 16);
        unmap_v4(&address);
        port = ntohs(v6.sin6_port);
    } else {
        return false;
    }
    *out = address;
    if (out_port != NULL)
        *out_port = port;
    return true;
}

bool rx_address_parse(const char *text, struct rx_address *out)
{
    struct rx_address address = { 0 };

    if (inet_pton(AF_INET, text, address.bytes) == 1)
        address.version = 4;
    else if (inet_pton(AF_INET6, text, address.bytes) == 1)
        address.version = 6;
    else
        return false;
    unmap_v4(&address);
    *out = address;
    return true;
}

void rx_address_text(const struct rx_address *address, char *out, size_t size)
{
    if (address->version == 0 || inet_ntop(address->version == 4 ? AF_INET : AF_INET6,
                                           address->bytes, out, (socklen_t)size) == NULL)
        (void)wf_copy_text(out, size, "-");
}

bool rx_address_is_equal(const struct rx_address *a, const struct rx_address *b)
{
    return a->version == b->version && memcmp(a->bytes, b->bytes, sizeof(a->bytes)) == 0;
}

static bool prefix_has(const struct rx_prefix *prefix, const struct rx_address *address)
{
    size_t whole = prefix->bits / 8;
    unsigned rest = prefix->bits % 8;

    if (prefix->address.version != address->version)
        return false;
    if (memcmp(prefix->address.bytes, address->bytes, whole) != 0)
        return false;
    if (rest == 0)
        return true;

    uint8_t mask = (uint8_t)(0xff00u >> rest);

    return ((prefix->address.bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

/* True when no bit behind the prefix is set: 10.0.0.0/8, not 10.0.0.1/8. */
static bool is_clean_prefix(const struct rx_prefix *prefix)
{
    for (unsigned bit = prefix->bits; bit < 8 * address_bytes(prefix->address.version); bit++) {
        if ((prefix->address.bytes[bit / 8] & (0x80u >> (bit % 8))) != 0)
            return false;
    }
    return true;
}

static void clear_behind_prefix(struct rx_prefix *prefix)
{
    for (unsigned bit = prefix->bits; bit < 8 * address_bytes(prefix->address.version); bit++)
        prefix->address.bytes[bit / 8] &= (uint8_t) ~(0x80u >> (bit % 8));
}

static int parse_prefix(char *entry, struct rx_prefix *out, struct wf_err *err)
{
    struct rx_prefix prefix = { 0 };
    char *slash = strchr(entry, '/');
    uint64_t bits;

    if (slash != NULL)
        *slash = '\0';
    if (!rx_address_parse(entry, &prefix.address))
        return wf_fail(
            err, WF_ERR_INVALID,
            "allow: '%s' is not a numeric address, expected 192.0.2.0/24 or 2001:db8::/32", entry);

    uint64_t all = 8 * address_bytes(prefix.address.version);

    bits = all;
    if (slash != NULL && (wf_parse_u64(slash + 1, &bits, NULL) < 0 || bits > all))
        return wf_fail(err, WF_ERR_INVALID, "allow: '%s/%s': expected a prefix of 0 to %d", entry,
                       slash + 1, (int)all);
    prefix.bits = (uint8_t)bits;
    if (!is_clean_prefix(&prefix)) {
        char meant[RX_ADDRESS_TEXT];

        clear_behind_prefix(&prefix);
        rx_address_text(&prefix.address, meant, sizeof(meant));
        return wf_fail(err, WF_ERR_INVALID,
                       "allow: '%s/%s' has bits set behind its prefix, expected %s/%s or %s", entry,
                       slash + 1, meant, slash + 1, entry);
    }
    *out = prefix;
    return 0;
}

int rx_allow_parse(const char *text, struct rx_allow *out, struct wf_err *err)
{
    static const char separators[] = " \t\r\n,";
    const char *at = text + strspn(text, separators);

    out->count = 0;
    if (*at == '\0')
        at = "127.0.0.0/8 ::1/128";
    while (*at != '\0') {
        size_t len = strcspn(at, separators);
        char entry[RX_ADDRESS_TEXT];

        if (out->count == RX_ALLOW_MAX)
            return wf_fail(err, WF_ERR_LIMIT, "allow: more than %d entries", RX_ALLOW_MAX);
        if (len >= sizeof(entry))
            return wf_fail(err, WF_ERR_INVALID, "allow: '%.40s...' is too long for an address", at);
        memcpy(entry, at, len);
        entry[len] = '\0';

        int rc = parse_prefix(entry, &out->list[out->count], err);

        if (rc < 0)
            return rc;
        out->count++;
        at += len;
        at += strspn(at, separators);
    }
    return 0;
}

bool rx_allow_has(const struct rx_allow *allow, const struct rx_address *address)
{
    for (size_t i = 0; i < allow->count; i++) {
        if (prefix_has(&allow->list[i], address))
            return true;
    }
    return false;
}

bool rx_address_is_loopback(const struct rx_address *address)
{
    static const uint8_t v6[16] = { [15] = 1 };

    if (address->version == 4)
        return address->bytes[0] == 127;
    return address->version == 6 && memcmp(address->bytes, v6, sizeof(v6)) == 0;
}

bool rx_allow_is_loopback_only(const struct rx_allow *allow)
{
    for (size_t i = 0; i < allow->count; i++) {
        uint8_t least = allow->list[i].address.version == 4 ? 8 : 128;

        if (!rx_address_is_loopback(&allow->list[i].address) || allow->list[i].bits < least)
            return false;
    }
    return true;
}
