/* SPDX-License-Identifier: MIT */
/*
 * A schema as XTCE 1.2: one SpaceSystem with one packet that extends the CCSDS header (and the
 * time code behind it), and a calculation for each derived parameter.
 */

#include "xtce_export.h"

#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>

#define HEADER_BITS 48

/* --- words ------------------------------------------------------------------------------------ */

void wfd_export_note(const struct wfd_export *export, const struct wf_parameter *parameter,
                     const char *what)
{
    wf_problems_add(export->notes, export->file, 0, "%s%s%s",
                    parameter != NULL ? parameter->name : "", parameter != NULL ? ": " : "", what);
}

void wfd_export_escaped(struct wf_strbuf *out, const char *text)
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

void wfd_export_attribute(struct wf_strbuf *out, const char *name, const char *text)
{
    if (text[0] == '\0')
        return;
    wf_strbuf_addf(out, " %s=\"", name);
    wfd_export_escaped(out, text);
    wf_strbuf_add_char(out, '"');
}

void wfd_export_number(struct wf_strbuf *out, const char *name, double value)
{
    wf_strbuf_addf(out, " %s=\"", name);
    wf_strbuf_add_double(out, value);
    wf_strbuf_add_char(out, '"');
}

const char *wfd_export_name(const struct wf_parameter *parameter)
{
    return parameter->alias[0] != '\0' ? parameter->alias : parameter->name;
}

/* A name that no parameter has. */
static void free_name(const struct wf_schema *schema, const char *wanted, char out[WF_NAME_SIZE])
{
    struct wf_strbuf name;

    wf_strbuf_init_fixed(&name, out, WF_NAME_SIZE);
    wf_strbuf_add(&name, wanted);
    while (wf_schema_find(schema, out) >= 0 && name.len + 1 < WF_NAME_SIZE)
        wf_strbuf_add_char(&name, '_');
}

/* --- header and time -------------------------------------------------------------------------- */

static bool is_time_field(const struct wf_schema *schema, size_t index)
{
    for (size_t i = 0; i < schema->time.field_count; i++)
        if (schema->time.code == WF_TIME_CODE_FIELDS &&
            schema->time.fields[i].parameter == (int)index)
            return true;
    return false;
}

/* The parameters that are the primary header, and the time right behind it; 0 = they are not. */
static size_t count_header(const struct wf_schema *schema)
{
    uint32_t at = 0;
    size_t i = 0;

    while (i < schema->parameter_count && at < HEADER_BITS) {
        const struct wf_parameter *parameter = &schema->parameters[i];
        uint32_t place = parameter->place.is_absolute ? parameter->place.bit
                         : i == 0                     ? HEADER_BITS
                                                      : at + parameter->place.skip;

        if (place != at || parameter->bits == 0 || parameter->is_derived ||
            parameter->place.is_from_end || parameter->present_when[0] != '\0')
            return 0;
        at += parameter->bits * parameter->count_max;
        i++;
    }
    if (at != HEADER_BITS)
        return 0;
    /* Only what no mission calls otherwise: with a prefix it is the packet's own. */
    while (i < schema->parameter_count && is_time_field(schema, i) &&
           schema->parameters[i].alias[0] == '\0' && !schema->parameters[i].place.is_absolute &&
           schema->parameters[i].place.skip == 0)
        i++;
    return i;
}

static void add_time(struct wfd_export *export, const char *name, unsigned bits,
                     int64_t numerator_ns, int64_t denominator)
{
    struct wfd_export_time *time = &export->times[export->time_count++];

    free_name(export->schema, name, time->name);
    time->bits = bits;
    time->numerator_ns = numerator_ns;
    time->denominator = denominator;
}

