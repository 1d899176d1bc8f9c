/* SPDX-License-Identifier: MIT */
#ifndef CON_DISPLAYS_H
#define CON_DISPLAYS_H

/*
 * Displays - the plugins that draw subsystems: found, checked, called, timed.
 *
 * A module in <plugins>/<type>/ is for subsystems of that type; one in
 * <plugins>/displays/ is for all. Whatever is wrong with one is written beside
 * its name (page "plugins") and the others go on.
 *
 * Threads: one. A pointer to a plugin is valid until close.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/plugin.h>

#include "crumb.h"
#include "model.h"

/* A display that draws longer than this is reported. */
#define CON_SLOW_NS INT64_C(100000000)

enum con_plugin_state { CON_PLUGIN_LOADED, CON_PLUGIN_REFUSED, CON_PLUGIN_LEFT_OUT };

struct con_plugin {
    char name[64];
    char folder[WF_NAME_SIZE]; /* the type it is for, or "displays" */
    char *path;
    enum con_plugin_state state;
    char error[256]; /* why it was refused, left out, or what it last did wrong; "" */
    struct wf_module *module;
    const struct wf_plugin *record; /* of the module; NULL unless loaded */

    uint64_t calls;
    uint64_t slow_calls;
    uint64_t histogram[64]; /* of call times, by quarter octave from 1 us */
};

struct con_displays;

struct con_displays_options {
    const char *folders;       /* ':' between */
    struct con_crumb *crumb;   /* may be NULL */
    int64_t (*mono_now)(void); /* NULL = wf_mono_now_ns; tests have their own */
};

/* Modules that are refused are not an error: they are in the list with the reason. */
int con_displays_open(const struct con_displays_options *options,
                      struct con_displays **out_displays, struct wf_err *err);
void con_displays_close(struct con_displays **displays);

size_t con_displays_count(const struct con_displays *displays);
const struct con_plugin *con_displays_plugin(const struct con_displays *displays, size_t index);
/* 99 % of the calls took at most this long; 0 before the first. */
int64_t con_plugin_p99_ns(const struct con_plugin *plugin);

/*
 * The displays that can show `schema`, those made for it first; returns how
 * many (at most `max`), as indexes.
 */
size_t con_displays_for(struct con_displays *displays, const struct wf_schema *schema,
                        size_t *out_indexes, size_t max);

/* Draw; the display's state is made at the first call for this entry and kept. */
void con_displays_draw(struct con_displays *displays, size_t index, const struct con_entry *entry,
                       const struct wf_canvas_part *part, const struct wf_view *view);
/* True when the display used the key. */
bool con_displays_key(struct con_displays *displays, size_t index, const struct con_entry *entry,
                      uint32_t key, const struct wf_view *view);
/* Close the states of regions that are no longer (their schema is gone). */
void con_displays_forget(struct con_displays *displays, const struct con_model *model);

#endif /* CON_DISPLAYS_H */
