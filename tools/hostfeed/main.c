/* SPDX-License-Identifier: MIT */
/*
 * wf-hostfeed - the telemetry of the machine it runs on, as CCSDS packets.
 *
 * One reading each period, from which three packets are made (host, host_disk,
 * host_net); the time in them is that of the reading.
 */

#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>

#include <uv.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/decoder.h>
#include <watchfloor/log.h>
#include <watchfloor/options.h>
#include <watchfloor/service.h>
#include <watchfloor/strbuf.h>

#include "host_disk_info.h"
#include "host_fill.h"
#include "host_info.h"
#include "host_net_info.h"
#include "host_raw.h"
#include "link.h"
#include "setup.h"

#define RATE_MIN 0.1
#define RATE_MAX 10.0

/* One of the three packets. */
struct packet {
    const char *name;
    uint64_t layout_hash;
    struct wf_schema *schema;
    struct wf_encoder *encoder;
    void *payload; /* of the schema; begins with the struct */
    uint32_t sequence;
};

enum { HOST, HOST_DISK, HOST_NET, PACKET_COUNT };

struct feed {
    uv_loop_t *loop;
    uv_timer_t timer;
    uv_signal_t on_int, on_term;
    struct feed_link *link;
    struct packet packets[PACKET_COUNT];
    const char *root; /* "" or a folder with proc/ and sys/ */
    struct host_raw readings[2];
    uint64_t reading_count;
    uint64_t period_ms;
    int64_t end_ns; /* monotonic; 0 = never */
    bool is_over, was_unreadable;
    uint8_t bytes[WF_CCSDS_PACKET_MAX];
};

