/* SPDX-License-Identifier: MIT */
#ifndef WFI_SCHEMA_PRIVATE_H
#define WFI_SCHEMA_PRIVATE_H

/*
 * What the files that make schemas share.
 *
 * The language is one set of tables (schema_keys.c): a row is a key, where its
 * value lives in the open struct, and how the value is read and written. Reading,
 * canonical writing and overlays all walk these rows, so a key exists once.
 *
 *   schema_read.c    two passes: make everything that has a name, then read keys
 *   schema_field_*.c kinds of values, each a reader and a writer
 *   schema_check.c   what no single key can know: orders, references, expressions
 *   schema_layout.c  offsets and hashes
 *   schema_write.c   the canonical text
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/ini.h>
#include <watchfloor/schema.h>

/* --- memory: everything a schema points to lies in its arena --------------------- */

struct wfi_arena_chunk;
struct wfi_arena {
    struct wfi_arena_chunk *chunks;
    bool is_out_of_memory;
};

/* Zeroed and aligned for anything; NULL and the mark when there is no memory. */
void *wfi_arena_get(struct wfi_arena *arena, size_t count, size_t size);
/* An ended copy; "" (shared, never written) when empty or without memory. */
char *wfi_arena_text(struct wfi_arena *arena, const char *text, size_t len);
void wfi_arena_fini(struct wfi_arena *arena);

struct wfi_name_ref {
    const char *name;
    int parameter;
};

struct wfi_schema_own {
    struct wfi_arena arena;
    struct wfi_name_ref *names; /* of parameters and aliases, sorted without case */
    size_t name_count;
};

/* Make the sorted index from names and aliases; the order of equal ones is by parameter. */
void wfi_schema_index(struct wf_schema *schema);

/* What an expression may read. */
enum wfi_rule {
    WFI_RULE_NONE,
    WFI_RULE_EARLIER, /* parameters before its own */
    WFI_RULE_FIXED,   /* parameters at places that no other value moves */
    WFI_RULE_PACKET,  /* parameters of the packet, before or behind its own */
    WFI_RULE_ANY,     /* this subsystem's parameters, and full names of others; windows */
};

/* --- reading -------------------------------------------------------------------- */

struct wfi_reader {
    struct wf_schema *schema;
    struct wfi_arena *arena;
    const char *file;
    struct wf_problems *problems;
    /* Where messages point to, and what is being read there. */
    const char *section_kind, *section_name;
    const char *key_name;
    unsigned line;
    struct wf_parameter *parameter; /* of the section, or NULL */
    const struct wf_ini_key **keys; /* of the section, by row of its table; NULL = not given */
    unsigned section_line;
    const struct wf_ini_key *time_key, *key_key; /* of [subsystem], for its last checks */
    /* Expressions are compiled when every name and enumeration is known. */
    struct wfi_pending {
        const char *section_kind, *section_name, *key_name, *text;
        unsigned line;
        enum wfi_rule rule;
        int parameter; /* that it belongs to, or WF_NO_INDEX */
    } * pending;
    size_t pending_count, pending_capacity;
    const struct wf_ini_section **sections; /* of each parameter */
};

/* Add "[kind name] key: text" at the reader's line. */
void wfi_problem(struct wfi_reader *reader, const char *format, ...) WF_PRINTF(2, 3);
/* Stand on a key that was given (its line and name), or on the section when NULL. */
void wfi_stand_on(struct wfi_reader *reader, const struct wf_ini_key *key);
/* ", did you mean 'x'?" or ""; stays cheap however many are asked for. */
const char *wfi_suggest(struct wfi_reader *reader, const char *name, const char *const *candidates,
                        size_t count, char *out, size_t size);
/* Parameter by name for a reference: a problem with the nearest name when there is none. */
int wfi_reference(struct wfi_reader *reader, const char *name);

struct wfi_key_table;
/* Read the keys of `section` that `table` has for `where` (0 = all) into `object`. */
void wfi_read_keys(struct wfi_reader *reader, const struct wfi_key_table *table,
                   struct wf_ini_section *section, void *object, unsigned where);

