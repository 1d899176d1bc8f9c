/* SPDX-License-Identifier: MIT */
/* The module loader: what it takes, what it refuses and in which words. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <watchfloor/plugin.h>

/* A private folder with one module in it, to be damaged. */
struct tmp_module {
    char folder[64];
    char path[160];
};

static const char *built_modules(void)
{
    static char folder[4096];
    const char *build = getenv("WATCHFLOOR_BUILD");

    assert_non_null(build);
    (void)snprintf(folder, sizeof(folder), "%s/tests/modules", build);
    return folder;
}

static size_t read_file(const char *path, char **out)
{
    FILE *file = fopen(path, "rb");
    long size;

    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    rewind(file);
    *out = malloc((size_t)size);
    assert_non_null(*out);
    assert_int_equal(fread(*out, 1, (size_t)size, file), size);
    (void)fclose(file);
    return (size_t)size;
}

static void write_file(const char *path, const char *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(path, 0644), 0);
}

static struct tmp_module tmp_module_make(const char *name)
{
    struct tmp_module tmp;
    char from[4200];
    char *bytes;
    size_t size;

    (void)snprintf(tmp.folder, sizeof(tmp.folder), "/tmp/wf-module-XXXXXX");
    assert_non_null(mkdtemp(tmp.folder));
    (void)snprintf(tmp.path, sizeof(tmp.path), "%s/%s.so", tmp.folder, name);
    (void)snprintf(from, sizeof(from), "%s/%s.so", built_modules(), name);
    size = read_file(from, &bytes);
    write_file(tmp.path, bytes, size);
    free(bytes);
    return tmp;
}

static void tmp_module_remove(struct tmp_module *tmp)
{
    (void)unlink(tmp->path);
    assert_int_equal(rmdir(tmp->folder), 0);
}

static void assert_refused(const char *path, int want, const char *words)
{
    struct wf_module *module = NULL;
    struct wf_err err = { 0 };
    int rc = wf_module_load(path, &module, &err);

    if (rc != want || strstr(err.text, words) == NULL)
        fail_msg("%s: got %d '%s', expected %d with '%s'", path, rc, err.text, want, words);
    assert_null(module);
    /* A refusal names the file, so that a person finds it. */
    assert_non_null(strstr(err.text, path));
}

static void a_good_module_is_loaded_and_drawn_with(void **state)
{
    struct tmp_module tmp = tmp_module_make("good");
    struct wf_schema schema = { .name = "anything" };
    struct wf_module *module = NULL;
    struct wf_canvas *canvas = NULL;

    (void)state;
    assert_int_equal(wf_module_load(tmp.path, &module, NULL), 0);
    assert_string_equal(wf_module_plugin(module)->name, "good");
    assert_int_equal(wf_module_fits(module, &schema, NULL), 0);
    assert_int_equal(wf_canvas_create(4, 2, &canvas, NULL), 0);
    struct wf_canvas_part part = wf_canvas_whole(canvas);
    wf_module_plugin(module)->ops.display->draw(NULL, &part, NULL);
    wf_canvas_destroy(&canvas);
    wf_module_unload(&module);
    assert_null(module);
    tmp_module_remove(&tmp);
}

static void a_newer_minor_meets_in_the_middle(void **state)
{
    struct tmp_module tmp = tmp_module_make("newer-minor");
    struct wf_module *module = NULL;

    (void)state;
    assert_int_equal(wf_module_load(tmp.path, &module, NULL), 0);
    assert_int_equal(wf_module_plugin(module)->abi_minor, WF_PLUGIN_ABI_MINOR + 1);
    assert_string_equal(wf_module_plugin(module)->summary, "from the future");
    wf_module_unload(&module);
    tmp_module_remove(&tmp);
}

static void two_modules_at_once_are_two(void **state)
{
    struct tmp_module first = tmp_module_make("good");
    struct tmp_module second = tmp_module_make("newer-minor");
    struct wf_module *one = NULL, *two = NULL;

    (void)state;
    assert_int_equal(wf_module_load(first.path, &one, NULL), 0);
    assert_int_equal(wf_module_load(second.path, &two, NULL), 0);
    assert_string_equal(wf_module_plugin(one)->name, "good");
    assert_string_equal(wf_module_plugin(two)->name, "newer-minor");
    wf_module_unload(&one);
    wf_module_unload(&two);
    tmp_module_remove(&first);
    tmp_module_remove(&second);
}

