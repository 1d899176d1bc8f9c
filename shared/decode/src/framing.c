/* SPDX-License-Identifier: MIT */
/*
 * The framer: datagrams are taken as they are, streams go through a buffer.
 *
 * A stream is *in step* while each unit begins where the last one ended. It falls out
 * of step at the first place where no unit can begin; then every place is looked at
 * until a run of units is confirmed. What was passed over is one run of rubbish.
 */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/decode/ccsds.h>
#include <watchfloor/strbuf.h>

#include "framing_internal.h"

/* In step, an APID never met before is believed at once with that much evidence around it. */
#define EVIDENCE_TRUSTED 20u

struct wf_framer {
    struct wfd_stages stages;
    bool is_stream;
    bool has_known;
    uint8_t known[256];
    unsigned known_evidence; /* bits that an expected APID adds to a header */

    uint64_t skipped_bytes, rubbish_bytes;

    /* Streams only. */
    bool is_paused; /* whole units may be held */
    bool is_in_step;
    bool has_begun;    /* a packet was found on this connection */
    uint8_t seen[256]; /* APIDs found on it */
    uint8_t *buffer;   /* WF_FRAMER_BUFFER_BYTES */
    size_t held;       /* bytes in it */
    size_t search_at;  /* out of step: look again when this much is held */

    /* The run of rubbish being gathered. */
    enum wf_reject rubbish_why;
    size_t rubbish_run; /* bytes of it; 0 = none */
    uint8_t rubbish_head[WF_FRAMER_RUBBISH_MAX];
};

/* Who hears about it: the arguments of one call. */
struct hearer {
    wf_packet_fn on_packet;
    wf_rubbish_fn on_rubbish;
    void *context;
};

static void end_rubbish(struct wf_framer *framer, const struct hearer *hearer)
{
    size_t len = framer->rubbish_run;

    if (len == 0)
        return;
    framer->rubbish_run = 0;
    hearer->on_rubbish(hearer->context, framer->rubbish_why, framer->rubbish_head,
                       len < WF_FRAMER_RUBBISH_MAX ? len : WF_FRAMER_RUBBISH_MAX);
}

/* Add to the run of rubbish; the first part decides its reason. */
static void add_rubbish(struct wf_framer *framer, enum wf_reject why, const uint8_t *bytes,
                        size_t len, const struct hearer *hearer)
{
    if (len == 0)
        return;
    if (framer->rubbish_run == 0)
        framer->rubbish_why = why;
    if (framer->rubbish_run < WF_FRAMER_RUBBISH_MAX) {
        size_t room = WF_FRAMER_RUBBISH_MAX - framer->rubbish_run;

        memcpy(framer->rubbish_head + framer->rubbish_run, bytes, len < room ? len : room);
    }
    framer->rubbish_run += len;
    framer->rubbish_bytes += len;
    if (framer->rubbish_run >= WF_FRAMER_BUFFER_BYTES)
        end_rubbish(framer, hearer);
}

/* Call back what one whole unit holds. A length stage may hold several packets, or a rest. */
static void deliver_unit(struct wf_framer *framer, const uint8_t *bytes,
                         const struct wfd_unit *unit, const struct hearer *hearer)
{
    static const struct wfd_stages no_stages;
    struct wfd_unit inner = *unit;
    size_t at = unit->packet_at;

    end_rubbish(framer, hearer);
    framer->skipped_bytes += at;
    for (;;) {
        enum wfd_unit_state state;

        framer->seen[inner.apid / 8] |= (uint8_t)(1u << inner.apid % 8);
        hearer->on_packet(hearer->context, bytes + at, inner.packet_bytes);
        at += inner.packet_bytes;
        if (at >= unit->unit_bytes)
            return;
        state = wfd_unit_look(&no_stages, bytes + at, unit->unit_bytes - at, &inner);
        if (state != WFD_UNIT_FOUND || inner.packet_bytes > unit->unit_bytes - at) {
            add_rubbish(framer, state == WFD_UNIT_BAD ? inner.why : WF_REJECT_TRUNCATED, bytes + at,
                        unit->unit_bytes - at, hearer);
            end_rubbish(framer, hearer);
            return;
        }
    }
}

