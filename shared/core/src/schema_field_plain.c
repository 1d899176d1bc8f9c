/* SPDX-License-Identifier: MIT */
/* Plain values in schemas: numbers, yes and no, durations, N of M. */

#include "schema_private.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include <watchfloor/clock.h>

static void *value_at(void *object, const struct wfi_key *key)
{
    return (char *)object + key->offset;
}

static const void *value_in(const void *object, const struct wfi_key *key)
{
    return (const char *)object + key->offset;
}

bool wfi_read_number(struct wfi_reader *reader, const char *text, double *out)
{
    struct wf_err err = { 0 };
    const char *digits = text[0] == '-' || text[0] == '+' ? text + 1 : text;
    double value = 0;
    int rc;

    if (digits[0] == '0' && digits[1] != '\0' && strchr("xXbBoO", digits[1]) != NULL) {
        int64_t whole = 0;

        rc = wf_parse_i64(text, &whole, &err);
        value = (double)whole;
    } else {
        rc = wf_parse_double(text, &value, &err);
    }
    if (rc < 0) {
        wfi_problem(reader, "%s", err.text);
        return false;
    }
    if (!isfinite(value)) {
        wfi_problem(reader, "'%.60s' is not a finite number", text);
        return false;
    }
    *out = value;
    return true;
}

bool wfi_read_u32(struct wfi_reader *reader, const char *text, double lo, double hi, uint32_t *out)
{
    struct wf_err err = { 0 };
    uint64_t value;

    if (wf_parse_u64(text, &value, &err) == WF_ERR_INVALID) {
        wfi_problem(reader, "%s", err.text);
        return false;
    }
    if (err.rc != WF_OK || (double)value < lo || (double)value > hi) {
        wfi_problem(reader, "'%.60s' is outside %.0f .. %.0f", text, lo, hi);
        return false;
    }
    *out = (uint32_t)value;
    return true;
}

void wfi_read_number_u32(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                         const char *text)
{
    (void)wfi_read_u32(reader, text, key->lo, key->hi, value_at(object, key));
}

void wfi_write_number_u32(const struct wf_schema *schema, const struct wfi_key *key,
                          const void *object, struct wf_strbuf *out)
{
    const uint32_t *value = value_in(object, key);

    (void)schema;
    if ((double)*value != key->missing)
        wf_strbuf_addf(out, "%" PRIu32, *value);
}

void wfi_read_byte(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                   const char *text)
{
    uint32_t value;

    if (wfi_read_u32(reader, text, key->lo, key->hi, &value))
        *(uint8_t *)value_at(object, key) = (uint8_t)value;
}

void wfi_write_byte(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                    struct wf_strbuf *out)
{
    const uint8_t *value = value_in(object, key);

    (void)schema;
    if ((double)*value != key->missing)
        wf_strbuf_addf(out, "%u", *value);
}

void wfi_read_short(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                    const char *text)
{
    uint32_t value;

    if (wfi_read_u32(reader, text, key->lo, key->hi, &value))
        *(uint16_t *)value_at(object, key) = (uint16_t)value;
}

void wfi_write_short(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                     struct wf_strbuf *out)
{
    const uint16_t *value = value_in(object, key);

    (void)schema;
    if ((double)*value != key->missing)
        wf_strbuf_addf(out, "%u", *value);
}

void wfi_read_yes(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                  const char *text)
{
    struct wf_err err = { 0 };

    if (wf_parse_bool(text, value_at(object, key), &err) < 0)
        wfi_problem(reader, "%s", err.text);
}

void wfi_write_yes(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                   struct wf_strbuf *out)
{
    const bool *value = value_in(object, key);

    (void)schema;
    if (*value)
        wf_strbuf_add(out, "yes");
}

static bool read_duration(struct wfi_reader *reader, const char *text, int64_t *out)
{
    struct wf_err err = { 0 };

    if (wf_parse_duration_ns(text, out, &err) == 0)
        return true;
    wfi_problem(reader, "%s", err.text);
    return false;
}

