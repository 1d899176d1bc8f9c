/* SPDX-License-Identifier: MIT */
/* Alarms: see alarms.h. Rows are kept at their place in the table; the order is a list of pointers. */

#include "alarms.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

/* Columns of monitors/alert/alarms.ini that are read: member, name there. */
#define TEXT_COLUMNS(X)                                                                            \
    X(name, "alarm")                                                                               \
    X(source, "source")                                                                            \
    X(subsystem, "subsystem")                                                                      \
    X(parameter, "parameter")                                                                      \
    X(value_text, "value_text")                                                                    \
    X(unit, "unit")                                                                                \
    X(user, "user")                                                                                \
    X(note, "note")                                                                                \
    X(mark_user, "mark_user")                                                                      \
    X(mark_note, "mark_note")                                                                      \
    X(parent, "parent")                                                                            \
    X(title, "title")                                                                              \
    X(guidance, "guidance")

enum column {
#define X(member, column) COLUMN_##member,
    TEXT_COLUMNS(X)
#undef X
        COLUMN_KIND,
    COLUMN_STATE,
    COLUMN_SHELVED,
    COLUMN_OUT_OF_SERVICE,
    COLUMN_DISABLED,
    COLUMN_SUPPRESSED,
    COLUMN_SHADOW,
    COLUMN_FROZEN,
    COLUMN_SHOWN,
    COLUMN_SEVERITY,
    COLUMN_HIGHEST,
    COLUMN_LEVEL,
    COLUMN_VALUE,
    COLUMN_LIMIT,
    COLUMN_SEQ,
    COLUMN_RAISED,
    COLUMN_CHANGED,
    COLUMN_SHELVED_UNTIL,
    COLUMN_COUNT,
    COLUMN_CHILDREN,
    COLUMN_TOTAL
};

static const char *const column_names[COLUMN_TOTAL] = {
#define X(member, column) [COLUMN_##member] = column,
    TEXT_COLUMNS(X)
#undef X
        [COLUMN_KIND] = "kind",
    [COLUMN_STATE] = "state",
    [COLUMN_SHELVED] = "shelved",
    [COLUMN_OUT_OF_SERVICE] = "out_of_service",
    [COLUMN_DISABLED] = "disabled",
    [COLUMN_SUPPRESSED] = "suppressed",
    [COLUMN_SHADOW] = "shadow",
    [COLUMN_FROZEN] = "frozen",
    [COLUMN_SHOWN] = "shown",
    [COLUMN_SEVERITY] = "severity",
    [COLUMN_HIGHEST] = "highest",
    [COLUMN_LEVEL] = "level",
    [COLUMN_VALUE] = "value",
    [COLUMN_LIMIT] = "limit",
    [COLUMN_SEQ] = "seq",
    [COLUMN_RAISED] = "raised",
    [COLUMN_CHANGED] = "changed",
    [COLUMN_SHELVED_UNTIL] = "shelved_until",
    [COLUMN_COUNT] = "count",
    [COLUMN_CHILDREN] = "children",
};

struct row {
    struct mon_alarm alarm;
    size_t place; /* in the order, while it is held */
};

/* One alarm monitor's table. */
struct table {
    char monitor[WF_NAME_SIZE];
    uint64_t generation;
    uint64_t changes; /* taken over */
    int columns[COLUMN_TOTAL];
    struct row **rows; /* by row of the table; NULL = not in use */
    uint32_t row_max;
    uint8_t *payload;
    bool is_read; /* once: what is there then is not new */
    bool is_live, is_seen;
};

struct mon_alarms {
    struct table tables[MON_MONITOR_MAX];
    size_t table_count;
    struct row **order;
    size_t count, room;
    uint64_t raised;
    bool is_held;
};

int mon_alarms_create(struct mon_alarms **out_alarms, struct wf_err *err)
{
    *out_alarms = calloc(1, sizeof(**out_alarms));
    return *out_alarms != NULL ? WF_OK : wf_fail(err, WF_ERR_NOMEM, "alarms: out of memory");
}

