/* SPDX-License-Identifier: MIT */
/*
 * wf-get - current values, read from the regions of a running (or stopped)
 * system: once, or as they come with --watch.
 */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/options.h>
#include <watchfloor/replay.h>

#include "get.h"

#define STATUS_NOTHING 1
#define STATUS_CANNOT  2
#define WATCH_STEP_MS  200
#define REFRESH_NS     WF_NS_PER_S

static volatile sig_atomic_t is_over;

static void stop(int number)
{
    (void)number;
    is_over = 1;
}

/* Did anything ever write regions here? The watch itself holds only those that were asked for. */
static bool has_writers(const struct wf_watch *watch)
{
    struct wf_writer_info one;

    return wf_watch_writers(watch, &one, 1) > 0;
}

/* Say which names meant nothing; true when any did. */
static bool tell_unmatched(const struct get_walk *walk)
{
    bool is_any = false;

    for (size_t i = 0; i < walk->name_count; i++) {
        if (walk->was_matched[i])
            continue;
        (void)fprintf(stderr, "wf-get: nothing is called '%s'; wf get '*' shows what there is\n",
                      walk->names[i]);
        is_any = true;
    }
    return is_any;
}

static void tell_troubles(const struct wf_watch *watch)
{
    const char *trouble;

    for (size_t i = 0; (trouble = wf_watch_trouble(watch, i)) != NULL; i++)
        (void)fprintf(stderr, "wf-get: %s, leaving it out\n", trouble);
}

static void tell_replay(const struct wf_watch *clock)
{
    struct wf_replay replay;
    char text[200];
    struct wf_strbuf out = WF_STRBUF_FIXED(text);

    if (!wf_replay_find(clock, &replay))
        return;
    wf_replay_describe(&replay, wf_mono_now_ns(), &out);
    (void)fprintf(stderr, "wf-get: %s: these values come from history, not from now\n", text);
}

static int get_once(struct get_walk *walk, struct get_printer *printer)
{
    bool is_incomplete = false;

    get_print_begin(printer);
    if (get_walk(walk, 0, wf_watch_count(walk->watch)) < 0) {
        (void)fprintf(stderr, "wf-get: out of memory\n");
        return STATUS_CANNOT;
    }
    get_print_end(printer);
    if (wf_watch_trouble(walk->watch, 0) != NULL && !has_writers(walk->watch))
        return STATUS_CANNOT; /* told above: it runs, and is not for us */
    if (walk->item_count == 0 && (walk->name_count == 0 || !has_writers(walk->watch)))
        (void)fprintf(stderr, "wf-get: no subsystem has a region; is the system running? "
                              "(wf status)\n");
    else
        is_incomplete = tell_unmatched(walk);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        (void)fprintf(stderr, "wf-get: cannot write: %s\n", strerror(errno));
        return STATUS_CANNOT;
    }
    return is_incomplete || walk->received_count == 0 ? STATUS_NOTHING : EXIT_SUCCESS;
}

/* What was shown last of each region: number of its head, by generation. */
struct seen {
    uint64_t generation, head;
};

static struct seen *find_seen(struct seen *seen, size_t count, uint64_t generation)
{
    for (size_t i = 0; i < count; i++) {
        if (seen[i].generation == generation)
            return &seen[i];
    }
    return NULL;
}

/* The set of regions changed: carry over what was shown of those that stayed. */
static bool renew_seen(const struct wf_watch *watch, struct seen **seen, size_t *count)
{
    size_t now = wf_watch_count(watch);
    struct seen *fresh = calloc(now + 1, sizeof(*fresh));

    if (fresh == NULL)
        return false;
    for (size_t i = 0; i < now; i++) {
        const struct seen *before = find_seen(*seen, *count, wf_watch_generation(watch, i));

        fresh[i] = before != NULL ? *before
                                  : (struct seen){ .generation = wf_watch_generation(watch, i),
                                                   .head = UINT64_MAX };
    }
    free(*seen);
    *seen = fresh;
    *count = now;
    return true;
}

/* Show the regions that have something new. */
static int show_news(struct get_walk *walk, struct seen *seen, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct wf_region_info info;

        wf_region_info(wf_watch_region(walk->watch, i), &info);
        if (info.head == seen[i].head || info.head == 0)
            continue;
        seen[i].head = info.head;
        if (get_walk(walk, i, i + 1) < 0)
            return WF_ERR_NOMEM;
    }
    return fflush(stdout) == 0 ? 0 : WF_ERR_SYSTEM;
}

