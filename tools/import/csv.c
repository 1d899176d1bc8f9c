/* SPDX-License-Identifier: MIT */
/* Tables of comma-separated values: see csv.h. */

#include "csv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/strbuf.h>

static int read_file(const char *path, char **out_text, struct wf_err *err)
{
    FILE *file = fopen(path, "rb");
    char *text = malloc(CSV_BYTES_MAX + 1);
    size_t len = 0;
    int rc = 0;

    if (file == NULL)
        rc = wf_fail_errno(err, errno, "%s", path);
    else if (text == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    else
        len = fread(text, 1, CSV_BYTES_MAX + 1, file);
    if (rc == 0 && ferror(file))
        rc = wf_fail_errno(err, errno, "%s", path);
    if (rc == 0 && len > CSV_BYTES_MAX)
        rc = wf_fail(err, WF_ERR_LIMIT, "%s: larger than %u bytes", path, CSV_BYTES_MAX);
    if (rc == 0 && memchr(text, '\0', len) != NULL)
        rc = wf_fail(err, WF_ERR_INVALID, "%s: holds zero bytes; expected text", path);
    if (file != NULL)
        (void)fclose(file);
    if (rc < 0) {
        free(text);
        return rc;
    }
    text[len] = '\0';
    *out_text = text;
    return 0;
}

/* One cell, ended in place; `*at` behind what ends it, `*end` = what that was. */
static char *take_cell(char **at, char *end, unsigned *line)
{
    char *from = *at, *to = *at, *cell = *at;
    bool is_quoted = *from == '"';

    if (is_quoted)
        from++;
    while (*from != '\0') {
        if (is_quoted && from[0] == '"' && from[1] == '"')
            from++;
        else if (is_quoted && *from == '"') {
            is_quoted = false;
            from++;
            continue;
        } else if (!is_quoted && (*from == ',' || *from == '\n' || *from == '\r'))
            break;
        *line += *from == '\n';
        *to++ = *from++;
    }
    if (*from == '\r' && from[1] == '\n')
        from++;
    *end = *from;
    *at = *from != '\0' ? from + 1 : from;
    *to = '\0';
    return cell;
}

static struct csv_row *add_row(struct csv_table *table, unsigned line)
{
    struct csv_row *rows = realloc(table->rows, (table->count + 1) * sizeof(*rows));

    if (rows == NULL)
        return NULL;
    table->rows = rows;
    rows[table->count] = (struct csv_row){ .line = line };
    for (size_t i = 0; i < CSV_CELLS_MAX; i++)
        rows[table->count].cells[i] = "";
    return &rows[table->count++];
}

int csv_read(const char *path, struct csv_table *out, struct wf_err *err)
{
    struct csv_table table = { 0 };
    unsigned line = 1;
    char *at;
    int rc = read_file(path, &table.text, err);

    if (rc < 0)
        return rc;
    at = table.text;
    if (strncmp(at, "\xef\xbb\xbf", 3) == 0)
        at += 3;
    while (*at != '\0') {
        struct csv_row *row = add_row(&table, line);
        char end = ',';

        if (row == NULL) {
            csv_fini(&table);
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        }
        while (end == ',') {
            char *cell = take_cell(&at, &end, &line);

            if (row->count < CSV_CELLS_MAX)
                row->cells[row->count++] = cell;
        }
        line++;
        if (row->count == 1 && row->cells[0][0] == '\0')
            table.count--; /* an empty line */
    }
    *out = table;
    return 0;
}

void csv_fini(struct csv_table *table)
{
    free(table->text);
    free(table->rows);
    *table = (struct csv_table){ 0 };
}

int csv_column(const struct csv_table *table, const char *name)
{
    for (size_t i = 0; table->count > 0 && i < table->rows[0].count; i++) {
        if (wf_casecmp(table->rows[0].cells[i], name) == 0)
            return (int)i;
    }
    return -1;
}
