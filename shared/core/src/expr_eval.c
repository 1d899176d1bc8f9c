/* SPDX-License-Identifier: MIT */
/* Evaluating compiled expressions. The tree's depth is bounded by the compiler. */

#include "expr_private.h"

#include <math.h>

static const struct wfi_operand unknown = { .kind = WFI_UNKNOWN };

/* One evaluation: what it goes through, and which element of arrays it is at. */
struct walk {
    const struct wf_expr *expr;
    const struct wf_expr_values *values;
    size_t element;
};

static struct wfi_operand eval(struct walk *walk, int32_t index);

static struct wfi_operand of_truth(enum wf_truth truth)
{
    return truth == WF_UNKNOWN ? unknown : wfi_truth(truth == WF_TRUE);
}

static enum wf_truth truth_at(struct walk *walk, int32_t index)
{
    struct wfi_operand operand = eval(walk, index);

    return wfi_truth_of(&operand);
}

/* Kleene's `and` and `or`: the value that decides, wherever it stands. */
static struct wfi_operand eval_logic(struct walk *walk, const struct wfi_node *node)
{
    enum wf_truth decides = node->op == WFI_OP_AND ? WF_FALSE : WF_TRUE;
    enum wf_truth a = truth_at(walk, node->a);
    enum wf_truth b;

    if (a == decides)
        return of_truth(a);
    b = truth_at(walk, node->b);
    return of_truth(b == decides ? b : a == WF_UNKNOWN ? a : b);
}

static struct wfi_operand eval_comparison(struct walk *walk, const struct wfi_node *node)
{
    struct wfi_operand a = eval(walk, node->a);
    struct wfi_operand b = eval(walk, node->b);
    int order;

    if (!wfi_order(&a, &b, &order))
        return unknown;
    switch (node->op) {
    case WFI_OP_EQ:
        return wfi_truth(order == 0);
    case WFI_OP_NE:
        return wfi_truth(order != 0);
    case WFI_OP_LT:
        return wfi_truth(order < 0);
    case WFI_OP_LE:
        return wfi_truth(order <= 0);
    case WFI_OP_GT:
        return wfi_truth(order > 0);
    default:
        return wfi_truth(order >= 0);
    }
}

/* A function's result from finite numbers that is not finite is none. */
static struct wfi_operand of_function(double value)
{
    return isfinite(value) ? wfi_real(value) : unknown;
}

static struct wfi_operand eval_bits(struct walk *walk, const struct wfi_node *node)
{
    struct wfi_operand x = eval(walk, node->a);
    struct wfi_operand first = eval(walk, node->b);
    struct wfi_operand count = eval(walk, node->c);
    uint64_t bits;

    if (x.kind != WFI_WHOLE || first.kind != WFI_WHOLE || count.kind != WFI_WHOLE ||
        first.is_negative || count.is_negative || first.as.magnitude > 63 ||
        count.as.magnitude < 1 || count.as.magnitude > 64 - first.as.magnitude)
        return unknown;
    bits = (x.is_negative ? 0 - x.as.magnitude : x.as.magnitude) >> first.as.magnitude;
    if (count.as.magnitude < 64)
        bits &= (UINT64_C(1) << count.as.magnitude) - 1;
    return wfi_whole(bits, false);
}

static struct wfi_operand eval_name(struct walk *walk, const struct wfi_node *node)
{
    struct wf_value value = { 0 };

    walk->values->get(walk->values->context, node->as.name.id,
                      node->as.name.is_each ? walk->element : node->as.name.element, &value);

    return wfi_of_value(&value);
}

static struct wfi_operand eval_unary(const struct wfi_node *node, struct wfi_operand a)
{
    static const struct wfi_operand zero = { .kind = WFI_WHOLE };

    switch (node->op) {
    case WFI_OP_NEG:
        return a.kind == WFI_REAL ? wfi_real(-a.as.real) : wfi_arithmetic(WFI_OP_SUB, &zero, &a);
    case WFI_OP_ABS:
        if (a.kind == WFI_WHOLE)
            return wfi_whole(a.as.magnitude, false);
        return a.kind == WFI_REAL ? wfi_real(fabs(a.as.real)) : unknown;
    default: {
        double x = wfi_as_double(&a);
        bool is_rounding = node->as.function1 == floor || node->as.function1 == ceil ||
                           node->as.function1 == round;

        if (a.kind == WFI_WHOLE && is_rounding)
            return a;
        return isnan(x) ? unknown : of_function(node->as.function1(x));
    }
    }
}

static struct wfi_operand eval_binary(const struct wfi_node *node, const struct wfi_operand *a,
                                      const struct wfi_operand *b)
{
    double x, y;

    if (node->op != WFI_OP_FUNCTION2)
        return wfi_arithmetic(node->op, a, b);
    x = wfi_as_double(a);
    y = wfi_as_double(b);
    return isnan(x) || isnan(y) ? unknown : of_function(node->as.function2(x, y));
}

