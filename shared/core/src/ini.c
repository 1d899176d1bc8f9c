/* SPDX-License-Identifier: MIT */
/*
 * INI files: see <watchfloor/ini.h>.
 *
 * inih splits `key = value`; everything around that is ours, because inih cuts
 * long lines, long section names and inline comments without a word. Our line
 * reader therefore looks at each line first, tells of what inih would change,
 * hands sections over by number, and hides the characters to which inih gives
 * a meaning that our files do not.
 */

#include <watchfloor/ini.h>

#include <ini.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/strbuf.h>

#include "ini_text.h"

/* inih's buffer is 200 bytes with line feed and end; see INI_MAX_LINE. */
#define LINE_MAX_BYTES 197
#define KEY_MAX_BYTES  49

/* Control characters are refused in files, so these can stand in for others. */
#define HIDDEN_SEMICOLON '\x01'
#define HIDDEN_HASH      '\x02'

struct reader {
    struct wf_ini *ini;
    struct wf_problems *problems;
    const char *at, *end;
    unsigned line;
    struct wf_ini_section *section; /* being filled; NULL before any */
    bool is_continuation;           /* the line inih was given last */
    bool can_continue;              /* a key stands before */
    bool is_skipping;               /* a refused key: pass over its continuation */
    bool is_section_refused;        /* pass over everything up to the next section */
    size_t value_len, value_room;   /* of the newest key's value */
    bool is_out_of_memory;
};

/* --- building the list ------------------------------------------------------------------- */

/* Arrays without a stored capacity: they grow when the count reaches 4, 8, 16 ... */
static void *grow(void *list, size_t count, size_t item)
{
    if (count != 0 && (count < 4 || (count & (count - 1)) != 0))
        return list;
    return realloc(list, (count == 0 ? 4 : count * 2) * item);
}

static struct wf_ini_section *add_section(struct reader *reader, const char *kind, const char *name)
{
    struct wf_ini *ini = reader->ini;
    struct wf_ini_section *list = grow(ini->sections, ini->section_count, sizeof(*ini->sections));
    struct wf_ini_section made = { .kind = strdup(kind),
                                   .name = strdup(name),
                                   .line = reader->line };

    if (list != NULL)
        ini->sections = list;
    if (list == NULL || made.kind == NULL || made.name == NULL) {
        free(made.kind);
        free(made.name);
        reader->is_out_of_memory = true;
        return NULL;
    }
    ini->sections[ini->section_count] = made;
    return &ini->sections[ini->section_count++];
}

static bool add_key(struct reader *reader, const char *name, const char *value)
{
    struct wf_ini_section *section = reader->section;
    struct wf_ini_key *list = grow(section->keys, section->key_count, sizeof(*section->keys));
    struct wf_ini_key made = { .name = strdup(name), .value = strdup(value), .line = reader->line };

    if (list != NULL)
        section->keys = list;
    if (list == NULL || made.name == NULL || made.value == NULL) {
        free(made.name);
        free(made.value);
        reader->is_out_of_memory = true;
        return false;
    }
    section->keys[section->key_count++] = made;
    reader->value_len = strlen(value);
    reader->value_room = reader->value_len + 1;
    return true;
}

/* Lengths are kept, so that text of many lines costs no more than its bytes. */
static bool append_value(struct reader *reader, const char *text)
{
    struct wf_ini_key *key = &reader->section->keys[reader->section->key_count - 1];
    size_t len = strlen(text);
    size_t needed = reader->value_len + 1 + len + 1;

    if (needed > reader->value_room) {
        char *value = realloc(key->value, 2 * needed);

        if (value == NULL) {
            reader->is_out_of_memory = true;
            return false;
        }
        key->value = value;
        reader->value_room = 2 * needed;
    }
    /* Text that begins on the line after `key =` has no empty first line. */
    if (reader->value_len > 0)
        key->value[reader->value_len++] = '\n';
    memcpy(key->value + reader->value_len, text, len + 1);
    reader->value_len += len;
    return true;
}

