/* SPDX-License-Identifier: MIT */
/* INI files: every key knows its line, and nothing is cut without a word. */

#include "support/unit.h"

#include <sys/stat.h>

#include <watchfloor/ini.h>

/* Parse ended text; the caller frees. */
static struct wf_ini *parse(const char *text, struct wf_problems *problems)
{
    struct wf_ini *ini = NULL;
    struct wf_err err = { 0 };

    assert_int_equal(wf_ini_parse("x.ini", text, strlen(text), &ini, problems, &err), 0);
    assert_non_null(ini);
    return ini;
}

static void sections_and_keys_keep_their_lines(void **state)
{
    struct wf_problems problems = { 0 };
    struct wf_ini *ini = parse("; comment\r\n[watchfloor]\r\nplugins = a:b\r\n\n"
                               "[parameter bus_voltage]\n\n# comment\nbits=12\nunit =  V \n"
                               "[empty]\n",
                               &problems);
    struct wf_ini_section *section;
    struct wf_ini_key *key;

    (void)state;
    assert_int_equal(problems.count, 0);
    assert_int_equal(ini->section_count, 3);
    section = wf_ini_find(ini, "Parameter", "BUS_VOLTAGE");
    assert_non_null(section);
    assert_int_equal(section->line, 5);
    assert_int_equal(section->key_count, 2);
    key = wf_ini_get(section, "Unit");
    assert_string_equal(key->value, "V");
    assert_int_equal(key->line, 9);
    assert_true(key->was_used);
    assert_false(section->keys[0].was_used);
    assert_null(wf_ini_get(section, "nothing"));
    assert_string_equal(wf_ini_get(wf_ini_find(ini, "watchfloor", ""), "plugins")->value, "a:b");
    assert_int_equal(wf_ini_find(ini, "empty", NULL)->key_count, 0);
    assert_null(wf_ini_find(ini, "parameter", "other"));
    wf_ini_free(&ini);
    assert_null(ini);
    wf_ini_free(&ini);
}

static void continuation_lines_are_joined(void **state)
{
    struct wf_problems problems = { 0 };
    struct wf_ini *ini = parse("[s]\ntext = first\n  second = 2\n\n\t[third] ; not a comment\n"
                               "; a comment between\n  # fourth\nlater =\n  begins here\n  ends\n",
                               &problems);
    struct wf_ini_section *section = &ini->sections[0];

    (void)state;
    assert_int_equal(problems.count, 0);
    assert_string_equal(wf_ini_get(section, "text")->value,
                        "first\nsecond = 2\n[third] ; not a comment\n# fourth");
    assert_string_equal(wf_ini_get(section, "later")->value, "begins here\nends");
    assert_int_equal(wf_ini_get(section, "later")->line, 8);
    wf_ini_free(&ini);
}

static void a_semicolon_inside_a_value_is_text(void **state)
{
    struct wf_problems problems = { 0 };
    struct wf_ini *ini = parse("[s]\na = one ; two\nb = x;y\nc = # 3\n", &problems);

    (void)state;
    assert_int_equal(problems.count, 0);
    assert_string_equal(wf_ini_get(&ini->sections[0], "a")->value, "one ; two");
    assert_string_equal(wf_ini_get(&ini->sections[0], "b")->value, "x;y");
    assert_string_equal(wf_ini_get(&ini->sections[0], "c")->value, "# 3");
    wf_ini_free(&ini);
}

static void long_section_names_are_kept_whole(void **state)
{
    static const char name[] = "a23456789_123456789_123456789_123456789_12345678";
    char text[256];
    struct wf_problems problems = { 0 };
    struct wf_ini *ini;

    (void)state;
    (void)snprintf(text, sizeof(text), "[parameter %s]\nbits = 1\n", name);
    ini = parse(text, &problems);
    assert_int_equal(problems.count, 0);
    assert_string_equal(ini->sections[0].name, name);
    wf_ini_free(&ini);
}

