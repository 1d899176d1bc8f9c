/* SPDX-License-Identifier: MIT */
#ifndef CON_JUDGE_H
#define CON_JUDGE_H

/* Judging - the model's own half that says what is out of limits, stale, how fast. */

#include "model.h"

/* Severities and since-when of a sample just taken; `is_first`: look back in the ring for since. */
void con_judge_entry(struct con_entry *entry, bool is_first, int64_t now_mono_ns);
/* Staleness, the list of exceptions, the counts, the overall state. */
void con_judge_all(struct con_model *model);
/* Rates from the rings, gaps from the receiver's table: once a second. */
void con_judge_rates(struct con_model *model);

#endif /* CON_JUDGE_H */
