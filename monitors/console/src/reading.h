/* SPDX-License-Identifier: MIT */
#ifndef CON_READING_H
#define CON_READING_H

/*
 * Reading - takes what the screens want to know of the past (pasts.h) to a thread and back, one
 * question at a time, so that no screen ever waits for a file.
 *
 * Threads: everything here belongs to the loop's thread.
 */

#include <uv.h>

#include "pasts.h"

struct con_model;
struct con_reading;

/* `came`: an answer is there, draw. The model must live as long. */
int con_reading_create(uv_loop_t *loop, struct con_model *model, void (*came)(void *context),
                       void *context, struct con_reading **out_reading, struct wf_err *err);
/* Ask for what is wanted, unless a question is under way. */
void con_reading_go(struct con_reading *reading);
/* Come back soon: the loop is about to end. */
void con_reading_cancel(struct con_reading *reading);
/* Once the loop ran out. */
void con_reading_destroy(struct con_reading **reading);

#endif /* CON_READING_H */
