/* SPDX-License-Identifier: MIT */
/*
 * test-peek - what is in the regions of an instance, as JSON, for tests.
 *
 *   test-peek INSTANCE list                    every region with its info
 *   test-peek INSTANCE sample SOURCE SUBSYSTEM the newest sample, or null
 *   test-peek INSTANCE ring SOURCE SUBSYSTEM   every sample still there, oldest first
 *   test-peek INSTANCE rows SOURCE TABLE       every row of a table
 *
 * Exit 0; 1 when the region is not there; 2 on anything else.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include <watchfloor/attributes.h>
#include <watchfloor/log.h>
#include <watchfloor/region.h>
#include <watchfloor/strbuf.h>
#include <watchfloor/watch.h>

static json_t *value_as_json(const struct wf_schema *schema, const struct wf_value *value,
                             size_t index)
{
    char text[1200];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    switch (value->kind) {
    case WF_VALUE_NONE:
        return json_null();
    case WF_VALUE_BOOL:
        return json_boolean(value->as.u64 != 0);
    case WF_VALUE_U64:
    case WF_VALUE_I64:
    case WF_VALUE_TIME:
        if (schema->parameters[index].enumeration == WF_NO_INDEX &&
            (value->kind != WF_VALUE_U64 || value->as.u64 <= INT64_MAX))
            return json_integer(value->as.i64);
        break;
    case WF_VALUE_BYTES:
        for (size_t i = 0; i < value->len; i++)
            wf_strbuf_addf(&buf, "%02x", value->as.bytes[i]);
        return json_string(text);
    case WF_VALUE_F64:
    case WF_VALUE_TEXT:
        break;
    }
    if (value->kind == WF_VALUE_F64 && value->as.f64 - value->as.f64 == 0)
        return json_real(value->as.f64);
    wf_value_exact(schema, index, value, false, &buf);
    return json_string(text);
}

static json_t *payload_as_json(const struct wf_schema *schema, const void *payload)
{
    json_t *values = json_object();

    for (size_t i = 0; i < schema->parameter_count; i++) {
        size_t count = wf_value_count(schema, payload, i);
        bool is_array = schema->parameters[i].count_max > 1;
        json_t *list = is_array ? json_array() : NULL;
        struct wf_value value;

        for (size_t k = 0; k < count; k++) {
            wf_value_get(schema, payload, i, k, &value);
            if (is_array)
                (void)json_array_append_new(list, value_as_json(schema, &value, i));
        }
        if (!is_array) {
            wf_value_get(schema, payload, i, 0, &value);
            list = value_as_json(schema, &value, i);
        }
        (void)json_object_set_new(values, schema->parameters[i].name, list);
    }
    return values;
}

static json_t *qualities_as_json(const struct wf_schema *schema, const void *payload)
{
    json_t *qualities = json_object();

    for (size_t i = 0; i < schema->parameter_count; i++) {
        struct wf_value value;

        wf_value_get(schema, payload, i, 0, &value);
        if (value.quality != WF_QUALITY_VALID)
            (void)json_object_set_new(qualities, schema->parameters[i].name,
                                      json_string(wf_quality_name(value.quality)));
    }
    return qualities;
}

static json_t *sample_as_json(const struct wf_schema *schema, const void *payload,
                              const struct wf_stamp *stamp)
{
    json_t *sample = json_object();

    (void)json_object_set_new(sample, "epoch", json_integer((json_int_t)stamp->epoch));
    (void)json_object_set_new(sample, "number", json_integer((json_int_t)stamp->number));
    (void)json_object_set_new(sample, "order", json_integer((json_int_t)stamp->order));
    (void)json_object_set_new(sample, "packet", json_integer((json_int_t)stamp->packet));
    (void)json_object_set_new(sample, "sequence", json_integer((json_int_t)stamp->sequence));
    (void)json_object_set_new(sample, "device_ns", json_integer(stamp->device_ns));
    (void)json_object_set_new(sample, "received_ns", json_integer(stamp->received_ns));
    (void)json_object_set_new(sample, "received_mono_ns", json_integer(stamp->received_mono_ns));
    (void)json_object_set_new(sample, "flags", json_integer(stamp->flags));
    (void)json_object_set_new(sample, "lost_before", json_integer(stamp->lost_before));
    (void)json_object_set_new(sample, "rejected_before", json_integer(stamp->rejected_before));
    (void)json_object_set_new(sample, "values", payload_as_json(schema, payload));
    (void)json_object_set_new(sample, "qualities", qualities_as_json(schema, payload));
    return sample;
}

static json_t *newest(const struct wf_region *region, void *payload)
{
    const struct wf_schema *schema = wf_region_schema(region);
    struct wf_stamp stamp;

    if (wf_region_latest(region, payload, schema->payload_bytes, &stamp) < 0)
        return json_null();
    return sample_as_json(schema, payload, &stamp);
}

static json_t *ring(const struct wf_region *region, void *payload)
{
    const struct wf_schema *schema = wf_region_schema(region);
    struct wf_cursor cursor = { 0 };
    struct wf_stamp stamp;
    json_t *list = json_array();
    uint64_t lost;
    int rc;

    for (;;) {
        rc = wf_region_next(region, &cursor, payload, schema->payload_bytes, &stamp, &lost);
        if (rc == 0)
            (void)json_array_append_new(list, sample_as_json(schema, payload, &stamp));
        else if (rc != WF_ERR_LIMIT)
            return list;
    }
}

static json_t *rows(const struct wf_region *region, void *payload)
{
    const struct wf_schema *schema = wf_region_schema(region);
    json_t *list = json_array();
    struct wf_stamp stamp;

    for (uint32_t row = 0; row < schema->row_max; row++) {
        int rc;

        do {
            rc = wf_region_row(region, row, payload, schema->payload_bytes, &stamp);
        } while (rc == WF_ERR_BUSY);
        if (rc == 0)
            (void)json_array_append_new(list, payload_as_json(schema, payload));
    }
    return list;
}

static json_t *list_regions(const char *instance)
{
    struct wf_watch_options options = { .instance = instance };
    struct wf_watch *watch = NULL;
    struct wf_err err = { 0 };
    json_t *list = json_array();

    if (wf_watch_open(&options, &watch, &err) < 0 || wf_watch_refresh(watch, &err) < 0) {
        wf_log_error("%s", err.text);
        exit(2);
    }
    for (size_t i = 0; i < wf_watch_count(watch); i++) {
        struct wf_region_info info;

        wf_region_info(wf_watch_region(watch, i), &info);
        (void)json_array_append_new(
            list,
            json_pack("{s:s, s:s, s:I, s:I, s:I, s:i, s:i, s:I, s:I, s:I}", "source", info.source,
                      "subsystem", info.subsystem, "head", (json_int_t)info.head, "epoch",
                      (json_int_t)info.epoch, "total_bytes", (json_int_t)info.total_bytes, "slots",
                      (int)info.slot_count, "state", (int)info.writer_state, "aborted",
                      (json_int_t)info.aborted_writes, "recoveries",
                      (json_int_t)info.lock_recoveries, "created", (json_int_t)info.created_ns));
    }
    wf_watch_close(&watch);
    return list;
}

static json_t *look(const char *instance, const char *what, const char *source,
                    const char *subsystem)
{
    struct wf_region *region = NULL;
    struct wf_err err = { 0 };
    json_t *result = NULL;

    if (wf_region_open(instance, source, subsystem, &region, &err) < 0) {
        wf_log_error("%s", err.text);
        exit(err.rc == WF_ERR_ABSENT || err.rc == WF_ERR_GONE ? 1 : 2);
    }

    void *payload = calloc(1, wf_region_schema(region)->payload_bytes);

    if (payload == NULL)
        exit(2);
    if (strcmp(what, "sample") == 0)
        result = newest(region, payload);
    else if (strcmp(what, "ring") == 0)
        result = ring(region, payload);
    else if (strcmp(what, "rows") == 0)
        result = rows(region, payload);
    free(payload);
    wf_region_close(&region);
    return result;
}

int main(int argc, char **argv)
{
    json_t *result = NULL;

    wf_log_init("test-peek", WF_LOG_INFO);
    if (argc == 3 && strcmp(argv[2], "list") == 0)
        result = list_regions(argv[1]);
    else if (argc == 5)
        result = look(argv[1], argv[2], argv[3], argv[4]);
    if (result == NULL) {
        wf_log_error("usage: test-peek INSTANCE list | sample|ring|rows SOURCE SUBSYSTEM");
        return 2;
    }
    (void)json_dumpf(result, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    (void)putchar('\n');
    json_decref(result);
    return 0;
}
