/* SPDX-License-Identifier: MIT */
/* Expressions: text to tokens, and the nodes of the tree. */

#include "expr_private.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int32_t wfi_expr_fail(struct wfi_compiler *compiler, uint32_t column, const char *format, ...)
{
    char text[200];
    va_list args;

    if (compiler->err->rc != WF_OK)
        return -1;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    (void)wf_fail(compiler->err, WF_ERR_INVALID, "column %u: %s", column, text);
    return -1;
}

int32_t wfi_expr_node(struct wfi_compiler *compiler, enum wfi_op op, uint32_t column, int32_t a,
                      int32_t b, int32_t c)
{
    struct wf_expr *expr = compiler->expr;
    const int32_t children[] = { a, b, c };
    uint16_t depth = 1;

    if (expr->node_count == compiler->room) {
        size_t room = compiler->room == 0 ? 16 : 2 * compiler->room;
        struct wfi_node *grown;

        if (room > WFI_EXPR_NODES_MAX)
            return wfi_expr_fail(compiler, column, "the expression is too long");
        grown = realloc(expr->nodes, room * sizeof(*grown));
        if (grown == NULL) {
            (void)wf_fail(compiler->err, WF_ERR_NOMEM, "out of memory");
            return -1;
        }
        expr->nodes = grown;
        compiler->room = room;
    }
    for (size_t i = 0; i < WF_COUNT_OF(children); i++)
        if (children[i] >= 0 && expr->nodes[children[i]].depth >= depth)
            depth = (uint16_t)(expr->nodes[children[i]].depth + 1);
    if (depth > WFI_EXPR_DEPTH_MAX)
        return wfi_expr_fail(compiler, column, "the expression is nested too deeply");
    expr->nodes[expr->node_count] =
        (struct wfi_node){ .op = op, .a = a, .b = b, .c = c, .depth = depth, .column = column };
    return (int32_t)expr->node_count++;
}

int32_t wfi_expr_constant(struct wfi_compiler *compiler, uint32_t column, struct wfi_operand value)
{
    int32_t index = wfi_expr_node(compiler, WFI_OP_CONST, column, -1, -1, -1);

    if (index >= 0)
        compiler->expr->nodes[index].as.constant = value;
    return index;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Digits with what belongs to a number: 12, 0x1f, 0b11, 2.5, 1e-3. */
static size_t number_length(const char *text)
{
    size_t len = 0;
    bool has_prefix = text[0] == '0' && text[1] != '\0' && strchr("xXbBoO", text[1]) != NULL;

    for (;; len++) {
        bool is_exponent_sign = len > 0 && !has_prefix && (text[len] == '+' || text[len] == '-') &&
                                (text[len - 1] == 'e' || text[len - 1] == 'E');

        if (!is_digit(text[len]) && !is_letter(text[len]) && text[len] != '.' && !is_exponent_sign)
            return len;
    }
}

static bool read_number(struct wfi_compiler *compiler, struct wfi_token *token)
{
    char text[80];
    uint64_t whole;
    double real;

    if (token->len < sizeof(text)) {
        memcpy(text, token->text, token->len);
        text[token->len] = '\0';
        if (wf_parse_u64(text, &whole, NULL) == 0) {
            token->number = wfi_whole(whole, false);
            return true;
        }
        if (wf_parse_double(text, &real, NULL) == 0) {
            token->number = wfi_real(real);
            return true;
        }
    }
    (void)wfi_expr_fail(compiler, token->column, "'%.*s' is not a number",
                        (int)(token->len > 40 ? 40 : token->len), token->text);
    return false;
}

/* A star right before a dot and a letter: the end of a glob for sources. */
static bool is_star(const char *text)
{
    return text[0] == '*' && text[1] == '.' && is_letter(text[2]);
}

/* name, name.name, name.name.name: dots without blanks. *.name.name, sat*.name.name */
static uint32_t name_length(const char *text)
{
    uint32_t len = 0;

    while (is_letter(text[len]) || is_digit(text[len]) || is_star(text + len) ||
           (text[len] == '.' && len > 0 && is_letter(text[len + 1])))
        len++;
    return len;
}

static uint32_t sign_length(const char *text)
{
    static const char *const doubles[] = { "==", "!=", "<=", ">=", "<<", ">>" };

    for (size_t i = 0; i < WF_COUNT_OF(doubles); i++)
        if (text[0] == doubles[i][0] && text[1] == doubles[i][1])
            return 2;
    return strchr("<>+-*/%&|^()[],", text[0]) != NULL ? 1 : 0;
}

/* What people write who know other languages. */
static bool fail_foreign(struct wfi_compiler *compiler, uint32_t column, const char *at)
{
    static const struct {
        const char *sign, *ours;
    } foreign[] = {
        { "&&", "and" }, { "||", "or" }, { "!", "not" }, { "=", "==" }, { "'", "\"" },
    };

    for (size_t i = 0; i < WF_COUNT_OF(foreign); i++) {
        if (strncmp(at, foreign[i].sign, strlen(foreign[i].sign)) == 0) {
            (void)wfi_expr_fail(compiler, column, "'%s' is written '%s' here", foreign[i].sign,
                                foreign[i].ours);
            return false;
        }
    }
    (void)wfi_expr_fail(compiler, column, "unexpected character '%.1s'", at);
    return false;
}

static bool next_text(struct wfi_compiler *compiler, struct wfi_token *token)
{
    const char *end = strchr(token->text + 1, '"');

    if (end == NULL) {
        (void)wfi_expr_fail(compiler, token->column, "the closing \" is missing");
        return false;
    }
    token->kind = WFI_TOKEN_TEXT;
    token->text++;
    token->len = (uint32_t)(end - token->text);
    compiler->at = end + 1;
    return true;
}

bool wfi_expr_next(struct wfi_compiler *compiler)
{
    const char *at = compiler->at;
    struct wfi_token *token = &compiler->token;

    while (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')
        at++;
    *token = (struct wfi_token){ .kind = WFI_TOKEN_SIGN,
                                 .text = at,
                                 .column = (uint32_t)(at - compiler->text) + 1 };
    if (*at == '\0') {
        token->kind = WFI_TOKEN_END;
    } else if (*at == '"') {
        return next_text(compiler, token);
    } else if (is_digit(*at) || (*at == '.' && is_digit(at[1]))) {
        token->kind = WFI_TOKEN_NUMBER;
        token->len = (uint32_t)number_length(at);
        if (!read_number(compiler, token))
            return false;
    } else if (is_letter(*at) || is_star(at)) {
        token->kind = WFI_TOKEN_NAME;
        token->len = name_length(at);
    } else {
        token->len = sign_length(at);
        /* "&&" and "||" are no pair of ours. */
        if (token->len == 0 || (token->len == 1 && at[1] == at[0] && strchr("&|", at[0]) != NULL))
            return fail_foreign(compiler, token->column, at);
    }
    compiler->at = at + token->len;
    return true;
}

bool wfi_token_is(const struct wfi_token *token, const char *text)
{
    return (token->kind == WFI_TOKEN_SIGN || token->kind == WFI_TOKEN_NAME) &&
           token->len == strlen(text) && memcmp(token->text, text, token->len) == 0;
}
