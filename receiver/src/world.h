/* SPDX-License-Identifier: MIT */
#ifndef RX_WORLD_H
#define RX_WORLD_H

/*
 * World - one configuration, worked out: sources, their subsystems with decoders,
 * and for every listener who may speak, how bytes become packets, and where
 * each APID goes.
 *
 * Building one has no effect outside itself (no socket, no region), so that a
 * reload can build the new world beside the old, and drop it when anything
 * about it is wrong. Sockets (endpoint.h) and regions are attached afterwards.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/config.h>
#include <watchfloor/decode/ccsds.h>
#include <watchfloor/decode/decoder.h>
#include <watchfloor/decode/framing.h>
#include <watchfloor/decode/segments.h>
#include <watchfloor/decode/sequence.h>
#include <watchfloor/publisher.h>

#include "address.h"
#include "bell.h"
#include "counters.h"
#include "pace.h"

struct rx_endpoint;

struct rx_source {
    const char *name, *title;
    int64_t offset_ns; /* added to device times */
    struct rx_source_counters counters;
    struct rx_rate packet_rate, byte_rate;
    uint32_t drops; /* datagrams the kernel dropped ahead of what was read so far, modulo 2^32 */
    uint32_t subsystem_count;
    struct wf_segments *segments; /* NULL when none of its packets come in segments */
};

/* One region fed by packets. */
struct rx_subsystem {
    struct rx_source *source;
    const struct wf_schema *schema;
    struct wf_decoder *decoder;
    struct wf_writer *writer; /* attached by regions.c */
    bool is_writer_kept;      /* taken over from the world before */
    struct rx_subsystem_counters counters;
    struct rx_rate rate;
    struct rx_bell_share bell;
    struct rx_pace pace;
    bool is_held;      /* its region's lock, until the batch is over (path.h) */
    uint32_t rejected; /* packets since its newest sample that came to nothing */
};

/* The packets of one APID of one source: they share a sequence count. */
struct rx_channel {
    struct rx_source *source;
    uint16_t apid;
    struct wf_sequence sequence;
    int64_t newest_device_ns; /* to tell a restart from a duplicate */
    uint32_t drops;           /* of the source when the newest packet came */
    uint32_t missing;         /* packets since the newest sample, by the count */
    bool has_drops;           /* the kernel dropped datagrams where they are missing */
    bool is_segmented;
    uint32_t waiting; /* segments taken whose packet is not whole yet */
};

/* Where a listener's packets of one APID go. */
struct rx_route {
    struct rx_channel *channel;
    struct rx_subsystem **subsystems; /* with match first, then the one without */
    uint32_t count;
    bool needs_match;
};

struct rx_listener {
    const struct wf_config_listener *config;
    struct rx_source *source;
    struct rx_allow allow;
    struct wf_framer *framer;               /* for datagrams; streams have one each */
    uint8_t known[WF_CCSDS_APID_COUNT / 8]; /* APIDs that have a route, for framers */
    uint16_t route_of[WF_CCSDS_APID_COUNT]; /* 0 = none, else routes[n - 1] */
    struct rx_route *routes;
    size_t route_count;
    struct rx_endpoint *endpoint; /* attached by endpoints.c */
};

struct rx_world {
    struct wf_config *config;
    struct wf_catalogue *catalogue;
    struct rx_source *sources; /* sorted by name */
    size_t source_count;
    struct rx_subsystem *subsystems; /* in the catalogue's order: source, then name */
    size_t subsystem_count;
    struct rx_channel *channels;
    size_t channel_count;
    struct rx_listener *listeners; /* in the configuration's order */
    size_t listener_count;
    size_t payload_max; /* of any subsystem */
};

/*
 * Load configuration and catalogue and work them out. Problems are added with
 * file and line; nothing is kept then.
 *   WF_ERR_INVALID   see problems   WF_ERR_ABSENT   no configuration file
 */
int rx_world_load(const char *file, const struct wf_paths *paths, struct rx_world **out_world,
                  struct wf_problems *problems, struct wf_err *err);
/* Takes over `config` and `catalogue`, also when it fails. */
int rx_world_build(struct wf_config *config, struct wf_catalogue *catalogue,
                   struct rx_world **out_world, struct wf_problems *problems, struct wf_err *err);
void rx_world_free(struct rx_world **world);

/* Go on counting where `old` was: sources, subsystems and channels that both have. */
void rx_world_adopt(struct rx_world *world, const struct rx_world *old);

struct rx_subsystem *rx_world_find(const struct rx_world *world, const char *source,
                                   const char *subsystem);

static inline const struct rx_route *rx_listener_route(const struct rx_listener *listener,
                                                       uint16_t apid)
{
    uint16_t route = listener->route_of[apid];

    return route == 0 ? NULL : &listener->routes[route - 1];
}

#endif /* RX_WORLD_H */
