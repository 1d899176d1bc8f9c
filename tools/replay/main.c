/* SPDX-License-Identifier: MIT */
/* wf-replay - publishes history into another instance, so that every display can show it. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <watchfloor/clock.h>
#include <watchfloor/config.h>
#include <watchfloor/log.h>
#include <watchfloor/options.h>
#include <watchfloor/service.h>

#include "player.h"
#include "remote.h"

#define STATUS_NOT_WELL 1
#define STATUS_CANNOT   2
#define INTO_DEFAULT    "replay"

struct arguments {
    const char *from, *to, *speed, *into;
    bool is_paused, stays;
};

struct session {
    uv_loop_t loop;
    uv_signal_t on_int, on_term;
    struct wf_paths into; /* of the instance that is published */
    char run[WF_PATH_SIZE];
    struct tape *tape;
    struct stage *stage;
    struct player *player;
    struct remote remote;
    struct wf_control_server *server;
    bool is_over;
    int status;
};

static void end(void *context)
{
    struct session *session = context;

    if (session->is_over)
        return;
    session->is_over = true;
    wf_service_stopping();
    player_close(session->player);
    wf_control_close(&session->server);
    uv_close((uv_handle_t *)&session->on_int, NULL);
    uv_close((uv_handle_t *)&session->on_term, NULL);
}

static void on_over(void *context, int rc, const struct wf_err *err)
{
    struct session *session = context;

    if (rc < 0) {
        wf_log_error("%s", err->text);
        session->status = STATUS_CANNOT;
    }
    end(session);
}

static void on_signal(uv_signal_t *handle, int number)
{
    (void)number;
    end(handle->data);
}

/* --- reading what is wanted --------------------------------------------------------------- */

static int read_range(const struct arguments *arguments, struct player_options *out,
                      struct wf_err *err)
{
    int64_t now_ns = wf_utc_now_ns();
    int rc;

    if (arguments->from == NULL)
        return wf_fail(err, WF_ERR_INVALID, "expected --from TIME, as --from now-1h");
    rc = wf_parse_time(arguments->from, now_ns, &out->from_ns, err);
    if (rc == 0)
        rc = wf_parse_time(arguments->to != NULL ? arguments->to : "now", now_ns, &out->to_ns, err);
    if (rc == 0 && out->to_ns <= out->from_ns)
        rc = wf_fail(err, WF_ERR_INVALID, "--to is not after --from");
    return rc;
}

static int read_speed(const char *text, double *out, struct wf_err *err)
{
    *out = 1;
    if (text == NULL)
        return WF_OK;
    if (strcmp(text, "max") == 0) {
        *out = 0;
        return WF_OK;
    }
    if (wf_parse_double(text, out, NULL) < 0 || !(*out > 0 && *out <= 1e6))
        return wf_fail(err, WF_ERR_INVALID,
                       "--speed %s: expected a factor above 0 and up to 1000000, or max", text);
    return WF_OK;
}

/* The instance that is published into: not the one whose history it is. */
static int find_into(struct session *session, const struct wf_common *common, const char *into,
                     struct wf_err *err)
{
    int rc = wf_paths_init(&session->into, into != NULL ? into : INTO_DEFAULT, err);

    if (rc == 0 && strcmp(session->into.instance, common->paths.instance) == 0)
        rc = wf_fail(err, WF_ERR_INVALID,
                     "'%s' is the instance whose history is replayed; choose another with --into",
                     common->paths.instance);
    if (rc == 0)
        rc = wf_paths_in_state(&session->into, "run", session->run, sizeof(session->run), err);
    return rc;
}

/* --- the run --------------------------------------------------------------------------------- */

static void warn_of_trouble(const struct session *session)
{
    const char *text;
    int64_t day_ns;

    for (size_t i = 0; (text = tape_trouble(session->tape, i, &day_ns)) != NULL; i++)
        wf_log_warning("not replayed: %s", text);
}

static int start(struct session *session, const struct wf_common *common,
                 struct player_options *options, const char *group, struct wf_err *err)
{
    struct stage_options stage = {
        .instance = session->into.instance,
        .state = session->into.state,
        .group = group,
        .origin = common->paths.instance,
    };
    struct wf_control_options control = {
        .folder = session->run,
        .name = "replay",
        .group = group,
        .handle = remote_handle,
        .context = &session->remote,
    };
    char history[WF_PATH_SIZE];
    int rc = wf_paths_in_state(&common->paths, "history", history, sizeof(history), err);

    if (rc == 0)
        rc = tape_open(history, options->from_ns, options->to_ns, common->operands,
                       (size_t)common->operand_count, &session->tape, err);
    if (rc == WF_ERR_ABSENT && access(history, F_OK) != 0)
        return wf_fail(err, WF_ERR_ABSENT,
                       "there is no history of instance '%s' (%.120s); wf-logger records it",
                       common->paths.instance, history);
    if (rc < 0)
        return rc;
    warn_of_trouble(session);
    stage.streams = tape_streams(session->tape);
    stage.history = history;
    rc = stage_open(&stage, &session->stage, err);
    if (rc == 0)
        rc = wf_control_listen(&session->loop, &control, &session->server, err);
    if (rc < 0)
        return rc;
    rc =
        player_start(&session->loop, options, session->tape, session->stage, &session->player, err);
    session->remote = (struct remote){
        .player = session->player, .stage = session->stage, .stop = end, .context = session
    };
    return rc;
}

