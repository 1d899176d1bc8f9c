/* SPDX-License-Identifier: MIT */
/*
 * Regions nobody should trust: damaged and hostile headers, random rubbish,
 * squatted names, a full /dev/shm. A reader never crashes, a writer never
 * touches what is not its own.
 */
#define _GNU_SOURCE /* unshare: a private, tiny /dev/shm */

#include "region_support.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <watchfloor/layout.h>
#include <watchfloor/watch.h>

#include "region_header.h"

/* A writable view of a region or directory, as only its own user can have. */
struct grip {
    struct wf_mapping *mapping;
    struct wf_map_view *view;
    unsigned char *bytes;
    size_t size;
};

static struct grip grip_open(const char *name)
{
    struct grip grip = { 0 };

    assert_int_equal(wf_mapping_open(name, WF_BACKING_MEMORY, WF_ACCESS_WRITE, &grip.mapping, NULL),
                     0);
    assert_int_equal(wf_map_view_open(grip.mapping, WF_ACCESS_WRITE, 0, 0, NULL, &grip.view, NULL),
                     0);
    grip.bytes = wf_map_view_data(grip.view);
    grip.size = wf_map_view_size(grip.view);
    return grip;
}

static void grip_close(struct grip *grip)
{
    wf_map_view_close(&grip->view);
    wf_mapping_close(&grip->mapping);
}

static void region_name(const struct place *place, const char *subsystem,
                        char out[WFI_REGION_NAME_SIZE])
{
    assert_int_equal(wfi_region_name(place->instance, "main", subsystem, out, NULL), 0);
}

/* A region with some samples, whose writer is gone. */
static void leave_region(const struct place *place)
{
    struct wf_schema *schema = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_writer *writer = writer_add(publisher, "main", schema, NULL);

    for (int i = 0; i < 20; i++)
        assert_int_equal(publish_next(writer), 0);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
}

