/* SPDX-License-Identifier: MIT */
/* <state>/run/listeners.json: where each listener can be reached. See endpoints.h. */

#include <stdio.h>
#include <unistd.h>

#include <jansson.h>

#include <watchfloor/paths.h>

#include "endpoints.h"

static const char *const transport_names[] = { "udp", "tcp", "tcp-connect" };

static json_t *describe(const struct rx_listener *listener)
{
    const struct rx_endpoint *endpoint = listener->endpoint;

    return json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s, s:I}", "name", listener->config->name,
                     "transport", transport_names[endpoint->transport], "address",
                     endpoint->address, "port", (int)endpoint->bound_port, "host", endpoint->host,
                     "group", endpoint->group, "source", listener->source->name, "receive_buffer",
                     (json_int_t)endpoint->receive_buffer);
}

static json_t *describe_all(const struct rx_world *world, uint64_t epoch)
{
    char epoch_text[24];
    json_t *list = json_array();

    for (size_t i = 0; i < world->listener_count; i++)
        (void)json_array_append_new(list, describe(&world->listeners[i]));
    (void)snprintf(epoch_text, sizeof(epoch_text), "%llu", (unsigned long long)epoch);
    return json_pack("{s:i, s:s, s:o}", "pid", (int)getpid(), "epoch", epoch_text, "listeners",
                     list);
}

int rx_endpoints_write(const struct rx_world *world, const char *path, uint64_t epoch,
                       struct wf_err *err)
{
    char temporary[WF_PATH_SIZE + 8];
    json_t *root = describe_all(world, epoch);
    int rc = 0;

    if (root == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory for %s", path);
    /* Whoever looks finds the whole file, the old one or the new one. */
    (void)snprintf(temporary, sizeof(temporary), "%s.new", path);
    if (json_dump_file(root, temporary, JSON_INDENT(2)) < 0 || rename(temporary, path) < 0)
        rc = wf_fail(err, WF_ERR_SYSTEM, "cannot write %s", path);
    json_decref(root);
    return rc;
}
