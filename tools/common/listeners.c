/* SPDX-License-Identifier: MIT */
/* Reading the receiver's list of bound listeners; see listeners.h. */

#include "listeners.h"

#include <jansson.h>

#include <watchfloor/names.h>
#include <watchfloor/strbuf.h>

static const json_t *find_listener(const json_t *root, const char *name)
{
    const json_t *list = json_object_get(root, "listeners");
    size_t index;
    json_t *item;

    json_array_foreach(list, index, item)
    {
        const char *item_name = json_string_value(json_object_get(item, "name"));

        if (item_name != NULL && wf_name_is_equal(item_name, name))
            return item;
    }
    return NULL;
}

static int read_place(const json_t *item, char *out_host, uint16_t *out_port)
{
    const char *host = json_string_value(json_object_get(item, "host"));
    const json_int_t port = json_integer_value(json_object_get(item, "port"));

    if (host == NULL || port < 1 || port > UINT16_MAX ||
        !wf_copy_text(out_host, FEED_HOST_SIZE, host))
        return WF_ERR_INVALID;
    *out_port = (uint16_t)port;
    return 0;
}

int feed_listeners_find(const struct wf_paths *paths, const char *name,
                        char out_host[FEED_HOST_SIZE], uint16_t *out_port, struct wf_err *err)
{
    char path[WF_PATH_SIZE];
    json_error_t problem;
    json_t *root;
    const json_t *item;
    int rc = wf_paths_in_state(paths, "run/listeners.json", path, sizeof(path), err);

    if (rc < 0)
        return rc;
    root = json_load_file(path, 0, &problem);
    if (root == NULL)
        return json_error_code(&problem) == json_error_cannot_open_file
                   ? wf_fail(err, WF_ERR_ABSENT, "%s: not there (yet)", path)
                   : wf_fail(err, WF_ERR_INVALID, "%s:%d: %s", path, problem.line, problem.text);
    item = find_listener(root, name);
    if (item == NULL)
        rc = wf_fail(err, WF_ERR_ABSENT, "%s: has no listener '%s'", path, name);
    else if (read_place(item, out_host, out_port) < 0)
        rc = wf_fail(err, WF_ERR_INVALID, "%s: listener '%s' has no host and port", path, name);
    json_decref(root);
    return rc;
}
