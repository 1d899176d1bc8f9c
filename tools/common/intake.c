/* SPDX-License-Identifier: MIT */
/* Intake: see intake.h. */

#include "intake.h"

#include <stdlib.h>

#include <watchfloor/decode/dispatch.h>
#include <watchfloor/decode/segments.h>

struct intake {
    const struct wf_schema *const *schemas;
    size_t count;
    struct wf_decoder **decoders;
    struct wf_dispatch *dispatch;
    struct wf_segments *segments;
    void *payload;
    bool is_uncounted[WF_CCSDS_APID_COUNT];
};

static enum intake_result reject(struct intake_taken *out, enum wf_reject reason)
{
    out->reason = reason;
    return INTAKE_REJECTED;
}

static enum intake_result take_whole(struct intake *intake, const uint8_t *packet, size_t len,
                                     bool is_assembled, struct intake_taken *out)
{
    enum wf_reject reason = WF_REJECT_NO_MATCH;
    uint32_t id = 0;
    enum wf_dispatch_result result =
        is_assembled ? wf_dispatch_find_assembled(intake->dispatch, packet, len, &id, &reason)
                     : wf_dispatch_find(intake->dispatch, packet, len, &id, &reason);

    if (result == WF_DISPATCH_IDLE)
        return INTAKE_IDLE;
    if (result == WF_DISPATCH_REJECTED)
        return reject(out, reason);
    out->target = (int)id;
    if (wf_decode(intake->decoders[id], packet, len, intake->payload, &out->decoded) < 0)
        return reject(out, WF_REJECT_BAD_LENGTH);
    out->payload = intake->payload;
    return INTAKE_SAMPLE;
}

enum intake_result intake_take(struct intake *intake, const uint8_t *packet, size_t len,
                               struct intake_taken *out)
{
    const uint8_t *whole = packet;
    size_t whole_len = len;

    *out = (struct intake_taken){ .target = -1, .reason = WF_REJECT_TRUNCATED };
    if (!wf_ccsds_parse(packet, len, &out->header))
        return INTAKE_REJECTED;
    switch (wf_segments_take(intake->segments, packet, len, &whole, &whole_len, &out->reason,
                             &out->lost_segments)) {
    case WF_SEGMENT_WAITING:
        return INTAKE_WAITING;
    case WF_SEGMENT_REJECTED:
        return INTAKE_REJECTED;
    default:
        break;
    }
    (void)wf_ccsds_parse(whole, whole_len, &out->header);
    return take_whole(intake, whole, whole_len, whole != packet, out);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int make_decoders(struct intake *intake, struct wf_err *err)
{
    uint32_t payload_max = 8;

    intake->decoders = calloc(intake->count + 1, sizeof(*intake->decoders));
    if (intake->decoders == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < intake->count; i++) {
        const struct wf_schema *schema = intake->schemas[i];

        if (wf_decoder_create(schema, &intake->decoders[i], err) < 0) {
            wf_err_prefix(err, "schema '%s'", schema->name);
            return err->rc;
        }
        if (schema->payload_bytes > payload_max)
            payload_max = schema->payload_bytes;
        for (size_t k = 0; k < schema->apid_count; k++)
            intake->is_uncounted[schema->apids[k]] = schema->is_uncounted;
    }
    intake->payload = malloc(payload_max);
    return intake->payload != NULL ? 0 : wf_fail(err, WF_ERR_NOMEM, "out of memory");
}

static int make_dispatch(struct intake *intake, struct wf_err *err)
{
    struct wf_dispatch_entry *entries = calloc(intake->count + 1, sizeof(*entries));
    int rc;

    if (entries == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < intake->count; i++)
        entries[i] = (struct wf_dispatch_entry){ .schema = intake->schemas[i],
                                                 .decoder = intake->decoders[i],
                                                 .id = (uint32_t)i };
    rc = wf_dispatch_create(entries, intake->count, &intake->dispatch, err);
    free(entries);
    if (rc == 0)
        rc = wf_segments_create(intake->schemas, intake->count, &intake->segments, err);
    return rc;
}

int intake_create(const struct wf_schema *const *schemas, size_t count, struct intake **out_intake,
                  struct wf_err *err)
{
    struct intake *intake = calloc(1, sizeof(*intake));
    int rc;

    if (intake == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    intake->schemas = schemas;
    intake->count = count;
    rc = make_decoders(intake, err);
    if (rc == 0)
        rc = make_dispatch(intake, err);
    if (rc < 0)
        intake_destroy(&intake);
    else
        *out_intake = intake;
    return rc;
}

void intake_destroy(struct intake **intake)
{
    struct intake *gone = *intake;

    *intake = NULL;
    if (gone == NULL)
        return;
    for (size_t i = 0; gone->decoders != NULL && i < gone->count; i++)
        wf_decoder_destroy(&gone->decoders[i]);
    free(gone->decoders);
    wf_dispatch_destroy(&gone->dispatch);
    wf_segments_destroy(&gone->segments);
    free(gone->payload);
    free(gone);
}

const uint8_t *intake_known(const struct intake *intake)
{
    return wf_dispatch_known(intake->dispatch);
}

int intake_segmented(const struct intake *intake, uint16_t apid)
{
    const struct wf_schema *schema = wf_dispatch_segmented(intake->dispatch, apid);

    for (size_t i = 0; schema != NULL && i < intake->count; i++) {
        if (intake->schemas[i] == schema)
            return (int)i;
    }
    return -1;
}

bool intake_is_counted(const struct intake *intake, uint16_t apid)
{
    return !intake->is_uncounted[apid];
}
