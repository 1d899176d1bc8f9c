/* SPDX-License-Identifier: MIT */
/*
 * App: the loop. Drawing follows the bell, at most `rate` times a second; once
 * a second it happens anyway, so that ages, clock and silence are seen when
 * nothing rings. Between two drawings the bell is not even listened to.
 */

#include "app.h"

#include <watchfloor/clock.h>
#include <watchfloor/log.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "bell.h"
#include "courier.h"
#include "displays.h"
#include "model.h"
#include "reading.h"
#include "terminal.h"
#include "ui.h"

#define REFRESH_MS 1000
#define RATE_MAX   10.0
#define RATE_MIN   1.0
/* Readable, yet no key: the terminal is gone. Some keys make nothing, so not at once. */
#define EMPTY_READS_MAX 50
/* A display asked for at start may belong to a subsystem that comes a little later. */
#define WANTED_TRIES 10

struct app {
    const struct con_app_options *options;
    struct con_crumb *crumb;
    struct con_model *model;
    struct con_displays *displays;
    struct con_ui ui;
    struct con_terminal *terminal;
    struct wf_canvas *canvas;
    struct mon_bell *bell;
    struct con_courier *courier;
    uint64_t raised; /* alarms that were rung for */
    struct con_reading *reading;
    const char *wanted;
    int wanted_tries;
    int empty_reads;
    pid_t parent;

    uv_loop_t loop;
    uv_timer_t refresh; /* once a second */
    uv_timer_t rest;    /* until the bell is listened to again */
    uv_poll_t keys;
    uv_signal_t signals[4];
};

static struct con_now read_clocks(void)
{
    return (struct con_now){ .utc_ns = wf_utc_now_ns(), .mono_ns = wf_mono_now_ns() };
}

static void stop(struct app *app)
{
    uv_stop(&app->loop);
}

/* --- drawing ---------------------------------------------------------------- */

static bool fit_canvas(struct app *app)
{
    struct wf_err err = { 0 };
    int width, height;

    con_terminal_measure(app->terminal, &width, &height);
    if (app->canvas != NULL && wf_canvas_width(app->canvas) == width &&
        wf_canvas_height(app->canvas) == height)
        return true;
    wf_canvas_destroy(&app->canvas);
    return wf_canvas_create(width, height, &app->canvas, &err) == 0;
}

/* Once for each that is new; several at once are one ring. */
static void ring_for_alarms(struct app *app)
{
    uint64_t raised = mon_alarms_raised(app->model->alarms);

    if (raised != app->raised)
        con_terminal_beep(app->terminal);
    app->raised = raised;
}

static void draw(struct app *app)
{
    struct con_now now = read_clocks();

    if (app->ui.is_frozen)
        app->ui.freeze_age_ns = now.mono_ns - app->ui.frozen.mono_ns;
    if (app->ui.is_frozen) /* values stand still, alarms never do */
        con_model_take_alarms(app->model, &now);
    else
        (void)con_model_update(app->model, &now);
    ring_for_alarms(app);
    if (!fit_canvas(app))
        return; /* a terminal of no size, as while it is being closed */
    con_ui_draw(&app->ui, app->model, app->canvas);
    con_terminal_show(app->terminal, app->canvas);
    con_reading_go(app->reading);
}

static void see_past(void *context)
{
    draw(context);
}

static void end_rest(uv_timer_t *timer)
{
    struct app *app = timer->data;

    mon_bell_listen(app->bell);
}

static void hear_bell(void *context)
{
    struct app *app = context;

    draw(app);
    (void)uv_timer_start(&app->rest, end_rest, (uint64_t)(1000.0 / app->ui.rate_hz), 0);
}

/* Resolve --display as soon as what it names is there. */
static void show_wanted(struct app *app)
{
    struct wf_err err = { 0 };

    if (app->wanted == NULL)
        return;
    if (con_ui_show(&app->ui, app->model, app->wanted, &err) == 0) {
        app->wanted = NULL;
    } else if (app->model->entry_count > 0 && ++app->wanted_tries == WANTED_TRIES) {
        (void)wf_copy_text(app->ui.complaint, sizeof(app->ui.complaint), err.text);
        app->wanted = NULL;
    }
}

static void refresh(uv_timer_t *timer)
{
    struct app *app = timer->data;
    struct con_now now = read_clocks();

    if (getppid() != app->parent) { /* nobody would restore the terminal after us */
        stop(app);
        return;
    }
    if (!app->ui.is_frozen) {
        con_model_refresh(app->model, &now);
        con_displays_forget(app->displays, app->model);
        show_wanted(app);
    }
    draw(app);
}

/* --- keys and signals -------------------------------------------------------- */

