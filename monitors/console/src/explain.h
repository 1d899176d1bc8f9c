/* SPDX-License-Identifier: MIT */
#ifndef CON_EXPLAIN_H
#define CON_EXPLAIN_H

/* Explain - what the alarm monitor answers to "explain" (monitors/alert/README.md), in lines. */

#include <jansson.h>

#include <watchfloor/strbuf.h>

void con_explain(const json_t *explain, struct wf_strbuf *out);

#endif /* CON_EXPLAIN_H */
