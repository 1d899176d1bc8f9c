/* SPDX-License-Identifier: MIT */
/* Packet log, reading: see <watchfloor/store/packet_log.h>. One day is open at a time. */

#include <watchfloor/store/packet_log.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/names.h>

#include "packet_file.h"

#define BUSY_MS     2000
#define TROUBLE_MAX 32
#define TEXT_SIZE   256
/* A packet's receive time as its sample tells it lies this close to the archive's. */
#define NEAR_NS (2 * WF_NS_PER_S)

struct wf_packet_archive {
    char folder[WFS_PATH_SIZE];
    int64_t *keys; /* of its files */
    size_t key_count;
    char *trouble[TROUBLE_MAX];
    size_t trouble_count;
    char texts[5][TEXT_SIZE]; /* of the row that is being told */
};

int wf_packet_archive_open(const char *folder, struct wf_packet_archive **out_archive,
                           struct wf_err *err)
{
    struct wf_packet_archive *archive = calloc(1, sizeof(*archive));
    int rc;

    if (archive == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (!wf_copy_text(archive->folder, sizeof(archive->folder), folder))
        rc = wf_fail(err, WF_ERR_LIMIT, "the path of the history folder is too long");
    else
        rc = wfs_packet_list(folder, &archive->keys, &archive->key_count, err);
    if (rc == 0 && archive->key_count == 0)
        rc = wf_fail(err, WF_ERR_ABSENT, "no packets were recorded");
    if (rc < 0) {
        wf_packet_archive_close(&archive);
        return rc;
    }
    *out_archive = archive;
    return WF_OK;
}

void wf_packet_archive_close(struct wf_packet_archive **archive)
{
    struct wf_packet_archive *old = *archive;

    *archive = NULL;
    if (old == NULL)
        return;
    for (size_t i = 0; i < old->trouble_count; i++)
        free(old->trouble[i]);
    free(old->keys);
    free(old);
}

const char *wf_packet_archive_trouble(const struct wf_packet_archive *archive, size_t index)
{
    return index < archive->trouble_count ? archive->trouble[index] : NULL;
}

static void note_trouble(struct wf_packet_archive *archive, const char *path,
                         const struct wf_err *err)
{
    char text[WFS_PATH_SIZE + 300];

    if (archive->trouble_count == TROUBLE_MAX)
        return;
    (void)snprintf(text, sizeof(text), "%s: %s", path, err->text);
    archive->trouble[archive->trouble_count] = strdup(text);
    archive->trouble_count += archive->trouble[archive->trouble_count] != NULL;
}

/* A file that cannot be read is told and left out. */
static sqlite3 *open_file(struct wf_packet_archive *archive, int64_t key)
{
    char path[WFS_PATH_SIZE];
    struct wf_err err = { 0 };
    sqlite3 *db = NULL;
    int rc = wfs_packet_path(archive->folder, key, path, &err);

    if (rc == 0)
        rc = wfs_open_reader_of(path, &wfs_packet_format, BUSY_MS, &db, &err);
    if (rc < 0 && rc != WF_ERR_ABSENT)
        note_trouble(archive, path, &err);
    return rc == 0 ? db : NULL;
}

/* --- rows --------------------------------------------------------------------------------- */

#define ROW_COLUMNS                                                                                \
    "e.epoch_ns, p.number, p.received_ns, p.outcome,"                                              \
    " (SELECT name FROM _names WHERE id = p.listener),"                                            \
    " (SELECT name FROM _names WHERE id = p.source),"                                              \
    " (SELECT name FROM _names WHERE id = p.subsystem),"                                           \
    " (SELECT name FROM _names WHERE id = p.peer),"                                                \
    " (SELECT name FROM _outcomes WHERE code = p.outcome), p.data"                                 \
    " FROM _packets AS p JOIN _epochs AS e ON e.id = p.epoch "

static void copy_column(sqlite3_stmt *stmt, int at, char out[TEXT_SIZE])
{
    const char *text = (const char *)sqlite3_column_text(stmt, at);

    (void)wf_copy_text(out, TEXT_SIZE, text != NULL ? text : "");
}

static void read_row(struct wf_packet_archive *archive, sqlite3_stmt *stmt,
                     struct wf_packet_row *out)
{
    for (int i = 0; i < 5; i++)
        copy_column(stmt, 4 + i, archive->texts[i]);
    *out = (struct wf_packet_row){
        .epoch = wfs_column_u64(stmt, 0),
        .packet = {
            .number = wfs_column_u64(stmt, 1),
            .received_ns = sqlite3_column_int64(stmt, 2),
            .outcome = (uint8_t)sqlite3_column_int(stmt, 3),
            .listener = archive->texts[0],
            .source = archive->texts[1],
            .subsystem = archive->texts[2],
            .peer = archive->texts[3],
            .bytes = sqlite3_column_blob(stmt, 9),
            .len = (size_t)sqlite3_column_bytes(stmt, 9),
        },
        .outcome = archive->texts[4],
    };
}

static bool matches_glob(const char *glob, const char *text)
{
    return glob == NULL || wf_glob_match(glob, text);
}

static bool is_wanted(const struct wf_packet_query *query, const struct wf_packet_row *row)
{
    const struct wf_packet *packet = &row->packet;
    int apid = packet->len >= 2 ? (packet->bytes[0] & 7) << 8 | packet->bytes[1] : -1;

    if (query->is_rejected_only && packet->outcome >= WF_PACKET_SEGMENT)
        return false;
    return (query->apid < 0 || query->apid == apid) &&
           matches_glob(query->listener, packet->listener) &&
           matches_glob(query->source, packet->source) &&
           matches_glob(query->subsystem, packet->subsystem) &&
           matches_glob(query->outcome, row->outcome);
}

/* Steps `stmt` to its end; another value than 0 from `each` stops. */
static int tell_rows(struct wf_packet_archive *archive, sqlite3_stmt *stmt,
                     const struct wf_packet_query *query, uint64_t *told,
                     int (*each)(void *context, const struct wf_packet_row *row), void *context,
                     struct wf_err *err)
{
    int rc;

