/* SPDX-License-Identifier: MIT */
#ifndef RX_OWN_SCHEMAS_H
#define RX_OWN_SCHEMAS_H

/* The texts of receiver/schema/, built in. */

#include <stddef.h>

#include "own_regions.h"

struct rx_own_schema {
    const char *file;
    const char *text;
    const size_t *len; /* made by the generator as a constant of its own */
};

extern const struct rx_own_schema rx_own_schemas[RX_OWN_COUNT];

#endif /* RX_OWN_SCHEMAS_H */
