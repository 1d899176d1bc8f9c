/* SPDX-License-Identifier: MIT */
/*
 * Parameters that need the cursor: numbers anywhere, arrays, text, times, and
 * all that is there only sometimes.
 *
 *   the packet ends before it              ABSENT, and so is all that follows; SHORT
 *   its condition is not true              ABSENT, takes no bits
 *   its count or size is ABSENT itself     ABSENT, takes no bits
 *   more elements or bytes than fit        cut to count_max / size_max, SUSPECT, all are passed
 *   fewer in the packet than told          what is there, SUSPECT; SHORT
 */

#include <string.h>

#include <watchfloor/decode/timecode.h>
#include <watchfloor/region.h>

#include "bits.h"
#include "decoder_internal.h"

void wfd_mark(struct wfd_run *run, const struct wf_parameter *parameter, uint8_t quality)
{
    uint8_t *at = run->payload + parameter->quality_offset;

    if (quality <= *at)
        return;
    if (*at == WF_QUALITY_VALID)
        run->invalid_count++;
    *at = quality;
}

void wfd_mark_short(struct wfd_run *run, const struct wfd_op *op)
{
    run->flags |= WF_SAMPLE_SHORT;
    run->cursor = UINT64_MAX / 2;
    if (op == run->decoder->ops)
        run->is_first_missing = true;
    wfd_fill_absent(op->parameter, run->payload, 0);
    wfd_mark(run, op->parameter, WF_QUALITY_ABSENT);
}

bool wfd_read_count(const struct wfd_run *run, int from, int32_t add, uint64_t *out)
{
    const struct wf_parameter *parameter = &run->decoder->schema->parameters[from];
    struct wfd_number number;

    if (run->payload[parameter->quality_offset] == WF_QUALITY_ABSENT)
        return false;
    number = parameter->raw_offset != 0
                 ? wfd_number_load_raw(parameter, run->payload + parameter->raw_offset)
                 : wfd_number_load(parameter->storage, run->payload + parameter->offset);
    if (number.kind == WFD_UNSIGNED && number.as.u > UINT32_MAX)
        number.as.u = UINT32_MAX; /* more than any packet holds */
    if (number.kind == WFD_SIGNED && number.as.i > (int64_t)UINT32_MAX)
        number.as.i = UINT32_MAX;
    if (number.kind == WFD_REAL || (number.kind == WFD_SIGNED && number.as.i < -INT32_MAX))
        return false;
    number.as.i += add;
    *out = number.as.i < 0 ? 0 : (uint64_t)number.as.i;
    return number.as.i >= 0;
}

static bool has_bits(const struct wfd_run *run, uint64_t start, uint64_t bits)
{
    uint64_t all = UINT64_C(8) * run->len;

    return start <= all && bits <= all - start;
}

static void use_bits(struct wfd_run *run, uint64_t start, uint64_t bits)
{
    run->cursor = start + bits;
    if (run->cursor > run->end)
        run->end = run->cursor;
}

static uint64_t read_element(const struct wfd_run *run, const struct wfd_op *op, uint64_t start)
{
    uint64_t bits = wfd_get_bits(run->packet, run->len, start, op->bits);

    return op->is_swapped ? wfd_swap_bytes(bits, op->bits) : bits;
}

static void run_number(struct wfd_run *run, const struct wfd_op *op, uint64_t start)
{
    uint8_t quality;

    if (!has_bits(run, start, op->bits)) {
        wfd_mark_short(run, op);
        return;
    }
    quality = wfd_finish_general(op, read_element(run, op, start), run->payload + op->offset,
                                 run->payload + op->raw_offset);
    use_bits(run, start, op->bits);
    if (quality != WF_QUALITY_VALID)
        wfd_mark(run, op->parameter, quality);
}

static void store_count(struct wfd_run *run, const struct wf_parameter *parameter, uint64_t count)
{
    uint32_t word = (uint32_t)count;

    if (parameter->count_offset != 0)
        memcpy(run->payload + parameter->count_offset, &word, sizeof(word));
}

