/* SPDX-License-Identifier: MIT */
#ifndef NTF_FILTER_H
#define NTF_FILTER_H

/*
 * Filter - which alarms: by severity, by name, by kind. Names are what the alarm engine calls them:
 * SOURCE.SUBSYSTEM.PARAMETER KIND, or SOURCE.SUBSYSTEM KIND for STALE and GAP. Threads: any.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/names.h>

#define NTF_SEVERITY_MAX 5

struct ntf_name {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    char parameter[WF_NAME_SIZE + 16]; /* or condition; "" */
    char kind[16];
};
/* Takes an alarm's name apart; what makes no sense becomes empty parts. */
void ntf_name_split(const char *alarm, struct ntf_name *out);

struct ntf_filter {
    uint8_t low, high;           /* severities */
    const char *alarms, *except; /* borrowed */
    unsigned kinds;              /* bits; 0 = all */
};

/* "2" (and above), "2..4". */
int ntf_severity_parse(const char *text, struct ntf_filter *filter, struct wf_err *err);
int ntf_kinds_parse(const char *text, struct ntf_filter *filter, struct wf_err *err);
bool ntf_filter_takes(const struct ntf_filter *filter, const struct ntf_name *name,
                      unsigned severity);

#endif /* NTF_FILTER_H */
