/* SPDX-License-Identifier: MIT */
/*
 * Questions while logging: how fast the store writes when nobody asks, and when another process asks
 * all the time: a month in 1,000 steps, the newest hour's worth of samples, all parameters now,
 * an aggregate in SQL. Once with the store alone, as fast as it can; once with the real
 * wf-logger, which is given more rows a second than a receiver has ever had.
 *
 * Turns of asking and of silence alternate within one run, so that both write the same files on
 * the same machine. Two processes that work all the time need two cores. History begins with 30
 * days of a row every five seconds. With --seconds below 1 there are two.
 */

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <watchfloor/clean.h>
#include <watchfloor/publisher.h>
#include <watchfloor/region.h>
#include <watchfloor/store/bins.h>
#include <watchfloor/value.h>

#include "figures.h"
#include "history_ask.h"
#include "history_rig.h"

/* Before what is measured: rows so far apart. */
#define PAST_PERIOD_NS (5 * WF_NS_PER_S)
/* Of what is measured: 200 rows a second, so that a day holds what a run writes. */
#define LIVE_PERIOD_NS (5 * WF_NS_PER_MS)
#define FEED_ROWS      50000
#define BINS           1000
#define HOUR_ROWS      36000
/* What the logger is given. */
#define LOGGER_ROWS_PER_S 100000
#define PUBLISH_BURST     64
/* It tells how far it is once a second: its turns are longer, so that what waits is little in them. */
#define LOGGER_TURN 3

extern char **environ;

/* What the two processes tell each other. */
struct shared {
    atomic_int is_asking, is_over;
    atomic_llong from_ns, now_ns; /* of the times that are stored */
    atomic_ullong asked;
    atomic_llong longest_ns;
};

struct scene {
    struct bench bench;
    char state[256], history[300], config[300], instance[40];
    struct rig_feed feed;
    uint64_t number; /* of the next sample */
    int64_t time_ns; /* and its time */
    struct shared *shared;
    pid_t asker;
};

static void nap(int64_t ns)
{
    struct timespec time = { .tv_sec = (time_t)(ns / WF_NS_PER_S),
                             .tv_nsec = (long)(ns % WF_NS_PER_S) };

    (void)nanosleep(&time, NULL);
}

/* --- whoever asks --------------------------------------------------------------------------- */

static double ask(struct wf_history *history, const struct shared *shared, unsigned turn)
{
    int64_t now_ns = atomic_load(&shared->now_ns), from_ns = atomic_load(&shared->from_ns);
    const struct wf_range all = { from_ns, now_ns, false };
    struct wf_strbuf text;
    uint64_t count;
    double seconds;

    switch (turn % 4) {
    case 0:
        return ask_bins(history, from_ns, now_ns, "p4", wf_bins_step(&all, BINS), &count);
    case 1:
        return ask_rows(history, now_ns - HOUR_ROWS * LIVE_PERIOD_NS, now_ns, "p4", &count);
    case 2:
        return ask_moment(history, now_ns);
    default:
        wf_strbuf_init(&text, 512);
        wf_strbuf_addf(&text,
                       "SELECT source, count(*), avg(p4), max(p5) FROM wide"
                       " WHERE time_ns > %lld GROUP BY source",
                       (long long)(now_ns - HOUR_ROWS / 2 * LIVE_PERIOD_NS));
        seconds = ask_sql(history, text.text);
        wf_strbuf_fini(&text);
        return seconds;
    }
}

static int ask_all_the_time(struct scene *scene)
{
    struct shared *shared = scene->shared;
    struct wf_history *history = NULL;
    struct wf_err err = { 0 };
    unsigned turn = 0;

    while (!atomic_load(&shared->is_over) && getppid() != 1) {
        double seconds;

        if (!atomic_load(&shared->is_asking)) {
            nap(WF_NS_PER_MS);
            continue;
        }
        if (history == NULL && wf_history_open(scene->history, &history, &err) < 0)
            rig_die("history", err.text);
        seconds = ask(history, shared, turn++);
        atomic_fetch_add(&shared->asked, 1);
        if (seconds * 1e9 > (double)atomic_load(&shared->longest_ns))
            atomic_store(&shared->longest_ns, (long long)(seconds * 1e9));
    }
    wf_history_close(&history);
    return 0;
}

