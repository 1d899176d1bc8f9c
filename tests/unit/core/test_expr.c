/* SPDX-License-Identifier: MIT */
/* Expressions: what they mean, exactly, and what is said about those that mean nothing. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/expr.h>
#include <watchfloor/strbuf.h>

/* Names of the tests' own world: t, f, u are true, false and unknown. */
static struct wf_enumeration_entry mode_entries[] = {
    { 0, 0, (char *)(uintptr_t) "OFF" },
    { 1, 1, (char *)(uintptr_t) "SAFE" },
    { 2, 4, (char *)(uintptr_t) "SAFE MODE" },
    { 7, 7, (char *)(uintptr_t) "OFF" },
};
static const struct wf_enumeration modes = { "modes", mode_entries, 4 };

static const struct {
    const char *name;
    struct wf_value value;
    const struct wf_enumeration *enumeration;
} world[] = {
    { "t", { .kind = WF_VALUE_BOOL, .as.u64 = 1 }, NULL },
    { "f", { .kind = WF_VALUE_BOOL, .as.u64 = 0 }, NULL },
    { "u", { .kind = WF_VALUE_U64, .quality = WF_QUALITY_INVALID }, NULL },
    { "max", { .kind = WF_VALUE_U64, .as.u64 = UINT64_MAX }, NULL },
    { "low", { .kind = WF_VALUE_I64, .as.i64 = INT64_MIN }, NULL },
    { "three", { .kind = WF_VALUE_U64, .as.u64 = 3 }, NULL },
    { "minus", { .kind = WF_VALUE_I64, .as.i64 = -5 }, NULL },
    { "half", { .kind = WF_VALUE_F64, .as.f64 = 0.5 }, NULL },
    { "nan", { .kind = WF_VALUE_F64, .as.f64 = (double)NAN }, NULL },
    { "stale", { .kind = WF_VALUE_U64, .quality = WF_QUALITY_STALE, .as.u64 = 9 }, NULL },
    { "late", { .kind = WF_VALUE_U64, .quality = WF_QUALITY_LATE, .as.u64 = 9 }, NULL },
    { "mode", { .kind = WF_VALUE_U64, .as.u64 = 3 }, &modes },
    { "name", { .kind = WF_VALUE_TEXT, .len = 3, .as.text = "abcdef" }, NULL },
    { "SAFE", { .kind = WF_VALUE_U64, .as.u64 = 99 }, NULL },
    { "a.b.c", { .kind = WF_VALUE_U64, .as.u64 = 77 }, NULL },
    { "list", { .kind = WF_VALUE_U64, .as.u64 = 100 }, NULL },
    { "cells", { .kind = WF_VALUE_U64, .as.u64 = 100 }, NULL }, /* three of at most five */
    { "s1.sub.v", { .kind = WF_VALUE_U64, .as.u64 = 10 }, NULL },
    { "s2.sub.v", { .kind = WF_VALUE_U64, .as.u64 = 20 }, NULL },
    { "s3.sub.v", { .kind = WF_VALUE_U64, .quality = WF_QUALITY_STALE }, NULL },
    { "s1.sub.w", { .kind = WF_VALUE_U64, .as.u64 = 1 }, NULL },
    { "s2.sub.w", { .kind = WF_VALUE_U64, .as.u64 = 2 }, NULL },
};

static int resolve(void *context, const char *name, int *out_id,
                   const struct wf_enumeration **out_enumeration)
{
    (void)context;
    for (size_t i = 0; i < WF_COUNT_OF(world); i++) {
        if (strcmp(world[i].name, name) == 0) {
            *out_id = (int)i;
            *out_enumeration = world[i].enumeration;
            return 0;
        }
    }
    return WF_ERR_ABSENT;
}

/* An element adds its index; ids from 1000 on are windows. */
static void get(void *context, int id, size_t element, struct wf_value *out)
{
    (void)context;
    if (id >= 1000) {
        *out = (struct wf_value){ .kind = WF_VALUE_U64, .as.u64 = (uint64_t)id };
        return;
    }
    *out = world[id].value;
    out->as.u64 += element;
    if (strcmp(world[id].name, "cells") == 0 && element >= 3)
        *out = (struct wf_value){ .quality = WF_QUALITY_ABSENT };
}

static uint32_t elements(void *context, int id)
{
    (void)context;
    return id < 1000 && strcmp(world[id].name, "cells") == 0 ? 5 : 1;
}

