/* SPDX-License-Identifier: MIT */
/* Which packets a container means: its restrictions as APIDs and a match expression. */

#include <string.h>

#include <watchfloor/attributes.h>

#include "xtce_model.h"

#define APID_BIT  5
#define APID_BITS 11

/* --- one comparison ----------------------------------------------------------------------------- */

struct comparison {
    const struct wfd_node *node;
    const struct wfd_field *field;
    const struct wfd_field *other; /* compared with it, or NULL: with `value` */
    const char *relation;          /* "==" ... */
    const char *value;
    bool is_calibrated_wanted;
};

static const char *relation_of(const char *text)
{
    static const char *const known[] = { "==", "!=", "<", "<=", ">", ">=" };

    if (text == NULL || text[0] == '\0')
        return "==";
    for (size_t i = 0; i < WF_COUNT_OF(known); i++) {
        if (strcmp(known[i], text) == 0)
            return known[i];
    }
    return NULL;
}

/* A Comparison, or a Condition of a BooleanExpression. */
static bool read_comparison(struct wfd_draft *draft, const struct wfd_node *node,
                            struct comparison *out)
{
    bool is_condition = wfd_is(node, "Condition");
    const struct wfd_node *reference =
        is_condition ? wfd_child(node, "ParameterInstanceRef") : node;
    const char *name = wfd_attribute(reference, "parameterRef");
    const struct wfd_node *relation = wfd_child(node, "ComparisonOperator");
    const struct wfd_node *value = wfd_child(node, "Value");
    const struct wfd_node *other = is_condition && reference != NULL ? wfd_next(reference) : NULL;
    const char *use = wfd_attribute(reference, "useCalibratedValue");

    *out = (struct comparison){ .node = node, .is_calibrated_wanted = true };
    if (use != NULL)
        (void)wf_parse_bool(use, &out->is_calibrated_wanted, NULL);
    out->field = wfd_field_of(draft, wfd_source_of(draft, node, name), draft->reader);
    if (other != NULL)
        out->other = wfd_field_of(
            draft, wfd_source_of(draft, node, wfd_attribute(other, "parameterRef")), draft->reader);
    out->relation = relation_of(is_condition ? (relation != NULL ? relation->text : NULL)
                                             : wfd_attribute(node, "comparisonOperator"));
    out->value = is_condition ? (value != NULL ? value->text : NULL) : wfd_attribute(node, "value");
    if (out->field != NULL && out->field->calculation != NULL && draft->reads_raw)
        out->field = NULL; /* not in the packet */
    if (out->field == NULL || out->relation == NULL || (out->value == NULL && out->other == NULL)) {
        wfd_note(draft, node, "a comparison of '%.60s' that is not understood; left out",
                 name != NULL ? name : "");
        return false;
    }
    return true;
}

/* The label's number in the parameter's enumeration; false when it is none. */
static bool label_value(const struct wfd_draft *draft, const struct wfd_field *field,
                        const char *label, int64_t *out)
{
    const struct wfd_node *list = wfd_type_child(draft->xtce, field->type, "EnumerationList");
    const char *one = wfd_type_attribute(draft->xtce, field->type, "oneStringValue");
    const char *zero = wfd_type_attribute(draft->xtce, field->type, "zeroStringValue");

    for (const struct wfd_node *node = wfd_child(list, "Enumeration"); node != NULL;
         node = wfd_next(node)) {
        const char *own = wfd_attribute(node, "label");

        if (own != NULL && strcmp(own, label) == 0)
            return wfd_integer(node, "value", 0, out);
    }
    if (!wfd_is(field->type, "BooleanParameterType"))
        return false;
    *out = wf_casecmp(label, one != NULL ? one : "True") == 0;
    return *out == 1 || wf_casecmp(label, zero != NULL ? zero : "False") == 0;
}

static const char *negated(const char *relation)
{
    static const char *const pairs[][2] = { { "==", "!=" }, { "<", ">=" }, { "<=", ">" } };

    for (size_t i = 0; i < WF_COUNT_OF(pairs); i++) {
        if (strcmp(pairs[i][0], relation) == 0)
            return pairs[i][1];
        if (strcmp(pairs[i][1], relation) == 0)
            return pairs[i][0];
    }
    return relation;
}

static bool add_value(const struct wfd_draft *draft, const struct comparison *comparison,
                      struct wf_strbuf *out)
{
    const struct wfd_field *field = comparison->field;
    double number;
    int64_t label;

