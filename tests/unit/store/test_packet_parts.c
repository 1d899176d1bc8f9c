/* SPDX-License-Identifier: MIT */
/* Packets are not lost for a reader's sake: a day of them goes on in another file. */

#include "store_support.h"

#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/store/packet_log.h>

#define CAP   (UINT64_C(512) << 10)
#define SLACK (UINT64_C(256) << 10)
#define BATCH 50

struct scene {
    struct tmp_folder tmp;
    struct wf_packet_log *log;
    struct wf_packet_position from;
    uint64_t number;
    char notices[2048];
};

static void note(void *context, const char *text)
{
    struct scene *scene = context;
    size_t len = strlen(scene->notices);

    (void)snprintf(scene->notices + len, sizeof(scene->notices) - len, "%s\n", text);
}

static void log_begin(struct scene *scene)
{
    const struct wf_packet_log_options options = {
        .folder = scene->tmp.path, .instance = "test", .notice = note, .notice_context = scene
    };

    assert_int_equal(wf_packet_log_create(&options, &scene->log, NULL), 0);
    wf_packet_log_limit(scene->log, CAP);
    assert_int_equal(wf_packet_log_recover(scene->log, &scene->from, NULL), 0);
}

static char *path_of(const struct scene *scene, unsigned part, const char *beside)
{
    char name[80], number[16] = "";

    if (part > 1)
        (void)snprintf(number, sizeof(number), ".%u", part);
    (void)snprintf(name, sizeof(name), "packets/" DAY "%s.db%s", number, beside);
    return tmp_folder_path(&scene->tmp, name);
}

static int64_t bytes_of(const struct scene *scene, unsigned part, const char *beside)
{
    char *path = path_of(scene, part, beside);
    struct stat st;
    int64_t bytes = stat(path, &st) == 0 ? (int64_t)st.st_size : -1;

    free(path);
    return bytes;
}

static void write_batch(struct scene *scene)
{
    static uint8_t bytes[200];
    struct wf_packet_entry entries[BATCH];

    for (size_t i = 0; i < BATCH; i++) {
        uint64_t number = scene->number++;

        entries[i] = (struct wf_packet_entry){
            .epoch = EPOCH,
            .packet = { .number = number,
                        .received_ns = NOON + (int64_t)number * 1000,
                        .listener = "main",
                        .source = "main",
                        .subsystem = "power",
                        .peer = "",
                        .bytes = bytes,
                        .len = sizeof(bytes) },
            .after = { .region_created_ns = 1, .epoch = EPOCH, .next_number = number + 1 },
        };
    }
    assert_int_equal(wf_packet_log_write(scene->log, entries, BATCH, false, NULL), BATCH);
    assert_int_equal(wf_packet_log_tidy(scene->log, NULL), 0);
}

static sqlite3 *fall_asleep(const struct scene *scene, unsigned part)
{
    char *path = path_of(scene, part, "");
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN; SELECT count(*) FROM packets", NULL, NULL, NULL),
                     SQLITE_OK);
    free(path);
    return db;
}

/* Until there is that part; the logs of changes stay short meanwhile. */
static void write_until(struct scene *scene, unsigned part)
{
    while (bytes_of(scene, part, "") < 0) {
        assert_true(scene->number < 50000);
        write_batch(scene);
        for (unsigned i = 1; i <= part; i++)
            assert_true(bytes_of(scene, i, "-wal") < (int64_t)(CAP + SLACK));
    }
}

static int count_up(void *context, const struct wf_packet_row *row)
{
    uint64_t *next = context;

    assert_int_equal(row->packet.number, *next);
    ++*next;
    return 0;
}

static int take_one(void *context, const struct wf_packet_row *row)
{
    *(uint64_t *)context = row->packet.number;
    return 0;
}

static void assert_all_there(const struct scene *scene)
{
    const struct wf_packet_query query = { .from_ns = INT64_MIN, .to_ns = INT64_MAX, .apid = -1 };
    struct wf_packet_archive *archive = NULL;
    uint64_t next = 0, one = 0;

    assert_int_equal(wf_packet_archive_open(scene->tmp.path, &archive, NULL), 0);
    assert_int_equal(wf_packet_archive_each(archive, &query, count_up, &next, NULL), 0);
    assert_int_equal(next, scene->number);
    for (uint64_t n = 7; n < scene->number; n += 997) {
        assert_int_equal(wf_packet_archive_find(archive, EPOCH, n, NOON, take_one, &one, NULL), 1);
        assert_int_equal(one, n);
    }
    wf_packet_archive_close(&archive);
}

static void packets_go_on_in_another_part(void **state)
{
    struct scene scene = { .tmp = tmp_folder_make() };
    sqlite3 *sleepers[2];

    (void)state;
    log_begin(&scene);
    write_batch(&scene);
    sleepers[0] = fall_asleep(&scene, 1);
    write_until(&scene, 2);
    assert_non_null(strstr(scene.notices, "packets go on in " DAY ".2.db"));
    write_batch(&scene);
    sleepers[1] = fall_asleep(&scene, 2);
    /* The recorder ends and starts again: it goes on where it was, in the last part. */
    wf_packet_log_destroy(&scene.log);
    log_begin(&scene);
    assert_int_equal(scene.from.next_number, scene.number);
    write_until(&scene, 3);
    assert_all_there(&scene);

    (void)sqlite3_close(sleepers[0]);
    for (int i = 0; i < 30; i++)
        write_batch(&scene);
    assert_true(bytes_of(&scene, 1, "-wal") <= 0);
    assert_true(bytes_of(&scene, 2, "-wal") > 0);
    (void)sqlite3_close(sleepers[1]);
    for (int i = 0; i < 30; i++)
        write_batch(&scene);
    assert_true(bytes_of(&scene, 2, "-wal") <= 0);
    assert_non_null(strstr(scene.notices, DAY ".2.db is held by nobody any more"));
    assert_true(bytes_of(&scene, 4, "") < 0);
    assert_all_there(&scene);
    wf_packet_log_destroy(&scene.log);
    tmp_folder_remove(&scene.tmp);
}

static void parts_are_deleted_oldest_first(void **state)
{
    struct scene scene = { .tmp = tmp_folder_make() };
    sqlite3 *sleeper;

    (void)state;
    log_begin(&scene);
    write_batch(&scene);
    sleeper = fall_asleep(&scene, 1);
    write_until(&scene, 2);
    (void)sqlite3_close(sleeper);
    /* The last one is written: it stays, whatever the limit. */
    assert_int_equal(wf_packet_log_retain(scene.log, 0, 1, NOON, NULL), 1);
    assert_true(bytes_of(&scene, 1, "") < 0 && bytes_of(&scene, 1, "-wal") < 0);
    assert_true(bytes_of(&scene, 2, "") > 0);
    /* What comes goes on there, also in another life. */
    wf_packet_log_destroy(&scene.log);
    log_begin(&scene);
    assert_int_equal(scene.from.next_number, scene.number);
    write_batch(&scene);
    assert_true(bytes_of(&scene, 1, "") < 0);
    wf_packet_log_destroy(&scene.log);
    tmp_folder_remove(&scene.tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_go_on_in_another_part),
        cmocka_unit_test(parts_are_deleted_oldest_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
