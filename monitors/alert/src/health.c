/* SPDX-License-Identifier: MIT */
/* The monitor's own health, published as wf.alert: see alert.ini. Its limits make alarms of it. */

#include "alert.h"

#include <stdlib.h>
#include <string.h>

#include "alert_info.h"
#include "alert_schema.h"

_Static_assert((int)ALERT_IS_STARTING == ALERT_STATES_STARTING &&
                   (int)ALERT_IS_STOPPED == ALERT_STATES_STOPPED,
               "enum alert_state is the enumeration of alert.ini");

struct alert_health {
    struct wf_schema *schema;
    struct wf_writer *writer; /* the publisher's */
    uint64_t sequence;
    void *payload;
};

void alert_region_name(const struct alert *alert, const char *base, char out[WF_NAME_SIZE])
{
    struct wf_strbuf text;

    wf_strbuf_init_fixed(&text, out, WF_NAME_SIZE);
    wf_strbuf_add(&text, base);
    if (!wf_name_is_equal(alert->name, "main"))
        wf_strbuf_addf(&text, "_%s", alert->name);
}

/* The schema's text with another name: several monitors publish the same kind of table. */
static void rename_schema(const char *text, size_t len, const char *name, struct wf_strbuf *out)
{
    static const char key[] = "\nname = ";
    size_t at = 0;

    while (at + sizeof(key) < len && strncmp(text + at, key, sizeof(key) - 1) != 0)
        at++;
    wf_strbuf_add_bytes(out, text, at);
    if (at + sizeof(key) >= len)
        return;
    wf_strbuf_addf(out, "%s%s", key, name);
    at += sizeof(key) - 1;
    while (at < len && text[at] != '\n')
        at++;
    wf_strbuf_add_bytes(out, text + at, len - at);
}

int alert_parse_schema(const char *name, const char *text, size_t len, size_t struct_bytes,
                       struct wf_schema **out_schema, struct wf_err *err)
{
    struct wf_strbuf renamed;
    struct wf_problems problems = { 0 };
    char file[WF_NAME_SIZE + 4];
    struct wf_strbuf buf = WF_STRBUF_FIXED(file);
    int rc;

    wf_strbuf_addf(&buf, "%s.ini", name);
    wf_strbuf_init(&renamed, WF_SCHEMA_TEXT_MAX);
    rename_schema(text, len, name, &renamed);
    rc = wf_schema_parse(file, renamed.text, renamed.len, out_schema, &problems, err);
    wf_strbuf_fini(&renamed);
    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    if (rc == 0 && (*out_schema)->struct_bytes != struct_bytes)
        return wf_fail(err, WF_ERR_VERSION,
                       "this libwatchfloor lays structs out as another release does");
    return rc;
}

