/* SPDX-License-Identifier: MIT */
#ifndef WFS_BOOT_H
#define WFS_BOOT_H

#include <stdint.h>

/* A number for this boot of the machine, below 2^63; 0 when the system does not tell. */
uint64_t wfs_boot_hash(void);

#endif /* WFS_BOOT_H */