static void a_damaged_header_is_refused(void **state)
{
#define AT(member) offsetof(struct wf_region_header, member)
    static const struct {
        const char *what;
        size_t offset;
        size_t bytes;
        uint64_t value;
        int want;
    } cases[] = {
        { "not ready", AT(magic), 4, 0, WF_ERR_ABSENT },
        { "retired", AT(magic), 4, WF_LAYOUT_MAGIC_RETIRED, WF_ERR_GONE },
        { "wrong magic", AT(magic), 4, 0x30303030, WF_ERR_CORRUPT },
        { "a directory's magic", AT(magic), 4, WF_LAYOUT_MAGIC_DIRECTORY, WF_ERR_CORRUPT },
        { "next major version", AT(abi_major), 2, 2, WF_ERR_VERSION },
        { "a newer minor version", AT(abi_minor), 2, 9, 0 },
        { "other byte order", AT(endian), 4, 0x04030201, WF_ERR_VERSION },
        { "no header", AT(header_bytes), 4, 0, WF_ERR_CORRUPT },
        { "endless header", AT(header_bytes), 4, 0xffffffc0, WF_ERR_CORRUPT },
        { "says it is smaller", AT(total_bytes), 8, 4096, WF_ERR_CORRUPT },
        { "says it is huge", AT(total_bytes), 8, UINT64_MAX, WF_ERR_CORRUPT },
        { "other layout hash", AT(layout_hash), 8, 1, WF_ERR_CORRUPT },
        { "other schema hash", AT(schema_hash), 8, 1, WF_ERR_CORRUPT },
        { "unknown kind", AT(kind), 4, 3, WF_ERR_CORRUPT },
        { "a table it is not", AT(kind), 4, WF_LAYOUT_KIND_TABLE, WF_ERR_CORRUPT },
        { "schema inside the header", AT(schema_offset), 4, 0, WF_ERR_CORRUPT },
        { "schema behind the end", AT(schema_offset), 4, 0xffffff00, WF_ERR_CORRUPT },
        { "no schema", AT(schema_bytes), 4, 0, WF_ERR_CORRUPT },
        { "endless schema", AT(schema_bytes), 4, UINT32_MAX, WF_ERR_CORRUPT },
        { "half a schema", AT(schema_bytes), 4, 50, WF_ERR_CORRUPT },
        { "no slots", AT(slot_count), 4, 0, WF_ERR_CORRUPT },
        { "slots not a power of two", AT(slot_count), 4, 12, WF_ERR_CORRUPT },
        { "fewer than eight slots", AT(slot_count), 4, 4, WF_ERR_CORRUPT },
        { "slots run past the end", AT(slot_count), 4, 1u << 19, WF_ERR_CORRUPT },
        { "a count that overflows", AT(slot_count), 4, 1u << 31, WF_ERR_CORRUPT },
        { "slot stride of zero", AT(slot_stride), 4, 0, WF_ERR_CORRUPT },
        { "slot stride not of lines", AT(slot_stride), 4, 1001, WF_ERR_CORRUPT },
        { "slot stride too small", AT(slot_stride), 4, 64, WF_ERR_CORRUPT },
        { "slot stride too large", AT(slot_stride), 4, 0x80000000, WF_ERR_CORRUPT },
        { "slots over the header", AT(slots_offset), 4, 64, WF_ERR_CORRUPT },
        { "slots behind the end", AT(slots_offset), 4, 0xffffffc0, WF_ERR_CORRUPT },
        { "payload elsewhere", AT(payload_offset), 4, 88, WF_ERR_CORRUPT },
        { "no payload", AT(payload_bytes), 4, 0, WF_ERR_CORRUPT },
        { "odd payload", AT(payload_bytes), 4, 31, WF_ERR_CORRUPT },
        { "another payload", AT(payload_bytes), 4, 16, WF_ERR_CORRUPT },
        { "endless payload", AT(payload_bytes), 4, 0xfffffff8, WF_ERR_CORRUPT },
        { "raw values elsewhere", AT(raw_offset), 4, 8, WF_ERR_CORRUPT },
        { "quality elsewhere", AT(quality_offset), 4, 8, WF_ERR_CORRUPT },
        { "a log without a table", AT(log_count), 4, 64, WF_ERR_CORRUPT },
        { "another owner", AT(uid), 4, 4242, WF_ERR_CORRUPT },
        { "another instance", AT(instance), 8, 0x7878787878, WF_ERR_CORRUPT },
        { "another source", AT(source), 8, 0x7878787878, WF_ERR_CORRUPT },
        { "a source that is no name", AT(source), 8, 0x2e2e2f2f, WF_ERR_CORRUPT },
        { "no subsystem", AT(subsystem), 8, 0, WF_ERR_CORRUPT },
        { "no role", AT(role), 8, 0, WF_ERR_CORRUPT },
    };
    const struct place *place = *state;
    char name[WFI_REGION_NAME_SIZE];

    leave_region(place);
    region_name(place, "power", name);
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct grip grip = grip_open(name);
        struct wf_region *region = NULL;
        unsigned char before[8];
        struct wf_err err = { 0 };
        int rc;

        memcpy(before, grip.bytes + cases[i].offset, cases[i].bytes);
        memcpy(grip.bytes + cases[i].offset, &cases[i].value, cases[i].bytes);
        rc = wf_region_open(place->instance, "main", "power", &region, &err);
        if (rc != cases[i].want || (rc < 0 && err.text[0] == '\0'))
            fail_msg("%s: %d instead of %d: %s", cases[i].what, rc, cases[i].want, err.text);
        wf_region_close(&region);
        memcpy(grip.bytes + cases[i].offset, before, cases[i].bytes);
        grip_close(&grip);
    }
    /* Untouched again, it opens. */
    struct wf_region *region = region_open(place, "main", "power");
    wf_region_close(&region);
}

