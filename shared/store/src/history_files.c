/* SPDX-License-Identifier: MIT */
/*
 * The files of a history: which there are, which are open, what is known of them.
 *
 * Opening a file costs hundreds of microseconds, asking an open one a few. So the
 * last ones stay open: sealed files, which nobody is kept from anything by, and
 * the one that is written today. Another that still has a log of changes is closed at
 * once, because the logger cannot seal it while anybody has it open.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <watchfloor/clock.h>

#include "history_private.h"

static int64_t changed_ns(const struct wf_history *history)
{
    char path[WFS_PATH_SIZE];
    struct wf_strbuf text = WF_STRBUF_FIXED(path);
    struct stat st;

    wf_strbuf_addf(&text, "%s/raw", history->folder);
    if (text.was_cut || stat(path, &st) != 0)
        return 0;
    return (int64_t)st.st_mtim.tv_sec * WF_NS_PER_S + st.st_mtim.tv_nsec;
}

static bool is_known(const struct wfs_history_file *file)
{
    return file->is_known && file->day.is_sealed &&
           file->known_modified_ns == file->day.modified_ns;
}

static void know(struct wfs_history_file *file, const struct wfs_spans *spans)
{
    file->spans = *spans;
    file->is_known = true;
    file->known_modified_ns = file->day.modified_ns;
}

/* Take over what was learnt of a file that is still the same. */
static void remember(struct wf_history *history, struct wfs_history_file *file)
{
    for (size_t i = 0; i < history->file_count; i++) {
        if (history->files[i].day.key == file->day.key) {
            struct wfs_day_file day = file->day;

            *file = history->files[i];
            file->day = day;
            return;
        }
    }
}

int wfs_history_refresh(struct wf_history *history, struct wf_err *err)
{
    int64_t listed_ns = changed_ns(history);
    struct wfs_day_file *days = NULL;
    struct wfs_span_list spans = { 0 };
    struct wfs_history_file *files;
    size_t count = 0;
    int rc;

    /* Changes within one tick of the file system's clock could look alike: not yet settled. */
    if (listed_ns != 0 && listed_ns == history->listed_ns)
        return 0;
    rc = wfs_folder_list(history->folder, &days, &count, err);
    if (rc < 0)
        return rc;
    files = calloc(count + 1, sizeof(*files));
    rc = files == NULL ? wf_fail(err, WF_ERR_NOMEM, "out of memory")
                       : wfs_span_list_load(history->folder, &spans, err);
    if (rc < 0) {
        free(files);
        free(days);
        return rc;
    }
    for (size_t i = 0; i < count; i++) {
        const struct wfs_spans *found = wfs_span_list_find(&spans, &days[i]);

        files[i].day = days[i];
        remember(history, &files[i]);
        if (found != NULL && !is_known(&files[i]))
            know(&files[i], found);
    }
    wfs_span_list_free(&spans);
    free(days);
    free(history->files);
    history->files = files;
    history->file_count = count;
    history->listed_ns = wf_utc_now_ns() - listed_ns > WF_NS_PER_S ? listed_ns : 0;
    return 0;
}

/* --- troubles -------------------------------------------------------------------------- */

static bool is_in_trouble(const struct wf_history *history, int64_t key)
{
    for (size_t i = 0; i < history->trouble_count; i++) {
        if (history->troubles[i].key == key)
            return true;
    }
    return false;
}

static int add_trouble(struct wf_history *history, int64_t key, const char *text,
                       struct wf_err *err)
{
    struct wfs_trouble *more;

