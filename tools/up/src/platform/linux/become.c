/* SPDX-License-Identifier: MIT */
/*
 * Between fork and exec, on Linux. libuv offers no place for code there, so a
 * child is this program once more, which arranges to die with its parent and
 * then becomes the program that was meant.
 */

#define _GNU_SOURCE

#include "up.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* As shells say it: found but not to be run, and not found. */
#define STATUS_NOT_RUN   126
#define STATUS_NOT_FOUND 127

int up_become(int parent, char **arguments)
{
    /* An orderly stop, not a kill: a logger has rows in hand. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0)
        (void)fprintf(stderr, "wf-up: prctl: %s, going on without\n", strerror(errno));
    /* It may have died before the line above. */
    if (getppid() != parent)
        return 0;
    (void)execv(arguments[0], arguments);
    (void)fprintf(stderr, "wf-up: %s: %s\n", arguments[0], strerror(errno));
    return errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_RUN;
}
