/* SPDX-License-Identifier: MIT */
/*
 * A table of values into history: the columns are those of `wf query --format csv` and
 * `wf decode`. Everything is checked before anything is written.
 */

#include "csv_reader.h"
#include "history.h"
#include "import_sink.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/value.h>

/* First times: what `struct` of days by receipt can hold. */
#define TIME_LEAST 1

enum column_kind { COLUMN_TIME, COLUMN_SEQUENCE, COLUMN_VALUE, COLUMN_QUALITY, COLUMN_IGNORED };

struct column {
    enum column_kind kind;
    size_t parameter, element;
};

struct import_csv {
    const struct history_import_options *options;
    struct history_writing writing;
    struct import_ranks ranks;
    struct import_sink sink;
    struct csv_reader reader;
    const struct wf_schema *schema;
    struct column *columns;
    size_t column_count;
    uint8_t *payload;
    uint64_t rows, empty, rounded;
};

/* --- the header ---------------------------------------------------------------------------------- */

static int fail_cell(const struct import_csv *import, struct wf_err *err, const char *column,
                     const char *text, const char *expected)
{
    return wf_fail(err, WF_ERR_INVALID, "%s:%" PRIu64 ": %s '%.60s', expected %s",
                   import->reader.path, import->reader.line, column, text, expected);
}

/* "bus_voltage", "power.bus_voltage[2]", "sat1.power.mode:quality". False: it is no parameter. */
static bool read_name(const struct import_csv *import, const char *text, struct column *out)
{
    char name[WF_FULL_NAME_SIZE + 32], prefix[WF_FULL_NAME_SIZE];
    char *bracket, *colon, *dot, *own = name;
    uint64_t element = 0;
    int parameter;

    if (!wf_copy_text(name, sizeof(name), text))
        return false;
    colon = strchr(name, ':');
    out->kind = COLUMN_VALUE;
    if (colon != NULL) {
        if (strcmp(colon, ":quality") != 0)
            return false;
        *colon = '\0';
        out->kind = COLUMN_QUALITY;
    }
    bracket = strchr(name, '[');
    if (bracket != NULL) {
        char *end = strchr(bracket, ']');

        if (end == NULL || end[1] != '\0')
            return false;
        *bracket = *end = '\0';
        if (wf_parse_u64(bracket + 1, &element, NULL) < 0)
            return false;
    }
    dot = strrchr(name, '.');
    if (dot != NULL) {
        *dot = '\0';
        own = dot + 1;
        dot = strrchr(name, '.');
        if (!wf_copy_text(prefix, sizeof(prefix), dot != NULL ? dot + 1 : name))
            return false;
        if (!wf_name_is_equal(prefix, import->schema->name)) {
            out->kind = COLUMN_IGNORED; /* of another subsystem */
            return true;
        }
    }
    parameter = wf_schema_find(import->schema, own);
    if (parameter < 0 || element >= import->schema->parameters[parameter].count_max)
        return false;
    out->parameter = (size_t)parameter;
    out->element = (size_t)element;
    return true;
}

static int read_column(const struct import_csv *import, size_t index, const char *text,
                       struct column *out, struct wf_err *err)
{
    *out = (struct column){ .kind = COLUMN_TIME };
    if (index == 0)
        return strcmp(text, "time") == 0 ? 0 : fail_cell(import, err, "first column", text, "time");
    if (index == 1 && strcmp(text, "sequence") == 0 && wf_schema_find(import->schema, text) < 0) {
        out->kind = COLUMN_SEQUENCE;
        return 0;
    }
    if (read_name(import, text, out))
        return 0;
    if (strcmp(text, "quality") == 0) { /* the worst one of the row: of no parameter */
        out->kind = COLUMN_IGNORED;
        return 0;
    }
    return fail_cell(import, err, "column", text, "a parameter of the subsystem");
}

static int read_header(struct import_csv *import, struct wf_err *err)
{
    size_t values = 0;
    int rc = csv_reader_next(&import->reader, err);

    if (rc == WF_ERR_ABSENT)
        return wf_fail(err, WF_ERR_INVALID, "%s:1: the file is empty, expected time,NAME,...",
                       import->reader.path);
    if (rc < 0)
        return rc;
    free(import->columns);
    import->column_count = import->reader.cell_count;
    import->columns = calloc(import->column_count, sizeof(import->columns[0]));
    if (import->columns == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; rc == 0 && i < import->column_count; i++) {
        rc = read_column(import, i, csv_reader_cell(&import->reader, i), &import->columns[i], err);
        values += import->columns[i].kind == COLUMN_VALUE ? 1 : 0;
    }
    if (rc == 0 && values == 0)
        return wf_fail(err, WF_ERR_INVALID, "%s:1: no column is of %s, expected time,NAME,...",
                       import->reader.path, import->schema->name);
    return rc;
}

