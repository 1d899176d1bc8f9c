/* SPDX-License-Identifier: MIT */
/* Every configuration key, once: see config_keys.h. A new key is a line here and a member. */

#include "config_keys.h"

#define OF(member)       offsetof(struct wf_config, member)
#define LISTENER(member) offsetof(struct wf_config_listener, member)
#define SOURCE(member)   offsetof(struct wf_config_source, member)
#define ALERT(member)    offsetof(struct wf_config_alert, member)
#define ROLE(member)     offsetof(struct wf_config_role, member)
#define ROUTE(member)    offsetof(struct wf_config_route, member)
#define ESCALATION(m)    offsetof(struct wf_config_escalation, m)
#define RECORD(member)   offsetof(struct wf_config_record, member)
#define PROCESS(member)  offsetof(struct wf_config_process, member)
#define NAMED(type, list, count)                                                                   \
    .is_named = true, .item_bytes = sizeof(struct type),                                           \
    .name_offset = offsetof(struct type, name), .line_offset = offsetof(struct type, line),        \
    .list_offset = OF(list), .count_offset = OF(count)

const struct wfi_section_kind wfi_section_kinds[] = {
    { .kind = "watchfloor", .example = "", .sentence = "What all programs share." },
    { .kind = "receiver",
      .example = "",
      .sentence = "wf-receiver: from sockets to regions in shared memory." },
    { .kind = "listener",
      NAMED(wf_config_listener, listeners, listener_count),
      .example = "packets",
      .sentence = "One socket the receiver hears, one section each." },
    { .kind = "source",
      NAMED(wf_config_source, sources, source_count),
      .example = "main",
      .sentence = "A spacecraft, rack or host that telemetry comes from. Optional: a source that "
                  "only a listener names has every subsystem its listeners accept." },
    { .kind = "overlay",
      .is_named = true,
      .example = "main.power.bus_voltage",
      .sentence = "Where one source differs from its subsystem's schema: limits, calibration, "
                  "guidance, with the keys of the schema language (plugins/README.md). The name is "
                  "SOURCE.SUBSYSTEM.PARAMETER, or SOURCE.SUBSYSTEM for its period, stale_after and "
                  "title.",
      .sample = "[overlay main.power.bus_voltage]\nhi = 33.5\nhihi = 35\n" },
    { .kind = "logger",
      .example = "",
      .sentence = "wf-logger: from regions to history in SQLite." },
    { .kind = "record",
      NAMED(wf_config_record, records, record_count),
      .example = "housekeeping",
      .sentence =
          "What the logger thins on request: of these subsystems it keeps one sample a period, or "
          "those that differ. The first such section that matches counts; without any, every "
          "sample is kept." },
    { .kind = "recorder",
      .example = "",
      .sentence = "wf-recorder: packets as they were received, kept in day files. Runs when the "
                  "receiver has a packet_ring." },
    { .kind = "console", .example = "", .sentence = "wf-console: the terminal screens." },
    { .kind = "alert",
      NAMED(wf_config_alert, alerts, alert_count),
      .example = "main",
      .sentence =
          "wf-alert: one alarm monitor, with a journal of its own. Without any such section "
          "there is one, `main`, over everything." },
    { .kind = "role",
      NAMED(wf_config_role, roles, role_count),
      .example = "operator",
      .sentence = "Who may do what with alarms: viewer (look), operator (acknowledge, shelve, "
                  "reset), engineer (also service and limits). root and the monitor's own user are "
                  "engineers, everybody else who can reach its socket is a viewer." },
    { .kind = "notify",
      .example = "",
      .sentence =
          "wf-notify: tells people of alarms, by routes (monitors/notify/README.md). `wf up` "
          "starts it when there is a [route]." },
    { .kind = "route",
      NAMED(wf_config_route, routes, route_count),
      .example = "log",
      .sentence =
          "One way to tell people, one section each. A route that no [escalation] names for "
          "an alarm is told of it at once when its own keys match." },
    { .kind = "escalation",
      NAMED(wf_config_escalation, escalations, escalation_count),
      .example = "standard",
      .sentence =
          "Who is told in which order until somebody acknowledges. The first of these "
          "sections that matches an alarm decides; then only the routes it names are told." },
    { .kind = "process",
      NAMED(wf_config_process, processes, process_count),
      .example = "hostfeed",
      .sentence = "What `wf up` runs beside the receiver and the logger, started in this order and "
                  "stopped first. Under systemd each is a unit of its own instead." },
};
const size_t wfi_section_kind_count = WF_COUNT_OF(wfi_section_kinds);