/* --- lines: from the file to inih --------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Refuse what inih would cut or misread in any line. */
static bool is_line_sound(struct reader *reader, const char *text, size_t len)
{
    size_t bad;

    if (len > LINE_MAX_BYTES) {
        wf_problems_add(reader->problems, reader->ini->file, reader->line,
                        "line of %zu bytes, at most %d are possible; continue long text on the "
                        "next line, indented",
                        len, LINE_MAX_BYTES);
        return false;
    }
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            wf_problems_add(reader->problems, reader->ini->file, reader->line,
                            "control character 0x%02x at byte %zu; expected text", c, i + 1);
            return false;
        }
    }
    if (!wfi_is_utf8(text, len, &bad)) {
        wf_problems_add(reader->problems, reader->ini->file, reader->line,
                        "byte 0x%02x at byte %zu is not UTF-8; save the file as UTF-8",
                        (unsigned char)text[bad], bad + 1);
        return false;
    }
    return true;
}

/* `[kind name]`: listed here, given to inih as nothing but a number. */
static bool read_section(struct reader *reader, const char *text, size_t len, char *out, int size)
{
    char inner[LINE_MAX_BYTES + 1];
    char *name;
    struct wf_strbuf shown;

    reader->can_continue = false;
    reader->is_skipping = false;
    reader->is_section_refused = true;
    if (text[len - 1] != ']') {
        wf_problems_add(reader->problems, reader->ini->file, reader->line,
                        "'%.*s': a section is [KIND NAME] with nothing behind the ']'", (int)len,
                        text);
        return false;
    }
    memcpy(inner, text + 1, len - 2);
    inner[len - 2] = '\0';
    wfi_trim(inner);
    if (inner[0] == '\0' || strpbrk(inner, "[]") != NULL) {
        wf_problems_add(reader->problems, reader->ini->file, reader->line,
                        "'%.*s': a section is [KIND NAME]", (int)len, text);
        return false;
    }
    name = inner + strcspn(inner, " \t");
    if (*name != '\0') {
        *name++ = '\0';
        wfi_trim(name);
    }
    reader->section = add_section(reader, inner, name);
    if (reader->section == NULL)
        return false;
    reader->is_section_refused = false;
    wf_strbuf_init_fixed(&shown, out, (size_t)size);
    wf_strbuf_addf(&shown, "[%zu]\n", reader->ini->section_count);
    return true;
}

static bool is_key_sound(struct reader *reader, const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);
    const char *colon = memchr(text, ':', len);
    size_t key_len = equals == NULL ? 0 : (size_t)(equals - text);

    while (key_len > 0 && is_blank(text[key_len - 1]))
        key_len--;
    if (equals == NULL || key_len == 0 || (colon != NULL && colon < equals)) {
        wf_problems_add(reader->problems, reader->ini->file, reader->line,
                        "'%.*s': expected KEY = VALUE, a [SECTION], or a comment after ';'",
                        (int)(len > 60 ? 60 : len), text);
        return false;
    }
    if (key_len > KEY_MAX_BYTES) {
        wf_problems_add(reader->problems, reader->ini->file, reader->line,
                        "key '%.*s' has %zu bytes; at most %d are possible", (int)key_len, text,
                        key_len, KEY_MAX_BYTES);
        return false;
    }
    return true;
}

/* The line for inih, with what it would take for a comment hidden. */
static void give(const char *text, size_t len, char *out)
{
    bool is_start = true;

    for (size_t i = 0; i < len; i++) {
        out[i] = text[i];
        if (text[i] == ';')
            out[i] = HIDDEN_SEMICOLON;
        else if (text[i] == '#' && is_start)
            out[i] = HIDDEN_HASH;
        is_start = is_start && is_blank(text[i]);
    }
    out[len] = '\n';
    out[len + 1] = '\0';
}

