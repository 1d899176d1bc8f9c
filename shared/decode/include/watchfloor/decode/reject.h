/* SPDX-License-Identifier: MIT */
#ifndef WF_DECODE_REJECT_H
#define WF_DECODE_REJECT_H

/* Why a packet or a piece of a stream was not published. Each is a counter with this name. */

#define WF_REJECT_LIST(X)                                                                          \
    X(NOT_ALLOWED, "not_allowed", "sender is not in the listener's allow list")                    \
    X(TRUNCATED, "truncated", "shorter than its own length field says")                            \
    X(TOO_LONG, "too_long", "longer than a packet may be")                                         \
    X(BAD_VERSION, "bad_version", "packet version is not 0")                                       \
    X(BAD_TYPE, "bad_type", "a command packet, not telemetry")                                     \
    X(BAD_FRAMING, "bad_framing", "bytes that no framing stage could make sense of")               \
    X(UNKNOWN_APID, "unknown_apid", "no subsystem has this APID")                                  \
    X(NO_MATCH, "no_match", "the APID is known, the further header fields are not")                \
    X(BAD_LENGTH, "bad_length", "too short for even the first parameter")                          \
    X(BAD_SEGMENT, "bad_segment", "a segment without its first, or out of order")                  \
    X(DUPLICATE, "duplicate", "the same packet was received before")                               \
    X(BUSY, "busy", "the region's lock was not had in time")

enum wf_reject {
#define X(name, key, text) WF_REJECT_##name,
    WF_REJECT_LIST(X)
#undef X
        WF_REJECT_COUNT
};

/* "unknown_apid" and the sentence for it. */
const char *wf_reject_name(enum wf_reject reject);
const char *wf_reject_text(enum wf_reject reject);

#endif /* WF_DECODE_REJECT_H */
