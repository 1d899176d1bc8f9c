/* SPDX-License-Identifier: MIT */
/* wf-packets - the archive of packets, and the packet that a value came from. */

#include <stdio.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>

#include "packets.h"

#define STATUS_NOTHING 1
#define STATUS_CANNOT  2

struct arguments {
    const char *from, *to, *listener, *source, *subsystem, *outcome, *apid, *limit, *format;
    const char *of, *at;
    bool is_rejected_only;
};

static int read_format(const char *text, enum packets_format *out, struct wf_err *err)
{
    static const char *const names[] = { "table", "csv", "json", "hex", "raw" };

    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        if (text != NULL && strcmp(text, names[i]) == 0) {
            *out = (enum packets_format)i;
            return 0;
        }
    }
    *out = PACKETS_TABLE;
    return text == NULL ? 0
                        : wf_fail(err, WF_ERR_INVALID,
                                  "--format %s: expected table, csv, json, hex or raw", text);
}

static int read_query(const struct arguments *arguments, struct wf_packet_query *out,
                      struct wf_err *err)
{
    int64_t now_ns = wf_utc_now_ns();
    uint64_t apid;
    int rc = wf_parse_time(arguments->from != NULL ? arguments->from : "now-1h", now_ns,
                           &out->from_ns, err);

    if (rc == 0)
        rc = wf_parse_time(arguments->to != NULL ? arguments->to : "now", now_ns, &out->to_ns, err);
    if (rc == 0 && arguments->limit != NULL)
        rc = wf_parse_u64(arguments->limit, &out->limit, err);
    if (rc == 0 && arguments->apid != NULL) {
        rc = wf_parse_u64(arguments->apid, &apid, err);
        if (rc == 0 && apid > 2047)
            rc = wf_fail(err, WF_ERR_INVALID, "--apid %s: expected 0 .. 2047", arguments->apid);
        out->apid = rc == 0 ? (int)apid : -1;
    }
    out->listener = arguments->listener;
    out->source = arguments->source;
    out->subsystem = arguments->subsystem;
    out->outcome = arguments->outcome;
    out->is_rejected_only = arguments->is_rejected_only;
    return rc;
}

static int show_origin(const struct arguments *arguments, const char *history, struct wf_err *err)
{
    int64_t now_ns = wf_utc_now_ns();
    int64_t at_ns;
    int rc = wf_parse_time(arguments->at != NULL ? arguments->at : "now", now_ns, &at_ns, err);

    return rc == 0 ? packets_origin(history, arguments->of, at_ns, err) : rc;
}

int main(int argc, char **argv)
{
    struct arguments arguments = { .from = NULL };
    const struct wf_option options[] = {
        { "from", "TIME", "received from then on (default now-1h)", &arguments.from, NULL },
        { "to", "TIME", "and before then (default now)", &arguments.to, NULL },
        { "rejected", NULL, "only those that were rejected", NULL, &arguments.is_rejected_only },
        { "outcome", "GLOB", "published, idle, segment, or a reason: unknown_apid ...",
          &arguments.outcome, NULL },
        { "listener", "GLOB", "heard by it", &arguments.listener, NULL },
        { "source", "GLOB", "of it", &arguments.source, NULL },
        { "subsystem", "GLOB", "of it", &arguments.subsystem, NULL },
        { "apid", "N", "with it", &arguments.apid, NULL },
        { "limit", "N", "at most so many", &arguments.limit, NULL },
        { "format", "FORMAT", "table (default), csv, json, hex, or raw: the packets themselves",
          &arguments.format, NULL },
        { "of", "NAME", "the packet that this parameter's value came from, its bits marked",
          &arguments.of, NULL },
        { "at", "TIME", "with --of: the newest value at or before that (default now)",
          &arguments.at, NULL },
    };
    const struct wf_command_line line = {
        .program = "wf-packets",
        .summary = "packets as they were received, with what became of them",
        .operands = "",
        .details = "The receiver's packet_ring and wf-recorder keep them.\n\n"
                   "  wf packets --from today --rejected\n"
                   "  wf packets --apid 100 --from now-5m --format raw > power.bin\n"
                   "  wf packets --of power.bus_voltage --at 2026-11-20T18:06:03Z\n",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_packet_query query = { .apid = -1 };
    enum packets_format format = PACKETS_TABLE;
    char history[WF_PATH_SIZE];
    struct wf_err err = { 0 };
    struct wf_common common;
    uint64_t count = 1;
    int rc;

    wf_options_parse(&line, argc, argv, &common);
    rc = wf_paths_in_state(&common.paths, "history", history, sizeof(history), &err);
    if (rc == 0 && common.operand_count > 0)
        rc = wf_fail(&err, WF_ERR_INVALID, "'%s': there are no operands; see --help",
                     common.operands[0]);
    if (rc == 0)
        rc = read_format(arguments.format, &format, &err);
    if (rc == 0 && arguments.of != NULL)
        rc = show_origin(&arguments, history, &err);
    else if (rc == 0) {
        rc = read_query(&arguments, &query, &err);
        if (rc == 0)
            rc = packets_list(history, &query, format, &count, &err);
    }
    if (rc < 0) {
        (void)fprintf(stderr, "wf-packets: %s\n", err.text);
        return STATUS_CANNOT;
    }
    return count > 0 ? 0 : STATUS_NOTHING;
}