static void end(struct feed *feed)
{
    if (feed->is_over)
        return;
    feed->is_over = true;
    wf_service_stopping();
    uv_close((uv_handle_t *)&feed->timer, NULL);
    uv_close((uv_handle_t *)&feed->on_int, NULL);
    uv_close((uv_handle_t *)&feed->on_term, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    end(handle->data);
}

static void send_packet(struct feed *feed, struct packet *packet, int64_t utc_ns)
{
    const uint16_t sequence = (uint16_t)(packet->sequence++ % WF_CCSDS_SEQUENCE_MODULO);
    size_t len = 0;

    if (wf_encode(packet->encoder, packet->payload, packet->schema->apids[0], sequence, utc_ns,
                  feed->bytes, sizeof(feed->bytes), &len) == 0)
        (void)feed_link_send(feed->link, feed->bytes, len);
}

static void on_timer(uv_timer_t *timer)
{
    struct feed *feed = timer->data;
    struct host_raw *now = &feed->readings[feed->reading_count % 2];
    const struct host_raw *before = &feed->readings[(feed->reading_count + 1) % 2];
    const int64_t utc_ns = wf_utc_now_ns();
    struct wf_err err = { 0 };

    if (feed->end_ns > 0 && wf_mono_now_ns() >= feed->end_ns) {
        end(feed);
        return;
    }
    wf_service_alive();
    if (host_raw_read(feed->root, now, &err) < 0) {
        if (!feed->was_unreadable)
            wf_log_error("%s; trying again every period", err.text);
        feed->was_unreadable = true;
        return;
    }
    feed->was_unreadable = false;
    if (feed->reading_count++ == 0)
        return; /* rates need two */
    host_fill_host(before, now, feed->packets[HOST].payload);
    host_fill_disk(before, now, feed->packets[HOST_DISK].payload);
    host_fill_net(before, now, feed->packets[HOST_NET].payload);
    for (int i = 0; i < PACKET_COUNT; i++)
        send_packet(feed, &feed->packets[i], utc_ns);
}

static void on_link_ready(void *context)
{
    struct feed *feed = context;
    char text[FEED_STATUS_SIZE];
    struct wf_strbuf status = WF_STRBUF_FIXED(text);

    if (feed->is_over)
        return;
    wf_strbuf_addf(&status, "to %s every %" PRIu64 " ms", feed_link_where(feed->link),
                   feed->period_ms);
    wf_log_info("sending %s", text);
    wf_service_status(text);
    (void)uv_timer_start(&feed->timer, on_timer, 0, feed->period_ms);
}

static int set_up_packets(struct feed *feed, const struct wf_common *common,
                          const struct wf_config *config, struct wf_err *err)
{
    feed->packets[HOST] = (struct packet){ .name = "host", .layout_hash = HOST_INFO_LAYOUT_HASH };
    feed->packets[HOST_DISK] =
        (struct packet){ .name = "host_disk", .layout_hash = HOST_DISK_INFO_LAYOUT_HASH };
    feed->packets[HOST_NET] =
        (struct packet){ .name = "host_net", .layout_hash = HOST_NET_INFO_LAYOUT_HASH };
    for (int i = 0; i < PACKET_COUNT; i++) {
        struct packet *packet = &feed->packets[i];
        int rc = feed_setup_schema(common, config, packet->name, packet->layout_hash,
                                   &packet->schema, err);

        if (rc == 0)
            rc = wf_encoder_create(packet->schema, &packet->encoder, err);
        if (rc < 0)
            return rc;
        packet->payload = calloc(1, packet->schema->payload_bytes);
        if (packet->payload == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    return 0;
}

static void free_packets(struct feed *feed)
{
    for (int i = 0; i < PACKET_COUNT; i++) {
        wf_encoder_destroy(&feed->packets[i].encoder);
        wf_schema_free(&feed->packets[i].schema);
        free(feed->packets[i].payload);
    }
}

static int set_up_timing(struct feed *feed, const char *rate, const char *run_for,
                         struct wf_err *err)
{
    double hz = 1.0;
    int64_t for_ns = 0;
    int rc = wf_parse_double(rate, &hz, err);

    if (rc == 0 && !(hz >= RATE_MIN && hz <= RATE_MAX))
        rc = wf_fail(err, WF_ERR_INVALID, "%s is not between %g and %g a second", rate, RATE_MIN,
                     RATE_MAX);
    if (rc < 0) {
        wf_err_prefix(err, "--rate");
        return rc;
    }
    feed->period_ms = (uint64_t)(1000.0 / hz + 0.5);
    if (run_for == NULL)
        return 0;
    rc = wf_parse_duration_ns(run_for, &for_ns, err);
    if (rc < 0)
        wf_err_prefix(err, "--for");
    else
        feed->end_ns = wf_mono_now_ns() + for_ns;
    return rc;
}

static void start_handles(struct feed *feed)
{
    (void)uv_timer_init(feed->loop, &feed->timer);
    (void)uv_signal_init(feed->loop, &feed->on_int);
    (void)uv_signal_init(feed->loop, &feed->on_term);
    feed->timer.data = feed;
    feed->on_int.data = feed;
    feed->on_term.data = feed;
    (void)uv_signal_start(&feed->on_int, on_signal, SIGINT);
    (void)uv_signal_start(&feed->on_term, on_signal, SIGTERM);
}

static int run(struct feed *feed, const char *target, const struct wf_config *config,
               const struct wf_common *common, struct wf_err *err)
{
    int rc = feed_link_open(feed->loop, target, config, &common->paths, on_link_ready, feed,
                            &feed->link, err);

    if (rc < 0)
        return rc;
    start_handles(feed);
    wf_service_ready(feed_link_is_ready(feed->link) ? "starting" : "looking for its listener");
    (void)uv_run(feed->loop, UV_RUN_DEFAULT);
    return 0;
}

static int finish(struct feed *feed, struct wf_err *err)
{
    uint64_t sent;
    uint64_t failed;
    int rc;

    if (feed->link == NULL)
        return 0;
    sent = feed_link_sent(feed->link);
    failed = feed_link_failed(feed->link);
    rc = feed_link_close(&feed->link, err);
    (void)uv_run(feed->loop, UV_RUN_DEFAULT);
    wf_log_info("sent %" PRIu64 " packets, %" PRIu64 " refused by the system", sent, failed);
    return rc;
}

int main(int argc, char **argv)
{
    static struct feed feed; /* holds a packet of the greatest length: not for the stack */
    const char *to = "listener";
    const char *rate = "1";
    const char *run_for = NULL;
    const char *root = "";
    const struct wf_option options[] = {
        { "to", "TARGET", "udp:HOST:PORT, listener:NAME, or file:PATH (default: listener).", &to,
          NULL },
        { "rate", "HZ", "Readings a second, 0.1 to 10 (1).", &rate, NULL },
        { "for", "TIME", "Stop by itself after that long.", &run_for, NULL },
        { "root", "FOLDER", "Read proc/ and sys/ below it instead of this machine's.", &root,
          NULL },
    };
    const struct wf_command_line line = {
        .program = "wf-hostfeed",
        .summary = "the telemetry of this machine, as CCSDS packets",
        .operands = "",
        .details = "Subsystems: host, host_disk, host_net. What the machine does not have\n"
                   "(pressure information, sensors) is left out of the packets.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_common common;
    struct wf_config *config = NULL;
    struct wf_err err = { 0 };
    int rc;

    wf_options_parse(&line, argc, argv, &common);
    feed.loop = uv_default_loop();
    feed.root = root;
    rc = set_up_timing(&feed, rate, run_for, &err);
    if (rc == 0)
        rc = feed_setup_config(&common, to, &config, &err);
    if (rc == 0)
        rc = set_up_packets(&feed, &common, config, &err);
    if (rc == 0)
        rc = run(&feed, to, config, &common, &err);
    if (rc == 0)
        rc = finish(&feed, &err);
    if (rc < 0)
        wf_log_error("%s", err.text);
    free_packets(&feed);
    wf_config_free(&config);
    (void)uv_loop_close(feed.loop);
    return rc < 0 ? 2 : EXIT_SUCCESS;
}
