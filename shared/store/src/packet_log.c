/* SPDX-License-Identifier: MIT */
/*
 * Packet log, writing: see <watchfloor/store/packet_log.h>. One file is open at a time, that of the
 * day of the packet in hand; its one connection writes and checkpoints.
 */

#include "packet_log_private.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#define CHECKPOINT_PAGES 4000
#define BLOCK_SHIFT      10

static const char *const cause_names[WF_PACKET_GAP_CAUSE_COUNT] = {
    [WF_PACKET_GAP_RING_OVERRUN] = "ring_overrun",
    [WF_PACKET_GAP_RECORDER_DOWN] = "recorder_down",
    [WF_PACKET_GAP_RECEIVER_KILLED] = "receiver_killed",
    [WF_PACKET_GAP_STORE_FAILED] = "store_failed",
};

const char *wf_packet_gap_cause_name(enum wf_packet_gap_cause cause)
{
    return (unsigned)cause < WF_PACKET_GAP_CAUSE_COUNT ? cause_names[cause] : "?";
}

int wf_packet_log_create(const struct wf_packet_log_options *options,
                         struct wf_packet_log **out_log, struct wf_err *err)
{
    struct wf_packet_log *log = calloc(1, sizeof(*log));

    if (log == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    log->options = *options;
    wf_packet_log_limit(log, 0);
    log->folder = strdup(options->folder);
    log->instance = strdup(options->instance);
    log->group = strdup(options->group != NULL ? options->group : "");
    if (log->folder == NULL || log->instance == NULL || log->group == NULL) {
        wf_packet_log_destroy(&log);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    *out_log = log;
    return WF_OK;
}

void wf_packet_log_destroy(struct wf_packet_log **log)
{
    struct wf_packet_log *old = *log;

    *log = NULL;
    if (old == NULL)
        return;
    wfs_packet_close_file(old);
    free(old->folder);
    free(old->instance);
    free(old->group);
    free(old);
}

/* --- where earlier lives stopped ------------------------------------------------------------ */

static int read_position(sqlite3 *db, uint64_t *serial, struct wf_packet_position *out,
                         struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db,
                         "SELECT serial, region_created_ns, block, skip, epoch_ns, next_number FROM"
                         " _position",
                         &stmt, err);

    if (rc < 0)
        return rc;
    if (sqlite3_step(stmt) == SQLITE_ROW && wfs_column_u64(stmt, 0) > *serial) {
        *serial = wfs_column_u64(stmt, 0);
        out->region_created_ns = sqlite3_column_int64(stmt, 1);
        out->block = wfs_column_u64(stmt, 2);
        out->skip = wfs_column_u64(stmt, 3);
        out->epoch = wfs_column_u64(stmt, 4);
        out->next_number = wfs_column_u64(stmt, 5);
    }
    (void)sqlite3_finalize(stmt);
    return WF_OK;
}

/*
 * Commits are counted through all files. All are looked at: when the clock was wrong, the newest
 * position may be in any of them.
 */
int wf_packet_log_recover(struct wf_packet_log *log, struct wf_packet_position *out,
                          struct wf_err *err)
{
    int64_t *keys = NULL;
    size_t count = 0;
    int rc = wfs_packet_list(log->folder, &keys, &count, err);

