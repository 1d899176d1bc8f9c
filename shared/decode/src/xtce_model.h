/* SPDX-License-Identifier: MIT */
#ifndef WFD_XTCE_MODEL_H
#define WFD_XTCE_MODEL_H

/*
 * What the parts of the XTCE import share. On the way from containers to a schema:
 *
 *   tree (xtce_tree.h) -> fields of one packet in order (xtce_layout.c, their bits by
 *   xtce_coding.c) -> what selects it (xtce_select.c) -> text (xtce_write.c, xtce_limits.c)
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/decode/xtce.h>
#include <watchfloor/schema.h>

#include "xtce_tree.h"

#define WFD_XTCE_CHAIN_MAX  16   /* inheritance of containers and types, nesting */
#define WFD_XTCE_SIZE_MAX   8192 /* bytes of text or binary whose greatest size nobody gives */
#define WFD_XTCE_CONDITIONS 4
#define WFD_XTCE_STEPS_MAX  (4u << 20)

enum wfd_kind { WFD_KIND_TYPE, WFD_KIND_PARAMETER, WFD_KIND_CONTAINER };

/* The bits of one element. */
struct wfd_coding {
    enum wf_type type;
    enum wf_encoding encoding;
    bool is_little;
    uint32_t bits; /* one element; 0 for text and bytes */
    enum wf_sizing sizing;
    uint32_t size_max;
    const struct wfd_node *size_from; /* Parameter */
    int64_t size_add;
    uint32_t prefix_bits, terminator;
    const struct wfd_node *node; /* the ...DataEncoding, or NULL */
};

struct wfd_field {
    const struct wfd_node *parameter, *type, *entry;
    const char *original; /* the mission's name, members and repeats included */
    char name[WF_NAME_SIZE];
    bool is_inherited, is_placed;
    int64_t at;   /* first bit, where that is fixed; else -1 */
    int64_t bits; /* all elements; -1 = not fixed */
    int64_t skip;
    uint32_t count;                    /* of an array; 1 = none */
    const struct wfd_node *count_from; /* Parameter; NULL = fixed */
    const struct wfd_node *conditions[WFD_XTCE_CONDITIONS];
    size_t condition_count;
    struct wfd_coding coding;
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
    int64_t at;  /* the bit after the last field; -1 = not fixed */
    bool is_cut; /* what follows cannot be placed */
    int rc;      /* NOMEM, LIMIT */
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

/* xtce_layout.c */
void wfd_draft_begin(struct wfd_draft *draft, struct wf_xtce *xtce,
                     const struct wfd_node *container, struct wf_problems *notes);
void wfd_draft_end(struct wfd_draft *draft);
const struct wfd_field *wfd_field_of(const struct wfd_draft *draft,
                                     const struct wfd_node *parameter);

/* xtce_coding.c: false when the schema cannot say it (a note was made). */
bool wfd_coding_of(struct wfd_draft *draft, const struct wfd_node *type,
                   const struct wfd_node *entry, struct wfd_coding *out);
int64_t wfd_coding_bits(const struct wfd_coding *coding);
/* A FixedValue, or a parameter times slope plus intercept. False: neither. */
struct wfd_amount {
    int64_t fixed;
    const struct wfd_node *from; /* Parameter, or NULL */
    double slope, intercept;
};
bool wfd_amount_of(struct wfd_draft *draft, const struct wfd_node *node, struct wfd_amount *out);

/* xtce_select.c */
void wfd_select(struct wfd_draft *draft);
/* The condition that `node` holds (Comparison, ComparisonList, BooleanExpression), as text. */
bool wfd_condition_text(struct wfd_draft *draft, const struct wfd_node *node,
                        struct wf_strbuf *out);
/* Only the last levels of `container`'s chain, those behind `base`. */
bool wfd_difference_text(struct wfd_draft *draft, const struct wfd_node *base,
                         const struct wfd_node *container, struct wf_strbuf *out);

/* xtce_write.c */
void wfd_write_schema(struct wfd_draft *draft, const char *name, struct wf_strbuf *out);
void wfd_write_text(struct wf_strbuf *out, const char *key, const char *text);
double wfd_number(const struct wfd_node *node, const char *attribute, double otherwise);

/* xtce_limits.c: valid range and alarms into the parameter's section; contexts behind it. */
void wfd_write_limits(struct wfd_draft *draft, const struct wfd_field *field, bool is_calibrated,
                      struct wf_strbuf *out);
void wfd_write_contexts(struct wfd_draft *draft, struct wf_strbuf *out);

#endif /* WFD_XTCE_MODEL_H */
