/* SPDX-License-Identifier: MIT */
#ifndef WFI_VALUE_PRIVATE_H
#define WFI_VALUE_PRIVATE_H

/* What value.c and value_text.c share. */

#include <watchfloor/value.h>

/* The value as an enumeration or a state knows it; false when it is beyond that. */
bool wfi_value_state(const struct wf_value *value, int64_t *out);

#endif /* WFI_VALUE_PRIVATE_H */
