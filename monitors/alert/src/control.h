/* SPDX-License-Identifier: MIT */
#ifndef ALERT_CONTROL_H
#define ALERT_CONTROL_H

/* Commands inside: control.c finds out who and which, do.c and edit.c do it, explain.c tells. */

#include "alert.h"

enum alert_role { ALERT_VIEWER, ALERT_OPERATOR, ALERT_ENGINEER };
const char *alert_role_name(enum alert_role role);
/* Who the peer is by configuration; *out_shelve_max_ns is how long that role may shelve. */
enum alert_role alert_role_of(const struct alert *alert, const struct wf_control_peer *peer,
                              int64_t *out_shelve_max_ns);

/* One command that is being done. */
struct alert_command {
    struct alert *alert;
    const json_t *request; /* the whole, or one object of `alarms` */
    const char *user;
    enum alert_role role;
    int64_t shelve_max_ns;
    struct alert_alarm *alarm; /* found; its index is in the roster */
    json_t *more;              /* what a refusal carries beside code and error; NULL */
    /* Of edit.c: what the answer carries beside the alarm; NULL. */
    json_t *reply;
};

/* A text of the request, "" when it is missing. */
const char *alert_request_text(const json_t *request, const char *key);

typedef int (*alert_do_fn)(struct alert_command *command, struct wf_err *err);
int alert_do_ack(struct alert_command *command, struct wf_err *err);
int alert_do_shelve(struct alert_command *command, struct wf_err *err);
int alert_do_unshelve(struct alert_command *command, struct wf_err *err);
int alert_do_reset(struct alert_command *command, struct wf_err *err);
int alert_do_service(struct alert_command *command, struct wf_err *err);
int alert_do_limits(struct alert_command *command, struct wf_err *err);
int alert_do_revert(struct alert_command *command, struct wf_err *err);

/* Answers that change nothing. */
json_t *alert_list_json(struct alert *alert, const char *match, bool is_all);
json_t *alert_explain_json(struct alert *alert, struct alert_alarm *alarm);
json_t *alert_status_json(struct alert *alert, const char *user, enum alert_role role);
/* {"lo":26,"hi":33} of limits; those that are there. */
json_t *alert_limits_json(uint8_t present, const double *values);

#endif /* ALERT_CONTROL_H */