    *out = (struct wf_packet_position){ 0 };
    log->serial = 0;
    if (rc == WF_ERR_ABSENT) {
        log->is_recovered = true;
        return WF_OK;
    }
    for (size_t i = 0; i < count && rc == 0; i++) {
        rc = wfs_packet_open_file(log, keys[i], err);
        if (rc == 0)
            rc = wfs_sync_left_over(log->path, err);
        if (rc == 0)
            rc = read_position(log->db, &log->serial, out, err);
    }
    free(keys);
    log->is_recovered = rc == 0;
    log->has_left = count > 1;
    return rc;
}

/* --- writing ------------------------------------------------------------------------------------ */

static int put_id(sqlite3_stmt *stmt, int64_t *out_id, struct wf_err *err)
{
    int rc = sqlite3_step(stmt);

    if (rc == SQLITE_ROW) {
        *out_id = sqlite3_column_int64(stmt, 0);
        (void)sqlite3_step(stmt); /* to its end: only then is it done */
        rc = 0;
    } else {
        rc = wfs_fail(err, sqlite3_db_handle(stmt), rc, "name");
    }
    (void)sqlite3_reset(stmt);
    return rc;
}

/* The id of a name; peers may be many, so only so many are remembered. */
static int bind_name(struct wf_packet_log *log, int at, const char *text, struct wf_err *err)
{
    int64_t id = 0;
    int rc;

    if (text[0] == '\0') {
        (void)sqlite3_bind_null(log->insert, at);
        return WF_OK;
    }
    for (size_t i = 0; i < log->name_count; i++) {
        if (strcmp(log->names[i].text, text) == 0) {
            (void)sqlite3_bind_int64(log->insert, at, log->names[i].id);
            return WF_OK;
        }
    }
    (void)sqlite3_bind_text(log->put_name, 1, text, -1, SQLITE_TRANSIENT);
    rc = put_id(log->put_name, &id, err);
    if (rc < 0)
        return rc;
    if (log->name_count == WFS_PACKET_NAMES_MAX)
        wfs_packet_forget_names(log);
    log->names[log->name_count].text = strdup(text);
    log->names[log->name_count].id = id;
    log->name_count += log->names[log->name_count].text != NULL;
    (void)sqlite3_bind_int64(log->insert, at, id);
    return WF_OK;
}

static int enter_epoch(struct wf_packet_log *log, uint64_t epoch, struct wf_err *err)
{
    int rc;

    if (log->epoch == epoch)
        return WF_OK;
    (void)wfs_bind_u64(log->put_epoch, 1, epoch);
    rc = put_id(log->put_epoch, &log->epoch_id, err);
    log->epoch = rc == 0 ? epoch : 0;
    return rc;
}

static int store_packet(struct wf_packet_log *log, const struct wf_packet *packet,
                        struct wf_err *err)
{
    sqlite3_stmt *stmt = log->insert;
    int rc;

    (void)sqlite3_bind_int64(stmt, 1, log->next_id);
    (void)sqlite3_bind_int64(stmt, 2, log->epoch_id);
    (void)wfs_bind_u64(stmt, 3, packet->number);
    (void)sqlite3_bind_int64(stmt, 4, packet->received_ns);
    (void)sqlite3_bind_int(stmt, 5, packet->outcome);
    rc = bind_name(log, 6, packet->listener, err);
    if (rc == 0)
        rc = bind_name(log, 7, packet->source, err);
    if (rc == 0)
        rc = bind_name(log, 8, packet->subsystem, err);
    if (rc == 0)
        rc = bind_name(log, 9, packet->peer, err);
    if (rc < 0)
        return rc;
    if (packet->len > 0)
        (void)sqlite3_bind_blob64(stmt, 10, packet->bytes, packet->len, SQLITE_STATIC);
    else
        (void)sqlite3_bind_zeroblob(stmt, 10, 0);
    rc = wfs_run(stmt, err);
    (void)sqlite3_clear_bindings(stmt);
    return rc;
}

/* What is known of the block of ids that rows go into: written once for each run of rows in it. */
struct block {
    int64_t number, from_ns, to_ns; /* number -1: none */
    int64_t first_epoch, last_epoch;
    uint64_t first, last;
};

static int put_block(struct wf_packet_log *log, struct block *block, struct wf_err *err)
{
    sqlite3_stmt *stmt = log->put_block;

    if (block->number < 0)
        return WF_OK;
    (void)sqlite3_bind_int64(stmt, 1, block->number);
    (void)sqlite3_bind_int64(stmt, 2, block->from_ns);
    (void)sqlite3_bind_int64(stmt, 3, block->to_ns);
    (void)sqlite3_bind_int64(stmt, 4, block->first_epoch);
    (void)wfs_bind_u64(stmt, 5, block->first);
    (void)sqlite3_bind_int64(stmt, 6, block->last_epoch);
    (void)wfs_bind_u64(stmt, 7, block->last);
    block->number = -1;
    return wfs_run(stmt, err);
}

static int note_block(struct wf_packet_log *log, struct block *block,
                      const struct wf_packet *packet, struct wf_err *err)
{
    int64_t number = log->next_id >> BLOCK_SHIFT;
    int rc = block->number == number ? WF_OK : put_block(log, block, err);

    if (rc < 0)
        return rc;
    if (block->number < 0)
        *block = (struct block){ .number = number,
                                 .from_ns = packet->received_ns,
                                 .to_ns = packet->received_ns,
                                 .first_epoch = log->epoch_id,
                                 .first = packet->number };
    if (packet->received_ns < block->from_ns)
        block->from_ns = packet->received_ns;
    if (packet->received_ns > block->to_ns)
        block->to_ns = packet->received_ns;
    block->last_epoch = log->epoch_id;
    block->last = packet->number;
    return WF_OK;
}

static int store_gap(struct wf_packet_log *log, const struct wf_packet_entry *entry,
                     struct wf_err *err)
{
    sqlite3_stmt *stmt = log->insert_gap;

