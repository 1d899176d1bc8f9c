/* SPDX-License-Identifier: MIT */
/* Counting alarms: see stats_count.h. */

#include "stats_count.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/err.h>
#include <watchfloor/names.h>

#define BIN_MAX (1u << 20) /* twenty years */

int stats_init(struct stats *stats, int64_t from_ns, int64_t to_ns)
{
    *stats = (struct stats){ .from_ns = from_ns, .to_ns = to_ns };
    if (to_ns <= from_ns || (uint64_t)to_ns - (uint64_t)from_ns > BIN_MAX * (uint64_t)STATS_BIN_NS)
        return WF_ERR_LIMIT;
    stats->bin_count = (size_t)((to_ns - from_ns - 1) / STATS_BIN_NS + 1);
    stats->slot_count = 4096;
    stats->bins = calloc(stats->bin_count, sizeof(*stats->bins));
    stats->slots = calloc(stats->slot_count, sizeof(*stats->slots));
    return stats->bins != NULL && stats->slots != NULL ? 0 : WF_ERR_NOMEM;
}

void stats_fini(struct stats *stats)
{
    free(stats->bins);
    free(stats->alarms);
    free(stats->slots);
    free(stats->ack_ns);
    *stats = (struct stats){ 0 };
}

static uint64_t hash_name(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (; *name != '\0'; name++)
        hash = (hash ^ (uint64_t)(unsigned char)(*name | 0x20)) * UINT64_C(0x100000001b3);
    return hash;
}

static size_t *find_slot(const struct stats *stats, const char *name)
{
    size_t at = (size_t)(hash_name(name) % stats->slot_count);

    while (stats->slots[at] != 0 && wf_casecmp(stats->alarms[stats->slots[at] - 1].name, name) != 0)
        at = (at + 1) % stats->slot_count;
    return &stats->slots[at];
}

static int grow(struct stats *stats)
{
    size_t count = stats->slot_count * 2;
    size_t *slots;

    if (stats->alarm_count == stats->alarm_size) {
        size_t size = stats->alarm_size == 0 ? 256 : 2 * stats->alarm_size;
        struct stats_alarm *alarms = realloc(stats->alarms, size * sizeof(*alarms));

        if (alarms == NULL)
            return WF_ERR_NOMEM;
        stats->alarms = alarms;
        stats->alarm_size = size;
    }
    if (stats->alarm_count * 2 < stats->slot_count)
        return 0;
    slots = calloc(count, sizeof(*slots));
    if (slots == NULL)
        return WF_ERR_NOMEM;
    free(stats->slots);
    stats->slots = slots;
    stats->slot_count = count;
    for (size_t i = 0; i < stats->alarm_count; i++)
        *find_slot(stats, stats->alarms[i].name) = i + 1;
    return 0;
}

static struct stats_alarm *find_alarm(struct stats *stats, const char *name)
{
    size_t *slot = find_slot(stats, name);

    if (*slot != 0)
        return &stats->alarms[*slot - 1];
    if (grow(stats) < 0)
        return NULL;
    slot = find_slot(stats, name);
    stats->alarms[stats->alarm_count] = (struct stats_alarm){ 0 };
    (void)wf_copy_text(stats->alarms[stats->alarm_count].name, sizeof(stats->alarms[0].name), name);
    *slot = ++stats->alarm_count;
    return &stats->alarms[stats->alarm_count - 1];
}

static void note_announced(struct stats *stats, struct stats_alarm *alarm,
                           const struct wf_journal_entry *entry)
{
    int64_t oldest_ns = alarm->recent_ns[alarm->raised % STATS_CHATTER_COUNT];
    size_t bin = (size_t)((entry->utc_ns - stats->from_ns) / STATS_BIN_NS);

    stats->announced++;
    stats->by_severity[entry->severity <= 5 ? entry->severity : 5]++;
    if (bin < stats->bin_count)
        stats->bins[bin]++;
    /* The third last one was so short ago that these are three within a minute. */
    alarm->recent_ns[alarm->raised % STATS_CHATTER_COUNT] = entry->utc_ns;
    alarm->raised++;
    oldest_ns = alarm->raised >= STATS_CHATTER_COUNT
                    ? alarm->recent_ns[alarm->raised % STATS_CHATTER_COUNT]
                    : 0;
    if (oldest_ns != 0 && entry->utc_ns - oldest_ns < STATS_CHATTER_NS)
        alarm->chattered++;
    if (alarm->raised_ns == 0)
        alarm->raised_ns = entry->utc_ns;
}

