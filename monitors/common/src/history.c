/* SPDX-License-Identifier: MIT */
/*
 * History: see history.h.
 *
 * Rows are counted from 0 for ever; row r lives at index r modulo the capacity
 * (a power of two) of whatever holds it. The row log is as long as the longest
 * column.
 */

#include "history.h"

#include <watchfloor/clock.h>

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Columns kept at once, and how many of them may be long. */
#define COLUMN_MAX 256
#define LONG_MAX   16
/* A column nobody asked for since is dropped; a long one took long to fill. */
#define FORGET_NS      (60 * WF_NS_PER_S)
#define FORGET_LONG_NS (15 * 60 * WF_NS_PER_S)
/* Samples read in one take: a faster subsystem is thinned, evenly. */
#define TAKE_MAX 256
/* The number of a row that is a hole: the last ones there are, less enum mon_hole. */
#define HOLE(why) (UINT64_MAX - (uint64_t)(why))

struct column {
    size_t parameter;
    size_t capacity;
    double *values;
    uint64_t first; /* rows before it are not in this column */
    int64_t asked_mono_ns;
};

struct mon_history {
    const struct wf_schema *schema;
    uint64_t next; /* number of the sample to take next */
    uint64_t epoch;

    uint64_t rows; /* rows ever made */
    size_t capacity;
    int64_t *utc_ns;
    uint64_t *numbers; /* of the sample a row came from, or HOLE */

    struct column *columns; /* COLUMN_MAX of them, in no order */
    size_t column_count;
    uint8_t *payload;
};

void mon_history_destroy(struct mon_history **history)
{
    struct mon_history *old = *history;

    *history = NULL;
    if (old == NULL)
        return;
    for (size_t i = 0; i < old->column_count; i++)
        free(old->columns[i].values);
    free(old->columns);
    free(old->utc_ns);
    free(old->numbers);
    free(old->payload);
    free(old);
}

int mon_history_create(const struct wf_region *region, struct mon_history **out_history,
                       struct wf_err *err)
{
    struct mon_history *history = calloc(1, sizeof(*history));

    if (history == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "history: out of memory");
    history->schema = wf_region_schema(region);
    history->capacity = MON_HISTORY_SHORT;
    history->utc_ns = calloc(history->capacity, sizeof(history->utc_ns[0]));
    history->numbers = calloc(history->capacity, sizeof(history->numbers[0]));
    history->columns = calloc(COLUMN_MAX, sizeof(history->columns[0]));
    history->payload = malloc(history->schema->payload_bytes);
    if (history->utc_ns == NULL || history->numbers == NULL || history->columns == NULL ||
        history->payload == NULL) {
        mon_history_destroy(&history);
        return wf_fail(err, WF_ERR_NOMEM, "history: out of memory");
    }
    *out_history = history;
    return WF_OK;
}

size_t mon_history_bytes(const struct mon_history *history)
{
    size_t bytes = sizeof(*history) + history->schema->payload_bytes +
                   COLUMN_MAX * sizeof(history->columns[0]) +
                   history->capacity * (sizeof(history->utc_ns[0]) + sizeof(history->numbers[0]));

    for (size_t i = 0; i < history->column_count; i++)
        bytes += history->columns[i].capacity * sizeof(double);
    return bytes;
}

/* --- rows ----------------------------------------------------------------- */

static enum mon_hole why_missing(const struct wf_stamp *stamp)
{
    if ((stamp->flags & WF_SAMPLE_GAP_BEFORE) == 0)
        return MON_HOLE_REJECTED;
    return (stamp->flags & WF_SAMPLE_DROP_BEFORE) != 0 ? MON_HOLE_DROP : MON_HOLE_SEQUENCE;
}

static enum mon_hole hole_of(uint64_t number)
{
    uint64_t back = UINT64_MAX - number;

    return back <= MON_HOLE_UNREAD ? (enum mon_hole)back : MON_HOLE_NONE;
}

static int64_t time_of(const struct wf_stamp *stamp)
{
    return stamp->device_ns != WF_TIME_NONE ? stamp->device_ns : stamp->received_ns;
}

static double value_of(const struct mon_history *history, size_t parameter)
{
    struct wf_value value;

    wf_value_get(history->schema, history->payload, parameter, 0, &value);
    if (value.quality >= WF_QUALITY_INVALID)
        return NAN;
    return wf_value_as_double(&value);
}