/* --- sections ------------------------------------------------------------------ */

enum wfi_section_kind {
    WFI_SECTION_SUBSYSTEM,
    WFI_SECTION_PARAMETER,
    WFI_SECTION_DERIVED,
    WFI_SECTION_CALIBRATOR,
    WFI_SECTION_ENUMERATION,
    WFI_SECTION_CONTEXT,
    WFI_SECTION_CONDITION,
    WFI_SECTION_KINDS,
};

/* WFI_SECTION_KINDS when there is no such kind. */
enum wfi_section_kind wfi_section_kind_of(const struct wf_ini_section *section);
/* Let messages point to the section. */
void wfi_enter_section(struct wfi_reader *reader, const struct wf_ini_section *section);
/* Let messages point to the file as a whole. */
void wfi_leave_section(struct wfi_reader *reader);
/* The first pass; `fine` gets a mark for every section whose head can be used. */
bool wfi_make_all(struct wfi_reader *reader, struct wf_ini *ini, bool *fine);

/* --- the tables ----------------------------------------------------------------- */

struct wfi_key;
typedef void (*wfi_read_fn)(struct wfi_reader *reader, const struct wfi_key *key, void *object,
                            const char *text);
/* Append the value, or nothing when it is the default and the key is left out. */
typedef void (*wfi_write_fn)(const struct wf_schema *schema, const struct wfi_key *key,
                             const void *object, struct wf_strbuf *out);

enum wfi_where {
    WFI_IN_PARAMETER = 1,
    WFI_IN_DERIVED = 2,
    WFI_IN_OVERLAY = 4, /* may differ by source */
};

#define WFI_TYPE_BIT(type) (1u << (type))
#define WFI_TYPES_WHOLE    (WFI_TYPE_BIT(WF_TYPE_UINT) | WFI_TYPE_BIT(WF_TYPE_INT))
#define WFI_TYPES_NUMBER   (WFI_TYPES_WHOLE | WFI_TYPE_BIT(WF_TYPE_FLOAT))
#define WFI_TYPES_FIXED    (WFI_TYPES_NUMBER | WFI_TYPE_BIT(WF_TYPE_BOOL))
#define WFI_TYPES_LABELLED (WFI_TYPES_WHOLE | WFI_TYPE_BIT(WF_TYPE_BOOL))
#define WFI_TYPES_SIZED    (WFI_TYPE_BIT(WF_TYPE_STRING) | WFI_TYPE_BIT(WF_TYPE_BYTES))
#define WFI_TYPES_ORDERED  (WFI_TYPES_FIXED | WFI_TYPES_SIZED)

struct wfi_key {
    const char *name;
    wfi_read_fn read;
    wfi_write_fn write;
    size_t offset;          /* of the value in its object */
    double lo, hi, missing; /* range and default of plain numbers */
    unsigned where;         /* enum wfi_where, for parameter_keys */
    unsigned types;         /* WFI_TYPE_BITs it makes sense for; 0 = all */
    enum wfi_rule rule;     /* of an expression */
};