    (void)sqlite3_bind_int64(stmt, 1, log->epoch_id);
    (void)wfs_bind_u64(stmt, 2, entry->first_number);
    (void)wfs_bind_u64(stmt, 3, entry->last_number);
    (void)sqlite3_bind_text(stmt, 4, wf_packet_gap_cause_name(entry->cause), -1, SQLITE_STATIC);
    (void)wfs_bind_time(stmt, 5, log->last_ns != 0 ? log->last_ns : WF_TIME_NONE);
    return wfs_run(stmt, err);
}

static int store_position(struct wf_packet_log *log, const struct wf_packet_position *position,
                          struct wf_err *err)
{
    sqlite3_stmt *stmt = log->put_position;

    (void)wfs_bind_u64(stmt, 1, log->serial + 1);
    (void)sqlite3_bind_int64(stmt, 2, position->region_created_ns);
    (void)wfs_bind_u64(stmt, 3, position->block);
    (void)wfs_bind_u64(stmt, 4, position->skip);
    (void)wfs_bind_u64(stmt, 5, position->epoch);
    (void)wfs_bind_u64(stmt, 6, position->next_number);
    (void)wfs_bind_time(stmt, 7, log->last_ns != 0 ? log->last_ns : WF_TIME_NONE);
    return wfs_run(stmt, err);
}

static int store_entry(struct wf_packet_log *log, struct block *block,
                       const struct wf_packet_entry *entry, struct wf_err *err)
{
    int rc = enter_epoch(log, entry->epoch, err);

    if (rc < 0)
        return rc;
    if (entry->is_gap)
        return store_gap(log, entry, err);
    rc = store_packet(log, &entry->packet, err);
    if (rc == 0)
        rc = note_block(log, block, &entry->packet, err);
    if (rc == 0) {
        log->next_id++;
        log->last_ns = entry->packet.received_ns;
    }
    return rc;
}

/* A gap belongs to the day of what came before it; the first of all to that of what follows. */
static int64_t day_of(const struct wf_packet_log *log, const struct wf_packet_entry *entries,
                      size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!entries[i].is_gap)
            return wf_utc_day_start(entries[i].packet.received_ns);
    return log->key != 0 ? wfs_file_day(log->key) : wf_utc_day_start(wf_utc_now_ns());
}

static size_t count_run(const struct wf_packet_log *log, const struct wf_packet_entry *entries,
                        size_t count, int64_t *out_day_ns)
{
    size_t run = 0;

    *out_day_ns = day_of(log, entries, count);
    while (run < count && (entries[run].is_gap ||
                           wf_utc_day_start(entries[run].packet.received_ns) == *out_day_ns))
        run++;
    return run;
}

