/* SPDX-License-Identifier: MIT */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

/*
 * Engine - the spacecraft and its packet streams, in the order in which samples fall due.
 *
 * The sender asks when the next sample is due and steps; nothing here knows what
 * time it is, so a run to a file and a run over the network make equal packets.
 */

#include <stdint.h>

#include "model.h"
#include "stream.h"

#define SIM_STREAM_MAX 8

struct sim_engine {
    struct sim_model model;
    double speed; /* seconds of orbit in a second */
    struct sim_stream *streams[SIM_STREAM_MAX];
    size_t stream_count;
};

/* The streams are added by whoever owns the engine, and freed by fini. */
void sim_engine_init(struct sim_engine *engine, uint64_t seed, int64_t start_ns, double phase_deg,
                     double speed);
void sim_engine_fini(struct sim_engine *engine);

/* When the next sample is due, ns after the start; INT64_MAX without streams. */
int64_t sim_engine_due_ns(const struct sim_engine *engine);
/* Take the sample that is due first (of several at once, the stream added first). */
void sim_engine_step(struct sim_engine *engine, sim_packet_fn on_packet, void *context);
void sim_engine_end(struct sim_engine *engine, sim_packet_fn on_packet, void *context);

#endif /* SIM_ENGINE_H */
