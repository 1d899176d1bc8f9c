/* SPDX-License-Identifier: MIT */
#ifndef WFI_LINUX_SHM_H
#define WFI_LINUX_SHM_H

/* Shared between the files that implement <watchfloor/mapping.h> on Linux. */

#include <limits.h>
#include <sys/stat.h>

#include <watchfloor/mapping.h>

/* Where glibc keeps POSIX shared memory; names can only be listed through it. */
#define WFI_SHM_FOLDER "/dev/shm"

int wfi_shm_name_check(const char *name, struct wf_err *err);
void wfi_mapping_info_from_stat(const struct stat *status, struct wf_mapping_info *out);

#endif /* WFI_LINUX_SHM_H */
