/* SPDX-License-Identifier: MIT */
/*
 * test-publish INSTANCE STATE SCHEMA.ini [options] - a writing program for tests: publishes
 * samples whose every value follows from their number, without a receiver.
 *
 * Ends after --count samples a region or at TERM, in order, and prints
 * {"source.subsystem": {"head": N, "created_ns": T}}. --crash ends without any order.
 */

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/options.h>
#include <watchfloor/problems.h>
#include <watchfloor/publisher.h>
#include <watchfloor/service.h>
#include <watchfloor/strbuf.h>

#define SOURCES_MAX 256

struct line {
    char source[WF_NAME_SIZE];
    struct wf_writer *writer;
    uint64_t published;
};

struct run {
    const char *instance, *state, *schema_file;
    const char *role, *sources;
    uint64_t rate, count, batch, lost_every;
    int64_t received_ns, step_ns; /* received_ns 0 = now */
    bool is_crash;
    struct wf_schema *schema;
    uint8_t *payload;
    struct wf_publisher *publisher;
    struct line lines[SOURCES_MAX];
    size_t line_count;
    uint64_t sequence;
};

static volatile sig_atomic_t is_stopped;

static void on_signal(int number)
{
    (void)number;
    is_stopped = 1;
}

static void set_number(const struct wf_schema *schema, uint8_t *payload, size_t index, uint64_t n)
{
    const struct wf_parameter *p = &schema->parameters[index];
    uint32_t bytes = wf_storage_bytes(p->storage);

    /* Values that are easily lost on the way, by name. */
    if (strcmp(p->name, "huge") == 0)
        n = UINT64_MAX - n;
    if (strcmp(p->name, "nan") == 0 || strcmp(p->name, "inf") == 0) {
        double value = p->name[0] == 'n' ? (double)NAN : (double)INFINITY;

        memcpy(payload + p->offset, &value, sizeof(value));
        payload[p->quality_offset] = WF_QUALITY_INVALID;
    } else if (p->raw_offset != 0) {
        uint64_t raw = p->bits < 64 ? n & ((UINT64_C(1) << p->bits) - 1) : n;
        double value = (double)NAN;

        (void)wf_calibrate(&schema->calibrators[p->calibrator], (double)raw, &value);
        memcpy(payload + p->raw_offset, &raw, sizeof(raw));
        memcpy(payload + p->offset, &value, sizeof(value));
    } else if (p->storage == WF_STORE_F32) {
        float value = (float)n * 0.5f;

        memcpy(payload + p->offset, &value, sizeof(value));
    } else if (p->storage == WF_STORE_F64) {
        double value = (double)n * 0.5;

        memcpy(payload + p->offset, &value, sizeof(value));
    } else if (p->storage == WF_STORE_CHARS) {
        (void)snprintf((char *)payload + p->offset, p->size_max + 1, "%" PRIu64, n);
    } else {
        memcpy(payload + p->offset, &n, bytes <= 8 ? bytes : 8);
    }
}

static void publish_one(struct run *run, struct line *line)
{
    uint64_t number = wf_writer_head(line->writer);
    struct wf_stamp stamp = { .sequence = run->sequence,
                              .packet = run->sequence,
                              .received_mono_ns = wf_mono_now_ns(),
                              .received_ns =
                                  run->received_ns != 0
                                      ? run->received_ns + (int64_t)line->published * run->step_ns
                                      : wf_utc_now_ns() };

    stamp.device_ns = stamp.received_ns - 1000;
    if (run->lost_every != 0 && number % run->lost_every == run->lost_every - 1) {
        stamp.lost_before = 2;
        stamp.flags = WF_SAMPLE_GAP_BEFORE;
    }
    for (size_t i = 0; i < run->schema->parameter_count; i++)
        set_number(run->schema, run->payload, i, number);
    if (wf_writer_publish(line->writer, &stamp, run->payload) == 0) {
        line->published++;
        run->sequence++;
    }
}

static bool is_done(const struct run *run)
{
    return is_stopped ||
           (run->count != 0 && run->lines[run->line_count - 1].published >= run->count);
}

static void sleep_until(int64_t mono_ns)
{
    int64_t left = mono_ns - wf_mono_now_ns();
    struct timespec nap = { .tv_sec = left / WF_NS_PER_S, .tv_nsec = left % WF_NS_PER_S };

    if (left > 0)
        (void)nanosleep(&nap, NULL);
}

