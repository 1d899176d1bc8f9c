/* SPDX-License-Identifier: MIT */
/* Who is told of what, and when: see plan.h. */

#include "plan.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/alarm/engine.h>

#include "track.h"

#define HIDING                                                                                     \
    (WF_ALARM_SHELVED | WF_ALARM_OUT_OF_SERVICE | WF_ALARM_DISABLED | WF_ALARM_SUPPRESSED |        \
     WF_ALARM_SHADOW)

struct ntf_plan {
    const struct ntf_rules *rules;
    struct ntf_plan_host host;
    struct ntf_tracks *tracks;
    int64_t due_ns; /* of the first step there is; may be too early, never too late */
};

struct ntf_plan *ntf_plan_create(const struct ntf_rules *rules, const struct ntf_plan_host *host)
{
    struct ntf_plan *plan = calloc(1, sizeof(*plan));

    if (plan == NULL)
        return NULL;
    plan->rules = rules;
    plan->host = *host;
    plan->due_ns = NTF_NEVER;
    plan->tracks = ntf_tracks_create();
    if (plan->tracks == NULL)
        ntf_plan_destroy(&plan);
    return plan;
}

void ntf_plan_destroy(struct ntf_plan **plan)
{
    if (*plan == NULL)
        return;
    ntf_tracks_destroy(&(*plan)->tracks);
    free(*plan);
    *plan = NULL;
}

size_t ntf_plan_size(const struct ntf_plan *plan)
{
    return ntf_tracks_count(plan->tracks);
}

int64_t ntf_plan_due(const struct ntf_plan *plan)
{
    return plan->due_ns;
}

static const struct ntf_escalation *escalation_of(const struct ntf_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->rules->escalation_count; i++)
        if (wf_name_is_equal(plan->rules->escalations[i].name, name))
            return &plan->rules->escalations[i];
    return NULL;
}

/* --- telling ----------------------------------------------------------------------------------- */

/* One route, one message, if that route takes such alarms now. */
static void tell(struct ntf_plan *plan, struct ntf_track *track, size_t index, enum ntf_event event,
                 const struct ntf_now *now)
{
    const struct ntf_route *route = &plan->rules->routes[index];
    struct ntf_message *message = ntf_message_create();
    struct wf_strbuf id;

    if (message == NULL)
        return;
    message->facts = track->facts;
    message->event = event;
    message->step = track->step;
    message->made_ns = now->now_ns;
    (void)wf_copy_text(message->route, sizeof(message->route), route->config->name);
    wf_strbuf_init_fixed(&id, message->id, sizeof(message->id));
    wf_strbuf_addf(&id, "%s/%llu/%s/%s/%u.%u", track->facts.monitor,
                   (unsigned long long)track->facts.entry, route->config->name,
                   ntf_event_name(event), track->step, track->repeats);
    ntf_track_tell(track, route->config->name);
    plan->host.tell(plan->host.context, index, message);
}

/* What counts of an alarm that is normal again and not acknowledged is how bad it was. */
static unsigned severity_of(const struct ntf_facts *facts)
{
    return facts->severity > 0 ? facts->severity : facts->highest;
}

static bool takes(const struct ntf_route *route, const struct ntf_track *track,
                  const struct ntf_now *now)
{
    struct ntf_name name;

    ntf_name_split(track->facts.alarm, &name);
    return ntf_filter_takes(&route->filter, &name, severity_of(&track->facts)) &&
           ntf_when_is(&route->when, now->utc_ns);
}

static void tell_set(struct ntf_plan *plan, struct ntf_track *track, uint64_t routes,
                     enum ntf_event event, const struct ntf_now *now)
{
    for (size_t i = 0; i < plan->rules->route_count; i++)
        if ((routes >> i & 1) != 0 && takes(&plan->rules->routes[i], track, now))
            tell(plan, track, i, event, now);
}

/* The end, or an acknowledge: to who was told of the alarm and wants to hear of that. */
static void tell_told(struct ntf_plan *plan, struct ntf_track *track, enum ntf_event event,
                      const struct ntf_now *now)
{
    for (size_t i = 0; i < plan->rules->route_count; i++) {
        const struct wf_config_route *config = plan->rules->routes[i].config;
        bool is_wanted = event == NTF_NORMAL ? config->tells_normal : config->tells_acknowledged;

        if (is_wanted && ntf_track_was_told(track, config->name) &&
            ntf_when_is(&plan->rules->routes[i].when, now->utc_ns))
            tell(plan, track, i, event, now);
    }
}

/* --- steps ------------------------------------------------------------------------------------- */

static void set_due(struct ntf_plan *plan, struct ntf_track *track, int64_t due_ns)
{
    track->due_ns = due_ns;
    track->is_dirty = true;
    if (due_ns < plan->due_ns)
        plan->due_ns = due_ns;
}

static void take_step(struct ntf_plan *plan, struct ntf_track *track,
                      const struct ntf_escalation *escalation, enum ntf_event first,
                      const struct ntf_now *now)
{
    const struct ntf_step *step = &escalation->steps[track->step];

    if (track->is_active || !step->is_only_active)
        tell_set(plan, track, step->routes, track->step == 0 ? first : NTF_ESCALATED, now);
    track->step++;
}

