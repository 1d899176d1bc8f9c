/* SPDX-License-Identifier: MIT */
#ifndef HOST_PROC_TEXT_H
#define HOST_PROC_TEXT_H

/* Small files of /proc and /sys, read whole, and the words and numbers in them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Longer files are cut: /proc/stat of 256 processors has 30 KiB. */
#define PROC_TEXT_MAX (256u * 1024u)

struct proc_text {
    char *bytes; /* ended; valid until the next read */
    size_t len;
    size_t capacity;
};

/* Read `root` + `path` into `text` (reused from call to call). False when it cannot be read. */
bool proc_text_read(struct proc_text *text, const char *root, const char *path);
void proc_text_fini(struct proc_text *text);

/* The next line, ended in place, or NULL; `cursor` starts at text->bytes. */
char *proc_next_line(char **cursor);
/* The next word of a line, ended in place, or NULL. */
char *proc_next_word(char **cursor);
/* The next word as a number; false when there is none or it is not one. */
bool proc_next_u64(char **cursor, uint64_t *out);
/* Digits with an optional fraction. */
bool proc_next_double(char **cursor, double *out);

/* The number behind a line's first word `key`, as in "MemTotal:  16 kB". */
bool proc_find_u64(const struct proc_text *text, const char *key, uint64_t *out);

#endif /* HOST_PROC_TEXT_H */
