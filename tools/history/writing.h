/* SPDX-License-Identifier: MIT */
#ifndef HISTORY_WRITING_H
#define HISTORY_WRITING_H

/* Writing into history beside the logger's path: the lease, the store, what is configured. */

#include <watchfloor/config.h>
#include <watchfloor/options.h>
#include <watchfloor/publisher.h>
#include <watchfloor/store/history.h>
#include <watchfloor/store/writer.h>

struct history_writing {
    const char *folder;
    struct wf_config *config;
    struct wf_catalogue *catalogue;
    struct wf_publisher *lease;
    struct wf_store *store;
};

/* The configuration and all schemas as they are now. */
int history_writing_configure(struct history_writing *writing, const struct wf_common *common,
                              struct wf_err *err);
/* Take the logger's lease, so that no other writes. BUSY: the logger is running. */
int history_writing_lease(struct history_writing *writing, const struct wf_common *common,
                          struct wf_err *err);
/* Take the logger's lease and open the store. BUSY: the logger is running. */
int history_writing_open(struct history_writing *writing, const struct wf_common *common,
                         struct wf_err *err);
/* Make the rollups of what was written. */
int history_writing_settle(struct history_writing *writing, struct wf_err *err);
void history_writing_close(struct history_writing *writing);

/* The schema of a source's subsystem; of any source, should that one not have it. NULL: none. */
const struct wf_schema *history_schema(const struct history_writing *writing, const char *source,
                                       const char *subsystem);

#endif /* HISTORY_WRITING_H */
