/* SPDX-License-Identifier: MIT */
/* Which boot this is, on Linux; see platform/boot.h. */

#include "platform/boot.h"

#include <stdio.h>

uint64_t wfs_boot_hash(void)
{
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    int c, count = 0;

    if (file == NULL)
        return 0;
    while ((c = fgetc(file)) != EOF && count < 64) {
        hash = (hash ^ (uint64_t)(unsigned char)c) * UINT64_C(0x100000001b3);
        count++;
    }
    (void)fclose(file);
    return count == 0 ? 0 : hash & INT64_MAX;
}
