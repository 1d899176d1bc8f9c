/* SPDX-License-Identifier: MIT */
/* The steps of an expression: see <watchfloor/expr.h>. */

#include "expr_private.h"

static const char *word_of(const struct wfi_node *node)
{
    static const char *const words[] = {
        [WFI_OP_OR] = "or",         [WFI_OP_AND] = "and",        [WFI_OP_NOT] = "not",
        [WFI_OP_EQ] = "==",         [WFI_OP_NE] = "!=",          [WFI_OP_LT] = "<",
        [WFI_OP_LE] = "<=",         [WFI_OP_GT] = ">",           [WFI_OP_GE] = ">=",
        [WFI_OP_BIT_OR] = "|",      [WFI_OP_BIT_XOR] = "^",      [WFI_OP_BIT_AND] = "&",
        [WFI_OP_SHIFT_LEFT] = "<<", [WFI_OP_SHIFT_RIGHT] = ">>", [WFI_OP_ADD] = "+",
        [WFI_OP_SUB] = "-",         [WFI_OP_MUL] = "*",          [WFI_OP_DIV] = "/",
        [WFI_OP_MOD] = "%",         [WFI_OP_NEG] = "neg",
    };

    if ((size_t)node->op < WF_COUNT_OF(words) && words[node->op] != NULL)
        return words[node->op];
    return wfi_function_name(node);
}

static void set_constant(const struct wfi_operand *operand, struct wf_value *out)
{
    *out = (struct wf_value){ .quality = WF_QUALITY_VALID };
    switch (operand->kind) {
    case WFI_WHOLE:
        out->kind = operand->is_negative ? WF_VALUE_I64 : WF_VALUE_U64;
        out->as.u64 = operand->is_negative ? 0 - operand->as.magnitude : operand->as.magnitude;
        break;
    case WFI_REAL:
        out->kind = WF_VALUE_F64;
        out->as.f64 = operand->as.real;
        break;
    case WFI_TRUTH:
        out->kind = WF_VALUE_BOOL;
        out->as.u64 = operand->as.magnitude;
        break;
    case WFI_TEXT:
        out->kind = WF_VALUE_TEXT;
        out->as.text = operand->as.text;
        out->len = operand->len;
        break;
    case WFI_UNKNOWN:
        out->kind = WF_VALUE_NONE;
        break;
    }
}

/* Depth is bounded where the tree is made. */
static bool walk(const struct wf_expr *expr, int32_t index, wf_expr_step_fn visit, void *context)
{
    const struct wfi_node *node = &expr->nodes[index];
    const int32_t children[] = { node->a, node->b, node->c };
    struct wf_expr_step step = { .kind = WF_STEP_OPERATOR };

    if (node->op == WFI_OP_CONST) {
        step.kind = WF_STEP_CONSTANT;
        set_constant(&node->as.constant, &step.constant);
        return visit(context, &step);
    }
    if (node->op == WFI_OP_NAME) {
        step.kind = WF_STEP_NAME;
        step.id = node->as.name.id;
        step.element = node->as.name.element;
        return visit(context, &step);
    }
    if (node->op == WFI_OP_OF) {
        step.word = "of";
        return visit(context, &step);
    }
    for (size_t i = 0; i < WF_COUNT_OF(children) && children[i] >= 0; i++) {
        if (!walk(expr, children[i], visit, context))
            return false;
        step.operands++;
    }
    step.word = word_of(node);
    return visit(context, &step);
}

bool wf_expr_walk(const struct wf_expr *expr, wf_expr_step_fn visit, void *context)
{
    return walk(expr, expr->root, visit, context);
}
