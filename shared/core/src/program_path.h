/* SPDX-License-Identifier: MIT */
#ifndef WFI_PROGRAM_PATH_H
#define WFI_PROGRAM_PATH_H

/* The file this process was started from, absolute, links resolved. One per platform. */

#include <stddef.h>

#include <watchfloor/err.h>

int wfi_program_path(char *out, size_t size, struct wf_err *err);

#endif /* WFI_PROGRAM_PATH_H */
