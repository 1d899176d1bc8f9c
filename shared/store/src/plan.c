/* SPDX-License-Identifier: MIT */
/* Plan: see plan.h. */

#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/problems.h>

#include "acc.h"
#include "db.h"

const char *const wfs_system_names[WFS_SYSTEM_COLUMNS] = {
    [WFS_AT_ID] = "_id",
    [WFS_AT_SOURCE] = "_source",
    [WFS_AT_RECEIVED] = "_received",
    [WFS_AT_DEVICE] = "_device",
    [WFS_AT_NUMBER] = "_number",
    [WFS_AT_PACKETS] = "_packets",
    [WFS_AT_SEQUENCES] = "_sequences",
    [WFS_AT_MARKS] = "_marks",
    [WFS_AT_QUALITY] = "_quality",
};

/* Taken in every physical table, and in every view. */
static const char *const table_names[] = {
    "_id",     "_source",  "_device_ns", "_received_ns", "_number",  "_packet",    "_sequence",
    "_flags",  "_lost",    "_quality",   "_epoch",       "_order",   "rowid",      "oid",
    "_rowid_", "_choices", "_received",  "_device",      "_packets", "_sequences", "_marks",
};
static const char *const view_names[] = { "time", "received", "source", "quality" };

/* Views of our own that a type's view must not hide. */
static const char *const own_views[] = { "gaps", "subsystems", "parameters", "deleted" };

static bool is_among(const char *name, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (wf_casecmp(name, list[i]) == 0)
            return true;
    }
    return false;
}

static bool has_prefix(const char *name, const char *prefix)
{
    char head[16];

    (void)wf_copy_text(head, sizeof(head), name);
    head[strlen(prefix)] = '\0';
    return wf_casecmp(head, prefix) == 0;
}

void wfs_type_view_name(const char *subsystem, int part, char out[WFS_TABLE_SIZE])
{
    /* sqlite_ is reserved by SQLite, _ is ours; the last one keeps the mapping unambiguous. */
    bool is_taken = is_among(subsystem, own_views, WF_COUNT_OF(own_views)) || subsystem[0] == '_' ||
                    has_prefix(subsystem, "sqlite_") || has_prefix(subsystem, "subsystem_");
    char suffix[16] = "";

    if (part > 0)
        (void)snprintf(suffix, sizeof(suffix), ":%d", part + 1); /* no name has a colon */
    (void)snprintf(out, WFS_TABLE_SIZE, "%s%s%s", is_taken ? "subsystem_" : "", subsystem, suffix);
}

/* --- names of columns ---------------------------------------------------------- */

static const char *name_of(const struct wfs_column *column, bool is_view)
{
    return is_view ? column->view_name : column->name;
}

/*
 * A parameter's column carries its name, except where that is taken: then '_'
 * is put behind it until it is free. The catalogue in the file tells which is which.
 */
static void choose_name(const struct wfs_plan *plan, size_t index, const char *wanted, bool is_view)
{
    struct wfs_column *column = &plan->columns[index];
    char *out = is_view ? column->view_name : column->name;
    const char *const *taken = is_view ? view_names : table_names;
    size_t taken_count = is_view ? WF_COUNT_OF(view_names) : WF_COUNT_OF(table_names);
    bool is_free;

    (void)wf_copy_text(out, WFS_COLUMN_SIZE, wanted);
    if (!is_among(out, taken, taken_count))
        return; /* parameter names are unique among themselves */
    do {
        size_t len = strlen(out);

        out[len] = '_';
        out[len + 1] = '\0';
        is_free = !is_among(out, taken, taken_count);
        for (size_t i = 0; is_free && i < plan->column_count; i++)
            is_free = wf_casecmp(plan->schema->parameters[i].name, out) != 0 &&
                      (i >= index || wf_casecmp(name_of(&plan->columns[i], is_view), out) != 0);
    } while (!is_free && strlen(out) + 2 < WFS_COLUMN_SIZE);
}

/* --- where the bytes are --------------------------------------------------------- */

static enum wfs_cell cell_of_storage(enum wf_storage storage)
{
    switch (storage) {
    case WF_STORE_U8:
    case WF_STORE_BOOL:
        return WFS_CELL_U8;
    case WF_STORE_U16:
        return WFS_CELL_U16;
    case WF_STORE_U32:
        return WFS_CELL_U32;
    case WF_STORE_U64:
        return WFS_CELL_U64;
    case WF_STORE_I8:
        return WFS_CELL_I8;
    case WF_STORE_I16:
        return WFS_CELL_I16;
    case WF_STORE_I32:
        return WFS_CELL_I32;
    case WF_STORE_I64:
        return WFS_CELL_I64;
    case WF_STORE_F32:
        return WFS_CELL_F32;
    case WF_STORE_F64:
        return WFS_CELL_F64;
    case WF_STORE_TIME:
        return WFS_CELL_TIME;
    case WF_STORE_CHARS:
        return WFS_CELL_CHARS;
    case WF_STORE_BYTES:
        return WFS_CELL_BYTES;
    }
    return WFS_CELL_BYTES;
}

