/* SPDX-License-Identifier: MIT */
/* wf-receiver: from sockets to regions in shared memory. See receiver/README.md. */

#include <stdio.h>
#include <stdlib.h>

#include <watchfloor/attributes.h>
#include <watchfloor/log.h>
#include <watchfloor/options.h>
#include <watchfloor/problems.h>
#include <watchfloor/service.h>

#include "receiver.h"
#include "world.h"

/* Everything went well; or it cannot be done. */
#define EXIT_CANNOT 2

static const char details[] =
    "Listens where the configuration's [listener] sections say, takes packets apart by the\n"
    "schemas of the subsystems, and publishes every packet in its subsystem's region. Its own\n"
    "health is in the regions of the source 'wf'.\n"
    "\n"
    "HUP loads the configuration and the schemas anew, all or nothing. TERM and INT stop in\n"
    "order. Where listeners with port 0 ended up is in <state>/run/listeners.json.";

static int check(const struct wf_common *common)
{
    struct wf_problems problems = { 0 };
    struct rx_world *world = NULL;
    struct wf_err err = { 0 };
    int rc = rx_world_load(common->config, &common->paths, &world, &problems, &err);

    wf_problems_print(&problems);
    if (rc < 0 && problems.count == 0)
        wf_log_error("%s", err.text);
    if (rc == 0)
        (void)printf("%zu listeners, %zu subsystems of %zu sources\n", world->listener_count,
                     world->subsystem_count, world->source_count);
    rx_world_free(&world);
    wf_problems_fini(&problems);
    return rc < 0 ? EXIT_CANNOT : EXIT_SUCCESS;
}

static int receive(const struct wf_common *common)
{
    struct wf_problems problems = { 0 };
    struct rx_receiver *receiver = NULL;
    struct wf_err err = { 0 };
    int rc = rx_receiver_start(common, &receiver, &problems, &err);

    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    if (rc < 0) {
        wf_log_error("%s; not started", err.text);
        wf_service_status(err.text); /* wf up shows it */
        return EXIT_CANNOT;
    }
    rc = rx_receiver_run(receiver);
    rx_receiver_destroy(&receiver);
    return rc < 0 ? EXIT_CANNOT : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    bool only_check = false;
    const struct wf_option options[] = {
        { .name = "check",
          .help = "Say what is wrong with the configuration and the schemas, and end.",
          .is_set = &only_check },
    };
    const struct wf_command_line line = {
        .program = "wf-receiver",
        .summary = "Receive packets and publish them in shared memory.",
        .operands = "",
        .details = details,
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_common common;

    wf_options_parse(&line, argc, argv, &common);
    return only_check ? check(&common) : receive(&common);
}
