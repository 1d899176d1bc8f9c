/* SPDX-License-Identifier: MIT */
/*
 * Every key of the schema language, in the order in which values are read and
 * canonical text is written: a row may rely on those above it (`states` needs the
 * enumeration, nearly everything the type). The language for people: plugins/README.md.
 */

#include "schema_private.h"

#define FIELD(kind, structure, member)                                                             \
    .read = wfi_read_##kind, .write = wfi_write_##kind, .offset = offsetof(struct structure, member)
#define WHOLE(kind) .read = wfi_read_##kind, .write = wfi_write_##kind

static const struct wfi_key subsystem_keys[] = {
    [WFI_SUB_KIND] = { "kind", WHOLE(kind) },
    [WFI_SUB_TIME] = { "time", WHOLE(time) },
    [WFI_SUB_EPOCH] = { "epoch", WHOLE(epoch) },
    [WFI_SUB_PERIOD] = { "period", FIELD(duration, wf_schema, period_ns), .where = WFI_IN_OVERLAY },
    [WFI_SUB_STALE_AFTER] = { "stale_after", FIELD(stale_after, wf_schema, stale_after_ns),
                              .where = WFI_IN_OVERLAY },
    [WFI_SUB_KEY] = { "key", WHOLE(key) },
    [WFI_SUB_ROWS] = { "rows", FIELD(number_u32, wf_schema, row_max), .lo = 1, .hi = 65536,
                       .missing = 256 },
    [WFI_SUB_MATCH] = { "match", FIELD(expression, wf_schema, match), .rule = WFI_RULE_FIXED },
    [WFI_SUB_SEGMENTED] = { "segmented", FIELD(yes, wf_schema, is_segmented) },
    [WFI_SUB_SEQUENCE] = { "sequence", WHOLE(sequence) },
    { "name", WHOLE(name) },
    { "title", FIELD(text, wf_schema, title), .where = WFI_IN_OVERLAY },
    { "description", FIELD(text, wf_schema, description), .where = WFI_IN_OVERLAY },
    { "version", FIELD(text, wf_schema, version) },
    { "apid", WHOLE(apids) },
    { "byte_order", FIELD(byte_order, wf_schema, byte_order) },
    { "gap_severity", FIELD(byte, wf_schema, gap_severity), .lo = 0, .hi = 5, .missing = 1,
      .where = WFI_IN_OVERLAY },
    { "suppressed_by", FIELD(condition_name, wf_schema, suppressed_by), .where = WFI_IN_OVERLAY },
    { "ring", FIELD(number_u32, wf_schema, ring), .lo = 0, .hi = 1 << 24 },
    { "recorded", WHOLE(recorded) },
    { "packet_max", FIELD(number_u32, wf_schema, packet_max), .lo = 7, .hi = 1 << 24,
      .missing = 65542 },
};

#define PACKED   WFI_IN_PARAMETER
#define EVERY    (WFI_IN_PARAMETER | WFI_IN_DERIVED)
#define OVERLAID (WFI_IN_PARAMETER | WFI_IN_DERIVED | WFI_IN_OVERLAY)