static enum wf_value_kind kind_of(void *context, int id)
{
    (void)context;
    return world[id].value.kind == WF_VALUE_TEXT ? WF_VALUE_TEXT : WF_VALUE_F64;
}

/* s1, s2 and s3, as far as they have what is behind the first dot. */
static int source(void *context, const char *name, size_t index, char *out)
{
    const char *rest = strchr(name, '.');

    (void)context;
    for (char number = '1'; number <= '3'; number++) {
        char full[32];
        int id;
        const struct wf_enumeration *none;

        (void)snprintf(full, sizeof(full), "s%c%s", number, rest);
        if (resolve(NULL, full, &id, &none) < 0 || (name[0] == 's' && name[1] != number) ||
            index-- > 0)
            continue;
        (void)snprintf(out, WF_NAME_SIZE, "s%c", number);
        return 0;
    }
    return WF_ERR_ABSENT;
}

static int window(void *context, enum wf_expr_window kind, const char *name, uint32_t samples,
                  int64_t time_ns, int *out_id)
{
    (void)context;
    if (strcmp(name, "three") != 0)
        return WF_ERR_ABSENT;
    *out_id = 1000 + 100 * (int)kind + (int)samples + (int)(time_ns / 1000000000);
    return 0;
}

static const struct wf_expr_scope scope = { .resolve = resolve };
static const struct wf_expr_scope history = { .resolve = resolve, .window = window };
static const struct wf_expr_scope wide = {
    .resolve = resolve, .window = window, .elements = elements, .source = source, .kind = kind_of
};
static const struct wf_expr_values values = { .get = get };

/* The result as text: "true", "UNKNOWN", "42", "-5", "0.5". */
static const char *result_of(const char *text, const struct wf_expr_scope *with)
{
    static char out[100];
    struct wf_strbuf buf = WF_STRBUF_FIXED(out);
    struct wf_err err = { 0 };
    struct wf_expr *expr = NULL;
    struct wf_value value;

    if (wf_expr_compile(text, with, &expr, &err) < 0) {
        wf_strbuf_addf(&buf, "error: %s", err.text);
        return out;
    }
    wf_expr_value(expr, &values, &value);
    switch (value.kind) {
    case WF_VALUE_U64:
        wf_strbuf_addf(&buf, "%llu", (unsigned long long)value.as.u64);
        break;
    case WF_VALUE_I64:
        wf_strbuf_addf(&buf, "%lld", (long long)value.as.i64);
        break;
    case WF_VALUE_F64:
        wf_strbuf_addf(&buf, "%.17g", value.as.f64);
        break;
    case WF_VALUE_BOOL:
        wf_strbuf_add(&buf, value.as.u64 != 0 ? "true" : "false");
        break;
    default:
        assert_int_equal(value.quality, WF_QUALITY_INVALID);
        wf_strbuf_add(&buf, "UNKNOWN");
        break;
    }
    wf_expr_free(&expr);
    assert_null(expr);
    return out;
}

struct one {
    const char *text, *want;
};

static void assert_results(const struct one *cases, size_t count, const struct wf_expr_scope *with)
{
    for (size_t i = 0; i < count; i++) {
        const char *got = result_of(cases[i].text, with);

        if (strcmp(got, cases[i].want) != 0)
            fail_msg("%s gave %s, not %s", cases[i].text, got, cases[i].want);
    }
}

/* Kleene: rows and columns are false, true, unknown. */
static void logic_has_three_values(void **state)
{
    static const char *const operands[] = { "f", "t", "u" };
    static const char *const words[] = { "false", "true", "UNKNOWN" };
    static const int and_table[3][3] = { { 0, 0, 0 }, { 0, 1, 2 }, { 0, 2, 2 } };
    static const int or_table[3][3] = { { 0, 1, 2 }, { 1, 1, 1 }, { 2, 1, 2 } };
    static const int not_table[3] = { 1, 0, 2 };
    char text[40];

    (void)state;
    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
            (void)snprintf(text, sizeof(text), "%s and %s", operands[a], operands[b]);
            assert_string_equal(result_of(text, &scope), words[and_table[a][b]]);
            (void)snprintf(text, sizeof(text), "%s or %s", operands[a], operands[b]);
            assert_string_equal(result_of(text, &scope), words[or_table[a][b]]);
            (void)snprintf(text, sizeof(text), "not (%s) == %s", operands[a], operands[b]);
            assert_string_equal(result_of(text, &scope),
                                a == 2 || b == 2 ? "UNKNOWN" : words[a != b]);
        }
        (void)snprintf(text, sizeof(text), "not %s", operands[a]);
        assert_string_equal(result_of(text, &scope), words[not_table[a]]);
    }
}

