/* SPDX-License-Identifier: MIT */
#ifndef WF_PROBLEMS_H
#define WF_PROBLEMS_H

/*
 * Problems - everything wrong with a set of files, as `file:line: what, expected`.
 *
 * Loaders collect instead of stopping at the first, so that `wf check` shows a
 * person all of it at once. Bounded: after WF_PROBLEMS_MAX only the count grows.
 * Threads: one at a time.
 */

#include <stddef.h>

#include <watchfloor/attributes.h>

#define WF_PROBLEMS_MAX 200

struct wf_problem {
    char *file;    /* as the caller named it */
    unsigned line; /* from 1; 0 = the file as a whole */
    char *text;
};

struct wf_problems {
    struct wf_problem *list;
    size_t kept;  /* entries in list */
    size_t count; /* all that were added, kept or not */
};

/* Zero-initialise. Without memory the count still grows. */
void wf_problems_add(struct wf_problems *problems, const char *file, unsigned line,
                     const char *format, ...) WF_PRINTF(4, 5);
/* Print all to stderr, one a line, with "... and N more" at the end. */
void wf_problems_print(const struct wf_problems *problems);
void wf_problems_fini(struct wf_problems *problems);

#endif /* WF_PROBLEMS_H */
