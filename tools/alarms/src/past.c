/* SPDX-License-Identifier: MIT */
/*
 * Past: see past.h. Each journal is read a page at a time behind the id reached, and the pages are merged,
 * so that millions of entries cost no more memory than a few pages. With a limit the newest of each
 * journal are taken, and the newest of those.
 */

#include "past.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "list.h"

#define PAGE 512

struct copy {
    struct wf_journal_entry entry;
    char *texts; /* all its strings */
};

struct source {
    const char *monitor;
    struct wf_journal_reader *reader;
    const char *only; /* the one alarm that is meant: the journal finds it by itself */
    struct copy *list;
    size_t count, size, at;
    uint64_t reached; /* id */
    bool is_over;
};

struct reading {
    const struct past_query *query;
    struct source *source;
    uint64_t seen, wanted;
    bool is_full;
};

int past_time(const char *text, const char *option, int64_t *out_ns, struct wf_err *err)
{
    int rc = text != NULL ? wf_parse_time(text, wf_utc_now_ns(), out_ns, err) : 0;

    if (rc < 0)
        wf_err_prefix(err, "--%s", option);
    return rc;
}

static bool has_text(const struct wf_journal_entry *entry, const char *text)
{
    return list_contains(entry->alarm, text) || list_contains(entry->user, text) ||
           list_contains(entry->note, text) || list_contains(entry->text, text) ||
           list_contains(entry->event, text) || list_contains(entry->value_text, text);
}

static bool is_meant(const struct past_query *query, const struct wf_journal_entry *entry)
{
    bool is_named = query->pattern_count == 0;

    if (query->severity > 0 &&
        (entry->kind != WF_JOURNAL_TRANSITION ||
         (entry->severity < query->severity && entry->severity_before < query->severity)))
        return false;
    if (query->text != NULL && !has_text(entry, query->text))
        return false;
    for (int i = 0; i < query->pattern_count && !is_named; i++)
        is_named = entry->alarm[0] != '\0' && desk_name_match(query->patterns[i], entry->alarm);
    return is_named;
}

static int copy_entry(struct source *source, const struct wf_journal_entry *entry)
{
    const char **texts[] = { &source->list[source->count].entry.alarm,
                             &source->list[source->count].entry.user,
                             &source->list[source->count].entry.note,
                             &source->list[source->count].entry.text,
                             &source->list[source->count].entry.config_hash,
                             &source->list[source->count].entry.event,
                             &source->list[source->count].entry.from,
                             &source->list[source->count].entry.to,
                             &source->list[source->count].entry.level,
                             &source->list[source->count].entry.value_text,
                             &source->list[source->count].entry.limits };
    struct copy *copy = &source->list[source->count];
    size_t size = 0;
    char *at;

    copy->entry = *entry;
    for (size_t i = 0; i < WF_COUNT_OF(texts); i++)
        size += strlen(*texts[i]) + 1;
    copy->texts = at = malloc(size);
    if (at == NULL)
        return WF_ERR_NOMEM;
    for (size_t i = 0; i < WF_COUNT_OF(texts); i++) {
        size_t len = strlen(*texts[i]) + 1;

        memcpy(at, *texts[i], len);
        *texts[i] = at;
        at += len;
    }
    source->count++;
    return 0;
}

static int take(void *context, const struct wf_journal_entry *entry)
{
    struct reading *reading = context;
    struct source *source = reading->source;

    reading->seen++;
    source->reached = entry->id;
    if (!is_meant(reading->query, entry))
        return 0;
    if (reading->wanted != 0 && source->count == reading->wanted) {
        reading->is_full = true; /* there are more */
        return 1;
    }
    if (source->count == source->size) {
        size_t size = source->size == 0 ? PAGE : 2 * source->size;
        struct copy *list = realloc(source->list, size * sizeof(*list));

        if (list == NULL)
            return WF_ERR_NOMEM;
        source->list = list;
        source->size = size;
    }
    return copy_entry(source, entry);
}

static void drop_copies(struct source *source)
{
    for (size_t i = 0; i < source->count; i++)
        free(source->list[i].texts);
    source->count = source->at = 0;
}

static int read_some(const struct past_query *query, struct source *source, bool is_newest_first,
                     bool *out_left, struct wf_err *err)
{
    struct reading reading = { .query = query,
                               .source = source,
                               .wanted = is_newest_first ? query->limit : 0 };
    const struct wf_journal_query question = {
        .after_id = is_newest_first ? 0 : source->reached,
        .from_ns = query->from_ns,
        .to_ns = query->to_ns,
        .alarm = source->only,
        .kinds = query->kinds,
        .is_newest_first = is_newest_first,
        .limit = is_newest_first ? 0 : PAGE,
    };
    int rc;

    drop_copies(source);
    rc = wf_journal_each(source->reader, &question, take, &reading, err);
    if (rc == WF_ERR_NOMEM)
        return wf_fail(err, rc, "out of memory; ask for less at once (--from, --to, --limit)");
    source->is_over = is_newest_first || reading.seen < PAGE;
    if (out_left != NULL && reading.is_full)
        *out_left = true;
    return rc < 0 ? rc : 0;
}

