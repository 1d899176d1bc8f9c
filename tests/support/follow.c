/* SPDX-License-Identifier: MIT */
/*
 * test-follow - follow one subsystem through everything that happens to it, and
 * check every sample, for hostile tests.
 *
 *   test-follow INSTANCE SUBSYSTEM [late]
 *
 * Every sample must be whole: parameter `mirror` is the complement of `serial`, and
 * all elements of `block` equal `serial`. Numbers must rise, and
 * delivered + lost == next must hold, whatever dies. Runs until TERM, then takes what is
 * left, and prints one JSON object. With "late" it looks only every 20 ms, so
 * that it is lapped.
 */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include <watchfloor/log.h>
#include <watchfloor/watch.h>

static volatile sig_atomic_t is_over;

static void on_term(int number)
{
    (void)number;
    is_over = 1;
}

struct tally {
    struct wf_cursor cursor;
    uint64_t generation;
    uint64_t delivered, lost; /* over all regions of this name */
    uint64_t published;       /* heads of regions that went, and of the last */
    uint64_t torn, disorder, generations, epochs, newest_failed;
    uint64_t last_number, last_epoch;
    bool has_any;
};

static bool is_whole(const struct wf_schema *schema, const void *payload)
{
    int serial = wf_schema_find(schema, "serial");
    int mirror = wf_schema_find(schema, "mirror");
    int block = wf_schema_find(schema, "block");
    struct wf_value a, b;

    if (serial < 0 || mirror < 0 || block < 0)
        return false;
    wf_value_get(schema, payload, (size_t)serial, 0, &a);
    wf_value_get(schema, payload, (size_t)mirror, 0, &b);
    if (b.as.u64 != (~a.as.u64 & 0xffffffffu))
        return false;
    for (size_t i = 0; i < wf_value_count(schema, payload, (size_t)block); i++) {
        wf_value_get(schema, payload, (size_t)block, i, &b);
        if (b.as.u64 != a.as.u64)
            return false;
    }
    return true;
}

static void take(struct tally *tally, const struct wf_schema *schema, const void *payload,
                 const struct wf_stamp *stamp)
{
    tally->torn += !is_whole(schema, payload);
    if (tally->has_any) {
        tally->disorder += stamp->number <= tally->last_number || stamp->epoch < tally->last_epoch;
        tally->epochs += stamp->epoch != tally->last_epoch;
    }
    tally->has_any = true;
    tally->last_number = stamp->number;
    tally->last_epoch = stamp->epoch;
}

/* Another region at the same name: settle the books of the one before. */
static void settle(struct tally *tally)
{
    tally->delivered += tally->cursor.delivered;
    tally->lost += tally->cursor.lost;
    tally->published += tally->cursor.next;
    tally->disorder += tally->cursor.delivered + tally->cursor.lost != tally->cursor.next;
    tally->cursor = (struct wf_cursor){ 0 };
    tally->has_any = false;
    tally->generations++;
}

static void drain(struct tally *tally, const struct wf_region *region, void *payload, size_t size)
{
    const struct wf_schema *schema = wf_region_schema(region);
    struct wf_stamp stamp;
    uint64_t lost;
    int rc;

    for (;;) {
        rc = wf_region_next(region, &tally->cursor, payload, size, &stamp, &lost);
        if (rc == 0)
            take(tally, schema, payload, &stamp);
        else if (rc != WF_ERR_LIMIT)
            break;
    }
    /* A writer that was killed or stopped in the middle of a sample must hide nothing. */
    if (tally->has_any && wf_region_latest(region, payload, size, &stamp) < 0)
        tally->newest_failed++;
}

static void round_of(struct tally *tally, struct wf_watch *watch, const char *subsystem,
                     void *payload, size_t size)
{
    size_t index;

    if (wf_watch_find(watch, subsystem, &index) == 0)
        return;
    if (tally->generation != wf_watch_generation(watch, index)) {
        if (tally->generation != 0)
            settle(tally);
        tally->generation = wf_watch_generation(watch, index);
    }
    drain(tally, wf_watch_region(watch, index), payload, size);
}

static void tell(const struct tally *tally)
{
    json_t *root = json_pack(
        "{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "delivered", (json_int_t)tally->delivered,
        "lost", (json_int_t)tally->lost, "published", (json_int_t)tally->published, "torn",
        (json_int_t)tally->torn, "disorder", (json_int_t)tally->disorder, "generations",
        (json_int_t)tally->generations, "epochs", (json_int_t)tally->epochs, "newest_failed",
        (json_int_t)tally->newest_failed);

    (void)json_dumpf(root, stdout, JSON_COMPACT);
    (void)putchar('\n');
    json_decref(root);
}

int main(int argc, char **argv)
{
    static uint64_t payload[WF_SCHEMA_PAYLOAD_MAX / 8];
    struct sigaction action = { .sa_handler = on_term };
    const char *patterns[1];
    struct wf_watch_options options = { .patterns = patterns, .pattern_count = 1 };
    struct wf_watch *watch = NULL;
    struct wf_err err = { 0 };
    struct tally tally = { 0 };

    wf_log_init("test-follow", WF_LOG_INFO);
    if (argc < 3) {
        wf_log_error("usage: test-follow INSTANCE SUBSYSTEM [late]");
        return 2;
    }
    options.instance = argv[1];
    patterns[0] = argv[2];
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    if (wf_watch_open(&options, &watch, &err) < 0) {
        wf_log_error("%s", err.text);
        return 2;
    }
    (void)puts("following");
    (void)fflush(stdout);
    for (bool is_last = false; !is_last;) {
        is_last = is_over != 0;
        (void)wf_watch_refresh(watch, &err);
        round_of(&tally, watch, argv[2], payload, sizeof(payload));
        if (is_last)
            break;
        if (argc > 3)
            (void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
        else
            (void)wf_watch_wait(watch, 50);
    }
    settle(&tally);
    tell(&tally);
    wf_watch_close(&watch);
    return 0;
}
