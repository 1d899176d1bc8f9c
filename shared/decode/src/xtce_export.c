/* SPDX-License-Identifier: MIT */
/*
 * A schema as XTCE 1.2: one SpaceSystem with one packet that extends the CCSDS header. Types are
 * one for each parameter; parameters that are alike and share labels or a calibrator share
 * theirs, so that importing it again shares them too.
 */

#include <math.h>
#include <string.h>

#include <watchfloor/attributes.h>

#include "xtce_model.h"

#define HEADER_BITS 48

struct export
{
    const struct wf_schema *schema;
    const char *file;
    struct wf_strbuf *out;
    struct wf_problems *notes;
    size_t header_count; /* the first parameters are the primary header */
};

static void note(const struct export *export, const struct wf_parameter *parameter,
                 const char *what)
{
    wf_problems_add(export->notes, export->file, 0, "%s%s%s", parameter->name,
                    parameter->name[0] != '\0' ? ": " : "", what);
}

static void add_escaped(struct wf_strbuf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const char *entity = *text == '&'    ? "&amp;"
                             : *text == '<'  ? "&lt;"
                             : *text == '>'  ? "&gt;"
                             : *text == '"'  ? "&quot;"
                             : *text == '\n' ? "&#10;"
                                             : NULL;

        if (entity != NULL)
            wf_strbuf_add(out, entity);
        else
            wf_strbuf_add_char(out, *text);
    }
}

static void add_attribute(struct wf_strbuf *out, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    wf_strbuf_addf(out, " %s=\"", name);
    add_escaped(out, text);
    wf_strbuf_add_char(out, '"');
}

static void add_number(struct wf_strbuf *out, const char *name, double value)
{
    wf_strbuf_addf(out, " %s=\"", name);
    wf_strbuf_add_double(out, value);
    wf_strbuf_add_char(out, '"');
}

static const char *mission_name(const struct wf_parameter *parameter)
{
    return parameter->alias[0] != '\0' ? parameter->alias : parameter->name;
}

/* --- types ---------------------------------------------------------------------------------------- */

static bool is_same_type(const struct wf_parameter *a, const struct wf_parameter *b)
{
    return a->type == b->type && a->encoding == b->encoding && a->byte_order == b->byte_order &&
           a->bits == b->bits && a->calibrator == b->calibrator &&
           a->enumeration == b->enumeration && a->count_max == b->count_max &&
           a->limits.present == b->limits.present &&
           a->limits.state_count == b->limits.state_count &&
           memcmp(a->limits.value, b->limits.value, sizeof(a->limits.value)) == 0 &&
           strcmp(a->unit, b->unit) == 0;
}

/* The parameter whose type this one uses: itself, or an earlier one that is alike. */
static size_t type_of(const struct wf_schema *schema, size_t index)
{
    const struct wf_parameter *own = &schema->parameters[index];

    if (own->enumeration < 0 && own->calibrator < 0)
        return index;
    for (size_t i = 0; i < index; i++) {
        if (!schema->parameters[i].is_derived && is_same_type(&schema->parameters[i], own))
            return i;
    }
    return index;
}

static void write_calibrator(const struct export *export, const struct wf_calibrator *calibrator)
{
    struct wf_strbuf *out = export->out;

    wf_strbuf_add(out, "<DefaultCalibrator>");
    if (calibrator->kind == WF_CALIBRATOR_POLYNOMIAL) {
        wf_strbuf_add(out, "<PolynomialCalibrator>");
        for (size_t i = 0; i < calibrator->count; i++) {
            wf_strbuf_add(out, "<Term");
            add_number(out, "coefficient", calibrator->y[i]);
            wf_strbuf_addf(out, " exponent=\"%zu\"/>", i);
        }
        wf_strbuf_add(out, "</PolynomialCalibrator>");
    } else {
        wf_strbuf_addf(out, "<SplineCalibrator order=\"%d\" extrapolate=\"%s\">", calibrator->order,
                       calibrator->extrapolate ? "true" : "false");
        for (size_t i = 0; i < calibrator->count; i++) {
            wf_strbuf_add(out, "<SplinePoint");
            add_number(out, "raw", calibrator->x[i]);
            add_number(out, "calibrated", calibrator->y[i]);
            wf_strbuf_add(out, "/>");
        }
        wf_strbuf_add(out, "</SplineCalibrator>");
    }
    wf_strbuf_add(out, "</DefaultCalibrator>");
}

