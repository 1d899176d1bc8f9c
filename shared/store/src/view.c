/* SPDX-License-Identifier: MIT */
/* Views: see view.h. */

#include "view.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/value.h>

/* Enumerations up to this become a CASE, larger ones a look-up in _labels. */
#define CASE_ENTRIES_MAX 16
/* SQLite's parser refuses expressions nested deeper than 1,000. */
#define POLYNOMIAL_MAX 300

/* A column in double quotes, of the row `r`. */
static void add_cell(struct wf_strbuf *sql, const struct wfs_column *column)
{
    wf_strbuf_add(sql, "r.");
    wfs_add_identifier(sql, column->name);
}

/* A real number in SQL, never an integer: 2 would be integer arithmetic. */
static void add_real(struct wf_strbuf *sql, double value)
{
    char text[40];

    if (isnan(value)) {
        wf_strbuf_add(sql, "NULL");
        return;
    }
    if (isinf(value)) {
        wf_strbuf_add(sql, value > 0 ? "9e999" : "-9e999");
        return;
    }
    (void)snprintf(text, sizeof(text), "%.17g", value);
    wf_strbuf_add(sql, text);
    if (strpbrk(text, ".e") == NULL)
        wf_strbuf_add(sql, ".0");
}

/*
 * ISO 8601 with nanoseconds from an integer expression; NULL stays NULL. The
 * remainder is made positive first, so that times before 1970 come out right.
 */
static void add_time(struct wf_strbuf *sql, const char *ns)
{
    wf_strbuf_addf(sql,
                   "strftime('%%Y-%%m-%%dT%%H:%%M:%%S',"
                   " (%s - ((%s %% 1000000000) + 1000000000) %% 1000000000) / 1000000000,"
                   " 'unixepoch') ||"
                   " printf('.%%09dZ', ((%s %% 1000000000) + 1000000000) %% 1000000000)",
                   ns, ns, ns);
}

/* The raw number: NaN is a text in the table, and no number at all in a view. */
static void add_number(struct wf_strbuf *sql, const struct wfs_column *column)
{
    bool is_float = column->cell == WFS_CELL_F32 || column->cell == WFS_CELL_F64;

    wf_strbuf_add(sql, is_float ? "nullif(" : "");
    add_cell(sql, column);
    wf_strbuf_add(sql, is_float ? ",'NaN')" : "");
}

static void add_polynomial(struct wf_strbuf *sql, const struct wfs_column *column,
                           const struct wf_calibrator *calibrator)
{
    size_t count = calibrator->count;

    /* Terms of 0 would make NaN of infinity. */
    while (count > 1 && calibrator->y[count - 1] == 0)
        count--;
    if (count > POLYNOMIAL_MAX || count == 0) {
        wf_strbuf_add(sql, "NULL");
        return;
    }
    if (count == 1) {
        wf_strbuf_add(sql, "CASE WHEN ");
        add_number(sql, column);
        wf_strbuf_add(sql, " IS NOT NULL THEN ");
        add_real(sql, calibrator->y[0]);
        wf_strbuf_add(sql, " END");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            wf_strbuf_add(sql, " + ");
            add_number(sql, column);
            wf_strbuf_add(sql, " * ");
        }
        wf_strbuf_add_char(sql, '(');
        add_real(sql, calibrator->y[i]);
    }
    for (size_t i = 0; i < count; i++)
        wf_strbuf_add_char(sql, ')');
}

/*
 * The polynomial through order + 1 values that the calibrator itself gives
 * between `from` and `to`, in Newton's form turned into powers of (x - from).
 */
static void fit_segment(const struct wf_calibrator *calibrator, double from, double to,
                        struct wfs_segment *out)
{
    size_t n = (size_t)calibrator->order + 1;
    double x[4], d[4];

    memset(out->c, 0, sizeof(out->c));
    out->origin = from;
    for (size_t i = 0; i < n; i++) {
        x[i] = n == 1 ? 0.0 : (to - from) * (double)i / (double)(n - 1);
        if (!wf_calibrate(calibrator, from + x[i], &d[i]))
            d[i] = (double)NAN;
    }
    for (size_t level = 1; level < n; level++) {
        for (size_t i = n - 1; i >= level; i--)
            d[i] = (d[i] - d[i - 1]) / (x[i] - x[i - level]);
    }
    for (size_t i = n; i-- > 0;) {
        for (size_t k = n - 1; k > 0; k--)
            out->c[k] = out->c[k - 1] - out->c[k] * x[i];
        out->c[0] = d[i] - out->c[0] * x[i];
    }
}

