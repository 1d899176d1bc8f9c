/* SPDX-License-Identifier: MIT */
/* Limits and what belongs to alarms in schemas. */

#include "schema_private.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct wfi_word limit_words[] = {
    { "lolo", WF_LOLO },
    { "lo", WF_LO },
    { "hi", WF_HI },
    { "hihi", WF_HIHI },
};

const uint8_t wfi_severity_defaults[WF_LIMIT_COUNT] = { 4, 2, 2, 4 };

bool wfi_limits_are_ordered(uint8_t present, const double value[WF_LIMIT_COUNT])
{
    double last = -INFINITY;

    for (unsigned i = 0; i < WF_LIMIT_COUNT; i++) {
        if (!(present & (1u << i)))
            continue;
        if (!(value[i] > last))
            return false;
        last = value[i];
    }
    return true;
}

/* key->missing says which of the four. */
void wfi_read_limit(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                    const char *text)
{
    struct wf_limits *limits = &((struct wf_parameter *)object)->limits;
    unsigned which = (unsigned)key->missing;

    if (wf_casecmp(text, "none") == 0) {
        limits->present &= (uint8_t) ~(1u << which);
        limits->value[which] = 0;
    } else if (wfi_read_number(reader, text, &limits->value[which])) {
        limits->present |= (uint8_t)(1u << which);
    }
}

void wfi_write_limit(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                     struct wf_strbuf *out)
{
    const struct wf_limits *limits = &((const struct wf_parameter *)object)->limits;
    unsigned which = (unsigned)key->missing;

    (void)schema;
    if (limits->present & (1u << which))
        wf_strbuf_add_double(out, limits->value[which]);
}

/* "lolo:4 lo:2 hi:2 hihi:4", any of them. */
void wfi_read_severities(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                         const char *text)
{
    struct wf_limits *limits = &((struct wf_parameter *)object)->limits;
    char word[48];

    (void)key;
    while (wfi_next_word(&text, ",", word, sizeof(word))) {
        char *colon = strchr(word, ':');
        uint32_t severity;
        int which;

        if (colon == NULL) {
            wfi_problem(reader, "'%s' is not LIMIT:SEVERITY (as hi:2 hihi:4)", word);
            return;
        }
        *colon = '\0';
        if (!wfi_read_word(reader, limit_words, WF_COUNT_OF(limit_words), word, &which) ||
            !wfi_read_u32(reader, colon + 1, 0, WF_SEVERITY_SEVERE, &severity))
            return;
        limits->severity[which] = (uint8_t)severity;
    }
}

void wfi_write_severities(const struct wf_schema *schema, const struct wfi_key *key,
                          const void *object, struct wf_strbuf *out)
{
    const struct wf_limits *limits = &((const struct wf_parameter *)object)->limits;

    (void)schema;
    (void)key;
    for (unsigned i = 0; i < WF_LIMIT_COUNT; i++)
        if (limits->severity[i] != wfi_severity_defaults[i])
            wf_strbuf_addf(out, "%s%s:%u", out->len > 0 ? " " : "", limit_words[i].text,
                           limits->severity[i]);
}

void wfi_read_hysteresis(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                         const char *text)
{
    struct wf_limits *limits = &((struct wf_parameter *)object)->limits;
    size_t len = strlen(text);
    bool is_percent = len > 0 && text[len - 1] == '%';
    char number[64];
    double value;

    (void)key;
    if (is_percent)
        len--;
    while (len > 0 && text[len - 1] == ' ')
        len--;
    if (len >= sizeof(number))
        len = sizeof(number) - 1;
    memcpy(number, text, len);
    number[len] = '\0';
    if (!wfi_read_number(reader, number, &value))
        return;
    if (value < 0 || (is_percent && value >= 100)) {
        wfi_problem(reader, "'%.60s' is outside %s", text,
                    is_percent ? "0 .. 100 %" : "0 and above");
        return;
    }
    limits->hysteresis = value;
    limits->is_hysteresis_percent = is_percent;
}