/* A time code of known size, as the parts that it is the sum of. */
static void choose_times(struct wfd_export *export)
{
    const struct wf_time_format *time = &export->schema->time;
    bool is_cuc = time->code == WF_TIME_CODE_CUC;

    if (!is_cuc && time->code != WF_TIME_CODE_CDS)
        return;
    if (time->has_p_field) {
        wfd_export_note(export, NULL,
                        "a time code that tells its own length has no words in XTCE: what "
                        "follows it is displaced");
        return;
    }
    if (is_cuc && time->fine_bytes > 4)
        wfd_export_note(export, NULL, "fractions of 2^-32 s and less are left out of the time");
    if (is_cuc) {
        unsigned fine = time->fine_bytes < 4 ? time->fine_bytes : 4;

        add_time(export, "TIME", 8u * time->coarse_bytes, WF_NS_PER_S, 1);
        if (fine > 0)
            add_time(export, "TIME_FINE", 8 * fine, WF_NS_PER_S, INT64_C(1) << 8 * fine);
        return;
    }
    add_time(export, "TIME", 8u * time->coarse_bytes, WF_NS_PER_DAY, 1);
    add_time(export, "TIME_MS", 32, WF_NS_PER_MS, 1);
    if (time->fine_bytes > 0)
        add_time(export, "TIME_FINE", 8u * time->fine_bytes, WF_NS_PER_US,
                 time->fine_bytes == 4 ? 1000000 : 1);
}

/* The usual seven, for schemas that do not speak of them. */
static const struct {
    const char *name;
    unsigned bits;
} usual[] = { { "CCSDS_VERSION", 3 }, { "CCSDS_TYPE", 1 },      { "CCSDS_SEC_HDR_FLAG", 1 },
              { "CCSDS_APID", 11 },   { "CCSDS_SEQ_FLAGS", 2 }, { "CCSDS_SEQ_COUNT", 14 },
              { "CCSDS_LENGTH", 16 } };

static void write_usual_header(const struct wfd_export *export, int part)
{
    for (size_t i = 0; i < WF_COUNT_OF(usual); i++) {
        char name[WF_NAME_SIZE];

        free_name(export->schema, usual[i].name, name);
        if (part == 0)
            wf_strbuf_addf(export->out,
                           "<IntegerParameterType name=\"%s_Type\" signed=\"false\">"
                           "<IntegerDataEncoding sizeInBits=\"%u\"/></IntegerParameterType>\n",
                           name, usual[i].bits);
        else if (part == 1)
            wf_strbuf_addf(export->out, "<Parameter name=\"%s\" parameterTypeRef=\"%s_Type\"/>\n",
                           name, name);
        else
            wf_strbuf_addf(export->out, "<ParameterRefEntry parameterRef=\"%s\"/>\n", name);
    }
}

static void apid_name(const struct wfd_export *export, char out[WF_FULL_NAME_SIZE])
{
    uint32_t at = 0;

    for (size_t i = 0; i < export->header_count; i++) {
        const struct wf_parameter *parameter = &export->schema->parameters[i];

        if (at == 5 && parameter->bits == 11) {
            (void)wf_copy_text(out, WF_FULL_NAME_SIZE, wfd_export_name(parameter));
            return;
        }
        at += parameter->bits * parameter->count_max;
    }
    free_name(export->schema, usual[3].name, out);
}

/* --- entries ---------------------------------------------------------------------------------- */

static void write_location(struct wf_strbuf *out, const char *from, uint32_t bits)
{
    wf_strbuf_addf(out,
                   "<LocationInContainerInBits referenceLocation=\"%s\"><FixedValue>%u"
                   "</FixedValue></LocationInContainerInBits>",
                   from, bits);
}

static void write_repeat(const struct wfd_export *export, const struct wf_parameter *parameter)
{
    struct wf_strbuf *out = export->out;

    if (parameter->is_count_rest)
        wfd_export_note(export, parameter,
                        "a count up to the end of the packet has no words in XTCE: one element "
                        "is exported");
    if (parameter->is_count_rest || (parameter->count_from < 0 && parameter->count_max == 1))
        return;
    wf_strbuf_add(out, "<RepeatEntry><Count>");
    if (parameter->count_from >= 0) {
        wf_strbuf_add(out, "<DynamicValue><ParameterInstanceRef");
        wfd_export_attribute(out, "parameterRef",
                             wfd_export_name(&export->schema->parameters[parameter->count_from]));
        wf_strbuf_add(out, "/>");
        if (parameter->count_add != 0)
            wf_strbuf_addf(out, "<LinearAdjustment slope=\"1\" intercept=\"%d\"/>",
                           (int)parameter->count_add);
        wf_strbuf_add(out, "</DynamicValue>");
    } else {
        wf_strbuf_addf(out, "<FixedValue>%u</FixedValue>", parameter->count_max);
    }
    wf_strbuf_add(out, "</Count></RepeatEntry>");
}

