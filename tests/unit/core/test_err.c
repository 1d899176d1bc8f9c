/* SPDX-License-Identifier: MIT */
/* Errors: codes, texts, and the story that grows on the way up. */

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/err.h>

static void a_failure_carries_code_and_text(void **state)
{
    struct wf_err err = { 0 };

    (void)state;
    assert_int_equal(wf_fail(&err, WF_ERR_LIMIT, "slot %d", 7), WF_ERR_LIMIT);
    assert_int_equal(err.rc, WF_ERR_LIMIT);
    assert_string_equal(err.text, "slot 7");
    assert_int_equal(wf_fail(NULL, WF_ERR_BUSY, "nobody listens"), WF_ERR_BUSY);
}

static void the_way_up_is_told_from_the_outside_in(void **state)
{
    struct wf_err err = { 0 };

    (void)state;
    assert_int_equal(wf_fail_errno(&err, ENOENT, "open"), WF_ERR_ABSENT);
    wf_err_prefix(&err, "attach '%s'", "power");
    assert_string_equal(err.text, "attach 'power': open: No such file or directory");
}

static void errno_becomes_a_code_to_decide_on(void **state)
{
    static const struct {
        int errno_value;
        int want;
    } cases[] = {
        { EEXIST, WF_ERR_EXISTS },  { EACCES, WF_ERR_DENIED },  { ENOSPC, WF_ERR_NOSPACE },
        { ENOMEM, WF_ERR_NOMEM },   { ETIMEDOUT, WF_ERR_BUSY }, { EMFILE, WF_ERR_LIMIT },
        { EINVAL, WF_ERR_INVALID }, { EIO, WF_ERR_SYSTEM },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++)
        assert_int_equal(wf_fail_errno(NULL, cases[i].errno_value, "x"), cases[i].want);
}

static void text_that_is_too_long_is_cut_and_ended(void **state)
{
    struct wf_err err = { 0 };
    char path[400];

    (void)state;
    memset(path, 'p', sizeof(path) - 1);
    path[sizeof(path) - 1] = '\0';
    (void)wf_fail_errno(&err, ENOSPC, "%s", path);
    assert_non_null(strstr(err.text, "No space left"));
    wf_err_prefix(&err, "%s", path);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_carries_code_and_text),
        cmocka_unit_test(the_way_up_is_told_from_the_outside_in),
        cmocka_unit_test(errno_becomes_a_code_to_decide_on),
        cmocka_unit_test(text_that_is_too_long_is_cut_and_ended),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
