/* SPDX-License-Identifier: MIT */
/*
 * Regions of a publisher: adopted, retired, made, removed. See
 * <watchfloor/publisher.h> and "Birth and death" in shared/core/README.md.
 */

#include "publisher_private.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

/* However slow: what waited somewhere comes all at once. */
#define SLOTS_MIN 64u
/* Nobody knows how fast irregular ones may come: what this holds, within limits. */
#define IRREGULAR_BYTES     (256u * 1024u)
#define IRREGULAR_SLOTS_MAX 4096u

static uint64_t wanted_slots(const struct wf_publisher *publisher, const struct wf_schema *schema)
{
    uint64_t slots;

    if (schema->ring != 0)
        return schema->ring;
    if (schema->period_ns > 0) {
        slots = (uint64_t)(publisher->ring_time_ns / schema->period_ns) + 1;
    } else {
        slots = IRREGULAR_BYTES / (WF_LAYOUT_PAYLOAD_OFFSET + schema->payload_bytes);
        slots = slots < IRREGULAR_SLOTS_MAX ? slots : IRREGULAR_SLOTS_MAX;
    }
    return slots > SLOTS_MIN ? slots : SLOTS_MIN;
}

/* Point the writer into its mapping, once header and geometry are right. */
static void aim(struct wf_writer *writer)
{
    unsigned char *bytes = wf_map_view_data(writer->view);
    const struct wfi_geometry *geometry = &writer->geometry;

    writer->header = (struct wf_region_header *)(void *)bytes;
    writer->slots = bytes + geometry->slots_offset;
    writer->slot_mask = geometry->slot_count - 1;
    writer->payload_words = geometry->payload_bytes / 8;
    writer->stride = geometry->slot_stride;
    if (geometry->kind == WF_KIND_TABLE) {
        writer->stride = (size_t)wfi_row_stride(geometry);
        writer->log = (_Atomic uint64_t *)(void *)(bytes + geometry->log_offset);
    }
}

/* --- adoption ----------------------------------------------------------------------------- */

/* Is what lies there just what we would make? GONE: no, make another. */
static int compare_region(struct wf_writer *writer, const struct wf_mapping_info *info,
                          struct wf_err *err)
{
    const struct wf_publisher *publisher = writer->publisher;
    const unsigned char *bytes = wf_map_view_data(writer->view);
    const struct wf_schema *schema = writer->schema->schema;
    const struct wfi_geometry *plan = &writer->geometry;
    struct wf_region_header fixed;
    struct wfi_geometry found;

    if (wfi_region_header_check((const struct wf_region_header *)(const void *)bytes, info->size,
                                &fixed, &found, err) < 0)
        return WF_ERR_GONE;
    if (strcmp(fixed.role, publisher->role) != 0)
        return wf_fail(err, WF_ERR_EXISTS,
                       "the '%s' of this instance writes it; 'wf clean' removes it if that is dead",
                       fixed.role);
    if (wfi_region_schema_check(&fixed, schema, err) < 0 || found.kind != plan->kind ||
        found.schema_offset != plan->schema_offset || found.schema_bytes != plan->schema_bytes ||
        memcmp(bytes + found.schema_offset, writer->schema->text, writer->schema->len) != 0 ||
        found.slot_count != plan->slot_count || found.slot_stride != plan->slot_stride ||
        found.slots_offset != plan->slots_offset || found.log_count != plan->log_count)
        return wf_fail(err, WF_ERR_GONE, "it has another schema or size");
    return wfi_adoption_check(info, publisher, fixed.boot_id, fixed.pid_namespace, err);
}

/* 0 adopted (mapped, not yet entered); ABSENT or GONE: make one; anything else: give up. */
static int adopt(struct wf_writer *writer, struct wf_err *err)
{
    struct wf_mapping *mapping = NULL;
    struct wf_mapping_info info;
    int rc = wf_mapping_look(writer->name, WF_BACKING_MEMORY, &info, err);

    if (rc < 0)
        return rc;
    if (info.uid != writer->publisher->host.uid)
        return WF_ERR_GONE; /* wfi_retire says whose it is */
    rc = wf_mapping_open(writer->name, WF_BACKING_MEMORY, WF_ACCESS_WRITE, &mapping, err);
    if (rc == 0)
        rc = wf_mapping_info(mapping, &info, err);
    if (rc == 0 && info.size < sizeof(struct wf_region_header))
        rc = WF_ERR_GONE;
    if (rc == 0)
        rc = wf_map_view_open(mapping, WF_ACCESS_WRITE, 0, 0, NULL, &writer->view, err);
    wf_mapping_close(&mapping);
    if (rc < 0)
        return rc == WF_ERR_BUSY || rc == WF_ERR_CORRUPT ? WF_ERR_GONE : rc;
    rc = compare_region(writer, &info, err);
    if (rc < 0) {
        wf_map_view_close(&writer->view); /* its lock was never ours */
        return rc;
    }
    aim(writer);
    return 0;
}