static void a_text_without_end_is_not_read_on(void **state)
{
    const struct place *place = *state;
    static const size_t texts[] = { AT(instance), AT(source), AT(subsystem), AT(role) };
    char name[WFI_REGION_NAME_SIZE];

    leave_region(place);
    region_name(place, "power", name);
    for (size_t i = 0; i < WF_COUNT_OF(texts); i++) {
        struct grip grip = grip_open(name);
        struct wf_region *region = NULL;
        unsigned char before[WF_LAYOUT_NAME_SIZE];
        size_t size = i == 0 ? WF_LAYOUT_INSTANCE_SIZE : WF_LAYOUT_NAME_SIZE;

        memcpy(before, grip.bytes + texts[i], size);
        memset(grip.bytes + texts[i], 'x', size);
        assert_int_equal(wf_region_open(place->instance, "main", "power", &region, NULL),
                         WF_ERR_CORRUPT);
        memcpy(grip.bytes + texts[i], before, size);
        grip_close(&grip);
    }
}

static uint64_t next_random(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Do with it what a monitor does; whatever comes out, it has to come out. */
static void read_everything(const struct wf_region *region)
{
    unsigned char *payload = malloc(WF_SCHEMA_PAYLOAD_MAX);
    const struct wf_schema *schema = wf_region_schema(region);
    struct wf_cursor cursor = { 0 };
    struct wf_region_info info;
    struct wf_stamp stamp;
    struct wf_value value;
    uint64_t lost;
    uint32_t row;

    assert_non_null(payload);
    wf_region_info(region, &info);
    (void)wf_region_check(region);
    (void)wf_region_latest(region, payload, WF_SCHEMA_PAYLOAD_MAX, &stamp);
    for (uint64_t n = 0; n < 4; n++)
        (void)wf_region_read(region, info.head - n, payload, WF_SCHEMA_PAYLOAD_MAX, &stamp);
    for (int i = 0; i < 40; i++)
        (void)wf_region_next(region, &cursor, payload, WF_SCHEMA_PAYLOAD_MAX, &stamp, &lost);
    for (size_t i = 0; i < schema->parameter_count; i++)
        (void)wf_region_value(region, i, &value, NULL);
    for (uint32_t i = 0; i < 10; i++)
        (void)wf_region_row(region, i, payload, WF_SCHEMA_PAYLOAD_MAX, &stamp);
    for (uint64_t i = 0; i < 4; i++)
        (void)wf_region_change(region, wf_region_changes(region) - i, &row);
    free(payload);
}

/* Rubbish before opening, and more of it while it is open. */
static void shake(const struct place *place, const char *subsystem, int rounds, uint64_t seed)
{
    char name[WFI_REGION_NAME_SIZE];
    unsigned char *image;
    struct grip grip;
    int opened = 0;

    region_name(place, subsystem, name);
    grip = grip_open(name);
    image = malloc(grip.size);
    assert_non_null(image);
    memcpy(image, grip.bytes, grip.size);
    for (int round = 0; round < rounds; round++) {
        struct wf_region *region = NULL;
        int changes = 1 + (int)(next_random(&seed) % 4);

        memcpy(grip.bytes, image, grip.size);
        for (int i = 0; i < changes; i++) {
            /* Mostly the header; it is where the power lies. */
            size_t reach =
                next_random(&seed) % 4 != 0 ? sizeof(struct wf_region_header) : grip.size;
            size_t at = next_random(&seed) % reach;
            unsigned how = (unsigned)(next_random(&seed) % 4);

            grip.bytes[at] = (unsigned char)(how == 0   ? 0
                                             : how == 1 ? 0xff
                                             : how == 2 ? grip.bytes[at] ^ 1
                                                        : (unsigned)next_random(&seed));
        }
        if (wf_region_open(place->instance, "main", subsystem, &region, NULL) == 0) {
            opened++;
            read_everything(region);
            for (size_t at = 0; at < grip.size; at++)
                grip.bytes[at] = (unsigned char)next_random(&seed);
            read_everything(region);
            wf_region_close(&region);
        }
    }
    assert_true(opened > 0 && opened < rounds); /* it did try both */
    free(image);
    grip_close(&grip);
}

static void rubbish_in_a_region_harms_no_reader(void **state)
{
    static const char table_text[] = "[subsystem]\nname = rows\nkind = table\nkey = id\nrows = 8\n"
                                     "[parameter id]\ntype = string\nsize = 15\n";
    const struct place *place = *state;
    struct wf_schema *table = schema_from("rows", table_text);
    struct wf_publisher *publisher;
    struct wf_writer *writer;
    unsigned char payload[64] = "key";
    struct wf_stamp stamp = { 0 };

    leave_region(place);
    publisher = publisher_open(place, "other");
    writer = writer_add(publisher, "main", table, NULL);
    assert_int_equal(wf_writer_set_row(writer, &stamp, payload), 0);
    wf_publisher_close(&publisher);
    shake(place, "power", 600, 1);
    shake(place, "rows", 600, 2);
    wf_schema_free(&table);
}

static void rubbish_in_a_directory_harms_no_watch(void **state)
{
    const struct place *place = *state;
    struct wf_watch_options options = { .instance = place->instance };
    char name[WFI_REGION_NAME_SIZE];
    unsigned char *image;
    struct grip grip;
    uint64_t seed = 3;
    int found = 0;

    leave_region(place);
    assert_int_equal(wfi_directory_name(place->instance, "receiver", name, NULL), 0);
    grip = grip_open(name);
    image = malloc(grip.size);
    assert_non_null(image);
    memcpy(image, grip.bytes, grip.size);
    for (int round = 0; round < 600; round++) {
        size_t reach = round % 2 == 0 ? 160 : sizeof(struct wf_directory_header) + 256;
        struct wf_watch *watch = NULL;
        struct wf_writer_info writers[4];

        memcpy(grip.bytes, image, grip.size);
        for (int i = 0; i < 2; i++)
            grip.bytes[next_random(&seed) % reach] = (unsigned char)next_random(&seed);
        assert_int_equal(wf_watch_open(&options, &watch, NULL), 0);
        found += wf_watch_count(watch) > 0;
        (void)wf_watch_writers(watch, writers, 4);
        for (int i = 0; i < 8; i++)
            grip.bytes[4 + next_random(&seed) % (reach - 4)] = (unsigned char)next_random(&seed);
        assert_true(wf_watch_refresh(watch, NULL) >= 0);
        (void)wf_watch_wait(watch, 0);
        wf_watch_close(&watch);
    }
    assert_true(found > 0 && found < 600);
    free(image);
    grip_close(&grip);
}

static void a_writer_replaces_what_it_cannot_adopt(void **state)
{
#define OTHER(member, value_)                                                                      \
    {                                                                                              \
#member, offsetof(struct wf_region_header, member), value_                                 \
    }
    static const struct {
        const char *what;
        size_t offset;
        uint32_t value;
    } cases[] = {
        OTHER(magic, 0x31313131),  OTHER(magic, 0),         OTHER(abi_major, 7),
        OTHER(total_bytes, 12345), OTHER(slot_count, 8),    OTHER(boot_id, 1),
        OTHER(pid_namespace, 17),  OTHER(schema_offset, 0), OTHER(schema_bytes, 9),
    };
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    char name[WFI_REGION_NAME_SIZE];

    leave_region(place);
    region_name(place, "power", name);
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct grip grip = grip_open(name);
        struct wf_publisher *publisher;
        struct wf_writer *writer;
        bool was_adopted = true;

        memcpy(grip.bytes + cases[i].offset, &cases[i].value, 4);
        grip_close(&grip);
        publisher = publisher_open(place, "receiver");
        writer = writer_add(publisher, "main", schema, &was_adopted);
        if (was_adopted)
            fail_msg("adopted with another %s", cases[i].what);
        assert_int_equal(publish_next(writer), 0);
        wf_publisher_close(&publisher);
    }
    wf_schema_free(&schema);
}

