/* SPDX-License-Identifier: MIT */
/* The stages from bytes to rows: see decode.h. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/region.h>
#include <watchfloor/paths.h>

#include "decode.h"

#define READ_BYTES  (256u << 10)
#define WRITE_BYTES (64u << 10)
#define SHOW_NS     (WF_NS_PER_S / 4)

/* --- rows into files ------------------------------------------------------------------------ */

static void flush(struct decode_session *session, struct decode_target *target)
{
    struct wf_strbuf *text = &target->text;

    if (session->err.rc == 0 && text->was_cut)
        (void)wf_fail(&session->err, WF_ERR_LIMIT, "%s: a row is longer than %u bytes",
                      target->schema->name, DECODE_ROW_MAX);
    else if (session->err.rc == 0 && fwrite(text->text, 1, text->len, target->file) != text->len)
        (void)wf_fail_errno(&session->err, errno, "write %s", target->schema->name);
    wf_strbuf_clear(text);
}

static int open_file(struct decode_session *session, struct decode_target *target)
{
    const char *suffix = session->options.style.format == DECODE_CSV ? "csv" : "json";
    char path[WF_PATH_SIZE];
    struct wf_strbuf name = WF_STRBUF_FIXED(path);

    wf_strbuf_addf(&name, "%s/%s.%s", session->options.out, target->schema->name, suffix);
    if (name.was_cut)
        return wf_fail(&session->err, WF_ERR_LIMIT, "--out: the path is too long");
    target->file = fopen(path, "w");
    return target->file != NULL ? 0 : wf_fail_errno(&session->err, errno, "%s", path);
}

/* Where the rows of `target` go; false when they are left out or cannot be written. */
static bool is_open(struct decode_session *session, struct decode_target *target)
{
    if (target->file != NULL)
        return true;
    if (target->is_left_out || session->err.rc != 0)
        return false;
    if (session->options.out != NULL) {
        if (open_file(session, target) < 0)
            return false;
    } else if (session->shown >= 0) {
        target->is_left_out = true;
        return false;
    } else {
        session->shown = (int)(target - session->targets);
        target->file = stdout;
    }
    decode_row_header(target->schema, session->options.style, &target->text);
    return true;
}

static void write_row(struct decode_session *session, struct decode_target *target,
                      const struct wf_decoded *decoded, uint16_t sequence)
{
    struct decode_row row = {
        .payload = session->payload,
        .device_ns = (decoded->flags & WF_SAMPLE_TIME_BAD) != 0 ? WF_TIME_NONE : decoded->device_ns,
        .sequence = sequence,
        .flags = decoded->flags,
    };

    target->short_packets += (decoded->flags & WF_SAMPLE_SHORT) != 0;
    target->long_packets += (decoded->flags & WF_SAMPLE_LONG) != 0;
    target->bad_times += (decoded->flags & WF_SAMPLE_TIME_BAD) != 0;
    target->rows_with_invalid += decoded->invalid_count > 0;
    if (!is_open(session, target)) {
        target->not_written++;
        return;
    }
    decode_row_add(target->schema, session->options.style, &row, target->rows == 0, session->memo,
                   &target->text);
    target->rows++;
    if (target->text.len >= WRITE_BYTES)
        flush(session, target);
}

/* --- packets ------------------------------------------------------------------------------------ */

static void reject(struct decode_session *session, enum wf_reject reason, uint16_t apid)
{
    session->rejected[reason]++;
    if (reason == WF_REJECT_UNKNOWN_APID)
        session->undefined[apid]++;
}

static void take_whole(struct decode_session *session, const uint8_t *packet, size_t len,
                       const struct wf_ccsds_header *header, bool is_assembled)
{
    enum wf_reject reason = WF_REJECT_NO_MATCH;
    uint32_t id = 0;
    struct decode_target *target;
    struct wf_decoded decoded;
    enum wf_dispatch_result result =
        is_assembled ? wf_dispatch_find_assembled(session->dispatch, packet, len, &id, &reason)
                     : wf_dispatch_find(session->dispatch, packet, len, &id, &reason);

    if (result == WF_DISPATCH_IDLE) {
        session->idle++;
        return;
    }
    if (result == WF_DISPATCH_REJECTED) {
        reject(session, reason, header->apid);
        return;
    }
    target = &session->targets[id];
    if (wf_decode(target->decoder, packet, len, session->payload, &decoded) < 0) {
        target->failed++;
        reject(session, WF_REJECT_BAD_LENGTH, header->apid);
        return;
    }
    write_row(session, target, &decoded, header->sequence_count);
}

