/* SPDX-License-Identifier: MIT */
#ifndef CON_COURIER_H
#define CON_COURIER_H

/*
 * Courier - carries orders to the alarm monitors in a thread, so that a monitor that does not
 * answer never holds up the screen. One errand at a time.
 *
 * Threads: everything here belongs to the loop's thread.
 */

#include <uv.h>

#include "orders.h"

struct con_courier;

/* `is_done`: every order was carried out; `text` as con_orders_send gives it. */
typedef void (*con_told_fn)(void *context, enum con_verb verb, bool is_done, const char *text);

int con_courier_create(uv_loop_t *loop, const char *run_folder, con_told_fn told, void *context,
                       struct con_courier **out_courier, struct wf_err *err);
/* Once the loop ran out: an errand under way is waited for by the loop itself. */
void con_courier_destroy(struct con_courier **courier);

/* The orders are copied. BUSY while the last ones are on their way. */
int con_courier_send(struct con_courier *courier, const struct con_orders *orders,
                     struct wf_err *err);

#endif /* CON_COURIER_H */
