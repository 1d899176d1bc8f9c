/* SPDX-License-Identifier: MIT */
/* Reading recordings; see recording.h. */

#include "recording.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/framing.h>
#include <watchfloor/decode/timecode.h>
#include <watchfloor/strbuf.h>

#include "recorded.h"

#define READ_BYTES 65536
/* Packets of one read wait here; each is preceded by its length. */
#define QUEUE_BYTES (WF_FRAMER_BUFFER_BYTES + 2 * READ_BYTES)
struct recording {
    FILE *file;
    struct send_options options;
    struct wf_framer *framer; /* ccsds */
    bool was_read_whole, has_failed;
    uint64_t file_bytes, read_bytes;
    uint64_t torn_bytes; /* records: of one cut at the end */
    char problem[240];

    uint8_t chunk[READ_BYTES];
    uint8_t *queue; /* QUEUE_BYTES */
    size_t queued, taken;
};

static void queue_packet(void *context, const uint8_t *packet, size_t len)
{
    struct recording *recording = context;
    uint32_t word = (uint32_t)len;

    /* One read and what the framer held make no more than fits; this is for our own mistakes. */
    if (recording->queued + sizeof(word) + len > QUEUE_BYTES)
        return;
    memcpy(recording->queue + recording->queued, &word, sizeof(word));
    memcpy(recording->queue + recording->queued + sizeof(word), packet, len);
    recording->queued += sizeof(word) + len;
}

static void pass_rubbish(void *context, enum wf_reject reject, const uint8_t *bytes, size_t len)
{
    (void)context; /* the framer counts */
    (void)reject;
    (void)bytes;
    (void)len;
}

/* Right after a read, while errno still tells. */
static void note_read_error(struct recording *recording)
{
    if (!ferror(recording->file) || recording->has_failed)
        return;
    recording->has_failed = true;
    (void)wf_copy_text(recording->problem, sizeof(recording->problem), strerror(errno));
}

/* Read until there is a packet in the queue; false when there is none any more. */
static bool fill_queue(struct recording *recording)
{
    recording->queued = recording->taken = 0;
    while (recording->queued == 0 && !recording->was_read_whole) {
        /* Small packets grow by their length words: a quarter of the room is enough for them. */
        size_t len = fread(recording->chunk, 1, READ_BYTES / 2, recording->file);

        note_read_error(recording);
        recording->read_bytes += len;
        wf_framer_feed(recording->framer, recording->chunk, len, queue_packet, pass_rubbish,
                       recording);
        if (len > 0)
            continue;
        recording->was_read_whole = true;
        wf_framer_end(recording->framer, queue_packet, pass_rubbish, recording);
    }
    return recording->queued > 0;
}

static int64_t packet_time(const struct recording *recording, const uint8_t *packet, size_t len)
{
    int64_t utc_ns = WF_TIME_NONE;

    if (recording->options.time == NULL || len <= WF_CCSDS_HEADER_BYTES ||
        (packet[0] & 0x08) == 0 || /* no secondary header */
        wf_timecode_read(recording->options.time, packet + WF_CCSDS_HEADER_BYTES,
                         len - WF_CCSDS_HEADER_BYTES, &utc_ns) < 0)
        return WF_TIME_NONE;
    return utc_ns;
}

static bool next_ccsds(struct recording *recording, struct send_packet *out)
{
    uint32_t len;

    if (recording->taken == recording->queued && !fill_queue(recording))
        return false;
    memcpy(&len, recording->queue + recording->taken, sizeof(len));
    out->bytes = recording->queue + recording->taken + sizeof(len);
    out->len = len;
    out->time_ns = packet_time(recording, out->bytes, len);
    recording->taken += sizeof(len) + len;
    return true;
}

static void end_torn(struct recording *recording, size_t bytes, const char *why)
{
    recording->was_read_whole = true;
    recording->torn_bytes += bytes;
    note_read_error(recording);
    if (bytes > 0 && !recording->has_failed)
        (void)wf_copy_text(recording->problem, sizeof(recording->problem), why);
}

