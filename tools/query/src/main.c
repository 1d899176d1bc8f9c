/* SPDX-License-Identifier: MIT */
/* wf-query: questions to history. Its manual is --help. */

#include <errno.h>
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
    "what there is. The range is FROM <= time < TO, the last hour by default; times are ISO 8601\n"
    "in UTC, now, now-1h30m, today, yesterday, @SECONDS.\n"
    "\n"
    "Times are device times, or with --by received those of receipt. Several parameters stand\n"
    "beside each other where their times are equal; --every puts them on common steps.\n"
    "A step counts values that are numbers and not INVALID, and is named by its beginning.\n"
    "\n"
    "table is for people; gaps stand between the rows. csv is RFC 4180, gaps are told on stderr.\n"
    "json is {\"series\":[{name,unit,resolution,points:[[time,value],...]}],\"gaps\":[...]}; "
    "integers\n"
    "are exact, NaN and infinities are strings, what a packet did not hold is null.\n"
    "\n"
    "Exit status: 0, 1 when nothing was found, 2 when it cannot be done.\n"
    "\n"
    "    wf query power.bus_voltage thermal.temp_* --from today\n"
    "    wf query power --from now-10m --format csv > power.csv\n"
    "    wf query power.bus_voltage --every 1m --agg min,mean,max --from yesterday\n";

/* The texts of the options, before they are understood. */
struct words {
    const char *from, *to, *format, *by, *limit, *every, *aggs;
    bool is_raw;
};

int query_failed(const struct wf_err *err)
{
    wf_log_error("%s", err->text);
    return EXIT_CANNOT;
}

void query_add_resolution(const struct query *query, struct wf_strbuf *out)
{
    static const struct {
        int64_t ns;
        const char *name;
    } units[] = { { WF_NS_PER_DAY, "d" },
                  { 3600 * WF_NS_PER_S, "h" },
                  { 60 * WF_NS_PER_S, "m" },
                  { WF_NS_PER_S, "s" },
                  { WF_NS_PER_MS, "ms" },
                  { WF_NS_PER_US, "us" },
                  { 1, "ns" } };
    int64_t every_ns = query->options.every_ns;
    size_t i = 0;

    if (every_ns == 0) {
        wf_strbuf_add(out, "raw");
        return;
    }
    while (every_ns % units[i].ns != 0)
        i++;
    wf_strbuf_addf(out, "%lld%s", (long long)(every_ns / units[i].ns), units[i].name);
}

void query_print_summary(const struct query *query, const struct query_gaps *gaps, uint64_t lines,
                         FILE *to)
{
    char line[256];
    struct wf_strbuf text = WF_STRBUF_FIXED(line);

    wf_strbuf_addf(&text, "%llu %s, resolution ", (unsigned long long)lines,
                   query->options.format == QUERY_PLOT ? "values" : "rows");
    query_add_resolution(query, &text);
    wf_strbuf_addf(&text, ", %llu gap%s", (unsigned long long)gaps->total,
                   gaps->total == 1 ? "" : "s");
    if (gaps->lost > 0)
        wf_strbuf_addf(&text, " (%llu lost)", (unsigned long long)gaps->lost);
    if (query->options.limit != 0 && lines == query->options.limit)
        wf_strbuf_add(&text, "; more may follow: --limit ended it");
    (void)fprintf(to, "%s\n", line);
}

/* --- options ------------------------------------------------------------------------------ */

static int parse_format(const char *text, enum query_format *out, struct wf_err *err)
{
    static const char *const names[] = {
        [QUERY_TABLE] = "table", [QUERY_CSV] = "csv", [QUERY_JSON] = "json", [QUERY_PLOT] = "plot"
    };

    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = (enum query_format)i;
            return 0;
        }
    }
    return wf_fail(err, WF_ERR_INVALID, "--format '%.40s': expected table, csv, json or plot",
                   text);
}

static int parse_aggs(const char *text, struct query_options *options, struct wf_err *err)
{
    while (*text != '\0') {
        size_t len = strcspn(text, ",");
        enum query_agg agg = QUERY_MEAN;

        while (agg < QUERY_AGGS &&
               (strncmp(text, query_agg_name(agg), len) != 0 || query_agg_name(agg)[len] != '\0'))
            agg++;
        if (agg == QUERY_AGGS || options->agg_count == QUERY_AGGS)
            return wf_fail(err, WF_ERR_INVALID,
                           "--agg '%.40s': expected some of mean,min,max,last,count", text);
        options->aggs[options->agg_count++] = agg;
        text += len + (text[len] == ',');
    }
    return 0;
}

