/* SPDX-License-Identifier: MIT */
/* Command lines. Help and refusals end the process, so each case runs in a child. */

#include "support/unit.h"

#include <sys/wait.h>

#include <watchfloor/options.h>

struct result {
    int status;
    char text[4096]; /* stdout and stderr together */
};

/* Parse `argv` in a child that prints what it got. */
static struct result run(char **argv)
{
    struct result result = { 0 };
    int ends[2];
    int argc = 0;
    pid_t pid;

    while (argv[argc] != NULL)
        argc++;
    assert_int_equal(pipe(ends), 0);
    (void)fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        const char *from = "-";
        bool is_json = false;
        const struct wf_option options[] = {
            { "from", "TIME", "First moment.", &from, NULL },
            { "json", NULL, "As JSON.", NULL, &is_json },
        };
        const struct wf_command_line line = {
            .program = "wf-test",
            .summary = "tests the command line",
            .operands = "NAME...",
            .details = "More words.",
            .options = options,
            .option_count = WF_COUNT_OF(options),
        };
        struct wf_common common;

        (void)dup2(ends[1], STDOUT_FILENO);
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[0]);
        wf_options_parse(&line, argc, argv, &common);
        (void)printf("from=%s json=%d instance=%s config=%s operands=%d first=%s\n", from, is_json,
                     common.paths.instance, common.config != NULL ? common.config : "-",
                     common.operand_count, common.operand_count > 0 ? common.operands[0] : "-");
        exit(0);
    }
    (void)close(ends[1]);
    for (size_t len = 0; len < sizeof(result.text) - 1;) {
        ssize_t got = read(ends[0], result.text + len, sizeof(result.text) - 1 - len);

        if (got <= 0)
            break;
        len += (size_t)got;
    }
    (void)close(ends[0]);
    assert_int_equal(waitpid(pid, &result.status, 0), pid);
    assert_true(WIFEXITED(result.status));
    result.status = WEXITSTATUS(result.status);
    return result;
}

#define RUN(...) run((char *[]){ "wf-test", __VA_ARGS__, NULL })

static void options_and_operands_come_in_any_order(void **state)
{
    struct result result = RUN("power", "--from=now-1h", "--json", "--instance", "t1", "thermal");

    (void)state;
    assert_int_equal(result.status, 0);
    assert_string_equal(result.text,
                        "from=now-1h json=1 instance=t1 config=- operands=2 first=power\n");
    result = RUN("--config", "x.ini", "--", "--json");
    assert_string_equal(result.text,
                        "from=- json=0 instance=ops config=x.ini operands=1 first=--json\n");
}

static void help_shows_every_option(void **state)
{
    struct result result = RUN("--help");
    static const char *const words[] = { "wf test - tests the command line",
                                         "usage: wf test [OPTIONS] NAME...",
                                         "--from TIME",
                                         "First moment.",
                                         "--instance NAME",
                                         "--config FILE",
                                         "--version",
                                         "More words." };

    (void)state;
    assert_int_equal(result.status, 0);
    for (size_t i = 0; i < WF_COUNT_OF(words); i++)
        assert_non_null(strstr(result.text, words[i]));
    result = RUN("-h");
    assert_int_equal(result.status, 0);
    result = RUN("--version");
    assert_int_equal(result.status, 0);
    assert_non_null(strstr(result.text, "wf test 0."));
}

static void mistakes_are_refused_with_status_2_and_a_hint(void **state)
{
    static const struct {
        char *argument;
        const char *says;
    } cases[] = {
        { "--form=1", "did you mean --from?" }, { "--nothing-like-it", "there is no option" },
        { "--from", "needs a value" },          { "--json=yes", "takes no value" },
        { "-x", "there is no option '-x'" },    { "--instance=Not Good", "a-z" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct result result = RUN(cases[i].argument);

        assert_int_equal(result.status, 2);
        if (strstr(result.text, cases[i].says) == NULL)
            fail_msg("%s: %s", cases[i].argument, result.text);
        assert_non_null(strstr(result.text, "usage: wf test"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_operands_come_in_any_order),
        cmocka_unit_test(help_shows_every_option),
        cmocka_unit_test(mistakes_are_refused_with_status_2_and_a_hint),
    };

    (void)unsetenv("WF_INSTANCE");
    (void)unsetenv("WF_CONFIG");
    (void)unsetenv("WF_STATE");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
