/* SPDX-License-Identifier: MIT */
/*
 * Random schemas survive their canonical text in every field, and damaged text
 * never does more than be refused. Seeded: a failure names the seed that shows it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/schema_text.h"

#define SCHEMAS 150
#define DAMAGES 400

/* xorshift64*: the same everywhere. */
static uint64_t seed;

static uint64_t next(void)
{
    seed ^= seed >> 12;
    seed ^= seed << 25;
    seed ^= seed >> 27;
    return seed * UINT64_C(0x2545f4914f6cdd1d);
}

static unsigned below(unsigned count)
{
    return (unsigned)((next() >> 33) % count);
}

static bool chance(unsigned percent)
{
    return below(100) < percent;
}

/* Prose with everything that an INI file gives a meaning, wrapped now and then. */
static void add_prose(struct wf_strbuf *out, const char *key)
{
    static const char *const words[] = { "shed", ";load", "#B",          "[then]",
                                         "a=b",  "c:d",   "\"q",         "\xc3\xa9t\xc3\xa9",
                                         "100%", "%s",    "back\\slash", "x" };
    unsigned count = below(40) + 1;

    wf_strbuf_addf(out, "%s = start", key);
    for (unsigned i = 0; i < count; i++) {
        wf_strbuf_add(out, chance(20) ? "\n   " : chance(10) ? "   " : " ");
        wf_strbuf_add(out, words[below(WF_COUNT_OF(words))]);
    }
    wf_strbuf_add_char(out, '\n');
}

static void maybe_prose(struct wf_strbuf *out, const char *key)
{
    if (chance(30))
        add_prose(out, key);
}

static void add_number(struct wf_strbuf *out, const char *key, double value)
{
    wf_strbuf_addf(out, "%s = ", key);
    wf_strbuf_add_double(out, value);
    wf_strbuf_add_char(out, '\n');
}

static double any_double(void)
{
    double fraction = (double)(int64_t)next() / 9.3e18;

    return chance(50) ? fraction * 1000 : fraction * (chance(50) ? 1e-12 : 1e15);
}

static void add_calibration(struct wf_strbuf *out)
{
    if (chance(60)) {
        wf_strbuf_add(out, "polynomial =");
        for (unsigned i = below(6) + 1; i > 0; i--) {
            wf_strbuf_add_char(out, ' ');
            wf_strbuf_add_double(out, any_double());
        }
    } else {
        double x = any_double();

        wf_strbuf_add(out, "table =");
        for (unsigned i = below(60) + 4; i > 0; i--) {
            wf_strbuf_add(out, i % 3 == 0 ? "\n  " : " ");
            wf_strbuf_add_double(out, x);
            wf_strbuf_add_char(out, ':');
            wf_strbuf_add_double(out, any_double());
            x = x + 1 + (x < 0 ? -x : x) * 0.1;
        }
    }
    wf_strbuf_add_char(out, '\n');
}

static void add_alarm_keys(struct wf_strbuf *out, bool is_number)
{
    static const char *const times[] = {
        "1 of 1", "3 of 5", "250ms", "10m", "1000 of 1000", "90s"
    };

    if (is_number) {
        double lowest = any_double(), step = 1 + (lowest < 0 ? -lowest : lowest);

        if (chance(40))
            add_number(out, "lolo", lowest);
        if (chance(40))
            add_number(out, "lo", lowest + step);
        if (chance(40))
            add_number(out, "hi", lowest + 2 * step);
        if (chance(40))
            add_number(out, "hihi", lowest + 3 * step);
        if (chance(30))
            wf_strbuf_addf(out, "severity = lo:%u hihi:%u\n", below(6), below(6));
        if (chance(30))
            wf_strbuf_addf(out, "hysteresis = %u.5%s\n", below(50), chance(50) ? "%" : "");
        if (chance(30))
            wf_strbuf_addf(out, "rate = %s .. %u\nrate_window = %us\nrate_samples = %u\n",
                           chance(50) ? "*" : "-3.5", below(99), below(99) + 1, below(99) + 2);
        if (chance(20))
            wf_strbuf_addf(out, "valid = -1.5 .. %s\n", chance(50) ? "*" : "99");
        if (chance(20))
            wf_strbuf_addf(out, "exclusive = yes\nrate_severity = %u\n", below(6));
    }
    if (chance(30))
        wf_strbuf_addf(out, "raise = %s\nclear = %s\n", times[below(6)], times[below(6)]);
    if (chance(20))
        wf_strbuf_addf(out, "latch = yes\nstale_severity = %u\ninvalid_severity = %u\n", below(6),
                       below(6));
    if (chance(20))
        wf_strbuf_add(out, "enabled_when = p0 > 3 and other.sub.x ==   \"A  B\"\n");
    if (chance(20))
        wf_strbuf_addf(out, "suppressed_by = sat1.comms.link_down%s\n",
                       chance(50) ? "  rule" : "");
}