void wfi_write_hysteresis(const struct wf_schema *schema, const struct wfi_key *key,
                          const void *object, struct wf_strbuf *out)
{
    const struct wf_limits *limits = &((const struct wf_parameter *)object)->limits;

    (void)schema;
    (void)key;
    if (limits->hysteresis == 0 && !limits->is_hysteresis_percent)
        return;
    wf_strbuf_add_double(out, limits->hysteresis);
    if (limits->is_hysteresis_percent)
        wf_strbuf_add_char(out, '%');
}

void wfi_read_rate(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                   const char *text)
{
    struct wf_limits *limits = &((struct wf_parameter *)object)->limits;
    double lo = -INFINITY, hi = INFINITY;

    (void)key;
    if (wf_casecmp(text, "none") != 0 && !wfi_read_range(reader, text, &lo, &hi))
        return;
    limits->rate_lo = isfinite(lo) ? lo : (double)NAN;
    limits->rate_hi = isfinite(hi) ? hi : (double)NAN;
}

void wfi_write_rate(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                    struct wf_strbuf *out)
{
    const struct wf_limits *limits = &((const struct wf_parameter *)object)->limits;

    (void)schema;
    (void)key;
    if (!isnan(limits->rate_lo) || !isnan(limits->rate_hi))
        wfi_add_range(out, limits->rate_lo, limits->rate_hi);
}

/* --- states ---------------------------------------------------------------------------- */

/* A label, a number, or true and false: the value of a state. */
static bool read_state_value(struct wfi_reader *reader, const struct wf_parameter *parameter,
                             const char *label, int64_t *out)
{
    const struct wf_schema *schema = reader->schema;
    bool truth;

    /* Numbers first: that is how the canonical text says a state, whatever labels look like. */
    if (wf_parse_i64(label, out, NULL) == 0)
        return true;
    if (parameter->enumeration >= 0 &&
        wf_enumeration_value(&schema->enumerations[parameter->enumeration], label, out))
        return true;
    if (parameter->type == WF_TYPE_BOOL && wf_parse_bool(label, &truth, NULL) == 0) {
        *out = truth;
        return true;
    }
    wfi_problem(reader, "'%.60s' is neither a label of its enumeration nor a number", label);
    return false;
}

/* "LABEL: SEVERITY" of `len` bytes into *out. */
static bool read_state(struct wfi_reader *reader, const struct wf_parameter *parameter,
                       const char *text, size_t len, struct wf_state_severity *out)
{
    char part[200];
    char *colon, *number;
    uint32_t severity;

    if (len >= sizeof(part)) {
        wfi_problem(reader, "a state of %zu bytes; use its number", len);
        return false;
    }
    memcpy(part, text, len);
    part[len] = '\0';
    colon = strrchr(part, ':');
    if (colon == NULL) {
        wfi_problem(reader, "'%.60s' is not LABEL: SEVERITY", part);
        return false;
    }
    number = colon + 1;
    while (*number == ' ')
        number++;
    while (colon > part && colon[-1] == ' ')
        colon--;
    *colon = '\0';
    if (!read_state_value(reader, parameter, part, &out->value) ||
        !wfi_read_u32(reader, number, 0, WF_SEVERITY_SEVERE, &severity))
        return false;
    out->severity = (uint8_t)severity;
    return true;
}

static int compare_states(const void *a, const void *b)
{
    const struct wf_state_severity *left = a, *right = b;

    return (left->value > right->value) - (left->value < right->value);
}

