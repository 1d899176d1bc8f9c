/* SPDX-License-Identifier: MIT */
/* Compiling expressions: a recursive descent over the grammar of <watchfloor/expr.h>. */

#include "expr_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NESTING_MAX 64 /* parentheses, calls, unary signs; the parser's own stack */

bool wfi_expr_expect(struct wfi_compiler *compiler, const char *sign)
{
    if (wfi_token_is(&compiler->token, sign))
        return wfi_expr_next(compiler);
    if (compiler->token.kind == WFI_TOKEN_END)
        (void)wfi_expr_fail(compiler, compiler->token.column, "'%s' is missing at the end", sign);
    else
        (void)wfi_expr_fail(compiler, compiler->token.column, "expected '%s' before '%.*s'", sign,
                            (int)compiler->token.len, compiler->token.text);
    return false;
}

bool wfi_expr_name(struct wfi_compiler *compiler, const struct wfi_token *token,
                   char out[WF_FULL_NAME_SIZE])
{
    if (token->len >= WF_FULL_NAME_SIZE) {
        (void)wfi_expr_fail(compiler, token->column, "a name of %u bytes", token->len);
        return false;
    }
    memcpy(out, token->text, token->len);
    out[token->len] = '\0';
    return true;
}

static bool is_text(const struct wfi_compiler *compiler, int32_t index)
{
    const struct wfi_node *node = &compiler->expr->nodes[index];

    return node->op == WFI_OP_CONST && node->as.constant.kind == WFI_TEXT;
}

int32_t wfi_expr_operand(struct wfi_compiler *compiler, int32_t index)
{
    const struct wfi_node *node;

    if (index < 0)
        return index;
    node = &compiler->expr->nodes[index];
    if (node->op == WFI_OP_MAYBE_LABEL)
        return wfi_expr_fail(compiler, node->column, "there is no parameter '%.*s'",
                             (int)(node->as.name.len > 60 ? 60 : node->as.name.len),
                             node->as.name.text);
    if (is_text(compiler, index))
        return wfi_expr_fail(compiler, node->column, "text can only be compared");
    return index;
}

int32_t wfi_expr_number(struct wfi_compiler *compiler, int32_t index)
{
    const struct wfi_node *node;

    if (wfi_expr_operand(compiler, index) < 0)
        return -1;
    node = &compiler->expr->nodes[index];
    if (node->op == WFI_OP_NAME && node->as.name.is_text)
        return wfi_expr_fail(compiler, node->column, "'%.*s' is text, which can only be compared",
                             (int)(node->as.name.len > 60 ? 60 : node->as.name.len),
                             node->as.name.text);
    return index;
}

/* --- operands ------------------------------------------------------------------------------ */

static bool parse_element(struct wfi_compiler *compiler, uint32_t *out)
{
    const struct wfi_token *token = &compiler->token;

    if (!wfi_expr_next(compiler))
        return false;
    if (token->kind != WFI_TOKEN_NUMBER || token->number.kind != WFI_WHOLE ||
        token->number.as.magnitude >= UINT32_MAX) {
        (void)wfi_expr_fail(compiler, token->column, "an element is a whole number, as x[2]");
        return false;
    }
    *out = (uint32_t)token->number.as.magnitude;
    return wfi_expr_next(compiler) && wfi_expr_expect(compiler, "]");
}

static int32_t parse_name(struct wfi_compiler *compiler)
{
    struct wfi_token name = compiler->token;
    const struct wf_enumeration *enumeration = NULL;
    char text[WF_FULL_NAME_SIZE];
    uint32_t element = 0;
    bool has_element = false;
    int id = 0, rc;
    int32_t index;

    if (!wfi_expr_name(compiler, &name, text) || !wfi_expr_next(compiler))
        return -1;
    if (wfi_token_is(&compiler->token, "("))
        return wfi_expr_next(compiler) ? wfi_expr_call(compiler, &name) : -1;
    if (wfi_token_is(&compiler->token, "[")) {
        has_element = true;
        if (!parse_element(compiler, &element))
            return -1;
    }
    if (strchr(text, '*') != NULL && !wfi_expr_bind(compiler, name.column, text))
        return -1;
    rc = compiler->scope->resolve(compiler->scope->context, text, &id, &enumeration);
    if (rc < 0 && (has_element || strchr(text, '.') != NULL))
        return wfi_expr_fail(compiler, name.column, "there is no parameter '%.80s'", text);
    index =
        wfi_expr_node(compiler, rc < 0 ? WFI_OP_MAYBE_LABEL : WFI_OP_NAME, name.column, -1, -1, -1);
    if (index < 0)
        return -1;

    struct wfi_node *node = &compiler->expr->nodes[index];

    node->as.name.id = id;
    node->as.name.element = element;
    node->as.name.enumeration = rc < 0 ? NULL : enumeration;
    node->as.name.text = name.text;
    node->as.name.len = name.len;
    node->as.name.is_plain = !has_element;
    if (rc < 0)
        return index;
    if (compiler->scope->kind != NULL) {
        enum wf_value_kind kind = compiler->scope->kind(compiler->scope->context, id);

        node->as.name.is_text = kind == WF_VALUE_TEXT;
        node->as.name.is_number = kind == WF_VALUE_F64;
    }
    if (compiler->is_inside && !has_element && compiler->scope->elements != NULL) {
        uint32_t elements = compiler->scope->elements(compiler->scope->context, id);

        node->as.name.is_each = elements > 1;
        if (elements > compiler->elements)
            compiler->elements = elements;
    }
    return index;
}

