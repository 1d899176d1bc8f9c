/* SPDX-License-Identifier: MIT */
#ifndef WFC_REPLY_H
#define WFC_REPLY_H

/* Reply - the object that answers a request, as one line and back. */

#include <jansson.h>
#include <stddef.h>

#include <watchfloor/err.h>

/* An answer to a request that was carried out. Takes over `reply`, NULL is {}; NULL: no memory. */
json_t *wfc_reply_done(json_t *reply);
/* To one that was not. */
json_t *wfc_reply_refused(const struct wf_err *err, json_t *reply);

/* The line with its end, malloc'd; NULL when there is no memory or nobody would read that much. */
char *wfc_reply_text(const json_t *reply, size_t *out_len);

/* What an answer says: 0, or its code with its sentence in `err`. CORRUPT when it is none. */
int wfc_reply_result(const json_t *reply, struct wf_err *err);

#endif /* WFC_REPLY_H */
