/* SPDX-License-Identifier: MIT */
/* Everything a schema can have wrong is told by line, with what was expected. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <watchfloor/schema.h>

struct wrong {
    const char *text;
    unsigned line;
    const char *want; /* part of the first problem */
};

/* Each text has exactly the problem it names, at that line. */
static void assert_wrong(const char *head, const struct wrong *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct wf_problems problems = { 0 };
        struct wf_schema *schema = NULL;
        struct wf_err err = { 0 };
        char text[2000];
        struct wf_strbuf buf = WF_STRBUF_FIXED(text);
        int rc;

        wf_strbuf_add(&buf, head);
        wf_strbuf_add(&buf, cases[i].text);
        rc = wf_schema_parse("bad.ini", text, buf.len, &schema, &problems, &err);
        if (rc != WF_ERR_INVALID || problems.count < 1 || problems.list[0].line != cases[i].line ||
            strstr(problems.list[0].text, cases[i].want) == NULL) {
            print_error("%s\n  gave %d, wanted line %u '%s', got:\n", text, rc, cases[i].line,
                        cases[i].want);
            wf_problems_print(&problems);
            fail();
        }
        assert_null(schema);
        assert_non_null(strstr(err.text, "bad.ini:"));
        wf_problems_fini(&problems);
    }
}

static void wrong_sections_are_told(void **state)
{
    static const struct wrong cases[] = {
        { "", 1, "there is no [subsystem]" },
        { "[subsystem]\n", 1, "there is no [parameter NAME]" },
        { "[subsystem]\n[paramter x]\n", 2, "unknown section; did you mean 'parameter'?" },
        { "[subsystem power]\n[parameter x]\n", 1, "takes no name" },
        { "[subsystem]\n[parameter]\n", 2, "a name is missing" },
        { "[subsystem]\n[parameter 1x]\n", 2, "must begin with a letter" },
        { "[subsystem]\n[parameter a.b]\n", 2, "letters, digits" },
        { "x = 1\n[subsystem]\n[parameter x]\n", 1, "before the first" },
        { "[subsystem]\n[parameter x]\n[parameter x]\n", 3, "" },
        { "[subsystem]\n[parameter x]\n[derived X]\nexpression = 1\n", 3, "both 'x' and 'X'" },
        { "[subsystem]\n[parameter x]\n[parameter y]\nalias = X\n", 4, "both 'x' and 'y'" },
    };

    (void)state;
    assert_wrong("", cases, WF_COUNT_OF(cases));
}

