/* SPDX-License-Identifier: MIT */
/* The packet that a value came from: history, then the archive, then the decoder's walk. */

#include "packets.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/decoder.h>
#include <watchfloor/store/history.h>

#define LOOK_BACK_NS (30 * WF_NS_PER_DAY)

struct origin {
    struct wf_history *history;
    struct wf_history_cursor *cursor;
    struct wf_history_row row;
    char source[WF_NAME_SIZE];
    int parameter;
};

/* --- the sample --------------------------------------------------------------------------- */

static int find_entry(struct origin *origin, const char *name, int64_t at_ns, struct wf_err *err)
{
    struct wf_range range = { at_ns - LOOK_BACK_NS, at_ns + 1, false };
    const struct wf_history_entry *list, *found = NULL;
    size_t count, matches = 0;
    int parameter = WF_NO_INDEX;
    int rc = wf_history_list(origin->history, &range, &list, &count, err);

    for (size_t i = 0; i < count && rc == 0; i++) {
        for (size_t j = 0; j < list[i].schema->parameter_count; j++) {
            if (!wf_pattern_match(name, list[i].source, list[i].schema->name,
                                  list[i].schema->parameters[j].name) ||
                strchr(name, '.') == NULL)
                continue;
            matches++;
            found = &list[i];
            parameter = (int)j;
        }
    }
    if (rc < 0)
        return rc;
    if (matches != 1)
        return wf_fail(err, WF_ERR_ABSENT,
                       matches == 0 ? "'%s' is no parameter in the 30 days before that time"
                                    : "'%s' means several parameters; expected one, as "
                                      "sat1.power.bus_voltage",
                       name);
    const char *names[] = { found->schema->parameters[parameter].name };
    struct wf_history_query query = {
        .range = range,
        .source = found->source,
        .subsystem = found->schema->name,
        .parameters = names,
        .parameter_count = 1,
        .is_stamp_wanted = true,
    };

    (void)wf_copy_text(origin->source, sizeof(origin->source), found->source);
    rc = wf_history_last(origin->history, &query, &origin->cursor, err);
    if (rc == 0)
        rc = wf_history_next(origin->cursor, &origin->row, err);
    if (rc == 0)
        origin->parameter = wf_schema_find(origin->row.schema, names[0]);
    return rc == WF_ERR_ABSENT ? wf_fail(err, rc, "no sample of '%s' before that time", name) : rc;
}

static void print_sample(const struct origin *origin)
{
    const struct wf_schema *schema = origin->row.schema;
    const struct wf_parameter *parameter = &schema->parameters[origin->parameter];
    char name[WF_FULL_NAME_SIZE], value[256], raw[128], time[64];
    struct wf_strbuf name_text = WF_STRBUF_FIXED(name), value_text = WF_STRBUF_FIXED(value),
                     raw_text = WF_STRBUF_FIXED(raw), time_text = WF_STRBUF_FIXED(time);
    struct wf_value found;

    wf_strbuf_add_name(&name_text, origin->source, schema->name, parameter->name);
    wf_value_get(schema, origin->row.payload, (size_t)origin->parameter, 0, &found);
    wf_value_format(schema, (size_t)origin->parameter, &found, &value_text);
    (void)printf("%s = %s%s%s  %s", name, value, parameter->unit[0] != '\0' ? " " : "",
                 parameter->unit, wf_quality_name((enum wf_quality)found.quality));
    wf_value_get_raw(schema, origin->row.payload, (size_t)origin->parameter, 0, &found);
    wf_value_exact(schema, (size_t)origin->parameter, &found, true, &raw_text);
    wf_strbuf_add_time(&time_text, origin->row.time_ns, 9);
    (void)printf(", raw %s, at %s\n", raw, time);
}

/* --- the packet ------------------------------------------------------------------------------- */

static void print_place(const struct origin *origin, const struct wf_located *located)
{
    const struct wf_parameter *parameter = &origin->row.schema->parameters[origin->parameter];

    if (parameter->is_derived)
        (void)printf("derived: %s\n", parameter->expression);
    else if (located->end == located->first)
        (void)printf("it is not in this packet\n");
    else
        (void)printf("bits %" PRIu64 " .. %" PRIu64 " (byte %" PRIu64 ", bit %" PRIu64
                     " from the most significant; %" PRIu64 " bits)\n",
                     located->first, located->end - 1, located->first / 8, located->first % 8,
                     located->end - located->first);
}

static int locate(const struct origin *origin, const struct wf_packet *packet,
                  struct wf_located *out)
{
    const struct wf_schema *schema = origin->row.schema;
    struct wf_located *all = calloc(schema->parameter_count + 1, sizeof(all[0]));
    void *payload = aligned_alloc(64, ((size_t)schema->payload_bytes + 63) / 64 * 64 + 64);
    struct wf_decoder *decoder = NULL;
    int rc = WF_ERR_NOMEM;

    *out = (struct wf_located){ 0 };
    if (all != NULL && payload != NULL)
        rc = wf_decoder_create(schema, &decoder, NULL);
    if (rc == 0)
        rc = wf_decoder_locate(decoder, packet->bytes, packet->len, payload, all);
    if (rc == 0)
        *out = all[origin->parameter];
    wf_decoder_destroy(&decoder);
    free(payload);
    free(all);
    return rc;
}

static int print_packet(void *context, const struct wf_packet_row *row)
{
    const struct origin *origin = context;
    const struct wf_packet *packet = &row->packet;
    struct wf_located located = { 0 };
    char text[64];
    struct wf_strbuf time = WF_STRBUF_FIXED(text);

    wf_strbuf_add_time(&time, packet->received_ns, 9);
    (void)printf("packet %" PRIu64 ", %zu bytes, received %s by %s: %s\n", packet->number,
                 packet->len, text, packet->listener, row->outcome);
    /* Of a segmented packet the pieces are shown; where a field lies only the whole one tells. */
    if (!origin->row.schema->is_segmented && packet->outcome != WF_PACKET_SEGMENT) {
        (void)locate(origin, packet, &located);
        print_place(origin, &located);
    }
    packets_hex(packet->bytes, packet->len, located.first, located.end, stdout);
    return 0;
}

static int print_origin(const char *history, const struct origin *origin, struct wf_err *err)
{
    const struct wf_stamp *stamp = &origin->row.stamp;
    struct wf_packet_archive *archive = NULL;
    int rc = wf_packet_archive_open(history, &archive, err);

    if (rc == 0)
        rc = wf_packet_archive_find(archive, wf_packet_epoch(stamp->epoch), stamp->packet,
                                    stamp->received_ns, print_packet, (void *)(uintptr_t)origin,
                                    err);
    wf_packet_archive_close(&archive);
    if (rc == 0 || rc == WF_ERR_ABSENT)
        return wf_fail(err, WF_ERR_ABSENT,
                       "its packet (number %" PRIu64 ") is not in the archive; packet_ring in "
                       "[receiver] keeps packets",
                       stamp->packet);
    return rc < 0 ? rc : 0;
}

int packets_origin(const char *history, const char *name, int64_t at_ns, struct wf_err *err)
{
    struct origin origin = { .parameter = WF_NO_INDEX };
    int rc = wf_history_open(history, &origin.history, err);

    if (rc == 0)
        rc = find_entry(&origin, name, at_ns, err);
    if (rc == 0) {
        print_sample(&origin);
        rc = print_origin(history, &origin, err);
    }
    wf_history_cursor_close(&origin.cursor);
    wf_history_close(&origin.history);
    return rc;
}
