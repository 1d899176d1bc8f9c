/* SPDX-License-Identifier: MIT */
/*
 * Column tables as science teams use them with ccsdspy:
 *
 *     name,data_type,bit_length,bit_offset
 *     DOY,uint,16,48
 *
 * bit_offset counts from the start of the packet; without the column fields follow one
 * another behind the primary header. data_type may be uint, int, float, str, fill, and any of them
 * with an array shape behind: uint(4), uint(expand), uint(NAME).
 */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/names.h>

#include "csv.h"
#include "import.h"

#define ELEMENTS_MAX 4096

struct columns {
    int name, type, length, offset, order, title, unit;
};

struct field {
    const struct csv_row *row;
    char name[WF_NAME_SIZE];
    char type[24];  /* before the bracket */
    char shape[64]; /* inside it, or "" */
    uint64_t bits;
    bool has_offset;
    uint64_t offset;
};

static const char *cell(const struct csv_row *row, int column)
{
    return column >= 0 ? row->cells[column] : "";
}

static void note(struct import_result *result, const struct import_options *options,
                 const struct csv_row *row, const char *what, const char *text)
{
    wf_problems_add(&result->notes, options->file, row->line, "'%.60s': %s", text, what);
}

static bool read_columns(const struct csv_table *table, struct columns *out)
{
    *out = (struct columns){ .name = csv_column(table, "name"),
                             .type = csv_column(table, "data_type"),
                             .length = csv_column(table, "bit_length"),
                             .offset = csv_column(table, "bit_offset"),
                             .order = csv_column(table, "byte_order"),
                             .title = csv_column(table, "description"),
                             .unit = csv_column(table, "unit") };
    if (out->unit < 0)
        out->unit = csv_column(table, "units");
    return out->name >= 0 && out->type >= 0 && out->length >= 0;
}

/* "uint(4)" into "uint" and "4". */
static bool split_type(const char *text, struct field *field)
{
    const char *open = strchr(text, '(');
    const char *close = open != NULL ? strchr(open, ')') : NULL;
    struct wf_strbuf type = WF_STRBUF_FIXED(field->type);
    struct wf_strbuf shape = WF_STRBUF_FIXED(field->shape);

    wf_strbuf_add_bytes(&type, text, open != NULL ? (size_t)(open - text) : strlen(text));
    if (close != NULL)
        wf_strbuf_add_bytes(&shape, open + 1, (size_t)(close - open - 1));
    return (open == NULL || close != NULL) && !type.was_cut && !shape.was_cut;
}

static bool read_field(const struct import_options *options, const struct columns *columns,
                       const struct csv_row *row, struct import_result *result, struct field *out)
{
    *out = (struct field){ .row = row };
    wf_name_from_text(cell(row, columns->name), out->name);
    if (cell(row, columns->name)[0] == '\0' || !split_type(cell(row, columns->type), out)) {
        note(result, options, row, "no name, or a data_type that is not understood; left out",
             cell(row, columns->type));
        return false;
    }
    if (wf_parse_u64(cell(row, columns->length), &out->bits, NULL) < 0 || out->bits == 0 ||
        out->bits > 8 * 65542) {
        note(result, options, row, "bit_length is no number of bits; left out",
             cell(row, columns->length));
        return false;
    }
    if (cell(row, columns->offset)[0] != '\0') {
        out->has_offset = wf_parse_u64(cell(row, columns->offset), &out->offset, NULL) == 0 &&
                          out->offset < 8 * 65542;
        if (!out->has_offset)
            note(result, options, row, "bit_offset is no place in a packet; taken as following",
                 cell(row, columns->offset));
    }
    return true;
}

/* Text and numbers wider than a word are bytes. False: padding, or nothing a schema knows. */
static bool write_type(const struct import_options *options, const struct field *field,
                       struct import_result *result, struct wf_strbuf *out)
{
    bool is_text = wf_casecmp(field->type, "str") == 0;
    bool is_fill = wf_casecmp(field->type, "fill") == 0;
    bool is_int = wf_casecmp(field->type, "int") == 0;
    bool is_float = wf_casecmp(field->type, "float") == 0;

    if (!is_text && !is_fill && !is_int && !is_float && wf_casecmp(field->type, "uint") != 0)
        note(result, options, field->row, "a data_type nobody knows; read as uint", field->type);
    if (is_text || field->bits > 64) {
        if (field->bits % 8 != 0)
            note(result, options, field->row, "no whole bytes; the bits left over are passed over",
                 field->name);
        wf_strbuf_addf(out, "type = %s\nsize = %llu\n", is_text ? "string" : "bytes",
                       (unsigned long long)(field->bits / 8));
        return true;
    }
    if (is_float && field->bits != 32 && field->bits != 64)
        note(result, options, field->row, "a float of other than 32 or 64 bits; read as uint",
             field->name);
    else if (is_float || is_int)
        wf_strbuf_addf(out, "type = %s\n", is_float ? "float" : "int");
    wf_strbuf_addf(out, "bits = %llu\n", (unsigned long long)field->bits);
    return true;
}

static void write_shape(const struct import_options *options, const struct field *field,
                        struct import_result *result, struct wf_strbuf *out)
{
    uint64_t count = 1;
    char text[64];
    const char *at = field->shape;