    while ((rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct wf_packet_row row;

        read_row(archive, stmt, &row);
        if (query != NULL && !is_wanted(query, &row))
            continue;
        rc = each(context, &row);
        ++*told;
        if (rc != 0)
            return rc;
        if (query != NULL && query->limit > 0 && *told >= query->limit)
            return WF_OK;
    }
    return rc == SQLITE_DONE ? WF_OK : wfs_fail(err, sqlite3_db_handle(stmt), rc, "packets");
}

static int each_of_day(struct wf_packet_archive *archive, sqlite3 *db,
                       const struct wf_packet_query *query, uint64_t *told,
                       int (*each)(void *context, const struct wf_packet_row *row), void *context,
                       struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    /* Blocks say where in the file the range can be; within them every row is looked at. */
    int rc =
        wfs_prepare(db,
                    "SELECT " ROW_COLUMNS
                    "WHERE p.id BETWEEN (SELECT min(block) << 10 FROM _blocks WHERE to_ns >= ?1)"
                    " AND (SELECT (max(block) << 10) + 1023 FROM _blocks WHERE from_ns < ?2)"
                    " AND p.received_ns >= ?1 AND p.received_ns < ?2 ORDER BY p.id",
                    &stmt, err);

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, query->from_ns);
    (void)sqlite3_bind_int64(stmt, 2, query->to_ns);
    rc = tell_rows(archive, stmt, query, told, each, context, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

int wf_packet_archive_each(struct wf_packet_archive *archive, const struct wf_packet_query *query,
                           int (*each)(void *context, const struct wf_packet_row *row),
                           void *context, struct wf_err *err)
{
    uint64_t told = 0;
    int rc = WF_OK;

    for (size_t i = 0; i < archive->key_count && rc == 0; i++) {
        int64_t day_ns = wfs_file_day(archive->keys[i]);
        sqlite3 *db;

        if (day_ns + WF_NS_PER_DAY <= query->from_ns || day_ns >= query->to_ns)
            continue;
        if (query->limit > 0 && told >= query->limit)
            break;
        db = open_file(archive, archive->keys[i]);
        if (db == NULL)
            continue;
        rc = each_of_day(archive, db, query, &told, each, context, err);
        wfs_close(&db);
    }
    return rc;
}

/* --- one packet ---------------------------------------------------------------------------- */

static int find_in_day(struct wf_packet_archive *archive, sqlite3 *db, uint64_t epoch,
                       uint64_t number, uint64_t *told,
                       int (*each)(void *context, const struct wf_packet_row *row), void *context,
                       struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc =
        wfs_prepare(db,
                    "SELECT " ROW_COLUMNS
                    "JOIN _blocks AS b ON p.id >= b.block << 10 AND p.id < (b.block + 1) << 10"
                    " WHERE e.epoch_ns = ?1 AND p.number = ?2 AND"
                    " (b.first_epoch < e.id OR (b.first_epoch = e.id AND b.first_number <= ?2))"
                    " AND (b.last_epoch > e.id OR (b.last_epoch = e.id AND b.last_number >= ?2))"
                    " ORDER BY p.id",
                    &stmt, err);

    if (rc < 0)
        return rc;
    (void)wfs_bind_u64(stmt, 1, epoch);
    (void)wfs_bind_u64(stmt, 2, number);
    rc = tell_rows(archive, stmt, NULL, told, each, context, err);
    (void)sqlite3_finalize(stmt);
    return rc;
}

int wf_packet_archive_find(struct wf_packet_archive *archive, uint64_t epoch, uint64_t number,
                           int64_t received_ns,
                           int (*each)(void *context, const struct wf_packet_row *row),
                           void *context, struct wf_err *err)
{
    uint64_t told = 0;
    int rc = WF_OK;

    for (size_t i = 0; i < archive->key_count && rc == 0; i++) {
        int64_t day_ns = wfs_file_day(archive->keys[i]);
        sqlite3 *db;

        if (day_ns + WF_NS_PER_DAY <= received_ns - NEAR_NS || day_ns > received_ns + NEAR_NS)
            continue;
        db = open_file(archive, archive->keys[i]);
        if (db == NULL)
            continue;
        rc = find_in_day(archive, db, epoch, number, &told, each, context, err);
        wfs_close(&db);
    }
    return rc < 0 ? rc : (int)told;
}

/* --- gaps ------------------------------------------------------------------------------------ */

static int gaps_of_day(sqlite3 *db, int64_t from_ns, int64_t to_ns,
                       int (*each)(void *context, const struct wf_packet_gap *gap), void *context,
                       struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc =
        wfs_prepare(db,
                    "SELECT e.epoch_ns, g.first, g.last, g.cause, g.from_ns, g.to_ns FROM _gaps"
                    " AS g JOIN _epochs AS e ON e.id = g.epoch WHERE"
                    " coalesce(g.to_ns, g.from_ns, ?1) >= ?1 AND coalesce(g.from_ns, ?1) < ?2"
                    " ORDER BY g.id",
                    &stmt, err);
    int step = SQLITE_DONE;

    if (rc < 0)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, from_ns);
    (void)sqlite3_bind_int64(stmt, 2, to_ns);
    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct wf_packet_gap gap = {
            .epoch = wfs_column_u64(stmt, 0),
            .first_number = wfs_column_u64(stmt, 1),
            .last_number = wfs_column_u64(stmt, 2),
            .cause = (const char *)sqlite3_column_text(stmt, 3),
            .from_ns = wfs_column_time(stmt, 4),
            .to_ns = wfs_column_time(stmt, 5),
        };

        rc = each(context, &gap);
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = wfs_fail(err, db, step, "gaps");
    (void)sqlite3_finalize(stmt);
    return rc;
}

int wf_packet_archive_gaps(struct wf_packet_archive *archive, int64_t from_ns, int64_t to_ns,
                           int (*each)(void *context, const struct wf_packet_gap *gap),
                           void *context, struct wf_err *err)
{
    int rc = WF_OK;

    for (size_t i = 0; i < archive->key_count && rc == 0; i++) {
        int64_t day_ns = wfs_file_day(archive->keys[i]);
        sqlite3 *db;

        if (day_ns + WF_NS_PER_DAY <= from_ns || day_ns >= to_ns)
            continue;
        db = open_file(archive, archive->keys[i]);
        if (db == NULL)
            continue;
        rc = gaps_of_day(db, from_ns, to_ns, each, context, err);
        wfs_close(&db);
    }
    return rc;
}
