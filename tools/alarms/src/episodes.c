/* SPDX-License-Identifier: MIT */
/* Episodes: see episodes.h. */

#include "episodes.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#define LOOK_BACK 5000 /* entries of that alarm; a chattering one has no more to tell */

struct gathering {
    struct episode *list; /* a ring of `max`, the newest at `count` - 1 */
    size_t max, count;
};

static bool is_event(const struct wf_journal_entry *entry, const char *event)
{
    return strcmp(entry->event, event) == 0;
}

static void begin_episode(struct gathering *gathering, const struct wf_journal_entry *entry)
{
    struct episode *episode;

    if (gathering->count == gathering->max) {
        memmove(gathering->list, gathering->list + 1,
                (gathering->max - 1) * sizeof(*gathering->list));
        gathering->count--;
    }
    episode = &gathering->list[gathering->count++];
    *episode = (struct episode){ .raised_ns = entry->utc_ns,
                                 .returned_ns = WF_TIME_NONE,
                                 .acknowledged_ns = WF_TIME_NONE,
                                 .seq = entry->seq,
                                 .severity = entry->severity,
                                 .count = 1 };
    (void)wf_copy_text(episode->value_text, sizeof(episode->value_text), entry->value_text);
}

static int gather(void *context, const struct wf_journal_entry *entry)
{
    struct gathering *gathering = context;
    struct episode *last;

    if (is_event(entry, "RAISE") && strcmp(entry->from, "RTN_UNACK") != 0) {
        begin_episode(gathering, entry);
        return 0;
    }
    if (gathering->count == 0)
        return 0;
    last = &gathering->list[gathering->count - 1];
    last->severity = entry->severity > last->severity ? entry->severity : last->severity;
    if (is_event(entry, "RAISE") || is_event(entry, "WORSEN")) {
        last->count++;
        last->returned_ns = WF_TIME_NONE;
        last->seq = entry->seq;
    } else if (is_event(entry, "ACK")) {
        last->acknowledged_ns = entry->utc_ns;
        (void)wf_copy_text(last->user, sizeof(last->user), entry->user);
        (void)wf_copy_text(last->note, sizeof(last->note), entry->note);
    }
    /* By itself, by an edit, or because judging ended. */
    if (strncmp(entry->to, "ACTIVE", 6) != 0 && last->returned_ns == WF_TIME_NONE)
        last->returned_ns = entry->utc_ns;
    return 0;
}

struct oldest {
    uint64_t id;
};

static int note_oldest(void *context, const struct wf_journal_entry *entry)
{
    ((struct oldest *)context)->id = entry->id;
    return 0;
}

/* Where to begin so that no more than LOOK_BACK entries are read. */
static int find_begin(struct wf_journal_reader *reader, const char *alarm, uint64_t *out_after,
                      struct wf_err *err)
{
    const struct wf_journal_query query = { .alarm = alarm,
                                            .kinds = 1u << WF_JOURNAL_TRANSITION,
                                            .is_newest_first = true,
                                            .limit = LOOK_BACK };
    struct oldest oldest = { 0 };
    int rc = wf_journal_each(reader, &query, note_oldest, &oldest, err);

    *out_after = oldest.id > 0 ? oldest.id - 1 : 0;
    return rc;
}

int episodes_read(const struct desk *desk, const char *monitor, const char *alarm, size_t max,
                  struct episode **out_list, size_t *out_count, struct wf_err *err)
{
    struct wf_journal_query query = { .alarm = alarm, .kinds = 1u << WF_JOURNAL_TRANSITION };
    struct gathering gathering = { .max = max };
    struct wf_journal_reader *reader = NULL;
    int rc;

    gathering.list = calloc(max, sizeof(*gathering.list));
    if (gathering.list == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = wf_journal_read(desk->journals, monitor, &reader, err);
    if (rc == 0)
        rc = find_begin(reader, alarm, &query.after_id, err);
    if (rc == 0)
        rc = wf_journal_each(reader, &query, gather, &gathering, err);
    wf_journal_reader_close(&reader);
    if (rc < 0) {
        free(gathering.list);
        return rc;
    }
    for (size_t i = 0; i < gathering.count / 2; i++) {
        struct episode other = gathering.list[i];

        gathering.list[i] = gathering.list[gathering.count - 1 - i];
        gathering.list[gathering.count - 1 - i] = other;
    }
    *out_list = gathering.list;
    *out_count = gathering.count;
    return 0;
}

uint64_t episodes_newest_trip(const struct episode *list, size_t count)
{
    return count > 0 ? list[0].seq : 0;
}