size_t wfs_segments(const struct wf_calibrator *calibrator, struct wfs_segment *out)
{
    const double *x = calibrator->x;
    size_t count = calibrator->count, n = 0;
    bool is_flat = calibrator->order == 0 || count == 1;

    if (count == 0 || calibrator->order > 3 || calibrator->order < 0)
        return 0;
    if (calibrator->extrapolate) {
        double width = is_flat ? 1.0 : x[1] - x[0];

        fit_segment(calibrator, x[0] - width, x[0], &out[n]);
        out[n].from = -(double)INFINITY;
        out[n++].to = x[0];
    }
    for (size_t i = 0; i + 1 < count; i++) {
        fit_segment(calibrator, x[i], x[i + 1], &out[n]);
        out[n].from = x[i];
        out[n++].to = x[i + 1];
    }
    /* The last point itself; and what lies beyond it, by values found beyond it. */
    {
        double width = is_flat ? 1.0 : x[count - 1] - x[count - 2];
        struct wfs_segment *last = &out[n++];

        if (calibrator->extrapolate && !is_flat) {
            fit_segment(calibrator, x[count - 1], x[count - 1] + width, last);
        } else {
            memset(last, 0, sizeof(*last));
            last->origin = x[count - 1];
            if (!wf_calibrate(calibrator, x[count - 1], &last->c[0]))
                last->c[0] = (double)NAN;
        }
        last->from = x[count - 1];
        last->to = calibrator->extrapolate ? (double)INFINITY : x[count - 1];
    }
    return n;
}

static void add_curve(struct wf_strbuf *sql, const struct wfs_column *column, int64_t schema_id,
                      int calibrator)
{
    wf_strbuf_add(sql, "(SELECT CASE WHEN ");
    add_number(sql, column);
    wf_strbuf_add(sql, " <= s.x_to THEN s.c0");
    for (int i = 1; i < 4; i++) {
        wf_strbuf_add(sql, " + (");
        add_number(sql, column);
        wf_strbuf_addf(sql, " - s.origin) * (s.c%d", i);
    }
    wf_strbuf_addf(sql,
                   "))) END FROM _segments AS s WHERE s.schema = %lld AND s.calibrator = %d"
                   " AND s.x_from <= ",
                   (long long)schema_id, calibrator);
    add_number(sql, column);
    wf_strbuf_add(sql, " ORDER BY s.x_from DESC LIMIT 1)");
}

static void add_labels(struct wf_strbuf *sql, const struct wfs_column *column, int64_t schema_id,
                       const struct wf_enumeration *enumeration)
{
    if (enumeration->count == 0) {
        add_cell(sql, column);
        return;
    }
    if (enumeration->count > CASE_ENTRIES_MAX) {
        wf_strbuf_addf(sql,
                       "coalesce((SELECT l.label FROM _labels AS l WHERE l.schema = %lld"
                       " AND l.enumeration = ",
                       (long long)schema_id);
        wfs_add_literal(sql, enumeration->name);
        wf_strbuf_add(sql, " AND l.low <= ");
        add_cell(sql, column);
        wf_strbuf_add(sql, " AND l.high >= ");
        add_cell(sql, column);
        wf_strbuf_add(sql, " ORDER BY l.low DESC LIMIT 1), ");
        add_cell(sql, column);
        wf_strbuf_add_char(sql, ')');
        return;
    }
    wf_strbuf_add(sql, "CASE");
    for (size_t i = 0; i < enumeration->count; i++) {
        const struct wf_enumeration_entry *entry = &enumeration->entries[i];

        wf_strbuf_add(sql, " WHEN ");
        add_cell(sql, column);
        if (entry->low == entry->high)
            wf_strbuf_addf(sql, " = %lld", (long long)entry->low);
        else
            wf_strbuf_addf(sql, " BETWEEN %lld AND %lld", (long long)entry->low,
                           (long long)entry->high);
        wf_strbuf_add(sql, " THEN ");
        wfs_add_literal(sql, entry->label);
    }
    wf_strbuf_add(sql, " ELSE ");
    add_cell(sql, column);
    wf_strbuf_add(sql, " END");
}

/* Text with bytes behind its end is kept as a blob: show what is before the end. */
static void add_text(struct wf_strbuf *sql, const struct wfs_column *column)
{
    wf_strbuf_add(sql, "CASE WHEN instr(");
    add_cell(sql, column);
    wf_strbuf_add(sql, ", x'00') > 0 THEN CAST(substr(");
    add_cell(sql, column);
    wf_strbuf_add(sql, ", 1, instr(");
    add_cell(sql, column);
    wf_strbuf_add(sql, ", x'00') - 1) AS TEXT) ELSE ");
    add_cell(sql, column);
    wf_strbuf_add(sql, " END");
}

static void add_calibrator(struct wf_strbuf *sql, const struct wfs_plan *plan,
                           const struct wfs_column *column, int64_t schema_id, int index)
{
    const struct wf_calibrator *calibrator = &plan->schema->calibrators[index];

    if (calibrator->kind == WF_CALIBRATOR_POLYNOMIAL)
        add_polynomial(sql, column, calibrator);
    else
        add_curve(sql, column, schema_id, index);
}

