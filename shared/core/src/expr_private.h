/* SPDX-License-Identifier: MIT */
#ifndef WFI_EXPR_PRIVATE_H
#define WFI_EXPR_PRIVATE_H

/*
 * Expressions inside: a tree in one array, children before parents.
 *
 *   expr_parse.c   text to tree        expr_labels.c  enumeration labels
 *   expr_call.c    calls and windows   expr_of.c      any, all, N of
 *   expr_eval.c    tree to value       expr_number.c  exact arithmetic
 *   expr_schema.c  scope and values of a schema's own parameters
 *   expr_walk.c    the tree step by step, for others
 */

#include <stdint.h>

#include <watchfloor/expr.h>
#include <watchfloor/names.h>

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
    WFI_OP_OF,       /* any, all, N of: a is the first INSTANCE */
    WFI_OP_INSTANCE, /* a is the condition */
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
            bool is_plain;  /* no window, no [i] */
            bool is_each;   /* every element in turn, below an INSTANCE */
            bool is_text;   /* known to be no number */
            bool is_number; /* known to be one */
        } name;
        uint32_t need; /* OF: that many; 0: all */
        struct {
            int32_t next;      /* INSTANCE, or -1 */
            int32_t begin;     /* its nodes: from there to this one */
            uint32_t elements; /* at most; 1: goes through none */
        } instance;
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
    /* Inside any(), all(), N of (). */
    bool is_inside, is_exhausted;
    size_t source_index;
    char source[WF_NAME_SIZE]; /* that globs stand for; "" = not met yet */
    uint32_t elements;         /* of the longest array that is gone through */
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
/* An operand of anything but a comparison: neither text nor an unknown name. */
int32_t wfi_expr_operand(struct wfi_compiler *compiler, int32_t index);
/* The same, and no parameter that is text. */
int32_t wfi_expr_number(struct wfi_compiler *compiler, int32_t index);
int32_t wfi_expr_or(struct wfi_compiler *compiler);
bool wfi_expr_expect(struct wfi_compiler *compiler, const char *sign);
/* A name for messages and for the scope, which takes ended text. */
bool wfi_expr_name(struct wfi_compiler *compiler, const struct wfi_token *token,
                   char out[WF_FULL_NAME_SIZE]);
/* The current token is behind "name(". */
int32_t wfi_expr_call(struct wfi_compiler *compiler, const struct wfi_token *name);
/* The current token is behind "any(", "all(", "2 of ("; `need` of them, 0: all. */
int32_t wfi_expr_of(struct wfi_compiler *compiler, uint32_t column, uint32_t need);
/* Put the source that a glob in `name` stands for in its place; false after a failure. */
bool wfi_expr_bind(struct wfi_compiler *compiler, uint32_t column, char name[WF_FULL_NAME_SIZE]);
/* Next token of the text; false after a failure. */
bool wfi_expr_next(struct wfi_compiler *compiler);
bool wfi_token_is(const struct wfi_token *token, const char *sign_or_word);
/* The function that the node calls, by name. */
const char *wfi_function_name(const struct wfi_node *node);

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
