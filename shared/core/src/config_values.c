/* SPDX-License-Identifier: MIT */
/* One configuration value, from text and to text, by the type its key has. */

#include "config_keys.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

/* Position of `text` among the words of a blank-separated list, or -1. */
static int find_word(const char *words, const char *text)
{
    size_t len = strlen(text);
    int index = 0;

    for (const char *at = words; *at != '\0'; index++) {
        size_t word_len = strcspn(at, " ");

        if (len == word_len && memcmp(at, text, len) == 0)
            return index;
        at += word_len + (at[word_len] == ' ' ? 1 : 0);
    }
    return -1;
}

static void add_word(const char *words, int index, struct wf_strbuf *out)
{
    while (index-- > 0)
        words += strcspn(words, " ") + 1;
    wf_strbuf_add_bytes(out, words, strcspn(words, " "));
}

/* A number of any kind; the largest are sizes, which stay below INT64_MAX by their range. */
static int parse_scaled(enum wfi_key_type type, const char *text, double *out_number,
                        int64_t *out_whole, struct wf_err *err)
{
    uint64_t value = 0;
    int rc;

    switch (type) {
    case WFI_KEY_NUMBER:
        return wf_parse_double(text, out_number, err);
    case WFI_KEY_DURATION:
        return wf_parse_duration_ns(text, out_whole, err);
    case WFI_KEY_SIZE:
        rc = wf_parse_size(text, &value, err);
        break;
    default:
        rc = wf_parse_u64(text, &value, err);
        break;
    }
    if (rc == 0 && value > (uint64_t)INT64_MAX)
        rc = wf_fail(err, WF_ERR_LIMIT, "'%.60s' is too large", text);
    if (rc == 0)
        *out_whole = (int64_t)value;
    return rc;
}

static int set_number(const struct wfi_key *key, void *member, const char *text, struct wf_err *err)
{
    double number = 0, low = 0, high = 0;
    int64_t whole = 0, whole_low = 0, whole_high = 0;
    bool is_inside;
    int rc = parse_scaled(key->type, text, &number, &whole, err);

    if (rc < 0)
        return rc;
    (void)parse_scaled(key->type, key->low, &low, &whole_low, NULL);
    (void)parse_scaled(key->type, key->high, &high, &whole_high, NULL);
    is_inside = key->type == WFI_KEY_NUMBER ? number >= low && number <= high
                                            : whole >= whole_low && whole <= whole_high;
    if (!is_inside)
        return wf_fail(err, WF_ERR_LIMIT, "'%.60s' is outside %s .. %s", text, key->low, key->high);
    switch (key->type) {
    case WFI_KEY_NUMBER:
        *(double *)member = number;
        break;
    case WFI_KEY_DURATION:
        *(int64_t *)member = whole;
        break;
    case WFI_KEY_SIZE:
        *(uint64_t *)member = (uint64_t)whole;
        break;
    case WFI_KEY_PORT:
        *(uint16_t *)member = (uint16_t)whole;
        break;
    default:
        *(uint32_t *)member = (uint32_t)whole;
        break;
    }
    return 0;
}

