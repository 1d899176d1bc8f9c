/* SPDX-License-Identifier: MIT */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

/*
 * A jansson value as text for machines: reals by the shortest digits that give the same double
 * again (jansson itself writes 17: 0.10000000000000001), members in the order they were set.
 */

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

/* On one line with `is_indented` false; ends with a newline. False: out of memory. */
bool json_text_write(const json_t *value, bool is_indented, FILE *file);

#endif /* JSON_TEXT_H */
