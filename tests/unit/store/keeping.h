/* SPDX-License-Identifier: MIT */
#ifndef KEEPING_H
#define KEEPING_H

/* What the tests of retention share: days of rows, written by hand, and what is left of them. */

#include "rollup_check.h"

static const char power_text[] = "[subsystem]\nperiod = 100ms\n"
                                 "[parameter volts]\nbits = 12\npolynomial = 0 0.01\nunit = V\n";

struct keeping {
    struct place place;
    struct wf_schema *schema;
    struct wf_series *series;
    uint8_t *payload;
    uint64_t number;
    int64_t mono_ns, today_ns;
};

static inline void begin(struct keeping *test)
{
    *test =
        (struct keeping){ .mono_ns = WF_NS_PER_DAY, .today_ns = wf_utc_day_start(wf_utc_now_ns()) };
    place_make(&test->place);
    test->schema = schema_of("power.ini", power_text);
    test->series = series_of(&test->place, "main", test->schema, 1);
    test->payload = payload_make(test->schema);
}

static inline void end(struct keeping *test)
{
    free(test->payload);
    wf_schema_free(&test->schema);
    place_remove(&test->place);
}

/* 100 rows of the day so many days ago; a sample is missing before each run. */
static inline void write_day(struct keeping *test, int days_ago)
{
    struct wf_store_sample samples[100];

    test->number++;
    for (size_t i = 0; i < WF_COUNT_OF(samples); i++)
        samples[i] =
            sample_of(&test->place, test->series, test->number++,
                      test->today_ns - days_ago * WF_NS_PER_DAY + (int64_t)i * 100 * WF_NS_PER_MS,
                      test->payload);
    write_ok(&test->place, samples, WF_COUNT_OF(samples));
}

static inline void tidy(struct keeping *test)
{
    struct wf_err err = { 0 };

    for (int i = 0; i < 100; i++) {
        test->mono_ns += 11 * WF_NS_PER_S;
        if (wf_store_tidy(test->place.store, test->mono_ns, &err) < 0)
            fail_msg("tidy: %s", err.text);
    }
}

static inline bool is_there(const struct keeping *test, int days_ago)
{
    char name[64];
    struct wf_civil civil;
    char *path;
    bool is;

    wf_civil_from_utc(test->today_ns - days_ago * WF_NS_PER_DAY, &civil);
    (void)snprintf(name, sizeof(name), "raw/%04d-%02d-%02d.db", civil.year, civil.month, civil.day);
    path = tmp_folder_path(&test->place.tmp, name);
    is = access(path, F_OK) == 0;
    free(path);
    return is;
}

static inline const char *ask_today(const struct keeping *test, const char *sql)
{
    struct wf_civil civil;
    char day[16];

    wf_civil_from_utc(test->today_ns, &civil);
    (void)snprintf(day, sizeof(day), "%04d-%02d-%02d", civil.year % 10000, civil.month % 100,
                   civil.day % 100);
    return ask(&test->place, day, sql);
}

#endif /* KEEPING_H */