    if (field->coding.type == WF_TYPE_STRING) {
        if (strpbrk(comparison->value, "\"\\\n") != NULL)
            return false;
        wf_strbuf_addf(out, "\"%s\"", comparison->value);
        return true;
    }
    /* A label may look like a number: of the raw value it is one. */
    if (comparison->is_calibrated_wanted && label_value(draft, field, comparison->value, &label)) {
        wf_strbuf_addf(out, "%lld", (long long)label);
        return true;
    }
    if (wf_parse_double(comparison->value, &number, NULL) == 0 ||
        wf_parse_i64(comparison->value, &label, NULL) == 0) {
        wf_strbuf_add(out, comparison->value);
        return true;
    }
    if (!label_value(draft, field, comparison->value, &label))
        return false;
    wf_strbuf_addf(out, "%lld", (long long)label);
    return true;
}

static bool add_comparison(struct wfd_draft *draft, const struct comparison *comparison,
                           bool is_negated, struct wf_strbuf *out)
{
    const char *relation = is_negated ? negated(comparison->relation) : comparison->relation;

    wf_strbuf_addf(out, "%s %s ", comparison->field->name, relation);
    if (comparison->is_calibrated_wanted == draft->reads_raw &&
        wfd_is_calibrated(draft, comparison->field))
        wfd_note(draft, comparison->node, "the %s value of '%s' is compared",
                 draft->reads_raw ? "raw" : "engineering", comparison->field->name);
    if (comparison->other != NULL) {
        wf_strbuf_add(out, comparison->other->name);
        return true;
    }
    if (add_value(draft, comparison, out))
        return true;
    wfd_note(draft, comparison->node, "'%.60s' is no value of '%s'; the comparison is left out",
             comparison->value, comparison->field->name);
    return false;
}

/* --- conditions ----------------------------------------------------------------------------------- */

/* What stands around a condition decides whether it needs parentheses. */
enum around { ALONE, WITHIN_AND, WITHIN_OR };

static bool add_condition(struct wfd_draft *draft, const struct wfd_node *node, bool is_negated,
                          enum around around, struct wf_strbuf *out, unsigned depth);

static bool add_list(struct wfd_draft *draft, const struct wfd_node *list, bool is_and,
                     bool is_negated, enum around around, struct wf_strbuf *out, unsigned depth)
{
    bool is_one = list->first != NULL && list->first->next == NULL;
    bool joins_and = is_and != is_negated;
    bool has_parentheses = !is_one && around == (joins_and ? WITHIN_OR : WITHIN_AND);
    enum around inside = is_one ? around : joins_and ? WITHIN_AND : WITHIN_OR;

    wf_strbuf_add(out, has_parentheses ? "(" : "");
    for (const struct wfd_node *node = list->first; node != NULL; node = node->next) {
        if (node != list->first)
            wf_strbuf_add(out, joins_and ? " and " : " or ");
        if (!add_condition(draft, node, is_negated, inside, out, depth + 1))
            return false;
    }
    wf_strbuf_add(out, has_parentheses ? ")" : "");
    return list->first != NULL;
}

static bool add_condition(struct wfd_draft *draft, const struct wfd_node *node, bool is_negated,
                          enum around around, struct wf_strbuf *out, unsigned depth)
{
    struct comparison comparison;

    if (depth > WFD_XTCE_CHAIN_MAX || out->was_cut)
        return false;
    if (wfd_is(node, "Comparison") || wfd_is(node, "Condition"))
        return read_comparison(draft, node, &comparison) &&
               add_comparison(draft, &comparison, is_negated, out);
    if (wfd_is(node, "ComparisonList") || wfd_is(node, "ANDedConditions"))
        return add_list(draft, node, true, is_negated, around, out, depth);
    if (wfd_is(node, "ORedConditions"))
        return add_list(draft, node, false, is_negated, around, out, depth);
    if (wfd_is(node, "BooleanExpression") && node->first != NULL && node->first->next == NULL)
        return add_condition(draft, node->first, is_negated, around, out, depth + 1);
    wfd_note(draft, node, "%s is not understood; left out", node->name);
    return false;
}

bool wfd_condition_text(struct wfd_draft *draft, const struct wfd_node *node, bool is_alone,
                        struct wf_strbuf *out)
{
    size_t from = out->len;

    if (node->first != NULL &&
        add_condition(draft, node->first, false, is_alone ? ALONE : WITHIN_AND, out, 0))
        return true;
    out->len = from;
    out->text[from] = '\0';
    return false;
}

/* --- restrictions ---------------------------------------------------------------------------------- */

static bool is_apid(const struct wfd_field *field)
{
    return field->at == APID_BIT && field->bits == APID_BITS;
}

/* Version and type of the primary header: every packet that is taken has 0 there. */
static bool is_always_zero(const struct wfd_field *field)
{
    return (field->at == 0 && field->bits == 3) || (field->at == 3 && field->bits == 1);
}

