/* SPDX-License-Identifier: MIT */
#ifndef BENCH_HISTORY_RIG_H
#define BENCH_HISTORY_RIG_H

/*
 * What the benchmarks of history share: telemetry to store, folders to store it in, and the
 * very tables that the store made, for inserts by hand.
 *
 * The telemetry: 16 parameters, two slow sines each with noise, as converters of 12 and 16
 * bits give them (12 bits where the number is even), engineering values linear in the counts,
 * times with 0..200 us of jitter. It is made beforehand and comes again from the beginning
 * when it is through, so that making it is in no figure.
 */

#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include <watchfloor/clock.h>
#include <watchfloor/schema.h>
#include <watchfloor/store/writer.h>

#define RIG_PARAMETERS 16
#define RIG_PERIOD_NS  (100 * WF_NS_PER_MS)
/* 2001-02-03T00:00:00Z */
#define RIG_MIDNIGHT_NS (INT64_C(981158400) * WF_NS_PER_S)
/* Rows of one call of rig_write at most. */
#define RIG_BATCH_MAX 1000
/* Enough for the name of a table and all its columns. */
#define RIG_INSERT_SIZE 2000

/* Say what went wrong, and end with 2. */
void rig_die(const char *what, const char *why);

struct rig_feed {
    struct wf_schema *schema; /* of subsystem wide: p0 ... p15 */
    uint64_t rows;
    uint8_t *payloads;
    int64_t *jitter_ns;
    uint32_t seed;
};

/* `period_ns` stands in the schema: a row that comes much later than that is behind a gap. */
void rig_feed_init(struct rig_feed *feed, uint64_t rows, int64_t period_ns);
void rig_feed_fini(struct rig_feed *feed);
/* Sample number `number`, measured at `time_ns` and received a millisecond later. */
void rig_feed_sample(const struct rig_feed *feed, struct wf_series *series, uint64_t number,
                     int64_t time_ns, struct wf_store_sample *out);
/* 0 <= result < 1 */
double rig_random(struct rig_feed *feed);

/* Parse a schema of the benchmark's own. */
struct wf_schema *rig_schema(const char *name, const char *text);

/* Make $TMPDIR/wf-bench-<name>-XXXXXX; remove a folder with all that is in it. */
void rig_folder_make(const char *name, char *out, size_t size);
void rig_folder_remove(const char *folder);
/* Bytes of <folder>/<name>, "" = of the path itself; 0 when it is not there. */
double rig_bytes(const char *folder, const char *name);

/* A store in <folder>, recovered; and the series main.wide. */
struct wf_store *rig_store(const char *folder);
struct wf_series *rig_series(struct wf_store *store, const char *source,
                             const struct rig_feed *feed);
/* One batch, unsynced: samples number, number + 1 ..., each `period_ns` behind the one before. */
void rig_write(struct wf_store *store, struct wf_series *series, const struct rig_feed *feed,
               uint64_t number, int64_t time_ns, int64_t period_ns, size_t count);

/* --- by hand ------------------------------------------------------------------------------ */

void rig_sql(sqlite3 *db, const char *sql);
/* A fresh database as people set it up who know SQLite. */
sqlite3 *rig_bare_open(const char *path);
/*
 * The table of subsystem wide as the store made it in the day file `day`, made in `db` as well, and
 * the INSERT into its stored columns: system columns, then parameters.
 */
void rig_bare_table(const char *day, sqlite3 *db, char insert[RIG_INSERT_SIZE]);
/* Bind the system columns of a row; returns the place of the first parameter. */
int rig_bare_bind(sqlite3_stmt *stmt, uint64_t row, int64_t time_ns);

#endif /* BENCH_HISTORY_RIG_H */
