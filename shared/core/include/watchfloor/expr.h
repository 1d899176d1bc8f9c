/* SPDX-License-Identifier: MIT */
#ifndef WF_EXPR_H
#define WF_EXPR_H

/*
 * Expressions - small, side-effect-free, typed, compiled once.
 *
 * Used for derived parameters, packet selection, contexts and alarm rules.
 * Three-valued: an operand that cannot be used (INVALID, ABSENT, STALE, NEVER)
 * makes the result UNKNOWN unless the other operand decides (Kleene: FALSE and
 * UNKNOWN is FALSE, TRUE or UNKNOWN is TRUE). So does what has no result: x / 0,
 * sqrt(-1), a shift by 64, text in arithmetic.
 *
 * Grammar (precedence low to high; comparisons do not chain):
 *     or, and, not, == != < <= > >= , | , ^ , & , << >> , + - , * / % , unary -, ( ), calls
 *     numbers (1, 0x1f, 0b101, 2.5e3), true, false, "TEXT" and enumeration labels, names
 *     abs min max sqrt exp log log10 sin cos tan asin acos atan atan2 floor ceil round pow
 *     if(c, a, b)   valid(x)   bits(x, first, count): first 0 is the least significant
 * A name is parameter, subsystem.parameter or source.subsystem.parameter, with
 * [i] for one element of an array. A label compares with an enumeration:
 * mode == SAFE, or mode == "SAFE MODE"; there a label wins over a parameter of that name.
 *
 * Exact: whole numbers from -2^63 to 2^64-1 stay whole through + - * % min max abs,
 * through / when it leaves no remainder, and in every comparison, also with doubles.
 * What leaves that range goes on as a double.
 *
 * Windows over the past: last min max avg count rate of NAME over 20 samples or a
 * time, as avg(bus_voltage over 10s); rising and falling are TRUE when it never went the other
 * way and ended higher (lower). Compiled where the host's scope offers history.
 *
 * Instances: any(c), all(c), 2 of (c): TRUE for one, every, two at least. Array names without [i]
 * in c go through all elements together, cells < 3.2; a glob in place of the source through all
 * sources, *.power.bus_voltage < 24; several conditions count each, 2 of (a > 1, b > 1, c > 1).
 * Instances that are UNKNOWN count as either; none at all is UNKNOWN.
 *
 * Ownership: compiled expressions are freed with wf_expr_free. Evaluation
 * allocates nothing and may run in any thread, one at a time per scratch.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/value.h>

struct wf_expr;

enum wf_expr_window {
    WF_WINDOW_LAST,
    WF_WINDOW_MIN,
    WF_WINDOW_MAX,
    WF_WINDOW_AVG,
    WF_WINDOW_COUNT,
    WF_WINDOW_RATE,
    WF_WINDOW_RISING, /* these two are truths */
    WF_WINDOW_FALLING,
};

/* What names mean, given by whoever compiles. */
struct wf_expr_scope {
    void *context;
    /*
     * Resolve a name to an id the host chooses; *out_enumeration gets its labels or NULL.
     * Returns 0, or WF_ERR_ABSENT when there is no such name.
     */
    int (*resolve)(void *context, const char *name, int *out_id,
                   const struct wf_enumeration **out_enumeration);
    /*
     * Optional (NULL: there is no history here): an id for a window over the last
     * `samples` (or, when that is 0, `time_ns`) of `name`. Its value comes from get().
     */
    int (*window)(void *context, enum wf_expr_window window, const char *name, uint32_t samples,
                  int64_t time_ns, int *out_id);
    /* Optional: the most elements `id` has; 1: no array. NULL: no array is gone through. */
    uint32_t (*elements)(void *context, int id);
    /*
     * Optional: `name` begins with a glob for sources; put the source number `index` of those that
     * have the rest of it into out (WF_NAME_SIZE). WF_ERR_ABSENT behind the last one.
     */
    int (*source)(void *context, const char *name, size_t index, char *out);
    /* Optional: TEXT for text and bytes, F64 for any number, NONE when it is not known here. */
    enum wf_value_kind (*kind)(void *context, int id);
};

/* Where values come from, given by whoever evaluates. */
struct wf_expr_values {
    void *context;
    /* Fill out with the value of `id`, element `element`; quality INVALID or worse means UNKNOWN. */
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

/*
 * The expression step by step, operands before their operator, for whoever says it in another
 * language. Labels are their numbers. Stops when `visit` gives false; returns the last answer.
 */
enum wf_expr_step_kind { WF_STEP_CONSTANT, WF_STEP_NAME, WF_STEP_OPERATOR };
struct wf_expr_step {
    enum wf_expr_step_kind kind;
    struct wf_value constant; /* U64, I64, F64, BOOL or TEXT (valid as long as the expression) */
    int id;                   /* of a NAME, as the scope gave it */
    uint32_t element;
    const char *word;  /* of an OPERATOR: "+", "and", "==", "abs" ...; minus is "neg" */
    unsigned operands; /* 1 .. 3; any, all and N of () are one step "of" without operands */
};
typedef bool (*wf_expr_step_fn)(void *context, const struct wf_expr_step *step);
bool wf_expr_walk(const struct wf_expr *expr, wf_expr_step_fn visit, void *context);

/* Scope and values of a schema's own parameters: id = parameter index. */
void wf_expr_schema_scope(const struct wf_schema *schema, struct wf_expr_scope *out);
struct wf_expr_payload {
    const struct wf_schema *schema;
    const void *payload;
    bool is_raw; /* packet selection reads raw values */
};
void wf_expr_payload_values(struct wf_expr_payload *payload, struct wf_expr_values *out);

#endif /* WF_EXPR_H */
