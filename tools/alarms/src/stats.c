/* SPDX-License-Identifier: MIT */
/* Stats: see stats.h. */

#include "stats.h"

#include <string.h>

#include <watchfloor/notify.h>

#include "json_text.h"
#include "show.h"
#include "stats_count.h"

#define TOP 10

/* What is published, for one operator. */
#define TARGET_PER_BIN     1.0
#define TARGET_PER_HOUR    6.0
#define TARGET_PER_DAY     150.0
#define TARGET_FLOOD       1.0 /* % of the time */
#define TARGET_TOP_PERCENT 5.0
#define TARGET_STANDING    5
#define TOP_FROM           200

struct standing {
    int64_t now_ns;
    size_t count;
    struct show_table *table; /* NULL: count only */
    json_t *list;
};

static int count_entry(void *context, const struct past_entry *past)
{
    return stats_add(context, past->entry);
}

/* Active for longer than a day: nobody looks at it any more. */
static int note_standing(void *context, const struct wf_journal_alarm *alarm)
{
    struct standing *standing = context;
    bool is_active = strncmp(alarm->state, "ACTIVE", 6) == 0;

    if (!is_active || alarm->marks != 0 || alarm->raised_ns == WF_TIME_NONE ||
        standing->now_ns - alarm->raised_ns < STATS_STANDING_NS)
        return 0;
    standing->count++;
    show_cell(standing->table, desk_short_name(alarm->alarm));
    show_cell_time(standing->table, alarm->raised_ns);
    show_cell_age(standing->table, standing->now_ns - alarm->raised_ns);
    (void)json_array_append_new(standing->list,
                                json_pack("{s:o,s:o}", "alarm", show_json_text(alarm->alarm),
                                          "raised", show_json_time(alarm->raised_ns)));
    return 0;
}

static int find_standing(const struct desk *desk, struct standing *standing, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < desk->kept_count; i++) {
        struct wf_journal_reader *reader = NULL;

        rc = wf_journal_read(desk->journals, desk->kept[i], &reader, err);
        if (rc == 0)
            rc = wf_journal_alarms(reader, note_standing, standing, err);
        wf_journal_reader_close(&reader);
        if (rc == WF_ERR_ABSENT)
            rc = 0;
    }
    return rc;
}

/* One figure beside its target; true when it is met. */
static bool add_figure(struct show_table *table, json_t *json, const char *name, const char *title,
                       double value, double target, const char *unit)
{
    bool is_met = value <= target;

    show_cell(table, title);
    show_cellf(table, "%.4g%s", value, unit);
    show_cellf(table, "%.4g%s or less", target, unit);
    show_cell(table, is_met ? "ok" : "TOO MUCH");
    (void)json_object_set_new(
        json, name, json_pack("{s:f,s:f,s:b}", "value", value, "target", target, "met", is_met));
    return is_met;
}

static bool add_figures(const struct stats *stats, size_t standing, struct show_table *table,
                        json_t *json)
{
    struct stats_rates rates;
    bool is_met;

    stats_rates(stats, &rates);
    is_met = add_figure(table, json, "per_10_minutes", "alarms in 10 minutes, on average",
                        rates.per_bin, TARGET_PER_BIN, "");
    is_met &= add_figure(table, json, "per_hour", "alarms in an hour, on average", rates.per_hour,
                         TARGET_PER_HOUR, "");
    is_met &= add_figure(table, json, "per_day", "alarms in a day, on average", rates.per_day,
                         TARGET_PER_DAY, "");
    is_met &= add_figure(table, json, "most_in_10_minutes", "most alarms in 10 minutes",
                         (double)rates.most_in_bin, STATS_FLOOD, "");
    is_met &= add_figure(table, json, "flood_percent", "time in flood (more than 10 in 10 minutes)",
                         rates.flood_percent, TARGET_FLOOD, " %");
    is_met &= add_figure(table, json, "chattering", "chattering (3 times within a minute)",
                         (double)rates.chattering, 0, "");
    is_met &= add_figure(table, json, "fleeting", "fleeting (gone within 5 s)",
                         (double)rates.fleeting, 0, "");
    is_met &= add_figure(table, json, "standing", "standing for more than a day now",
                         (double)standing, TARGET_STANDING, "");
    /* Of few alarms ten are always most. */
    if (stats->announced >= TOP_FROM)
        is_met &= add_figure(table, json, "top_ten_percent", "share of the ten most frequent",
                             rates.top_percent, TARGET_TOP_PERCENT, " %");
    return is_met;
}

