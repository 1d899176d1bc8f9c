/* SPDX-License-Identifier: MIT */
/*
 * Parameters and their types. A type is one for each parameter; labels and calibrators that
 * several share stand in a type that theirs are based on, so that importing shares them again.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/decode/timecode.h>

#include "xtce_export.h"

/* --- encodings -------------------------------------------------------------------------------- */

static void write_body(const struct wfd_export *export, const struct wf_calibrator *calibrator)
{
    struct wf_strbuf *out = export->out;

    if (calibrator->kind == WF_CALIBRATOR_POLYNOMIAL) {
        wf_strbuf_add(out, "<PolynomialCalibrator>");
        for (size_t i = 0; i < calibrator->count; i++) {
            wf_strbuf_add(out, "<Term");
            wfd_export_number(out, "coefficient", calibrator->y[i]);
            wf_strbuf_addf(out, " exponent=\"%zu\"/>", i);
        }
        wf_strbuf_add(out, "</PolynomialCalibrator>");
        return;
    }
    wf_strbuf_addf(out, "<SplineCalibrator order=\"%d\" extrapolate=\"%s\">", calibrator->order,
                   calibrator->extrapolate ? "true" : "false");
    for (size_t i = 0; i < calibrator->count; i++) {
        wf_strbuf_add(out, "<SplinePoint");
        wfd_export_number(out, "raw", calibrator->x[i]);
        wfd_export_number(out, "calibrated", calibrator->y[i]);
        wf_strbuf_add(out, "/>");
    }
    wf_strbuf_add(out, "</SplineCalibrator>");
}

static void write_contexts(const struct wfd_export *export, const struct wf_parameter *parameter)
{
    const struct wf_schema *schema = export->schema;
    struct wf_strbuf *out = export->out;

    wf_strbuf_add(out, "<ContextCalibratorList>");
    for (size_t i = 0; i < parameter->choice_count; i++) {
        const struct wf_calibrator *calibrator = &schema->calibrators[parameter->choices[i]];
        struct wf_strbuf when;

        wf_strbuf_init(&when, 64u << 10);
        if (wfd_export_condition(export, calibrator->when, true, &when)) {
            wf_strbuf_addf(out, "<ContextCalibrator><ContextMatch>%s</ContextMatch><Calibrator>",
                           when.text);
            write_body(export, calibrator);
            wf_strbuf_add(out, "</Calibrator></ContextCalibrator>");
        } else {
            wfd_export_note(export, parameter,
                            "a calibrator whose 'when' is no comparison of values is left out");
        }
        wf_strbuf_fini(&when);
    }
    wf_strbuf_add(out, "</ContextCalibratorList>");
}

static const char *byte_order_of(const struct wf_parameter *parameter, uint32_t bits)
{
    return parameter->byte_order == WF_LITTLE_ENDIAN && bits > 8
               ? " byteOrder=\"leastSignificantByteFirst\""
               : "";
}

static void write_number(const struct wfd_export *export, const struct wf_parameter *parameter)
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
                   encoding, byte_order_of(parameter, parameter->bits));
    if (parameter->calibrator < 0) {
        wf_strbuf_add(out, "/>");
        return;
    }
    wf_strbuf_add(out, "><DefaultCalibrator>");
    write_body(export, &export->schema->calibrators[parameter->calibrator]);
    wf_strbuf_add(out, "</DefaultCalibrator>");
    if (parameter->choice_count > 0)
        write_contexts(export, parameter);
    wf_strbuf_addf(out, "</%s>", element);
}

static void write_sized(const struct wfd_export *export, const struct wf_parameter *parameter)
{
    bool is_text = parameter->type == WF_TYPE_STRING;
    const char *element = is_text ? "StringDataEncoding" : "BinaryDataEncoding";
    bool is_variable = is_text && parameter->sizing != WF_SIZE_FIXED;
    unsigned long long bits = 8ull * (unsigned long long)parameter->size_max;
    struct wf_strbuf *out = export->out;

    wf_strbuf_addf(out, "<%s%s>", element, byte_order_of(parameter, parameter->prefix_bits));
    if (is_variable)
        wf_strbuf_addf(out, "<Variable maxSizeInBits=\"%llu\">", bits);
    else
        wf_strbuf_add(out, "<SizeInBits>");
    switch (parameter->sizing) {
    case WF_SIZE_FIXED:
        wf_strbuf_addf(out,
                       is_text ? "<Fixed><FixedValue>%llu</FixedValue></Fixed>"
                               : "<FixedValue>%llu</FixedValue>",
                       bits);
        break;
    case WF_SIZE_FIELD:
        wf_strbuf_add(out, "<DynamicValue><ParameterInstanceRef");
        wfd_export_attribute(out, "parameterRef",
                             wfd_export_name(&export->schema->parameters[parameter->size_from]));
        wf_strbuf_addf(out, "/><LinearAdjustment slope=\"8\" intercept=\"%d\"/></DynamicValue>",
                       8 * (int)parameter->size_add);
        break;
    case WF_SIZE_PREFIX:
        if (is_text)
            wf_strbuf_addf(out, "<LeadingSize sizeInBitsOfSizeTag=\"%u\"/>",
                           parameter->prefix_bits);
        else
            wfd_export_note(export, parameter,
                            "bytes behind their own length have no words in XTCE: they go to "
                            "the end of the packet");
        break;
    case WF_SIZE_TERMINATED:
        if (is_text)
            wf_strbuf_addf(out, "<TerminationChar>%02X</TerminationChar>", parameter->terminator);
        else
            wfd_export_note(export, parameter,
                            "bytes up to a terminator have no words in XTCE: they go to the end "
                            "of the packet");
        break;
    case WF_SIZE_REST:
        wfd_export_note(export, parameter,
                        "a size up to the end of the packet has no words in XTCE");
        break;
    }
    wf_strbuf_addf(out, is_variable ? "</Variable></%s>" : "</SizeInBits></%s>", element);
}

