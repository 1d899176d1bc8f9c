/* SPDX-License-Identifier: MIT */
/* Paths: relative to the program, state by environment; folders are made private. */

#include "support/unit.h"

#include <sys/stat.h>

#include <watchfloor/names.h>
#include <watchfloor/paths.h>

static int forget_environment(void **state)
{
    (void)state;
    (void)unsetenv("WF_INSTANCE");
    (void)unsetenv("WF_STATE");
    (void)unsetenv("XDG_STATE_HOME");
    return setenv("HOME", "/home/someone", 1);
}

static void files_are_found_relative_to_the_program(void **state)
{
    const char *build = getenv("WATCHFLOOR_BUILD");
    char want[WF_PATH_SIZE];
    struct wf_paths paths;

    (void)state;
    assert_int_equal(wf_paths_init(&paths, NULL, NULL), 0);
    assert_string_equal(paths.instance, "ops");
    if (build == NULL)
        return; /* run by hand */
    assert_string_equal(paths.prefix, build);
    (void)snprintf(want, sizeof(want), "%s/lib/watchfloor/plugins", build);
    assert_string_equal(paths.plugins, want);
    (void)snprintf(want, sizeof(want), "%s/share/watchfloor/config", build);
    assert_string_equal(paths.config, want);
}

static void state_lies_where_the_environment_says(void **state)
{
    struct wf_paths paths;
    char here[WF_PATH_SIZE], want[WF_PATH_SIZE + 16];

    (void)state;
    assert_int_equal(wf_paths_init(&paths, "test-1", NULL), 0);
    assert_string_equal(paths.state, "/home/someone/.local/state/watchfloor/test-1");
    assert_int_equal(setenv("XDG_STATE_HOME", "/xdg", 1), 0);
    assert_int_equal(setenv("WF_INSTANCE", "replay", 1), 0);
    assert_int_equal(wf_paths_init(&paths, NULL, NULL), 0);
    assert_string_equal(paths.state, "/xdg/watchfloor/replay");
    assert_int_equal(setenv("WF_STATE", "/exactly/here", 1), 0);
    assert_int_equal(wf_paths_init(&paths, NULL, NULL), 0);
    assert_string_equal(paths.state, "/exactly/here");
    assert_int_equal(setenv("WF_STATE", "below", 1), 0);
    assert_int_equal(wf_paths_init(&paths, NULL, NULL), 0);
    assert_non_null(getcwd(here, sizeof(here)));
    (void)snprintf(want, sizeof(want), "%s/below", here);
    assert_string_equal(paths.state, want);
}

static void a_bad_instance_is_refused(void **state)
{
    struct wf_paths paths;
    struct wf_err err = { 0 };

    (void)state;
    assert_int_equal(wf_paths_init(&paths, "No Good", &err), WF_ERR_INVALID);
    assert_non_null(strstr(err.text, "a-z"));
    assert_int_equal(setenv("WF_INSTANCE", "../x", 1), 0);
    assert_int_equal(wf_paths_init(&paths, NULL, &err), WF_ERR_INVALID);
}

static void folders_are_made_private_with_their_parents(void **state)
{
    struct tmp_folder folder = tmp_folder_make();
    char *deep = tmp_folder_path(&folder, "a/b//c/");
    char *file = tmp_folder_path(&folder, "file");
    char *below = tmp_folder_path(&folder, "file/x");
    struct stat status;
    struct wf_err err = { 0 };

    (void)state;
    assert_int_equal(wf_make_folders(deep, &err), 0);
    assert_int_equal(stat(deep, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0700);
    assert_int_equal(wf_make_folders(deep, &err), 0);
    tmp_folder_write(&folder, "file", "");
    assert_int_equal(wf_make_folders(file, &err), WF_ERR_EXISTS);
    assert_true(wf_make_folders(below, &err) < 0);
    assert_non_null(strstr(err.text, "file"));
    tmp_folder_remove(&folder);
    free(deep);
    free(file);
    free(below);
}

static void a_path_that_does_not_fit_is_refused(void **state)
{
    struct wf_paths paths = { .state = "/some/where" };
    char out[16];

    (void)state;
    assert_int_equal(wf_paths_in_state(&paths, "x", out, sizeof(out), NULL), 0);
    assert_string_equal(out, "/some/where/x");
    assert_int_equal(wf_paths_in_state(&paths, "longer", out, sizeof(out), NULL), WF_ERR_LIMIT);
}

static void programs_are_found_beside_us_then_in_path(void **state)
{
    struct tmp_folder folder = tmp_folder_make();
    struct wf_paths paths = { 0 };
    char *tool = tmp_folder_path(&folder, "tool");
    char found[WF_PATH_SIZE];
    struct wf_err err = { 0 };

    (void)state;
    (void)wf_copy_text(paths.bin, sizeof(paths.bin), folder.path);
    assert_int_equal(wf_find_program(&paths, "sh", found, sizeof(found), &err), 0);
    assert_int_equal(found[0], '/');
    assert_int_equal(wf_find_program(&paths, "tool", found, sizeof(found), &err), WF_ERR_ABSENT);
    assert_non_null(strstr(err.text, "'tool'"));
    tmp_folder_write(&folder, "tool", "");
    assert_int_equal(wf_find_program(&paths, "tool", found, sizeof(found), &err), WF_ERR_ABSENT);
    assert_int_equal(chmod(tool, 0700), 0);
    assert_int_equal(wf_find_program(&paths, "tool", found, sizeof(found), &err), 0);
    assert_string_equal(found, tool);
    assert_int_equal(wf_find_program(&paths, tool, found, sizeof(found), &err), 0);
    assert_int_equal(wf_find_program(&paths, folder.path, found, sizeof(found), &err),
                     WF_ERR_ABSENT);
    assert_int_equal(wf_find_program(&paths, "", found, sizeof(found), &err), WF_ERR_ABSENT);
    tmp_folder_remove(&folder);
    free(tool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(files_are_found_relative_to_the_program, forget_environment),
        cmocka_unit_test_setup(state_lies_where_the_environment_says, forget_environment),
        cmocka_unit_test_setup(a_bad_instance_is_refused, forget_environment),
        cmocka_unit_test_setup(folders_are_made_private_with_their_parents, forget_environment),
        cmocka_unit_test(programs_are_found_beside_us_then_in_path),
        cmocka_unit_test_setup(a_path_that_does_not_fit_is_refused, forget_environment),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
