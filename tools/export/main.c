/* SPDX-License-Identifier: MIT */
/* wf-export - a schema in the words of others, so that nobody is locked in. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/decode/xtce.h>
#include <watchfloor/options.h>

#define STATUS_NOT_ALL 1
#define STATUS_CANNOT  2
#define TEXT_MAX       (64u << 20)

static int export_xtce(const char *path, struct wf_problems *notes, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_strbuf text;
    int rc = wf_schema_load(path, &schema, &problems, err);

    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    if (rc < 0)
        return rc;
    wf_strbuf_init(&text, TEXT_MAX);
    wf_xtce_write(schema, path, &text, notes);
    if (text.was_cut)
        rc = wf_fail(err, WF_ERR_LIMIT, "%s: more text than is written", path);
    else if (fwrite(text.text, 1, text.len, stdout) != text.len || fflush(stdout) != 0)
        rc = wf_fail(err, WF_ERR_SYSTEM, "cannot write to stdout");
    wf_strbuf_fini(&text);
    wf_schema_free(&schema);
    return rc;
}

int main(int argc, char **argv)
{
    static const struct wf_command_line line = {
        .program = "wf-export",
        .summary = "a schema as XTCE, to stdout",
        .operands = "xtce SCHEMA",
        .details = "What XTCE is not told is listed; then the exit status is 1.\n\n"
                   "  wf export xtce plugins/power/power.ini > power.xml\n",
    };
    struct wf_problems notes = { 0 };
    struct wf_err err = { 0 };
    struct wf_common common;
    int rc;

    wf_options_parse(&line, argc, argv, &common);
    if (common.operand_count != 2 || strcmp(common.operands[0], "xtce") != 0) {
        (void)fprintf(stderr, "wf-export: as what, and which schema? Usage: wf export xtce FILE\n");
        return STATUS_CANNOT;
    }
    rc = export_xtce(common.operands[1], &notes, &err);
    if (rc < 0)
        (void)fprintf(stderr, "wf-export: %s\n", err.text);
    wf_problems_print(&notes);
    rc = rc < 0 ? STATUS_CANNOT : notes.count > 0 ? STATUS_NOT_ALL : EXIT_SUCCESS;
    wf_problems_fini(&notes);
    return rc;
}
