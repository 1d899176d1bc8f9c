/* SPDX-License-Identifier: MIT */
/* Mappings: made once, opened by many, seen in every way, removed; each error by its own code. */

#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <watchfloor/mapping.h>

#define PAGE 4096u

static char name[64];
static char path[128];

static int fresh_name(void **state)
{
    static int count;

    (void)state;
    (void)snprintf(name, sizeof(name), "/wf.t%ld-map%d", (long)getpid(), count++);
    (void)snprintf(path, sizeof(path), "/tmp%s", name);
    return 0;
}

static int remove_name(void **state)
{
    (void)state;
    (void)wf_mapping_remove(name, WF_BACKING_MEMORY, NULL);
    (void)wf_mapping_remove(path, WF_BACKING_FILE, NULL);
    return 0;
}

static struct wf_mapping *make(uint64_t size)
{
    struct wf_mapping *mapping = NULL;
    struct wf_mapping_options options = { .size = size };

    assert_int_equal(wf_mapping_create(name, &options, &mapping, NULL), 0);
    return mapping;
}

static char *see(struct wf_mapping *mapping, enum wf_access access, uint64_t offset, size_t len,
                 struct wf_map_view **out_view)
{
    struct wf_err err = { 0 };

    if (wf_map_view_open(mapping, access, offset, len, NULL, out_view, &err) != 0)
        fail_msg("%s", err.text);
    return wf_map_view_data(*out_view);
}

static void the_second_to_create_is_told_that_it_exists(void **state)
{
    struct wf_mapping_options options = { .size = 100 };
    struct wf_mapping *first = make(100), *second = NULL;
    struct wf_err err = { 0 };
    bool was_made = true;

    (void)state;
    assert_int_equal(wf_mapping_create(name, &options, &second, &err), WF_ERR_EXISTS);
    assert_null(second);
    assert_int_equal(wf_mapping_obtain(name, &options, &second, &was_made, &err), 0);
    assert_false(was_made);
    wf_mapping_close(&second);
    wf_mapping_close(&first);
    assert_int_equal(wf_mapping_remove(name, WF_BACKING_MEMORY, NULL), 0);
    assert_int_equal(wf_mapping_obtain(name, &options, &second, &was_made, &err), 0);
    assert_true(was_made);
    wf_mapping_close(&second);
}

static void what_one_view_writes_another_reads(void **state)
{
    struct wf_mapping *writer = make(3 * PAGE), *reader = NULL;
    struct wf_map_view *in = NULL, *out = NULL, *part = NULL;

    (void)state;
    assert_int_equal(wf_mapping_open(name, WF_BACKING_MEMORY, WF_ACCESS_READ, &reader, NULL), 0);
    char *written = see(writer, WF_ACCESS_WRITE, 0, 0, &in);
    const char *read = see(reader, WF_ACCESS_READ, 0, 0, &out);
    const char *tail = see(reader, WF_ACCESS_READ, PAGE + 5, 7, &part);

    assert_int_equal(wf_map_view_size(in), 3 * PAGE);
    assert_int_equal(wf_map_view_size(part), 7);
    assert_int_equal(read[2 * PAGE], 0);
    memcpy(written + PAGE + 5, "seven!", 7);
    assert_string_equal(read + PAGE + 5, "seven!");
    assert_string_equal(tail, "seven!");

    wf_mapping_close(&writer); /* views outlive the mapping */
    wf_mapping_close(&reader);
    assert_string_equal(tail, "seven!");
    wf_map_view_close(&in);
    wf_map_view_close(&out);
    wf_map_view_close(&part);
    wf_map_view_close(&part); /* safe on nothing */
}

