/* SPDX-License-Identifier: MIT */
/* Events: see events.h. */

#include "events.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/paths.h>
#include <watchfloor/store/journal.h>

struct source {
    char monitor[WF_NAME_SIZE];
    struct wf_journal_reader *reader;
    uint64_t last_id;
};

struct con_events {
    char folder[WF_PATH_SIZE];
    struct source sources[MON_MONITOR_MAX];
    size_t source_count;
    struct con_event *list; /* newest first; room for twice as many */
    size_t count;
    const struct source *reading;
    uint64_t newest_id;
    char trouble[240];
};

int con_events_create(const char *folder, struct con_events **out_events, struct wf_err *err)
{
    struct con_events *events = calloc(1, sizeof(*events));

    if (events == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "events: out of memory");
    events->list = calloc((size_t)2 * CON_EVENT_MAX, sizeof(events->list[0]));
    if (events->list == NULL) {
        free(events);
        return wf_fail(err, WF_ERR_NOMEM, "events: out of memory");
    }
    (void)wf_copy_text(events->folder, sizeof(events->folder), folder);
    *out_events = events;
    return WF_OK;
}

void con_events_destroy(struct con_events **events)
{
    struct con_events *old = *events;

    *events = NULL;
    if (old == NULL)
        return;
    for (size_t i = 0; i < old->source_count; i++)
        wf_journal_reader_close(&old->sources[i].reader);
    free(old->list);
    free(old);
}

/* --- entries -------------------------------------------------------------------------- */

/* A mark that came or went, as "SHELVED" and "UNSHELVED". */
static const char *name_mark(uint8_t before, uint8_t after)
{
    static const struct {
        uint8_t mark;
        const char *came, *went;
    } marks[] = {
        { WF_ALARM_SHELVED, "SHELVED", "UNSHELVED" },
        { WF_ALARM_OUT_OF_SERVICE, "OUT OF SERVICE", "IN SERVICE" },
        { WF_ALARM_SUPPRESSED, "SUPPRESSED", "UNSUPPRESSED" },
        { WF_ALARM_DISABLED, "DISABLED", "ENABLED" },
        { WF_ALARM_SHADOW, "SHADOW", "NO SHADOW" },
    };

    for (size_t i = 0; i < WF_COUNT_OF(marks); i++)
        if (((before ^ after) & marks[i].mark) != 0)
            return (after & marks[i].mark) != 0 ? marks[i].came : marks[i].went;
    return "MARK";
}

static void copy_transition(const struct wf_journal_entry *entry, struct con_event *out)
{
    struct wf_strbuf states = WF_STRBUF_FIXED(out->states);
    bool is_mark = strcmp(entry->event, "MARK") == 0;

    (void)wf_copy_text(out->what, sizeof(out->what),
                       is_mark ? name_mark(entry->marks_before, entry->marks) : entry->event);
    if (strcmp(entry->from, entry->to) != 0)
        wf_strbuf_addf(&states, "%s > %s", entry->from, entry->to);
    else
        wf_strbuf_add(&states, entry->to);
    (void)wf_copy_text(out->value, sizeof(out->value), entry->value_text);
    (void)wf_copy_text(out->text, sizeof(out->text), entry->note);
    out->severity =
        entry->severity > entry->severity_before ? entry->severity : entry->severity_before;
}

static int take_entry(void *context, const struct wf_journal_entry *entry)
{
    struct con_events *events = context;
    struct con_event *event;

    if (entry->id > events->newest_id)
        events->newest_id = entry->id;
    if (events->count == (size_t)2 * CON_EVENT_MAX)
        return 1;
    event = &events->list[events->count++];
    *event = (struct con_event){ .utc_ns = entry->utc_ns, .id = entry->id };
    (void)wf_copy_text(event->monitor, sizeof(event->monitor), events->reading->monitor);
    (void)wf_copy_text(event->alarm, sizeof(event->alarm), entry->alarm);
    (void)wf_copy_text(event->user, sizeof(event->user), entry->user);
    if (entry->kind == WF_JOURNAL_TRANSITION) {
        copy_transition(entry, event);
    } else {
        (void)wf_copy_text(event->what, sizeof(event->what), wf_journal_kind_name(entry->kind));
        (void)wf_copy_text(event->text, sizeof(event->text),
                           entry->text[0] != '\0' ? entry->text : entry->note);
    }
    return 0;
}

static int compare_events(const void *left, const void *right)
{
    const struct con_event *a = left;
    const struct con_event *b = right;

    if (a->utc_ns != b->utc_ns)
        return a->utc_ns > b->utc_ns ? -1 : 1;
    if (a->id != b->id)
        return a->id > b->id ? -1 : 1;
    return strcmp(a->monitor, b->monitor);
}

/* --- journals ---------------------------------------------------------------------------- */

static struct source *find_source(struct con_events *events, const char *monitor)
{
    struct source *source;

    for (size_t i = 0; i < events->source_count; i++)
        if (strcmp(events->sources[i].monitor, monitor) == 0)
            return &events->sources[i];
    if (events->source_count == MON_MONITOR_MAX)
        return NULL;
    source = &events->sources[events->source_count++];
    (void)wf_copy_text(source->monitor, sizeof(source->monitor), monitor);
    return source;
}

static void read_source(struct con_events *events, struct source *source)
{
    struct wf_journal_query query = { .after_id = source->last_id,
                                      .is_newest_first = true,
                                      .limit = CON_EVENT_MAX };
    struct wf_err err = { 0 };
    int rc = 0;

    if (source->reader == NULL)
        rc = wf_journal_read(events->folder, source->monitor, &source->reader, &err);
    events->reading = source;
    events->newest_id = source->last_id;
    if (rc == 0)
        rc = wf_journal_each(source->reader, &query, take_entry, events, &err);
    source->last_id = events->newest_id;
    if (rc < 0) {
        wf_journal_reader_close(&source->reader);
        (void)wf_copy_text(events->trouble, sizeof(events->trouble), err.text);
    }
}

void con_events_update(struct con_events *events, const struct mon_alarms *alarms)
{
    size_t before = events->count;
    char monitor[WF_NAME_SIZE];

    events->trouble[0] = '\0';
    for (size_t i = 0; mon_alarms_monitor(alarms, i, monitor); i++) {
        struct source *source = find_source(events, monitor);

        if (source != NULL)
            read_source(events, source);
    }
    if (events->count > before)
        qsort(events->list, events->count, sizeof(events->list[0]), compare_events);
    if (events->count > CON_EVENT_MAX)
        events->count = CON_EVENT_MAX;
}

size_t con_events_count(const struct con_events *events)
{
    return events->count;
}

const struct con_event *con_events_at(const struct con_events *events, size_t index)
{
    return index < events->count ? &events->list[index] : NULL;
}

const char *con_events_trouble(const struct con_events *events)
{
    return events->trouble;
}