void wfi_read_states(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                     const char *text)
{
    struct wf_parameter *parameter = object;
    struct wf_limits *limits = &parameter->limits;
    char *folded = wfi_fold_text(reader, text, false);
    size_t room = 1;

    (void)key;
    if (folded == NULL)
        return;
    limits->state_count = 0;
    if (wf_casecmp(folded, "none") == 0 || folded[0] == '\0')
        return;
    for (const char *at = folded; *at != '\0'; at++)
        room += *at == ',';
    limits->states = wfi_arena_get(reader->arena, room, sizeof(*limits->states));
    if (limits->states == NULL)
        return;
    for (const char *at = folded; *at != '\0';) {
        size_t len = strcspn(at, ",");
        const char *next = at + len + (at[len] == ',');

        while (len > 0 && *at == ' ') {
            at++;
            len--;
        }
        if (!read_state(reader, parameter, at, len, &limits->states[limits->state_count]))
            return;
        limits->state_count++;
        at = next;
    }
    qsort(limits->states, limits->state_count, sizeof(*limits->states), compare_states);
    for (size_t i = 1; i < limits->state_count; i++) {
        if (limits->states[i].value == limits->states[i - 1].value) {
            wfi_problem(reader, "the state %" PRId64 " is listed twice", limits->states[i].value);
            return;
        }
    }
}

/* Numbers: labels may hold any character. */
void wfi_write_states(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                      struct wf_strbuf *out)
{
    const struct wf_limits *limits = &((const struct wf_parameter *)object)->limits;

    (void)schema;
    (void)key;
    for (size_t i = 0; i < limits->state_count; i++)
        wf_strbuf_addf(out, "%s%" PRId64 ":%u", i > 0 ? ", " : "", limits->states[i].value,
                       limits->states[i].severity);
}

/* --- [context] and [condition] ----------------------------------------------------------- */

bool wfi_read_limit_list(struct wfi_reader *reader, const char *text, uint8_t *out_present,
                         double out_value[WF_LIMIT_COUNT])
{
    char word[64];

    *out_present = 0;
    if (wf_casecmp(text, "none") == 0)
        return true;
    while (wfi_next_word(&text, ",", word, sizeof(word))) {
        int which;
        double value;

        if (!wfi_read_word(reader, limit_words, WF_COUNT_OF(limit_words), word, &which))
            return false;
        if (!wfi_next_word(&text, ",", word, sizeof(word))) {
            wfi_problem(reader, "a number is missing behind '%s'", limit_words[which].text);
            return false;
        }
        if (!wfi_read_number(reader, word, &value))
            return false;
        if (*out_present & (1u << which)) {
            wfi_problem(reader, "'%s' is given twice", limit_words[which].text);
            return false;
        }
        out_value[which] = value;
        *out_present |= (uint8_t)(1u << which);
    }
    if (!wfi_limits_are_ordered(*out_present, out_value)) {
        wfi_problem(reader, "limits must be in the order lolo < lo < hi < hihi");
        return false;
    }
    return true;
}

void wfi_write_limit_list(uint8_t present, const double value[WF_LIMIT_COUNT],
                          struct wf_strbuf *out)
{
    if (present == 0)
        wf_strbuf_add(out, "none");
    for (unsigned i = 0, n = 0; i < WF_LIMIT_COUNT; i++) {
        if (!(present & (1u << i)))
            continue;
        wf_strbuf_addf(out, "%s%s ", n++ > 0 ? " " : "", limit_words[i].text);
        wf_strbuf_add_double(out, value[i]);
    }
}

static const struct wfi_word unknown_rules[] = {
    { "hold", WF_UNKNOWN_HOLD },
    { "raise", WF_UNKNOWN_RAISE },
    { "clear", WF_UNKNOWN_CLEAR },
};

void wfi_read_unknown(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                      const char *text)
{
    struct wf_condition *condition = object;
    int value;

    (void)key;
    if (wfi_read_word(reader, unknown_rules, WF_COUNT_OF(unknown_rules), text, &value))
        condition->unknown = (enum wf_unknown_rule)value;
}

void wfi_write_unknown(const struct wf_schema *schema, const struct wfi_key *key,
                       const void *object, struct wf_strbuf *out)
{
    const struct wf_condition *condition = object;

    (void)schema;
    (void)key;
    if (condition->unknown != WF_UNKNOWN_HOLD)
        wf_strbuf_add(
            out, wfi_word_of(unknown_rules, WF_COUNT_OF(unknown_rules), (int)condition->unknown));
}
