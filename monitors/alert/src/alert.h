/* SPDX-License-Identifier: MIT */
#ifndef ALERT_ALERT_H
#define ALERT_ALERT_H

/*
 * wf-alert from the inside.
 *
 *   main.c      start, loop, signals, the end
 *   lines.c     regions of the instance, and where each was read to
 *   follow.c    their samples, merged into the order they happened in
 *   judge.c     the roster: made, fed, made anew; transitions become entries of a batch
 *   batch.c     batches on their way to the journal, and what happens when they are there
 *   commit.c    the thread that owns the journal
 *   book.c      what the journal holds of each alarm: what is shown
 *   tables.c    the regions wf.alarms and wf.limits
 *   health.c    the region wf.alert
 *   control.c   commands: who may, names, answers; do.c what they do; explain.c; edit.c limits
 *   blackbox.c  samples around a trip
 *   deadman.c   signs of life for others
 *   plugins.c   processes of alert plugins; plugin_listen.c what they say; worker.c what runs in one
 *
 * Two threads of ours: the loop's, to which everything belongs, and the journal's (commit.c); a third only
 * waits for bells. Nothing is shown, announced or answered before it is in the journal.
 */

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>
#include <uv.h>

#include <watchfloor/alarm/roster.h>
#include <watchfloor/clock.h>
#include <watchfloor/config.h>
#include <watchfloor/control/control.h>
#include <watchfloor/options.h>
#include <watchfloor/publisher.h>
#include <watchfloor/replay.h>
#include <watchfloor/watch.h>

#include "bell.h"
#include "book.h"
#include "commit.h"

/* Samples judged before the loop gets a turn. */
#define ALERT_RUN_MAX 8192
/* An orderly stop waits this long for a disk that does not take the rest. */
#define ALERT_STOP_PATIENCE_NS (5 * WF_NS_PER_S)

#define ALERT_WRITERS_MAX      64

/* Schemas of lines that have another by now, until the roster does. */
struct alert_retired {
    struct alert_retired *next;
    struct wf_schema *schema;
};

/* As in alert.ini. */
enum alert_state {
    ALERT_IS_STARTING, /* the journal is not read yet: nothing is judged */
    ALERT_IS_RUNNING,
    ALERT_IS_FAILING, /* the journal cannot be written: transitions wait, nothing new is shown */
    ALERT_IS_PAUSED,  /* and so many wait that judging does, too */
    ALERT_IS_STOPPED,
};

/* What was left out of a subsystem because something in it does not compile. */
enum alert_reduced { ALERT_WHOLE, ALERT_WITHOUT_RULES, ALERT_WITHOUT_CONTEXTS, ALERT_LEFT_OUT };

/* One subsystem of one source, as long as we run: also while its region is away. */
struct alert_line {
    struct alert_line *next;
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    unsigned writer;          /* which program writes it: index in alert.writers */
    struct wf_region *region; /* the watch's; NULL: gone */
    int64_t created_ns;       /* of the region whose samples `cursor` counts */
    struct wf_cursor cursor;
    uint64_t head; /* of the current run */
    uint64_t name_hash;
    struct wf_schema *schema;              /* ours, from the canonical text */
    size_t condition_count, context_count; /* that it has; the roster may have got fewer */
    int member;                            /* in the roster, or -1 */
    uint8_t reduced, was_reduced;          /* enum alert_reduced */
    bool has_sample; /* `payload` and `stamp` are the sample that comes next */
    void *payload;
    struct wf_stamp stamp;
    uint64_t judged;    /* samples */
    int64_t unheard_ns; /* nobody listened for it before that, UTC; 0 */
};

struct alert_figures {
    uint64_t samples, values, transitions, announced, lost, unlisted, refused_commands;
    uint64_t blackboxes, blackboxes_skipped;
    uint64_t plugin_restarts;
    int64_t commit_max_ns; /* since health was last published */
    int64_t lag_max_ns;
};

/* Of alarms in the roster, as the journal has them. */
struct alert_counts {
    uint32_t active, unacknowledged, pending, latched, shelved, suppressed, out_of_service,
        disabled, shadow, shown;
};

/* What time it is: clock.c. */
struct alert_clock {
    bool is_replay;
    bool is_moved;           /* the roster that is made next begins anew */
    struct wf_replay replay; /* as of the samples that were judged */
    uint64_t order;          /* of the report with which it came to where it plays now */
};