/* Before this process opens anything: SQLite does not like to be forked. */
static void start_asker(struct scene *scene)
{
    (void)fflush(NULL);
    scene->asker = fork();
    if (scene->asker < 0)
        rig_die("fork", strerror(errno));
    if (scene->asker == 0)
        _exit(ask_all_the_time(scene));
}

static void end_asker(struct scene *scene)
{
    int status = 0;

    atomic_store(&scene->shared->is_over, 1);
    if (waitpid(scene->asker, &status, 0) != scene->asker || status != 0)
        rig_die("whoever asked", "did not end well");
    atomic_store(&scene->shared->is_over, 0);
    atomic_store(&scene->shared->is_asking, 0);
}

/* --- the past --------------------------------------------------------------------------------- */

static void write_past(struct scene *scene)
{
    uint64_t days = scene->bench.seconds < 1 ? 2 : 30;
    uint64_t rows = days * (uint64_t)(WF_NS_PER_DAY / PAST_PERIOD_NS);
    struct wf_store *store = rig_store(scene->history);
    struct wf_series *series = rig_series(store, "main", &scene->feed);
    int64_t mono_ns = WF_NS_PER_DAY;
    struct wf_err err = { 0 };

    scene->time_ns =
        wf_utc_now_ns() / WF_NS_PER_DAY * WF_NS_PER_DAY - (int64_t)days * WF_NS_PER_DAY;
    atomic_store(&scene->shared->from_ns, scene->time_ns);
    for (uint64_t row = 0; row < rows; row += RIG_BATCH_MAX) {
        size_t count = rows - row < RIG_BATCH_MAX ? (size_t)(rows - row) : RIG_BATCH_MAX;

        rig_write(store, series, &scene->feed, scene->number, scene->time_ns, PAST_PERIOD_NS,
                  count);
        scene->number += count;
        scene->time_ns += (int64_t)count * PAST_PERIOD_NS;
        mono_ns += WF_NS_PER_S;
        if (wf_store_tidy(store, mono_ns, &err) < 0)
            rig_die("tidy", err.text);
    }
    wf_store_destroy(&store);
}

static void open_scene(struct scene *scene, const char *what)
{
    rig_folder_make(what, scene->state, sizeof(scene->state));
    (void)snprintf(scene->history, sizeof(scene->history), "%s/history", scene->state);
    scene->number = 0;
    start_asker(scene);
    write_past(scene);
    atomic_store(&scene->shared->now_ns, scene->time_ns);
}

static void close_scene(struct scene *scene)
{
    rig_folder_remove(scene->state);
}

/* --- the store, as fast as it can ---------------------------------------------------------------- */

/*
 * Seconds that this thread could have run and something else did: what other work on the machine
 * costs, as opposed to waiting for a disk or a lock. 0 where the system does not say.
 */
static double crowded_s(void)
{
    FILE *file = fopen("/proc/self/schedstat", "r");
    unsigned long long ran = 0, waited = 0;

    if (file != NULL && fscanf(file, "%llu %llu", &ran, &waited) != 2)
        waited = 0;
    if (file != NULL)
        (void)fclose(file);
    return (double)waited * 1e-9;
}

struct turn {
    double rows_per_s, rows_per_own_s;
    double longest_s; /* of a batch with what is done beside it */
};

static struct turn write_turn(struct scene *scene, struct wf_store *store, struct wf_series *series)
{
    double begun_s = bench_now_s(), begun_crowded_s = crowded_s(), now_s = begun_s;
    struct turn turn = { .longest_s = 0 };
    struct wf_err err = { 0 };
    uint64_t rows = 0;

