/* SPDX-License-Identifier: MIT */
#ifndef WFD_XTCE_MODEL_H
#define WFD_XTCE_MODEL_H

/*
 * What the parts of the XTCE import share. On the way from containers to a schema:
 *
 *   tree (xtce_tree.h) -> fields of one packet in order (xtce_entries.c, xtce_layout.c, their
 *   bits by xtce_coding.c, their names by xtce_draft.c) -> what selects it (xtce_select.c)
 *   -> text (xtce_write.c, xtce_calibrate.c, xtce_limits.c)
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/decode/xtce.h>
#include <watchfloor/schema.h>

#include "xtce_tree.h"

#define WFD_XTCE_CHAIN_MAX  16   /* inheritance of containers and types, nesting */
#define WFD_XTCE_SIZE_MAX   8192 /* bytes of text or binary whose greatest size nobody gives */
#define WFD_XTCE_CONDITIONS 6
#define WFD_XTCE_COPIES_MAX 256  /* of what is repeated as often as a parameter says */
#define WFD_XTCE_COUNT_MAX  2048 /* elements of an array whose count a parameter gives */
#define WFD_XTCE_STEPS_MAX  (4u << 20)

enum wfd_kind { WFD_KIND_TYPE, WFD_KIND_PARAMETER, WFD_KIND_CONTAINER };

/* A parameter, or a member of one ("" = the whole): what a reference in the file means. */
struct wfd_source {
    const struct wfd_node *parameter; /* NULL = none */
    const char *member;
};

/* A FixedValue, or a parameter times slope plus intercept. */
struct wfd_amount {
    int64_t fixed;
    struct wfd_source from;
    double slope, intercept;
};

/* What must hold for a field to be there: an element, or that an amount exceeds `index`. */
struct wfd_condition {
    const struct wfd_node *node; /* IncludeCondition, or NULL */
    struct wfd_amount amount;
    uint32_t index;
};

/* The bits of one element. */
struct wfd_coding {
    enum wf_type type;
    enum wf_encoding encoding;
    bool is_little;
    uint32_t bits; /* one element; 0 for text and bytes */
    enum wf_sizing sizing;
    uint32_t size_max;
    struct wfd_source size_from;
    int64_t size_add;
    uint32_t prefix_bits, terminator;
    const struct wfd_node *node; /* the ...DataEncoding, or NULL */
};

struct wfd_field {
    const struct wfd_node *parameter, *type, *entry;
    const char *original; /* the mission's name, members and repeats included */
    char name[WF_NAME_SIZE];
    unsigned number; /* behind the name where others have it; 1 = none */
    bool is_inherited, is_placed;
    int64_t at;   /* first bit, where that is fixed; else -1 */
    int64_t bits; /* all elements; -1 = not fixed */
    int64_t skip;
    int64_t from_end; /* it begins so many bits before the packet's end; 0 = it does not */
    uint32_t count;   /* of an array; 1 = none */
    struct wfd_source count_from;
    int64_t count_add;
    struct wfd_condition conditions[WFD_XTCE_CONDITIONS];
    size_t condition_count;
    struct wfd_coding coding;
    int64_t segment; /* its place among the pieces of the parameter; -1 = it is no piece */
    const struct wfd_node *calculation; /* MathOperation: derived, not in the packet; or NULL */
};

struct wfd_packet {
    const struct wfd_node *container;
    char name[WF_NAME_SIZE];
    bool has_children; /* other packets extend it */
};

struct wf_xtce {
    struct wfd_tree *tree;
    struct wfd_slot {
        const struct wfd_node *space, *node;
        const char *name;
        enum wfd_kind kind;
    } * slots; /* open addressing */
    size_t slot_mask, slot_used;
    struct wfd_packet *packets;
    size_t packet_count;
    const struct wfd_node **calculations; /* MathOperations, in the order of the file */
    size_t calculation_count;
    size_t steps;             /* entries looked at: hostile files nest without end */
    struct wf_problems notes; /* of the file as a whole */
};

/* One packet on its way to a schema. */
struct wfd_draft {
    struct wf_xtce *xtce;
    const struct wfd_node *container;
    struct wf_problems *notes; /* NULL = only looking */
    struct wfd_field *fields;
    size_t count, room;
    int64_t at;   /* the bit after the last field; -1 = not fixed */
    bool is_cut;  /* what follows cannot be placed, unless it says where it is */
    bool is_rest; /* because something takes the rest of the packet; not yet noted */
    int rc;       /* NOMEM, LIMIT */
    /* While a condition becomes text: whose it is (0 = the packet's), and what is compared. */
    size_t reader;
    bool reads_raw;
    size_t packed; /* fields before that are in the packet, those behind are derived */
    /* Fields that the sample's time is the sum of. */
    size_t times[4], time_count;
    uint16_t apids[WF_SCHEMA_APIDS_MAX];
    size_t apid_count;
    struct wf_strbuf match;
};

/* xtce.c: names to nodes, as XTCE looks for them from where `from` stands. */
const struct wfd_node *wfd_find(const struct wf_xtce *xtce, const struct wfd_node *from,
                                enum wfd_kind kind, const char *reference);
