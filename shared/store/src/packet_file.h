/* SPDX-License-Identifier: MIT */
#ifndef WFS_PACKET_FILE_H
#define WFS_PACKET_FILE_H

/* Packet file - a day of the packet log, or a part of one (folder.h): its name, tables and views. */

#include "db.h"
#include "folder.h"

extern const struct wfs_format wfs_packet_format;

/* "<folder>/packets/2026-11-20.db". */
int wfs_packet_path(const char *folder, int64_t key, char out[WFS_PATH_SIZE], struct wf_err *err);
/* All there are, ascending; the caller frees. ABSENT when there is no folder. */
int wfs_packet_list(const char *folder, int64_t **out_keys, size_t *out_count, struct wf_err *err);
/* Tables and views of a new file; `reason` names what was rejected why. */
int wfs_packet_create(sqlite3 *db, const char *instance, const char *day,
                      const char *(*reason)(unsigned code), struct wf_err *err);

#endif /* WFS_PACKET_FILE_H */