static void publish_all(struct run *run)
{
    int64_t begun_ns = wf_mono_now_ns(), beat_ns = 0;
    uint64_t rounds = 0;

    while (!is_done(run)) {
        int64_t now_ns = wf_mono_now_ns();

        for (uint64_t k = 0; k < run->batch && !is_done(run); k++, rounds++) {
            for (size_t i = 0; i < run->line_count; i++)
                publish_one(run, &run->lines[i]);
        }
        wf_publisher_ring(run->publisher);
        if (now_ns - beat_ns > WF_NS_PER_S / 2) {
            wf_publisher_heartbeat(run->publisher, now_ns);
            beat_ns = now_ns;
        }
        if (run->rate != 0)
            sleep_until(begun_ns + (int64_t)((double)rounds * (double)run->line_count * 1e9 /
                                             (double)run->rate));
    }
}

static void print_heads(const struct run *run)
{
    (void)printf("{");
    for (size_t i = 0; i < run->line_count; i++) {
        struct wf_region *region = NULL;
        struct wf_region_info info = { 0 };

        if (wf_region_open(run->instance, run->lines[i].source, run->schema->name, &region, NULL) ==
            0)
            wf_region_info(region, &info);
        wf_region_close(&region);
        (void)printf("%s\"%s.%s\": {\"head\": %" PRIu64 ", \"created_ns\": %" PRId64 "}",
                     i > 0 ? ", " : "", run->lines[i].source, run->schema->name, info.head,
                     info.created_ns);
    }
    (void)printf("}\n");
    (void)fflush(stdout);
}

static int add_sources(struct run *run, struct wf_err *err)
{
    const char *at = run->sources;
    int rc = 0;

    while (rc == 0 && *at != '\0' && run->line_count < SOURCES_MAX) {
        size_t len = strcspn(at, ",");
        struct line *line = &run->lines[run->line_count++];

        (void)snprintf(line->source, sizeof(line->source), "%.*s", (int)len, at);
        rc = wf_publisher_add(run->publisher, line->source, run->schema, &line->writer, NULL, err);
        at += len + (at[len] == ',');
    }
    return rc;
}

static int start(struct run *run, struct wf_err *err)
{
    struct wf_publisher_options options = { .instance = run->instance,
                                            .role = run->role,
                                            .state = run->state };
    struct wf_problems problems = { 0 };
    int rc = wf_schema_load(run->schema_file, &run->schema, &problems, err);

    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    if (rc < 0)
        return rc;
    run->payload = calloc(1, run->schema->payload_bytes);
    rc = wf_publisher_open(&options, &run->publisher, err);
    return rc == 0 && run->payload != NULL ? add_sources(run, err) : rc;
}

int main(int argc, char **argv)
{
    const char *rate = "1000", *count = "0", *batch = "1", *received = "0", *step = "1000000",
               *lost = "0";
    static struct run run = { .role = "receiver", .sources = "main" };
    const struct wf_option options[] = {
        { "sources", "NAMES", "Sources, with commas between.", &run.sources, NULL },
        { "role", "NAME", "Role of the writing program.", &run.role, NULL },
        { "rate", "N", "Samples a second, all together; 0 = as fast as it goes.", &rate, NULL },
        { "count", "N", "Samples a region; 0 = until TERM.", &count, NULL },
        { "batch", "N", "Samples a region between two rings.", &batch, NULL },
        { "received", "NS", "Receive time of the first; 0 = now.", &received, NULL },
        { "step", "NS", "Between two receive times.", &step, NULL },
        { "lost-every", "N", "Each Nth sample has lost two packets before it.", &lost, NULL },
        { "crash", NULL, "End without any order.", NULL, &run.is_crash },
    };
    const struct wf_command_line line = { .program = "test-publish",
                                          .summary = "Publish numbered samples.",
                                          .operands = "INSTANCE STATE SCHEMA",
                                          .options = options,
                                          .option_count = WF_COUNT_OF(options) };
    struct sigaction action = { .sa_handler = on_signal };
    struct wf_common common;
    struct wf_err err = { 0 };

    wf_options_parse(&line, argc, argv, &common);
    if (common.operand_count != 3)
        return 2;
    run.instance = common.operands[0];
    run.state = common.operands[1];
    run.schema_file = common.operands[2];
    if (wf_parse_u64(rate, &run.rate, &err) < 0 || wf_parse_u64(count, &run.count, &err) < 0 ||
        wf_parse_u64(batch, &run.batch, &err) < 0 ||
        wf_parse_u64(lost, &run.lost_every, &err) < 0 ||
        wf_parse_i64(received, &run.received_ns, &err) < 0 ||
        wf_parse_i64(step, &run.step_ns, &err) < 0 || start(&run, &err) < 0) {
        (void)fprintf(stderr, "test-publish: %s\n", err.text);
        return 2;
    }
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    wf_service_ready("publishing");
    publish_all(&run);
    print_heads(&run);
    if (run.is_crash)
        _Exit(0);
    wf_publisher_close(&run.publisher);
    wf_schema_free(&run.schema);
    free(run.payload);
    return 0;
}
