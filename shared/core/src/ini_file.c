/* SPDX-License-Identifier: MIT */
/* INI files: reading from disk, looking things up, letting go. See <watchfloor/ini.h>. */

#include <watchfloor/ini.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/strbuf.h>

/* Everything `fd` gives, at most WF_INI_BYTES_MAX; the caller frees. */
static int read_all(int fd, size_t size, char **out_text, size_t *out_len, struct wf_err *err)
{
    size_t len = 0, room = size + 1;
    char *text = malloc(room);

    if (text == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    /* A file that grows while it is read is read up to the size it had. */
    while (len < size) {
        ssize_t got = read(fd, text + len, size - len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            int rc = wf_fail_errno(err, errno, "read");

            free(text);
            return rc;
        }
        if (got == 0)
            break;
        len += (size_t)got;
    }
    text[len] = '\0';
    *out_text = text;
    *out_len = len;
    return 0;
}

int wf_ini_read(const char *path, struct wf_ini **out_ini, struct wf_problems *problems,
                struct wf_err *err)
{
    struct stat status;
    char *text = NULL;
    size_t len = 0;
    int rc;
    /* Non-blocking: a FIFO in the place of a file must not hold us. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

    if (fd < 0)
        return wf_fail_errno(err, errno, "%s", path);
    if (fstat(fd, &status) != 0)
        rc = wf_fail_errno(err, errno, "%s", path);
    else if (!S_ISREG(status.st_mode))
        rc = wf_fail(err, WF_ERR_INVALID, "%s: not a regular file", path);
    else if (status.st_size > (off_t)WF_INI_BYTES_MAX)
        rc = wf_fail(err, WF_ERR_LIMIT, "%s: larger than %u bytes", path, WF_INI_BYTES_MAX);
    else
        rc = read_all(fd, (size_t)status.st_size, &text, &len, err);
    if (rc == 0)
        rc = wf_ini_parse(path, text, len, out_ini, problems, err);
    else if (text == NULL && err != NULL && strncmp(err->text, path, strlen(path)) != 0)
        wf_err_prefix(err, "%s", path);
    free(text);
    (void)close(fd);
    return rc;
}

void wf_ini_free(struct wf_ini **ini)
{
    struct wf_ini *gone = *ini;

    *ini = NULL;
    if (gone == NULL)
        return;
    for (size_t i = 0; i < gone->section_count; i++) {
        struct wf_ini_section *section = &gone->sections[i];

        for (size_t k = 0; k < section->key_count; k++) {
            free(section->keys[k].name);
            free(section->keys[k].value);
        }
        free(section->keys);
        free(section->kind);
        free(section->name);
    }
    free(gone->sections);
    free(gone->file);
    free(gone);
}

struct wf_ini_section *wf_ini_find(struct wf_ini *ini, const char *kind, const char *name)
{
    for (size_t i = 0; i < ini->section_count; i++) {
        struct wf_ini_section *section = &ini->sections[i];

        if (wf_casecmp(section->kind, kind) == 0 &&
            (name == NULL || wf_casecmp(section->name, name) == 0))
            return section;
    }
    return NULL;
}

struct wf_ini_key *wf_ini_get(struct wf_ini_section *section, const char *name)
{
    for (size_t i = 0; i < section->key_count; i++) {
        if (wf_casecmp(section->keys[i].name, name) == 0) {
            section->keys[i].was_used = true;
            return &section->keys[i];
        }
    }
    return NULL;
}
