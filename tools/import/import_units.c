/* SPDX-License-Identifier: MIT */
/*
 * Tables of engineering units, as missions keep them beside their packet definitions:
 *
 *     packetName,mnemonic,convertAs,segNumber,lowValue,highValue,c0,c1,c2,unit
 *     COD_NHK,Spin_Period,UNSEGMENTED_POLY,1,0,0,0,0.00032,0,s
 *
 * Each parameter that the table names gets its polynomial and unit in its schema's own text; all
 * else in it, comments too, stays as it is. Several rows of one parameter are segments: each
 * becomes a calibrator for raw values from lowValue to highValue.
 */

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/attributes.h>
#include <watchfloor/names.h>
#include <watchfloor/paths.h>
#include <watchfloor/schema.h>

#include "csv.h"
#include "import.h"

#define TERMS_MAX 16

struct units {
    const struct import_options *options;
    struct import_result *result;
    struct csv_table table;
    int packet, mnemonic, convert, low, high, unit;
    int terms[TERMS_MAX];
    bool *is_used; /* rows that found their parameter, or were told about */
};

static const char *cell(const struct csv_row *row, int column)
{
    return column >= 0 ? row->cells[column] : "";
}

static int any_column(const struct csv_table *table, const char *const *names, size_t count)
{
    int column = -1;

    for (size_t i = 0; i < count && column < 0; i++)
        column = csv_column(table, names[i]);
    return column;
}

static int read_columns(struct units *units, struct wf_err *err)
{
    static const char *const packets[] = { "packetName", "packet", "subsystem", "container" };
    static const char *const mnemonics[] = { "mnemonic", "parameter", "name" };
    static const char *const words[] = { "unit", "units", "engineering_unit" };
    bool has_any;

    units->packet = any_column(&units->table, packets, WF_COUNT_OF(packets));
    units->mnemonic = any_column(&units->table, mnemonics, WF_COUNT_OF(mnemonics));
    units->unit = any_column(&units->table, words, WF_COUNT_OF(words));
    units->convert = csv_column(&units->table, "convertAs");
    units->low = csv_column(&units->table, "lowValue");
    units->high = csv_column(&units->table, "highValue");
    has_any = units->unit >= 0;
    for (int i = 0; i < TERMS_MAX; i++) {
        char name[8];
        struct wf_strbuf text = WF_STRBUF_FIXED(name);

        wf_strbuf_addf(&text, "c%d", i);
        units->terms[i] = csv_column(&units->table, name);
        has_any = has_any || units->terms[i] >= 0;
    }
    if (units->mnemonic >= 0 && has_any)
        return 0;
    return wf_fail(err, WF_ERR_INVALID,
                   "%s:1: expected the columns mnemonic and c0, c1, ... or unit (and packetName)",
                   units->options->file);
}

/* --- which rows ------------------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len > end_len && (text[len - end_len - 1] == '_' || text[len - end_len - 1] == '.') &&
           wf_casecmp(text + len - end_len, end) == 0;
}

/* Definitions put words before the packet's name, tables and schemas alike. */
static bool is_packet(const struct units *units, const struct csv_row *row,
                      const struct wf_schema *schema)
{
    const char *packet = cell(row, units->packet);

    if (units->options->select != NULL && !wf_glob_match(units->options->select, schema->name) &&
        !wf_glob_match(units->options->select, packet))
        return false;
    return units->packet < 0 || wf_casecmp(packet, schema->name) == 0 ||
           wf_casecmp(packet, schema->title) == 0 || ends_with(schema->name, packet) ||
           ends_with(packet, schema->name);
}

static bool is_parameter(const struct units *units, const struct csv_row *row,
                         const struct wf_parameter *parameter)
{
    const char *mnemonic = cell(row, units->mnemonic);
    char name[WF_NAME_SIZE];

    wf_name_from_text(mnemonic, name);
    return !parameter->is_derived &&
           (wf_name_is_equal(name, parameter->name) ||
            wf_casecmp(mnemonic, parameter->alias) == 0 || ends_with(parameter->alias, mnemonic));
}

