/* SPDX-License-Identifier: MIT */
#ifndef LOG_TELL_H
#define LOG_TELL_H

/*
 * Telling - what the write thread says about its disk: in the log (a failure once, and its end), to the
 * service manager, and in the figures that others publish.
 */

#include "logger.h"

struct log_teller {
    struct log_logger *logger;
    int failed_rc; /* 0 = fine; else what was said last */
    int64_t failed_ns;
};

void log_tell_failure(struct log_teller *teller, int rc, const struct wf_err *err);
void log_tell_success(struct log_teller *teller);
/* A lag below 0: nothing was stored. */
void log_tell_figures(struct log_teller *teller, const struct wf_store *store, double lag_s,
                      double commit_s);

#endif /* LOG_TELL_H */
