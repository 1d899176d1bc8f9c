/* SPDX-License-Identifier: MIT */
/* Templates: see template.h. */

#include "template.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/paths.h>
#include <watchfloor/strbuf.h>

#define TEMPLATE_MAX (1u << 20)

/* What the files made go without. */
static const char ending[] = ".in";

static int read_file(const char *path, struct wf_strbuf *out, struct wf_err *err)
{
    FILE *file = fopen(path, "re");
    char part[4096];
    size_t got;
    int rc = 0;

    if (file == NULL)
        return wf_fail_errno(err, errno, "%s", path);
    while ((got = fread(part, 1, sizeof(part), file)) > 0)
        wf_strbuf_add_bytes(out, part, got);
    if (ferror(file) != 0)
        rc = wf_fail(err, WF_ERR_SYSTEM, "%s: cannot be read", path);
    else if (out->was_cut)
        rc = wf_fail(err, WF_ERR_LIMIT, "%s: larger than %u bytes", path, TEMPLATE_MAX);
    (void)fclose(file);
    return rc;
}

/* The word at `at` ("@NAME@"), or NULL: an '@' on its own stays. */
static const struct template_word *word_at(const char *at, const struct template_word *words,
                                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(words[i].name);

        if (strncmp(at + 1, words[i].name, len) == 0 && at[len + 1] == '@')
            return &words[i];
    }
    return NULL;
}

static void replace_words(const char *text, const struct template_word *words, size_t count,
                          struct wf_strbuf *out)
{
    while (*text != '\0') {
        const struct template_word *word = *text == '@' ? word_at(text, words, count) : NULL;

        if (word == NULL) {
            wf_strbuf_add_char(out, *text++);
            continue;
        }
        wf_strbuf_add(out, word->value);
        text += strlen(word->name) + 2;
    }
}

static int write_file(const char *path, const struct wf_strbuf *text, struct wf_err *err)
{
    FILE *file = fopen(path, "wxe");
    int rc = 0;

    if (file == NULL)
        return wf_fail_errno(err, errno, "%s", path);
    if (fwrite(text->text, 1, text->len, file) != text->len)
        rc = wf_fail_errno(err, errno, "%s", path);
    if (fclose(file) != 0 && rc == 0)
        rc = wf_fail_errno(err, errno, "%s", path);
    return rc;
}

static bool is_template(const char *name)
{
    size_t len = strlen(name);

    return name[0] != '.' && len > strlen(ending) &&
           strcmp(name + len - strlen(ending), ending) == 0;
}

static int make_file(const char *from, const char *to, const char *name,
                     const struct template_word *words, size_t count, struct wf_err *err)
{
    char source[WF_PATH_SIZE], target[WF_PATH_SIZE];
    struct wf_strbuf path = WF_STRBUF_FIXED(source), made = WF_STRBUF_FIXED(target);
    struct wf_strbuf text, filled;
    size_t skip = strlen(words[0].name);
    int rc;

    wf_strbuf_addf(&path, "%s/%s", from, name);
    wf_strbuf_addf(&made, "%s/", to);
    if (strncmp(name, words[0].name, skip) == 0)
        wf_strbuf_add(&made, words[0].value);
    else
        skip = 0;
    wf_strbuf_add_bytes(&made, name + skip, strlen(name) - skip - strlen(ending));
    if (path.was_cut || made.was_cut)
        return wf_fail(err, WF_ERR_LIMIT, "the path %.100s is too long", to);
    wf_strbuf_init(&text, TEMPLATE_MAX);
    wf_strbuf_init(&filled, 2 * TEMPLATE_MAX);
    rc = read_file(source, &text, err);
    if (rc == 0) {
        replace_words(text.text, words, count, &filled);
        rc = filled.was_cut ? wf_fail(err, WF_ERR_NOMEM, "out of memory")
                            : write_file(target, &filled, err);
    }
    wf_strbuf_fini(&text);
    wf_strbuf_fini(&filled);
    return rc;
}

/* What make_files made, when it failed half-way. */
static void remove_folder(const char *folder)
{
    const struct dirent *entry;
    DIR *dir = opendir(folder);

    while (dir != NULL && (entry = readdir(dir)) != NULL)
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    if (dir != NULL)
        (void)closedir(dir);
    (void)rmdir(folder);
}

static int make_files(const char *from, const char *to, const struct template_word *words,
                      size_t count, struct wf_err *err)
{
    const struct dirent *entry;
    DIR *dir = opendir(from);
    int rc = 0;

    if (dir == NULL)
        return wf_fail_errno(err, errno, "templates: %s", from);
    while (rc == 0 && (entry = readdir(dir)) != NULL)
        if (is_template(entry->d_name))
            rc = make_file(from, to, entry->d_name, words, count, err);
    (void)closedir(dir);
    return rc;
}

int template_make(const char *from, const char *to, const struct template_word *words, size_t count,
                  struct wf_err *err)
{
    int rc;

    /* Making the folder is what finds out that there is one, without a moment between. */
    if (mkdir(to, 0755) != 0) {
        rc = wf_fail_errno(err, errno, "%s", to);
        return rc == WF_ERR_EXISTS ? wf_fail(err, rc, "%s is there already", to) : rc;
    }
    rc = make_files(from, to, words, count, err);
    if (rc < 0)
        remove_folder(to);
    return rc;
}