static const struct wfi_key parameter_keys[] = {
    [WFI_ROW_TYPE] = { "type", WHOLE(type), .where = EVERY },
    [WFI_ROW_ENCODING] = { "encoding", WHOLE(encoding), .where = PACKED,
                           .types = WFI_TYPES_NUMBER },
    [WFI_ROW_BITS] = { "bits", WHOLE(bits), .lo = 1, .hi = 64, .where = PACKED,
                       .types = WFI_TYPES_FIXED },
    [WFI_ROW_AT] = { "at", WHOLE(at), .lo = 0, .hi = 1 << 24, .where = PACKED },
    [WFI_ROW_SKIP] = { "skip", FIELD(number_u32, wf_parameter, place.skip), .lo = 0, .hi = 1 << 24,
                       .where = PACKED },
    [WFI_ROW_BYTE_ORDER] = { "byte_order", FIELD(parameter_byte_order, wf_parameter, byte_order),
                             .where = PACKED, .types = WFI_TYPES_ORDERED },
    [WFI_ROW_COUNT] = { "count", WHOLE(count), .lo = 1, .hi = 1 << 20, .where = PACKED,
                        .types = WFI_TYPES_FIXED },
    [WFI_ROW_COUNT_MAX] = { "count_max", WHOLE(count_max), .lo = 1, .hi = 1 << 20, .where = PACKED,
                            .types = WFI_TYPES_FIXED },
    [WFI_ROW_SIZE] = { "size", WHOLE(size), .lo = 1, .hi = 1 << 20, .where = PACKED,
                       .types = WFI_TYPES_SIZED },
    [WFI_ROW_SIZE_MAX] = { "size_max", WHOLE(size_max), .lo = 1, .hi = 1 << 20, .where = PACKED,
                           .types = WFI_TYPES_SIZED },
    [WFI_ROW_TIME] = { "time", WHOLE(parameter_time), .where = PACKED,
                       .types = WFI_TYPE_BIT(WF_TYPE_TIME) },
    [WFI_ROW_EPOCH] = { "epoch", WHOLE(parameter_epoch), .where = PACKED,
                        .types = WFI_TYPE_BIT(WF_TYPE_TIME) },
    [WFI_ROW_EXPRESSION] = { "expression", FIELD(expression, wf_parameter, expression),
                             .where = WFI_IN_DERIVED, .rule = WFI_RULE_EARLIER },
    [WFI_ROW_POLYNOMIAL] = { "polynomial", WHOLE(polynomial), .where = PACKED | WFI_IN_OVERLAY,
                             .types = WFI_TYPES_NUMBER },
    [WFI_ROW_TABLE] = { "table", WHOLE(table), .where = PACKED | WFI_IN_OVERLAY,
                        .types = WFI_TYPES_NUMBER },
    [WFI_ROW_CALIBRATOR] = { "calibrator", WHOLE(calibrator), .where = PACKED | WFI_IN_OVERLAY,
                             .types = WFI_TYPES_NUMBER },
    [WFI_ROW_ENUMERATION] = { "enumeration", WHOLE(enumeration), .where = EVERY,
                              .types = WFI_TYPES_LABELLED },
    [WFI_ROW_FORMAT] = { "format", FIELD(text, wf_parameter, format), .where = OVERLAID },
    [WFI_ROW_LOLO] = { "lolo", WHOLE(limit), .missing = WF_LOLO, .where = OVERLAID,
                       .types = WFI_TYPES_NUMBER },
    [WFI_ROW_LO] = { "lo", WHOLE(limit), .missing = WF_LO, .where = OVERLAID,
                     .types = WFI_TYPES_NUMBER },
    [WFI_ROW_HI] = { "hi", WHOLE(limit), .missing = WF_HI, .where = OVERLAID,
                     .types = WFI_TYPES_NUMBER },
    [WFI_ROW_HIHI] = { "hihi", WHOLE(limit), .missing = WF_HIHI, .where = OVERLAID,
                       .types = WFI_TYPES_NUMBER },
    [WFI_ROW_STATES] = { "states", WHOLE(states), .where = OVERLAID, .types = WFI_TYPES_LABELLED },
    { "severity", WHOLE(severities), .where = OVERLAID, .types = WFI_TYPES_NUMBER },
    { "exclusive", FIELD(yes, wf_parameter, limits.is_exclusive), .where = OVERLAID,
      .types = WFI_TYPES_NUMBER },
    { "hysteresis", WHOLE(hysteresis), .where = OVERLAID, .types = WFI_TYPES_NUMBER },
    { "rate", WHOLE(rate), .where = OVERLAID, .types = WFI_TYPES_NUMBER },
    { "rate_window", FIELD(duration, wf_parameter, limits.rate_window_ns), .lo = 1, .missing = 10e9,
      .where = OVERLAID, .types = WFI_TYPES_NUMBER },
    { "rate_samples", FIELD(short, wf_parameter, limits.rate_samples), .lo = 2, .hi = 1000,
      .missing = 3, .where = OVERLAID, .types = WFI_TYPES_NUMBER },
    { "rate_severity", FIELD(byte, wf_parameter, limits.rate_severity), .lo = 0, .hi = 5,
      .missing = 2, .where = OVERLAID, .types = WFI_TYPES_NUMBER },
    { "counter", FIELD(yes, wf_parameter, limits.is_counter), .where = OVERLAID,
      .types = WFI_TYPE_BIT(WF_TYPE_UINT) },
    { "valid", WHOLE(valid), .where = OVERLAID, .types = WFI_TYPES_NUMBER },
    { "raise", FIELD(persistence, wf_parameter, limits.raise), .missing = 1, .where = OVERLAID },
    { "clear", FIELD(persistence, wf_parameter, limits.clear), .missing = 3, .where = OVERLAID },
    { "latch", FIELD(yes, wf_parameter, limits.is_latched), .where = OVERLAID },
    { "stale_severity", FIELD(byte, wf_parameter, limits.stale_severity), .lo = 0, .hi = 5,
      .missing = 2, .where = OVERLAID },
    { "invalid_severity", FIELD(byte, wf_parameter, limits.invalid_severity), .lo = 0, .hi = 5,
      .missing = 2, .where = OVERLAID },
    { "enabled_when", FIELD(expression, wf_parameter, enabled_when), .where = OVERLAID,
      .rule = WFI_RULE_ANY },
    { "suppressed_by", FIELD(condition_name, wf_parameter, suppressed_by), .where = OVERLAID },
    { "present_when", FIELD(expression, wf_parameter, present_when), .where = PACKED,
      .rule = WFI_RULE_EARLIER },
    { "alias", FIELD(text, wf_parameter, alias), .where = EVERY },
    { "title", FIELD(text, wf_parameter, title), .where = OVERLAID },
    { "description", FIELD(text, wf_parameter, description), .where = OVERLAID },
    { "unit", FIELD(text, wf_parameter, unit), .where = OVERLAID },
    { "group", FIELD(text, wf_parameter, group), .where = OVERLAID },
    { "guidance", FIELD(text, wf_parameter, guidance), .where = OVERLAID },
};