static int note_acknowledged(struct stats *stats, struct stats_alarm *alarm, int64_t utc_ns)
{
    if (alarm->raised_ns == 0)
        return 0; /* announced before the time that is looked at */
    if (stats->ack_count == stats->ack_size) {
        size_t size = stats->ack_size == 0 ? 256 : 2 * stats->ack_size;
        int64_t *list = realloc(stats->ack_ns, size * sizeof(*list));

        if (list == NULL)
            return WF_ERR_NOMEM;
        stats->ack_ns = list;
        stats->ack_size = size;
    }
    stats->ack_ns[stats->ack_count++] = utc_ns - alarm->raised_ns;
    alarm->raised_ns = 0;
    return 0;
}

int stats_add(struct stats *stats, const struct wf_journal_entry *entry)
{
    struct stats_alarm *alarm;
    int rc = 0;

    if (entry->kind != WF_JOURNAL_TRANSITION)
        return 0;
    stats->transitions++;
    stats->commands += entry->user[0] != '\0';
    alarm = find_alarm(stats, entry->alarm);
    if (alarm == NULL)
        return WF_ERR_NOMEM;
    if (entry->is_announced)
        note_announced(stats, alarm, entry);
    if (strcmp(entry->event, "ACK") == 0)
        rc = note_acknowledged(stats, alarm, entry->utc_ns);
    if (strcmp(entry->event, "RAISE") == 0) {
        alarm->active_ns = entry->utc_ns;
    } else if (strcmp(entry->event, "RTN") == 0) {
        if (alarm->active_ns != 0 && entry->utc_ns - alarm->active_ns < STATS_FLEETING_NS)
            alarm->fleeting++;
        alarm->active_ns = 0;
    }
    return rc;
}

static int compare_alarms(const void *a, const void *b)
{
    const struct stats_alarm *x = a, *y = b;

    if (x->raised != y->raised)
        return x->raised < y->raised ? 1 : -1;
    return strcmp(x->name, y->name);
}

static int compare_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

void stats_finish(struct stats *stats)
{
    if (stats->alarm_count > 0)
        qsort(stats->alarms, stats->alarm_count, sizeof(*stats->alarms), compare_alarms);
    if (stats->ack_count > 0)
        qsort(stats->ack_ns, stats->ack_count, sizeof(*stats->ack_ns), compare_times);
    for (size_t i = 0; i < stats->alarm_count; i++)
        stats->unacknowledged += stats->alarms[i].raised_ns != 0;
}

void stats_rates(const struct stats *stats, struct stats_rates *out)
{
    double days = (double)(stats->to_ns - stats->from_ns) / (double)WF_NS_PER_DAY;
    uint64_t top = 0;

    *out = (struct stats_rates){ 0 };
    for (size_t i = 0; i < stats->bin_count; i++) {
        out->most_in_bin = stats->bins[i] > out->most_in_bin ? stats->bins[i] : out->most_in_bin;
        out->flood_bins += stats->bins[i] > STATS_FLOOD;
    }
    for (size_t i = 0; i < stats->alarm_count; i++) {
        out->chattering += stats->alarms[i].chattered > 0;
        out->fleeting += stats->alarms[i].fleeting > 0;
        top += i < 10 ? stats->alarms[i].raised : 0;
    }
    out->per_day = (double)stats->announced / days;
    out->per_hour = out->per_day / 24;
    out->per_bin = out->per_hour / 6;
    out->flood_percent = 100.0 * (double)out->flood_bins / (double)stats->bin_count;
    out->top_percent = stats->announced > 0 ? 100.0 * (double)top / (double)stats->announced : 0.0;
}

int64_t stats_ack_quantile(const struct stats *stats, double part)
{
    size_t at = (size_t)(part * (double)stats->ack_count);

    if (stats->ack_count == 0)
        return 0;
    return stats->ack_ns[at < stats->ack_count ? at : stats->ack_count - 1];
}