/* --- values --------------------------------------------------------------------------------------- */

static bool read_number(const struct wf_parameter *parameter, const char *text, bool is_real,
                        struct wf_value *out)
{
    if (!is_real && parameter->type == WF_TYPE_INT) {
        out->kind = WF_VALUE_I64;
        return wf_parse_i64(text, &out->as.i64, NULL) == 0;
    }
    if (!is_real) {
        out->kind = WF_VALUE_U64;
        return wf_parse_u64(text, &out->as.u64, NULL) == 0;
    }
    out->kind = WF_VALUE_F64;
    return wf_parse_double(text, &out->as.f64, NULL) == 0;
}

static bool hex_digit(char c, uint8_t *out)
{
    const char *digits = "0123456789abcdef", *found = c != '\0' ? strchr(digits, c | 0x20) : NULL;

    if (found == NULL)
        return false;
    *out = (uint8_t)(found - digits);
    return true;
}

/* In place: the bytes take the place of their digits. */
static bool read_hex(char *text, struct wf_value *out)
{
    size_t len = strlen(text);

    for (size_t i = 0; i + 1 < len; i += 2) {
        uint8_t high, low;

        if (!hex_digit(text[i], &high) || !hex_digit(text[i + 1], &low))
            return false;
        text[i / 2] = (char)(uint8_t)(high << 4 | low);
    }
    out->kind = WF_VALUE_BYTES;
    out->as.bytes = (const uint8_t *)text;
    out->len = len / 2;
    return len % 2 == 0;
}

/* The text of a value that is not calibrated. False: it is none. */
static bool read_plain(const struct wf_schema *schema, const struct wf_parameter *parameter,
                       char *text, bool is_raw, struct wf_value *out)
{
    bool flag;

    switch (parameter->storage) {
    case WF_STORE_CHARS:
        out->kind = WF_VALUE_TEXT;
        out->as.text = text;
        out->len = strlen(text);
        return out->len <= parameter->size_max;
    case WF_STORE_BYTES:
        return read_hex(text, out) && out->len <= parameter->size_max;
    case WF_STORE_TIME:
        out->kind = WF_VALUE_TIME;
        return wf_parse_time(text, 0, &out->as.i64, NULL) == 0;
    default:
        break;
    }
    if (!is_raw && parameter->enumeration >= 0 &&
        wf_enumeration_value(&schema->enumerations[parameter->enumeration], text, &out->as.i64)) {
        out->kind = WF_VALUE_I64;
        return true;
    }
    if (parameter->storage == WF_STORE_BOOL && wf_parse_bool(text, &flag, NULL) == 0) {
        out->kind = WF_VALUE_U64;
        out->as.u64 = flag ? 1 : 0;
        return true;
    }
    return read_number(parameter, text,
                       parameter->storage == WF_STORE_F32 || parameter->storage == WF_STORE_F64,
                       out);
}

/* The raw value whose engineering value is `wanted`; of several calibrators the one that fits. */
static bool set_calibrated(struct import_csv *import, const struct column *column, double wanted)
{
    const struct wf_schema *schema = import->schema;
    const struct wf_parameter *parameter = &schema->parameters[column->parameter];
    double best = (double)NAN;

    for (size_t choice = 0; choice <= parameter->choice_count; choice++) {
        struct wf_value raw = { .kind = WF_VALUE_F64 }, got;

        if (parameter->choice_count > 0)
            import->payload[parameter->choice_offset] = (uint8_t)choice;
        if (!wf_calibrate_inverse(
                wf_calibrator_in_force(schema, import->payload, column->parameter), wanted,
                &raw.as.f64))
            continue;
        if (wf_value_set_raw(schema, import->payload, column->parameter, column->element, &raw) < 0)
            return false;
        import->payload[parameter->quality_offset] = WF_QUALITY_VALID; /* until it is judged */
        wf_value_get(schema, import->payload, column->parameter, column->element, &got);
        best = got.as.f64;
        if (fabs(best - wanted) <= 1e-12 * fabs(wanted))
            return true;
    }
    import->rounded++;
    return !isnan(best);
}

