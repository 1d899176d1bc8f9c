/* SPDX-License-Identifier: MIT */
#ifndef WFD_STRUCTURAL_H
#define WFD_STRUCTURAL_H

#include <watchfloor/expr.h>

/* Values for expressions that decide what is in a packet: INVALID ones count as they are. */
void wfd_structural_values(struct wf_expr_payload *payload, struct wf_expr_values *out);

#endif /* WFD_STRUCTURAL_H */
