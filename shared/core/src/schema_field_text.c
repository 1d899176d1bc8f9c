/* SPDX-License-Identifier: MIT */
/*
 * Text in schemas.
 *
 * A text may be wrapped over indented lines anywhere between two words, so all
 * blanks between words mean one. The canonical writer wraps again: what it may
 * not separate is a "group", a word, or in expressions a whole quoted label.
 * Groups are bounded, so that every text fits into the lines that inih can read.
 */

#include "schema_private.h"

#include <string.h>

#define GROUP_MAX      160
#define TEXT_MAX       (64 * 1024)
#define EXPRESSION_MAX (4 * 1024)

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

size_t wfi_text_group(const char *text, size_t at, bool is_expression)
{
    bool is_quoted = false;

    for (; text[at] != '\0'; at++) {
        if (is_expression && text[at] == '"')
            is_quoted = !is_quoted;
        if (text[at] == ' ' && !is_quoted)
            break;
    }
    return at;
}

/* Control characters never reach a terminal or a file of ours through a schema. */
static bool is_printable(struct wfi_reader *reader, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)text; *at != '\0'; at++) {
        bool is_c1 = at[0] == 0xc2 && at[1] >= 0x80 && at[1] <= 0x9f;

        if ((*at < 0x20 && !is_blank((char)*at)) || *at == 0x7f || is_c1) {
            wfi_problem(reader, "control character 0x%02x in the text; remove it",
                        is_c1 ? at[1] : at[0]);
            return false;
        }
    }
    return true;
}

/* One blank for every run of blanks outside quotes; returns the length. */
static size_t fold(char *text, bool is_expression)
{
    size_t len = 0;
    bool is_quoted = false;

    for (const char *at = text; *at != '\0'; at++) {
        if (is_expression && *at == '"')
            is_quoted = !is_quoted;
        if (!is_blank(*at))
            text[len++] = *at;
        else if (is_quoted)
            text[len++] = ' ';
        else if (len > 0 && text[len - 1] != ' ')
            text[len++] = ' ';
    }
    while (len > 0 && text[len - 1] == ' ')
        len--;
    text[len] = '\0';
    return len;
}

char *wfi_fold_text(struct wfi_reader *reader, const char *text, bool is_expression)
{
    size_t ceiling = is_expression ? EXPRESSION_MAX : TEXT_MAX;
    size_t len = strlen(text);

    if (len > ceiling) {
        wfi_problem(reader, "%zu bytes; at most %zu are taken", len, ceiling);
        return NULL;
    }
    if (!is_printable(reader, text))
        return NULL;

    char *copy = wfi_arena_text(reader->arena, text, len);

    if (copy[0] == '\0')
        return copy;
    len = fold(copy, is_expression);
    for (size_t at = 0; at < len;) {
        size_t end = wfi_text_group(copy, at, is_expression);

        if (end - at > GROUP_MAX) {
            wfi_problem(reader, "a word of %zu bytes; at most %d can stand in one line", end - at,
                        GROUP_MAX);
            return NULL;
        }
        at = end + 1;
    }
    return copy;
}

void wfi_read_text(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                   const char *text)
{
    char *folded = wfi_fold_text(reader, text, false);

    if (folded != NULL)
        *(char **)(void *)((char *)object + key->offset) = folded;
}

void wfi_write_text(const struct wf_schema *schema, const struct wfi_key *key, const void *object,
                    struct wf_strbuf *out)
{
    (void)schema;
    wf_strbuf_add(out, *(char *const *)(const void *)((const char *)object + key->offset));
}

