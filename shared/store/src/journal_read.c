/* SPDX-License-Identifier: MIT */
/*
 * Reading a journal while its monitor writes it. A query first collects the ids it means (from
 * indexes, 8 bytes each), then fetches entries a page at a time; a page is copied before it is
 * handed on, so that no lock is held while somebody looks at it.
 */

#include "journal_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUSY_MS    2000
#define PAGE_ROWS  128
#define TEXT_MAX   (64u << 20) /* of one page: a damaged file may hold anything */
#define VALUE_MAX  (16 << 20)
#define TEXT_COUNT 10

struct wf_journal_reader {
    sqlite3 *db;
    sqlite3_stmt *fetch;

    /* Ids between which a range of time lies, as long as nothing newer came. */
    struct bounds {
        int64_t from_ns, to_ns;
        int64_t newest, first, last;
    } bounds;
};

/* One page of entries; their strings lie in `text` by offset until it is whole. */
struct page {
    struct wf_journal_entry entries[PAGE_ROWS];
    size_t offsets[PAGE_ROWS][TEXT_COUNT], alarm_offsets[PAGE_ROWS];
    size_t count;
    struct wf_strbuf text;
};

struct ids {
    uint64_t *list;
    size_t count, size;
};

int wf_journal_read(const char *folder, const char *monitor, struct wf_journal_reader **out_reader,
                    struct wf_err *err)
{
    char path[WFS_JOURNAL_PATH_SIZE];
    struct wf_journal_reader *reader = calloc(1, sizeof(*reader));
    int rc;

    if (reader == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "read the journal: out of memory");
    rc = wfs_journal_path(folder, monitor, path, err);
    if (rc == 0 && access(path, F_OK) != 0)
        rc = wf_fail(err, WF_ERR_ABSENT, "there is none: no alarm monitor '%s' has run here",
                     monitor);
    if (rc == 0)
        rc = wfs_open_reader_of(path, &wfs_journal_format, BUSY_MS, &reader->db, err);
    if (rc == 0) {
        (void)sqlite3_limit(reader->db, SQLITE_LIMIT_LENGTH, VALUE_MAX);
        rc = wfs_journal_verify(reader->db, false, err);
    }
    if (rc == 0)
        rc = wfs_prepare(reader->db,
                         "SELECT " WFS_ENTRY_COLUMNS ", (SELECT name FROM _alarms a"
                         " WHERE a.id = e.alarm) FROM _entries e WHERE id = ?1",
                         &reader->fetch, err);
    if (rc < 0) {
        wf_err_prefix(err, "journal %s/%s.db", folder, monitor);
        wf_journal_reader_close(&reader);
        return rc;
    }
    *out_reader = reader;
    return 0;
}

void wf_journal_reader_close(struct wf_journal_reader **reader)
{
    if (*reader == NULL)
        return;
    (void)sqlite3_finalize((*reader)->fetch);
    wfs_close(&(*reader)->db);
    free(*reader);
    *reader = NULL;
}

/* ", 3, 7" of the alarms whose names the glob matches; *out_is_all when it is every one. */
static int match_alarms(sqlite3 *db, const char *glob, struct wf_strbuf *out_list, bool *out_is_all,
                        struct wf_err *err)
{
    sqlite3_stmt *stmt = NULL;
    int step = SQLITE_DONE;
    int rc = wfs_prepare(db, "SELECT id, name FROM _alarms ORDER BY id", &stmt, err);

    *out_is_all = true;
    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *name = (const char *)sqlite3_column_text(stmt, 1);

        if (name != NULL && wf_glob_match(glob, name))
            wf_strbuf_addf(out_list, "%s%lld", out_list->len > 0 ? "," : "",
                           (long long)sqlite3_column_int64(stmt, 0));
        else
            *out_is_all = false;
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = wfs_fail(err, db, step, "read the names of alarms");
    if (rc == 0 && out_list->was_cut)
        rc = wf_fail(err, WF_ERR_LIMIT, "'%.60s' means too many alarms", glob);
    (void)sqlite3_finalize(stmt);
    return rc;
}

static void add_kinds(struct wf_strbuf *sql, unsigned kinds)
{
    bool is_first = true;

    if (kinds == 0)
        return;
    /* Naming the bound lets the small index over all but transitions be used. */
    wf_strbuf_add(sql, (kinds & 1u) == 0 ? " AND kind > 0 AND kind IN (" : " AND kind IN (");
    for (unsigned kind = 0; kind < WF_JOURNAL_KIND_COUNT; kind++) {
        if ((kinds >> kind & 1u) != 0) {
            wf_strbuf_addf(sql, "%s%u", is_first ? "" : ",", kind);
            is_first = false;
        }
    }
    wf_strbuf_add(sql, ")");
}

/*
 * Times ascend with ids, but for clocks that were set: the index over times says between which ids the
 * range lies, so that rows outside of it are not even looked at. Whoever reads page by page asks
 * for the same range again.
 */
