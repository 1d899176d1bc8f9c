/* SPDX-License-Identifier: MIT */
#ifndef SIM_ALTER_H
#define SIM_ALTER_H

/* Faults in values: they change the engineering struct of a sample, by its schema. Pure. */

#include <watchfloor/schema.h>

#include "fault.h"

/* Can this fault act on its parameter? INVALID with what would do. */
int sim_alter_check(const struct wf_schema *schema, const struct sim_fault *fault,
                    struct wf_err *err);

/* Copy the parameter ("" = all of them) from the sample before. */
void sim_alter_freeze(const struct wf_schema *schema, const char *parameter, const void *before,
                      void *payload);
/* Move the value towards the fault's goal, as far as `progress` says. */
void sim_alter_ramp(const struct wf_schema *schema, const struct sim_fault *fault, double progress,
                    void *payload);
void sim_alter_nan(const struct wf_schema *schema, const char *parameter, void *payload);

/* Where a ramp without `to` goes: a little beyond the outermost limit. False when it has none. */
bool sim_alter_goal(const struct wf_parameter *parameter, double *out);

#endif /* SIM_ALTER_H */
