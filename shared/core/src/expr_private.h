/* SPDX-License-Identifier: MIT */
#ifndef WFI_EXPR_PRIVATE_H
#define WFI_EXPR_PRIVATE_H

/*
 * Expressions inside: a tree in one array, children before parents.
 *
 *   expr_parse.c   text to tree        expr_labels.c  enumeration labels
 *   expr_eval.c    tree to value       expr_number.c  exact arithmetic
 *   expr_schema.c  scope and values of a schema's own parameters
 */

#include <stdint.h>

#include <watchfloor/expr.h>

/* Deep enough for people, shallow enough for any stack. */
#define WFI_EXPR_DEPTH_MAX 200
#define WFI_EXPR_NODES_MAX 4096

/* A name of another subsystem, accepted while a schema alone is looked at. */
#define WFI_EXPR_ELSEWHERE INT32_MIN

enum wfi_op {
    WFI_OP_CONST,
    WFI_OP_NAME,        /* also a window: the host's id */
    WFI_OP_MAYBE_LABEL, /* a name nobody knows: only right beside an enumeration */
    WFI_OP_OR,
    WFI_OP_AND,
    WFI_OP_NOT,
    WFI_OP_EQ,
    WFI_OP_NE,
    WFI_OP_LT,
    WFI_OP_LE,
    WFI_OP_GT,
    WFI_OP_GE,
    WFI_OP_BIT_OR,
    WFI_OP_BIT_XOR,
    WFI_OP_BIT_AND,
    WFI_OP_SHIFT_LEFT,
    WFI_OP_SHIFT_RIGHT,
    WFI_OP_ADD,
    WFI_OP_SUB,
    WFI_OP_MUL,
    WFI_OP_DIV,
    WFI_OP_MOD,
    WFI_OP_NEG,
    WFI_OP_ABS,
    WFI_OP_MIN,
    WFI_OP_MAX,
    WFI_OP_FUNCTION1, /* double -> double */
    WFI_OP_FUNCTION2,
    WFI_OP_IF,
    WFI_OP_VALID,
    WFI_OP_BITS,
};

/* WHOLE is a sign and a magnitude from -2^63 to 2^64-1; a zero is not negative. */
enum wfi_operand_kind { WFI_UNKNOWN, WFI_WHOLE, WFI_REAL, WFI_TRUTH, WFI_TEXT };

struct wfi_operand {
    enum wfi_operand_kind kind;
    bool is_negative; /* WHOLE */
    uint32_t len;     /* TEXT */
    union {
        uint64_t magnitude; /* WHOLE, TRUTH */
        double real;
        const char *text; /* not ended */
    } as;
};

struct wfi_node {
    enum wfi_op op;
    int32_t a, b, c; /* children */
    uint16_t depth;
    uint32_t column; /* in the text, from 1 */
    union {
        struct wfi_operand constant;
        struct {
            int id;
            uint32_t element;
            const struct wf_enumeration *enumeration; /* while compiling */
            const char *text;                         /* the name, not ended */
            uint32_t len;
            bool is_plain; /* no window, no [i] */
        } name;
        double (*function1)(double);
        double (*function2)(double, double);
    } as;
};

struct wf_expr {
    struct wfi_node *nodes;
    size_t node_count;
    int32_t root;
    char *text; /* what literals point into */
    int *ids;
    size_t id_count;
};

/* --- compiling (the parser's; expr_labels.c adds nodes too) ------------------------- */

struct wfi_compiler {
    struct wf_expr *expr;
    const struct wf_expr_scope *scope;
    struct wf_err *err; /* never NULL; the first failure stays */
    const char *text, *at;
    size_t room; /* nodes allocated */
    int nesting;
    struct wfi_token {
        enum wfi_token_kind {
            WFI_TOKEN_END,
            WFI_TOKEN_NUMBER,
            WFI_TOKEN_TEXT,
            WFI_TOKEN_NAME,
            WFI_TOKEN_SIGN,
        } kind;
        const char *text; /* of a TEXT: inside the quotes */
        uint32_t len, column;
        struct wfi_operand number;
    } token;
};

/* All return a node or -1 after a failure. */
int32_t wfi_expr_fail(struct wfi_compiler *compiler, uint32_t column, const char *format, ...)
    WF_PRINTF(3, 4);
int32_t wfi_expr_node(struct wfi_compiler *compiler, enum wfi_op op, uint32_t column, int32_t a,
                      int32_t b, int32_t c);
int32_t wfi_expr_constant(struct wfi_compiler *compiler, uint32_t column, struct wfi_operand value);
/* A comparison, in which one side may be a label of the other's enumeration. */
int32_t wfi_expr_compare(struct wfi_compiler *compiler, enum wfi_op op, uint32_t column, int32_t a,
                         int32_t b);
/* Next token of the text; false after a failure. */
bool wfi_expr_next(struct wfi_compiler *compiler);
bool wfi_token_is(const struct wfi_token *token, const char *sign_or_word);

/* --- exact arithmetic ------------------------------------------------------------------ */

struct wfi_operand wfi_whole(uint64_t magnitude, bool is_negative);
struct wfi_operand wfi_real(double value);
struct wfi_operand wfi_truth(bool value);
struct wfi_operand wfi_of_value(const struct wf_value *value);
double wfi_as_double(const struct wfi_operand *operand);
struct wfi_operand wfi_arithmetic(enum wfi_op op, const struct wfi_operand *a,
                                  const struct wfi_operand *b);
/* <0, 0, >0; false when they cannot be compared. */
bool wfi_order(const struct wfi_operand *a, const struct wfi_operand *b, int *out);
enum wf_truth wfi_truth_of(const struct wfi_operand *operand);

#endif /* WFI_EXPR_PRIVATE_H */