/* Rows that others ask for: reader->keys[WFI_ROW_BITS] is NULL when it was not given. */
enum wfi_subsystem_row {
    WFI_SUB_KIND = 0,
    WFI_SUB_TIME,
    WFI_SUB_EPOCH,
    WFI_SUB_PERIOD,
    WFI_SUB_STALE_AFTER,
    WFI_SUB_KEY,
    WFI_SUB_ROWS,
    WFI_SUB_MATCH,
    WFI_SUB_SEGMENTED,
    WFI_SUB_SEQUENCE,
};
enum wfi_parameter_row {
    WFI_ROW_TYPE = 0,
    WFI_ROW_ENCODING,
    WFI_ROW_BITS,
    WFI_ROW_AT,
    WFI_ROW_SKIP,
    WFI_ROW_BYTE_ORDER,
    WFI_ROW_COUNT,
    WFI_ROW_COUNT_MAX,
    WFI_ROW_SIZE,
    WFI_ROW_SIZE_MAX,
    WFI_ROW_TIME,
    WFI_ROW_EPOCH,
    WFI_ROW_EXPRESSION,
    WFI_ROW_POLYNOMIAL,
    WFI_ROW_TABLE,
    WFI_ROW_CALIBRATOR,
    WFI_ROW_ENUMERATION,
    WFI_ROW_FORMAT,
    WFI_ROW_LOLO,
    WFI_ROW_LO,
    WFI_ROW_HI,
    WFI_ROW_HIHI,
    WFI_ROW_STATES,
    WFI_ROW_NAMED, /* the rest is only in the table */
};
enum wfi_calibrator_row {
    WFI_CAL_POLYNOMIAL = 0,
    WFI_CAL_TABLE,
    WFI_CAL_INTERPOLATE,
    WFI_CAL_WHEN
};
enum wfi_condition_row { WFI_COND_WHEN = 0 };

struct wfi_key_table {
    const struct wfi_key *rows;
    size_t count;
};
#define WFI_KEYS_MAX 64

extern const struct wfi_key_table wfi_subsystem_keys, wfi_parameter_keys, wfi_calibrator_keys,
    wfi_context_keys, wfi_condition_keys;

/* Row of `name` in `table`, or its count. */
size_t wfi_key_row(const struct wfi_key_table *table, const char *name);

/* --- kinds of values (schema_field_*.c) -------------------------------------------- */

/* Text with blanks folded: what is between two words is one blank. NULL after a problem. */
char *wfi_fold_text(struct wfi_reader *reader, const char *text, bool is_expression);
/* End of what must share a line, from `at`; see schema_field_text.c. */
size_t wfi_text_group(const char *text, size_t at, bool is_expression);
/* Next blank-separated (also `separators`) word of *text into `word`; false at the end. */
bool wfi_next_word(const char **text, const char *separators, char *word, size_t size);
/* A finite number, decimal or 0x / 0b; false after a problem. */
bool wfi_read_number(struct wfi_reader *reader, const char *text, double *out);
bool wfi_read_u32(struct wfi_reader *reader, const char *text, double lo, double hi, uint32_t *out);

void wfi_add_duration(struct wf_strbuf *out, int64_t ns);
/* Bounds that are "*" stay as they were. */
bool wfi_read_range(struct wfi_reader *reader, const char *text, double *lo, double *hi);
void wfi_add_range(struct wf_strbuf *out, double lo, double hi);
int64_t wfi_stale_default(int64_t period_ns);
const char *wfi_type_name(enum wf_type type);
uint32_t wfi_bits_default(const struct wf_parameter *parameter);
bool wfi_is_count_variable(const struct wf_parameter *parameter);
extern const uint8_t wfi_severity_defaults[WF_LIMIT_COUNT]; /* 4 2 2 4 */
void wfi_epoch_default(struct wf_time_format *time);
enum wf_byte_order wfi_byte_order_default(const struct wf_schema *schema,
                                          const struct wf_parameter *parameter);

/* Words that stand for the values of an enum; a problem lists them. */
struct wfi_word {
    const char *text;
    int value;
};
bool wfi_read_word(struct wfi_reader *reader, const struct wfi_word *words, size_t count,
                   const char *text, int *out);
const char *wfi_word_of(const struct wfi_word *words, size_t count, int value);

#define WFI_FIELD(name)                                                                            \
    void wfi_read_##name(struct wfi_reader *reader, const struct wfi_key *key, void *object,       \
                         const char *text);                                                        \
    void wfi_write_##name(const struct wf_schema *schema, const struct wfi_key *key,               \
                          const void *object, struct wf_strbuf *out)