static void add_number_parameter(struct wf_strbuf *out, unsigned index)
{
    static const char *const encodings[] = { "plain", "sign-magnitude", "ones-complement" };
    bool is_float = chance(20), is_int = !is_float && chance(30), is_bool = chance(10);
    unsigned bits = is_float ? 32 * (below(2) + 1) : below(64) + 1;

    if (is_bool) {
        wf_strbuf_add(out, "type = bool\n");
    } else {
        wf_strbuf_addf(out, "type = %s\nbits = %u\n",
                       is_float ? "float"
                       : is_int ? "int"
                                : "uint",
                       bits);
        if (is_int)
            wf_strbuf_addf(out, "encoding = %s\n", encodings[below(3)]);
        if (bits % 8 == 0 && chance(40))
            wf_strbuf_addf(out, "byte_order = %s\n", chance(50) ? "little" : "big");
    }
    if (!is_bool && !is_float && chance(20))
        wf_strbuf_addf(out, "enumeration = e%u\nstates = L1: %u, 0: %u\n", below(2), below(6),
                       below(6));
    else if (!is_bool && chance(30))
        add_calibration(out);
    else if (!is_bool && chance(20))
        wf_strbuf_addf(out, "calibrator = %sc1\n", chance(40) ? "c2 c3 " : "");
    if (index > 0 && chance(15))
        wf_strbuf_addf(out, "count = %s\ncount_max = %u\n", chance(50) ? "p0" : "p0 + 2",
                       below(9) + 1);
    else if (chance(10))
        wf_strbuf_addf(out, "count = %u\n", below(9) + 1);
    add_alarm_keys(out, !is_bool);
}

static void add_parameter(struct wf_strbuf *out, unsigned index)
{
    static const char *const sizes[] = { "p0",        "p0+3",      "p0 - 2",         "prefix 8",
                                         "prefix 16", "prefix 32", "terminated 0x0a" };

    wf_strbuf_addf(out, "[parameter p%u]\n", index);
    if (index == 0) {
        wf_strbuf_add(out, "bits = 8\n");
        return;
    }
    if (chance(10))
        wf_strbuf_addf(out, "type = %s\nsize = %u\n", chance(50) ? "string" : "bytes",
                       below(90) + 1);
    else if (chance(10))
        wf_strbuf_addf(out, "type = %s\nsize = %s\nsize_max = %u\n",
                       chance(50) ? "string" : "bytes", sizes[below(7)], below(90) + 1);
    else if (chance(10))
        wf_strbuf_addf(out, "type = time\ntime = %s\nepoch = %s\n",
                       chance(50) ? "cuc 4.3" : "cds 16.32",
                       chance(50) ? "gps" : "2004-05-06T07:08:09.123456789 tai");
    else
        add_number_parameter(out, index);
    if (chance(20))
        wf_strbuf_addf(out, "at = %u.%u\n", below(1000), below(8));
    else if (chance(10))
        wf_strbuf_addf(out, "at = end-%u.%u\n", 1000 + below(1000), below(8));
    else if (chance(20))
        wf_strbuf_addf(out, "skip = %u\n", below(100));
    if (chance(10))
        wf_strbuf_add(out, "present_when = p0 != 3\n");
    maybe_prose(out, "title");
    maybe_prose(out, "description");
    maybe_prose(out, "guidance");
    maybe_prose(out, "group");
    maybe_prose(out, "unit");
    if (chance(10))
        wf_strbuf_addf(out, "alias = SYS.P-%u (old)\n", index);
}

static void add_subsystem(struct wf_strbuf *out)
{
    static const char *const times[] = {
        "none", "cuc",      "cuc 4.2",   "cuc 7.10",
        "cds",  "cds 16.0", "cds 24.16", "fields p0:1s p0:1/65536s"
    };
    static const char *const epochs[] = {
        "tai", "unix", "gps", "j2000", "ccsds", "2010-01-01 utc"
    };

    wf_strbuf_add(out, "[subsystem]\nname = random\n");
    maybe_prose(out, "title");
    maybe_prose(out, "description");
    if (chance(50))
        wf_strbuf_addf(out, "apid = %u %u\n", below(1000), 1000 + below(1000));
    if (chance(70))
        wf_strbuf_addf(out, "time = %s\n", times[below(8)]);
    if (chance(40))
        wf_strbuf_addf(out, "epoch = %s\n", epochs[below(6)]);
    if (chance(50))
        wf_strbuf_addf(out, "period = %ums\n", below(100000) + 1);
    if (chance(30))
        wf_strbuf_addf(out, "stale_after = %s\n", chance(50) ? "never" : "7s");
    if (chance(20))
        wf_strbuf_add(out, "sequence = none\n");
    else if (chance(30))
        wf_strbuf_addf(out, "byte_order = little\nsegmented = yes\nring = %u\npacket_max = 2000\n",
                       below(5000));
}