static void write_number(const struct export *export, const struct wf_parameter *parameter)
{
    static const char *const encodings[] = { "unsigned", "signMagnitude", "onesComplement",
                                             "packedBCD", "MILSTD_1750A" };
    bool is_float = parameter->type == WF_TYPE_FLOAT;
    const char *element = is_float ? "FloatDataEncoding" : "IntegerDataEncoding";
    const char *encoding = encodings[parameter->encoding];
    struct wf_strbuf *out = export->out;

    if (parameter->encoding == WF_ENCODING_PLAIN)
        encoding = is_float                         ? "IEEE754_1985"
                   : parameter->type == WF_TYPE_INT ? "twosComplement"
                                                    : "unsigned";
    wf_strbuf_addf(out, "<%s sizeInBits=\"%u\" encoding=\"%s\"%s", element, parameter->bits,
                   encoding,
                   parameter->byte_order == WF_LITTLE_ENDIAN && parameter->bits > 8
                       ? " byteOrder=\"leastSignificantByteFirst\""
                       : "");
    if (parameter->calibrator < 0) {
        wf_strbuf_add(out, "/>");
        return;
    }
    wf_strbuf_add_char(out, '>');
    write_calibrator(export, &export->schema->calibrators[parameter->calibrator]);
    wf_strbuf_addf(out, "</%s>", element);
}

static void write_dynamic_size(const struct export *export, const struct wf_parameter *parameter)
{
    wf_strbuf_add(export->out, "<DynamicValue><ParameterInstanceRef");
    add_attribute(export->out, "parameterRef",
                  mission_name(&export->schema->parameters[parameter->size_from]));
    wf_strbuf_addf(export->out, "/><LinearAdjustment slope=\"8\" intercept=\"%d\"/></DynamicValue>",
                   8 * (int)parameter->size_add);
}

static void write_sized(const struct export *export, const struct wf_parameter *parameter)
{
    bool is_text = parameter->type == WF_TYPE_STRING;
    const char *element = is_text ? "StringDataEncoding" : "BinaryDataEncoding";
    bool is_variable = is_text && parameter->sizing != WF_SIZE_FIXED;
    struct wf_strbuf *out = export->out;

    wf_strbuf_addf(out, "<%s>", element);
    if (is_variable)
        wf_strbuf_addf(out, "<Variable maxSizeInBits=\"%llu\">",
                       8ull * (unsigned long long)parameter->size_max);
    else
        wf_strbuf_add(out, "<SizeInBits>");
    switch (parameter->sizing) {
    case WF_SIZE_FIXED:
        wf_strbuf_addf(out,
                       is_text ? "<Fixed><FixedValue>%llu</FixedValue></Fixed>"
                               : "<FixedValue>%llu</FixedValue>",
                       8ull * (unsigned long long)parameter->size_max);
        break;
    case WF_SIZE_FIELD:
        write_dynamic_size(export, parameter);
        break;
    case WF_SIZE_PREFIX:
        wf_strbuf_addf(out, "<LeadingSize sizeInBitsOfSizeTag=\"%u\"/>", parameter->prefix_bits);
        break;
    case WF_SIZE_TERMINATED:
        wf_strbuf_addf(out, "<TerminationChar>%02X</TerminationChar>", parameter->terminator);
        break;
    case WF_SIZE_REST:
        note(export, parameter, "a size up to the end of the packet has no words in XTCE");
        break;
    }
    wf_strbuf_addf(out, is_variable ? "</Variable></%s>" : "</SizeInBits></%s>", element);
}

/* --- limits --------------------------------------------------------------------------------------- */