/* plain: at key->offset */
WFI_FIELD(text);
WFI_FIELD(expression);
WFI_FIELD(yes);
WFI_FIELD(number_u32);
WFI_FIELD(duration);
WFI_FIELD(byte);  /* uint8_t in lo..hi */
WFI_FIELD(short); /* uint16_t */
WFI_FIELD(persistence);
WFI_FIELD(condition_name);
/* of the subsystem */
WFI_FIELD(name);
WFI_FIELD(apids);
WFI_FIELD(byte_order);
WFI_FIELD(time);
WFI_FIELD(epoch);
WFI_FIELD(stale_after);
WFI_FIELD(kind);
WFI_FIELD(key);
WFI_FIELD(sequence);
WFI_FIELD(recorded);
/* of a parameter */
WFI_FIELD(type);
WFI_FIELD(bits);
WFI_FIELD(at);
WFI_FIELD(encoding);
WFI_FIELD(parameter_byte_order);
WFI_FIELD(count);
WFI_FIELD(count_max);
WFI_FIELD(size);
WFI_FIELD(size_max);
WFI_FIELD(parameter_time);
WFI_FIELD(parameter_epoch);
WFI_FIELD(polynomial);
WFI_FIELD(table);
WFI_FIELD(calibrator);
WFI_FIELD(enumeration);
WFI_FIELD(valid);
WFI_FIELD(format);
WFI_FIELD(limit); /* key->missing: which */
WFI_FIELD(severities);
WFI_FIELD(hysteresis);
WFI_FIELD(rate);
WFI_FIELD(states);
/* of a calibrator */
WFI_FIELD(coefficients);
WFI_FIELD(points);
WFI_FIELD(interpolate);
/* of a condition */
WFI_FIELD(unknown);

/* "lo 20 hi 30" of a context, and its text. */
bool wfi_read_limit_list(struct wfi_reader *reader, const char *text, uint8_t *out_present,
                         double out_value[WF_LIMIT_COUNT]);
void wfi_write_limit_list(uint8_t present, const double value[WF_LIMIT_COUNT],
                          struct wf_strbuf *out);
/* lolo < lo < hi < hihi of those present? */
bool wfi_limits_are_ordered(uint8_t present, const double value[WF_LIMIT_COUNT]);

/* --- checks, layout, writing --------------------------------------------------------- */

/* Values that a section's own keys decide together; defaults that depend on others. */
void wfi_finish_subsystem(struct wfi_reader *reader);
void wfi_finish_parameter(struct wfi_reader *reader);
void wfi_finish_calibrator(struct wfi_reader *reader, struct wf_calibrator *calibrator);
/* Calibration, limits and format of a parameter, together. */
void wfi_check_meaning(struct wfi_reader *reader, const struct wf_parameter *parameter);
/* At the end: what [subsystem] says about parameters, and everything pending. */
void wfi_check_subsystem(struct wfi_reader *reader);
void wfi_check_pending(struct wfi_reader *reader);
/* Does one conversion of a fitting kind stand in the parameter's format? */
bool wfi_format_fits(const struct wf_parameter *parameter, const char **out_expected);

/* What a load or an overlay ends with: 0, or INVALID with the first problem since `before`. */
int wfi_schema_finish(struct wfi_reader *reader, size_t before, struct wf_err *err);

/* Storage of a parameter from its type, width and calibration. */
/* Elements of the member in the C struct; and is a count behind it? */
uint32_t wfi_member_elements(const struct wf_parameter *parameter);
bool wfi_has_count(const struct wf_parameter *parameter);
enum wf_storage wfi_storage_of(const struct wf_parameter *parameter);
/* Offsets and the layout hash; LIMIT when the payload would be too large. */
int wfi_schema_layout(struct wf_schema *schema, struct wf_err *err);
uint64_t wfi_fnv1a(uint64_t hash, const void *bytes, size_t len);
#define WFI_FNV1A_START UINT64_C(0xcbf29ce484222325)
int wfi_schema_hash(struct wf_schema *schema, struct wf_err *err);

#endif /* WFI_SCHEMA_PRIVATE_H */
