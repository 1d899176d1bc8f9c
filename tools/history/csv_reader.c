/* SPDX-License-Identifier: MIT */
/* One row at a time: see csv_reader.h. */

#include "csv_reader.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>

int csv_reader_open(struct csv_reader *reader, const char *path, struct wf_err *err)
{
    static const unsigned char mark[] = { 0xef, 0xbb, 0xbf };
    unsigned char first[sizeof(mark)];

    *reader = (struct csv_reader){ .path = path, .line = 1, .next_line = 1 };
    reader->file = fopen(path, "rb");
    if (reader->file == NULL)
        return wf_fail_errno(err, errno, "%s", path);
    if (fread(first, 1, sizeof(first), reader->file) != sizeof(first) || first[0] != mark[0] ||
        first[1] != mark[1] || first[2] != mark[2])
        rewind(reader->file);
    return 0;
}

void csv_reader_close(struct csv_reader *reader)
{
    if (reader->file != NULL)
        (void)fclose(reader->file);
    free(reader->text);
    free(reader->starts);
    *reader = (struct csv_reader){ 0 };
}

static bool put(struct csv_reader *reader, char c)
{
    if (reader->len == reader->capacity) {
        size_t capacity = reader->capacity == 0 ? 4096 : 2 * reader->capacity;
        char *text = capacity <= CSV_ROW_MAX ? realloc(reader->text, capacity) : NULL;

        if (text == NULL)
            return false;
        reader->text = text;
        reader->capacity = capacity;
    }
    reader->text[reader->len++] = c;
    return true;
}

static bool begin_cell(struct csv_reader *reader)
{
    if (reader->cell_count == reader->cell_capacity) {
        size_t capacity = reader->cell_capacity == 0 ? 64 : 2 * reader->cell_capacity;
        size_t *starts = realloc(reader->starts, capacity * sizeof(*starts));

        if (starts == NULL)
            return false;
        reader->starts = starts;
        reader->cell_capacity = capacity;
    }
    reader->starts[reader->cell_count++] = reader->len;
    return true;
}

/* One cell; *out_end is what ended it: ',', '\n' or EOF. False: it does not fit. */
static bool take_cell(struct csv_reader *reader, int *out_end, bool *out_is_open)
{
    bool is_quoted = false, is_fine = begin_cell(reader);
    int c = getc(reader->file);

    if (c == '"') {
        is_quoted = true;
        c = getc(reader->file);
    }
    for (; is_fine && c != EOF; c = getc(reader->file)) {
        if (c == '\n')
            reader->next_line++;
        if (is_quoted && c == '"') {
            c = getc(reader->file);
            if (c != '"') {
                is_quoted = false;
                (void)ungetc(c, reader->file);
                continue;
            }
        } else if (!is_quoted && (c == ',' || c == '\n')) {
            break;
        } else if (!is_quoted && c == '\r') {
            continue;
        }
        is_fine = put(reader, (char)c);
    }
    *out_end = c;
    *out_is_open = is_quoted;
    return is_fine && put(reader, '\0');
}

int csv_reader_next(struct csv_reader *reader, struct wf_err *err)
{
    int end = ',';
    bool is_open = false;

    do {
        reader->len = reader->cell_count = 0;
        reader->line = reader->next_line;
        for (end = ','; end == ',';) {
            if (!take_cell(reader, &end, &is_open))
                return wf_fail(err, WF_ERR_LIMIT, "%s:%" PRIu64 ": the row is longer than %u bytes",
                               reader->path, reader->line, CSV_ROW_MAX);
        }
        if (is_open)
            return wf_fail(err, WF_ERR_INVALID, "%s:%" PRIu64 ": a quote is open, expected \"",
                           reader->path, reader->line);
    } while (end != EOF && reader->cell_count == 1 && reader->text[0] == '\0');
    if (ferror(reader->file))
        return wf_fail_errno(err, errno, "%s", reader->path);
    return reader->cell_count == 1 && reader->text[0] == '\0' ? WF_ERR_ABSENT : 0;
}

const char *csv_reader_cell(const struct csv_reader *reader, size_t index)
{
    return index < reader->cell_count ? reader->text + reader->starts[index] : "";
}