static void print_acks(const struct stats *stats)
{
    char median[32], most[32], worst[32];
    struct wf_strbuf text[3] = { WF_STRBUF_FIXED(median), WF_STRBUF_FIXED(most),
                                 WF_STRBUF_FIXED(worst) };

    wf_strbuf_add_age(&text[0], stats_ack_quantile(stats, 0.5));
    wf_strbuf_add_age(&text[1], stats_ack_quantile(stats, 0.95));
    wf_strbuf_add_age(&text[2], stats_ack_quantile(stats, 1.0));
    if (stats->ack_count == 0)
        (void)printf("\nNothing was acknowledged.");
    else
        (void)printf("\nTime to acknowledge: median %s, 95 %% within %s, longest %s (%zu times).",
                     median, most, worst, stats->ack_count);
    (void)printf(" Announced and not acknowledged: %llu.\n",
                 (unsigned long long)stats->unacknowledged);
}

static void print_severities(const struct stats *stats)
{
    (void)printf("By severity:");
    for (unsigned severity = 5; severity > 0; severity--) {
        if (stats->by_severity[severity] > 0)
            (void)printf(" %s %llu (%.0f %%)", wf_severity_name(severity),
                         (unsigned long long)stats->by_severity[severity],
                         100.0 * (double)stats->by_severity[severity] / (double)stats->announced);
    }
    (void)printf("  (usual: about 80 %% low, 15 %% medium, 5 %% high)\n");
}

static void print_top(const struct stats *stats)
{
    struct show_table table;

    (void)printf("\nMost frequent:\n");
    show_table_init(&table, 5);
    show_cell(&table, "ALARM");
    show_cell(&table, "TIMES");
    show_cell(&table, "SHARE");
    show_cell(&table, "CHATTER");
    show_cell(&table, "FLEETING");
    for (size_t i = 0; i < stats->alarm_count && i < TOP && stats->alarms[i].raised > 0; i++) {
        const struct stats_alarm *alarm = &stats->alarms[i];

        show_cell(&table, desk_short_name(alarm->name));
        show_cellf(&table, "%llu", (unsigned long long)alarm->raised);
        show_cellf(&table, "%.1f %%", 100.0 * (double)alarm->raised / (double)stats->announced);
        show_cellf(&table, "%llu", (unsigned long long)alarm->chattered);
        show_cellf(&table, "%llu", (unsigned long long)alarm->fleeting);
    }
    show_table_print(&table, 2);
    show_table_fini(&table);
}

static void print_people(const struct stats *stats, const struct show_table *figures,
                         const struct standing *standing)
{
    char from[40], to[40];
    struct wf_strbuf a = WF_STRBUF_FIXED(from), b = WF_STRBUF_FIXED(to);

    wf_strbuf_add_time(&a, stats->from_ns, 0);
    wf_strbuf_add_time(&b, stats->to_ns, 0);
    (void)printf("%llu alarms from %s to %s (%llu transitions, %llu of them by people)\n\n",
                 (unsigned long long)stats->announced, from, to,
                 (unsigned long long)stats->transitions, (unsigned long long)stats->commands);
    show_table_print(figures, 0);
    print_acks(stats);
    if (stats->announced > 0) {
        print_severities(stats);
        print_top(stats);
    }
    if (standing->count > 0) {
        (void)printf("\nStanding for more than a day:\n");
        show_table_print(standing->table, 2);
    }
    (void)printf("\nTargets: ISA-18.2 and EEMUA 191, for one operator.\n");
}