static void what_is_in_the_way_and_ours_is_replaced(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    char name[WFI_REGION_NAME_SIZE];
    char path[WFI_REGION_NAME_SIZE + 16];

    region_name(place, "power", name);
    (void)snprintf(path, sizeof(path), "/dev/shm%s", name);
    for (int kind = 0; kind < 4; kind++) {
        struct wf_publisher *publisher = publisher_open(place, "receiver");
        struct wf_writer *writer;
        bool was_adopted = true;
        int fd = -1;

        if (kind == 0)
            assert_int_equal(symlink("/etc/passwd", path), 0);
        else if (kind == 1)
            assert_int_equal(mkfifo(path, 0600), 0);
        else
            fd = open(path, O_CREAT | O_EXCL | O_RDWR, 0640); /* died between name and size */
        if (kind == 3)
            assert_int_equal(ftruncate(fd, 100), 0); /* too small for a header */
        if (fd >= 0)
            (void)close(fd);
        writer = writer_add(publisher, "main", schema, &was_adopted);
        assert_false(was_adopted);
        assert_int_equal(publish_next(writer), 0);
        wf_publisher_remove(publisher, &writer);
        wf_publisher_close(&publisher);
    }
    wf_schema_free(&schema);
}

static void a_squatted_name_is_refused_and_left_alone(void **state)
{
    const struct place *place = *state;
    struct wf_schema *schema = power_schema();
    struct wf_publisher_options options = {
        .instance = place->instance, .role = "receiver", .state = place->state, .region_max = 16
    };
    struct wf_mapping_options squat = {
        .size = 8192, .mode = 0644, .owner = "12345", .group = "12345"
    };
    struct wf_publisher *publisher = NULL;
    struct wf_mapping *mapping = NULL;
    struct wf_writer *writer = NULL;
    char name[WFI_REGION_NAME_SIZE];
    struct wf_err err = { 0 };

    if (geteuid() != 0) {
        print_message("SKIPPED: only root can make another user's file\n");
        wf_schema_free(&schema);
        return;
    }
    publisher = publisher_open(place, "receiver");
    region_name(place, "power", name);
    assert_int_equal(wf_mapping_create(name, &squat, &mapping, &err), 0);
    wf_mapping_close(&mapping);
    assert_int_equal(wf_publisher_add(publisher, "main", schema, &writer, NULL, &err),
                     WF_ERR_DENIED);
    assert_non_null(strstr(err.text, "uid 12345"));
    assert_int_equal(wf_mapping_remove(name, WF_BACKING_MEMORY, &err), 0); /* it was still there */
    assert_int_equal(wf_publisher_add(publisher, "main", schema, &writer, NULL, &err), 0);
    wf_publisher_close(&publisher);

    /* The directory's name as well. */
    assert_int_equal(wfi_directory_name(place->instance, "receiver", name, NULL), 0);
    assert_int_equal(wf_mapping_remove(name, WF_BACKING_MEMORY, &err), 0);
    assert_int_equal(wf_mapping_create(name, &squat, &mapping, &err), 0);
    wf_mapping_close(&mapping);
    assert_int_equal(wf_publisher_open(&options, &publisher, &err), WF_ERR_DENIED);
    assert_non_null(strstr(err.text, "uid 12345"));
    wf_schema_free(&schema);
}