static void a_private_copy_stays_private(void **state)
{
    struct wf_mapping *mapping = make(PAGE), *reader = NULL;
    struct wf_map_view *shared = NULL, *copy = NULL;

    (void)state;
    assert_int_equal(wf_mapping_open(name, WF_BACKING_MEMORY, WF_ACCESS_COPY, &reader, NULL), 0);
    char *all = see(mapping, WF_ACCESS_WRITE, 0, 0, &shared);
    all[0] = 'a';
    char *mine = see(reader, WF_ACCESS_COPY, 0, 0, &copy);
    assert_int_equal(mine[0], 'a');
    mine[0] = 'b';
    assert_int_equal(all[0], 'a');
    wf_map_view_close(&copy);
    wf_map_view_close(&shared);
    wf_mapping_close(&reader);
    wf_mapping_close(&mapping);
}

static void a_view_stands_at_the_wished_address_or_nowhere(void **state)
{
    struct wf_mapping *mapping = make(4 * PAGE);
    struct wf_map_view *view = NULL, *other = NULL;
    struct wf_err err = { 0 };
    /* A free place: take one, give it back. */
    char *place = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    (void)state;
    assert_ptr_not_equal(place, MAP_FAILED);
    assert_int_equal(munmap(place, 8 * PAGE), 0);
    assert_int_equal(
        wf_map_view_open(mapping, WF_ACCESS_WRITE, PAGE + 16, 100, place + 16, &view, &err), 0);
    assert_ptr_equal(wf_map_view_data(view), place + 16);
    assert_int_equal(wf_map_view_open(mapping, WF_ACCESS_WRITE, 0, 100, place, &other, &err),
                     WF_ERR_BUSY);
    assert_int_equal(
        wf_map_view_open(mapping, WF_ACCESS_WRITE, 0, 100, place + 4 * PAGE + 8, &other, &err),
        WF_ERR_INVALID);
    wf_map_view_close(&view);
    wf_mapping_close(&mapping);
}

static void a_view_past_the_end_is_refused(void **state)
{
    static const struct {
        uint64_t offset;
        size_t length;
        int want;
    } cases[] = {
        { 0, 2 * PAGE, 0 },
        { 0, 2 * PAGE + 1, WF_ERR_LIMIT },
        { 2 * PAGE, 0, WF_ERR_LIMIT },
        { 2 * PAGE - 1, 1, 0 },
        { 2 * PAGE - 1, 2, WF_ERR_LIMIT },
        { UINT64_MAX, 1, WF_ERR_LIMIT },
        { 1, SIZE_MAX, WF_ERR_LIMIT },
    };
    struct wf_mapping *mapping = make(2 * PAGE);

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_map_view *view = NULL;

        assert_int_equal(wf_map_view_open(mapping, WF_ACCESS_READ, cases[i].offset, cases[i].length,
                                          NULL, &view, NULL),
                         cases[i].want);
        wf_map_view_close(&view);
    }
    wf_mapping_close(&mapping);
}

static void a_reader_cannot_get_a_writable_view(void **state)
{
    struct wf_mapping *mapping = make(PAGE), *reader = NULL;
    struct wf_map_view *view = NULL;

    (void)state;
    assert_int_equal(wf_mapping_open(name, WF_BACKING_MEMORY, WF_ACCESS_READ, &reader, NULL), 0);
    assert_int_equal(wf_map_view_open(reader, WF_ACCESS_WRITE, 0, 0, NULL, &view, NULL),
                     WF_ERR_DENIED);
    wf_mapping_close(&reader);
    wf_mapping_close(&mapping);
}

static void a_file_keeps_what_was_flushed(void **state)
{
    struct wf_mapping_options options = { .backing = WF_BACKING_FILE, .size = 10, .mode = 0600 };
    struct wf_mapping *mapping = NULL;
    struct wf_map_view *view = NULL;
    char text[10] = "";
    int fd;

    (void)state;
    assert_int_equal(wf_mapping_create(path, &options, &mapping, NULL), 0);
    memcpy(see(mapping, WF_ACCESS_WRITE, 0, 0, &view), "kept", 5);
    assert_int_equal(wf_map_view_flush(view, NULL), 0);
    wf_map_view_close(&view);
    wf_mapping_close(&mapping);

    fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, text, sizeof(text)), 10);
    assert_string_equal(text, "kept");
    (void)close(fd);
}

