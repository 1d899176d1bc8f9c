/* SPDX-License-Identifier: MIT */
/* Regions of a world: see regions.h. */

#include "regions.h"

static int add(struct wf_publisher *publisher, struct rx_subsystem *subsystem, struct wf_err *err)
{
    int rc = wf_publisher_add(publisher, subsystem->source->name, subsystem->schema,
                              &subsystem->writer, NULL, err);

    if (rc == WF_ERR_LIMIT)
        wf_err_prefix(err, "raise region_memory in [receiver], or ask for smaller rings");
    return rc;
}

static struct rx_subsystem *find_before(const struct rx_world *old,
                                        const struct rx_subsystem *subsystem)
{
    return old == NULL ? NULL
                       : rx_world_find(old, subsystem->source->name, subsystem->schema->name);
}

/* Make those that `old` does not have, and take over those that did not change. */
static int attach_new(struct wf_publisher *publisher, struct rx_world *world,
                      const struct rx_world *old, struct wf_err *err)
{
    for (size_t i = 0; i < world->subsystem_count; i++) {
        struct rx_subsystem *subsystem = &world->subsystems[i];
        const struct rx_subsystem *before = find_before(old, subsystem);
        int rc = 0;

        subsystem->is_writer_kept =
            before != NULL && before->schema->schema_hash == subsystem->schema->schema_hash;
        if (subsystem->is_writer_kept)
            subsystem->writer = before->writer;
        else if (before == NULL)
            rc = add(publisher, subsystem, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

static int attach_changed(struct wf_publisher *publisher, struct rx_world *world,
                          const struct rx_world *old, struct wf_err *err)
{
    for (size_t i = 0; i < world->subsystem_count; i++) {
        struct rx_subsystem *subsystem = &world->subsystems[i];
        struct rx_subsystem *before = find_before(old, subsystem);
        int rc;

        if (before == NULL || subsystem->is_writer_kept)
            continue;
        wf_publisher_remove(publisher, &before->writer);
        rc = add(publisher, subsystem, err);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/*
 * Undo: what was made goes, what was retired for it comes back (empty). At a start there is
 * no world to go back to: wf_publisher_abandon does it, which spares what an earlier life left.
 */
static int restore(struct wf_publisher *publisher, struct rx_world *world, struct rx_world *old,
                   struct wf_err *err)
{
    struct wf_err why = { 0 };
    int rc = 0;

    for (size_t i = 0; old != NULL && i < world->subsystem_count; i++) {
        struct rx_subsystem *subsystem = &world->subsystems[i];

        if (subsystem->writer != NULL && !subsystem->is_writer_kept)
            wf_publisher_remove(publisher, &subsystem->writer);
    }
    for (size_t i = 0; old != NULL && i < old->subsystem_count; i++) {
        if (old->subsystems[i].writer == NULL && add(publisher, &old->subsystems[i], &why) < 0)
            rc = wf_fail(err, WF_ERR_CORRUPT, "cannot bring back the regions there were: %.180s",
                         why.text);
    }
    return rc;
}

int rx_regions_attach(struct wf_publisher *publisher, struct rx_world *world, struct rx_world *old,
                      struct wf_err *err)
{
    int rc = attach_new(publisher, world, old, err);

    if (rc == 0)
        rc = attach_changed(publisher, world, old, err);
    for (size_t i = 0; rc == 0 && i < world->subsystem_count; i++)
        world->subsystems[i].bell.limit =
            (uint32_t)(wf_writer_slots(world->subsystems[i].writer) / 2);
    if (rc < 0 && restore(publisher, world, old, err) < 0)
        rc = WF_ERR_CORRUPT;
    return rc;
}

void rx_regions_retire(struct wf_publisher *publisher, const struct rx_world *world,
                       struct rx_world *old)
{
    for (size_t i = 0; old != NULL && i < old->subsystem_count; i++) {
        struct rx_subsystem *subsystem = &old->subsystems[i];

        if (subsystem->writer != NULL &&
            rx_world_find(world, subsystem->source->name, subsystem->schema->name) == NULL)
            wf_publisher_remove(publisher, &subsystem->writer);
    }
}
