/* SPDX-License-Identifier: MIT */
/* Alert plugins good and bad, for e2e/test_alert_plugins.py; ALERT_CASE says what is odd about one. */

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <watchfloor/expr.h>
#include <watchfloor/plugin.h>

#define GOOD       0
#define CRASH      1
#define HANG       2
#define FLOOD      3
#define CRASH_LOAD 4
#define QUIT       5

#if ALERT_CASE == CRASH_LOAD
__attribute__((constructor)) static void crash(void)
{
    abort();
}
#endif

/* True while the first parameter is above 3000 raw; odd ones show it above 4000. */
static int judge(void *state, const struct wf_view *view, struct wf_strbuf *why)
{
    struct wf_value value;
    double number;

    (void)state;
    wf_value_get_raw(view->schema, view->data, 0, 0, &value);
    number = wf_value_as_double(&value);
    if (number > 4000) {
#if ALERT_CASE == CRASH
        abort();
#elif ALERT_CASE == HANG
        for (;;)
            (void)sleep(1);
#elif ALERT_CASE == FLOOD
        for (;;)
            (void)!write(3, "rubbish that never ends, without any line ", 42);
#elif ALERT_CASE == QUIT
        exit(0);
#endif
    }
    wf_strbuf_addf(why, "raw %.0f", number);
    return number > 3000 ? WF_TRUE : WF_FALSE;
}

static const struct wf_alert_ops ops = { .size = sizeof(ops), .judge = judge };

WF_PLUGIN_EXPORT extern const struct wf_plugin wf_plugin;
const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_ALERT),
    .name = ALERT_NAME,
    .version = "1.0",
    .summary = "for tests",
    .ops.alert = &ops,
};