static int find_bounds(struct wf_journal_reader *reader, const struct wf_journal_query *query,
                       struct wf_err *err)
{
    struct bounds *bounds = &reader->bounds;
    int64_t to_ns = query->to_ns != 0 ? query->to_ns : INT64_MAX, newest = 0;
    sqlite3_stmt *stmt = NULL;
    int rc = wfs_get_i64(reader->db, "SELECT max(id) FROM _entries", 0, &newest, err);

    if (rc < 0 ||
        (bounds->newest == newest && bounds->from_ns == query->from_ns && bounds->to_ns == to_ns))
        return rc;
    rc = wfs_prepare(reader->db,
                     "SELECT ifnull(min(id), 1), ifnull(max(id), 0) FROM _entries"
                     " INDEXED BY _entries_by_time WHERE utc_ns >= ?1 AND utc_ns < ?2",
                     &stmt, err);
    if (rc < 0)
        return rc;
    (void)sqlite3_bind_int64(stmt, 1, query->from_ns != 0 ? query->from_ns : INT64_MIN);
    (void)sqlite3_bind_int64(stmt, 2, to_ns);
    if (sqlite3_step(stmt) == SQLITE_ROW)
        *bounds = (struct bounds){ .from_ns = query->from_ns,
                                   .to_ns = to_ns,
                                   .newest = newest,
                                   .first = sqlite3_column_int64(stmt, 0),
                                   .last = sqlite3_column_int64(stmt, 1) };
    else
        rc = wfs_fail(err, reader->db, sqlite3_errcode(reader->db), "find the range of time");
    (void)sqlite3_finalize(stmt);
    return rc;
}

static int write_question(struct wf_journal_reader *reader, const struct wf_journal_query *query,
                          struct wf_strbuf *sql, struct wf_err *err)
{
    struct wf_strbuf alarms;
    bool is_all = true;
    int rc = 0;

    wf_strbuf_init(&alarms, 1u << 20);
    wf_strbuf_add(sql, "SELECT id FROM _entries WHERE 1");
    if (query->alarm != NULL && query->alarm[0] != '\0') {
        rc = match_alarms(reader->db, query->alarm, &alarms, &is_all, err);
        if (rc == 0)
            wf_strbuf_addf(sql, is_all ? " AND alarm IS NOT NULL" : " AND alarm IN (%s)",
                           alarms.text != NULL ? alarms.text : "");
    }
    wf_strbuf_fini(&alarms);
    /* Of some alarms only, their own index is the way. */
    if (rc == 0 && is_all && (query->from_ns != 0 || query->to_ns != 0)) {
        rc = find_bounds(reader, query, err);
        wf_strbuf_addf(sql, " AND id BETWEEN %lld AND %lld", (long long)reader->bounds.first,
                       (long long)reader->bounds.last);
    }
    if (query->after_id != 0)
        wf_strbuf_addf(sql, " AND id > %lld",
                       (long long)(query->after_id > INT64_MAX ? INT64_MAX : query->after_id));
    if (query->from_ns != 0)
        wf_strbuf_addf(sql, " AND utc_ns >= %lld", (long long)query->from_ns);
    if (query->to_ns != 0)
        wf_strbuf_addf(sql, " AND utc_ns < %lld", (long long)query->to_ns);
    add_kinds(sql, query->kinds);
    wf_strbuf_addf(sql, " ORDER BY id%s", query->is_newest_first ? " DESC" : "");
    if (query->limit != 0)
        wf_strbuf_addf(sql, " LIMIT %lld",
                       (long long)(query->limit > INT64_MAX ? INT64_MAX : query->limit));
    if (rc == 0 && sql->was_cut)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    return rc;
}

static int collect_ids(struct wf_journal_reader *reader, const struct wf_journal_query *query,
                       struct ids *ids, struct wf_err *err)
{
    sqlite3 *db = reader->db;
    struct wf_strbuf sql;
    sqlite3_stmt *stmt = NULL;
    int step = SQLITE_DONE, rc;

    wf_strbuf_init(&sql, 2u << 20);
    rc = write_question(reader, query, &sql, err);
    if (rc == 0)
        rc = wfs_prepare(db, sql.text, &stmt, err);
    while (rc == 0 && (step = sqlite3_step(stmt)) == SQLITE_ROW) {
        if (ids->count == ids->size) {
            size_t size = ids->size == 0 ? 1024 : ids->size * 2;
            uint64_t *list = realloc(ids->list, size * sizeof(*list));

            if (list == NULL) {
                rc = wf_fail(err, WF_ERR_NOMEM, "out of memory for so many entries");
                break;
            }
            ids->list = list;
            ids->size = size;
        }
        ids->list[ids->count++] = (uint64_t)sqlite3_column_int64(stmt, 0);
    }
    if (rc == 0 && step != SQLITE_DONE)
        rc = wfs_fail(err, db, step, "read the journal");
    (void)sqlite3_finalize(stmt);
    wf_strbuf_fini(&sql);
    return rc;
}

/* The strings of an entry, in one order for keeping and for giving back. */
static void list_texts(struct wf_journal_entry *entry, const char **out[TEXT_COUNT])
{
    const char **const all[TEXT_COUNT] = {
        &entry->user, &entry->note, &entry->text,       &entry->config_hash, &entry->event,
        &entry->from, &entry->to,   &entry->value_text, &entry->limits,      &entry->level,
    };

    memcpy(out, all, sizeof(all));
}