static void run_array(struct wfd_run *run, const struct wfd_op *op, uint64_t start)
{
    const struct wf_parameter *parameter = op->parameter;
    uint64_t all = UINT64_C(8) * run->len;
    uint64_t there = start <= all ? (all - start) / op->bits : 0;
    uint64_t count = parameter->count_max;
    uint32_t size = wf_storage_bytes(parameter->storage);
    uint64_t kept;

    if (parameter->is_count_rest) {
        count = there;
    } else if (parameter->count_from >= 0 &&
               !wfd_read_count(run, parameter->count_from, parameter->count_add, &count)) {
        run->cursor = start;
        wfd_mark(run, parameter, WF_QUALITY_ABSENT);
        return;
    }
    if (start > all || (count > 0 && there == 0)) {
        wfd_mark_short(run, op);
        return;
    }
    kept = count < there ? count : there;
    kept = kept < parameter->count_max ? kept : parameter->count_max;
    for (uint64_t i = 0; i < kept; i++) {
        uint8_t quality = wfd_finish_general(op, read_element(run, op, start + i * op->bits),
                                             run->payload + op->offset + i * size,
                                             run->payload + op->raw_offset + i * 8);

        if (quality != WF_QUALITY_VALID)
            wfd_mark(run, parameter, quality);
    }
    store_count(run, parameter, kept);
    if (count > there) {
        bool is_fixed = parameter->count_offset == 0;

        run->flags |= WF_SAMPLE_SHORT;
        use_bits(run, all, 0);
        run->cursor = UINT64_MAX / 2;
        if (is_fixed)
            wfd_fill_absent(parameter, run->payload, (size_t)kept);
        wfd_mark(run, parameter, is_fixed ? WF_QUALITY_ABSENT : WF_QUALITY_SUSPECT);
        return;
    }
    use_bits(run, start, count * op->bits);
    if (count > kept)
        wfd_mark(run, parameter, WF_QUALITY_SUSPECT);
}

/* Copy bytes that need not begin on a byte of the packet. */
static void copy_bytes(const struct wfd_run *run, uint64_t start, uint64_t count, uint8_t *out)
{
    if (start % 8 == 0) {
        memcpy(out, run->packet + start / 8, (size_t)count);
        return;
    }
    for (uint64_t i = 0; i < count; i++)
        out[i] = (uint8_t)wfd_get_bits(run->packet, run->len, start + 8 * i, 8);
}

/* How many bytes a text has, and how many bits lie before and behind them. */
struct extent {
    uint64_t bytes;
    uint32_t before_bits, behind_bits;
    bool is_cut; /* the packet ends before its end is told */
};

static void find_terminator(const struct wfd_run *run, const struct wf_parameter *parameter,
                            uint64_t start, struct extent *out)
{
    uint64_t there = (UINT64_C(8) * run->len - start) / 8;
    const uint8_t *bytes = run->packet + start / 8;
    const uint8_t *found;

    if (start % 8 == 0) {
        found = there > 0 ? memchr(bytes, parameter->terminator, (size_t)there) : NULL;
        out->is_cut = found == NULL;
        out->behind_bits = 8;
        out->bytes = found == NULL ? there : (uint64_t)(found - bytes);
        return;
    }
    for (out->bytes = 0; out->bytes < there; out->bytes++) {
        if (wfd_get_bits(run->packet, run->len, start + 8 * out->bytes, 8) ==
            parameter->terminator) {
            out->behind_bits = 8;
            return;
        }
    }
    out->is_cut = true;
}

/* False: the size cannot be told; *out_is_short tells whether the packet ended. */
static bool find_extent(const struct wfd_run *run, const struct wf_parameter *parameter,
                        uint64_t start, struct extent *out, bool *out_is_short)
{
    uint64_t all = UINT64_C(8) * run->len;

    memset(out, 0, sizeof(*out));
    *out_is_short = start > all;
    if (start > all)
        return false;
    switch (parameter->sizing) {
    case WF_SIZE_FIXED:
        out->bytes = parameter->size_max;
        return true;
    case WF_SIZE_FIELD:
        return wfd_read_count(run, parameter->size_from, parameter->size_add, &out->bytes);
    case WF_SIZE_PREFIX:
        *out_is_short = !has_bits(run, start, parameter->prefix_bits);
        if (*out_is_short)
            return false;
        out->before_bits = parameter->prefix_bits;
        out->bytes = wfd_get_bits(run->packet, run->len, start, parameter->prefix_bits);
        if (parameter->byte_order == WF_LITTLE_ENDIAN)
            out->bytes = wfd_swap_bytes(out->bytes, parameter->prefix_bits);
        return true;
    case WF_SIZE_TERMINATED:
        find_terminator(run, parameter, start, out);
        return true;
    case WF_SIZE_REST:
        out->bytes = (all - start) / 8;
        return true;
    }
    return false;
}

