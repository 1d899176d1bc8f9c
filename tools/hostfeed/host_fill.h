/* SPDX-License-Identifier: MIT */
#ifndef HOST_FILL_H
#define HOST_FILL_H

/*
 * Telemetry of a machine - the structs of the schemas host, host_disk and
 * host_net, from two raw readings. Pure: rates come from their difference; a
 * counter that went back (a device was replugged) gives a rate of zero.
 */

#include "host_raw.h"

struct host_info;
struct host_disk_info;
struct host_net_info;

void host_fill_host(const struct host_raw *before, const struct host_raw *now,
                    struct host_info *out);
void host_fill_disk(const struct host_raw *before, const struct host_raw *now,
                    struct host_disk_info *out);
void host_fill_net(const struct host_raw *before, const struct host_raw *now,
                   struct host_net_info *out);

#endif /* HOST_FILL_H */