/* Notes of values that came too late, over all alarms: late.c. */
struct alert_late {
    int64_t since_ns; /* monotonic; of the minute that is counted */
    uint32_t count;
};

struct alert_tables;
struct alert_health;
struct alert_blackbox;
struct alert_deadman;
struct alert_plugins;

/* Calls that are answered when their batch is in the journal. */
struct alert_waiting {
    struct alert_waiting *next;
    struct wf_control_call *call;
    json_t *reply;             /* what is known already */
    struct alert_alarm *alarm; /* added to the reply as it is then; NULL */
    json_t *results;           /* of many: each object with "name" gets its alarm; NULL */
};

struct alert {
    char instance[32], name[WF_NAME_SIZE];
    const struct wf_paths *paths;
    const char *config_file;
    struct wf_config *config;
    const struct wf_config_alert *settings; /* its section in `config` */

    uv_loop_t loop;
    uv_timer_t tick, second;
    unsigned tick_count;
    uv_idle_t more; /* runs while samples are left to judge */
    uv_signal_t signals[3];
    bool is_ready, is_stopping;
    int exit_status;
    bool has_ended; /* what health says last */

    struct wf_publisher *publisher;
    struct wf_control_server *control;
    struct wf_watch *watch;
    struct mon_bell *bell;
    struct alert_line *lines;
    char writers[ALERT_WRITERS_MAX][WF_NAME_SIZE]; /* roles of programs */
    unsigned writer_count;
    struct alert_retired *retired;
    bool is_changed; /* lines came or changed: the roster is to be made anew */

    struct alert_clock clock;
    struct alert_late late;
    struct wf_alarm_roster *roster;
    struct alert_line **members; /* by index in the roster */
    size_t member_count;
    struct alert_alarm **alarms; /* by index in the roster */
    size_t alarm_count;
    char config_hash[17];
    uint64_t last_seq;
    const struct alert_line *current;     /* its sample is being judged; NULL */
    uint64_t judged_epoch, judged_number; /* of the sample a plugin judged */
    const char *why;                      /* it says; NULL */

    struct alert_book book;
    struct alert_counts counts;
    struct alert_alarm **between; /* that count something since their last transition */
    size_t between_count;
    struct alert_alarm **listed; /* that have a row */
    size_t listed_count, listed_room;
    struct alert_alarm *dirty; /* whose rows are to be written */
    struct alert_commit *commit;
    struct alert_job *batch; /* being filled */
    bool is_committing;      /* one is on its way: the next waits */
    int64_t committing_ns;   /* since */
    bool is_open;            /* the journal was read */
    uint64_t held;           /* transitions that are not in the journal */
    void *positions;         /* restored, until lines have taken theirs */
    size_t positions_bytes;
    bool has_moved; /* samples were judged since the last checkpoint */
    int64_t checkpoint_ns;
    int64_t forgot_ns;

    struct alert_tables *tables;
    struct alert_health *health;
    struct alert_blackbox *blackbox;
    struct alert_deadman *deadman;
    struct alert_plugins *plugins;
    struct alert_figures figures;
    int64_t alive_ns; /* monotonic: judging was last seen to go on */
};

/* --- follow.c --------------------------------------------------------------------------------- */

int alert_follow_open(struct alert *alert, struct wf_err *err);
void alert_follow_close(struct alert *alert);
void alert_follow_fini(struct alert *alert);
/* Other patterns by the settings: lines that they do not mean are dropped. */
int alert_follow_reopen(struct alert *alert, struct wf_err *err);
/* Look for regions that came, went or were made anew. */
void alert_follow_refresh(struct alert *alert);
/* Judge what is there, in order, at most ALERT_RUN_MAX samples; true when more is left. */
bool alert_follow_run(struct alert *alert);
/* That, again as long as there is more, and the batch is sent off. */
void alert_follow_wake(struct alert *alert);
void alert_follow_more(uv_idle_t *handle);
void alert_follow_tell_lost(struct alert *alert, struct alert_line *line, uint64_t lost);

/* --- main.c ----------------------------------------------------------------------------------- */

/* The journal is open: take up what is in it, and begin. */
void alert_start_judging(struct alert *alert);

/* --- lines.c ---------------------------------------------------------------------------------- */