static int get_always(struct get_walk *walk, struct get_printer *printer)
{
    struct sigaction action = { .sa_handler = stop };
    struct seen *seen = NULL;
    size_t count = 0;
    int64_t refresh_at = 0;
    int rc = 0;

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    get_print_begin(printer);
    while (!is_over && rc >= 0) {
        int64_t now = wf_mono_now_ns();

        if (now >= refresh_at) {
            refresh_at = now + REFRESH_NS;
            (void)wf_watch_refresh(walk->watch, NULL); /* once more in a second */
            (void)wf_watch_refresh(walk->clock, NULL);
            if (!renew_seen(walk->watch, &seen, &count))
                rc = WF_ERR_NOMEM;
        }
        if (rc == 0)
            rc = show_news(walk, seen, count);
        if (rc == 0)
            (void)wf_watch_wait(walk->watch, WATCH_STEP_MS);
    }
    free(seen);
    if (rc == WF_ERR_NOMEM)
        (void)fprintf(stderr, "wf-get: out of memory\n");
    else if (rc < 0 && errno != EPIPE)
        (void)fprintf(stderr, "wf-get: cannot write: %s\n", strerror(errno));
    return rc < 0 ? STATUS_CANNOT : walk->received_count > 0 ? EXIT_SUCCESS : STATUS_NOTHING;
}

static int run(const struct wf_common *common, struct get_printer *printer)
{
    struct wf_watch_options options = { .instance = common->paths.instance,
                                        .patterns = (const char *const *)common->operands,
                                        .pattern_count = (size_t)common->operand_count };
    const char *const replay[] = { WF_SOURCE_OWN "." WF_REPLAY_SUBSYSTEM };
    struct wf_watch_options clock = { .instance = common->paths.instance,
                                      .patterns = replay,
                                      .pattern_count = 1 };
    struct get_walk walk = { .names = common->operands,
                             .name_count = (size_t)common->operand_count,
                             .visit = get_print_item,
                             .context = printer };
    struct wf_err err = { 0 };
    int status;

    walk.was_matched = calloc(walk.name_count + 1, sizeof(*walk.was_matched));
    if (walk.was_matched == NULL || wf_watch_open(&options, &walk.watch, &err) < 0 ||
        wf_watch_open(&clock, &walk.clock, &err) < 0) {
        (void)fprintf(stderr, "wf-get: %s\n",
                      walk.was_matched == NULL ? "out of memory" : err.text);
        wf_watch_close(&walk.watch);
        free(walk.was_matched);
        return STATUS_CANNOT;
    }
    tell_troubles(walk.watch);
    tell_replay(walk.clock);
    status = printer->is_watch ? get_always(&walk, printer) : get_once(&walk, printer);
    get_walk_fini(&walk);
    wf_watch_close(&walk.watch);
    wf_watch_close(&walk.clock);
    free(walk.was_matched);
    return status;
}

int main(int argc, char **argv)
{
    struct get_printer printer = { 0 };
    bool is_json = false, is_csv = false;
    const struct wf_option options[] = {
        { "raw", NULL, "values as they came in the packet, not calibrated", NULL, &printer.is_raw },
        { "watch", NULL, "go on: show every region again that has something new", NULL,
          &printer.is_watch },
        { "json", NULL, "an array of objects; with --watch one object a line", NULL, &is_json },
        { "csv", NULL, "the same columns as comma-separated values", NULL, &is_csv },
    };
    const struct wf_command_line line = {
        .program = "wf-get",
        .summary = "current values with unit, quality and age",
        .operands = "[NAME...]",
        .details =
            "NAME is source.subsystem.parameter or a part of it, with * ? [a-z] as wildcards:\n"
            "  wf get power                    all of power\n"
            "  wf get power.bus_voltage        one parameter\n"
            "  wf get 'sat1.*' '*.temp_*'      quoted, so that the shell leaves them alone\n"
            "  wf get 'wf.*.*'                 the system's own health, not shown without a name\n"
            "Exit status: 0 shown, 1 something was not found or never received, 2 cannot be done.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_common common;

    wf_options_parse(&line, argc, argv, &common);
    if (is_json && is_csv) {
        (void)fprintf(stderr, "wf-get: --json or --csv, not both\n");
        return STATUS_CANNOT;
    }
    printer.format = is_json ? GET_JSON : is_csv ? GET_CSV : GET_TABLE;
    return run(&common, &printer);
}