static void wrong_subsystem_keys_are_told(void **state)
{
    static const struct wrong cases[] = {
        { "name = 1x\n", 5, "must begin" },
        { "titel = x\n", 5, "unknown key; did you mean 'title'?" },
        { "stale = 3s\n", 5, "unknown key; did you mean 'stale_after'?" },
        { "recorded = never\n", 5, "neither yes nor no" },
        { "sequence = off\n", 5, "one of counted, none" },
        { "sequence = none\nsegmented = yes\n", 5, "put together by their sequence counts" },
        { "apid = 2047\n", 5, "outside 0 .. 2046" },
        { "apid = -1\n", 5, "negative" },
        { "apid = 5 5\n", 5, "listed twice" },
        { "apid = ten\n", 5, "not a whole number" },
        { "apid = 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 "
          "30 31 32 33\n",
          5, "more than 32" },
        { "byte_order = middle\n", 5, "one of big, little" },
        { "time = cuc 8.0\n", 5, "1 to 7 coarse" },
        { "time = cuc 4\n", 5, "cuc C.F" },
        { "time = cds 20.16\n", 5, "cds D.S" },
        { "time = gps\n", 5, "one of none, cuc, cds, fields" },
        { "time = none 4\n", 5, "nothing is expected" },
        { "time = fields\n", 5, "names no field" },
        { "time = fields b:1x\n", 5, "NAME:UNIT" },
        { "time = fields b:0s\n", 5, "NAME:UNIT" },
        { "time = fields z:1s\n", 5, "there is no parameter 'z'" },
        { "time = fields s:1s\n", 5, "not a single number" },
        { "time = fields b:1s b:1s b:1s b:1s b:1s\n", 5, "more than 4" },
        { "epoch = now\n", 5, "a date with its scale" },
        { "epoch = 2000-01-01\n", 5, "a date with its scale" },
        { "epoch = 2000-13-01 utc\n", 5, "" },
        { "epoch = 2000-01-01 tdb\n", 5, "one of utc, tai, gps" },
        { "period = 5\n", 5, "not a duration" },
        { "stale_after = soon\n", 5, "not a duration" },
        { "ring = 99999999\n", 5, "outside" },
        { "segmented = maybe\n", 5, "neither yes nor no" },
        { "packet_max = 6\n", 5, "outside 7" },
        { "kind = heap\n", 5, "one of samples, table" },
        { "kind = table\n", 4, "needs 'key'" },
        { "key = s\n", 5, "only for kind = table" },
        { "rows = 5\n", 5, "only for kind = table" },
        { "kind = table\nkey = b\n", 6, "not of type = string" },
        { "kind = table\nkey = nobody\n", 6, "there is no parameter" },
        { "match = b ==\n", 5, "value is missing" },
        { "match = after == 1\n", 5, "not at a fixed place" },
        { "match = d > 1\n", 5, "not at a fixed place" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[1000];
        struct wf_strbuf buf = WF_STRBUF_FIXED(text);
        struct wrong one = { text, cases[i].line, cases[i].want };

        wf_strbuf_add(&buf, cases[i].text);
        wf_strbuf_add(&buf, "[parameter s]\ntype = string\nsize = prefix 8\nsize_max = 9\n"
                            "[parameter after]\n[derived d]\nexpression = b\n");
        assert_wrong("; line 1\n[parameter b]\n\n[subsystem]\n", &one, 1);
    }
}

static void wrong_parameter_keys_are_told(void **state)
{
    static const struct wrong cases[] = {
        { "bitz = 3\n", 5, "unknown key; did you mean 'bits'?" },
        { "type = word\n", 5, "one of uint, int, float" },
        { "bits = 0\n", 5, "outside 1 .. 64" },
        { "bits = 65\n", 5, "outside 1 .. 64" },
        { "type = float\nbits = 16\n", 6, "32 or 64 bits" },
        { "type = float\nencoding = mil1750a\nbits = 64\n", 7, "32 or 48 bits" },
        { "type = float\nencoding = bcd\n", 6, "plain or mil1750a" },
        { "encoding = mil1750a\n", 5, "type = float" },
        { "encoding = bcd\nbits = 10\n", 5, "whole digits" },
        { "encoding = sign-magnitude\n", 5, "type = int" },
        { "encoding = utf8\n", 5, "one of plain" },
        { "at = 5.8\n", 5, "outside 0 .. 7" },
        { "at = x\n", 5, "not a whole number" },
        { "at = 70000\n", 5, "packet_max" },
        { "at = end-70000\n", 5, "packet_max" },
        { "at = end-0\n", 5, "behind the end" },
        { "at = end-1\nbits = 16\n", 5, "too few for it" },
        { "at = end-2\nskip = 2\n", 6, "together with 'at'" },
        { "count = first+\ncount_max = 5\n", 5, "" },
        { "at = 8\nskip = 2\n", 6, "together with 'at'" },
        { "byte_order = little\nbits = 12\n", 5, "whole bytes" },
        { "count = 0\n", 5, "outside" },
        { "count = later\n", 5, "does not stand before" },
        { "count = nobody\n", 5, "there is no parameter" },
        { "count = first\n", 5, "count_max is missing" },
        { "count = list\ncount_max = 5\n", 5, "not a plain whole number" },
        { "count = 5\ncount_max = 5\n", 6, "only for a count" },
        { "type = string\n", 4, "'size' is missing" },
        { "type = string\nsize = first\n", 6, "size_max is missing" },
        { "type = string\nsize = 5\nsize_max = 5\n", 7, "only for a size" },
        { "type = bytes\nsize = prefix 9\nsize_max = 5\n", 6, "8, 16 or 32" },
        { "type = bytes\nsize = terminated 256\nsize_max = 5\n", 6, "outside 0 .. 255" },
        { "type = string\nsize = first+x\nsize_max = 5\n", 6, "not a whole number" },
        { "type = string\nsize = 5\ncount = 3\n", 7, "not for type = string" },
        { "type = string\nsize = 5\nhi = 3\n", 7, "not for type = string" },
        { "size = 5\n", 5, "not for type = uint" },
        { "type = time\n", 4, "'time' is missing" },
        { "type = time\ntime = fields first:1s\n", 6, "cuc or cds" },
        { "polynomial =\n", 5, "1 to 32" },
        { "polynomial = 0 inf\n", 5, "not a finite number" },
        { "polynomial = 0 one\n", 5, "not a number" },
        { "table = 1:2\n", 5, "two points" },
        { "table = 1:2 1:3\n", 5, "must ascend" },
        { "table = 1:2 3\n", 5, "RAW:ENGINEERING" },
        { "polynomial = 0 1\ntable = 0:0 1:1\n", 6, "only one of" },
        { "calibrator = nobody\n", 5, "there is no [calibrator nobody]" },
        { "enumeration = mode\n", 5, "did you mean 'modes'?" },
        { "polynomial = 0 1\nenumeration = modes\n", 6, "only one of" },
        { "type = float\nenumeration = modes\n", 6, "not for type = float" },
        { "valid = 1\n", 5, "LO .. HI" },
        { "valid = 5 .. 1\n", 5, "above the upper" },
        { "format = %d %d\n", 5, "not one conversion" },
        { "format = %s\n", 5, "expected one of %d" },
        { "format = %n\n", 5, "not one conversion" },
        { "format = %*d\n", 5, "not one conversion" },
        { "format = %ld\n", 5, "not one conversion" },
        { "format = %999d\n", 5, "not one conversion" },
        { "format = none\n", 5, "not one conversion" },
        { "format = 100%\n", 5, "not one conversion" },
        { "type = float\nformat = %d\n", 6, "%.2f" },
        { "lo = 5\nhi = 5\n", 6, "lolo < lo < hi < hihi" },
        { "lolo = 5\nlo = 4\n", 6, "lolo < lo < hi < hihi" },
        { "hi = nan\n", 5, "not a finite number" },
        { "severity = hi:6\n", 5, "outside 0 .. 5" },
        { "severity = high:2\n", 5, "one of lolo, lo, hi, hihi" },
        { "severity = 2\n", 5, "LIMIT:SEVERITY" },
        { "exclusive = 2\n", 5, "neither yes nor no" },
        { "hysteresis = -1\n", 5, "outside" },
        { "hysteresis = 100%\n", 5, "outside" },
        { "rate = fast\n", 5, "LO .. HI" },
        { "rate_window = 0\n", 5, "too short" },
        { "rate_samples = 1\n", 5, "outside" },
        { "states = SAFE: 2\n", 5, "neither a label" },
        { "enumeration = modes\nstates = SAVE: 2\n", 6, "'SAVE' is neither a label" },
        { "enumeration = modes\nstates = SAFE\n", 6, "LABEL: SEVERITY" },
        { "enumeration = modes\nstates = SAFE: 9\n", 6, "outside 0 .. 5" },
        { "enumeration = modes\nstates = SAFE: 2, 1: 3\n", 6, "listed twice" },
        { "raise = 4 of 3\n", 5, "can never happen" },
        { "raise = 3 out 5\n", 5, "N of M" },
        { "clear = often\n", 5, "not a duration" },
        { "latch = never\n", 5, "neither yes nor no" },
        { "stale_severity = 6\n", 5, "outside 0 .. 5" },
        { "enabled_when = first >\n", 5, "value is missing" },
        { "enabled_when = sceond == 1\n", 5, "there is no parameter 'sceond'" },
        { "enabled_when = bad.nobody == 1\n", 5, "there is no parameter 'bad.nobody'" },
        { "suppressed_by = a..b\n", 5, "is not a name" },
        { "suppressed_by = a.b LIMITS\n", 5, "is not a name" },
        { "type = float\ncounter = yes\n", 6, "not for" },
        { "present_when = later == 1\n", 5, "does not come before" },
        { "present_when = second == 1\n", 5, "does not come before" },
        { "present_when = other.x == 1\n", 5, "there is no parameter" },
        { "title = a\x07z\n", 5, "control character" },
        { "expression = 1\n", 5, "not for this kind of section" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char text[1000];
        struct wf_strbuf buf = WF_STRBUF_FIXED(text);
        struct wrong one = { text, cases[i].line, cases[i].want };

        wf_strbuf_add(&buf, cases[i].text);
        wf_strbuf_add(&buf, "[parameter later]\n[enumeration modes]\n0 = OFF\n1 = SAFE\n");
        /* A counted array before it would move the lines: one case needs one. */
        assert_wrong(strncmp(cases[i].text, "count = list", 12) == 0
                         ? "[subsystem]\n[parameter list]\ncount = 2\n[parameter second]\n"
                         : "[subsystem]\n[parameter first]\n\n[parameter second]\n",
                     &one, 1);
    }
}

static void wrong_shared_sections_are_told(void **state)
{
    static const struct wrong cases[] = {
        { "[derived d]\n", 3, "'expression' is missing" },
        { "[derived d]\nexpression = a +\n", 4, "value is missing" },
        { "[derived d]\nexpression = d + 1\n", 4, "does not come before" },
        { "[derived d]\nexpression = e\n[derived e]\nexpression = a\n", 4, "does not come before" },
        { "[derived d]\nexpression = avg(a over 5s)\n", 4, "windows need history" },
        { "[derived d]\nexpression = 1\nbits = 3\n", 5, "not for this kind of section" },
        { "[derived d]\nexpression = 1\ntype = string\n", 5, "float, int, uint or bool" },
        { "[calibrator c]\n", 3, "either 'polynomial' or 'table'" },
        { "[calibrator c]\npolynomial = 1\ntable = 0:1\n", 5, "either 'polynomial' or 'table'" },
        { "[calibrator c]\npolynomial = 1\ninterpolate = step\n", 5, "only for 'table'" },
        { "[calibrator c]\ntable = 0:1 1:2\ninterpolate = cubic\n", 4, "too few" },
        { "[calibrator c]\ntable = 0:1 1:2\ninterpolate = round\n", 5, "one of step, linear" },
        { "[calibrator c]\npolynomial = 1\nwhen = nobody == 1\n", 5, "no parameter 'nobody'" },
        { "[calibrator c]\npolynomial = 1\nwhen = d == 1\n[derived d]\nexpression = 1\n", 5,
          "derived, not in the packet" },
        { "[calibrator c]\npolynomial = 1\nwhen = avg(a over 5s) == 1\n", 5,
          "windows need history" },
        { "[parameter y]\ncalibrator = c\n[calibrator c]\npolynomial = 1\nwhen = a == 1\n", 4,
          "name one without behind it" },
        { "[parameter y]\ncalibrator = c d\n[calibrator c]\npolynomial = 1\n[calibrator d]\n"
          "polynomial = 2\n",
          4, "those behind it are never used" },
        { "[parameter y]\ncalibrator = c d\n[calibrator c]\npolynomial = 1\nwhen = a == 1\n"
          "[calibrator d]\npolynomial = 2\n[parameter z]\npresent_when = y > 3\n",
          11, "not chosen before the packet is read" },
        { "[enumeration e]\n", 3, "no NUMBER = LABEL" },
        { "[enumeration e]\none = ONE\n", 4, "NUMBER = LABEL" },
        { "[enumeration e]\n5..3 = X\n", 4, "NUMBER = LABEL" },
        { "[enumeration e]\n1 =\n", 4, "1 to 128" },
        { "[enumeration e]\n0..5 = X\n3 = Y\n", 3, "overlap at 3" },
        { "[context c]\n", 3, "'when' is missing" },
        { "[context c]\nwhen = a > 1\nz = lo 1\n", 5, "there is no parameter 'z'" },
        { "[context c]\nwhen = a > 1\na = low 1\n", 5, "one of lolo, lo, hi, hihi" },
        { "[context c]\nwhen = a > 1\na = lo\n", 5, "a number is missing" },
        { "[context c]\nwhen = a > 1\na = lo 5 hi 4\n", 5, "lolo < lo < hi < hihi" },
        { "[context c]\nwhen = a > 1\na = lo 5 lo 4\n", 5, "given twice" },
        { "[context c]\nwhen = a >\n", 4, "value is missing" },
        { "[condition c]\n", 3, "'when' is missing" },
        { "[condition c]\nwhen = 1 < a < 3\n", 4, "do not chain" },
        { "[condition c]\nwhen = a\nunknown = guess\n", 5, "one of hold, raise, clear" },
        { "[condition c]\nwhen = a\nhi = 3\n", 5, "unknown key" },
        { "[parameter r]\ncount = rest\ncount_max = 9\n[parameter s]\n", 6, "takes the rest" },
        { "[parameter big]\nbits = 64\ncount = 200000\n", 0, "more than 1048576 bytes" },
    };

    (void)state;
    assert_wrong("[subsystem]\n[parameter a]\n", cases, WF_COUNT_OF(cases));
}

static void everything_wrong_is_told_at_once(void **state)
{
    static const char text[] = "[subsystem]\nperiod = x\n[parameter a]\nbits = 99\nhi = y\n";
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;

    (void)state;
    assert_int_equal(wf_schema_parse("x", text, strlen(text), &schema, &problems, NULL),
                     WF_ERR_INVALID);
    assert_int_equal(problems.count, 3);
    assert_int_equal(problems.list[0].line, 2);
    assert_int_equal(problems.list[1].line, 4);
    assert_int_equal(problems.list[2].line, 5);
    wf_problems_fini(&problems);
    /* Nobody has to listen. */
    assert_int_equal(wf_schema_parse("x", text, strlen(text), &schema, NULL, NULL), WF_ERR_INVALID);
}

static void the_name_must_be_the_files(void **state)
{
    static const char text[] = "[subsystem]\nname = thermal\n[parameter a]\n";
    char folder[] = "/tmp/wf-schema-XXXXXX";
    char path[64];
    struct wf_strbuf buf = WF_STRBUF_FIXED(path);
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_err err = { 0 };
    FILE *file;

    (void)state;
    assert_non_null(mkdtemp(folder));
    wf_strbuf_addf(&buf, "%s/power.ini", folder);
    file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(wf_schema_load(path, &schema, &problems, &err), WF_ERR_INVALID);
    assert_non_null(strstr(problems.list[0].text, "must equal the file's name"));
    (void)unlink(path);
    (void)rmdir(folder);
    wf_problems_fini(&problems);
    assert_int_equal(wf_schema_load(path, &schema, NULL, &err), WF_ERR_ABSENT);
    assert_int_equal(wf_schema_parse("any", text, strlen(text), &schema, NULL, NULL), 0);
    assert_string_equal(schema->name, "thermal");
    wf_schema_free(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wrong_sections_are_told),
        cmocka_unit_test(wrong_subsystem_keys_are_told),
        cmocka_unit_test(wrong_parameter_keys_are_told),
        cmocka_unit_test(wrong_shared_sections_are_told),
        cmocka_unit_test(everything_wrong_is_told_at_once),
        cmocka_unit_test(the_name_must_be_the_files),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