static void note(const struct units *units, const struct csv_row *row, const char *what,
                 const char *text)
{
    wf_problems_add(&units->result->notes, units->options->file, row->line, "'%.60s': %s", text,
                    what);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* "c0 c1 ..." without zeros at the end; "" when it changes nothing, false when it is no polynomial. */
static bool add_polynomial(const struct units *units, const struct csv_row *row,
                           struct wf_strbuf *out)
{
    double terms[TERMS_MAX] = { 0 };
    int count = 0;

    for (int i = 0; i < TERMS_MAX; i++) {
        const char *text = cell(row, units->terms[i]);

        if (text[0] == '\0')
            continue;
        if (wf_parse_double(text, &terms[i], NULL) < 0) {
            note(units, row, "is no coefficient; left out", text);
            return false;
        }
        if (terms[i] != 0)
            count = i + 1;
    }
    if (count == 2 && terms[0] == 0 && terms[1] == 1)
        count = 0;
    for (int i = 0; i < count; i++) {
        wf_strbuf_add(out, i > 0 ? " " : "");
        wf_strbuf_add_double(out, terms[i]);
    }
    return true;
}

static bool is_poly(const char *convert)
{
    size_t len = strlen(convert);

    return len == 0 || (len >= 4 && wf_casecmp(convert + len - 4, "POLY") == 0);
}

/* The rows of one parameter: keys for it, and sections behind all others. */
static void write_keys(struct units *units, const struct wf_schema *schema, size_t index,
                       struct wf_strbuf *keys, struct wf_strbuf *sections)
{
    const struct wf_parameter *parameter = &schema->parameters[index];
    const struct csv_row *rows[WF_SCHEMA_CHOICES_MAX];
    size_t count = 0;

    for (size_t i = 1; i < units->table.count; i++) {
        const struct csv_row *row = &units->table.rows[i];

        if (!is_packet(units, row, schema) || !is_parameter(units, row, parameter))
            continue;
        units->is_used[i] = true;
        if (!is_poly(cell(row, units->convert)))
            note(units, row, "a conversion that is no polynomial; left out",
                 cell(row, units->convert));
        else if (parameter->enumeration >= 0 || parameter->type > WF_TYPE_FLOAT)
            note(units, row, "has labels or is no number; left out", parameter->name);
        else if (count < WF_COUNT_OF(rows))
            rows[count++] = row;
        else
            note(units, row, "more segments than a parameter may have; left out", parameter->name);
    }
    for (size_t i = 0; i < count; i++) {
        char polynomial[500] = "";
        struct wf_strbuf text = WF_STRBUF_FIXED(polynomial);

        if (i == 0)
            import_write_text(keys, "unit", cell(rows[i], units->unit));
        if (!add_polynomial(units, rows[i], &text))
            continue;
        if (count == 1) {
            import_write_text(keys, "polynomial", polynomial);
            continue;
        }
        wf_strbuf_addf(keys, "%s%.40s_s%zu", i == 0 ? "calibrator = " : " ", parameter->name,
                       i + 1);
        wf_strbuf_addf(sections, "\n[calibrator %.40s_s%zu]\npolynomial = %s\n", parameter->name,
                       i + 1, polynomial[0] != '\0' ? polynomial : "0 1");
        if (i + 1 < count)
            wf_strbuf_addf(sections, "when = %s >= %s and %s <= %s\n", parameter->name,
                           cell(rows[i], units->low), parameter->name, cell(rows[i], units->high));
    }
    if (count > 1)
        wf_strbuf_add_char(keys, '\n');
}

/* --- the text of a schema --------------------------------------------------------------------- */

/* Is the line the beginning of `key`? */
static bool is_key(const char *line, size_t len, const char *key)
{
    size_t key_len = strlen(key);
    char word[16];

    if (len <= key_len || key_len >= sizeof(word))
        return false;
    memcpy(word, line, key_len);
    word[key_len] = '\0';
    while (key_len < len && (line[key_len] == ' ' || line[key_len] == '\t'))
        key_len++;
    return wf_casecmp(word, key) == 0 && key_len < len &&
           (line[key_len] == '=' || line[key_len] == ':');
}

/* The parameter whose section begins here, or -1. */
static int section_of(const struct wf_schema *schema, const char *line, size_t len)
{
    static const char head[] = "[parameter ";
    char name[WF_NAME_SIZE] = "";
    struct wf_strbuf text = WF_STRBUF_FIXED(name);
    const char *end = memchr(line, ']', len);

    if (len <= sizeof(head) || strncmp(line, head, sizeof(head) - 1) != 0 || end == NULL)
        return WF_NO_INDEX;
    wf_strbuf_add_bytes(&text, line + sizeof(head) - 1, (size_t)(end - line) - sizeof(head) + 1);
    return wf_schema_find(schema, name);
}

/* Keys go behind the last one of their section, before the blank lines that end it. */
static void end_section(struct wf_strbuf *out, size_t at, const char *keys)
{
    struct wf_strbuf tail;

    if (keys[0] == '\0')
        return;
    wf_strbuf_init(&tail, IMPORT_TEXT_MAX);
    wf_strbuf_add(&tail, out->text + at);
    out->len = at;
    out->text[at] = '\0';
    wf_strbuf_add(out, keys);
    wf_strbuf_add(out, tail.len > 0 ? tail.text : "");
    wf_strbuf_fini(&tail);
}

/* A segment's calibrator of an earlier run, that this one writes anew. */
static bool is_made_again(const char *line, size_t len, const struct wf_strbuf *sections)
{
    char head[WF_NAME_SIZE + 32] = "";
    struct wf_strbuf text = WF_STRBUF_FIXED(head);

    wf_strbuf_add_bytes(&text, line, len);
    return sections->len > 0 && strncmp(head, "[calibrator ", 12) == 0 &&
           strstr(sections->text, head) != NULL;
}

static unsigned rewrite(struct units *units, const struct wf_schema *schema, const char *text,
                        struct wf_strbuf *out)
{
    static const char *const curves[] = { "polynomial", "table", "calibrator" };
    struct wf_strbuf keys, sections;
    size_t behind = 0; /* in out: the last line of the section that is not blank */
    bool is_dropping = false, is_section_dropped = false;
    unsigned changed = 0;

    wf_strbuf_init(&keys, 64u << 10);
    wf_strbuf_init(&sections, 256u << 10);
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        bool is_blank = strspn(line, " \t\r") >= len || line[0] == ';' || line[0] == '#';

        if (line[0] == '[') {
            int index = section_of(schema, line, len);

            end_section(out, behind, keys.len > 0 ? keys.text : "");
            wf_strbuf_clear(&keys);
            if (index >= 0)
                write_keys(units, schema, (size_t)index, &keys, &sections);
            changed += keys.len > 0;
            is_section_dropped = is_made_again(line, len, &sections);
            is_dropping = is_section_dropped;
        } else if (line[0] != ' ' && line[0] != '\t' && !is_blank && !is_section_dropped) {
            bool has_curve = keys.len > 0 && (strstr(keys.text, "polynomial =") != NULL ||
                                              strstr(keys.text, "calibrator =") != NULL);
            bool has_unit = keys.len > 0 && strstr(keys.text, "unit =") != NULL;

            is_dropping = has_unit && is_key(line, len, "unit");
            for (size_t i = 0; i < WF_COUNT_OF(curves); i++)
                is_dropping = is_dropping || (has_curve && is_key(line, len, curves[i]));
        }
        if (!is_dropping || (is_blank && !is_section_dropped)) {
            wf_strbuf_add_bytes(out, line, len);
            wf_strbuf_add_char(out, '\n');
        }
        if (!is_blank)
            behind = out->len;
        line += len + (line[len] == '\n');
    }
    end_section(out, behind, keys.len > 0 ? keys.text : "");
    while (out->len > 1 && out->text[out->len - 1] == '\n' && out->text[out->len - 2] == '\n')
        out->text[--out->len] = '\0';
    wf_strbuf_add(out, sections.len > 0 ? sections.text : "");
    wf_strbuf_fini(&keys);
    wf_strbuf_fini(&sections);
    return changed;
}

