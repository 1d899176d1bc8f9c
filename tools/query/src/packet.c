/* SPDX-License-Identifier: MIT */
/* The packet of a value: the archive of packets has a program of its own, which this becomes. */

#include "query.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

int query_show_packet(const struct wf_common *common, const char *at, struct wf_err *err)
{
    char program[WF_PATH_SIZE];
    int rc;

    if (common->operand_count != 1)
        return wf_fail(err, WF_ERR_INVALID, "--packet: expected one NAME, as power.bus_voltage");
    rc = wf_find_program(&common->paths, "wf-packets", program, sizeof(program), err);
    if (rc < 0)
        return rc;
    (void)execl(program, program, "--instance", common->paths.instance, "--of", common->operands[0],
                "--at", at, (char *)NULL);
    return wf_fail_errno(err, errno, "%s", program);
}
