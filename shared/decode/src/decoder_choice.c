/* SPDX-License-Identifier: MIT */
/*
 * Calibrators that depend on conditions.
 *
 * Conditions read raw values of the whole packet, also of what comes later, so the
 * engineering values follow when all raw ones are there. Which calibrator was used is
 * told by a byte of the payload: whoever keeps raw values needs it to get the
 * engineering ones back.
 */

#include <math.h>
#include <string.h>

#include "decoder_internal.h"

static uint8_t choose(const struct wfd_run *run, const struct wf_parameter *parameter)
{
    const struct wf_decoder *decoder = run->decoder;

    for (size_t i = 0; i < parameter->choice_count; i++) {
        const struct wf_expr *when = decoder->choice_when[parameter->choices[i]];

        if (wf_expr_truth(when, &decoder->raw_values) == WF_TRUE)
            return (uint8_t)(i + 1);
    }
    return 0;
}

static void finish(struct wfd_run *run, const struct wfd_op *op,
                   const struct wf_calibrator *calibrator, size_t element)
{
    const struct wf_parameter *parameter = op->parameter;
    struct wfd_number raw =
        wfd_number_load_raw(parameter, run->payload + op->raw_offset + 8 * element);
    double engineering = (double)NAN;
    uint8_t quality;

    (void)wf_calibrate(calibrator, wfd_number_as_double(raw), &engineering);
    memcpy(run->payload + op->offset + sizeof(engineering) * element, &engineering,
           sizeof(engineering));
    quality = wfd_check_number(op, raw, engineering);
    if (quality != WF_QUALITY_VALID)
        wfd_mark(run, parameter, quality);
}

void wfd_run_choices(struct wfd_run *run)
{
    const struct wf_decoder *decoder = run->decoder;
    const struct wf_schema *schema = decoder->schema;

    for (size_t i = 0; decoder->chosen_count > 0 && i < decoder->op_count; i++) {
        const struct wfd_op *op = &decoder->ops[i];
        const struct wf_parameter *parameter = op->parameter;
        size_t index = (size_t)(parameter - schema->parameters);

        if (!op->is_chosen)
            continue;
        if (run->payload[parameter->quality_offset] == WF_QUALITY_ABSENT) {
            wfd_fill_absent(parameter, run->payload, 0);
            continue;
        }
        run->payload[parameter->choice_offset] = choose(run, parameter);
        for (size_t k = 0; k < wf_value_count(schema, run->payload, index); k++)
            finish(run, op, wf_calibrator_in_force(schema, run->payload, index), k);
    }
}
