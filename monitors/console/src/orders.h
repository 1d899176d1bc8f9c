/* SPDX-License-Identifier: MIT */
#ifndef CON_ORDERS_H
#define CON_ORDERS_H

/*
 * Orders - what an operator asked of the alarm monitors: acknowledge, shelve and so on. The UI
 * collects them, the program around it sends them without holding up the screen, and tells the
 * UI what came of them.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alarms.h"

#define CON_ORDER_MAX  64
#define CON_NOTE_SIZE  120
#define CON_REPLY_SIZE (64 * 1024)

enum con_verb { CON_ACK, CON_SHELVE, CON_UNSHELVE, CON_RESET, CON_EXPLAIN };

struct con_order {
    char monitor[WF_NAME_SIZE];
    char alarm[MON_ALARM_NAME_SIZE];
    uint64_t seq; /* ACK: the transition that was on the screen */
};

/* The same for one or more alarms. */
struct con_orders {
    enum con_verb verb;
    struct con_order list[CON_ORDER_MAX];
    size_t count;
    char note[CON_NOTE_SIZE]; /* ACK: note; SHELVE: why */
    int64_t for_ns;           /* SHELVE */
};

/* "acknowledged", for people. */
const char *con_verb_done(enum con_verb verb);

/*
 * Send them one after the other and wait for the answers, each at most two seconds. Blocks: call it in
 * a thread of its own. `out` gets a sentence about all (or, for EXPLAIN, the explanation); false when
 * any was refused.
 */
bool con_orders_send(const struct con_orders *orders, const char *run_folder, char *out,
                     size_t size);

#endif /* CON_ORDERS_H */
