/* SPDX-License-Identifier: MIT */
/* Joining: see past_join.h. */

#include "past_join.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#include "model.h"

/* A device clock that is off by less is drawn where it says. */
#define CLOCK_OFF_NS (10 * WF_NS_PER_S)
/* Silence of less is no gap, whatever the period. */
#define APART_LEAST_NS (2 * WF_NS_PER_S)

int64_t con_entry_time(const struct con_entry *entry, const struct con_now *now)
{
    int64_t off_ns;

    if (!entry->has_sample || entry->stamp.device_ns == WF_TIME_NONE)
        return now->utc_ns;
    off_ns = entry->stamp.device_ns - entry->stamp.received_ns;
    if (off_ns > -CLOCK_OFF_NS && off_ns < CLOCK_OFF_NS)
        return now->utc_ns;
    return now->utc_ns + off_ns / WF_NS_PER_S * WF_NS_PER_S;
}

void con_joined_fini(struct con_joined *joined)
{
    free(joined->steps);
    free(joined->gaps);
    *joined = (struct con_joined){ 0 };
}

static bool make_room(struct con_joined *out)
{
    if (out->steps == NULL)
        out->steps = calloc(CON_PAST_STEPS, sizeof(out->steps[0]));
    if (out->gaps == NULL)
        out->gaps = calloc(1, sizeof(*out->gaps));
    return out->steps != NULL && out->gaps != NULL;
}

/* --- live ------------------------------------------------------------------------------------ */

struct joining {
    struct con_joined *out;
    int64_t recorded_ns; /* live is what is newer */
    int64_t first_ns;    /* of what memory has; WF_TIME_NONE = nothing (yet) */
    int64_t newest_ns;
};

static int64_t step_of(const struct wf_past *past, int64_t time_ns)
{
    int64_t rest = time_ns % past->step_ns;

    return time_ns - (rest < 0 ? rest + past->step_ns : rest);
}

/* The step that begins at `from_ns`, nearly always the last. */
static struct wf_past_step *find_step(struct con_joined *out, int64_t from_ns)
{
    struct wf_past *past = &out->past;
    size_t at = past->step_count;

    while (at > 0 && out->steps[at - 1].from_ns > from_ns)
        at--;
    if (at > 0 && out->steps[at - 1].from_ns == from_ns)
        return &out->steps[at - 1];
    if (past->step_count == CON_PAST_STEPS)
        return NULL;
    memmove(&out->steps[at + 1], &out->steps[at], (past->step_count - at) * sizeof(out->steps[0]));
    out->steps[at] = (struct wf_past_step){
        .from_ns = from_ns, .min = NAN, .max = NAN, .mean = NAN, .last = NAN
    };
    past->step_count++;
    return &out->steps[at];
}

static void add_value(struct con_joined *out, int64_t time_ns, double value)
{
    struct wf_past_step *step = find_step(out, step_of(&out->past, time_ns));

    if (step == NULL || !isfinite(value))
        return;
    step->count++;
    step->min = step->count == 1 || value < step->min ? value : step->min;
    step->max = step->count == 1 || value > step->max ? value : step->max;
    step->mean = step->count == 1 ? value : step->mean + (value - step->mean) / (double)step->count;
    step->last = value;
}

static void add_hole(const struct joining *joining, int64_t to_ns, enum mon_hole hole)
{
    static const struct {
        char letter;
        const char *cause;
    } causes[] = {
        [MON_HOLE_SEQUENCE] = { 'g', "sequence_gap" },
        [MON_HOLE_DROP] = { 'k', "kernel_drop" },
        [MON_HOLE_REJECTED] = { 'x', "rejected" },
        [MON_HOLE_WRITER] = { 'r', "writer_restart" },
        [MON_HOLE_UNREAD] = { '?', "not_seen" },
    };
    struct wf_past_gap gap = {
        .from_ns = joining->newest_ns != WF_TIME_NONE ? joining->newest_ns : to_ns,
        .to_ns = to_ns,
        .letter = causes[hole].letter,
        .cause = causes[hole].cause,
    };

    if (gap.from_ns <= gap.to_ns)
        con_past_add_gap(joining->out->gaps, &gap, joining->out->past.step_ns);
}

static void add_row(void *context, int64_t time_ns, double value, enum mon_hole hole)
{
    struct joining *joining = context;
    const struct wf_past *past = &joining->out->past;

    if (time_ns > past->to_ns + CLOCK_OFF_NS)
        return; /* a replay was set back: it saw the future */
    if (joining->first_ns == WF_TIME_NONE || time_ns < joining->first_ns)
        joining->first_ns = time_ns;
    if (time_ns <= joining->recorded_ns || time_ns < past->from_ns) {
        joining->newest_ns = time_ns;
        return;
    }
    if (hole != MON_HOLE_NONE) {
        add_hole(joining, time_ns, hole);
        return;
    }
    add_value(joining->out, time_ns, value);
    joining->newest_ns = time_ns;
}

