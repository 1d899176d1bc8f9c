/* SPDX-License-Identifier: MIT */
/* Who is who: users and groups of the configuration's [role ...] sections. */

#include "control.h"

#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *alert_role_name(enum alert_role role)
{
    static const char *const names[] = { "viewer", "operator", "engineer" };

    return names[role];
}

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *at = words + strspn(words, " \t\n,"); *at != '\0';) {
        size_t span = strcspn(at, " \t\n,");

        if (span == len && strncmp(at, word, len) == 0)
            return true;
        at += span;
        at += strspn(at, " \t\n,");
    }
    return false;
}

/* By name of the primary group of the peer, or as one of the group's members. */
static bool is_in_group(const char *name, const struct wf_control_peer *peer)
{
    const struct group *group = getgrnam(name);

    if (group == NULL)
        return false;
    if (group->gr_gid == peer->gid)
        return true;
    for (char **member = group->gr_mem; *member != NULL; member++)
        if (strcmp(*member, peer->user) == 0)
            return true;
    return false;
}

static bool is_in_a_group(const char *groups, const struct wf_control_peer *peer)
{
    for (const char *at = groups + strspn(groups, " \t\n,"); *at != '\0';) {
        size_t span = strcspn(at, " \t\n,");
        char name[64];

        if (span < sizeof(name)) {
            memcpy(name, at, span);
            name[span] = '\0';
            if (is_in_group(name, peer))
                return true;
        }
        at += span;
        at += strspn(at, " \t\n,");
    }
    return false;
}

enum alert_role alert_role_of(const struct alert *alert, const struct wf_control_peer *peer,
                              int64_t *out_shelve_max_ns)
{
    const struct wf_config *config = alert->config;
    enum alert_role role = ALERT_VIEWER;

    *out_shelve_max_ns = alert->settings->shelve_max_ns;
    if (peer->uid == 0 || peer->uid == geteuid())
        return ALERT_ENGINEER;
    /* The highest one that names the peer. */
    for (int at = ALERT_ENGINEER; at > ALERT_VIEWER; at--)
        for (size_t i = 0; i < config->role_count; i++) {
            const struct wf_config_role *it = &config->roles[i];

            if (!wf_name_is_equal(it->name, alert_role_name((enum alert_role)at)) ||
                (!has_word(it->users, peer->user) && !is_in_a_group(it->groups, peer)))
                continue;
            if (it->shelve_max_ns < *out_shelve_max_ns)
                *out_shelve_max_ns = it->shelve_max_ns;
            return (enum alert_role)at;
        }
    return role;
}
