/* SPDX-License-Identifier: MIT */
/* wf-decode - recorded packets to values: see decode.h. */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/options.h>

#include "decode.h"

#define STATUS_NOT_ALL 1
#define STATUS_CANNOT  2
#define STAGES_SIZE    200

/* The command line as it stands. */
struct arguments {
    const char *schema, *apid, *format, *skip, *framing, *out;
    bool is_raw, has_quality;
};

static int read_framing(const struct arguments *arguments, char *out, size_t size,
                        struct wf_err *err)
{
    struct wf_strbuf stages;
    uint64_t skip = 0;
    int rc = 0;

    wf_strbuf_init_fixed(&stages, out, size);
    if (arguments->skip != NULL)
        rc = wf_parse_u64(arguments->skip, &skip, err);
    if (rc < 0) {
        wf_err_prefix(err, "--skip");
        return rc;
    }
    if (arguments->framing != NULL)
        wf_strbuf_add(&stages, arguments->framing);
    if (skip > 0)
        wf_strbuf_addf(&stages, "%sskip %llu", stages.len > 0 ? ", " : "",
                       (unsigned long long)skip);
    return stages.was_cut ? wf_fail(err, WF_ERR_LIMIT, "--framing is too long") : 0;
}

static int read_options(const struct arguments *arguments, struct decode_options *out,
                        struct wf_err *err)
{
    uint64_t apid;

    *out = (struct decode_options){ .style = { .is_raw = arguments->is_raw,
                                               .has_quality = arguments->has_quality },
                                    .out = arguments->out,
                                    .apid = -1 };
    if (arguments->apid != NULL) {
        if (wf_parse_u64(arguments->apid, &apid, err) < 0 || apid >= WF_CCSDS_APID_COUNT)
            return wf_fail(err, WF_ERR_INVALID, "--apid '%s': expected 0 .. %d", arguments->apid,
                           WF_CCSDS_APID_COUNT - 1);
        out->apid = (int)apid;
    }
    if (arguments->format == NULL || strcmp(arguments->format, "csv") == 0)
        out->style.format = DECODE_CSV;
    else if (strcmp(arguments->format, "json") == 0)
        out->style.format = DECODE_JSON;
    else
        return wf_fail(err, WF_ERR_INVALID, "--format '%s': expected csv or json",
                       arguments->format);
    return 0;
}

/* 0 all well, STATUS_NOT_ALL, or a negative code with err. */
static int run(const struct arguments *arguments, const struct wf_common *common,
               struct wf_err *err)
{
    struct decode_schemas schemas = { 0 };
    struct decode_session session = { .shown = -1 };
    struct decode_options options;
    char stages[STAGES_SIZE] = "";
    bool is_begun;
    int rc = read_options(arguments, &options, err);

    if (rc == 0 && common->operand_count == 0)
        rc = wf_fail(err, WF_ERR_INVALID, "which recording? Usage: wf decode FILE... (- is stdin)");
    if (rc == 0)
        rc = read_framing(arguments, stages, sizeof(stages), err);
    options.stages = stages;
    if (rc == 0)
        rc = decode_schemas_load(
            &schemas, arguments->schema != NULL ? arguments->schema : common->paths.plugins, err);
    if (rc == 0)
        rc = decode_session_init(&session, &schemas, &options, err);
    is_begun = rc == 0;
    for (int i = 0; rc == 0 && i < common->operand_count; i++)
        rc = decode_session_run(&session, common->operands[i], err);
    if (is_begun) {
        struct wf_err end_err = { 0 };
        int end_rc = decode_session_end(&session, &end_err);

        if (rc == 0 && end_rc < 0) {
            rc = end_rc;
            *err = end_err;
        }
    }
    if (is_begun && !decode_report(&session) && rc == 0)
        rc = STATUS_NOT_ALL;
    decode_session_fini(&session);
    decode_schemas_fini(&schemas);
    return rc;
}

int main(int argc, char **argv)
{
    static struct arguments arguments;
    static const struct wf_option options[] = {
        { "schema", "DIR|FILE", "the schemas (default: the installed plugins)", &arguments.schema,
          NULL },
        { "apid", "N", "only packets of this APID", &arguments.apid, NULL },
        { "raw", NULL, "raw values, as they were in the packet", NULL, &arguments.is_raw },
        { "format", "csv|json", "csv, or an array of JSON objects", &arguments.format, NULL },
        { "skip", "BYTES", "pass over so many bytes before each packet", &arguments.skip, NULL },
        { "framing", "STAGES", "as a listener's: 'sync 1acffc1d, length 4 big'", &arguments.framing,
          NULL },
        { "out", "DIR", "one file for each subsystem", &arguments.out, NULL },
        { "quality", NULL, "one more column: the worst quality in the row", NULL,
          &arguments.has_quality },
    };
    const struct wf_command_line line = {
        .program = "wf-decode",
        .summary = "recorded packets to values",
        .operands = "FILE...",
        .details =
            "Columns: time, sequence, then the parameters in the order of the schema. Values are\n"
            "exact; what is not in a packet is empty. Counts and what was not decoded go to\n"
            "stderr. Exit status 1: some packets were damaged or not shown, or there was none.\n\n"
            "  wf decode flight.pkts --schema mission --apid 1136 > nhk.csv\n"
            "  wf decode flight.pkts --schema mission --out values --raw\n"
            "  wf decode udp.rec --schema cfs --skip 12\n",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_err err = { 0 };
    struct wf_common common;
    int rc;

    wf_options_parse(&line, argc, argv, &common);
    rc = run(&arguments, &common, &err);
    if (rc < 0) {
        (void)fprintf(stderr, "wf-decode: %s\n", err.text);
        return STATUS_CANNOT;
    }
    return rc;
}
