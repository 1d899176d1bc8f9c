/* SPDX-License-Identifier: MIT */
#ifndef HISTORY_IMPORT_PACKETS_H
#define HISTORY_IMPORT_PACKETS_H

/*
 * Recorded packets into history: what the receiver would have published, with the same judgement
 * of times, counts and values.
 *
 *   import_packets.c   files and archives, one packet after the other
 *   import_source.c    one source: its subsystems, its sequence counts, a packet to a row
 *   import_tell.c      what became of them, at the end
 *
 *     packets read = rows stored + there already + rejected (by reason) + idle + joined
 *
 * where `joined` are segments that went into a packet with others.
 */

#include <stdio.h>

#include <watchfloor/decode/judge.h>
#include <watchfloor/decode/reject.h>

#include "history.h"
#include "import_sink.h"
#include "intake.h"
#include "writing.h"

/* Where the first packet of each kind of trouble is. */
struct import_place {
    char file[80]; /* the end of its path */
    uint64_t offset;
};

struct import_channel { /* of one APID */
    struct wf_sequence sequence;
    int64_t newest_ns;
    uint32_t waiting; /* segments taken whose packet is not whole yet */
    uint32_t missing; /* packets since the newest row, by the count */
};

struct import_target {
    struct import_sink sink;
    int64_t last_device_ns, last_received_ns; /* of its last packet; 0: there was none */
    uint32_t rejected;                        /* packets since its newest row */
    uint64_t missing;                         /* packets, in gaps of the sequence count */
};

struct import_source {
    char name[WF_NAME_SIZE];
    int64_t offset_ns; /* added to device times */
    const struct wf_schema **schemas;
    struct import_target *targets; /* one a schema */
    size_t count;
    struct intake *intake;
    struct import_channel *channels; /* WF_CCSDS_APID_COUNT */
    struct import_source *next;
};

/* One packet on its way. */
struct import_packet {
    const uint8_t *bytes;
    size_t len;
    const char *file;
    uint64_t offset;     /* in it, or the number of the packet in its archive */
    int64_t received_ns; /* WF_TIME_NONE: nobody knows */
    uint64_t epoch;      /* of the archive; 0: of a recording */
    uint64_t number;     /* in the archive */
};

struct import_packets {
    const struct history_import_options *options;
    struct history_writing writing;
    struct import_ranks ranks;
    const struct wf_config_listener *listener; /* named by the user, or NULL */
    struct import_source *sources;
    int64_t began_ns;

    /* The file under way. */
    const char *file;
    int64_t file_ns; /* last change */
    int64_t last_ns; /* receive time of the packet before; WF_TIME_NONE */
    bool is_live;    /* progress is shown */
    int64_t show_next_ns;

    uint64_t packets, idle, joined, untimed, order;
    uint64_t rejected[WF_REJECT_COUNT];
    struct import_place first[WF_REJECT_COUNT];
    uint64_t rubbish_bytes;
    struct wf_err err; /* rc < 0: stop */
};

/* The source of that name; made when there is none yet. NULL: import->err says why. */
struct import_source *import_source_get(struct import_packets *import, const char *name);
void import_source_take(struct import_packets *import, struct import_source *source,
                        const struct import_packet *packet);
/* No more packets: what waits for its rest is rejected, rows go into the store. */
int import_source_end(struct import_packets *import, struct import_source *source,
                      struct wf_err *err);
void import_sources_free(struct import_packets *import);

void import_reject(struct import_packets *import, enum wf_reject reason, const char *file,
                   uint64_t offset, uint64_t count);

/* True when all is well: nothing was rejected. */
bool import_tell(const struct import_packets *import);

#endif /* HISTORY_IMPORT_PACKETS_H */
