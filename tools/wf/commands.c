/* SPDX-License-Identifier: MIT */
/* The one table of commands: see commands.h. */

#include "commands.h"

#include <watchfloor/attributes.h>

static const struct command run[] = {
    { "up", "start everything the configuration names, watch it, stop it in order" },
    { "check", "validate everything that `wf up` would load, and say where it is wrong" },
    { "status", "processes, regions, rates, losses; non-zero when something is wrong" },
    { "clean", "remove what a dead instance left behind" },
};

static const struct command look[] = {
    { "console", "the terminal screens" },
    { "get", "current values with unit, quality and age" },
    { "query", "history: ranges, several parameters aligned, as table, CSV, JSON or plot" },
    { "history",
      "check, copy, put back and repair history; import packets and tables; decode anew" },
    { "sql", "the whole history as tables for SQL, read only" },
    { "packets", "packets as they were received, and the one a value came from" },
    { "replay", "publish history into another instance, so that every display can show it" },
    { "web", "the browser gateway" },
};

static const struct command alarms[] = {
    { "alarms", "alarms: what is active, and its history" },
    { "ack", "acknowledge an alarm" },
    { "shelve", "shelve an alarm for a while" },
    { "unshelve", "put a shelved alarm back on the list" },
    { "reset", "let go of a latched alarm" },
    { "service", "take an alarm out of service, or return it" },
    { "limits", "limits in force, who changed them; change them, take them back" },
    { "explain", "why an alarm is in its state" },
    { "backtest", "run limits over history: what would have been raised" },
    { "handover", "the summary for the next shift" },
    { "notify", "tell people of alarms; try a route, see what was told to whom" },
};

static const struct command make[] = {
    { "new", "make a subsystem plugin that builds and runs, ready to edit" },
    { "plugins", "what plugins there are, and why one was refused" },
    { "schemagen", "make <name>_info.h from a schema" },
    { "import", "a mission's definitions in: XTCE, or a table of columns, to schemas" },
    { "export", "a schema as XTCE, so that nobody is locked in" },
    { "decode", "recorded packets to values" },
    { "send", "play recorded packets to a listener" },
};

static const struct command parts[] = {
    { "receiver", "packets from the network into shared-memory regions" },
    { "logger", "regions into history" },
    { "recorder", "packets as they were received into day files" },
    { "alert", "the alarm monitor" },
    { "hostfeed", "real telemetry of this machine, as packets" },
    { "simulate", "a simulated spacecraft, as packets, with faults on demand" },
};

const struct command_group command_groups[] = {
    { "Run the system", run, WF_COUNT_OF(run) },
    { "Look", look, WF_COUNT_OF(look) },
    { "Alarms", alarms, WF_COUNT_OF(alarms) },
    { "Make and move", make, WF_COUNT_OF(make) },
    { "Parts that `wf up` starts", parts, WF_COUNT_OF(parts) },
};
const size_t command_group_count = WF_COUNT_OF(command_groups);
