/* SPDX-License-Identifier: MIT */
#ifndef WF_STORE_GAP_H
#define WF_STORE_GAP_H

/*
 * Gap - a hole in history, with its cause. "Nothing is lost silently": every
 * number of every region is either a stored row or inside a gap of published
 * samples; what never became a sample has gaps of its own.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/names.h>

/* name, text in files and output, are these samples that were published, sentence */
#define WF_GAP_CAUSE_LIST(X)                                                                       \
    X(RING_OVERRUN, "ring_overrun", true, "the logger was slower than the ring is long")           \
    X(LOGGER_DOWN, "logger_down", true, "the logger was not running")                              \
    X(STORE_FAILED, "store_failed", true, "the disk did not take them in time")                    \
    X(FILE_CORRUPT, "file_corrupt", true, "they are in a damaged file that was set aside")         \
    X(CONFLICT, "conflict", true, "their place in the file was taken already")                     \
    X(REGION_REPLACED, "region_replaced", true, "the region was made anew while nobody read it")   \
    X(RETENTION, "retention", true, "the file was deleted to make room, as configured")            \
    X(SEQUENCE_GAP, "sequence_gap", false, "packets are missing by the source's own count")        \
    X(KERNEL_DROP, "kernel_drop", false, "packets are missing, and the kernel dropped datagrams")  \
    X(REJECTED, "rejected", false, "packets came that were not what they should be")               \
    X(LINK_SILENT, "link_silent", false, "the source sent nothing")                                \
    X(WRITER_RESTART, "writer_restart", false, "the receiver was started again")                   \
    X(CLOCK_JUMP, "clock_jump", false, "device time jumped against receive time")                  \
    X(IMPORT_LOST, "import_lost", false, "imported rows went with the file that held them")

enum wf_gap_cause {
#define X(name, text, is_published, sentence) WF_GAP_##name,
    WF_GAP_CAUSE_LIST(X)
#undef X
        WF_GAP_CAUSE_COUNT
};

/* Times are those of the last sample before and the first one behind; WF_TIME_NONE = unknown. */
struct wf_gap {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    enum wf_gap_cause cause;
    int64_t from_device_ns, to_device_ns;
    int64_t from_received_ns, to_received_ns;
    bool has_numbers; /* of the region: first .. last, inclusive */
    uint64_t first_number, last_number;
    bool is_lost_known;
    uint64_t lost; /* samples or packets */
};

/* "ring_overrun"; "?" for others. And the sentence for people. */
const char *wf_gap_cause_name(enum wf_gap_cause cause);
const char *wf_gap_cause_sentence(enum wf_gap_cause cause);
/* One letter for plots: 'L' logger_down, 's' link_silent ...; '?' for others. */
char wf_gap_cause_letter(enum wf_gap_cause cause);
/* Do its losses count in "samples published = stored + lost"? */
bool wf_gap_is_published(enum wf_gap_cause cause);
/* WF_GAP_CAUSE_COUNT when unknown. */
enum wf_gap_cause wf_gap_cause_from_name(const char *name);

#endif /* WF_STORE_GAP_H */