/* A time code: its bytes. */
static void write_time(const struct wfd_export *export, const struct wf_parameter *parameter)
{
    size_t bytes = wf_timecode_bytes(&parameter->time, NULL, 0);

    wfd_export_note(export, parameter,
                    bytes > 0
                        ? "a time code is exported as its bytes"
                        : "a time code that tells its own length goes to the end of the packet");
    wf_strbuf_add(export->out, "<BinaryDataEncoding><SizeInBits>");
    if (bytes > 0)
        wf_strbuf_addf(export->out, "<FixedValue>%zu</FixedValue>", 8 * bytes);
    wf_strbuf_add(export->out, "</SizeInBits></BinaryDataEncoding>");
}

static void write_encoding(const struct wfd_export *export, const struct wf_parameter *parameter)
{
    if (parameter->type == WF_TYPE_TIME)
        write_time(export, parameter);
    else if (parameter->bits > 0)
        write_number(export, parameter);
    else
        write_sized(export, parameter);
}

/* --- types ------------------------------------------------------------------------------------ */

static void write_labels(const struct wfd_export *export, const struct wf_enumeration *enumeration)
{
    wf_strbuf_add(export->out, "<EnumerationList>");
    for (size_t i = 0; i < enumeration->count; i++) {
        const struct wf_enumeration_entry *entry = &enumeration->entries[i];

        wf_strbuf_addf(export->out, "<Enumeration value=\"%lld\"", (long long)entry->low);
        if (entry->high > entry->low)
            wf_strbuf_addf(export->out, " maxValue=\"%lld\"", (long long)entry->high);
        wfd_export_attribute(export->out, "label", entry->label);
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

static bool is_same_coding(const struct wf_parameter *a, const struct wf_parameter *b)
{
    bool is_same = !a->is_derived && !b->is_derived && a->type == b->type &&
                   a->encoding == b->encoding && a->byte_order == b->byte_order &&
                   a->bits == b->bits && a->calibrator == b->calibrator && a->calibrator >= 0 &&
                   a->choice_count == b->choice_count;

    for (size_t i = 0; is_same && i < a->choice_count; i++)
        is_same = a->choices[i] == b->choices[i];
    return is_same;
}

/* Which parameters share labels or a calibrated encoding with an earlier one. */
struct sharing {
    size_t *first;   /* by parameter: the first that is alike; itself when it is the first */
    bool *is_shared; /* by parameter: there is another that is alike */
};

static bool is_alike(const struct wf_parameter *own, const struct wf_parameter *other)
{
    return own->enumeration >= 0 ? other->enumeration == own->enumeration
                                 : is_same_coding(other, own);
}

/* Each is compared with those that are unlike one another only. */
static bool find_sharing(const struct wf_schema *schema, struct sharing *out)
{
    size_t count = schema->parameter_count;
    size_t *unlike = calloc(count + 1, sizeof(unlike[0]));
    size_t unlike_count = 0;

    out->first = calloc(count + 1, sizeof(out->first[0]));
    out->is_shared = calloc(count + 1, sizeof(out->is_shared[0]));
    if (unlike == NULL || out->first == NULL || out->is_shared == NULL) {
        free(unlike);
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        size_t at = 0;

        while (at < unlike_count &&
               !is_alike(&schema->parameters[i], &schema->parameters[unlike[at]]))
            at++;
        if (at == unlike_count)
            unlike[unlike_count++] = i;
        else
            out->is_shared[i] = out->is_shared[unlike[at]] = true;
        out->first[i] = unlike[at];
    }
    free(unlike);
    return true;
}

static void write_shared(const struct wfd_export *export, const struct sharing *sharing,
                         size_t index)
{
    const struct wf_parameter *parameter = &export->schema->parameters[index];
    struct wf_strbuf *out = export->out;

    if (!sharing->is_shared[index] || sharing->first[index] != index)
        return;
    wf_strbuf_addf(out, "<%s name=\"%s_Shared\" abstract=\"true\">", type_element(parameter),
                   parameter->name);
    if (parameter->enumeration >= 0)
        write_labels(export, &export->schema->enumerations[parameter->enumeration]);
    else
        write_encoding(export, parameter);
    wf_strbuf_addf(out, "</%s>\n", type_element(parameter));
}

static void write_unit(struct wf_strbuf *out, const char *unit)
{
    if (unit[0] == '\0')
        return;
    wf_strbuf_add(out, "<UnitSet><Unit>");
    wfd_export_escaped(out, unit);
    wf_strbuf_add(out, "</Unit></UnitSet>");
}

/* A parameter of the sample's time: one count of it, and since when or after what it counts. */
static void write_reference(const struct wfd_export *export, const char *after)
{
    static const struct {
        int64_t epoch_ns;
        enum wf_epoch_scale scale;
        const char *name;
    } known[] = {
        { INT64_C(-378691200000000000), WF_SCALE_TAI, "TAI" },
        { INT64_C(0), WF_SCALE_UTC, "UNIX" },
        { INT64_C(315964800000000000), WF_SCALE_GPS, "GPS" },
        { INT64_C(946727967816000000), WF_SCALE_TAI, "J2000" },
    };
    const struct wf_time_format *time = &export->schema->time;
    struct wf_strbuf *out = export->out;

    wf_strbuf_add(out, "<ReferenceTime>");
    if (after != NULL) {
        wf_strbuf_add(out, "<OffsetFrom");
        wfd_export_attribute(out, "parameterRef", after);
        wf_strbuf_add(out, "/></ReferenceTime>");
        return;
    }
    for (size_t i = 0; i < WF_COUNT_OF(known); i++) {
        if (known[i].epoch_ns == time->epoch_ns && known[i].scale == time->scale) {
            wf_strbuf_addf(out, "<Epoch>%s</Epoch></ReferenceTime>", known[i].name);
            return;
        }
    }
    if (time->scale != WF_SCALE_UTC)
        wfd_export_note(export, NULL,
                        "an epoch of its own in TAI or GPS time is exported as if it were UTC");
    wf_strbuf_add(out, "<Epoch>");
    wf_strbuf_add_time(out, time->epoch_ns, time->epoch_ns % WF_NS_PER_S != 0 ? 9 : 0);
    wf_strbuf_add(out, "</Epoch></ReferenceTime>");
}

/* The field of the sample's time that `index` is; -1 = it is none. */
static int time_field_of(const struct wf_schema *schema, size_t index)
{
    if (schema->time.code != WF_TIME_CODE_FIELDS)
        return -1;
    for (size_t i = 0; i < schema->time.field_count; i++)
        if (schema->time.fields[i].parameter == (int)index)
            return (int)i;
    return -1;
}

static void write_time_type(const struct wfd_export *export, const char *name, unsigned bits,
                            const char *coding, int64_t numerator_ns, int64_t denominator,
                            const char *after)
{
    struct wf_strbuf *out = export->out;

    wf_strbuf_addf(out, "<AbsoluteTimeParameterType name=\"%s_Type\"><Encoding units=\"seconds\"",
                   name);
    if (numerator_ns != WF_NS_PER_S || denominator != 1)
        wfd_export_number(out, "scale", (double)numerator_ns / (double)denominator / 1e9);
    wf_strbuf_addf(out, "><IntegerDataEncoding sizeInBits=\"%u\" %s/></Encoding>", bits, coding);
    write_reference(export, after);
    wf_strbuf_add(out, "</AbsoluteTimeParameterType>\n");
}

/* Whole numbers as they are can be a time in XTCE's words. */
static bool is_time_type(const struct wf_parameter *parameter)
{
    return (parameter->type == WF_TYPE_UINT || parameter->type == WF_TYPE_INT) &&
           parameter->calibrator < 0 && parameter->enumeration < 0 &&
           parameter->encoding == WF_ENCODING_PLAIN;
}

static bool write_time_field(const struct wfd_export *export, size_t index)
{
    const struct wf_schema *schema = export->schema;
    const struct wf_parameter *parameter = &schema->parameters[index];
    int field = time_field_of(schema, index);
    const struct wf_parameter *before;
    char coding[100];
    struct wf_strbuf text = WF_STRBUF_FIXED(coding);

    if (field < 0)
        return false;
    if (!is_time_type(parameter)) {
        wfd_export_note(export, parameter,
                        "a calibrated or real part of the sample's time has no words in XTCE");
        return false;
    }
    before = field > 0 ? &schema->parameters[schema->time.fields[field - 1].parameter] : NULL;
    wf_strbuf_addf(&text, "encoding=\"%s\"%s",
                   parameter->type == WF_TYPE_INT ? "twosComplement" : "unsigned",
                   byte_order_of(parameter, parameter->bits));
    write_time_type(export, parameter->name, parameter->bits, coding,
                    schema->time.fields[field].numerator_ns, schema->time.fields[field].denominator,
                    before != NULL ? wfd_export_name(before) : NULL);
    wfd_export_note_alarms(export, parameter);
    if (parameter->limits.present != 0 || isfinite(parameter->valid_lo) ||
        isfinite(parameter->valid_hi) || parameter->unit[0] != '\0')
        wfd_export_note(export, parameter,
                        "unit and ranges of the sample's time have no words in XTCE");
    return true;
}

static void write_type(const struct wfd_export *export, const struct sharing *sharing, size_t index)
{
    const struct wf_schema *schema = export->schema;
    const struct wf_parameter *parameter = &schema->parameters[index];
    const char *element = type_element(parameter);
    bool has_base = sharing->is_shared[index];
    struct wf_strbuf *out = export->out;

    if (write_time_field(export, index))
        return;
    wf_strbuf_addf(out, "<%s name=\"%s_Type\"", element, parameter->name);
    if (has_base)
        wf_strbuf_addf(out, " baseType=\"%s_Shared\"",
                       schema->parameters[sharing->first[index]].name);
    if (strcmp(element, "IntegerParameterType") == 0)
        wf_strbuf_addf(out, " signed=\"%s\"", parameter->type == WF_TYPE_INT ? "true" : "false");
    if (parameter->is_derived && parameter->type != WF_TYPE_BOOL && parameter->enumeration < 0)
        wf_strbuf_add(out, " sizeInBits=\"64\"");
    wf_strbuf_add_char(out, '>');
    write_unit(out, parameter->unit);
    if (!parameter->is_derived && (!has_base || parameter->enumeration >= 0))
        write_encoding(export, parameter);
    if (parameter->enumeration >= 0 && !has_base)
        write_labels(export, &schema->enumerations[parameter->enumeration]);
    wfd_export_valid(export, parameter);
    wfd_export_alarms(export, index);
    wf_strbuf_addf(out, "</%s>\n", element);
}

void wfd_export_types(const struct wfd_export *export)
{
    const struct wf_schema *schema = export->schema;
    struct sharing sharing = { 0 };

    for (size_t i = 0; i < export->time_count; i++)
        write_time_type(export, export->times[i].name, export->times[i].bits,
                        "encoding=\"unsigned\"", export->times[i].numerator_ns,
                        export->times[i].denominator, i > 0 ? export->times[i - 1].name : NULL);
    if (!find_sharing(schema, &sharing))
        export->out->was_cut = true; /* as it says itself when memory runs out */
    for (size_t i = 0; i < schema->parameter_count && !export->out->was_cut; i++) {
        write_shared(export, &sharing, i);
        write_type(export, &sharing, i);
    }
    free(sharing.first);
    free(sharing.is_shared);
}

/* --- parameters ------------------------------------------------------------------------------- */

static void write_parameter(const struct wfd_export *export, size_t index)
{
    const struct wf_parameter *parameter = &export->schema->parameters[index];
    struct wf_strbuf *out = export->out;

    wf_strbuf_add(out, "<Parameter");
    wfd_export_attribute(out, "name", wfd_export_name(parameter));
    wf_strbuf_addf(out, " parameterTypeRef=\"%s_Type\"", parameter->name);
    wfd_export_attribute(out, "shortDescription", parameter->title);
    if (parameter->description[0] == '\0' && !parameter->is_derived) {
        wf_strbuf_add(out, "/>\n");
        return;
    }
    wf_strbuf_add_char(out, '>');
    if (parameter->description[0] != '\0') {
        wf_strbuf_add(out, "<LongDescription>");
        wfd_export_escaped(out, parameter->description);
        wf_strbuf_add(out, "</LongDescription>");
    }
    if (parameter->is_derived)
        wf_strbuf_add(out, "<ParameterProperties dataSource=\"derived\"/>");
    wf_strbuf_add(out, "</Parameter>\n");
}

void wfd_export_parameters(const struct wfd_export *export)
{
    for (size_t i = 0; i < export->time_count; i++)
        wf_strbuf_addf(export->out, "<Parameter name=\"%s\" parameterTypeRef=\"%s_Type\"/>\n",
                       export->times[i].name, export->times[i].name);
    for (size_t i = 0; i < export->schema->parameter_count; i++)
        write_parameter(export, i);
}
