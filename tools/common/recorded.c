/* SPDX-License-Identifier: MIT */
/* Recorded: see recorded.h. */

#include "recorded.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/framing.h>

#define READ_BYTES (256u << 10)
#define SHOW_NS    (WF_NS_PER_S / 4)
/* Records looked at to tell the two formats apart. */
#define LOOK_RECORDS 3
/* Times that a recording of a spacecraft can have: 1973 to 2128. */
#define TIME_MIN_S 1e8
#define TIME_MAX_S 5e9

/* --- heads of records --------------------------------------------------------------------------- */

static uint32_t read_u32(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static double read_seconds(const uint8_t *at)
{
    uint64_t bits = (uint64_t)read_u32(at) << 32 | read_u32(at + 4);
    double seconds;

    memcpy(&seconds, &bits, sizeof(seconds));
    return seconds;
}

bool recorded_is_head(const uint8_t head[RECORDED_HEAD_BYTES])
{
    double seconds = read_seconds(head);
    uint32_t len = read_u32(head + 8);

    return seconds >= TIME_MIN_S && seconds <= TIME_MAX_S && len > 0 &&
           len <= RECORDED_DATAGRAM_MAX;
}

uint32_t recorded_head_len(const uint8_t head[RECORDED_HEAD_BYTES])
{
    return read_u32(head + 8);
}

int64_t recorded_head_time(const uint8_t head[RECORDED_HEAD_BYTES])
{
    return (int64_t)(read_seconds(head) * 1e9);
}

/* The first few records follow one another: a packet header rarely looks like one. */
bool recorded_has_datagrams(FILE *file)
{
    bool is_any = false;

    for (int i = 0; i < LOOK_RECORDS; i++) {
        uint8_t head[RECORDED_HEAD_BYTES];
        size_t len = fread(head, 1, sizeof(head), file);

        if (len == 0 && is_any)
            break;
        if (len < sizeof(head) || !recorded_is_head(head))
            return false;
        is_any = true;
        if (fseeko(file, (off_t)recorded_head_len(head), SEEK_CUR) != 0)
            return false;
    }
    return is_any;
}

/* --- reading -------------------------------------------------------------------------------------- */

struct reading {
    const struct recorded_hearer *hearer;
    FILE *file;
    struct wf_framer *framer;
    uint8_t *buffer;
    const char *path;
    uint64_t size, read_bytes;
    bool is_shown;
    int64_t show_next_ns;
    uint64_t packet_bytes, rubbish_told; /* packets: called back so far, of rubbish told so far */
    uint64_t torn_bytes;                 /* datagrams: outside of records */

    /* The datagram in hand; NULL: it is a stream. */
    const uint8_t *datagram;
    uint64_t datagram_offset;
    int64_t received_ns;
};

/* Every byte that was fed is skipped, rubbish, a packet's or held: so far the first three. */
static uint64_t consumed(const struct reading *reading)
{
    return wf_framer_skipped_bytes(reading->framer) + wf_framer_rubbish_bytes(reading->framer) +
           reading->packet_bytes;
}

static void on_packet(void *context, const uint8_t *bytes, size_t len)
{
    struct reading *reading = context;
    struct recorded_packet packet = {
        .bytes = bytes, .len = len, .offset = consumed(reading), .received_ns = reading->received_ns
    };

    if (reading->datagram != NULL)
        packet.offset = reading->datagram_offset + (uint64_t)(bytes - reading->datagram);
    reading->packet_bytes += len;
    reading->hearer->packet(reading->hearer->context, &packet);
}

static void on_rubbish(void *context, enum wf_reject reason, const uint8_t *bytes, size_t len)
{
    struct reading *reading = context;
    uint64_t rubbish = wf_framer_rubbish_bytes(reading->framer);
    uint64_t run = rubbish - reading->rubbish_told;

    (void)bytes;
    (void)len;
    reading->rubbish_told = rubbish;
    reading->hearer->rubbish(
        reading->hearer->context, reason,
        reading->datagram != NULL ? reading->datagram_offset : consumed(reading) - run, run);
}

static bool go_on(struct reading *reading)
{
    int64_t now = reading->is_shown ? wf_mono_now_ns() : 0;

    if (reading->is_shown && now >= reading->show_next_ns) {
        reading->show_next_ns = now + SHOW_NS;
        if (reading->size > 0)
            (void)fprintf(stderr, "\r%s: %3.0f %% ", reading->path,
                          100.0 * (double)reading->read_bytes / (double)reading->size);
        else
            (void)fprintf(stderr, "\r%s: %llu MiB ", reading->path,
                          (unsigned long long)(reading->read_bytes >> 20));
    }
    return reading->hearer->go_on(reading->hearer->context);
}

static void read_packets(struct reading *reading)
{
    size_t got;

    reading->received_ns = WF_TIME_NONE;
    do {
        got = fread(reading->buffer, 1, READ_BYTES, reading->file);
        reading->read_bytes += got;
        wf_framer_feed(reading->framer, reading->buffer, got, on_packet, on_rubbish, reading);
    } while (go_on(reading) && got > 0);
    if (!ferror(reading->file))
        wf_framer_end(reading->framer, on_packet, on_rubbish, reading);
}

static void tell_torn(struct reading *reading, enum wf_reject reason, uint64_t offset, uint64_t len)
{
    reading->torn_bytes += len;
    reading->hearer->rubbish(reading->hearer->context, reason, offset, len);
}

/* Is there a record at this place, followed by another one or by the end? */
static bool is_record_at(const struct reading *reading, uint64_t offset)
{
    uint8_t head[RECORDED_HEAD_BYTES];

    for (int i = 0; i < 2; i++) {
        if (fseeko(reading->file, (off_t)offset, SEEK_SET) != 0)
            return false;
        if (fread(head, 1, sizeof(head), reading->file) < sizeof(head))
            return i > 0 && offset == reading->size;
        if (!recorded_is_head(head))
            return false;
        offset += RECORDED_HEAD_BYTES + recorded_head_len(head);
    }
    return true;
}

/* Behind bytes that are no record: where one begins again, or the end. */
static uint64_t find_record(const struct reading *reading, uint64_t from)
{
    for (uint64_t at = from;;) {
        size_t got;

        if (fseeko(reading->file, (off_t)at, SEEK_SET) != 0)
            return reading->size;
        got = fread(reading->buffer, 1, READ_BYTES, reading->file);
        for (size_t i = 0; i + RECORDED_HEAD_BYTES <= got; i++) {
            if (recorded_is_head(reading->buffer + i) && is_record_at(reading, at + i))
                return at + i;
        }
        if (got < READ_BYTES)
            return at + got;
        at += got - RECORDED_HEAD_BYTES + 1;
    }
}

/* One record; false at the end. */
static bool read_datagram(struct reading *reading)
{
    uint64_t offset = reading->read_bytes;
    uint8_t head[RECORDED_HEAD_BYTES];
    size_t got = fread(head, 1, sizeof(head), reading->file);
    uint32_t len;

    if (got == 0 || ferror(reading->file))
        return false;
    if (got < sizeof(head)) {
        tell_torn(reading, WF_REJECT_TRUNCATED, offset, got);
        return false;
    }
    len = recorded_head_len(head);
    if (!recorded_is_head(head)) {
        reading->read_bytes = find_record(reading, offset + 1);
        tell_torn(reading, WF_REJECT_BAD_FRAMING, offset, reading->read_bytes - offset);
        return fseeko(reading->file, (off_t)reading->read_bytes, SEEK_SET) == 0;
    }
    got = fread(reading->buffer, 1, len, reading->file);
    reading->read_bytes += sizeof(head) + got;
    if (got < len) {
        if (!ferror(reading->file))
            tell_torn(reading, WF_REJECT_TRUNCATED, offset, sizeof(head) + got);
        return false;
    }
    reading->datagram = reading->buffer;
    reading->datagram_offset = offset + sizeof(head);
    reading->received_ns = recorded_head_time(head);
    wf_framer_feed(reading->framer, reading->buffer, len, on_packet, on_rubbish, reading);
    return true;
}

static void read_datagrams(struct reading *reading)
{
    uint64_t asked_at = 0;

    while (read_datagram(reading)) {
        if (reading->read_bytes - asked_at < READ_BYTES)
            continue;
        asked_at = reading->read_bytes;
        if (!go_on(reading))
            return;
    }
    (void)go_on(reading);
}

static int open_file(struct reading *reading, const char *path, enum recorded_format *inout_format,
                     struct wf_err *err)
{
    bool is_input = strcmp(path, "-") == 0;
    struct stat status;

    reading->file = is_input ? stdin : fopen(path, "rb");
    if (reading->file == NULL)
        return wf_fail_errno(err, errno, "%s", path);
    if (fstat(fileno(reading->file), &status) == 0 && S_ISDIR(status.st_mode))
        return wf_fail(err, WF_ERR_INVALID, "%s: a folder, expected a recording", path);
    if (fstat(fileno(reading->file), &status) == 0 && S_ISREG(status.st_mode))
        reading->size = (uint64_t)status.st_size;
    if (*inout_format == RECORDED_AUTO) {
        *inout_format = !is_input && recorded_has_datagrams(reading->file) ? RECORDED_DATAGRAMS
                                                                           : RECORDED_PACKETS;
        if (!is_input)
            rewind(reading->file);
    }
    return 0;
}

int recorded_read(const char *path, const struct recorded_options *options,
                  const struct recorded_hearer *hearer, struct recorded_counts *inout_counts,
                  struct wf_err *err)
{
    struct reading reading = { .hearer = hearer,
                               .path = path,
                               .is_shown = isatty(STDERR_FILENO) == 1,
                               .buffer = malloc(READ_BYTES) };
    enum recorded_format format = options->format;
    int rc = reading.buffer == NULL ? wf_fail(err, WF_ERR_NOMEM, "out of memory")
                                    : open_file(&reading, path, &format, err);

    if (rc == 0)
        rc = wf_framer_create(options->stages, "ccsds", format == RECORDED_PACKETS, &reading.framer,
                              err);
    if (rc == 0) {
        wf_framer_set_known(reading.framer, options->known);
        errno = 0;
        if (format == RECORDED_PACKETS)
            read_packets(&reading);
        else
            read_datagrams(&reading);
        if (ferror(reading.file))
            rc = wf_fail_errno(err, errno, "read %s", path);
        if (reading.is_shown)
            (void)fputs("\r\033[K", stderr);
        inout_counts->bytes += reading.read_bytes;
        inout_counts->rubbish_bytes += wf_framer_rubbish_bytes(reading.framer) + reading.torn_bytes;
    }
    if (reading.file != NULL && reading.file != stdin)
        (void)fclose(reading.file);
    wf_framer_destroy(&reading.framer);
    free(reading.buffer);
    return rc;
}