static int parse_range(const struct words *words, struct wf_range *range, struct wf_err *err)
{
    int64_t now_ns = wf_utc_now_ns();
    int rc = wf_parse_time(words->from, now_ns, &range->from_ns, err);

    if (rc < 0) {
        wf_err_prefix(err, "--from");
        return rc;
    }
    rc = wf_parse_time(words->to, now_ns, &range->to_ns, err);
    if (rc < 0) {
        wf_err_prefix(err, "--to");
        return rc;
    }
    if (range->to_ns <= range->from_ns)
        return wf_fail(err, WF_ERR_INVALID, "--to must be later than --from");
    if (strcmp(words->by, "received") != 0 && strcmp(words->by, "device") != 0)
        return wf_fail(err, WF_ERR_INVALID, "--by '%.40s': expected device or received", words->by);
    range->is_by_received = strcmp(words->by, "received") == 0;
    return 0;
}

static int parse_words(const struct words *words, struct query_options *options, struct wf_err *err)
{
    int rc = parse_range(words, &options->range, err);

    options->is_raw = words->is_raw;
    if (rc == 0)
        rc = parse_format(words->format, &options->format, err);
    if (rc == 0 && words->limit != NULL) {
        rc = wf_parse_u64(words->limit, &options->limit, err);
        if (rc < 0)
            wf_err_prefix(err, "--limit");
    }
    if (rc == 0 && words->every != NULL) {
        rc = wf_parse_duration_ns(words->every, &options->every_ns, err);
        if (rc == 0 && options->every_ns <= 0)
            rc = wf_fail(err, WF_ERR_INVALID, "expected a duration as 10s, 1m, 1h");
        if (rc < 0)
            wf_err_prefix(err, "--every");
    }
    if (rc == 0)
        rc = parse_aggs(words->aggs != NULL ? words->aggs : "mean", options, err);
    if (rc == 0 && words->aggs != NULL && words->every == NULL)
        rc = wf_fail(err, WF_ERR_INVALID, "--agg needs --every");
    return rc;
}

/* --- the question --------------------------------------------------------------------------- */

static int answer(struct query *query)
{
    switch (query->options.format) {
    case QUERY_CSV:
        return query_write_csv(query);
    case QUERY_JSON:
        return query_write_json(query);
    case QUERY_PLOT:
        return query_write_plot(query);
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
    query_tell_troubles(query);
    if (rc == WF_ERR_ABSENT)
        return nothing(query, &err);
    if (rc < 0)
        return query_failed(&err);
    status = answer(query);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        /* Whoever reads it may have enough of it, as `head` does. */
        if (errno != EPIPE)
            wf_log_error("cannot write the answer: %s", strerror(errno));
        return EXIT_CANNOT;
    }
    return status;
}

int main(int argc, char **argv)
{
    static struct query query;
    struct words words = { .from = "now-1h", .to = "now", .format = "table", .by = "device" };
    const struct wf_option options[] = {
        { "from", "TIME", "Beginning of the range; default now-1h.", &words.from, NULL },
        { "to", "TIME", "Its end, not included; default now.", &words.to, NULL },
        { "format", "FORM", "table (default), csv, json or plot.", &words.format, NULL },
        { "raw", NULL, "Raw values, before calibration; numbers instead of labels.", NULL,
          &words.is_raw },
        { "by", "CLOCK", "device (default) or received: which time the range goes by.", &words.by,
          NULL },
        { "source", "GLOB", "Only these sources.", &query.options.source, NULL },
        { "limit", "N", "At most so many rows.", &words.limit, NULL },
        { "every", "STEP", "One row per step, as 10s, 1m, 1h, computed from the samples.",
          &words.every, NULL },
        { "agg", "LIST", "What of a step: mean (default), min, max, last, count; commas between.",
          &words.aggs, NULL },
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
    int status;

    wf_options_parse(&line, argc, argv, &common);
    if (parse_words(&words, &query.options, &err) < 0)
        return query_failed(&err);
    status = ask(&query, &common);
    query_free_columns(&query);
    wf_history_close(&query.history);
    return status;
}
