/* SPDX-License-Identifier: MIT */
#ifndef WF_MAPPING_H
#define WF_MAPPING_H

/*
 * Mappings - named memory that processes share: made, opened, seen, removed.
 *
 * Two objects. A `wf_mapping` is the opened thing behind a name; a
 * `wf_map_view` is a stretch of it in this process. Closing the mapping leaves
 * its views, closing a view leaves the mapping, and the name lives until
 * wf_mapping_remove(), whoever is left. There is no resizing: whoever maps what
 * may shrink dies of it (SIGBUS); a mapping has all its memory from its birth.
 *
 * Used by regions (region.h, publisher.h), good for anything else.
 * Threads: different objects may be used by different threads at once.
 * Platform: src/platform/<system>/mapping.c.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>

struct wf_mapping;
struct wf_map_view;

enum wf_backing {
    WF_BACKING_MEMORY, /* the name is "/one-word"; gone at the next boot */
    WF_BACKING_FILE,   /* the name is a path; flush writes it out */
};

enum wf_access {
    WF_ACCESS_READ,
    WF_ACCESS_WRITE, /* read and write, seen by everybody */
    WF_ACCESS_COPY,  /* read and write a private copy; nobody sees it (needs only READ) */
};

struct wf_mapping_options {
    enum wf_backing backing;
    uint64_t size;     /* bytes, at least 1 */
    int mode;          /* 0 = 0640; exact, whatever the umask */
    const char *owner; /* user name or number; NULL = the caller (others need privilege) */
    const char *group; /* group name or number; NULL = the caller's */
};

/* What stands behind a name. Two equal `identity`s are the same mapping. */
struct wf_mapping_identity {
    uint64_t device, inode;
};
struct wf_mapping_info {
    uint64_t size;
    uint32_t uid, gid;
    int mode;
    uint32_t links; /* 0: its name was removed */
    struct wf_mapping_identity identity;
};

/*
 * Make a mapping that is not there yet, all zero, with its memory allocated.
 * The caller owns *out_mapping (opened for WRITE) until wf_mapping_close().
 *
 *   WF_ERR_EXISTS    somebody made it before; nothing was touched
 *   WF_ERR_NOSPACE   not enough memory or disk (err says how much it needs)
 *   WF_ERR_DENIED    no permission for the name, the owner or the group
 *   WF_ERR_INVALID   the name, size, owner or group makes no sense
 */
int wf_mapping_create(const char *name, const struct wf_mapping_options *options,
                      struct wf_mapping **out_mapping, struct wf_err *err);

/*
 * Open one that is there. Never makes anything, never follows a symbolic link.
 *
 *   WF_ERR_ABSENT    no such name
 *   WF_ERR_BUSY      it is being made this moment; try again
 *   WF_ERR_DENIED    not permitted
 *   WF_ERR_CORRUPT   there is something of that name that cannot be mapped
 *   WF_ERR_INVALID   not a name
 */
int wf_mapping_open(const char *name, enum wf_backing backing, enum wf_access access,
                    struct wf_mapping **out_mapping, struct wf_err *err);

/*
 * Whoever comes first creates: *out_was_made tells who that was. Waits up to a
 * second for one that is just being made. What is in it may still be unready:
 * say so inside it, with an atomic word that the maker stores last.
 * Errors as both above; LIMIT when what is there is smaller than options->size.
 */
int wf_mapping_obtain(const char *name, const struct wf_mapping_options *options,
                      struct wf_mapping **out_mapping, bool *out_was_made, struct wf_err *err);

int wf_mapping_info(const struct wf_mapping *mapping, struct wf_mapping_info *out,
                    struct wf_err *err);
/* Let go; views stay. Accepts a pointer to NULL; leaves NULL behind. */
void wf_mapping_close(struct wf_mapping **mapping);

/* What the name leads to now, without opening it: ABSENT, DENIED, INVALID. */
int wf_mapping_look(const char *name, enum wf_backing backing, struct wf_mapping_info *out,
                    struct wf_err *err);

/* Take the name away; who has it mapped keeps it. ABSENT, DENIED, INVALID. */
int wf_mapping_remove(const char *name, enum wf_backing backing, struct wf_err *err);

/*
 * See `length` bytes from `offset` on (any offset; 0 bytes = to the end). `wish`
 * is the address wanted for the first of them, or NULL for anywhere.
 *
 *   WF_ERR_LIMIT     it runs past the end of the mapping
 *   WF_ERR_BUSY      something else is at the wished address
 *   WF_ERR_INVALID   the wished address does not fit the offset (page by page)
 *   WF_ERR_DENIED    opened for reading, wanted for writing
 */
int wf_map_view_open(const struct wf_mapping *mapping, enum wf_access access, uint64_t offset,
                     size_t length, void *wish, struct wf_map_view **out_view, struct wf_err *err);
void *wf_map_view_data(const struct wf_map_view *view);
size_t wf_map_view_size(const struct wf_map_view *view);
/* Write changes of a file's view to the disk and wait for it; of memory: nothing to do. */
int wf_map_view_flush(struct wf_map_view *view, struct wf_err *err);
void wf_map_view_close(struct wf_map_view **view);
/* Forget the handle but leave the memory mapped until the process ends (robust locks need it). */
void wf_map_view_abandon(struct wf_map_view **view);

/* Names of memory mappings that begin with `prefix` ("/wf.ops."), sorted. */
struct wf_mapping_names {
    char **names;
    size_t count;
};
int wf_mapping_list(const char *prefix, struct wf_mapping_names *out, struct wf_err *err);
void wf_mapping_names_free(struct wf_mapping_names *names);
/*
 * A number that changes when names of memory mappings come or go, so that
 * looking again is cheap; 0 = it may be changing now, list again.
 */
uint64_t wf_mapping_list_token(void);

#endif /* WF_MAPPING_H */
