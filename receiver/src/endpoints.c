/* SPDX-License-Identifier: MIT */
/* Endpoints of a world: see endpoints.h. */

#include "endpoints.h"

static bool is_used_by(const struct rx_endpoint *endpoint, const struct rx_world *world)
{
    for (size_t i = 0; world != NULL && i < world->listener_count; i++) {
        if (world->listeners[i].endpoint == endpoint)
            return true;
    }
    return false;
}

static struct rx_endpoint *find_fitting(const struct rx_world *old,
                                        const struct wf_config_listener *config,
                                        const struct rx_world *world)
{
    for (size_t i = 0; old != NULL && i < old->listener_count; i++) {
        struct rx_endpoint *endpoint = old->listeners[i].endpoint;

        if (rx_endpoint_fits(endpoint, config) && !is_used_by(endpoint, world))
            return endpoint;
    }
    return NULL;
}

int rx_endpoints_prepare(struct rx_io *io, struct rx_world *world, const struct rx_world *old,
                         struct wf_err *err)
{
    for (size_t i = 0; i < world->listener_count; i++) {
        struct rx_listener *listener = &world->listeners[i];
        int rc;

        listener->endpoint = find_fitting(old, listener->config, world);
        if (listener->endpoint != NULL)
            continue;
        rc = rx_endpoint_open(io, listener, &listener->endpoint, err);
        if (rc < 0) {
            rx_endpoints_drop(world, old);
            return rc;
        }
    }
    return 0;
}

void rx_endpoints_drop(struct rx_world *world, const struct rx_world *old)
{
    for (size_t i = 0; i < world->listener_count; i++) {
        struct rx_endpoint *endpoint = world->listeners[i].endpoint;

        world->listeners[i].endpoint = NULL;
        if (endpoint != NULL && !is_used_by(endpoint, old))
            rx_endpoint_close(&endpoint);
    }
}

void rx_endpoints_commit(struct rx_world *world, struct rx_world *old)
{
    for (size_t i = 0; old != NULL && i < old->listener_count; i++) {
        struct rx_endpoint *endpoint = old->listeners[i].endpoint;

        old->listeners[i].endpoint = NULL;
        if (!is_used_by(endpoint, world)) {
            rx_endpoint_drain(endpoint);
            rx_endpoint_close(&endpoint);
        }
    }
    for (size_t i = 0; i < world->listener_count; i++)
        rx_endpoint_attach(world->listeners[i].endpoint, &world->listeners[i]);
}

void rx_endpoints_close(struct rx_world *world)
{
    for (size_t i = 0; i < world->listener_count; i++) {
        if (world->listeners[i].endpoint == NULL)
            continue;
        rx_endpoint_drain(world->listeners[i].endpoint);
        rx_endpoint_close(&world->listeners[i].endpoint);
    }
}