static void whole_numbers_are_exact(void **state)
{
    static const struct one cases[] = {
        { "max", "18446744073709551615" },
        { "max - 1", "18446744073709551614" },
        { "max == 18446744073709551615", "true" },
        { "max == 18446744073709551614", "false" },
        { "max > 18446744073709551615.0", "false" },
        { "9007199254740993 == 9007199254740992.0", "false" },
        { "9007199254740993 > 9007199254740992.0", "true" },
        { "low", "-9223372036854775808" },
        { "-low", "9223372036854775808" },
        { "low + max", "9223372036854775807" },
        { "low < -9223372036854775807", "true" },
        { "low - 1", "-9.2233720368547758e+18" },
        { "max + 1", "1.8446744073709552e+19" },
        { "max * 2", "3.6893488147419103e+19" },
        { "9223372036854775807 * 2", "18446744073709551614" },
        { "minus * three", "-15" },
        { "minus - three", "-8" },
        { "three - 8", "-5" },
        { "max / 5", "3689348814741910323" },
        { "7 / 2", "3.5" },
        { "-6 / 3", "-2" },
        { "7 % 3", "1" },
        { "-7 % 3", "-1" },
        { "7.5 % 2", "1.5" },
        { "max % 10", "5" },
        { "abs(low)", "9223372036854775808" },
        { "min(max, low, half)", "-9223372036854775808" },
        { "max(max, 1e3)", "18446744073709551615" },
        { "floor(max)", "18446744073709551615" },
        { "0xffffffffffffffff == max", "true" },
        { "0b1010 + 0x0a", "20" },
        { "1 / 0", "UNKNOWN" },
        { "1.0 / 0", "UNKNOWN" },
        { "5 % 0", "UNKNOWN" },
        { "t + t", "2" },
        { "minus < 0", "true" },
        { "-1 < 18446744073709551615", "true" },
        { "half < 1", "true" },
        { "-0.5 < 0", "true" },
        { "1 > half", "true" },
        { "1e300 > max", "true" },
        { "-1e300 < low", "true" },
    };

    (void)state;
    assert_results(cases, WF_COUNT_OF(cases), &scope);
}

static void operators_bind_as_people_read_them(void **state)
{
    static const struct one cases[] = {
        { "1 + 2 * 3", "7" },
        { "(1 + 2) * 3", "9" },
        { "10 - 4 - 3", "3" },
        { "-2 * -3", "6" },
        { "2 + 3 == 5 and not 1 > 2", "true" },
        { "f and f or t", "true" },
        { "t or u and f", "true" },
        { "6 & 3 == 2", "true" },
        { "1 | 4 ^ 6 & 12", "1" },
        { "1 << 2 + 1", "8" },
        { "256 >> 4", "16" },
        { "1 << 64", "UNKNOWN" },
        { "minus & 0xff", "251" },
        { "minus | 1", "-5" },
        { "minus >> 1", "UNKNOWN" },
        { "half & 1", "UNKNOWN" },
        { "not not t", "true" },
        { "true == 1", "true" },
    };

    (void)state;
    assert_results(cases, WF_COUNT_OF(cases), &scope);
}

static void functions_compute(void **state)
{
    static const struct one cases[] = {
        { "sqrt(16)", "4" },
        { "sqrt(-1)", "UNKNOWN" },
        { "log(0)", "UNKNOWN" },
        { "exp(0)", "1" },
        { "exp(1000)", "UNKNOWN" },
        { "log10(1000)", "3" },
        { "pow(2, 10)", "1024" },
        { "atan2(0, 1)", "0" },
        { "asin(2)", "UNKNOWN" },
        { "floor(-0.5)", "-1" },
        { "ceil(0.5)", "1" },
        { "round(2.5)", "3" },
        { "abs(-half)", "0.5" },
        { "sin(u)", "UNKNOWN" },
        { "if(t, 1, u)", "1" },
        { "if(f, 1, u)", "UNKNOWN" },
        { "if(u, 1, 1)", "UNKNOWN" },
        { "valid(u)", "false" },
        { "valid(half)", "true" },
        { "valid(nan)", "false" },
        { "valid(name)", "true" },
        { "valid(1 / 0)", "false" },
        { "bits(0xabcd, 4, 8)", "188" },
        { "bits(max, 0, 64)", "18446744073709551615" },
        { "bits(minus, 63, 1)", "1" },
        { "bits(5, 60, 8)", "UNKNOWN" },
        { "bits(half, 0, 1)", "UNKNOWN" },
        { "min(3, u)", "UNKNOWN" },
    };

    (void)state;
    assert_results(cases, WF_COUNT_OF(cases), &scope);
}