/* One line of the file; true when `out` now holds something for inih. */
static bool take_line(struct reader *reader, const char *text, size_t len, char *out, int size)
{
    bool is_indented = len > 0 && is_blank(text[0]);

    while (len > 0 && is_blank(text[len - 1]))
        len--;
    if (len == 0 || text[0] == ';' || text[0] == '#')
        return false;
    if (text[0] != '[' && (reader->is_section_refused || (is_indented && reader->is_skipping)))
        return false;
    if (!is_line_sound(reader, text, len)) {
        reader->is_skipping = reader->is_skipping || !is_indented;
        reader->is_section_refused = text[0] == '[';
        return false;
    }
    if (text[0] == '[')
        return read_section(reader, text, len, out, size);
    if (is_indented && !reader->can_continue) {
        wf_problems_add(reader->problems, reader->ini->file, reader->line,
                        "an indented line continues the key above it, and there is none");
        return false;
    }
    if (!is_indented) {
        reader->is_skipping = !is_key_sound(reader, text, len);
        if (reader->is_skipping)
            return false;
    }
    reader->is_continuation = is_indented;
    give(text, len, out);
    return true;
}

/* ini_reader: like fgets. */
static char *next_line(char *out, int size, void *stream)
{
    struct reader *reader = stream;

    while (reader->at < reader->end && !reader->is_out_of_memory) {
        const char *text = reader->at;
        const char *feed = memchr(text, '\n', (size_t)(reader->end - text));
        size_t len = (size_t)((feed != NULL ? feed : reader->end) - text);

        reader->at = feed != NULL ? feed + 1 : reader->end;
        reader->line++;
        if (len > 0 && text[len - 1] == '\r')
            len--;
        if (size > LINE_MAX_BYTES + 2 && take_line(reader, text, len, out, size))
            return out;
    }
    return NULL;
}

static void unhide(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == HIDDEN_SEMICOLON)
            *text = ';';
        else if (*text == HIDDEN_HASH)
            *text = '#';
    }
}

/* ini_handler: 1 = fine. */
static int take_pair(void *user, const char *section, const char *name, const char *value)
{
    struct reader *reader = user;
    char text[LINE_MAX_BYTES + 1];
    char key[KEY_MAX_BYTES + 1];

    (void)section;
    if (name == NULL || value == NULL)
        return 1; /* some builds of inih also tell of sections */
    (void)wf_copy_text(text, sizeof(text), value);
    (void)wf_copy_text(key, sizeof(key), name);
    unhide(text);
    unhide(key);
    if (reader->is_continuation)
        return append_value(reader, text) ? 1 : 0;
    if (reader->section == NULL)
        reader->section = add_section(reader, "", "");
    reader->can_continue = reader->section != NULL && add_key(reader, key, text);
    return reader->can_continue ? 1 : 0;
}

int wf_ini_parse(const char *file, const char *text, size_t len, struct wf_ini **out_ini,
                 struct wf_problems *problems, struct wf_err *err)
{
    static const char mark[] = "\xEF\xBB\xBF";
    struct wf_ini *ini = calloc(1, sizeof(*ini));
    struct reader reader = { .ini = ini, .problems = problems, .at = text, .end = text + len };

    if (len > WF_INI_BYTES_MAX) {
        free(ini);
        return wf_fail(err, WF_ERR_LIMIT, "%s: larger than %u bytes", file, WF_INI_BYTES_MAX);
    }
    if (ini == NULL || (ini->file = strdup(file)) == NULL) {
        free(ini);
        return wf_fail(err, WF_ERR_NOMEM, "%s: out of memory", file);
    }
    if (len >= 3 && memcmp(text, mark, 3) == 0)
        reader.at += 3;
    /* The result only repeats what our reader has already told by line. */
    (void)ini_parse_stream(next_line, &reader, take_pair, &reader);
    if (reader.is_out_of_memory) {
        wf_ini_free(&ini);
        return wf_fail(err, WF_ERR_NOMEM, "%s: out of memory", file);
    }
    wfi_ini_check_repeats(ini, problems);
    *out_ini = ini;
    return 0;
}