/* All steps whose time has come; then the time of the next. */
static void run_steps(struct ntf_plan *plan, struct ntf_track *track, enum ntf_event first,
                      const struct ntf_now *now)
{
    const struct ntf_escalation *escalation = escalation_of(plan, track->escalation);
    const struct ntf_step *last;

    if (escalation == NULL) {
        set_due(plan, track, NTF_NEVER);
        return;
    }
    while (track->step < escalation->step_count &&
           track->started_ns + escalation->steps[track->step].after_ns <= now->now_ns)
        take_step(plan, track, escalation, first, now);
    if (track->step < escalation->step_count) {
        set_due(plan, track, track->started_ns + escalation->steps[track->step].after_ns);
        return;
    }
    last = &escalation->steps[escalation->step_count - 1];
    if (escalation->repeat_ns == 0) {
        set_due(plan, track, NTF_NEVER);
    } else if (track->due_ns != NTF_NEVER && track->repeats > 0 && track->due_ns <= now->now_ns) {
        /* However long nobody ran: one repetition, not all that were missed. */
        if (track->is_active || !last->is_only_active)
            tell_set(plan, track, last->routes, NTF_REPEATED, now);
        track->repeats++;
        set_due(plan, track, now->now_ns + escalation->repeat_ns);
    } else if (track->repeats == 0) {
        track->repeats = 1;
        set_due(plan, track, now->now_ns + escalation->repeat_ns);
    }
}

static void announce(struct ntf_plan *plan, struct ntf_track *track, enum ntf_event event,
                     int64_t started_ns, const struct ntf_now *now)
{
    const struct ntf_escalation *match = NULL;
    struct ntf_name name;

    ntf_name_split(track->facts.alarm, &name);
    for (size_t i = 0; i < plan->rules->escalation_count && match == NULL; i++)
        if (ntf_filter_takes(&plan->rules->escalations[i].filter, &name,
                             severity_of(&track->facts)))
            match = &plan->rules->escalations[i];
    (void)wf_copy_text(track->escalation, sizeof(track->escalation),
                       match != NULL ? match->name : "");
    track->announced = track->facts.entry;
    track->started_ns = started_ns < now->now_ns ? started_ns : now->now_ns;
    track->step = track->repeats = 0;
    track->due_ns = NTF_NEVER;
    track->is_dirty = true;
    if (match != NULL)
        run_steps(plan, track, event, now);
    else
        tell_set(plan, track, UINT64_MAX, event, now);
}

void ntf_plan_tick(struct ntf_plan *plan, const struct ntf_now *now)
{
    struct ntf_track *track;

    if (now->now_ns < plan->due_ns)
        return;
    plan->due_ns = NTF_NEVER;
    for (size_t i = 0; (track = ntf_tracks_at(plan->tracks, i)) != NULL; i++) {
        if (track->due_ns <= now->now_ns)
            run_steps(plan, track, NTF_RAISED, now);
        if (track->due_ns < plan->due_ns)
            plan->due_ns = track->due_ns;
    }
}

/* --- transitions --------------------------------------------------------------------------------- */

static void take_facts(struct ntf_plan *plan, const struct ntf_transition *from,
                       struct ntf_facts *to)
{
    ntf_copy_clean(to->monitor, sizeof(to->monitor), from->monitor, false);
    ntf_copy_clean(to->alarm, sizeof(to->alarm), from->alarm, false);
    ntf_copy_clean(to->state, sizeof(to->state), from->to, false);
    ntf_copy_clean(to->user, sizeof(to->user), from->user, false);
    ntf_copy_clean(to->note, sizeof(to->note), from->note, false);
    /* A return to normal or an acknowledge says nothing new about what it was. */
    if (from->severity > 0 && from->value[0] != '\0') {
        ntf_copy_clean(to->level, sizeof(to->level), from->level, false);
        ntf_copy_clean(to->value, sizeof(to->value), from->value, false);
        ntf_copy_clean(to->limit, sizeof(to->limit), from->limit, false);
    }
    to->severity = from->severity;
    if (from->highest > 0 || from->severity > 0)
        to->highest = from->highest;
    to->entry = from->entry;
    to->seq = from->seq;
    to->utc_ns = from->utc_ns;
    if (plan->host.describe != NULL)
        plan->host.describe(plan->host.context, to);
}

static enum ntf_event event_of(const struct ntf_transition *transition)
{
    if (strcmp(transition->event, "WORSEN") == 0)
        return NTF_WORSENED;
    return strcmp(transition->event, "RAISE") == 0 ? NTF_RAISED : NTF_RETURNED;
}

static bool is_unacknowledged(const char *state)
{
    return strcmp(state, "ACTIVE_UNACK") == 0 || strcmp(state, "RTN_UNACK") == 0;
}

static bool is_violated(const char *state)
{
    return strncmp(state, "ACTIVE", 6) == 0;
}

