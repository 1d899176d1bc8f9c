/* SPDX-License-Identifier: MIT */
/*
 * Pacing. A packet is due when the file's clock, running `speed` times as fast, reaches
 * its time; or at its place in a steady row. Where the file's time jumps, forward or back, by
 * more than `pause_max_ns`, a clock was set or a pass was over: it goes on from there at
 * once. The loop's timer has whole milliseconds: at higher rates all packets that have
 * become due go out together.
 */

#include "player.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

/* Packets sent before the loop looks at signals again. */
#define BATCH       256
#define PROGRESS_MS 250

struct player {
    struct player_options options;
    struct recording *recording;
    struct target *target;
    player_over_fn on_over;
    void *context;

    uv_timer_t timer, progress;
    int open_handles;

    struct send_packet packet; /* next to go */
    bool has_packet, is_at_end, is_over;
    uint64_t loops_done;
    uint64_t in_loop; /* packets of this time through the file */

    /* Pacing. */
    int64_t begun_ns;    /* monotonic, the first packet; 0 = not yet */
    int64_t first_ns;    /* its recorded time; moved on with begun_ns where time jumps */
    int64_t newest_ns;   /* the furthest recorded time since */
    int64_t last_due_ns; /* monotonic */
    struct player_counts counts;
};

static void end(struct player *player, int rc, const struct wf_err *err)
{
    if (player->is_over)
        return;
    player->is_over = true;
    (void)uv_timer_stop(&player->timer);
    (void)uv_timer_stop(&player->progress);
    if (player->has_packet)
        player->counts.unsent++;
    if (player->target != NULL)
        player->counts.lost = target_lost(player->target, &player->counts.lost_bytes);
    if (player->options.shows_progress)
        (void)fputs("\r\033[K", stderr);
    player->on_over(player->context, rc, err);
}

static void show_progress(uv_timer_t *timer)
{
    const struct player *player = timer->data;
    char line[160];
    struct wf_strbuf out = WF_STRBUF_FIXED(line);

    wf_strbuf_addf(&out, "\r\033[K%" PRIu64 " packets", player->counts.packets);
    if (player->options.count > 0)
        wf_strbuf_addf(&out, " of %" PRIu64, player->options.count);
    wf_strbuf_addf(&out, ", %.0f %% of the file", 100 * recording_progress(player->recording));
    if (player->options.loops != 1)
        wf_strbuf_addf(&out, ", time %" PRIu64, player->loops_done + 1);
    if (player->begun_ns != 0) {
        wf_strbuf_add(&out, ", ");
        wf_strbuf_add_age(&out, wf_mono_now_ns() - player->begun_ns);
    }
    (void)fputs(out.text, stderr);
    (void)fflush(stderr);
}

/* From here on the file's clock runs from the packet's time. */
static void anchor(struct player *player)
{
    player->first_ns = player->newest_ns = player->packet.time_ns;
    player->begun_ns = player->last_due_ns;
}

/* Does the packet's time lie far from all before it? In doubles: times may be any 64 bits. */
static bool is_jump(const struct player *player)
{
    return fabs((double)player->packet.time_ns - (double)player->newest_ns) >
           (double)player->options.pause_max_ns;
}

/* The monotonic time at which the packet is due. One without a time goes with the one before. */
static int64_t due_ns(struct player *player)
{
    const struct player_options *options = &player->options;
    int64_t now = wf_mono_now_ns();
    double ahead_ns;

    if (player->begun_ns == 0) {
        player->begun_ns = player->last_due_ns = now;
        player->first_ns = WF_TIME_NONE;
    }
    if (options->rate_hz > 0) {
        ahead_ns = (double)player->counts.packets * 1e9 / options->rate_hz;
        return player->begun_ns + (int64_t)fmin(ahead_ns, 1e18);
    }
    if (options->speed <= 0 || player->packet.time_ns == WF_TIME_NONE)
        return player->last_due_ns;
    if (player->first_ns == WF_TIME_NONE) { /* the first of this time through the file */
        anchor(player);
    } else if (is_jump(player)) {
        player->counts.jumps++;
        anchor(player);
    }
    if (player->packet.time_ns > player->newest_ns)
        player->newest_ns = player->packet.time_ns;
    ahead_ns = ((double)player->packet.time_ns - (double)player->first_ns) / options->speed;
    /* A little back: packets of several sources are not in order. That makes no one wait. */
    return player->begun_ns + (int64_t)fmax(0, fmin(ahead_ns, 1e18));
}

