/* SPDX-License-Identifier: MIT */
#ifndef WFS_PLAN_H
#define WFS_PLAN_H

/*
 * Plan - how one schema version becomes tables: which column holds which
 * parameter, and where its bytes lie in a payload. Made once for a schema,
 * then walked for every row that is written or read.
 *
 * A table has at most 2,000 columns, so a schema beyond that is spread over
 * *parts*: the first has the system columns, the others share its _id.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/schema.h>
#include <watchfloor/strbuf.h>

#define WFS_PART_COLUMNS 1900
#define WFS_TABLE_SIZE   96
#define WFS_COLUMN_SIZE  64

/* What a cell is made from; the value in the payload is native, of that width. */
enum wfs_cell {
    WFS_CELL_U8,
    WFS_CELL_U16,
    WFS_CELL_U32,
    WFS_CELL_U64, /* text beyond the signed range */
    WFS_CELL_I8,
    WFS_CELL_I16,
    WFS_CELL_I32,
    WFS_CELL_I64,
    WFS_CELL_F32, /* NaN is the text 'NaN' */
    WFS_CELL_F64,
    WFS_CELL_TIME,  /* ns; NULL when there is none */
    WFS_CELL_CHARS, /* text; a blob when it is not UTF-8 or has a NUL inside */
    WFS_CELL_BYTES, /* blob */
    WFS_CELL_ARRAY, /* blob: elements one behind the other, little-endian */
};

struct wfs_column {
    int parameter;
    enum wfs_cell cell;
    uint32_t offset; /* of what is stored: the raw words where there are any */
    uint32_t quality_offset;
    uint32_t count_offset;      /* 0 = always size_max */
    uint32_t size_max;          /* CHARS, BYTES: bytes; ARRAY: elements */
    uint32_t stride;            /* ARRAY: bytes an element */
    uint8_t swap;               /* ARRAY: width of the numbers inside, for byte order; 1 = none */
    bool is_raw;                /* engineering is computed from it */
    uint32_t choice;            /* of a parameter with choices: its byte in _choices */
    char name[WFS_COLUMN_SIZE]; /* in the physical table */
    char view_name[WFS_COLUMN_SIZE]; /* in the views */
};

struct wfs_part {
    size_t first, count; /* columns */
    char table[WFS_TABLE_SIZE];
    char view[WFS_TABLE_SIZE]; /* of this schema version alone */
};

struct wfs_meters;

struct wfs_plan {
    struct wf_schema *schema;   /* own copy */
    struct wfs_column *columns; /* in the order of the schema's parameters */
    size_t column_count;
    struct wfs_part *parts; /* at least one */
    size_t part_count;
    bool is_quality_contiguous; /* from schema->quality_offset on, one byte a parameter */
    struct wfs_meters *meters;  /* of its numbers, for rollups */
    uint32_t choice_count;      /* parameters with choices: the last column of part 0 is _choices */
};

/* `schema` is copied. The caller owns *out_plan. */
int wfs_plan_create(const struct wf_schema *schema, struct wfs_plan **out_plan, struct wf_err *err);
void wfs_plan_destroy(struct wfs_plan **plan);

/*
 * What the view over all versions of a type is called: its name, or subsystem_<name> where
 * that is taken; "<name>:2" for the second part of what does not fit one table.
 */
void wfs_type_view_name(const char *subsystem, int part, char out[WFS_TABLE_SIZE]);

/* Stored system columns of a part's table, in the order in which rows are bound. */
enum wfs_system_column {
    WFS_AT_ID,
    WFS_AT_SOURCE,
    WFS_AT_RECEIVED, /* behind the file's midnight */
    WFS_AT_DEVICE,   /* behind _received; NULL = no device time */
    WFS_AT_NUMBER,
    WFS_AT_PACKETS,   /* ahead of the order; the number itself as text where it is no int64 */
    WFS_AT_SEQUENCES, /* ahead of _number; likewise */
    WFS_AT_MARKS,     /* lost packets << 32 | flags */
    WFS_AT_QUALITY,
    WFS_SYSTEM_COLUMNS,
};
extern const char *const wfs_system_names[WFS_SYSTEM_COLUMNS];

/*
 * CREATE TABLE of a part, in a file whose day begins at `day_ns`, and INSERT with one ? for
 * each stored column. What the stored system columns are small differences of
 * (_device_ns, _packet ...) is there by name as well, computed.
 */
void wfs_plan_add_create(const struct wfs_plan *plan, size_t part, int64_t day_ns,
                         struct wf_strbuf *sql);
void wfs_plan_add_insert(const struct wfs_plan *plan, size_t part, struct wf_strbuf *sql);

#endif /* WFS_PLAN_H */