/* --- birth -------------------------------------------------------------------------------- */

static int format_region(struct wf_writer *writer, int64_t created_ns, const char *source,
                         struct wf_err *err)
{
    const struct wf_publisher *publisher = writer->publisher;
    const struct wf_schema *schema = writer->schema->schema;
    const struct wfi_geometry *plan = &writer->geometry;
    struct wf_region_header *header = writer->header;

    header->abi_major = WF_LAYOUT_ABI_MAJOR;
    header->abi_minor = WF_LAYOUT_ABI_MINOR;
    header->endian = WF_LAYOUT_ENDIAN;
    header->header_bytes = sizeof(*header);
    header->total_bytes = plan->total_bytes;
    header->layout_hash = schema->layout_hash;
    header->schema_hash = schema->schema_hash;
    header->created_ns = created_ns;
    header->kind = plan->kind == WF_KIND_TABLE ? WF_LAYOUT_KIND_TABLE : WF_LAYOUT_KIND_SAMPLES;
    header->schema_offset = plan->schema_offset;
    header->schema_bytes = plan->schema_bytes;
    header->slot_count = plan->slot_count;
    header->slot_stride = plan->slot_stride;
    header->slots_offset = plan->slots_offset;
    header->payload_offset = WF_LAYOUT_PAYLOAD_OFFSET;
    header->payload_bytes = plan->payload_bytes;
    header->raw_offset = schema->raw_offset;
    header->quality_offset = schema->quality_offset;
    header->log_offset = plan->log_offset;
    header->log_count = plan->log_count;
    memcpy(header->boot_id, publisher->host.boot_id, sizeof(header->boot_id));
    header->pid_namespace = publisher->host.pid_namespace;
    header->uid = publisher->host.uid;
    (void)wf_copy_text(header->instance, sizeof(header->instance), publisher->instance);
    (void)wf_copy_text(header->source, sizeof(header->source), source);
    (void)wf_copy_text(header->subsystem, sizeof(header->subsystem), schema->name);
    (void)wf_copy_text(header->role, sizeof(header->role), publisher->role);
    memcpy((unsigned char *)header + plan->schema_offset, writer->schema->text,
           writer->schema->len);
    if (wfi_lock_make(wfi_writer_lock(writer)) < 0)
        return wf_fail(err, WF_ERR_SYSTEM, "cannot make a lock that processes share");
    return 0;
}

static int make(struct wf_writer *writer, int64_t created_ns, const char *source,
                struct wf_err *err)
{
    const struct wf_publisher *publisher = writer->publisher;
    struct wf_mapping_options options = { .size = writer->geometry.total_bytes,
                                          .mode = publisher->mode,
                                          .group = publisher->group };
    struct wf_mapping *mapping = NULL;
    int rc = wf_mapping_create(writer->name, &options, &mapping, err);

    if (rc < 0)
        return rc;
    rc = wf_map_view_open(mapping, WF_ACCESS_WRITE, 0, 0, NULL, &writer->view, err);
    wf_mapping_close(&mapping);
    if (rc == 0) {
        aim(writer);
        rc = format_region(writer, created_ns, source, err);
    }
    if (rc < 0)
        (void)wf_mapping_remove(writer->name, WF_BACKING_MEMORY, NULL); /* failing already */
    return rc;
}

/* Take possession: from here on the region is written by this life. */
static int begin(struct wf_writer *writer, struct wf_err *err)
{
    struct wf_region_header *header = writer->header;
    int rc = wfi_writer_enter(writer);

    if (rc == WF_ERR_BUSY)
        return wf_fail(err, WF_ERR_BUSY, "somebody who holds no lease holds its lock");
    if (rc < 0)
        return wf_fail(err, WF_ERR_GONE, "its lock is damaged");
    atomic_store_explicit(&header->epoch, writer->publisher->epoch, memory_order_relaxed);
    atomic_store_explicit(&header->heartbeat_mono_ns, wf_mono_now_ns(), memory_order_relaxed);
    atomic_store_explicit(&header->writer_state, WF_WRITER_RUNNING, memory_order_relaxed);
    wfi_writer_leave(writer);
    return 0;
}