/* --- all together ---------------------------------------------------------------------------- */

static void copy_recorded(const struct con_past_answer *answer, struct con_joined *out)
{
    struct wf_past *past = &out->past;

    past->tiers = answer->tiers;
    past->recorded_ns = answer->newest_ns;
    for (size_t i = 0; i < answer->count; i++)
        if (answer->steps[i].from_ns + past->step_ns > past->from_ns)
            out->steps[past->step_count++] = answer->steps[i];
    *out->gaps = (struct con_past_gaps){ 0 };
    for (size_t i = 0; i < answer->gaps.count; i++)
        if (answer->gaps.list[i].to_ns >= past->from_ns)
            out->gaps->list[out->gaps->count++] = answer->gaps.list[i];
}

static int64_t apart_after(const struct wf_schema *schema)
{
    int64_t apart_ns = schema->period_ns < WF_NS_PER_DAY ? schema->period_ns * 3 : WF_NS_PER_DAY;

    return apart_ns > APART_LEAST_NS ? apart_ns : APART_LEAST_NS;
}

/* What lies between history and memory, and since the newest. */
static void add_silences(const struct joining *joining, const struct con_entry *entry)
{
    struct con_joined *out = joining->out;
    struct wf_past_gap gap = { .from_ns = joining->recorded_ns,
                               .to_ns = joining->first_ns,
                               .letter = '?',
                               .cause = "not_recorded" };

    out->is_apart = out->past.recorded_ns != WF_TIME_NONE && joining->first_ns != WF_TIME_NONE &&
                    joining->first_ns - joining->recorded_ns > apart_after(entry->schema);
    if (out->is_apart && gap.to_ns > out->past.from_ns)
        con_past_add_gap(out->gaps, &gap, 0);
    if (!entry->is_stale || joining->newest_ns == WF_TIME_NONE)
        return;
    gap = (struct wf_past_gap){ .from_ns = joining->newest_ns > joining->recorded_ns
                                               ? joining->newest_ns
                                               : joining->recorded_ns,
                                .to_ns = out->past.to_ns,
                                .letter = entry->is_live ? 's' : 'r',
                                .cause = entry->is_live ? "link_silent" : "receiver_stopped" };
    if (gap.from_ns < gap.to_ns)
        con_past_add_gap(out->gaps, &gap, out->past.step_ns);
}

/* Steps in which every value makes no sense are gaps as well; and count what is there. */
static void finish(struct con_joined *out)
{
    struct wf_past *past = &out->past;

    for (size_t i = 0; i < past->step_count; i++) {
        const struct wf_past_step *step = &out->steps[i];
        struct wf_past_gap gap = { .from_ns = step->from_ns,
                                   .to_ns = step->from_ns + past->step_ns - 1,
                                   .letter = 'n',
                                   .cause = "invalid" };

        past->samples += step->count;
        if (step->count == 0)
            con_past_add_gap(out->gaps, &gap, past->step_ns);
    }
    past->steps = out->steps;
    past->gaps = out->gaps->list;
    past->gap_count = out->gaps->count;
}

bool con_join(const struct con_past_request *wanted, const struct con_past_answer *answer,
              struct con_entry *entry, size_t parameter, const struct con_now *now,
              struct con_joined *out)
{
    struct joining joining = { .out = out, .first_ns = WF_TIME_NONE, .newest_ns = WF_TIME_NONE };

    if (!make_room(out) || !con_entry_remember(entry, now->mono_ns))
        return false;
    out->past = (struct wf_past){ .size = sizeof(out->past),
                                  .from_ns = wanted->from_ns,
                                  .to_ns = wanted->to_ns,
                                  .step_ns = wanted->step_ns,
                                  .recorded_ns = WF_TIME_NONE,
                                  .tiers = "",
                                  .trouble = "" };
    out->gaps->count = 0;
    out->is_apart = false;
    if (answer != NULL)
        copy_recorded(answer, out);
    joining.recorded_ns = out->past.recorded_ns;
    mon_history_walk(entry->history, entry->region, parameter, now->mono_ns, add_row, &joining);
    if (joining.newest_ns != WF_TIME_NONE && joining.newest_ns > out->past.to_ns &&
        joining.newest_ns - out->past.to_ns < CLOCK_OFF_NS) {
        out->past.from_ns += joining.newest_ns - out->past.to_ns;
        out->past.to_ns = joining.newest_ns;
    }
    add_silences(&joining, entry);
    finish(out);
    return true;
}
