/* SPDX-License-Identifier: MIT */
#ifndef WF_EXPR_H
#define WF_EXPR_H

/*
 * Expressions - small, side-effect-free, typed, compiled once.
 *
 * Used for derived parameters, packet selection, contexts and alarm rules.
 * Three-valued: an operand that is not VALID (stale, invalid, absent) makes the
 * result UNKNOWN unless the other operand decides (Kleene: FALSE and UNKNOWN is
 * FALSE, TRUE or UNKNOWN is TRUE).
 *
 * Grammar (precedence low to high):
 *     or, and, not, == != < <= > >= , + -, * / %, unary -, ( ), calls
 *     numbers (1, 0x1f, 2.5e3), true, false, "TEXT" and enumeration labels, names
 *     abs min max sqrt exp log log10 sin cos tan asin acos atan atan2 floor ceil round pow
 *     if(c, a, b)   valid(x)   bits(x, first, count)
 *     & | ^ << >> on integers
 * A name is parameter, subsystem.parameter or source.subsystem.parameter, with
 * [i] for one element of an array. A label compares with an enumeration:
 * mode == SAFE, or mode == "SAFE MODE".
 *
 * Windows (last min max avg count rate over [N samples | T]) are part of the
 * language and compiled when the host's resolver offers history.
 *
 * Ownership: compiled expressions are freed with wf_expr_free. Evaluation
 * allocates nothing and may run in any thread, one at a time per scratch.
 */

#include <stdbool.h>
#include <stddef.h>

#include <watchfloor/err.h>
#include <watchfloor/value.h>

struct wf_expr;

/* What names mean, given by whoever compiles. */
struct wf_expr_scope {
    void *context;
    /*
     * Resolve a name to an id the host chooses; *out_enumeration gets its labels or NULL.
     * Returns 0, or WF_ERR_ABSENT when there is no such name.
     */
    int (*resolve)(void *context, const char *name, int *out_id,
                   const struct wf_enumeration **out_enumeration);
};

/* Where values come from, given by whoever evaluates. */
struct wf_expr_values {
    void *context;
    /* Fill out with the value of `id`, element `element`; quality not VALID means UNKNOWN. */
    void (*get)(void *context, int id, size_t element, struct wf_value *out);
};

/* WF_ERR_INVALID with "column N: what, expected" in err. */
int wf_expr_compile(const char *text, const struct wf_expr_scope *scope, struct wf_expr **out_expr,
                    struct wf_err *err);
void wf_expr_free(struct wf_expr **expr);

/* The ids it reads, for dependency order and for "what does this rule need". */
size_t wf_expr_inputs(const struct wf_expr *expr, const int **out_ids);

/* Result as a value; kind NONE and quality INVALID when UNKNOWN. */
void wf_expr_value(const struct wf_expr *expr, const struct wf_expr_values *values,
                   struct wf_value *out);

enum wf_truth { WF_FALSE = 0, WF_TRUE = 1, WF_UNKNOWN = 2 };
enum wf_truth wf_expr_truth(const struct wf_expr *expr, const struct wf_expr_values *values);

/* Scope and values of a schema's own parameters: id = parameter index. */
void wf_expr_schema_scope(const struct wf_schema *schema, struct wf_expr_scope *out);
struct wf_expr_payload {
    const struct wf_schema *schema;
    const void *payload;
    bool is_raw; /* packet selection reads raw values */
};
void wf_expr_payload_values(struct wf_expr_payload *payload, struct wf_expr_values *out);

#endif /* WF_EXPR_H */