/* One of our own, that lives as long as we want; NULL without memory. */
struct wf_schema *alert_copy_schema(const struct wf_schema *schema);
void alert_follow_free_retired(struct alert *alert);
/* Everything that is judged already, into a roster that was just made. */
void alert_follow_recall(struct alert *alert, struct wf_alarm_roster *roster);
/* Where each line is, for the next start; malloc'd. */
void *alert_follow_positions(const struct alert *alert, size_t *out_bytes);
struct alert_line *alert_follow_find(const struct alert *alert, const char *source,
                                     const char *subsystem);
/* Paused, or nothing to judge with. */
bool alert_is_held_up(const struct alert *alert);

/* Was the replay of that life, after so many moves, judged before the restart, from `out_order` on? Once. */
bool alert_follow_was_in(const struct alert *alert, uint64_t epoch, uint64_t moves,
                         uint64_t *out_order);

/* --- clock.c ---------------------------------------------------------------------------------- */

/* For everything that lasts: alarms, what people do to them, black boxes. */
struct wf_alarm_now alert_now(const struct alert *alert);
/* When a sample was received, by the clock that `mono_ns` of alert_now is of. */
int64_t alert_clock_mono(const struct alert *alert, const struct wf_stamp *stamp);
/* Is the sample to be judged? *out is its stamp by that clock. */
bool alert_clock_accepts(const struct alert *alert, const struct wf_stamp *stamp,
                         struct wf_stamp *out);
/* The same for what a plugin said of one; sets the moment. */
bool alert_clock_accepts_judgement(const struct alert *alert, uint64_t epoch, uint64_t order,
                                   struct wf_alarm_now *now);
/* A sample of `line` has its turn: it may be the replay's report. */
void alert_clock_take(struct alert *alert, const struct alert_line *line);
/* Is there a replay, or none any more? */
void alert_clock_look(struct alert *alert);

/* --- judge.c ---------------------------------------------------------------------------------- */

/* Make the roster anew from lines and settings; the old one stays on failure. */
int alert_judge_rebuild(struct alert *alert, const struct wf_config_alert *settings,
                        struct wf_err *err);
void alert_judge_close(struct alert *alert);
/* Time passes. */
void alert_judge_tick(struct alert *alert);
/* Counts between transitions, for the next start; malloc'd, NULL when there are none. */
void *alert_judge_memories(struct alert *alert, size_t *out_bytes);
void alert_judge_restore_memories(struct alert *alert, const void *blob, size_t bytes);
/* Of its definition with the limits that are in force by a user. */
uint64_t alert_judge_hash(const struct alert_alarm *alarm);

/* --- entries.c -------------------------------------------------------------------------------- */

/* What an engine tells its transitions to; shelve_max_ns is the caller's to set. */
struct wf_alarm_host alert_judge_host(struct alert *alert);
/* An entry of another kind than a transition, into the batch. */
void alert_note(struct alert *alert, enum wf_journal_kind kind, const char *alarm, const char *user,
                const char *note, const char *text);

/* A value of the alarm for people, with its unit: from the sample being judged where it is a scalar. */
void alert_add_value(const struct alert *alert, size_t alarm, double value, struct wf_strbuf *out);

/* --- late.c ----------------------------------------------------------------------------------- */

/* Note what of a sample that was not judged violates. */
void alert_late_look(struct alert *alert, const struct alert_line *line,
                     const struct wf_stamp *stamp);

/* --- batch.c ---------------------------------------------------------------------------------- */

/* Takes over the entry. */
void alert_batch_add(struct alert *alert, struct alert_entry *entry);
void alert_batch_add_change(struct alert *alert, struct alert_change *change);
void alert_batch_wait(struct alert *alert, struct alert_waiting *waiting);
/* Send off what is there, unless a batch is on its way; with a checkpoint when it is time. */
void alert_batch_flush(struct alert *alert, bool is_checkpoint_wanted);
/* The last batch, whatever is on its way. */
void alert_batch_finish(struct alert *alert);
/* Now and then: let the journal forget what is older than it is to keep. */
void alert_batch_forget(struct alert *alert);
/* A job came back from the journal. */
void alert_batch_done(void *alert, struct alert_job *job);

/* --- tables.c --------------------------------------------------------------------------------- */