    if (is_in_trouble(history, key))
        return WF_ERR_ABSENT;
    more = realloc(history->troubles, (history->trouble_count + 1) * sizeof(*more));
    if (more == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    history->troubles = more;
    more = &more[history->trouble_count++];
    more->key = key;
    (void)wf_copy_text(more->text, sizeof(more->text), text);
    return WF_ERR_ABSENT;
}

static bool is_of_the_file(int rc)
{
    return rc == WF_ERR_CORRUPT || rc == WF_ERR_VERSION || rc == WF_ERR_DENIED;
}

int wfs_history_lost(struct wf_history *history, int64_t key, int rc, struct wf_err *err)
{
    struct wf_err local = { 0 };
    char path[WFS_PATH_SIZE];

    if (!is_of_the_file(rc))
        return rc;
    local = err != NULL ? *err : local;
    if (wfs_day_path(history->folder, key, path, NULL) == 0)
        wf_err_prefix(&local, "%s", path);
    return add_trouble(history, key, local.text, err);
}

/* --- open files --------------------------------------------------------------------------- */

static void close_file(struct wf_history *history, struct wfs_open_file *file)
{
    struct wfs_open_file **at = &history->open;

    while (*at != NULL && *at != file)
        at = &(*at)->next;
    if (*at != NULL)
        *at = file->next;
    wfs_close(&file->db);
    free(file);
}

/* May it stay open while nobody uses it? One that is not written any more is to be sealed. */
static bool may_rest(const struct wf_history *history, const struct wfs_open_file *file)
{
    if (file->is_sealed)
        return true;
    for (size_t i = 0; i < history->file_count; i++) {
        int64_t key = history->files[i].day.key;

        if (key > file->key && wfs_file_day(key) == wfs_file_day(file->key))
            return false;
    }
    return wf_utc_now_ns() < wfs_file_day(file->key) + WF_NS_PER_DAY;
}

void wfs_history_close_files(struct wf_history *history, bool is_all)
{
    struct wfs_open_file *file = history->open, *next;

    for (; file != NULL; file = next) {
        next = file->next;
        if (file->users == 0 && (is_all || !may_rest(history, file)))
            close_file(history, file);
    }
}

void wf_history_rest(struct wf_history *history)
{
    wfs_history_close_files(history, true);
}

static void make_room(struct wf_history *history)
{
    struct wfs_open_file *oldest = NULL;
    size_t count = 0;

    for (struct wfs_open_file *file = history->open; file != NULL; file = file->next) {
        count++;
        if (file->users == 0 && (oldest == NULL || file->used < oldest->used))
            oldest = file;
    }
    if (count > WFS_OPEN_FILES_MAX && oldest != NULL)
        close_file(history, oldest);
}

static struct wfs_open_file *find_open(struct wf_history *history, int64_t key,
                                       const struct stat *st)
{
    for (struct wfs_open_file *file = history->open; file != NULL; file = file->next) {
        if (file->key == key && file->device == st->st_dev && file->inode == st->st_ino)
            return file;
    }
    return NULL;
}

static int open_file(struct wf_history *history, int64_t key, const char *path,
                     const struct stat *st, struct wfs_open_file **out_file, struct wf_err *err)
{
    struct wfs_open_file *file = calloc(1, sizeof(*file));
    int rc;

    if (file == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    file->key = key;
    file->device = st->st_dev;
    file->inode = st->st_ino;
    rc = wfs_open_reader(path, WFS_READER_BUSY_MS, &file->db, err);
    if (rc < 0) {
        free(file);
        return rc;
    }
    file->next = history->open;
    history->open = file;
    *out_file = file;
    return 0;
}

int wfs_history_get(struct wf_history *history, int64_t key, struct wfs_open_file **out_file,
                    struct wf_err *err)
{
    char path[WFS_PATH_SIZE];
    struct wf_err local = { 0 };
    struct wf_err *why = err != NULL ? err : &local;
    struct wfs_open_file *file;
    struct stat st;
    int rc = wfs_day_path(history->folder, key, path, why);

    if (rc < 0)
        return rc;
    if (is_in_trouble(history, key) || stat(path, &st) != 0)
        return WF_ERR_ABSENT;
    file = find_open(history, key, &st);
    if (file == NULL)
        rc = open_file(history, key, path, &st, &file, why);
    if (rc < 0)
        return wfs_history_lost(history, key, rc, why);
    file->is_sealed = (st.st_mode & S_IWUSR) == 0;
    file->users++;
    file->used = ++history->uses;
    make_room(history);
    *out_file = file;
    return 0;
}

void wfs_history_put(struct wf_history *history, struct wfs_open_file **file)
{
    struct wfs_open_file *f = *file;

    if (f == NULL)
        return;
    *file = NULL;
    if (--f->users == 0 && !may_rest(history, f))
        close_file(history, f);
}

/* --- what is known of them ------------------------------------------------------------------ */

bool wfs_history_is_near(const struct wf_history *history, size_t index,
                         const struct wf_range *range)
{
    const struct wfs_history_file *file = &history->files[index];
    int64_t day_ns = wfs_file_day(file->day.key);

    if (range->is_by_received)
        return day_ns < range->to_ns && range->from_ns < day_ns + WF_NS_PER_DAY;
    return !is_known(file) ||
           (file->spans.device_to >= range->from_ns && file->spans.device_from < range->to_ns);
}

bool wfs_history_has_gaps(const struct wf_history *history, size_t index,
                          const struct wf_range *range)
{
    const struct wfs_history_file *file = &history->files[index];

    /* A gap lies in the file of the sample behind it, which may be days after the range. */
    if (range->is_by_received && wfs_file_day(file->day.key) + WF_NS_PER_DAY <= range->from_ns)
        return false;
    return !is_known(file) ||
           (file->spans.gap_to >= range->from_ns && file->spans.gap_from < range->to_ns);
}

bool wfs_history_has_deleted(const struct wf_history *history, size_t index)
{
    const struct wfs_history_file *file = &history->files[index];

    return !is_known(file) || file->spans.has_deleted;
}

int wfs_history_learn(struct wf_history *history, size_t index, const struct wfs_open_file *file,
                      struct wf_err *err)
{
    struct wfs_history_file *known = &history->files[index];
    struct wfs_spans spans;
    int rc;

    if (!known->day.is_sealed || is_known(known))
        return 0;
    rc = wfs_spans_read(file->db, &spans, err);
    if (rc == 0)
        know(known, &spans);
    return rc;
}