static void what_would_be_cut_or_misread_is_told_by_line(void **state)
{
    static const struct {
        const char *what;
        const char *text;
        unsigned line;
        const char *says;
    } cases[] = {
        { "no equals", "[s]\na = 1\nnonsense\n", 3, "KEY = VALUE" },
        { "no key", "[s]\n= 1\n", 2, "KEY = VALUE" },
        { "colon", "[s]\na: b = 1\n", 2, "KEY = VALUE" },
        { "open section", "[s\na = 1\n", 1, "[KIND NAME]" },
        { "text behind a section", "[s] x\n", 1, "nothing behind" },
        { "empty section", "[ ]\n", 1, "[KIND NAME]" },
        { "indented first", "  a = 1\n", 1, "continues the key above" },
        { "indented after a section", "[s]\n  a = 1\n", 2, "continues the key above" },
        { "latin-1", "[s]\na = caf\xe9\n", 2, "UTF-8" },
        { "overlong", "[s]\na = \xc0\xaf\n", 2, "UTF-8" },
        { "surrogate", "[s]\na = \xed\xa0\x80\n", 2, "UTF-8" },
        { "control", "[s]\na = \x01\n", 2, "control character" },
        { "repeated key", "[s]\na = 1\nb = 2\nA = 3\n", 4, "line 2" },
        { "repeated section", "[s x]\na = 1\n[t]\n[S X]\n", 4, "line 1" },
        { "long key", "[s]\nk23456789_123456789_123456789_123456789_123456789_ = 1\n", 2, "49" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_problems problems = { 0 };
        struct wf_ini *ini = parse(cases[i].text, &problems);

        if (problems.count != 1 || problems.list[0].line != cases[i].line ||
            strstr(problems.list[0].text, cases[i].says) == NULL)
            fail_msg("%s: %zu problems, first in line %u: %s", cases[i].what, problems.count,
                     problems.count > 0 ? problems.list[0].line : 0,
                     problems.count > 0 ? problems.list[0].text : "-");
        wf_problems_fini(&problems);
        wf_ini_free(&ini);
    }
}

static void what_belongs_to_a_refused_section_is_passed_over(void **state)
{
    static const char *const bad[] = { "[b", "[b] x", "[]", "[b\xff]" };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(bad); i++) {
        char text[128];
        struct wf_problems problems = { 0 };
        struct wf_ini *ini;

        (void)snprintf(text, sizeof(text), "[a]\nk = 1\n%s\nk = 2\nnonsense\n  more\n[c]\nk = 3\n",
                       bad[i]);
        ini = parse(text, &problems);
        assert_int_equal(problems.count, 1);
        assert_int_equal(problems.list[0].line, 3);
        assert_int_equal(ini->section_count, 2);
        assert_int_equal(ini->sections[0].key_count, 1);
        assert_string_equal(wf_ini_get(&ini->sections[1], "k")->value, "3");
        wf_problems_fini(&problems);
        wf_ini_free(&ini);
    }
}

static void a_line_too_long_is_refused_and_the_longest_fits(void **state)
{
    char text[400];

    (void)state;
    for (size_t len = 190; len < 210; len++) {
        struct wf_problems problems = { 0 };
        struct wf_ini *ini;

        (void)snprintf(text, sizeof(text), "[s]\nk = %0*d\n  joined\nnext = 1\n", (int)len - 4, 7);
        ini = parse(text, &problems);
        assert_int_equal(problems.count, len > 197 ? 1 : 0);
        if (len <= 197)
            assert_int_equal(strlen(wf_ini_get(&ini->sections[0], "k")->value), len - 4 + 7);
        assert_string_equal(wf_ini_get(&ini->sections[0], "next")->value, "1");
        wf_problems_fini(&problems);
        wf_ini_free(&ini);
    }
}

static void a_zero_byte_does_not_hide_what_follows(void **state)
{
    static const char text[] = "[s]\na = 1\0hidden\nb = 2\n";
    struct wf_problems problems = { 0 };
    struct wf_ini *ini = NULL;

    (void)state;
    assert_int_equal(wf_ini_parse("x", text, sizeof(text) - 1, &ini, &problems, NULL), 0);
    assert_int_equal(problems.count, 1);
    assert_int_equal(problems.list[0].line, 2);
    assert_non_null(wf_ini_get(&ini->sections[0], "b"));
    wf_problems_fini(&problems);
    wf_ini_free(&ini);
}

