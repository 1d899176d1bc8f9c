/* SPDX-License-Identifier: MIT */
#ifndef WF_SERVICE_H
#define WF_SERVICE_H

/*
 * Service - how a program tells whoever started it that it is ready, alive or
 * stopping: the sd_notify(3) protocol over NOTIFY_SOCKET. systemd speaks it in
 * production, `wf up` otherwise; without NOTIFY_SOCKET these do nothing.
 */

#include <stdint.h>

void wf_service_ready(const char *status); /* READY=1, STATUS=status */
void wf_service_status(const char *status);
void wf_service_stopping(void);
void wf_service_alive(void); /* WATCHDOG=1 */
/* Half of WATCHDOG_USEC in ns, or 0 when nobody asked. */
int64_t wf_service_watchdog_ns(void);

#endif /* WF_SERVICE_H */
