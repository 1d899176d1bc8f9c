/* SPDX-License-Identifier: MIT */
/*
 * A year of day files: what a question costs that has to find the right ones. Two hours in the
 * middle by device time, the year in 1,000 steps, the newest sample; asked by a program that has
 * just started (as wf query is) and by one that has asked before, with files in the
 * page cache and without.
 *
 * History: 8 subsystems of 16 parameters, a row every two minutes (slow: hours, no minutes), 365
 * days, a file each. WATCHFLOOR_BENCH_HISTORY=FOLDER keeps it there. With --seconds below 1
 * there are 20 days.
 */

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/store/bins.h>

#include "figures.h"
#include "history_ask.h"
#include "history_rig.h"

#define SOURCES    8
#define PERIOD_NS  (120 * WF_NS_PER_S)
#define ROWS_A_DAY 720
#define BINS       1000

struct scene {
    char folder[256];
    struct rig_feed feed;
    uint64_t days;
    bool is_kept;
};

/* Numbers count for each source, the order over all of them. */
static void write_day(const struct scene *scene, struct wf_store *store, struct wf_series *series,
                      int source, uint64_t day)
{
    static struct wf_store_sample samples[ROWS_A_DAY];
    static const struct wf_store_sample *list[ROWS_A_DAY];
    struct wf_err err = { 0 };

    for (uint64_t i = 0; i < ROWS_A_DAY; i++) {
        uint64_t number = day * ROWS_A_DAY + i;

        rig_feed_sample(&scene->feed, series, number, RIG_MIDNIGHT_NS + (int64_t)number * PERIOD_NS,
                        &samples[i]);
        samples[i].stamp.order = (day * SOURCES + (uint64_t)source) * ROWS_A_DAY + i;
        list[i] = &samples[i];
    }
    if (wf_store_write(store, list, ROWS_A_DAY, false, &err) < 0)
        rig_die("write", err.text);
}

static void write_year(struct scene *scene)
{
    struct wf_store *store = rig_store(scene->folder);
    struct wf_series *series[SOURCES];
    int64_t mono_ns = WF_NS_PER_DAY;
    struct wf_err err = { 0 };

    for (int i = 0; i < SOURCES; i++) {
        char source[16];

        (void)snprintf(source, sizeof(source), i == 0 ? "main" : "s%d", i);
        series[i] = rig_series(store, source, &scene->feed);
    }
    for (uint64_t day = 0; day < scene->days; day++) {
        for (int i = 0; i < SOURCES; i++)
            write_day(scene, store, series[i], i, day);
        for (int i = 0; i < 40; i++) {
            mono_ns += 5 * WF_NS_PER_S;
            if (wf_store_tidy(store, mono_ns, &err) < 0)
                rig_die("tidy", err.text);
        }
    }
    for (int i = 0; i < 400; i++) {
        mono_ns += WF_NS_PER_S;
        if (wf_store_tidy(store, mono_ns, &err) < 0)
            rig_die("tidy", err.text);
    }
    wf_store_destroy(&store);
}

static void prepare(struct scene *scene)
{
    char path[300];

    if (!scene->is_kept) {
        rig_folder_make("year", scene->folder, sizeof(scene->folder));
        write_year(scene);
        return;
    }
    (void)snprintf(scene->folder, sizeof(scene->folder), "%s/year",
                   getenv("WATCHFLOOR_BENCH_HISTORY"));
    (void)snprintf(path, sizeof(path), "%s/complete", scene->folder);
    if (access(path, F_OK) == 0)
        return;
    write_year(scene);
    (void)close(open(path, O_CREAT | O_WRONLY, 0600));
}

/* What the page cache has of the files goes. */
static void forget(const struct scene *scene)
{
    static const char *const tiers[] = { "raw", "minute", "hour" };

    for (size_t i = 0; i < WF_COUNT_OF(tiers); i++) {
        char path[600];
        struct dirent *entry;
        DIR *dir;

        (void)snprintf(path, sizeof(path), "%s/%s", scene->folder, tiers[i]);
        dir = opendir(path);
        while (dir != NULL && (entry = readdir(dir)) != NULL) {
            int fd = openat(dirfd(dir), entry->d_name, O_RDONLY);

            if (fd >= 0) {
                (void)fsync(fd);
                (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
                (void)close(fd);
            }
        }
        if (dir != NULL)
            (void)closedir(dir);
    }
}

static struct wf_history *open_history(const struct scene *scene)
{
    struct wf_history *history = NULL;
    struct wf_err err = { 0 };

    if (wf_history_open(scene->folder, &history, &err) < 0)
        rig_die("history", err.text);
    return history;
}

enum { TWO_HOURS, YEAR, NEWEST, QUESTIONS };

static void ask(const struct scene *scene, struct wf_history *history, int question)
{
    int64_t to_ns = RIG_MIDNIGHT_NS + (int64_t)scene->days * WF_NS_PER_DAY;
    int64_t middle_ns = RIG_MIDNIGHT_NS + (int64_t)scene->days / 2 * WF_NS_PER_DAY;
    const struct wf_range all = { RIG_MIDNIGHT_NS, to_ns, false };
    uint64_t count;

    if (question == TWO_HOURS)
        (void)ask_rows(history, middle_ns + 10 * 3600 * WF_NS_PER_S,
                       middle_ns + 12 * 3600 * WF_NS_PER_S, "p4", &count);
    else if (question == YEAR)
        (void)ask_bins(history, all.from_ns, all.to_ns, "p4", wf_bins_step(&all, BINS), &count);
    else
        (void)ask_moment(history, to_ns);
}

int main(int argc, char **argv)
{
    static const char *const names[QUESTIONS][3] = {
        { "two hours of a year, first question", "the same, files not cached",
          "the same, asked before" },
        { "a year in 1,000 steps, first question", "the same, files not cached",
          "the same, asked before" },
        { "newest sample, first question", "the same, files not cached", "the same, asked before" }
    };
    static struct bench bench;
    struct bench_series *series[QUESTIONS][3];
    static struct scene scene;

    bench_init(&bench, "year", 5, 1, argc, argv);
    scene.days = bench.seconds < 1 ? 20 : 365;
    scene.is_kept = bench.seconds >= 1 && getenv("WATCHFLOOR_BENCH_HISTORY") != NULL;
    rig_feed_init(&scene.feed, 5000, PERIOD_NS);
    prepare(&scene);
    for (int i = 0; i < QUESTIONS; i++) {
        for (int k = 0; k < 3; k++)
            series[i][k] = bench_series(&bench, names[i][k], "ms");
    }
    for (int round = 0; round < bench.rounds; round++) {
        for (int i = 0; i < QUESTIONS; i++) {
            for (int k = 0; k < 2; k++) {
                struct wf_history *history;
                double begun_s;

                if (k == 1)
                    forget(&scene);
                begun_s = bench_now_s();
                history = open_history(&scene);
                ask(&scene, history, i);
                bench_add(series[i][k], 1e3 * (bench_now_s() - begun_s));
                begun_s = bench_now_s();
                ask(&scene, history, i);
                if (k == 0)
                    bench_add(series[i][2], 1e3 * (bench_now_s() - begun_s));
                wf_history_close(&history);
            }
        }
    }
    bench_figure(&bench, "two hours of a year, first question", "ms",
                 bench_median(series[TWO_HOURS][0]), 20, true);
    bench_figure(&bench, "a year in 1,000 steps, first question", "ms",
                 bench_median(series[YEAR][0]), 50, true);
    if (!scene.is_kept)
        rig_folder_remove(scene.folder);
    rig_feed_fini(&scene.feed);
    return bench_finish(&bench);
}