static void names_elements_and_labels_resolve(void **state)
{
    static const struct one cases[] = {
        { "three", "3" },
        { "a.b.c + 1", "78" },
        { "list[5]", "105" },
        { "stale", "UNKNOWN" },
        { "late", "9" },
        { "nan > 1", "UNKNOWN" },
        { "mode == \"SAFE MODE\"", "true" },
        { "mode == SAFE", "false" }, /* the label, not the parameter of that name */
        { "mode != SAFE", "true" },
        { "SAFE == 99", "true" },
        { "OFF == mode", "false" },
        { "mode > OFF", "true" },
        { "OFF < mode", "true" },
        { "mode == off", "false" },
        { "mode != \"safe mode\"", "false" },
        { "mode == 3", "true" },
        { "name == \"abc\"", "true" },
        { "name == \"abcd\"", "false" },
        { "name < \"abd\"", "true" },
        { "name == 3", "UNKNOWN" },
        { "name + 1", "UNKNOWN" },
    };

    (void)state;
    assert_results(cases, WF_COUNT_OF(cases), &scope);
}

static void windows_are_the_hosts(void **state)
{
    static const struct one cases[] = {
        { "avg(three over 10s)", "1310" },
        { "last(three over 5 samples) + 1", "1006" },
        { "min(three over 1m)", "1160" },
        { "max(three over 1 sample)", "1201" },
        { "rate(three over 2h) > 0", "true" },
        { "count(three over 0 samples)", "error: column 17: '0' samples: expected 1 .. 1000000" },
        { "avg(three over soon)",
          "error: column 15: 'soon' is neither '20 samples' nor a time as 10s" },
        { "avg(three)", "error: column 1: 'avg' needs a window, as avg(x over 10s)" },
        { "avg(half over 10s)", "error: column 1: there is no history of 'half'" },
        { "sqrt(three over 10s)",
          "error: column 1: 'sqrt' has no window; last, min, max, avg, count, rate, rising and "
          "falling have" },
        { "rising(three over 3 samples) == 1603", "true" },
        { "falling(three over 3s) == 1703", "true" },
        { "avg(three + 1 over 10s)", "error: column 11: a window goes over one parameter's name" },
        { "avg(list[1] over 10s)", "error: column 5: a window goes over one parameter's name" },
    };
    static const struct one without[] = {
        { "avg(three over 10s)",
          "error: column 1: windows need history, which is not available here" },
    };

    (void)state;
    assert_results(cases, WF_COUNT_OF(cases), &history);
    assert_results(without, WF_COUNT_OF(without), &scope);
}

