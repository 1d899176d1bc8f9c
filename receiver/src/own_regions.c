/* SPDX-License-Identifier: MIT */
/* The receiver's own regions: see own_regions.h. */

#include "own_regions.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/names.h>
#include <watchfloor/problems.h>
#include <watchfloor/strbuf.h>

#include "own_schemas.h"

static int parse(const char *file, const char *text, size_t len, struct wf_schema **out_schema,
                 struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    int rc = wf_schema_parse(file, text, len, out_schema, &problems, err);

    if (rc == WF_ERR_INVALID && problems.kept > 0)
        (void)wf_fail(err, WF_ERR_INVALID, "%s:%u: %s", problems.list[0].file,
                      problems.list[0].line, problems.list[0].text);
    wf_problems_fini(&problems);
    return rc;
}

/* The same schema with room for `rows`: its text, and so its hash, says so too. */
static int widen(struct wf_schema **schema, const char *file, uint32_t rows, struct wf_err *err)
{
    struct wf_strbuf text;
    struct wf_schema *wide = NULL;
    int rc;

    (*schema)->row_max = rows;
    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(*schema, &text);
    rc = text.was_cut ? wf_fail(err, WF_ERR_NOMEM, "no memory for schema %s", file)
                      : parse(file, text.text, text.len, &wide, err);
    wf_strbuf_fini(&text);
    if (rc < 0)
        return rc;
    wf_schema_free(schema);
    *schema = wide;
    return 0;
}

static uint32_t round_up(uint32_t rows)
{
    uint32_t power = 64;

    while (power < rows)
        power *= 2;
    return power;
}

int rx_own_regions_load(struct rx_own_regions *own, const uint32_t rows[RX_OWN_COUNT],
                        struct wf_err *err)
{
    memset(own, 0, sizeof(*own));
    for (size_t i = 0; i < RX_OWN_COUNT; i++) {
        struct rx_own_region *region = &own->list[i];
        const struct rx_own_schema *text = &rx_own_schemas[i];
        int rc = parse(text->file, text->text, *text->len, &region->schema, err);

        if (rc == 0 && region->schema->kind == WF_KIND_TABLE)
            rc = widen(&region->schema, text->file, round_up(rows[i]), err);
        if (rc == 0) {
            region->payload = calloc(1, region->schema->payload_bytes);
            if (region->payload == NULL)
                rc = wf_fail(err, WF_ERR_NOMEM, "no memory for own regions");
        }
        if (rc < 0) {
            rx_own_regions_fini(own);
            return rc;
        }
    }
    return 0;
}

void rx_own_regions_fini(struct rx_own_regions *own)
{
    for (size_t i = 0; i < RX_OWN_COUNT; i++) {
        wf_schema_free(&own->list[i].schema);
        free(own->list[i].payload);
        own->list[i].payload = NULL;
        own->list[i].writer = NULL;
    }
}

/* Rows that an earlier life left: counters begin at 0, and their owners may not exist any more. */
static void clear_rows(const char *instance, struct rx_own_region *region)
{
    const struct wf_schema *schema = region->schema;
    struct wf_region *rows = NULL;
    struct wf_stamp stamp;

    if (wf_region_open(instance, WF_SOURCE_OWN, schema->name, &rows, NULL) < 0)
        return;
    for (uint32_t row = 0; row < schema->row_max; row++) {
        const char *key = (const char *)region->payload + schema->parameters[schema->key].offset;

        if (wf_region_row(rows, row, region->payload, schema->payload_bytes, &stamp) == 0)
            (void)wf_writer_remove_row(region->writer, key);
    }
    wf_region_close(&rows);
}

int rx_own_regions_attach(struct rx_own_regions *own, struct rx_own_regions *old,
                          const char *instance, struct wf_publisher *publisher, struct wf_err *err)
{
    for (size_t i = 0; i < RX_OWN_COUNT; i++) {
        struct rx_own_region *region = &own->list[i];
        struct rx_own_region *before = old != NULL ? &old->list[i] : NULL;
        bool was_adopted = false;
        int rc;

        if (before != NULL && before->schema->schema_hash == region->schema->schema_hash) {
            region->writer = before->writer;
            continue;
        }
        if (before != NULL && before->writer != NULL)
            wf_publisher_remove(publisher, &before->writer);
        rc = wf_publisher_add(publisher, WF_SOURCE_OWN, region->schema, &region->writer,
                              &was_adopted, err);
        if (rc < 0)
            return rc;
        if (was_adopted && region->schema->kind == WF_KIND_TABLE)
            clear_rows(instance, region);
    }
    return 0;
}

void *rx_own_begin(struct rx_own_region *region)
{
    memset(region->payload, 0, region->schema->payload_bytes);
    return region->payload;
}

static struct wf_stamp stamp_of(int64_t now_utc_ns, int64_t now_mono_ns)
{
    return (struct wf_stamp){ .device_ns = now_utc_ns,
                              .received_ns = now_utc_ns,
                              .received_mono_ns = now_mono_ns };
}

/* A lock that is not had in time costs one sample of health; the next one follows in a second. */
void rx_own_publish(struct rx_own_region *region, int64_t now_utc_ns, int64_t now_mono_ns)
{
    struct wf_stamp stamp = stamp_of(now_utc_ns, now_mono_ns);

    (void)wf_writer_publish(region->writer, &stamp, region->payload);
}

void rx_own_set_row(struct rx_own_region *region, int64_t now_utc_ns, int64_t now_mono_ns)
{
    struct wf_stamp stamp = stamp_of(now_utc_ns, now_mono_ns);

    (void)wf_writer_set_row(region->writer, &stamp, region->payload);
}
