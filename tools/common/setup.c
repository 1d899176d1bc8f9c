/* SPDX-License-Identifier: MIT */
/* Configuration and schemas of a feed; see setup.h. */

#include "setup.h"

#include <string.h>

#include <watchfloor/problems.h>
#include <watchfloor/strbuf.h>

#include "link.h"

int feed_setup_config(const struct wf_common *common, const char *target,
                      struct wf_config **out_config, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    int rc;

    *out_config = NULL;
    if (common->config == NULL && !feed_target_needs_config(target))
        return 0;
    rc = wf_config_load(common->config, &common->paths, out_config, &problems, err);
    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    return rc;
}

/* Try one folder: ABSENT when it holds no such schema. */
static int load_from(const char *folder, size_t folder_len, const char *name,
                     struct wf_schema **out_schema, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    char path[WF_PATH_SIZE];
    struct wf_strbuf buf = WF_STRBUF_FIXED(path);
    int rc;

    wf_strbuf_add_bytes(&buf, folder, folder_len);
    wf_strbuf_addf(&buf, "/%s/%s.ini", name, name);
    if (buf.was_cut)
        return wf_fail(err, WF_ERR_LIMIT, "the path of schema '%s' is too long", name);
    rc = wf_schema_load(path, out_schema, &problems, err);
    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    return rc;
}

int feed_setup_schema(const struct wf_common *common, const struct wf_config *config,
                      const char *name, uint64_t layout_hash, struct wf_schema **out_schema,
                      struct wf_err *err)
{
    const char *folders = config != NULL && config->plugins != NULL && config->plugins[0] != '\0'
                              ? config->plugins
                              : common->paths.plugins;
    struct wf_schema *schema = NULL;
    int rc = WF_ERR_ABSENT;

    for (const char *at = folders; *at != '\0' && rc == WF_ERR_ABSENT;) {
        const size_t len = strcspn(at, ":");

        if (len > 0)
            rc = load_from(at, len, name, &schema, err);
        at += len + (at[len] == ':');
    }
    if (rc == WF_ERR_ABSENT)
        return wf_fail(err, rc, "no schema '%s' in the plugin folders %s", name, folders);
    if (rc < 0)
        return rc;
    if (schema->layout_hash != layout_hash) {
        wf_schema_free(&schema);
        return wf_fail(err, WF_ERR_VERSION,
                       "%s: the schema in %s is not the one this program was built with; "
                       "build again, or install program and plugins together",
                       name, folders);
    }
    *out_schema = schema;
    return 0;
}
