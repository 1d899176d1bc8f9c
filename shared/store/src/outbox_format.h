/* SPDX-License-Identifier: MIT */
#ifndef WFS_OUTBOX_FORMAT_H
#define WFS_OUTBOX_FORMAT_H

#include "db.h"

/* outbox.c */
extern const struct wfs_format wfs_outbox_format;

#endif /* WFS_OUTBOX_FORMAT_H */