/* One row from history->payload, or a hole. */
static void add_row(struct mon_history *history, uint64_t number, int64_t utc_ns)
{
    size_t at = history->rows & (history->capacity - 1);

    history->utc_ns[at] = utc_ns;
    history->numbers[at] = number;
    for (size_t i = 0; i < history->column_count; i++) {
        struct column *column = &history->columns[i];

        column->values[history->rows & (column->capacity - 1)] =
            hole_of(number) != MON_HOLE_NONE ? NAN : value_of(history, column->parameter);
    }
    history->rows++;
}

static void forget_columns(struct mon_history *history, int64_t now_mono_ns)
{
    for (size_t i = 0; i < history->column_count;) {
        struct column *column = &history->columns[i];
        int64_t limit = column->capacity == MON_HISTORY_LONG ? FORGET_LONG_NS : FORGET_NS;

        if (now_mono_ns - column->asked_mono_ns > limit) {
            free(column->values);
            *column = history->columns[--history->column_count];
        } else {
            i++;
        }
    }
}

/* At first only the newest that fit are of use, and those whole. */
static void first_take(struct mon_history *history, uint64_t head)
{
    if (head - history->next > history->capacity)
        history->next = head - history->capacity;
}

static void take_rows(struct mon_history *history, const struct wf_region *region)
{
    struct wf_region_info info;
    struct wf_stamp stamp;
    uint64_t oldest;
    uint64_t step = 1;

    wf_region_info(region, &info);
    /* The slot after the newest may be in the writer's hands. */
    oldest = info.head > info.slot_count - 1 ? info.head - (info.slot_count - 1) : 0;
    if (history->next < oldest) {
        /* Overwritten unread: not a loss of data, but nothing may be drawn across it. */
        if (history->rows > 0)
            add_row(history, HOLE(MON_HOLE_UNREAD),
                    history->utc_ns[(history->rows - 1) & (history->capacity - 1)]);
        history->next = oldest;
    }
    if (history->next > info.head) /* cannot be, but a region is not to be trusted */
        history->next = info.head;
    if (history->rows == 0)
        first_take(history, info.head);
    else
        step = (info.head - history->next) / TAKE_MAX + 1;
    for (; history->next < info.head; history->next += step) {
        if (wf_region_read(region, history->next, history->payload, history->schema->payload_bytes,
                           &stamp) < 0)
            continue;
        if ((stamp.flags & WF_SAMPLE_LATE) != 0)
            continue;
        if (history->epoch != 0 && history->epoch != stamp.epoch)
            add_row(history, HOLE(MON_HOLE_WRITER), time_of(&stamp));
        else if ((stamp.flags & WF_SAMPLE_GAP_BEFORE) != 0 || stamp.rejected_before > 0)
            add_row(history, HOLE(why_missing(&stamp)), time_of(&stamp));
        history->epoch = stamp.epoch;
        add_row(history, stamp.number, time_of(&stamp));
    }
    history->next = info.head;
}

void mon_history_take(struct mon_history *history, const struct wf_region *region,
                      int64_t now_mono_ns)
{
    forget_columns(history, now_mono_ns);
    take_rows(history, region);
}

/* --- columns -------------------------------------------------------------- */

static size_t count_long(const struct mon_history *history)
{
    size_t count = 0;

    for (size_t i = 0; i < history->column_count; i++)
        count += history->columns[i].capacity == MON_HISTORY_LONG;
    return count;
}

/* Read what the region still has of the rows there are into a new column. */
static void fill_column(struct mon_history *history, const struct wf_region *region,
                        struct column *column)
{
    size_t room = column->capacity < history->capacity ? column->capacity : history->capacity;
    uint64_t row = history->rows > room ? history->rows - room : 0;
    struct wf_stamp stamp;

    column->first = row;
    for (; row < history->rows; row++) {
        uint64_t number = history->numbers[row & (history->capacity - 1)];
        double value = NAN;

        if (hole_of(number) == MON_HOLE_NONE) {
            if (wf_region_read(region, number, history->payload, history->schema->payload_bytes,
                               &stamp) < 0)
                column->first = row + 1; /* overwritten: begin behind it */
            else
                value = value_of(history, column->parameter);
        }
        column->values[row & (column->capacity - 1)] = value;
    }
}

static struct column *find_column(struct mon_history *history, size_t parameter)
{
    for (size_t i = 0; i < history->column_count; i++)
        if (history->columns[i].parameter == parameter)
            return &history->columns[i];
    return NULL;
}

