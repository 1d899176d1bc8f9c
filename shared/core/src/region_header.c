/* SPDX-License-Identifier: MIT */
/* The numbers of a region's header, planned and checked: see region_header.h. */

#include "region_header.h"

#include <string.h>

#include <watchfloor/names.h>
#include <watchfloor/strbuf.h>

#include "ring.h"

#define HEADER_BYTES_MAX 4096u

static uint64_t round_up(uint64_t value, uint64_t multiple)
{
    return (value + multiple - 1) / multiple * multiple;
}

static uint32_t power_of_two_from(uint64_t value, uint32_t low, uint32_t high)
{
    uint32_t power = low;

    while (power < value && power < high)
        power *= 2;
    return power;
}

static bool is_power_of_two(uint64_t value)
{
    return value != 0 && (value & (value - 1)) == 0;
}

static uint64_t slots_bytes(const struct wfi_geometry *geometry)
{
    return geometry->slot_count * (geometry->kind == WF_KIND_TABLE
                                       ? wfi_row_stride(geometry)
                                       : (uint64_t)geometry->slot_stride);
}

int wfi_geometry_plan(const struct wf_schema *schema, size_t schema_bytes, uint64_t slots,
                      struct wfi_geometry *out, struct wf_err *err)
{
    struct wfi_geometry plan = { .kind = schema->kind,
                                 .schema_offset = sizeof(struct wf_region_header) };
    uint64_t end;

    if (schema_bytes == 0 || schema_bytes > WF_SCHEMA_TEXT_MAX)
        return wf_fail(err, WF_ERR_LIMIT, "a schema of %zu bytes does not fit (1 .. %u)",
                       schema_bytes, WF_SCHEMA_TEXT_MAX);
    if (schema->payload_bytes == 0 || schema->payload_bytes % 8 != 0 ||
        schema->payload_bytes > WF_SCHEMA_PAYLOAD_MAX)
        return wf_fail(err, WF_ERR_INVALID,
                       "a payload of %u bytes (expected a multiple of 8 up to %u)",
                       schema->payload_bytes, WF_SCHEMA_PAYLOAD_MAX);
    plan.schema_bytes = (uint32_t)schema_bytes;
    plan.payload_bytes = schema->payload_bytes;
    plan.slot_stride = (uint32_t)round_up(WF_LAYOUT_PAYLOAD_OFFSET + plan.payload_bytes, 64);
    end = round_up(plan.schema_offset + schema_bytes, 64);
    if (schema->kind == WF_KIND_TABLE) {
        if (schema->row_max == 0 || schema->row_max > WFI_ROWS_MAX)
            return wf_fail(err, WF_ERR_LIMIT, "a table of %u rows (expected 1 .. %u)",
                           schema->row_max, WFI_ROWS_MAX);
        plan.slot_count = schema->row_max;
        plan.log_offset = (uint32_t)end;
        plan.log_count = power_of_two_from(2 * (uint64_t)schema->row_max, 64, 2 * WFI_ROWS_MAX);
        end = round_up(end + 8 * (uint64_t)plan.log_count, 64);
    } else {
        plan.slot_count = power_of_two_from(slots, WFI_SLOTS_MIN, WFI_SLOTS_MAX);
    }
    plan.slots_offset = (uint32_t)end;
    plan.total_bytes = end + slots_bytes(&plan);
    *out = plan;
    return 0;
}

int wfi_magic_check(uint32_t magic, uint32_t wanted, struct wf_err *err)
{
    if (magic == wanted)
        return 0;
    if (magic == 0)
        return wf_fail(err, WF_ERR_ABSENT, "it is not ready yet");
    if (magic == WF_LAYOUT_MAGIC_RETIRED)
        return wf_fail(err, WF_ERR_GONE, "it was retired; open it again");
    return wf_fail(err, WF_ERR_CORRUPT, "header: wrong magic 0x%08x", magic);
}

static bool is_name(const char text[WF_LAYOUT_NAME_SIZE])
{
    return memchr(text, '\0', WF_LAYOUT_NAME_SIZE) != NULL && wf_name_check(text, NULL) == 0;
}

static int check_names(const struct wf_region_header *fixed, struct wf_err *err)
{
    if (memchr(fixed->instance, '\0', sizeof(fixed->instance)) == NULL ||
        wf_instance_check(fixed->instance, NULL) < 0 || !is_name(fixed->source) ||
        !is_name(fixed->subsystem) || !is_name(fixed->role))
        return wf_fail(err, WF_ERR_CORRUPT, "header: its names are not names");
    return 0;
}