int alert_tables_open(struct alert *alert, struct wf_err *err);
void alert_tables_close(struct alert *alert);
/* Rows of alarms that are dirty, of all after a start; then the bell. */
void alert_tables_publish(struct alert *alert);
/* Rows of others that show something of this one: its parent's. */
void alert_tables_related(struct alert *alert, struct alert_alarm *alarm, uint8_t marks_before);
void alert_tables_touch(struct alert *alert, struct alert_alarm *alarm);
/* Rows whose input went stale, or is no longer. */
void alert_tables_frozen(struct alert *alert);
/* After a new roster: who hides how many, and whose limits may differ. */
void alert_tables_count_children(struct alert *alert);
void alert_tables_watch_limits(struct alert *alert);
/* Rows that had no room. */
void alert_tables_retry(struct alert *alert);
/* Rows that an earlier life left and that belong to no alarm any more. */
void alert_tables_sweep(struct alert *alert);
/* Limits in force, where they differ from the schema's; cheap when nothing changed. */
void alert_tables_limits(struct alert *alert);

/* --- health.c --------------------------------------------------------------------------------- */

int alert_health_open(struct alert *alert, struct wf_err *err);
void alert_health_publish(struct alert *alert);
void alert_health_close(struct alert *alert);

/* An alarm comes into the counts (by 1) or leaves them (by -1). */
void alert_count(struct alert *alert, const struct alert_shown *shown, uint32_t by);
enum alert_state alert_state(const struct alert *alert);
const char *alert_state_name(enum alert_state state);
/* "wf.alarms" for main, "wf.alarms_NAME" for others: the part behind the dot. */
void alert_region_name(const struct alert *alert, const char *base, char out[WF_NAME_SIZE]);
/* A schema that is compiled in, under that name. */
int alert_parse_schema(const char *name, const char *text, size_t len, size_t struct_bytes,
                       struct wf_schema **out_schema, struct wf_err *err);

/* --- edit.c: limits that users change -------------------------------------------------------------- */

/* Into a roster that is being made: what a user put in force before. */
void alert_edit_restore(struct alert_line *const *members, struct wf_alarm_roster *roster,
                        size_t index, struct alert_alarm *alarm);

/* --- control.c, do.c, explain.c, edit.c ---------------------------------------------------------- */

int alert_control_open(struct alert *alert, struct wf_err *err);
void alert_control_close(struct alert *alert);
json_t *alert_alarm_json(const struct alert *alert, const struct alert_alarm *alarm);
void alert_waiting_answer(struct alert *alert, struct alert_waiting *waiting);

/* --- blackbox.c ------------------------------------------------------------------------------- */

/* An alarm of that line tripped with its current sample. */
void alert_blackbox_trip(struct alert *alert, const struct alert_line *line, uint64_t seq);
/* Collect, and attach what is complete; everything that is there when it `is_ending`. */
void alert_blackbox_tick(struct alert *alert, bool is_ending);
/* Its region goes: take what is in it. */
void alert_blackbox_line_goes(struct alert *alert, const struct alert_line *line);
void alert_blackbox_close(struct alert *alert);

/* --- deadman.c -------------------------------------------------------------------------------- */

int alert_deadman_open(struct alert *alert, const struct wf_config_alert *settings,
                       struct wf_err *err);
void alert_deadman_tick(struct alert *alert);
void alert_deadman_close(struct alert *alert);

/* --- plugins.c -------------------------------------------------------------------------------- */

/* Conditions of plugins for the lines there are; borrowed until the next call. */
size_t alert_plugins_coded(struct alert *alert, const struct wf_config_alert *settings,
                           struct alert_line *const *members, size_t member_count,
                           const struct wf_alarm_coded **out_coded);
/* Look for modules anew (start, reload). */
void alert_plugins_scan(struct alert *alert, const struct wf_config *config);
void alert_plugins_tick(struct alert *alert);
/* How far each plugin has judged each region. */
void alert_plugins_positions(const struct alert *alert,
                             void (*each)(void *context, const char *plugin, const char *source,
                                          const char *subsystem, int64_t created_ns, uint64_t next),
                             void *context);
void alert_plugins_close(struct alert *alert);
void alert_plugins_count(const struct alert *alert, uint32_t *out_running, uint32_t *out_failed);

/* Lines "P SOURCE SUBSYSTEM CREATED NEXT" of what the journal says of a plugin (lines.c). */
void alert_follow_plugin_positions(const struct alert *alert, const char *plugin,
                                   struct wf_strbuf *out);

/* worker.c: the program as one plugin's process; returns its exit status. */
int alert_worker_main(int argc, char **argv);

#endif /* ALERT_ALERT_H */
