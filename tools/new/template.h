/* SPDX-License-Identifier: MIT */
#ifndef WF_TOOLS_NEW_TEMPLATE_H
#define WF_TOOLS_NEW_TEMPLATE_H

/* A folder of templates becomes a folder of files, words between '@' replaced. */

#include <stddef.h>

#include <watchfloor/err.h>

struct template_word {
    const char *name; /* "NAME" for @NAME@, and for NAME at the start of a file's name */
    const char *value;
};

/*
 * Make folder `to` from the templates in `from`: whole, or not at all. words[0] is used for
 * file names.
 *   WF_ERR_EXISTS   there is something at `to`; it was not touched
 */
int template_make(const char *from, const char *to, const struct template_word *words, size_t count,
                  struct wf_err *err);

#endif /* WF_TOOLS_NEW_TEMPLATE_H */