/* Raw words are 8 bytes, of the kind that the bits in the packet are. */
static enum wfs_cell cell_of_raw(enum wf_type type)
{
    switch (type) {
    case WF_TYPE_FLOAT:
        return WFS_CELL_F64;
    case WF_TYPE_INT:
    case WF_TYPE_TIME:
        return WFS_CELL_I64;
    default:
        return WFS_CELL_U64;
    }
}

static void place_column(const struct wf_parameter *parameter, struct wfs_column *column)
{
    bool is_sized = parameter->storage == WF_STORE_CHARS || parameter->storage == WF_STORE_BYTES;
    uint32_t element_bytes = wf_storage_bytes(parameter->storage);

    column->quality_offset = parameter->quality_offset;
    column->count_offset = parameter->count_offset;
    column->is_raw = parameter->raw_offset != 0;
    column->offset = column->is_raw ? parameter->raw_offset : parameter->offset;
    column->cell =
        column->is_raw ? cell_of_raw(parameter->type) : cell_of_storage(parameter->storage);
    column->size_max = parameter->size_max;
    column->stride = 1;
    column->swap = 1;
    if (parameter->count_max > 1 || (parameter->count_offset != 0 && !is_sized)) {
        column->cell = WFS_CELL_ARRAY;
        column->size_max = parameter->count_max;
        column->stride = column->is_raw ? 8 : element_bytes;
        column->swap = (uint8_t)column->stride;
        if (is_sized) {
            column->stride = parameter->size_max + (parameter->storage == WF_STORE_CHARS);
            column->swap = 1;
        }
    }
}

static bool is_contiguous(const struct wf_schema *schema)
{
    for (size_t i = 0; i < schema->parameter_count; i++) {
        if (schema->parameters[i].quality_offset != schema->quality_offset + i)
            return false;
    }
    return true;
}

static int make_parts(struct wfs_plan *plan, struct wf_err *err)
{
    size_t parts = (plan->column_count + WFS_PART_COLUMNS - 1) / WFS_PART_COLUMNS;
    const struct wf_schema *schema = plan->schema;

    plan->part_count = parts > 0 ? parts : 1;
    plan->parts = calloc(plan->part_count, sizeof(*plan->parts));
    if (plan->parts == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < plan->part_count; i++) {
        struct wfs_part *part = &plan->parts[i];
        char suffix[24] = "";

        if (i > 0)
            (void)snprintf(suffix, sizeof(suffix), "_%zu", i + 1);
        part->first = i * WFS_PART_COLUMNS;
        part->count = plan->column_count - part->first;
        if (part->count > WFS_PART_COLUMNS)
            part->count = WFS_PART_COLUMNS;
        /* Format 1 had the same name without the d, and may lie in the same file. */
        (void)snprintf(part->table, sizeof(part->table), "_%.48s_%016llxd%.8s", schema->name,
                       (unsigned long long)schema->schema_hash, suffix);
        (void)snprintf(part->view, sizeof(part->view), "%.80s_view", part->table);
    }
    return 0;
}

static int copy_schema(const struct wf_schema *schema, struct wf_schema **out, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    struct wf_strbuf text;
    int rc;

    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(schema, &text);
    if (text.was_cut)
        rc = wf_fail(err, WF_ERR_NOMEM, "the schema's text does not fit");
    else
        rc = wf_schema_parse(schema->name, text.text, text.len, out, &problems, err);
    if (rc == 0 && (*out)->schema_hash != schema->schema_hash) {
        wf_schema_free(out);
        rc = wf_fail(err, WF_ERR_CORRUPT, "the schema's text does not give its hash");
    }
    wf_problems_fini(&problems);
    wf_strbuf_fini(&text);
    return rc;
}

