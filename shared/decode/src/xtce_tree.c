/* SPDX-License-Identifier: MIT */
/* XML by expat, read in pieces into a tree: see xtce_tree.h. */

#include "xtce_tree.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <expat.h>

#include <watchfloor/decode/xtce.h>
#include <watchfloor/strbuf.h>

#define BLOCK_BYTES (64u << 10)
#define READ_BYTES  (64u << 10)

struct block {
    struct block *next;
    size_t used, size;
    max_align_t bytes[];
};

struct wfd_tree {
    struct block *blocks;
    size_t memory, nodes;
    char *file;
    struct wfd_node *root;
};

struct reader {
    struct wfd_tree *tree;
    XML_Parser parser;
    struct wfd_node *open; /* the innermost element not yet ended */
    unsigned depth;
    struct wf_strbuf text; /* since the last tag */
    struct wf_err *err;
    bool is_stopped;
};

void *wfd_tree_take(struct wfd_tree *tree, size_t size)
{
    struct block *block = tree->blocks;

    size = (size + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
    if (block == NULL || block->size - block->used < size) {
        size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;

        if (tree->memory + room > WFD_TREE_MEMORY_MAX)
            return NULL;
        block = calloc(1, sizeof(*block) + room);
        if (block == NULL)
            return NULL;
        block->size = room;
        block->next = tree->blocks;
        tree->blocks = block;
        tree->memory += room;
    }
    block->used += size;
    return (char *)block->bytes + block->used - size;
}

static char *keep(struct wfd_tree *tree, const char *text, size_t len)
{
    char *copy = wfd_tree_take(tree, len + 1);

    if (copy != NULL)
        memcpy(copy, text, len);
    return copy;
}

static void stop(struct reader *reader, enum wf_rc rc, const char *what)
{
    if (reader->is_stopped)
        return;
    reader->is_stopped = true;
    (void)wf_fail(reader->err, rc, "%s:%lu: %s", reader->tree->file,
                  XML_GetCurrentLineNumber(reader->parser), what);
    (void)XML_StopParser(reader->parser, XML_FALSE);
}

static const char *local_name(const char *name)
{
    const char *colon = strrchr(name, ':');

    return colon != NULL ? colon + 1 : name;
}

static bool keep_attributes(struct wfd_tree *tree, struct wfd_node *node, const char **pairs)
{
    size_t count = 0;
    const char **copy;

    while (pairs[count] != NULL)
        count++;
    copy = wfd_tree_take(tree, (count + 1) * sizeof(*copy));
    if (copy == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *text = i % 2 == 0 ? local_name(pairs[i]) : pairs[i];

        copy[i] = keep(tree, text, strlen(text));
        if (copy[i] == NULL)
            return false;
    }
    node->pairs = copy;
    return true;
}

static void on_start(void *context, const char *name, const char **pairs)
{
    struct reader *reader = context;
    struct wfd_tree *tree = reader->tree;
    struct wfd_node *node = NULL;
    const char *local = local_name(name);

    if (reader->is_stopped)
        return;
    if (reader->depth >= WFD_TREE_DEPTH_MAX) {
        stop(reader, WF_ERR_LIMIT, "elements are nested too deeply to be XTCE");
        return;
    }
    if (tree->nodes < WFD_TREE_NODES_MAX)
        node = wfd_tree_take(tree, sizeof(*node));
    if (node == NULL || (node->name = keep(tree, local, strlen(local))) == NULL ||
        !keep_attributes(tree, node, pairs)) {
        stop(reader, WF_ERR_LIMIT, "the file holds more than is read, or memory ran out");
        return;
    }
    tree->nodes++;
    node->text = "";
    node->line = (unsigned)XML_GetCurrentLineNumber(reader->parser);
    node->parent = reader->open;
    if (reader->open == NULL)
        tree->root = node;
    else if (reader->open->last == NULL)
        reader->open->first = reader->open->last = node;
    else
        reader->open->last = reader->open->last->next = node;
    reader->open = node;
    reader->depth++;
    wf_strbuf_clear(&reader->text);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static void on_end(void *context, const char *name)
{
    struct reader *reader = context;
    struct wfd_node *node = reader->open;
    const char *text = reader->text.text;
    size_t len = reader->text.len;

    (void)name;
    if (reader->is_stopped || node == NULL)
        return;
    if (node->first == NULL && len > 0) {
        for (; len > 0 && is_blank(*text); len--)
            text++;
        while (len > 0 && is_blank(text[len - 1]))
            len--;
        node->text = keep(reader->tree, text, len);
        if (node->text == NULL) {
            node->text = "";
            stop(reader, WF_ERR_LIMIT, "the file holds more than is read, or memory ran out");
        }
    }
    wf_strbuf_clear(&reader->text);
    reader->open = node->parent;
    reader->depth--;
}

static void on_text(void *context, const char *text, int len)
{
    struct reader *reader = context;

    wf_strbuf_add_bytes(&reader->text, text, (size_t)len); /* cut at WFD_TREE_TEXT_MAX */
}

/* Declarations are where entities come from: XTCE needs none. */
static void on_doctype(void *context, const char *name, const char *system, const char *public,
                       int has_internal)
{
    struct reader *reader = context;

    (void)name;
    (void)system;
    (void)public;
    if (has_internal != 0)
        stop(reader, WF_ERR_INVALID,
             "a document type with declarations is not accepted; "
             "take <!DOCTYPE ... [...]> out");
}

static int begin(struct reader *reader, const char *file, struct wf_err *err)
{
    *reader = (struct reader){ .err = err };
    wf_strbuf_init(&reader->text, WFD_TREE_TEXT_MAX);
    reader->tree = calloc(1, sizeof(*reader->tree));
    reader->parser = XML_ParserCreate(NULL);
    if (reader->tree != NULL)
        reader->tree->file = strdup(file);
    if (reader->parser == NULL || reader->tree == NULL || reader->tree->file == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, on_start, on_end);
    XML_SetCharacterDataHandler(reader->parser, on_text);
    XML_SetStartDoctypeDeclHandler(reader->parser, on_doctype);
    return 0;
}

static int feed(struct reader *reader, const char *text, size_t len, bool is_last)
{
    if (XML_Parse(reader->parser, text, (int)len, is_last ? 1 : 0) == XML_STATUS_OK)
        return 0;
    if (!reader->is_stopped)
        (void)wf_fail(reader->err, WF_ERR_INVALID, "%s:%lu: not XML: %s", reader->tree->file,
                      XML_GetCurrentLineNumber(reader->parser),
                      XML_ErrorString(XML_GetErrorCode(reader->parser)));
    reader->is_stopped = true;
    return WF_ERR_INVALID;
}

static int end(struct reader *reader, int rc, struct wfd_tree **out_tree, struct wf_err *err)
{
    if (rc < 0 && err != NULL && err->rc != 0)
        rc = err->rc;
    if (rc == 0) {
        *out_tree = reader->tree;
        reader->tree = NULL;
    }
    XML_ParserFree(reader->parser);
    wf_strbuf_fini(&reader->text);
    wfd_tree_free(&reader->tree);
    return rc;
}

int wfd_tree_parse(const char *file, const char *text, size_t len, struct wfd_tree **out_tree,
                   struct wf_err *err)
{
    struct wf_err own = { 0 };
    struct reader reader;
    int rc = begin(&reader, file, err != NULL ? err : &own);

    if (rc == 0 && len > WF_XTCE_BYTES_MAX)
        rc = wf_fail(reader.err, WF_ERR_LIMIT, "%s: larger than %u bytes", file, WF_XTCE_BYTES_MAX);
    if (rc == 0)
        rc = feed(&reader, text, len, true);
    return end(&reader, rc, out_tree, reader.err);
}

static int feed_file(struct reader *reader, FILE *file)
{
    char *buffer = malloc(READ_BYTES);
    size_t total = 0, got;
    int rc = 0;

    if (buffer == NULL)
        return wf_fail(reader->err, WF_ERR_NOMEM, "out of memory");
    do {
        errno = 0;
        got = fread(buffer, 1, READ_BYTES, file);
        total += got;
        if (ferror(file))
            rc = wf_fail_errno(reader->err, errno != 0 ? errno : EIO, "%s", reader->tree->file);
        else if (total > WF_XTCE_BYTES_MAX)
            rc = wf_fail(reader->err, WF_ERR_LIMIT, "%s: larger than %u bytes", reader->tree->file,
                         WF_XTCE_BYTES_MAX);
        else
            rc = feed(reader, buffer, got, got < READ_BYTES);
    } while (rc == 0 && got == READ_BYTES);
    free(buffer);
    return rc;
}

int wfd_tree_read(const char *path, struct wfd_tree **out_tree, struct wf_err *err)
{
    struct wf_err own = { 0 };
    struct reader reader;
    FILE *file;
    int rc = begin(&reader, path, err != NULL ? err : &own);

    if (rc == 0) {
        file = fopen(path, "rb");
        if (file == NULL) {
            rc = wf_fail_errno(reader.err, errno, "%s", path);
        } else {
            rc = feed_file(&reader, file);
            (void)fclose(file);
        }
    }
    return end(&reader, rc, out_tree, reader.err);
}

void wfd_tree_free(struct wfd_tree **tree)
{
    if (*tree == NULL)
        return;
    for (struct block *block = (*tree)->blocks; block != NULL;) {
        struct block *next = block->next;

        free(block);
        block = next;
    }
    free((*tree)->file);
    free(*tree);
    *tree = NULL;
}

struct wfd_node *wfd_tree_root(struct wfd_tree *tree)
{
    return tree->root;
}

const char *wfd_tree_file(const struct wfd_tree *tree)
{
    return tree->file;
}

bool wfd_is(const struct wfd_node *node, const char *name)
{
    return strcmp(node->name, name) == 0;
}

struct wfd_node *wfd_child(const struct wfd_node *node, const char *name)
{
    struct wfd_node *child = node != NULL ? node->first : NULL;

    while (child != NULL && !wfd_is(child, name))
        child = child->next;
    return child;
}

struct wfd_node *wfd_next(const struct wfd_node *node)
{
    struct wfd_node *next = node->next;

    while (next != NULL && !wfd_is(next, node->name))
        next = next->next;
    return next;
}

struct wfd_node *wfd_path(const struct wfd_node *node, const char *path)
{
    struct wfd_node *at = NULL;
    char name[64];

    while (node != NULL) {
        size_t len = strcspn(path, "/");

        if (len >= sizeof(name))
            return NULL;
        memcpy(name, path, len);
        name[len] = '\0';
        at = wfd_child(node, name);
        if (path[len] == '\0')
            return at;
        node = at;
        path += len + 1;
    }
    return NULL;
}

const char *wfd_attribute(const struct wfd_node *node, const char *name)
{
    if (node == NULL)
        return NULL;
    for (const char *const *pair = node->pairs; pair[0] != NULL; pair += 2) {
        if (strcmp(pair[0], name) == 0)
            return pair[1];
    }
    return NULL;
}
