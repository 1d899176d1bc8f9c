/* SPDX-License-Identifier: MIT */
#include "alert.h"
size_t alert_plugins_coded(struct alert *alert, const struct wf_config_alert *settings,
                           struct alert_line *const *members, size_t member_count,
                           const struct wf_alarm_coded **out_coded)
{
    (void)alert, (void)settings, (void)members, (void)member_count;
    *out_coded = NULL;
    return 0;
}
void alert_plugins_begin(struct alert *alert)
{
    (void)alert;
}
void alert_plugins_scan(struct alert *alert, const struct wf_config *config)
{
    (void)alert, (void)config;
}
void alert_plugins_tick(struct alert *alert)
{
    (void)alert;
}
void alert_plugins_close(struct alert *alert)
{
    (void)alert;
}
void alert_plugins_count(const struct alert *alert, uint32_t *out_running, uint32_t *out_failed)
{
    (void)alert;
    *out_running = *out_failed = 0;
}