int wfs_plan_create(const struct wf_schema *schema, struct wfs_plan **out_plan, struct wf_err *err)
{
    struct wfs_plan *plan = calloc(1, sizeof(*plan));
    int rc;

    if (plan == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = copy_schema(schema, &plan->schema, err);
    if (rc < 0)
        goto out;
    plan->column_count = schema->parameter_count;
    plan->columns = calloc(plan->column_count + 1, sizeof(*plan->columns));
    if (plan->columns == NULL) {
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < plan->column_count; i++) {
        const struct wf_parameter *parameter = &plan->schema->parameters[i];

        plan->columns[i].parameter = (int)i;
        place_column(parameter, &plan->columns[i]);
        choose_name(plan, i, parameter->name, false);
        choose_name(plan, i, parameter->name, true);
    }
    plan->is_quality_contiguous = is_contiguous(plan->schema);
    for (size_t i = 0; i < plan->column_count; i++)
        if (plan->schema->parameters[i].choice_count > 0)
            plan->columns[i].choice = plan->choice_count++;
    rc = make_parts(plan, err);
    if (rc == 0)
        rc = wfs_meters_create(plan->schema, &plan->meters, err);
    if (rc < 0)
        goto out;
    *out_plan = plan;
    plan = NULL;

out:
    if (rc < 0)
        wf_err_prefix(err, "schema '%s'", schema->name);
    wfs_plan_destroy(&plan);
    return rc;
}

void wfs_plan_destroy(struct wfs_plan **plan)
{
    if (*plan == NULL)
        return;
    wf_schema_free(&(*plan)->schema);
    free((*plan)->columns);
    free((*plan)->parts);
    free((*plan)->meters);
    free(*plan);
    *plan = NULL;
}

/*
 * Types are promises that SQLite does not change what we bind: INTEGER only where
 * every value is an integer. What may be text (u64, NaN) or a double (whose -0.0
 * a REAL column would turn into 0) is declared without a type.
 */
static const char *declared_type(enum wfs_cell cell)
{
    switch (cell) {
    case WFS_CELL_U64:
    case WFS_CELL_F32:
    case WFS_CELL_F64:
    case WFS_CELL_CHARS:
    case WFS_CELL_BYTES:
    case WFS_CELL_ARRAY:
        return "";
    default:
        return " INTEGER";
    }
}

/*
 * Ten bytes for two times instead of sixteen, one or two for numbers that go together
 * instead of three or four: beside small values this is a fifth of the file. Computed
 * columns give back what was meant, to every tool.
 */
static void add_system_columns(struct wf_strbuf *sql, int64_t day_ns)
{
    wf_strbuf_addf(sql,
                   ", _source INTEGER NOT NULL, _received INTEGER NOT NULL, _device INTEGER,"
                   " _number INTEGER NOT NULL, _packets, _sequences, _marks INTEGER, _quality,"
                   " _received_ns INTEGER AS (_received + %lld) VIRTUAL,"
                   " _device_ns INTEGER AS (_device + _received + %lld) VIRTUAL,"
                   " _epoch INTEGER AS (_id >> 46) VIRTUAL,"
                   " _order INTEGER AS (_id & 70368744177663) VIRTUAL,"
                   " _packet AS (CASE typeof(_packets) WHEN 'text' THEN _packets"
                   " ELSE _packets + (_id & 70368744177663) END) VIRTUAL,"
                   " _sequence AS (CASE typeof(_sequences) WHEN 'text' THEN _sequences"
                   " ELSE _sequences + _number END) VIRTUAL,"
                   " _flags INTEGER AS (_marks & 4294967295) VIRTUAL,"
                   " _lost INTEGER AS (_marks >> 32 & 4294967295) VIRTUAL",
                   (long long)day_ns, (long long)day_ns);
}

void wfs_plan_add_create(const struct wfs_plan *plan, size_t part, int64_t day_ns,
                         struct wf_strbuf *sql)
{
    const struct wfs_part *p = &plan->parts[part];

    wf_strbuf_add(sql, "CREATE TABLE ");
    wfs_add_identifier(sql, p->table);
    wf_strbuf_add(sql, " (_id INTEGER PRIMARY KEY");
    if (part == 0)
        add_system_columns(sql, day_ns);
    for (size_t i = p->first; i < p->first + p->count; i++) {
        wf_strbuf_add(sql, ", ");
        wfs_add_identifier(sql, plan->columns[i].name);
        wf_strbuf_add(sql, declared_type(plan->columns[i].cell));
    }
    if (part == 0 && plan->choice_count > 0)
        wf_strbuf_add(sql, ", _choices");
    wf_strbuf_add(sql, ")");
}

void wfs_plan_add_insert(const struct wfs_plan *plan, size_t part, struct wf_strbuf *sql)
{
    const struct wfs_part *p = &plan->parts[part];
    size_t count = p->count + (part == 0 ? WFS_SYSTEM_COLUMNS : 1);

    wf_strbuf_add(sql, "INSERT INTO ");
    wfs_add_identifier(sql, p->table);
    wf_strbuf_add(sql, " (_id");
    for (size_t i = 1; part == 0 && i < WFS_SYSTEM_COLUMNS; i++)
        wf_strbuf_addf(sql, ", %s", wfs_system_names[i]);
    for (size_t i = p->first; i < p->first + p->count; i++) {
        wf_strbuf_add(sql, ", ");
        wfs_add_identifier(sql, plan->columns[i].name);
    }
    if (part == 0 && plan->choice_count > 0) {
        wf_strbuf_add(sql, ", _choices");
        count++;
    }
    wf_strbuf_add(sql, ") VALUES (?");
    for (size_t i = 1; i < count; i++)
        wf_strbuf_add(sql, ",?");
    wf_strbuf_add(sql, ")");
}
