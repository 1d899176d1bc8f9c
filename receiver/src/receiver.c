/* SPDX-License-Identifier: MIT */
/* Receiver: see receiver.h. */

#include "receiver.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/publisher.h>
#include <watchfloor/service.h>

#include "endpoints.h"
#include "gather.h"
#include "health.h"
#include "process_usage.h"
#include "regions.h"

/* The heartbeat, the watchdog and new rejects. */
#define TICK_MS 250
/* Rows of wf.links: listeners, and peers of most of them. */
#define LINK_ROWS(listeners) (8 * (uint32_t)(listeners) + RX_PEER_MAX)

struct rx_receiver {
    struct wf_paths paths;
    const char *config_file;
    char listeners_path[WF_PATH_SIZE];
    struct wf_publisher *publisher;
    struct rx_world *world;
    size_t scratch_bytes;
    struct rx_path path;
    struct rx_io io;
    struct rx_gather gather;
    struct rx_health health;
    int64_t next_health_ns, next_watchdog_ns;
    int failure; /* what ended the loop, 0 = a signal */
    bool is_stopping;
    bool is_loop_open;

    uv_loop_t loop;
    uv_prepare_t prepare;
    uv_check_t check;
    uv_timer_t tick;
    uv_signal_t hangup, terminate, interrupt;
};

static void ring(struct rx_receiver *receiver, int64_t now_mono_ns)
{
    wf_publisher_ring(receiver->publisher);
    receiver->path.counters.rings++;
    rx_bell_rung(&receiver->path.bell, now_mono_ns);
}

static void publish_health(struct rx_receiver *receiver)
{
    int64_t now_mono_ns = wf_mono_now_ns();

    rx_health_publish(&receiver->health, &receiver->path, receiver->world, wf_utc_now_ns(),
                      now_mono_ns);
    ring(receiver, now_mono_ns);
}

/* --- from one configuration to the next --------------------------------------------------------- */