static void write_entry(const struct wfd_export *export, size_t index)
{
    const struct wf_parameter *parameter = &export->schema->parameters[index];
    const struct wf_place *place = &parameter->place;
    bool is_first = index == 0 || (index == export->header_count && export->time_count == 0);
    struct wf_strbuf *out = export->out;
    struct wf_strbuf when;

    wf_strbuf_add(out, "<ParameterRefEntry");
    wfd_export_attribute(out, "parameterRef", wfd_export_name(parameter));
    wf_strbuf_add_char(out, '>');
    if (place->is_from_end)
        write_location(out, "containerEnd", place->bit);
    else if (place->is_absolute && !(is_first && place->bit == (index == 0 ? 0u : HEADER_BITS)))
        write_location(out, "containerStart", place->bit);
    else if (!place->is_absolute && place->skip > 0)
        write_location(out, "previousEntry", place->skip);
    write_repeat(export, parameter);
    wf_strbuf_init(&when, 64u << 10);
    if (parameter->present_when[0] != '\0' &&
        wfd_export_condition(export, parameter->present_when, false, &when))
        wf_strbuf_addf(out, "<IncludeCondition>%s</IncludeCondition>", when.text);
    else if (parameter->present_when[0] != '\0')
        wfd_export_note(export, parameter,
                        "a present_when that is no comparison of values has no words in XTCE: it "
                        "is expected always");
    wf_strbuf_fini(&when);
    wf_strbuf_add(out, "</ParameterRefEntry>\n");
}

/* --- containers ------------------------------------------------------------------------------- */

static void write_base(const struct wfd_export *export)
{
    struct wf_strbuf *out = export->out;

    wf_strbuf_add(out, "<SequenceContainer name=\"CCSDSPacket\" abstract=\"true\">\n<EntryList>\n");
    if (export->header_count == 0)
        write_usual_header(export, 2);
    for (size_t i = 0; i < export->header_count; i++)
        write_entry(export, i);
    for (size_t i = 0; i < export->time_count; i++)
        wf_strbuf_addf(out, "<ParameterRefEntry parameterRef=\"%s\"/>\n", export->times[i].name);
    wf_strbuf_add(out, "</EntryList>\n</SequenceContainer>\n");
}

static void write_packet(const struct wfd_export *export)
{
    const struct wf_schema *schema = export->schema;
    struct wf_strbuf *out = export->out;
    char apid[WF_FULL_NAME_SIZE];

    wf_strbuf_addf(out, "<SequenceContainer name=\"%s\"", schema->name);
    if (strcmp(schema->title, schema->name) != 0)
        wfd_export_attribute(out, "shortDescription", schema->title);
    wf_strbuf_add_char(out, '>');
    if (schema->description[0] != '\0') {
        wf_strbuf_add(out, "<LongDescription>");
        wfd_export_escaped(out, schema->description);
        wf_strbuf_add(out, "</LongDescription>");
    }
    wf_strbuf_add(out, "<EntryList>\n");
    for (size_t i = export->header_count; i < schema->parameter_count; i++)
        if (!schema->parameters[i].is_derived)
            write_entry(export, i);
    wf_strbuf_add(out, "</EntryList>\n<BaseContainer containerRef=\"CCSDSPacket\">"
                       "<RestrictionCriteria>");
    apid_name(export, apid);
    if (schema->apid_count == 0)
        wfd_export_note(export, NULL, "no APID selects it: no packet will be it");
    if (!wfd_export_selection(export, apid, out))
        wfd_export_note(export, NULL,
                        "a match that is no comparison of values has no words in XTCE: the APID "
                        "alone selects the packet");
    wf_strbuf_add(out, "</RestrictionCriteria></BaseContainer></SequenceContainer>\n");
}

