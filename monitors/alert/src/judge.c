/* SPDX-License-Identifier: MIT */
/*
 * The roster: made from the lines, fed by follow.c, made anew when a region or the configuration
 * changes. Alarms keep their state through that; those whose definition changed are reset, which is
 * a transition of each.
 */

#include "alert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>

/* --- making it --------------------------------------------------------------------------------- */

struct making {
    struct alert *alert;
    const struct wf_config_alert *settings;
    struct wf_alarm_roster *roster;
    struct alert_line **members;
    size_t member_count;
    struct alert_alarm **alarms;
    size_t alarm_count;
    bool *is_changed; /* by alarm: to be reset */
    bool is_without_plugins;
    struct wf_alarm_now now;
};

static void reduce(struct alert_line *line, enum alert_reduced reduced)
{
    line->reduced = (uint8_t)reduced;
    line->schema->condition_count = reduced >= ALERT_WITHOUT_RULES ? 0 : line->condition_count;
    line->schema->context_count = reduced >= ALERT_WITHOUT_CONTEXTS ? 0 : line->context_count;
}

/* Leave more out of whatever a problem names; false when no problem names anything. */
static bool reduce_by(struct alert *alert, const struct wf_problems *problems)
{
    bool is_reduced = false;

    for (struct alert_line *line = alert->lines; line != NULL; line = line->next) {
        bool is_named = false;

        for (size_t i = 0; i < problems->kept && line->schema != NULL && !is_named; i++)
            is_named = wf_name_is_equal(problems->list[i].file, line->schema->name);
        if (!is_named || line->reduced == ALERT_LEFT_OUT)
            continue;
        if (line->was_reduced <= line->reduced)
            for (size_t i = 0; i < problems->kept; i++)
                if (wf_name_is_equal(problems->list[i].file, line->schema->name))
                    wf_log_warning("%s.%s: %s", line->source, line->subsystem,
                                   problems->list[i].text);
        reduce(line, (enum alert_reduced)(line->reduced + 1));
        is_reduced = true;
    }
    return is_reduced;
}