/* Is there nothing more to come: neither a step nor an end to be told? */
static bool is_over(const struct ntf_track *track)
{
    return !is_violated(track->facts.state) && strcmp(track->facts.state, "RTN_UNACK") != 0;
}

/* A transition that announces nothing: an end, an acknowledge, or a mark. */
static void follow(struct ntf_plan *plan, struct ntf_track *track,
                   const struct ntf_transition *transition, bool was_active,
                   const struct ntf_now *now)
{
    const struct ntf_escalation *escalation = escalation_of(plan, track->escalation);
    bool is_hidden = (transition->marks & HIDING) != 0;
    bool is_end = was_active && !track->is_active;
    bool is_silenced = !is_unacknowledged(transition->to) || is_hidden ||
                       strcmp(transition->event, "DISABLE") == 0 ||
                       (is_end && escalation != NULL && escalation->is_ended_by_normal);

    if (is_silenced)
        set_due(plan, track, NTF_NEVER);
    if (!is_hidden && strcmp(transition->event, "ACK") == 0)
        tell_told(plan, track, NTF_ACKNOWLEDGED, now);
    if (!is_hidden && is_end && strcmp(transition->event, "RTN") == 0)
        tell_told(plan, track, NTF_NORMAL, now);
}

void ntf_plan_transition(struct ntf_plan *plan, const struct ntf_transition *transition,
                         const struct ntf_now *now)
{
    struct ntf_track *track = ntf_tracks_find(plan->tracks, transition->monitor, transition->alarm);
    bool was_active = track != NULL && track->is_active;

    if (track == NULL && !transition->is_announced)
        return;
    if (track == NULL) {
        track = ntf_tracks_make(plan->tracks, transition->monitor, transition->alarm);
        if (track == NULL)
            return;
        memset(&track->facts, 0, sizeof(track->facts));
    }
    track->is_dirty = true;
    track->is_active = is_violated(transition->to);
    take_facts(plan, transition, &track->facts);
    if (transition->is_announced)
        /*
         * One from while nobody looked began its escalation when it happened. How long ago that is, the
         * clock on the wall says for both, so that a step of it moves nothing.
         */
        announce(plan, track, event_of(transition),
                 now->now_ns - (now->utc_ns - transition->utc_ns), now);
    else
        follow(plan, track, transition, was_active, now);
    if (is_over(track))
        ntf_tracks_drop(plan->tracks, track);
}

void ntf_plan_past(struct ntf_plan *plan, const struct ntf_transition *transition)
{
    struct ntf_track *track = ntf_tracks_find(plan->tracks, transition->monitor, transition->alarm);

    if (track == NULL && !transition->is_announced)
        return;
    if (track == NULL) {
        track = ntf_tracks_make(plan->tracks, transition->monitor, transition->alarm);
        if (track == NULL)
            return;
        memset(&track->facts, 0, sizeof(track->facts));
    }
    track->is_dirty = true;
    track->is_active = is_violated(transition->to);
    take_facts(plan, transition, &track->facts);
    track->is_standing =
        is_unacknowledged(transition->to) && (transition->marks & HIDING) == 0 &&
        (transition->is_announced || (track->is_standing && transition->severity > 0) ||
         (track->is_standing && strcmp(transition->to, "RTN_UNACK") == 0));
    if (is_over(track))
        ntf_tracks_drop(plan->tracks, track);
}

void ntf_plan_catch_up(struct ntf_plan *plan, const struct ntf_now *now)
{
    struct ntf_track *track;

    for (size_t i = 0; (track = ntf_tracks_at(plan->tracks, i)) != NULL; i++) {
        if (!track->is_standing || track->is_gone)
            continue;
        track->is_standing = false;
        /* It stands, but nobody waited for us: its escalation begins now. */
        announce(plan, track, NTF_RAISED, now->now_ns, now);
    }
}

/* --- written down ------------------------------------------------------------------------------- */

int ntf_plan_save(struct ntf_plan *plan,
                  int (*save)(void *context, const char *key, const char *json), void *context)
{
    struct ntf_track *track;

    /* What is gone and was saved before: that save was kept, or it would count as changed. */
    ntf_tracks_sweep(plan->tracks);
    for (size_t i = 0; (track = ntf_tracks_at(plan->tracks, i)) != NULL; i++) {
        char *json = NULL;
        int rc;

        if (!track->is_dirty)
            continue;
        if (!track->is_gone && (json = ntf_track_json(track)) == NULL)
            return WF_ERR_NOMEM;
        rc = save(context, track->key, json);
        free(json);
        if (rc < 0)
            return rc;
        track->is_dirty = false;
    }
    return 0;
}

void ntf_plan_unsaved(struct ntf_plan *plan)
{
    struct ntf_track *track;

    for (size_t i = 0; (track = ntf_tracks_at(plan->tracks, i)) != NULL; i++)
        track->is_dirty = true;
}

int ntf_plan_restore(struct ntf_plan *plan, const char *json, struct wf_err *err)
{
    int rc = ntf_track_from_json(plan->tracks, json, err);

    /* The first tick finds out what is due. */
    if (rc == 0)
        plan->due_ns = INT64_MIN;
    return rc;
}
