/* SPDX-License-Identifier: MIT */
/* Syncing: which commits wait for the disk, counted where SQLite asks for it. */

#include "store_support.h"

static const char power_text[] = "[subsystem]\nperiod = 100ms\n[parameter volts]\nbits = 12\n";

/* --- SQLite's own files, with xSync counted ------------------------------------------------------ */

static struct {
    sqlite3_vfs vfs, *real;
    int logs, files; /* syncs since they were asked for last: of -wal files, of others */
} disk;

struct counted {
    sqlite3_file base;
    bool is_log;
    /* the real one follows */
};

static sqlite3_file *real_of(sqlite3_file *file)
{
    return (sqlite3_file *)(void *)((struct counted *)(void *)file + 1);
}

static int sync_file(sqlite3_file *file, int flags)
{
    *(((const struct counted *)(void *)file)->is_log ? &disk.logs : &disk.files) += 1;
    return real_of(file)->pMethods->xSync(real_of(file), flags);
}

#define PASS(name, parameters, ...)                                                                \
    static int name parameters                                                                     \
    {                                                                                              \
        return real_of(file)->pMethods->name(__VA_ARGS__);                                         \
    }

PASS(xRead, (sqlite3_file * file, void *to, int n, sqlite3_int64 at), real_of(file), to, n, at)
PASS(xWrite, (sqlite3_file * file, const void *from, int n, sqlite3_int64 at), real_of(file), from,
     n, at)
PASS(xTruncate, (sqlite3_file * file, sqlite3_int64 size), real_of(file), size)
PASS(xFileSize, (sqlite3_file * file, sqlite3_int64 *size), real_of(file), size)
PASS(xLock, (sqlite3_file * file, int level), real_of(file), level)
PASS(xUnlock, (sqlite3_file * file, int level), real_of(file), level)
PASS(xCheckReservedLock, (sqlite3_file * file, int *is), real_of(file), is)
PASS(xFileControl, (sqlite3_file * file, int op, void *arg), real_of(file), op, arg)
PASS(xSectorSize, (sqlite3_file * file), real_of(file))
PASS(xDeviceCharacteristics, (sqlite3_file * file), real_of(file))
PASS(xShmMap, (sqlite3_file * file, int page, int size, int make, void volatile **out),
     real_of(file), page, size, make, out)
PASS(xShmLock, (sqlite3_file * file, int at, int n, int flags), real_of(file), at, n, flags)
PASS(xShmUnmap, (sqlite3_file * file, int is_deleted), real_of(file), is_deleted)

static void xShmBarrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int xClose(sqlite3_file *file)
{
    int rc = real_of(file)->pMethods->xClose(real_of(file));

    file->pMethods = NULL;
    return rc;
}

static int open_file(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                     int *out_flags)
{
    static const sqlite3_io_methods methods = {
        .iVersion = 2,
        .xClose = xClose,
        .xRead = xRead,
        .xWrite = xWrite,
        .xTruncate = xTruncate,
        .xSync = sync_file,
        .xFileSize = xFileSize,
        .xLock = xLock,
        .xUnlock = xUnlock,
        .xCheckReservedLock = xCheckReservedLock,
        .xFileControl = xFileControl,
        .xSectorSize = xSectorSize,
        .xDeviceCharacteristics = xDeviceCharacteristics,
        .xShmMap = xShmMap,
        .xShmLock = xShmLock,
        .xShmBarrier = xShmBarrier,
        .xShmUnmap = xShmUnmap,
    };
    struct counted *counted = (struct counted *)(void *)file;
    int rc = disk.real->xOpen(disk.real, name, real_of(file), flags, out_flags);

    (void)vfs;
    counted->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    counted->base.pMethods = rc == SQLITE_OK ? &methods : NULL;
    return rc;
}

static int count_syncs(void **state)
{
    (void)state;
    disk.real = sqlite3_vfs_find(NULL);
    disk.vfs = *disk.real;
    disk.vfs.zName = "counted";
    disk.vfs.szOsFile = (int)sizeof(struct counted) + disk.real->szOsFile;
    disk.vfs.xOpen = open_file;
    return sqlite3_vfs_register(&disk.vfs, 1) == SQLITE_OK ? 0 : -1;
}

