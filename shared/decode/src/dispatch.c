/* SPDX-License-Identifier: MIT */
/*
 * Dispatch: a table from APID to a run of entries, those with a match expression
 * first, in the order given.
 */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/dispatch.h>

struct wf_dispatch {
    struct wf_dispatch_entry *entries; /* by APID; an entry stands once for each of its APIDs */
    uint32_t first[WF_CCSDS_APID_COUNT + 1]; /* entries [first[a], first[a + 1]) are APID a's */
    uint8_t known[WF_CCSDS_APID_COUNT / 8];
};

static bool takes(const struct wf_schema *schema, unsigned apid)
{
    for (size_t i = 0; i < schema->apid_count; i++) {
        if (schema->apids[i] == apid)
            return true;
    }
    return false;
}

/* Append those of `apid`: conditional ones, then the one that takes the rest. */
static int add_apid(struct wf_dispatch *dispatch, unsigned apid,
                    const struct wf_dispatch_entry *entries, size_t count, uint32_t *end,
                    struct wf_err *err)
{
    const struct wf_dispatch_entry *rest = NULL;

    for (size_t i = 0; i < count; i++) {
        const struct wf_dispatch_entry *entry = &entries[i];

        if (!takes(entry->schema, apid))
            continue;
        if (entry->schema->match[0] != '\0') {
            dispatch->entries[(*end)++] = *entry;
        } else if (rest != NULL) {
            return wf_fail(err, WF_ERR_INVALID,
                           "APID %u: both '%s' and '%s' take all of it; give one of them 'match'",
                           apid, rest->schema->name, entry->schema->name);
        } else {
            rest = entry;
        }
    }
    if (rest != NULL)
        dispatch->entries[(*end)++] = *rest;
    return 0;
}

int wf_dispatch_create(const struct wf_dispatch_entry *entries, size_t count,
                       struct wf_dispatch **out_dispatch, struct wf_err *err)
{
    struct wf_dispatch *dispatch = calloc(1, sizeof(*dispatch));
    size_t all = 1;
    uint32_t end = 0;

    for (size_t i = 0; i < count; i++)
        all += entries[i].schema->apid_count;
    if (dispatch != NULL)
        dispatch->entries = calloc(all, sizeof(*dispatch->entries));
    if (dispatch == NULL || dispatch->entries == NULL) {
        free(dispatch);
        return wf_fail(err, WF_ERR_NOMEM, "dispatcher");
    }
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < entries[i].schema->apid_count; k++) {
            unsigned apid = entries[i].schema->apids[k] % WF_CCSDS_APID_COUNT;

            dispatch->known[apid / 8] |= (uint8_t)(1u << apid % 8);
        }
    }
    for (unsigned apid = 0; apid < WF_CCSDS_APID_COUNT; apid++) {
        int rc = 0;

        dispatch->first[apid] = end;
        if ((dispatch->known[apid / 8] >> (apid % 8) & 1) != 0)
            rc = add_apid(dispatch, apid, entries, count, &end, err);
        if (rc < 0) {
            wf_dispatch_destroy(&dispatch);
            return rc;
        }
    }
    dispatch->first[WF_CCSDS_APID_COUNT] = end;
    *out_dispatch = dispatch;
    return 0;
}

void wf_dispatch_destroy(struct wf_dispatch **dispatch)
{
    if (*dispatch == NULL)
        return;
    free((*dispatch)->entries);
    free(*dispatch);
    *dispatch = NULL;
}

static enum wf_dispatch_result refuse(enum wf_reject why, enum wf_reject *out_reject)
{
    *out_reject = why;
    return WF_DISPATCH_REJECTED;
}

/* What can be wrong with a packet whatever its subsystem. */
static bool is_sound(const struct wf_ccsds_header *header, size_t len, enum wf_reject *out_why)
{
    if (header->version != 0)
        *out_why = WF_REJECT_BAD_VERSION;
    else if (header->packet_bytes > len)
        *out_why = WF_REJECT_TRUNCATED;
    else if (header->packet_bytes < len)
        *out_why = WF_REJECT_TOO_LONG;
    else if (header->is_command)
        *out_why = WF_REJECT_BAD_TYPE;
    else
        return true;
    return false;
}

static enum wf_dispatch_result find_entry(const struct wf_dispatch *dispatch, uint16_t apid,
                                          const uint8_t *packet, size_t len, uint32_t *out_id,
                                          enum wf_reject *out_reject)
{
    uint32_t end = dispatch->first[apid + 1u];

    if (apid == WF_CCSDS_APID_IDLE)
        return WF_DISPATCH_IDLE;
    if (dispatch->first[apid] == end)
        return refuse(WF_REJECT_UNKNOWN_APID, out_reject);
    for (uint32_t i = dispatch->first[apid]; i < end; i++) {
        const struct wf_dispatch_entry *entry = &dispatch->entries[i];

        if (entry->schema->match[0] != '\0' && !wf_decoder_matches(entry->decoder, packet, len))
            continue;
        if (len > entry->schema->packet_max)
            return refuse(WF_REJECT_TOO_LONG, out_reject);
        *out_id = entry->id;
        return WF_DISPATCH_FOUND;
    }
    return refuse(WF_REJECT_NO_MATCH, out_reject);
}

enum wf_dispatch_result wf_dispatch_find(const struct wf_dispatch *dispatch, const uint8_t *packet,
                                         size_t len, uint32_t *out_id, enum wf_reject *out_reject)
{
    struct wf_ccsds_header header;
    enum wf_reject why = WF_REJECT_TRUNCATED;

    if (!wf_ccsds_parse(packet, len, &header) || !is_sound(&header, len, &why))
        return refuse(why, out_reject);
    return find_entry(dispatch, header.apid, packet, len, out_id, out_reject);
}

enum wf_dispatch_result wf_dispatch_find_assembled(const struct wf_dispatch *dispatch,
                                                   const uint8_t *packet, size_t len,
                                                   uint32_t *out_id, enum wf_reject *out_reject)
{
    struct wf_ccsds_header header;

    if (!wf_ccsds_parse(packet, len, &header))
        return refuse(WF_REJECT_TRUNCATED, out_reject);
    return find_entry(dispatch, header.apid, packet, len, out_id, out_reject);
}

const struct wf_schema *wf_dispatch_segmented(const struct wf_dispatch *dispatch, uint16_t apid)
{
    if (apid >= WF_CCSDS_APID_COUNT)
        return NULL;
    for (uint32_t i = dispatch->first[apid]; i < dispatch->first[apid + 1u]; i++) {
        if (dispatch->entries[i].schema->is_segmented)
            return dispatch->entries[i].schema;
    }
    return NULL;
}

const uint8_t *wf_dispatch_known(const struct wf_dispatch *dispatch)
{
    return dispatch->known;
}