/* Copy an entry into the page; false when it cannot be one. */
static bool keep_entry(struct page *page, sqlite3_stmt *stmt)
{
    const char **texts[TEXT_COUNT];
    struct wfs_entry_row row;
    const char *alarm = (const char *)sqlite3_column_text(stmt, WFS_ENTRY_COLUMN_COUNT);

    if (!wfs_entry_read(stmt, 0, &row))
        return false;
    list_texts(&row.entry, texts);
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        page->offsets[page->count][i] = page->text.len;
        wf_strbuf_add(&page->text, *texts[i]);
        wf_strbuf_add_char(&page->text, '\0');
    }
    /* Memories are for a restart only. */
    row.entry.memory = NULL;
    row.entry.memory_bytes = 0;
    page->alarm_offsets[page->count] = page->text.len;
    wf_strbuf_add(&page->text, alarm != NULL ? alarm : "");
    wf_strbuf_add_char(&page->text, '\0');
    page->entries[page->count++] = row.entry;
    return true;
}

static int fill_page(struct wf_journal_reader *reader, struct page *page, const uint64_t *ids,
                     size_t count, struct wf_err *err)
{
    int rc = wfs_exec(reader->db, err, "BEGIN"); /* one look at the file for the whole page */

    page->count = 0;
    wf_strbuf_clear(&page->text);
    for (size_t i = 0; rc == 0 && i < count; i++) {
        int step;

        (void)wfs_bind_u64(reader->fetch, 1, ids[i]);
        step = sqlite3_step(reader->fetch);
        if (step == SQLITE_ROW)
            (void)keep_entry(page, reader->fetch);
        else if (step != SQLITE_DONE) /* DONE: forgotten meanwhile */
            rc = wfs_fail(err, reader->db, step, "read entry %llu", (unsigned long long)ids[i]);
        (void)sqlite3_reset(reader->fetch);
    }
    (void)sqlite3_exec(reader->db, "COMMIT", NULL, NULL, NULL);
    if (rc == 0 && page->text.was_cut)
        rc = wf_fail(err, WF_ERR_CORRUPT, "entries are larger than any can be");
    return rc;
}

static int hand_on(struct page *page, int (*each)(void *context, const struct wf_journal_entry *),
                   void *context)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < page->count; i++) {
        struct wf_journal_entry *entry = &page->entries[i];
        const char **texts[TEXT_COUNT];

        list_texts(entry, texts);
        for (size_t j = 0; j < TEXT_COUNT; j++)
            *texts[j] = page->text.text + page->offsets[i][j];
        entry->alarm = page->text.text + page->alarm_offsets[i];
        rc = each(context, entry);
    }
    return rc;
}

int wf_journal_each(struct wf_journal_reader *reader, const struct wf_journal_query *query,
                    int (*each)(void *context, const struct wf_journal_entry *entry), void *context,
                    struct wf_err *err)
{
    struct page *page = malloc(sizeof(*page));
    struct ids ids = { 0 };
    int rc;

    if (page == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    wf_strbuf_init(&page->text, TEXT_MAX);
    rc = collect_ids(reader, query, &ids, err);
    for (size_t at = 0; rc == 0 && at < ids.count; at += PAGE_ROWS) {
        size_t count = ids.count - at < PAGE_ROWS ? ids.count - at : PAGE_ROWS;

        rc = fill_page(reader, page, ids.list + at, count, err);
        if (rc == 0)
            rc = hand_on(page, each, context);
    }
    free(ids.list);
    wf_strbuf_fini(&page->text);
    free(page);
    return rc;
}

int wf_journal_newest_id(struct wf_journal_reader *reader, uint64_t *out_id, struct wf_err *err)
{
    int64_t id = 0;
    uint64_t kept = 0;
    int rc = wfs_get_i64(reader->db, "SELECT max(id) FROM _entries", 0, &id, err);

    if (rc == 0)
        rc = wfs_journal_get_number(reader->db, "last_id", &kept, err);
    if (rc == 0)
        *out_id = (uint64_t)id > kept ? (uint64_t)id : kept;
    return rc;
}

int wf_journal_alarms(struct wf_journal_reader *reader,
                      int (*each)(void *context, const struct wf_journal_alarm *alarm),
                      void *context, struct wf_err *err)
{
    return wfs_journal_each_alarm(reader->db, each, context, err);
}

int wf_journal_limits(struct wf_journal_reader *reader,
                      int (*each)(void *context, const struct wf_journal_change *change),
                      void *context, struct wf_err *err)
{
    return wfs_journal_each_change(reader->db, each, context, err);
}

int wf_journal_attached(struct wf_journal_reader *reader, uint64_t seq, const char *what,
                        void **out_blob, size_t *out_bytes, struct wf_err *err)
{
    return wfs_journal_get_blob(reader->db, "SELECT bytes FROM _blobs WHERE what = ?1 AND seq = ?2",
                                what, seq, out_blob, out_bytes, err);
}