/* --- files ------------------------------------------------------------------------------------ */

static char *read_whole(const char *path, struct wf_err *err)
{
    FILE *file = fopen(path, "rb");
    char *text = file != NULL ? calloc(1, IMPORT_TEXT_MAX + 1) : NULL;

    if (file == NULL || text == NULL)
        (void)wf_fail_errno(err, errno, "%s", path);
    else if (fread(text, 1, IMPORT_TEXT_MAX, file) == 0)
        (void)wf_fail(err, WF_ERR_INVALID, "%s: nothing in it, or not readable", path);
    if (file != NULL)
        (void)fclose(file);
    if (text != NULL && text[0] == '\0') {
        free(text);
        text = NULL;
    }
    return text;
}

static int take_schema(struct units *units, const char *path, struct wf_err *err)
{
    struct wf_schema *schema = NULL;
    struct wf_strbuf out;
    char *text;
    int rc = wf_schema_load(path, &schema, &units->result->notes, err);

    if (rc == WF_ERR_INVALID) { /* told in the notes; the others may be fine */
        *err = (struct wf_err){ 0 };
        return 0;
    }
    if (rc < 0)
        return rc;
    wf_strbuf_init(&out, IMPORT_TEXT_MAX);
    text = read_whole(path, err);
    if (text == NULL)
        rc = (int)err->rc;
    else if (rewrite(units, schema, text, &out) > 0)
        rc = units->options->schema == NULL ||
                     strcmp(units->options->schema, units->options->out) == 0
                 ? import_write_file(units->options, path, out.text, units->result, err)
                 : import_write(units->options, schema->name, out.text, units->result, err);
    free(text);
    wf_strbuf_fini(&out);
    wf_schema_free(&schema);
    return rc;
}

