/* SPDX-License-Identifier: MIT */
/*
 * wf-schemagen - what the build calls: `wf-schemagen SCHEMA.ini --out DIR [--embed]`.
 *
 * Checks the schema, then writes DIR/<name>_info.h, and with --embed also
 * <name>_schema.h and <name>_schema.c. A file that would not change is left alone, so
 * that nothing is rebuilt for it. Wrong schemas: file:line: ..., exit 2.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>
#include <watchfloor/options.h>
#include <watchfloor/problems.h>

#include "schemagen.h"

#define GENERATED_BYTES_MAX (64u << 20)

static bool is_file_equal(const char *path, const struct wf_strbuf *text)
{
    FILE *file = fopen(path, "rb");
    bool is_equal = false;
    char *there = NULL;

    if (file == NULL)
        return false;
    there = malloc(text->len + 1);
    if (there != NULL)
        is_equal = fread(there, 1, text->len + 1, file) == text->len &&
                   memcmp(there, text->text, text->len) == 0;
    free(there);
    (void)fclose(file);
    return is_equal;
}

static int write_file(const char *folder, const char *name, const char *ending,
                      const struct wf_strbuf *text, struct wf_err *err)
{
    char path[WF_PATH_SIZE];
    struct wf_strbuf whole = WF_STRBUF_FIXED(path);
    FILE *file;
    bool is_written;

    wf_strbuf_addf(&whole, "%s/%s%s", folder, name, ending);
    if (whole.was_cut)
        return wf_fail(err, WF_ERR_LIMIT, "the path below %s is too long", folder);
    if (text->was_cut)
        return wf_fail(err, WF_ERR_NOMEM, "%s: out of memory", path);
    if (is_file_equal(path, text))
        return WF_OK;
    file = fopen(path, "wb");
    if (file == NULL)
        return wf_fail_errno(err, errno, "write %s", path);
    is_written = fwrite(text->text, 1, text->len, file) == text->len;
    if (fclose(file) != 0 || !is_written) {
        (void)wf_fail_errno(err, errno, "write %s", path);
        (void)remove(path); /* half a header is worse than none */
        return err != NULL ? (int)err->rc : WF_ERR_SYSTEM;
    }
    return WF_OK;
}

static int write_embedded(const struct wf_schema *schema, const char *folder, struct wf_err *err)
{
    struct wf_strbuf text, header, source;
    int rc;

    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_strbuf_init(&header, GENERATED_BYTES_MAX);
    wf_strbuf_init(&source, GENERATED_BYTES_MAX);
    wf_schema_write(schema, &text);
    gen_write_schema_header(schema, &header);
    gen_write_schema_source(schema, text.text, text.len, &source);
    if (text.was_cut)
        rc = wf_fail(err, WF_ERR_NOMEM, "%s: out of memory", schema->name);
    else
        rc = write_file(folder, schema->name, "_schema.h", &header, err);
    if (rc == WF_OK)
        rc = write_file(folder, schema->name, "_schema.c", &source, err);
    wf_strbuf_fini(&text);
    wf_strbuf_fini(&header);
    wf_strbuf_fini(&source);
    return rc;
}

static int generate(const char *path, const char *folder, bool is_embedded, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_strbuf info;
    int rc;

    wf_strbuf_init(&info, GENERATED_BYTES_MAX);
    rc = wf_schema_load(path, &schema, &problems, err);
    wf_problems_print(&problems);
    if (rc < 0)
        goto out;
    rc = gen_write_info(schema, &info, err);
    if (rc < 0)
        goto out;
    rc = write_file(folder, schema->name, "_info.h", &info, err);
    if (rc == WF_OK && is_embedded)
        rc = write_embedded(schema, folder, err);

out:
    /* Problems speak for themselves, with their lines. */
    if (problems.count > 0 && err != NULL)
        err->text[0] = '\0';
    wf_problems_fini(&problems);
    wf_strbuf_fini(&info);
    wf_schema_free(&schema);
    return rc;
}

int main(int argc, char **argv)
{
    const char *folder = ".";
    bool is_embedded = false;
    const struct wf_option options[] = {
        { "out", "DIR", "Folder for what is written; it must exist.", &folder, NULL },
        { "embed", NULL, "Also write the schema's text as a C constant.", NULL, &is_embedded },
    };
    const struct wf_command_line line = {
        .program = "wf-schemagen",
        .summary = "makes <name>_info.h, the C struct of a sample, from a schema",
        .operands = "SCHEMA.ini",
        .details = "The CMake functions watchfloor_add_plugin and watchfloor_embed_schema call it.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_common common;
    struct wf_err err = { 0 };

    wf_options_parse(&line, argc, argv, &common);
    if (common.operand_count != 1) {
        wf_log_error("expected one schema file; see wf-schemagen --help");
        return 2;
    }
    if (generate(common.operands[0], folder, is_embedded, &err) < 0) {
        if (err.text[0] != '\0')
            wf_log_error("%s", err.text);
        return 2;
    }
    return 0;
}
