/* SPDX-License-Identifier: MIT */
#ifndef SUPPORT_SCHEMA_EQUAL_H
#define SUPPORT_SCHEMA_EQUAL_H

/*
 * For tests: two schemas are equal in every field, so that a key which the
 * canonical text forgets is noticed. NaN equals NaN here.
 */

#include <math.h>
#include <string.h>

#include <watchfloor/schema.h>

static inline void assert_same_double(double a, double b)
{
    if (!(isnan(a) && isnan(b)))
        assert_true(a == b);
}

static inline void assert_same_time(const struct wf_time_format *a, const struct wf_time_format *b)
{
    assert_int_equal(a->code, b->code);
    assert_int_equal(a->has_p_field, b->has_p_field);
    assert_int_equal(a->coarse_bytes, b->coarse_bytes);
    assert_int_equal(a->fine_bytes, b->fine_bytes);
    assert_int_equal(a->epoch_ns, b->epoch_ns);
    assert_int_equal(a->scale, b->scale);
    assert_int_equal(a->field_count, b->field_count);
    for (size_t i = 0; i < a->field_count; i++) {
        assert_int_equal(a->fields[i].parameter, b->fields[i].parameter);
        assert_int_equal(a->fields[i].numerator_ns, b->fields[i].numerator_ns);
        assert_int_equal(a->fields[i].denominator, b->fields[i].denominator);
        assert_same_double(a->fields[i].unit_s, b->fields[i].unit_s);
    }
}

static inline void assert_same_persistence(const struct wf_persistence *a,
                                           const struct wf_persistence *b)
{
    assert_int_equal(a->n, b->n);
    assert_int_equal(a->m, b->m);
    assert_int_equal(a->for_ns, b->for_ns);
}

static inline void assert_same_limits(const struct wf_limits *a, const struct wf_limits *b)
{
    assert_int_equal(a->present, b->present);
    for (int i = 0; i < WF_LIMIT_COUNT; i++) {
        assert_same_double(a->value[i], b->value[i]);
        assert_int_equal(a->severity[i], b->severity[i]);
    }
    assert_int_equal(a->is_exclusive, b->is_exclusive);
    assert_same_double(a->hysteresis, b->hysteresis);
    assert_int_equal(a->is_hysteresis_percent, b->is_hysteresis_percent);
    assert_same_double(a->rate_lo, b->rate_lo);
    assert_same_double(a->rate_hi, b->rate_hi);
    assert_int_equal(a->rate_window_ns, b->rate_window_ns);
    assert_int_equal(a->rate_samples, b->rate_samples);
    assert_int_equal(a->rate_severity, b->rate_severity);
    assert_int_equal(a->state_count, b->state_count);
    for (size_t i = 0; i < a->state_count; i++) {
        assert_int_equal(a->states[i].value, b->states[i].value);
        assert_int_equal(a->states[i].severity, b->states[i].severity);
    }
    assert_same_persistence(&a->raise, &b->raise);
    assert_same_persistence(&a->clear, &b->clear);
    assert_int_equal(a->is_latched, b->is_latched);
    assert_int_equal(a->stale_severity, b->stale_severity);
    assert_int_equal(a->invalid_severity, b->invalid_severity);
    assert_int_equal(a->is_counter, b->is_counter);
}

static inline void assert_same_packing(const struct wf_parameter *a, const struct wf_parameter *b)
{
    assert_int_equal(a->type, b->type);
    assert_int_equal(a->encoding, b->encoding);
    assert_int_equal(a->byte_order, b->byte_order);
    assert_int_equal(a->bits, b->bits);
    assert_int_equal(a->place.is_absolute, b->place.is_absolute);
    assert_int_equal(a->place.is_from_end, b->place.is_from_end);
    assert_int_equal(a->place.bit, b->place.bit);
    assert_int_equal(a->place.skip, b->place.skip);
    assert_string_equal(a->present_when, b->present_when);
    assert_int_equal(a->count_max, b->count_max);
    assert_int_equal(a->count_from, b->count_from);
    assert_int_equal(a->count_add, b->count_add);
    assert_int_equal(a->is_count_rest, b->is_count_rest);
    assert_int_equal(a->sizing, b->sizing);
    assert_int_equal(a->size_max, b->size_max);
    assert_int_equal(a->size_from, b->size_from);
    assert_int_equal(a->size_add, b->size_add);
    assert_int_equal(a->prefix_bits, b->prefix_bits);
    assert_int_equal(a->terminator, b->terminator);
    assert_same_time(&a->time, &b->time);
}

static inline void assert_same_parameter(const struct wf_parameter *a, const struct wf_parameter *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->alias, b->alias);
    assert_string_equal(a->title, b->title);
    assert_string_equal(a->description, b->description);
    assert_string_equal(a->unit, b->unit);
    assert_string_equal(a->format, b->format);
    assert_string_equal(a->guidance, b->guidance);
    assert_string_equal(a->group, b->group);
    assert_int_equal(a->is_derived, b->is_derived);
    assert_string_equal(a->expression, b->expression);
    assert_same_packing(a, b);
    assert_int_equal(a->calibrator, b->calibrator);
    assert_int_equal(a->choice_count, b->choice_count);
    for (size_t i = 0; i < a->choice_count; i++)
        assert_int_equal(a->choices[i], b->choices[i]);
    assert_int_equal(a->choice_offset, b->choice_offset);
    assert_int_equal(a->enumeration, b->enumeration);
    assert_same_double(a->valid_lo, b->valid_lo);
    assert_same_double(a->valid_hi, b->valid_hi);
    assert_same_limits(&a->limits, &b->limits);
    assert_string_equal(a->enabled_when, b->enabled_when);
    assert_string_equal(a->suppressed_by, b->suppressed_by);
    assert_int_equal(a->storage, b->storage);
    assert_int_equal(a->offset, b->offset);
    assert_int_equal(a->count_offset, b->count_offset);
    assert_int_equal(a->raw_offset, b->raw_offset);
    assert_int_equal(a->quality_offset, b->quality_offset);
}

