/* SPDX-License-Identifier: MIT */
/* Spans: see spans.h. */

#include "spans.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "2026-11-20 409600 1795132800000000000 ... 1 checksum" */
#define LINE_MAX_BYTES 256
#define FIELDS         8

/* --- of one file ----------------------------------------------------------------------------- */

static int read_span(sqlite3 *db, const char *sql, int64_t *out_from, int64_t *out_to,
                     struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_prepare(db, sql, &stmt, err);

    if (rc < 0)
        return rc;
    *out_from = INT64_MAX;
    *out_to = INT64_MIN;
    rc = sqlite3_step(stmt);
    if (rc == SQLITE_ROW && sqlite3_column_type(stmt, 0) != SQLITE_NULL) {
        *out_from = sqlite3_column_int64(stmt, 0);
        *out_to = sqlite3_column_int64(stmt, 1);
    }
    rc = rc == SQLITE_ROW || rc == SQLITE_DONE ? 0 : wfs_fail(err, db, rc, "read the catalogue");
    (void)sqlite3_finalize(stmt);
    return rc;
}

int wfs_spans_read(sqlite3 *db, struct wfs_spans *out, struct wf_err *err)
{
    struct wfs_spans spans = { .has_deleted = false };
    int64_t deleted = 0;
    int rc = read_span(db, "SELECT min(device_from), max(device_to) FROM _blocks",
                       &spans.device_from, &spans.device_to, err);

    if (rc == 0)
        /* A gap whose ends are unknown may lie anywhere. */
        rc = read_span(db,
                       "SELECT min(min(coalesce(from_device_ns, from_received_ns, -1 << 62),"
                       " coalesce(to_device_ns, 1 << 62), coalesce(from_received_ns, -1 << 62))),"
                       " max(max(coalesce(to_device_ns, to_received_ns, 1 << 62),"
                       " coalesce(from_device_ns, -1 << 62), coalesce(to_received_ns, 1 << 62)))"
                       " FROM _gaps",
                       &spans.gap_from, &spans.gap_to, err);
    spans.has_deleted =
        wfs_get_i64(db, "SELECT count(*) FROM _deleted", 0, &deleted, NULL) == 0 && deleted > 0;
    if (rc == 0)
        *out = spans;
    return rc;
}

/* --- the list ---------------------------------------------------------------------------------- */

static int list_path(const char *folder, const char *suffix, char out[WFS_PATH_SIZE],
                     struct wf_err *err)
{
    int length = snprintf(out, WFS_PATH_SIZE, "%s/spans%s", folder, suffix);

    return length > 0 && length < WFS_PATH_SIZE
               ? 0
               : wf_fail(err, WF_ERR_LIMIT, "the path of the history folder is too long");
}

/* A line that was torn by a power cut must not look like another. */
static uint32_t checksum(const char *text, size_t length)
{
    uint32_t sum = 2166136261u;

    for (size_t i = 0; i < length; i++)
        sum = (sum ^ (unsigned char)text[i]) * 16777619u;
    return sum;
}

static void add_line(const struct wfs_span_entry *entry, struct wf_strbuf *out)
{
    const struct wfs_spans *spans = &entry->spans;
    char name[16];
    size_t at = out->len;

    wfs_file_text(entry->file.key, name);
    wf_strbuf_addf(out,
                   "%s %" PRIu64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %d",
                   name, entry->file.bytes, entry->file.modified_ns, spans->device_from,
                   spans->device_to, spans->gap_from, spans->gap_to, spans->has_deleted);
    wf_strbuf_addf(out, " %08x\n", checksum(out->text + at, out->len - at));
}

static bool read_fields(char *line, int64_t numbers[FIELDS - 1], int64_t *out_key)
{
    char *at = line, name[32];
    size_t length = strcspn(line, " ");

    (void)snprintf(name, sizeof(name), "%.*s.db", (int)(length < 20 ? length : 20), line);
    if (!wfs_file_parse(name, out_key))
        return false;
    for (int i = 0; i < FIELDS - 1; i++) {
        at = strchr(at, ' ');
        if (at == NULL)
            return false;
        *at++ = '\0';
        length = strcspn(at, " ");
        (void)snprintf(name, sizeof(name), "%.*s", (int)(length < 30 ? length : 30), at);
        if (wf_parse_i64(name, &numbers[i], NULL) < 0)
            return false;
    }
    return strchr(at, ' ') == NULL;
}

