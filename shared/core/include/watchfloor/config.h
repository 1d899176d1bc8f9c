/* SPDX-License-Identifier: MIT */
#ifndef WF_CONFIG_H
#define WF_CONFIG_H

/*
 * Configuration - one watchfloor.ini for all programs of an instance.
 *
 * Every key exists in one table (shared/core/src/config_keys.c): parsing, range
 * checks, `wf check --print-config` and the shipped example come from it. Unknown keys
 * and sections are problems with file:line and the nearest known name.
 *
 *   [watchfloor]          plugins, log_level, group
 *   [receiver]            gather, region_memory, ring_time ...
 *   [listener NAME]       one socket: transport, host, port, framing, format, source, allow ...
 *   [source NAME]         title, subsystems, tai_offset
 *   [overlay S.SUB.PAR]   per-source differences: limits, calibration
 *   [logger]              sync, batch_rows ...
 *   [record NAME]         what is thinned on request: which subsystems, how
 *   [console]             rate, display
 *   [alert NAME]          one alarm monitor: subsystems, sync, shelve_max, late, shadow ...
 *   [role NAME]           who may do what with alarms: users, groups, shelve_max
 *   [notify]              which alarm monitors' notifications, how long their log is kept
 *   [route NAME]          one way to tell people: plugin, settings, which alarms, when, how
 *   [escalation NAME]     who is told of which alarms after how long without an acknowledge
 *   [process NAME]        what else `wf up` runs: run, optional, notify
 *
 * Ownership: strings belong to the config. It does not change after loading.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/ini.h>
#include <watchfloor/names.h>
#include <watchfloor/paths.h>
#include <watchfloor/problems.h>
#include <watchfloor/schema.h>

enum wf_transport { WF_TRANSPORT_UDP, WF_TRANSPORT_TCP, WF_TRANSPORT_TCP_CONNECT };

struct wf_config_listener {
    char name[WF_NAME_SIZE];
    enum wf_transport transport;
    char *host;              /* address or name to bind or connect to; default 127.0.0.1 */
    uint16_t port;           /* 0 = any; the receiver tells which in its state folder */
    char *group;             /* multicast group to join; "" */
    char *interface;         /* multicast interface; "" */
    char *framing;           /* stages, see decode/framing.h; "" = packets only */
    char *format;            /* "ccsds" */
    char *source;            /* whose packets these are; default main */
    char *subsystems;        /* globs of subsystems heard here; default * */
    char *allow;             /* ADDRESS/PREFIX ..., default "" = loopback only */
    uint64_t receive_buffer; /* SO_RCVBUF wanted; default 8M */
    uint32_t connection_max; /* tcp; default 64 */
    unsigned line;
};

struct wf_config_source {
    char name[WF_NAME_SIZE];
    char *title;
    char *subsystems;    /* globs; default * = all that a listener may bring */
    double tai_offset_s; /* correlation: added to device times, seconds */
    unsigned line;
};

enum wf_config_late { WF_CONFIG_LATE_LOG, WF_CONFIG_LATE_ALARM, WF_CONFIG_LATE_IGNORE };

struct wf_config_alert {
    char name[WF_NAME_SIZE];
    char *subsystems;           /* globs; default * */
    int64_t sync_ns;            /* 0 = every commit survives a power cut (default) */
    int64_t shelve_max_ns;      /* whatever the role; default 8h */
    enum wf_config_late late;   /* default log */
    char *shadow;               /* globs over alarm names: judged and recorded only */
    int64_t linger_ns;          /* children stay suppressed that long; default 5s */
    bool has_plugins;           /* load alert plugins; default yes */
    uint32_t plugin_severity;   /* of their conditions; default 2 */
    int64_t plugin_deadline_ns; /* a plugin that does not answer is ended; default 2s */
    int64_t keep_ns;            /* the journal; default 366d */
    uint32_t held_max;          /* transitions a failing disk may hold up; default 65536 */
    int64_t blackbox_before_ns; /* samples kept around a trip; default 10s each, 0 = none */
    int64_t blackbox_after_ns;
    uint64_t blackbox_memory; /* default 16M */
    char *deadman_file;       /* "" */
    char *deadman_to;         /* udp:HOST:PORT; "" */
    unsigned line;            /* 0: the monitor there is without any section */
};

