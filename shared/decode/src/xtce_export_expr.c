/* SPDX-License-Identifier: MIT */
/*
 * Expressions in XTCE's words: comparisons joined by ANDed and ORed conditions, and
 * calculations in postfix order. What negates is turned around until only comparisons do.
 */

#include "xtce_export.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/expr.h>

#define NODES_MAX 512

enum kind { OPERAND, COMPARISON, ALL, ANY };

struct node {
    enum kind kind;
    struct wf_expr_step step; /* OPERAND */
    int relation;             /* COMPARISON: row of `relations` */
    int a, b;
};

struct tree {
    const struct wfd_export *export;
    struct node nodes[NODES_MAX];
    int stack[NODES_MAX];
    int count, depth, root;
    bool is_raw;
    struct wf_expr *expr; /* texts of constants are in it */
};

static void free_tree(struct tree **tree)
{
    if (*tree != NULL)
        wf_expr_free(&(*tree)->expr);
    free(*tree);
    *tree = NULL;
}

static const struct {
    const char *sign;
    int flipped, negated;
} relations[] = {
    { "==", 0, 1 }, { "!=", 1, 0 }, { "<", 4, 5 }, { "<=", 5, 4 }, { ">", 2, 3 }, { ">=", 3, 2 },
};

static int add_node(struct tree *tree, struct node node)
{
    if (tree->count == NODES_MAX)
        return -1;
    tree->nodes[tree->count] = node;
    return tree->count++;
}

static bool push(struct tree *tree, int index)
{
    if (index < 0 || tree->depth == NODES_MAX)
        return false;
    tree->stack[tree->depth++] = index;
    return true;
}

static bool is_name(const struct tree *tree, int index)
{
    return tree->nodes[index].kind == OPERAND && tree->nodes[index].step.kind == WF_STEP_NAME;
}

/* A name alone is true when it is not 0. */
static int condition_of(struct tree *tree, int index)
{
    const struct wf_expr_step zero = { .kind = WF_STEP_CONSTANT,
                                       .constant = { .kind = WF_VALUE_U64 } };
    int value;

    if (index < 0 || tree->nodes[index].kind != OPERAND)
        return index;
    if (!is_name(tree, index))
        return -1;
    value = add_node(tree, (struct node){ .kind = OPERAND, .step = zero });
    return value < 0
               ? -1
               : add_node(tree, (struct node){
                                    .kind = COMPARISON, .relation = 1, .a = index, .b = value });
}

static int negate(struct tree *tree, int index)
{
    struct node node;

    if (index < 0)
        return -1;
    node = tree->nodes[index];
    if (node.kind == OPERAND)
        return -1;
    if (node.kind == COMPARISON) {
        node.relation = relations[node.relation].negated;
    } else {
        node.kind = node.kind == ALL ? ANY : ALL;
        node.a = negate(tree, node.a);
        node.b = negate(tree, node.b);
        if (node.a < 0 || node.b < 0)
            return -1;
    }
    return add_node(tree, node);
}

static int compare(struct tree *tree, int relation, int a, int b)
{
    if (!is_name(tree, a)) { /* 3 < x */
        int swap = a;

        a = b;
        b = swap;
        relation = relations[relation].flipped;
    }
    if (!is_name(tree, a) || tree->nodes[b].kind != OPERAND)
        return -1;
    return add_node(tree,
                    (struct node){ .kind = COMPARISON, .relation = relation, .a = a, .b = b });
}

static bool is_sayable(const struct tree *tree, const struct wf_expr_step *step)
{
    const struct wf_parameter *parameter;

    if (step->kind == WF_STEP_CONSTANT)
        return step->constant.kind != WF_VALUE_NONE;
    parameter = &tree->export->schema->parameters[step->id];
    return (!parameter->is_derived || !tree->is_raw) && parameter->count_max == 1 &&
           step->element == 0;
}

/* -5 is a constant and a minus. */
static bool turn_constant(struct tree *tree, int index)
{
    struct wf_value *value = &tree->nodes[index].step.constant;

    if (tree->nodes[index].kind != OPERAND || is_name(tree, index))
        return false;
    if (value->kind == WF_VALUE_F64) {
        value->as.f64 = -value->as.f64;
        return true;
    }
    if (value->kind != WF_VALUE_U64 || value->as.u64 > (uint64_t)INT64_MAX)
        return false;
    value->as.i64 = -(int64_t)value->as.u64;
    value->kind = WF_VALUE_I64;
    return true;
}