/* What nearly every datagram is: packets with nothing before them. Returns the bytes taken. */
static size_t feed_plain(const uint8_t *bytes, size_t len, const struct hearer *hearer)
{
    size_t at = 0;

    while (len - at > WF_CCSDS_HEADER_BYTES && bytes[at] >> 5 == 0) {
        size_t size =
            WF_CCSDS_HEADER_BYTES + 1u + ((size_t)bytes[at + 4] << 8) + (size_t)bytes[at + 5];

        if (size > len - at)
            break;
        hearer->on_packet(hearer->context, bytes + at, size);
        at += size;
    }
    return at;
}

static void feed_datagram(struct wf_framer *framer, const uint8_t *bytes, size_t len,
                          const struct hearer *hearer)
{
    if (len == 0)
        hearer->on_rubbish(hearer->context, WF_REJECT_TRUNCATED, bytes, 0);
    if (framer->stages.count == 0) {
        size_t plain = feed_plain(bytes, len, hearer);

        bytes += plain;
        len -= plain;
    }
    while (len > 0) {
        struct wfd_unit unit;
        enum wfd_unit_state state = wfd_unit_look(&framer->stages, bytes, len, &unit);
        size_t taken = len;

        if (state == WFD_UNIT_FOUND && unit.unit_bytes <= len) {
            deliver_unit(framer, bytes, &unit, hearer);
            taken = unit.unit_bytes;
        } else if (state != WFD_UNIT_BAD) {
            add_rubbish(framer, WF_REJECT_TRUNCATED, bytes, len, hearer);
        } else {
            /* Only a marker can tell where it goes on; without one the rest is lost. */
            taken = framer->stages.has_sync ? 1 : len;
            add_rubbish(framer, unit.why, bytes, taken, hearer);
        }
        bytes += taken;
        len -= taken;
    }
    end_rubbish(framer, hearer);
}

/* In step: is this unit to be believed, or must what follows it agree first? */
static bool is_trusted(const struct wf_framer *framer, const struct wfd_unit *unit)
{
    const uint8_t *expected = framer->has_known ? framer->known : framer->seen;

    if (unit->evidence >= EVIDENCE_TRUSTED || unit->apid == WF_CCSDS_APID_IDLE)
        return true;
    if (!framer->has_known && !framer->has_begun)
        return true; /* a connection begins with a packet */
    return (expected[unit->apid / 8] >> (unit->apid % 8) & 1) != 0;
}

/*
 * Look for the first place that is confirmed. Returns the bytes given up; those that
 * may yet become packets stay. Looking again at places that wait for more would be
 * quadratic in what is held, so it is done each time a 32nd more has come.
 *
 * In step, the unit at the front is doubtful and not whole: it is held, and given up
 * only for a run of units behind its first byte that is confirmed beyond doubt.
 */