static void instances_are_elements_sources_or_conditions(void **state)
{
    static const struct one cases[] = {
        { "any(cells > 101)", "true" },
        { "any(cells > 102)", "false" },
        { "all(cells > 99)", "true" },
        { "all(cells > 100)", "false" },
        { "2 of (cells > 100)", "true" },
        { "3 of (cells > 100)", "false" },
        { "3 of (t or cells > 100)", "true" },
        { "4 of (t or cells > 100)", "false" }, /* three elements, whatever decides */
        { "any(cells[1] == 101 and cells == 100)", "true" },
        { "any(*.sub.v > 15)", "true" },
        { "any(*.sub.v > 25)", "UNKNOWN" },
        { "all(*.sub.v > 15)", "false" },
        { "all(*.sub.v > 5)", "UNKNOWN" },
        { "2 of (*.sub.v > 5)", "true" },
        { "3 of (*.sub.v > 5)", "UNKNOWN" },
        { "2 of (*.sub.v > 15)", "UNKNOWN" },
        { "any(s1*.sub.v > 5)", "true" },
        { "all(*.sub.w * 10 == *.sub.v)", "true" }, /* the same source on both sides */
        { "2 of (t, f, three == 3)", "true" },
        { "2 of (t, f, u)", "UNKNOWN" },
        { "2 of (f, f, u)", "false" },
        { "not any(cells > 102) and three == 3", "true" },
        { "any(*.sub.w == 2, f) and 3 * 2 == 6", "true" },
        { "2 * three", "6" },
        { "any(any(t))", "error: column 5: any, all and `of` do not stand inside one another" },
        { "*.sub.v > 1", "error: column 1: '*.sub.v' means several sources; put it into any(), "
                         "all() or N of ()" },
        { "any(*.sub.x > 1)", "error: column 5: no source has '*.sub.x'" },
        { "any(s1.*.v > 1)", "error: column 7: unexpected character '.'" },
        { "0 of (t)", "error: column 1: expected a whole number from 1 on" },
        { "2 of t", "error: column 6: expected '(' before 't'" },
        { "any(t", "error: column 6: ')' is missing at the end" },
        { "any()", "error: column 5: expected a value before ')'" },
        { "any(t,)", "error: column 7: expected a value before ')'" },
        { "any(*.sub.v > )", "error: column 15: expected a value before ')'" },
    };
    static const struct one alone[] = {
        { "any(cells == 100)", "true" },
        { "any(cells == 101)", "false" }, /* nobody said it was an array */
        { "any(*.sub.v > 1)", "error: column 5: other sources are not known here" },
    };

    (void)state;
    assert_results(cases, WF_COUNT_OF(cases), &wide);
    assert_results(alone, WF_COUNT_OF(alone), &scope);
}

static void text_has_no_place_among_numbers(void **state)
{
    static const struct one cases[] = {
        { "name == \"abc\"", "true" },
        { "valid(name)", "true" },
        { "name + 1", "error: column 1: 'name' is text, which can only be compared" },
        { "sqrt(name)", "error: column 6: 'name' is text, which can only be compared" },
        { "name == 3", "error: column 9: 'name' is text; it never equals this" },
        { "three == \"abc\"", "error: column 10: 'three' is a number; it never equals this" },
        { "mode == \"SAFE MODE\"", "true" },
    };

    (void)state;
    assert_results(cases, WF_COUNT_OF(cases), &wide);
}

static void what_means_nothing_is_refused_with_its_column(void **state)
{
    static const struct one cases[] = {
        { "", "error: column 1: a value is missing at the end" },
        { "1 +", "error: column 4: a value is missing at the end" },
        { "(1", "error: column 3: ')' is missing at the end" },
        { "1 2", "error: column 3: expected an operator or the end before '2'" },
        { "1 < three < 5", "error: column 11: comparisons do not chain; write 1 < x and x < 5" },
        { "t && f", "error: column 3: '&&' is written 'and' here" },
        { "t || f", "error: column 3: '||' is written 'or' here" },
        { "!t", "error: column 1: '!' is written 'not' here" },
        { "t = f", "error: column 3: '=' is written '==' here" },
        { "$x", "error: column 1: unexpected character '$'" },
        { "\"abc", "error: column 1: the closing \" is missing" },
        { "\"abc\"", "error: column 1: text can only be compared" },
        { "\"abc\" + 1", "error: column 1: text can only be compared" },
        { "nobody", "error: column 1: there is no parameter 'nobody'" },
        { "nobody == 1", "error: column 1: there is no parameter 'nobody'" },
        { "three == nobody", "error: column 10: there is no parameter 'nobody'" },
        { "no.body", "error: column 1: there is no parameter 'no.body'" },
        { "nobody[1]", "error: column 1: there is no parameter 'nobody'" },
        { "list[x]", "error: column 6: an element is a whole number, as x[2]" },
        { "mode == SAVE", "error: column 9: 'SAVE' is no label of modes; did you mean 'SAFE'?" },
        { "mode + OFF", "error: column 8: there is no parameter 'OFF'" },
        { "nofunc(1)", "error: column 1: there is no function 'nofunc'" },
        { "sqrt(1, 2)", "error: column 1: sqrt takes 1 argument, not 2" },
        { "if(t, 1)", "error: column 1: if takes 3 arguments, not 2" },
        { "1x", "error: column 1: '1x' is not a number" },
        { "1..2", "error: column 1: '1..2' is not a number" },
        { "99999999999999999999999x",
          "error: column 1: '99999999999999999999999x' is not a number" },
    };

    (void)state;
    assert_results(cases, WF_COUNT_OF(cases), &scope);
}