static bool visit_condition(void *context, const struct wf_expr_step *step)
{
    struct tree *tree = context;
    int a = -1, b = -1;

    if (step->kind != WF_STEP_OPERATOR)
        return is_sayable(tree, step) &&
               push(tree, add_node(tree, (struct node){ .kind = OPERAND, .step = *step }));
    if (step->operands > 2 || step->operands == 0 || tree->depth < (int)step->operands)
        return false;
    if (strcmp(step->word, "neg") == 0)
        return turn_constant(tree, tree->stack[tree->depth - 1]);
    if (step->operands == 2)
        b = tree->stack[--tree->depth];
    a = tree->stack[--tree->depth];
    for (size_t i = 0; i < WF_COUNT_OF(relations) && step->operands == 2; i++) {
        if (strcmp(step->word, relations[i].sign) == 0)
            return push(tree, compare(tree, (int)i, a, b));
    }
    if (strcmp(step->word, "not") == 0)
        return push(tree, negate(tree, condition_of(tree, a)));
    if (strcmp(step->word, "and") != 0 && strcmp(step->word, "or") != 0)
        return false;
    a = condition_of(tree, a);
    b = condition_of(tree, b);
    return a >= 0 && b >= 0 &&
           push(tree,
                add_node(tree, (struct node){
                                   .kind = step->word[0] == 'a' ? ALL : ANY, .a = a, .b = b }));
}

/* The condition `text` with its `root`; NULL when it cannot be said, or memory ran out. */
static struct tree *read_condition(const struct wfd_export *export, const char *text, bool is_raw)
{
    struct tree *tree = calloc(1, sizeof(*tree));
    struct wf_expr_scope scope;

    if (tree == NULL)
        return NULL;
    tree->export = export;
    tree->is_raw = is_raw;
    tree->root = -1;
    wf_expr_schema_scope(export->schema, &scope);
    if (wf_expr_compile(text, &scope, &tree->expr, NULL) == 0 &&
        wf_expr_walk(tree->expr, visit_condition, tree) && tree->depth == 1)
        tree->root = condition_of(tree, tree->stack[0]);
    if (tree->root < 0)
        free_tree(&tree);
    return tree;
}

/* --- writing ---------------------------------------------------------------------------------- */

static void add_value(struct wf_strbuf *out, const struct wf_value *value)
{
    char text[200];
    struct wf_strbuf word = WF_STRBUF_FIXED(text);

    switch (value->kind) {
    case WF_VALUE_I64:
        wf_strbuf_addf(out, "%lld", (long long)value->as.i64);
        break;
    case WF_VALUE_F64:
        wf_strbuf_add_double(out, value->as.f64);
        break;
    case WF_VALUE_TEXT:
        wf_strbuf_add_bytes(&word, value->as.text, value->len);
        wfd_export_escaped(out, text);
        break;
    default:
        wf_strbuf_addf(out, "%llu", (unsigned long long)value->as.u64);
        break;
    }
}

/* Of what has labels or no calibrator, the raw value is meant. */
static bool is_calibrated(const struct tree *tree, const struct wf_parameter *parameter)
{
    return !tree->is_raw && parameter->calibrator >= 0;
}

static void add_reference(const struct tree *tree, int index, struct wf_strbuf *out)
{
    const struct wf_parameter *parameter =
        &tree->export->schema->parameters[tree->nodes[index].step.id];

    wf_strbuf_add(out, "<ParameterInstanceRef");
    wfd_export_attribute(out, "parameterRef", wfd_export_name(parameter));
    wf_strbuf_add(out, is_calibrated(tree, parameter) ? "/>" : " useCalibratedValue=\"false\"/>");
}

static void add_comparison(const struct tree *tree, const struct node *node, struct wf_strbuf *out)
{
    const struct wf_parameter *parameter =
        &tree->export->schema->parameters[tree->nodes[node->a].step.id];

    wf_strbuf_add(out, "<Comparison");
    wfd_export_attribute(out, "parameterRef", wfd_export_name(parameter));
    if (node->relation != 0)
        wfd_export_attribute(out, "comparisonOperator", relations[node->relation].sign);
    wf_strbuf_add(out, " value=\"");
    add_value(out, &tree->nodes[node->b].step.constant);
    wf_strbuf_add(out,
                  is_calibrated(tree, parameter) ? "\"/>" : "\" useCalibratedValue=\"false\"/>");
}