static void write_range(const struct export *export, const struct wf_limits *limits, int lo, int hi)
{
    static const char *const ranges[] = { "WatchRange",    "WatchRange",    "WarningRange",
                                          "DistressRange", "CriticalRange", "SevereRange" };
    bool has_lo = (limits->present & 1u << lo) != 0, has_hi = (limits->present & 1u << hi) != 0;
    uint8_t severity = limits->severity[has_lo ? lo : hi];
    struct wf_strbuf *out = export->out;

    if (!has_lo && !has_hi)
        return;
    wf_strbuf_addf(out, "<%s", ranges[severity <= 5 ? severity : 5]);
    if (has_lo)
        add_number(out, limits->is_exclusive ? "minInclusive" : "minExclusive", limits->value[lo]);
    if (has_hi)
        add_number(out, limits->is_exclusive ? "maxInclusive" : "maxExclusive", limits->value[hi]);
    wf_strbuf_add(out, "/>");
}

static void write_states(const struct export *export, const struct wf_parameter *parameter)
{
    static const char *const names[] = { "normal",   "watch",    "warning",
                                         "distress", "critical", "severe" };
    const struct wf_limits *limits = &parameter->limits;

    wf_strbuf_add(export->out, "<DefaultAlarm><EnumerationAlarmList>");
    for (size_t i = 0; i < limits->state_count && parameter->enumeration >= 0; i++) {
        const char *label = wf_enumeration_label(
            &export->schema->enumerations[parameter->enumeration], limits->states[i].value);
        uint8_t severity = limits->states[i].severity;

        wf_strbuf_addf(export->out, "<EnumerationAlarm alarmLevel=\"%s\"",
                       names[severity <= 5 ? severity : 5]);
        add_attribute(export->out, "enumerationLabel", label != NULL ? label : "");
        wf_strbuf_add(export->out, "/>");
    }
    wf_strbuf_add(export->out, "</EnumerationAlarmList></DefaultAlarm>");
}

static void write_limits(const struct export *export, const struct wf_parameter *parameter)
{
    const struct wf_limits *limits = &parameter->limits;
    struct wf_strbuf *out = export->out;

    if (!isinf(parameter->valid_lo) || !isinf(parameter->valid_hi)) {
        wf_strbuf_add(out, "<ValidRange");
        if (!isinf(parameter->valid_lo))
            add_number(out, "minInclusive", parameter->valid_lo);
        if (!isinf(parameter->valid_hi))
            add_number(out, "maxInclusive", parameter->valid_hi);
        wf_strbuf_add(out, "/>");
    }
    if (limits->hysteresis != 0 || !isnan(limits->rate_lo) || !isnan(limits->rate_hi) ||
        limits->is_latched || parameter->guidance[0] != '\0')
        note(export, parameter, "hysteresis, rates, latching and guidance have no words in XTCE");
    if (limits->state_count > 0)
        write_states(export, parameter);
    if (limits->present == 0)
        return;
    wf_strbuf_addf(out, "<DefaultAlarm minViolations=\"%u\"><StaticAlarmRanges>",
                   limits->raise.n > 0 ? (unsigned)limits->raise.n : 1u);
    write_range(export, limits, WF_LO, WF_HI);
    write_range(export, limits, WF_LOLO, WF_HIHI);
    wf_strbuf_add(out, "</StaticAlarmRanges></DefaultAlarm>");
}

static void write_labels(const struct export *export, const struct wf_enumeration *enumeration)
{
    wf_strbuf_add(export->out, "<EnumerationList>");
    for (size_t i = 0; i < enumeration->count; i++) {
        const struct wf_enumeration_entry *entry = &enumeration->entries[i];

        wf_strbuf_addf(export->out, "<Enumeration value=\"%lld\"", (long long)entry->low);
        if (entry->high > entry->low)
            wf_strbuf_addf(export->out, " maxValue=\"%lld\"", (long long)entry->high);
        add_attribute(export->out, "label", entry->label);
        wf_strbuf_add(export->out, "/>");
    }
    wf_strbuf_add(export->out, "</EnumerationList>");
}

