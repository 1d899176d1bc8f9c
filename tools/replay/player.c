/* SPDX-License-Identifier: MIT */
/* Player: see player.h. */

#include "player.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>

#define REPORT_MS 1000
#define BATCH_MAX 512 /* samples before the loop may look after other things */
#define SPEED_MAX 1e6

struct player {
    struct player_options options;
    struct tape *tape;
    struct stage *stage;
    uv_loop_t *loop;
    uv_timer_t due, report;

    double speed;
    bool is_paused, is_finished, is_told;
    int64_t position_ns; /* while paused; else of the moment `anchor` */
    int64_t anchor_mono_ns;
    int64_t published_ns; /* receive time of the newest that was published */
    int64_t next_ns;      /* nothing received before was not published */
    uint64_t moves;       /* seeks, the first one to the beginning included */
    double behind_s;
};

static void play(uv_timer_t *timer);

/* --- the clock ----------------------------------------------------------------------- */

static int64_t position_now(const struct player *player)
{
    double passed = (double)(wf_mono_now_ns() - player->anchor_mono_ns) * player->speed;

    if (player->is_paused || player->is_finished)
        return player->position_ns;
    if (player->speed == 0)
        return player->published_ns;
    if (passed > (double)(player->options.to_ns - player->position_ns))
        return player->options.to_ns;
    return player->position_ns + (int64_t)passed;
}

static void set_anchor(struct player *player, int64_t position_ns)
{
    player->position_ns = position_ns;
    player->anchor_mono_ns = wf_mono_now_ns();
}

/* --- the end --------------------------------------------------------------------------- */

static void report(struct player *player)
{
    struct stage_report report;

    player_look(player, &report);
    stage_report(player->stage, &report);
}

static void finish(struct player *player, int rc, const struct wf_err *err)
{
    if (rc == 0) {
        player->is_finished = true;
        player->position_ns = player->options.to_ns;
    }
    report(player);
    if ((player->options.stays && rc == 0) || player->is_told)
        return;
    player->is_told = true;
    player->options.over(player->options.context, rc, err);
}

/* --- playing ----------------------------------------------------------------------------- */

/* Milliseconds until the sample's moment; rounded up, so that nothing comes before its time. */
static uint64_t wait_ms(const struct player *player, int64_t time_ns)
{
    double seconds = (double)(time_ns - position_now(player)) / player->speed / 1e9;

    return seconds <= 0 ? 0 : seconds > 3600 ? 3600000 : (uint64_t)ceil(seconds * 1e3);
}

/* What comes next; from here on it is known that nothing comes before. */
static const struct tape_sample *look(struct player *player, int *out_rc, struct wf_err *err)
{
    const struct tape_sample *sample = tape_look(player->tape, out_rc, err);

    if (sample != NULL)
        player->next_ns = sample->row->time_ns;
    else if (*out_rc == 0)
        player->next_ns = INT64_MAX;
    return sample;
}

static void publish(struct player *player, const struct tape_sample *sample)
{
    player->published_ns = sample->row->time_ns;
    stage_publish(player->stage, sample);
    tape_take(player->tape);
}

static void play(uv_timer_t *timer)
{
    struct player *player = timer->data;
    struct wf_err err = { 0 };
    int64_t now_ns;
    int rc;

    if (player->is_paused || player->is_finished)
        return;
    now_ns = position_now(player);
    for (int i = 0; i < BATCH_MAX; i++) {
        const struct tape_sample *sample = look(player, &rc, &err);

        if (sample == NULL) {
            stage_ring(player->stage);
            finish(player, rc, &err);
            return;
        }
        if (player->speed > 0 && sample->row->time_ns > now_ns) {
            player->behind_s = 0;
            stage_ring(player->stage);
            (void)uv_timer_start(timer, play, wait_ms(player, sample->row->time_ns), 0);
            return;
        }
        if (player->speed > 0)
            player->behind_s = (double)(now_ns - sample->row->time_ns) / player->speed / 1e9;
        publish(player, sample);
    }
    stage_ring(player->stage);
    (void)uv_timer_start(timer, play, 0, 0);
}

static void show_progress(const struct player *player)
{
    char text[64];
    struct wf_strbuf time = WF_STRBUF_FIXED(text);

    wf_strbuf_add_time(&time, position_now(player), 0);
    (void)fprintf(stderr, "\r%s  %g x  %llu samples%s ", text, player->speed,
                  (unsigned long long)stage_published(player->stage),
                  player->is_paused     ? "  PAUSED  "
                  : player->is_finished ? "  FINISHED"
                                        : "          ");
}

static void tick(uv_timer_t *timer)
{
    struct player *player = timer->data;

    report(player);
    if (player->options.shows_progress)
        show_progress(player);
}

/* --- what people do ------------------------------------------------------------------------ */

void player_pause(struct player *player)
{
    if (player->is_paused || player->is_finished)
        return;
    player->position_ns = position_now(player);
    player->is_paused = true;
    (void)uv_timer_stop(&player->due);
    report(player);
}

void player_resume(struct player *player)
{
    if (!player->is_paused || player->is_finished)
        return;
    player->is_paused = false;
    set_anchor(player, player->position_ns);
    (void)uv_timer_start(&player->due, play, 0, 0);
    report(player);
}

