/* SPDX-License-Identifier: MIT */
/* One source for the modules that the loader's test loads; MODULE_CASE says what is odd about it. */

#include <watchfloor/plugin.h>

#define GOOD         0
#define NO_RECORD    1
#define NEXT_MAJOR   2
#define NEWER_MINOR  3
#define OLDER_RECORD 4
#define WRONG_NAME   5
#define NO_DRAW      6
#define TYPED        7

static void draw_nothing(void *state, const struct wf_canvas_part *part, const struct wf_view *view)
{
    (void)state;
    (void)view;
    wf_canvas_clear(part);
}

static const struct wf_display_ops ops = {
    .size = sizeof(ops),
#if MODULE_CASE != NO_DRAW
    .draw = draw_nothing,
#endif
};

/* Keeps the function used where no record names it. */
void module_draw(void);
void module_draw(void)
{
    ops.draw != NULL ? ops.draw(NULL, NULL, NULL) : draw_nothing(NULL, NULL, NULL);
}

#if MODULE_CASE == NEWER_MINOR
/* A later release of the record: longer, with a field this host has never heard of. */
struct later_plugin {
    struct wf_plugin known;
    const char *unheard_of;
};
WF_PLUGIN_EXPORT extern const struct later_plugin wf_plugin;
const struct later_plugin wf_plugin = {
    .known = {
        .magic = WF_PLUGIN_MAGIC,
        .abi_major = WF_PLUGIN_ABI_MAJOR,
        .abi_minor = WF_PLUGIN_ABI_MINOR + 1,
        .size = sizeof(struct later_plugin),
        .kind = WF_PLUGIN_DISPLAY,
        .name = MODULE_NAME,
        .version = "9",
        .summary = "from the future",
        .ops.display = &ops,
    },
    .unheard_of = "x",
};
#elif MODULE_CASE != NO_RECORD
WF_PLUGIN_EXPORT extern const struct wf_plugin wf_plugin;
const struct wf_plugin wf_plugin = {
    .magic = WF_PLUGIN_MAGIC,
    .abi_major = MODULE_CASE == NEXT_MAJOR ? WF_PLUGIN_ABI_MAJOR + 1 : WF_PLUGIN_ABI_MAJOR,
    .abi_minor = WF_PLUGIN_ABI_MINOR,
    .size = MODULE_CASE == OLDER_RECORD ? 24 : sizeof(struct wf_plugin),
    .kind = WF_PLUGIN_DISPLAY,
    .name = MODULE_CASE == WRONG_NAME ? "somebody-else" : MODULE_NAME,
    .version = "1.0",
    .summary = "for the loader's test",
#if MODULE_CASE == TYPED
    .needs = { { "power", 42 } },
#endif
    .ops.display = &ops,
};
#endif