/* Adopt, or retire and make. */
static int obtain(struct wf_writer *writer, int64_t *created_ns, const char *source,
                  bool *out_was_adopted, struct wf_err *err)
{
    int rc = adopt(writer, err);

    if (rc == 0) {
        rc = begin(writer, err);
        if (rc == 0) {
            *created_ns = writer->header->created_ns;
            *out_was_adopted = true;
            return 0;
        }
        wf_map_view_abandon(&writer->view); /* its lock was tried: the memory stays mapped */
    }
    if (rc != WF_ERR_ABSENT && rc != WF_ERR_GONE)
        return rc;
    if (rc == WF_ERR_GONE)
        rc = wfi_retire(writer->name, &writer->publisher->host, err);
    if (rc == 0 || rc == WF_ERR_ABSENT)
        rc = make(writer, *created_ns, source, err);
    if (rc < 0)
        return rc;
    rc = begin(writer, err);
    if (rc < 0) {
        (void)wf_mapping_remove(writer->name, WF_BACKING_MEMORY, NULL); /* failing already */
        return rc;
    }
    /* Magic last: pairs with the acquire of whoever opens it. */
    atomic_store_explicit(&writer->header->magic, WF_LAYOUT_MAGIC_REGION, memory_order_release);
    *out_was_adopted = false;
    return 0;
}

/* --- public ------------------------------------------------------------------------------- */

static int prepare(struct wf_publisher *publisher, const char *source,
                   const struct wf_schema *schema, struct wf_writer *writer, struct wf_err *err)
{
    int rc = wfi_region_name(publisher->instance, source, schema->name, writer->name, err);

    if (rc == 0)
        rc = wfi_schema_ref_copy(&publisher->schemas, schema, &writer->schema, err);
    if (rc == 0)
        rc = wfi_geometry_plan(writer->schema->schema, writer->schema->len,
                               wanted_slots(publisher, schema), &writer->geometry, err);
    if (rc < 0)
        return rc;
    if (publisher->memory_max != 0 &&
        publisher->memory + writer->geometry.total_bytes > publisher->memory_max)
        return wf_fail(err, WF_ERR_LIMIT,
                       "%llu bytes more would exceed the %llu that regions may take together",
                       (unsigned long long)writer->geometry.total_bytes,
                       (unsigned long long)publisher->memory_max);
    return 0;
}

/* The entry that has this name, or a free one. */
static int choose_entry(const struct wf_publisher *publisher, const char *source,
                        const struct wf_schema *schema, uint32_t *out_index, struct wf_err *err)
{
    uint32_t index = wfi_directory_find(publisher, source, schema->name);

    if (index < publisher->entry_used && publisher->entries[index].writer != NULL)
        return wf_fail(err, WF_ERR_EXISTS, "it was added already");
    if (index == publisher->entry_used) {
        for (index = 0; index < publisher->entry_used; index++) {
            if (publisher->entries[index].created_ns == 0)
                break;
        }
    }
    if (index == publisher->entry_max)
        return wf_fail(err, WF_ERR_LIMIT, "the directory is full (%u regions)",
                       publisher->entry_max);
    *out_index = index;
    return 0;
}

static void enter_in_directory(struct wf_publisher *publisher, struct wf_writer *writer,
                               const char *source, int64_t created_ns)
{
    struct wfi_entry *entry = &publisher->entries[writer->entry];
    bool is_known = entry->created_ns == created_ns;

    (void)wf_copy_text(entry->source, sizeof(entry->source), source);
    (void)wf_copy_text(entry->subsystem, sizeof(entry->subsystem), writer->schema->schema->name);
    entry->created_ns = created_ns;
    entry->writer = writer;
    if (writer->entry >= publisher->entry_used)
        publisher->entry_used = writer->entry + 1;
    publisher->memory += writer->geometry.total_bytes;
    if (!is_known)
        wfi_directory_store(publisher, writer->entry);
}