/* Give the region to a stranger, then look at it as another stranger. */
static void a_strangers_region_is_not_believed(void **state)
{
    static const struct {
        const char *what;
        uid_t owner;
        gid_t group;
        mode_t mode;
        int want;
    } cases[] = {
        { "its own", 12346, 12346, 0640, 0 },
        { "a stranger's", 12345, 12345, 0644, WF_ERR_CORRUPT },
        { "a member's of its group", 12345, 12346, 0640, 0 },
        { "everybody's", 12346, 12346, 0666, WF_ERR_CORRUPT },
        { "not for it", 12345, 12345, 0640, WF_ERR_DENIED },
    };
    const struct place *place = *state;
    char name[WFI_REGION_NAME_SIZE];
    char path[WFI_REGION_NAME_SIZE + 16];

    if (geteuid() != 0) {
        print_message("SKIPPED: only root can make another user's file\n");
        return;
    }
    leave_region(place);
    region_name(place, "power", name);
    (void)snprintf(path, sizeof(path), "/dev/shm%s", name);
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct grip grip = grip_open(name);
        int status;
        pid_t pid;

        ((struct wf_region_header *)(void *)grip.bytes)->uid = cases[i].owner;
        grip_close(&grip);
        assert_int_equal(chown(path, cases[i].owner, cases[i].group), 0);
        assert_int_equal(chmod(path, cases[i].mode), 0);
        pid = fork();
        if (pid == 0) {
            struct wf_region *region = NULL;

            if (setgid(12346) != 0 || setuid(12346) != 0)
                _exit(99);
            /* A chroot below a private folder: then nothing at all can be reached. */
            if (access("/dev/shm", X_OK) != 0)
                _exit(98);
            _exit(-wf_region_open(place->instance, "main", "power", &region, NULL));
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 98) {
            print_message("SKIPPED: other users cannot reach /dev/shm here\n");
            return;
        }
        if (-WEXITSTATUS(status) != cases[i].want)
            fail_msg("%s: %d instead of %d", cases[i].what, -WEXITSTATUS(status), cases[i].want);
    }
}

