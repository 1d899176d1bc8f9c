/* SPDX-License-Identifier: MIT */
/* Finding the values that names mean: see get.h. */

#include "get.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/names.h>
#include <watchfloor/replay.h>

#define KEY_MAX 200

static bool is_wanted(struct get_walk *walk, const struct wf_region_info *info,
                      const char *parameter)
{
    bool is_any = false;

    for (size_t i = 0; i < walk->name_count; i++) {
        if (!wf_pattern_match(walk->names[i], info->source, info->subsystem, parameter))
            continue;
        walk->was_matched[i] = true;
        is_any = true;
    }
    return walk->name_count == 0 ? !wf_name_is_equal(info->source, WF_SOURCE_OWN) : is_any;
}

static bool make_room(struct get_walk *walk, size_t size)
{
    unsigned char *grown;

    if (size <= walk->payload_size)
        return true;
    grown = realloc(walk->payload, size);
    if (grown == NULL)
        return false;
    walk->payload = grown;
    walk->payload_size = size;
    return true;
}

/* A parameter of one payload; `stamp` NULL: there is no payload. `key`: of a table's row, or NULL. */
static void visit_parameter(struct get_walk *walk, const struct wf_region_info *info,
                            const struct wf_schema *schema, size_t index,
                            const struct wf_stamp *stamp, const char *key)
{
    const struct wf_parameter *parameter = &schema->parameters[index];
    size_t count = stamp != NULL ? wf_value_count(schema, walk->payload, index) : 1;
    char text[WF_FULL_NAME_SIZE + KEY_MAX];
    int64_t now = wf_mono_now_ns();

    for (size_t element = 0; element < count; element++) {
        struct wf_strbuf name = WF_STRBUF_FIXED(text);
        struct get_item item = { .name = text,
                                 .schema = schema,
                                 .parameter = index,
                                 .quality = WF_QUALITY_NEVER,
                                 .stamp = stamp };

        wf_strbuf_add_name(&name, info->source, info->subsystem, parameter->name);
        if (key != NULL)
            wf_strbuf_addf(&name, "[%s]", key);
        if (parameter->count_max > 1)
            wf_strbuf_addf(&name, "[%zu]", element);
        if (stamp != NULL) {
            wf_value_get(schema, walk->payload, index, element, &item.value);
            wf_value_get_raw(schema, walk->payload, index, element, &item.raw);
            /* Rows are changed when there is something to say: they do not grow stale. */
            item.quality = key != NULL ? item.value.quality
                                       : wf_quality_now(schema, item.value.quality,
                                                        stamp->received_mono_ns, now);
            item.severity = wf_value_severity(schema, index, &item.value);
            item.age_ns = now > stamp->received_mono_ns ? now - stamp->received_mono_ns : 0;
            walk->received_count++;
        }
        walk->item_count++;
        walk->visit(walk->context, &item);
    }
}

static void visit_payload(struct get_walk *walk, const struct wf_region_info *info,
                          const struct wf_schema *schema, const struct wf_stamp *stamp,
                          const char *key)
{
    for (size_t i = 0; i < schema->parameter_count; i++) {
        if (is_wanted(walk, info, schema->parameters[i].name))
            visit_parameter(walk, info, schema, i, stamp, key);
    }
}

static void visit_table(struct get_walk *walk, const struct wf_region *region,
                        const struct wf_region_info *info, const struct wf_schema *schema)
{
    for (uint32_t row = 0; row < info->slot_count; row++) {
        char text[KEY_MAX];
        struct wf_strbuf key = WF_STRBUF_FIXED(text);
        struct wf_stamp stamp;
        struct wf_value value;

        if (wf_region_row(region, row, walk->payload, walk->payload_size, &stamp) != 0)
            continue;
        if (schema->key >= 0) {
            wf_value_get(schema, walk->payload, (size_t)schema->key, 0, &value);
            wf_value_format(schema, (size_t)schema->key, &value, &key);
        }
        visit_payload(walk, info, schema, &stamp, text);
    }
}

static void visit_samples(struct get_walk *walk, const struct wf_region *region,
                          const struct wf_region_info *info, const struct wf_schema *schema)
{
    struct wf_replay replay;
    struct wf_stamp stamp;
    int rc = WF_ERR_BUSY;

    for (int tries = 0; tries < 100 && rc == WF_ERR_BUSY; tries++)
        rc = wf_region_latest(region, walk->payload, walk->payload_size, &stamp);
    if (rc == 0 && (stamp.flags & WF_SAMPLE_REPLAY) != 0 && wf_replay_find(walk->clock, &replay))
        wf_replay_age(&replay, wf_mono_now_ns(), &stamp);
    visit_payload(walk, info, schema, rc == 0 ? &stamp : NULL, NULL);
}

int get_walk(struct get_walk *walk, size_t first, size_t last)
{
    for (size_t i = first; i < last; i++) {
        const struct wf_region *region = wf_watch_region(walk->watch, i);
        const struct wf_schema *schema = wf_region_schema(region);
        struct wf_region_info info;

        if (!make_room(walk, schema->payload_bytes))
            return WF_ERR_NOMEM;
        wf_region_info(region, &info);
        if (info.kind == WF_KIND_TABLE)
            visit_table(walk, region, &info, schema);
        else
            visit_samples(walk, region, &info, schema);
    }
    return 0;
}

void get_walk_fini(struct get_walk *walk)
{
    free(walk->payload);
    walk->payload = NULL;
    walk->payload_size = 0;
}