static int create(struct making *making, struct wf_problems *problems, struct wf_err *err)
{
    struct alert *alert = making->alert;
    const struct wf_config_alert *settings = making->settings;
    struct wf_alarm_member *members = calloc(making->member_count + 1, sizeof(*members));
    struct wf_alarm_roster_options options = {
        .members = members,
        .late = (enum wf_alarm_late)settings->late,
        .shadow = settings->shadow,
        .linger_ns = settings->linger_ns > 0 ? settings->linger_ns : -1,
    };
    int rc;

    if (members == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    making->member_count = 0;
    for (struct alert_line *line = alert->lines; line != NULL; line = line->next) {
        if (line->schema == NULL || line->reduced == ALERT_LEFT_OUT)
            continue;
        members[making->member_count] =
            (struct wf_alarm_member){ .source = line->source, .schema = line->schema };
        making->members[making->member_count++] = line;
    }
    options.member_count = making->member_count;
    options.coded_count =
        alert_plugins_coded(alert, settings, making->members, making->member_count, &options.coded);
    options.host = alert_judge_host(alert);
    options.host.shelve_max_ns = settings->shelve_max_ns;
    rc = wf_alarm_roster_create(&options, &making->roster, problems, err);
    free(members);
    return rc;
}

/* A roster of all that compiles. */
static int create_all(struct making *making, struct wf_err *err)
{
    struct alert *alert = making->alert;
    size_t count = 0;
    int rc;

    for (struct alert_line *line = alert->lines; line != NULL; line = line->next) {
        count++;
        line->was_reduced = line->reduced;
        if (line->schema != NULL)
            reduce(line, ALERT_WHOLE);
    }
    making->member_count = count;
    making->members = calloc(count + 1, sizeof(struct alert_line *));
    if (making->members == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    do {
        struct wf_problems problems = { 0 };

        rc = create(making, &problems, err);
        if (rc == WF_ERR_INVALID && reduce_by(alert, &problems))
            rc = 1;
        else if (rc == WF_ERR_INVALID && !making->is_without_plugins) {
            /* A plugin is named like a condition of the schema, perhaps. */
            wf_log_error("%s; going on without the conditions of plugins", err->text);
            making->is_without_plugins = true;
            rc = 1;
        } else if (rc < 0 && problems.kept > 0)
            wf_err_prefix(err, "%s: %s", problems.list[0].file, problems.list[0].text);
        wf_problems_fini(&problems);
    } while (rc > 0);
    return rc;
}

static void tell_reduced(struct alert *alert)
{
    static const char *const words[] = { "all its alarms are judged again",
                                         "its rules are not judged",
                                         "its rules and contexts are not judged",
                                         "its alarms are not judged" };

    for (struct alert_line *line = alert->lines; line != NULL; line = line->next) {
        char text[200];
        struct wf_strbuf out = WF_STRBUF_FIXED(text);

        if (line->reduced == line->was_reduced)
            continue;
        wf_strbuf_addf(&out, "%s.%s: %s", line->source, line->subsystem, words[line->reduced]);
        wf_log_warning("%s", text);
        alert_note(alert, WF_JOURNAL_TROUBLE, "", "", "", text);
        line->was_reduced = line->reduced;
    }
}

/* --- state into it -------------------------------------------------------------------------------- */

/* Whatever makes it another alarm than it was, beside limits that a user changes. */
static uint64_t base_hash(const struct making *making, size_t alarm)
{
    const struct wf_alarm_spec *spec =
        wf_alarm_engine_spec(wf_alarm_roster_engine(making->roster), alarm);
    struct wf_alarm_about about;
    uint64_t hash = alert_definition_hash(&spec->definition);

    wf_alarm_roster_about(making->roster, alarm, &about);
    if (about.rule != NULL)
        hash = alert_hash(hash, about.rule, strlen(about.rule));
    if (about.enabled_when != NULL)
        hash = alert_hash(hash, about.enabled_when, strlen(about.enabled_when));
    return hash;
}

uint64_t alert_judge_hash(const struct alert_alarm *alarm)
{
    return alarm->limits != NULL
               ? alert_hash(alarm->base_hash, alarm->limits, strlen(alarm->limits))
               : alarm->base_hash;
}

/* What can be given to any definition: nothing raised, so that an edit can end it in order. */
static void soften(struct wf_alarm_memory *memory)
{
    bool is_seen = memory->state == WF_ALARM_ACTIVE_UNACK || memory->state == WF_ALARM_ACTIVE_ACK ||
                   memory->state == WF_ALARM_RTN_UNACK || memory->state == WF_ALARM_LATCHED;

    wf_alarm_forget_levels(memory);
    memory->state = is_seen ? WF_ALARM_RTN_UNACK : WF_ALARM_NORMAL;
    memory->context = 0;
    if (!is_seen)
        memory->highest = 0;
}

/* The replay is somewhere else: whatever was going on is over. What people marked stays. */
static void end_softly(struct making *making, size_t index, struct wf_alarm_memory *memory,
                       uint64_t hash)
{
    struct alert_alarm *alarm = making->alarms[index];
    struct wf_err err = { 0 };

    soften(memory);
    alarm->definition_hash = hash;
    if (wf_alarm_roster_restore(making->roster, index, memory, &making->now, &err) < 0)
        wf_log_error("%s; it begins anew", err.text);
    making->is_changed[index] = memory->state != WF_ALARM_NORMAL;
}

static void restore_one(struct making *making, size_t index)
{
    struct alert_alarm *alarm = making->alarms[index];
    struct wf_alarm_memory memory = alarm->parked;
    struct wf_err err = { 0 };
    uint64_t hash;
    int rc = 0;

    alarm->base_hash = base_hash(making, index);
    hash = alert_judge_hash(alarm);
    if (!alarm->is_parked) {
        alarm->definition_hash = hash;
        return;
    }
    /* Everything up to the positions of the lines is in it, whatever sample it last changed with. */
    memory.epoch = memory.order = alarm->emitted.epoch = alarm->emitted.order = 0;
    memory.step = alarm->emitted.step = 0;
    if (making->alert->clock.is_moved) {
        end_softly(making, index, &memory, hash);
        return;
    }
    if (hash == alarm->definition_hash)
        rc = wf_alarm_roster_restore(making->roster, index, &memory, &making->now, &err);
    if (hash == alarm->definition_hash && rc == 0)
        return;
    if (rc < 0)
        wf_log_warning("%s; it is reset", err.text);
    soften(&memory);
    alarm->definition_hash = hash;
    if (wf_alarm_roster_restore(making->roster, index, &memory, &making->now, &err) < 0)
        wf_log_error("%s; it begins anew", err.text);
    making->is_changed[index] = alarm->parked.seq != 0;
}

static int fill_alarms(struct making *making, struct wf_err *err)
{
    struct wf_alarm_engine *engine = wf_alarm_roster_engine(making->roster);

    making->alarm_count = wf_alarm_engine_size(engine);
    making->alarms = calloc(making->alarm_count + 1, sizeof(struct alert_alarm *));
    making->is_changed = calloc(making->alarm_count + 1, sizeof(bool));
    if (making->alarms == NULL || making->is_changed == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < making->alarm_count; i++) {
        making->alarms[i] =
            alert_book_get(&making->alert->book, wf_alarm_engine_spec(engine, i)->name);
        if (making->alarms[i] == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    return 0;
}

/* The alarms of the roster that goes, as they are at this moment. */
static void park(struct alert *alert)
{
    struct wf_alarm_engine *engine =
        alert->roster != NULL ? wf_alarm_roster_engine(alert->roster) : NULL;

    for (size_t i = 0; i < alert->alarm_count; i++) {
        struct alert_alarm *alarm = alert->alarms[i];

        alarm->parked = *wf_alarm_engine_memory(engine, i);
        alarm->is_parked = true;
        alarm->index = -1;
        alert_tables_touch(alert, alarm);
    }
    for (struct alert_line *line = alert->lines; line != NULL; line = line->next)
        line->member = -1;
}

static void hash_config(struct making *making)
{
    struct alert *alert = making->alert;
    uint64_t hash = ALERT_HASH_START;
    struct wf_strbuf text;

    for (size_t i = 0; i < making->member_count; i++)
        hash = alert_hash(hash, &making->members[i]->schema->schema_hash, sizeof(uint64_t));
    hash = alert_hash(hash, &making->settings->late, sizeof(making->settings->late));
    hash = alert_hash(hash, making->settings->shadow, strlen(making->settings->shadow));
    hash = alert_hash(hash, &making->settings->linger_ns, sizeof(int64_t));
    wf_strbuf_init_fixed(&text, alert->config_hash, sizeof(alert->config_hash));
    wf_strbuf_addf(&text, "%016llx", (unsigned long long)hash);
}

/* From here on nothing fails. */
static void swap(struct making *making)
{
    struct alert *alert = making->alert;
    const struct wf_alarm_who who = { .user = "wf-alert",
                                      .note = alert->clock.is_moved ? "the replay was moved"
                                                                    : "its definition changed" };

    wf_alarm_roster_destroy(&alert->roster);
    free(alert->members);
    free(alert->alarms);
    for (size_t i = 0; i < alert->between_count; i++)
        alert->between[i]->is_between = false;
    free(alert->between);
    alert->between = NULL;
    alert->between_count = 0;
    alert->roster = making->roster;
    alert->members = making->members;
    alert->member_count = making->member_count;
    alert->alarms = making->alarms;
    alert->alarm_count = making->alarm_count;
    alert_follow_free_retired(alert);
    hash_config(making);
    tell_reduced(alert);
    memset(&alert->counts, 0, sizeof(alert->counts));
    for (size_t i = 0; i < alert->alarm_count; i++)
        alert_count(alert, &alert->alarms[i]->shown, 1);
    for (size_t i = 0; i < alert->alarm_count; i++) {
        struct wf_alarm_engine *engine = wf_alarm_roster_engine(alert->roster);
        struct wf_err err = { 0 };
        const char *context;

        alert->alarms[i]->index = (int)i;
        alert->alarms[i]->is_parked = false;
        alert_tables_touch(alert, alert->alarms[i]);
        if (making->is_changed[i] &&
            wf_alarm_engine_edit(engine, i, wf_alarm_roster_definition(alert->roster, i, &context),
                                 &who, &making->now, &err) < 0)
            wf_log_error("%s", err.text);
    }
}

int alert_judge_rebuild(struct alert *alert, const struct wf_config_alert *settings,
                        struct wf_err *err)
{
    struct making making = { .alert = alert, .settings = settings, .now = alert_now(alert) };
    int rc = create_all(&making, err);

    if (rc == 0)
        rc = fill_alarms(&making, err);
    if (rc < 0) {
        wf_alarm_roster_destroy(&making.roster);
        free(making.members);
        free(making.alarms);
        free(making.is_changed);
        wf_err_prefix(err, "alarms");
        return rc;
    }
    park(alert);
    for (size_t i = 0; i < making.member_count; i++)
        making.members[i]->member = (int)i;
    for (size_t i = 0; i < making.alarm_count; i++) {
        alert_edit_restore(making.members, making.roster, i, making.alarms[i]);
        restore_one(&making, i);
    }
    if (!alert->clock.is_moved)
        alert_follow_recall(alert, making.roster);
    swap(&making);
    alert->clock.is_moved = false;
    free(making.is_changed);
    alert_tables_count_children(alert);
    alert_tables_watch_limits(alert);
    alert_tables_publish(alert);
    alert_batch_flush(alert, false);
    return 0;
}

void alert_judge_close(struct alert *alert)
{
    wf_alarm_roster_destroy(&alert->roster);
    free(alert->members);
    free(alert->alarms);
    free(alert->between);
    free(alert->listed);
    alert->members = NULL;
    alert->alarms = NULL;
    alert->alarm_count = alert->member_count = 0;
}

void alert_judge_tick(struct alert *alert)
{
    struct wf_alarm_now now = alert_now(alert);

    if (alert->roster == NULL || alert_is_held_up(alert))
        return;
    alert->alive_ns = wf_mono_now_ns();
    if (now.mono_ns >= wf_alarm_roster_due(alert->roster))
        wf_alarm_roster_tick(alert->roster, &now);
}

/* --- what a restart needs beside transitions --------------------------------------------------------- */

struct kept_memory {
    uint64_t name; /* hash */
    uint64_t definition_hash;
    struct wf_alarm_memory memory;
};

/* Alarms that may count something between transitions: touched ones join, equal ones leave. */
static bool look_between(struct alert *alert)
{
    struct wf_alarm_engine *engine = wf_alarm_roster_engine(alert->roster);
    size_t touched_count;
    const size_t *touched = wf_alarm_engine_touched(engine, &touched_count);

    if (alert->between == NULL)
        alert->between = calloc(alert->alarm_count + 1, sizeof(*alert->between));
    if (alert->between == NULL)
        return false;
    for (size_t i = 0; i < touched_count; i++) {
        struct alert_alarm *alarm = alert->alarms[touched[i]];

        if (!alarm->is_between)
            alert->between[alert->between_count++] = alarm;
        alarm->is_between = true;
    }
    wf_alarm_engine_untouch(engine);
    for (size_t i = 0; i < alert->between_count;) {
        struct alert_alarm *alarm = alert->between[i];
        const struct wf_alarm_memory *memory = wf_alarm_engine_memory(engine, (size_t)alarm->index);

        alarm->is_between = memcmp(memory, &alarm->emitted, sizeof(*memory)) != 0;
        if (alarm->is_between)
            i++;
        else
            alert->between[i] = alert->between[--alert->between_count];
    }
    return true;
}

void *alert_judge_memories(struct alert *alert, size_t *out_bytes)
{
    struct kept_memory *list;

    *out_bytes = 0;
    if (!look_between(alert) || alert->between_count == 0)
        return NULL;
    list = calloc(alert->between_count, sizeof(*list));
    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < alert->between_count; i++) {
        const struct alert_alarm *alarm = alert->between[i];

        list[i].name = alarm->name_hash;
        list[i].definition_hash = alarm->definition_hash;
        list[i].memory =
            *wf_alarm_engine_memory(wf_alarm_roster_engine(alert->roster), (size_t)alarm->index);
    }
    *out_bytes = alert->between_count * sizeof(*list);
    return list;
}

void alert_judge_restore_memories(struct alert *alert, const void *blob, size_t bytes)
{
    if (bytes % sizeof(struct kept_memory) != 0)
        return; /* of another release */
    for (size_t at = 0; at < bytes; at += sizeof(struct kept_memory)) {
        struct kept_memory kept;

        memcpy(&kept, (const char *)blob + at, sizeof(kept));
        for (struct alert_alarm *alarm = alert->book.buckets[kept.name % ALERT_BOOK_BUCKETS];
             alarm != NULL; alarm = alarm->next_same_hash) {
            if (alarm->name_hash != kept.name || !alarm->is_parked ||
                kept.memory.seq != alarm->parked.seq)
                continue;
            alarm->parked = kept.memory;
            alarm->definition_hash = kept.definition_hash;
        }
    }
}