static int set_text(const struct wfi_key *key, char **member, const char *text, struct wf_err *err)
{
    char *copy;

    if (key->type == WFI_KEY_NAME && wf_name_check(text, err) < 0)
        return WF_ERR_INVALID;
    if (key->type == WFI_KEY_WORD && find_word(key->low, text) < 0)
        return wf_fail(err, WF_ERR_INVALID, "'%.60s' is none of: %s", text, key->low);
    copy = strdup(text);
    if (copy == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    free(*member);
    *member = copy;
    return 0;
}

int wfi_key_set(const struct wfi_key *key, void *object, const char *text, struct wf_err *err)
{
    void *member = (char *)object + key->offset;
    int index;

    switch (key->type) {
    case WFI_KEY_TEXT:
    case WFI_KEY_FOLDERS:
    case WFI_KEY_NAME:
    case WFI_KEY_WORD:
        return set_text(key, member, text, err);
    case WFI_KEY_BOOL:
        return wf_parse_bool(text, member, err);
    case WFI_KEY_CHOICE:
        index = find_word(key->low, text);
        if (index < 0)
            return wf_fail(err, WF_ERR_INVALID, "'%.60s' is none of: %s", text, key->low);
        memcpy(member, &(enum wf_transport){ (enum wf_transport)index }, sizeof(enum wf_transport));
        return 0;
    default:
        return set_number(key, member, text, err);
    }
}

/* In the largest unit that keeps it whole, so that it reads like what was written. */
static void add_whole(struct wf_strbuf *out, uint64_t value, const uint64_t *steps,
                      const char *const *units, size_t count)
{
    size_t unit = 0;

    for (size_t i = 0; i < count && value != 0; i++)
        if (value % steps[i] == 0)
            unit = i;
    wf_strbuf_addf(out, "%llu%s", (unsigned long long)(value / steps[unit]),
                   value == 0 ? "" : units[unit]);
}

static void add_duration(struct wf_strbuf *out, int64_t ns)
{
    static const uint64_t steps[] = { 1,
                                      WF_NS_PER_US,
                                      WF_NS_PER_MS,
                                      WF_NS_PER_S,
                                      60 * WF_NS_PER_S,
                                      3600 * WF_NS_PER_S,
                                      WF_NS_PER_DAY };
    static const char *const units[] = { "ns", "us", "ms", "s", "m", "h", "d" };

    add_whole(out, (uint64_t)ns, steps, units, WF_COUNT_OF(steps));
}

static void add_size(struct wf_strbuf *out, uint64_t bytes)
{
    static const uint64_t steps[] = { 1, UINT64_C(1) << 10, UINT64_C(1) << 20, UINT64_C(1) << 30,
                                      UINT64_C(1) << 40 };
    static const char *const units[] = { "", "K", "M", "G", "T" };

    add_whole(out, bytes, steps, units, WF_COUNT_OF(steps));
}

void wfi_key_get(const struct wfi_key *key, const void *object, struct wf_strbuf *out)
{
    const void *member = (const char *)object + key->offset;
    const char *text;

    switch (key->type) {
    case WFI_KEY_TEXT:
    case WFI_KEY_NAME:
    case WFI_KEY_WORD:
        text = *(char *const *)member;
        wf_strbuf_add(out, text != NULL ? text : "");
        break;
    case WFI_KEY_FOLDERS:
        /* One a line: several absolute paths are soon longer than a line may be. */
        for (text = *(char *const *)member; text != NULL && *text != '\0'; text++)
            wf_strbuf_add_char(out, *text == ':' ? '\n' : *text);
        break;
    case WFI_KEY_BOOL:
        wf_strbuf_add(out, *(const bool *)member ? "yes" : "no");
        break;
    case WFI_KEY_PORT:
        wf_strbuf_addf(out, "%u", (unsigned)*(const uint16_t *)member);
        break;
    case WFI_KEY_COUNT:
        wf_strbuf_addf(out, "%lu", (unsigned long)*(const uint32_t *)member);
        break;
    case WFI_KEY_SIZE:
        add_size(out, *(const uint64_t *)member);
        break;
    case WFI_KEY_DURATION:
        add_duration(out, *(const int64_t *)member);
        break;
    case WFI_KEY_NUMBER:
        wf_strbuf_add_double(out, *(const double *)member);
        break;
    case WFI_KEY_CHOICE:
        add_word(key->low, (int)*(const enum wf_transport *)member, out);
        break;
    }
}

void wfi_key_add_range(const struct wfi_key *key, struct wf_strbuf *out)
{
    if (key->type == WFI_KEY_WORD || key->type == WFI_KEY_CHOICE)
        wf_strbuf_addf(out, "one of %s; ", key->low);
    else if (key->type == WFI_KEY_BOOL)
        wf_strbuf_add(out, "yes or no; ");
    else if (key->type == WFI_KEY_NAME)
        wf_strbuf_add(out, "a name; ");
    else if (key->low != NULL)
        wf_strbuf_addf(out, "%s .. %s; ", key->low, key->high);
    wf_strbuf_addf(out, "default: %s", key->standard[0] != '\0' ? key->standard : "empty");
}

void wfi_key_clear(const struct wfi_key *key, void *object)
{
    char **member = (char **)(void *)((char *)object + key->offset);

    if (key->type == WFI_KEY_TEXT || key->type == WFI_KEY_FOLDERS || key->type == WFI_KEY_NAME ||
        key->type == WFI_KEY_WORD) {
        free(*member);
        *member = NULL;
    }
}
