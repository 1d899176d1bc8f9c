/* SPDX-License-Identifier: MIT */
/*
 * Comparisons in which one side is a label of the other side's enumeration.
 * They become comparisons of numbers when compiled, so that evaluating needs no
 * enumeration: mode == SAFE is mode == 1, and a label of several ranges is an
 * `or` of them.
 */

#include "expr_private.h"

#include <string.h>

#include <watchfloor/ini.h>

struct label {
    const char *text; /* not ended */
    uint32_t len, column;
};

/* Can the node be a label, if the other side has an enumeration? */
static bool label_of(const struct wfi_compiler *compiler, int32_t index, struct label *out)
{
    const struct wfi_node *node = &compiler->expr->nodes[index];

    out->column = node->column;
    if (node->op == WFI_OP_CONST && node->as.constant.kind == WFI_TEXT) {
        out->text = node->as.constant.as.text;
        out->len = node->as.constant.len;
        return true;
    }
    if (node->op == WFI_OP_MAYBE_LABEL || (node->op == WFI_OP_NAME && node->as.name.is_plain)) {
        out->text = node->as.name.text;
        out->len = node->as.name.len;
        return true;
    }
    return false;
}

static const struct wf_enumeration *enumeration_of(const struct wfi_compiler *compiler,
                                                   int32_t index)
{
    const struct wfi_node *node = &compiler->expr->nodes[index];

    return node->op == WFI_OP_NAME ? node->as.name.enumeration : NULL;
}

static bool is_elsewhere(const struct wfi_compiler *compiler, int32_t index)
{
    const struct wfi_node *node = &compiler->expr->nodes[index];

    return node->op == WFI_OP_NAME && node->as.name.id == WFI_EXPR_ELSEWHERE;
}

static bool is_label(const struct wf_enumeration_entry *entry, const char *label)
{
    return wf_casecmp(entry->label, label) == 0;
}

static int32_t number_node(struct wfi_compiler *compiler, uint32_t column, int64_t value)
{
    return wfi_expr_constant(compiler, column,
                             value < 0 ? wfi_whole(0 - (uint64_t)value, true)
                                       : wfi_whole((uint64_t)value, false));
}

/* `node` is within the entry. */
static int32_t in_entry(struct wfi_compiler *compiler, uint32_t column, int32_t node,
                        const struct wf_enumeration_entry *entry)
{
    int32_t low = number_node(compiler, column, entry->low), high;

    if (low < 0)
        return -1;
    if (entry->low == entry->high)
        return wfi_expr_node(compiler, WFI_OP_EQ, column, node, low, -1);
    low = wfi_expr_node(compiler, WFI_OP_GE, column, node, low, -1);
    high = low < 0 ? -1 : number_node(compiler, column, entry->high);
    if (high >= 0)
        high = wfi_expr_node(compiler, WFI_OP_LE, column, node, high, -1);
    return high < 0 ? -1 : wfi_expr_node(compiler, WFI_OP_AND, column, low, high, -1);
}

static int32_t has_label(struct wfi_compiler *compiler, uint32_t column, int32_t node,
                         const struct wf_enumeration *enumeration, const char *label)
{
    int32_t any = -1;

    for (size_t i = 0; i < enumeration->count; i++) {
        int32_t one;

        if (!is_label(&enumeration->entries[i], label))
            continue;
        one = in_entry(compiler, column, node, &enumeration->entries[i]);
        if (one < 0)
            return -1;
        any = any < 0 ? one : wfi_expr_node(compiler, WFI_OP_OR, column, any, one, -1);
        if (any < 0)
            return -1;
    }
    return any;
}

