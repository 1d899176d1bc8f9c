/* SPDX-License-Identifier: MIT */
#ifndef NTF_CLIENT_H
#define NTF_CLIENT_H

/* `wf notify test|routes|log`: what people ask of a running wf-notify, and of its outbox. */

#include <stdbool.h>

#include <watchfloor/options.h>

struct ntf_client {
    const struct wf_common *common;
    bool is_json, is_failed, is_waiting;
    const char *route, *alarm, *since, *limit; /* NULL: not given */
};

/* The status of the process: 0 fine, 1 it is so but not well, 2 cannot be done. */
int ntf_client_run(const struct ntf_client *client);

#endif /* NTF_CLIENT_H */