static size_t search(struct wf_framer *framer, const uint8_t *bytes, size_t len, bool is_final,
                     const struct hearer *hearer)
{
    const uint8_t *known = framer->has_known ? framer->known : NULL;
    bool is_front_held = framer->is_in_step;
    size_t first_waiting = is_front_held ? 0 : len;
    size_t found = len;

    if (!is_final && len < framer->search_at)
        return 0;
    for (size_t at = is_front_held; at < len && found == len; at++) {
        enum wfd_unit_state state;

        if (framer->stages.count == 0 && (bytes[at] & 0xf0) != 0)
            continue; /* version and type, seen at a glance */
        state = wfd_unit_confirm(&framer->stages, known, framer->known_evidence,
                                 is_front_held ? WFD_EVIDENCE_STRONG : WFD_EVIDENCE_NEEDED,
                                 bytes + at, len - at, is_final);
        if (state == WFD_UNIT_FOUND)
            found = at;
        else if (state == WFD_UNIT_SHORT && first_waiting == len)
            first_waiting = at;
    }
    if (found < len) {
        framer->is_in_step = true;
        first_waiting = found;
    } else if (len - first_waiting > WF_FRAMER_BUFFER_BYTES / 2) {
        first_waiting = len - WF_FRAMER_BUFFER_BYTES / 2; /* a full buffer would wait for ever */
        framer->is_in_step = false;
    }
    add_rubbish(framer, WF_REJECT_BAD_FRAMING, bytes, first_waiting, hearer);
    framer->search_at = (len - first_waiting) + (len - first_waiting) / 32 + 1;
    return first_waiting;
}

/*
 * Take one unit at `bytes` while in step. Returns the bytes taken; 0: wait for more.
 * A doubtful unit must be followed by another; a cut one at the end of the stream may
 * be noise that hides good ones.
 */
static size_t take_in_step(struct wf_framer *framer, const uint8_t *bytes, size_t len,
                           bool is_final, const struct hearer *hearer)
{
    struct wfd_unit unit;
    struct wfd_unit next;
    enum wfd_unit_state state = wfd_unit_look(&framer->stages, bytes, len, &unit);

    if (state == WFD_UNIT_FOUND && !is_trusted(framer, &unit)) {
        if (unit.unit_bytes > len)
            return search(framer, bytes, len, is_final, hearer);
        state =
            wfd_unit_look(&framer->stages, bytes + unit.unit_bytes, len - unit.unit_bytes, &next);
        if (state == WFD_UNIT_SHORT && !is_final)
            return 0;
        if (state == WFD_UNIT_SHORT)
            state = WFD_UNIT_FOUND;
        unit.why = WF_REJECT_BAD_FRAMING;
    }
    if (state == WFD_UNIT_BAD) {
        framer->is_in_step = false;
        framer->search_at = 0;
        add_rubbish(framer, unit.why, bytes, 1, hearer);
        return 1;
    }
    if (state == WFD_UNIT_SHORT || unit.unit_bytes > len)
        return is_final ? search(framer, bytes, len, true, hearer) : 0;
    framer->has_begun = true;
    framer->search_at = 0;
    deliver_unit(framer, bytes, &unit, hearer);
    return unit.unit_bytes;
}

/* Take what can be taken from the front of what is held. */
static void take_held(struct wf_framer *framer, bool is_final, const struct hearer *hearer)
{
    size_t at = 0;

    while (at < framer->held && !framer->is_paused) {
        const uint8_t *bytes = framer->buffer + at;
        size_t len = framer->held - at;
        bool was_in_step = framer->is_in_step;
        size_t taken = was_in_step ? take_in_step(framer, bytes, len, is_final, hearer)
                                   : search(framer, bytes, len, is_final, hearer);

        at += taken;
        if (taken == 0 && was_in_step == framer->is_in_step)
            break;
        if (!was_in_step && !framer->is_in_step)
            break;
    }
    framer->held -= at;
    if (at > 0 && framer->held > 0)
        memmove(framer->buffer, framer->buffer + at, framer->held);
}

int wf_framer_create(const char *stages, const char *format, bool is_stream,
                     struct wf_framer **out_framer, struct wf_err *err)
{
    struct wf_framer *framer = NULL;
    struct wfd_stages parsed;
    int rc = wfd_stages_parse(stages, &parsed, err);