/* Arrays may be shorter than they can be: do all that the instance reads have this element? */
static bool has_element(const struct walk *walk, int32_t instance)
{
    const struct wf_expr *expr = walk->expr;

    for (int32_t i = expr->nodes[instance].as.instance.begin; i < instance; i++) {
        const struct wfi_node *node = &expr->nodes[i];
        struct wf_value value = { 0 };

        if (node->op != WFI_OP_NAME || !node->as.name.is_each)
            continue;
        walk->values->get(walk->values->context, node->as.name.id, walk->element, &value);
        if (value.quality == WF_QUALITY_ABSENT)
            return false;
    }
    return true;
}

/* How many instances hold; those that are UNKNOWN may count either way. */
static struct wfi_operand eval_of(struct walk *walk, const struct wfi_node *node)
{
    uint32_t count = 0, held = 0, open = 0, need;

    for (int32_t i = node->a; i >= 0; i = walk->expr->nodes[i].as.instance.next) {
        const struct wfi_node *instance = &walk->expr->nodes[i];

        for (walk->element = 0; walk->element < instance->as.instance.elements; walk->element++) {
            enum wf_truth truth;

            if (walk->element > 0 && !has_element(walk, i))
                break;
            truth = truth_at(walk, instance->a);
            count++;
            held += truth == WF_TRUE;
            open += truth == WF_UNKNOWN;
        }
    }
    need = node->as.need > 0 ? node->as.need : count;
    if (count == 0)
        return unknown;
    return held >= need ? wfi_truth(true) : held + open >= need ? unknown : wfi_truth(false);
}

static struct wfi_operand eval(struct walk *walk, int32_t index)
{
    const struct wfi_node *node = &walk->expr->nodes[index];
    struct wfi_operand a, b;

    switch (node->op) {
    case WFI_OP_CONST:
        return node->as.constant;
    case WFI_OP_NAME:
        return eval_name(walk, node);
    case WFI_OP_MAYBE_LABEL:
        return unknown;
    case WFI_OP_OR:
    case WFI_OP_AND:
        return eval_logic(walk, node);
    case WFI_OP_NOT: {
        enum wf_truth truth = truth_at(walk, node->a);

        return truth == WF_UNKNOWN ? unknown : wfi_truth(truth == WF_FALSE);
    }
    case WFI_OP_EQ:
    case WFI_OP_NE:
    case WFI_OP_LT:
    case WFI_OP_LE:
    case WFI_OP_GT:
    case WFI_OP_GE:
        return eval_comparison(walk, node);
    case WFI_OP_NEG:
    case WFI_OP_ABS:
    case WFI_OP_FUNCTION1:
        return eval_unary(node, eval(walk, node->a));
    case WFI_OP_IF: {
        enum wf_truth truth = truth_at(walk, node->a);

        return truth == WF_UNKNOWN ? unknown : eval(walk, truth == WF_TRUE ? node->b : node->c);
    }
    case WFI_OP_VALID:
        a = eval(walk, node->a);
        return wfi_truth(a.kind != WFI_UNKNOWN);
    case WFI_OP_OF:
        return eval_of(walk, node);
    case WFI_OP_BITS:
        return eval_bits(walk, node);
    default:
        a = eval(walk, node->a);
        b = eval(walk, node->b);
        return eval_binary(node, &a, &b);
    }
}

void wf_expr_value(const struct wf_expr *expr, const struct wf_expr_values *values,
                   struct wf_value *out)
{
    struct walk walk = { .expr = expr, .values = values };
    struct wfi_operand result = eval(&walk, expr->root);

    *out = (struct wf_value){ .kind = WF_VALUE_NONE, .quality = WF_QUALITY_VALID };
    switch (result.kind) {
    case WFI_UNKNOWN:
        out->quality = WF_QUALITY_INVALID;
        break;
    case WFI_WHOLE:
        out->kind = result.is_negative ? WF_VALUE_I64 : WF_VALUE_U64;
        out->as.u64 = result.is_negative ? 0 - result.as.magnitude : result.as.magnitude;
        break;
    case WFI_REAL:
        out->kind = WF_VALUE_F64;
        out->as.f64 = result.as.real;
        break;
    case WFI_TRUTH:
        out->kind = WF_VALUE_BOOL;
        out->as.u64 = result.as.magnitude;
        break;
    case WFI_TEXT:
        out->kind = WF_VALUE_TEXT;
        out->as.text = result.as.text;
        out->len = result.len;
        break;
    }
}

enum wf_truth wf_expr_truth(const struct wf_expr *expr, const struct wf_expr_values *values)
{
    struct walk walk = { .expr = expr, .values = values };

    return truth_at(&walk, expr->root);
}
