/* SPDX-License-Identifier: MIT */
/* The end of what a program printed: see <watchfloor/options.h>. */

#include <watchfloor/options.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/log.h>

/* A pipe that nobody reads any more. An error of stdout keeps no errno to ask. */
static bool has_reader_left(void)
{
    struct pollfd out = { .fd = STDOUT_FILENO };

    return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

bool wf_output_finish(void)
{
    bool is_failed = ferror(stdout) != 0;

    errno = 0;
    if (fflush(stdout) == 0 && !is_failed)
        return true;
    if (has_reader_left())
        return false;
    if (errno != 0)
        wf_log_error("cannot write the answer: %s", strerror(errno));
    else
        wf_log_error("cannot write all of the answer; is the disk full?");
    return false;
}
