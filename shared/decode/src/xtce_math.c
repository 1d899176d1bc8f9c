/* SPDX-License-Identifier: MIT */
/*
 * Calculations: a MathAlgorithm whose inputs are all in the packet becomes a derived parameter.
 * XTCE writes them in postfix order for a machine with a stack; people get them infix.
 */

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>

#include "xtce_layout.h"

#define STACK_MAX 32
#define TEXT_MAX  4096

/* How tightly the expression on the stack is bound; as the language of expressions has it. */
enum binding {
    OR = 1,
    AND,
    NOT,
    COMPARE,
    BITS_OR,
    BITS_XOR,
    BITS_AND,
    SHIFT,
    SUM,
    PRODUCT,
    UNARY,
    ATOM
};

struct machine {
    struct wfd_draft *draft;
    size_t before; /* fields that may be read */
    struct item {
        struct wf_strbuf text;
        enum binding binding;
    } stack[STACK_MAX];
    int depth;
    size_t inputs;
    const char *unknown; /* the operator that stopped it; "" = an input that is not here */
};

static struct item *push(struct machine *machine, enum binding binding)
{
    struct item *item = machine->depth < STACK_MAX ? &machine->stack[machine->depth++] : NULL;

    if (item != NULL)
        wf_strbuf_init(&item->text, TEXT_MAX);
    if (item != NULL)
        item->binding = binding;
    return item;
}

static void drop(struct machine *machine)
{
    wf_strbuf_fini(&machine->stack[--machine->depth].text);
}

static void add_operand(struct wf_strbuf *out, const struct item *item, enum binding least)
{
    bool has_parentheses = item->binding < least;

    wf_strbuf_add(out, has_parentheses ? "(" : "");
    wf_strbuf_add(out, item->text.text);
    wf_strbuf_add(out, has_parentheses ? ")" : "");
}

/* a and b are replaced by what `result` says. */
static bool replace(struct machine *machine, int operands, const char *text, enum binding binding)
{
    struct item *item;

    for (int i = 0; i < operands; i++)
        drop(machine);
    item = push(machine, binding);
    if (item == NULL || strlen(text) + 1 >= TEXT_MAX)
        return false;
    wf_strbuf_add(&item->text, text);
    return true;
}

static bool combine(struct machine *machine, const char *sign, enum binding binding)
{
    char text[TEXT_MAX];
    struct wf_strbuf out = WF_STRBUF_FIXED(text);
    bool is_chain = binding != COMPARE;

    if (machine->depth < 2)
        return false;
    /* Operators of one level bind to the left; comparisons do not chain. */
    add_operand(&out, &machine->stack[machine->depth - 2],
                is_chain ? binding : (enum binding)(binding + 1));
    wf_strbuf_addf(&out, " %s ", sign);
    add_operand(&out, &machine->stack[machine->depth - 1], (enum binding)(binding + 1));
    return !out.was_cut && replace(machine, 2, text, binding);
}

static bool call(struct machine *machine, const char *name, int operands)
{
    char text[TEXT_MAX];
    struct wf_strbuf out = WF_STRBUF_FIXED(text);

    if (machine->depth < operands)
        return false;
    wf_strbuf_addf(&out, "%s(", name);
    for (int i = operands; i > 0; i--) {
        wf_strbuf_add(&out, i < operands ? ", " : "");
        wf_strbuf_add(&out, machine->stack[machine->depth - i].text.text);
    }
    wf_strbuf_add_char(&out, ')');
    return !out.was_cut && replace(machine, operands, text, ATOM);
}

static bool prefix(struct machine *machine, const char *before, enum binding inside,
                   enum binding binding)
{
    char text[TEXT_MAX];
    struct wf_strbuf out = WF_STRBUF_FIXED(text);

    if (machine->depth < 1)
        return false;
    wf_strbuf_add(&out, before);
    add_operand(&out, &machine->stack[machine->depth - 1], inside);
    return !out.was_cut && replace(machine, 1, text, binding);
}

