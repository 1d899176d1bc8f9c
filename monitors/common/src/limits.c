/* SPDX-License-Identifier: MIT */
/* Limits: see limits.h. There are few and they change rarely, so all are read when one changed. */

#include "limits.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

struct mon_limits {
    struct mon_limit *list;
    size_t count, room;
    uint64_t seen; /* of all tables together: which mappings, how many changes, alive */
};

int mon_limits_create(struct mon_limits **out_limits, struct wf_err *err)
{
    *out_limits = calloc(1, sizeof(**out_limits));
    return *out_limits != NULL ? WF_OK : wf_fail(err, WF_ERR_NOMEM, "limits: out of memory");
}

void mon_limits_destroy(struct mon_limits **limits)
{
    struct mon_limits *old = *limits;

    *limits = NULL;
    if (old == NULL)
        return;
    free(old->list);
    free(old);
}

static bool is_limits_table(const struct wf_region *region, int64_t now_mono_ns)
{
    struct wf_region_info info;

    wf_region_info(region, &info);
    return info.kind == WF_KIND_TABLE && wf_name_is_equal(info.source, WF_SOURCE_OWN) &&
           (strcmp(info.subsystem, "limits") == 0 || strncmp(info.subsystem, "limits_", 7) == 0) &&
           wf_region_is_written(&info, now_mono_ns);
}

/* A number that differs whenever something in the tables may. */
static uint64_t look(const struct wf_watch *watch, int64_t now_mono_ns)
{
    uint64_t sum = 1469598103934665603u; /* FNV-1a */
    size_t count = wf_watch_count(watch);

    for (size_t i = 0; i < count; i++) {
        const struct wf_region *region = wf_watch_region(watch, i);

        if (!is_limits_table(region, now_mono_ns))
            continue;
        sum = (sum ^ wf_watch_generation(watch, i)) * 1099511628211u;
        sum = (sum ^ wf_region_changes(region)) * 1099511628211u;
    }
    return sum;
}

/* --- reading ------------------------------------------------------------------ */

static void read_text(const struct wf_schema *schema, const void *row, const char *column,
                      char *out, size_t size)
{
    int index = wf_schema_find(schema, column);
    struct wf_strbuf text;
    struct wf_value value;

    wf_strbuf_init_fixed(&text, out, size);
    if (index == WF_NO_INDEX)
        return;
    wf_value_get(schema, row, (size_t)index, 0, &value);
    if (value.kind == WF_VALUE_TEXT)
        wf_strbuf_add_bytes(&text, value.as.text, value.len);
}

static double read_number(const struct wf_schema *schema, const void *row, const char *column)
{
    int index = wf_schema_find(schema, column);
    struct wf_value value = { 0 };

    if (index != WF_NO_INDEX)
        wf_value_get(schema, row, (size_t)index, 0, &value);
    return wf_value_as_double(&value);
}

static bool make_room(struct mon_limits *limits)
{
    size_t room = limits->room > 0 ? limits->room * 2 : 16;
    struct mon_limit *grown;

    if (limits->count < limits->room)
        return true;
    grown = realloc(limits->list, room * sizeof(grown[0]));
    if (grown == NULL)
        return false;
    limits->list = grown;
    limits->room = room;
    return true;
}

static void read_row(struct mon_limits *limits, const struct wf_schema *schema, const void *row)
{
    static const char *const columns[WF_LIMIT_COUNT] = { "lolo", "lo", "hi", "hihi" };
    struct mon_limit limit = { 0 };

    read_text(schema, row, "name", limit.name, sizeof(limit.name));
    if (limit.name[0] == '\0' || !make_room(limits))
        return;
    limit.present = (uint8_t)read_number(schema, row, "present") & 0x0f;
    for (size_t i = 0; i < WF_LIMIT_COUNT; i++)
        limit.value[i] = read_number(schema, row, columns[i]);
    read_text(schema, row, "context", limit.context, sizeof(limit.context));
    read_text(schema, row, "user", limit.user, sizeof(limit.user));
    limits->list[limits->count++] = limit;
}

static void read_table(struct mon_limits *limits, const struct wf_region *region)
{
    const struct wf_schema *schema = wf_region_schema(region);
    uint8_t *row = malloc(schema->payload_bytes);
    struct wf_stamp stamp;

    for (uint32_t i = 0; row != NULL && i < schema->row_max; i++) {
        int rc = wf_region_row(region, i, row, schema->payload_bytes, &stamp);

        if (rc == 0)
            read_row(limits, schema, row);
        else if (rc == WF_ERR_BUSY)
            limits->seen = 0; /* changing: look again next time */
    }
    free(row);
}

static int compare_limits(const void *left, const void *right)
{
    const struct mon_limit *a = left;
    const struct mon_limit *b = right;

    return wf_casecmp(a->name, b->name);
}

bool mon_limits_update(struct mon_limits *limits, const struct wf_watch *watch, int64_t now_mono_ns)
{
    uint64_t seen = look(watch, now_mono_ns);
    size_t count = wf_watch_count(watch);

    if (seen == limits->seen)
        return false;
    limits->seen = seen;
    limits->count = 0;
    for (size_t i = 0; i < count; i++) {
        const struct wf_region *region = wf_watch_region(watch, i);

        if (is_limits_table(region, now_mono_ns))
            read_table(limits, region);
    }
    if (limits->count > 1)
        qsort(limits->list, limits->count, sizeof(limits->list[0]), compare_limits);
    return true;
}

/* --- asking ------------------------------------------------------------------- */

size_t mon_limits_count(const struct mon_limits *limits)
{
    return limits->count;
}

const struct mon_limit *mon_limits_at(const struct mon_limits *limits, size_t index)
{
    return index < limits->count ? &limits->list[index] : NULL;
}

const struct mon_limit *mon_limits_find(const struct mon_limits *limits, const char *source,
                                        const char *subsystem, const char *parameter)
{
    struct mon_limit wanted;
    struct wf_strbuf name = WF_STRBUF_FIXED(wanted.name);

    if (limits->count == 0)
        return NULL;
    wf_strbuf_addf(&name, "%s.%s.%s", source, subsystem, parameter);
    return bsearch(&wanted, limits->list, limits->count, sizeof(limits->list[0]), compare_limits);
}
