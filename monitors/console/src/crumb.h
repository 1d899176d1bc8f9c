/* SPDX-License-Identifier: MIT */
#ifndef CON_CRUMB_H
#define CON_CRUMB_H

/*
 * Crumb - the page of memory that the screen's process shares with its parent.
 *
 * Before every call into a plugin the screen writes down which one. When the
 * process dies or hangs, the parent reads there who was at work, puts the
 * plugin on the list of those left out, and starts the screen again.
 *
 * Threads: the screen writes, the parent reads; the list belongs to the parent
 * while no screen runs, and does not change while one does.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>

#define CON_LEFT_OUT_MAX 16

struct con_left_out {
    char plugin[64];
    char reason[96]; /* "crashed in draw (Segmentation fault)" */
};

struct con_crumb {
    /* When a plugin was called (monotonic); 0 = none is at work. Written last, with release. */
    _Atomic int64_t entered_mono_ns;
    char plugin[64];
    char callback[16];
    _Atomic int is_finished; /* the screen ended as it should */

    struct con_left_out left_out[CON_LEFT_OUT_MAX];
    uint32_t left_out_count;
};

/* A zeroed one that children will share; it lasts as long as the process. Errors: mapping.h. */
int con_crumb_map(struct con_crumb **out_crumb, struct wf_err *err);

/* Around every call into a plugin; fine on NULL (nobody watches). */
void con_crumb_enter(struct con_crumb *crumb, const char *plugin, const char *callback,
                     int64_t now_mono_ns);
void con_crumb_leave(struct con_crumb *crumb);

/* Why `plugin` is left out, or NULL. */
const char *con_crumb_left_out(const struct con_crumb *crumb, const char *plugin);

#endif /* CON_CRUMB_H */
