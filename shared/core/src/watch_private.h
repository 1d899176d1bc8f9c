/* SPDX-License-Identifier: MIT */
#ifndef WFI_WATCH_PRIVATE_H
#define WFI_WATCH_PRIVATE_H

/*
 * A watch from the inside. watch.c: the set of open regions; watch_directory.c:
 * the directories of the writing programs; watch_wait.c: sleeping on their bells.
 *
 * Only `lock` and what it guards is touched by two threads: the one that waits
 * and the one that does everything else.
 */

#include <pthread.h>

#include <watchfloor/mapping.h>
#include <watchfloor/watch.h>

#include "region_header.h"
#include "region_private.h"
#include "schema_ref.h"

#define WFI_DIRECTORIES_MAX 256
#define WFI_TROUBLES_MAX    1000

/* One writing program's directory, mapped read-only and checked. */
struct wfi_directory {
    const struct wf_directory_header *header;
    const struct wf_directory_entry *entries;
    uint32_t entry_count;
    uint64_t changes_seen;
    bool is_unread;     /* something in it was just changing: look again */
    uint32_t bell_seen; /* the waiting thread's, under the watch's lock */
    struct wf_map_view *view;
    struct wf_mapping_identity identity;
    char name[WFI_REGION_NAME_SIZE];
    char role[WF_NAME_SIZE];
    struct wfi_directory *next; /* in the graveyard */
};

/* A region that some directory names. */
struct wfi_wanted {
    char source[WF_NAME_SIZE];
    char subsystem[WF_NAME_SIZE];
    int64_t created_ns;
    const struct wfi_directory *directory;
};

struct wfi_wanted_list {
    struct wfi_wanted *list;
    size_t count, capacity;
};

struct wfi_watched {
    char source[WF_NAME_SIZE];
    char subsystem[WF_NAME_SIZE];
    int64_t created_ns;
    uint64_t generation;
    struct wf_region *region;
};

struct wf_watch {
    char instance[WF_INSTANCE_MAX + 1];
    char **patterns;
    size_t pattern_count;
    void (*going)(void *context, struct wf_region *region);
    void *going_context;
    struct wfi_watched *entries;
    size_t entry_count;
    uint64_t generation_last;
    struct wfi_schema_cache schemas;
    char *troubles[WFI_TROUBLES_MAX];
    size_t trouble_count;
    uint64_t list_token;

    pthread_mutex_t lock; /* guards what follows */
    struct wfi_directory *directories[WFI_DIRECTORIES_MAX];
    size_t directory_count;
    struct wfi_directory *graveyard; /* left behind while somebody may sleep on their bells */
    bool is_waiting;
    uint32_t interrupts_seen;
    _Atomic uint32_t interrupts; /* asked for so far */
    _Atomic uint32_t nudge;      /* what a waiting thread also sleeps on */
};

/* Find directories that came or went: *out_changed. */
int wfi_directories_refresh(struct wf_watch *watch, bool *out_changed, struct wf_err *err);
/* Add every region it names that `watch` wants. */
int wfi_directory_read(const struct wf_watch *watch, struct wfi_directory *directory,
                       struct wfi_wanted_list *wanted);
/* Make a wait look around and go on waiting. */
void wfi_watch_nudge(struct wf_watch *watch);
void wfi_directory_close(struct wfi_directory **directory);
void wfi_watch_add_trouble(struct wf_watch *watch, const char *what, const char *text);

#endif /* WFI_WATCH_PRIVATE_H */
