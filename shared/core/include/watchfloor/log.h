/* SPDX-License-Identifier: MIT */
#ifndef WF_LOG_H
#define WF_LOG_H

/*
 * Log - lines for people on stderr: "2026-11-20T18:06:52.123Z wf-receiver error: text".
 *
 * shared/ never logs above debug; a program logs a failure once, where it
 * decides what to do, and the line says what it did about it. Under systemd
 * (JOURNAL_STREAM) lines start with <N> priorities and carry no time.
 * Threads: any; each line is one write(2).
 */

#include <watchfloor/attributes.h>
#include <watchfloor/err.h>

enum wf_log_level { WF_LOG_ERROR, WF_LOG_WARNING, WF_LOG_INFO, WF_LOG_DEBUG };

/* Name shown on every line; call once at start. `program` must stay valid. */
void wf_log_init(const char *program, enum wf_log_level level);
void wf_log_set_level(enum wf_log_level level);
/* "error" "warning" "info" "debug" to a level; WF_ERR_INVALID otherwise. */
int wf_log_level_parse(const char *text, enum wf_log_level *out);

void wf_log_error(const char *format, ...) WF_PRINTF(1, 2);
void wf_log_warning(const char *format, ...) WF_PRINTF(1, 2);
void wf_log_info(const char *format, ...) WF_PRINTF(1, 2);
void wf_log_debug(const char *format, ...) WF_PRINTF(1, 2);

#endif /* WF_LOG_H */