    while (now_s - begun_s < scene->bench.seconds) {
        double before_s = now_s;

        rig_write(store, series, &scene->feed, scene->number, scene->time_ns, LIVE_PERIOD_NS,
                  RIG_BATCH_MAX);
        if (wf_store_tidy(store, wf_mono_now_ns(), &err) < 0)
            rig_die("tidy", err.text);
        scene->number += RIG_BATCH_MAX;
        scene->time_ns += RIG_BATCH_MAX * LIVE_PERIOD_NS;
        atomic_store(&scene->shared->now_ns, scene->time_ns);
        rows += RIG_BATCH_MAX;
        now_s = bench_now_s();
        turn.longest_s = fmax(turn.longest_s, now_s - before_s);
    }
    turn.rows_per_s = (double)rows / (now_s - begun_s);
    turn.rows_per_own_s = (double)rows / (now_s - begun_s - (crowded_s() - begun_crowded_s));
    return turn;
}

static void measure_store(struct scene *scene)
{
    struct bench *bench = &scene->bench;
    struct bench_series *alone = bench_series(bench, "store, nobody asks", "rows/s");
    struct bench_series *asked = bench_series(bench, "store, somebody asks", "rows/s");
    struct bench_series *alone_own = bench_series(bench, "store, nobody asks", "rows/own s");
    struct bench_series *asked_own = bench_series(bench, "store, somebody asks", "rows/own s");
    struct bench_series *questions = bench_series(bench, "questions answered", "1/s");
    struct wf_store *store;
    struct wf_series *series;
    double longest[2] = { 0, 0 };

    open_scene(scene, "logging");
    store = rig_store(scene->history);
    series = rig_series(store, "main", &scene->feed);
    (void)write_turn(scene, store, series);
    for (int i = 0; i < 2 * bench->rounds; i++) {
        bool is_asked = i % 2 == 1;
        uint64_t before = atomic_load(&scene->shared->asked);
        struct turn turn;

        atomic_store(&scene->shared->is_asking, is_asked);
        turn = write_turn(scene, store, series);
        bench_add(is_asked ? asked : alone, turn.rows_per_s);
        bench_add(is_asked ? asked_own : alone_own, turn.rows_per_own_s);
        longest[is_asked] = fmax(longest[is_asked], turn.longest_s);
        if (is_asked)
            bench_add(questions,
                      (double)(atomic_load(&scene->shared->asked) - before) / bench->seconds);
    }
    end_asker(scene);
    wf_store_destroy(&store);
    close_scene(scene);
    bench_ratio(bench, "store: asked / alone, by the clock", asked, alone, 0.9, false);
    bench_ratio(bench, "store: asked / alone, a core of its own", asked_own, alone_own, 0.9, false);
    bench_add(bench_series(bench, "longest batch, nobody asks", "ms"), 1e3 * longest[0]);
    bench_add(bench_series(bench, "longest batch, somebody asks", "ms"), 1e3 * longest[1]);
}

/* --- the logger ------------------------------------------------------------------------------------ */

static pid_t start_logger(struct scene *scene)
{
    const char *build = getenv("WATCHFLOOR_BUILD");
    char program[512];
    char *arguments[] = { program, (char *)"--config", scene->config, NULL };
    FILE *config;
    pid_t pid = 0;

    (void)snprintf(scene->config, sizeof(scene->config), "%s/watchfloor.ini", scene->state);
    config = fopen(scene->config, "w");
    if (config == NULL || fputs("[watchfloor]\nlog_level = error\n", config) < 0 ||
        fclose(config) != 0)
        rig_die(scene->config, "cannot be written");
    (void)snprintf(program, sizeof(program), "%s/bin/wf-logger",
                   build != NULL ? build : "build/release");
    (void)setenv("WF_INSTANCE", scene->instance, 1);
    (void)setenv("WF_STATE", scene->state, 1);
    if (posix_spawn(&pid, program, NULL, NULL, arguments, environ) != 0)
        rig_die(program, "cannot be started");
    return pid;
}

