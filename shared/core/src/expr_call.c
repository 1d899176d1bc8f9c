/* SPDX-License-Identifier: MIT */
/* Compiling calls: functions, and windows over the past. */

#include "expr_private.h"

#include <math.h>
#include <string.h>

struct function {
    const char *name;
    enum wfi_op op;
    int low, high; /* arguments */
    double (*function1)(double);
    double (*function2)(double, double);
};

static const struct function functions[] = {
    { .name = "abs", .op = WFI_OP_ABS, .low = 1, .high = 1 },
    { .name = "min", .op = WFI_OP_MIN, .low = 2, .high = 16 },
    { .name = "max", .op = WFI_OP_MAX, .low = 2, .high = 16 },
    { .name = "if", .op = WFI_OP_IF, .low = 3, .high = 3 },
    { .name = "valid", .op = WFI_OP_VALID, .low = 1, .high = 1 },
    { .name = "bits", .op = WFI_OP_BITS, .low = 3, .high = 3 },
    { .name = "sqrt", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = sqrt },
    { .name = "exp", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = exp },
    { .name = "log", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = log },
    { .name = "log10", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = log10 },
    { .name = "sin", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = sin },
    { .name = "cos", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = cos },
    { .name = "tan", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = tan },
    { .name = "asin", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = asin },
    { .name = "acos", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = acos },
    { .name = "atan", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = atan },
    { .name = "floor", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = floor },
    { .name = "ceil", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = ceil },
    { .name = "round", .op = WFI_OP_FUNCTION1, .low = 1, .high = 1, .function1 = round },
    { .name = "atan2", .op = WFI_OP_FUNCTION2, .low = 2, .high = 2, .function2 = atan2 },
    { .name = "pow", .op = WFI_OP_FUNCTION2, .low = 2, .high = 2, .function2 = pow },
};

const char *wfi_function_name(const struct wfi_node *node)
{
    for (size_t i = 0; i < WF_COUNT_OF(functions); i++) {
        const struct function *function = &functions[i];

        if (function->op == node->op &&
            (node->op != WFI_OP_FUNCTION1 || function->function1 == node->as.function1) &&
            (node->op != WFI_OP_FUNCTION2 || function->function2 == node->as.function2))
            return function->name;
    }
    return "";
}

static const char *const window_names[] = {
    [WF_WINDOW_LAST] = "last",     [WF_WINDOW_MIN] = "min",         [WF_WINDOW_MAX] = "max",
    [WF_WINDOW_AVG] = "avg",       [WF_WINDOW_COUNT] = "count",     [WF_WINDOW_RATE] = "rate",
    [WF_WINDOW_RISING] = "rising", [WF_WINDOW_FALLING] = "falling",
};

static int find_window(const struct wfi_token *name)
{
    for (size_t i = 0; i < WF_COUNT_OF(window_names); i++)
        if (wfi_token_is(name, window_names[i]))
            return (int)i;
    return -1;
}

/* "20 samples)" or "10s)" behind `over`, read from the text: a duration is no token. */
static bool parse_window_size(struct wfi_compiler *compiler, uint32_t *out_samples,
                              int64_t *out_time_ns)
{
    const char *at = compiler->at;
    uint32_t column = (uint32_t)(at - compiler->text) + 1;
    char word[32];
    size_t len;
    uint64_t samples;

    at += strspn(at, " \t\n\r");
    len = strcspn(at, " \t\n\r),");
    if (len == 0 || len >= sizeof(word)) {
        (void)wfi_expr_fail(compiler, column, "expected '20 samples' or a time as 10s");
        return false;
    }
    memcpy(word, at, len);
    word[len] = '\0';
    compiler->at = at + len;
    if (!wfi_expr_next(compiler))
        return false;
    if (wfi_token_is(&compiler->token, "samples") || wfi_token_is(&compiler->token, "sample")) {
        if (wf_parse_u64(word, &samples, NULL) < 0 || samples < 1 || samples > 1000000) {
            (void)wfi_expr_fail(compiler, column, "'%s' samples: expected 1 .. 1000000", word);
            return false;
        }
        *out_samples = (uint32_t)samples;
        return wfi_expr_next(compiler);
    }
    if (wf_parse_duration_ns(word, out_time_ns, NULL) < 0 || *out_time_ns <= 0) {
        (void)wfi_expr_fail(compiler, column, "'%s' is neither '20 samples' nor a time as 10s",
                            word);
        return false;
    }
    return true;
}

