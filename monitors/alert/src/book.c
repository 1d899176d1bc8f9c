/* SPDX-License-Identifier: MIT */
/* Alarms by name: see book.h. */

#include "book.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

uint64_t alert_hash(uint64_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * UINT64_C(1099511628211);
    return hash;
}

/* Names compare without case. */
uint64_t alert_hash_name(const char *name)
{
    uint64_t hash = ALERT_HASH_START;

    for (; *name != '\0'; name++) {
        unsigned char letter = (unsigned char)*name;

        if (letter >= 'A' && letter <= 'Z')
            letter = (unsigned char)(letter - 'A' + 'a');
        hash = alert_hash(hash, &letter, 1);
    }
    return hash;
}

struct alert_alarm *alert_book_find(const struct alert_book *book, const char *name)
{
    struct alert_alarm *at = book->buckets[alert_hash_name(name) % ALERT_BOOK_BUCKETS];

    while (at != NULL && wf_casecmp(at->name, name) != 0)
        at = at->next_same_hash;
    return at;
}

struct alert_alarm *alert_book_get(struct alert_book *book, const char *name)
{
    struct alert_alarm *alarm = alert_book_find(book, name);
    struct alert_alarm **bucket;

    if (alarm != NULL)
        return alarm;
    alarm = calloc(1, sizeof(*alarm));
    if (alarm == NULL)
        return NULL;
    (void)wf_copy_text(alarm->name, sizeof(alarm->name), name);
    alarm->index = -1;
    alarm->name_hash = alert_hash_name(name);
    alarm->shown.value = alarm->shown.limit = (double)NAN;
    alarm->shown.raised_ns = alarm->shown.changed_ns = WF_TIME_NONE;
    alarm->shown.shelved_until_ns = WF_TIME_NONE;
    alarm->shown.event = "";
    wf_alarm_memory_init(&alarm->emitted);
    bucket = &book->buckets[alert_hash_name(name) % ALERT_BOOK_BUCKETS];
    alarm->next_same_hash = *bucket;
    *bucket = alarm;
    alarm->next = book->first;
    book->first = alarm;
    book->count++;
    return alarm;
}

void alert_book_fini(struct alert_book *book)
{
    while (book->first != NULL) {
        struct alert_alarm *gone = book->first;

        book->first = gone->next;
        free(gone->limits);
        free(gone);
    }
    memset(book, 0, sizeof(*book));
}

bool alert_is_listed(const struct alert_shown *shown)
{
    return shown->state != WF_ALARM_NORMAL || (shown->marks & ~WF_ALARM_SHADOW) != 0;
}

bool alert_is_shown(const struct alert_shown *shown)
{
    return shown->state != WF_ALARM_NORMAL && shown->marks == 0;
}

void alert_book_restore(struct alert_alarm *alarm, const struct wf_journal_alarm *from)
{
    struct alert_shown *shown = &alarm->shown;
    const struct alert_stored *stored = from->memory;

    /* A memory of another release is none: the alarm begins anew. */
    if (from->memory_bytes == sizeof(*stored)) {
        memcpy(&alarm->parked, &stored->memory, sizeof(alarm->parked));
        memcpy(&alarm->definition_hash, &stored->definition_hash, sizeof(uint64_t));
        alarm->emitted = alarm->parked;
        alarm->is_parked = true;
        shown->state = alarm->parked.state;
        shown->marks = alarm->parked.marks;
        shown->severity = alarm->parked.severity;
        shown->highest = alarm->parked.highest;
        if ((alarm->parked.marks & WF_ALARM_SHELVED) != 0)
            shown->shelved_until_ns = alarm->parked.shelved_until_ns;
        if (alarm->parked.raised_ns != 0)
            shown->raised_ns = alarm->parked.raised_ns;
    }
    shown->seq = from->seq;
    shown->changed_ns = from->utc_ns;
    shown->count = from->count;
    shown->value = from->trip_value;
    shown->limit = from->trip_limit;
    (void)wf_copy_text(shown->level, sizeof(shown->level), from->level);
    (void)wf_copy_text(shown->value_text, sizeof(shown->value_text), from->value_text);
    (void)wf_copy_text(shown->user, sizeof(shown->user), from->ack_user);
    (void)wf_copy_text(shown->note, sizeof(shown->note), from->ack_note);
    (void)wf_copy_text(shown->mark_user, sizeof(shown->mark_user), from->mark_user);
    (void)wf_copy_text(shown->mark_note, sizeof(shown->mark_note), from->mark_note);
}