static void end_logger(pid_t pid)
{
    int status = 0;

    (void)kill(pid, SIGTERM);
    if (waitpid(pid, &status, 0) != pid || status != 0)
        rig_die("wf-logger", "did not end well");
}

/* What wf-logger says of itself, once a second. */
struct health {
    struct wf_region *region;
    const struct wf_schema *schema;
    uint8_t *payload;
    uint64_t number;
    int64_t time_ns;
    uint64_t stored, lost;
    double look_s;
};

static double number_of(const struct health *health, const char *name)
{
    struct wf_value value;
    int index = wf_schema_find(health->schema, name);

    if (index < 0)
        rig_die(name, "wf.logger does not say it");
    wf_value_get(health->schema, health->payload, (size_t)index, 0, &value);
    return value.kind == WF_VALUE_F64 ? value.as.f64 : (double)value.as.u64;
}

static void open_health(const struct scene *scene, struct health *health)
{
    struct wf_err err = { 0 };

    *health = (struct health){ .number = UINT64_MAX };
    for (int i = 0; i < 1000 && health->region == NULL; i++) {
        if (wf_region_open(scene->instance, "wf", "logger", &health->region, &err) < 0)
            nap(10 * WF_NS_PER_MS);
    }
    if (health->region == NULL)
        rig_die("wf.logger", err.text);
    health->schema = wf_region_schema(health->region);
    health->payload = calloc(1, health->schema->payload_bytes);
    if (health->payload == NULL)
        rig_die("wf.logger", "out of memory");
}

/* True when it has said something new. */
static bool look(struct health *health)
{
    struct wf_stamp stamp;

    if (wf_region_latest(health->region, health->payload, health->schema->payload_bytes, &stamp) <
            0 ||
        stamp.number == health->number)
        return false;
    health->number = stamp.number;
    health->time_ns = stamp.received_mono_ns;
    health->stored = (uint64_t)number_of(health, "stored");
    health->lost = (uint64_t)number_of(health, "lost");
    health->look_s = number_of(health, "look_time");
    return true;
}

struct feeding {
    struct scene *scene;
    struct wf_publisher *publisher;
    struct wf_writer *writer;
    double begun_s;
    uint64_t rows;
};

/* As many rows as are due. */
static void publish_due(struct feeding *feeding)
{
    struct scene *scene = feeding->scene;
    uint64_t due = (uint64_t)((bench_now_s() - feeding->begun_s) * LOGGER_ROWS_PER_S);

    while (feeding->rows < due) {
        for (int i = 0; i < PUBLISH_BURST; i++, feeding->rows++) {
            uint64_t row = feeding->rows % scene->feed.rows;
            struct wf_stamp stamp = { .received_ns = wf_utc_now_ns(),
                                      .received_mono_ns = wf_mono_now_ns(),
                                      .sequence = feeding->rows,
                                      .packet = feeding->rows };

            stamp.device_ns = stamp.received_ns - WF_NS_PER_MS;
            if (wf_writer_publish(feeding->writer, &stamp,
                                  scene->feed.payloads + row * scene->feed.schema->payload_bytes) <
                0)
                rig_die("publish", "refused");
        }
        wf_publisher_ring(feeding->publisher);
    }
    atomic_store(&scene->shared->now_ns, wf_utc_now_ns() - WF_NS_PER_S);
    nap(WF_NS_PER_MS / 2);
}

/* Rows stored in a second of this turn; *out_look_s: the longest time rings were not read. */
static double log_turn(struct feeding *feeding, struct health *health, double *out_look_s)
{
    double until_s = bench_now_s() + LOGGER_TURN * feeding->scene->bench.seconds;
    uint64_t stored = 0;
    int64_t from_ns = 0;

    /* What it said last is of the turn before, in part. */
    while (!look(health))
        publish_due(feeding);
    stored = health->stored;
    from_ns = health->time_ns;
    for (int said = 0; bench_now_s() < until_s || said == 0;) {
        publish_due(feeding);
        if (look(health)) {
            said++;
            *out_look_s = fmax(*out_look_s, health->look_s);
        }
    }
    return (double)(health->stored - stored) * 1e9 / (double)(health->time_ns - from_ns);
}

