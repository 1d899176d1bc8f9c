/* SPDX-License-Identifier: MIT */
#ifndef WFI_ALARM_ROSTER_PRIVATE_H
#define WFI_ALARM_ROSTER_PRIVATE_H

/*
 * The roster inside.
 *
 *   roster.c        birth, death, what an alarm is about
 *   roster_build.c  schemas to alarms, and which alarm suppresses which
 *   roster_scope.c  expressions: what names and windows mean, where values are
 *   roster_feed.c   samples and time to the engine
 *   roster_values.c the values of one sample
 *   roster_edit.c   limits in force: contexts, edits, restoring
 */

#include <watchfloor/alarm/history.h>
#include <watchfloor/alarm/roster.h>

#include "engine_private.h"

#define WFI_NO_ALARM (-1)

/* What an expression's id means: a parameter of a member, or a window over one. */
struct wfi_ref {
    size_t member;
    int parameter;
    struct wf_alarm_history *window; /* owned; NULL: the value itself */
    bool is_rate;                    /* by device time */
    uint32_t samples;                /* of the window */
    int64_t time_ns;
};

struct wfi_list {
    size_t *items;
    size_t count, room;
};

/*
 * A compiled expression, and what it must have seen to say what it said before a restart: with
 * windows half full it would say something else.
 */
struct wfi_judgement {
    struct wf_expr *expr;
    struct wfi_list members; /* that it reads */
    uint32_t samples;        /* of its longest windows */
    int64_t time_ns;
};

/* One enabled_when with the alarms it is for. */
struct wfi_enable {
    struct wfi_judgement judgement;
    const char *text; /* borrowed from the schema of `home` */
    size_t home;
    enum wf_truth truth;
    struct wfi_list alarms;
};

struct wfi_rule {
    struct wfi_judgement judgement;
    size_t alarm;
};

/* What is done with one parameter of a sample; alarms are indexes or WFI_NO_ALARM. */
struct wfi_reading {
    uint32_t parameter;
    uint32_t offset, quality_offset;
    uint8_t storage; /* enum wf_storage */
    bool is_array;   /* elements, perhaps a varying number of them */
    int limit, states, rate, invalid;
    struct wf_alarm_history **rates; /* one an element; NULL without a RATE alarm */
    uint32_t rate_count;
};

/* A subsystem of a source. */
struct wfi_member {
    char source[WF_NAME_SIZE];
    const struct wf_schema *schema;
    struct wfi_reading *readings;
    size_t reading_count;
    int stale, gap; /* alarms */

    /* What a sample of it makes to be judged again. */
    struct wfi_list contexts;                /* members */
    struct wfi_list enables, rules, windows; /* windows: refs */

    size_t rank;                              /* among the sorted */
    struct wfi_judgement *context_judgements; /* of its own schema's contexts */
    enum wf_truth *context_truths;
    struct wfi_list context_alarms; /* its LIMIT alarms that some context names */

    bool is_kept; /* others' expressions read it: `copy` holds its newest sample */
    void *copy;
    const void *payload; /* newest sample, valid while it is judged; else `copy` or NULL */
    bool is_seen, is_stale;
    /*
     * Its STALE alarm waits: the one above it (of member `root`) has said nothing since either,
     * and shall come first if it comes.
     */
    bool is_waiting, has_root, is_root;
    size_t root;
    int64_t first_ns, last_ns; /* on the line of time */
    int64_t heard_ns;          /* nobody listened for it before; 0 = not known */
    uint64_t taken;            /* samples that windows took up */
    bool is_whole;             /* the first one seen was the first there ever was */
};

/* What the roster knows of an alarm beside what the engine does. */
struct wfi_entry {
    size_t member;
    int parameter;                        /* or WF_NO_INDEX */
    const struct wf_condition *condition; /* RULE of a schema */
    char *coded;                          /* name of a coded one */
    uint16_t depth;                       /* parents above it */
    struct wf_limits *edited;             /* a user's limits; owned */
};

struct wf_alarm_roster {
    struct wf_alarm_engine *engine;
    struct wfi_member *members;
    size_t member_count;
    size_t *sorted; /* members by name: alarms stand in that order, whatever the host's */
    struct wfi_entry *entries; /* by alarm */
    size_t entry_count;
    struct wfi_ref *refs;
    size_t ref_count, ref_room;
    struct wfi_enable *enables;
    size_t enable_count, enable_room;
    struct wfi_rule *rules;
    size_t rule_count, rule_room;
    size_t *coded; /* alarm of each coded condition */
    size_t coded_count;
    enum wf_alarm_late late;
    int64_t linger_ns, settle_ns;

