/* SPDX-License-Identifier: MIT */
/*
 * any(), all(), N of (): conditions that count instances. A condition with globs is compiled once
 * for each source they stand for, one with arrays is evaluated once for each element.
 */

#include "expr_private.h"

#include <string.h>

bool wfi_expr_bind(struct wfi_compiler *compiler, uint32_t column, char name[WF_FULL_NAME_SIZE])
{
    const struct wf_expr_scope *scope = compiler->scope;
    char *rest = strchr(name, '.'), bound[WF_FULL_NAME_SIZE];
    struct wf_strbuf full = WF_STRBUF_FIXED(bound);

    if (!compiler->is_inside || scope->source == NULL) {
        (void)wfi_expr_fail(
            compiler, column,
            compiler->is_inside
                ? "other sources are not known here"
                : "'%.80s' means several sources; put it into any(), all() or N of ()",
            name);
        return false;
    }
    if (rest == NULL || strchr(rest, '*') != NULL || strchr(rest + 1, '.') == NULL) {
        (void)wfi_expr_fail(compiler, column,
                            "'%.80s': a glob stands for the source, as *.power.bus_voltage", name);
        return false;
    }
    if (compiler->source[0] == '\0' &&
        scope->source(scope->context, name, compiler->source_index, compiler->source) < 0) {
        compiler->is_exhausted = compiler->source_index > 0;
        if (!compiler->is_exhausted)
            (void)wfi_expr_fail(compiler, column, "no source has '%.80s'", name);
        return false;
    }
    wf_strbuf_add(&full, compiler->source);
    wf_strbuf_add(&full, rest);
    if (full.was_cut) {
        (void)wfi_expr_fail(compiler, column, "'%.80s' is too long", name);
        return false;
    }
    memcpy(name, bound, full.len + 1);
    return true;
}

/* What is behind one condition, so that it can be read again and left behind. */
struct place {
    struct wfi_token token;
    const char *at;
};

static void go_to(struct wfi_compiler *compiler, const struct place *place)
{
    compiler->token = place->token;
    compiler->at = place->at;
}

static bool add_instance(struct wfi_compiler *compiler, int32_t begin, int32_t condition,
                         int32_t *first, int32_t *last)
{
    int32_t index = wfi_expr_node(compiler, WFI_OP_INSTANCE,
                                  compiler->expr->nodes[condition].column, condition, -1, -1);
    struct wfi_node *node;

    if (index < 0)
        return false;
    node = &compiler->expr->nodes[index];
    node->as.instance.next = -1;
    node->as.instance.begin = begin;
    node->as.instance.elements = compiler->elements;
    if (*last >= 0)
        compiler->expr->nodes[*last].as.instance.next = index;
    else
        *first = index;
    *last = index;
    return true;
}

/* One condition between the parentheses, with all its sources. */
static bool parse_instances(struct wfi_compiler *compiler, int32_t *first, int32_t *last)
{
    const struct place start = { compiler->token, compiler->at };
    struct place end = start;

    compiler->source_index = 0;
    for (;;) {
        size_t node_count = compiler->expr->node_count;
        int32_t condition;

        compiler->source[0] = '\0';
        compiler->elements = 1;
        condition = wfi_expr_operand(compiler, wfi_expr_or(compiler));
        if (compiler->is_exhausted && compiler->err->rc == WF_OK) {
            compiler->is_exhausted = false;
            compiler->expr->node_count = node_count;
            go_to(compiler, &end);
            return true;
        }
        if (condition < 0 || !add_instance(compiler, (int32_t)node_count, condition, first, last))
            return false;
        if (compiler->source[0] == '\0')
            return true;
        end = (struct place){ compiler->token, compiler->at };
        compiler->source_index++;
        go_to(compiler, &start);
    }
}

int32_t wfi_expr_of(struct wfi_compiler *compiler, uint32_t column, uint32_t need)
{
    int32_t first = -1, last = -1, index;
    int nesting = compiler->nesting;
    uint16_t depth = 0;

    if (compiler->is_inside)
        return wfi_expr_fail(compiler, column, "any, all and `of` do not stand inside one another");
    compiler->is_inside = true;
    do {
        if (!parse_instances(compiler, &first, &last))
            return -1;
        compiler->nesting = nesting; /* what was left half-way counted, too */
    } while (wfi_token_is(&compiler->token, ",") && wfi_expr_next(compiler));
    compiler->is_inside = false;
    if (compiler->err->rc != WF_OK || !wfi_expr_expect(compiler, ")"))
        return -1;
    for (int32_t i = first; i >= 0; i = compiler->expr->nodes[i].as.instance.next)
        if (compiler->expr->nodes[i].depth > depth)
            depth = compiler->expr->nodes[i].depth;
    index = wfi_expr_node(compiler, WFI_OP_OF, column, first, -1, -1);
    if (index < 0)
        return -1;
    if (depth >= WFI_EXPR_DEPTH_MAX)
        return wfi_expr_fail(compiler, column, "the expression is nested too deeply");
    compiler->expr->nodes[index].depth = (uint16_t)(depth + 1);
    compiler->expr->nodes[index].as.need = need;
    return index;
}