const struct wfi_key wfi_keys[] = {
    { "watchfloor", "plugins", WFI_KEY_FOLDERS, OF(plugins), "", NULL, NULL, NULL,
      "Folders of plugins, ':' between them, relative to this file; a subsystem found in an "
      "earlier "
      "one hides its namesake in a later one. Empty: the folder that was installed." },
    { "watchfloor", "log_level", WFI_KEY_WORD, OF(log_level), "info", "error warning info debug",
      NULL, NULL, "How much programs say on stderr." },
    { "watchfloor", "group", WFI_KEY_TEXT, OF(group), "", NULL, NULL, NULL,
      "Group that may read regions and history; monitors run under other users of this group. "
      "Empty: the receiver's own group." },

    { "receiver", "gather", WFI_KEY_DURATION, OF(gather_ns), "1ms", "0", "100ms", NULL,
      "Under load, nap this long so that packets arrive in batches: less work per packet, at most "
      "this much more latency. 0: never." },
    { "receiver", "region_memory", WFI_KEY_SIZE, OF(region_memory), "1G", "1M", "1T", NULL,
      "Ceiling for the shared memory of all regions together." },
    { "receiver", "ring_time", WFI_KEY_DURATION, OF(ring_time_ns), "10s", "100ms", "1d", NULL,
      "A region keeps at least this long of samples at its nominal period, so that a monitor may "
      "be away that long without a gap." },
    { "receiver", "ring_turn", WFI_KEY_DURATION, OF(ring_turn_ns), "500ms", "0", "10s", NULL,
      "What comes through TCP faster than that a ring is written over once in this time has to "
      "wait, so that monitors that look twice in it miss nothing. Datagrams cannot wait. 0: "
      "never." },
    { "receiver", "packet_ring", WFI_KEY_SIZE, OF(packet_ring), "0", "0", "64G", NULL,
      "Shared memory for packets as they were received, on their way to wf-recorder, which keeps "
      "them. 16M bridge a second at 5,000 packets a second. 0: packets are not kept." },
    { "receiver", "reject_count", WFI_KEY_COUNT, OF(reject_count), "64", "0", "65536", NULL,
      "So many of the newest rejected packets are kept for `wf status --rejects`." },
    { "receiver", "source_silent", WFI_KEY_DURATION, OF(source_silent_ns), "10s", "100ms", "1d",
      NULL, "A source counts as silent after this long without a packet." },

    { "listener", "transport", WFI_KEY_CHOICE, LISTENER(transport), "udp", "udp tcp tcp-connect",
      NULL, "udp", "udp: datagrams; tcp: others connect to us; tcp-connect: we connect to them." },
    { "listener", "host", WFI_KEY_TEXT, LISTENER(host), "127.0.0.1", NULL, NULL, NULL,
      "Address or name to bind, or to connect to. 0.0.0.0 and :: hear every interface; then say "
      "who is allowed." },
    { "listener", "port", WFI_KEY_PORT, LISTENER(port), "0", "0", "65535", "10015",
      "0: any free one; `wf status` tells which." },
    { "listener", "group", WFI_KEY_TEXT, LISTENER(group), "", NULL, NULL, NULL,
      "Multicast group to join." },
    { "listener", "interface", WFI_KEY_TEXT, LISTENER(interface), "", NULL, NULL, NULL,
      "Network interface to join it on. Empty: the system's choice." },
    { "listener", "framing", WFI_KEY_TEXT, LISTENER(framing), "", NULL, NULL, NULL,
      "What stands around each packet, in order, commas between: `skip N` bytes, `length N big` or "
      "`little` (+M for what it leaves out), `sync HEX`. Empty: packets one after another." },
    { "listener", "format", WFI_KEY_WORD, LISTENER(format), "ccsds", "ccsds", NULL, NULL,
      "What the packets are." },
    { "listener", "source", WFI_KEY_NAME, LISTENER(source), "main", NULL, NULL, NULL,
      "Whose packets these are." },
    { "listener", "subsystems", WFI_KEY_TEXT, LISTENER(subsystems), "*", NULL, NULL, NULL,
      "Subsystems heard here, as globs with blanks between." },
    { "listener", "allow", WFI_KEY_TEXT, LISTENER(allow), "", NULL, NULL, NULL,
      "Who may send, as ADDRESS or ADDRESS/PREFIX with blanks between. Empty: this machine only." },
    { "listener", "receive_buffer", WFI_KEY_SIZE, LISTENER(receive_buffer), "8M", "4K", "1G", NULL,
      "Kernel buffer wanted; how much is granted depends on net.core.rmem_max." },
    { "listener", "connection_max", WFI_KEY_COUNT, LISTENER(connection_max), "64", "1", "4096",
      NULL, "tcp: so many connections at a time." },

    { "source", "title", WFI_KEY_TEXT, SOURCE(title), "", NULL, NULL, "This machine",
      "Shown beside the name." },
    { "source", "subsystems", WFI_KEY_TEXT, SOURCE(subsystems), "*", NULL, NULL, NULL,
      "The subsystems it has, as globs with blanks between. *: all that its listeners accept." },
    { "source", "tai_offset", WFI_KEY_NUMBER, SOURCE(tai_offset_s), "0", "-1e9", "1e9", NULL,
      "Time correlation: seconds added to every device time of this source." },

    { "logger", "sync", WFI_KEY_DURATION, OF(sync_ns), "1s", "0", "1h", NULL,
      "A commit is forced to the disk this often; a power cut loses at most this much. 0: every "
      "commit." },
    { "logger", "batch_rows", WFI_KEY_COUNT, OF(batch_rows), "10000", "1", "1000000", NULL,
      "At most so many rows in one transaction." },
    { "logger", "queue", WFI_KEY_SIZE, OF(queue_bytes), "8M", "64K", "16G", NULL,
      "Memory between reading regions and writing the file; it bridges a slow disk." },
    { "logger", "log_cap", WFI_KEY_SIZE, OF(log_cap), "128M", "1M", "64G", NULL,
      "Bytes of changes beside a day file (its -wal) while somebody who reads it holds a snapshot: "
      "beyond, rows go on in another part of the day, and the file is left to the reader." },
    { "logger", "subsystems", WFI_KEY_TEXT, OF(log_subsystems), "*", NULL, NULL, NULL,
      "What is recorded, as globs with blanks between." },
    { "logger", "raw_keep", WFI_KEY_DURATION, OF(raw_keep_ns), "0", "0", "36500d", NULL,
      "Day files that ended longer ago are deleted, with a record of it. 0: none is." },
    { "logger", "raw_max", WFI_KEY_SIZE, OF(raw_max), "0", "0", "1000T", NULL,
      "Bytes of all day files together: the oldest are deleted beyond. 0: no limit." },
    { "logger", "minute_keep", WFI_KEY_DURATION, OF(minute_keep_ns), "0", "0", "36500d", NULL,
      "The same for rollups per minute (month files)." },
    { "logger", "minute_max", WFI_KEY_SIZE, OF(minute_max), "0", "0", "1000T", NULL,
      "Bytes of them." },
    { "logger", "hour_keep", WFI_KEY_DURATION, OF(hour_keep_ns), "0", "0", "36500d", NULL,
      "The same for rollups per hour (year files)." },
    { "logger", "hour_max", WFI_KEY_SIZE, OF(hour_max), "0", "0", "1000T", NULL, "Bytes of them." },

    { "record", "subsystems", WFI_KEY_TEXT, RECORD(subsystems), "*", NULL, NULL, NULL,
      "Of which subsystems, as globs with blanks between." },
    { "record", "mode", WFI_KEY_CHOICE, RECORD(mode), "all", "all period change", NULL, NULL,
      "all: every sample; period: the first one of each `every`; change: one in which any value "
      "is further than the deadband from the one kept last, or any quality differs." },
    { "record", "every", WFI_KEY_DURATION, RECORD(every_ns), "0", "0", "1d", NULL,
      "period: how long one is; change: one is kept at least this often. 0: no such bound." },
    { "record", "deadband", WFI_KEY_TEXT, RECORD(deadband), "0", NULL, NULL, NULL,
      "change: in engineering units, or NUMBER% of the value kept last; one for all numbers that "
      "are no "
      "enumeration or boolean, NAME:NUMBER for one parameter, blanks between." },

    { "recorder", "sync", WFI_KEY_DURATION, OF(recorder_sync_ns), "1s", "0", "1h", NULL,
      "A commit is forced to the disk this often. 0: every commit." },
    { "recorder", "keep", WFI_KEY_DURATION, OF(recorder_keep_ns), "0", "0", "36500d", NULL,
      "Day files that ended longer ago are deleted. 0: none is." },
    { "recorder", "max", WFI_KEY_SIZE, OF(recorder_max), "0", "0", "1000T", NULL,
      "Bytes of all day files together: the oldest are deleted beyond. 0: no limit." },
    { "recorder", "log_cap", WFI_KEY_SIZE, OF(recorder_log_cap), "128M", "1M", "64G", NULL,
      "As log_cap of the logger, for files of packets." },
    { "recorder", "queue", WFI_KEY_SIZE, OF(recorder_queue), "64M", "1M", "16G", NULL,
      "Memory between reading the ring and writing the file; it bridges a slow disk." },

    { "console", "rate", WFI_KEY_NUMBER, OF(console_rate_hz), "10", "1", "10", NULL,
      "Screens drawn a second, at most." },
    { "console", "display", WFI_KEY_TEXT, OF(console_display), "overview", NULL, NULL, NULL,
      "The page shown first." },

    { "alert", "subsystems", WFI_KEY_TEXT, ALERT(subsystems), "*", NULL, NULL, NULL,
      "What it watches, as globs with blanks between; the source wf is the system's own health." },
    { "alert", "sync", WFI_KEY_DURATION, ALERT(sync_ns), "0", "0", "1h", NULL,
      "0: every commit of the journal survives a power cut. Else at most this much may be lost in "
      "one; a crash of the program loses nothing either way." },
    { "alert", "shelve_max", WFI_KEY_DURATION, ALERT(shelve_max_ns), "8h", "1m", "30d", NULL,
      "Nobody shelves an alarm for longer, whatever the role." },
    { "alert", "late", WFI_KEY_CHOICE, ALERT(late), "log", "log alarm ignore", NULL, NULL,
      "Samples that arrive late. log: not judged, but what violates is noted in the journal; "
      "alarm: "
      "judged like others; ignore: as if they had not come." },
    { "alert", "shadow", WFI_KEY_TEXT, ALERT(shadow), "", NULL, NULL, NULL,
      "Alarms on trial, as globs over their names with commas between: judged and recorded, "
      "neither shown nor announced." },
    { "alert", "linger", WFI_KEY_DURATION, ALERT(linger_ns), "5s", "0", "1h", NULL,
      "Alarms suppressed by a parent stay so this long after it returned to normal." },
    { "alert", "plugins", WFI_KEY_BOOL, ALERT(has_plugins), "yes", NULL, NULL, NULL,
      "Load alert plugins; each runs in a process of its own." },
    { "alert", "plugin_severity", WFI_KEY_COUNT, ALERT(plugin_severity), "2", "1", "5", NULL,
      "Severity of the alarms that plugins judge." },
    { "alert", "plugin_deadline", WFI_KEY_DURATION, ALERT(plugin_deadline_ns), "2s", "100ms", "1h",
      NULL, "A plugin that does not answer for this long is ended and started again." },
    { "alert", "keep", WFI_KEY_DURATION, ALERT(keep_ns), "366d", "1h", "36500d", NULL,
      "Entries of the journal are kept this long; the newest of each alarm always." },
    { "alert", "held_max", WFI_KEY_COUNT, ALERT(held_max), "65536", "64", "10000000", NULL,
      "While the journal cannot be written, so many transitions wait in memory; then judging "
      "pauses, and samples wait in their rings." },
    { "alert", "blackbox_before", WFI_KEY_DURATION, ALERT(blackbox_before_ns), "10s", "0", "1h",
      NULL,
      "Samples from before a trip that are kept with its record, as far as the ring has them." },
    { "alert", "blackbox_after", WFI_KEY_DURATION, ALERT(blackbox_after_ns), "10s", "0", "1h", NULL,
      "And from after it. Both 0: none are kept." },
    { "alert", "blackbox_memory", WFI_KEY_SIZE, ALERT(blackbox_memory), "16M", "64K", "1G", NULL,
      "Memory for samples that wait for the time after their trip." },
    { "alert", "deadman_file", WFI_KEY_TEXT, ALERT(deadman_file), "", NULL, NULL, NULL,
      "A file written once a second while alarms are judged and recorded; relative to the state "
      "folder. Empty: none." },
    { "alert", "deadman_to", WFI_KEY_TEXT, ALERT(deadman_to), "", NULL, NULL, NULL,
      "udp:HOST:PORT that gets a datagram at the same times. Empty: none." },

    { "role", "users", WFI_KEY_TEXT, ROLE(users), "", NULL, NULL, NULL,
      "Login names, with blanks between." },
    { "role", "groups", WFI_KEY_TEXT, ROLE(groups), "", NULL, NULL, NULL,
      "Groups whose members have this role, with blanks between." },
    { "role", "shelve_max", WFI_KEY_DURATION, ROLE(shelve_max_ns), "8h", "1m", "30d", NULL,
      "The longest an alarm may be shelved for by this role." },
    { "notify", "monitors", WFI_KEY_TEXT, OF(notify_monitors), "*", NULL, NULL, NULL,
      "Alarm monitors whose alarms are told, as globs with blanks between." },
    { "notify", "keep", WFI_KEY_DURATION, OF(notify_keep_ns), "30d", "1h", "3650d", NULL,
      "The log of deliveries (`wf notify log`) goes back this far." },

    { "route", "plugin", WFI_KEY_TEXT, ROUTE(plugin), "file", NULL, NULL, "file",
      "How: bell, file, syslog, exec, webhook, mail, or a notification plugin of your own." },
    { "route", "settings", WFI_KEY_TEXT, ROUTE(settings), "", NULL, NULL, "path = alarms.log",
      "The plugin's own keys, one `name = value` a line, indented (monitors/notify/README.md)." },
    { "route", "severity", WFI_KEY_TEXT, ROUTE(severity), "1", NULL, NULL, NULL,
      "Alarms of this severity (0..5) and above, or LOW..HIGH." },
    { "route", "alarms", WFI_KEY_TEXT, ROUTE(alarms), "*", NULL, NULL, NULL,
      "Alarms of these parameters or subsystems, as globs with blanks between." },
    { "route", "except", WFI_KEY_TEXT, ROUTE(except), "", NULL, NULL, NULL, "But not of these." },
    { "route", "kinds", WFI_KEY_TEXT, ROUTE(kinds), "", NULL, NULL, NULL,
      "Of these kinds: LIMIT STATES RATE INVALID STALE GAP RULE, blanks between. Empty: all." },
    { "route", "days", WFI_KEY_TEXT, ROUTE(days), "", NULL, NULL, NULL,
      "Only on these days, as `Mon-Fri Sun`. Empty: all." },
    { "route", "hours", WFI_KEY_TEXT, ROUTE(hours), "", NULL, NULL, NULL,
      "Only at these times, as `08:00-18:00`; one that passes midnight belongs to the day on which "
      "it begins. Empty: always." },
    { "route", "quiet", WFI_KEY_TEXT, ROUTE(quiet), "", NULL, NULL, NULL,
      "Quiet hours, as `22:00-06:00`: what is less severe waits for their end." },
    { "route", "quiet_severity", WFI_KEY_COUNT, ROUTE(quiet_severity), "5", "1", "6", NULL,
      "Alarms of this severity and above are told in quiet hours too. 6: none is." },
    { "route", "offset", WFI_KEY_TEXT, ROUTE(offset), "Z", NULL, NULL, NULL,
      "What days and hours mean: Z is UTC, +02:00 two hours ahead of it." },
    { "route", "normal", WFI_KEY_BOOL, ROUTE(tells_normal), "no", NULL, NULL, NULL,
      "Tell too when an alarm it was told of returned to normal." },
    { "route", "acknowledged", WFI_KEY_BOOL, ROUTE(tells_acknowledged), "no", NULL, NULL, NULL,
      "Tell too when an alarm it was told of was acknowledged." },
    { "route", "group", WFI_KEY_DURATION, ROUTE(group_ns), "10s", "0", "1d", NULL,
      "In a storm of alarms, one summary this often. 0: every alarm is told by itself." },
    { "route", "group_above", WFI_KEY_COUNT, ROUTE(group_above), "3", "1", "10000", NULL,
      "So many in that time are still told one by one." },
    { "route", "deadline", WFI_KEY_DURATION, ROUTE(deadline_ns), "10s", "100ms", "10m", NULL,
      "A delivery that takes longer is ended and tried again." },
    { "route", "retry", WFI_KEY_DURATION, ROUTE(retry_ns), "1s", "10ms", "1h", NULL,
      "Pause after the first failure; it doubles with each." },
    { "route", "retry_max", WFI_KEY_DURATION, ROUTE(retry_max_ns), "1m", "10ms", "1d", NULL,
      "Longest pause between attempts." },
    { "route", "attempts", WFI_KEY_COUNT, ROUTE(attempts), "100", "1", "1000000", NULL,
      "So many failures, and a message is given up (and the alarm wf.notify.given_up raised)." },

    { "escalation", "severity", WFI_KEY_TEXT, ESCALATION(severity), "1", NULL, NULL, NULL,
      "Alarms of this severity (0..5) and above, or LOW..HIGH." },
    { "escalation", "alarms", WFI_KEY_TEXT, ESCALATION(alarms), "*", NULL, NULL, NULL,
      "Alarms of these parameters or subsystems, as globs with blanks between." },
    { "escalation", "except", WFI_KEY_TEXT, ESCALATION(except), "", NULL, NULL, NULL,
      "But not of these." },
    { "escalation", "kinds", WFI_KEY_TEXT, ESCALATION(kinds), "", NULL, NULL, NULL,
      "Of these kinds, as in [route]." },
    { "escalation", "after", WFI_KEY_TEXT, ESCALATION(after), "", NULL, NULL, "0s: log",
      "Steps, ';' between them: TIME [if unack | if active]: ROUTE [, ROUTE], and last `repeat "
      "TIME`, as `0s: bell; 2m if unack: shift; 10m if unack: lead; repeat 15m`." },
    { "escalation", "stop_at_normal", WFI_KEY_BOOL, ESCALATION(is_ended_by_normal), "no", NULL,
      NULL, NULL,
      "yes: it also ends when the alarm returned to normal, not only when acknowledged." },

    { "process", "run", WFI_KEY_TEXT, PROCESS(run), "", NULL, NULL, "wf-hostfeed",
      "Program and arguments, split at blanks; \"quotes\" keep blanks together. A program without "
      "a folder is looked for beside wf, then in PATH." },
    { "process", "optional", WFI_KEY_BOOL, PROCESS(is_optional), "no", NULL, NULL, NULL,
      "yes: when it ends by itself that is no failure, and it is not started again." },
    { "process", "notify", WFI_KEY_BOOL, PROCESS(is_notifying), "yes", NULL, NULL, NULL,
      "yes: it says when it is ready, as all of Watchfloor's programs do (sd_notify). no: it "
      "counts "
      "as ready once it runs." },
};
const size_t wfi_key_count = WF_COUNT_OF(wfi_keys);
