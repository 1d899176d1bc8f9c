/* SPDX-License-Identifier: MIT */
/* Calibrators: polynomials, splines, and those that depend on a context. */

#include <math.h>
#include <string.h>

#include <watchfloor/attributes.h>

#include "xtce_model.h"

#define TERMS_MAX 16

static bool is_identity(const double *terms, size_t count)
{
    return count == 2 && terms[0] == 0 && terms[1] == 1;
}

/* c0 c1 ...; false when it cannot be said. *out_count 0: engineering is raw. */
static bool polynomial_of(const struct wfd_draft *draft, const struct wfd_node *node,
                          double terms[TERMS_MAX], size_t *out_count)
{
    *out_count = 0;
    memset(terms, 0, TERMS_MAX * sizeof(*terms));
    for (const struct wfd_node *term = wfd_child(node, "Term"); term != NULL;
         term = wfd_next(term)) {
        int64_t exponent;
        double coefficient = wfd_number(term, "coefficient", NAN);

        if (!wfd_integer(term, "exponent", 0, &exponent) || exponent < 0 || exponent >= TERMS_MAX ||
            !isfinite(coefficient)) {
            wfd_note(draft, term,
                     "a term of exponent '%.20s': 0 .. %d can be used; "
                     "the raw value stands",
                     wfd_attribute(term, "exponent") != NULL ? wfd_attribute(term, "exponent") : "",
                     TERMS_MAX - 1);
            *out_count = 0;
            return false;
        }
        terms[exponent] += coefficient;
        if ((size_t)exponent + 1 > *out_count)
            *out_count = (size_t)exponent + 1;
    }
    if (is_identity(terms, *out_count))
        *out_count = 0;
    return true;
}

/* The scale and offset of a time's Encoding are a line through its raw values. */
static size_t time_line(const struct wfd_draft *draft, const struct wfd_field *field,
                        double terms[TERMS_MAX])
{
    const struct wfd_node *encoding =
        wfd_is_time(draft, field) ? NULL : wfd_child(field->type, "Encoding");

    terms[0] = wfd_number(encoding, "offset", 0);
    terms[1] = wfd_number(encoding, "scale", 1);
    return encoding == NULL || is_identity(terms, 2) ? 0 : 2;
}

static void write_polynomial(const double *terms, size_t count, struct wf_strbuf *out)
{
    wf_strbuf_add(out, "polynomial =");
    for (size_t i = 0; i < count; i++) {
        wf_strbuf_add(out, i % 4 == 0 && i > 0 ? "\n    " : " ");
        wf_strbuf_add_double(out, terms[i]);
    }
    wf_strbuf_add_char(out, '\n');
}

/* Only numbers that have no labels are calibrated. */
static const struct wfd_node *coding_of(const struct wfd_draft *draft,
                                        const struct wfd_field *field)
{
    if (field->coding.bits == 0 || field->segment >= 0 || field->calculation != NULL ||
        wfd_labels_of(draft, field) != NULL || wfd_is_plain_bool(draft, field))
        return NULL;
    return field->coding.node;
}

static const struct wfd_node *contexts_of(const struct wfd_draft *draft,
                                          const struct wfd_field *field)
{
    const struct wfd_node *list = wfd_child(coding_of(draft, field), "ContextCalibratorList");

    return wfd_child(list, "ContextCalibrator") != NULL ? list : NULL;
}

/* A spline that is a section of its own; with contexts it is one of theirs. */
static const struct wfd_node *spline_of(const struct wfd_draft *draft,
                                        const struct wfd_field *field)
{
    return contexts_of(draft, field) != NULL
               ? NULL
               : wfd_path(coding_of(draft, field), "DefaultCalibrator/SplineCalibrator");
}

bool wfd_is_calibrated(const struct wfd_draft *draft, const struct wfd_field *field)
{
    const struct wfd_node *calibrator = wfd_child(coding_of(draft, field), "DefaultCalibrator");
    const struct wfd_node *polynomial = wfd_child(calibrator, "PolynomialCalibrator");
    struct wfd_draft quiet = *draft;
    double terms[TERMS_MAX];
    size_t count = 0;

    if (coding_of(draft, field) == NULL)
        return false;
    if (contexts_of(draft, field) != NULL || spline_of(draft, field) != NULL)
        return true;
    quiet.notes = NULL;
    if (polynomial != NULL)
        (void)polynomial_of(&quiet, polynomial, terms, &count);
    else if (calibrator == NULL || calibrator->first == NULL)
        count = time_line(draft, field, terms);
    return count > 0;
}

