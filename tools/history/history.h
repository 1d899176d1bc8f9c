/* SPDX-License-Identifier: MIT */
#ifndef HISTORY_H
#define HISTORY_H

/* What the files of wf-history share. */

#include <watchfloor/options.h>
#include <watchfloor/store/maintain.h>

#define STATUS_NOT_WELL 1
#define STATUS_CANNOT   2

/* All that is kept: looked through, copied, put back. They return the exit status. */
int history_check(const struct wf_common *common);
int history_backup(const struct wf_common *common, const char *to);
int history_restore(const struct wf_common *common, const char *from);

/* Save damaged days and make rollups again; returns the exit status. */
int history_repair(const struct wf_common *common, const char *folder);

struct history_redecode_options {
    int64_t from_ns, to_ns; /* received: from <= t < to */
    char **names;           /* SUBSYSTEM or SOURCE.SUBSYSTEM; none = all */
    int name_count;
    bool is_dry;
};
/* Samples decoded anew from the archive of packets; returns the exit status. */
int history_redecode(const struct wf_common *common, const char *folder,
                     const struct history_redecode_options *options);

struct history_import_options {
    char **files;
    int file_count;
    const char *source;    /* NULL: main; of packets that of the listener or archive */
    const char *subsystem; /* of a table */
    bool is_raw, is_dry;
    /* Of packets: */
    const char *listener, *stages; /* NULL: none; framing */
    int64_t received_ns;           /* of the first packet without any time; WF_TIME_NONE */
    double rate_hz;                /* and how they follow */
};
/* Recorded packets into history; returns the exit status. */
int history_import_packets(const struct wf_common *common, const char *folder,
                           const struct history_import_options *options);
/* A table of values into history; returns the exit status. */
int history_import_csv(const struct wf_common *common, const char *folder,
                       const struct history_import_options *options);

#endif /* HISTORY_H */