/* Slots: count, size, and that they lie inside. `end_of_text` is where they may begin. */
static int check_slots(const struct wfi_geometry *plan, uint64_t end_of_text, struct wf_err *err)
{
    bool is_table = plan->kind == WF_KIND_TABLE;
    uint64_t begin = end_of_text;

    if (plan->payload_bytes == 0 || plan->payload_bytes % 8 != 0 ||
        plan->payload_bytes > WF_SCHEMA_PAYLOAD_MAX)
        return wf_fail(err, WF_ERR_CORRUPT, "header: payload of %u bytes", plan->payload_bytes);
    if (plan->slot_stride % 64 != 0 || plan->slot_stride > 2 * WF_SCHEMA_PAYLOAD_MAX ||
        plan->slot_stride < WF_LAYOUT_PAYLOAD_OFFSET + plan->payload_bytes)
        return wf_fail(err, WF_ERR_CORRUPT, "header: slot stride %u for a payload of %u",
                       plan->slot_stride, plan->payload_bytes);
    if (is_table ? plan->slot_count == 0 || plan->slot_count > WFI_ROWS_MAX
                 : !is_power_of_two(plan->slot_count) || plan->slot_count < WFI_SLOTS_MIN ||
                       plan->slot_count > WFI_SLOTS_MAX)
        return wf_fail(err, WF_ERR_CORRUPT, "header: %u slots", plan->slot_count);
    if (is_table) {
        if (!is_power_of_two(plan->log_count) || plan->log_count > 2 * WFI_ROWS_MAX ||
            plan->log_offset % 8 != 0 || plan->log_offset < end_of_text)
            return wf_fail(err, WF_ERR_CORRUPT, "header: change log of %u at %u", plan->log_count,
                           plan->log_offset);
        begin = plan->log_offset + 8 * (uint64_t)plan->log_count;
    } else if (plan->log_count != 0 || plan->log_offset != 0) {
        return wf_fail(err, WF_ERR_CORRUPT, "header: a change log where there is no table");
    }
    if (plan->slots_offset % 64 != 0 || plan->slots_offset < begin)
        return wf_fail(err, WF_ERR_CORRUPT, "header: slots at %u, inside what is before them",
                       plan->slots_offset);
    if (plan->slots_offset + slots_bytes(plan) > plan->total_bytes)
        return wf_fail(err, WF_ERR_CORRUPT, "header: slots run past the end (%llu > %llu)",
                       (unsigned long long)(plan->slots_offset + slots_bytes(plan)),
                       (unsigned long long)plan->total_bytes);
    return 0;
}

/* What decides whether the rest can be understood at all. */
static int check_version(const struct wf_region_header *fixed, struct wf_err *err)
{
    if (fixed->endian != WF_LAYOUT_ENDIAN)
        return wf_fail(err, WF_ERR_VERSION, "header: made on a machine of another byte order");
    if (fixed->abi_major != WF_LAYOUT_ABI_MAJOR)
        return wf_fail(err, WF_ERR_VERSION,
                       "header: layout version %u.%u, this program knows %d: use the same release "
                       "for all programs",
                       fixed->abi_major, fixed->abi_minor, WF_LAYOUT_ABI_MAJOR);
    return 0;
}

int wfi_region_header_check(const struct wf_region_header *header, uint64_t total_bytes,
                            struct wf_region_header *out_fixed, struct wfi_geometry *out_geometry,
                            struct wf_err *err)
{
    struct wf_region_header fixed = { 0 };
    struct wfi_geometry plan;
    uint64_t end_of_text;
    int rc = wfi_magic_check(atomic_load_explicit(&header->magic, memory_order_acquire),
                             WF_LAYOUT_MAGIC_REGION, err);