/* --- calculations ----------------------------------------------------------------------------- */

static void write_algorithms(const struct wfd_export *export)
{
    const struct wf_schema *schema = export->schema;
    struct wf_strbuf *out = export->out;
    bool is_open = false;

    for (size_t i = 0; i < schema->parameter_count; i++) {
        const struct wf_parameter *parameter = &schema->parameters[i];
        struct wf_strbuf steps;

        if (!parameter->is_derived)
            continue;
        wf_strbuf_init(&steps, 256u << 10);
        if (wfd_export_calculation(export, parameter->expression, &steps)) {
            wf_strbuf_add(out, is_open ? "" : "<AlgorithmSet>\n");
            is_open = true;
            wf_strbuf_addf(out, "<MathAlgorithm name=\"%s_Calculation\"><MathOperation",
                           parameter->name);
            wfd_export_attribute(out, "outputParameterRef", wfd_export_name(parameter));
            wf_strbuf_addf(out, ">%s</MathOperation></MathAlgorithm>\n", steps.text);
        } else {
            wfd_export_note(export, parameter,
                            "its expression has no words in XTCE: only its name and type are "
                            "exported");
        }
        wf_strbuf_fini(&steps);
    }
    wf_strbuf_add(out, is_open ? "</AlgorithmSet>\n" : "");
}

/* --- the whole -------------------------------------------------------------------------------- */

static void note_rest(const struct wfd_export *export)
{
    const struct wf_schema *schema = export->schema;

    if (schema->gap_severity != 1 || schema->suppressed_by[0] != '\0')
        wfd_export_note(export, NULL, "alarms on gaps and staleness have no words in XTCE");
    if (schema->condition_count > 0)
        wfd_export_note(export, NULL, "alarms by rule ([condition]) have no words in XTCE");
    if (schema->is_segmented || schema->is_uncounted || schema->kind == WF_KIND_TABLE)
        wfd_export_note(export, NULL, "segmented, sequence and kind have no words in XTCE");
    if (schema->period_ns != 0 || schema->stale_after_ns != 0 || schema->ring != 0 ||
        schema->is_unrecorded || schema->packet_max != 65542)
        wfd_export_note(export, NULL,
                        "period, stale_after, ring, recorded and packet_max are not "
                        "exported");
}

void wf_xtce_write(const struct wf_schema *schema, const char *file, struct wf_strbuf *out,
                   struct wf_problems *notes)
{
    struct wfd_export export = { .schema = schema, .file = file, .out = out, .notes = notes };

    export.header_count = count_header(schema);
    choose_times(&export);
    wf_strbuf_addf(out,
                   "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<SpaceSystem name=\"%s\" "
                   "xmlns=\"http://www.omg.org/spec/XTCE/20180204\">\n",
                   schema->name);
    if (schema->version[0] != '\0') {
        wf_strbuf_add(out, "<Header");
        wfd_export_attribute(out, "version", schema->version);
        wf_strbuf_add(out, " validationStatus=\"Working\"/>\n");
    }
    wf_strbuf_add(out, "<TelemetryMetaData>\n<ParameterTypeSet>\n");
    if (export.header_count == 0)
        write_usual_header(&export, 0);
    wfd_export_types(&export);
    wf_strbuf_add(out, "</ParameterTypeSet>\n<ParameterSet>\n");
    if (export.header_count == 0)
        write_usual_header(&export, 1);
    wfd_export_parameters(&export);
    wf_strbuf_add(out, "</ParameterSet>\n<ContainerSet>\n");
    write_base(&export);
    write_packet(&export);
    wf_strbuf_add(out, "</ContainerSet>\n");
    write_algorithms(&export);
    wf_strbuf_add(out, "</TelemetryMetaData>\n</SpaceSystem>\n");
    note_rest(&export);
}