static void a_byte_order_mark_and_a_missing_last_line_feed_are_fine(void **state)
{
    struct wf_problems problems = { 0 };
    struct wf_ini *ini = parse("\xEF\xBB\xBF[s]\na = 1", &problems);

    (void)state;
    assert_int_equal(problems.count, 0);
    assert_string_equal(wf_ini_get(&ini->sections[0], "a")->value, "1");
    wf_ini_free(&ini);
    ini = parse("", &problems);
    assert_int_equal(ini->section_count, 0);
    wf_ini_free(&ini);
}

static void text_of_very_many_lines_is_read_in_time(void **state)
{
    enum { LINES = 400000 };
    static const char head[] = "[s]\nk = x\n", line[] = " abcdefgh\n";
    size_t len = sizeof(head) - 1 + LINES * (sizeof(line) - 1);
    char *text = malloc(len);
    struct wf_problems problems = { 0 };
    struct wf_ini *ini = NULL;

    (void)state;
    assert_non_null(text);
    memcpy(text, head, sizeof(head) - 1);
    for (size_t i = 0; i < LINES; i++)
        memcpy(text + sizeof(head) - 1 + i * (sizeof(line) - 1), line, sizeof(line) - 1);
    assert_int_equal(wf_ini_parse("x", text, len, &ini, &problems, NULL), 0);
    assert_int_equal(strlen(ini->sections[0].keys[0].value), 1 + LINES * 9);
    wf_ini_free(&ini);
    free(text);
}

static void files_are_read_and_what_is_no_file_is_refused(void **state)
{
    struct tmp_folder folder = tmp_folder_make();
    char *path = tmp_folder_path(&folder, "a.ini");
    char *fifo = tmp_folder_path(&folder, "fifo");
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    struct wf_ini *ini = NULL;

    (void)state;
    tmp_folder_write(&folder, "a.ini", "[s]\na = 1\n");
    assert_int_equal(wf_ini_read(path, &ini, &problems, &err), 0);
    assert_string_equal(ini->file, path);
    wf_ini_free(&ini);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    assert_int_equal(wf_ini_read(fifo, &ini, &problems, &err), WF_ERR_INVALID);
    assert_non_null(strstr(err.text, "not a regular file"));
    assert_int_equal(wf_ini_read(folder.path, &ini, &problems, &err), WF_ERR_INVALID);
    (void)remove(path);
    assert_int_equal(wf_ini_read(path, &ini, &problems, &err), WF_ERR_ABSENT);
    assert_non_null(strstr(err.text, "a.ini"));
    assert_null(ini);
    tmp_folder_remove(&folder);
    free(path);
    free(fifo);
}

static void the_nearest_name_is_found_when_it_is_near(void **state)
{
    static const char *const known[] = { "port", "host", "transport", "framing", "format", "to" };
    static const struct {
        const char *typed, *want;
    } cases[] = {
        { "prot", "port" },    { "Hots", "host" }, { "transpotr", "transport" },
        { "fomat", "format" }, { "colour", NULL }, { "", NULL },
        { "zzz", NULL },       { "port", "port" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        const char *got = wf_nearest_name(cases[i].typed, known, WF_COUNT_OF(known));

        if (cases[i].want == NULL)
            assert_null(got);
        else
            assert_string_equal(got, cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_and_keys_keep_their_lines),
        cmocka_unit_test(continuation_lines_are_joined),
        cmocka_unit_test(a_semicolon_inside_a_value_is_text),
        cmocka_unit_test(long_section_names_are_kept_whole),
        cmocka_unit_test(what_would_be_cut_or_misread_is_told_by_line),
        cmocka_unit_test(what_belongs_to_a_refused_section_is_passed_over),
        cmocka_unit_test(a_line_too_long_is_refused_and_the_longest_fits),
        cmocka_unit_test(a_zero_byte_does_not_hide_what_follows),
        cmocka_unit_test(a_byte_order_mark_and_a_missing_last_line_feed_are_fine),
        cmocka_unit_test(text_of_very_many_lines_is_read_in_time),
        cmocka_unit_test(files_are_read_and_what_is_no_file_is_refused),
        cmocka_unit_test(the_nearest_name_is_found_when_it_is_near),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
