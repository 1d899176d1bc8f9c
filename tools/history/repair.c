/* SPDX-License-Identifier: MIT */
/* Repair: damaged days are saved as far as they can be read, then rollups are made again. */

#include "history.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/history.h>
#include <watchfloor/store/writer.h>

#include "writing.h"

#define PATH_MORE (WF_PATH_SIZE + 160)
#define BATCH     1000

struct found {
    struct wf_history_file *list;
    size_t count;
};

struct repair {
    const char *state, *folder;
    const char *instance;
    struct wf_store *store;
    int64_t began_ns;
    uint64_t rows_saved, rows_lost;
    size_t days_saved, days_lost;
};

static int gather(void *context, const struct wf_history_file *file)
{
    struct found *found = context;
    struct wf_history_file *more;

    if (file->is_fine && !file->is_set_aside)
        return 0;
    if (file->is_set_aside && strstr(file->name, ".saved") != NULL)
        return 0;
    more = realloc(found->list, (found->count + 1) * sizeof(*more));
    if (more == NULL)
        return WF_ERR_NOMEM;
    found->list = more;
    more[found->count++] = *file;
    return 0;
}

static void notice(void *context, const char *text)
{
    (void)context;
    (void)fprintf(stderr, "wf-history: %s\n", text);
}

/* --- a damaged file in its place ---------------------------------------------------------------- */

/* Out of the way: NAME.damaged-N, with what lies beside it. */
static int put_away(const struct repair *repair, const char *name, struct wf_err *err)
{
    static const char *const beside[] = { "-wal", "-shm", "" };
    char from[PATH_MORE], to[PATH_MORE + 40];
    unsigned n = 1;

    do
        (void)snprintf(to, sizeof(to), "%s/%s.damaged-%u", repair->folder, name, n++);
    while (access(to, F_OK) == 0 && n < 1000);
    for (size_t i = 0; i < WF_COUNT_OF(beside); i++) {
        (void)snprintf(from, sizeof(from), "%s/%s%s", repair->folder, name, beside[i]);
        (void)snprintf(to, sizeof(to), "%s/%s.damaged-%u%s", repair->folder, name, n - 1,
                       beside[i]);
        if (rename(from, to) != 0 && beside[i][0] == '\0')
            return wf_fail_errno(err, errno, "rename %s", from);
    }
    return 0;
}

static int save_day(struct repair *repair, const struct wf_history_file *file, struct wf_err *err)
{
    char path[PATH_MORE], saved[PATH_MORE + 16];
    struct wf_salvaged counts;
    int rc;

    (void)snprintf(path, sizeof(path), "%s/%s", repair->folder, file->name);
    (void)snprintf(saved, sizeof(saved), "%s.saving", path);
    (void)unlink(saved); /* of a repair that was ended */
    rc = wf_history_salvage(path, saved, &counts, err);
    if (rc < 0) {
        struct wf_err why = { 0 };

        (void)printf("lost       %s: %s\n", file->name, err->text);
        repair->days_lost++;
        return put_away(repair, file->name, &why);
    }
    rc = put_away(repair, file->name, err);
    if (rc == 0 && rename(saved, path) != 0)
        rc = wf_fail_errno(err, errno, "rename %s", saved);
    if (rc < 0)
        return rc;
    (void)printf("saved      %s: %" PRIu64 " of %" PRIu64 " rows\n", file->name, counts.rows,
                 counts.expected > counts.rows ? counts.expected : counts.rows);
    repair->days_saved++;
    repair->rows_saved += counts.rows;
    if (counts.expected > counts.rows)
        repair->rows_lost += counts.expected - counts.rows;
    return 0;
}

/* --- a day that the logger put away ------------------------------------------------------------- */

struct batch {
    struct wf_store_sample samples[BATCH];
    const struct wf_store_sample *list[BATCH];
    uint8_t *payloads;
    const struct wf_schema *schema;
    struct wf_series *series;
    size_t count;
    struct wf_store_inserted counts;
    int64_t last_device_ns, last_received_ns;
};

static int flush(struct repair *repair, struct batch *batch, struct wf_err *err)
{
    int rc = batch->count == 0 ? 0
                               : wf_store_insert(repair->store, batch->series, repair->began_ns,
                                                 batch->list, batch->count, &batch->counts, err);

    batch->count = 0;
    return rc;
}