/* --- sections --------------------------------------------------------------------------------- */

static void write_spline(const struct wfd_draft *draft, const struct wfd_node *spline,
                         struct wf_strbuf *out)
{
    static const char *const orders[] = { "step", "linear", "quadratic", "cubic" };
    const char *extrapolate = wfd_attribute(spline, "extrapolate");
    bool does_extrapolate = false;
    int64_t order;

    if (!wfd_integer(spline, "order", 1, &order) || order < 0 || order > 3) {
        wfd_note(draft, spline, "a spline of order '%.20s': taken as linear",
                 wfd_attribute(spline, "order"));
        order = 1;
    }
    if (extrapolate != NULL)
        (void)wf_parse_bool(extrapolate, &does_extrapolate, NULL);
    wf_strbuf_addf(out, "interpolate = %s\nextrapolate = %s\ntable =", orders[order],
                   does_extrapolate ? "yes" : "no");
    for (const struct wfd_node *point = wfd_child(spline, "SplinePoint"); point != NULL;
         point = wfd_next(point)) {
        wf_strbuf_add(out, "\n    ");
        wf_strbuf_add_double(out, wfd_number(point, "raw", NAN));
        wf_strbuf_add_char(out, ':');
        wf_strbuf_add_double(out, wfd_number(point, "calibrated", NAN));
    }
    wf_strbuf_add_char(out, '\n');
}

/* The keys of a section: what the element `calibrator` says, or that raw stays raw. */
static bool write_body(const struct wfd_draft *draft, const struct wfd_node *calibrator,
                       struct wf_strbuf *out)
{
    static const double identity[] = { 0, 1 };
    const struct wfd_node *polynomial = wfd_child(calibrator, "PolynomialCalibrator");
    const struct wfd_node *spline = wfd_child(calibrator, "SplineCalibrator");
    double terms[TERMS_MAX];
    size_t count = 0;

    if (spline != NULL) {
        write_spline(draft, spline, out);
        return true;
    }
    if (polynomial != NULL && !polynomial_of(draft, polynomial, terms, &count))
        return false;
    if (polynomial == NULL && calibrator != NULL && calibrator->first != NULL)
        return false;
    write_polynomial(count > 0 ? terms : identity, count > 0 ? count : 2, out);
    return true;
}

static void context_name(const struct wfd_draft *draft, const struct wfd_field *first,
                         unsigned number, char out[WF_NAME_SIZE])
{
    struct wf_strbuf name;

    wf_strbuf_init_fixed(&name, out, WF_NAME_SIZE);
    wf_strbuf_addf(&name, "%.38s_c%u", first->name, number);
    /* Another parameter of that name may have a calibrator of its own. */
    for (size_t i = 0; i < draft->count && name.len + 1 < WF_NAME_SIZE; i++)
        if (wf_name_is_equal(draft->fields[i].name, out))
            wf_strbuf_add_char(&name, '_');
}

/* Condition and curve of one context; false when they are not understood. */
static bool write_context(struct wfd_draft *draft, const struct wfd_node *context,
                          struct wf_strbuf *out)
{
    const struct wfd_node *match = wfd_child(context, "ContextMatch");
    const struct wfd_node *calibrator = wfd_child(context, "Calibrator");
    struct wf_strbuf when;
    bool is_known;

    wf_strbuf_init(&when, 64u << 10);
    draft->reads_raw = true;
    is_known = match != NULL && calibrator != NULL && wfd_condition_text(draft, match, true, &when);
    if (is_known) {
        wfd_write_text(out, "when", when.text);
        is_known = write_body(draft, calibrator, out);
    }
    wf_strbuf_fini(&when);
    return is_known;
}

