/* SPDX-License-Identifier: MIT */
#ifndef WF_ERR_H
#define WF_ERR_H

/*
 * Errors - codes are for deciding, text is for telling.
 *
 * Functions return 0 or a negative WF_ERR_*. A code exists only because some
 * caller acts differently on it; the story is in a struct wf_err on the
 * caller's stack, set where it happened and prefixed on the way up:
 *
 *     attach 'power': header: slot table runs past the end (4096 > 1024)
 *
 * Every `err` parameter may be NULL. Nothing here allocates or logs.
 * Threads: a struct wf_err belongs to whoever declared it.
 */

#include <stdarg.h>

#include <watchfloor/attributes.h>

/* name, value, what strerror would say */
#define WF_RC_LIST(X)                                                                              \
    X(NOMEM, -1, "out of memory")                                                                  \
    X(SYSTEM, -2, "the operating system refused")                                                  \
    X(ABSENT, -3, "not there (yet)")                                                               \
    X(EXISTS, -4, "there already")                                                                 \
    X(BUSY, -5, "changing or held right now; try again")                                           \
    X(GONE, -6, "was there, is no longer")                                                         \
    X(INVALID, -7, "the input makes no sense")                                                     \
    X(CORRUPT, -8, "the data contradicts itself")                                                  \
    X(VERSION, -9, "made by an incompatible release")                                              \
    X(LIMIT, -10, "a limit is reached")                                                            \
    X(DENIED, -11, "not permitted")                                                                \
    X(NOSPACE, -12, "no space left")

enum wf_rc {
    WF_OK = 0,
#define X(name, value, text) WF_ERR_##name = value,
    WF_RC_LIST(X)
#undef X
};

/* What went wrong, in words. Zero-initialise; `text` is always ended. */
struct wf_err {
    enum wf_rc rc;
    char text[240];
};

/* The constant text of a code ("out of memory"); "unknown error" for others. */
const char *wf_rc_text(int rc);

/* Set `err` to `rc` and the formatted text (cut at its size); returns `rc`. */
int wf_fail(struct wf_err *err, enum wf_rc rc, const char *format, ...) WF_PRINTF(3, 4);

/*
 * Translate an errno into the nearest code, text "WHAT: strerror". Returns the code.
 *   ENOENT ESRCH -> ABSENT    EEXIST -> EXISTS      EACCES EPERM EROFS -> DENIED
 *   ENOSPC EDQUOT EFBIG -> NOSPACE   ENOMEM -> NOMEM   EAGAIN EBUSY EINTR ETIMEDOUT -> BUSY
 *   EMFILE ENFILE ELOOP ENAMETOOLONG -> LIMIT   EINVAL -> INVALID   all others -> SYSTEM
 */
int wf_fail_errno(struct wf_err *err, int errno_value, const char *format, ...) WF_PRINTF(3, 4);

/* Put "CONTEXT: " before the text that is there already. */
void wf_err_prefix(struct wf_err *err, const char *format, ...) WF_PRINTF(2, 3);

#endif /* WF_ERR_H */
