/* SPDX-License-Identifier: MIT */
/* A worker must not outlive its host: see worker.h. */

#define _GNU_SOURCE

#include "worker.h"

#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

bool ntf_worker_follow_parent(int parent)
{
    /* Where it is refused, the closed channel ends an idle worker all the same. */
    (void)prctl(PR_SET_PDEATHSIG, SIGTERM);
    return getppid() == parent;
}
