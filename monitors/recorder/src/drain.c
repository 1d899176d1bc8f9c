/* SPDX-License-Identifier: MIT */
/*
 * Draining: follows the region wf.packets from where the log ended. While the queue is full it leaves
 * blocks in the ring; what the ring then loses becomes a gap.
 */

#include <stdlib.h>
#include <time.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/watch.h>

#include "recorder.h"
#include "stream.h"

#define NAP_NS        (5 * WF_NS_PER_MS)
#define IDLE_MS       250
#define REFRESH_NS    (WF_NS_PER_S / 2)
#define PUT_WAIT_MS   100
#define BLOCKS_A_TURN 256

struct drain {
    struct rec_recorder *recorder;
    struct wf_watch *watch;
    struct rec_stream stream;
    struct wf_region *region; /* the watch's */
    int64_t created_ns;
    struct wf_cursor cursor;
    int used, begins, records, first, data; /* parameters of the schema */
    uint8_t *payload;
    bool was_full; /* the queue had no room since the last block */
    bool is_lost;  /* an entry found no memory */
};

static void put(void *context, const struct wf_packet_entry *entry)
{
    struct drain *drain = context;
    struct rec_item *item = rec_item_make(entry);

    if (item == NULL) {
        drain->is_lost = true;
        return;
    }
    while (!rec_queue_put(&drain->recorder->queue, item, PUT_WAIT_MS)) {
        drain->was_full = true;
        if (atomic_load(&drain->recorder->is_stopping)) {
            /* Stays in the ring for the next life. */
            free(item);
            drain->is_lost = true;
            return;
        }
    }
}

/* --- the region -------------------------------------------------------------------------- */

static bool find_columns(struct drain *drain, const struct wf_schema *schema)
{
    drain->used = wf_schema_find(schema, "used");
    drain->begins = wf_schema_find(schema, "begins");
    drain->records = wf_schema_find(schema, "records");
    drain->first = wf_schema_find(schema, "first");
    drain->data = wf_schema_find(schema, "data");
    return drain->used >= 0 && drain->begins >= 0 && drain->records >= 0 && drain->first >= 0 &&
           drain->data >= 0 && schema->parameters[drain->data].size_max >= WF_PACKET_BLOCK_BYTES;
}

static bool attach(struct drain *drain, struct wf_region *region)
{
    const struct wf_schema *schema = wf_region_schema(region);
    struct wf_region_info info;
    uint8_t *payload;

    wf_region_info(region, &info);
    if (info.created_ns == drain->created_ns) {
        drain->region = region;
        return true;
    }
    payload = malloc(schema->payload_bytes);
    if (payload == NULL || !find_columns(drain, schema)) {
        free(payload);
        return false;
    }
    free(drain->payload);
    drain->payload = payload;
    drain->region = region;
    if (info.created_ns != drain->stream.position.region_created_ns)
        rec_stream_region(&drain->stream, info.created_ns);
    drain->created_ns = info.created_ns;
    drain->cursor = (struct wf_cursor){ .next = drain->stream.position.block };
    return true;
}

static void refresh(struct drain *drain)
{
    size_t index;

    (void)wf_watch_refresh(drain->watch, NULL);
    drain->region = NULL;
    if (wf_watch_find(drain->watch, "wf.packets", &index) > 0)
        (void)attach(drain, wf_watch_region(drain->watch, index));
}

/* --- blocks ------------------------------------------------------------------------------ */

static uint64_t count_of(const struct drain *drain, int parameter)
{
    struct wf_value value;

    wf_value_get(wf_region_schema(drain->region), drain->payload, (size_t)parameter, 0, &value);
    return value.kind == WF_VALUE_U64 ? value.as.u64 : 0;
}

