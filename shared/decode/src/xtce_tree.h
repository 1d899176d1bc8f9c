/* SPDX-License-Identifier: MIT */
#ifndef WFD_XTCE_TREE_H
#define WFD_XTCE_TREE_H

/* An XML document as a tree in one arena: names without prefix, text of leaves, lines. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>

#define WFD_TREE_DEPTH_MAX  64
#define WFD_TREE_NODES_MAX  (2u << 20)
#define WFD_TREE_MEMORY_MAX (256u << 20)
#define WFD_TREE_TEXT_MAX   (64u << 10) /* of one element */

struct wfd_node {
    const char *name;         /* local name */
    const char *const *pairs; /* attribute, value, ..., NULL */
    const char *text;         /* of a leaf, blanks at both ends taken off; "" */
    struct wfd_node *parent, *first, *last, *next;
    unsigned line;
    bool is_used; /* a container that is part of another one */
};

struct wfd_tree;

int wfd_tree_read(const char *path, struct wfd_tree **out_tree, struct wf_err *err);
int wfd_tree_parse(const char *file, const char *text, size_t len, struct wfd_tree **out_tree,
                   struct wf_err *err);
void wfd_tree_free(struct wfd_tree **tree);
struct wfd_node *wfd_tree_root(struct wfd_tree *tree);
const char *wfd_tree_file(const struct wfd_tree *tree);

/* Zeroed memory that lives as long as the tree; NULL = none left. */
void *wfd_tree_take(struct wfd_tree *tree, size_t size);

/* The first child of that name, and the next sibling of the same name; NULL = none. */
struct wfd_node *wfd_child(const struct wfd_node *node, const char *name);
struct wfd_node *wfd_next(const struct wfd_node *node);
/* A child of a child ...: "UnitSet/Unit". */
struct wfd_node *wfd_path(const struct wfd_node *node, const char *path);
/* The attribute's value, or NULL. */
const char *wfd_attribute(const struct wfd_node *node, const char *name);
bool wfd_is(const struct wfd_node *node, const char *name);

#endif /* WFD_XTCE_TREE_H */
