/* SPDX-License-Identifier: MIT */
#ifndef HOST_PROC_H
#define HOST_PROC_H

/* The parts of a reading, one file each; `text` is scratch for all of them. */

#include "host_raw.h"
#include "proc_text.h"

bool proc_read_cpu(const char *root, struct proc_text *text, struct host_raw *out);
void proc_read_system(const char *root, struct proc_text *text, struct host_raw *out);
void proc_read_memory(const char *root, struct proc_text *text, struct host_raw *out);
void proc_read_disks(const char *root, struct proc_text *text, struct host_raw *out);
void proc_read_net(const char *root, struct proc_text *text, struct host_raw *out);

#endif /* HOST_PROC_H */
