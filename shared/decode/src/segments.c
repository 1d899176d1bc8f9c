/* SPDX-License-Identifier: MIT */
/* Reassembly by sequence flags. */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/segments.h>
#include <watchfloor/decode/timecode.h>

struct gathering {
    const struct wf_schema *schema;
    uint8_t *bytes; /* schema->packet_max */
    size_t len;
    uint16_t apid;
    uint16_t next_count;
    uint32_t pieces; /* 0: nothing begun */
};

struct wf_segments {
    struct gathering *list;
    size_t count;
    uint16_t by_apid[WF_CCSDS_APID_COUNT]; /* index + 1 into list; 0 = not segmented */
};

static int add_schema(struct wf_segments *segments, const struct wf_schema *schema)
{
    for (size_t i = 0; i < schema->apid_count; i++) {
        uint16_t apid = schema->apids[i] % WF_CCSDS_APID_COUNT;
        struct gathering *gathering = &segments->list[segments->count];

        if (segments->by_apid[apid] != 0)
            continue; /* two types share it: pieces are gathered before they are told apart */
        gathering->schema = schema;
        gathering->apid = apid;
        gathering->bytes = malloc(schema->packet_max + (size_t)1);
        if (gathering->bytes == NULL)
            return WF_ERR_NOMEM;
        segments->by_apid[apid] = (uint16_t)++segments->count;
    }
    return 0;
}

int wf_segments_create(const struct wf_schema *const *schemas, size_t count,
                       struct wf_segments **out_segments, struct wf_err *err)
{
    struct wf_segments *segments = calloc(1, sizeof(*segments));
    size_t all = 1;
    int rc = 0;

    for (size_t i = 0; i < count; i++)
        all += schemas[i]->is_segmented ? schemas[i]->apid_count : 0;
    if (segments != NULL)
        segments->list = calloc(all, sizeof(*segments->list));
    if (segments == NULL || segments->list == NULL)
        rc = WF_ERR_NOMEM;
    for (size_t i = 0; i < count && rc == 0; i++) {
        if (schemas[i]->is_segmented)
            rc = add_schema(segments, schemas[i]);
    }
    if (rc < 0) {
        wf_segments_destroy(&segments);
        return wf_fail(err, WF_ERR_NOMEM, "room for segmented packets");
    }
    *out_segments = segments;
    return 0;
}

void wf_segments_destroy(struct wf_segments **segments)
{
    struct wf_segments *gone = *segments;

    *segments = NULL;
    if (gone == NULL)
        return;
    for (size_t i = 0; gone->list != NULL && i < gone->count; i++)
        free(gone->list[i].bytes);
    free(gone->list);
    free(gone);
}

void wf_segments_reset(struct wf_segments *segments)
{
    for (size_t i = 0; i < segments->count; i++)
        segments->list[i].pieces = 0;
}

/* Let go of what was begun; its pieces came to nothing. */
static void give_up(struct gathering *gathering, uint32_t *out_lost)
{
    *out_lost += gathering->pieces;
    gathering->pieces = 0;
}

/* Bytes of a further piece that are no data: its own secondary header. */
static size_t header_bytes(const struct wf_schema *schema, const struct wf_ccsds_header *header,
                           const uint8_t *packet, size_t len)
{
    enum wf_time_code code = schema->time.code;

    if (!header->has_secondary || (code != WF_TIME_CODE_CUC && code != WF_TIME_CODE_CDS))
        return WF_CCSDS_HEADER_BYTES;
    return WF_CCSDS_HEADER_BYTES + wf_timecode_bytes(&schema->time, packet + WF_CCSDS_HEADER_BYTES,
                                                     len - WF_CCSDS_HEADER_BYTES);
}

/* Append; false when it would be longer than the schema allows. */
static bool append(struct gathering *gathering, const uint8_t *bytes, size_t len)
{
    if (len > gathering->schema->packet_max - gathering->len)
        return false;
    memcpy(gathering->bytes + gathering->len, bytes, len);
    gathering->len += len;
    gathering->pieces++;
    return true;
}

static void finish_header(struct gathering *gathering)
{
    struct wf_ccsds_header header;
    size_t len = gathering->len;

    (void)wf_ccsds_parse(gathering->bytes, gathering->len, &header);
    header.sequence_flags = WF_CCSDS_UNSEGMENTED;
    header.packet_bytes = (uint32_t)(len < WF_CCSDS_PACKET_MAX ? len : WF_CCSDS_PACKET_MAX);
    wf_ccsds_write(&header, gathering->bytes);
}

static enum wf_segment_result take_piece(struct gathering *gathering,
                                         const struct wf_ccsds_header *header,
                                         const uint8_t *packet, size_t len,
                                         enum wf_reject *out_reject, uint32_t *out_lost)
{
    size_t skip = 0;

    if (header->sequence_flags == WF_CCSDS_FIRST) {
        give_up(gathering, out_lost);
        gathering->len = 0;
    } else if (gathering->pieces == 0 || header->sequence_count != gathering->next_count) {
        give_up(gathering, out_lost);
        *out_reject = WF_REJECT_BAD_SEGMENT;
        return WF_SEGMENT_REJECTED;
    } else {
        skip = header_bytes(gathering->schema, header, packet, len);
    }
    if (skip > len || !append(gathering, packet + skip, len - skip)) {
        give_up(gathering, out_lost);
        *out_reject = skip > len ? WF_REJECT_BAD_SEGMENT : WF_REJECT_TOO_LONG;
        return WF_SEGMENT_REJECTED;
    }
    gathering->next_count = (uint16_t)((header->sequence_count + 1u) % WF_CCSDS_SEQUENCE_MODULO);
    if (header->sequence_flags != WF_CCSDS_LAST)
        return WF_SEGMENT_WAITING;
    gathering->pieces = 0;
    finish_header(gathering);
    return WF_SEGMENT_WHOLE;
}

enum wf_segment_result wf_segments_take(struct wf_segments *segments, const uint8_t *packet,
                                        size_t len, const uint8_t **out_packet, size_t *out_len,
                                        enum wf_reject *out_reject, uint32_t *out_lost)
{
    struct wf_ccsds_header header;
    struct gathering *gathering;
    enum wf_segment_result result;

    *out_lost = 0;
    if (!wf_ccsds_parse(packet, len, &header) || segments->by_apid[header.apid] == 0) {
        *out_packet = packet;
        *out_len = len;
        return WF_SEGMENT_WHOLE;
    }
    gathering = &segments->list[segments->by_apid[header.apid] - 1];
    if (header.sequence_flags == WF_CCSDS_UNSEGMENTED) {
        give_up(gathering, out_lost);
        *out_packet = packet;
        *out_len = len;
        return WF_SEGMENT_WHOLE;
    }
    result = take_piece(gathering, &header, packet, len, out_reject, out_lost);
    if (result == WF_SEGMENT_WHOLE) {
        *out_packet = gathering->bytes;
        *out_len = gathering->len;
    }
    return result;
}
