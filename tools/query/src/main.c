/* SPDX-License-Identifier: MIT */
/* wf-query: questions to history. Its manual is --help. */

#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/options.h>

#include "query.h"

static const char details[] =
    "NAME is a parameter (power.bus_voltage, sat1.power.bus_voltage), an element of an array\n"
    "(power.cells[3]), a subsystem (power: all its parameters), or a glob (*.temp_*). Without "
    "names:\n"
    "what there is. The range is FROM <= time < TO, the last hour by default; times are ISO 8601,\n"
    "now, now-1h30m, today, yesterday, @SECONDS; in UTC unless a zone is written (+01:00), and\n"
    "answers are in UTC always.\n"
    "\n"
    "Times are device times, or with --by received those of receipt. Several parameters stand\n"
    "beside each other where their times are equal; --every puts them on common steps, --fill\n"
    "shows the last value of each. A step counts values that are numbers and not INVALID (bad\n"
    "counts the others), and is named by its beginning. Steps of whole minutes and hours come\n"
    "from rollups where these are complete, the rest from samples: the answer is the same, and\n"
    "says what it was made from. Percentiles are values that were there, by nearest rank.\n"
    "\n"
    "COND is an expression as in schemas: == (or =) != < <= > >= and or not + - * / min() "
    "bits() ...\n"
    "A parameter of another subsystem stands for its last value; when that is older than\n"
    "its subsystem's stale_after, INVALID or absent, the condition is unknown and the row left "
    "out.\n"
    "\n"
    "table is for people; gaps stand between the rows. csv is RFC 4180, gaps are told on stderr.\n"
    "json is {\"series\":[{name,unit,resolution,points:[[time,value],...],tier}],\"gaps\":[...],\n"
    "\"unread\":[...],\"deleted\":[...]}; integers are exact, NaN and infinities are strings, what "
    "a\n"
    "packet did not hold is null. Letters in plots: O ring_overrun, L logger_down, s link_silent,\n"
    "g sequence_gap, k kernel_drop, x rejected, r writer_restart, j clock_jump, D store_failed,\n"
    "X file_corrupt, R region_replaced, C conflict, E retention, i import_lost.\n"
    "\n"
    "Exit status: 0, 1 when nothing was found, 2 when it cannot be done.\n"
    "\n"
    "    wf query power.bus_voltage thermal.temp_* --from today\n"
    "    wf query power --from now-10m --format csv > power.csv\n"
    "    wf query power.bus_voltage --every 1m --agg min,mean,max,p95 --from yesterday\n"
    "    wf query power.bus_voltage --plot --from now-30d\n"
    "    wf query power.bus_voltage --where \"power.mode = SAFE\" --stats --from now-7d\n"
    "    wf query power --first \"power.bus_voltage < 27\" --from today\n";

int query_failed(const struct wf_err *err)
{
    wf_log_error("%s", err->text);
    return EXIT_CANNOT;
}

/* ": 2 sequence_gap, 1 logger_down" */
static void add_causes(const struct query_gaps *gaps, struct wf_strbuf *out)
{
    bool is_first = true;

    for (int cause = 0; cause <= WF_GAP_CAUSE_COUNT; cause++) {
        if (gaps->causes[cause] == 0)
            continue;
        wf_strbuf_addf(out, "%s%llu %s", is_first ? ": " : ", ",
                       (unsigned long long)gaps->causes[cause],
                       wf_gap_cause_name((enum wf_gap_cause)cause));
        is_first = false;
    }
}

void query_add_summary(const struct query *query, const struct query_gaps *gaps, uint64_t lines,
                       struct wf_strbuf *out)
{
    const struct query_options *options = &query->options;
    const char *what = options->is_stats                         ? "value"
                       : options->format >= QUERY_PLOT           ? "value"
                       : options->first != NULL || options->last ? "crossing"
                                                                 : "row";
    size_t unread = 0;
    int64_t day_ns;

    wf_strbuf_addf(out, "%llu %s%s, resolution ", (unsigned long long)lines, what,
                   lines == 1 ? "" : "s");
    query_add_resolution(query, out);
    if (options->every_ns != 0) {
        wf_strbuf_add(out, " from ");
        wf_tiers_add(query->tiers, out);
    }
    wf_strbuf_addf(out, ", %llu gap%s", (unsigned long long)gaps->total,
                   gaps->total == 1 ? "" : "s");
    if (gaps->lost > 0)
        wf_strbuf_addf(out, " (%llu lost)", (unsigned long long)gaps->lost);
    add_causes(gaps, out);
    while (wf_history_trouble(query->history, unread, &day_ns) != NULL)
        unread++;
    if (unread > 0)
        wf_strbuf_addf(out, "; %zu day%s could not be read", unread, unread == 1 ? "" : "s");
    if (options->limit != 0 && lines == options->limit)
        wf_strbuf_add(out, "; more may follow: --limit ended it");
}

void query_print_summary(const struct query *query, const struct query_gaps *gaps, uint64_t lines,
                         FILE *to)
{
    char line[512];
    struct wf_strbuf text = WF_STRBUF_FIXED(line);

    query_add_summary(query, gaps, lines, &text);
    (void)fprintf(to, "%s\n", line);
}

/* --- the question --------------------------------------------------------------------------- */

