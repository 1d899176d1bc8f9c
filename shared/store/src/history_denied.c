/* SPDX-License-Identifier: MIT */
/* History that may not be read: which folder stands in the way, and who can open it. */

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/strbuf.h>

#include "history_private.h"

static void add_user(uid_t uid, struct wf_strbuf *out)
{
    const struct passwd *entry = getpwuid(uid);

    if (entry != NULL)
        wf_strbuf_add(out, entry->pw_name);
    else
        wf_strbuf_addf(out, "user %lu", (unsigned long)uid);
}

static void add_group(gid_t gid, struct wf_strbuf *out)
{
    const struct group *entry = getgrgid(gid);

    if (entry != NULL)
        wf_strbuf_add(out, entry->gr_name);
    else
        wf_strbuf_addf(out, "%lu", (unsigned long)gid);
}

/* The first folder on the way that lets nobody like us through; what the system tells of it. */
static bool find_closed(const char *folder, char path[WFS_PATH_SIZE], struct stat *out)
{
    size_t length = strlen(folder);

    if (length + 5 > WFS_PATH_SIZE)
        return false;
    for (size_t i = 1; i <= length; i++) {
        if (folder[i] != '/' && folder[i] != '\0')
            continue;
        memcpy(path, folder, i);
        path[i] = '\0';
        if (stat(path, out) != 0)
            return false;
        if (access(path, X_OK) != 0)
            return true;
    }
    (void)snprintf(path, WFS_PATH_SIZE, "%s/raw", folder);
    return stat(path, out) == 0 && access(path, R_OK | X_OK) != 0;
}

void wfs_history_tell_denied(const char *folder, struct wf_err *err)
{
    char path[WFS_PATH_SIZE], group_name[64], text[240];
    struct wf_strbuf told = WF_STRBUF_FIXED(text), group = WF_STRBUF_FIXED(group_name);
    struct stat st;
    const char *shown = path;

    if (err == NULL || !find_closed(folder, path, &st))
        return;
    if (strlen(path) > 100)
        shown = path + strlen(path) - 100;
    add_group(st.st_gid, &group);
    wf_strbuf_addf(&told, "%s%s may not be read: it is ", shown == path ? "" : "...", shown);
    add_user(st.st_uid, &told);
    if ((st.st_mode & S_IXGRP) != 0)
        wf_strbuf_addf(&told,
                       "'s and group %s's; be in that group (usermod -aG %s USER, log in anew)",
                       group_name, group_name);
    else
        wf_strbuf_add(&told, "'s alone; set `group` in [watchfloor] and be in it, or ask as them");
    (void)wf_fail(err, WF_ERR_DENIED, "%s", text);
}