    if (rc < 0)
        return rc;
    wfi_words_load(&fixed, (const _Atomic uint64_t *)(const void *)header,
                   WF_LAYOUT_FIXED_BYTES / 8);
    rc = check_version(&fixed, err);
    if (rc == 0)
        rc = check_names(&fixed, err);
    if (rc < 0)
        return rc;
    if (fixed.total_bytes != total_bytes)
        return wf_fail(err, WF_ERR_CORRUPT, "header: says %llu bytes, the mapping has %llu",
                       (unsigned long long)fixed.total_bytes, (unsigned long long)total_bytes);
    if (fixed.header_bytes < sizeof(fixed) || fixed.header_bytes > HEADER_BYTES_MAX ||
        fixed.header_bytes % 64 != 0)
        return wf_fail(err, WF_ERR_CORRUPT, "header: says it has %u bytes", fixed.header_bytes);
    if (fixed.kind != WF_LAYOUT_KIND_SAMPLES && fixed.kind != WF_LAYOUT_KIND_TABLE)
        return wf_fail(err, WF_ERR_CORRUPT, "header: kind %u", fixed.kind);
    if (fixed.payload_offset != WF_LAYOUT_PAYLOAD_OFFSET)
        return wf_fail(err, WF_ERR_CORRUPT, "header: payload at %u", fixed.payload_offset);
    end_of_text = (uint64_t)fixed.schema_offset + fixed.schema_bytes;
    if (fixed.schema_offset < fixed.header_bytes || fixed.schema_bytes == 0 ||
        fixed.schema_bytes > WF_SCHEMA_TEXT_MAX || end_of_text > total_bytes)
        return wf_fail(err, WF_ERR_CORRUPT, "header: schema of %u bytes at %u", fixed.schema_bytes,
                       fixed.schema_offset);
    plan = (struct wfi_geometry){
        .kind = fixed.kind == WF_LAYOUT_KIND_TABLE ? WF_KIND_TABLE : WF_KIND_SAMPLES,
        .schema_offset = fixed.schema_offset,
        .schema_bytes = fixed.schema_bytes,
        .slot_count = fixed.slot_count,
        .slot_stride = fixed.slot_stride,
        .slots_offset = fixed.slots_offset,
        .payload_bytes = fixed.payload_bytes,
        .log_offset = fixed.log_offset,
        .log_count = fixed.log_count,
        .total_bytes = fixed.total_bytes,
    };
    rc = check_slots(&plan, end_of_text, err);
    if (rc < 0)
        return rc;
    *out_fixed = fixed;
    *out_geometry = plan;
    return 0;
}

/* Bytes of one element as it lies in the struct. */
static uint64_t element_bytes(const struct wf_parameter *parameter)
{
    if (parameter->storage == WF_STORE_CHARS)
        return (uint64_t)parameter->size_max + 1;
    if (parameter->storage == WF_STORE_BYTES)
        return parameter->size_max;
    return wf_storage_bytes(parameter->storage);
}

int wfi_region_schema_check(const struct wf_region_header *fixed, const struct wf_schema *schema,
                            struct wf_err *err)
{
    uint64_t bytes = schema->payload_bytes;

    if (schema->layout_hash != fixed->layout_hash || schema->schema_hash != fixed->schema_hash)
        return wf_fail(err, WF_ERR_CORRUPT, "header: its schema is not the one it was made from");
    if (schema->payload_bytes != fixed->payload_bytes || schema->raw_offset != fixed->raw_offset ||
        schema->quality_offset != fixed->quality_offset ||
        (schema->kind == WF_KIND_TABLE) != (fixed->kind == WF_LAYOUT_KIND_TABLE) ||
        !wf_name_is_equal(schema->name, fixed->subsystem))
        return wf_fail(err, WF_ERR_CORRUPT, "header: contradicts its own schema");
    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *parameter = &schema->parameters[i];
        uint64_t count = parameter->count_max;

        if (parameter->offset + element_bytes(parameter) * count > bytes ||
            parameter->count_offset + 4u > bytes || parameter->quality_offset >= bytes ||
            parameter->choice_offset >= bytes ||
            (parameter->raw_offset != 0 && parameter->raw_offset + 8 * count > bytes))
            return wf_fail(err, WF_ERR_CORRUPT, "schema: '%s' lies outside the payload",
                           parameter->name);
    }
    return 0;
}

static void lower(char *text)
{
    for (; *text != '\0'; text++) {
        if (*text >= 'A' && *text <= 'Z')
            *text = (char)(*text - 'A' + 'a');
    }
}

static int compose(char out[WFI_REGION_NAME_SIZE], const char *instance, const char *between,
                   const char *first, const char *second, struct wf_err *err)
{
    struct wf_strbuf name;
    int rc = wf_instance_check(instance, err);

    if (rc == 0)
        rc = wf_name_check(first, err);
    if (rc == 0 && second != NULL)
        rc = wf_name_check(second, err);
    if (rc < 0)
        return rc;
    wf_strbuf_init_fixed(&name, out, WFI_REGION_NAME_SIZE);
    wf_strbuf_addf(&name, WFI_SHM_PREFIX "%s%s%s", instance, between, first);
    if (second != NULL)
        wf_strbuf_addf(&name, ".%s", second);
    lower(out);
    return 0;
}

int wfi_region_name(const char *instance, const char *source, const char *subsystem,
                    char out[WFI_REGION_NAME_SIZE], struct wf_err *err)
{
    return compose(out, instance, ".", source, subsystem, err);
}

int wfi_directory_name(const char *instance, const char *role, char out[WFI_REGION_NAME_SIZE],
                       struct wf_err *err)
{
    return compose(out, instance, ".@", role, NULL, err);
}