/* The call so far is `name(argument over`; the argument becomes the window's node. */
static int32_t parse_window(struct wfi_compiler *compiler, const struct wfi_token *name,
                            int32_t argument)
{
    struct wfi_node *node = &compiler->expr->nodes[argument];
    char text[WF_FULL_NAME_SIZE];
    struct wfi_token inner = { .column = node->column };
    uint32_t samples = 0;
    int64_t time_ns = 0;
    int window = find_window(name), id;

    if (window < 0)
        return wfi_expr_fail(compiler, name->column,
                             "'%.*s' has no window; last, min, max, avg, count, rate, rising and "
                             "falling have",
                             (int)name->len, name->text);
    if (node->op != WFI_OP_NAME || !node->as.name.is_plain)
        return wfi_expr_fail(compiler, node->column, "a window goes over one parameter's name");
    inner.text = node->as.name.text;
    inner.len = node->as.name.len;
    if (!wfi_expr_name(compiler, &inner, text) ||
        !parse_window_size(compiler, &samples, &time_ns) || !wfi_expr_expect(compiler, ")"))
        return -1;
    if (strchr(text, '*') != NULL && !wfi_expr_bind(compiler, inner.column, text))
        return -1;
    if (compiler->scope->window == NULL)
        return wfi_expr_fail(compiler, name->column,
                             "windows need history, which is not available here");
    if (compiler->scope->window(compiler->scope->context, (enum wf_expr_window)window, text,
                                samples, time_ns, &id) < 0)
        return wfi_expr_fail(compiler, name->column, "there is no history of '%s'", text);
    node->as.name.id = id;
    node->as.name.enumeration = NULL;
    node->as.name.is_plain = node->as.name.is_each = false;
    return argument;
}

static int32_t make_call(struct wfi_compiler *compiler, const struct function *function,
                         uint32_t column, const int32_t *arguments, int count)
{
    int32_t index;

    if (function->op == WFI_OP_MIN || function->op == WFI_OP_MAX) {
        index = arguments[0];
        for (int i = 1; i < count && index >= 0; i++)
            index = wfi_expr_node(compiler, function->op, column, index, arguments[i], -1);
        return index;
    }
    index = wfi_expr_node(compiler, function->op, column, arguments[0],
                          count > 1 ? arguments[1] : -1, count > 2 ? arguments[2] : -1);
    if (index >= 0 && function->op == WFI_OP_FUNCTION1)
        compiler->expr->nodes[index].as.function1 = function->function1;
    if (index >= 0 && function->op == WFI_OP_FUNCTION2)
        compiler->expr->nodes[index].as.function2 = function->function2;
    return index;
}

static const struct function *find_function(const struct wfi_token *name)
{
    for (size_t i = 0; i < WF_COUNT_OF(functions); i++)
        if (wfi_token_is(name, functions[i].name))
            return &functions[i];
    return NULL;
}

/* Text can be valid, or be chosen. */
static bool is_text_welcome(const struct function *function)
{
    return function != NULL && (function->op == WFI_OP_VALID || function->op == WFI_OP_IF);
}

int32_t wfi_expr_call(struct wfi_compiler *compiler, const struct wfi_token *name)
{
    const struct function *function = find_function(name);
    int32_t arguments[16];
    int count = 0;

    if (wfi_token_is(name, "any") || wfi_token_is(name, "all"))
        return wfi_expr_of(compiler, name->column, wfi_token_is(name, "any") ? 1 : 0);
    if (function == NULL && find_window(name) < 0)
        return wfi_expr_fail(compiler, name->column, "there is no function '%.*s'",
                             (int)(name->len > 40 ? 40 : name->len), name->text);
    do {
        int32_t argument = wfi_expr_or(compiler);

        if (argument < 0)
            return -1;
        if (count == 0 && wfi_token_is(&compiler->token, "over"))
            return parse_window(compiler, name, argument);
        if (is_text_welcome(function) ? wfi_expr_operand(compiler, argument) < 0
                                      : wfi_expr_number(compiler, argument) < 0)
            return -1;
        if (count == (int)WF_COUNT_OF(arguments))
            return wfi_expr_fail(compiler, name->column, "too many arguments");
        arguments[count++] = argument;
        if (!wfi_token_is(&compiler->token, ","))
            break;
    } while (wfi_expr_next(compiler));
    if (compiler->err->rc != WF_OK || !wfi_expr_expect(compiler, ")"))
        return -1;
    if (function == NULL)
        return wfi_expr_fail(compiler, name->column, "'%.*s' needs a window, as %.*s(x over 10s)",
                             (int)name->len, name->text, (int)name->len, name->text);
    if (count < function->low || count > function->high)
        return wfi_expr_fail(compiler, name->column, "%s takes %d argument%s, not %d",
                             function->name, function->low, function->low == 1 ? "" : "s", count);
    return make_call(compiler, function, name->column, arguments, count);
}