static void take_packet(void *context, const uint8_t *packet, size_t len)
{
    struct decode_session *session = context;
    enum wf_reject reason = WF_REJECT_TRUNCATED;
    const uint8_t *whole = packet;
    size_t whole_len = len;
    struct wf_ccsds_header header;
    uint64_t place;
    uint32_t lost;

    if (session->err.rc != 0)
        return;
    if (!wf_ccsds_parse(packet, len, &header)) {
        session->packets++;
        reject(session, WF_REJECT_TRUNCATED, 0);
        return;
    }
    if (session->options.apid >= 0 && header.apid != session->options.apid)
        return;
    session->packets++;
    if (header.apid != WF_CCSDS_APID_IDLE && header.version == 0 && !header.is_command &&
        !session->is_uncounted[header.apid])
        (void)wf_sequence_take(&session->sequences[header.apid], header.sequence_count, &place,
                               &lost);
    switch (wf_segments_take(session->segments, packet, len, &whole, &whole_len, &reason, &lost)) {
    case WF_SEGMENT_WHOLE:
        session->rejected[WF_REJECT_BAD_SEGMENT] += lost;
        (void)wf_ccsds_parse(whole, whole_len, &header);
        take_whole(session, whole, whole_len, &header, whole != packet);
        break;
    case WF_SEGMENT_WAITING:
        session->rejected[WF_REJECT_BAD_SEGMENT] += lost;
        break;
    case WF_SEGMENT_REJECTED:
        session->rejected[WF_REJECT_BAD_SEGMENT] += lost;
        reject(session, reason, header.apid);
        break;
    }
}

static void take_rubbish(void *context, enum wf_reject reason, const uint8_t *bytes, size_t len)
{
    struct decode_session *session = context;

    (void)bytes;
    (void)len;
    session->rubbish_runs++;
    session->rejected[reason]++;
}

/* --- files -------------------------------------------------------------------------------------- */

struct progress {
    bool is_shown;
    const char *path;
    uint64_t size, done;
    int64_t next_ns;
};

static void show_progress(struct progress *progress)
{
    int64_t now = progress->is_shown ? wf_mono_now_ns() : 0;

    if (!progress->is_shown || now < progress->next_ns)
        return;
    progress->next_ns = now + SHOW_NS;
    if (progress->size > 0)
        (void)fprintf(stderr, "\r%s: %3.0f %% ", progress->path,
                      100.0 * (double)progress->done / (double)progress->size);
    else
        (void)fprintf(stderr, "\r%s: %llu MiB ", progress->path,
                      (unsigned long long)(progress->done >> 20));
}

static int read_all(struct decode_session *session, int fd, struct progress *progress,
                    struct wf_err *err)
{
    uint8_t *buffer = malloc(READ_BYTES);
    ssize_t got = 0;

