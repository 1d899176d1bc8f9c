/* SPDX-License-Identifier: MIT */
#ifndef ROLLUP_CHECK_H
#define ROLLUP_CHECK_H

/*
 * Are rollups what raw rows say? Computed again here, the slow and simple way, from what a
 * cursor gives, for every bucket that the day files say is complete.
 */

#include "store_support.h"

#include "folder.h"
#include "rollup_file.h"

/* What the files say of one series. */
struct trust {
    int64_t minute_from, hour_from, to_ns;
    bool is_minute, is_hour;
    int64_t *dirty;
    size_t dirty_count;
};

struct checked {
    size_t minutes, hours; /* complete ones with rows */
    size_t open;           /* rows in minutes that are not complete */
};

static inline sqlite3 *open_db(const struct place *place, const char *name)
{
    char path[700];
    sqlite3 *db = NULL;

    (void)snprintf(path, sizeof(path), "%s/%s", place->tmp.path, name);
    if (access(path, F_OK) != 0)
        return NULL;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    return db;
}

static inline void read_trust(const struct place *place, const char *file, const char *subsystem,
                              struct trust *trust, uint64_t *inout_serial)
{
    char name[64];
    sqlite3 *db;
    sqlite3_stmt *stmt = NULL;

    (void)snprintf(name, sizeof(name), "raw/%s.db", file);
    db = open_db(place, name);
    assert_non_null(db);
    assert_int_equal(sqlite3_prepare_v2(db,
                                        "SELECT minute_from, hour_from, rolled_to, serial"
                                        " FROM _positions WHERE subsystem = ?",
                                        -1, &stmt, NULL),
                     SQLITE_OK);
    (void)sqlite3_bind_text(stmt, 1, subsystem, -1, SQLITE_STATIC);
    if (sqlite3_step(stmt) == SQLITE_ROW &&
        (uint64_t)sqlite3_column_int64(stmt, 3) >= *inout_serial) {
        *inout_serial = (uint64_t)sqlite3_column_int64(stmt, 3);
        trust->is_minute = sqlite3_column_type(stmt, 0) != SQLITE_NULL;
        trust->is_hour = sqlite3_column_type(stmt, 1) != SQLITE_NULL;
        trust->minute_from = sqlite3_column_int64(stmt, 0);
        trust->hour_from = sqlite3_column_int64(stmt, 1);
        trust->to_ns = sqlite3_column_int64(stmt, 2);
    }
    (void)sqlite3_finalize(stmt);
    assert_int_equal(
        sqlite3_prepare_v2(db, "SELECT minute_ns FROM _dirty WHERE subsystem = ?", -1, &stmt, NULL),
        SQLITE_OK);
    (void)sqlite3_bind_text(stmt, 1, subsystem, -1, SQLITE_STATIC);
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        trust->dirty = realloc(trust->dirty, (trust->dirty_count + 1) * sizeof(int64_t));
        trust->dirty[trust->dirty_count++] = sqlite3_column_int64(stmt, 0);
    }
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

static inline struct trust trust_of(const struct place *place, const char *subsystem)
{
    struct trust trust = { 0 };
    uint64_t serial = 0;
    char *raw = tmp_folder_path(&place->tmp, "raw");
    DIR *dir = opendir(raw);
    struct dirent *entry;

    assert_non_null(dir);
    while ((entry = readdir(dir)) != NULL) {
        char file[16];
        int64_t key;

        if (!wfs_file_parse(entry->d_name, &key))
            continue;
        wfs_file_text(key, file);
        read_trust(place, file, subsystem, &trust, &serial);
    }
    (void)closedir(dir);
    free(raw);
    return trust;
}

static inline bool is_complete(const struct trust *trust, enum wfs_tier tier, int64_t start_ns)
{
    int64_t end_ns = start_ns + wfs_tier_ns(tier);
    bool is_there = tier == WFS_TIER_MINUTE ? trust->is_minute : trust->is_hour;
    int64_t from_ns = tier == WFS_TIER_MINUTE ? trust->minute_from : trust->hour_from;

    if (!is_there || start_ns < from_ns || end_ns > trust->to_ns)
        return false;
    for (size_t i = 0; i < trust->dirty_count; i++) {
        if (trust->dirty[i] >= start_ns && trust->dirty[i] < end_ns)
            return false;
    }
    return true;
}

