/* SPDX-License-Identifier: MIT */
/* Errors: see <watchfloor/err.h>. */

#include <watchfloor/err.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *wf_rc_text(int rc)
{
    switch (rc) {
    case WF_OK:
        return "fine";
#define X(name, value, text)                                                                       \
    case value:                                                                                    \
        return text;
        WF_RC_LIST(X)
#undef X
    default:
        return "unknown error";
    }
}

int wf_fail(struct wf_err *err, enum wf_rc rc, const char *format, ...)
{
    if (err != NULL) {
        va_list args;

        err->rc = rc;
        va_start(args, format);
        (void)vsnprintf(err->text, sizeof(err->text), format, args);
        va_end(args);
    }
    return (int)rc;
}

static enum wf_rc code_of_errno(int errno_value)
{
    switch (errno_value) {
    case ENOENT:
    case ESRCH:
        return WF_ERR_ABSENT;
    case EEXIST:
        return WF_ERR_EXISTS;
    case EACCES:
    case EPERM:
    case EROFS:
        return WF_ERR_DENIED;
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return WF_ERR_NOSPACE;
    case ENOMEM:
        return WF_ERR_NOMEM;
    case EAGAIN:
    case EBUSY:
    case EINTR:
    case ETIMEDOUT:
        return WF_ERR_BUSY;
    case EMFILE:
    case ENFILE:
    case ELOOP:
    case ENAMETOOLONG:
        return WF_ERR_LIMIT;
    case EINVAL:
        return WF_ERR_INVALID;
    default:
        return WF_ERR_SYSTEM;
    }
}

int wf_fail_errno(struct wf_err *err, int errno_value, const char *format, ...)
{
    enum wf_rc rc = code_of_errno(errno_value);

    if (err != NULL) {
        char what[sizeof(err->text)];
        char reason[96];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(what, sizeof(what), format, args);
        va_end(args);
        if (strerror_r(errno_value, reason, sizeof(reason)) != 0)
            (void)snprintf(reason, sizeof(reason), "error %d", errno_value);
        err->rc = rc;
        /* The reason is what helps most: cut the context before it when both do not fit. */
        (void)snprintf(err->text, sizeof(err->text), "%.*s: %s",
                       (int)(sizeof(err->text) - sizeof(reason) - 3), what, reason);
    }
    return (int)rc;
}

void wf_err_prefix(struct wf_err *err, const char *format, ...)
{
    if (err == NULL)
        return;

    char before[sizeof(err->text)];
    char whole[2 * sizeof(err->text) + 3];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(before, sizeof(before), format, args);
    va_end(args);
    (void)snprintf(whole, sizeof(whole), "%s: %s", before, err->text);
    (void)snprintf(err->text, sizeof(err->text), "%.*s", (int)sizeof(err->text) - 1, whole);
}
