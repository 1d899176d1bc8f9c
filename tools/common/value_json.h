/* SPDX-License-Identifier: MIT */
#ifndef VALUE_JSON_H
#define VALUE_JSON_H

/*
 * Values as JSON text, exact: integers of 64 bits with all their digits (which a
 * JSON library's own integers do not reach), NaN and infinities as strings,
 * enumerations as labels, bytes as hexadecimal digits, times as ISO 8601.
 */

#include <stdbool.h>
#include <stddef.h>

#include <watchfloor/strbuf.h>
#include <watchfloor/value.h>

/* A string in quotes; bytes that are not UTF-8 become U+FFFD. */
void value_json_text(struct wf_strbuf *out, const char *text, size_t len);
/* The value alone; null when there is none. `is_raw`: numbers instead of labels. */
void value_json(struct wf_strbuf *out, const struct wf_schema *schema, size_t index,
                const struct wf_value *value, bool is_raw);

#endif /* VALUE_JSON_H */