struct wf_config_role {
    char name[WF_NAME_SIZE]; /* viewer, operator, engineer */
    char *users, *groups;    /* blanks between */
    int64_t shelve_max_ns;   /* longest shelf of this role */
    unsigned line;
};

enum wf_config_recording { WF_RECORD_ALL, WF_RECORD_PERIOD, WF_RECORD_CHANGE };

/* What the logger keeps of some subsystems: see monitors/logger/README.md. */
struct wf_config_record {
    char name[WF_NAME_SIZE];
    char *subsystems; /* globs; the first section that matches counts */
    enum wf_config_recording mode;
    int64_t every_ns; /* PERIOD: one sample each; CHANGE: at least one each, 0 = no bound */
    char *deadband;   /* CHANGE: "0.5 volts:0.01 flow:2%"; a number for all, NAME:NUMBER for one */
    unsigned line;
};

struct wf_config_process {
    char name[WF_NAME_SIZE];
    char *run;         /* program and arguments, split at blanks, "quotes" allowed */
    bool is_optional;  /* its end is not a failure, and it is not started again */
    bool is_notifying; /* says READY=1 (service.h); otherwise ready once it runs */
    unsigned line;
};

/* A way to tell people. What is text here is read by wf-notify (monitors/notify). */
struct wf_config_route {
    char name[WF_NAME_SIZE];
    char *plugin;   /* "file", "mail" ... */
    char *settings; /* the plugin's own, one `name = value` a line */
    char *severity; /* "2", "2..4" */
    char *alarms, *except, *kinds;
    char *days, *hours, *quiet, *offset; /* "Mon-Fri", "08:00-18:00", quiet hours, "+02:00" */
    uint32_t quiet_severity;             /* told in quiet hours too */
    bool tells_normal, tells_acknowledged;
    int64_t group_ns;     /* window of grouping; 0 = never */
    uint32_t group_above; /* more than that many in a window become one summary */
    int64_t deadline_ns;  /* of one delivery */
    int64_t retry_ns, retry_max_ns;
    uint32_t attempts;
    unsigned line;
};

struct wf_config_escalation {
    char name[WF_NAME_SIZE];
    char *severity, *alarms, *except, *kinds;
    char *after; /* "0s: bell; 2m if unack: shift; repeat 15m" */
    bool is_ended_by_normal;
    unsigned line;
};

struct wf_config_overlay {
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE], parameter[WF_NAME_SIZE];
    struct wf_ini_section *section; /* the schema language's own keys */
    unsigned line;
};

struct wf_config {
    char *file;
    struct wf_ini *ini; /* kept for overlays and messages */

    char *plugins; /* folders, ':' between; default: the installed one */
    char *log_level;
    char *group; /* group that may read regions and history; "" = own */

    int64_t gather_ns;      /* receiver: nap under load to gather packets; default 1ms; 0 = never */
    uint64_t region_memory; /* receiver: ceiling for all its regions together; default 1G */
    uint64_t packet_ring;   /* receiver: memory for packets on their way to the recorder; 0 = off */
    int64_t ring_time_ns;   /* receiver: a ring holds at least this long; default 10s */
    int64_t ring_turn_ns; /* receiver: streams need this long for a ring; default 500ms; 0 = none */
    uint32_t reject_count;    /* receiver: newest rejected packets kept; default 64 */
    int64_t source_silent_ns; /* receiver: a source counts as silent after; default 10s */

    int64_t sync_ns;      /* logger: fully synced commit every; default 1s; 0 = always */
    uint32_t batch_rows;  /* logger: at most this many rows a transaction; default 10000 */
    uint64_t queue_bytes; /* logger: memory between draining and writing; default 8M */
    uint64_t log_cap;     /* logger: changes beside a day file that somebody holds; default 128M */
    char *log_subsystems; /* logger: globs; default * */
    /* logger: what is kept of rows, minutes, hours; 0 = all of it */
    int64_t raw_keep_ns, minute_keep_ns, hour_keep_ns;
    uint64_t raw_max, minute_max, hour_max; /* bytes */

