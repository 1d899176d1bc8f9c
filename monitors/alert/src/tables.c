/* SPDX-License-Identifier: MIT */
/* The regions wf.alarms and wf.limits: what the journal says, for displays without a database. */

#include "alert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>

#include "alarms_info.h"
#include "alarms_schema.h"
#include "limits_info.h"
#include "limits_schema.h"

/* One LIMIT alarm whose limits may differ from its schema's, and what its row says. */
struct limit_row {
    size_t alarm; /* index */
    const struct alert_alarm *of;
    bool is_listed;
    struct limits_info info;
};

struct alert_tables {
    struct wf_schema *alarms_schema, *limits_schema;
    struct wf_writer *alarms, *limits; /* the publisher's */
    void *payload;
    struct limit_row *limit_rows;
    size_t limit_count;
    bool has_changed;
};

int alert_tables_open(struct alert *alert, struct wf_err *err)
{
    struct alert_tables *tables = calloc(1, sizeof(*tables));
    char name[WF_NAME_SIZE];
    size_t bytes;
    int rc;

    if (tables == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    alert->tables = tables;
    alert_region_name(alert, "alarms", name);
    rc = alert_parse_schema(name, alarms_schema_text, alarms_schema_text_len,
                            sizeof(struct alarms_info), &tables->alarms_schema, err);
    alert_region_name(alert, "limits", name);
    if (rc == 0)
        rc = alert_parse_schema(name, limits_schema_text, limits_schema_text_len,
                                sizeof(struct limits_info), &tables->limits_schema, err);
    if (rc == 0)
        rc = wf_publisher_add(alert->publisher, WF_SOURCE_OWN, tables->alarms_schema,
                              &tables->alarms, NULL, err);
    if (rc == 0)
        rc = wf_publisher_add(alert->publisher, WF_SOURCE_OWN, tables->limits_schema,
                              &tables->limits, NULL, err);
    if (rc < 0)
        return rc;
    bytes = tables->alarms_schema->payload_bytes;
    if (tables->limits_schema->payload_bytes > bytes)
        bytes = tables->limits_schema->payload_bytes;
    tables->payload = calloc(1, bytes);
    return tables->payload != NULL ? 0 : wf_fail(err, WF_ERR_NOMEM, "out of memory");
}

void alert_tables_close(struct alert *alert)
{
    struct alert_tables *tables = alert->tables;

    alert->tables = NULL;
    if (tables == NULL)
        return;
    wf_schema_free(&tables->alarms_schema);
    wf_schema_free(&tables->limits_schema);
    free(tables->payload);
    free(tables->limit_rows);
    free(tables);
}

static struct wf_stamp stamp_now(void)
{
    struct wf_stamp stamp = { .received_ns = wf_utc_now_ns(),
                              .received_mono_ns = wf_mono_now_ns() };

    stamp.device_ns = stamp.received_ns;
    return stamp;
}

/* --- alarms ---------------------------------------------------------------------------------- */

static void mark_invalid(const struct wf_schema *schema, void *payload, const char *name,
                         double value)
{
    int index = wf_schema_find(schema, name);

    if (index >= 0 && isnan(value))
        ((uint8_t *)payload)[schema->parameters[index].quality_offset] = WF_QUALITY_INVALID;
}

static uint8_t level_number(const char *level)
{
    static const char *const names[] = { "lolo", "lo", "hi", "hihi" };

    for (uint8_t i = 0; i < WF_COUNT_OF(names); i++)
        if (strcmp(level, names[i]) == 0)
            return i;
    return 255;
}

static void fill_about(const struct alert *alert, const struct alert_alarm *alarm,
                       struct alarms_info *info)
{
    const struct wf_alarm_engine *engine = wf_alarm_roster_engine(alert->roster);
    const struct wf_alarm_spec *spec = wf_alarm_engine_spec(engine, (size_t)alarm->index);
    struct wf_alarm_about about;

    wf_alarm_roster_about(alert->roster, (size_t)alarm->index, &about);
    (void)wf_copy_text(info->source, sizeof(info->source), about.source);
    (void)wf_copy_text(info->subsystem, sizeof(info->subsystem), about.subsystem);
    (void)wf_copy_text(info->parameter, sizeof(info->parameter), about.name);
    (void)wf_copy_text(info->unit, sizeof(info->unit), about.unit);
    (void)wf_copy_text(info->title, sizeof(info->title), about.title);
    (void)wf_copy_text(info->guidance, sizeof(info->guidance), about.guidance);
    info->kind = (uint8_t)about.kind;
    info->frozen = wf_alarm_roster_is_frozen(alert->roster, (size_t)alarm->index);
    if (spec->parent >= 0 && (alarm->shown.marks & WF_ALARM_SUPPRESSED) != 0)
        (void)wf_copy_text(info->parent, sizeof(info->parent), alert->alarms[spec->parent]->name);
}

static void fill_row(const struct alert *alert, const struct alert_alarm *alarm,
                     struct alarms_info *info)
{
    const struct alert_shown *shown = &alarm->shown;

    (void)wf_copy_text(info->alarm, sizeof(info->alarm), alarm->name);
    fill_about(alert, alarm, info);
    info->state = shown->state;
    info->shelved = (shown->marks & WF_ALARM_SHELVED) != 0;
    info->out_of_service = (shown->marks & WF_ALARM_OUT_OF_SERVICE) != 0;
    info->disabled = (shown->marks & WF_ALARM_DISABLED) != 0;
    info->suppressed = (shown->marks & WF_ALARM_SUPPRESSED) != 0;
    info->shadow = (shown->marks & WF_ALARM_SHADOW) != 0;
    info->shown = alert_is_shown(shown);
    info->severity = shown->severity;
    info->highest = shown->highest;
    info->level = level_number(shown->level);
    info->value = shown->value;
    info->limit = shown->limit;
    (void)wf_copy_text(info->value_text, sizeof(info->value_text), shown->value_text);
    info->seq = shown->seq;
    info->raised = shown->raised_ns;
    info->changed = shown->changed_ns;
    info->count = shown->count;
    (void)wf_copy_text(info->user, sizeof(info->user), shown->user);
    (void)wf_copy_text(info->note, sizeof(info->note), shown->note);
    (void)wf_copy_text(info->mark_user, sizeof(info->mark_user), shown->mark_user);
    (void)wf_copy_text(info->mark_note, sizeof(info->mark_note), shown->mark_note);
    info->shelved_until = shown->shelved_until_ns;
    info->children = alarm->children;
}

/* Which alarms have a row, as a list: the table has fewer than there are alarms. */
static void set_listed(struct alert *alert, struct alert_alarm *alarm, bool is_listed)
{
    if (alarm->is_listed == is_listed)
        return;
    if (!is_listed) {
        struct alert_alarm *last = alert->listed[--alert->listed_count];

        alert->listed[alarm->listed_at] = last;
        last->listed_at = alarm->listed_at;
        alarm->is_listed = false;
        return;
    }
    if (alert->listed_count == alert->listed_room) {
        size_t room = alert->listed_room == 0 ? 256 : alert->listed_room * 2;
        struct alert_alarm **list = realloc(alert->listed, room * sizeof(*list));

        if (list == NULL)
            return;
        alert->listed = list;
        alert->listed_room = room;
    }
    alarm->listed_at = alert->listed_count;
    alert->listed[alert->listed_count++] = alarm;
    alarm->is_listed = true;
}

static void write_row(struct alert *alert, struct alert_alarm *alarm)
{
    struct alert_tables *tables = alert->tables;
    bool is_wanted = alarm->index >= 0 && alert_is_listed(&alarm->shown);
    struct wf_stamp stamp = stamp_now();
    int rc = 0;

    tables->has_changed = true;
    if (!is_wanted) {
        if (alarm->is_listed)
            (void)wf_writer_remove_row(tables->alarms, alarm->name);
        set_listed(alert, alarm, false);
        return;
    }
    memset(tables->payload, 0, tables->alarms_schema->payload_bytes);
    fill_row(alert, alarm, tables->payload);
    mark_invalid(tables->alarms_schema, tables->payload, "value", alarm->shown.value);
    mark_invalid(tables->alarms_schema, tables->payload, "limit", alarm->shown.limit);
    alarm->is_frozen = wf_alarm_roster_is_frozen(alert->roster, (size_t)alarm->index);
    rc = wf_writer_set_row(tables->alarms, &stamp, tables->payload);
    set_listed(alert, alarm, rc == 0);
    if (rc < 0)
        alert->figures.unlisted++; /* counted anew each second, when it is tried again */
}

void alert_tables_touch(struct alert *alert, struct alert_alarm *alarm)
{
    if (alarm->is_dirty)
        return;
    alarm->is_dirty = true;
    alarm->next_dirty = alert->dirty;
    alert->dirty = alarm;
}

void alert_tables_related(struct alert *alert, struct alert_alarm *alarm, uint8_t marks_before)
{
    const struct wf_alarm_spec *spec;
    bool was_under = (marks_before & WF_ALARM_SUPPRESSED) != 0;
    bool is_under = (alarm->shown.marks & WF_ALARM_SUPPRESSED) != 0;

    if (alarm->index < 0)
        return;
    spec = wf_alarm_engine_spec(wf_alarm_roster_engine(alert->roster), (size_t)alarm->index);
    if (was_under != is_under && spec->parent >= 0) {
        struct alert_alarm *parent = alert->alarms[spec->parent];

        parent->children += is_under ? 1u : (uint32_t)-1;
        alert_tables_touch(alert, parent);
    }
}

void alert_tables_frozen(struct alert *alert)
{
    for (size_t i = 0; i < alert->listed_count; i++) {
        struct alert_alarm *alarm = alert->listed[i];

        if (alarm->index >= 0 &&
            wf_alarm_roster_is_frozen(alert->roster, (size_t)alarm->index) != alarm->is_frozen)
            alert_tables_touch(alert, alarm);
    }
}

void alert_tables_count_children(struct alert *alert)
{
    for (size_t i = 0; i < alert->alarm_count; i++)
        alert->alarms[i]->children = 0;
    for (size_t i = 0; i < alert->alarm_count; i++) {
        const struct wf_alarm_spec *spec =
            wf_alarm_engine_spec(wf_alarm_roster_engine(alert->roster), i);

        if (spec->parent >= 0 && (alert->alarms[i]->shown.marks & WF_ALARM_SUPPRESSED) != 0)
            alert->alarms[spec->parent]->children++;
    }
}

void alert_tables_retry(struct alert *alert)
{
    if (alert->figures.unlisted == 0)
        return;
    alert->figures.unlisted = 0;
    for (size_t i = 0; i < alert->alarm_count; i++)
        if (!alert->alarms[i]->is_listed && alert_is_listed(&alert->alarms[i]->shown))
            alert_tables_touch(alert, alert->alarms[i]);
    alert_tables_publish(alert);
}

void alert_tables_publish(struct alert *alert)
{
    struct alert_tables *tables = alert->tables;

    if (tables == NULL)
        return;
    while (alert->dirty != NULL) {
        struct alert_alarm *alarm = alert->dirty;

        alert->dirty = alarm->next_dirty;
        alarm->is_dirty = false;
        write_row(alert, alarm);
    }
    alert_tables_limits(alert);
    if (tables->has_changed)
        wf_publisher_ring(alert->publisher);
    tables->has_changed = false;
}

/* --- what an earlier life left -------------------------------------------------------------------- */

/* Keys of all rows of one of our tables, as others see it. */
static void sweep_table(struct alert *alert, struct wf_writer *writer, const char *key,
                        bool (*is_known)(const struct alert *alert, const char *key))
{
    const struct wf_schema *schema = wf_writer_schema(writer);
    struct wf_region *region = NULL;
    int index = wf_schema_find(schema, key);
    void *payload = malloc(schema->payload_bytes);
    struct wf_err err = { 0 };

    if (payload != NULL && index >= 0 &&
        wf_region_open(alert->instance, WF_SOURCE_OWN, schema->name, &region, &err) == 0)
        for (uint32_t row = 0; row < schema->row_max; row++) {
            const char *name = (const char *)payload + schema->parameters[index].offset;
            struct wf_stamp stamp;

            if (wf_region_row(region, row, payload, schema->payload_bytes, &stamp) == 0 &&
                !is_known(alert, name))
                (void)wf_writer_remove_row(writer, name);
        }
    wf_region_close(&region);
    free(payload);
}

static bool is_known_alarm(const struct alert *alert, const char *key)
{
    const struct alert_alarm *alarm = alert_book_find(&alert->book, key);

    return alarm != NULL && alarm->is_listed;
}

static bool is_known_limit(const struct alert *alert, const char *key)
{
    for (size_t i = 0; i < alert->tables->limit_count; i++)
        if (alert->tables->limit_rows[i].is_listed &&
            wf_casecmp(alert->tables->limit_rows[i].info.name, key) == 0)
            return true;
    return false;
}

void alert_tables_sweep(struct alert *alert)
{
    sweep_table(alert, alert->tables->alarms, "alarm", is_known_alarm);
    sweep_table(alert, alert->tables->limits, "name", is_known_limit);
    wf_publisher_ring(alert->publisher);
}

/* --- limits in force ------------------------------------------------------------------------------ */

/* May its limits be others than its schema's? */
static bool may_differ(const struct alert *alert, size_t index, struct wf_alarm_about *about)
{
    wf_alarm_roster_about(alert->roster, index, about);
    return about->kind == WF_ALARM_LIMIT &&
           (alert->members[about->member]->schema->context_count > 0 ||
            alert->alarms[index]->limits != NULL || alert->alarms[index]->is_limit_change_held);
}

/* What was shown of the same parameter; what is not looked at any more is removed. */
static void take_over(struct alert_tables *tables, struct limit_row *rows, size_t count,
                      const struct alert *alert)
{
    for (size_t i = 0; i < tables->limit_count; i++) {
        struct limit_row *old = &tables->limit_rows[i];
        bool is_kept = false;

        for (size_t k = 0; k < count && old->is_listed && !is_kept; k++) {
            if (alert->alarms[rows[k].alarm] != old->of)
                continue;
            rows[k].is_listed = is_kept = true;
            rows[k].info = old->info;
        }
        if (old->is_listed && !is_kept)
            (void)wf_writer_remove_row(tables->limits, old->info.name);
    }
}

void alert_tables_watch_limits(struct alert *alert)
{
    struct alert_tables *tables = alert->tables;
    struct limit_row *rows;
    struct wf_alarm_about about;
    size_t count = 0;

    for (size_t i = 0; i < alert->alarm_count; i++)
        count += may_differ(alert, i, &about);
    rows = calloc(count + 1, sizeof(*rows));
    if (rows == NULL)
        return;
    count = 0;
    for (size_t i = 0; i < alert->alarm_count; i++)
        if (may_differ(alert, i, &about)) {
            rows[count].of = alert->alarms[i];
            rows[count++].alarm = i;
        }
    take_over(tables, rows, count, alert);
    free(tables->limit_rows);
    tables->limit_rows = rows;
    tables->limit_count = count;
    tables->has_changed = true;
}

/* What is in force of one alarm; false when it is what the schema says. */
static bool fill_limits(const struct alert *alert, size_t index, struct limits_info *info)
{
    const struct alert_alarm *alarm = alert->alarms[index];
    const struct wf_alarm_definition *definition;
    const struct wf_limits *limits;
    struct wf_strbuf name = WF_STRBUF_FIXED(info->name);
    struct wf_alarm_about about;
    const char *context = "";
    bool is_other = false;

    definition = wf_alarm_roster_definition(alert->roster, index, &context);
    if (context[0] == '\0' && alarm->limits == NULL)
        return false;
    wf_alarm_roster_about(alert->roster, index, &about);
    limits = &alert->members[about.member]->schema->parameters[about.parameter].limits;
    for (unsigned i = 0; i < WF_LIMIT_COUNT; i++) {
        double *values[] = { &info->lolo, &info->lo, &info->hi, &info->hihi };
        bool is_set = (definition->levels & 1u << i) != 0;

        *values[i] = is_set ? definition->limit[i] : (double)NAN;
        info->present = (uint8_t)(info->present | (is_set ? 1u << i : 0));
        is_other = is_other || is_set != ((limits->present & 1u << i) != 0) ||
                   (is_set && definition->limit[i] != limits->value[i]);
    }
    wf_strbuf_addf(&name, "%s.%s.%s", about.source, about.subsystem, about.name);
    (void)wf_copy_text(info->context, sizeof(info->context), context);
    info->changed = WF_TIME_NONE;
    if (alarm->limits != NULL) {
        (void)wf_copy_text(info->user, sizeof(info->user), alarm->limits_user);
        info->changed = alarm->limits_ns;
    }
    return is_other;
}

static void write_limits(struct alert_tables *tables, struct limit_row *row,
                         const struct limits_info *info)
{
    static const char *const names[] = { "lolo", "lo", "hi", "hihi" };
    const double values[] = { info->lolo, info->lo, info->hi, info->hihi };
    struct wf_stamp stamp = stamp_now();

    memset(tables->payload, 0, tables->limits_schema->payload_bytes);
    memcpy(tables->payload, info, sizeof(*info));
    for (unsigned i = 0; i < WF_COUNT_OF(names); i++)
        mark_invalid(tables->limits_schema, tables->payload, names[i], values[i]);
    row->info = *info;
    row->is_listed = wf_writer_set_row(tables->limits, &stamp, tables->payload) == 0;
    tables->has_changed = true;
}

void alert_tables_limits(struct alert *alert)
{
    struct alert_tables *tables = alert->tables;

    for (size_t i = 0; i < tables->limit_count; i++) {
        struct limit_row *row = &tables->limit_rows[i];
        struct limits_info info;
        bool is_wanted;

        /* Not before the journal has it. */
        if (alert->alarms[row->alarm]->is_limit_change_held)
            continue;
        memset(&info, 0, sizeof(info));
        is_wanted = fill_limits(alert, row->alarm, &info);
        if (is_wanted && (!row->is_listed || memcmp(&info, &row->info, sizeof(info)) != 0)) {
            write_limits(tables, row, &info);
        } else if (!is_wanted && row->is_listed) {
            (void)wf_writer_remove_row(tables->limits, row->info.name);
            row->is_listed = false;
            tables->has_changed = true;
        }
    }
}