static void depth_and_length_are_bounded(void **state)
{
    char *text = malloc(60001);
    struct wf_expr *expr = NULL;
    struct wf_err err = { 0 };

    (void)state;
    assert_non_null(text);
    memset(text, '(', 60000);
    text[60000] = '\0';
    assert_int_equal(wf_expr_compile(text, &scope, &expr, &err), WF_ERR_INVALID);
    assert_non_null(strstr(err.text, "nested too deeply"));
    memset(text, '-', 60000);
    assert_int_equal(wf_expr_compile(text, &scope, &expr, &err), WF_ERR_INVALID);
    for (size_t i = 0; i + 2 <= 60000; i += 2)
        memcpy(text + i, "1+", 2);
    text[59999] = '\0';
    assert_int_equal(wf_expr_compile(text, &scope, &expr, &err), WF_ERR_INVALID);
    assert_null(expr);
    free(text);
}

static void the_inputs_are_known_once_each(void **state)
{
    struct wf_expr *expr = NULL;
    const int *ids;

    (void)state;
    assert_int_equal(
        wf_expr_compile("three + three * half > 1 or mode == SAFE", &scope, &expr, NULL), 0);
    assert_int_equal(wf_expr_inputs(expr, &ids), 3);
    assert_string_equal(world[ids[0]].name, "three");
    assert_string_equal(world[ids[1]].name, "half");
    assert_string_equal(world[ids[2]].name, "mode");
    assert_int_equal(wf_expr_truth(expr, &values), WF_TRUE);
    wf_expr_free(&expr);
    wf_expr_free(&expr);
}

static bool note_step(void *context, const struct wf_expr_step *step)
{
    struct wf_strbuf *out = context;

    if (step->kind == WF_STEP_NAME)
        wf_strbuf_addf(out, "%s[%u] ", world[step->id].name, step->element);
    else if (step->kind == WF_STEP_OPERATOR)
        wf_strbuf_addf(out, "%s/%u ", step->word, step->operands);
    else if (step->constant.kind == WF_VALUE_TEXT)
        wf_strbuf_addf(out, "'%.*s' ", (int)step->constant.len, step->constant.as.text);
    else
        wf_strbuf_addf(out, "%g ", wf_value_as_double(&step->constant));
    return strcmp(step->kind == WF_STEP_OPERATOR ? step->word : "", "min") != 0;
}

static void its_steps_come_with_operands_first(void **state)
{
    static const struct {
        const char *text, *steps;
        bool is_whole;
    } steps[] = {
        { "three + 2.5 * -half", "three[0] 2.5 half[0] neg/1 */2 +/2 ", true },
        { "not t or list[3] >= 0x10", "t[0] not/1 list[3] 16 >=/2 or/2 ", true },
        { "mode == SAFE", "mode[0] 1 ==/2 ", true },
        { "name != \"x y\"", "name[0] 'x y' !=/2 ", true },
        { "if(t, sqrt(three), pow(half, 2))", "t[0] three[0] sqrt/1 half[0] 2 pow/2 if/3 ", true },
        { "abs(min(three, half)) + 1", "three[0] half[0] min/2 ", false },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(steps); i++) {
        struct wf_expr *expr = NULL;
        char text[200];
        struct wf_strbuf out = WF_STRBUF_FIXED(text);

        assert_int_equal(wf_expr_compile(steps[i].text, &scope, &expr, NULL), 0);
        assert_int_equal(wf_expr_walk(expr, note_step, &out), steps[i].is_whole);
        assert_string_equal(text, steps[i].steps);
        wf_expr_free(&expr);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logic_has_three_values),
        cmocka_unit_test(whole_numbers_are_exact),
        cmocka_unit_test(operators_bind_as_people_read_them),
        cmocka_unit_test(functions_compute),
        cmocka_unit_test(names_elements_and_labels_resolve),
        cmocka_unit_test(windows_are_the_hosts),
        cmocka_unit_test(instances_are_elements_sources_or_conditions),
        cmocka_unit_test(text_has_no_place_among_numbers),
        cmocka_unit_test(what_means_nothing_is_refused_with_its_column),
        cmocka_unit_test(depth_and_length_are_bounded),
        cmocka_unit_test(the_inputs_are_known_once_each),
        cmocka_unit_test(its_steps_come_with_operands_first),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