static void print_end(const struct session *session)
{
    const char *why;
    uint64_t refused = stage_refused(session->stage, &why);

    wf_log_info("replayed %llu samples into '%s'",
                (unsigned long long)stage_published(session->stage), session->into.instance);
    if (refused > 0)
        wf_log_warning("%llu samples could not be published: %s", (unsigned long long)refused, why);
}

static int run(struct session *session, const struct arguments *arguments,
               const struct wf_common *common, const char *group, struct wf_err *err)
{
    struct player_options options = {
        .is_paused = arguments->is_paused,
        .stays = arguments->stays,
        .shows_progress = isatty(STDERR_FILENO) == 1,
        .over = on_over,
        .context = session,
    };
    uint64_t refused;
    const char *why;
    int rc = read_range(arguments, &options, err);

    if (rc == 0)
        rc = read_speed(arguments->speed, &options.speed, err);
    if (rc == 0)
        rc = start(session, common, &options, group, err);
    if (rc < 0)
        return rc;
    (void)uv_signal_init(&session->loop, &session->on_int);
    (void)uv_signal_init(&session->loop, &session->on_term);
    session->on_int.data = session->on_term.data = session;
    (void)uv_signal_start(&session->on_int, on_signal, SIGINT);
    (void)uv_signal_start(&session->on_term, on_signal, SIGTERM);
    wf_log_info("replaying into '%s': wf console --instance %s", session->into.instance,
                session->into.instance);
    wf_service_ready("replaying");
    (void)uv_run(&session->loop, UV_RUN_DEFAULT);
    print_end(session);
    refused = stage_refused(session->stage, &why);
    if (session->status == 0 && refused > 0)
        session->status = STATUS_NOT_WELL;
    return WF_OK;
}

static void clean_up(struct session *session)
{
    /* What was opened before something failed has no loop that ran it out yet. */
    if (!session->is_over && session->player != NULL)
        player_close(session->player);
    wf_control_close(&session->server);
    (void)uv_run(&session->loop, UV_RUN_DEFAULT);
    player_free(&session->player);
    stage_close(&session->stage);
    tape_close(&session->tape);
    (void)uv_loop_close(&session->loop);
}

/* The group that may read comes from the configuration; without one, nobody else may. */
static void read_group(const struct wf_common *common, char *out, size_t size)
{
    struct wf_problems problems = { 0 };
    struct wf_config *config = NULL;

    out[0] = '\0';
    if (wf_config_load(common->config, &common->paths, &config, &problems, NULL) == 0)
        (void)wf_copy_text(out, size, config->group);
    wf_problems_fini(&problems);
    wf_config_free(&config);
}

int main(int argc, char **argv)
{
    static struct session session;
    struct arguments arguments = { .from = NULL };
    const struct wf_option options[] = {
        { "from", "TIME", "ISO 8601, now-1h, today ...", &arguments.from, NULL },
        { "to", "TIME", "default now", &arguments.to, NULL },
        { "speed", "N", "seconds of history in a second (default 1), or max", &arguments.speed,
          NULL },
        { "into", "INSTANCE", "where to publish (default replay)", &arguments.into, NULL },
        { "paused", NULL, "begin paused: the state of --from is shown", NULL,
          &arguments.is_paused },
        { "stay", NULL, "at the end go on, so that one can seek back", NULL, &arguments.stays },
    };
    const struct wf_command_line line = {
        .program = "wf-replay",
        .summary = "publish history into another instance, so that every display can show it",
        .operands = "[NAME...]",
        .details =
            "NAMEs are subsystems or globs (default: all but the system's own health). Every\n"
            "sample is marked REPLAY and comes in the order in which it happened.\n\n"
            "  wf replay --from now-1h --speed 10      and, elsewhere:\n"
            "  wf console --instance replay\n"
            "  wf replay pause | resume | step [N or 10s] | seek TIME | speed N | status | stop\n",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_err err = { 0 };
    struct wf_common common;
    char group[WF_NAME_SIZE];
    int rc;

    wf_options_parse(&line, argc, argv, &common);
    rc = find_into(&session, &common, arguments.into, &err);
    if (rc == 0 && common.operand_count > 0 && common.operand_count <= 2 &&
        remote_is_verb(common.operands[0]) && arguments.from == NULL)
        return remote_send(session.run, common.operands[0],
                           common.operand_count == 2 ? common.operands[1] : NULL);
    read_group(&common, group, sizeof(group));
    (void)uv_loop_init(&session.loop);
    if (rc == 0)
        rc = run(&session, &arguments, &common, group, &err);
    if (rc < 0) {
        (void)fprintf(stderr, "wf-replay: %s\n", err.text);
        session.status = STATUS_CANNOT;
    }
    clean_up(&session);
    return session.status;
}