/* Remember the expression: names and labels it uses may not be known yet. */
static void add_pending(struct wfi_reader *reader, const struct wfi_key *key, const char *text)
{
    if (reader->pending_count == reader->pending_capacity) {
        size_t capacity = 2 * reader->pending_capacity + 32;
        struct wfi_pending *grown = wfi_arena_get(reader->arena, capacity, sizeof(*grown));

        if (grown == NULL)
            return;
        if (reader->pending_count > 0)
            memcpy(grown, reader->pending, reader->pending_count * sizeof(*grown));
        reader->pending = grown;
        reader->pending_capacity = capacity;
    }
    reader->pending[reader->pending_count++] = (struct wfi_pending){
        .section_kind = reader->section_kind,
        .section_name = reader->section_name,
        .key_name = reader->key_name,
        .text = text,
        .line = reader->line,
        .rule = key->rule,
        .parameter = reader->parameter != NULL
                         ? (int)(reader->parameter - reader->schema->parameters)
                         : WF_NO_INDEX,
    };
}

void wfi_read_expression(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                         const char *text)
{
    char *folded = wfi_fold_text(reader, text, true);

    if (folded == NULL)
        return;
    *(char **)(void *)((char *)object + key->offset) = folded;
    if (folded[0] != '\0')
        add_pending(reader, key, folded);
}

void wfi_write_expression(const struct wf_schema *schema, const struct wfi_key *key,
                          const void *object, struct wf_strbuf *out)
{
    wfi_write_text(schema, key, object, out);
}

/* A full name: one to four dotted parts, as sat1.power.bus_voltage or its condition. */
/* The kinds of alarms, as <watchfloor/alarm/judge.h> names them. */
static bool is_alarm_kind(const char *text)
{
    static const char *const kinds[] = { "LIMIT", "STATES", "RATE", "INVALID",
                                         "STALE", "GAP",    "RULE" };

    for (size_t i = 0; i < WF_COUNT_OF(kinds); i++)
        if (wf_casecmp(text, kinds[i]) == 0)
            return true;
    return false;
}

/* NAME, SUBSYSTEM.NAME or SOURCE.SUBSYSTEM.NAME, and perhaps a kind of alarm behind it. */
void wfi_read_condition_name(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                             const char *text)
{
    size_t parts = 1, part_len = 0;
    const char *at = text;
    char *folded;

    if (text[0] == '\0') {
        *(char **)(void *)((char *)object + key->offset) = wfi_arena_text(reader->arena, "", 0);
        return;
    }
    for (; *at != '\0' && !is_blank(*at); at++) {
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || *at == '_';

        if (*at == '.' && part_len > 0) {
            parts++;
            part_len = 0;
        } else if (is_letter || (*at >= '0' && *at <= '9')) {
            part_len++;
        } else {
            parts = SIZE_MAX;
            break;
        }
    }
    while (is_blank(*at))
        at++;
    if (part_len == 0 || parts > 4 || strlen(text) >= WF_FULL_NAME_SIZE ||
        (*at != '\0' && !is_alarm_kind(at))) {
        wfi_problem(reader,
                    "'%.60s' is not a name, as a condition's, power.bus_voltage or comms STALE",
                    text);
        return;
    }
    folded = wfi_fold_text(reader, text, false);
    if (folded != NULL)
        *(char **)(void *)((char *)object + key->offset) = folded;
}

void wfi_write_condition_name(const struct wf_schema *schema, const struct wfi_key *key,
                              const void *object, struct wf_strbuf *out)
{
    wfi_write_text(schema, key, object, out);
}

bool wfi_next_word(const char **text, const char *separators, char *word, size_t size)
{
    const char *at = *text;
    size_t len;

    while (is_blank(*at) || (*at != '\0' && strchr(separators, *at) != NULL))
        at++;
    for (len = 0; at[len] != '\0' && !is_blank(at[len]) && strchr(separators, at[len]) == NULL;)
        len++;
    if (len == 0)
        return false;
    *text = at + len;
    /* A word that is too long is no number or name: cut, it still reads wrong. */
    if (len > size - 1)
        len = size - 1;
    memcpy(word, at, len);
    word[len] = '\0';
    return true;
}