    if (rc < 0)
        return rc;
    if (wf_casecmp(format, "ccsds") != 0)
        return wf_fail(err, WF_ERR_INVALID, "packet format '%s' is not known, expected ccsds",
                       format);
    framer = calloc(1, sizeof(*framer));
    if (framer == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "framer");
    framer->stages = parsed;
    framer->is_stream = is_stream;
    if (is_stream) {
        framer->buffer = malloc(WF_FRAMER_BUFFER_BYTES);
        if (framer->buffer == NULL) {
            wf_framer_destroy(&framer);
            return wf_fail(err, WF_ERR_NOMEM, "framer");
        }
    }
    wf_framer_reset(framer);
    *out_framer = framer;
    return 0;
}

void wf_framer_destroy(struct wf_framer **framer)
{
    if (*framer == NULL)
        return;
    free((*framer)->buffer);
    free(*framer);
    *framer = NULL;
}

void wf_framer_reset(struct wf_framer *framer)
{
    framer->is_paused = false;
    framer->is_in_step = true;
    framer->has_begun = false;
    memset(framer->seen, 0, sizeof(framer->seen));
    framer->held = 0;
    framer->search_at = 0;
    framer->rubbish_run = 0;
}

void wf_framer_set_known(struct wf_framer *framer, const uint8_t known[256])
{
    unsigned count = 0;

    framer->has_known = known != NULL;
    framer->known_evidence = 0;
    if (known == NULL)
        return;
    memcpy(framer->known, known, sizeof(framer->known));
    for (unsigned apid = 0; apid < WF_CCSDS_APID_COUNT; apid++)
        count += ((unsigned)known[apid / 8] >> (apid % 8)) & 1u;
    /* One in 2^n of all APIDs is expected: n bits. */
    while (count > 0 && (count << (framer->known_evidence + 1)) <= WF_CCSDS_APID_COUNT)
        framer->known_evidence++;
}

void wf_framer_feed(struct wf_framer *framer, const uint8_t *bytes, size_t len,
                    wf_packet_fn on_packet, wf_rubbish_fn on_rubbish, void *context)
{
    const struct hearer hearer = { on_packet, on_rubbish, context };

    if (!framer->is_stream) {
        feed_datagram(framer, bytes, len, &hearer);
        return;
    }
    while (len > 0) {
        size_t room = WF_FRAMER_BUFFER_BYTES - framer->held;
        size_t taken = len < room ? len : room;

        memcpy(framer->buffer + framer->held, bytes, taken);
        framer->held += taken;
        bytes += taken;
        len -= taken;
        if (framer->held == WF_FRAMER_BUFFER_BYTES)
            framer->search_at = 0;
        if (len > 0)
            framer->is_paused = false; /* there is no room to pause in */
        take_held(framer, false, &hearer);
        if (len > 0)
            framer->is_paused = false;
    }
}

void wf_framer_pause(struct wf_framer *framer)
{
    framer->is_paused = framer->is_stream;
}

void wf_framer_resume(struct wf_framer *framer, wf_packet_fn on_packet, wf_rubbish_fn on_rubbish,
                      void *context)
{
    const struct hearer hearer = { on_packet, on_rubbish, context };

    framer->is_paused = false;
    if (framer->is_stream)
        take_held(framer, false, &hearer);
}

bool wf_framer_is_paused(const struct wf_framer *framer)
{
    return framer->is_paused;
}

void wf_framer_end(struct wf_framer *framer, wf_packet_fn on_packet, wf_rubbish_fn on_rubbish,
                   void *context)
{
    const struct hearer hearer = { on_packet, on_rubbish, context };

    if (framer->is_stream) {
        do {
            framer->is_paused = false;
            take_held(framer, true, &hearer);
        } while (framer->is_paused);
        add_rubbish(framer, WF_REJECT_TRUNCATED, framer->buffer, framer->held, &hearer);
        end_rubbish(framer, &hearer);
    }
    wf_framer_reset(framer);
}

uint64_t wf_framer_skipped_bytes(const struct wf_framer *framer)
{
    return framer->skipped_bytes;
}

uint64_t wf_framer_rubbish_bytes(const struct wf_framer *framer)
{
    return framer->rubbish_bytes;
}
