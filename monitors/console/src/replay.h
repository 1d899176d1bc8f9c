/* SPDX-License-Identifier: MIT */
#ifndef CON_REPLAY_H
#define CON_REPLAY_H

/*
 * Replay - the clock of screens whose values are recorded history: ages are those of then, at any
 * speed, and a paused replay is not a silent source.
 */

#include "model.h"

/* Read where the replay is; set the model's clock and the age of everything by it. */
void con_replay_look(struct con_model *model);
/* The age of one entry that has a new sample. */
void con_replay_age(const struct con_model *model, struct con_entry *entry);
/* "REPLAY of 'ops' at 2026-11-20 12:00:00Z, 10 x, PAUSED". */
void con_replay_describe(const struct con_model *model, struct wf_strbuf *out);

#endif /* CON_REPLAY_H */
