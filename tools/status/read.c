/* SPDX-License-Identifier: MIT */
/* Regions of the system's own health as JSON: see status.h. */

#include "status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/names.h>
#include <watchfloor/value.h>

#define TEXT_MAX (1u << 20)
#define TRIES    100

const struct wf_region *status_region(const struct wf_watch *watch, const char *subsystem)
{
    for (size_t i = 0; i < wf_watch_count(watch); i++) {
        struct wf_region_info info;

        wf_region_info(wf_watch_region(watch, i), &info);
        if (wf_name_is_equal(info.source, WF_SOURCE_OWN) &&
            wf_name_is_equal(info.subsystem, subsystem))
            return wf_watch_region(watch, i);
    }
    return NULL;
}

static json_t *exact_text(const struct wf_schema *schema, size_t index,
                          const struct wf_value *value)
{
    struct wf_strbuf text;
    json_t *string;

    wf_strbuf_init(&text, TEXT_MAX);
    wf_value_exact(schema, index, value, false, &text);
    string = json_stringn(text.text, text.len);
    if (string == NULL) { /* not UTF-8: the form for people is printable at least in ASCII */
        for (size_t i = 0; i < text.len; i++) {
            if ((unsigned char)text.text[i] >= 0x80)
                text.text[i] = '?';
        }
        string = json_stringn(text.text, text.len);
    }
    wf_strbuf_fini(&text);
    return string;
}

static json_t *value_of(const struct wf_schema *schema, size_t index, const struct wf_value *value)
{
    bool is_label = schema->parameters[index].enumeration >= 0;

    if (value->kind == WF_VALUE_NONE ||
        (value->kind == WF_VALUE_TIME && value->as.i64 == WF_TIME_NONE))
        return json_null();
    if (!is_label && value->kind == WF_VALUE_BOOL)
        return json_boolean(value->as.u64 != 0);
    if (!is_label && value->kind == WF_VALUE_I64)
        return json_integer(value->as.i64);
    if (!is_label && value->kind == WF_VALUE_U64 && value->as.u64 <= INT64_MAX)
        return json_integer((json_int_t)value->as.u64);
    if (value->kind == WF_VALUE_F64 && isfinite(value->as.f64))
        return json_real(value->as.f64);
    return exact_text(schema, index, value);
}

json_t *status_payload(const struct wf_schema *schema, const void *payload)
{
    json_t *object = json_object();

    for (size_t i = 0; i < schema->parameter_count; i++) {
        size_t count = wf_value_count(schema, payload, i);
        bool is_array = schema->parameters[i].count_max > 1;
        json_t *array = is_array ? json_array() : NULL;

        for (size_t element = 0; element < count; element++) {
            struct wf_value value;

            wf_value_get(schema, payload, i, element, &value);
            if (is_array)
                (void)json_array_append_new(array, value_of(schema, i, &value));
            else
                (void)json_object_set_new(object, schema->parameters[i].name,
                                          value_of(schema, i, &value));
        }
        if (is_array)
            (void)json_object_set_new(object, schema->parameters[i].name, array);
    }
    return object;
}

json_t *status_newest(const struct wf_region *region, struct wf_stamp *out_stamp)
{
    const struct wf_schema *schema = region != NULL ? wf_region_schema(region) : NULL;
    unsigned char *payload = schema != NULL ? malloc(schema->payload_bytes) : NULL;
    json_t *object = NULL;
    int rc = WF_ERR_BUSY;

    if (payload == NULL)
        return NULL;
    for (int tries = 0; tries < TRIES && rc == WF_ERR_BUSY; tries++)
        rc = wf_region_latest(region, payload, schema->payload_bytes, out_stamp);
    if (rc == 0)
        object = status_payload(schema, payload);
    free(payload);
    return object;
}

json_t *status_rows(const struct wf_region *region)
{
    const struct wf_schema *schema = region != NULL ? wf_region_schema(region) : NULL;
    unsigned char *payload = schema != NULL ? malloc(schema->payload_bytes) : NULL;
    json_t *rows = json_array();
    struct wf_region_info info;

    if (payload == NULL)
        return rows;
    wf_region_info(region, &info);
    for (uint32_t row = 0; info.kind == WF_KIND_TABLE && row < info.slot_count; row++) {
        struct wf_stamp stamp;
        int rc = WF_ERR_BUSY;

        for (int tries = 0; tries < TRIES && rc == WF_ERR_BUSY; tries++)
            rc = wf_region_row(region, row, payload, schema->payload_bytes, &stamp);
        if (rc == 0)
            (void)json_array_append_new(rows, status_payload(schema, payload));
    }
    free(payload);
    return rows;
}

json_t *status_samples(const struct wf_region *region, size_t count)
{
    const struct wf_schema *schema = region != NULL ? wf_region_schema(region) : NULL;
    unsigned char *payload = schema != NULL ? malloc(schema->payload_bytes) : NULL;
    json_t *samples = json_array();
    struct wf_region_info info;

    if (payload == NULL)
        return samples;
    wf_region_info(region, &info);
    for (uint64_t n = info.head > count ? info.head - count : 0; n < info.head; n++) {
        char text[40];
        struct wf_strbuf time = WF_STRBUF_FIXED(text);
        struct wf_stamp stamp;
        json_t *sample;

        if (wf_region_read(region, n, payload, schema->payload_bytes, &stamp) != 0)
            continue; /* overwritten already */
        sample = status_payload(schema, payload);
        wf_strbuf_add_time(&time, stamp.received_ns, 6);
        (void)json_object_set_new(sample, "time", json_string(text));
        (void)json_array_append_new(samples, sample);
    }
    free(payload);
    return samples;
}

int64_t status_int(const json_t *object, const char *key)
{
    const json_t *member = json_object_get(object, key);

    return json_is_integer(member) ? json_integer_value(member) : 0;
}

double status_real(const json_t *object, const char *key)
{
    return json_number_value(json_object_get(object, key));
}

const char *status_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

bool status_bool(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}