int wf_publisher_add(struct wf_publisher *publisher, const char *source,
                     const struct wf_schema *schema, struct wf_writer **out_writer,
                     bool *out_was_adopted, struct wf_err *err)
{
    struct wf_writer *writer = calloc(1, sizeof(*writer));
    int64_t created_ns = wf_utc_now_ns();
    bool was_adopted = false;
    int rc;

    if (writer == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (created_ns <= publisher->created_last_ns)
        created_ns = publisher->created_last_ns + 1;
    writer->publisher = publisher;
    rc = prepare(publisher, source, schema, writer, err);
    if (rc == 0)
        rc = choose_entry(publisher, source, schema, &writer->entry, err);
    if (rc == 0)
        rc = obtain(writer, &created_ns, source, &was_adopted, err);
    if (rc == 0 && schema->kind == WF_KIND_TABLE)
        rc = wfi_writer_index_rows(writer, err);
    if (rc < 0) {
        wf_err_prefix(err, "publish '%s.%s'", source, schema->name);
        wfi_writer_destroy(&writer);
        return rc;
    }
    if (!was_adopted)
        publisher->created_last_ns = created_ns;
    enter_in_directory(publisher, writer, source, created_ns);
    writer->was_adopted = was_adopted;
    if (out_was_adopted != NULL)
        *out_was_adopted = was_adopted;
    *out_writer = writer;
    return 0;
}

void wfi_writer_destroy(struct wf_writer **writer)
{
    struct wf_writer *gone = *writer;

    *writer = NULL;
    if (gone == NULL)
        return;
    wfi_schema_ref_put(&gone->schema);
    wfi_row_index_fini(&gone->rows);
    /* Never unmapped: the kernel may still look at the lock when we die. */
    wf_map_view_abandon(&gone->view);
    free(gone);
}

static void forget_entry(struct wf_publisher *publisher, uint32_t index)
{
    publisher->entries[index] = (struct wfi_entry){ 0 };
    wfi_directory_store(publisher, index);
}

void wf_publisher_remove(struct wf_publisher *publisher, struct wf_writer **writer)
{
    struct wf_writer *gone = writer != NULL ? *writer : NULL;

    if (gone == NULL)
        return;
    *writer = NULL;
    atomic_store_explicit(&gone->header->writer_state, WF_WRITER_STOPPED, memory_order_relaxed);
    atomic_store_explicit(&gone->header->magic, WF_LAYOUT_MAGIC_RETIRED, memory_order_release);
    (void)wfi_retire(gone->name, &publisher->host, NULL); /* somebody may have cleaned it away */
    publisher->memory -= gone->geometry.total_bytes;
    forget_entry(publisher, gone->entry);
    wfi_writer_destroy(&gone);
    wfi_schema_cache_sweep(&publisher->schemas);
    wf_publisher_ring(publisher);
}

/* Does the region of this name say that our role wrote it? */
static bool is_left_by_us(const struct wf_publisher *publisher, const char *name)
{
    struct wf_mapping *mapping = NULL;
    struct wf_map_view *view = NULL;
    struct wf_mapping_info info;
    struct wf_region_header fixed;
    struct wfi_geometry geometry;
    bool is_ours = false;

    if (wf_mapping_open(name, WF_BACKING_MEMORY, WF_ACCESS_READ, &mapping, NULL) == 0 &&
        wf_mapping_info(mapping, &info, NULL) == 0 && info.uid == publisher->host.uid &&
        info.size >= sizeof(fixed) &&
        wf_map_view_open(mapping, WF_ACCESS_READ, 0, sizeof(fixed), NULL, &view, NULL) == 0 &&
        wfi_region_header_check(wf_map_view_data(view), info.size, &fixed, &geometry, NULL) == 0)
        is_ours =
            strcmp(fixed.role, publisher->role) == 0 &&
            wfi_directory_find(publisher, fixed.source, fixed.subsystem) == publisher->entry_used;
    wf_map_view_close(&view);
    wf_mapping_close(&mapping);
    return is_ours;
}

int wf_publisher_settle(struct wf_publisher *publisher, struct wf_err *err)
{
    struct wf_mapping_names names;
    char name[WFI_REGION_NAME_SIZE];
    struct wf_strbuf prefix;
    int count = 0;
    int rc;

    for (uint32_t i = 0; i < publisher->entry_used; i++) {
        const struct wfi_entry *entry = &publisher->entries[i];

        if (entry->created_ns == 0 || entry->writer != NULL ||
            wfi_region_name(publisher->instance, entry->source, entry->subsystem, name, NULL) < 0)
            continue;
        (void)wfi_retire(name, &publisher->host, NULL); /* gone already is as good */
        forget_entry(publisher, i);
        count++;
    }

    /* Those that no directory knew: its life ended between making one and saying so. */
    wf_strbuf_init_fixed(&prefix, name, sizeof(name));
    wf_strbuf_addf(&prefix, WFI_SHM_PREFIX "%s.", publisher->instance);
    rc = wf_mapping_list(name, &names, err);
    if (rc < 0)
        return rc;
    for (size_t i = 0; i < names.count; i++) {
        if (is_left_by_us(publisher, names.names[i]) &&
            wfi_retire(names.names[i], &publisher->host, NULL) == 0)
            count++;
    }
    wf_mapping_names_free(&names);
    if (count > 0)
        wf_publisher_ring(publisher);
    return count;
}