static void close_table(struct table *table)
{
    for (uint32_t i = 0; table->rows != NULL && i < table->row_max; i++)
        free(table->rows[i]);
    free(table->rows);
    free(table->payload);
    *table = (struct table){ 0 };
}

void mon_alarms_destroy(struct mon_alarms **alarms)
{
    struct mon_alarms *old = *alarms;

    *alarms = NULL;
    if (old == NULL)
        return;
    for (size_t i = 0; i < old->table_count; i++)
        close_table(&old->tables[i]);
    free(old->order);
    free(old);
}

/* --- one row ----------------------------------------------------------------- */

static bool cell(const struct table *table, const struct wf_schema *schema, enum column column,
                 struct wf_value *out)
{
    if (table->columns[column] == WF_NO_INDEX)
        return false;
    wf_value_get(schema, table->payload, (size_t)table->columns[column], 0, out);
    return out->kind != WF_VALUE_NONE;
}

static void read_text(const struct table *table, const struct wf_schema *schema, enum column column,
                      char *out, size_t size)
{
    struct wf_strbuf text;
    struct wf_value value;

    wf_strbuf_init_fixed(&text, out, size);
    if (cell(table, schema, column, &value) && value.kind == WF_VALUE_TEXT)
        wf_strbuf_add_bytes(&text, value.as.text, value.len);
}

/* Whole numbers and flags; `absent` when there is none. */
static uint64_t read_count(const struct table *table, const struct wf_schema *schema,
                           enum column column, uint64_t absent)
{
    struct wf_value value;

    if (!cell(table, schema, column, &value) ||
        (value.kind != WF_VALUE_U64 && value.kind != WF_VALUE_BOOL))
        return absent;
    return value.as.u64;
}

static double read_number(const struct table *table, const struct wf_schema *schema,
                          enum column column)
{
    struct wf_value value = { 0 };

    (void)cell(table, schema, column, &value);
    return wf_value_as_double(&value);
}

static int64_t read_time(const struct table *table, const struct wf_schema *schema,
                         enum column column)
{
    struct wf_value value;

    return cell(table, schema, column, &value) && value.kind == WF_VALUE_TIME ? value.as.i64
                                                                              : WF_TIME_NONE;
}

static uint8_t read_marks(const struct table *table, const struct wf_schema *schema)
{
    static const struct {
        enum column column;
        uint8_t mark;
    } marks[] = {
        { COLUMN_SHELVED, WF_ALARM_SHELVED },   { COLUMN_OUT_OF_SERVICE, WF_ALARM_OUT_OF_SERVICE },
        { COLUMN_DISABLED, WF_ALARM_DISABLED }, { COLUMN_SUPPRESSED, WF_ALARM_SUPPRESSED },
        { COLUMN_SHADOW, WF_ALARM_SHADOW },
    };
    uint8_t all = 0;

    for (size_t i = 0; i < WF_COUNT_OF(marks); i++)
        if (read_count(table, schema, marks[i].column, 0) != 0)
            all |= marks[i].mark;
    return all;
}

