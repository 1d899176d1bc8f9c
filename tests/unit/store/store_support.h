/* SPDX-License-Identifier: MIT */
#ifndef STORE_SUPPORT_H
#define STORE_SUPPORT_H

/* What the store's tests share: a folder, payloads made by hand, stamps, and questions in SQL. */

#include "support/unit.h"

#include <dirent.h>
#include <math.h>

#include <sqlite3.h>

#include <watchfloor/clock.h>
#include <watchfloor/schema.h>
#include <watchfloor/store/history.h>
#include <watchfloor/store/writer.h>
#include <watchfloor/value.h>

#include "support/schema_text.h"

/* 2001-02-03T12:00:00Z: a day that is over, whenever the test runs. */
#define NOON  (INT64_C(981201600) * WF_NS_PER_S)
#define DAY   "2001-02-03"
#define EPOCH UINT64_C(981200000000000000)

struct place {
    struct tmp_folder tmp;
    struct wf_store *store;
    uint64_t order;
    char notices[8192];
};

static inline void keep_notice(void *context, const char *text)
{
    struct place *place = context;
    size_t len = strlen(place->notices);

    (void)snprintf(place->notices + len, sizeof(place->notices) - len, "%s\n", text);
}

static inline void store_begin(struct place *place)
{
    struct wf_store_options options = { .folder = place->tmp.path,
                                        .instance = "test",
                                        .notice = keep_notice,
                                        .notice_context = place };
    struct wf_err err = { 0 };

    assert_int_equal(wf_store_create(&options, &place->store, &err), 0);
    if (wf_store_recover(place->store, &err) < 0)
        fail_msg("recover: %s", err.text);
}

static inline void place_make(struct place *place)
{
    *place = (struct place){ .tmp = tmp_folder_make() };
    store_begin(place);
}

/* The logger ends in order and starts again. */
static inline void store_again(struct place *place)
{
    wf_store_destroy(&place->store);
    store_begin(place);
}

static inline void place_remove(struct place *place)
{
    wf_store_destroy(&place->store);
    tmp_folder_remove(&place->tmp);
}

static inline struct wf_series *series_of(struct place *place, const char *source,
                                          const struct wf_schema *schema, int64_t created_ns)
{
    struct wf_series *series = NULL;
    struct wf_err err = { 0 };

    if (wf_store_series(place->store, source, schema, created_ns, false, &series, &err) < 0)
        fail_msg("series: %s", err.text);
    return series;
}

/* Everything VALID and zero. */
static inline uint8_t *payload_make(const struct wf_schema *schema)
{
    uint8_t *payload = calloc(1, schema->payload_bytes);

    assert_non_null(payload);
    return payload;
}

static inline size_t index_of(const struct wf_schema *schema, const char *name)
{
    int index = wf_schema_find(schema, name);

    assert_int_not_equal(index, WF_NO_INDEX);
    return (size_t)index;
}

static inline void set_u64(const struct wf_schema *schema, uint8_t *payload, const char *name,
                           uint64_t number)
{
    struct wf_value value = { .kind = WF_VALUE_U64, .as.u64 = number };

    assert_int_equal(wf_value_set(schema, payload, index_of(schema, name), 0, &value), 0);
}

static inline void set_f64(const struct wf_schema *schema, uint8_t *payload, const char *name,
                           double number)
{
    struct wf_value value = { .kind = WF_VALUE_F64, .as.f64 = number };

    assert_int_equal(wf_value_set(schema, payload, index_of(schema, name), 0, &value), 0);
}

static inline void set_quality(const struct wf_schema *schema, uint8_t *payload, const char *name,
                               enum wf_quality quality)
{
    payload[schema->parameters[index_of(schema, name)].quality_offset] = (uint8_t)quality;
}

/* As the decoder leaves a calibrated number: the raw word and what comes of it. */
static inline void set_raw(const struct wf_schema *schema, uint8_t *payload, const char *name,
                           int64_t raw)
{
    size_t index = index_of(schema, name);
    const struct wf_parameter *parameter = &schema->parameters[index];
    double value = (double)NAN;

    assert_true(parameter->raw_offset != 0);
    if (!wf_calibrate(wf_calibrator_in_force(schema, payload, index), (double)raw, &value))
        payload[parameter->quality_offset] = WF_QUALITY_INVALID;
    memcpy(payload + parameter->raw_offset, &raw, sizeof(raw));
    memcpy(payload + parameter->offset, &value, sizeof(value));
}

static inline struct wf_store_sample sample_of(struct place *place, struct wf_series *series,
                                               uint64_t number, int64_t time_ns,
                                               const uint8_t *payload)
{
    return (struct wf_store_sample){ .series = series,
                                     .stamp = { .epoch = EPOCH,
                                                .number = number,
                                                .order = place->order++,
                                                .packet = number + 1000,
                                                .sequence = number + 7,
                                                .device_ns = time_ns,
                                                .received_ns = time_ns + 1000 },
                                     .lost_cause = WF_GAP_RING_OVERRUN,
                                     .payload = payload };
}

static inline void write_ok(struct place *place, const struct wf_store_sample *samples,
                            size_t count)
{
    const struct wf_store_sample *list[100];
    struct wf_err err = { 0 };

    assert_true(count <= WF_COUNT_OF(list));
    for (size_t i = 0; i < count; i++)
        list[i] = &samples[i];
    if (wf_store_write(place->store, list, count, false, &err) < 0)
        fail_msg("write: %s", err.text);
}

/* The answer as the sqlite3 shell prints it: '|' between columns, '\n' behind rows. */
static inline const char *ask(const struct place *place, const char *day, const char *sql)
{
    static char answer[8192];
    char path[600];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    size_t len = 0;

    (void)snprintf(path, sizeof(path), "%s/raw/%s.db", place->tmp.path, day);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    answer[0] = '\0';
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(stmt); i++) {
            const unsigned char *text = sqlite3_column_text(stmt, i);

            len += (size_t)snprintf(answer + len, sizeof(answer) - len, "%s%s", i > 0 ? "|" : "",
                                    text != NULL ? (const char *)text : "");
        }
        len += (size_t)snprintf(answer + len, sizeof(answer) - len, "\n");
        assert_true(len < sizeof(answer));
    }
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
    return answer;
}

#endif /* STORE_SUPPORT_H */
