/* SPDX-License-Identifier: MIT */
/* A reading of this machine from /proc and /sys; see host_raw.h. */

#include "host_raw.h"

#include <watchfloor/clock.h>

#include "proc.h"

int host_raw_read(const char *root, struct host_raw *out, struct wf_err *err)
{
    struct proc_text text = { 0 };
    bool has_cpu;

    *out = (struct host_raw){ .mono_ns = wf_mono_now_ns() };
    has_cpu = proc_read_cpu(root, &text, out);
    proc_read_system(root, &text, out);
    proc_read_memory(root, &text, out);
    proc_read_disks(root, &text, out);
    proc_read_net(root, &text, out);
    proc_text_fini(&text);
    if (!has_cpu)
        return wf_fail(err, WF_ERR_ABSENT,
                       "%s/proc/stat cannot be read; is /proc mounted in this container?", root);
    return 0;
}
