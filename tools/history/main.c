/* SPDX-License-Identifier: MIT */
/* wf-history - checks, copies and repairs the files of history. See tools/history/README.md. */

#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>

static bool is_command(const struct wf_common *common, const char *name, int operands)
{
    return common->operand_count == 1 + operands && strcmp(common->operands[0], name) == 0;
}

/* What options say, as texts. */
struct words {
    const char *from, *to, *subsystem, *source, *listener, *framing, *skip, *received, *rate;
    bool is_dry, is_raw;
};

static int redecode(const struct wf_common *common, const char *folder, const struct words *words)
{
    struct history_redecode_options options = { .to_ns = INT64_MAX,
                                                .names = common->operands + 1,
                                                .name_count = common->operand_count - 1,
                                                .is_dry = words->is_dry };
    struct wf_err err = { 0 };
    int64_t now_ns = wf_utc_now_ns();
    int rc = words->from == NULL
                 ? wf_fail(&err, WF_ERR_INVALID, "--from: expected the time from which on")
                 : wf_parse_time(words->from, now_ns, &options.from_ns, &err);

    if (rc == 0 && words->to != NULL)
        rc = wf_parse_time(words->to, now_ns, &options.to_ns, &err);
    if (rc < 0) {
        (void)fprintf(stderr, "wf-history: %s\n", err.text);
        return STATUS_CANNOT;
    }
    return history_redecode(common, folder, &options);
}

static int read_framing(const struct words *words, char *stages, size_t size, struct wf_err *err)
{
    struct wf_strbuf text;
    uint64_t skip = 0;

    wf_strbuf_init_fixed(&text, stages, size);
    if (words->skip != NULL && wf_parse_u64(words->skip, &skip, err) < 0) {
        wf_err_prefix(err, "--skip");
        return err->rc;
    }
    wf_strbuf_add(&text, words->framing != NULL ? words->framing : "");
    if (skip > 0)
        wf_strbuf_addf(&text, "%sskip %llu", text.len > 0 ? ", " : "", (unsigned long long)skip);
    return text.was_cut ? wf_fail(err, WF_ERR_LIMIT, "--framing is too long") : 0;
}

static int read_times(const struct words *words, struct history_import_options *options,
                      struct wf_err *err)
{
    int rc = 0;

    if (words->received != NULL &&
        (rc = wf_parse_time(words->received, wf_utc_now_ns(), &options->received_ns, err)) < 0)
        wf_err_prefix(err, "--received");
    if (rc == 0 && words->rate != NULL &&
        ((rc = wf_parse_double(words->rate, &options->rate_hz, err)) < 0 ||
         !(options->rate_hz >= 1e-3 && options->rate_hz <= 1e9)))
        rc = wf_fail(err, WF_ERR_INVALID, "--rate '%s': expected packets a second, 0.001 .. 1e9",
                     words->rate);
    return rc;
}

static bool is_table(const struct wf_common *common, const struct words *words)
{
    const char *dot = strrchr(common->operands[1], '.');

    return words->subsystem != NULL || (dot != NULL && strcmp(dot, ".csv") == 0);
}

static int import(const struct wf_common *common, const char *folder, const struct words *words)
{
    struct history_import_options options = {
        .files = common->operands + 1,
        .file_count = common->operand_count - 1,
        .source = words->source,
        .subsystem = words->subsystem,
        .is_raw = words->is_raw,
        .is_dry = words->is_dry,
        .listener = words->listener,
        .received_ns = WF_TIME_NONE,
        .rate_hz = 1,
    };
    char stages[200];
    struct wf_err err = { 0 };
    int rc = 0;

    if (!is_table(common, words)) {
        rc = read_framing(words, stages, sizeof(stages), &err);
        if (words->framing != NULL || words->skip != NULL)
            options.stages = stages;
        if (rc == 0)
            rc = read_times(words, &options, &err);
        if (rc == 0)
            return history_import_packets(common, folder, &options);
    } else if (options.subsystem == NULL) {
        rc = wf_fail(&err, WF_ERR_INVALID, "--subsystem: expected whose values these are");
    } else if (options.file_count != 1) {
        rc = wf_fail(&err, WF_ERR_INVALID, "one table at a time, please");
    }
    if (rc < 0) {
        (void)fprintf(stderr, "wf-history: %s\n", err.text);
        return STATUS_CANNOT;
    }
    if (options.source == NULL)
        options.source = WF_SOURCE_MAIN;
    return history_import_csv(common, folder, &options);
}

