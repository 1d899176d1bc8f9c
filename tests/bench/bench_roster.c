/* SPDX-License-Identifier: MIT */
/*
 * Whole samples through a roster, as the alarm monitor and a back-test do it: values out of the
 * payload, qualities, four limits each; what 100,000 parameters at 1 Hz take of a core; and history from
 * SQLite through a roster.
 */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/alarm/roster.h>
#include <watchfloor/clock.h>
#include <watchfloor/store/writer.h>

#include "figures.h"
#include "tape.h"

#define PARAMETERS 1000 /* of a subsystem */
#define SUBSYSTEMS 100
#define NARROW     20 /* parameters of what is stored */
#define ROWS       60000
#define BATCH      1000
#define START_NS   INT64_C(1790000000000000000)

static void die(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench-roster: %s: %s\n", what, why);
    exit(2);
}

static void count(void *context, const struct wf_alarm_transition *transition)
{
    uint64_t *sum = context;

    *sum += transition->seq != 0;
}

static struct wf_schema *make_schema(const char *name, size_t parameters)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_strbuf text;
    char file[64];

    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_strbuf_add(&text, "[subsystem]\nperiod = 1s\nstale_after = 1h\n");
    for (size_t i = 0; i < parameters; i++)
        wf_strbuf_addf(&text,
                       "[parameter p%zu]\nbits = 12\npolynomial = 0 0.01\nlolo = 10\nlo = 12\n"
                       "hi = 30\nhihi = 32\nhysteresis = 0.1\n",
                       i);
    (void)snprintf(file, sizeof(file), "%s.ini", name);
    if (wf_schema_parse(file, text.text, text.len, &schema, &problems, NULL) < 0)
        die(name, "the schema has problems");
    wf_strbuf_fini(&text);
    wf_problems_fini(&problems);
    return schema;
}

static void fill(const struct wf_schema *schema, void *payload, double value, uint64_t row)
{
    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_value it = { .kind = WF_VALUE_F64,
                                     .as.f64 = value + (double)((row + i) % 16) * 0.05 };

        (void)wf_value_set(schema, payload, i, 0, &it);
        ((uint8_t *)payload)[schema->parameters[i].quality_offset] = WF_QUALITY_VALID;
    }
}

static struct wf_alarm_roster *make_roster(const struct wf_alarm_member *members, size_t count_,
                                           uint64_t *sum)
{
    const struct wf_alarm_roster_options options = { .members = members,
                                                     .member_count = count_,
                                                     .host = { .context = sum, .emit = count } };
    struct wf_problems problems = { 0 };
    struct wf_alarm_roster *roster = NULL;
    struct wf_err err = { 0 };

    if (wf_alarm_roster_create(&options, &roster, &problems, &err) < 0)
        die("roster", err.text);
    wf_problems_fini(&problems);
    return roster;
}

/* Samples of all subsystems in turn; ns per parameter of CPU. */
static double measure(struct wf_alarm_roster *roster, size_t members, const void *payload,
                      uint64_t *second, double seconds)
{
    uint64_t judged = 0;
    double start = bench_thread_s(), end;

    do {
        (*second)++;
        for (size_t i = 0; i < members; i++) {
            struct wf_stamp stamp = {
                .epoch = 1,
                .order = *second * SUBSYSTEMS + i,
                .received_ns = START_NS + (int64_t)*second * WF_NS_PER_S,
                .received_mono_ns = (int64_t)(1000 + *second) * WF_NS_PER_S,
                .device_ns = WF_TIME_NONE,
            };

            wf_alarm_roster_sample(roster, i, &stamp, payload);
        }
        judged += members * PARAMETERS;
        end = bench_thread_s();
    } while (end - start < seconds);
    return (end - start) * 1e9 / (double)judged;
}

/* --- history ------------------------------------------------------------------------------------ */

static void write_history(const char *folder, const struct wf_schema *schema)
{
    const struct wf_store_options options = { .folder = folder, .instance = "bench" };
    struct wf_store *store = NULL;
    struct wf_series *series = NULL;
    struct wf_err err = { 0 };
    static struct wf_store_sample samples[BATCH];
    static const struct wf_store_sample *list[BATCH];
    char *payloads = calloc(BATCH, schema->payload_bytes);

    if (payloads == NULL || wf_store_create(&options, &store, &err) < 0 ||
        wf_store_recover(store, &err) < 0 ||
        wf_store_series(store, "main", schema, START_NS, false, &series, &err) < 0)
        die("store", err.text);
    for (uint64_t row = 0; row < ROWS; row++) {
        size_t at = row % BATCH;
        void *payload = payloads + at * schema->payload_bytes;
        int64_t time_ns = START_NS + (int64_t)row * WF_NS_PER_S / 10;

        fill(schema, payload, 20, row);
        samples[at] = (struct wf_store_sample){
            .series = series,
            .payload = payload,
            .stamp = { .epoch = 1,
                       .number = row,
                       .order = row,
                       .device_ns = time_ns,
                       .received_ns = time_ns,
                       .received_mono_ns = time_ns - START_NS + 1 },
        };
        list[at] = &samples[at];
        if (at == BATCH - 1 && wf_store_write(store, list, BATCH, false, &err) < 0)
            die("store", err.text);
    }
    wf_store_destroy(&store);
    free(payloads);
}