/* Have the next packet at hand; false when there is none, or no more are wanted. */
static bool take_packet(struct player *player)
{
    if (player->has_packet || player->is_at_end)
        return player->has_packet;
    player->is_at_end = true; /* unless one is found */
    if (player->options.count > 0 &&
        player->counts.packets + player->counts.refused >= player->options.count)
        return false;
    while (!recording_next(player->recording, &player->packet)) {
        player->loops_done++;
        /* A file without packets would be read for ever. */
        if (player->in_loop == 0 || player->loops_done == player->options.loops ||
            recording_rewind(player->recording, NULL) < 0)
            return false;
        player->in_loop = 0;
        player->first_ns = WF_TIME_NONE;
    }
    player->in_loop++;
    player->is_at_end = false;
    player->has_packet = true;
    return true;
}

static void on_timer(uv_timer_t *timer)
{
    player_go(timer->data, 0, NULL);
}

/* Everything is handed over: what a stream has gathered goes out, and then it is over. */
static void finish(struct player *player)
{
    if (target_flush(player->target))
        return; /* the target calls again */
    end(player, 0, NULL);
}

static void wait_until(struct player *player, int64_t when_ns, int64_t now_ns)
{
    uint64_t ms = (uint64_t)((when_ns - now_ns + WF_NS_PER_MS - 1) / WF_NS_PER_MS);

    (void)target_flush(player->target);
    (void)uv_timer_start(&player->timer, on_timer, ms, 0);
}

/* Offer the packet at hand; false when the target will say when it takes more. */
static bool offer(struct player *player)
{
    switch (target_send(player->target, player->packet.bytes, player->packet.len)) {
    case TARGET_SENT:
        player->counts.packets++;
        player->counts.bytes += player->packet.len;
        break;
    case TARGET_REFUSED:
        player->counts.refused++;
        break;
    case TARGET_LATER:
        return false;
    }
    player->has_packet = false;
    return true;
}

void player_go(struct player *player, int rc, const struct wf_err *err)
{
    if (rc < 0)
        end(player, rc, err);
    if (player->is_over || player->target == NULL)
        return;
    for (int i = 0; i < BATCH; i++) {
        int64_t now = wf_mono_now_ns();
        int64_t due;

        if (!take_packet(player)) {
            finish(player);
            return;
        }
        due = due_ns(player);
        if (due > now) {
            wait_until(player, due, now);
            return;
        }
        player->last_due_ns = due;
        if (!offer(player) || player->is_over)
            return;
    }
    (void)uv_timer_start(&player->timer, on_timer, 0, 0);
}

int player_start(uv_loop_t *loop, const struct player_options *options, struct recording *recording,
                 player_over_fn on_over, void *context, struct player **out_player,
                 struct wf_err *err)
{
    struct player *player = calloc(1, sizeof(*player));

    if (player == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    player->options = *options;
    player->recording = recording;
    player->on_over = on_over;
    player->context = context;
    (void)uv_timer_init(loop, &player->timer);
    (void)uv_timer_init(loop, &player->progress);
    player->timer.data = player->progress.data = player;
    player->open_handles = 2;
    if (options->shows_progress) {
        (void)uv_timer_start(&player->progress, show_progress, PROGRESS_MS, PROGRESS_MS);
        uv_unref((uv_handle_t *)&player->progress);
    }
    *out_player = player;
    return 0;
}

void player_set_target(struct player *player, struct target *target)
{
    player->target = target;
}

void player_stop(struct player *player)
{
    end(player, 0, NULL);
}

static void forget_handle(uv_handle_t *handle)
{
    struct player *player = handle->data;

    if (--player->open_handles == 0)
        free(player);
}

void player_close(struct player **player)
{
    struct player *gone = *player;

    *player = NULL;
    if (gone == NULL)
        return;
    uv_close((uv_handle_t *)&gone->timer, forget_handle);
    uv_close((uv_handle_t *)&gone->progress, forget_handle);
}

void player_counts(const struct player *player, struct player_counts *out)
{
    *out = player->counts;
}