int main(int argc, char **argv)
{
    static struct words words;
    static const struct wf_option options[] = {
        { "from", "TIME", "redecode: received from then on", &words.from, NULL },
        { "to", "TIME", "redecode: received before (default: all)", &words.to, NULL },
        { "dry-run", NULL, "import, redecode: only say what would change", NULL, &words.is_dry },
        { "source", "NAME", "import: of which source (default: main)", &words.source, NULL },
        { "subsystem", "NAME", "import a table: whose values these are", &words.subsystem, NULL },
        { "raw", NULL, "import a table: raw values, not engineering ones", NULL, &words.is_raw },
        { "listener", "NAME", "import packets: as if they had come through this listener",
          &words.listener, NULL },
        { "framing", "STAGES", "import packets: as a listener's: 'sync 1acffc1d, length 4 big'",
          &words.framing, NULL },
        { "skip", "BYTES", "import packets: pass over so many bytes before each", &words.skip,
          NULL },
        { "received", "TIME", "import packets: received then, where nothing says when",
          &words.received, NULL },
        { "rate", "HZ", "import packets: and so many a second from then on (default: 1)",
          &words.rate, NULL },
    };
    const struct wf_command_line line = {
        .program = "wf-history",
        .summary = "check, copy and repair the files of history",
        .operands =
            "check | backup FOLDER | restore FOLDER | repair | import FILE... | redecode [NAME...]",
        .details =
            "check    looks through every file, also beside a running logger\n"
            "         (also packets as received, alarm journals, the outbox of notifications)\n"
            "backup   copies all of these to FOLDER (empty, or not there), also while they are "
            "written\n"
            "restore  puts a backup in the place of what is there, which must be moved away first\n"
            "repair   saves what can be read of damaged days and makes all rollups again; stop "
            "the\n"
            "         logger first\n"
            "import   recorded packets, as wf decode and wf send read them; days of a packet "
            "archive;\n"
            "         or (--subsystem) a table as `wf query --format csv` or `wf decode` writes "
            "it;\n"
            "         what is there already is left out\n"
            "redecode samples anew from the archive of packets, by the definitions as they are "
            "now\n"
            "\n"
            "  wf history import pass-117.pkts --source sat1\n"
            "  wf history import values.csv --subsystem power --source sat1\n"
            "  wf history redecode --from 2026-11-20 --to 2026-11-21 sat1.power --dry-run\n"
            "\n"
            "Exit status: 0 fine, 1 something is damaged or was lost, 2 it cannot be done.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_common common;
    char folder[WF_PATH_SIZE];
    struct wf_err err = { 0 };

    wf_options_parse(&line, argc, argv, &common);
    if (wf_paths_in_state(&common.paths, "history", folder, sizeof(folder), &err) < 0) {
        (void)fprintf(stderr, "wf-history: %s\n", err.text);
        return STATUS_CANNOT;
    }
    if (is_command(&common, "check", 0))
        return history_check(&common);
    if (is_command(&common, "backup", 1))
        return history_backup(&common, common.operands[1]);
    if (is_command(&common, "restore", 1))
        return history_restore(&common, common.operands[1]);
    if (is_command(&common, "repair", 0))
        return history_repair(&common, folder);
    if (common.operand_count >= 2 && strcmp(common.operands[0], "import") == 0)
        return import(&common, folder, &words);
    if (common.operand_count >= 1 && strcmp(common.operands[0], "redecode") == 0)
        return redecode(&common, folder, &words);
    (void)fprintf(
        stderr,
        "wf-history: say check, backup FOLDER, restore FOLDER, repair, import FILE or redecode; "
        "see wf history --help\n");
    return STATUS_CANNOT;
}
