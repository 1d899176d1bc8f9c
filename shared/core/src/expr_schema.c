/* SPDX-License-Identifier: MIT */
/* Expressions over one schema's own parameters: what names mean, where values are. */

#include "expr_private.h"

#include <string.h>

static int resolve(void *context, const char *name, int *out_id,
                   const struct wf_enumeration **out_enumeration)
{
    const struct wf_schema *schema = context;
    const char *dot = strchr(name, '.');
    const struct wf_parameter *parameter;
    int index;

    /* "power.bus_voltage" inside power. */
    if (dot != NULL) {
        char own[WF_NAME_SIZE + 1];
        size_t len = (size_t)(dot - name);

        if (len > WF_NAME_MAX)
            return WF_ERR_ABSENT;
        memcpy(own, name, len);
        own[len] = '\0';
        if (!wf_name_is_equal(own, schema->name))
            return WF_ERR_ABSENT;
        name = dot + 1;
    }
    index = wf_schema_find(schema, name);
    if (index < 0)
        return WF_ERR_ABSENT;
    parameter = &schema->parameters[index];
    *out_id = index;
    *out_enumeration =
        parameter->enumeration >= 0 ? &schema->enumerations[parameter->enumeration] : NULL;
    return 0;
}

static uint32_t elements(void *context, int id)
{
    const struct wf_schema *schema = context;

    return schema->parameters[id].count_max;
}

static enum wf_value_kind kind(void *context, int id)
{
    const struct wf_schema *schema = context;
    enum wf_type type = schema->parameters[id].type;

    return type == WF_TYPE_STRING || type == WF_TYPE_BYTES ? WF_VALUE_TEXT : WF_VALUE_F64;
}

void wf_expr_schema_scope(const struct wf_schema *schema, struct wf_expr_scope *out)
{
    *out = (struct wf_expr_scope){
        .context = (void *)schema, .resolve = resolve, .elements = elements, .kind = kind
    };
}

static void get(void *context, int id, size_t element, struct wf_value *out)
{
    const struct wf_expr_payload *payload = context;

    if (!payload->is_raw) {
        wf_value_get(payload->schema, payload->payload, (size_t)id, element, out);
        return;
    }
    wf_value_get_raw(payload->schema, payload->payload, (size_t)id, element, out);
    /* What the bits are is known, whatever they mean. */
    if (out->quality == WF_QUALITY_INVALID)
        out->quality = WF_QUALITY_VALID;
}

void wf_expr_payload_values(struct wf_expr_payload *payload, struct wf_expr_values *out)
{
    *out = (struct wf_expr_values){ .context = payload, .get = get };
}