    /* The line of time: UTC less the steps of the clock. */
    bool is_started;
    int64_t now_ns;   /* latest moment that was judged */
    int64_t shift_ns; /* UTC minus the line */
    int64_t due_ns;   /* no member goes stale before */

    /* Memories were restored: samples up to here may be counted already. */
    bool is_replaying;
    uint64_t until_epoch, until_order;
};

/* Room for one more; NULL without memory. `*array` may move. */
void *wfi_roster_more(void **array, size_t *count, size_t *room, size_t size);
int wfi_list_add(struct wfi_list *list, size_t item); /* 0, or WF_ERR_NOMEM; once each */

/* --- building ------------------------------------------------------------------------------ */

struct wfi_builder {
    struct wf_alarm_roster *roster;
    const struct wf_alarm_roster_options *options;
    struct wf_problems *problems;
    struct wf_alarm_spec *specs;
    size_t spec_count, spec_room;
    size_t entry_room;
    bool is_failed; /* a problem was told */
};

/* Names, definitions, readings; then parents, expressions and what triggers them. */
int wfi_roster_build(struct wfi_builder *builder, struct wf_err *err);
/* Parents of all alarms; problems for those that are not there. */
void wfi_roster_parents(struct wfi_builder *builder);
/* Compile for member `home`; id -> refs of the roster. */
int wfi_roster_compile(struct wf_alarm_roster *roster, size_t home, const char *text,
                       struct wf_expr **out_expr, struct wf_err *err);
/* The width at which a counter wraps; 0: it is none. */
uint8_t wfi_roster_counter_bits(const struct wf_parameter *parameter);
/* Fill in what the expression needs, from what it reads. */
int wfi_roster_needs(const struct wf_alarm_roster *roster, struct wfi_judgement *judgement);
void wfi_roster_forget(struct wfi_judgement *judgement); /* free */
/* UNKNOWN while what it needs from before a restart is not there yet: then *out_is_open is false. */
enum wf_truth wfi_roster_truth(const struct wf_alarm_roster *roster,
                               const struct wfi_judgement *judgement,
                               const struct wf_expr_values *values, bool *out_is_open);
void wfi_roster_values(struct wf_alarm_roster *roster, struct wf_expr_values *out);

/* --- judging --------------------------------------------------------------------------------- */

/* Where a moment lies on the line of time; also notices steps of the clock. */
int64_t wfi_roster_on_line(struct wf_alarm_roster *roster, int64_t utc_ns, int64_t mono_ns);
/* Nothing is wrong with it, and was not: a good value changes nothing. */
static inline bool wfi_roster_is_at_rest(const struct wf_alarm_engine *engine, int alarm)
{
    const struct wf_alarm_memory *memory = &engine->alarms[alarm].memory;

    return (memory->raised | memory->counting | memory->violated) == 0;
}
/* What a sample's values say; rates go by `rate_at_ns`. */
void wfi_roster_judge_values(struct wf_alarm_roster *roster, const struct wfi_member *member,
                             const void *payload, int64_t rate_at_ns,
                             const struct wf_alarm_now *now);
/* The definition that is in force: a user's, the context's, the schema's. */
void wfi_roster_definition(const struct wf_alarm_roster *roster, size_t alarm, unsigned context,
                           struct wf_alarm_definition *out);
/* The contexts of `home` were judged: which limits are in force now? */
void wfi_roster_contexts(struct wf_alarm_roster *roster, size_t home,
                         const struct wf_alarm_now *now);
/* Does what is judged now still count for this alarm, or does its memory hold it? */
static inline bool wfi_roster_counts(const struct wf_alarm_roster *roster, size_t alarm)
{
    const struct wf_alarm_memory *memory = &roster->engine->alarms[alarm].memory;
    const struct wfi_alarm_position *at = &roster->engine->at;

    if (!roster->is_replaying)
        return true;
    if (at->epoch != memory->epoch)
        return at->epoch > memory->epoch;
    if (at->order != memory->order)
        return at->order > memory->order;
    return at->step > memory->step;
}

#endif /* WFI_ALARM_ROSTER_PRIVATE_H */
