/* SPDX-License-Identifier: MIT */
/* Reading small files of /proc and /sys; see proc_text.h. */

#include "proc_text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/paths.h>
#include <watchfloor/strbuf.h>

static bool make_room(struct proc_text *text)
{
    const size_t wanted = text->capacity == 0 ? 16384 : text->capacity * 2;
    char *bytes;

    if (wanted > PROC_TEXT_MAX)
        return false;
    bytes = realloc(text->bytes, wanted);
    if (bytes == NULL)
        return false;
    text->bytes = bytes;
    text->capacity = wanted;
    return true;
}

bool proc_text_read(struct proc_text *text, const char *root, const char *path)
{
    char full[WF_PATH_SIZE];
    struct wf_strbuf buf = WF_STRBUF_FIXED(full);
    ssize_t got = -1;
    int fd;

    text->len = 0;
    wf_strbuf_addf(&buf, "%s%s", root, path);
    if (buf.was_cut)
        return false;
    fd = open(full, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    for (;;) {
        if (text->len + 1 >= text->capacity && !make_room(text)) {
            got = text->capacity > 0 ? 0 : -1; /* cut */
            break;
        }
        got = read(fd, text->bytes + text->len, text->capacity - text->len - 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        text->len += (size_t)got;
    }
    (void)close(fd);
    if (got < 0)
        return false;
    text->bytes[text->len] = '\0';
    return true;
}

void proc_text_fini(struct proc_text *text)
{
    free(text->bytes);
    *text = (struct proc_text){ 0 };
}

char *proc_next_line(char **cursor)
{
    char *line = *cursor;
    char *end;

    if (line == NULL || *line == '\0')
        return NULL;
    end = strchr(line, '\n');
    if (end != NULL)
        *end++ = '\0';
    *cursor = end;
    return line;
}

char *proc_next_word(char **cursor)
{
    char *word = *cursor + strspn(*cursor, " \t\n:");
    size_t len = strcspn(word, " \t\n");

    /* "eth0:1234" has no blank behind the colon on old kernels. */
    if (memchr(word, ':', len) != NULL)
        len = strcspn(word, ":");
    if (len == 0)
        return NULL;
    *cursor = word + len + (word[len] != '\0');
    word[len] = '\0';
    return word;
}

bool proc_next_u64(char **cursor, uint64_t *out)
{
    const char *word = proc_next_word(cursor);

    return word != NULL && wf_parse_u64(word, out, NULL) == 0;
}

bool proc_next_double(char **cursor, double *out)
{
    const char *word = proc_next_word(cursor);

    return word != NULL && wf_parse_double(word, out, NULL) == 0;
}

bool proc_find_u64(const struct proc_text *text, const char *key, uint64_t *out)
{
    const size_t len = strlen(key);

    for (const char *line = text->bytes; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');

        if (strncmp(line, key, len) == 0 && strchr(" \t:", line[len]) != NULL) {
            const char *digits = line + len + strspn(line + len, " \t:");
            const size_t digit_count = strspn(digits, "0123456789");
            char number[24];

            if (digit_count == 0 || digit_count >= sizeof(number))
                return false;
            memcpy(number, digits, digit_count);
            number[digit_count] = '\0';
            return wf_parse_u64(number, out, NULL) == 0;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    return false;
}
