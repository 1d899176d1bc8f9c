/* SPDX-License-Identifier: MIT */
/* From bits to a value that is judged: encoding, calibration, validity. */

#include <math.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "decoder_internal.h"

static bool has_label(const struct wfd_op *op, struct wfd_number raw)
{
    int64_t value;

    switch (raw.kind) {
    case WFD_UNSIGNED:
        if (raw.as.u > (uint64_t)INT64_MAX)
            return false;
        value = (int64_t)raw.as.u;
        break;
    case WFD_SIGNED:
        value = raw.as.i;
        break;
    default:
        if (!(fabs(raw.as.f) < 0x1p62) || raw.as.f != rint(raw.as.f))
            return false;
        value = (int64_t)raw.as.f;
        break;
    }
    if (op->is_small_enumeration)
        return value >= 0 && value < 64 && (op->labels >> value & 1) != 0;
    return wf_enumeration_label(op->enumeration, value) != NULL;
}

uint8_t wfd_check_number(const struct wfd_op *op, struct wfd_number raw, double engineering)
{
    if (op->enumeration != NULL && !has_label(op, raw))
        return WF_QUALITY_INVALID;
    /* Written so that NaN is outside. */
    if (!(engineering >= op->parameter->valid_lo && engineering <= op->parameter->valid_hi))
        return WF_QUALITY_INVALID;
    return WF_QUALITY_VALID;
}

uint8_t wfd_finish_general(const struct wfd_op *op, uint64_t bits, uint8_t *out, uint8_t *raw)
{
    struct wfd_number number = wfd_number_from_bits(op->parameter, bits);
    double engineering = wfd_number_as_double(number);
    uint8_t quality = number.is_bad ? WF_QUALITY_INVALID : WF_QUALITY_VALID;

    if (op->calibrator == NULL) {
        (void)wfd_number_store(op->parameter->storage, number, out);
    } else {
        double calibrated = (double)NAN; /* where a table does not reach */

        wfd_number_store_raw(number, raw);
        if (op->is_chosen)
            return quality;
        (void)wf_calibrate(op->calibrator, engineering, &calibrated);
        engineering = calibrated;
        memcpy(out, &engineering, sizeof(engineering));
    }
    if (quality == WF_QUALITY_VALID)
        quality = wfd_check_number(op, number, engineering);
    return quality;
}

void wfd_fill_absent(const struct wf_parameter *parameter, uint8_t *payload, size_t from)
{
    const float f32 = NAN;
    const double f64 = (double)NAN;
    const int64_t none = WF_TIME_NONE;
    uint32_t size = wf_storage_bytes(parameter->storage);
    const void *what = NULL;

    if (parameter->storage == WF_STORE_F32)
        what = &f32;
    else if (parameter->storage == WF_STORE_F64)
        what = &f64;
    else if (parameter->storage == WF_STORE_TIME)
        what = &none;
    for (size_t i = from; what != NULL && i < parameter->count_max; i++)
        memcpy(payload + parameter->offset + i * size, what, size);
}