/* The next entry in order of time over all sources; NULL at the end. */
static int next_source(const struct past_query *query, struct source *sources, size_t count,
                       struct source **out_next, struct wf_err *err)
{
    *out_next = NULL;
    for (size_t i = 0; i < count; i++) {
        struct source *source = &sources[i];
        int rc = 0;

        while (rc == 0 && source->at == source->count && !source->is_over)
            rc = read_some(query, source, false, NULL, err);
        if (rc < 0)
            return rc;
        if (source->at < source->count &&
            (*out_next == NULL || source->list[source->at].entry.utc_ns <
                                      (*out_next)->list[(*out_next)->at].entry.utc_ns))
            *out_next = source;
    }
    return 0;
}

static void reverse(struct source *source)
{
    for (size_t i = 0; i < source->count / 2; i++) {
        struct copy other = source->list[i];

        source->list[i] = source->list[source->count - 1 - i];
        source->list[source->count - 1 - i] = other;
    }
}

struct single {
    const struct past_query *query;
    char name[WF_JOURNAL_ALARM_SIZE];
    size_t count;
};

static int note_meant(void *context, const struct wf_journal_alarm *alarm)
{
    struct single *single = context;

    for (int i = 0; i < single->query->pattern_count; i++) {
        if (desk_name_match(single->query->patterns[i], alarm->alarm)) {
            (void)wf_copy_text(single->name, sizeof(single->name), alarm->alarm);
            single->count++;
            break;
        }
    }
    return 0;
}

static int open_source(const struct desk *desk, const struct past_query *query, const char *monitor,
                       struct source *out, struct wf_err *err)
{
    struct single single = { .query = query };
    int rc = wf_journal_read(desk->journals, monitor, &out->reader, err);

    out->monitor = monitor;
    if (rc == WF_ERR_ABSENT) { /* made a moment ago */
        out->is_over = true;
        return 0;
    }
    if (rc == 0 && query->pattern_count > 0)
        rc = wf_journal_alarms(out->reader, note_meant, &single, err);
    if (rc == 0 && query->pattern_count > 0 && single.count == 1 &&
        strpbrk(single.name, "*?[") == NULL)
        out->only = strdup(single.name);
    return rc;
}

struct streaming {
    const struct past_query *query;
    const char *monitor;
    int (*each)(void *context, const struct past_entry *entry);
    void *context;
};

static int pass_on(void *context, const struct wf_journal_entry *entry)
{
    const struct streaming *streaming = context;
    const struct past_entry past = { streaming->monitor, entry };

    return is_meant(streaming->query, entry) ? streaming->each(streaming->context, &past) : 0;
}

/* One journal, and all of it: nothing to merge, nothing to keep. */
static int stream(const struct past_query *query, const struct source *source,
                  int (*each)(void *context, const struct past_entry *entry), void *context,
                  struct wf_err *err)
{
    struct streaming streaming = { query, source->monitor, each, context };
    const struct wf_journal_query question = { .from_ns = query->from_ns,
                                               .to_ns = query->to_ns,
                                               .alarm = source->only,
                                               .kinds = query->kinds };

    return wf_journal_each(source->reader, &question, pass_on, &streaming, err);
}

static int walk(const struct past_query *query, struct source *sources, size_t count,
                int (*each)(void *context, const struct past_entry *entry), void *context,
                bool *out_left, struct wf_err *err)
{
    struct source *next = NULL;
    uint64_t skip = 0, total = 0;
    int rc = 0;

    for (size_t i = 0; rc == 0 && query->limit != 0 && i < count; i++) {
        if (!sources[i].is_over)
            rc = read_some(query, &sources[i], true, out_left, err);
        reverse(&sources[i]);
        total += sources[i].count;
    }
    if (query->limit != 0 && total > query->limit)
        skip = total - query->limit;
    if (skip > 0 && out_left != NULL)
        *out_left = true;
    while (rc == 0 && (rc = next_source(query, sources, count, &next, err)) == 0 && next != NULL) {
        const struct past_entry entry = { next->monitor, &next->list[next->at++].entry };

        if (skip > 0)
            skip--;
        else
            rc = each(context, &entry);
    }
    return rc;
}

int past_each(const struct desk *desk, const struct past_query *query,
              int (*each)(void *context, const struct past_entry *entry), void *context,
              bool *out_left, struct wf_err *err)
{
    struct source sources[DESK_MONITOR_MAX] = { 0 };
    int rc = desk_need_journals(desk, err);

    if (out_left != NULL)
        *out_left = false;
    for (size_t i = 0; rc == 0 && i < desk->kept_count; i++)
        rc = open_source(desk, query, desk->kept[i], &sources[i], err);
    if (rc == 0 && desk->kept_count == 1 && query->limit == 0 && !sources[0].is_over)
        rc = stream(query, &sources[0], each, context, err);
    else if (rc == 0)
        rc = walk(query, sources, desk->kept_count, each, context, out_left, err);
    for (size_t i = 0; i < desk->kept_count; i++) {
        drop_copies(&sources[i]);
        free(sources[i].list);
        free((char *)(uintptr_t)sources[i].only);
        wf_journal_reader_close(&sources[i].reader);
    }
    return rc;
}
