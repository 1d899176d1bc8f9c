/* SPDX-License-Identifier: MIT */
#ifndef WFI_INI_TEXT_H
#define WFI_INI_TEXT_H

/* What ini.c needs beside inih: text checks, and the look for repetitions. */

#include <stdbool.h>
#include <stddef.h>

#include <watchfloor/ini.h>

/* Is it well-formed UTF-8 (no overlong forms, no surrogates)? *out_bad is the first wrong byte. */
bool wfi_is_utf8(const char *text, size_t len, size_t *out_bad);

/* Take blanks away at both ends, in place. */
void wfi_trim(char *text);

/* Add a problem for every repeated section, and every key repeated within one. */
void wfi_ini_check_repeats(const struct wf_ini *ini, struct wf_problems *problems);

#endif /* WFI_INI_TEXT_H */
