/* SPDX-License-Identifier: MIT */
#ifndef WFD_XTCE_LAYOUT_H
#define WFD_XTCE_LAYOUT_H

/* Laying out fields: what entries (xtce_entries.c) and types (xtce_layout.c) hand to each other. */

#include "xtce_model.h"

/* Where an entry stands: what holds for every field it makes. */
struct wfd_place {
    const struct wfd_node *entry;
    int64_t start; /* first bit of the container it is in; -1 = not fixed */
    int64_t end;   /* the bit behind that container; -1 = not told */
    bool is_whole; /* it is in the packet itself, not in a container inside */
    bool is_inherited;
    bool is_placed; /* at `at`, not behind the last one */
    int64_t skip, from_end;
    struct wfd_condition conditions[WFD_XTCE_CONDITIONS];
    size_t condition_count;
    unsigned depth;
};

struct wfd_repeat {
    uint32_t count;           /* where it is fixed */
    struct wfd_amount amount; /* where .from is a parameter */
    int64_t offset;           /* bits between two copies */
};

/* One more, all of it still to be told; NULL and rc when there is no room. */
struct wfd_field *wfd_add_field(struct wfd_draft *draft);
/* What follows has no place that can be told. */
void wfd_cut(struct wfd_draft *draft, const struct wfd_node *node, const char *what);

void wfd_lay_type(struct wfd_draft *draft, struct wfd_place *place,
                  const struct wfd_node *parameter, const struct wfd_node *type,
                  const char *original, const struct wfd_repeat *repeat, unsigned depth);
void wfd_lay_array(struct wfd_draft *draft, struct wfd_place *place,
                   const struct wfd_node *parameter, const struct wfd_node *type,
                   const char *original, const struct wfd_node *dimensions, unsigned depth);
/* One piece of `bits` of a parameter that is sent in pieces. */
void wfd_lay_segment(struct wfd_draft *draft, struct wfd_place *place,
                     const struct wfd_node *parameter, const struct wfd_node *type, int64_t bits,
                     int64_t order);

/* Lay out one after the other; those of a variable number under the condition that they are there. */
typedef void (*wfd_copy_fn)(struct wfd_draft *draft, struct wfd_place *place, void *context,
                            uint32_t index);
void wfd_lay_copies(struct wfd_draft *draft, struct wfd_place *place,
                    const struct wfd_repeat *repeat, wfd_copy_fn lay, void *context);

/* Entries of `container`; the place is where it begins. */
void wfd_lay_entries(struct wfd_draft *draft, const struct wfd_node *container,
                     struct wfd_place *place);

#endif /* WFD_XTCE_LAYOUT_H */
