/* SPDX-License-Identifier: MIT */
#ifndef CON_TERMINAL_H
#define CON_TERMINAL_H

/*
 * Terminal - a canvas to a real terminal through curses, and keys back.
 *
 * Only what changed since the last screen is sent. One per process (curses is
 * so made). Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/canvas.h>

struct con_terminal;

/*
 * Take the terminal over. `is_ascii`: nothing beyond ASCII is sent.
 *   WF_ERR_INVALID   standard output is no terminal, or curses does not know TERM
 */
int con_terminal_open(bool is_ascii, struct con_terminal **out_terminal, struct wf_err *err);
/* Give it back as it was. */
void con_terminal_close(struct con_terminal **terminal);

/* Columns and rows now; call after SIGWINCH and make a canvas of that size. */
void con_terminal_measure(struct con_terminal *terminal, int *out_width, int *out_height);
void con_terminal_show(struct con_terminal *terminal, const struct wf_canvas *canvas);
/* Forget what is on the screen: the next show draws everything. */
void con_terminal_forget(struct con_terminal *terminal);
/* The next key typed (Unicode or enum wf_key); false when there is none. Never waits. */
bool con_terminal_key(struct con_terminal *terminal, uint32_t *out_key);

/*
 * Does the environment say that only ASCII can be shown? LC_ALL, LC_CTYPE, LANG
 * naming a character set other than UTF-8, or the Linux console (no braille).
 */
bool con_terminal_is_ascii(void);

/* Ring once. */
void con_terminal_beep(struct con_terminal *terminal);

#endif /* CON_TERMINAL_H */