/* "2 of (...)"; the current token is `of`. */
static int32_t parse_count_of(struct wfi_compiler *compiler, const struct wfi_token *number)
{
    if (number->number.kind != WFI_WHOLE || number->number.as.magnitude < 1 ||
        number->number.as.magnitude > WFI_EXPR_NODES_MAX)
        return wfi_expr_fail(compiler, number->column, "expected a whole number from 1 on");
    if (!wfi_expr_next(compiler) || !wfi_expr_expect(compiler, "("))
        return -1;
    return wfi_expr_of(compiler, number->column, (uint32_t)number->number.as.magnitude);
}

static int32_t parse_primary(struct wfi_compiler *compiler)
{
    struct wfi_token token = compiler->token;
    int32_t index;

    switch (token.kind) {
    case WFI_TOKEN_NUMBER:
        if (!wfi_expr_next(compiler))
            return -1;
        if (wfi_token_is(&compiler->token, "of"))
            return parse_count_of(compiler, &token);
        return wfi_expr_constant(compiler, token.column, token.number);
    case WFI_TOKEN_TEXT:
        return wfi_expr_next(compiler)
                   ? wfi_expr_constant(compiler, token.column,
                                       (struct wfi_operand){ .kind = WFI_TEXT,
                                                             .len = token.len,
                                                             .as.text = token.text })
                   : -1;
    case WFI_TOKEN_NAME:
        if (wfi_token_is(&token, "true") || wfi_token_is(&token, "false"))
            return wfi_expr_next(compiler)
                       ? wfi_expr_constant(compiler, token.column, wfi_truth(token.len == 4))
                       : -1;
        return parse_name(compiler);
    case WFI_TOKEN_SIGN:
        if (!wfi_token_is(&token, "("))
            break;
        index = wfi_expr_next(compiler) ? wfi_expr_or(compiler) : -1;
        return index >= 0 && wfi_expr_expect(compiler, ")") ? index : -1;
    case WFI_TOKEN_END:
        return wfi_expr_fail(compiler, token.column, "a value is missing at the end");
    }
    return wfi_expr_fail(compiler, token.column, "expected a value before '%.*s'", (int)token.len,
                         token.text);
}

/* Everything that nests goes through here, so this bounds the recursion. */
static int32_t parse_unary(struct wfi_compiler *compiler)
{
    uint32_t column = compiler->token.column;
    int32_t index;

    if (++compiler->nesting > NESTING_MAX)
        return wfi_expr_fail(compiler, column, "the expression is nested too deeply");
    if (wfi_token_is(&compiler->token, "-")) {
        index = wfi_expr_next(compiler) ? wfi_expr_number(compiler, parse_unary(compiler)) : -1;
        if (index >= 0)
            index = wfi_expr_node(compiler, WFI_OP_NEG, column, index, -1, -1);
    } else {
        index = parse_primary(compiler);
    }
    compiler->nesting--;
    return index;
}

/* --- operators -------------------------------------------------------------------------------- */

struct operator_of {
    const char *sign;
    enum wfi_op op;
};

/* From loosest to tightest; comparisons are between `not` and these. */
static const struct operator_of levels[][4] = {
    { { "|", WFI_OP_BIT_OR } },
    { { "^", WFI_OP_BIT_XOR } },
    { { "&", WFI_OP_BIT_AND } },
    { { "<<", WFI_OP_SHIFT_LEFT }, { ">>", WFI_OP_SHIFT_RIGHT } },
    { { "+", WFI_OP_ADD }, { "-", WFI_OP_SUB } },
    { { "*", WFI_OP_MUL }, { "/", WFI_OP_DIV }, { "%", WFI_OP_MOD } },
};

static const struct operator_of *match(const struct wfi_compiler *compiler,
                                       const struct operator_of *operators, size_t count)
{
    for (size_t i = 0; i < count && operators[i].sign != NULL; i++)
        if (wfi_token_is(&compiler->token, operators[i].sign))
            return &operators[i];
    return NULL;
}

static int32_t parse_level(struct wfi_compiler *compiler, size_t level)
{
    const struct operator_of *found;
    int32_t left;

    if (level == WF_COUNT_OF(levels))
        return parse_unary(compiler);
    left = parse_level(compiler, level + 1);
    while (left >= 0 &&
           (found = match(compiler, levels[level], WF_COUNT_OF(levels[level]))) != NULL) {
        uint32_t column = compiler->token.column;
        int32_t right;

        if (wfi_expr_number(compiler, left) < 0 || !wfi_expr_next(compiler))
            return -1;
        right = wfi_expr_number(compiler, parse_level(compiler, level + 1));
        if (right < 0)
            return -1;
        left = wfi_expr_node(compiler, found->op, column, left, right, -1);
    }
    return left;
}

