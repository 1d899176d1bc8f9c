/* SPDX-License-Identifier: MIT */
#ifndef NOTIFY_SIGN_H
#define NOTIFY_SIGN_H

/* HMAC-SHA-256 of a message, for receivers that want to know who sends. */

#include <stdbool.h>
#include <stddef.h>

#include <watchfloor/strbuf.h>

bool sign_is_possible(void);
/* Adds 64 hex digits; false when the library refuses. */
bool sign_add(const char *secret, const char *text, size_t len, struct wf_strbuf *out);

#endif /* NOTIFY_SIGN_H */
