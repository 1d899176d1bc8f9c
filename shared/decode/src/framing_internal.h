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

#define WFI_MARKER_MAX 16
#define WFI_SKIP_MAX   65536u

enum wfi_stage_kind { WFI_STAGE_SKIP, WFI_STAGE_LENGTH, WFI_STAGE_SYNC };

struct wfi_stage {
    enum wfi_stage_kind kind;
    uint32_t bytes; /* it takes */
    bool is_little; /* LENGTH */
    int32_t add;    /* LENGTH */
    uint8_t marker[WFI_MARKER_MAX];
};

struct wfi_stages {
    struct wfi_stage list[WF_FRAMER_STAGES_MAX];
    size_t count;
    size_t prefix_bytes; /* of all together */
    bool has_length, has_sync;
};

enum wfi_unit_state {
    WFI_UNIT_FOUND, /* its header is there; the rest may not be */
    WFI_UNIT_SHORT, /* more bytes will tell */
    WFI_UNIT_BAD,   /* no unit begins here: `why` */
};

struct wfi_unit {
    size_t packet_at, packet_bytes;
    size_t unit_bytes; /* from the first stage to the end of the unit */
    uint16_t apid, sequence_count;
    bool is_command;
    unsigned evidence; /* bits by which a place in noise would rarely look like this */
    enum wf_reject why;
};

/* Parse "skip 8, length 2 big"; INVALID says which stage and what was expected. */
int wfi_stages_parse(const char *text, struct wfi_stages *out, struct wf_err *err);

/* What begins at `bytes`? */
enum wfi_unit_state wfi_unit_look(const struct wfi_stages *stages, const uint8_t *bytes, size_t len,
                                  struct wfi_unit *out);

/*
 * Does a run of units begin at `bytes`? FOUND when enough of them agree. `known`: 2048 bits of
 * expected APIDs, or NULL; known_evidence: bits that an expected APID adds. `is_final`: nothing
 * will follow `bytes`.
 */
enum wfi_unit_state wfi_unit_confirm(const struct wfi_stages *stages, const uint8_t *known,
                                     unsigned known_evidence, const uint8_t *bytes, size_t len,
                                     bool is_final);

#endif /* WF_FRAMING_INTERNAL_H */