static void add_boolean(const struct tree *tree, int index, enum kind around, struct wf_strbuf *out)
{
    const struct node *node = &tree->nodes[index];
    const char *element = node->kind == ALL ? "ANDedConditions" : "ORedConditions";

    if (node->kind == COMPARISON) {
        wf_strbuf_add(out, "<Condition>");
        add_reference(tree, node->a, out);
        wf_strbuf_add(out, "<ComparisonOperator>");
        wfd_export_escaped(out, relations[node->relation].sign);
        wf_strbuf_add(out, "</ComparisonOperator>");
        if (is_name(tree, node->b)) {
            add_reference(tree, node->b, out);
        } else {
            wf_strbuf_add(out, "<Value>");
            add_value(out, &tree->nodes[node->b].step.constant);
            wf_strbuf_add(out, "</Value>");
        }
        wf_strbuf_add(out, "</Condition>");
        return;
    }
    if (node->kind != around)
        wf_strbuf_addf(out, "<%s>", element);
    add_boolean(tree, node->a, node->kind, out);
    add_boolean(tree, node->b, node->kind, out);
    if (node->kind != around)
        wf_strbuf_addf(out, "</%s>", element);
}

/* Nothing but comparisons with values, all of which must hold. */
static bool is_list(const struct tree *tree, int index)
{
    const struct node *node = &tree->nodes[index];

    if (node->kind == COMPARISON)
        return !is_name(tree, node->b);
    return node->kind == ALL && is_list(tree, node->a) && is_list(tree, node->b);
}

static void add_list(const struct tree *tree, int index, struct wf_strbuf *out)
{
    const struct node *node = &tree->nodes[index];

    if (node->kind == COMPARISON) {
        add_comparison(tree, node, out);
        return;
    }
    add_list(tree, node->a, out);
    add_list(tree, node->b, out);
}

bool wfd_export_condition(const struct wfd_export *export, const char *text, bool is_raw,
                          struct wf_strbuf *out)
{
    struct tree *tree = read_condition(export, text, is_raw);

    if (tree == NULL)
        return false;
    if (!is_list(tree, tree->root)) {
        wf_strbuf_add(out, "<BooleanExpression>");
        add_boolean(tree, tree->root, OPERAND, out);
        wf_strbuf_add(out, "</BooleanExpression>");
    } else if (tree->nodes[tree->root].kind == COMPARISON) {
        add_comparison(tree, &tree->nodes[tree->root], out);
    } else {
        wf_strbuf_add(out, "<ComparisonList>");
        add_list(tree, tree->root, out);
        wf_strbuf_add(out, "</ComparisonList>");
    }
    free_tree(&tree);
    return true;
}

/* --- what selects a packet ---------------------------------------------------------------------- */

static void add_apid(const char *name, uint16_t apid, bool is_condition, struct wf_strbuf *out)
{
    wf_strbuf_add(out, is_condition ? "<Condition><ParameterInstanceRef" : "<Comparison");
    wfd_export_attribute(out, "parameterRef", name);
    if (is_condition)
        wf_strbuf_addf(out,
                       " useCalibratedValue=\"false\"/><ComparisonOperator>==</ComparisonOperator>"
                       "<Value>%u</Value></Condition>",
                       (unsigned)apid);
    else
        wf_strbuf_addf(out, " value=\"%u\" useCalibratedValue=\"false\"/>", (unsigned)apid);
}

/* Does the condition compare the APID itself? Beside it, that would say something else. */
static bool names(const struct tree *tree, const char *name)
{
    for (int i = 0; i < tree->count; i++)
        if (is_name(tree, i) &&
            strcmp(wfd_export_name(&tree->export->schema->parameters[tree->nodes[i].step.id]),
                   name) == 0)
            return true;
    return false;
}

bool wfd_export_selection(const struct wfd_export *export, const char *apid, struct wf_strbuf *out)
{
    const struct wf_schema *schema = export->schema;
    bool has_match = schema->match[0] != '\0';
    struct tree *tree = has_match ? read_condition(export, schema->match, true) : NULL;
    bool is_plain;

    if (tree != NULL && names(tree, apid))
        free_tree(&tree);
    is_plain = schema->apid_count == 1 && (tree == NULL || is_list(tree, tree->root));
    if (is_plain) {
        wf_strbuf_add(out, tree != NULL ? "<ComparisonList>" : "");
        add_apid(apid, schema->apids[0], false, out);
        if (tree != NULL)
            add_list(tree, tree->root, out);
        wf_strbuf_add(out, tree != NULL ? "</ComparisonList>" : "");
    } else if (schema->apid_count > 0) {
        wf_strbuf_add(out, "<BooleanExpression><ANDedConditions>");
        wf_strbuf_add(out, schema->apid_count > 1 ? "<ORedConditions>" : "");
        for (size_t i = 0; i < schema->apid_count; i++)
            add_apid(apid, schema->apids[i], true, out);
        wf_strbuf_add(out, schema->apid_count > 1 ? "</ORedConditions>" : "");
        if (tree != NULL)
            add_boolean(tree, tree->root, ALL, out);
        wf_strbuf_add(out, "</ANDedConditions></BooleanExpression>");
    }
    has_match = has_match && tree == NULL;
    free_tree(&tree);
    return !has_match;
}