static void print_json(const struct stats *stats, json_t *figures, const struct standing *standing)
{
    json_t *top = json_array(), *severities = json_object(), *json;

    for (size_t i = 0; i < stats->alarm_count && i < TOP && stats->alarms[i].raised > 0; i++)
        (void)json_array_append_new(
            top, json_pack("{s:o,s:I,s:I,s:I}", "alarm", show_json_text(stats->alarms[i].name),
                           "times", (json_int_t)stats->alarms[i].raised, "chattered",
                           (json_int_t)stats->alarms[i].chattered, "fleeting",
                           (json_int_t)stats->alarms[i].fleeting));
    for (unsigned severity = 1; severity <= 5; severity++)
        (void)json_object_set_new(severities, wf_severity_name(severity),
                                  json_integer((json_int_t)stats->by_severity[severity]));
    json = json_pack("{s:o,s:o,s:I,s:I,s:I,s:O,s:o,s:{s:I,s:f,s:f,s:f,s:I},s:o,s:O}", "from",
                     show_json_time(stats->from_ns), "to", show_json_time(stats->to_ns), "alarms",
                     (json_int_t)stats->announced, "transitions", (json_int_t)stats->transitions,
                     "commands", (json_int_t)stats->commands, "figures", figures, "by_severity",
                     severities, "acknowledged", "count", (json_int_t)stats->ack_count, "median_s",
                     (double)stats_ack_quantile(stats, 0.5) / 1e9, "p95_s",
                     (double)stats_ack_quantile(stats, 0.95) / 1e9, "longest_s",
                     (double)stats_ack_quantile(stats, 1.0) / 1e9, "not",
                     (json_int_t)stats->unacknowledged, "top", top, "standing", standing->list);
    (void)json_text_write(json, true, stdout);
    json_decref(json);
}

static int show(struct desk *desk, struct stats *stats, struct standing *standing)
{
    struct show_table figures;
    json_t *json = json_object();
    bool is_met;

    show_table_init(&figures, 4);
    is_met = add_figures(stats, standing->count, &figures, json);
    if (desk->is_json)
        print_json(stats, json, standing);
    else
        print_people(stats, &figures, standing);
    show_table_fini(&figures);
    json_decref(json);
    return is_met ? DESK_FINE : DESK_NOT_WELL;
}

int stats_run(struct desk *desk, int64_t from_ns, int64_t to_ns)
{
    const struct past_query query = { .from_ns = from_ns,
                                      .to_ns = to_ns,
                                      .kinds = 1u << WF_JOURNAL_TRANSITION,
                                      .patterns = desk->common.operands,
                                      .pattern_count = desk->common.operand_count };
    struct show_table table;
    struct standing standing = { .now_ns = wf_utc_now_ns(), .table = &table };
    struct stats stats;
    struct wf_err err = { 0 };
    int status = DESK_CANNOT;
    int rc = stats_init(&stats, from_ns, to_ns);

    show_table_init(&table, 3);
    standing.list = json_array();
    if (rc < 0)
        (void)wf_fail(&err, (enum wf_rc)rc,
                      rc == WF_ERR_LIMIT ? "--from must lie before --to, by twenty years at most"
                                         : "out of memory");
    if (rc == 0)
        rc = past_each(desk, &query, count_entry, &stats, NULL, &err);
    if (rc == 0)
        rc = find_standing(desk, &standing, &err);
    if (rc < 0) {
        status = desk_fail(desk, &err);
    } else {
        stats_finish(&stats);
        status = show(desk, &stats, &standing);
    }
    stats_fini(&stats);
    show_table_fini(&table);
    json_decref(standing.list);
    return status;
}
