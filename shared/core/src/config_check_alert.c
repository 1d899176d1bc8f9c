/* SPDX-License-Identifier: MIT */
/* Alarm monitors and roles, checked beyond what one key can know: see config_check.h. */

#include "config_check.h"

#include <string.h>

#include "config_keys.h"

/* Without a section there is one monitor, over everything. */
static int add_main(struct wf_config *config, struct wf_err *err)
{
    struct wf_config_alert *alert = &config->alerts[0]; /* lists have room for one more */

    (void)wf_copy_text(alert->name, sizeof(alert->name), "main");
    config->alert_count = 1;
    for (size_t i = 0; i < wfi_key_count; i++) {
        int rc = strcmp(wfi_keys[i].section, "alert") == 0
                     ? wfi_key_set(&wfi_keys[i], alert, wfi_keys[i].standard, err)
                     : 0;

        if (rc < 0)
            return rc;
    }
    return 0;
}

static bool is_udp_target(const char *text)
{
    const char *colon = strrchr(text, ':');
    uint64_t port;

    return strncmp(text, "udp:", 4) == 0 && colon > text + 4 &&
           wf_parse_u64(colon + 1, &port, NULL) == 0 && port >= 1 && port <= 65535;
}

static void check_alert(const struct wf_config *config, const struct wf_config_alert *alert,
                        struct wf_problems *problems)
{
    /* "alarms_" before it must still be a name. */
    if (strlen(alert->name) > WF_NAME_MAX - 8)
        wf_problems_add(problems, config->file, alert->line,
                        "[alert %s]: at most %d letters, as its regions carry the name",
                        alert->name, WF_NAME_MAX - 8);
    if (alert->deadman_to[0] != '\0' && !is_udp_target(alert->deadman_to))
        wf_problems_add(problems, config->file, wf_config_line(config, alert->line, "deadman_to"),
                        "deadman_to: '%.60s' is not udp:HOST:PORT, as udp:10.0.0.7:9100",
                        alert->deadman_to);
}

static void check_role(const struct wf_config *config, const struct wf_config_role *role,
                       struct wf_problems *problems)
{
    static const char *const names[] = { "viewer", "operator", "engineer" };
    bool is_known = false;

    for (size_t i = 0; i < WF_COUNT_OF(names); i++)
        is_known = is_known || wf_name_is_equal(role->name, names[i]);
    if (!is_known)
        wf_problems_add(problems, config->file, role->line,
                        "there is no role '%s'; the roles are viewer, operator, engineer",
                        role->name);
}

int wfi_config_check_alerts(struct wf_config *config, struct wf_problems *problems,
                            struct wf_err *err)
{
    for (size_t i = 0; i < config->alert_count; i++)
        check_alert(config, &config->alerts[i], problems);
    for (size_t i = 0; i < config->role_count; i++)
        check_role(config, &config->roles[i], problems);
    return config->alert_count > 0 ? 0 : add_main(config, err);
}
