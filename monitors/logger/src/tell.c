/* SPDX-License-Identifier: MIT */
/* Telling: see tell.h. */

#include "tell.h"

#include <stdio.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/service.h>

static void set_state(struct log_teller *teller, enum log_state state)
{
    struct log_logger *logger = teller->logger;

    uv_mutex_lock(&logger->figures_lock);
    logger->figures.state = state;
    uv_mutex_unlock(&logger->figures_lock);
    atomic_store(&logger->is_failing, state == LOG_FAILING);
}

void log_tell_failure(struct log_teller *teller, int rc, const struct wf_err *err)
{
    const char *advice = "";

    if (rc == WF_ERR_NOSPACE)
        advice = "; free space there, or lift the limit on file sizes";
    else if (rc == WF_ERR_DENIED)
        advice = "; make the folder writable for this user";
    uv_mutex_lock(&teller->logger->figures_lock);
    (void)snprintf(teller->logger->figures.trouble, sizeof(teller->logger->figures.trouble), "%s%s",
                   err->text, advice);
    uv_mutex_unlock(&teller->logger->figures_lock);
    if (teller->failed_rc != rc) {
        wf_log_error("cannot write history: %s%s; telemetry goes on, samples wait in memory and"
                     " rings, trying again",
                     err->text, advice);
        wf_service_status("cannot write history");
        if (teller->failed_rc == 0)
            teller->failed_ns = wf_mono_now_ns();
    }
    teller->failed_rc = rc;
    set_state(teller, LOG_FAILING);
}

void log_tell_success(struct log_teller *teller)
{
    if (teller->failed_rc != 0) {
        wf_log_info("history is written again after %.0f s",
                    (double)(wf_mono_now_ns() - teller->failed_ns) / 1e9);
        wf_service_status("writing");
        uv_mutex_lock(&teller->logger->figures_lock);
        teller->logger->figures.trouble[0] = '\0';
        uv_mutex_unlock(&teller->logger->figures_lock);
        teller->failed_rc = 0;
    }
    set_state(teller, LOG_WRITING);
}

void log_tell_figures(struct log_teller *teller, const struct wf_store *store, double lag_s,
                      double commit_s)
{
    struct log_logger *logger = teller->logger;

    uv_mutex_lock(&logger->figures_lock);
    wf_store_figures(store, &logger->figures.store);
    if (lag_s >= 0)
        logger->figures.lag_s = lag_s;
    if (commit_s > logger->figures.commit_max_s)
        logger->figures.commit_max_s = commit_s;
    uv_mutex_unlock(&logger->figures_lock);
}