static void add_apid(struct wfd_draft *draft, const struct comparison *comparison)
{
    int64_t apid = 0;

    if (comparison->value == NULL || wf_parse_i64(comparison->value, &apid, NULL) < 0 || apid < 0 ||
        apid > 2046 || draft->apid_count == WF_SCHEMA_APIDS_MAX) {
        wfd_note(draft, comparison->node, "APID '%.20s': expected 0 .. 2046, at most %d of them",
                 comparison->value != NULL ? comparison->value : "", WF_SCHEMA_APIDS_MAX);
        return;
    }
    for (size_t i = 0; i < draft->apid_count; i++) {
        if (draft->apids[i] == apid)
            return;
    }
    draft->apids[draft->apid_count++] = (uint16_t)apid;
}

/* One OR of nothing but APIDs. */
static bool take_apid_list(struct wfd_draft *draft, const struct wfd_node *list)
{
    struct comparison comparison;

    for (int pass = 0; pass < 2; pass++) {
        for (const struct wfd_node *node = list->first; node != NULL; node = node->next) {
            if ((!wfd_is(node, "Condition") && !wfd_is(node, "Comparison")) ||
                !read_comparison(draft, node, &comparison) || !is_apid(comparison.field) ||
                strcmp(comparison.relation, "==") != 0)
                return false;
            if (pass == 1)
                add_apid(draft, &comparison);
        }
    }
    return list->first != NULL;
}

static void take(struct wfd_draft *draft, const struct wfd_node *node, unsigned depth)
{
    size_t from = draft->match.len;
    struct comparison comparison;

    if (depth > WFD_XTCE_CHAIN_MAX)
        return;
    if (wfd_is(node, "ComparisonList") || wfd_is(node, "ANDedConditions") ||
        wfd_is(node, "BooleanExpression")) {
        for (const struct wfd_node *child = node->first; child != NULL; child = child->next)
            take(draft, child, depth + 1);
        return;
    }
    if (wfd_is(node, "ORedConditions") && take_apid_list(draft, node))
        return;
    if (wfd_is(node, "Comparison") || wfd_is(node, "Condition")) {
        if (!read_comparison(draft, node, &comparison))
            return;
        if (is_apid(comparison.field) && strcmp(comparison.relation, "==") == 0) {
            add_apid(draft, &comparison);
            return;
        }
        if (is_always_zero(comparison.field) && strcmp(comparison.relation, "==") == 0 &&
            comparison.value != NULL && strcmp(comparison.value, "0") == 0)
            return;
        if (comparison.field->at < 0) {
            wfd_note(draft, node,
                     "'%s' has no fixed place in the packet; the comparison is left out",
                     comparison.field->name);
            return;
        }
    }
    if (from > 0)
        wf_strbuf_add(&draft->match, " and ");
    if (!add_condition(draft, node, false, WITHIN_AND, &draft->match, depth + 1)) {
        draft->match.len = from;
        draft->match.text[from] = '\0';
    }
}

static const struct wfd_node *restriction_of(const struct wfd_node *container)
{
    return wfd_path(container, "BaseContainer/RestrictionCriteria");
}

void wfd_select(struct wfd_draft *draft)
{
    const struct wfd_node *chain[WFD_XTCE_CHAIN_MAX];
    size_t count = wfd_chain(draft->xtce, draft->container, chain);

    draft->reads_raw = true;
    for (size_t i = 1; i < count; i++) {
        const struct wfd_node *criteria = restriction_of(chain[i]);

        for (const struct wfd_node *node = criteria != NULL ? criteria->first : NULL; node != NULL;
             node = node->next) {
            if (!wfd_is(node, "NextContainer"))
                take(draft, node, 0);
        }
    }
}

/* What those behind `base` ask for, turned around: any of it does not hold. */
bool wfd_difference_text(struct wfd_draft *draft, const struct wfd_node *base,
                         const struct wfd_node *container, struct wf_strbuf *out)
{
    const struct wfd_node *chain[WFD_XTCE_CHAIN_MAX];
    size_t count = wfd_chain(draft->xtce, container, chain);
    size_t from = out->len, parts = 0;
    bool is_behind = false;

    draft->reads_raw = true;
    for (size_t i = 0; i < count; i++) {
        const struct wfd_node *criteria = is_behind ? restriction_of(chain[i]) : NULL;

        parts += criteria != NULL;
        is_behind = is_behind || chain[i] == base;
    }
    wf_strbuf_add(out, parts > 1 ? "(" : "");
    is_behind = false;
    for (size_t i = 0, n = 0; i < count; i++) {
        const struct wfd_node *criteria = is_behind ? restriction_of(chain[i]) : NULL;

        if (criteria != NULL) {
            wf_strbuf_add(out, n++ > 0 ? " or " : "");
            if (criteria->first == NULL ||
                !add_condition(draft, criteria->first, true, parts > 1 ? WITHIN_OR : WITHIN_AND,
                               out, 0))
                return false;
        }
        is_behind = is_behind || chain[i] == base;
    }
    wf_strbuf_add(out, parts > 1 ? ")" : "");
    return out->len > from;
}