/* Names of the contexts that are understood, each with a blank behind it. */
static void add_context_names(const struct wfd_draft *draft, const struct wfd_field *first,
                              struct wf_strbuf *out)
{
    const struct wfd_node *list = contexts_of(draft, first);
    struct wfd_draft quiet = *draft;
    unsigned number = 1;

    quiet.notes = NULL;
    for (const struct wfd_node *context = wfd_child(list, "ContextCalibrator"); context != NULL;
         context = wfd_next(context), number++) {
        char name[WF_NAME_SIZE];
        struct wf_strbuf body;

        wf_strbuf_init(&body, 64u << 10);
        if (number < WF_SCHEMA_CHOICES_MAX && write_context(&quiet, context, &body)) {
            context_name(draft, first, number, name);
            wf_strbuf_addf(out, "%s ", name);
        }
        wf_strbuf_fini(&body);
    }
}

static void write_contexts(struct wfd_draft *draft, const struct wfd_field *first,
                           struct wf_strbuf *out)
{
    const struct wfd_node *list = contexts_of(draft, first);
    const struct wfd_node *usual = wfd_child(first->coding.node, "DefaultCalibrator");
    unsigned number = 1;
    size_t from;

    for (const struct wfd_node *context = wfd_child(list, "ContextCalibrator"); context != NULL;
         context = wfd_next(context), number++) {
        char name[WF_NAME_SIZE];

        from = out->len;
        context_name(draft, first, number, name);
        wf_strbuf_addf(out, "\n[calibrator %s]\n", name);
        if (number < WF_SCHEMA_CHOICES_MAX && write_context(draft, context, out))
            continue;
        out->len = from;
        out->text[from] = '\0';
        wfd_note(draft, context, "a context calibrator of '%s' that is not understood: left out",
                 first->original);
    }
    wf_strbuf_addf(out, "\n[calibrator %s]\n", first->name);
    if (!write_body(draft, usual, out)) {
        wfd_note(draft, usual, "the default calibrator of '%s': the raw value stands",
                 first->original);
        (void)write_body(draft, NULL, out);
    }
}

/* --- for the schema --------------------------------------------------------------------------- */

void wfd_write_calibration(struct wfd_draft *draft, const struct wfd_field *field,
                           struct wf_strbuf *out)
{
    const struct wfd_node *coding = coding_of(draft, field);
    const struct wfd_node *calibrator = wfd_child(coding, "DefaultCalibrator");
    const struct wfd_node *polynomial = wfd_child(calibrator, "PolynomialCalibrator");
    const struct wfd_node *spline = spline_of(draft, field);
    const struct wfd_node *contexts = contexts_of(draft, field);
    double terms[TERMS_MAX];
    size_t count = 0;

    if (coding == NULL)
        return;
    if (contexts != NULL) {
        const struct wfd_field *first = wfd_first_with(draft, contexts, contexts_of);
        struct wf_strbuf names;

        wf_strbuf_init(&names, 4096);
        add_context_names(draft, first, &names);
        wf_strbuf_add(&names, first->name);
        wfd_write_text(out, "calibrator", names.text);
        wf_strbuf_fini(&names);
        return;
    }
    if (polynomial != NULL) {
        (void)polynomial_of(draft, polynomial, terms, &count);
    } else if (spline != NULL) {
        wf_strbuf_addf(out, "calibrator = %s\n", wfd_first_with(draft, spline, spline_of)->name);
    } else if (calibrator != NULL && calibrator->first != NULL) {
        wfd_note(draft, calibrator->first, "%s of '%s': the raw value stands",
                 calibrator->first->name, field->original);
    } else {
        count = time_line(draft, field, terms);
    }
    if (count > 0)
        write_polynomial(terms, count, out);
}

void wfd_write_calibrators(struct wfd_draft *draft, const struct wfd_field *field,
                           struct wf_strbuf *out)
{
    const struct wfd_node *spline = spline_of(draft, field);
    const struct wfd_node *contexts = contexts_of(draft, field);

    if (spline != NULL && wfd_first_with(draft, spline, spline_of) == field) {
        wf_strbuf_addf(out, "\n[calibrator %s]\n", field->name);
        write_spline(draft, spline, out);
    }
    if (contexts != NULL && wfd_first_with(draft, contexts, contexts_of) == field)
        write_contexts(draft, field, out);
}