static int32_t fail_label(struct wfi_compiler *compiler, uint32_t column,
                          const struct wf_enumeration *enumeration, const char *label)
{
    const char *labels[64], *nearest;
    size_t count =
        enumeration->count < WF_COUNT_OF(labels) ? enumeration->count : WF_COUNT_OF(labels);

    for (size_t i = 0; i < count; i++)
        labels[i] = enumeration->entries[i].label;
    nearest = wf_nearest_name(label, labels, count);
    return wfi_expr_fail(compiler, column, "'%.60s' is no label of %s%s%.60s%s", label,
                         enumeration->name, nearest != NULL ? "; did you mean '" : "",
                         nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
}

/* `node` compared with the label: the label stands on the right. */
static int32_t compare_label(struct wfi_compiler *compiler, enum wfi_op op, uint32_t column,
                             int32_t node, const struct wf_enumeration *enumeration,
                             const char *label)
{
    int64_t value;
    int32_t index;

    if (!wf_enumeration_value(enumeration, label, &value))
        return -1;
    if (op != WFI_OP_EQ && op != WFI_OP_NE) {
        index = number_node(compiler, column, value);
        return index < 0 ? -1 : wfi_expr_node(compiler, op, column, node, index, -1);
    }
    index = has_label(compiler, column, node, enumeration, label);
    if (index >= 0 && op == WFI_OP_NE)
        index = wfi_expr_node(compiler, WFI_OP_NOT, column, index, -1, -1);
    return index;
}

static enum wfi_op mirrored(enum wfi_op op)
{
    switch (op) {
    case WFI_OP_LT:
        return WFI_OP_GT;
    case WFI_OP_LE:
        return WFI_OP_GE;
    case WFI_OP_GT:
        return WFI_OP_LT;
    case WFI_OP_GE:
        return WFI_OP_LE;
    default:
        return op;
    }
}

/*
 * Try `b` as a label of what `a` is. 1 with *out_index, 0 when it is none (a plain
 * comparison), -1 after a failure.
 */
static int try_label(struct wfi_compiler *compiler, enum wfi_op op, uint32_t column, int32_t a,
                     int32_t b, int32_t *out_index)
{
    const struct wf_enumeration *enumeration = enumeration_of(compiler, a);
    enum wfi_op kind = compiler->expr->nodes[b].op;
    struct label label;
    char text[200];
    int64_t value;

    if (!label_of(compiler, b, &label))
        return 0;
    /* Of another subsystem only the form is known here, not its labels. */
    if (is_elsewhere(compiler, a) && kind == WFI_OP_MAYBE_LABEL) {
        *out_index = wfi_expr_constant(compiler, column, wfi_truth(false));
        return *out_index < 0 ? -1 : 1;
    }
    if (enumeration == NULL || label.len >= sizeof(text))
        return 0;
    memcpy(text, label.text, label.len);
    text[label.len] = '\0';
    if (!wf_enumeration_value(enumeration, text, &value)) {
        if (kind == WFI_OP_NAME)
            return 0; /* another parameter */
        (void)fail_label(compiler, label.column, enumeration, text);
        return -1;
    }
    *out_index = compare_label(compiler, op, column, a, enumeration, text);
    if (*out_index < 0)
        return -1;
    /* What was read as a parameter is a label: not an input. */
    if (kind == WFI_OP_NAME)
        compiler->expr->nodes[b].op = WFI_OP_MAYBE_LABEL;
    return 1;
}

int32_t wfi_expr_compare(struct wfi_compiler *compiler, enum wfi_op op, uint32_t column, int32_t a,
                         int32_t b)
{
    int32_t index = -1;
    int tried = try_label(compiler, op, column, a, b, &index);

    if (tried == 0)
        tried = try_label(compiler, mirrored(op), column, b, a, &index);
    if (tried != 0)
        return tried < 0 ? -1 : index;
    for (int side = 0; side < 2; side++) {
        const struct wfi_node *node = &compiler->expr->nodes[side == 0 ? a : b];
        const struct wfi_node *other = &compiler->expr->nodes[side == 0 ? b : a];

        if (node->op == WFI_OP_NAME && other->op == WFI_OP_CONST &&
            (other->as.constant.kind == WFI_TEXT ? node->as.name.is_number : node->as.name.is_text))
            return wfi_expr_fail(compiler, other->column, "'%.*s' is %s; it never equals this",
                                 (int)(node->as.name.len > 60 ? 60 : node->as.name.len),
                                 node->as.name.text, node->as.name.is_text ? "text" : "a number");

        if (node->op == WFI_OP_MAYBE_LABEL)
            return wfi_expr_fail(compiler, node->column, "there is no parameter '%.*s'",
                                 (int)(node->as.name.len > 60 ? 60 : node->as.name.len),
                                 node->as.name.text);
    }
    return wfi_expr_node(compiler, op, column, a, b, -1);
}
