/* SPDX-License-Identifier: MIT */
/*
 * The sample's time: an absolute time with an epoch, and the times that are counted from it
 * (OffsetFrom), each in whole fractions. They stay plain counts, which the schema adds up.
 */

#include <math.h>
#include <string.h>

#include <watchfloor/attributes.h>

#include "xtce_model.h"

/* The scale of one count as the schema's unit; false when it is none. */
static bool add_unit(double scale, struct wf_strbuf *out)
{
    static const struct {
        double seconds;
        const char *name;
    } units[] = { { 86400, "1d" }, { 1, "1s" }, { 1e-3, "1ms" }, { 1e-6, "1us" }, { 1e-9, "1ns" } };
    double parts = scale > 0 ? rint(1 / scale) : 0, ns = rint(scale * 1e9);

    for (size_t i = 0; i < WF_COUNT_OF(units); i++) {
        if (scale == units[i].seconds) {
            wf_strbuf_add(out, units[i].name);
            return true;
        }
    }
    if (scale > 1 && scale < 1e9 && scale == floor(scale))
        wf_strbuf_addf(out, "%.0fs", scale);
    else if (parts >= 2 && parts < 1e15 && fabs(scale * parts - 1) < 1e-12)
        wf_strbuf_addf(out, "1/%.0fs", parts);
    else if (ns >= 1 && ns < 1e15 && fabs(scale * 1e9 - ns) < 1e-6)
        wf_strbuf_addf(out, "%.0fns", ns);
    else
        return false;
    return true;
}

static const char *epoch_of(const struct wfd_node *type)
{
    static const struct {
        const char *xtce, *ours;
    } known[] = { { "TAI", "tai" },
                  { "UNIX", "unix" },
                  { "POSIX", "unix" },
                  { "GPS", "gps" },
                  { "J2000", "j2000" } };
    const struct wfd_node *epoch = wfd_path(type, "ReferenceTime/Epoch");

    if (epoch == NULL)
        return NULL;
    for (size_t i = 0; i < WF_COUNT_OF(known); i++) {
        if (strcmp(known[i].xtce, epoch->text) == 0)
            return known[i].ours;
    }
    return epoch->text;
}

static bool is_countable(const struct wfd_field *field, struct wf_strbuf *unit)
{
    const struct wfd_node *encoding = wfd_child(field->type, "Encoding");

    return wfd_number(encoding, "offset", 0) == 0 && field->count == 1 && field->segment < 0 &&
           wfd_path(encoding, "IntegerDataEncoding/DefaultCalibrator") == NULL &&
           (field->coding.type == WF_TYPE_UINT || field->coding.type == WF_TYPE_INT) &&
           add_unit(wfd_number(encoding, "scale", 1), unit);
}

/* Is it a time that is counted from field `from`? */
static bool is_after(struct wfd_draft *draft, const struct wfd_field *field, size_t from)
{
    const struct wfd_node *offset = wfd_path(field->type, "ReferenceTime/OffsetFrom");
    const char *name = wfd_attribute(offset, "parameterRef");

    return name != NULL && wfd_find(draft->xtce, field->type, WFD_KIND_PARAMETER, name) ==
                               draft->fields[from].parameter;
}

void wfd_find_time(struct wfd_draft *draft)
{
    char text[120];

    for (size_t i = 0; i < draft->packed && draft->time_count == 0; i++) {
        const struct wfd_field *field = &draft->fields[i];
        struct wf_strbuf unit = WF_STRBUF_FIXED(text);
        bool is_counted;

        if (!wfd_is(field->type, "AbsoluteTimeParameterType"))
            continue;
        is_counted = wfd_path(field->type, "ReferenceTime/OffsetFrom") != NULL;
        if (epoch_of(field->type) != NULL && is_countable(field, &unit))
            draft->times[draft->time_count++] = i;
        else if (!is_counted)
            wfd_note(draft, field->entry,
                     "'%s', an absolute time, is read as a number; it is not the sample's time",
                     field->original);
    }
    for (size_t k = 0; k < draft->time_count; k++) {
        for (size_t i = 0; i < draft->packed && draft->time_count < WF_COUNT_OF(draft->times);
             i++) {
            struct wf_strbuf unit = WF_STRBUF_FIXED(text);

            if (is_after(draft, &draft->fields[i], draft->times[k]) &&
                is_countable(&draft->fields[i], &unit))
                draft->times[draft->time_count++] = i;
        }
    }
}

bool wfd_is_time(const struct wfd_draft *draft, const struct wfd_field *field)
{
    for (size_t i = 0; i < draft->time_count; i++)
        if (&draft->fields[draft->times[i]] == field)
            return true;
    return false;
}

void wfd_write_time(const struct wfd_draft *draft, struct wf_strbuf *out)
{
    const char *epoch;
    bool is_date;

    if (draft->time_count == 0)
        return;
    wf_strbuf_add(out, "time = fields");
    for (size_t i = 0; i < draft->time_count; i++) {
        const struct wfd_field *field = &draft->fields[draft->times[i]];

        wf_strbuf_addf(out, " %s:", field->name);
        (void)add_unit(wfd_number(wfd_child(field->type, "Encoding"), "scale", 1), out);
    }
    epoch = epoch_of(draft->fields[draft->times[0]].type);
    is_date = epoch[0] >= '0' && epoch[0] <= '9';
    wf_strbuf_addf(out, "\nepoch = %.40s%s%s\n", epoch,
                   is_date && strchr(epoch, 'T') == NULL ? "T00:00:00" : "", is_date ? " utc" : "");
}
