/* SPDX-License-Identifier: MIT */
/* One display that does DISPLAY_CASE wrong; it draws a word first, to show that it was there. */

#include <watchfloor/plugin.h>

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum misdeed { CRASH, HANG, SLOW, QUIT, CRASH_OPEN, CRASH_LOAD, SWALLOW };

static const enum misdeed misdeed = DISPLAY_CASE;

/* As a wild pointer would, but also under a sanitizer that looks at pointers. */
static void crash(void)
{
    (void)signal(SIGSEGV, SIG_DFL);
    (void)raise(SIGSEGV);
}

__attribute__((constructor)) static void be_loaded(void)
{
    if (misdeed == CRASH_LOAD)
        crash();
}

static void *open_state(const struct wf_schema *schema)
{
    (void)schema;
    if (misdeed == CRASH_OPEN)
        crash();
    return NULL;
}

static void draw(void *state, const struct wf_canvas_part *part, const struct wf_view *view)
{
    (void)state;
    (void)view;
    (void)wf_canvas_text(part, 1, 1, WF_STYLE_NORMAL, "drawn by " DISPLAY_NAME);
    if (misdeed == CRASH)
        crash();
    if (misdeed == HANG)
        for (;;)
            (void)pause();
    if (misdeed == SLOW)
        (void)nanosleep(&(struct timespec){ .tv_nsec = 150000000 }, NULL);
    if (misdeed == QUIT)
        exit(0);
}

static int take_key(void *state, uint32_t key, const struct wf_view *view)
{
    (void)state;
    (void)key;
    (void)view;
    return misdeed == SWALLOW;
}

static const struct wf_display_ops ops = {
    .size = sizeof(ops),
    .open = open_state,
    .draw = draw,
    .key = take_key,
};

WF_PLUGIN_EXPORT const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_DISPLAY),
    .name = DISPLAY_NAME,
    .version = "1.0",
    .summary = "misbehaves",
    .ops.display = &ops,
};