static void a_record_that_does_not_fit_is_refused(void **state)
{
    static const struct {
        const char *name;
        int want;
        const char *words;
    } cases[] = {
        { "no-record", WF_ERR_INVALID, "exports no 'wf_plugin'" },
        { "next-major", WF_ERR_VERSION, "build it anew" },
        { "older-record", WF_ERR_CORRUPT, "not a plugin record" },
        { "wrong-name", WF_ERR_INVALID, "calls itself 'somebody-else'; expected 'wrong-name'" },
        { "no-draw", WF_ERR_INVALID, "without draw()" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct tmp_module tmp = tmp_module_make(cases[i].name);

        assert_refused(tmp.path, cases[i].want, cases[i].words);
        tmp_module_remove(&tmp);
    }
}

static void a_typed_plugin_fits_its_own_layout_only(void **state)
{
    struct tmp_module tmp = tmp_module_make("typed");
    struct wf_schema power = { .name = "Power", .layout_hash = 42 };
    struct wf_schema changed = { .name = "power", .layout_hash = 43 };
    struct wf_schema other = { .name = "thermal", .layout_hash = 42 };
    struct wf_module *module = NULL;

    (void)state;
    assert_int_equal(wf_module_load(tmp.path, &module, NULL), 0);
    assert_int_equal(wf_module_fits(module, &power, NULL), 0);
    assert_int_equal(wf_module_fits(module, &changed, NULL), WF_ERR_VERSION);
    assert_int_equal(wf_module_fits(module, &other, NULL), WF_ERR_ABSENT);
    wf_module_unload(&module);
    tmp_module_remove(&tmp);
}

static void a_file_others_could_have_written_is_refused(void **state)
{
    struct tmp_module tmp = tmp_module_make("good");
    char link[200];

    (void)state;
    assert_int_equal(chmod(tmp.path, 0666), 0);
    assert_refused(tmp.path, WF_ERR_DENIED, "writable by others");
    assert_int_equal(chmod(tmp.path, 0644), 0);

    assert_int_equal(chmod(tmp.folder, 0777), 0);
    assert_refused(tmp.path, WF_ERR_DENIED, "its folder is writable by others");
    assert_int_equal(chmod(tmp.folder, 0700), 0);

    (void)snprintf(link, sizeof(link), "%s/link.so", tmp.folder);
    assert_int_equal(symlink(tmp.path, link), 0);
    assert_refused(link, WF_ERR_DENIED, "symbolic link");
    assert_int_equal(unlink(link), 0);

    if (geteuid() == 0) {
        assert_int_equal(chown(tmp.path, 65534, 0), 0);
        assert_refused(tmp.path, WF_ERR_DENIED, "belongs to uid 65534");
    }
    tmp_module_remove(&tmp);
}

static void a_damaged_file_is_refused_without_being_run(void **state)
{
    struct tmp_module tmp = tmp_module_make("good");
    char *bytes;
    size_t size = read_file(tmp.path, &bytes);

    (void)state;
    static const size_t cuts[] = { 0, 3, 60, 300, 4096, 8192 };
    for (size_t i = 0; i < WF_COUNT_OF(cuts); i++) {
        write_file(tmp.path, bytes, cuts[i] < size ? cuts[i] : size / 2);
        assert_refused(tmp.path, WF_ERR_CORRUPT, "plugin '");
    }
    write_file(tmp.path, "#!/bin/sh\nexit 0\n", 17);
    assert_refused(tmp.path, WF_ERR_CORRUPT, "not an ELF file");

    bytes[4] = 1; /* ELFCLASS32 */
    write_file(tmp.path, bytes, size);
    assert_refused(tmp.path, WF_ERR_CORRUPT, "another word size");
    bytes[4] = 2;
    bytes[18] = (char)(bytes[18] + 1); /* e_machine */
    write_file(tmp.path, bytes, size);
    assert_refused(tmp.path, WF_ERR_CORRUPT, "another machine");
    free(bytes);
    tmp_module_remove(&tmp);
}

static void names_are_checked_before_anything_else(void **state)
{
    static const struct {
        const char *path;
        int want;
        const char *words;
    } cases[] = {
        { "/tmp/Bad_Name.so", WF_ERR_INVALID, "may hold" },
        { "/tmp/plugin.txt", WF_ERR_INVALID, "not named" },
        { "/tmp/.so", WF_ERR_INVALID, "not named" },
        { "relative.so", WF_ERR_INVALID, "absolute" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++)
        assert_refused(cases[i].path, cases[i].want, cases[i].words);

    struct tmp_module tmp = tmp_module_make("good");
    assert_int_equal(unlink(tmp.path), 0);
    assert_refused(tmp.path, WF_ERR_ABSENT, "No such file");
    tmp_module_remove(&tmp);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_module_is_loaded_and_drawn_with),
        cmocka_unit_test(a_newer_minor_meets_in_the_middle),
        cmocka_unit_test(two_modules_at_once_are_two),
        cmocka_unit_test(a_record_that_does_not_fit_is_refused),
        cmocka_unit_test(a_typed_plugin_fits_its_own_layout_only),
        cmocka_unit_test(a_file_others_could_have_written_is_refused),
        cmocka_unit_test(a_damaged_file_is_refused_without_being_run),
        cmocka_unit_test(names_are_checked_before_anything_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