/* By the calibrator that was used for the row; system columns are with part 0: `r`, else `m`. */
static void add_calibrated(struct wf_strbuf *sql, const struct wfs_plan *plan,
                           const struct wfs_column *column, int64_t schema_id)
{
    const struct wf_parameter *parameter = &plan->schema->parameters[column->parameter];
    char row = column->parameter < WFS_PART_COLUMNS ? 'r' : 'm';

    if (parameter->choice_count > 0)
        wf_strbuf_addf(sql, "CASE substr(%c._choices, %u, 1)", row, column->choice + 1);
    for (size_t i = 0; i < parameter->choice_count; i++) {
        wf_strbuf_addf(sql, " WHEN x'%02x' THEN ", (unsigned)i + 1);
        add_calibrator(sql, plan, column, schema_id, parameter->choices[i]);
    }
    wf_strbuf_add(sql, parameter->choice_count > 0 ? " ELSE " : "");
    add_calibrator(sql, plan, column, schema_id, parameter->calibrator);
    wf_strbuf_add(sql, parameter->choice_count > 0 ? " END" : "");
}

static void add_engineering(struct wf_strbuf *sql, const struct wfs_plan *plan,
                            const struct wfs_column *column, int64_t schema_id)
{
    const struct wf_schema *schema = plan->schema;
    const struct wf_parameter *parameter = &schema->parameters[column->parameter];

    if (column->cell == WFS_CELL_CHARS) {
        add_text(sql, column);
    } else if (column->cell >= WFS_CELL_BYTES) {
        add_cell(sql, column);
    } else if (column->cell == WFS_CELL_TIME) {
        char cell[2 * WFS_COLUMN_SIZE];
        struct wf_strbuf ns = WF_STRBUF_FIXED(cell);

        add_cell(&ns, column);
        add_time(sql, cell);
    } else if (column->is_raw && parameter->calibrator != WF_NO_INDEX) {
        add_calibrated(sql, plan, column, schema_id);
    } else if (parameter->enumeration != WF_NO_INDEX) {
        add_labels(sql, column, schema_id, &schema->enumerations[parameter->enumeration]);
    } else {
        add_number(sql, column);
    }
}

/* "bus_voltage INVALID, mode ABSENT"; NULL when every parameter of the row is VALID. */
static void add_quality(struct wf_strbuf *sql, char row, int64_t schema_id)
{
    wf_strbuf_addf(sql,
                   "CASE WHEN %c._quality IS NOT NULL THEN (SELECT group_concat(p.view_column"
                   " || CASE substr(%c._quality, p.position + 1, 1)",
                   row, row);
    for (int quality = WF_QUALITY_LATE; quality <= WF_QUALITY_ABSENT; quality++)
        wf_strbuf_addf(sql, " WHEN x'%02x' THEN ' %s'", (unsigned)quality,
                       wf_quality_name((enum wf_quality)quality));
    wf_strbuf_addf(sql,
                   " ELSE ' ?' END, ', ') FROM _parameters AS p WHERE p.schema = %lld"
                   " AND substr(%c._quality, p.position + 1, 1) <> x'00') END AS quality",
                   (long long)schema_id, row);
}

void wfs_add_version_view(const struct wfs_plan *plan, size_t part, int64_t schema_id,
                          bool is_plain, struct wf_strbuf *sql)
{
    const struct wfs_part *p = &plan->parts[part];
    char row = part == 0 ? 'r' : 'm'; /* who has the system columns */
    const char *time = part == 0 ? "coalesce(r._device_ns, r._received_ns)"
                                 : "coalesce(m._device_ns, m._received_ns)";

    wf_strbuf_add(sql, "CREATE VIEW ");
    wfs_add_identifier(sql, p->view);
    wf_strbuf_add(sql, " AS SELECT ");
    add_time(sql, time);
    wf_strbuf_add(sql, " AS time, ");
    add_time(sql, part == 0 ? "r._received_ns" : "m._received_ns");
    wf_strbuf_addf(sql, " AS received, (SELECT name FROM _sources WHERE id = %c._source) AS source",
                   row);
    for (size_t i = p->first; i < p->first + p->count; i++) {
        wf_strbuf_add(sql, ", ");
        if (is_plain)
            add_cell(sql, &plan->columns[i]);
        else
            add_engineering(sql, plan, &plan->columns[i], schema_id);
        wf_strbuf_add(sql, " AS ");
        wfs_add_identifier(sql, plan->columns[i].view_name);
    }
    wf_strbuf_add(sql, ", ");
    add_quality(sql, row, schema_id);
    wf_strbuf_add(sql, " FROM ");
    wfs_add_identifier(sql, p->table);
    wf_strbuf_add(sql, " AS r");
    if (part > 0) {
        wf_strbuf_add(sql, " JOIN ");
        wfs_add_identifier(sql, plan->parts[0].table);
        wf_strbuf_add(sql, " AS m ON m._id = r._id");
    }
}