static int write_run(struct wf_packet_log *log, const struct wf_packet_entry *entries, size_t count,
                     bool is_synced, struct wf_err *err)
{
    int64_t next_id = log->next_id, last_ns = log->last_ns;
    struct block block = { .number = -1 };
    int rc = wfs_exec(log->db, err,
                      is_synced ? "PRAGMA synchronous=FULL; BEGIN IMMEDIATE"
                                : "PRAGMA synchronous=NORMAL; BEGIN IMMEDIATE");

    for (size_t i = 0; i < count && rc == 0; i++)
        rc = store_entry(log, &block, &entries[i], err);
    if (rc == 0)
        rc = put_block(log, &block, err);
    if (rc == 0)
        rc = store_position(log, &entries[count - 1].after, err);
    if (rc == 0)
        rc = wfs_exec(log->db, err, "COMMIT");
    if (rc == 0) {
        log->serial++;
        log->figures.commits++;
        log->is_unsynced = !is_synced;
        return rc;
    }
    (void)sqlite3_exec(log->db, "ROLLBACK", NULL, NULL, NULL);
    log->next_id = next_id;
    log->last_ns = last_ns;
    log->figures.errors++;
    log->unclear_count = count;
    /* What failed may not be what is in the file: opened and looked through again. */
    log->is_suspect = true;
    wfs_packet_close_file(log);
    return rc;
}

static void count_stored(struct wf_packet_log *log, const struct wf_packet_entry *entries,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (entries[i].is_gap) {
            log->figures.gaps++;
            log->figures.lost += entries[i].last_number - entries[i].first_number + 1;
        } else {
            log->figures.rows++;
            log->figures.bytes += entries[i].packet.len;
        }
    }
}

/* A commit may fail and be in the file nevertheless. How many entries are there. */
static int64_t count_committed(struct wf_packet_log *log, const struct wf_packet_entry *entries,
                               size_t count, struct wf_err *err)
{
    size_t unclear = log->unclear_count < count ? log->unclear_count : count;
    int64_t serial = 0;
    int rc = wfs_get_i64(log->db, "SELECT serial FROM _position", 0, &serial, err);

    if (rc < 0)
        return rc;
    log->unclear_count = 0;
    if ((uint64_t)serial <= log->serial)
        return 0;
    log->serial = (uint64_t)serial;
    for (size_t i = 0; i < unclear; i++) {
        if (!entries[i].is_gap)
            log->last_ns = entries[i].packet.received_ns;
    }
    count_stored(log, entries, unclear);
    return (int64_t)unclear;
}

int64_t wf_packet_log_write(struct wf_packet_log *log, const struct wf_packet_entry *entries,
                            size_t count, bool is_synced, struct wf_err *err)
{
    size_t done = 0;

    if (!log->is_recovered)
        return wf_fail(err, WF_ERR_INVALID, "the packet log was not recovered yet");
    while (done < count) {
        int64_t day_ns;
        size_t run = count_run(log, entries + done, count - done, &day_ns);
        int rc = wfs_packet_open_day(log, day_ns, err);

        if (rc == 0 && log->unclear_count > 0) {
            int64_t committed = count_committed(log, entries + done, count - done, err);

            if (committed > 0) {
                done += (size_t)committed;
                continue;
            }
            rc = (int)committed;
        }
        if (rc == 0)
            rc = write_run(log, entries + done, run, is_synced, err);
        if (rc < 0)
            return done > 0 ? (int64_t)done : rc;
        count_stored(log, entries + done, run);
        done += run;
    }
    return (int64_t)done;
}

int wf_packet_log_sync(struct wf_packet_log *log, struct wf_err *err)
{
    int rc;

    /* A sync that failed before: what was written then is looked through and taken in. */
    if (log->db == NULL && log->is_suspect && log->key != 0)
        return wfs_packet_open_file(log, log->key, err);
    if (log->db == NULL || !log->is_unsynced)
        return WF_OK;
    /* Something must be in it, or there is nothing to wait for. */
    rc = wfs_exec(log->db, err,
                  "PRAGMA synchronous=FULL; BEGIN IMMEDIATE; UPDATE _position SET serial = serial;"
                  " COMMIT");
    if (rc == 0) {
        log->is_unsynced = false;
        return rc;
    }
    (void)sqlite3_exec(log->db, "ROLLBACK", NULL, NULL, NULL);
    log->figures.errors++;
    log->is_suspect = true;
    wfs_packet_close_file(log);
    return rc;
}

int wf_packet_log_tidy(struct wf_packet_log *log, struct wf_err *err)
{
    int rc = log->db != NULL ? wfs_wal_checkpoint(&log->wal, CHECKPOINT_PAGES, err) : 0;

    wfs_packet_settle_left(log);
    return rc < 0 ? rc : WF_OK;
}