static bool next_record(struct recording *recording, struct send_packet *out)
{
    uint8_t head[RECORDED_HEAD_BYTES];
    uint32_t skip = recording->options.skip;

    for (;;) {
        size_t got = recording->was_read_whole ? 0 : fread(head, 1, sizeof(head), recording->file);
        uint32_t len;

        if (got < sizeof(head)) {
            end_torn(recording, got, "the last record is cut");
            return false;
        }
        len = recorded_head_len(head);
        if (!recorded_is_head(head)) {
            end_torn(recording, got, "what follows is no record (time, length, datagram)");
            return false;
        }
        got = fread(recording->queue, 1, len, recording->file);
        recording->read_bytes += sizeof(head) + got;
        if (got < len) {
            end_torn(recording, sizeof(head) + got, "the last record is cut");
            return false;
        }
        if (len <= skip)
            continue;
        out->bytes = recording->queue + skip;
        out->len = len - skip;
        out->time_ns = recorded_head_time(head);
        return true;
    }
}

bool recording_next(struct recording *recording, struct send_packet *out)
{
    return recording->options.format == SEND_FORMAT_RECORDS ? next_record(recording, out)
                                                            : next_ccsds(recording, out);
}

static int make_framer(struct recording *recording, struct wf_err *err)
{
    char stages[32] = "";
    struct wf_strbuf text = WF_STRBUF_FIXED(stages);

    if (recording->options.skip > 0)
        wf_strbuf_addf(&text, "skip %u", recording->options.skip);
    return wf_framer_create(stages, "ccsds", true, &recording->framer, err);
}

static int measure_file(struct recording *recording, const char *path, struct wf_err *err)
{
    long size;

    if (fseek(recording->file, 0, SEEK_END) != 0 || (size = ftell(recording->file)) < 0)
        return wf_fail_errno(err, errno, "%s", path);
    rewind(recording->file);
    recording->file_bytes = (uint64_t)size;
    if (recording->options.format == SEND_FORMAT_AUTO)
        recording->options.format =
            recorded_has_datagrams(recording->file) ? SEND_FORMAT_RECORDS : SEND_FORMAT_CCSDS;
    rewind(recording->file);
    return 0;
}

int recording_open(const char *path, const struct send_options *options,
                   struct recording **out_recording, struct wf_err *err)
{
    struct recording *recording = calloc(1, sizeof(*recording));
    int rc = 0;

    if (recording != NULL)
        recording->queue = malloc(QUEUE_BYTES);
    if (recording == NULL || recording->queue == NULL) {
        free(recording);
        return wf_fail(err, WF_ERR_NOMEM, "%s: out of memory", path);
    }
    recording->options = *options;
    recording->file = fopen(path, "rb");
    if (recording->file == NULL)
        rc = wf_fail_errno(err, errno, "%s", path);
    if (rc == 0)
        rc = measure_file(recording, path, err);
    if (rc == 0)
        rc = make_framer(recording, err);
    if (rc < 0) {
        recording_close(&recording);
        return rc;
    }
    *out_recording = recording;
    return 0;
}

void recording_close(struct recording **recording)
{
    struct recording *gone = *recording;

    *recording = NULL;
    if (gone == NULL)
        return;
    if (gone->file != NULL)
        (void)fclose(gone->file);
    wf_framer_destroy(&gone->framer);
    free(gone->queue);
    free(gone);
}

int recording_rewind(struct recording *recording, struct wf_err *err)
{
    if (fseek(recording->file, 0, SEEK_SET) != 0)
        return wf_fail_errno(err, errno, "beginning again");
    recording->was_read_whole = false;
    recording->read_bytes = 0;
    recording->queued = recording->taken = 0;
    return 0;
}

bool recording_is_timed(const struct recording *recording)
{
    return recording->options.format == SEND_FORMAT_RECORDS || recording->options.time != NULL;
}

enum send_format recording_format(const struct recording *recording)
{
    return recording->options.format;
}

double recording_progress(const struct recording *recording)
{
    if (recording->file_bytes == 0)
        return 1;
    return fmin(1, (double)recording->read_bytes / (double)recording->file_bytes);
}

uint64_t recording_rubbish_bytes(const struct recording *recording)
{
    return wf_framer_rubbish_bytes(recording->framer) + recording->torn_bytes;
}

bool recording_has_failed(const struct recording *recording)
{
    return recording->has_failed;
}

const char *recording_problem(const struct recording *recording)
{
    return recording->problem;
}
