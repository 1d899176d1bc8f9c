/* SPDX-License-Identifier: MIT */
#ifndef CON_REPLAY_H
#define CON_REPLAY_H

/*
 * Replay - where the replay is that feeds this instance (region wf.replay), and the clock of values
 * while it stands still: a paused replay is not a silent source.
 */

#include "model.h"

/* Read wf.replay; stop the clock of values while it is paused or at its end. */
void con_replay_look(struct con_model *model);
/* "REPLAY of 'ops' at 2026-11-20 12:00:00Z, 10 x, PAUSED". */
void con_replay_describe(const struct con_model *model, struct wf_strbuf *out);

#endif /* CON_REPLAY_H */
