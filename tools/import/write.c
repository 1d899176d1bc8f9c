/* SPDX-License-Identifier: MIT */
/* A schema that was made goes through the same checks as one that was written by hand. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/paths.h>
#include <watchfloor/schema.h>

#include "import.h"

#define WORD_MAX   120
#define LINE_WIDTH 80

static int check(const char *path, const char *text, struct import_result *result,
                 struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    int rc = wf_schema_parse(path, text, strlen(text), &schema, &problems, err);

    for (size_t i = 0; i < problems.kept; i++)
        wf_problems_add(&result->notes, problems.list[i].file, problems.list[i].line,
                        "%s (the file is written; correct it by hand)", problems.list[i].text);
    wf_problems_fini(&problems);
    if (schema != NULL)
        result->parameters += (unsigned)schema->parameter_count;
    wf_schema_free(&schema);
    return rc == WF_ERR_INVALID ? 0 : rc;
}

static int write_file(const char *path, const char *text, bool is_forced, struct wf_err *err)
{
    FILE *file = fopen(path, is_forced ? "w" : "wx");
    bool is_written;

    if (file == NULL && errno == EEXIST)
        return wf_fail(err, WF_ERR_EXISTS, "%s is there already; --force writes over it", path);
    if (file == NULL)
        return wf_fail_errno(err, errno, "%s", path);
    is_written = fputs(text, file) != EOF;
    if (fclose(file) != 0 || !is_written)
        return wf_fail_errno(err, errno, "write %s", path);
    return 0;
}

int import_write_file(const struct import_options *options, const char *path, const char *text,
                      struct import_result *result, struct wf_err *err)
{
    int rc = write_file(path, text, options->is_forced, err);

    if (rc == 0)
        rc = check(path, text, result, err);
    if (rc == 0) {
        result->schemas++;
        (void)printf("%s\n", path);
    }
    return rc;
}

int import_write(const struct import_options *options, const char *name, const char *text,
                 struct import_result *result, struct wf_err *err)
{
    char path[WF_PATH_SIZE];
    struct wf_strbuf buf = WF_STRBUF_FIXED(path);
    int rc;

    wf_strbuf_addf(&buf, "%s/%s", options->out, name);
    rc = buf.was_cut ? wf_fail(err, WF_ERR_LIMIT, "--out: the path is too long")
                     : wf_make_folders(path, err);
    wf_strbuf_addf(&buf, "/%s.ini", name);
    if (rc == 0 && buf.was_cut)
        rc = wf_fail(err, WF_ERR_LIMIT, "--out: the path is too long");
    return rc == 0 ? import_write_file(options, path, text, result, err) : rc;
}

void import_write_text(struct wf_strbuf *out, const char *key, const char *text)
{
    size_t column = 0;

    while (*text != '\0') {
        size_t len = 0;

        while (len < WORD_MAX && (unsigned char)text[len] > ' ' && text[len] != 0x7f)
            len++;
        if (len == 0) {
            text++;
            continue;
        }
        if (column == 0)
            wf_strbuf_addf(out, "%s =", key);
        wf_strbuf_add(out, column + len > LINE_WIDTH ? "\n    " : " ");
        column = column + len > LINE_WIDTH ? len : column + len + 1;
        wf_strbuf_add_bytes(out, text, len);
        text += len;
    }
    if (column > 0)
        wf_strbuf_add_char(out, '\n');
}