/* One parameter in one bucket, as `wf query` would compute it from rows. */
struct wanted {
    char name[WF_NAME_SIZE];
    char min[40], max[40], last[40];
    double sum;
    int64_t last_ns;
    uint64_t count, bad;
    uint8_t worst;
    bool has_last, is_metered;
    struct wf_value min_value, max_value;
};

static inline void print_value(const struct wf_value *value, char out[40])
{
    if (value->kind == WF_VALUE_U64 || value->kind == WF_VALUE_BOOL)
        (void)snprintf(out, 40, "%llu", (unsigned long long)value->as.u64);
    else if (value->kind == WF_VALUE_I64)
        (void)snprintf(out, 40, "%lld", (long long)value->as.i64);
    else if (isnan(value->as.f64))
        (void)snprintf(out, 40, "NaN");
    else
        (void)snprintf(out, 40, "%.17g", value->as.f64);
}

static inline bool is_below(const struct wf_value *a, const struct wf_value *b)
{
    if (a->kind == WF_VALUE_I64)
        return a->as.i64 < b->as.i64;
    return a->kind == WF_VALUE_F64 ? a->as.f64 < b->as.f64 : a->as.u64 < b->as.u64;
}

static inline void want(struct wanted *w, const struct wf_value *value, int64_t time_ns)
{
    if (value->quality == WF_QUALITY_ABSENT || value->kind == WF_VALUE_NONE)
        return;
    if (value->quality > w->worst)
        w->worst = value->quality;
    if (!w->has_last || time_ns >= w->last_ns) {
        print_value(value, w->last);
        w->last_ns = time_ns;
        w->has_last = true;
    }
    if (value->quality >= WF_QUALITY_INVALID ||
        (value->kind == WF_VALUE_F64 && isnan(value->as.f64))) {
        w->bad++;
        return;
    }
    if (w->count == 0 || is_below(value, &w->min_value)) {
        w->min_value = *value;
        print_value(value, w->min);
    }
    if (w->count == 0 || is_below(&w->max_value, value)) {
        w->max_value = *value;
        print_value(value, w->max);
    }
    w->sum += wf_value_as_double(value);
    w->count++;
}

static inline void column_text(sqlite3_stmt *stmt, int at, char out[40])
{
    if (sqlite3_column_type(stmt, at) == SQLITE_FLOAT)
        (void)snprintf(out, 40, "%.17g", sqlite3_column_double(stmt, at));
    else
        (void)snprintf(out, 40, "%s",
                       sqlite3_column_type(stmt, at) == SQLITE_NULL
                           ? ""
                           : (const char *)sqlite3_column_text(stmt, at));
}

static inline void assert_bucket(const struct place *place, enum wfs_tier tier, int64_t start_ns,
                                 const char *subsystem, const struct wanted *list, size_t count)
{
    char name[64], period[16];
    sqlite3 *db;
    sqlite3_stmt *stmt = NULL;

    wfs_period_text(tier, start_ns, period);
    (void)snprintf(name, sizeof(name), "%s/%s.db", wfs_tier_name(tier), period);
    db = open_db(place, name);
    if (db == NULL)
        fail_msg("%s is not there", name);
    assert_int_equal(
        sqlite3_prepare_v2(db,
                           "SELECT min, max, sum, last, last_ns, count, bad, quality FROM _buckets"
                           " WHERE id = (SELECT id FROM _parameters WHERE subsystem = ?1 AND"
                           " name = ?2) << 16 | ?3",
                           -1, &stmt, NULL),
        SQLITE_OK);
    for (size_t i = 0; i < count; i++) {
        const struct wanted *w = &list[i];
        char min[40], max[40], last[40];
        double sum;
        int step;

        if (!w->is_metered)
            continue;
        (void)sqlite3_bind_text(stmt, 1, subsystem, -1, SQLITE_STATIC);
        (void)sqlite3_bind_text(stmt, 2, w->name, -1, SQLITE_STATIC);
        (void)sqlite3_bind_int64(stmt, 3,
                                 (start_ns - wfs_period_start(tier, start_ns)) / wfs_tier_ns(tier));
        step = sqlite3_step(stmt);
        if ((step == SQLITE_ROW) != w->has_last)
            fail_msg("%s %lld %s: row %d", name, (long long)start_ns, w->name, step);
        if (!w->has_last) {
            (void)sqlite3_reset(stmt);
            continue;
        }
        column_text(stmt, 0, min);
        column_text(stmt, 1, max);
        column_text(stmt, 3, last);
        sum = sqlite3_column_double(stmt, 2);
        if ((uint64_t)sqlite3_column_int64(stmt, 5) != w->count ||
            (uint64_t)sqlite3_column_int64(stmt, 6) != w->bad || strcmp(last, w->last) != 0 ||
            start_ns + sqlite3_column_int64(stmt, 4) != w->last_ns ||
            sqlite3_column_int(stmt, 7) != w->worst ||
            (w->count > 0 && (strcmp(min, w->min) != 0 || strcmp(max, w->max) != 0)))
            fail_msg("%s %lld %s: %s %s last %s (%lld) count %lld bad %lld, wanted %s %s last %s"
                     " (%lld) count %llu bad %llu",
                     name, (long long)start_ns, w->name, min, max, last,
                     (long long)(start_ns + sqlite3_column_int64(stmt, 4)),
                     (long long)sqlite3_column_int64(stmt, 5),
                     (long long)sqlite3_column_int64(stmt, 6), w->min, w->max, w->last,
                     (long long)w->last_ns, (unsigned long long)w->count,
                     (unsigned long long)w->bad);
        if (w->count > 0 && isfinite(w->sum) &&
            fabs(sum - w->sum) > 1e-9 * (fabs(w->sum) + (double)w->count))
            fail_msg("%s %lld %s: sum %.17g, wanted %.17g", name, (long long)start_ns, w->name, sum,
                     w->sum);
        (void)sqlite3_reset(stmt);
    }
    (void)sqlite3_finalize(stmt);
    (void)sqlite3_close(db);
}

