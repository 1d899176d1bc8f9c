/* SPDX-License-Identifier: MIT */
#ifndef HISTORY_H
#define HISTORY_H

/* What the files of wf-history share. */

#include <watchfloor/options.h>
#include <watchfloor/store/maintain.h>

#define STATUS_NOT_WELL 1
#define STATUS_CANNOT   2

/* Save damaged days and make rollups again; returns the exit status. */
int history_repair(const struct wf_common *common, const char *folder);

#endif /* HISTORY_H */