static const struct wfi_key calibrator_keys[] = {
    [WFI_CAL_POLYNOMIAL] = { "polynomial", WHOLE(coefficients) },
    [WFI_CAL_TABLE] = { "table", WHOLE(points) },
    [WFI_CAL_INTERPOLATE] = { "interpolate", WHOLE(interpolate) },
    [WFI_CAL_WHEN] = { "when", FIELD(expression, wf_calibrator, when), .rule = WFI_RULE_PACKET },
    { "extrapolate", FIELD(yes, wf_calibrator, extrapolate) },
};

static const struct wfi_key context_keys[] = {
    [WFI_COND_WHEN] = { "when", FIELD(expression, wf_context, when), .rule = WFI_RULE_ANY },
};

static const struct wfi_key condition_keys[] = {
    [WFI_COND_WHEN] = { "when", FIELD(expression, wf_condition, when), .rule = WFI_RULE_ANY },
    { "severity", FIELD(byte, wf_condition, severity), .lo = 0, .hi = 5, .missing = 2 },
    { "unknown", WHOLE(unknown) },
    { "title", FIELD(text, wf_condition, title) },
    { "guidance", FIELD(text, wf_condition, guidance) },
    { "raise", FIELD(persistence, wf_condition, raise), .missing = 1 },
    { "clear", FIELD(persistence, wf_condition, clear), .missing = 3 },
    { "latch", FIELD(yes, wf_condition, is_latched) },
    { "enabled_when", FIELD(expression, wf_condition, enabled_when), .rule = WFI_RULE_ANY },
    { "suppressed_by", FIELD(condition_name, wf_condition, suppressed_by) },
};

#define TABLE(rows)                                                                                \
    {                                                                                              \
        rows, WF_COUNT_OF(rows)                                                                    \
    }

const struct wfi_key_table wfi_subsystem_keys = TABLE(subsystem_keys);
const struct wfi_key_table wfi_parameter_keys = TABLE(parameter_keys);
const struct wfi_key_table wfi_calibrator_keys = TABLE(calibrator_keys);
const struct wfi_key_table wfi_context_keys = TABLE(context_keys);
const struct wfi_key_table wfi_condition_keys = TABLE(condition_keys);

_Static_assert(WF_COUNT_OF(parameter_keys) <= WFI_KEYS_MAX, "reader->keys has room for a table");

size_t wfi_key_row(const struct wfi_key_table *table, const char *name)
{
    size_t row = 0;
    char first = (char)(name[0] | 0x20);

    while (row < table->count &&
           (table->rows[row].name[0] != first || wf_casecmp(table->rows[row].name, name) != 0))
        row++;
    return row;
}