/* NAME.ini in the folder, and NAME/NAME.ini below it. */
static int take_folder(struct units *units, const char *folder, struct wf_err *err)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int rc = 0;

    if (dir == NULL)
        return wf_fail_errno(err, errno, "%s", folder);
    while (rc == 0 && (entry = readdir(dir)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');
        char path[WF_PATH_SIZE];
        struct wf_strbuf text = WF_STRBUF_FIXED(path);

        if (entry->d_name[0] == '.')
            continue;
        if (dot != NULL && strcmp(dot, ".ini") == 0)
            wf_strbuf_addf(&text, "%s/%s", folder, entry->d_name);
        else
            wf_strbuf_addf(&text, "%s/%s/%s.ini", folder, entry->d_name, entry->d_name);
        if (!text.was_cut && access(path, R_OK) == 0)
            rc = take_schema(units, path, err);
    }
    (void)closedir(dir);
    return rc;
}

/* Rows that nobody took: by packet once, where no schema is of that packet. */
static void tell_unused(const struct units *units)
{
    for (size_t i = 1; i < units->table.count; i++) {
        const struct csv_row *row = &units->table.rows[i];
        const char *packet = cell(row, units->packet);
        bool is_told = false, is_known = false;

        if (units->is_used[i] ||
            (units->options->select != NULL && !wf_glob_match(units->options->select, packet)))
            continue;
        for (size_t k = 1; k < units->table.count; k++) {
            bool is_same = wf_casecmp(cell(&units->table.rows[k], units->packet), packet) == 0;

            is_known = is_known || (is_same && units->is_used[k]);
            is_told = is_told || (is_same && k < i);
        }
        if (is_known)
            note(units, row, "no such parameter in the schema of its packet; left out",
                 cell(row, units->mnemonic));
        else if (!is_told)
            note(units, row, "no schema of this packet has a parameter of the table; left out",
                 packet);
    }
}

int import_units(const struct import_options *options, struct import_result *result,
                 struct wf_err *err)
{
    struct units units = { .options = options, .result = result };
    int rc = csv_read(options->file, &units.table, err);

    if (rc < 0)
        return rc;
    units.is_used = calloc(units.table.count + 1, sizeof(*units.is_used));
    if (units.is_used == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (rc == 0)
        rc = read_columns(&units, err);
    if (rc == 0)
        rc = take_folder(&units, options->schema != NULL ? options->schema : options->out, err);
    if (rc == 0)
        tell_unused(&units);
    free(units.is_used);
    csv_fini(&units.table);
    return rc;
}
