/* SPDX-License-Identifier: MIT */
/* The texts of receiver/schema/, built in: see own_schemas.h. */

#include "own_schemas.h"

#include "links_schema.h"
#include "receiver_schema.h"
#include "rejects_schema.h"
#include "sources_schema.h"
#include "subsystems_schema.h"

#define SCHEMA(name)                                                                               \
    {                                                                                              \
        .file = #name ".ini", .text = name##_schema_text, .len = &name##_schema_text_len           \
    }

const struct rx_own_schema rx_own_schemas[RX_OWN_COUNT] = {
    [RX_OWN_RECEIVER] = SCHEMA(receiver), [RX_OWN_SUBSYSTEMS] = SCHEMA(subsystems),
    [RX_OWN_SOURCES] = SCHEMA(sources),   [RX_OWN_LINKS] = SCHEMA(links),
    [RX_OWN_REJECTS] = SCHEMA(rejects),
};
