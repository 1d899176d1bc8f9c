/* SPDX-License-Identifier: MIT */
#ifndef WFS_HOLDER_H
#define WFS_HOLDER_H

#include <stdbool.h>
#include <stdint.h>

/* A process that reads a database. */
struct wfs_holder {
    int64_t pid;
    char name[32];
    unsigned others; /* how many more there are */
};

/*
 * Who holds a snapshot of the WAL database at `path`, beside this process? False when nobody
 * does, or the system does not tell.
 */
bool wfs_find_holder(const char *path, struct wfs_holder *out);

#endif /* WFS_HOLDER_H */