static int answer(struct query *query)
{
    if (query->options.is_stats)
        return query_write_stats(query);
    if (query->options.first != NULL || query->options.last != NULL)
        return query_write_crossing(query);
    switch (query->options.format) {
    case QUERY_CSV:
        return query_write_csv(query);
    case QUERY_JSON:
        return query_write_json(query);
    case QUERY_PLOT:
        return query_write_plot(query);
    case QUERY_SVG:
        return query_write_svg(query);
    case QUERY_TABLE:
        break;
    }
    return query_write_table(query);
}

static int nothing(const struct query *query, const struct wf_err *err)
{
    wf_log_error("%s", err->text);
    if (query->options.format == QUERY_JSON)
        (void)fputs("{\"series\":[],\"gaps\":[]}\n", stdout);
    return EXIT_NOTHING;
}

static int list(struct query *query)
{
    int status = query_print_list(query);

    query_tell_troubles(query);
    return status;
}

/* What is wrong with a condition is told before anything is written. */
static int check_conditions(struct query *query, struct wf_err *err)
{
    const char *const texts[] = { query->options.where, query->options.first, query->options.last };
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < WF_COUNT_OF(texts); i++) {
        struct query_where *where = NULL;

        if (texts[i] != NULL)
            rc = query_where_open(query, texts[i], &where, err);
        query_where_close(&where);
    }
    return rc;
}

static int ask(struct query *query, const struct wf_common *common)
{
    char folder[WF_PATH_SIZE];
    struct wf_err err = { 0 };
    int status;
    int rc = wf_paths_in_state(&common->paths, "history", folder, sizeof(folder), &err);

    if (rc == 0)
        rc = wf_history_open(folder, &query->history, &err);
    if (rc == WF_ERR_ABSENT) {
        (void)wf_fail(&err, WF_ERR_ABSENT,
                      "no history in %.150s yet; wf-logger writes it: `wf up` starts it", folder);
        return nothing(query, &err);
    }
    if (rc < 0)
        return query_failed(&err);
    if (common->operand_count == 0)
        return list(query);
    rc = query_resolve(query, common->operands, common->operand_count, &err);
    if (rc == 0)
        rc = check_conditions(query, &err);
    if (rc < 0)
        query_tell_troubles(query);
    if (rc == WF_ERR_ABSENT)
        return nothing(query, &err);
    if (rc < 0)
        return query_failed(&err);
    status = answer(query);
    query_tell_troubles(query);
    return wf_output_finish() ? status : EXIT_CANNOT;
}

int main(int argc, char **argv)
{
    static struct query query;
    struct query_options *chosen = &query.options;
    struct query_words words = { .from = "now-1h",
                                 .to = "now",
                                 .format = "table",
                                 .by = "device",
                                 .tier = "auto",
                                 .quality = "absent" };
    bool is_packet = false;
    int status;
    const struct wf_option options[] = {
        { "from", "TIME", "Beginning of the range; default now-1h.", &words.from, NULL },
        { "to", "TIME", "Its end, not included; default now.", &words.to, NULL },
        { "format", "FORM", "table (default), csv, json, plot or svg.", &words.format, NULL },
        { "plot", NULL, "The same as --format plot.", NULL, &words.is_plot },
        { "size", "WxH", "Of a plot: characters, or points of an svg; the height is one frame's.",
          &words.size, NULL },
        { "raw", NULL, "Raw values, before calibration; numbers instead of labels.", NULL,
          &chosen->is_raw },
        { "by", "CLOCK", "device (default) or received: which time the range goes by.", &words.by,
          NULL },
        { "source", "GLOB", "Only these sources.", &chosen->source, NULL },
        { "limit", "N", "At most so many rows.", &words.limit, NULL },
        { "every", "STEP",
          "One row per step, as 10s, 1m, 1h; auto: so that there are some hundred.", &words.every,
          NULL },
        { "bins", "N", "One row per step, of a length that makes N of them at most.", &words.bins,
          NULL },
        { "agg", "LIST",
          "What of a step: mean (default), min, max, last, count, bad, deviation, quality, p50, "
          "p95 ...; commas between.",
          &words.aggs, NULL },
        { "tier", "TIER",
          "auto (default), or at most raw, minute or hour: what steps are made from.", &words.tier,
          NULL },
        { "where", "COND", "Only where it holds, as \"power.mode = SAFE and bus_voltage < 27\".",
          &chosen->where, NULL },
        { "quality", "WORST", "Leave values out that are worse, as valid or suspect.",
          &words.quality, NULL },
        { "with-quality", NULL, "The quality of each value beside it (csv, json).", NULL,
          &chosen->is_quality_shown },
        { "fill", NULL, "The last value where a moment has no sample of a parameter.", NULL,
          &chosen->is_filled },
        { "first", "COND", "When did it begin to hold for the first time?", &chosen->first, NULL },
        { "last", "COND", "And when for the last time?", &chosen->last, NULL },
        { "packet", NULL,
          "The packet that the newest value before --to came from, its bits marked.", NULL,
          &is_packet },
        { "stats", NULL, "Counts, extremes and when, mean, deviation, percentiles.", NULL,
          &chosen->is_stats },
    };
    const struct wf_command_line line = {
        .program = "wf-query",
        .summary = "Ask history: ranges of parameters, as table, CSV, JSON or plot.",
        .operands = "[NAME...]",
        .details = details,
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_common common;
    struct wf_err err = { 0 };

    wf_options_parse(&line, argc, argv, &common);
    if (is_packet && query_show_packet(&common, words.to, &err) < 0)
        return query_failed(&err);
    if (query_parse_words(&words, chosen, &err) < 0)
        return query_failed(&err);
    status = ask(&query, &common);
    query_free_columns(&query);
    wf_history_close(&query.history);
    return status;
}
