/* SPDX-License-Identifier: MIT */
/* The report for people. */

#include "backtest.h"

#include <stdio.h>

#include <watchfloor/clock.h>

#define INCIDENTS_SHOWN 200

static void print_time(int64_t utc_ns, int digits)
{
    char text[64];
    struct wf_strbuf line = WF_STRBUF_FIXED(text);

    wf_strbuf_add_time(&line, utc_ns, digits);
    (void)fputs(text, stdout);
}

static void print_head(const struct report *report)
{
    print_time(report->from_ns, 0);
    (void)fputs(" .. ", stdout);
    print_time(report->to_ns, 0);
    (void)printf(": %llu samples of %zu subsystems, %.3g million values in %.2f s\n\n",
                 (unsigned long long)report->samples, report->old->member_count,
                 (double)report->values / 1e6, report->seconds);
}

static void print_totals(const struct report *report)
{
    struct totals old, proposed;

    outcome_totals(report->old, report->from_ns, report->to_ns, &old);
    outcome_totals(report->proposed, report->from_ns, report->to_ns, &proposed);
    (void)printf("%-44s %10s %10s\n", "", "old", "new");
    (void)printf("%-44s %10llu %10llu\n", "alarms raised", (unsigned long long)old.raised,
                 (unsigned long long)proposed.raised);
    (void)printf("%-44s %10.1f %10.1f\n", "announced per hour", old.announced_per_hour,
                 proposed.announced_per_hour);
    (void)printf("%-44s %10llu %10llu\n", "most announced in ten minutes",
                 (unsigned long long)old.worst_ten_minutes,
                 (unsigned long long)proposed.worst_ten_minutes);
    (void)printf("%-44s %10llu %10llu\n\n", "chatter (raised again within a minute)",
                 (unsigned long long)old.chatter, (unsigned long long)proposed.chatter);
}

static void print_alarm(const char *name, const struct alarm_sum *old, const struct alarm_sum *new)
{
    static const struct alarm_sum none = { 0 };

    old = old != NULL ? old : &none;
    new = new != NULL ? new : &none;
    if (old->raised == 0 && new->raised == 0)
        return;
    (void)printf("%-44s %4llu %5llu %4llu %5llu %9.1f %9.1f\n", name,
                 (unsigned long long)old->raised, (unsigned long long)new->raised,
                 (unsigned long long)old->chatter, (unsigned long long)new->chatter,
                 (double)old->active_ns / 1e9, (double)new->active_ns / 1e9);
}

static void print_alarms(const struct report *report)
{
    const struct outcome *old = report->old, *proposed = report->proposed;

    (void)printf("%-44s %10s %10s %19s\n", "", "raised", "chatter", "active, s");
    (void)printf("%-44s %4s %5s %4s %5s %9s %9s\n", "alarm", "old", "new", "old", "new", "old",
                 "new");
    for (size_t i = 0; i < old->alarm_count; i++) {
        int other = outcome_find(proposed, outcome_name(old, i));

        print_alarm(outcome_name(old, i), &old->sums[i],
                    other >= 0 ? &proposed->sums[other] : NULL);
    }
    for (size_t i = 0; i < proposed->alarm_count; i++)
        if (outcome_find(old, outcome_name(proposed, i)) < 0)
            print_alarm(outcome_name(proposed, i), NULL, &proposed->sums[i]);
}

static void print_incident(const struct incident *it)
{
    double delta = 0;

    if (it->new_ns != WF_TIME_NONE)
        delta = (double)(it->new_ns - it->raised_ns) / 1e9;

    print_time(it->raised_ns, 3);
    (void)printf("  %u  %-44s ", it->severity, it->name);
    if (it->new_ns == WF_TIME_NONE)
        (void)puts("never");
    else if (it->new_ns == it->raised_ns)
        (void)puts("the same");
    else
        (void)printf("%.3f s %s\n", delta < 0 ? -delta : delta, delta < 0 ? "earlier" : "later");
}

static void print_incidents(const struct report *report)
{
    const struct incidents *incidents = report->incidents;
    size_t shown = incidents->count < INCIDENTS_SHOWN ? incidents->count : INCIDENTS_SHOWN;

    if (incidents->count == 0)
        return;
    (void)printf("\n%s, and when the new alarm would have come\n",
                 incidents->is_from_journal ? "incidents of the journal"
                                            : "incidents by the old alarms");
    for (size_t i = 0; i < shown; i++)
        print_incident(&incidents->list[i]);
    if (shown < incidents->count)
        (void)printf("... and %zu more; --json has them all\n", incidents->count - shown);
}

static void print_transitions(const struct outcome *outcome)
{
    (void)puts("\ntransitions with the new alarms");
    for (size_t i = 0; i < outcome->count; i++) {
        const struct transition *it = &outcome->transitions[i];

        print_time(it->utc_ns, 3);
        (void)printf("  %-44s %s %s > %s %u\n", outcome_name(outcome, it->alarm),
                     it->is_mark ? "MARK" : wf_alarm_event_name((enum wf_alarm_event)it->event),
                     wf_alarm_state_name((enum wf_alarm_state)it->from),
                     wf_alarm_state_name((enum wf_alarm_state)it->to), it->severity);
    }
}

void print_report(const struct report *report)
{
    print_head(report);
    print_totals(report);
    print_alarms(report);
    print_incidents(report);
    if (report->has_transitions)
        print_transitions(report->proposed);
}