static void run_text(struct wfd_run *run, const struct wfd_op *op, uint64_t start)
{
    const struct wf_parameter *parameter = op->parameter;
    struct extent extent;
    bool is_short = false;
    uint64_t there;
    uint64_t kept;

    if (!find_extent(run, parameter, start, &extent, &is_short)) {
        if (is_short) {
            wfd_mark_short(run, op);
            return;
        }
        run->cursor = start;
        wfd_mark(run, parameter, WF_QUALITY_ABSENT);
        return;
    }
    start += extent.before_bits;
    there = (UINT64_C(8) * run->len - start) / 8;
    if (extent.bytes > 0 && there == 0) {
        wfd_mark_short(run, op);
        return;
    }
    kept = extent.bytes < there ? extent.bytes : there;
    kept = kept < parameter->size_max ? kept : parameter->size_max;
    copy_bytes(run, start, kept, run->payload + parameter->offset);
    store_count(run, parameter, kept);
    if (extent.bytes > there || extent.is_cut) {
        run->flags |= WF_SAMPLE_SHORT;
        use_bits(run, UINT64_C(8) * run->len, 0);
        run->cursor = UINT64_MAX / 2;
        wfd_mark(run, parameter,
                 parameter->sizing == WF_SIZE_FIXED ? WF_QUALITY_ABSENT : WF_QUALITY_SUSPECT);
        return;
    }
    use_bits(run, start, 8 * extent.bytes + extent.behind_bits);
    if (extent.bytes > kept)
        wfd_mark(run, parameter, WF_QUALITY_SUSPECT);
}

static void run_time(struct wfd_run *run, const struct wfd_op *op, uint64_t start)
{
    const struct wf_parameter *parameter = op->parameter;
    uint8_t bytes[WF_TIMECODE_MAX];
    uint64_t all = UINT64_C(8) * run->len;
    uint64_t there = start <= all ? (all - start) / 8 : 0;
    size_t kept = there < sizeof(bytes) ? (size_t)there : sizeof(bytes);
    int64_t utc_ns = 0;
    size_t size = 0;

    if (kept > 0) {
        copy_bytes(run, start, kept, bytes);
        size = wf_timecode_bytes(&parameter->time, bytes, kept);
    }
    if (kept == 0 || size > kept) {
        wfd_mark_short(run, op);
        return;
    }
    if (size == 0) { /* a P-field that makes no sense: nobody knows where it ends */
        run->cursor = UINT64_MAX / 2;
        run->flags |= WF_SAMPLE_SHORT;
    } else {
        use_bits(run, start, 8 * (uint64_t)size);
    }
    if (size == 0 || wf_timecode_read(&parameter->time, bytes, size, &utc_ns) < 0) {
        wfd_fill_absent(parameter, run->payload, 0);
        wfd_mark(run, parameter, WF_QUALITY_INVALID);
        return;
    }
    memcpy(run->payload + parameter->offset, &utc_ns, sizeof(utc_ns));
}

static uint64_t end_of_previous(const struct wfd_run *run, const struct wfd_op *op)
{
    return op->is_before_known ? op->before : run->cursor;
}

uint64_t wfd_start_of(const struct wfd_run *run, const struct wfd_op *op)
{
    const struct wf_place *place = &op->parameter->place;
    uint64_t all = UINT64_C(8) * run->len;

    if (place->is_from_end)
        return place->bit <= all ? all - place->bit : UINT64_MAX / 2;
    return op->is_start_known ? op->start : end_of_previous(run, op) + place->skip;
}

void wfd_run_slow(struct wfd_run *run, const struct wfd_op *op)
{
    uint64_t before = end_of_previous(run, op);
    uint64_t start = wfd_start_of(run, op);

    if (op->present_when != NULL &&
        wf_expr_truth(op->present_when, &run->decoder->structural_values) != WF_TRUE) {
        run->cursor = before;
        wfd_fill_absent(op->parameter, run->payload, 0);
        wfd_mark(run, op->parameter, WF_QUALITY_ABSENT);
        return;
    }
    switch ((enum wfd_op_form)op->form) {
    case WFD_OP_ARRAY:
        run_array(run, op, start);
        break;
    case WFD_OP_TEXT:
        run_text(run, op, start);
        break;
    case WFD_OP_TIME:
        run_time(run, op, start);
        break;
    case WFD_OP_WINDOW:
    case WFD_OP_NUMBER:
        run_number(run, op, start);
        break;
    }
}