int alert_health_open(struct alert *alert, struct wf_err *err)
{
    struct alert_health *health = calloc(1, sizeof(*health));
    char name[WF_NAME_SIZE];
    int rc;

    if (health == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    alert->health = health;
    alert_region_name(alert, "alert", name);
    rc = alert_parse_schema(name, alert_schema_text, alert_schema_text_len,
                            sizeof(struct alert_info), &health->schema, err);
    if (rc == 0)
        rc = wf_publisher_add(alert->publisher, WF_SOURCE_OWN, health->schema, &health->writer,
                              NULL, err);
    if (rc == 0 && (health->payload = calloc(1, health->schema->payload_bytes)) == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    return rc;
}

void alert_health_close(struct alert *alert)
{
    if (alert->health == NULL)
        return;
    wf_schema_free(&alert->health->schema);
    free(alert->health->payload);
    free(alert->health);
    alert->health = NULL;
}

enum alert_state alert_state(const struct alert *alert)
{
    struct alert_commit_figures figures = { 0 };

    if (alert->has_ended)
        return ALERT_IS_STOPPED;
    if (!alert->is_open)
        return ALERT_IS_STARTING;
    if (alert_is_held_up(alert))
        return ALERT_IS_PAUSED;
    if (alert->commit != NULL)
        alert_commit_figures(alert->commit, &figures);
    return figures.is_failing ? ALERT_IS_FAILING : ALERT_IS_RUNNING;
}

const char *alert_state_name(enum alert_state state)
{
    static const char *const names[] = { "starting", "running", "failing", "paused", "stopped" };

    return (size_t)state < WF_COUNT_OF(names) ? names[state] : "?";
}

void alert_count(struct alert *alert, const struct alert_shown *shown, uint32_t by)
{
    struct alert_counts *counts = &alert->counts;
    unsigned state = shown->state;
    const struct {
        uint32_t *count;
        bool is_so;
    } list[] = {
        { &counts->active, state == WF_ALARM_ACTIVE_UNACK || state == WF_ALARM_ACTIVE_ACK },
        { &counts->unacknowledged, state == WF_ALARM_ACTIVE_UNACK || state == WF_ALARM_RTN_UNACK },
        { &counts->pending, state == WF_ALARM_PENDING },
        { &counts->latched, state == WF_ALARM_LATCHED },
        { &counts->shelved, (shown->marks & WF_ALARM_SHELVED) != 0 },
        { &counts->suppressed, (shown->marks & WF_ALARM_SUPPRESSED) != 0 },
        { &counts->out_of_service, (shown->marks & WF_ALARM_OUT_OF_SERVICE) != 0 },
        { &counts->disabled, (shown->marks & WF_ALARM_DISABLED) != 0 },
        { &counts->shadow, (shown->marks & WF_ALARM_SHADOW) != 0 },
        { &counts->shown, alert_is_shown(shown) },
    };

    for (size_t i = 0; i < WF_COUNT_OF(list); i++)
        *list[i].count += list[i].is_so ? by : 0;
}

static void fill_counts(const struct alert *alert, struct alert_info *info)
{
    const struct alert_counts counts = alert->counts;

    info->active = counts.active;
    info->unacknowledged = counts.unacknowledged;
    info->pending = counts.pending;
    info->latched = counts.latched;
    info->shelved = counts.shelved;
    info->suppressed = counts.suppressed;
    info->out_of_service = counts.out_of_service;
    info->disabled = counts.disabled;
    info->shadow = counts.shadow;
    info->shown = counts.shown;
    info->alarms = (uint32_t)alert->alarm_count;
    info->subsystems = (uint32_t)alert->member_count;
    info->refused = 0;
    for (const struct alert_line *line = alert->lines; line != NULL; line = line->next)
        info->refused += line->reduced != ALERT_WHOLE;
}

void alert_health_publish(struct alert *alert)
{
    struct alert_health *health = alert->health;
    struct alert_figures *figures = &alert->figures;
    struct alert_info *info = health->payload;
    struct alert_commit_figures journal = { 0 };
    struct wf_stamp stamp = { .received_ns = wf_utc_now_ns(),
                              .received_mono_ns = wf_mono_now_ns(),
                              .sequence = health->sequence++ };

    stamp.device_ns = stamp.received_ns;
    if (alert->commit != NULL)
        alert_commit_figures(alert->commit, &journal);
    info->state = (uint8_t)alert_state(alert);
    fill_counts(alert, info);
    info->samples = figures->samples;
    info->values = figures->values;
    info->lost = figures->lost;
    info->lag = (double)figures->lag_max_ns / 1e9;
    info->transitions = figures->transitions;
    info->announced = figures->announced;
    info->held = alert->held;
    info->unlisted = (uint32_t)figures->unlisted;
    info->commit_time = (double)figures->commit_max_ns / 1e9;
    if (alert->commit != NULL)
        info->journal_errors = journal.errors;
    info->commands = figures->refused_commands;
    alert_plugins_count(alert, &info->plugins, &info->plugins_failed);
    info->plugin_restarts = figures->plugin_restarts;
    info->blackboxes = figures->blackboxes;
    info->blackboxes_skipped = figures->blackboxes_skipped;
    figures->commit_max_ns = figures->lag_max_ns = 0;
    (void)wf_writer_publish(health->writer, &stamp, health->payload);
    wf_publisher_ring(alert->publisher);
}
