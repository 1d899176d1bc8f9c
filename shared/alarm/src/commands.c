/* SPDX-License-Identifier: MIT */
/* What people do with alarms, and giving back what a journal stored. */

#include "engine_private.h"

#include <math.h>

static int check(const struct wf_alarm_engine *engine, size_t alarm, const struct wf_alarm_who *who,
                 struct wf_err *err)
{
    if (alarm >= engine->count)
        return wf_fail(err, WF_ERR_ABSENT, "there is no alarm %zu", alarm);
    if (who->user == NULL || who->user[0] == '\0')
        return wf_fail(err, WF_ERR_DENIED, "'%s': say who you are", engine->specs[alarm].name);
    return 0;
}

/* An event that the table refuses changes nothing; otherwise it happens. */
static int command(struct wf_alarm_engine *engine, size_t alarm, enum wf_alarm_event event,
                   const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                   struct wf_err *err)
{
    const struct wf_alarm_memory *memory = &engine->alarms[alarm].memory;
    enum wf_alarm_state state = (enum wf_alarm_state)memory->state;

    if ((wf_alarm_cell(state, event)->actions & WF_ALARM_REFUSE) != 0)
        return wf_fail(err, WF_ERR_INVALID, "'%s' is %s: there is nothing to %s",
                       engine->specs[alarm].name, wf_alarm_state_name(state),
                       event == WF_ALARM_ACK ? "acknowledge" : "reset");
    wfi_alarm_happen(engine, alarm, event, (double)NAN, memory->severity, who, now);
    return 0;
}

int wf_alarm_engine_ack(struct wf_alarm_engine *engine, size_t alarm, uint64_t seq,
                        const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                        struct wf_err *err)
{
    int rc = check(engine, alarm, who, err);

    if (rc < 0)
        return rc;
    if (engine->alarms[alarm].memory.seq != seq)
        return wf_fail(err, WF_ERR_BUSY, "'%s' changed meanwhile: look again, then acknowledge",
                       engine->specs[alarm].name);
    return command(engine, alarm, WF_ALARM_ACK, who, now, err);
}

int wf_alarm_engine_reset(struct wf_alarm_engine *engine, size_t alarm,
                          const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                          struct wf_err *err)
{
    int rc = check(engine, alarm, who, err);

    if (rc < 0)
        return rc;
    if (engine->alarms[alarm].memory.state == WF_ALARM_LATCHED &&
        engine->alarms[alarm].memory.violated != 0)
        return wf_fail(err, WF_ERR_INVALID, "'%s': the process is not normal yet",
                       engine->specs[alarm].name);
    return command(engine, alarm, WF_ALARM_RESET, who, now, err);
}

int wf_alarm_engine_shelve(struct wf_alarm_engine *engine, size_t alarm, int64_t for_ns,
                           const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                           struct wf_err *err)
{
    struct wf_alarm_memory *memory;
    int rc = check(engine, alarm, who, err);

    if (rc < 0)
        return rc;
    if (for_ns <= 0)
        return wf_fail(err, WF_ERR_INVALID, "'%s': a shelf needs an end in the future",
                       engine->specs[alarm].name);
    if (for_ns > engine->host.shelve_max_ns)
        return wf_fail(err, WF_ERR_LIMIT, "'%s': longer than a shelf may last here",
                       engine->specs[alarm].name);
    memory = &engine->alarms[alarm].memory;
    engine->timed_count += (memory->marks & WF_ALARM_SHELVED) == 0;
    memory->shelved_until_ns = now->utc_ns + for_ns;
    if (memory->shelved_until_ns - engine->shift_ns < engine->due_ns)
        engine->due_ns = memory->shelved_until_ns - engine->shift_ns;
    wfi_alarm_mark(engine, alarm, WF_ALARM_SHELVED, 0, who, now);
    return 0;
}

int wf_alarm_engine_unshelve(struct wf_alarm_engine *engine, size_t alarm,
                             const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                             struct wf_err *err)
{
    int rc = check(engine, alarm, who, err);

    if (rc < 0)
        return rc;
    if ((engine->alarms[alarm].memory.marks & WF_ALARM_SHELVED) == 0)
        return wf_fail(err, WF_ERR_INVALID, "'%s' is not shelved", engine->specs[alarm].name);
    engine->timed_count--;
    engine->alarms[alarm].memory.shelved_until_ns = 0;
    wfi_alarm_mark(engine, alarm, 0, WF_ALARM_SHELVED, who, now);
    return 0;
}