static inline struct wanted *wanted_of(struct wanted *list, size_t *count, const char *name)
{
    for (size_t i = 0; i < *count; i++) {
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    }
    assert_true(*count < 64);
    memset(&list[*count], 0, sizeof(list[0]));
    (void)snprintf(list[*count].name, WF_NAME_SIZE, "%s", name);
    return &list[(*count)++];
}

static inline void check_tier(const struct place *place, enum wfs_tier tier, const char *subsystem,
                              const struct trust *trust, struct checked *checked)
{
    const struct wf_history_query query = { .range = { WFS_ROLLUP_FROM_NS, WFS_ROLLUP_TO_NS,
                                                       false },
                                            .source = "main",
                                            .subsystem = subsystem };
    struct wf_history *history = NULL;
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    struct wanted list[64];
    size_t count = 0;
    int64_t start_ns = WF_TIME_NONE;
    struct wf_err err = { 0 };
    bool is_more = true;

    assert_int_equal(wf_history_open(place->tmp.path, &history, &err), 0);
    assert_int_equal(wf_history_select(history, &query, &cursor, &err), 0);
    while (is_more) {
        int64_t next_ns;

        is_more = wf_history_next(cursor, &row, &err) == 0;
        next_ns = is_more ? wfs_bucket_start(tier, row.time_ns) : WF_TIME_NONE;
        if (next_ns != start_ns && start_ns != WF_TIME_NONE && is_complete(trust, tier, start_ns)) {
            assert_bucket(place, tier, start_ns, subsystem, list, count);
            *(tier == WFS_TIER_MINUTE ? &checked->minutes : &checked->hours) += 1;
        }
        if (next_ns != start_ns)
            count = 0;
        start_ns = next_ns;
        if (!is_more)
            break;
        checked->open += tier == WFS_TIER_MINUTE && !is_complete(trust, tier, start_ns);
        for (size_t i = 0; i < row.schema->parameter_count; i++) {
            const struct wf_parameter *p = &row.schema->parameters[i];
            struct wanted *w = wanted_of(list, &count, p->name);
            struct wf_value value;

            wf_value_get(row.schema, row.payload, i, 0, &value);
            value.quality = ((const uint8_t *)row.payload)[p->quality_offset];
            w->is_metered = p->count_max <= 1 && p->storage != WF_STORE_CHARS &&
                            p->storage != WF_STORE_BYTES && p->storage != WF_STORE_TIME;
            if (w->is_metered)
                want(w, &value, row.time_ns);
        }
    }
    wf_history_cursor_close(&cursor);
    wf_history_close(&history);
}

/* Every complete bucket of the series holds what its rows say. */
static inline struct checked check_rollups(const struct place *place, const char *subsystem)
{
    struct checked checked = { 0 };
    struct trust trust = trust_of(place, subsystem);

    check_tier(place, WFS_TIER_MINUTE, subsystem, &trust, &checked);
    check_tier(place, WFS_TIER_HOUR, subsystem, &trust, &checked);
    free(trust.dirty);
    return checked;
}

#endif /* ROLLUP_CHECK_H */