static void change_rate(struct app *app, double factor)
{
    double rate = app->ui.rate_hz * factor;

    app->ui.rate_hz = rate > RATE_MAX ? RATE_MAX : rate < RATE_MIN ? RATE_MIN : rate;
    app->ui.rate_told_mono_ns = wf_mono_now_ns();
}

static void be_told(void *context, enum con_verb verb, bool is_done, const char *text)
{
    struct app *app = context;

    con_ui_told(&app->ui, verb, is_done, text);
    draw(app);
}

static void send_orders(struct app *app)
{
    struct wf_err err = { 0 };

    if (con_courier_send(app->courier, &app->ui.alarms.orders, &err) < 0)
        con_ui_told(&app->ui, app->ui.alarms.orders.verb, false, err.text);
}

static void obey(struct app *app, enum con_wish wish)
{
    switch (wish) {
    case CON_WISH_QUIT:
        stop(app);
        break;
    case CON_WISH_FASTER:
        change_rate(app, 2);
        break;
    case CON_WISH_SLOWER:
        change_rate(app, 0.5);
        break;
    case CON_WISH_REDRAW:
        con_terminal_forget(app->terminal);
        break;
    case CON_WISH_ORDERS:
        send_orders(app);
        break;
    case CON_WISH_NONE:
    default:
        break;
    }
}

static void take_keys(uv_poll_t *poll, int status, int events)
{
    struct app *app = poll->data;
    bool is_any = false;
    uint32_t key;

    if (status < 0 || (events & UV_DISCONNECT) != 0) {
        stop(app);
        return;
    }
    while (con_terminal_key(app->terminal, &key)) {
        bool was_frozen = app->ui.is_frozen;

        is_any = true;
        app->ui.complaint[0] = '\0'; /* seen */
        obey(app, con_ui_key(&app->ui, app->model, key));
        if (was_frozen && !app->ui.is_frozen)
            refresh(&app->refresh);
    }
    if (is_any) {
        app->empty_reads = 0;
        draw(app);
    } else if (++app->empty_reads > EMPTY_READS_MAX) {
        stop(app);
    }
}

static void take_signal(uv_signal_t *handle, int number)
{
    struct app *app = handle->data;

    if (number == SIGWINCH)
        draw(app); /* measures anew */
    else
        stop(app);
}

/* --- life ------------------------------------------------------------------- */

static int open_parts(struct app *app, struct wf_err *err)
{
    struct con_displays_options displays = {
        .folders = app->options->plugins,
        .crumb = app->crumb,
    };
    struct con_now now = read_clocks();
    int rc = con_model_open(app->options->instance, &app->model, err);

    if (rc < 0)
        return rc;
    rc = con_displays_open(&displays, &app->displays, err);
    if (rc < 0)
        return rc;
    con_ui_init(&app->ui, app->displays);
    rc = con_events_create(app->options->journals, &app->ui.events, err);
    if (rc < 0)
        return rc;
    app->ui.rate_hz = app->options->rate_hz;
    app->wanted = app->options->display;
    if (app->options->complaint != NULL)
        (void)wf_copy_text(app->ui.complaint, sizeof(app->ui.complaint), app->options->complaint);
    if (app->crumb != NULL && app->crumb->left_out_count > 0) {
        const struct con_left_out *last = &app->crumb->left_out[app->crumb->left_out_count - 1];
        struct wf_strbuf complaint;

        wf_strbuf_init_fixed(&complaint, app->ui.complaint, sizeof(app->ui.complaint));
        wf_strbuf_addf(&complaint, "display '%s' %s and was left out; see page 8", last->plugin,
                       last->reason);
    }
    con_pasts_use(app->model->pasts, app->options->history);
    con_model_refresh(app->model, &now);
    (void)con_model_update(app->model, &now);
    return WF_OK;
}

static void close_parts(struct app *app)
{
    con_events_destroy(&app->ui.events);
    con_ui_fini(&app->ui);
    wf_canvas_destroy(&app->canvas);
    con_displays_close(&app->displays);
    con_model_close(&app->model);
}

static void start_signals(struct app *app)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGWINCH };

    for (size_t i = 0; i < WF_COUNT_OF(numbers); i++) {
        (void)uv_signal_init(&app->loop, &app->signals[i]);
        app->signals[i].data = app;
        (void)uv_signal_start(&app->signals[i], take_signal, numbers[i]);
    }
}

static int start_handles(struct app *app, struct wf_err *err)
{
    int rc = uv_poll_init(&app->loop, &app->keys, STDIN_FILENO);

    if (rc < 0)
        return wf_fail(err, WF_ERR_SYSTEM, "standard input: %s", uv_strerror(rc));
    (void)uv_timer_init(&app->loop, &app->refresh);
    (void)uv_timer_init(&app->loop, &app->rest);
    app->refresh.data = app->rest.data = app->keys.data = app;
    (void)uv_timer_start(&app->refresh, refresh, 0, REFRESH_MS);
    (void)uv_poll_start(&app->keys, UV_READABLE | UV_DISCONNECT, take_keys);
    return mon_bell_start(&app->loop, app->model->watch, hear_bell, app, &app->bell, err);
}

