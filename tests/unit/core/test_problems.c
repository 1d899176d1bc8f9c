/* SPDX-License-Identifier: MIT */
/* Problems are collected, bounded, and printed one a line. */

#include "support/unit.h"

#include <fcntl.h>

#include <watchfloor/log.h>
#include <watchfloor/problems.h>

/* What `show` writes to stderr, ended; the caller frees. */
static char *stderr_of(void (*show)(void *), void *context)
{
    FILE *file = tmpfile();
    int saved = dup(STDERR_FILENO);
    char *text = calloc(1, 65536);

    assert_non_null(file);
    assert_non_null(text);
    (void)fflush(stderr);
    assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
    show(context);
    (void)fflush(stderr);
    assert_true(dup2(saved, STDERR_FILENO) >= 0);
    (void)close(saved);
    rewind(file);
    (void)fread(text, 1, 65535, file);
    (void)fclose(file);
    return text;
}

static void print_problems(void *context)
{
    wf_problems_print(context);
}

static void problems_print_as_file_line_text(void **state)
{
    struct wf_problems problems = { 0 };
    char *text;

    (void)state;
    wf_problems_add(&problems, "a.ini", 3, "unknown key '%s'", "prot");
    wf_problems_add(&problems, "b.ini", 0, "not there");
    wf_problems_add(&problems, "c.ini", 1, "two\nlines and \x1b[31m colour");
    text = stderr_of(print_problems, &problems);
    assert_string_equal(text, "a.ini:3: unknown key 'prot'\nb.ini: not there\n"
                              "c.ini:1: two lines and ?[31m colour\n");
    free(text);
    wf_problems_fini(&problems);
    assert_int_equal(problems.count, 0);
}

static void only_so_many_are_kept_but_all_are_counted(void **state)
{
    struct wf_problems problems = { 0 };
    char *text;

    (void)state;
    for (unsigned i = 0; i < WF_PROBLEMS_MAX + 50; i++)
        wf_problems_add(&problems, "a.ini", i + 1, "bad");
    assert_int_equal(problems.kept, WF_PROBLEMS_MAX);
    assert_int_equal(problems.count, WF_PROBLEMS_MAX + 50);
    text = stderr_of(print_problems, &problems);
    assert_non_null(strstr(text, "... and 50 more\n"));
    free(text);
    wf_problems_fini(&problems);
}

static void log_some(void *context)
{
    (void)context;
    wf_log_error("cannot open %s; giving up", "x");
    wf_log_warning("from the network: \x1b]0;a\nb");
    wf_log_debug("not shown");
}

static void log_lines_carry_time_program_and_level(void **state)
{
    char *text;

    (void)state;
    (void)unsetenv("JOURNAL_STREAM");
    wf_log_init("wf-test", WF_LOG_INFO);
    text = stderr_of(log_some, NULL);
    assert_int_equal(text[4], '-');
    assert_int_equal(text[10], 'T');
    assert_non_null(strstr(text, "Z wf-test error: cannot open x; giving up\n"));
    assert_non_null(strstr(text, "Z wf-test warning: from the network: ?]0;a b\n"));
    assert_null(strstr(text, "not shown"));
    free(text);
}

static void log_levels_have_names(void **state)
{
    enum wf_log_level level = WF_LOG_INFO;

    (void)state;
    assert_int_equal(wf_log_level_parse("Debug", &level), 0);
    assert_int_equal(level, WF_LOG_DEBUG);
    assert_int_equal(wf_log_level_parse("loud", &level), WF_ERR_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problems_print_as_file_line_text),
        cmocka_unit_test(only_so_many_are_kept_but_all_are_counted),
        cmocka_unit_test(log_lines_carry_time_program_and_level),
        cmocka_unit_test(log_levels_have_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
