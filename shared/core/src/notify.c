/* SPDX-License-Identifier: MIT */
/* Helpers of notification plugins and their host: see <watchfloor/notify.h>. */

#include <watchfloor/notify.h>

const char *wf_notify_setting(const struct wf_notify_setup *setup, const char *name,
                              const char *fallback)
{
    for (size_t i = 0; i < setup->setting_count; i++)
        if (wf_casecmp(setup->settings[i].name, name) == 0)
            return setup->settings[i].value;
    return fallback;
}

const char *wf_severity_name(unsigned severity)
{
    static const char *const names[] = { "normal",   "watch",    "warning",
                                         "distress", "critical", "severe" };

    return severity < WF_COUNT_OF(names) ? names[severity] : "?";
}
