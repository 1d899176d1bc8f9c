/* SPDX-License-Identifier: MIT */
#ifndef SIM_STREAM_H
#define SIM_STREAM_H

/*
 * Stream - the packets of one subsystem: sample by sample, with the faults asked
 * for, counted exactly.
 *
 *   fill struct ─▶ freeze, ramp, nan ─▶ encode ─▶ gap, corrupt, duplicate, reorder ─▶ out
 *
 * Sample k is taken k / rate seconds after the start; its device time is that
 * much after the start of the run, whenever it is sent. Sequence counts go on in
 * every sample made, so that what is withheld is missed.
 *
 * Pure: packets go to a callback. A stream belongs to one thread.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/schema.h>

#include "fault.h"
#include "random.h"

struct sim_model;
struct sim_stream;

/* Fill the schema's C struct from the model: sample number `sample`, with sensor noise. */
typedef void (*sim_fill_fn)(const struct sim_model *model, struct sim_random *noise,
                            uint64_t sample, void *out_info);
/* One packet, whole, valid during the call. */
typedef void (*sim_packet_fn)(void *context, const uint8_t *packet, size_t len);

struct sim_counts {
    uint64_t made;       /* samples, floods included */
    uint64_t sent;       /* packets handed out, second copies and damaged ones included */
    uint64_t withheld;   /* by a gap */
    uint64_t duplicated; /* second copies handed out */
    uint64_t swapped;    /* pairs handed out in the wrong order */
    uint64_t flooded;    /* extra samples */
    uint64_t damaged[SIM_DAMAGE_COUNT];
    uint64_t frozen, ramped, nan, shifted; /* samples so treated */
    /* What a receiver that loses nothing must find. */
    uint64_t intact;           /* different well-formed packets */
    uint64_t lost;             /* missing between two intact ones, by sequence count */
    int64_t first_ns, last_ns; /* earliest and latest device time of intact ones */
    uint16_t first_sequence, last_sequence;
};

struct sim_stream_options {
    const struct wf_schema *schema; /* must outlive the stream */
    sim_fill_fn fill;
    double rate_hz;
    uint64_t seed;
    int64_t start_ns;               /* device time of sample 0 */
    uint16_t first_sequence;        /* of sample 0 */
    const struct sim_fault *faults; /* must outlive the stream; others' are ignored */
    size_t fault_count;
};

/*
 * WF_ERR_INVALID when a fault names a parameter that the schema lacks or that it
 * cannot act on; err says which and what would do.
 */
int sim_stream_create(const struct sim_stream_options *options, struct sim_stream **out_stream,
                      struct wf_err *err);
void sim_stream_destroy(struct sim_stream **stream);

const char *sim_stream_name(const struct sim_stream *stream);
const struct sim_counts *sim_stream_counts(const struct sim_stream *stream);
uint16_t sim_stream_apid(const struct sim_stream *stream);
double sim_stream_rate(const struct sim_stream *stream);

/* Device time of sample 0 from now on; before the first sample. */
void sim_stream_set_start(struct sim_stream *stream, int64_t start_ns);

/* When the next sample is due, ns after the start. */
int64_t sim_stream_due_ns(const struct sim_stream *stream);
/* Take it from the model as it is now and hand out what comes of it. */
void sim_stream_step(struct sim_stream *stream, const struct sim_model *model,
                     sim_packet_fn on_packet, void *context);
/* The run ends: hand out what a reordering still holds. */
void sim_stream_end(struct sim_stream *stream, sim_packet_fn on_packet, void *context);

#endif /* SIM_STREAM_H */
