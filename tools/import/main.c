/* SPDX-License-Identifier: MIT */
/* wf-import - a mission's definitions in: see import.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/options.h>

#include "import.h"

#define STATUS_NOT_ALL 1
#define STATUS_CANNOT  2

static int run(const struct import_options *options, const char *kind, struct import_result *result,
               struct wf_err *err)
{
    if (strcmp(kind, "xtce") == 0)
        return import_xtce(options, result, err);
    if (strcmp(kind, "csv") == 0)
        return import_csv(options, result, err);
    if (strcmp(kind, "units") == 0)
        return import_units(options, result, err);
    return wf_fail(err, WF_ERR_INVALID,
                   "'%s': expected xtce, csv or units, as in: wf import xtce FILE", kind);
}

int main(int argc, char **argv)
{
    static struct import_options options = { .out = "." };
    static const struct wf_option table[] = {
        { "out", "DIR", "folder that gets NAME/NAME.ini for each (default: here)", &options.out,
          NULL },
        { "select", "GLOB", "only those whose name matches", &options.select, NULL },
        { "apid", "N", "of a csv table, which does not say it", &options.apid, NULL },
        { "name", "NAME", "of a csv table's subsystem (default: its file's)", &options.name, NULL },
        { "schema", "DIR", "of units: the schemas that they are for (default: --out)",
          &options.schema, NULL },
        { "force", NULL, "write over files that are there", NULL, &options.is_forced },
    };
    const struct wf_command_line line = {
        .program = "wf-import",
        .summary = "a mission's definitions in: XTCE, or a table of columns, to schemas",
        .operands = "xtce|csv|units FILE",
        .details =
            "Each packet definition becomes a schema to go on with. What a schema cannot say is\n"
            "listed with file and line, and what was done instead; then the exit status is 1.\n\n"
            "  wf import xtce mission.xml --out plugins --select 'COD_*'\n"
            "  wf import csv table.csv --apid 11     (name, data_type, bit_length, bit_offset)\n"
            "  wf import units eu.csv --out plugins --force    (packetName, mnemonic, c0, c1, "
            "...,\n"
            "                                         unit; lowValue and highValue of segments)\n"
            "  wf decode flight.pkts --schema plugins --out values\n",
        .options = table,
        .option_count = WF_COUNT_OF(table),
    };
    struct import_result result = { .schemas = 0 };
    struct wf_err err = { 0 };
    struct wf_common common;
    int rc;

    wf_options_parse(&line, argc, argv, &common);
    if (common.operand_count != 2) {
        (void)fprintf(stderr,
                      "wf-import: what and which file? Usage: wf import xtce|csv|units FILE\n");
        return STATUS_CANNOT;
    }
    options.file = common.operands[1];
    rc = run(&options, common.operands[0], &result, &err);
    wf_problems_print(&result.notes);
    if (rc < 0)
        (void)fprintf(stderr, "wf-import: %s\n", err.text);
    else
        (void)fprintf(stderr, "wf-import: %u schemas, %u parameters, %zu notes\n", result.schemas,
                      result.parameters, result.notes.count);
    if (rc == 0 && result.schemas == 0)
        (void)fprintf(stderr, "wf-import: no packet definition %s\n",
                      options.select != NULL                     ? "of such a name (--select)"
                      : strcmp(common.operands[0], "units") == 0 ? "in --schema that it is for"
                                                                 : "with an APID");
    rc = rc < 0 ? STATUS_CANNOT
                : (result.notes.count > 0 || result.schemas == 0 ? STATUS_NOT_ALL : EXIT_SUCCESS);
    wf_problems_fini(&result.notes);
    return rc;
}
