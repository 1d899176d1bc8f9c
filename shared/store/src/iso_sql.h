/* SPDX-License-Identifier: MIT */
#ifndef WFS_ISO_SQL_H
#define WFS_ISO_SQL_H

/* SQL that shows ns since 1970 (a column's name, as a string literal) as ISO 8601 UTC. */
#define ISO(ns)                                                                                    \
    "strftime('%Y-%m-%dT%H:%M:%S', (" ns " - ((" ns " % 1000000000) + 1000000000) % 1000000000)"   \
    " / 1000000000, 'unixepoch') || printf('.%09dZ', ((" ns                                        \
    " % 1000000000) + 1000000000) % 1000000000)"

#endif /* WFS_ISO_SQL_H */
