/* SPDX-License-Identifier: MIT */
/* The stages from bytes to rows: see decode.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/region.h>
#include <watchfloor/paths.h>

#include "decode.h"

#define WRITE_BYTES (64u << 10)

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
                      const struct intake_taken *taken)
{
    const struct wf_decoded *decoded = &taken->decoded;
    struct decode_row row = {
        .payload = taken->payload,
        .device_ns = (decoded->flags & WF_SAMPLE_TIME_BAD) != 0 ? WF_TIME_NONE : decoded->device_ns,
        .sequence = taken->header.sequence_count,
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

static void take_packet(void *context, const struct recorded_packet *packet)
{
    struct decode_session *session = context;
    struct wf_ccsds_header header = { 0 };
    bool is_parsed = wf_ccsds_parse(packet->bytes, packet->len, &header);
    struct intake_taken taken;
    uint64_t place;
    uint32_t lost;

    if (session->err.rc != 0)
        return;
    if (is_parsed && session->options.apid >= 0 && header.apid != session->options.apid)
        return;
    session->packets++;
    if (is_parsed && header.apid != WF_CCSDS_APID_IDLE && header.version == 0 &&
        !header.is_command && intake_is_counted(session->intake, header.apid))
        (void)wf_sequence_take(&session->sequences[header.apid], header.sequence_count, &place,
                               &lost);
    switch (intake_take(session->intake, packet->bytes, packet->len, &taken)) {
    case INTAKE_SAMPLE:
        write_row(session, &session->targets[taken.target], &taken);
        break;
    case INTAKE_REJECTED:
        if (taken.target >= 0)
            session->targets[taken.target].failed++;
        reject(session, taken.reason, header.apid);
        break;
    case INTAKE_IDLE:
        session->idle++;
        break;
    case INTAKE_WAITING:
        break;
    }
    session->rejected[WF_REJECT_BAD_SEGMENT] += taken.lost_segments;
}

static void take_rubbish(void *context, enum wf_reject reason, uint64_t offset, uint64_t len)
{
    struct decode_session *session = context;

    (void)offset;
    (void)len;
    session->rejected[reason]++;
}

static bool is_well(void *context)
{
    return ((const struct decode_session *)context)->err.rc == 0;
}

int decode_session_run(struct decode_session *session, const char *path, struct wf_err *err)
{
    const struct recorded_options options = { .format = RECORDED_PACKETS,
                                              .stages = session->options.stages,
                                              .known = intake_known(session->intake) };
    const struct recorded_hearer hearer = { take_packet, take_rubbish, is_well, session };
    int rc = recorded_read(path, &options, &hearer, &session->read, err);

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
                        struct wf_err *err)
{
    session->targets = calloc(schemas->count + 1, sizeof(*session->targets));
    if (session->targets == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < schemas->count; i++) {
        struct decode_target *target = &session->targets[session->target_count++];

        target->schema = schemas->list[i];
        wf_strbuf_init(&target->text, DECODE_ROW_MAX);
    }
    return intake_create((const struct wf_schema *const *)schemas->list, schemas->count,
                         &session->intake, err);
}

int decode_session_init(struct decode_session *session, const struct decode_schemas *schemas,
                        const struct decode_options *options, struct wf_err *err)
{
    int rc;

    *session = (struct decode_session){ .options = *options, .shown = -1 };
    rc = make_targets(session, schemas, err);
    if (rc < 0)
        return rc;
    session->memo = decode_memo_create();
    session->sequences = calloc(WF_CCSDS_APID_COUNT, sizeof(*session->sequences));
    session->undefined = calloc(WF_CCSDS_APID_COUNT, sizeof(*session->undefined));
    if (session->memo == NULL || session->sequences == NULL || session->undefined == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    return options->out != NULL ? wf_make_folders(options->out, err) : 0;
}

void decode_session_fini(struct decode_session *session)
{
    for (size_t i = 0; i < session->target_count; i++) {
        wf_strbuf_fini(&session->targets[i].text);
    }
    free(session->targets);
    intake_destroy(&session->intake);
    decode_memo_destroy(&session->memo);
    free(session->sequences);
    free(session->undefined);
    *session = (struct decode_session){ .shown = -1 };
}