/* Millions of values a second of CPU, from the files to the engine. */
static double measure_backtest(const char *folder, const struct wf_schema *schema, uint64_t *sum)
{
    const struct wf_alarm_member member = { .source = "main", .schema = schema };
    struct wf_alarm_roster *roster = make_roster(&member, 1, sum);
    struct wf_err err = { 0 };
    struct tape *tape = NULL;
    const struct tape_sample *sample;
    uint64_t values = 0;
    double start = bench_thread_s();
    int rc;

    if (tape_open(folder, START_NS, START_NS + ROWS * WF_NS_PER_S, NULL, 0, &tape, &err) < 0)
        die("history", err.text);
    while ((sample = tape_look(tape, &rc, &err)) != NULL) {
        wf_alarm_roster_sample(roster, 0, &sample->row->stamp, sample->row->payload);
        values += NARROW;
        tape_take(tape);
    }
    if (rc < 0 || values != (uint64_t)ROWS * NARROW)
        die("history", rc < 0 ? err.text : "rows are missing");
    tape_close(&tape);
    wf_alarm_roster_destroy(&roster);
    return (double)values / 1e6 / (bench_thread_s() - start);
}

static void remove_tree(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;

    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char below[1024];
        struct stat status;

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(below, sizeof(below), "%s/%s", path, entry->d_name);
        if (lstat(below, &status) == 0 && S_ISDIR(status.st_mode))
            remove_tree(below);
        else
            (void)unlink(below);
    }
    if (dir != NULL)
        (void)closedir(dir);
    (void)rmdir(path);
}

int main(int argc, char **argv)
{
    struct bench bench;
    struct bench_series *normal, *standing, *many, *history;
    struct wf_alarm_member members[SUBSYSTEMS];
    struct wf_schema *wide = make_schema("wide", PARAMETERS);
    struct wf_schema *narrow = make_schema("narrow", NARROW);
    uint64_t sum = 0, second = 0, second_of_all = 0;
    char folder[] = "/tmp/wf-bench-roster-XXXXXX", source[SUBSYSTEMS][16];
    struct wf_alarm_roster *one, *all;
    void *calm = calloc(1, wide->payload_bytes), *high = calloc(1, wide->payload_bytes);

    bench_init(&bench, "roster", 7, 0.1, argc, argv);
    if (calm == NULL || high == NULL || mkdtemp(folder) == NULL)
        return EXIT_FAILURE;
    for (size_t i = 0; i < SUBSYSTEMS; i++) {
        (void)snprintf(source[i], sizeof(source[i]), "s%zu", i);
        members[i] = (struct wf_alarm_member){ .source = source[i], .schema = wide };
    }
    fill(wide, calm, 20, 0);
    fill(wide, high, 31, 0);
    one = make_roster(members, 1, &sum);
    all = make_roster(members, SUBSYSTEMS, &sum);
    write_history(folder, narrow);
    normal = bench_series(&bench, "a parameter with four limits, normal", "ns");
    standing = bench_series(&bench, "the same, in alarm", "ns");
    many = bench_series(&bench, "the same of 100,000", "ns");
    history = bench_series(&bench, "back-test, from the files", "M/s");
    for (int i = 0; i < bench.rounds; i++) {
        (void)measure(one, 1, calm, &second, 0.001);
        bench_add(normal, measure(one, 1, calm, &second, bench.seconds));
        bench_add(standing, measure(one, 1, high, &second, bench.seconds));
        bench_add(many, measure(all, SUBSYSTEMS, calm, &second_of_all, bench.seconds));
        bench_add(history, measure_backtest(folder, narrow, &sum));
    }
    bench_figure(&bench, "a parameter with four limits", "ns", bench_median(normal), 50, true);
    bench_figure(&bench, "100,000 parameters at 1 Hz, of a core", "%",
                 bench_median(many) * 100000 / 1e9 * 100, 3, true);
    bench_figure(&bench, "back-test, values a second", "M/s", bench_median(history), 5, false);
    remove_tree(folder);
    wf_alarm_roster_destroy(&one);
    wf_alarm_roster_destroy(&all);
    wf_schema_free(&wide);
    wf_schema_free(&narrow);
    free(calm);
    free(high);
    return sum == 0 ? EXIT_FAILURE : bench_finish(&bench);
}