static bool read_line(char *line, struct wfs_span_entry *out)
{
    int64_t numbers[FIELDS - 1];
    char *sum = strrchr(line, ' '), wanted[16];

    if (sum == NULL)
        return false;
    (void)snprintf(wanted, sizeof(wanted), " %08x", checksum(line, (size_t)(sum - line)));
    if (strcmp(sum, wanted) != 0)
        return false;
    *sum = '\0';
    if (!read_fields(line, numbers, &out->file.key))
        return false;
    out->file.bytes = (uint64_t)numbers[0];
    out->file.modified_ns = numbers[1];
    out->file.is_sealed = true;
    out->spans = (struct wfs_spans){ .device_from = numbers[2],
                                     .device_to = numbers[3],
                                     .gap_from = numbers[4],
                                     .gap_to = numbers[5],
                                     .has_deleted = numbers[6] != 0 };
    return true;
}

int wfs_span_list_load(const char *folder, struct wfs_span_list *out, struct wf_err *err)
{
    struct wfs_span_list list = { 0 };
    char path[WFS_PATH_SIZE], line[LINE_MAX_BYTES];
    FILE *file = NULL;
    int rc = list_path(folder, "", path, err);

    if (rc == 0)
        file = fopen(path, "r");
    while (rc == 0 && file != NULL && fgets(line, sizeof(line), file) != NULL) {
        struct wfs_span_entry entry = { .file = { .key = 0 } };

        line[strcspn(line, "\n")] = '\0';
        /* In order and once, or it is not ours. */
        if (!read_line(line, &entry) ||
            (list.count > 0 && list.entries[list.count - 1].file.key >= entry.file.key))
            continue;
        if (list.count % 64 == 0) {
            struct wfs_span_entry *more = realloc(list.entries, (list.count + 64) * sizeof(*more));

            if (more == NULL) {
                rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
                break;
            }
            list.entries = more;
        }
        list.entries[list.count++] = entry;
    }
    if (file != NULL)
        (void)fclose(file);
    if (rc < 0)
        wfs_span_list_free(&list);
    else
        *out = list;
    return rc;
}

int wfs_span_list_save(const struct wfs_span_list *list, const char *folder, const char *group,
                       struct wf_err *err)
{
    char path[WFS_PATH_SIZE], fresh[WFS_PATH_SIZE];
    struct wf_strbuf text;
    FILE *file;
    int rc = list_path(folder, "", path, err);

    if (rc == 0)
        rc = list_path(folder, ".new", fresh, err);
    if (rc == 0)
        rc = wfs_file_make(fresh, group, err);
    if (rc < 0)
        return rc;
    wf_strbuf_init(&text, 64u << 20);
    for (size_t i = 0; i < list->count; i++)
        add_line(&list->entries[i], &text);
    file = text.was_cut ? NULL : fopen(fresh, "w");
    if (file == NULL || fwrite(text.text, 1, text.len, file) != text.len)
        rc = wf_fail_errno(err, errno, "write %s", fresh);
    if (file != NULL && fclose(file) != 0 && rc == 0)
        rc = wf_fail_errno(err, errno, "write %s", fresh);
    if (rc == 0 && rename(fresh, path) != 0)
        rc = wf_fail_errno(err, errno, "rename %s", fresh);
    if (rc < 0)
        (void)remove(fresh);
    wf_strbuf_fini(&text);
    return rc;
}

void wfs_span_list_free(struct wfs_span_list *list)
{
    free(list->entries);
    *list = (struct wfs_span_list){ 0 };
}

static int compare(const void *key, const void *element)
{
    const int64_t *wanted = key;
    const struct wfs_span_entry *entry = element;

    return (*wanted > entry->file.key) - (*wanted < entry->file.key);
}

const struct wfs_spans *wfs_span_list_find(const struct wfs_span_list *list,
                                           const struct wfs_day_file *file)
{
    const struct wfs_span_entry *entry =
        list->count > 0 && file->is_sealed
            ? bsearch(&file->key, list->entries, list->count, sizeof(*entry), compare)
            : NULL;

    return entry != NULL && entry->file.bytes == file->bytes &&
                   entry->file.modified_ns == file->modified_ns
               ? &entry->spans
               : NULL;
}
