/* SPDX-License-Identifier: MIT */
/* Buckets and parameters of rollup files: put, merged, summed to hours, taken out. */

#include "rollup_db.h"

#include <stdlib.h>
#include <string.h>

/* --- parameters ---------------------------------------------------------------------------- */

static void bind_words(sqlite3_stmt *stmt, int at, const char *text)
{
    if (text == NULL || text[0] == '\0')
        (void)sqlite3_bind_null(stmt, at);
    else
        (void)sqlite3_bind_text(stmt, at, text, -1, SQLITE_STATIC);
}

struct described {
    const char *name, *unit, *title, *description, *type;
};

/* Id of a parameter, entered when it is new; what is told of it is as told last. */
static int find_id(struct wfs_rollup *rollup, const struct wfs_roll *roll,
                   const struct described *told, int64_t *out_id, struct wf_err *err)
{
    int rc, step;

    (void)sqlite3_bind_text(rollup->add, 1, roll->source, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(rollup->add, 2, roll->subsystem, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(rollup->add, 3, told->name, -1, SQLITE_STATIC);
    bind_words(rollup->add, 4, told->unit);
    bind_words(rollup->add, 5, told->title);
    bind_words(rollup->add, 6, told->description);
    bind_words(rollup->add, 7, told->type);
    rc = wfs_run(rollup->add, err);
    if (rc < 0)
        return rc;
    (void)sqlite3_bind_text(rollup->find, 1, roll->source, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(rollup->find, 2, roll->subsystem, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(rollup->find, 3, told->name, -1, SQLITE_STATIC);
    step = sqlite3_step(rollup->find);
    if (step == SQLITE_ROW)
        *out_id = sqlite3_column_int64(rollup->find, 0);
    else
        rc = wfs_fail(err, rollup->db, step, "find a parameter");
    (void)sqlite3_reset(rollup->find);
    return rc;
}

static const char *type_name(uint8_t kind)
{
    return kind == WFS_NUMBER_F64 ? "float" : kind == WFS_NUMBER_I64 ? "int" : "uint";
}

static int find_ids(struct wfs_rollup *rollup, struct wfs_roll *roll, const struct wfs_pile *pile,
                    const int64_t **out, struct wf_err *err)
{
    struct wfs_ids *ids = &roll->ids[rollup->tier];
    const struct wfs_meters *meters = pile->meters;
    int64_t *list;
    int rc = 0;

    if (ids->generation == rollup->generation && ids->meters == meters) {
        *out = ids->list;
        return 0;
    }
    ids->generation = 0;
    list = realloc(ids->list, (meters->count + 1) * sizeof(*list));
    if (list == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    ids->list = list;
    for (size_t i = 0; rc == 0 && i < meters->count; i++) {
        const struct wf_parameter *parameter = &pile->schema->parameters[meters->list[i].parameter];
        struct described told = { parameter->name, parameter->unit, parameter->title,
                                  parameter->description, type_name(meters->list[i].kind) };

        rc = find_id(rollup, roll, &told, &list[i], err);
    }
    if (rc < 0)
        return rc;
    ids->generation = rollup->generation;
    ids->meters = meters;
    *out = list;
    return 0;
}

/* --- buckets --------------------------------------------------------------------------------- */

static int64_t key_of(const struct wfs_rollup *rollup, int64_t parameter, int64_t bucket_ns)
{
    return parameter << WFS_BUCKET_BITS |
           (bucket_ns - rollup->period_ns) / wfs_tier_ns(rollup->tier);
}

/* What the file has of one bucket, added to `acc`. */
static int add_stored(struct wfs_rollup *rollup, int64_t key, int64_t bucket_ns,
                      struct wfs_acc *acc, struct wf_err *err)
{
    struct wfs_acc stored;
    int rc = 0, step;

    (void)sqlite3_bind_int64(rollup->range, 1, key);
    (void)sqlite3_bind_int64(rollup->range, 2, key + 1);
    step = sqlite3_step(rollup->range);
    if (step == SQLITE_ROW) {
        wfs_acc_read(rollup->range, 1, bucket_ns, &stored);
        /* Of equal times the one that came later is the last. */
        wfs_acc_merge(&stored, acc);
        *acc = stored;
    } else if (step != SQLITE_DONE) {
        rc = wfs_fail(err, rollup->db, step, "read a bucket");
    }
    (void)sqlite3_reset(rollup->range);
    return rc;
}

static int put_acc(struct wfs_rollups *rollups, struct wfs_rollup *rollup, int64_t key,
                   const struct wfs_acc *acc, int64_t bucket_ns, struct wf_err *err)
{
    wfs_acc_bind(rollup->put, 2, acc, bucket_ns);
    (void)sqlite3_bind_int64(rollup->put, 1, key);
    rollups->rows++;
    return wfs_run(rollup->put, err);
}

int wfs_rollups_put(struct wfs_rollups *rollups, struct wfs_roll *roll, const struct wfs_pile *pile,
                    bool is_merged, struct wf_err *err)
{
    struct wfs_rollup *rollup = NULL;
    const int64_t *ids = NULL;
    int rc = wfs_rollups_get(rollups, wfs_roll_base(roll), pile->start_ns, &rollup, err);

    if (rc == 0)
        rc = find_ids(rollup, roll, pile, &ids, err);
    for (size_t i = 0; rc == 0 && i < pile->meters->count; i++) {
        struct wfs_acc acc = pile->accs[i];
        int64_t key = key_of(rollup, ids[i], pile->start_ns);

        if (!acc.has_last)
            continue;
        if (is_merged)
            rc = add_stored(rollup, key, pile->start_ns, &acc, err);
        if (rc == 0)
            rc = put_acc(rollups, rollup, key, &acc, pile->start_ns, err);
    }
    return rc;
}

int wfs_rollups_clear(struct wfs_rollups *rollups, struct wfs_roll *roll,
                      const struct wfs_pile *pile, struct wf_err *err)
{
    struct wfs_rollup *rollup = NULL;
    const int64_t *ids = NULL;
    int rc = wfs_rollups_get(rollups, wfs_roll_base(roll), pile->start_ns, &rollup, err);

    if (rc == 0)
        rc = find_ids(rollup, roll, pile, &ids, err);
    for (size_t i = 0; rc == 0 && i < pile->meters->count; i++) {
        int64_t key = key_of(rollup, ids[i], pile->start_ns);

        (void)sqlite3_bind_int64(rollup->take, 1, key);
        (void)sqlite3_bind_int64(rollup->take, 2, key + 1);
        rc = wfs_run(rollup->take, err);
    }
    return rc;
}

/* --- taking out --------------------------------------------------------------------------------- */

static int delete_in(struct wfs_rollup *rollup, const struct wfs_roll *roll, int64_t from_ns,
                     int64_t to_ns, struct wf_err *err)
{
    int rc = 0, step = SQLITE_DONE;

    (void)sqlite3_bind_text(rollup->series, 1, roll->source, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(rollup->series, 2, roll->subsystem, -1, SQLITE_STATIC);
    while (rc == 0 && (step = sqlite3_step(rollup->series)) == SQLITE_ROW) {
        int64_t id = sqlite3_column_int64(rollup->series, 0);

        (void)sqlite3_bind_int64(rollup->take, 1, key_of(rollup, id, from_ns));
        (void)sqlite3_bind_int64(rollup->take, 2, key_of(rollup, id, to_ns - 1) + 1);
        rc = wfs_run(rollup->take, err);
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = wfs_fail(err, rollup->db, step, "read parameters");
    (void)sqlite3_reset(rollup->series);
    return rc;
}

int wfs_rollups_delete(struct wfs_rollups *rollups, const struct wfs_roll *roll, enum wfs_tier tier,
                       int64_t from_ns, int64_t to_ns, struct wf_err *err)
{
    int rc = 0;

    while (rc == 0 && from_ns < to_ns) {
        int64_t end_ns = wfs_period_end(tier, from_ns);
        struct wfs_rollup *rollup = NULL;

        if (end_ns > to_ns)
            end_ns = to_ns;
        rc = wfs_rollups_get(rollups, tier, from_ns, &rollup, err);
        if (rc == 0)
            rc = delete_in(rollup, roll, from_ns, end_ns, err);
        from_ns = end_ns;
    }
    return rc;
}

/* --- hours from minutes ------------------------------------------------------------------------ */

static const char *words(sqlite3_stmt *stmt, int at)
{
    return (const char *)sqlite3_column_text(stmt, at);
}

/* The minutes of one parameter in `from`, as one bucket. */
static int sum_minutes(struct wfs_rollup *from, int64_t parameter, int64_t hour_ns,
                       struct wfs_acc *acc, struct wf_err *err)
{
    int64_t key = key_of(from, parameter, hour_ns);
    int step;

    memset(acc, 0, sizeof(*acc));
    (void)sqlite3_bind_int64(from->range, 1, key);
    (void)sqlite3_bind_int64(from->range, 2, key + 60);
    while ((step = sqlite3_step(from->range)) == SQLITE_ROW) {
        int64_t minute = sqlite3_column_int64(from->range, 0) - key;
        struct wfs_acc one;

        wfs_acc_read(from->range, 1, hour_ns + minute * wfs_tier_ns(WFS_TIER_MINUTE), &one);
        wfs_acc_merge(acc, &one);
    }
    (void)sqlite3_reset(from->range);
    return step == SQLITE_DONE ? 0 : wfs_fail(err, from->db, step, "read minutes");
}

int wfs_rollups_put_hour(struct wfs_rollups *rollups, const struct wfs_roll *roll, int64_t hour_ns,
                         struct wf_err *err)
{
    struct wfs_rollup *from = NULL, *to = NULL;
    int rc = wfs_rollups_get(rollups, WFS_TIER_MINUTE, hour_ns, &from, err);
    int step = SQLITE_DONE;

    if (rc == 0)
        rc = wfs_rollups_get(rollups, WFS_TIER_HOUR, hour_ns, &to, err);
    if (rc == 0)
        rc = delete_in(to, roll, hour_ns, hour_ns + wfs_tier_ns(WFS_TIER_HOUR), err);
    if (rc < 0)
        return rc;
    (void)sqlite3_bind_text(from->series, 1, roll->source, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(from->series, 2, roll->subsystem, -1, SQLITE_STATIC);
    while (rc == 0 && (step = sqlite3_step(from->series)) == SQLITE_ROW) {
        const struct described told = { words(from->series, 1), words(from->series, 2),
                                        words(from->series, 3), words(from->series, 4),
                                        words(from->series, 5) };
        struct wfs_acc acc;
        int64_t id = 0;

        rc = sum_minutes(from, sqlite3_column_int64(from->series, 0), hour_ns, &acc, err);
        if (rc < 0 || !acc.has_last)
            continue;
        rc = find_id(to, roll, &told, &id, err);
        if (rc == 0)
            rc = put_acc(rollups, to, key_of(to, id, hour_ns), &acc, hour_ns, err);
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = wfs_fail(err, from->db, step, "read parameters");
    (void)sqlite3_reset(from->series);
    return rc;
}