static int taken(int *count)
{
    int was = *count;

    *count = 0;
    return was;
}

/* --- the store ------------------------------------------------------------------------------------ */

struct syncing {
    struct place place;
    struct wf_schema *schema;
    struct wf_series *series;
    uint8_t *payload;
    uint64_t number;
};

static void begin(struct syncing *test)
{
    *test = (struct syncing){ .number = 0 };
    place_make(&test->place);
    test->schema = schema_of("power.ini", power_text);
    test->series = series_of(&test->place, "main", test->schema, 1);
    test->payload = payload_make(test->schema);
}

static void end(struct syncing *test)
{
    free(test->payload);
    wf_schema_free(&test->schema);
    place_remove(&test->place);
}

/* One row of the day so many days behind 2001-02-03. */
static void write_one(struct syncing *test, int days, bool is_synced)
{
    struct wf_store_sample sample =
        sample_of(&test->place, test->series, test->number,
                  NOON + days * WF_NS_PER_DAY + (int64_t)test->number * WF_NS_PER_S, test->payload);
    const struct wf_store_sample *list[] = { &sample };
    struct wf_err err = { 0 };

    test->number++;
    if (wf_store_write(test->place.store, list, 1, is_synced, &err) < 0)
        fail_msg("write: %s", err.text);
}

static uint64_t syncs_of(const struct syncing *test)
{
    struct wf_store_figures figures;

    wf_store_figures(test->place.store, &figures);
    return figures.syncs;
}

static void a_synced_commit_waits_for_the_disk_and_others_do_not(void **state)
{
    struct syncing test;

    (void)state;
    begin(&test);
    write_one(&test, 0, true); /* makes the file */
    disk.logs = disk.files = 0;
    for (int i = 0; i < 10; i++)
        write_one(&test, 0, true);
    assert_int_equal(taken(&disk.logs), 10);
    for (int i = 0; i < 100; i++)
        write_one(&test, 0, false);
    assert_int_equal(taken(&disk.logs), 0);
    assert_int_equal(disk.files, 0); /* nothing was moved out of the log */
    assert_int_equal(syncs_of(&test), 11);
    write_one(&test, 0, true);
    assert_int_equal(taken(&disk.logs), 1); /* and with it all before */
    end(&test);
}

static void what_nothing_follows_is_synced_on_demand_and_only_once(void **state)
{
    struct syncing test;
    struct wf_err err = { 0 };

    (void)state;
    begin(&test);
    write_one(&test, 0, false);
    disk.logs = 0;
    assert_int_equal(wf_store_sync(test.place.store, &err), 0);
    assert_int_equal(taken(&disk.logs), 1);
    assert_int_equal(wf_store_sync(test.place.store, &err), 0);
    assert_int_equal(taken(&disk.logs), 0);
    assert_int_equal(syncs_of(&test), 1);
    write_one(&test, 0, true);
    disk.logs = 0;
    assert_int_equal(wf_store_sync(test.place.store, &err), 0);
    assert_int_equal(taken(&disk.logs), 0);
    end(&test);
}

static void one_day_is_synced_before_another_is_written(void **state)
{
    struct syncing test;

    (void)state;
    begin(&test);
    write_one(&test, 0, false);
    write_one(&test, 1, false); /* makes the second file */
    disk.logs = 0;
    write_one(&test, 1, false);
    assert_int_equal(taken(&disk.logs), 0);
    write_one(&test, 0, false); /* a clock that was set back */
    assert_int_equal(taken(&disk.logs), 1);
    end(&test);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_synced_commit_waits_for_the_disk_and_others_do_not),
        cmocka_unit_test(what_nothing_follows_is_synced_on_demand_and_only_once),
        cmocka_unit_test(one_day_is_synced_before_another_is_written),
    };

    return cmocka_run_group_tests(tests, count_syncs, NULL);
}