static void open_feeding(struct scene *scene, struct feeding *feeding)
{
    struct wf_publisher_options options = { .instance = scene->instance,
                                            .role = "receiver",
                                            .state = scene->state };
    struct wf_err err = { 0 };

    *feeding = (struct feeding){ .scene = scene };
    if (wf_publisher_open(&options, &feeding->publisher, &err) < 0 ||
        wf_publisher_add(feeding->publisher, "main", scene->feed.schema, &feeding->writer, NULL,
                         &err) < 0)
        rig_die("publish", err.text);
    feeding->begun_s = bench_now_s();
}

static void measure_logger(struct scene *scene)
{
    struct bench *bench = &scene->bench;
    struct bench_series *alone = bench_series(bench, "wf-logger, nobody asks", "rows/s");
    struct bench_series *asked = bench_series(bench, "wf-logger, somebody asks", "rows/s");
    struct wf_clean_result cleaned;
    struct feeding feeding;
    struct health health;
    double look_s[2] = { 0, 0 };
    pid_t logger;

    open_scene(scene, "logging");
    (void)snprintf(scene->instance, sizeof(scene->instance), "bench%ld", (long)getpid());
    open_feeding(scene, &feeding);
    logger = start_logger(scene);
    open_health(scene, &health);
    (void)log_turn(&feeding, &health, &look_s[0]);
    look_s[0] = 0;
    for (int i = 0; i < 2 * bench->rounds; i++) {
        bool is_asked = i % 2 == 1;

        atomic_store(&scene->shared->is_asking, is_asked);
        bench_add(is_asked ? asked : alone, log_turn(&feeding, &health, &look_s[is_asked]));
    }
    end_asker(scene);
    bench_add(bench_series(bench, "samples wf-logger lost", "rows"), (double)health.lost);
    wf_publisher_close(&feeding.publisher);
    end_logger(logger);
    wf_region_close(&health.region);
    free(health.payload);
    (void)wf_clean(scene->instance, scene->state, false, NULL, NULL, &cleaned, NULL);
    close_scene(scene);
    bench_ratio(bench, "wf-logger: asked / alone", asked, alone, 0.9, false);
    bench_figure(bench, "rings not read for, nobody asks", "ms", 1e3 * look_s[0], 20, true);
    bench_figure(bench, "rings not read for, somebody asks", "ms", 1e3 * look_s[1], 20, true);
}

/* Memory of both processes, all 0. */
static struct shared *share(void)
{
    FILE *file = tmpfile();
    void *memory;

    if (file == NULL || ftruncate(fileno(file), sizeof(struct shared)) != 0)
        rig_die("a temporary file", strerror(errno));
    memory = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(file), 0);
    if (memory == MAP_FAILED)
        rig_die("memory", strerror(errno));
    (void)fclose(file);
    return memory;
}

int main(int argc, char **argv)
{
    static struct scene scene;

    bench_init(&scene.bench, "logging", 5, 1.5, argc, argv);
    scene.shared = share();
    rig_feed_init(&scene.feed, scene.bench.seconds < 1 ? 1000 : FEED_ROWS, PAST_PERIOD_NS);
    measure_store(&scene);
    measure_logger(&scene);
    if (atomic_load(&scene.shared->asked) > 0)
        (void)printf("%llu questions, the longest %.1f ms\n", atomic_load(&scene.shared->asked),
                     (double)atomic_load(&scene.shared->longest_ns) * 1e-6);
    rig_feed_fini(&scene.feed);
    return bench_finish(&scene.bench);
}
