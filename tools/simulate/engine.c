/* SPDX-License-Identifier: MIT */
/* The next sample of the stream that is due first; see engine.h. */

#include "engine.h"

void sim_engine_init(struct sim_engine *engine, uint64_t seed, int64_t start_ns, double phase_deg,
                     double speed)
{
    engine->speed = speed;
    engine->stream_count = 0;
    sim_model_init(&engine->model, seed, start_ns, phase_deg);
}

void sim_engine_fini(struct sim_engine *engine)
{
    for (size_t i = 0; i < engine->stream_count; i++)
        sim_stream_destroy(&engine->streams[i]);
    engine->stream_count = 0;
}

static struct sim_stream *find_first(const struct sim_engine *engine, int64_t *out_due_ns)
{
    struct sim_stream *first = NULL;

    *out_due_ns = INT64_MAX;
    for (size_t i = 0; i < engine->stream_count; i++) {
        const int64_t due_ns = sim_stream_due_ns(engine->streams[i]);

        if (due_ns < *out_due_ns) {
            *out_due_ns = due_ns;
            first = engine->streams[i];
        }
    }
    return first;
}

int64_t sim_engine_due_ns(const struct sim_engine *engine)
{
    int64_t due_ns;

    (void)find_first(engine, &due_ns);
    return due_ns;
}

void sim_engine_step(struct sim_engine *engine, sim_packet_fn on_packet, void *context)
{
    int64_t due_ns;
    struct sim_stream *stream = find_first(engine, &due_ns);

    if (stream == NULL)
        return;
    sim_model_advance(&engine->model, (double)due_ns * 1e-9 * engine->speed);
    sim_stream_step(stream, &engine->model, on_packet, context);
}

void sim_engine_end(struct sim_engine *engine, sim_packet_fn on_packet, void *context)
{
    for (size_t i = 0; i < engine->stream_count; i++)
        sim_stream_end(engine->streams[i], on_packet, context);
}
