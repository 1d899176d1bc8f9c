/* SPDX-License-Identifier: MIT */
/* Crumb: see crumb.h. */

#include "crumb.h"

#include <watchfloor/mapping.h>
#include <watchfloor/strbuf.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

int con_crumb_map(struct con_crumb **out_crumb, struct wf_err *err)
{
    struct wf_mapping_options options = {
        .backing = WF_BACKING_MEMORY,
        .size = sizeof(struct con_crumb),
        .mode = 0600,
    };
    struct wf_mapping *mapping = NULL;
    struct wf_map_view *view = NULL;
    char name[64];
    int rc;

    /* The name lives for an instant: the child inherits the memory, not the name. */
    (void)snprintf(name, sizeof(name), "/wf-console.%ld", (long)getpid());
    (void)wf_mapping_remove(name, WF_BACKING_MEMORY, NULL); /* of a dead one with our number */
    rc = wf_mapping_create(name, &options, &mapping, err);
    if (rc < 0)
        return rc;
    (void)wf_mapping_remove(name, WF_BACKING_MEMORY, NULL);
    rc = wf_map_view_open(mapping, WF_ACCESS_WRITE, 0, 0, NULL, &view, err);
    wf_mapping_close(&mapping);
    if (rc < 0)
        return rc;
    *out_crumb = wf_map_view_data(view);
    wf_map_view_abandon(&view); /* needed as long as the process lives */
    return WF_OK;
}

void con_crumb_enter(struct con_crumb *crumb, const char *plugin, const char *callback,
                     int64_t now_mono_ns)
{
    if (crumb == NULL)
        return;
    (void)wf_copy_text(crumb->plugin, sizeof(crumb->plugin), plugin);
    (void)wf_copy_text(crumb->callback, sizeof(crumb->callback), callback);
    /* The parent's acquire: names are whole when it sees a time. */
    atomic_store_explicit(&crumb->entered_mono_ns, now_mono_ns, memory_order_release);
}

void con_crumb_leave(struct con_crumb *crumb)
{
    if (crumb != NULL)
        atomic_store_explicit(&crumb->entered_mono_ns, 0, memory_order_release);
}

const char *con_crumb_left_out(const struct con_crumb *crumb, const char *plugin)
{
    if (crumb == NULL)
        return NULL;
    for (uint32_t i = 0; i < crumb->left_out_count && i < CON_LEFT_OUT_MAX; i++)
        if (strcmp(crumb->left_out[i].plugin, plugin) == 0)
            return crumb->left_out[i].reason;
    return NULL;
}
