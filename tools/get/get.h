/* SPDX-License-Identifier: MIT */
#ifndef GET_H
#define GET_H

/* wf get from the inside: walk.c finds values in regions, print.c shows them. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/strbuf.h>
#include <watchfloor/value.h>
#include <watchfloor/watch.h>

/* One element of one parameter (of one row), as of now. Valid during the visit. */
struct get_item {
    const char *name; /* "sat1.power.cells[3]", "wf.processes.pid[receiver]" */
    const struct wf_schema *schema;
    size_t parameter;
    struct wf_value value, raw; /* kind NONE: there is none */
    enum wf_quality quality;
    uint8_t severity;
    const struct wf_stamp *stamp; /* NULL: never received */
    int64_t age_ns;
};

typedef void (*get_visit_fn)(void *context, const struct get_item *item);

struct get_walk {
    struct wf_watch *watch;
    struct wf_watch *clock; /* of wf.replay alone: it may not be among what was asked for */
    char *const *names;     /* patterns; none = everything but the system's own health */
    size_t name_count;
    bool *was_matched; /* by name: did it mean anything? */

    get_visit_fn visit;
    void *context;
    size_t item_count, received_count;

    unsigned char *payload; /* grows to the largest region's */
    size_t payload_size;
};

/*
 * Visit everything that the names mean, in the regions from `first` to `last` - 1.
 * NOMEM is all that can go wrong.
 */
int get_walk(struct get_walk *walk, size_t first, size_t last);
void get_walk_fini(struct get_walk *walk);

enum get_format { GET_TABLE, GET_JSON, GET_CSV };

/* Shows items one by one: a table waits for the end to know its columns. */
struct get_printer {
    enum get_format format;
    bool is_raw;
    bool is_watch; /* lines as they come, each complete by itself */
    size_t count;
    struct get_row *rows;
    size_t row_count, row_capacity;
};

void get_print_begin(struct get_printer *printer);
void get_print_item(void *printer, const struct get_item *item);
void get_print_end(struct get_printer *printer);

#endif /* GET_H */
