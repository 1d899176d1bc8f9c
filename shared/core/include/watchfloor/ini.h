/* SPDX-License-Identifier: MIT */
#ifndef WF_INI_H
#define WF_INI_H

/*
 * INI files with line numbers, read by inih through our own line reader.
 *
 * The line reader refuses what inih would silently cut or change (lines over 197
 * bytes, keys over 49, control characters, bytes that are not UTF-8), knows the
 * line of every key, and joins continuation lines (indented) into one value with
 * '\n' between them; a value that begins on the next line has no empty first line.
 * A ';' or '#' starts a comment only in the first column; anywhere else it is text.
 * Section names may be as long as a line. Repeated keys in one section and repeated
 * sections are problems.
 *
 * The whole file becomes a list in memory (bounded: WF_INI_BYTES_MAX), so that
 * a loader looks at it as often as it likes.
 */

#include <stddef.h>
#include <stdbool.h>

#include <watchfloor/err.h>
#include <watchfloor/problems.h>

#define WF_INI_BYTES_MAX (8u * 1024 * 1024)

struct wf_ini_key {
    char *name;
    char *value; /* joined continuation lines */
    unsigned line;
    bool was_used; /* for "unknown key": a loader sets it */
};

struct wf_ini_section {
    char *kind; /* first word: "parameter" of [parameter x]; "" before any */
    char *name; /* the rest: "x"; "" when there is none */
    unsigned line;
    struct wf_ini_key *keys;
    size_t key_count;
};

struct wf_ini {
    char *file; /* as given, for messages */
    struct wf_ini_section *sections;
    size_t section_count;
};

/*
 * Read a file, or `len` bytes of text under the name `file`. Problems in its form are
 * added to `problems`; the call then still returns what could be read.
 *   WF_ERR_ABSENT / DENIED / LIMIT / NOMEM   nothing could be read; *out_ini untouched
 */
int wf_ini_read(const char *path, struct wf_ini **out_ini, struct wf_problems *problems,
                struct wf_err *err);
int wf_ini_parse(const char *file, const char *text, size_t len, struct wf_ini **out_ini,
                 struct wf_problems *problems, struct wf_err *err);
void wf_ini_free(struct wf_ini **ini);

/* First section of that kind and name (NULL = any), or NULL. */
struct wf_ini_section *wf_ini_find(struct wf_ini *ini, const char *kind, const char *name);
/* The key, marked used, or NULL. Names compare without case. */
struct wf_ini_key *wf_ini_get(struct wf_ini_section *section, const char *name);

/* The candidate nearest to `name` by edit distance, or NULL when none is near. */
const char *wf_nearest_name(const char *name, const char *const *candidates, size_t count);

#endif /* WF_INI_H */