static void read_alarm(const struct table *table, const struct wf_schema *schema,
                       struct mon_alarm *out)
{
    (void)wf_copy_text(out->monitor, sizeof(out->monitor), table->monitor);
#define X(member, column)                                                                          \
    read_text(table, schema, COLUMN_##member, out->member, sizeof(out->member));
    TEXT_COLUMNS(X)
#undef X
    out->kind = (enum wf_alarm_kind)read_count(table, schema, COLUMN_KIND, WF_ALARM_RULE);
    out->state = (enum wf_alarm_state)read_count(table, schema, COLUMN_STATE, WF_ALARM_NORMAL);
    out->marks = read_marks(table, schema);
    out->is_frozen = read_count(table, schema, COLUMN_FROZEN, 0) != 0;
    out->is_shown = read_count(table, schema, COLUMN_SHOWN, 0) != 0;
    out->severity = (uint8_t)(read_count(table, schema, COLUMN_SEVERITY, 0) % 6);
    out->highest = (uint8_t)(read_count(table, schema, COLUMN_HIGHEST, 0) % 6);
    out->level = (uint8_t)read_count(table, schema, COLUMN_LEVEL, WF_ALARM_NO_LEVEL);
    out->value = read_number(table, schema, COLUMN_VALUE);
    out->limit = read_number(table, schema, COLUMN_LIMIT);
    out->seq = read_count(table, schema, COLUMN_SEQ, 0);
    out->raised_ns = read_time(table, schema, COLUMN_RAISED);
    out->changed_ns = read_time(table, schema, COLUMN_CHANGED);
    out->shelved_until_ns = read_time(table, schema, COLUMN_SHELVED_UNTIL);
    out->count = (uint32_t)read_count(table, schema, COLUMN_COUNT, 0);
    out->children = (uint32_t)read_count(table, schema, COLUMN_CHILDREN, 0);
}

static bool is_calling(const struct mon_alarm *alarm)
{
    return alarm->state == WF_ALARM_ACTIVE_UNACK && alarm->is_shown;
}

/* True when the row is not what it was. */
static bool take_row(struct mon_alarms *alarms, struct table *table, const struct wf_region *region,
                     uint32_t index)
{
    const struct wf_schema *schema = wf_region_schema(region);
    struct row *row = table->rows[index];
    struct mon_alarm before = { 0 };
    struct wf_stamp stamp;
    int rc = wf_region_row(region, index, table->payload, schema->payload_bytes, &stamp);

    if (rc == WF_ERR_ABSENT) {
        free(row);
        table->rows[index] = NULL;
        return row != NULL;
    }
    if (rc < 0)
        return false; /* changing: its change comes again */
    if (row == NULL) {
        row = calloc(1, sizeof(*row));
        if (row == NULL)
            return false;
        row->place = SIZE_MAX;
        table->rows[index] = row;
    } else {
        before = row->alarm;
    }
    read_alarm(table, schema, &row->alarm);
    row->alarm.is_monitor_live = table->is_live;
    if (strcmp(before.name, row->alarm.name) != 0)
        before = (struct mon_alarm){ 0 };
    /* New, or it was raised once more, or became worse. */
    if (table->is_read && is_calling(&row->alarm) &&
        (!is_calling(&before) || row->alarm.count > before.count))
        alarms->raised++;
    return true;
}

/* --- one table ---------------------------------------------------------------- */

/* "alarms" is main's; "alarms_x" is x's; anything else is not an alarm table. */
static const char *monitor_of(const struct wf_region_info *info)
{
    if (info->kind != WF_KIND_TABLE || !wf_name_is_equal(info->source, WF_SOURCE_OWN))
        return NULL;
    if (strcmp(info->subsystem, "alarms") == 0)
        return "main";
    return strncmp(info->subsystem, "alarms_", 7) == 0 ? info->subsystem + 7 : NULL;
}

static bool open_table(struct table *table, const struct wf_schema *schema, const char *monitor,
                       uint64_t generation)
{
    close_table(table);
    (void)wf_copy_text(table->monitor, sizeof(table->monitor), monitor);
    table->generation = generation;
    table->row_max = schema->row_max;
    table->rows = calloc(schema->row_max, sizeof(table->rows[0]));
    table->payload = malloc(schema->payload_bytes);
    for (size_t i = 0; i < COLUMN_TOTAL; i++)
        table->columns[i] = wf_schema_find(schema, column_names[i]);
    if (table->rows == NULL || table->payload == NULL) {
        close_table(table);
        return false;
    }
    return true;
}

static bool take_all(struct mon_alarms *alarms, struct table *table, const struct wf_region *region)
{
    bool is_changed = false;

    for (uint32_t i = 0; i < table->row_max; i++)
        if (take_row(alarms, table, region, i))
            is_changed = true;
    return is_changed;
}

static bool take_changes(struct mon_alarms *alarms, struct table *table,
                         const struct wf_region *region)
{
    uint64_t head = wf_region_changes(region);
    bool is_changed = false;

    if (!table->is_read) {
        table->changes =
            head; /* first the count, then the rows: what changes meanwhile comes again */
        is_changed = take_all(alarms, table, region);
        table->is_read = true;
        return is_changed;
    }
    for (; table->changes < head; table->changes++) {
        uint32_t index;

        if (wf_region_change(region, table->changes, &index) < 0 || index >= table->row_max) {
            table->changes = head;
            return take_all(alarms, table, region) || is_changed;
        }
        if (take_row(alarms, table, region, index))
            is_changed = true;
    }
    return is_changed;
}

static void mark_live(struct table *table, bool is_live)
{
    table->is_live = is_live;
    for (uint32_t i = 0; i < table->row_max; i++)
        if (table->rows[i] != NULL)
            table->rows[i]->alarm.is_monitor_live = is_live;
}

static struct table *find_table(struct mon_alarms *alarms, const char *monitor)
{
    for (size_t i = 0; i < alarms->table_count; i++)
        if (wf_name_is_equal(alarms->tables[i].monitor, monitor))
            return &alarms->tables[i];
    return alarms->table_count < MON_MONITOR_MAX ? &alarms->tables[alarms->table_count] : NULL;
}

static bool take_table(struct mon_alarms *alarms, const struct wf_watch *watch, size_t index,
                       const char *monitor, int64_t now_mono_ns)
{
    struct wf_region *region = wf_watch_region(watch, index);
    uint64_t generation = wf_watch_generation(watch, index);
    struct table *table = find_table(alarms, monitor);
    bool is_changed = false;
    struct wf_region_info info;
    bool is_live;

    if (table == NULL)
        return false;
    if (table->rows == NULL || table->generation != generation) {
        if (!open_table(table, wf_region_schema(region), monitor, generation))
            return false;
        if (table == &alarms->tables[alarms->table_count])
            alarms->table_count++;
        is_changed = true;
    }
    table->is_seen = true;
    if (take_changes(alarms, table, region))
        is_changed = true;
    wf_region_info(region, &info);
    is_live = wf_region_is_written(&info, now_mono_ns);
    if (is_live != table->is_live) {
        mark_live(table, is_live);
        is_changed = true;
    }
    return is_changed;
}

static bool drop_unseen(struct mon_alarms *alarms)
{
    bool is_changed = false;

    for (size_t i = 0; i < alarms->table_count;) {
        if (alarms->tables[i].is_seen) {
            i++;
            continue;
        }
        close_table(&alarms->tables[i]);
        alarms->tables[i] = alarms->tables[--alarms->table_count];
        alarms->tables[alarms->table_count] = (struct table){ 0 };
        is_changed = true;
    }
    return is_changed;
}

/* --- order -------------------------------------------------------------------- */

static int rank_of(const struct mon_alarm *alarm)
{
    switch (alarm->state) {
    case WF_ALARM_ACTIVE_UNACK:
        return 0;
    case WF_ALARM_RTN_UNACK:
        return 1;
    case WF_ALARM_ACTIVE_ACK:
        return 2;
    case WF_ALARM_LATCHED:
        return 3;
    case WF_ALARM_PENDING:
        return 4;
    case WF_ALARM_NORMAL:
    case WF_ALARM_STATE_COUNT:
    default:
        return 5;
    }
}

static int compare_rows(const void *left, const void *right)
{
    const struct row *a = *(struct row *const *)left;
    const struct row *b = *(struct row *const *)right;

    if (a->place != b->place)
        return a->place < b->place ? -1 : 1;
    if (rank_of(&a->alarm) != rank_of(&b->alarm))
        return rank_of(&a->alarm) - rank_of(&b->alarm);
    if (a->alarm.highest != b->alarm.highest)
        return b->alarm.highest - a->alarm.highest;
    if (a->alarm.raised_ns != b->alarm.raised_ns)
        return a->alarm.raised_ns > b->alarm.raised_ns ? -1 : 1;
    return strcmp(a->alarm.name, b->alarm.name);
}

static void put_in_order(struct mon_alarms *alarms)
{
    size_t count = 0;

    for (size_t i = 0; i < alarms->table_count; i++)
        for (uint32_t j = 0; j < alarms->tables[i].row_max; j++)
            count += alarms->tables[i].rows[j] != NULL;
    if (count > alarms->room) {
        struct row **grown = realloc(alarms->order, count * 2 * sizeof(grown[0]));

        if (grown == NULL) {
            alarms->count = 0; /* the old list points at rows that may be gone */
            return;
        }
        alarms->order = grown;
        alarms->room = count * 2;
    }
    alarms->count = 0;
    for (size_t i = 0; i < alarms->table_count; i++) {
        for (uint32_t j = 0; j < alarms->tables[i].row_max; j++) {
            struct row *row = alarms->tables[i].rows[j];

            if (row == NULL)
                continue;
            if (!alarms->is_held)
                row->place = SIZE_MAX;
            alarms->order[alarms->count++] = row;
        }
    }
    if (alarms->count > 1)
        qsort(alarms->order, alarms->count, sizeof(alarms->order[0]), compare_rows);
}

void mon_alarms_hold(struct mon_alarms *alarms, bool is_held)
{
    if (alarms->is_held == is_held)
        return;
    alarms->is_held = is_held;
    for (size_t i = 0; i < alarms->count; i++)
        alarms->order[i]->place = is_held ? i : SIZE_MAX;
    if (!is_held)
        put_in_order(alarms);
}

bool mon_alarms_update(struct mon_alarms *alarms, const struct wf_watch *watch, int64_t now_mono_ns)
{
    size_t count = wf_watch_count(watch);
    bool is_changed = false;

    for (size_t i = 0; i < alarms->table_count; i++)
        alarms->tables[i].is_seen = false;
    for (size_t i = 0; i < count; i++) {
        struct wf_region_info info;
        const char *monitor;

        wf_region_info(wf_watch_region(watch, i), &info);
        monitor = monitor_of(&info);
        if (monitor != NULL && take_table(alarms, watch, i, monitor, now_mono_ns))
            is_changed = true;
    }
    if (drop_unseen(alarms))
        is_changed = true;
    if (is_changed)
        put_in_order(alarms);
    return is_changed;
}

/* --- asking ------------------------------------------------------------------- */

size_t mon_alarms_count(const struct mon_alarms *alarms)
{
    return alarms->count;
}

const struct mon_alarm *mon_alarms_at(const struct mon_alarms *alarms, size_t index)
{
    return index < alarms->count ? &alarms->order[index]->alarm : NULL;
}

void mon_alarms_counts(const struct mon_alarms *alarms, struct mon_alarm_counts *out)
{
    *out = (struct mon_alarm_counts){ 0 };
    for (size_t i = 0; i < alarms->count; i++) {
        const struct mon_alarm *alarm = &alarms->order[i]->alarm;

        out->shelved += (alarm->marks & WF_ALARM_SHELVED) != 0;
        out->suppressed += (alarm->marks & WF_ALARM_SUPPRESSED) != 0;
        out->out_of_service += (alarm->marks & WF_ALARM_OUT_OF_SERVICE) != 0;
        if (!alarm->is_shown)
            continue;
        out->shown++;
        out->pending += alarm->state == WF_ALARM_PENDING;
        out->unacknowledged +=
            alarm->state == WF_ALARM_ACTIVE_UNACK || alarm->state == WF_ALARM_RTN_UNACK;
        if (alarm->state != WF_ALARM_PENDING)
            out->active[alarm->severity]++;
    }
}

size_t mon_alarms_monitors(const struct mon_alarms *alarms, size_t *out_live)
{
    *out_live = 0;
    for (size_t i = 0; i < alarms->table_count; i++)
        *out_live += alarms->tables[i].is_live;
    return alarms->table_count;
}

uint64_t mon_alarms_raised(const struct mon_alarms *alarms)
{
    return alarms->raised;
}

bool mon_alarms_monitor(const struct mon_alarms *alarms, size_t index, char out[WF_NAME_SIZE])
{
    if (index >= alarms->table_count)
        return false;
    (void)wf_copy_text(out, WF_NAME_SIZE, alarms->tables[index].monitor);
    return true;
}