static int32_t parse_comparison(struct wfi_compiler *compiler)
{
    static const struct operator_of comparisons[] = {
        { "==", WFI_OP_EQ }, { "!=", WFI_OP_NE }, { "<", WFI_OP_LT },
        { "<=", WFI_OP_LE }, { ">", WFI_OP_GT },  { ">=", WFI_OP_GE },
    };
    const struct operator_of *found;
    int32_t left = parse_level(compiler, 0), right;
    uint32_t column = compiler->token.column;

    if (left < 0)
        return -1;
    found = match(compiler, comparisons, WF_COUNT_OF(comparisons));
    if (found == NULL)
        return left;
    if (!wfi_expr_next(compiler))
        return -1;
    right = parse_level(compiler, 0);
    if (right < 0)
        return -1;
    if (match(compiler, comparisons, WF_COUNT_OF(comparisons)) != NULL)
        return wfi_expr_fail(compiler, compiler->token.column,
                             "comparisons do not chain; write 1 < x and x < 5");
    return wfi_expr_compare(compiler, found->op, column, left, right);
}

static int32_t parse_not(struct wfi_compiler *compiler)
{
    uint32_t column = compiler->token.column;
    int32_t index;

    if (!wfi_token_is(&compiler->token, "not"))
        return parse_comparison(compiler);
    if (++compiler->nesting > NESTING_MAX)
        return wfi_expr_fail(compiler, column, "the expression is nested too deeply");
    index = wfi_expr_next(compiler) ? wfi_expr_operand(compiler, parse_not(compiler)) : -1;
    compiler->nesting--;
    return index < 0 ? -1 : wfi_expr_node(compiler, WFI_OP_NOT, column, index, -1, -1);
}

static int32_t parse_logic(struct wfi_compiler *compiler, const char *word, enum wfi_op op,
                           int32_t (*parse_side)(struct wfi_compiler *))
{
    int32_t left = parse_side(compiler);

    while (left >= 0 && wfi_token_is(&compiler->token, word)) {
        uint32_t column = compiler->token.column;
        int32_t right;

        if (wfi_expr_operand(compiler, left) < 0 || !wfi_expr_next(compiler))
            return -1;
        right = wfi_expr_operand(compiler, parse_side(compiler));
        if (right < 0)
            return -1;
        left = wfi_expr_node(compiler, op, column, left, right, -1);
    }
    return left;
}

static int32_t parse_and(struct wfi_compiler *compiler)
{
    return parse_logic(compiler, "and", WFI_OP_AND, parse_not);
}

int32_t wfi_expr_or(struct wfi_compiler *compiler)
{
    return parse_logic(compiler, "or", WFI_OP_OR, parse_and);
}

/* --- the whole ----------------------------------------------------------------------------------- */

static int collect_inputs(struct wf_expr *expr, struct wf_err *err)
{
    expr->ids = calloc(expr->node_count + 1, sizeof(*expr->ids));
    if (expr->ids == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < expr->node_count; i++) {
        const struct wfi_node *node = &expr->nodes[i];
        size_t k = 0;

        if (node->op != WFI_OP_NAME)
            continue;
        while (k < expr->id_count && expr->ids[k] != node->as.name.id)
            k++;
        if (k == expr->id_count)
            expr->ids[expr->id_count++] = node->as.name.id;
    }
    return 0;
}

int wf_expr_compile(const char *text, const struct wf_expr_scope *scope, struct wf_expr **out_expr,
                    struct wf_err *err)
{
    struct wf_err own_err = { 0 };
    struct wf_expr *expr = calloc(1, sizeof(*expr));
    struct wfi_compiler compiler = { .expr = expr, .scope = scope, .err = &own_err };

    if (expr != NULL)
        expr->text = strdup(text);
    if (expr == NULL || expr->text == NULL) {
        wf_expr_free(&expr);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    compiler.text = compiler.at = expr->text;
    expr->root =
        wfi_expr_next(&compiler) ? wfi_expr_operand(&compiler, wfi_expr_or(&compiler)) : -1;
    if (expr->root >= 0 && compiler.token.kind != WFI_TOKEN_END)
        expr->root = wfi_expr_fail(
            &compiler, compiler.token.column, "expected an operator or the end before '%.*s'",
            (int)(compiler.token.len > 40 ? 40 : compiler.token.len), compiler.token.text);
    if (own_err.rc == WF_OK)
        (void)collect_inputs(expr, &own_err);
    if (own_err.rc != WF_OK) {
        wf_expr_free(&expr);
        if (err != NULL)
            *err = own_err;
        return (int)own_err.rc;
    }
    *out_expr = expr;
    return 0;
}

void wf_expr_free(struct wf_expr **expr)
{
    if (expr == NULL || *expr == NULL)
        return;
    free((*expr)->nodes);
    free((*expr)->ids);
    free((*expr)->text);
    free(*expr);
    *expr = NULL;
}

size_t wf_expr_inputs(const struct wf_expr *expr, const int **out_ids)
{
    *out_ids = expr->ids;
    return expr->id_count;
}
