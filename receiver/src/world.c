/* SPDX-License-Identifier: MIT */
/* World: see world.h. Loading, ownership and what lives on; routes are in routes.c. */

#include "world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "routes.h"

/* --- sources ------------------------------------------------------------------------------ */

static struct rx_source *find_source(const struct rx_world *world, const char *name)
{
    for (size_t i = 0; i < world->source_count; i++) {
        if (wf_name_is_equal(world->sources[i].name, name))
            return &world->sources[i];
    }
    return NULL;
}

static void add_source(struct rx_world *world, const char *name)
{
    struct rx_source *source = find_source(world, name);

    if (source != NULL)
        return;
    source = &world->sources[world->source_count++];
    source->name = name;
    source->title = "";
    for (size_t i = 0; i < world->config->source_count; i++) {
        const struct wf_config_source *config = &world->config->sources[i];

        if (wf_name_is_equal(config->name, name)) {
            source->title = config->title;
            source->offset_ns = llround(config->tai_offset_s * (double)WF_NS_PER_S);
        }
    }
}

static int make_sources(struct rx_world *world, struct wf_err *err)
{
    const struct wf_config *config = world->config;
    const struct wf_catalogue *catalogue = world->catalogue;

    world->sources =
        calloc(config->listener_count + catalogue->entry_count + 1, sizeof(*world->sources));
    if (world->sources == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory for sources");
    for (size_t i = 0; i < catalogue->entry_count; i++)
        add_source(world, catalogue->entries[i].source);
    for (size_t i = 0; i < config->listener_count; i++)
        add_source(world, config->listeners[i].source);
    return 0;
}

/* --- subsystems and channels --------------------------------------------------------------- */

static int make_subsystems(struct rx_world *world, struct wf_err *err)
{
    const struct wf_catalogue *catalogue = world->catalogue;

    world->subsystems = calloc(catalogue->entry_count + 1, sizeof(*world->subsystems));
    if (world->subsystems == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory for subsystems");
    for (size_t i = 0; i < catalogue->entry_count; i++) {
        const struct wf_catalogue_entry *entry = &catalogue->entries[i];
        struct rx_subsystem *subsystem = &world->subsystems[world->subsystem_count++];
        int rc;

        subsystem->source = find_source(world, entry->source);
        subsystem->source->subsystem_count++;
        subsystem->schema = entry->schema;
        subsystem->counters.last_device_ns = WF_TIME_NONE;
        rc = wf_decoder_create(entry->schema, &subsystem->decoder, err);
        if (rc < 0) {
            wf_err_prefix(err, "subsystem %s", entry->schema->name);
            return rc;
        }
        if (entry->schema->payload_bytes > world->payload_max)
            world->payload_max = entry->schema->payload_bytes;
    }
    return 0;
}

static struct rx_channel *find_channel(const struct rx_world *world, const struct rx_source *source,
                                       uint16_t apid)
{
    for (size_t i = 0; i < world->channel_count; i++) {
        if (world->channels[i].apid == apid && world->channels[i].source == source)
            return &world->channels[i];
    }
    return NULL;
}

static void add_channel(struct rx_world *world, const struct rx_subsystem *subsystem, uint16_t apid)
{
    struct rx_channel *channel = find_channel(world, subsystem->source, apid);

    if (channel == NULL) {
        channel = &world->channels[world->channel_count++];
        *channel = (struct rx_channel){ .source = subsystem->source,
                                        .apid = apid,
                                        .newest_device_ns = WF_TIME_NONE };
    }
    channel->is_segmented = channel->is_segmented || subsystem->schema->is_segmented;
}

/* Subsystems are sorted by source: each source's schemas lie behind each other in `schemas`. */
static int make_segments(struct rx_world *world, const struct wf_schema **schemas,
                         struct wf_err *err)
{
    for (size_t from = 0, to; from < world->subsystem_count; from = to) {
        struct rx_source *source = world->subsystems[from].source;
        bool is_segmented = false;
        int rc = 0;

        for (to = from; to < world->subsystem_count && world->subsystems[to].source == source;
             to++) {
            schemas[to] = world->subsystems[to].schema;
            is_segmented = is_segmented || schemas[to]->is_segmented;
        }
        if (is_segmented && source->segments == NULL)
            rc = wf_segments_create(schemas + from, to - from, &source->segments, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int make_channels(struct rx_world *world, struct wf_err *err)
{
    size_t count = 0;

    for (size_t i = 0; i < world->subsystem_count; i++)
        count += world->subsystems[i].schema->apid_count;
    world->channels = calloc(count + 1, sizeof(*world->channels));
    if (world->channels == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory for APIDs");
    for (size_t i = 0; i < world->subsystem_count; i++) {
        const struct rx_subsystem *subsystem = &world->subsystems[i];

        for (size_t k = 0; k < subsystem->schema->apid_count; k++)
            add_channel(world, subsystem, subsystem->schema->apids[k]);
    }

    const struct wf_schema **schemas = calloc(world->subsystem_count + 1, sizeof(*schemas));
    int rc = schemas == NULL ? wf_fail(err, WF_ERR_NOMEM, "no memory for segments")
                             : make_segments(world, schemas, err);

    free(schemas);
    return rc;
}

/* --- listeners ---------------------------------------------------------------------------- */

static int make_listener(struct rx_world *world, const struct wf_config_listener *config,
                         struct wf_problems *problems)
{
    struct rx_listener *listener = &world->listeners[world->listener_count++];
    struct wf_err err = { 0 };
    int rc;

    listener->config = config;
    listener->source = find_source(world, config->source);
    if (wf_name_is_equal(config->source, WF_SOURCE_OWN))
        wf_problems_add(problems, world->config->file, config->line,
                        "listener %s: the source '%s' is the system's own, choose another name",
                        config->name, config->source);
    rc = rx_allow_parse(config->allow, &listener->allow, &err);
    if (rc < 0)
        wf_problems_add(problems, world->config->file,
                        wf_config_line(world->config, config->line, "allow"), "listener %s: %s",
                        config->name, err.text);
    rc = wf_framer_create(config->framing, config->format, config->transport != WF_TRANSPORT_UDP,
                          &listener->framer, &err);
    if (rc == WF_ERR_NOMEM)
        return rc;
    if (rc < 0)
        wf_problems_add(problems, world->config->file,
                        wf_config_line(world->config, config->line, "framing"),
                        "listener %s: framing: %s", config->name, err.text);
    return rx_routes_make(world, listener, problems);
}

static int make_listeners(struct rx_world *world, struct wf_problems *problems, struct wf_err *err)
{
    const struct wf_config *config = world->config;

    world->listeners = calloc(config->listener_count + 1, sizeof(*world->listeners));
    if (world->listeners == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "no memory for listeners");
    for (size_t i = 0; i < config->listener_count; i++) {
        if (make_listener(world, &config->listeners[i], problems) < 0)
            return wf_fail(err, WF_ERR_NOMEM, "no memory for listener %s",
                           config->listeners[i].name);
    }
    return 0;
}

/* --- life --------------------------------------------------------------------------------- */

int rx_world_build(struct wf_config *config, struct wf_catalogue *catalogue,
                   struct rx_world **out_world, struct wf_problems *problems, struct wf_err *err)
{
    struct rx_world *world = calloc(1, sizeof(*world));
    size_t problems_before = problems->count;
    int rc;

    if (world == NULL) {
        wf_catalogue_free(&catalogue);
        wf_config_free(&config);
        return wf_fail(err, WF_ERR_NOMEM, "no memory for the configuration");
    }
    world->config = config;
    world->catalogue = catalogue;
    rc = make_sources(world, err);
    if (rc == 0)
        rc = make_subsystems(world, err);
    if (rc == 0)
        rc = make_channels(world, err);
    if (rc == 0)
        rc = make_listeners(world, problems, err);
    if (rc == 0 && problems->count > problems_before)
        rc = wf_fail(err, WF_ERR_INVALID, "%zu problems in the configuration",
                     problems->count - problems_before);
    if (rc < 0)
        rx_world_free(&world);
    else
        *out_world = world;
    return rc;
}

int rx_world_load(const char *file, const struct wf_paths *paths, struct rx_world **out_world,
                  struct wf_problems *problems, struct wf_err *err)
{
    struct wf_config *config = NULL;
    struct wf_catalogue *catalogue = NULL;
    int rc = wf_config_load(file, paths, &config, problems, err);

    if (rc < 0)
        return rc;
    rc = wf_catalogue_load(config, paths, &catalogue, problems, err);
    if (rc < 0) {
        wf_config_free(&config);
        return rc;
    }
    return rx_world_build(config, catalogue, out_world, problems, err);
}

void rx_world_free(struct rx_world **world_at)
{
    struct rx_world *world = *world_at;

    if (world == NULL)
        return;
    for (size_t i = 0; i < world->listener_count; i++) {
        wf_framer_destroy(&world->listeners[i].framer);
        rx_routes_fini(&world->listeners[i]);
    }
    for (size_t i = 0; i < world->source_count; i++)
        wf_segments_destroy(&world->sources[i].segments);
    for (size_t i = 0; i < world->subsystem_count; i++)
        wf_decoder_destroy(&world->subsystems[i].decoder);
    free(world->listeners);
    free(world->channels);
    free(world->subsystems);
    free(world->sources);
    wf_catalogue_free(&world->catalogue);
    wf_config_free(&world->config);
    free(world);
    *world_at = NULL;
}

struct rx_subsystem *rx_world_find(const struct rx_world *world, const char *source,
                                   const char *subsystem)
{
    for (size_t i = 0; i < world->subsystem_count; i++) {
        struct rx_subsystem *candidate = &world->subsystems[i];

        if (wf_name_is_equal(candidate->schema->name, subsystem) &&
            wf_name_is_equal(candidate->source->name, source))
            return candidate;
    }
    return NULL;
}

void rx_world_adopt(struct rx_world *world, const struct rx_world *old)
{
    for (size_t i = 0; i < world->source_count; i++) {
        const struct rx_source *before = find_source(old, world->sources[i].name);

        if (before == NULL)
            continue;
        world->sources[i].counters = before->counters;
        world->sources[i].packet_rate = before->packet_rate;
        world->sources[i].byte_rate = before->byte_rate;
        world->sources[i].drops = before->drops;
    }
    for (size_t i = 0; i < world->subsystem_count; i++) {
        struct rx_subsystem *subsystem = &world->subsystems[i];
        const struct rx_subsystem *before =
            rx_world_find(old, subsystem->source->name, subsystem->schema->name);

        if (before == NULL)
            continue;
        subsystem->counters = before->counters;
        subsystem->rate = before->rate;
        subsystem->rejected = before->rejected;
    }
    for (size_t i = 0; i < world->channel_count; i++) {
        struct rx_channel *channel = &world->channels[i];
        const struct rx_source *source = find_source(old, channel->source->name);
        const struct rx_channel *before =
            source == NULL ? NULL : find_channel(old, source, channel->apid);

        if (before != NULL) {
            channel->sequence = before->sequence;
            channel->newest_device_ns = before->newest_device_ns;
            channel->drops = before->drops;
            channel->missing = before->missing;
            channel->has_drops = before->has_drops;
        }
    }
}