    int64_t recorder_sync_ns;  /* recorder: as sync of the logger; default 1s */
    int64_t recorder_keep_ns;  /* recorder: day files older than that are deleted; 0 = none */
    uint64_t recorder_max;     /* recorder: so many bytes of files at most; 0 = no limit */
    uint64_t recorder_log_cap; /* recorder: as log_cap of the logger; default 128M */
    uint64_t recorder_queue;   /* recorder: memory between draining and writing; default 64M */

    double console_rate_hz; /* screens a second; default 10; 1..10 */
    char *console_display;  /* page shown first; "overview" */

    char *notify_monitors;  /* notify: globs of alarm monitors; default * */
    int64_t notify_keep_ns; /* notify: the log of deliveries; default 30d */

    struct wf_config_listener *listeners;
    size_t listener_count;
    struct wf_config_source *sources;
    size_t source_count;
    struct wf_config_alert *alerts; /* at least one: without a section there is `main` */
    size_t alert_count;
    struct wf_config_role *roles;
    size_t role_count;
    struct wf_config_route *routes;
    size_t route_count;
    struct wf_config_escalation *escalations;
    size_t escalation_count;
    struct wf_config_record *records;
    size_t record_count;
    struct wf_config_process *processes;
    size_t process_count;
    struct wf_config_overlay *overlays;
    size_t overlay_count;
};

/*
 * Load `file` (NULL = the default of `paths`; when that does not exist either:
 * ABSENT). Relative paths in it are relative to it. WF_ERR_INVALID when problems were added.
 */
int wf_config_load(const char *file, const struct wf_paths *paths, struct wf_config **out_config,
                   struct wf_problems *problems, struct wf_err *err);
void wf_config_free(struct wf_config **config);
/*
 * Every key with its value in force, default, range and sentence, as a loadable file (plugin
 * folders are printed as paths).
 */
void wf_config_print(const struct wf_config *config, struct wf_strbuf *out);

/*
 * The words of a process's `run`, NULL behind the last; "quotes" keep blanks. One block of
 * memory: free() the list. WF_ERR_INVALID when there is no word or a quote stays open.
 */
int wf_config_arguments(const struct wf_config_process *process, char ***out_arguments,
                        struct wf_err *err);
/* How far a parameter's value may be from the one kept last without being kept. */
struct wf_deadband {
    double size;      /* in engineering units; of the value kept last: 0.02 = 2 % */
    bool is_relative; /* the latter */
    bool is_own;      /* said of this very parameter, not of all */
};
/* INVALID when the text of the section makes no sense; `parameter` may be NULL, to check just that. */
int wf_config_deadband(const struct wf_config_record *record, const char *parameter,
                       struct wf_deadband *out, struct wf_err *err);

/* Line of `key` in the section that begins in `section_line`; that line when it is not given. */
unsigned wf_config_line(const struct wf_config *config, unsigned section_line, const char *key);

/* --- the catalogue: every subsystem type, and which source has which ---------------------- */

struct wf_catalogue_entry {
    char source[WF_NAME_SIZE];
    const struct wf_schema *schema; /* the source's overlays applied */
};

struct wf_catalogue {
    struct wf_schema **types; /* one per schema file found */
    char **type_folders;      /* the plugin folder it came from */
    size_t type_count;
    struct wf_catalogue_entry *entries; /* sorted by source, then subsystem */
    size_t entry_count;
    struct wf_schema **overlaid; /* schemas made for one source */
    size_t overlaid_count;
};

/*
 * Load every <folder>/<name>/<name>.ini below the configured plugin folders and
 * work out which source has which subsystem: those named by [source], else
 * what its listeners accept. Schemas without apid (not fed by packets) make no entry.
 * A subsystem found in an earlier folder hides its namesake in a later one. Two
 * subsystems of one source that claim the same packets are a problem.
 * WF_ERR_INVALID when problems were added; then there is no catalogue.
 */
int wf_catalogue_load(const struct wf_config *config, const struct wf_paths *paths,
                      struct wf_catalogue **out_catalogue, struct wf_problems *problems,
                      struct wf_err *err);
void wf_catalogue_free(struct wf_catalogue **catalogue);

#endif /* WF_CONFIG_H */
