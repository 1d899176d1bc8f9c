/* SPDX-License-Identifier: MIT */
/*
 * Incidents: each time an alarm was raised in the past, and when the proposed one of the same name
 * would first have come. One that comes before the old one belongs to it back to the end of
 * the incident before, but an hour at most.
 */

#include "backtest.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/journal.h>

#define EARLIER_MAX_NS (3600 * WF_NS_PER_S)

static struct incident *add(struct incidents *incidents, const char *name, uint8_t severity,
                            int64_t raised_ns, int64_t to_ns)
{
    struct incident *added;

    if (incidents->count == incidents->room) {
        size_t room = incidents->room == 0 ? 64 : 2 * incidents->room;
        struct incident *grown = realloc(incidents->list, room * sizeof(*grown));

        if (grown == NULL)
            return NULL;
        incidents->list = grown;
        incidents->room = room;
    }
    added = &incidents->list[incidents->count++];
    *added = (struct incident){
        .severity = severity, .raised_ns = raised_ns, .ended_ns = to_ns, .new_ns = WF_TIME_NONE
    };
    (void)wf_copy_text(added->name, sizeof(added->name), name);
    return added;
}

/* The newest incident of that name. */
static struct incident *newest(struct incidents *incidents, const char *name)
{
    for (size_t i = incidents->count; i-- > 0;)
        if (strcmp(incidents->list[i].name, name) == 0)
            return &incidents->list[i];
    return NULL;
}

static int note(struct incidents *incidents, const char *name, bool was_active, bool is_active,
                uint8_t severity, int64_t at_ns, int64_t to_ns)
{
    struct incident *last = was_active ? newest(incidents, name) : NULL;

    if (is_active && !was_active)
        return add(incidents, name, severity, at_ns, to_ns) != NULL ? 0 : WF_ERR_NOMEM;
    if (last != NULL && severity > last->severity)
        last->severity = severity;
    if (last != NULL && !is_active)
        last->ended_ns = at_ns;
    return 0;
}

/* --- from the journal --------------------------------------------------------------------------- */

struct reading {
    struct incidents *incidents;
    int64_t to_ns;
};

static bool is_active_name(const char *state)
{
    return strcmp(state, wf_alarm_state_name(WF_ALARM_ACTIVE_UNACK)) == 0 ||
           strcmp(state, wf_alarm_state_name(WF_ALARM_ACTIVE_ACK)) == 0;
}

static int note_entry(void *context, const struct wf_journal_entry *entry)
{
    const struct reading *reading = context;

    return note(reading->incidents, entry->alarm, is_active_name(entry->from),
                is_active_name(entry->to), entry->severity, entry->utc_ns, reading->to_ns);
}

static int read_journal(struct incidents *incidents, const char *folder, const char *monitor,
                        int64_t from_ns, int64_t to_ns, struct wf_err *err)
{
    struct wf_journal_reader *reader = NULL;
    const struct wf_journal_query query = { .from_ns = from_ns,
                                            .to_ns = to_ns,
                                            .kinds = 1u << WF_JOURNAL_TRANSITION };
    struct reading reading = { .incidents = incidents, .to_ns = to_ns };
    int rc = wf_journal_read(folder, monitor, &reader, err);

    if (rc < 0)
        return rc;
    rc = wf_journal_each(reader, &query, note_entry, &reading, err);
    wf_journal_reader_close(&reader);
    incidents->is_from_journal = rc == 0;
    return rc;
}

int incidents_find(struct incidents *incidents, const char *folder, const char *monitor,
                   const struct outcome *old, int64_t from_ns, int64_t to_ns, struct wf_err *err)
{
    int rc = read_journal(incidents, folder, monitor, from_ns, to_ns, err);

    if (rc != WF_ERR_ABSENT)
        return rc;
    rc = 0;
    for (size_t i = 0; i < old->count && rc == 0; i++) {
        const struct transition *it = &old->transitions[i];
        bool was_active = it->from == WF_ALARM_ACTIVE_UNACK || it->from == WF_ALARM_ACTIVE_ACK;
        bool is_active = it->to == WF_ALARM_ACTIVE_UNACK || it->to == WF_ALARM_ACTIVE_ACK;

        rc = note(incidents, outcome_name(old, it->alarm), was_active, is_active, it->severity,
                  it->utc_ns, to_ns);
    }
    return rc < 0 ? wf_fail(err, WF_ERR_NOMEM, "out of memory") : 0;
}

/* --- against the proposed ones --------------------------------------------------------------------- */

/* From when on an alarm would belong to incident `index`. */
static int64_t earliest(const struct incidents *incidents, size_t index, int64_t from_ns)
{
    const struct incident *it = &incidents->list[index];
    int64_t begin_ns = it->raised_ns - EARLIER_MAX_NS;

    for (size_t i = index; i-- > 0;) {
        if (strcmp(incidents->list[i].name, it->name) != 0)
            continue;
        if (incidents->list[i].ended_ns > begin_ns)
            begin_ns = incidents->list[i].ended_ns;
        break;
    }
    return begin_ns > from_ns ? begin_ns : from_ns;
}

void incidents_compare(struct incidents *incidents, const struct outcome *proposed, int64_t from_ns)
{
    for (size_t i = 0; i < incidents->count; i++) {
        struct incident *it = &incidents->list[i];
        int alarm = outcome_find(proposed, it->name);
        int64_t begin_ns = earliest(incidents, i, from_ns);

        for (size_t k = 0; alarm >= 0 && k < proposed->count; k++) {
            const struct transition *transition = &proposed->transitions[k];
            bool is_raise = transition->event == WF_ALARM_RAISE && !transition->is_mark;

            if (transition->alarm != (size_t)alarm || !is_raise || transition->utc_ns < begin_ns)
                continue;
            if (transition->utc_ns <= it->ended_ns)
                it->new_ns = transition->utc_ns;
            break;
        }
    }
}

void incidents_free(struct incidents *incidents)
{
    free(incidents->list);
    *incidents = (struct incidents){ 0 };
}
