/* SPDX-License-Identifier: MIT */
#ifndef CON_SUPERVISE_H
#define CON_SUPERVISE_H

/*
 * Supervise - run the screen as a child process and look after it.
 *
 * A display plugin is foreign code in the screen's process. When it crashes or
 * hangs, this parent, which runs none of it, restores the terminal, puts the
 * plugin on the crumb's list of those left out and starts the screen again.
 */

#include <stdbool.h>

#include "crumb.h"

typedef int (*con_screen_fn)(const void *context, struct con_crumb *crumb);

/*
 * Run `screen` in a child until it ends; returns its exit status, or 2 when it
 * cannot be kept alive. `is_terminal`: it takes the terminal over, so what it
 * writes to a standard error that is a terminal is held back until the end.
 */
int con_supervise(con_screen_fn screen, const void *context, bool is_terminal);

#endif /* CON_SUPERVISE_H */
