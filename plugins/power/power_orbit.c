/* SPDX-License-Identifier: MIT */
/*
 * power-orbit - does the battery get back in one orbit what it gave in it?
 *
 * No rule can say that: it adds up the battery's current from one entry into shadow to the next and
 * judges the sum. UNKNOWN until one whole orbit was seen, and again after a gap.
 */

#include <math.h>
#include <stdlib.h>

#include <watchfloor/clock.h>
#include <watchfloor/expr.h>
#include <watchfloor/plugin.h>

#include "power_info.h"

/* Ampere hours an orbit may end short before somebody has to look. */
#define SHORT_AH 0.5
/* More time than that between two samples is a hole that nothing is known of. */
#define HOLE_S 30.0

struct orbit {
    int64_t last_ns; /* device time of the sample before; 0 = none */
    bool was_in_sunlight;
    bool is_whole; /* `sum_ah` counts since an entry into shadow */
    double sum_ah;
    enum wf_truth truth;
    double judged_ah;
};

static void *open_orbit(const struct wf_schema *schema)
{
    struct orbit *orbit = calloc(1, sizeof(*orbit));

    (void)schema;
    if (orbit != NULL)
        orbit->truth = WF_UNKNOWN;
    return orbit;
}

static void end_orbit(struct orbit *orbit)
{
    if (orbit->is_whole) {
        orbit->judged_ah = orbit->sum_ah;
        orbit->truth = orbit->sum_ah < -SHORT_AH ? WF_TRUE : WF_FALSE;
    }
    orbit->is_whole = true;
    orbit->sum_ah = 0;
}

static int judge_orbit(void *state, const struct wf_view *view, struct wf_strbuf *why)
{
    const struct power_info *power = view->data; /* the host checked .needs */
    struct orbit *orbit = state;
    double seconds;

    if (orbit == NULL || power == NULL || view->stamp->device_ns == WF_TIME_NONE)
        return WF_UNKNOWN;
    seconds = (double)(view->stamp->device_ns - orbit->last_ns) / 1e9;
    if (orbit->last_ns == 0 || seconds > HOLE_S || seconds < 0) {
        orbit->is_whole = false;
        orbit->truth = WF_UNKNOWN;
        seconds = 0;
    } else if (orbit->was_in_sunlight && !power->in_sunlight) {
        end_orbit(orbit);
    }
    if (isfinite(power->battery_current))
        orbit->sum_ah += power->battery_current * seconds / 3600;
    orbit->last_ns = view->stamp->device_ns;
    orbit->was_in_sunlight = power->in_sunlight;
    if (orbit->truth != WF_UNKNOWN)
        wf_strbuf_addf(why, "%+.2f Ah in the last orbit", orbit->judged_ah);
    return (int)orbit->truth;
}

static const struct wf_alert_ops orbit_ops = {
    .size = sizeof(orbit_ops),
    .open = open_orbit,
    .close = free,
    .judge = judge_orbit,
};

WF_PLUGIN_EXPORT extern const struct wf_plugin wf_plugin;
const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_ALERT),
    .name = "power-orbit",
    .version = "1.0",
    .summary = "the battery ends an orbit with less charge than it began with",
    .needs = { { "power", POWER_INFO_LAYOUT_HASH } },
    .ops.alert = &orbit_ops,
};