static struct column *add_column(struct mon_history *history, const struct wf_region *region,
                                 size_t parameter)
{
    struct column *column;

    if (history->column_count == COLUMN_MAX)
        return NULL;
    column = &history->columns[history->column_count];
    *column = (struct column){ .parameter = parameter, .capacity = MON_HISTORY_SHORT };
    column->values = calloc(column->capacity, sizeof(column->values[0]));
    if (column->values == NULL)
        return NULL;
    history->column_count++;
    fill_column(history, region, column);
    return column;
}

/*
 * Make the row log as long as the longest column may be. It starts again from
 * what the ring still holds; that is more than the short one had, or all there is.
 */
static bool lengthen_log(struct mon_history *history, const struct wf_region *region)
{
    int64_t *utc_ns;
    uint64_t *numbers;

    if (history->capacity >= MON_HISTORY_LONG)
        return true;
    utc_ns = calloc(MON_HISTORY_LONG, sizeof(utc_ns[0]));
    numbers = calloc(MON_HISTORY_LONG, sizeof(numbers[0]));
    if (utc_ns == NULL || numbers == NULL) {
        free(utc_ns);
        free(numbers);
        return false;
    }
    free(history->utc_ns);
    free(history->numbers);
    history->utc_ns = utc_ns;
    history->numbers = numbers;
    history->capacity = MON_HISTORY_LONG;
    history->rows = 0;
    history->next = 0;
    history->epoch = 0;
    for (size_t i = 0; i < history->column_count; i++)
        history->columns[i].first = 0;
    take_rows(history, region);
    return true;
}

/* More is wanted than a short column has. Without memory, or with many long ones, it stays short. */
static void lengthen_column(struct mon_history *history, const struct wf_region *region,
                            struct column *column)
{
    double *values;

    if (count_long(history) >= LONG_MAX)
        return;
    values = calloc(MON_HISTORY_LONG, sizeof(values[0]));
    if (values == NULL)
        return;
    if (!lengthen_log(history, region)) {
        free(values);
        return;
    }
    free(column->values);
    column->values = values;
    column->capacity = MON_HISTORY_LONG;
    fill_column(history, region, column);
}

/* The column of a parameter as somebody wants `count` rows of it now, or NULL. */
static struct column *use_column(struct mon_history *history, const struct wf_region *region,
                                 size_t parameter, size_t count, int64_t now_mono_ns)
{
    struct column *column;

    if (parameter >= history->schema->parameter_count)
        return NULL;
    column = find_column(history, parameter);
    if (column == NULL)
        column = add_column(history, region, parameter);
    if (column == NULL)
        return NULL;
    column->asked_mono_ns = now_mono_ns;
    if (count > column->capacity && column->capacity < MON_HISTORY_LONG)
        lengthen_column(history, region, column);
    return column;
}

/* The first of the last `count` rows that the column has. */
static uint64_t first_row(const struct mon_history *history, const struct column *column,
                          size_t count)
{
    uint64_t first;

    if (count > column->capacity)
        count = column->capacity;
    first = history->rows > count ? history->rows - count : 0;
    return first < column->first ? column->first : first;
}

size_t mon_history_recent(struct mon_history *history, const struct wf_region *region,
                          size_t parameter, double *out_values, int64_t *out_utc_ns, size_t count,
                          int64_t now_mono_ns)
{
    const struct column *column = use_column(history, region, parameter, count, now_mono_ns);
    size_t used = 0;

    if (column == NULL)
        return 0;
    for (uint64_t row = first_row(history, column, count); row < history->rows; row++, used++) {
        out_values[used] = column->values[row & (column->capacity - 1)];
        if (out_utc_ns != NULL)
            out_utc_ns[used] = history->utc_ns[row & (history->capacity - 1)];
    }
    return used;
}

void mon_history_walk(struct mon_history *history, const struct wf_region *region, size_t parameter,
                      int64_t now_mono_ns, mon_row_fn each, void *context)
{
    const struct column *column =
        use_column(history, region, parameter, MON_HISTORY_LONG, now_mono_ns);

    if (column == NULL)
        return;
    for (uint64_t row = first_row(history, column, MON_HISTORY_LONG); row < history->rows; row++)
        each(context, history->utc_ns[row & (history->capacity - 1)],
             column->values[row & (column->capacity - 1)],
             hole_of(history->numbers[row & (history->capacity - 1)]));
}