static void mode_owner_and_group_are_exact_whatever_the_umask(void **state)
{
    struct wf_mapping_options options = { .size = 10, .mode = 0664 };
    struct wf_mapping *mapping = NULL;
    struct wf_mapping_info info;
    mode_t before = umask(0777);
    int rc = wf_mapping_create(name, &options, &mapping, NULL);

    (void)state;
    (void)umask(before);
    assert_int_equal(rc, 0);
    assert_int_equal(wf_mapping_info(mapping, &info, NULL), 0);
    assert_int_equal(info.mode, 0664);
    assert_int_equal(info.uid, geteuid());
    assert_int_equal(info.size, 10);
    wf_mapping_close(&mapping);
    assert_int_equal(wf_mapping_remove(name, WF_BACKING_MEMORY, NULL), 0);

    if (geteuid() != 0)
        return; /* only root can give away */
    options.owner = "12345";
    options.group = "54321";
    assert_int_equal(wf_mapping_create(name, &options, &mapping, NULL), 0);
    assert_int_equal(wf_mapping_info(mapping, &info, NULL), 0);
    assert_int_equal(info.uid, 12345);
    assert_int_equal(info.gid, 54321);
    wf_mapping_close(&mapping);
}

static void each_way_to_fail_has_its_own_code(void **state)
{
    static const struct {
        const char *what;
        const char *name;
        uint64_t size;
        const char *group;
        int create, open;
    } cases[] = {
        { "nothing there", "/wf.tnobody-made-this", 0, NULL, 0, WF_ERR_ABSENT },
        { "no slash", "wf.t", 1, NULL, WF_ERR_INVALID, WF_ERR_INVALID },
        { "two slashes", "/wf/t", 1, NULL, WF_ERR_INVALID, WF_ERR_INVALID },
        { "climbing up", "/..", 1, NULL, WF_ERR_INVALID, WF_ERR_INVALID },
        { "empty", "", 1, NULL, WF_ERR_INVALID, WF_ERR_INVALID },
        { "no size", "/wf.tnosize", 0, NULL, WF_ERR_INVALID, WF_ERR_ABSENT },
        { "more than there is", "/wf.thuge", UINT64_C(1) << 50, NULL, WF_ERR_NOSPACE,
          WF_ERR_ABSENT },
        { "no such group", "/wf.tgroup", 10, "no-such-group", WF_ERR_INVALID, WF_ERR_ABSENT },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_mapping_options options = { .size = cases[i].size, .group = cases[i].group };
        struct wf_mapping *mapping = NULL;
        struct wf_err err = { 0 };

        if (cases[i].create != 0) {
            int rc = wf_mapping_create(cases[i].name, &options, &mapping, &err);

            if (rc != cases[i].create)
                fail_msg("%s: got %d, %s", cases[i].what, rc, err.text);
        }
        /* A failed creation leaves nothing behind. */
        assert_int_equal(
            wf_mapping_open(cases[i].name, WF_BACKING_MEMORY, WF_ACCESS_READ, &mapping, &err),
            cases[i].open);
    }
}

static void what_is_not_a_file_is_not_mapped(void **state)
{
    char place[160];
    struct wf_mapping *mapping = NULL;
    int fd;

    (void)state;
    (void)snprintf(place, sizeof(place), "/dev/shm%s", name);
    assert_int_equal(symlink("/etc/passwd", place), 0);
    assert_int_equal(wf_mapping_open(name, WF_BACKING_MEMORY, WF_ACCESS_READ, &mapping, NULL),
                     WF_ERR_CORRUPT);
    (void)unlink(place);
    assert_int_equal(mkfifo(place, 0600), 0);
    assert_int_equal(wf_mapping_open(name, WF_BACKING_MEMORY, WF_ACCESS_READ, &mapping, NULL),
                     WF_ERR_CORRUPT);
    (void)unlink(place);
    fd = open(place, O_CREAT | O_EXCL | O_RDWR, 0600); /* as one that is just being made */
    assert_true(fd >= 0);
    assert_int_equal(wf_mapping_open(name, WF_BACKING_MEMORY, WF_ACCESS_READ, &mapping, NULL),
                     WF_ERR_BUSY);
    (void)close(fd);
}

