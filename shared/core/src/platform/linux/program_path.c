/* SPDX-License-Identifier: MIT */
/* The running program's file on Linux: see program_path.h. */

#include "program_path.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int wfi_program_path(char *out, size_t size, struct wf_err *err)
{
    static const char deleted[] = " (deleted)";
    ssize_t got = readlink("/proc/self/exe", out, size - 1);

    if (got < 0)
        return wf_fail_errno(err, errno, "/proc/self/exe (is /proc mounted?)");

    size_t len = (size_t)got;

    if (len >= size - 1)
        return wf_fail(err, WF_ERR_LIMIT, "the path of this program is too long");
    out[len] = '\0';
    /* An upgrade replaced the file while we run; its place is still where ours are found. */
    if (len > sizeof(deleted) - 1 && strcmp(out + len - (sizeof(deleted) - 1), deleted) == 0)
        out[len - (sizeof(deleted) - 1)] = '\0';
    return 0;
}