/* In the child: everything that should hold when /dev/shm has 256 KiB. 0 = all of it. */
static int use_a_tiny_shm(const struct place *place)
{
    struct wf_schema *schema = power_schema();
    struct wf_publisher *publisher = publisher_open(place, "receiver");
    struct wf_writer *writers[100] = { NULL };
    struct wf_err err = { 0 };
    int count = 0, rc = 0;

    while (count < 99) {
        char source[16];

        (void)snprintf(source, sizeof(source), "s%d", count);
        rc = wf_publisher_add(publisher, source, schema, &writers[count], NULL, &err);
        if (rc < 0)
            break;
        count++;
    }
    if (rc != WF_ERR_NOSPACE || count == 0 || strstr(err.text, "/dev/shm") == NULL)
        return 1;
    for (int round = 0; round < 40; round++) {
        for (int i = 0; i < count; i++) {
            if (publish_next(writers[i]) < 0) /* and no SIGBUS */
                return 2;
        }
    }
    wf_publisher_remove(publisher, &writers[0]);
    wf_publisher_close(&publisher);
    wf_schema_free(&schema);
    return 0;
}

static void a_full_dev_shm_is_an_error_and_not_a_crash(void **state)
{
    const struct place *place = *state;
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("tiny", "/dev/shm", "tmpfs", 0, "size=256k") != 0)
            _exit(77);
        _exit(use_a_tiny_shm(place));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        print_message("SKIPPED: no right to mount a small /dev/shm here\n");
    else
        assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_damaged_header_is_refused),
        TEST(a_text_without_end_is_not_read_on),
        TEST(rubbish_in_a_region_harms_no_reader),
        TEST(rubbish_in_a_directory_harms_no_watch),
        TEST(a_writer_replaces_what_it_cannot_adopt),
        TEST(what_is_in_the_way_and_ours_is_replaced),
        TEST(a_squatted_name_is_refused_and_left_alone),
        TEST(a_strangers_region_is_not_believed),
        TEST(a_full_dev_shm_is_an_error_and_not_a_crash),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