static void removing_takes_the_name_and_leaves_the_memory(void **state)
{
    struct wf_mapping *mapping = make(PAGE);
    struct wf_mapping_info info, named;
    struct wf_map_view *view = NULL;
    char *data = see(mapping, WF_ACCESS_WRITE, 0, 0, &view);

    (void)state;
    assert_int_equal(wf_mapping_info(mapping, &info, NULL), 0);
    assert_int_equal(wf_mapping_look(name, WF_BACKING_MEMORY, &named, NULL), 0);
    assert_int_equal(info.identity.inode, named.identity.inode);
    assert_int_equal(wf_mapping_remove(name, WF_BACKING_MEMORY, NULL), 0);
    assert_int_equal(wf_mapping_remove(name, WF_BACKING_MEMORY, NULL), WF_ERR_ABSENT);
    assert_int_equal(wf_mapping_look(name, WF_BACKING_MEMORY, &named, NULL), WF_ERR_ABSENT);
    data[0] = 'x';
    assert_int_equal(wf_mapping_info(mapping, &info, NULL), 0);
    assert_int_equal(info.links, 0);
    wf_map_view_close(&view);
    wf_mapping_close(&mapping);
}

static void names_are_listed_by_prefix_and_sorted(void **state)
{
    struct wf_mapping_options options = { .size = 1 };
    struct wf_mapping_names names;
    char parts[3][80];

    (void)state;
    for (int i = 0; i < 3; i++) {
        struct wf_mapping *mapping = NULL;

        (void)snprintf(parts[i], sizeof(parts[i]), "%s.%c", name, "cab"[i]);
        assert_int_equal(wf_mapping_create(parts[i], &options, &mapping, NULL), 0);
        wf_mapping_close(&mapping);
    }
    assert_int_equal(wf_mapping_list(name, &names, NULL), 0);
    assert_int_equal(names.count, 3);
    assert_string_equal(names.names[0], parts[1]);
    assert_string_equal(names.names[2], parts[0]);
    wf_mapping_names_free(&names);
    for (int i = 0; i < 3; i++)
        assert_int_equal(wf_mapping_remove(parts[i], WF_BACKING_MEMORY, NULL), 0);
    assert_int_equal(wf_mapping_list(name, &names, NULL), 0);
    assert_int_equal(names.count, 0);
    wf_mapping_names_free(&names);
}

static void of_many_who_come_at_once_exactly_one_creates(void **state)
{
    struct wf_mapping_options options = { .size = PAGE };
    int makers = 0;

    (void)state;
    for (int i = 0; i < 8; i++) {
        pid_t pid = fork();

        if (pid == 0) {
            struct wf_mapping *mapping = NULL;
            bool was_made = false;
            int rc = wf_mapping_obtain(name, &options, &mapping, &was_made, NULL);

            _exit(rc < 0 ? 2 : was_made);
        }
        assert_true(pid > 0);
    }
    for (int i = 0; i < 8; i++) {
        int status;

        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 2);
        makers += WEXITSTATUS(status);
    }
    assert_int_equal(makers, 1);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, fresh_name, remove_name)
    const struct CMUnitTest tests[] = {
        TEST(the_second_to_create_is_told_that_it_exists),
        TEST(what_one_view_writes_another_reads),
        TEST(a_private_copy_stays_private),
        TEST(a_view_stands_at_the_wished_address_or_nowhere),
        TEST(a_view_past_the_end_is_refused),
        TEST(a_reader_cannot_get_a_writable_view),
        TEST(a_file_keeps_what_was_flushed),
        TEST(mode_owner_and_group_are_exact_whatever_the_umask),
        TEST(each_way_to_fail_has_its_own_code),
        TEST(what_is_not_a_file_is_not_mapped),
        TEST(removing_takes_the_name_and_leaves_the_memory),
        TEST(names_are_listed_by_prefix_and_sorted),
        TEST(of_many_who_come_at_once_exactly_one_creates),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
