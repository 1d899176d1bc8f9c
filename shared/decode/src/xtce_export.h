/* SPDX-License-Identifier: MIT */
#ifndef WFD_XTCE_EXPORT_H
#define WFD_XTCE_EXPORT_H

/*
 * A schema on its way to XTCE. xtce_export.c writes the file and its containers,
 * xtce_export_types.c parameters and their types, xtce_export_limits.c their alarms,
 * xtce_export_expr.c expressions.
 */

#include "xtce_model.h"

#define WFD_EXPORT_TIMES 3

struct wfd_export {
    const struct wf_schema *schema;
    const char *file;
    struct wf_strbuf *out;
    struct wf_problems *notes;
    size_t header_count; /* the first parameters are the primary header */
    /* The time code of the secondary header, as parameters that add up. */
    struct wfd_export_time {
        char name[WF_NAME_SIZE];
        unsigned bits;
        int64_t numerator_ns, denominator; /* of one count */
    } times[WFD_EXPORT_TIMES];
    size_t time_count;
};

/* `parameter` NULL: of the subsystem as a whole. */
void wfd_export_note(const struct wfd_export *export, const struct wf_parameter *parameter,
                     const char *what);
/* What the mission calls it. */
const char *wfd_export_name(const struct wf_parameter *parameter);
void wfd_export_escaped(struct wf_strbuf *out, const char *text);
/* Nothing for an empty text. */
void wfd_export_attribute(struct wf_strbuf *out, const char *name, const char *text);
void wfd_export_number(struct wf_strbuf *out, const char *name, double value);

/* xtce_export_types.c */
void wfd_export_types(const struct wfd_export *export);
void wfd_export_parameters(const struct wfd_export *export);

/* xtce_export_limits.c: inside the type of parameter `index`. */
void wfd_export_alarms(const struct wfd_export *export, size_t index);
void wfd_export_valid(const struct wfd_export *export, const struct wf_parameter *parameter);
/* What alarms are made of beside ranges: said, not exported. */
void wfd_export_note_alarms(const struct wfd_export *export, const struct wf_parameter *parameter);

/*
 * xtce_export_expr.c: the expression as comparisons, or as a postfix calculation. False, and
 * nothing written, when XTCE has no words for it.
 */
bool wfd_export_condition(const struct wfd_export *export, const char *text, bool is_raw,
                          struct wf_strbuf *out);
/* With `apid` compared beside it: what selects a packet. */
bool wfd_export_selection(const struct wfd_export *export, const char *apid, struct wf_strbuf *out);
bool wfd_export_calculation(const struct wfd_export *export, const char *text,
                            struct wf_strbuf *out);

#endif /* WFD_XTCE_EXPORT_H */