/* What a raise or a worsening says of value and limit stays until the next one. */
static void apply_trip(struct alert_shown *shown, const struct wf_journal_entry *entry)
{
    shown->value = entry->value;
    shown->limit = entry->limit;
    (void)wf_copy_text(shown->value_text, sizeof(shown->value_text), entry->value_text);
    shown->count++;
    shown->user[0] = shown->note[0] = '\0';
    if (strcmp(entry->event, "RAISE") == 0)
        shown->raised_ns = entry->utc_ns;
}

static void apply_marks(struct alert_shown *shown, const struct wf_journal_entry *entry)
{
    const unsigned by_user = WF_ALARM_SHELVED | WF_ALARM_OUT_OF_SERVICE;
    /* Shelved again, for longer or shorter, is a new mark too; other commands leave it to its owner. */
    bool is_marked = (entry->marks & ~(unsigned)entry->marks_before & by_user) != 0 ||
                     (strcmp(entry->event, "MARK") == 0 && entry->marks == entry->marks_before);

    shown->shelved_until_ns =
        (entry->marks & WF_ALARM_SHELVED) != 0 ? entry->shelved_until_ns : WF_TIME_NONE;
    if ((entry->marks & by_user) == 0) {
        shown->mark_user[0] = shown->mark_note[0] = '\0';
    } else if (entry->user[0] != '\0' && is_marked) {
        (void)wf_copy_text(shown->mark_user, sizeof(shown->mark_user), entry->user);
        (void)wf_copy_text(shown->mark_note, sizeof(shown->mark_note), entry->note);
    }
}

void alert_book_apply(struct alert_alarm *alarm, const struct wf_journal_entry *entry)
{
    struct alert_shown *shown = &alarm->shown;
    const struct alert_stored *stored = entry->memory;

    if (strcmp(entry->event, "RAISE") == 0 || strcmp(entry->event, "WORSEN") == 0)
        apply_trip(shown, entry);
    if (strcmp(entry->event, "VIOLATION") == 0 && shown->state == WF_ALARM_NORMAL) {
        shown->value = entry->value; /* pending: what it is that may become an alarm */
        shown->limit = entry->limit;
        (void)wf_copy_text(shown->value_text, sizeof(shown->value_text), entry->value_text);
    }
    if (strcmp(entry->event, "ACK") == 0) {
        (void)wf_copy_text(shown->user, sizeof(shown->user), entry->user);
        (void)wf_copy_text(shown->note, sizeof(shown->note), entry->note);
    }
    apply_marks(shown, entry);
    shown->seq = entry->seq;
    shown->state = stored->memory.state;
    shown->marks = entry->marks;
    shown->severity = entry->severity;
    shown->highest = entry->highest;
    shown->changed_ns = entry->utc_ns;
    shown->event = entry->event;
    for (unsigned state = 0; state < WF_ALARM_STATE_COUNT; state++)
        if (strcmp(wf_alarm_state_name((enum wf_alarm_state)state), entry->from) == 0)
            shown->from = (uint8_t)state;
    (void)wf_copy_text(shown->changed_by, sizeof(shown->changed_by), entry->user);
    (void)wf_copy_text(shown->level, sizeof(shown->level), entry->level);
    if (shown->state == WF_ALARM_NORMAL) {
        shown->count = 0;
        shown->user[0] = shown->note[0] = '\0';
    }
}

uint64_t alert_definition_hash(const struct wf_alarm_definition *definition)
{
    uint64_t hash = ALERT_HASH_START;

    hash = alert_hash(hash, &definition->kind, sizeof(definition->kind));
    hash = alert_hash(hash, &definition->levels, sizeof(definition->levels));
    hash = alert_hash(hash, &definition->is_latched, sizeof(definition->is_latched));
    hash = alert_hash(hash, &definition->is_exclusive, sizeof(definition->is_exclusive));
    hash = alert_hash(hash, definition->severity, sizeof(definition->severity));
    for (unsigned i = 0; i < WF_LIMIT_COUNT; i++)
        if ((definition->levels & 1u << i) != 0)
            hash = alert_hash(hash, &definition->limit[i], sizeof(definition->limit[i]));
    hash = alert_hash(hash, &definition->hysteresis, sizeof(definition->hysteresis));
    for (unsigned i = 0; i < 2; i++) {
        const struct wf_persistence *it = i == 0 ? &definition->raise : &definition->clear;

        hash = alert_hash(hash, &it->n, sizeof(it->n));
        hash = alert_hash(hash, &it->m, sizeof(it->m));
        hash = alert_hash(hash, &it->for_ns, sizeof(it->for_ns));
    }
    return hash;
}