static const char *type_element(const struct wf_parameter *parameter)
{
    if (parameter->enumeration >= 0)
        return "EnumeratedParameterType";
    switch (parameter->type) {
    case WF_TYPE_FLOAT:
        return "FloatParameterType";
    case WF_TYPE_BOOL:
        return "BooleanParameterType";
    case WF_TYPE_STRING:
        return "StringParameterType";
    case WF_TYPE_BYTES:
    case WF_TYPE_TIME:
        return "BinaryParameterType";
    default:
        return parameter->calibrator >= 0 ? "FloatParameterType" : "IntegerParameterType";
    }
}

static void write_type(const struct export *export, size_t index)
{
    const struct wf_parameter *parameter = &export->schema->parameters[index];
    struct wf_strbuf *out = export->out;

    if (type_of(export->schema, index) != index)
        return;
    wf_strbuf_addf(out, "<%s name=\"%s_Type\"", type_element(parameter), parameter->name);
    if (strcmp(type_element(parameter), "IntegerParameterType") == 0)
        wf_strbuf_add(out,
                      parameter->type == WF_TYPE_INT ? " signed=\"true\"" : " signed=\"false\"");
    wf_strbuf_add_char(out, '>');
    if (parameter->unit[0] != '\0') {
        wf_strbuf_add(out, "<UnitSet><Unit>");
        add_escaped(out, parameter->unit);
        wf_strbuf_add(out, "</Unit></UnitSet>");
    }
    if (parameter->type == WF_TYPE_TIME)
        note(export, parameter, "a time code is left out; what follows it is displaced");
    else if (parameter->bits > 0)
        write_number(export, parameter);
    else
        write_sized(export, parameter);
    if (parameter->enumeration >= 0)
        write_labels(export, &export->schema->enumerations[parameter->enumeration]);
    write_limits(export, parameter);
    wf_strbuf_addf(out, "</%s>\n", type_element(parameter));
    if (parameter->count_max > 1 && parameter->count_from < 0 && !parameter->is_count_rest)
        return;
    if (parameter->is_count_rest)
        note(export, parameter, "a count up to the end of the packet: one element is exported");
}

/* --- parameters and containers ---------------------------------------------------------------- */

static void write_parameter(const struct export *export, size_t index)
{
    const struct wf_parameter *parameter = &export->schema->parameters[index];
    struct wf_strbuf *out = export->out;

    wf_strbuf_add(out, "<Parameter");
    add_attribute(out, "name", mission_name(parameter));
    wf_strbuf_addf(out, " parameterTypeRef=\"%s_Type\"",
                   export->schema->parameters[type_of(export->schema, index)].name);
    add_attribute(out, "shortDescription", parameter->title);
    if (parameter->description[0] == '\0') {
        wf_strbuf_add(out, "/>\n");
        return;
    }
    wf_strbuf_add(out, "><LongDescription>");
    add_escaped(out, parameter->description);
    wf_strbuf_add(out, "</LongDescription></Parameter>\n");
}

/* A time code stands before the first parameter and is none itself: it is passed over. */
static uint32_t time_code_bits(const struct wf_time_format *time)
{
    uint32_t bytes = time->has_p_field ? 1 : 0;

    if (time->code == WF_TIME_CODE_CUC)
        return 8 * (bytes + time->coarse_bytes + time->fine_bytes);
    if (time->code == WF_TIME_CODE_CDS)
        return 8 * (bytes + time->coarse_bytes + 4u + time->fine_bytes);
    return 0;
}