static bool copy(struct machine *machine, int below)
{
    struct item *from = machine->depth > below ? &machine->stack[machine->depth - 1 - below] : NULL;
    struct item *to = from != NULL ? push(machine, from->binding) : NULL;

    if (to == NULL)
        return false;
    wf_strbuf_add(&to->text, from->text.text);
    return true;
}

static bool swap(struct machine *machine)
{
    struct item top;

    if (machine->depth < 2)
        return false;
    top = machine->stack[machine->depth - 1];
    machine->stack[machine->depth - 1] = machine->stack[machine->depth - 2];
    machine->stack[machine->depth - 2] = top;
    return true;
}

static bool operate(struct machine *machine, const char *sign)
{
    static const struct {
        const char *theirs, *ours;
        enum binding binding;
    } infix[] = {
        { "+", "+", SUM },        { "-", "-", SUM },       { "*", "*", PRODUCT },
        { "/", "/", PRODUCT },    { "%", "%", PRODUCT },   { "<<", "<<", SHIFT },
        { ">>", ">>", SHIFT },    { "&", "&", BITS_AND },  { "|", "|", BITS_OR },
        { "xor", "^", BITS_XOR }, { "&&", "and", AND },    { "||", "or", OR },
        { "==", "==", COMPARE },  { "!=", "!=", COMPARE }, { "<", "<", COMPARE },
        { "<=", "<=", COMPARE },  { ">", ">", COMPARE },   { ">=", ">=", COMPARE },
    };
    static const struct {
        const char *theirs, *ours;
        int operands;
    } functions[] = {
        { "^", "pow", 2 },     { "ln", "log", 1 },      { "log", "log10", 1 },
        { "e^x", "exp", 1 },   { "sin", "sin", 1 },     { "cos", "cos", 1 },
        { "tan", "tan", 1 },   { "asin", "asin", 1 },   { "acos", "acos", 1 },
        { "atan", "atan", 1 }, { "atan2", "atan2", 2 }, { "abs", "abs", 1 },
        { "min", "min", 2 },   { "max", "max", 2 },
    };

    for (size_t i = 0; i < WF_COUNT_OF(infix); i++)
        if (strcmp(infix[i].theirs, sign) == 0)
            return combine(machine, infix[i].ours, infix[i].binding);
    for (size_t i = 0; i < WF_COUNT_OF(functions); i++)
        if (strcmp(functions[i].theirs, sign) == 0)
            return call(machine, functions[i].ours, functions[i].operands);
    if (strcmp(sign, "!") == 0)
        return prefix(machine, "not ", NOT, NOT);
    if (strcmp(sign, "1/x") == 0)
        return prefix(machine, "1 / ", UNARY, PRODUCT);
    if (strcmp(sign, "y^x") == 0)
        return swap(machine) && call(machine, "pow", 2);
    if (strcmp(sign, "dup") == 0)
        return copy(machine, 0);
    if (strcmp(sign, "over") == 0)
        return copy(machine, 1);
    if (strcmp(sign, "swap") == 0)
        return swap(machine);
    if (strcmp(sign, "drop") == 0 && machine->depth > 0) {
        drop(machine);
        return true;
    }
    machine->unknown = sign;
    return false;
}

static bool read_input(struct machine *machine, const struct wfd_node *node)
{
    struct wfd_source source =
        wfd_source_of(machine->draft, node, wfd_attribute(node, "parameterRef"));
    const struct wfd_field *field = wfd_field_of(machine->draft, source, 0);
    struct item *item;

    if (field == NULL || field >= machine->draft->fields + machine->before || field->count != 1 ||
        field->coding.type > WF_TYPE_BOOL) {
        machine->unknown = "";
        return false;
    }
    machine->inputs++;
    item = push(machine, ATOM);
    if (item != NULL)
        wf_strbuf_add(&item->text, field->name);
    return item != NULL;
}

static bool read_value(struct machine *machine, const struct wfd_node *node)
{
    struct item *item;
    double value;

    if (wf_parse_double(node->text, &value, NULL) < 0)
        return false;
    item = push(machine, node->text[0] == '-' ? UNARY : ATOM);
    if (item != NULL)
        wf_strbuf_add(&item->text, node->text);
    return item != NULL;
}