static void judge(struct import_csv *import, const struct column *column)
{
    const struct wf_parameter *parameter = &import->schema->parameters[column->parameter];
    struct wf_value value;
    double number;

    import->payload[parameter->quality_offset] = WF_QUALITY_VALID;
    wf_value_get(import->schema, import->payload, column->parameter, column->element, &value);
    if (value.kind != WF_VALUE_F64 && value.kind != WF_VALUE_U64 && value.kind != WF_VALUE_I64)
        return;
    number = wf_value_as_double(&value);
    if (isnan(number) || number < parameter->valid_lo || number > parameter->valid_hi)
        import->payload[parameter->quality_offset] = WF_QUALITY_INVALID;
}

static int read_value(struct import_csv *import, const struct column *column, char *text,
                      struct wf_err *err)
{
    const struct wf_schema *schema = import->schema;
    const struct wf_parameter *parameter = &schema->parameters[column->parameter];
    bool is_raw = import->options->is_raw, is_fine;
    struct wf_value value = { 0 };

    if (parameter->raw_offset != 0 && is_raw) {
        is_fine = read_number(parameter, text, parameter->type == WF_TYPE_FLOAT, &value) &&
                  wf_value_set_raw(schema, import->payload, column->parameter, column->element,
                                   &value) == 0;
    } else if (parameter->raw_offset != 0) {
        if (wf_parse_double(text, &value.as.f64, NULL) < 0)
            return fail_cell(import, err, parameter->name, text, "a number");
        is_fine = set_calibrated(import, column, value.as.f64);
        if (!is_fine)
            return fail_cell(import, err, parameter->name, text,
                             "a value that its calibration can give (or import with --raw)");
    } else {
        is_fine =
            read_plain(schema, parameter, text, is_raw, &value) &&
            wf_value_set(schema, import->payload, column->parameter, column->element, &value) == 0;
    }
    if (!is_fine)
        return fail_cell(import, err, parameter->name, text, "a value of its type");
    judge(import, column);
    return 0;
}

static int read_quality(struct import_csv *import, const struct column *column, const char *text,
                        struct wf_err *err)
{
    const struct wf_parameter *parameter = &import->schema->parameters[column->parameter];

    for (int quality = WF_QUALITY_VALID; quality <= WF_QUALITY_ABSENT; quality++) {
        if (strcmp(text, wf_quality_name((enum wf_quality)quality)) == 0) {
            import->payload[parameter->quality_offset] = (uint8_t)quality;
            return 0;
        }
    }
    return fail_cell(import, err, parameter->name, text, "a quality as VALID or INVALID");
}

/* --- rows --------------------------------------------------------------------------------------- */

static int read_row(struct import_csv *import, int64_t *out_time_ns, uint64_t *out_sequence,
                    size_t *out_values, struct wf_err *err)
{
    const struct csv_reader *reader = &import->reader;
    int rc = 0;

    *out_sequence = 0;
    *out_values = 0;
    if (reader->cell_count != import->column_count)
        return wf_fail(err, WF_ERR_INVALID, "%s:%" PRIu64 ": %zu columns, expected %zu",
                       reader->path, reader->line, reader->cell_count, import->column_count);
    memset(import->payload, 0, import->schema->payload_bytes);
    for (size_t i = 0; i < import->schema->parameter_count; i++)
        import->payload[import->schema->parameters[i].quality_offset] = WF_QUALITY_ABSENT;
    for (size_t i = 0; rc == 0 && i < import->column_count; i++) {
        const struct column *column = &import->columns[i];
        char *text = reader->text + reader->starts[i];

        switch (column->kind) {
        case COLUMN_TIME:
            if (wf_parse_time(text, 0, out_time_ns, NULL) < 0 || *out_time_ns < TIME_LEAST ||
                strchr(text, 'T') == NULL)
                rc = fail_cell(import, err, "time", text, "one as 2026-11-20T12:00:00.5Z");
            break;
        case COLUMN_SEQUENCE:
            if (text[0] != '\0' && wf_parse_u64(text, out_sequence, NULL) < 0)
                rc = fail_cell(import, err, "sequence", text, "a count");
            break;
        case COLUMN_VALUE:
            if (text[0] == '\0')
                break;
            ++*out_values;
            rc = read_value(import, column, text, err);
            break;
        case COLUMN_QUALITY:
            if (text[0] != '\0')
                rc = read_quality(import, column, text, err);
            break;
        default:
            break;
        }
    }
    return rc;
}

