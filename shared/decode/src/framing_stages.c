/* SPDX-License-Identifier: MIT */
/* The stages of a framer, from the words of the configuration. */

#include <string.h>

#include <watchfloor/strbuf.h>

#include "framing_internal.h"

#define WORD_SIZE 48
#define WORDS_MAX 4

struct words {
    char word[WORDS_MAX][WORD_SIZE];
    size_t count;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Split the text up to `end` at blanks. */
static int split_words(const char *text, const char *end, struct words *out, struct wf_err *err)
{
    memset(out, 0, sizeof(*out));
    while (text < end) {
        size_t len = 0;

        if (is_blank(*text)) {
            text++;
            continue;
        }
        while (text + len < end && !is_blank(text[len]))
            len++;
        if (out->count == WORDS_MAX || len >= WORD_SIZE)
            return wf_fail(err, WF_ERR_INVALID, "'%.*s': too long for a framing stage",
                           (int)(len < WORD_SIZE ? len : WORD_SIZE), text);
        memcpy(out->word[out->count++], text, len);
        text += len;
    }
    return 0;
}

static int parse_skip(const struct words *words, struct wfd_stage *out, struct wf_err *err)
{
    uint64_t bytes = 0;

    if (words->count != 2 || wf_parse_u64(words->word[1], &bytes, NULL) < 0 || bytes < 1 ||
        bytes > WFD_SKIP_MAX)
        return wf_fail(err, WF_ERR_INVALID, "skip: expected 'skip N', N = 1 .. %u bytes",
                       WFD_SKIP_MAX);
    out->kind = WFD_STAGE_SKIP;
    out->bytes = (uint32_t)bytes;
    return 0;
}

static int parse_length(const struct words *words, struct wfd_stage *out, struct wf_err *err)
{
    uint64_t bytes = 0;
    int64_t add = 0;
    const char *order = words->count > 2 ? words->word[2] : "big";
    const char *sum = words->count > 3 ? words->word[3] : NULL;

    if (words->count == 3 && (*order == '+' || *order == '-')) {
        sum = order;
        order = "big";
    }
    if (sum != NULL && ((*sum != '+' && *sum != '-') ||
                        wf_parse_i64(*sum == '+' ? sum + 1 : sum, &add, NULL) < 0 ||
                        add < -(int64_t)WFD_SKIP_MAX || add > WFD_SKIP_MAX))
        return wf_fail(err, WF_ERR_INVALID, "length: '%s' is not +N or -N", sum);
    if (words->count < 2 || wf_parse_u64(words->word[1], &bytes, NULL) < 0 || bytes < 1 ||
        bytes > 4 || (wf_casecmp(order, "big") != 0 && wf_casecmp(order, "little") != 0))
        return wf_fail(err, WF_ERR_INVALID,
                       "length: expected 'length N [big|little] [+N]', N = 1 .. 4 bytes");
    out->kind = WFD_STAGE_LENGTH;
    out->bytes = (uint32_t)bytes;
    out->is_little = wf_casecmp(order, "little") == 0;
    out->add = (int32_t)add;
    return 0;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int parse_sync(const struct words *words, struct wfd_stage *out, struct wf_err *err)
{
    const char *hex = words->word[1];
    size_t len = words->count == 2 ? strlen(hex) : 0;

    if (len > 2 && hex[0] == '0' && (hex[1] == 'x' || hex[1] == 'X')) {
        hex += 2;
        len -= 2;
    }
    for (size_t i = 0; i < len; i++) {
        if (hex_digit(hex[i]) < 0)
            len = 0;
    }
    if (len < 2 || len % 2 != 0 || len > 2 * (size_t)WFD_MARKER_MAX)
        return wf_fail(err, WF_ERR_INVALID,
                       "sync: expected 'sync HEX', 1 .. %d bytes of marker as 1acffc1d",
                       WFD_MARKER_MAX);
    out->kind = WFD_STAGE_SYNC;
    out->bytes = (uint32_t)(len / 2);
    for (size_t i = 0; i < out->bytes; i++)
        out->marker[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    return 0;
}

static int parse_stage(const struct words *words, struct wfd_stage *out, struct wf_err *err)
{
    if (wf_casecmp(words->word[0], "skip") == 0)
        return parse_skip(words, out, err);
    if (wf_casecmp(words->word[0], "length") == 0)
        return parse_length(words, out, err);
    if (wf_casecmp(words->word[0], "sync") == 0)
        return parse_sync(words, out, err);
    return wf_fail(err, WF_ERR_INVALID, "'%s' is no framing stage, expected skip, length or sync",
                   words->word[0]);
}

static int add_stage(struct wfd_stages *stages, const struct wfd_stage *stage, struct wf_err *err)
{
    bool *has = stage->kind == WFD_STAGE_LENGTH ? &stages->has_length : &stages->has_sync;

    if (stages->count == WF_FRAMER_STAGES_MAX)
        return wf_fail(err, WF_ERR_INVALID, "more than %d framing stages", WF_FRAMER_STAGES_MAX);
    if (stage->kind != WFD_STAGE_SKIP && *has)
        return wf_fail(err, WF_ERR_INVALID, "two %s stages, expected at most one",
                       stage->kind == WFD_STAGE_LENGTH ? "length" : "sync");
    if (stage->kind != WFD_STAGE_SKIP)
        *has = true;
    stages->list[stages->count++] = *stage;
    stages->prefix_bytes += stage->bytes;
    if (stages->prefix_bytes > WFD_SKIP_MAX)
        return wf_fail(err, WF_ERR_INVALID, "stages of more than %u bytes before a packet",
                       WFD_SKIP_MAX);
    return 0;
}

int wfd_stages_parse(const char *text, struct wfd_stages *out, struct wf_err *err)
{
    struct wfd_stages stages = { .count = 0 };
    const char *end;

    for (; *text != '\0'; text = *end == ',' ? end + 1 : end) {
        struct words words;
        struct wfd_stage stage = { .kind = WFD_STAGE_SKIP };
        int rc;

        end = text + strcspn(text, ",");
        rc = split_words(text, end, &words, err);
        if (rc < 0)
            return rc;
        if (words.count == 0 && *end == '\0' && stages.count == 0)
            break; /* nothing but blanks: no stages */
        rc = words.count == 0 ? wf_fail(err, WF_ERR_INVALID, "an empty framing stage")
                              : parse_stage(&words, &stage, err);
        if (rc == 0)
            rc = add_stage(&stages, &stage, err);
        if (rc < 0)
            return rc;
    }
    *out = stages;
    return 0;
}