/* The largest unit that says it exactly: 250ms, 90s, 2h. */
void wfi_add_duration(struct wf_strbuf *out, int64_t ns)
{
    static const struct {
        const char *unit;
        int64_t ns;
    } units[] = {
        { "d", WF_NS_PER_DAY },
        { "h", 3600 * WF_NS_PER_S },
        { "m", 60 * WF_NS_PER_S },
        { "s", WF_NS_PER_S },
        { "ms", WF_NS_PER_MS },
        { "us", WF_NS_PER_US },
        { "ns", 1 },
    };
    size_t i = 0;

    if (ns == 0) {
        wf_strbuf_add_char(out, '0');
        return;
    }
    while (ns % units[i].ns != 0)
        i++;
    wf_strbuf_addf(out, "%" PRId64 "%s", ns / units[i].ns, units[i].unit);
}

void wfi_read_duration(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                       const char *text)
{
    int64_t value;

    if (!read_duration(reader, text, &value))
        return;
    if ((double)value < key->lo)
        wfi_problem(reader, "'%.60s' is too short", text);
    else
        *(int64_t *)value_at(object, key) = value;
}

void wfi_write_duration(const struct wf_schema *schema, const struct wfi_key *key,
                        const void *object, struct wf_strbuf *out)
{
    const int64_t *value = value_in(object, key);

    (void)schema;
    if ((double)*value != key->missing)
        wfi_add_duration(out, *value);
}

/* 3 x period unless said (wfi_finish_subsystem); "never" and 0 switch it off. */
void wfi_read_stale_after(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                          const char *text)
{
    if (wf_casecmp(text, "never") == 0)
        *(int64_t *)value_at(object, key) = 0;
    else
        (void)read_duration(reader, text, value_at(object, key));
}

void wfi_write_stale_after(const struct wf_schema *schema, const struct wfi_key *key,
                           const void *object, struct wf_strbuf *out)
{
    (void)key;
    (void)object;
    if (schema->stale_after_ns == wfi_stale_default(schema->period_ns))
        return;
    if (schema->stale_after_ns == 0)
        wf_strbuf_add(out, "never");
    else
        wfi_add_duration(out, schema->stale_after_ns);
}

int64_t wfi_stale_default(int64_t period_ns)
{
    return period_ns > INT64_MAX / 3 ? INT64_MAX : 3 * period_ns;
}

/* key->missing is the default N and M. */
void wfi_read_persistence(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                          const char *text)
{
    struct wf_persistence *value = value_at(object, key);
    const char *at = text;
    char first[32], of[8], second[32], rest[8];
    uint32_t n, m;

    if (!wfi_next_word(&at, "", first, sizeof(first)) || !wfi_next_word(&at, "", of, sizeof(of))) {
        int64_t for_ns;

        if (read_duration(reader, text, &for_ns))
            *value = (struct wf_persistence){ .for_ns = for_ns };
        return;
    }
    if (wf_casecmp(of, "of") != 0 || !wfi_next_word(&at, "", second, sizeof(second)) ||
        wfi_next_word(&at, "", rest, sizeof(rest))) {
        wfi_problem(reader, "'%.60s' is neither 'N of M' nor a duration", text);
        return;
    }
    if (!wfi_read_u32(reader, first, 1, 1000, &n) || !wfi_read_u32(reader, second, 1, 1000, &m))
        return;
    if (n > m)
        wfi_problem(reader, "%u of %u can never happen", n, m);
    else
        *value = (struct wf_persistence){ .n = (uint16_t)n, .m = (uint16_t)m };
}

void wfi_write_persistence(const struct wf_schema *schema, const struct wfi_key *key,
                           const void *object, struct wf_strbuf *out)
{
    const struct wf_persistence *value = value_in(object, key);

    (void)schema;
    if (value->n == 0)
        wfi_add_duration(out, value->for_ns);
    else if ((double)value->n != key->missing || (double)value->m != key->missing)
        wf_strbuf_addf(out, "%u of %u", value->n, value->m);
}