static int add(struct import_csv *import, int64_t time_ns, uint64_t sequence, struct wf_err *err)
{
    uint64_t order = import->rows - 1;
    const struct wf_store_sample sample = {
        .payload = import->payload,
        .stamp = { .epoch = (uint64_t)import->sink.at_ns,
                   .order = order,
                   .packet = order,
                   .sequence = sequence,
                   .device_ns = time_ns,
                   .received_ns = time_ns,
                   .flags = WF_SAMPLE_LATE | WF_SAMPLE_IMPORTED },
    };

    return import_sink_add(&import->sink, &sample, err);
}

/* One pass over the file: the first only looks, the second writes. */
static int pass(struct import_csv *import, bool is_writing, struct wf_err *err)
{
    int rc = csv_reader_open(&import->reader, import->options->files[0], err);

    import->rows = import->empty = import->rounded = 0;
    if (rc == 0)
        rc = read_header(import, err);
    while (rc == 0 && (rc = csv_reader_next(&import->reader, err)) == 0) {
        int64_t time_ns = 0;
        uint64_t sequence;
        size_t values;

        rc = read_row(import, &time_ns, &sequence, &values, err);
        if (rc < 0)
            break;
        if (values == 0) { /* a moment of other subsystems */
            import->empty++;
            continue;
        }
        import->rows++;
        if (is_writing)
            rc = add(import, time_ns, sequence, err);
    }
    csv_reader_close(&import->reader);
    return rc == WF_ERR_ABSENT ? 0 : rc;
}

static int run(struct import_csv *import, const struct wf_common *common, struct wf_err *err)
{
    const struct history_import_options *options = import->options;
    int rc = history_writing_configure(&import->writing, common, err);

    if (rc < 0)
        return rc;
    import->schema = history_schema(&import->writing, options->source, options->subsystem);
    if (import->schema == NULL)
        return wf_fail(err, WF_ERR_ABSENT,
                       "--subsystem '%s': no schema of that name in the plugin folders",
                       options->subsystem);
    import->payload = aligned_alloc(64, ((size_t)import->schema->payload_bytes + 63) / 64 * 64);
    if (import->payload == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (!import_ranks_make(&import->ranks))
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    import_sink_init(&import->sink, &import->writing, &import->ranks, options->source,
                     import->schema, wf_utc_now_ns(), options->is_dry);
    rc = pass(import, false, err);
    if (rc == 0 && !options->is_dry)
        rc = history_writing_open(&import->writing, common, err);
    if (rc == 0)
        rc = pass(import, true, err);
    if (rc == 0)
        rc = import_sink_flush(&import->sink, err);
    return rc == 0 && !options->is_dry ? history_writing_settle(&import->writing, err) : rc;
}

static void tell(const struct import_csv *import)
{
    (void)printf("%s.%s: %" PRIu64 " rows %s, %" PRIu64 " there already", import->options->source,
                 import->schema->name, import->sink.rows,
                 import->options->is_dry ? "would be stored" : "stored", import->sink.duplicates);
    if (import->empty > 0)
        (void)printf(", %" PRIu64 " without a value of it", import->empty);
    if (import->rounded > 0)
        (void)printf("; %" PRIu64 " values rounded to what their calibration can give",
                     import->rounded);
    (void)printf("\n");
}

int history_import_csv(const struct wf_common *common, const char *folder,
                       const struct history_import_options *options)
{
    struct import_csv *import = calloc(1, sizeof(*import));
    struct wf_err err = { 0 };
    int rc;

    if (import == NULL) {
        (void)fprintf(stderr, "wf-history: out of memory\n");
        return STATUS_CANNOT;
    }
    import->options = options;
    import->writing.folder = folder;
    rc = run(import, common, &err);
    if (rc == 0)
        tell(import);
    import_sink_fini(&import->sink);
    import_ranks_fini(&import->ranks);
    history_writing_close(&import->writing);
    free(import->columns);
    free(import->payload);
    free(import);
    if (rc < 0)
        (void)fprintf(stderr, "wf-history: %s\n", err.text);
    return rc < 0 ? STATUS_CANNOT : EXIT_SUCCESS;
}
