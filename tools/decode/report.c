/* SPDX-License-Identifier: MIT */
/* What was found, at the end: every packet is in exactly one of the counts. */

#include <inttypes.h>
#include <string.h>

#include <watchfloor/attributes.h>

#include "decode.h"

static void tell_sequences(const struct decode_session *session, const struct wf_schema *schema)
{
    uint64_t lost = 0, duplicates = 0, late = 0, restarts = 0;

    for (size_t i = 0; i < schema->apid_count; i++) {
        const struct wf_sequence *sequence = &session->sequences[schema->apids[i]];

        lost += sequence->lost;
        duplicates += sequence->duplicates;
        late += sequence->late;
        restarts += sequence->restarts + sequence->jumps;
    }
    if (lost > 0)
        (void)fprintf(stderr, ", %" PRIu64 " packets missing in gaps", lost);
    if (duplicates > 0)
        (void)fprintf(stderr, ", %" PRIu64 " repeated", duplicates);
    if (late > 0)
        (void)fprintf(stderr, ", %" PRIu64 " out of order", late);
    if (restarts > 0)
        (void)fprintf(stderr, ", %" PRIu64 " jumps of the sequence count", restarts);
}

static void tell_target(const struct decode_session *session, const struct decode_target *target)
{
    (void)fprintf(stderr, "  %s: %" PRIu64 " rows", target->schema->name, target->rows);
    if (target->short_packets > 0)
        (void)fprintf(stderr, ", %" PRIu64 " shorter than defined (what is not there is empty)",
                      target->short_packets);
    if (target->long_packets > 0)
        (void)fprintf(stderr,
                      ", %" PRIu64 " longer than defined (the definition may be older than "
                      "the packets)",
                      target->long_packets);
    if (target->bad_times > 0)
        (void)fprintf(stderr, ", %" PRIu64 " without a usable time", target->bad_times);
    if (target->rows_with_invalid > 0)
        (void)fprintf(stderr, ", %" PRIu64 " with values that are not valid",
                      target->rows_with_invalid);
    if (target->failed > 0)
        (void)fprintf(stderr, ", %" PRIu64 " too short for even one value", target->failed);
    tell_sequences(session, target->schema);
    if (target->not_written > 0)
        (void)fprintf(stderr,
                      "; %" PRIu64 " rows not shown: stdout holds one subsystem, take "
                      "--out DIR, or --apid %u",
                      target->not_written, (unsigned)target->schema->apids[0]);
    (void)fputc('\n', stderr);
}

static void tell_undefined(const struct decode_session *session)
{
    for (size_t apid = 0; apid < WF_CCSDS_APID_COUNT; apid++) {
        if (session->undefined[apid] > 0)
            (void)fprintf(stderr, "  APID %zu (0x%03zx): %" PRIu64 " packets nobody defines\n",
                          apid, apid, session->undefined[apid]);
    }
}

static void tell_rejected(const struct decode_session *session)
{
    for (size_t i = 0; i < WF_REJECT_COUNT; i++) {
        if (session->rejected[i] > 0 && i != WF_REJECT_UNKNOWN_APID)
            (void)fprintf(stderr, "  %s: %" PRIu64 " (%s)\n", wf_reject_name((enum wf_reject)i),
                          session->rejected[i], wf_reject_text((enum wf_reject)i));
    }
    if (session->read.rubbish_bytes > 0)
        (void)fprintf(stderr, "  %" PRIu64 " bytes in no packet\n", session->read.rubbish_bytes);
}

bool decode_report(const struct decode_session *session)
{
    uint64_t rows = 0, not_written = 0, damaged = 0;

    for (size_t i = 0; i < session->target_count; i++) {
        rows += session->targets[i].rows;
        not_written += session->targets[i].not_written;
    }
    for (size_t i = 0; i < WF_REJECT_COUNT; i++)
        damaged += i != WF_REJECT_UNKNOWN_APID ? session->rejected[i] : 0;
    (void)fprintf(stderr, "wf-decode: %" PRIu64 " bytes, %" PRIu64 " packets, %" PRIu64 " rows",
                  session->read.bytes, session->packets, rows);
    if (session->idle > 0)
        (void)fprintf(stderr, ", %" PRIu64 " idle", session->idle);
    (void)fputc('\n', stderr);
    for (size_t i = 0; i < session->target_count; i++) {
        const struct decode_target *target = &session->targets[i];

        if (target->rows + target->not_written + target->failed > 0)
            tell_target(session, target);
    }
    tell_undefined(session);
    tell_rejected(session);
    return rows > 0 && not_written == 0 && damaged == 0;
}