/* The element below the type or a type it is based on. */
const struct wfd_node *wfd_type_child(const struct wf_xtce *xtce, const struct wfd_node *type,
                                      const char *name);
const char *wfd_type_attribute(const struct wf_xtce *xtce, const struct wfd_node *type,
                               const char *name);
/* Containers from the outermost base to `container`; 0 when bases are missing or run in a ring. */
size_t wfd_chain(const struct wf_xtce *xtce, const struct wfd_node *container,
                 const struct wfd_node *out[WFD_XTCE_CHAIN_MAX]);
void wfd_note(const struct wfd_draft *draft, const struct wfd_node *node, const char *format, ...)
    WF_PRINTF(3, 4);
bool wfd_integer(const struct wfd_node *node, const char *attribute, int64_t otherwise,
                 int64_t *out);

/* xtce_draft.c */
void wfd_draft_begin(struct wfd_draft *draft, struct wf_xtce *xtce,
                     const struct wfd_node *container, struct wf_problems *notes);
void wfd_draft_end(struct wfd_draft *draft);
/* A copy that lives as long as the tree; "" and rc when there is no memory. */
const char *wfd_keep(struct wfd_draft *draft, const char *text);
/* What `reference` means at `node`: a parameter, or PARAMETER/member (also with '.'). */
struct wfd_source wfd_source_of(struct wfd_draft *draft, const struct wfd_node *node,
                                const char *reference);
/* The last field of `source` among the first `before`; the first of all when that is 0. */
const struct wfd_field *wfd_field_of(const struct wfd_draft *draft, struct wfd_source source,
                                     size_t before);
/* The same, if counts and sizes can be read from it. */
const struct wfd_field *wfd_counter_of(const struct wfd_draft *draft, struct wfd_source source,
                                       size_t before);

/* xtce_coding.c: false when the schema cannot say it (a note was made). */
bool wfd_coding_of(struct wfd_draft *draft, const struct wfd_node *type,
                   const struct wfd_node *entry, struct wfd_coding *out);
int64_t wfd_coding_bits(const struct wfd_coding *coding);
/* False: it is neither a FixedValue nor a DynamicValue that can be told. */
bool wfd_amount_of(struct wfd_draft *draft, const struct wfd_node *node, struct wfd_amount *out);

/* xtce_select.c */
void wfd_select(struct wfd_draft *draft);
/* The condition that `node` holds (Comparison, ComparisonList, BooleanExpression), as text. */
bool wfd_condition_text(struct wfd_draft *draft, const struct wfd_node *node, bool is_alone,
                        struct wf_strbuf *out);
/* That the last levels of `container`'s chain, those behind `base`, do not hold. */
bool wfd_difference_text(struct wfd_draft *draft, const struct wfd_node *base,
                         const struct wfd_node *container, struct wf_strbuf *out);

/* xtce_calibrate.c */
bool wfd_is_calibrated(const struct wfd_draft *draft, const struct wfd_field *field);
/* The keys of the parameter. */
void wfd_write_calibration(struct wfd_draft *draft, const struct wfd_field *field,
                           struct wf_strbuf *out);
/* The [calibrator] sections that it is the first to need. */
void wfd_write_calibrators(struct wfd_draft *draft, const struct wfd_field *field,
                           struct wf_strbuf *out);

/* xtce_math.c: fields for what is calculated from those of the packet; and how. */
void wfd_lay_calculations(struct wfd_draft *draft);
void wfd_write_calculation(struct wfd_draft *draft, const struct wfd_field *field,
                           struct wf_strbuf *out);

/* xtce_time.c: which fields are the sample's time; and what [subsystem] says of it. */
void wfd_find_time(struct wfd_draft *draft);
bool wfd_is_time(const struct wfd_draft *draft, const struct wfd_field *field);
void wfd_write_time(const struct wfd_draft *draft, struct wf_strbuf *out);

/* xtce_write.c */
void wfd_write_schema(struct wfd_draft *draft, const char *name, struct wf_strbuf *out);
void wfd_write_text(struct wf_strbuf *out, const char *key, const char *text);
/* A boolean whose states are called true and false. */
bool wfd_is_plain_bool(const struct wfd_draft *draft, const struct wfd_field *field);
/* What gives the labels of a field: a list, or its type; NULL = none. */
const struct wfd_node *wfd_labels_of(const struct wfd_draft *draft, const struct wfd_field *field);
/* The first field for which `part` gives `node` names what several share. */
const struct wfd_field *wfd_first_with(const struct wfd_draft *draft, const struct wfd_node *node,
                                       const struct wfd_node *(*part)(const struct wfd_draft *,
                                                                      const struct wfd_field *));
double wfd_number(const struct wfd_node *node, const char *attribute, double otherwise);

/* xtce_limits.c: valid range and alarms into the parameter's section; contexts behind it. */
void wfd_write_limits(struct wfd_draft *draft, const struct wfd_field *field, bool is_calibrated,
                      struct wf_strbuf *out);
void wfd_write_contexts(struct wfd_draft *draft, struct wf_strbuf *out);

#endif /* WFD_XTCE_MODEL_H */