int player_set_speed(struct player *player, double speed, struct wf_err *err)
{
    if (!(speed >= 0 && speed <= SPEED_MAX))
        return wf_fail(err, WF_ERR_LIMIT, "a speed is between 0 (as fast as possible) and 1000000");
    if (!player->is_paused && !player->is_finished)
        set_anchor(player, position_now(player));
    player->speed = speed;
    if (!player->is_paused && !player->is_finished)
        (void)uv_timer_start(&player->due, play, 0, 0);
    report(player);
    return WF_OK;
}

int player_step(struct player *player, uint64_t samples, int64_t time_ns, struct wf_err *err)
{
    int64_t until_ns;
    int rc = WF_OK;

    player_pause(player);
    until_ns = time_ns > player->options.to_ns - player->position_ns
                   ? player->options.to_ns
                   : player->position_ns + time_ns;
    while (!player->is_finished) {
        const struct tape_sample *sample = look(player, &rc, err);

        if (sample == NULL) {
            if (rc == 0)
                finish(player, 0, NULL);
            break;
        }
        if (samples > 0 ? samples-- == 0 : sample->row->time_ns > until_ns)
            break;
        publish(player, sample);
        player->position_ns = player->published_ns;
        if (samples == 0 && time_ns == 0)
            break;
    }
    if (time_ns > 0 && !player->is_finished)
        player->position_ns = until_ns;
    report(player);
    return rc;
}

static void show_state(void *context, const struct tape_sample *sample)
{
    struct player *player = context;

    stage_publish(player->stage, sample);
}

int player_seek(struct player *player, int64_t time_ns, struct wf_err *err)
{
    int rc;

    if (time_ns < player->options.from_ns || time_ns > player->options.to_ns)
        return wf_fail(err, WF_ERR_LIMIT, "that is outside of what is replayed");
    rc = tape_seek(player->tape, time_ns, err);
    if (rc < 0)
        return rc;
    player->is_finished = false;
    player->published_ns = player->next_ns = time_ns;
    player->moves++;
    set_anchor(player, time_ns);
    report(player); /* before the state of then: what follows is of another journey */
    rc = tape_state_at(player->tape, time_ns, show_state, player, err);
    if (rc < 0)
        return rc;
    if (!player->is_paused)
        (void)uv_timer_start(&player->due, play, 0, 0);
    report(player);
    return WF_OK;
}

/* The clock, but no further than what was published: whoever judges by it must have seen all. */
static int64_t position_published(const struct player *player)
{
    int64_t position_ns = position_now(player);

    return position_ns < player->next_ns ? position_ns : player->next_ns;
}

void player_look(const struct player *player, struct stage_report *out)
{
    *out = (struct stage_report){
        .state = player->is_finished ? 2
                 : player->is_paused ? 1
                                     : 0,
        .position_ns = position_published(player),
        .moves = player->moves,
        .from_ns = player->options.from_ns,
        .to_ns = player->options.to_ns,
        .speed = player->speed,
        .behind_s = player->behind_s,
    };
}

/* --- life ------------------------------------------------------------------------------------ */

static void count_state(void *context, const struct tape_sample *sample)
{
    size_t *count = context;

    (void)sample;
    ++*count;
}

/* Where nothing was recorded at the beginning, nobody wants to wait for what comes. */
static int find_beginning(struct player *player, int64_t *out_ns, struct wf_err *err)
{
    int64_t from_ns = player->options.from_ns;
    const struct tape_sample *first;
    size_t count = 0;
    char text[40];
    struct wf_strbuf time = WF_STRBUF_FIXED(text);
    int rc = tape_state_at(player->tape, from_ns, count_state, &count, err);

    *out_ns = from_ns;
    if (rc == 0 && count == 0)
        rc = tape_seek(player->tape, from_ns, err);
    if (rc < 0 || count > 0)
        return rc;
    first = tape_look(player->tape, &rc, err);
    if (first == NULL || first->row->time_ns <= from_ns)
        return rc;
    *out_ns = first->row->time_ns;
    wf_strbuf_add_time(&time, first->row->time_ns, 3);
    wf_log_info("nothing was recorded before %s: beginning there", text);
    return WF_OK;
}

int player_start(uv_loop_t *loop, const struct player_options *options, struct tape *tape,
                 struct stage *stage, struct player **out_player, struct wf_err *err)
{
    struct player *player = calloc(1, sizeof(*player));
    int64_t begin_ns;
    int rc;

    if (player == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    player->options = *options;
    player->tape = tape;
    player->stage = stage;
    player->loop = loop;
    player->speed = options->speed;
    player->is_paused = options->is_paused;
    (void)uv_timer_init(loop, &player->due);
    (void)uv_timer_init(loop, &player->report);
    player->due.data = player->report.data = player;
    *out_player = player;
    rc = find_beginning(player, &begin_ns, err);
    if (rc == 0)
        rc = player_seek(player, begin_ns, err);
    if (rc < 0)
        return rc;
    (void)uv_timer_start(&player->report, tick, REPORT_MS, REPORT_MS);
    return WF_OK;
}

void player_close(struct player *player)
{
    if (player->options.shows_progress) {
        show_progress(player);
        (void)fputc('\n', stderr);
    }
    if (!uv_is_closing((uv_handle_t *)&player->due))
        uv_close((uv_handle_t *)&player->due, NULL);
    if (!uv_is_closing((uv_handle_t *)&player->report))
        uv_close((uv_handle_t *)&player->report, NULL);
}

void player_free(struct player **player)
{
    free(*player);
    *player = NULL;
}