/* The steps of `operation`; on success one expression is left on the stack. */
static bool run(struct machine *machine, const struct wfd_node *operation)
{
    for (const struct wfd_node *node = operation->first; node != NULL; node = node->next) {
        bool is_done = true;

        if (++machine->draft->xtce->steps > WFD_XTCE_STEPS_MAX)
            return false;
        if (wfd_is(node, "ParameterInstanceRefOperand"))
            is_done = read_input(machine, node);
        else if (wfd_is(node, "ValueOperand"))
            is_done = read_value(machine, node);
        else if (wfd_is(node, "Operator"))
            is_done = operate(machine, node->text);
        else if (wfd_is(node, "ThisParameterOperand"))
            is_done = false;
        if (!is_done)
            return false;
    }
    return machine->depth == 1;
}

static void stop(struct machine *machine)
{
    while (machine->depth > 0)
        drop(machine);
}

/* --- fields ----------------------------------------------------------------------------------- */

/* What the type says without an encoding. */
static struct wfd_coding coding_of(const struct wfd_draft *draft, const struct wfd_node *type)
{
    const char *sign = wfd_type_attribute(draft->xtce, type, "signed");
    bool is_signed = true;
    struct wfd_coding coding = { .type = WF_TYPE_FLOAT, .bits = 64 };

    if (sign != NULL)
        (void)wf_parse_bool(sign, &is_signed, NULL);
    if (wfd_is(type, "IntegerParameterType"))
        coding.type = is_signed ? WF_TYPE_INT : WF_TYPE_UINT;
    else if (wfd_is(type, "EnumeratedParameterType"))
        coding.type = WF_TYPE_INT;
    else if (wfd_is(type, "BooleanParameterType"))
        coding.type = WF_TYPE_BOOL;
    return coding;
}

static void lay_one(struct wfd_draft *draft, const struct wfd_node *operation)
{
    const char *name = wfd_attribute(operation, "outputParameterRef");
    const struct wfd_node *parameter = wfd_find(draft->xtce, operation, WFD_KIND_PARAMETER, name);
    const struct wfd_node *type = wfd_find(draft->xtce, parameter, WFD_KIND_TYPE,
                                           wfd_attribute(parameter, "parameterTypeRef"));
    struct wfd_source source = { .parameter = parameter, .member = "" };
    struct machine machine = { .draft = draft, .before = draft->count };
    struct wfd_field *field;
    bool is_done;

    if (type == NULL || wfd_field_of(draft, source, 0) != NULL)
        return;
    is_done = run(&machine, operation);
    stop(&machine);
    if (machine.inputs == 0 || (machine.unknown != NULL && machine.unknown[0] == '\0'))
        return; /* of another packet */
    if (!is_done) {
        wfd_note(draft, operation, "the calculation of '%s' is not understood (%.20s): left out",
                 name, machine.unknown != NULL ? machine.unknown : "its steps do not add up");
        return;
    }
    field = wfd_add_field(draft);
    if (field == NULL)
        return;
    field->parameter = parameter;
    field->type = type;
    field->entry = operation;
    field->original = wfd_attribute(parameter, "name");
    field->is_inherited = true; /* its name has no part in what the packet's have in common */
    field->at = field->bits = -1;
    field->coding = coding_of(draft, type);
    field->calculation = operation;
}

void wfd_lay_calculations(struct wfd_draft *draft)
{
    for (size_t i = 0; i < draft->xtce->calculation_count && draft->rc == 0; i++)
        lay_one(draft, draft->xtce->calculations[i]);
}

void wfd_write_calculation(struct wfd_draft *draft, const struct wfd_field *field,
                           struct wf_strbuf *out)
{
    struct machine machine = { .draft = draft, .before = (size_t)(field - draft->fields) };

    if (run(&machine, field->calculation))
        wfd_write_text(out, "expression", machine.stack[0].text.text);
    stop(&machine);
}