static void close_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    if (!uv_is_closing(handle))
        uv_close(handle, NULL);
}

static void close_loop(struct app *app)
{
    mon_bell_stop(&app->bell);
    con_reading_cancel(app->reading);
    uv_walk(&app->loop, close_handle, NULL);
    (void)uv_run(&app->loop, UV_RUN_DEFAULT);
    (void)uv_loop_close(&app->loop);
}

int con_app_run(const struct con_app_options *options, struct con_crumb *crumb)
{
    struct app app = { .options = options, .crumb = crumb, .parent = getppid() };
    struct wf_err err = { 0 };
    int rc = open_parts(&app, &err);

    if (rc == 0)
        rc = uv_loop_init(&app.loop) < 0 ? wf_fail(&err, WF_ERR_SYSTEM, "event loop") : 0;
    if (rc < 0)
        goto out;
    /* Signals first: curses leaves alone what somebody handles already. */
    start_signals(&app);
    rc = con_terminal_open(options->is_ascii, &app.terminal, &err);
    if (rc == 0)
        rc = con_reading_create(&app.loop, app.model, see_past, &app, &app.reading, &err);
    if (rc == 0)
        rc = start_handles(&app, &err);
    if (rc == 0)
        rc = con_courier_create(&app.loop, options->run, be_told, &app, &app.courier, &err);
    if (rc == 0) {
        mon_bell_listen(app.bell);
        (void)uv_run(&app.loop, UV_RUN_DEFAULT);
    }
    close_loop(&app);
    con_courier_destroy(&app.courier);
    con_reading_destroy(&app.reading);
    con_terminal_close(&app.terminal);

out:
    close_parts(&app);
    if (rc < 0)
        wf_log_error("%s", err.text);
    return rc < 0 ? 2 : 0;
}

static int print_screen(const struct app *app, struct wf_err *err)
{
    struct wf_strbuf text;
    int rc = WF_OK;

    wf_strbuf_init(&text, 16u << 20);
    wf_canvas_to_text(app->canvas, app->options->is_ascii, &text);
    if (text.was_cut)
        rc = wf_fail(err, WF_ERR_NOMEM, "screen: out of memory");
    for (size_t at = 0; rc == 0 && at < text.len;) {
        ssize_t wrote = write(STDOUT_FILENO, text.text + at, text.len - at);

        if (wrote < 0)
            rc = wf_fail(err, WF_ERR_SYSTEM, "cannot write to standard output");
        else
            at += (size_t)wrote;
    }
    wf_strbuf_fini(&text);
    return rc;
}

/* What the screen asked of the past; false: nothing. */
static bool read_at_once(struct app *app)
{
    struct con_past_reader reader = { .history = NULL };
    struct con_past_answer *answer = malloc(sizeof(*answer));
    struct con_past_request request;
    bool is_any = false;

    while (answer != NULL && con_pasts_next(app->model->pasts, &app->model->now, &request)) {
        con_past_read(&reader, &request, answer);
        con_pasts_take(app->model->pasts, answer, &app->model->now);
        is_any = true;
    }
    con_past_close(&reader);
    free(answer);
    return is_any;
}

int con_app_once(const struct con_app_options *options, struct con_crumb *crumb)
{
    struct app app = { .options = options, .crumb = crumb };
    struct wf_err err = { 0 };
    int status = 2;
    int rc = open_parts(&app, &err);

    /* Without a system there is no subsystem to find: the screen says that instead. */
    if (rc == 0 && app.wanted != NULL && con_ui_show(&app.ui, app.model, app.wanted, &err) < 0 &&
        app.model->entry_count > 0)
        rc = err.rc;
    if (rc == 0)
        rc = wf_canvas_create(options->width, options->height, &app.canvas, &err);
    if (rc == 0) {
        con_ui_draw(&app.ui, app.model, app.canvas);
        if (read_at_once(&app))
            con_ui_draw(&app.ui, app.model, app.canvas);
        rc = print_screen(&app, &err);
    }
    if (rc == 0 && app.model->unreadable != NULL)
        rc = wf_fail(&err, WF_ERR_DENIED, "%s", app.model->unreadable);
    if (rc < 0)
        wf_log_error("%s", err.text);
    else
        status = app.model->state == CON_STATE_LIVE || app.model->state == CON_STATE_REPLAY ? 0 : 1;
    close_parts(&app);
    return status;
}