int wf_alarm_engine_service(struct wf_alarm_engine *engine, size_t alarm, bool is_out,
                            const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                            struct wf_err *err)
{
    int rc = check(engine, alarm, who, err);

    if (rc < 0)
        return rc;
    if (((engine->alarms[alarm].memory.marks & WF_ALARM_OUT_OF_SERVICE) != 0) == is_out)
        return wf_fail(err, WF_ERR_INVALID, "'%s' is %s service already", engine->specs[alarm].name,
                       is_out ? "out of" : "in");
    if (is_out)
        wfi_alarm_end_judging(engine, alarm, WF_ALARM_OUT_OF_SERVICE, who, now);
    else
        wfi_alarm_mark(engine, alarm, 0, WF_ALARM_OUT_OF_SERVICE, who, now);
    return 0;
}

int wf_alarm_engine_edit(struct wf_alarm_engine *engine, size_t alarm,
                         const struct wf_alarm_definition *definition,
                         const struct wf_alarm_who *who, const struct wf_alarm_now *now,
                         struct wf_err *err)
{
    struct wfi_alarm *it;
    uint8_t severity;
    int rc = check(engine, alarm, who, err);

    if (rc < 0)
        return rc;
    it = &engine->alarms[alarm];
    if (definition->kind != it->definition.kind)
        return wf_fail(err, WF_ERR_INVALID, "'%s' is a %s alarm and cannot become another kind",
                       engine->specs[alarm].name,
                       wf_alarm_kind_name((enum wf_alarm_kind)it->definition.kind));
    severity = it->memory.severity;
    it->definition = *definition;
    engine->specs[alarm].definition = *definition;
    wf_alarm_forget_levels(&it->memory);
    wfi_alarm_happen(engine, alarm, WF_ALARM_EDIT, (double)NAN, severity, who, now);
    return 0;
}

int wf_alarm_engine_restore(struct wf_alarm_engine *engine, size_t alarm,
                            const struct wf_alarm_memory *memory, const struct wf_alarm_now *now,
                            struct wf_err *err)
{
    const unsigned known = WF_ALARM_SHELVED | WF_ALARM_OUT_OF_SERVICE | WF_ALARM_DISABLED |
                           WF_ALARM_SUPPRESSED | WF_ALARM_SHADOW;
    struct wf_alarm_memory *own;

    if (alarm >= engine->count)
        return wf_fail(err, WF_ERR_ABSENT, "there is no alarm %zu", alarm);
    own = &engine->alarms[alarm].memory;
    if (!wf_alarm_memory_fits(&engine->alarms[alarm].definition, memory) ||
        (memory->marks & ~known) != 0 || memory->seq > engine->seq ||
        ((memory->marks & WF_ALARM_SHELVED) == 0) != (memory->shelved_until_ns == 0) ||
        ((memory->marks & WF_ALARM_SUPPRESSED) == 0 && memory->linger_until_ns != 0) ||
        ((memory->marks & WFI_ALARM_UNJUDGED) != 0 && memory->raised != 0))
        return wf_fail(err, WF_ERR_CORRUPT, "'%s': what was stored of it cannot be",
                       engine->specs[alarm].name);
    engine->timed_count -=
        (size_t)((own->marks & WF_ALARM_SHELVED) != 0) + (own->linger_until_ns != 0);
    *own = *memory;
    /* When it ends is told by its parent's memory, which may be given back later. */
    own->linger_until_ns = 0;
    wfi_alarm_touch(engine, alarm);
    engine->restored_ns = now->mono_ns + engine->offset_ns;
    /* Whether it is on trial is the configuration's to say. */
    own->marks = (uint8_t)((own->marks & ~WF_ALARM_SHADOW) |
                           (engine->specs[alarm].is_shadow ? WF_ALARM_SHADOW : 0));
    engine->timed_count += (own->marks & WF_ALARM_SHELVED) != 0;
    engine->is_unsettled = engine->is_unlingered = true;
    engine->due_ns = INT64_MIN;
    return 0;
}