static void write_entry(const struct export *export, size_t index)
{
    const struct wf_parameter *parameter = &export->schema->parameters[index];
    struct wf_strbuf *out = export->out;
    bool is_first = index == 0 || index == export->header_count;
    uint32_t skip = parameter->place.skip;

    if (index == export->header_count && !parameter->place.is_absolute)
        skip += time_code_bits(&export->schema->time);
    wf_strbuf_add(out, "<ParameterRefEntry");
    add_attribute(out, "parameterRef", mission_name(parameter));
    wf_strbuf_add_char(out, '>');
    if (parameter->place.is_absolute &&
        !(is_first && parameter->place.bit == (index == 0 ? 0u : HEADER_BITS)))
        wf_strbuf_addf(out,
                       "<LocationInContainerInBits referenceLocation=\"containerStart\">"
                       "<FixedValue>%u</FixedValue></LocationInContainerInBits>",
                       parameter->place.bit);
    else if (skip > 0)
        wf_strbuf_addf(out,
                       "<LocationInContainerInBits referenceLocation=\"previousEntry\">"
                       "<FixedValue>%u</FixedValue></LocationInContainerInBits>",
                       skip);
    if (parameter->count_max > 1 && parameter->count_from >= 0) {
        wf_strbuf_add(out, "<RepeatEntry><Count><DynamicValue><ParameterInstanceRef");
        add_attribute(out, "parameterRef",
                      mission_name(&export->schema->parameters[parameter->count_from]));
        wf_strbuf_add(out, "/></DynamicValue></Count></RepeatEntry>");
    } else if (parameter->count_max > 1 && !parameter->is_count_rest) {
        wf_strbuf_addf(out, "<RepeatEntry><Count><FixedValue>%u</FixedValue></Count></RepeatEntry>",
                       parameter->count_max);
    }
    if (parameter->present_when[0] != '\0')
        note(export, parameter, "present_when is not exported: XTCE will expect it always");
    wf_strbuf_add(out, "</ParameterRefEntry>\n");
}

static size_t count_header(const struct wf_schema *schema)
{
    uint32_t at = 0;
    size_t i = 0;

    while (i < schema->parameter_count && at < HEADER_BITS) {
        const struct wf_parameter *parameter = &schema->parameters[i];
        uint32_t place = parameter->place.is_absolute ? parameter->place.bit
                         : i == 0                     ? HEADER_BITS
                                                      : at + parameter->place.skip;

        if (place != at || parameter->bits == 0 || parameter->is_derived)
            return 0;
        at += parameter->bits * parameter->count_max;
        i++;
    }
    return at == HEADER_BITS ? i : 0;
}

/* The usual seven, for schemas that do not speak of them. */
static void write_usual_header(struct wf_strbuf *out, int part)
{
    static const struct {
        const char *name;
        unsigned bits;
    } fields[] = { { "CCSDS_VERSION", 3 }, { "CCSDS_TYPE", 1 },      { "CCSDS_SEC_HDR_FLAG", 1 },
                   { "CCSDS_APID", 11 },   { "CCSDS_SEQ_FLAGS", 2 }, { "CCSDS_SEQ_COUNT", 14 },
                   { "CCSDS_LENGTH", 16 } };

    for (size_t i = 0; i < WF_COUNT_OF(fields); i++) {
        const char *name = fields[i].name;

        if (part == 0)
            wf_strbuf_addf(out,
                           "<IntegerParameterType name=\"%s_Type\" signed=\"false\">"
                           "<IntegerDataEncoding sizeInBits=\"%u\"/></IntegerParameterType>\n",
                           name, fields[i].bits);
        else if (part == 1)
            wf_strbuf_addf(out, "<Parameter name=\"%s\" parameterTypeRef=\"%s_Type\"/>\n", name,
                           name);
        else
            wf_strbuf_addf(out, "<ParameterRefEntry parameterRef=\"%s\"/>\n", name);
    }
}

static const char *apid_name(const struct export *export)
{
    uint32_t at = 0;

    for (size_t i = 0; i < export->header_count; i++) {
        const struct wf_parameter *parameter = &export->schema->parameters[i];

        if (at == 5 && parameter->bits == 11)
            return mission_name(parameter);
        at += parameter->bits;
    }
    return "CCSDS_APID";
}

static void write_selection(const struct export *export)
{
    const struct wf_schema *schema = export->schema;
    struct wf_strbuf *out = export->out;
    const char *apid = apid_name(export);

    wf_strbuf_add(out, "<BaseContainer containerRef=\"CCSDSPacket\"><RestrictionCriteria>");
    if (schema->apid_count == 1) {
        wf_strbuf_addf(out,
                       "<Comparison parameterRef=\"%s\" value=\"%u\" "
                       "useCalibratedValue=\"false\"/>",
                       apid, (unsigned)schema->apids[0]);
    } else {
        wf_strbuf_add(out, "<BooleanExpression><ORedConditions>");
        for (size_t i = 0; i < schema->apid_count; i++)
            wf_strbuf_addf(out,
                           "<Condition><ParameterInstanceRef parameterRef=\"%s\"/>"
                           "<ComparisonOperator>==</ComparisonOperator><Value>%u</Value>"
                           "</Condition>",
                           apid, (unsigned)schema->apids[i]);
        wf_strbuf_add(out, "</ORedConditions></BooleanExpression>");
    }
    wf_strbuf_add(out, "</RestrictionCriteria></BaseContainer>");
}