static void add_others(struct wf_strbuf *out, unsigned parameters)
{
    for (unsigned i = 0; i < below(4); i++)
        wf_strbuf_addf(out,
                       "[derived d%u]\nexpression = p0 * %u + 1\n    - if(p0 > 1, 2, 3)\n"
                       "type = %s\n",
                       i, i, chance(50) ? "float" : "int");
    wf_strbuf_add(out, "[calibrator c1]\n");
    add_calibration(out);
    for (unsigned i = 2; i < 4; i++) {
        wf_strbuf_addf(out, "[calibrator c%u]\nwhen = p0 == %u\n", i, i);
        add_calibration(out);
    }
    wf_strbuf_add(out, "[enumeration e0]\n0 = OFF\n1 = L1\n-9..-3 = Below zero; #odd\n");
    wf_strbuf_add(out, "[enumeration e1]\n1 = L1\n0x10 = 0x11\n17 = [brackets]\n");
    for (unsigned i = 0; i < below(3); i++) {
        wf_strbuf_addf(out, "[context k%u]\nwhen = p0 > %u or valid(p0)\n", i, i);
        if (parameters > 1 && chance(70))
            wf_strbuf_addf(out, "p0 = lo %u hi %u.25\n", i, 10 + i);
        else
            wf_strbuf_add(out, "p0 = none\n");
    }
    for (unsigned i = 0; i < below(3); i++) {
        wf_strbuf_addf(out, "[condition r%u]\nwhen = avg(p0 over 10s) > %u\nseverity = %u\n", i, i,
                       below(6));
        maybe_prose(out, "title");
        maybe_prose(out, "guidance");
        if (chance(50))
            wf_strbuf_addf(out, "unknown = %s\nlatch = yes\nraise = 60s\n",
                           chance(50) ? "raise" : "clear");
    }
}

static void add_schema(struct wf_strbuf *out)
{
    unsigned parameters = below(12) + 1;

    add_subsystem(out);
    for (unsigned i = 0; i < parameters; i++)
        add_parameter(out, i);
    add_others(out, parameters);
}

static void random_schemas_survive_writing(void **state)
{
    (void)state;
    for (unsigned i = 1; i <= SCHEMAS; i++) {
        struct wf_strbuf text;
        struct wf_problems problems = { 0 };
        struct wf_schema *schema = NULL;

        seed = UINT64_C(0x9e3779b97f4a7c15) * i;
        wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
        add_schema(&text);
        if (wf_schema_parse("r", text.text, text.len, &schema, &problems, NULL) < 0) {
            wf_problems_print(&problems);
            fail_msg("schema %u:\n%s", i, text.text);
        }
        assert_survives_writing(schema);
        wf_schema_free(&schema);
        wf_strbuf_fini(&text);
    }
}

/* One place of the text changed, cut or doubled: refused or read, never worse. */
static void damage(char *text, size_t len)
{
    size_t at = (size_t)(next() % len);

    switch (below(4)) {
    case 0:
        text[at] = (char)next();
        break;
    case 1:
        text[at] = "=[]\n;:\"0 -.%"[below(12)];
        break;
    case 2:
        memset(text + at, text[at], len - at < 30 ? len - at : 30);
        break;
    default: {
        size_t from = (size_t)(next() % len), count = len - (at > from ? at : from);

        memmove(text + at, text + from, count < 200 ? count : 200);
        break;
    }
    }
}

static void damaged_text_is_refused_or_read(void **state)
{
    unsigned refused = 0;

    (void)state;
    for (unsigned i = 1; i <= DAMAGES; i++) {
        struct wf_strbuf text;
        struct wf_problems problems = { 0 };
        struct wf_schema *schema = NULL;
        int rc;

        seed = UINT64_C(0xd1342543de82ef95) * i;
        wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
        add_schema(&text);
        for (unsigned n = below(3) + 1; n > 0; n--)
            damage(text.text, text.len);
        rc = wf_schema_parse("r", text.text, text.len, &schema, &problems, NULL);
        if (rc == 0) {
            assert_survives_writing(schema);
        } else {
            refused++;
            assert_true(problems.count > 0);
        }
        wf_schema_free(&schema);
        wf_problems_fini(&problems);
        wf_strbuf_fini(&text);
    }
    assert_in_range(refused, DAMAGES / 10, DAMAGES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_schemas_survive_writing),
        cmocka_unit_test(damaged_text_is_refused_or_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