/* --- calculations ------------------------------------------------------------------------------- */

struct calculation {
    const struct wfd_export *export;
    struct wf_strbuf *out;
    struct wf_value
        pending; /* a constant that a minus may still turn around; NONE = there is none */
};

static void flush_constant(struct calculation *to)
{
    if (to->pending.kind == WF_VALUE_NONE)
        return;
    wf_strbuf_add(to->out, "<ValueOperand>");
    add_value(to->out, &to->pending);
    wf_strbuf_add(to->out, "</ValueOperand>");
    to->pending.kind = WF_VALUE_NONE;
}

static void add_operator(struct calculation *to, const char *sign)
{
    wf_strbuf_add(to->out, "<Operator>");
    wfd_export_escaped(to->out, sign);
    wf_strbuf_add(to->out, "</Operator>");
}

static bool turn_around(struct calculation *to)
{
    struct wf_value *value = &to->pending;

    if (value->kind == WF_VALUE_F64) {
        value->as.f64 = -value->as.f64;
    } else if (value->kind == WF_VALUE_U64 && value->as.u64 <= (uint64_t)INT64_MAX) {
        value->kind = WF_VALUE_I64;
        value->as.i64 = -(int64_t)value->as.u64;
    } else {
        flush_constant(to);
        wf_strbuf_add(to->out, "<ValueOperand>0</ValueOperand>");
        add_operator(to, "swap");
        add_operator(to, "-");
    }
    return true;
}

static bool visit_calculation(void *context, const struct wf_expr_step *step)
{
    static const struct {
        const char *ours, *theirs;
    } known[] = {
        { "+", "+" },       { "-", "-" },       { "*", "*" },       { "/", "/" },
        { "%", "%" },       { "pow", "^" },     { "log", "ln" },    { "log10", "log" },
        { "exp", "e^x" },   { "sin", "sin" },   { "cos", "cos" },   { "tan", "tan" },
        { "asin", "asin" }, { "acos", "acos" }, { "atan", "atan" }, { "atan2", "atan2" },
        { "abs", "abs" },   { "min", "min" },   { "max", "max" },   { "<<", "<<" },
        { ">>", ">>" },     { "&", "&" },       { "|", "|" },       { "^", "xor" },
        { "==", "==" },     { "!=", "!=" },     { "<", "<" },       { "<=", "<=" },
        { ">", ">" },       { ">=", ">=" },     { "and", "&&" },    { "or", "||" },
        { "not", "!" },
    };
    struct calculation *to = context;

    if (step->kind == WF_STEP_CONSTANT) {
        flush_constant(to);
        to->pending = step->constant;
        return step->constant.kind != WF_VALUE_TEXT && step->constant.kind != WF_VALUE_NONE;
    }
    if (step->kind == WF_STEP_NAME) {
        const struct wf_parameter *parameter = &to->export->schema->parameters[step->id];

        flush_constant(to);
        wf_strbuf_add(to->out, "<ParameterInstanceRefOperand");
        wfd_export_attribute(to->out, "parameterRef", wfd_export_name(parameter));
        wf_strbuf_add(to->out, "/>");
        return parameter->count_max == 1 && step->element == 0 && parameter->type <= WF_TYPE_BOOL;
    }
    if (strcmp(step->word, "neg") == 0)
        return turn_around(to);
    flush_constant(to);
    if (strcmp(step->word, "sqrt") == 0) {
        wf_strbuf_add(to->out, "<ValueOperand>0.5</ValueOperand>");
        add_operator(to, "^");
        return true;
    }
    for (size_t i = 0; i < WF_COUNT_OF(known); i++) {
        if (strcmp(known[i].ours, step->word) == 0) {
            add_operator(to, known[i].theirs);
            return true;
        }
    }
    return false;
}

bool wfd_export_calculation(const struct wfd_export *export, const char *text,
                            struct wf_strbuf *out)
{
    struct calculation to = { .export = export, .out = out };
    struct wf_expr_scope scope;
    struct wf_expr *expr = NULL;
    size_t from = out->len;
    bool is_said;

    wf_expr_schema_scope(export->schema, &scope);
    if (wf_expr_compile(text, &scope, &expr, NULL) < 0)
        return false;
    is_said = wf_expr_walk(expr, visit_calculation, &to);
    flush_constant(&to);
    wf_expr_free(&expr);
    if (!is_said) {
        out->len = from;
        out->text[from] = '\0';
    }
    return is_said;
}
