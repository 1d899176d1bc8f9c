/* SPDX-License-Identifier: MIT */
/* Archive: see archive.h. */

#include "archive.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/layout.h>
#include <watchfloor/names.h>
#include <watchfloor/problems.h>

#include "packets_info.h"
#include "packets_schema.h"

#define SLOTS_MIN 64u

static_assert(sizeof(((struct packets_info *)0)->data) >= WF_PACKET_BLOCK_BYTES,
              "a block fits the region's data");

struct rx_archive {
    struct wf_schema *schema;
    struct wf_writer *writer; /* the publisher's */
    uint64_t ring_bytes;
    struct wf_packet_packer packer;
    int64_t received_ns, received_mono_ns; /* of the packet that is being packed */
    uint64_t failed;
    struct packets_info *payload;
};

/* A whole block: only what is used is copied into the region. */
static void publish(void *context, const struct wf_packet_block *block)
{
    struct rx_archive *archive = context;
    struct packets_info *info = archive->payload;
    size_t bytes = offsetof(struct packets_info, data) + block->used;
    struct wf_stamp stamp = {
        .packet = block->first,
        .device_ns = WF_TIME_NONE,
        .received_ns = archive->received_ns,
        .received_mono_ns = archive->received_mono_ns,
    };

    info->used = block->used;
    info->begins = block->begins;
    info->records = block->records;
    info->first = block->first;
    if (wf_writer_publish_prefix(archive->writer, &stamp, info, (bytes + 7) / 8 * 8) < 0)
        archive->failed++;
}

/* The schema with a ring as deep as the memory allows: its text, and so its hash, says so too. */
static int make_schema(uint64_t ring_bytes, struct wf_schema **out, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    uint64_t slots = SLOTS_MIN;
    struct wf_strbuf text;
    int rc = wf_schema_parse("packets.ini", packets_schema_text, packets_schema_text_len, out,
                             &problems, err);

    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    if (rc < 0)
        return rc;
    while (slots * 2 * ((*out)->payload_bytes + sizeof(struct wf_stamp)) <= ring_bytes &&
           slots < UINT32_MAX / 4)
        slots *= 2;
    (*out)->ring = (uint32_t)slots;
    wf_strbuf_init(&text, WF_SCHEMA_TEXT_MAX);
    wf_schema_write(*out, &text);
    wf_schema_free(out);
    rc = text.was_cut ? wf_fail(err, WF_ERR_NOMEM, "no memory for the schema packets")
                      : wf_schema_parse("packets", text.text, text.len, out, NULL, err);
    wf_strbuf_fini(&text);
    return rc;
}

static int create(struct wf_publisher *publisher, uint64_t ring_bytes,
                  struct rx_archive **out_archive, struct wf_err *err)
{
    struct rx_archive *archive = calloc(1, sizeof(*archive));
    int rc;

    if (archive == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory for the packets' ring");
    archive->ring_bytes = ring_bytes;
    rc = make_schema(ring_bytes, &archive->schema, err);
    if (rc == 0) {
        archive->payload = calloc(1, archive->schema->payload_bytes);
        rc = archive->payload != NULL
                 ? wf_publisher_add(publisher, WF_SOURCE_OWN, archive->schema, &archive->writer,
                                    NULL, err)
                 : wf_fail(err, WF_ERR_NOMEM, "no memory for the packets' ring");
    }
    if (rc < 0) {
        rx_archive_fini(&archive);
        return rc;
    }
    archive->packer = (struct wf_packet_packer){
        .block = { .data = archive->payload->data },
        .full = publish,
        .context = archive,
    };
    *out_archive = archive;
    return 0;
}

int rx_archive_attach(struct wf_publisher *publisher, uint64_t ring_bytes, struct rx_archive *old,
                      struct rx_archive **out_archive, struct wf_err *err)
{
    if (old != NULL && old->ring_bytes == ring_bytes) {
        *out_archive = old;
        return 0;
    }
    rx_archive_destroy(publisher, &old);
    *out_archive = NULL;
    return ring_bytes > 0 ? create(publisher, ring_bytes, out_archive, err) : 0;
}

void rx_archive_fini(struct rx_archive **archive)
{
    struct rx_archive *old = *archive;

    *archive = NULL;
    if (old == NULL)
        return;
    wf_schema_free(&old->schema);
    free(old->payload);
    free(old);
}

void rx_archive_destroy(struct wf_publisher *publisher, struct rx_archive **archive)
{
    if (*archive != NULL && (*archive)->writer != NULL) {
        rx_archive_flush(*archive);
        wf_publisher_remove(publisher, &(*archive)->writer);
    }
    rx_archive_fini(archive);
}

void rx_archive_note(struct rx_archive *archive, const struct wf_packet *packet,
                     int64_t received_mono_ns)
{
    archive->received_ns = packet->received_ns;
    archive->received_mono_ns = received_mono_ns;
    wf_packet_pack(&archive->packer, packet);
}

void rx_archive_flush(struct rx_archive *archive)
{
    wf_packet_flush(&archive->packer);
}

uint64_t rx_archive_failed(const struct rx_archive *archive)
{
    return archive->failed;
}