static inline void assert_same_shared(const struct wf_schema *a, const struct wf_schema *b)
{
    assert_int_equal(a->calibrator_count, b->calibrator_count);
    for (size_t i = 0; i < a->calibrator_count; i++) {
        const struct wf_calibrator *one = &a->calibrators[i], *other = &b->calibrators[i];

        assert_string_equal(one->name, other->name);
        assert_string_equal(one->when, other->when);
        assert_int_equal(one->kind, other->kind);
        assert_int_equal(one->count, other->count);
        assert_int_equal(one->order, other->order);
        assert_int_equal(one->extrapolate, other->extrapolate);
        for (size_t k = 0; k < one->count; k++) {
            assert_same_double(one->y[k], other->y[k]);
            if (one->x != NULL)
                assert_same_double(one->x[k], other->x[k]);
        }
    }
    assert_int_equal(a->enumeration_count, b->enumeration_count);
    for (size_t i = 0; i < a->enumeration_count; i++) {
        const struct wf_enumeration *one = &a->enumerations[i], *other = &b->enumerations[i];

        assert_string_equal(one->name, other->name);
        assert_int_equal(one->count, other->count);
        for (size_t k = 0; k < one->count; k++) {
            assert_int_equal(one->entries[k].low, other->entries[k].low);
            assert_int_equal(one->entries[k].high, other->entries[k].high);
            assert_string_equal(one->entries[k].label, other->entries[k].label);
        }
    }
}

static inline void assert_same_rules(const struct wf_schema *a, const struct wf_schema *b)
{
    assert_int_equal(a->context_count, b->context_count);
    for (size_t i = 0; i < a->context_count; i++) {
        const struct wf_context *one = &a->contexts[i], *other = &b->contexts[i];

        assert_string_equal(one->name, other->name);
        assert_string_equal(one->when, other->when);
        assert_int_equal(one->limit_count, other->limit_count);
        for (size_t k = 0; k < one->limit_count; k++) {
            assert_int_equal(one->limits[k].parameter, other->limits[k].parameter);
            assert_int_equal(one->limits[k].present, other->limits[k].present);
            for (int n = 0; n < WF_LIMIT_COUNT; n++)
                assert_same_double(one->limits[k].value[n], other->limits[k].value[n]);
        }
    }
    assert_int_equal(a->condition_count, b->condition_count);
    for (size_t i = 0; i < a->condition_count; i++) {
        const struct wf_condition *one = &a->conditions[i], *other = &b->conditions[i];

        assert_string_equal(one->name, other->name);
        assert_string_equal(one->when, other->when);
        assert_string_equal(one->title, other->title);
        assert_string_equal(one->guidance, other->guidance);
        assert_string_equal(one->enabled_when, other->enabled_when);
        assert_string_equal(one->suppressed_by, other->suppressed_by);
        assert_int_equal(one->severity, other->severity);
        assert_int_equal(one->unknown, other->unknown);
        assert_same_persistence(&one->raise, &other->raise);
        assert_same_persistence(&one->clear, &other->clear);
        assert_int_equal(one->is_latched, other->is_latched);
    }
}

static inline void assert_same_schema(const struct wf_schema *a, const struct wf_schema *b)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->title, b->title);
    assert_string_equal(a->description, b->description);
    assert_string_equal(a->version, b->version);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->key, b->key);
    assert_int_equal(a->row_max, b->row_max);
    assert_int_equal(a->apid_count, b->apid_count);
    assert_memory_equal(a->apids, b->apids, sizeof(a->apids));
    assert_string_equal(a->match, b->match);
    assert_int_equal(a->byte_order, b->byte_order);
    assert_same_time(&a->time, &b->time);
    assert_int_equal(a->is_segmented, b->is_segmented);
    assert_int_equal(a->is_uncounted, b->is_uncounted);
    assert_int_equal(a->is_unrecorded, b->is_unrecorded);
    assert_int_equal(a->packet_max, b->packet_max);
    assert_int_equal(a->period_ns, b->period_ns);
    assert_int_equal(a->stale_after_ns, b->stale_after_ns);
    assert_int_equal(a->gap_severity, b->gap_severity);
    assert_string_equal(a->suppressed_by, b->suppressed_by);
    assert_int_equal(a->ring, b->ring);
    assert_int_equal(a->parameter_count, b->parameter_count);
    for (size_t i = 0; i < a->parameter_count; i++)
        assert_same_parameter(&a->parameters[i], &b->parameters[i]);
    assert_same_shared(a, b);
    assert_same_rules(a, b);
    assert_int_equal(a->struct_bytes, b->struct_bytes);
    assert_int_equal(a->payload_bytes, b->payload_bytes);
    assert_true(a->layout_hash == b->layout_hash);
    assert_true(a->schema_hash == b->schema_hash);
}

#endif /* SUPPORT_SCHEMA_EQUAL_H */