static void note_rest(const struct export *export)
{
    const struct wf_schema *schema = export->schema;
    static const struct wf_parameter none = { .name = "" };

    if (schema->match[0] != '\0')
        note(export, &none, "match is not exported: the APID alone selects the packet");
    if (schema->time.code != WF_TIME_CODE_NONE)
        note(export, &none, "the sample's time is not exported; a time code is passed over");
    if (schema->context_count > 0 || schema->condition_count > 0)
        note(export, &none, "contexts and conditions are not exported");
    for (size_t i = 0; i < schema->parameter_count; i++) {
        if (schema->parameters[i].is_derived)
            note(export, &schema->parameters[i], "derived parameters are not exported");
    }
}

static void write_containers(const struct export *export, size_t count)
{
    const struct wf_schema *schema = export->schema;
    struct wf_strbuf *out = export->out;

    wf_strbuf_add(out, "<ContainerSet>\n<SequenceContainer name=\"CCSDSPacket\" "
                       "abstract=\"true\">\n<EntryList>\n");
    if (export->header_count == 0)
        write_usual_header(out, 2);
    for (size_t i = 0; i < export->header_count; i++)
        write_entry(export, i);
    wf_strbuf_addf(out, "</EntryList>\n</SequenceContainer>\n<SequenceContainer name=\"%s\"",
                   schema->name);
    if (strcmp(schema->title, schema->name) != 0)
        add_attribute(out, "shortDescription", schema->title);
    wf_strbuf_add_char(out, '>');
    if (schema->description[0] != '\0') {
        wf_strbuf_add(out, "<LongDescription>");
        add_escaped(out, schema->description);
        wf_strbuf_add(out, "</LongDescription>");
    }
    wf_strbuf_add(out, "<EntryList>\n");
    for (size_t i = export->header_count; i < count; i++)
        write_entry(export, i);
    wf_strbuf_add(out, "</EntryList>\n");
    write_selection(export);
    wf_strbuf_add(out, "</SequenceContainer>\n</ContainerSet>\n");
}

void wf_xtce_write(const struct wf_schema *schema, const char *file, struct wf_strbuf *out,
                   struct wf_problems *notes)
{
    struct export export = { .schema = schema, .file = file, .out = out, .notes = notes };
    size_t count = 0;

    while (count < schema->parameter_count && !schema->parameters[count].is_derived)
        count++;
    export.header_count = count_header(schema);
    wf_strbuf_addf(out,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SpaceSystem name=\"%s\" "
                   "xmlns=\"http://www.omg.org/spec/XTCE/20180204\">\n",
                   schema->name);
    if (schema->version[0] != '\0') {
        wf_strbuf_add(out, "<Header");
        add_attribute(out, "version", schema->version);
        wf_strbuf_add(out, " validationStatus=\"Working\"/>\n");
    }
    wf_strbuf_add(out, "<TelemetryMetaData>\n<ParameterTypeSet>\n");
    if (export.header_count == 0)
        write_usual_header(out, 0);
    for (size_t i = 0; i < count; i++)
        write_type(&export, i);
    wf_strbuf_add(out, "</ParameterTypeSet>\n<ParameterSet>\n");
    if (export.header_count == 0)
        write_usual_header(out, 1);
    for (size_t i = 0; i < count; i++)
        write_parameter(&export, i);
    wf_strbuf_add(out, "</ParameterSet>\n");
    write_containers(&export, count);
    wf_strbuf_add(out, "</TelemetryMetaData>\n</SpaceSystem>\n");
    note_rest(&export);
}