/* Of another schema version: a batch of its own. */
static int begin_schema(struct repair *repair, struct batch *batch, const char *source,
                        const struct wf_schema *schema, struct wf_err *err)
{
    uint8_t *payloads = realloc(batch->payloads, (size_t)BATCH * schema->payload_bytes + 1);

    if (payloads == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    batch->payloads = payloads;
    batch->schema = schema;
    return wf_store_series(repair->store, source, schema, 0, false, &batch->series, err);
}

static int add(struct repair *repair, struct batch *batch, const char *source,
               const struct wf_history_row *row, struct wf_err *err)
{
    uint8_t *payload;
    int rc = 0;

    if (batch->count == BATCH || row->schema != batch->schema)
        rc = flush(repair, batch, err);
    if (rc == 0 && row->schema != batch->schema)
        rc = begin_schema(repair, batch, source, row->schema, err);
    if (rc < 0)
        return rc;
    payload = batch->payloads + batch->count * row->schema->payload_bytes;
    memcpy(payload, row->payload, row->schema->payload_bytes);
    batch->samples[batch->count] =
        (struct wf_store_sample){ .series = batch->series,
                                  .stamp = row->stamp,
                                  .payload = payload,
                                  .before_device_ns = batch->last_device_ns,
                                  .before_received_ns = batch->last_received_ns };
    batch->list[batch->count] = &batch->samples[batch->count];
    batch->last_device_ns = row->stamp.device_ns;
    batch->last_received_ns = row->stamp.received_ns;
    batch->count++;
    return 0;
}

/* The rows of one series, batch by batch, into the days they belong to. */
static int insert_series(struct repair *repair, struct wf_history *history,
                         const struct wf_history_entry *entry, struct wf_store_inserted *out,
                         struct wf_err *err)
{
    const struct wf_history_query query = { .range = { INT64_MIN + 1, INT64_MAX, true },
                                            .source = entry->source,
                                            .subsystem = entry->schema->name,
                                            .is_stamp_wanted = true };
    struct wf_history_cursor *cursor = NULL;
    struct wf_history_row row;
    struct batch *batch = calloc(1, sizeof(*batch));
    int rc = batch == NULL ? wf_fail(err, WF_ERR_NOMEM, "out of memory")
                           : wf_history_select(history, &query, &cursor, err);

    while (rc == 0 && (rc = wf_history_next(cursor, &row, err)) == 0)
        rc = add(repair, batch, entry->source, &row, err);
    if (rc == WF_ERR_ABSENT)
        rc = flush(repair, batch, err);
    wf_history_cursor_close(&cursor);
    if (batch != NULL) {
        *out = batch->counts;
        free(batch->payloads);
    }
    free(batch);
    return rc;
}

static int insert_all(struct repair *repair, const char *folder, int64_t day_ns, uint64_t *out_rows,
                      struct wf_err *err)
{
    const struct wf_range everything = { INT64_MIN + 1, INT64_MAX, true };
    struct wf_history *history = NULL;
    const struct wf_history_entry *list = NULL;
    size_t count = 0;
    int rc = wf_history_open(folder, &history, err);

    if (rc == 0)
        rc = wf_history_list(history, &everything, &list, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        struct wf_store_inserted counts = { 0 };

        rc = insert_series(repair, history, &list[i], &counts, err);
        *out_rows += counts.rows;
        if (rc == 0 && counts.rows > 0)
            rc = wf_store_found(repair->store, list[i].source, list[i].schema->name, day_ns,
                                &counts, err);
    }
    wf_history_close(&history);
    return rc;
}

/* "raw/2026-11-20.db.damaged-1": saved into a folder of its own, read from there, put back. */
static int put_back(struct repair *repair, const struct wf_history_file *file, struct wf_err *err)
{
    char path[PATH_MORE], folder[PATH_MORE], saved[PATH_MORE + 64], done[PATH_MORE + 16];
    char day[16] = "";
    struct wf_salvaged counts;
    uint64_t rows = 0;
    int64_t day_ns = 0;
    int rc;

    (void)snprintf(path, sizeof(path), "%s/%s", repair->folder, file->name);
    (void)snprintf(day, 11, "%s", file->name + 4);
    rc = wf_parse_time(day, 0, &day_ns, err);
    if (rc < 0)
        return 0; /* not a day: rollups are made again anyhow */
    (void)snprintf(folder, sizeof(folder), "%s/saving", repair->folder);
    (void)snprintf(saved, sizeof(saved), "%s/raw", folder);
    rc = wf_make_folders(saved, err);
    if (rc < 0)
        return rc;
    (void)snprintf(saved, sizeof(saved), "%s/raw/%s.db", folder, day);
    (void)unlink(saved);
    rc = wf_history_salvage(path, saved, &counts, err);
    if (rc < 0) {
        (void)printf("lost       %s: %s\n", file->name, err->text);
        repair->days_lost++;
        return 0;
    }
    rc = insert_all(repair, folder, day_ns, &rows, err);
    (void)unlink(saved);
    (void)snprintf(saved, sizeof(saved), "%s/raw", folder);
    (void)rmdir(saved);
    (void)rmdir(folder);
    (void)snprintf(done, sizeof(done), "%s.saved", path);
    if (rc == 0 && rename(path, done) != 0)
        rc = wf_fail_errno(err, errno, "rename %s", path);
    if (rc < 0)
        return rc;
    (void)printf("put back   %s: %" PRIu64 " of %" PRIu64 " rows\n", file->name, rows,
                 counts.expected > rows ? counts.expected : rows);
    repair->days_saved++;
    repair->rows_saved += rows;
    if (counts.expected > counts.rows)
        repair->rows_lost += counts.expected - counts.rows;
    return 0;
}

/* --- all of it ------------------------------------------------------------------------------------ */

static bool show_rows(void *context, uint64_t rows)
{
    if (*(bool *)context)
        (void)fprintf(stderr, "\rrollups: %" PRIu64 " buckets", rows);
    return true;
}

static int make_rollups(struct repair *repair, struct wf_err *err)
{
    bool is_live = isatty(STDERR_FILENO) == 1;
    int rc = wf_store_rebuild(repair->store, NULL, NULL, INT64_MIN, err);

    if (rc == 0)
        rc = wf_store_settle(repair->store, show_rows, &is_live, err);
    if (is_live)
        (void)fprintf(stderr, "\r%-40s\r", "");
    return rc;
}

static int run(struct repair *repair, struct wf_err *err)
{
    const struct wf_store_options options = { .folder = repair->folder,
                                              .instance = repair->instance,
                                              .notice = notice };
    struct found found = { 0 };
    int rc = wf_history_check(repair->state, WF_HISTORY_ALONE, gather, &found, err);

    for (size_t i = 0; rc == 0 && i < found.count; i++) {
        const struct wf_history_file *file = &found.list[i];

        if (file->is_set_aside)
            continue;
        rc = strncmp(file->name, "raw/", 4) == 0 ? save_day(repair, file, err)
                                                 : put_away(repair, file->name, err);
    }
    if (rc == 0)
        rc = wf_store_create(&options, &repair->store, err);
    if (rc == 0)
        rc = wf_store_recover(repair->store, err);
    for (size_t i = 0; rc == 0 && i < found.count; i++) {
        if (found.list[i].is_set_aside && strncmp(found.list[i].name, "raw/", 4) == 0)
            rc = put_back(repair, &found.list[i], err);
    }
    if (rc == 0)
        rc = make_rollups(repair, err);
    wf_store_destroy(&repair->store);
    free(found.list);
    return rc;
}

int history_repair(const struct wf_common *common, const char *folder)
{
    struct repair repair = { .state = common->paths.state,
                             .folder = folder,
                             .instance = common->paths.instance,
                             .began_ns = wf_utc_now_ns() };
    struct history_writing writing = { .folder = folder };
    struct wf_err err = { 0 };
    int rc = history_writing_lease(&writing, common, &err);

    if (rc == 0)
        rc = run(&repair, &err);
    history_writing_close(&writing);
    if (rc < 0) {
        (void)fprintf(stderr, "wf-history: %s\n", err.text);
        return STATUS_CANNOT;
    }
    (void)printf("%zu day%s saved (%" PRIu64 " rows), %" PRIu64 " rows and %zu day%s lost; rollups"
                 " made again\n",
                 repair.days_saved, repair.days_saved == 1 ? "" : "s", repair.rows_saved,
                 repair.rows_lost, repair.days_lost, repair.days_lost == 1 ? "" : "s");
    return repair.rows_lost + repair.days_lost > 0 ? STATUS_NOT_WELL : EXIT_SUCCESS;
}
