/* SPDX-License-Identifier: MIT */
#ifndef WF_FRAMING_INTERNAL_H
#define WF_FRAMING_INTERNAL_H

/*
 * What the framer's files share. A *unit* is the stages' bytes and the packet (with a
 * length stage: packets) behind them. Nothing here looks beyond the bytes it is given.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/decode/framing.h>

#define WFD_MARKER_MAX 16
#define WFD_SKIP_MAX   65536u

enum wfd_stage_kind { WFD_STAGE_SKIP, WFD_STAGE_LENGTH, WFD_STAGE_SYNC };

struct wfd_stage {
    enum wfd_stage_kind kind;
    uint32_t bytes; /* it takes */
    bool is_little; /* LENGTH */
    int32_t add;    /* LENGTH */
    uint8_t marker[WFD_MARKER_MAX];
};

struct wfd_stages {
    struct wfd_stage list[WF_FRAMER_STAGES_MAX];
    size_t count;
    size_t prefix_bytes; /* of all together */
    bool has_length, has_sync;
};

enum wfd_unit_state {
    WFD_UNIT_FOUND, /* its header is there; the rest may not be */
    WFD_UNIT_SHORT, /* more bytes will tell */
    WFD_UNIT_BAD,   /* no unit begins here: `why` */
};

struct wfd_unit {
    size_t packet_at, packet_bytes;
    size_t unit_bytes; /* from the first stage to the end of the unit */
    uint16_t apid, sequence_count;
    bool is_command;
    unsigned evidence; /* bits by which a place in noise would rarely look like this */
    enum wf_reject why;
};

/* Parse "skip 8, length 2 big"; INVALID says which stage and what was expected. */
int wfd_stages_parse(const char *text, struct wfd_stages *out, struct wf_err *err);

/* What begins at `bytes`? */
enum wfd_unit_state wfd_unit_look(const struct wfd_stages *stages, const uint8_t *bytes, size_t len,
                                  struct wfd_unit *out);

/*
 * Does a run of units begin at `bytes`? FOUND when enough of them agree. `known`: 2048 bits of
 * expected APIDs, or NULL; known_evidence: bits that an expected APID adds. `is_final`: nothing
 * will follow `bytes`.
 */
#define WFD_EVIDENCE_NEEDED 24u
#define WFD_EVIDENCE_STRONG 48u /* against a unit that stands where one is due */
enum wfd_unit_state wfd_unit_confirm(const struct wfd_stages *stages, const uint8_t *known,
                                     unsigned known_evidence, unsigned needed, const uint8_t *bytes,
                                     size_t len, bool is_final);

#endif /* WF_FRAMING_INTERNAL_H */
