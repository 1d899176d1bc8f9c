/* SPDX-License-Identifier: MIT */
#ifndef INTAKE_H
#define INTAKE_H

/*
 * Intake - packets of a recording to samples, through the stages of the receiver behind its
 * framing: segments put together, the subsystem by APID and match, the decoder.
 *
 * What counts and times are worth is for the caller to judge (<watchfloor/decode/judge.h>).
 *
 * Threads: one at a time.
 */

#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/decoder.h>
#include <watchfloor/decode/reject.h>
#include <watchfloor/schema.h>

struct intake;

enum intake_result { INTAKE_SAMPLE, INTAKE_WAITING, INTAKE_IDLE, INTAKE_REJECTED };

/* What became of one packet. */
struct intake_taken {
    int target; /* place of its schema in the list; -1: it did not come that far */
    struct wf_ccsds_header header; /* of the first segment */
    struct wf_decoded decoded;
    void *payload;          /* SAMPLE: until the next call */
    enum wf_reject reason;  /* REJECTED */
    uint32_t lost_segments; /* taken before, and of no use now: rejected as BAD_SEGMENT too */
};

/* The schemas must outlive it; those that no packet feeds are passed over. */
int intake_create(const struct wf_schema *const *schemas, size_t count, struct intake **out_intake,
                  struct wf_err *err);
void intake_destroy(struct intake **intake);

/* One whole packet, as framing found it. */
enum intake_result intake_take(struct intake *intake, const uint8_t *packet, size_t len,
                               struct intake_taken *out);

/* Which APIDs are expected, as wf_framer_set_known takes it. */
const uint8_t *intake_known(const struct intake *intake);
/* The first target whose packets of this APID come in segments, or -1. */
int intake_segmented(const struct intake *intake, uint16_t apid);
/* Do the sequence counts of this APID say anything? */
bool intake_is_counted(const struct intake *intake, uint16_t apid);

#endif /* INTAKE_H */
