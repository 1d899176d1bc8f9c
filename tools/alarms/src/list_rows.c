/* SPDX-License-Identifier: MIT */
/* Rows: see list_rows.h. */

#include "list_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/watch.h>

#define REFRESH_NS WF_NS_PER_S

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool list_contains(const char *text, const char *part)
{
    size_t len = strlen(part);

    for (; len > 0 && *text != '\0'; text++) {
        size_t i = 0;

        while (i < len && lower(text[i]) == lower(part[i]))
            i++;
        if (i == len)
            return true;
    }
    return len == 0;
}

int list_rows_open(const struct desk *desk, struct list_rows **out_rows, struct wf_err *err)
{
    static const char *const tables[] = { "wf.alarms", "wf.alarms_*",
                                          WF_SOURCE_OWN "." WF_REPLAY_SUBSYSTEM };
    const struct wf_watch_options options = { .instance = desk->common.paths.instance,
                                              .patterns = tables,
                                              .pattern_count = WF_COUNT_OF(tables) };
    struct list_rows *rows = calloc(1, sizeof(*rows));
    int rc;

    if (rows == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = mon_alarms_create(&rows->alarms, err);
    if (rc == 0)
        rc = wf_watch_open(&options, &rows->watch, err);
    if (rc < 0)
        list_rows_close(&rows);
    else
        rows->refreshed_ns = wf_mono_now_ns();
    *out_rows = rows;
    return rc;
}

void list_rows_close(struct list_rows **rows)
{
    if (*rows == NULL)
        return;
    mon_alarms_destroy(&(*rows)->alarms);
    wf_watch_close(&(*rows)->watch);
    free((*rows)->list);
    free(*rows);
    *rows = NULL;
}

static bool is_in_view(enum list_view view, const struct mon_alarm *alarm)
{
    bool is_unacked = alarm->state == WF_ALARM_ACTIVE_UNACK || alarm->state == WF_ALARM_RTN_UNACK;

    switch (view) {
    case LIST_ACTIVE:
        return alarm->is_shown;
    case LIST_UNACKNOWLEDGED:
        return alarm->is_shown && is_unacked;
    case LIST_ACKNOWLEDGED:
        return alarm->is_shown &&
               (alarm->state == WF_ALARM_ACTIVE_ACK || alarm->state == WF_ALARM_LATCHED);
    case LIST_PENDING:
        return alarm->state == WF_ALARM_PENDING;
    case LIST_SHELVED:
        return (alarm->marks & WF_ALARM_SHELVED) != 0;
    case LIST_SUPPRESSED:
        return (alarm->marks & WF_ALARM_SUPPRESSED) != 0;
    case LIST_OUT_OF_SERVICE:
        return (alarm->marks & WF_ALARM_OUT_OF_SERVICE) != 0;
    case LIST_ALL:
        break;
    }
    return true;
}

static bool is_wanted(const struct desk *desk, const struct list_options *options,
                      const struct mon_alarm *alarm)
{
    bool is_named = desk->common.operand_count == 0;
    uint8_t severity = alarm->highest > alarm->severity ? alarm->highest : alarm->severity;

    if (desk->only != NULL && strcmp(desk->only, alarm->monitor) != 0)
        return false;
    if (!is_in_view(options->view, alarm) || severity < options->severity)
        return false;
    if (options->text != NULL && !list_contains(alarm->name, options->text) &&
        !list_contains(alarm->title, options->text) && !list_contains(alarm->note, options->text) &&
        !list_contains(alarm->mark_note, options->text) &&
        !list_contains(alarm->guidance, options->text) &&
        !list_contains(alarm->user, options->text))
        return false;
    for (int i = 0; i < desk->common.operand_count && !is_named; i++)
        is_named = desk_name_match(desk->common.operands[i], alarm->name);
    return is_named;
}

static int keep_row(struct list_rows *rows, const struct mon_alarm *alarm, struct wf_err *err)
{
    if (rows->count == rows->size) {
        size_t size = rows->size == 0 ? 64 : 2 * rows->size;
        struct mon_alarm *list = realloc(rows->list, size * sizeof(*list));

        if (list == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        rows->list = list;
        rows->size = size;
    }
    rows->list[rows->count++] = *alarm;
    return 0;
}

/* --- from a monitor's answer ---------------------------------------------------------------- */

static unsigned read_marks(const json_t *alarm)
{
    static const char *const names[] = { "SHELVED", "OUT_OF_SERVICE", "DISABLED", "SUPPRESSED",
                                         "SHADOW" };
    unsigned marks = 0;

    for (unsigned i = 0; i < WF_COUNT_OF(names); i++)
        marks |= desk_has_mark(alarm, names[i]) ? 1u << i : 0;
    return marks;
}

static double read_double(const json_t *alarm, const char *key)
{
    const json_t *value = json_object_get(alarm, key);

    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

static uint8_t read_level(const char *text)
{
    static const char *const names[] = { "lolo", "lo", "hi", "hihi" };

    for (uint8_t i = 0; i < WF_COUNT_OF(names); i++) {
        if (strcmp(names[i], text) == 0)
            return i;
    }
    return WF_ALARM_NO_LEVEL;
}

static void read_row(const char *monitor, const json_t *alarm, struct mon_alarm *out)
{
    *out = (struct mon_alarm){
        .marks = (uint8_t)read_marks(alarm),
        .is_shown = json_is_true(json_object_get(alarm, "shown")),
        .is_frozen = json_is_true(json_object_get(alarm, "frozen")),
        .severity = (uint8_t)desk_number(alarm, "severity"),
        .highest = (uint8_t)desk_number(alarm, "highest"),
        .level = read_level(desk_text(alarm, "level")),
        .value = read_double(alarm, "value"),
        .limit = read_double(alarm, "limit"),
        .seq = (uint64_t)desk_number(alarm, "seq"),
        .raised_ns = desk_time(alarm, "raised_ns"),
        .changed_ns = desk_time(alarm, "changed_ns"),
        .shelved_until_ns = desk_time(alarm, "shelved_until_ns"),
        .count = (uint32_t)desk_number(alarm, "count"),
        .children = (uint32_t)desk_number(alarm, "children"),
        .is_monitor_live = true,
    };
    (void)wf_copy_text(out->monitor, sizeof(out->monitor), monitor);
    (void)wf_copy_text(out->name, sizeof(out->name), desk_text(alarm, "alarm"));
    (void)wf_copy_text(out->source, sizeof(out->source), desk_text(alarm, "source"));
    (void)wf_copy_text(out->subsystem, sizeof(out->subsystem), desk_text(alarm, "subsystem"));
    (void)wf_copy_text(out->parameter, sizeof(out->parameter), desk_text(alarm, "parameter"));
    (void)wf_copy_text(out->value_text, sizeof(out->value_text), desk_text(alarm, "value_text"));
    (void)wf_copy_text(out->unit, sizeof(out->unit), desk_text(alarm, "unit"));
    (void)wf_copy_text(out->user, sizeof(out->user), desk_text(alarm, "user"));
    (void)wf_copy_text(out->note, sizeof(out->note), desk_text(alarm, "note"));
    (void)wf_copy_text(out->mark_user, sizeof(out->mark_user), desk_text(alarm, "mark_user"));
    (void)wf_copy_text(out->mark_note, sizeof(out->mark_note), desk_text(alarm, "mark_note"));
    (void)wf_copy_text(out->parent, sizeof(out->parent), desk_text(alarm, "parent"));
    (void)wf_copy_text(out->title, sizeof(out->title), desk_text(alarm, "title"));
    (void)wf_copy_text(out->guidance, sizeof(out->guidance), desk_text(alarm, "guidance"));
    for (int kind = 0; kind < WF_ALARM_KIND_COUNT; kind++) {
        if (strcmp(wf_alarm_kind_name((enum wf_alarm_kind)kind), desk_text(alarm, "kind")) == 0)
            out->kind = (enum wf_alarm_kind)kind;
    }
    for (int state = 0; state < WF_ALARM_STATE_COUNT; state++) {
        if (strcmp(wf_alarm_state_name((enum wf_alarm_state)state), desk_text(alarm, "state")) == 0)
            out->state = (enum wf_alarm_state)state;
    }
}

static int compare_rows(const void *a, const void *b)
{
    const struct mon_alarm *x = a, *y = b;
    int order = wf_casecmp(x->name, y->name);

    return order != 0 ? order : strcmp(x->monitor, y->monitor);
}

static int ask_for_all(struct list_rows *rows, const struct desk *desk,
                       const struct list_options *options, struct wf_err *err)
{
    struct desk_find find;
    int rc = desk_find(desk, "*", &find, err);

    for (size_t i = 0; rc == 0 && i < find.count; i++) {
        struct mon_alarm alarm;

        read_row(find.list[i].monitor, find.list[i].alarm, &alarm);
        if (is_wanted(desk, options, &alarm))
            rc = keep_row(rows, &alarm, err);
    }
    if (rc == 0) {
        desk_find_fini(&find);
        if (rows->count > 0)
            qsort(rows->list, rows->count, sizeof(*rows->list), compare_rows);
    }
    return rc;
}

/* --- both ------------------------------------------------------------------------------------ */

int list_rows_update(struct list_rows *rows, const struct desk *desk,
                     const struct list_options *options, struct wf_err *err)
{
    int64_t now_ns = wf_mono_now_ns();
    bool is_changed;
    int rc = 0;

    if (now_ns - rows->refreshed_ns > REFRESH_NS) {
        (void)wf_watch_refresh(rows->watch, NULL); /* once more in a second */
        rows->refreshed_ns = now_ns;
    }
    is_changed = mon_alarms_update(rows->alarms, rows->watch, now_ns);
    mon_alarms_counts(rows->alarms, &rows->counts);
    rows->monitor_count = mon_alarms_monitors(rows->alarms, &rows->live_count);
    rows->count = 0;
    rows->is_replay = wf_replay_find(rows->watch, &rows->replay);
    if (options->view == LIST_ALL) {
        rc = ask_for_all(rows, desk, options, err);
    } else {
        for (size_t i = 0; rc == 0 && i < mon_alarms_count(rows->alarms); i++) {
            const struct mon_alarm *alarm = mon_alarms_at(rows->alarms, i);

            if (is_wanted(desk, options, alarm))
                rc = keep_row(rows, alarm, err);
        }
    }
    return rc < 0 ? rc : is_changed;
}

void list_rows_wait(struct list_rows *rows, int timeout_ms)
{
    (void)wf_watch_wait(rows->watch, timeout_ms);
}