    if (field->shape[0] == '\0')
        return;
    if (wf_casecmp(field->shape, "expand") == 0) {
        wf_strbuf_addf(out, "count = rest\ncount_max = %d\n", ELEMENTS_MAX);
        return;
    }
    if (wf_parse_u64(field->shape, &count, NULL) < 0 && strchr(field->shape, ',') == NULL) {
        char name[WF_NAME_SIZE];

        wf_name_from_text(field->shape, name);
        wf_strbuf_addf(out, "count = %s\ncount_max = %d\n", name, ELEMENTS_MAX);
        return;
    }
    for (count = 1; *at != '\0';) { /* (4, 3): all elements in one row */
        size_t len = strcspn(at, ",");
        struct wf_strbuf part = WF_STRBUF_FIXED(text);
        uint64_t one = 0;

        while (len > 0 && *at == ' ') {
            at++;
            len--;
        }
        wf_strbuf_add_bytes(&part, at, len);
        if (part.len > 0 &&
            (wf_parse_u64(text, &one, NULL) < 0 || one == 0 || one * count > ELEMENTS_MAX)) {
            note(result, options, field->row, "a shape that is not understood; one element is read",
                 field->shape);
            return;
        }
        count *= part.len > 0 ? one : 1;
        at += len + (at[len] == ',');
    }
    wf_strbuf_addf(out, "count = %llu\n", (unsigned long long)count);
}

static void write_field(const struct import_options *options, const struct columns *columns,
                        const struct field *field, struct import_result *result,
                        struct wf_strbuf *out)
{
    const char *original = cell(field->row, columns->name);

    wf_strbuf_addf(out, "\n[parameter %s]\n", field->name);
    if (strcmp(field->name, original) != 0)
        import_write_text(out, "alias", original);
    import_write_text(out, "title", cell(field->row, columns->title));
    import_write_text(out, "unit", cell(field->row, columns->unit));
    if (field->has_offset) {
        wf_strbuf_addf(out, "at = %llu", (unsigned long long)field->offset / 8);
        if (field->offset % 8 != 0)
            wf_strbuf_addf(out, ".%llu", (unsigned long long)field->offset % 8);
        wf_strbuf_add_char(out, '\n');
    }
    if (!write_type(options, field, result, out))
        return;
    if (wf_casecmp(cell(field->row, columns->order), "little") == 0)
        wf_strbuf_add(out, "byte_order = little\n");
    write_shape(options, field, result, out);
}

static bool is_used(const struct field *fields, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (wf_name_is_equal(fields[i].name, name))
            return true;
    }
    return false;
}

static int write_schema(const struct import_options *options, const struct csv_table *table,
                        const struct columns *columns, struct import_result *result,
                        struct wf_strbuf *out)
{
    struct field *fields = calloc(table->count, sizeof(*fields));
    size_t count = 0;

    if (fields == NULL)
        return WF_ERR_NOMEM;
    for (size_t i = 1; i < table->count; i++) {
        struct field field;

        if (!read_field(options, columns, &table->rows[i], result, &field))
            continue;
        if (is_used(fields, count, field.name)) {
            note(result, options, &table->rows[i], "the name is there already; left out",
                 field.name);
            continue;
        }
        fields[count++] = field;
        write_field(options, columns, &field, result, out);
    }
    free(fields);
    return 0;
}

/* "…/jpss_geolocation.csv": jpss_geolocation. */
static void name_from_file(const char *file, char out[WF_NAME_SIZE])
{
    const char *slash = strrchr(file, '/');
    const char *base = slash != NULL ? slash + 1 : file;
    char text[256];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    wf_strbuf_add_bytes(&buf, base, strcspn(base, "."));
    wf_name_from_text(text, out);
}

int import_csv(const struct import_options *options, struct import_result *result,
               struct wf_err *err)
{
    struct csv_table table = { 0 };
    struct columns columns;
    struct wf_strbuf text;
    char name[WF_NAME_SIZE];
    uint64_t apid;
    int rc = 0;

    if (options->apid == NULL || wf_parse_u64(options->apid, &apid, NULL) < 0 || apid > 2046)
        return wf_fail(err, WF_ERR_INVALID, "such a table does not say its APID: --apid 0 .. 2046");
    rc = csv_read(options->file, &table, err);
    if (rc < 0)
        return rc;
    if (options->name != NULL)
        wf_name_from_text(options->name, name);
    else
        name_from_file(options->file, name);
    wf_strbuf_init(&text, IMPORT_TEXT_MAX);
    wf_strbuf_addf(&text, "[subsystem]\nname = %s\napid = %u\n", name, (unsigned)apid);
    if (!read_columns(&table, &columns))
        rc = wf_fail(err, WF_ERR_INVALID,
                     "%s:1: expected the columns name, data_type, bit_length "
                     "(and bit_offset)",
                     options->file);
    else if (write_schema(options, &table, &columns, result, &text) < 0 || text.was_cut)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    else
        rc = import_write(options, name, text.text, result, err);
    wf_strbuf_fini(&text);
    csv_fini(&table);
    return rc;
}