static int make_scratch(struct rx_receiver *receiver, size_t bytes, struct wf_err *err)
{
    size_t size = (bytes + 63) / 64 * 64 + 64;
    void *scratch;

    if (receiver->path.scratch != NULL && size <= receiver->scratch_bytes)
        return 0;
    scratch = aligned_alloc(64, size);
    if (scratch == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory to decode packets");
    memset(scratch, 0, size);
    free(receiver->path.scratch);
    receiver->path.scratch = scratch;
    receiver->scratch_bytes = size;
    return 0;
}

static int load_own(const struct rx_world *world, struct rx_own_regions *own, struct wf_err *err)
{
    const uint32_t rows[RX_OWN_COUNT] = {
        [RX_OWN_SUBSYSTEMS] = (uint32_t)world->subsystem_count,
        [RX_OWN_SOURCES] = (uint32_t)world->source_count,
        [RX_OWN_LINKS] = LINK_ROWS(world->listener_count),
    };

    return rx_own_regions_load(own, rows, err);
}

/* Everything that can fail, and undone when it does. */
static int prepare_world(struct rx_receiver *receiver, struct rx_world *next,
                         struct rx_own_regions *own, struct wf_err *err)
{
    struct rx_world *old = receiver->world;
    int rc = make_scratch(receiver, next->payload_max, err);

    if (rc == 0)
        rc = load_own(next, own, err);
    if (rc < 0)
        return rc;
    rc = rx_endpoints_prepare(&receiver->io, next, old, err);
    if (rc == 0) {
        rc = rx_regions_attach(receiver->publisher, next, old, err);
        if (rc < 0)
            rx_endpoints_drop(next, old);
    }
    if (rc < 0)
        rx_own_regions_fini(own);
    return rc;
}

/* At start it must work; in a running system telemetry goes on without it, and says so. */
static int change_archive(struct rx_receiver *receiver, uint64_t ring_bytes, bool is_start,
                          struct wf_err *err)
{
    struct rx_path *path = &receiver->path;
    int rc = rx_archive_attach(receiver->publisher, ring_bytes, path->archive, &path->archive, err);

    if (rc < 0 && !is_start) {
        wf_log_warning("packets are not kept: %s", err->text);
        rc = 0;
    }
    return rc;
}

/* Put `next` in the place of the world in force. On failure that one goes on as it was. */
static int change_world(struct rx_receiver *receiver, struct rx_world *next, struct wf_err *err)
{
    struct rx_world *old = receiver->world;
    struct rx_own_regions own;
    int rc = prepare_world(receiver, next, &own, err);

    if (rc < 0)
        return rc;
    if (old != NULL) {
        rx_path_abandon(&receiver->path, old);
        (void)rx_rejects_flush(receiver->path.rejects, &receiver->health.own.list[RX_OWN_REJECTS]);
        rx_health_forget(&receiver->health, old, next);
    }
    rx_endpoints_commit(next, old);
    if (old != NULL)
        rx_world_adopt(next, old);
    rc = rx_own_regions_attach(&own, old != NULL ? &receiver->health.own : NULL,
                               receiver->paths.instance, receiver->publisher, err);
    rx_regions_retire(receiver->publisher, next, old);
    rx_own_regions_fini(&receiver->health.own);
    receiver->health.own = own;
    if (rc == 0)
        rc = change_archive(receiver, next->config->packet_ring, old == NULL, err);
    receiver->health.region_bytes = wf_publisher_memory(receiver->publisher);
    receiver->world = next;
    receiver->path.pace_window_ns = next->config->ring_turn_ns / 2;
    rx_world_free(&old);
    /* The world has changed; without its health the receiver would be blind to itself. */
    return rc < 0 ? WF_ERR_CORRUPT : 0;
}

static void tell_listeners(struct rx_receiver *receiver)
{
    struct wf_err err = { 0 };

    if (rx_endpoints_write(receiver->world, receiver->listeners_path,
                           wf_publisher_epoch(receiver->publisher), &err) < 0)
        wf_log_warning("%s, going on", err.text);
}

static void stop(struct rx_receiver *receiver);

static void reload(struct rx_receiver *receiver)
{
    struct wf_problems problems = { 0 };
    struct rx_world *next = NULL;
    struct wf_err err = { 0 };
    int rc;

    wf_service_status("loading the configuration anew");
    rc = rx_world_load(receiver->config_file, &receiver->paths, &next, &problems, &err);
    if (rc == 0)
        rc = change_world(receiver, next, &err);
    if (rc < 0 && receiver->world != next)
        rx_world_free(&next);
    receiver->health.is_reload_refused = rc < 0;
    if (rc == 0) {
        receiver->path.counters.reloads++;
        tell_listeners(receiver);
        wf_log_info("configuration loaded anew: %zu listeners, %zu subsystems",
                    receiver->world->listener_count, receiver->world->subsystem_count);
    } else {
        receiver->path.counters.reload_failures++;
        wf_problems_print(&problems);
        wf_log_error("%s; the new configuration is not used, going on with the old one", err.text);
    }
    wf_problems_fini(&problems);
    if (rc == WF_ERR_CORRUPT) {
        wf_log_error("regions are missing; stopping");
        receiver->failure = rc;
        stop(receiver);
        return;
    }
    publish_health(receiver);
    wf_service_status("receiving");
}

/* --- the loop ------------------------------------------------------------------------------------ */

/* Under load, let datagrams gather before the next read. */
static void on_prepare(uv_prepare_t *prepare)
{
    struct rx_receiver *receiver = prepare->data;
    int64_t gather_ns = receiver->world->config->gather_ns;

    if (!receiver->gather.is_due || gather_ns == 0)
        return;

    struct timespec nap = { .tv_sec = gather_ns / WF_NS_PER_S, .tv_nsec = gather_ns % WF_NS_PER_S };

    receiver->gather.is_due = false;
    receiver->path.counters.gathers++;
    (void)nanosleep(&nap, NULL); /* a signal ends it early, which is fine */
}

/* After reading: wake monitors, once for all that came. */
static void on_check(uv_check_t *check)
{
    struct rx_receiver *receiver = check->data;
    struct rx_io *io = &receiver->io;

    if (io->round_count == 0 && receiver->path.bell.unrung == 0)
        return;

    int64_t now_ns = io->round_count > 0 ? io->round_mono_ns : wf_mono_now_ns();
    bool is_loaded =
        rx_gather_note(&receiver->gather, now_ns, io->round_count, io->round_largest) &&
        receiver->world->config->gather_ns > 0;

    io->round_count = 0;
    io->round_largest = 0;
    if (rx_bell_is_due(&receiver->path.bell, is_loaded, now_ns))
        ring(receiver, now_ns);
    if (receiver->path.bell.unrung > 0)
        rx_io_stir(io); /* so that what was not rung for is not forgotten */
    else
        (void)uv_idle_stop(&io->idle);
}

static void on_tick(uv_timer_t *tick)
{
    struct rx_receiver *receiver = tick->data;
    int64_t now_ns = wf_mono_now_ns();
    int64_t watchdog_ns = wf_service_watchdog_ns();

    wf_publisher_heartbeat(receiver->publisher, now_ns);
    if (watchdog_ns > 0 && now_ns >= receiver->next_watchdog_ns) {
        wf_service_alive();
        receiver->next_watchdog_ns = now_ns + watchdog_ns;
    }
    if (now_ns >= receiver->next_health_ns) {
        receiver->next_health_ns = now_ns + WF_NS_PER_S - TICK_MS * WF_NS_PER_MS / 2;
        publish_health(receiver);
    } else if (rx_rejects_flush(receiver->path.rejects,
                                &receiver->health.own.list[RX_OWN_REJECTS]) > 0) {
        ring(receiver, now_ns);
    }
}

/* Orderly: what the kernel holds is still published, then the sockets go, and so the loop ends. */
static void stop(struct rx_receiver *receiver)
{
    if (receiver->is_stopping)
        return;
    receiver->is_stopping = true;
    wf_service_stopping();
    if (receiver->world != NULL)
        rx_endpoints_close(receiver->world);
    uv_close((uv_handle_t *)&receiver->prepare, NULL);
    uv_close((uv_handle_t *)&receiver->check, NULL);
    uv_close((uv_handle_t *)&receiver->io.idle, NULL);
    uv_close((uv_handle_t *)&receiver->tick, NULL);
    uv_close((uv_handle_t *)&receiver->hangup, NULL);
    uv_close((uv_handle_t *)&receiver->terminate, NULL);
    uv_close((uv_handle_t *)&receiver->interrupt, NULL);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct rx_receiver *receiver = handle->data;

    if (number == SIGHUP) {
        reload(receiver);
        return;
    }
    wf_log_info("%s, stopping", number == SIGTERM ? "TERM" : "INT");
    stop(receiver);
}

static int open_loop(struct rx_receiver *receiver, struct wf_err *err)
{
    uv_loop_t *loop = &receiver->loop;
    int rc = uv_loop_init(loop);

    if (rc < 0)
        return wf_fail(err, WF_ERR_SYSTEM, "event loop: %s", uv_strerror(rc));
    receiver->is_loop_open = true;
    loop->data = receiver;
    (void)uv_prepare_init(loop, &receiver->prepare);
    (void)uv_check_init(loop, &receiver->check);
    (void)uv_idle_init(loop, &receiver->io.idle);
    (void)uv_timer_init(loop, &receiver->tick);
    (void)uv_signal_init(loop, &receiver->hangup);
    (void)uv_signal_init(loop, &receiver->terminate);
    (void)uv_signal_init(loop, &receiver->interrupt);
    receiver->prepare.data = receiver;
    receiver->check.data = receiver;
    receiver->tick.data = receiver;
    receiver->hangup.data = receiver;
    receiver->terminate.data = receiver;
    receiver->interrupt.data = receiver;
    rc = uv_signal_start(&receiver->hangup, on_signal, SIGHUP);
    if (rc == 0)
        rc = uv_signal_start(&receiver->terminate, on_signal, SIGTERM);
    if (rc == 0)
        rc = uv_signal_start(&receiver->interrupt, on_signal, SIGINT);
    return rc < 0 ? wf_fail(err, WF_ERR_SYSTEM, "signals: %s", uv_strerror(rc)) : 0;
}

/* --- life ---------------------------------------------------------------------------------------- */

static int open_publisher(struct rx_receiver *receiver, const struct rx_world *world,
                          struct wf_err *err)
{
    const struct wf_config *config = world->config;
    struct wf_publisher_options options = {
        .instance = receiver->paths.instance,
        .role = "receiver",
        .state = receiver->paths.state,
        .group = config->group[0] != '\0' ? config->group : NULL,
        .ring_time_ns = config->ring_time_ns,
        .memory_max = config->region_memory,
        .region_max =
            (uint32_t)(2 * world->subsystem_count > 4096 ? 2 * world->subsystem_count : 4096),
    };

    return wf_publisher_open(&options, &receiver->publisher, err);
}

static int make_run_folder(struct rx_receiver *receiver, struct wf_err *err)
{
    char folder[WF_PATH_SIZE];
    int rc = wf_paths_in_state(&receiver->paths, "run", folder, sizeof(folder), err);

    if (rc == 0)
        rc = wf_make_folders(folder, err);
    if (rc == 0)
        rc = wf_paths_in_state(&receiver->paths, "run/listeners.json", receiver->listeners_path,
                               sizeof(receiver->listeners_path), err);
    return rc;
}

static int make_io(struct rx_receiver *receiver, struct wf_err *err)
{
    receiver->io.loop = &receiver->loop;
    receiver->io.path = &receiver->path;
    receiver->io.stream_buffer = malloc(RX_STREAM_BUFFER);
    if (receiver->io.stream_buffer == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory for receive buffers");
    return rx_udp_batch_create(&receiver->io.batch, err);
}

static int start(struct rx_receiver *receiver, struct wf_problems *problems, struct wf_err *err)
{
    struct rx_world *world = NULL;
    int rc = rx_world_load(receiver->config_file, &receiver->paths, &world, problems, err);

    if (rc == 0)
        rc = make_run_folder(receiver, err);
    if (rc == 0)
        rc = make_io(receiver, err);
    if (rc == 0)
        rc = rx_rejects_create(world->config->reject_count, &receiver->path.rejects, err);
    if (rc == 0)
        rc = open_loop(receiver, err);
    if (rc == 0)
        rc = open_publisher(receiver, world, err);
    if (rc == 0) {
        /* The lease is ours: what an earlier life told about its listeners is over. */
        (void)unlink(receiver->listeners_path);
        rc = change_world(receiver, world, err);
    }
    if (rc == 0) {
        /* Regions of an earlier life that this configuration does not name go now. */
        rc = wf_publisher_settle(receiver->publisher, err);
        rc = rc < 0 ? rc : 0;
    }
    if (rc < 0 && receiver->world != world)
        rx_world_free(&world);
    return rc;
}

static void set_log_level(const struct wf_config *config)
{
    enum wf_log_level level;

    if (wf_log_level_parse(config->log_level, &level) == 0)
        wf_log_set_level(level);
}

int rx_receiver_start(const struct wf_common *common, struct rx_receiver **out_receiver,
                      struct wf_problems *problems, struct wf_err *err)
{
    struct rx_receiver *receiver = calloc(1, sizeof(*receiver));
    int rc;

    if (receiver == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory to start");
    receiver->paths = common->paths;
    receiver->config_file = common->config;
    receiver->health.started_mono_ns = wf_mono_now_ns();
    receiver->health.last_mono_ns = receiver->health.started_mono_ns;
    receiver->health.window_mono_ns = receiver->health.started_mono_ns;
    (void)rx_raise_descriptor_limit();
    rc = start(receiver, problems, err);
    if (rc < 0) {
        wf_publisher_abandon(&receiver->publisher); /* a refused start leaves nothing behind */
        rx_receiver_destroy(&receiver);
        return rc;
    }
    set_log_level(receiver->world->config);
    *out_receiver = receiver;
    return 0;
}

int rx_receiver_run(struct rx_receiver *receiver)
{
    (void)uv_prepare_start(&receiver->prepare, on_prepare);
    (void)uv_check_start(&receiver->check, on_check);
    (void)uv_timer_start(&receiver->tick, on_tick, TICK_MS, TICK_MS);
    wf_publisher_heartbeat(receiver->publisher, wf_mono_now_ns());
    publish_health(receiver);
    receiver->next_health_ns = wf_mono_now_ns() + WF_NS_PER_S - TICK_MS * WF_NS_PER_MS / 2;
    tell_listeners(receiver);
    wf_log_info("receiving: %zu listeners, %zu subsystems of %zu sources",
                receiver->world->listener_count, receiver->world->subsystem_count,
                receiver->world->source_count);
    wf_service_ready("receiving");

    (void)uv_run(&receiver->loop, UV_RUN_DEFAULT);

    /* Sockets are closed: these are the last words. */
    rx_path_abandon(&receiver->path, receiver->world);
    publish_health(receiver);
    (void)unlink(receiver->listeners_path);
    return receiver->failure;
}

void rx_receiver_destroy(struct rx_receiver **receiver_at)
{
    struct rx_receiver *receiver = *receiver_at;

    if (receiver == NULL)
        return;
    if (receiver->is_loop_open) {
        stop(receiver);
        (void)uv_run(&receiver->loop, UV_RUN_DEFAULT);
        (void)uv_loop_close(&receiver->loop);
    }
    wf_publisher_close(&receiver->publisher);
    rx_own_regions_fini(&receiver->health.own);
    rx_world_free(&receiver->world);
    rx_rejects_destroy(&receiver->path.rejects);
    rx_archive_fini(&receiver->path.archive);
    rx_udp_batch_destroy(&receiver->io.batch);
    free(receiver->io.stream_buffer);
    free(receiver->path.scratch);
    free(receiver);
    *receiver_at = NULL;
}
