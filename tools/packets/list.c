/* SPDX-License-Identifier: MIT */
/* Packets as lines: see packets.h. */

#include "packets.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/ccsds.h>

#include "json_text.h"

struct list {
    enum packets_format format;
    uint64_t count;
};

static int apid_of(const struct wf_packet *packet, int *out_sequence)
{
    *out_sequence = -1;
    if (packet->len < WF_CCSDS_HEADER_BYTES)
        return -1;
    *out_sequence = (packet->bytes[2] & 0x3f) << 8 | packet->bytes[3];
    return (packet->bytes[0] & 7) << 8 | packet->bytes[1];
}

static void add_hex(struct wf_strbuf *out, const struct wf_packet *packet)
{
    for (size_t i = 0; i < packet->len; i++)
        wf_strbuf_addf(out, "%02x", packet->bytes[i]);
}

static void write_table(const struct wf_packet_row *row, const char *time)
{
    const struct wf_packet *packet = &row->packet;
    int sequence;
    int apid = apid_of(packet, &sequence);

    (void)printf("%s %10" PRIu64 "  %-10s %-10s %-14s %6zu", time, packet->number, packet->listener,
                 packet->source, packet->subsystem, packet->len);
    if (apid >= 0)
        (void)printf("  %4d %5d", apid, sequence);
    else
        (void)printf("     -     -");
    (void)printf("  %s%s%s\n", row->outcome, packet->peer[0] != '\0' ? "  from " : "",
                 packet->peer);
}

static void write_csv(const struct wf_packet_row *row, const char *time)
{
    const struct wf_packet *packet = &row->packet;
    struct wf_strbuf hex;
    int sequence;
    int apid = apid_of(packet, &sequence);

    wf_strbuf_init(&hex, 2 * WF_PACKET_RECORD_MAX + 1);
    add_hex(&hex, packet);
    (void)printf("%s,%" PRIu64 ",%s,%s,%s,%s,%d,%d,%zu,%s,%s\r\n", time, packet->number,
                 packet->listener, packet->source, packet->subsystem, row->outcome, apid, sequence,
                 packet->len, packet->peer, packet->len > 0 ? hex.text : "");
    wf_strbuf_fini(&hex);
}

static void write_json(const struct wf_packet_row *row, const char *time)
{
    const struct wf_packet *packet = &row->packet;
    struct wf_strbuf hex;
    json_t *object;
    int sequence;
    int apid = apid_of(packet, &sequence);

    wf_strbuf_init(&hex, 2 * WF_PACKET_RECORD_MAX + 1);
    add_hex(&hex, packet);
    object = json_pack("{s:s,s:I,s:s,s:s,s:s,s:s,s:i,s:i,s:I,s:s,s:s}", "received", time, "number",
                       (json_int_t)packet->number, "listener", packet->listener, "source",
                       packet->source, "subsystem", packet->subsystem, "outcome", row->outcome,
                       "apid", apid, "sequence", sequence, "length", (json_int_t)packet->len,
                       "peer", packet->peer, "data", packet->len > 0 ? hex.text : "");
    if (object != NULL)
        (void)json_text_write(object, false, stdout);
    json_decref(object);
    wf_strbuf_fini(&hex);
}

static int write_row(void *context, const struct wf_packet_row *row)
{
    struct list *list = context;
    char text[64];
    struct wf_strbuf time = WF_STRBUF_FIXED(text);

    wf_strbuf_add_time(&time, row->packet.received_ns, list->format == PACKETS_TABLE ? 6 : 9);
    list->count++;
    switch (list->format) {
    case PACKETS_TABLE:
        write_table(row, text);
        break;
    case PACKETS_CSV:
        write_csv(row, text);
        break;
    case PACKETS_JSON:
        write_json(row, text);
        break;
    case PACKETS_HEX:
        write_table(row, text);
        packets_hex(row->packet.bytes, row->packet.len, 0, 0, stdout);
        break;
    case PACKETS_RAW: /* packets one behind the other, as wf decode and wf send read them */
    default:
        (void)fwrite(row->packet.bytes, 1, row->packet.len, stdout);
        break;
    }
    return ferror(stdout) ? WF_ERR_SYSTEM : 0;
}

static int write_gap(void *context, const struct wf_packet_gap *gap)
{
    char text[64];
    struct wf_strbuf time = WF_STRBUF_FIXED(text);

    (void)context;
    wf_strbuf_add_time(&time, gap->from_ns, 3);
    (void)fprintf(stderr, "gap: %" PRIu64 " packets (%" PRIu64 " .. %" PRIu64 ") after %s: %s\n",
                  gap->last_number - gap->first_number + 1, gap->first_number, gap->last_number,
                  text, gap->cause);
    return 0;
}

static void write_heading(enum packets_format format)
{
    if (format == PACKETS_TABLE)
        (void)printf("%-27s %10s  %-10s %-10s %-14s %6s  %4s %5s  %s\n", "RECEIVED", "NUMBER",
                     "LISTENER", "SOURCE", "SUBSYSTEM", "BYTES", "APID", "COUNT", "OUTCOME");
    if (format == PACKETS_CSV)
        (void)printf("received,number,listener,source,subsystem,outcome,apid,sequence,length,peer,"
                     "data\r\n");
}

int packets_list(const char *history, const struct wf_packet_query *query,
                 enum packets_format format, uint64_t *out_count, struct wf_err *err)
{
    struct wf_packet_archive *archive = NULL;
    struct list list = { .format = format };
    int rc = wf_packet_archive_open(history, &archive, err);
    const char *trouble;

    if (rc == WF_ERR_ABSENT)
        return wf_fail(err, WF_ERR_ABSENT,
                       "no packets were recorded in %.150s/packets; packet_ring in [receiver] "
                       "begins it",
                       history);
    if (rc < 0)
        return rc;
    write_heading(format);
    rc = wf_packet_archive_each(archive, query, write_row, &list, err);
    if (rc == WF_ERR_SYSTEM)
        rc = wf_fail(err, WF_ERR_SYSTEM, "cannot write to standard output");
    if (rc == 0)
        rc = wf_packet_archive_gaps(archive, query->from_ns, query->to_ns, write_gap, NULL, err);
    for (size_t i = 0; (trouble = wf_packet_archive_trouble(archive, i)) != NULL; i++)
        (void)fprintf(stderr, "wf-packets: not read: %s\n", trouble);
    wf_packet_archive_close(&archive);
    *out_count = list.count;
    return rc;
}
