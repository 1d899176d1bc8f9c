/* SPDX-License-Identifier: MIT */
#ifndef WF_NAMES_H
#define WF_NAMES_H

/*
 * Names - `source.subsystem.parameter`, instances, and globs over them.
 *
 * Names keep the mission's spelling ([A-Za-z_][A-Za-z0-9_]*, at most 48 bytes)
 * and compare without case. The source `main` is left out when printing.
 */

#include <stdbool.h>

#include <watchfloor/err.h>
#include <watchfloor/strbuf.h>

#define WF_NAME_MAX     48
#define WF_NAME_SIZE    (WF_NAME_MAX + 1)
#define WF_INSTANCE_MAX 31
#define WF_SOURCE_MAIN  "main"
#define WF_SOURCE_OWN   "wf" /* the system's own health */
/* Room for source.subsystem.parameter[NNNNN] and the end. */
#define WF_FULL_NAME_SIZE (3 * WF_NAME_SIZE + 16)

/* Is it a name as above? Sets err to what is wrong (INVALID). */
int wf_name_check(const char *name, struct wf_err *err);
/* [a-z0-9-]+, at most WF_INSTANCE_MAX. */
int wf_instance_check(const char *instance, struct wf_err *err);
/* Turn any text into a name: bad bytes become '_', cut at 48, never empty. */
void wf_name_from_text(const char *text, char out[WF_NAME_SIZE]);
bool wf_name_is_equal(const char *a, const char *b);

/* Shell-like glob without case: * ? [a-z]. */
bool wf_glob_match(const char *glob, const char *text);

/*
 * Does `pattern` (1, 2 or 3 dotted parts, each a glob) mean this parameter, or subsystem when
 * `parameter` is NULL? One part: subsystem. Two: subsystem.parameter; or source.subsystem.
 * Three: all. The short forms mean every source. "power" matches all parameters of power.
 * Without a parameter the question is whether the pattern can mean anything in this
 * subsystem, so "power.bus_voltage" matches power: whoever wants the value needs its region.
 */
bool wf_pattern_match(const char *pattern, const char *source, const char *subsystem,
                      const char *parameter);

/* Does any of the patterns, blanks or commas between them, match? An empty list matches nothing. */
bool wf_pattern_list_match(const char *patterns, const char *source, const char *subsystem,
                           const char *parameter);

/* "power.bus_voltage", or "sat1.power.bus_voltage" when source is not main; parameter may be NULL. */
void wf_strbuf_add_name(struct wf_strbuf *buf, const char *source, const char *subsystem,
                        const char *parameter);

#endif /* WF_NAMES_H */
