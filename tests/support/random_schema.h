/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_RANDOM_SCHEMA_H
#define SUPPORT_RANDOM_SCHEMA_H

/* Random schemas with everything that the language has, as text. Set `seed` before each. */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/attributes.h>
#include <watchfloor/schema.h>
#include <watchfloor/strbuf.h>

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

/* A condition over p0 and, where `is_deep`, in any shape. */
static void add_condition(struct wf_strbuf *out, bool is_deep)
{
    static const char *const relations[] = { "==", "!=", "<", "<=", ">", ">=" };

    if (is_deep && chance(30)) {
        wf_strbuf_add(out, chance(30) ? "not (" : "(");
        add_condition(out, true);
        wf_strbuf_add(out, chance(50) ? "\n  and " : "\n  or ");
        add_condition(out, true);
        wf_strbuf_add(out, ")");
        return;
    }
    if (is_deep && chance(10))
        wf_strbuf_addf(out, "%u %s p0", below(256), relations[below(6)]);
    else if (is_deep && chance(10))
        wf_strbuf_add(out, "p0 + 1 > 3 and valid(p0)");
    else
        wf_strbuf_addf(out, chance(10) ? "p0 %s -%u" : "p0 %s %u", relations[below(6)], below(256));
}

static void add_expression(struct wf_strbuf *out, unsigned depth)
{
    static const char *const signs[] = { "+", "-", "*", "/", "%", "&", "|", "^", "<<", ">" };
    static const char *const functions[] = { "abs", "sqrt", "exp",   "log", "log10",
                                             "sin", "atan", "floor", "-",   "not " };

    if (depth == 0 || chance(20)) {
        if (chance(60))
            wf_strbuf_add(out, "p0");
        else
            wf_strbuf_addf(out, chance(50) ? "%u" : "-%u.25", below(100));
    } else if (chance(20)) {
        wf_strbuf_addf(out, chance(50) ? "min(" : "pow(");
        add_expression(out, depth - 1);
        wf_strbuf_add(out, ",\n   ");
        add_expression(out, depth - 1);
        wf_strbuf_add(out, ")");
    } else if (chance(20)) {
        wf_strbuf_addf(out, "(%s(", functions[below(10)]);
        add_expression(out, depth - 1);
        wf_strbuf_add(out, "))");
    } else {
        wf_strbuf_add(out, "(");
        add_expression(out, depth - 1);
        wf_strbuf_addf(out, depth > 1 ? "\n  %s " : " %s ", signs[below(10)]);
        add_expression(out, depth - 1);
        wf_strbuf_add(out, ")");
    }
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
        wf_strbuf_add(out, chance(20) || i % 12 == 11 ? "\n   " : chance(10) ? "   " : " ");
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
        wf_strbuf_addf(out, "suppressed_by = sat1.comms.link_down%s\n", chance(50) ? "  rule" : "");
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
    if (chance(15)) {
        wf_strbuf_add(out, "present_when = ");
        add_condition(out, true);
        wf_strbuf_add(out, "\n");
    }
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

    unsigned time = chance(70) ? below(8) : 0;
    bool is_moved = time == 1 || time == 4; /* parameters, by a code that tells its own length */

    wf_strbuf_add(out, "[subsystem]\nname = random\n");
    maybe_prose(out, "title");
    maybe_prose(out, "description");
    if (chance(50))
        wf_strbuf_addf(out, "apid = %u %u\n", below(1000), 1000 + below(1000));
    if (time > 0)
        wf_strbuf_addf(out, "time = %s\n", times[time]);
    if (!is_moved && chance(30)) {
        wf_strbuf_add(out, "match = ");
        add_condition(out, true);
        wf_strbuf_add(out, "\n");
    }
    if (chance(40))
        wf_strbuf_addf(out, "epoch = %s\n", epochs[below(6)]);
    if (chance(50))
        wf_strbuf_addf(out, "period = %ums\n", below(100000) + 1);
    if (chance(30))
        wf_strbuf_addf(out, "stale_after = %s\n", chance(50) ? "never" : "7s");
    if (chance(20))
        wf_strbuf_add(out, "recorded = no\n");
    if (chance(20))
        wf_strbuf_add(out, "sequence = none\n");
    else if (chance(30))
        wf_strbuf_addf(out, "byte_order = little\nsegmented = yes\nring = %u\npacket_max = 2000\n",
                       below(5000));
}

static void add_others(struct wf_strbuf *out, unsigned parameters)
{
    for (unsigned i = 0; i < below(4); i++) {
        wf_strbuf_addf(out, "[derived d%u]\ntype = %s\nexpression = ", i,
                       chance(50) ? "float" : "int");
        if (chance(20))
            wf_strbuf_addf(out, "p0 * %u + 1\n    - if(p0 > 1, 2, 3)\n", i);
        else
            add_expression(out, 4);
        wf_strbuf_add(out, "\n");
        add_alarm_keys(out, true);
    }
    wf_strbuf_add(out, "[calibrator c1]\n");
    add_calibration(out);
    for (unsigned i = 2; i < 4; i++) {
        wf_strbuf_addf(out, "[calibrator c%u]\nwhen = ", i);
        add_condition(out, true);
        wf_strbuf_add(out, "\n");
        add_calibration(out);
    }
    wf_strbuf_add(out, "[enumeration e0]\n0 = OFF\n1 = L1\n-9..-3 = Below zero; #odd\n");
    wf_strbuf_add(out, "[enumeration e1]\n1 = L1\n0x10 = 0x11\n17 = [brackets]\n");
    for (unsigned i = 0; i < below(3); i++) {
        wf_strbuf_addf(out, "[context k%u]\nwhen = ", i);
        add_condition(out, true);
        wf_strbuf_add(out, chance(20) ? " or valid(p0)\n" : "\n");
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

#endif /* SUPPORT_RANDOM_SCHEMA_H */
