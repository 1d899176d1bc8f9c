/* SPDX-License-Identifier: MIT */
/* Routes: see routes.h. */

#include "routes.h"

#include <stdlib.h>
#include <string.h>

bool rx_globs_match(const char *list, const char *name)
{
    static const char separators[] = " \t\r\n,";

    for (const char *at = list + strspn(list, separators); *at != '\0';) {
        size_t len = strcspn(at, separators);
        char glob[2 * WF_NAME_SIZE];

        if (len < sizeof(glob)) {
            memcpy(glob, at, len);
            glob[len] = '\0';
            if (wf_glob_match(glob, name))
                return true;
        }
        at += len;
        at += strspn(at, separators);
    }
    return false;
}

static bool is_heard(const struct rx_listener *listener, const struct rx_subsystem *subsystem)
{
    return subsystem->source == listener->source &&
           rx_globs_match(listener->config->subsystems, subsystem->schema->name);
}

static bool has_apid(const struct wf_schema *schema, uint16_t apid)
{
    for (size_t i = 0; i < schema->apid_count; i++) {
        if (schema->apids[i] == apid)
            return true;
    }
    return false;
}

static bool has_match(const struct rx_subsystem *subsystem)
{
    return subsystem->schema->match[0] != '\0';
}

/* Add those with a match, or the one without; the latter is asked last. */
static void collect(struct rx_world *world, const struct rx_listener *listener,
                    struct rx_route *route, bool with_match)
{
    for (size_t i = 0; i < world->subsystem_count; i++) {
        struct rx_subsystem *subsystem = &world->subsystems[i];

        if (is_heard(listener, subsystem) && has_apid(subsystem->schema, route->channel->apid) &&
            has_match(subsystem) == with_match)
            route->subsystems[route->count++] = subsystem;
    }
}

static void check(const struct rx_world *world, const struct rx_listener *listener,
                  const struct rx_route *route, struct wf_problems *problems)
{
    for (uint32_t i = 0; i + 1 < route->count; i++) {
        if (has_match(route->subsystems[i]))
            continue;
        wf_problems_add(problems, world->config->file, listener->config->line,
                        "listener %s: APID %u means both %s and %s; give one of them a 'match', or "
                        "name only one in 'subsystems'",
                        listener->config->name, (unsigned)route->channel->apid,
                        route->subsystems[i]->schema->name, route->subsystems[i + 1]->schema->name);
    }
}

static int add_route(struct rx_world *world, struct rx_listener *listener,
                     struct rx_channel *channel, struct wf_problems *problems)
{
    struct rx_route *route = &listener->routes[listener->route_count];
    size_t most = 0;

    for (size_t i = 0; i < world->subsystem_count; i++) {
        if (is_heard(listener, &world->subsystems[i]) &&
            has_apid(world->subsystems[i].schema, channel->apid))
            most++;
    }
    if (most == 0)
        return 0;
    route->channel = channel;
    route->subsystems = calloc(most, sizeof(*route->subsystems));
    if (route->subsystems == NULL)
        return WF_ERR_NOMEM;
    listener->route_count++;
    collect(world, listener, route, true);
    route->needs_match = route->count > 0;
    collect(world, listener, route, false);
    check(world, listener, route, problems);
    listener->route_of[channel->apid] = (uint16_t)listener->route_count;
    listener->known[channel->apid / 8] |= (uint8_t)(1u << (channel->apid % 8));
    return 0;
}

int rx_routes_make(struct rx_world *world, struct rx_listener *listener,
                   struct wf_problems *problems)
{
    size_t most = 0;

    for (size_t i = 0; i < world->channel_count; i++)
        most += world->channels[i].source == listener->source;
    listener->routes = calloc(most + 1, sizeof(*listener->routes));
    if (listener->routes == NULL)
        return WF_ERR_NOMEM;
    for (size_t i = 0; i < world->channel_count; i++) {
        struct rx_channel *channel = &world->channels[i];

        if (channel->source == listener->source &&
            add_route(world, listener, channel, problems) < 0)
            return WF_ERR_NOMEM;
    }
    /* A framer finds its place in rubbish more surely when it knows what may come. */
    if (listener->framer != NULL)
        wf_framer_set_known(listener->framer, listener->known);
    return 0;
}

void rx_routes_fini(struct rx_listener *listener)
{
    for (size_t i = 0; i < listener->route_count; i++)
        free(listener->routes[i].subsystems);
    free(listener->routes);
    listener->routes = NULL;
    listener->route_count = 0;
}
