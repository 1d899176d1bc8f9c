/* SPDX-License-Identifier: MIT */
/* Samples recorded under one version of a schema, as another version lays them out. */

#include "backtest.h"

#include <string.h>

bool convert_is_needed(const struct wf_schema *from, const struct wf_schema *to)
{
    return from->layout_hash != to->layout_hash || from->payload_bytes != to->payload_bytes;
}

static void convert_one(const struct wf_schema *from, const void *payload, size_t index,
                        const struct wf_schema *to, size_t target, uint8_t *out)
{
    const struct wf_parameter *parameter = &to->parameters[target];
    size_t count = wf_value_count(from, payload, index);
    struct wf_value value;
    uint8_t quality = WF_QUALITY_ABSENT;

    if (count > parameter->count_max)
        count = parameter->count_max;
    for (size_t i = 0; i < count; i++) {
        wf_value_get(from, payload, index, i, &value);
        if (i == 0)
            quality = value.quality;
        if (value.kind == WF_VALUE_NONE || wf_value_set(to, out, target, i, &value) < 0)
            quality = WF_QUALITY_ABSENT;
    }
    /* Setting says VALID; what was recorded says what it was. */
    out[parameter->quality_offset] = quality;
}

void convert_payload(const struct wf_schema *from, const void *payload, const struct wf_schema *to,
                     void *out)
{
    memset(out, 0, to->payload_bytes);
    for (size_t i = 0; i < to->parameter_count; i++) {
        int index = wf_schema_find(from, to->parameters[i].name);

        ((uint8_t *)out)[to->parameters[i].quality_offset] = WF_QUALITY_ABSENT;
        if (index >= 0)
            convert_one(from, payload, (size_t)index, to, i, out);
    }
}
