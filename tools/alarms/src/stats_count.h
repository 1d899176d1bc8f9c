/* SPDX-License-Identifier: MIT */
#ifndef STATS_COUNT_H
#define STATS_COUNT_H

/* Counting alarms, entry by entry in order of time; all figures of stats come from here. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/journal.h>

#define STATS_BIN_NS        (600 * WF_NS_PER_S) /* ten minutes */
#define STATS_FLOOD         10                  /* more than so many in ten minutes */
#define STATS_CHATTER_COUNT 3                   /* so often raised ... */
#define STATS_CHATTER_NS    (60 * WF_NS_PER_S)  /* ... within a minute */
#define STATS_FLEETING_NS   (5 * WF_NS_PER_S)   /* gone before anybody could do anything */
#define STATS_STANDING_NS   WF_NS_PER_DAY

struct stats_alarm {
    char name[WF_JOURNAL_ALARM_SIZE];
    uint64_t raised, chattered, fleeting;
    int64_t recent_ns[STATS_CHATTER_COUNT]; /* its newest announcements, in a ring */
    int64_t raised_ns;                      /* unacknowledged since; 0: it is not */
    int64_t active_ns;                      /* active since; 0: it is not */
};

struct stats {
    int64_t from_ns, to_ns;
    uint32_t *bins; /* announced alarms in each ten minutes */
    size_t bin_count;

    struct stats_alarm *alarms; /* by name, in a hash table of `slot_count` */
    size_t *slots;              /* index + 1; 0: free */
    size_t alarm_count, alarm_size, slot_count;

    int64_t *ack_ns; /* times to acknowledge */
    size_t ack_count, ack_size;

    uint64_t announced, transitions, commands;
    uint64_t by_severity[6];
    uint64_t unacknowledged; /* announced and gone, or still there, and nobody took them */
};

int stats_init(struct stats *stats, int64_t from_ns, int64_t to_ns);
void stats_fini(struct stats *stats);
/* The next entry; WF_ERR_NOMEM. */
int stats_add(struct stats *stats, const struct wf_journal_entry *entry);
/* Behind the last one: sorts alarms by how often they came, and times to acknowledge. */
void stats_finish(struct stats *stats);

struct stats_rates {
    double per_bin, per_hour, per_day;
    uint32_t most_in_bin;
    size_t flood_bins;             /* ten minutes with more than STATS_FLOOD */
    double flood_percent;          /* of the time */
    uint64_t chattering, fleeting; /* alarms that did */
    double top_percent;            /* of all, by the ten most frequent */
};
void stats_rates(const struct stats *stats, struct stats_rates *out);
/* `part` 0.5 is the median; 0 when nothing was acknowledged. */
int64_t stats_ack_quantile(const struct stats *stats, double part);

#endif /* STATS_COUNT_H */
