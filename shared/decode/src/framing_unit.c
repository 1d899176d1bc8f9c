/* SPDX-License-Identifier: MIT */
/*
 * Is there a unit here, and how sure is that?
 *
 * After rubbish in a stream without a marker every place could be a packet: one
 * in eight has version 0. So evidence is added up, in bits: what a header says
 * that noise would say only once in 2^n. A place counts when several headers in
 * a row, each where the one before says it is, bring it to WFD_EVIDENCE_NEEDED: noise
 * of a whole buffer (2^18 places) then passes once in 2^6 buffers, and a stream
 * of two packets of one known APID is found at once.
 */

#include <string.h>

#include <watchfloor/decode/ccsds.h>

#include "framing_internal.h"

#define EVIDENCE_AT_END     20u /* the run ends exactly where the stream ends: 16 of them */
#define EVIDENCE_HEADER     4u  /* version 0, telemetry */
#define EVIDENCE_SUCCESSION 17u /* the same APID counts on: 11 bits and 64 of 2^14 */
#define SUCCESSION_MAX      64u
#define CHAIN_MAX           16

static uint64_t read_length(const struct wfd_stage *stage, const uint8_t *bytes)
{
    uint64_t value = 0;

    for (uint32_t i = 0; i < stage->bytes; i++)
        value = value << 8 | bytes[stage->is_little ? stage->bytes - 1 - i : i];
    return value;
}

static enum wfd_unit_state judge_bad(struct wfd_unit *out, enum wf_reject why)
{
    out->why = why;
    return WFD_UNIT_BAD;
}

/* The stages' part: moves *at behind them; *end is where a length stage says the unit ends. */
static enum wfd_unit_state look_at_stages(const struct wfd_stages *stages, const uint8_t *bytes,
                                          size_t len, size_t *at, size_t *end, struct wfd_unit *out)
{
    for (size_t i = 0; i < stages->count; i++) {
        const struct wfd_stage *stage = &stages->list[i];
        size_t there = len > *at ? len - *at : 0;

        if (stage->kind == WFD_STAGE_SYNC) {
            if (there > 0 && memcmp(bytes + *at, stage->marker,
                                    there < stage->bytes ? there : stage->bytes) != 0)
                return judge_bad(out, WF_REJECT_BAD_FRAMING);
            out->evidence += 8 * stage->bytes;
        }
        if (stage->kind == WFD_STAGE_LENGTH && there >= stage->bytes) {
            size_t behind = *at + stage->bytes;
            size_t rest = stages->prefix_bytes - behind;
            int64_t value = (int64_t)read_length(stage, bytes + *at) + stage->add;

            if (value < (int64_t)rest + WF_CCSDS_HEADER_BYTES + 1)
                return judge_bad(out, WF_REJECT_BAD_FRAMING);
            if (value > (int64_t)rest + WF_CCSDS_PACKET_MAX)
                return judge_bad(out, WF_REJECT_TOO_LONG);
            *end = behind + (size_t)value;
        }
        *at += stage->bytes;
    }
    return *at <= len ? WFD_UNIT_FOUND : WFD_UNIT_SHORT;
}

enum wfd_unit_state wfd_unit_look(const struct wfd_stages *stages, const uint8_t *bytes, size_t len,
                                  struct wfd_unit *out)
{
    struct wf_ccsds_header header;
    enum wfd_unit_state state;
    size_t at = 0;
    size_t end = 0;

    memset(out, 0, sizeof(*out));
    state = look_at_stages(stages, bytes, len, &at, &end, out);
    if (state != WFD_UNIT_FOUND)
        return state;
    if (at < len && bytes[at] >> 5 != 0)
        return judge_bad(out, WF_REJECT_BAD_VERSION);
    if (!wf_ccsds_parse(bytes + at, len - at, &header))
        return WFD_UNIT_SHORT;

    out->packet_at = at;
    out->packet_bytes = header.packet_bytes;
    out->unit_bytes = at + header.packet_bytes;
    out->apid = header.apid;
    out->sequence_count = header.sequence_count;
    out->is_command = header.is_command;
    out->evidence += EVIDENCE_HEADER;
    if (end > 0) {
        if (out->unit_bytes > end)
            return judge_bad(out, WF_REJECT_TRUNCATED);
        out->evidence += out->unit_bytes == end ? 16u : 2u;
        out->unit_bytes = end;
    }
    return WFD_UNIT_FOUND;
}

/* Bits the APID of the last of `count` units adds; false when it contradicts an earlier one. */
static bool add_succession(const struct wfd_unit *units, size_t count, unsigned *evidence)
{
    const struct wfd_unit *last = &units[count - 1];

    for (size_t i = count - 1; i-- > 0;) {
        unsigned ahead;

        if (units[i].apid != last->apid)
            continue;
        ahead =
            (unsigned)(last->sequence_count - units[i].sequence_count) % WF_CCSDS_SEQUENCE_MODULO;
        if (last->apid == WF_CCSDS_APID_IDLE)
            break;
        if (ahead < 1 || ahead > SUCCESSION_MAX)
            return false; /* also zeros, which would be packets of APID 0 one after another */
        *evidence += EVIDENCE_SUCCESSION;
        break;
    }
    return true;
}

enum wfd_unit_state wfd_unit_confirm(const struct wfd_stages *stages, const uint8_t *known,
                                     unsigned known_evidence, unsigned needed, const uint8_t *bytes,
                                     size_t len, bool is_final)
{
    struct wfd_unit units[CHAIN_MAX];
    unsigned evidence = 0;
    size_t at = 0;

    for (size_t count = 0; count < CHAIN_MAX; count++) {
        struct wfd_unit *unit = &units[count];
        enum wfd_unit_state state = wfd_unit_look(stages, bytes + at, len - at, unit);

        if (is_final && count > 0 && at == len)
            return evidence + 16 >= EVIDENCE_AT_END ? WFD_UNIT_FOUND : WFD_UNIT_BAD;
        if (state != WFD_UNIT_FOUND)
            return state == WFD_UNIT_SHORT && is_final ? WFD_UNIT_BAD : state;
        if (unit->is_command)
            return WFD_UNIT_BAD;
        if (known != NULL && unit->apid != WF_CCSDS_APID_IDLE) {
            if ((known[unit->apid / 8] >> (unit->apid % 8) & 1) == 0)
                return WFD_UNIT_BAD;
            evidence += known_evidence;
        }
        evidence += unit->evidence;
        if (!add_succession(units, count + 1, &evidence))
            return WFD_UNIT_BAD;
        if (evidence >= needed)
            return WFD_UNIT_FOUND;
        if (unit->unit_bytes > len - at)
            return is_final ? WFD_UNIT_BAD : WFD_UNIT_SHORT;
        at += unit->unit_bytes;
    }
    return WFD_UNIT_FOUND;
}