    if (buffer == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    while (session->err.rc == 0) {
        got = read(fd, buffer, READ_BYTES);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            break;
        progress->done += (uint64_t)got;
        session->bytes += (uint64_t)got;
        wf_framer_feed(session->framer, buffer, (size_t)got, take_packet, take_rubbish, session);
        show_progress(progress);
    }
    if (got < 0)
        (void)wf_fail_errno(err, errno, "read %s", progress->path);
    free(buffer);
    return got < 0 ? err->rc : 0;
}

int decode_session_run(struct decode_session *session, const char *path, struct wf_err *err)
{
    bool is_input = strcmp(path, "-") == 0;
    int fd = is_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct progress progress = { .path = path };
    struct stat status;
    int rc;

    if (fd < 0)
        return wf_fail_errno(err, errno, "%s", path);
    progress.is_shown = isatty(STDERR_FILENO) == 1; /* sets errno, so not before */
    if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
        progress.size = (uint64_t)status.st_size;
    wf_framer_reset(session->framer);
    rc = read_all(session, fd, &progress, err);
    if (rc == 0)
        wf_framer_end(session->framer, take_packet, take_rubbish, session);
    if (progress.is_shown)
        (void)fputs("\r\033[K", stderr);
    if (!is_input)
        (void)close(fd);
    if (rc == 0 && session->err.rc != 0) {
        *err = session->err;
        rc = err->rc;
    }
    return rc;
}

int decode_session_end(struct decode_session *session, struct wf_err *err)
{
    for (size_t i = 0; i < session->target_count; i++) {
        struct decode_target *target = &session->targets[i];

        if (target->file == NULL)
            continue;
        decode_row_footer(session->options.style, target->rows == 0, &target->text);
        flush(session, target);
        if ((target->file == stdout ? fflush(stdout) : fclose(target->file)) != 0 &&
            session->err.rc == 0)
            (void)wf_fail_errno(&session->err, errno, "write %s", target->schema->name);
        target->file = NULL;
    }
    if (session->err.rc != 0)
        *err = session->err;
    return session->err.rc;
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int make_targets(struct decode_session *session, const struct decode_schemas *schemas,
                        uint32_t *out_payload_max, struct wf_err *err)
{
    session->targets = calloc(schemas->count + 1, sizeof(*session->targets));
    if (session->targets == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < schemas->count; i++) {
        struct decode_target *target = &session->targets[session->target_count++];
        int rc;

        target->schema = schemas->list[i];
        wf_strbuf_init(&target->text, DECODE_ROW_MAX);
        rc = wf_decoder_create(target->schema, &target->decoder, err);
        if (rc < 0) {
            wf_err_prefix(err, "schema '%s'", target->schema->name);
            return rc;
        }
        if (target->schema->payload_bytes > *out_payload_max)
            *out_payload_max = target->schema->payload_bytes;
    }
    return 0;
}

static int make_dispatch(struct decode_session *session, const struct decode_schemas *schemas,
                         struct wf_err *err)
{
    struct wf_dispatch_entry *entries = calloc(session->target_count + 1, sizeof(*entries));
    int rc;

    if (entries == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < session->target_count; i++)
        entries[i] = (struct wf_dispatch_entry){ .schema = session->targets[i].schema,
                                                 .decoder = session->targets[i].decoder,
                                                 .id = (uint32_t)i };
    rc = wf_dispatch_create(entries, session->target_count, &session->dispatch, err);
    free(entries);
    if (rc == 0)
        rc = wf_segments_create((const struct wf_schema *const *)schemas->list, schemas->count,
                                &session->segments, err);
    return rc;
}

int decode_session_init(struct decode_session *session, const struct decode_schemas *schemas,
                        const struct decode_options *options, struct wf_err *err)
{
    uint32_t payload_max = 8;
    int rc;

    *session = (struct decode_session){ .options = *options, .shown = -1 };
    rc = make_targets(session, schemas, &payload_max, err);
    if (rc == 0)
        rc = make_dispatch(session, schemas, err);
    if (rc == 0)
        rc = wf_framer_create(options->stages, "ccsds", true, &session->framer, err);
    if (rc < 0)
        return rc;
    wf_framer_set_known(session->framer, wf_dispatch_known(session->dispatch));
    session->memo = decode_memo_create();
    session->payload = malloc(payload_max);
    session->sequences = calloc(WF_CCSDS_APID_COUNT, sizeof(*session->sequences));
    session->undefined = calloc(WF_CCSDS_APID_COUNT, sizeof(*session->undefined));
    session->is_uncounted = calloc(WF_CCSDS_APID_COUNT, sizeof(*session->is_uncounted));
    if (session->is_uncounted == NULL || session->memo == NULL || session->payload == NULL ||
        session->sequences == NULL || session->undefined == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < schemas->count; i++)
        for (size_t k = 0; k < schemas->list[i]->apid_count; k++)
            session->is_uncounted[schemas->list[i]->apids[k]] = schemas->list[i]->is_uncounted;
    if (options->out != NULL)
        rc = wf_make_folders(options->out, err);
    return rc;
}

void decode_session_fini(struct decode_session *session)
{
    for (size_t i = 0; i < session->target_count; i++) {
        wf_decoder_destroy(&session->targets[i].decoder);
        wf_strbuf_fini(&session->targets[i].text);
    }
    free(session->targets);
    wf_dispatch_destroy(&session->dispatch);
    wf_segments_destroy(&session->segments);
    wf_framer_destroy(&session->framer);
    decode_memo_destroy(&session->memo);
    free(session->payload);
    free(session->sequences);
    free(session->undefined);
    free(session->is_uncounted);
    *session = (struct decode_session){ .shown = -1 };
}