static void take_block(struct drain *drain, const struct wf_stamp *stamp)
{
    const struct wf_schema *schema = wf_region_schema(drain->region);
    struct wf_packet_block block = {
        .used = (uint32_t)count_of(drain, drain->used),
        .begins = (uint32_t)count_of(drain, drain->begins),
        .records = (uint32_t)count_of(drain, drain->records),
        .first = count_of(drain, drain->first),
        .data = drain->payload + schema->parameters[drain->data].offset,
    };

    rec_stream_take(&drain->stream, stamp->number, stamp->epoch, &block);
}

/* Returns how many blocks came. */
static size_t take_blocks(struct drain *drain)
{
    const struct wf_schema *schema;
    size_t count = 0;

    if (drain->region == NULL)
        return 0;
    schema = wf_region_schema(drain->region);
    while (count < BLOCKS_A_TURN && !drain->is_lost) {
        struct wf_stamp stamp;
        uint64_t lost = 0;
        int rc = wf_region_next(drain->region, &drain->cursor, drain->payload,
                                schema->payload_bytes, &stamp, &lost);

        if (rc == WF_ERR_LIMIT) {
            rec_stream_lost(&drain->stream, drain->cursor.next,
                            drain->was_full ? WF_PACKET_GAP_STORE_FAILED
                                            : WF_PACKET_GAP_RING_OVERRUN);
            continue;
        }
        if (rc < 0)
            break;
        drain->was_full = false;
        take_block(drain, &stamp);
        count++;
    }
    return count;
}

static void wait_for_more(struct drain *drain, size_t count)
{
    struct timespec nap = { .tv_nsec = NAP_NS };

    if (count > 0)
        (void)nanosleep(&nap, NULL); /* more will come: many at once are cheaper */
    else
        (void)wf_watch_wait(drain->watch, IDLE_MS);
}

/* --- the thread ---------------------------------------------------------------------------- */

static bool wait_recovered(const struct rec_recorder *recorder)
{
    struct timespec nap = { .tv_nsec = NAP_NS };

    while (!atomic_load(&recorder->is_recovered)) {
        if (atomic_load(&recorder->is_stopping))
            return false;
        (void)nanosleep(&nap, NULL);
    }
    return true;
}

static int open_drain(struct drain *drain, struct wf_err *err)
{
    static const char *const patterns[] = { "wf.packets" };
    struct wf_watch_options options = { .instance = drain->recorder->instance,
                                        .patterns = patterns,
                                        .pattern_count = 1 };
    int rc = rec_stream_init(&drain->stream, &drain->recorder->from, err);

    drain->stream.put = put;
    drain->stream.context = drain;
    return rc == 0 ? wf_watch_open(&options, &drain->watch, err) : rc;
}

static void follow(struct drain *drain)
{
    int64_t next_refresh_ns = 0;
    bool is_last = false;

    while (!is_last && !drain->is_lost) {
        size_t count;

        is_last = atomic_load(&drain->recorder->is_stopping); /* one look more behind that */
        if (wf_mono_now_ns() >= next_refresh_ns || is_last) {
            refresh(drain);
            next_refresh_ns = wf_mono_now_ns() + REFRESH_NS;
        }
        do
            count = take_blocks(drain);
        while (count == BLOCKS_A_TURN && !drain->is_lost);
        if (atomic_load(&drain->recorder->state) != REC_FAILING)
            atomic_store(&drain->recorder->state,
                         drain->region != NULL ? REC_RECORDING : REC_WAITING);
        if (!is_last)
            wait_for_more(drain, count);
    }
}

void rec_drain(void *context)
{
    struct drain drain = { .recorder = context };
    struct wf_err err = { 0 };

    if (wait_recovered(drain.recorder)) {
        if (open_drain(&drain, &err) == 0)
            follow(&drain);
        else
            wf_log_error("%s", err.text);
        if (drain.is_lost && !atomic_load(&drain.recorder->is_stopping))
            wf_log_error("out of memory: ending, so that a new life goes on where the log ends");
        wf_watch_close(&drain.watch);
        rec_stream_fini(&drain.stream);
        free(drain.payload);
    }
    rec_queue_end(&drain.recorder->queue);
}
