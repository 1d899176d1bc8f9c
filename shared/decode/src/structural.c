/* SPDX-License-Identifier: MIT */
/* Values as present_when sees them: what stands in the packet, whether it is believed or not. */

#include "structural.h"

static void get(void *context, int id, size_t element, struct wf_value *out)
{
    const struct wf_expr_payload *payload = context;

    wf_value_get(payload->schema, payload->payload, (size_t)id, element, out);
    /* A mode without a label still decides what follows it. */
    if (out->quality == WF_QUALITY_INVALID && out->kind != WF_VALUE_NONE)
        out->quality = WF_QUALITY_VALID;
}

void wfd_structural_values(struct wf_expr_payload *payload, struct wf_expr_values *out)
{
    *out = (struct wf_expr_values){ .context = payload, .get = get };
}
