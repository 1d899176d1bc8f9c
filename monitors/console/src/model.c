/* SPDX-License-Identifier: MIT */
/* Model: regions to entries. See model.h; judging is in judge.c. */

#include "model.h"
#include "judge.h"
#include "replay.h"

#include <watchfloor/clock.h>
#include <watchfloor/schema_overlay.h>

#include <stdlib.h>
#include <string.h>

#define WRITER_MAX 32

static void free_entry(struct con_entry *entry)
{
    free(entry->payload);
    free(entry->since_mono_ns);
    wf_schema_free(&entry->judged);
    mon_history_destroy(&entry->history);
}

void con_model_close(struct con_model **model)
{
    struct con_model *old = *model;

    *model = NULL;
    if (old == NULL)
        return;
    for (size_t i = 0; i < old->entry_count; i++)
        free_entry(&old->entries[i]);
    free(old->entries);
    mon_alarms_destroy(&old->alarms);
    con_pasts_destroy(&old->pasts);
    mon_limits_destroy(&old->limits);
    wf_watch_close(&old->watch);
    free(old);
}

int con_model_open(const char *instance, struct con_model **out_model, struct wf_err *err)
{
    struct con_model *model = calloc(1, sizeof(*model));
    struct wf_watch_options options = { .instance = instance };
    int rc;

    if (model == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "model: out of memory");
    (void)wf_copy_text(model->instance, sizeof(model->instance), instance);
    model->lag_ns = -1;
    rc = wf_watch_open(&options, &model->watch, err);
    if (rc == 0)
        rc = mon_alarms_create(&model->alarms, err);
    if (rc == 0)
        rc = mon_limits_create(&model->limits, err);
    if (rc == 0)
        rc = con_pasts_create(&model->pasts, err);
    if (rc < 0) {
        con_model_close(&model);
        return rc;
    }
    *out_model = model;
    return WF_OK;
}

struct con_entry *con_model_find(const struct con_model *model, const char *source,
                                 const char *subsystem)
{
    for (size_t i = 0; i < model->entry_count; i++) {
        struct con_entry *entry = &model->entries[i];

        if (wf_name_is_equal(entry->subsystem, subsystem) &&
            wf_name_is_equal(entry->source, source))
            return entry;
    }
    return NULL;
}

void con_entry_name(const struct con_entry *entry, char *out, size_t size)
{
    struct wf_strbuf name;

    wf_strbuf_init_fixed(&name, out, size);
    wf_strbuf_add_name(&name, entry->source, entry->subsystem, NULL);
}

/* --- following the watch -------------------------------------------------- */

static void set_note(struct con_model *model, const char *subject, const char *what)
{
    struct wf_strbuf note;

    wf_strbuf_init_fixed(&note, model->note, sizeof(model->note));
    wf_strbuf_addf(&note, "%s %s", subject, what);
    model->note_mono_ns = model->now.mono_ns;
}

/* A new entry for the watch's `index`, or false without memory: then it is left out this time. */
static bool make_entry(const struct con_model *model, size_t index, struct con_entry *out)
{
    struct wf_region *region = wf_watch_region(model->watch, index);
    struct con_entry entry = { .region = region };

    wf_region_info(region, &entry.info);
    entry.schema = wf_region_schema(region);
    entry.generation = wf_watch_generation(model->watch, index);
    (void)wf_copy_text(entry.source, sizeof(entry.source), entry.info.source);
    (void)wf_copy_text(entry.subsystem, sizeof(entry.subsystem), entry.info.subsystem);
    entry.is_own = wf_name_is_equal(entry.source, WF_SOURCE_OWN);
    entry.payload = calloc(1, entry.schema->payload_bytes);
    entry.since_mono_ns = calloc(entry.schema->parameter_count + 1, sizeof(entry.since_mono_ns[0]));
    if (entry.payload == NULL || entry.since_mono_ns == NULL) {
        free_entry(&entry);
        return false;
    }
    *out = entry;
    return true;
}

/* Both lists are in the same order, so the old entry is nearly always the one at `hint`. */
static struct con_entry *find_old(const struct con_model *model, size_t hint,
                                  const struct wf_region_info *info)
{
    if (hint < model->entry_count && wf_name_is_equal(model->entries[hint].source, info->source) &&
        wf_name_is_equal(model->entries[hint].subsystem, info->subsystem))
        return &model->entries[hint];
    return con_model_find(model, info->source, info->subsystem);
}

/* Take over what was known of the same mapping; what is left of the old entry is freed. */
static bool adopt_entry(struct con_model *model, size_t index, size_t hint, struct con_entry *out)
{
    struct wf_region *region = wf_watch_region(model->watch, index);
    struct wf_region_info info;
    struct con_entry *old;

    wf_region_info(region, &info);
    old = find_old(model, hint, &info);
    if (old == NULL || old->payload == NULL)
        return false;
    if (old->generation != wf_watch_generation(model->watch, index)) {
        char name[WF_FULL_NAME_SIZE];

        con_entry_name(old, name, sizeof(name));
        set_note(model, name, "was made anew, reattached");
        return false;
    }
    *out = *old;
    out->region = region;
    out->schema = old->judged != NULL ? old->judged : wf_region_schema(region);
    old->payload = NULL; /* moved: not to be freed with the old list */
    old->judged = NULL;
    old->since_mono_ns = NULL;
    old->history = NULL;
    return true;
}

/* The watch's set changed: build the list again, own health last. */
static void rebuild_entries(struct con_model *model)
{
    size_t count = wf_watch_count(model->watch);
    struct con_entry *entries = calloc(count + 1, sizeof(entries[0]));
    size_t used = 0;

    if (entries == NULL)
        return; /* keeps showing what it had; the next refresh tries again */
    for (int own = 0; own <= 1; own++) {
        for (size_t i = 0; i < count; i++) {
            struct wf_region_info info;

            wf_region_info(wf_watch_region(model->watch, i), &info);
            if (info.kind == WF_KIND_TABLE ||
                wf_name_is_equal(info.source, WF_SOURCE_OWN) != (own == 1))
                continue;
            if (!adopt_entry(model, i, used, &entries[used])) {
                if (!make_entry(model, i, &entries[used]))
                    continue;
                model->is_limits_due = true;
            }
            used++;
        }
    }
    for (size_t i = 0; i < model->entry_count; i++)
        free_entry(&model->entries[i]);
    free(model->entries);
    model->entries = entries;
    model->entry_count = used;
    model->parameter_count = 0;
    for (size_t i = 0; i < used; i++)
        model->parameter_count += entries[i].schema->parameter_count;
    /* Exceptions name entries by index: the old ones mean nothing now. */
    model->exception_count = 0;
    model->exception_total = 0;
}

/* --- limits in force -------------------------------------------------------- */

static void reset_limits(struct con_entry *entry)
{
    const struct wf_schema *own = wf_region_schema(entry->region);

    for (size_t i = 0; entry->judged != NULL && i < own->parameter_count; i++)
        wf_schema_set_limits(entry->judged, i, own->parameters[i].limits.present,
                             own->parameters[i].limits.value);
}

/* "sat1.power.bus_voltage" to its entry and parameter; NULL when it is not here (now). */
static struct con_entry *find_limited(const struct con_model *model, const char *name,
                                      int *out_parameter)
{
    char text[WF_FULL_NAME_SIZE];
    char *subsystem, *parameter;
    struct con_entry *entry;

    (void)wf_copy_text(text, sizeof(text), name);
    subsystem = strchr(text, '.');
    if (subsystem == NULL)
        return NULL;
    *subsystem++ = '\0';
    parameter = strchr(subsystem, '.');
    if (parameter == NULL)
        return NULL;
    *parameter++ = '\0';
    entry = con_model_find(model, text, subsystem);
    *out_parameter = entry != NULL ? wf_schema_find(entry->schema, parameter) : WF_NO_INDEX;
    return *out_parameter != WF_NO_INDEX ? entry : NULL;
}

/* Displays draw limits from the schema they are handed: it is a copy with those in force. */
static void apply_limits(struct con_model *model)
{
    for (size_t i = 0; i < model->entry_count; i++)
        reset_limits(&model->entries[i]);
    for (size_t i = 0; i < mon_limits_count(model->limits); i++) {
        const struct mon_limit *limit = mon_limits_at(model->limits, i);
        int parameter;
        struct con_entry *entry = find_limited(model, limit->name, &parameter);

        if (entry == NULL)
            continue;
        if (entry->judged == NULL) {
            if (wf_schema_copy(wf_region_schema(entry->region), &entry->judged, NULL) < 0)
                continue; /* without memory: the schema's own limits */
            entry->schema = entry->judged;
        }
        wf_schema_set_limits(entry->judged, (size_t)parameter, limit->present, limit->value);
    }
    for (size_t i = 0; i < model->entry_count; i++)
        if (model->entries[i].judged != NULL && model->entries[i].has_sample)
            con_judge_entry(&model->entries[i], false, model->now.mono_ns);
    model->is_limits_due = false;
}

bool con_model_take_alarms(struct con_model *model, const struct con_now *now)
{
    bool is_new = mon_alarms_update(model->alarms, model->watch, now->mono_ns);

    if (is_new)
        mon_alarms_counts(model->alarms, &model->alarm_counts);
    model->monitor_count = mon_alarms_monitors(model->alarms, &model->monitors_live);
    if (mon_limits_update(model->limits, model->watch, now->mono_ns) || model->is_limits_due)
        apply_limits(model);
    return is_new;
}

/* The program that brings the data, or NULL. */
static const struct wf_writer_info *find_receiver(const struct wf_writer_info *writers,
                                                  size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(writers[i].role, "receiver") == 0 || strcmp(writers[i].role, "replay") == 0)
            return &writers[i];
    return NULL;
}

static void judge_writers(struct con_model *model)
{
    struct wf_writer_info writers[WRITER_MAX];
    size_t count = wf_watch_writers(model->watch, writers, WRITER_MAX);
    const struct wf_writer_info *receiver =
        find_receiver(writers, count < WRITER_MAX ? count : WRITER_MAX);
    int64_t silence_ns;

    model->state_age_ns = 0;
    if (receiver == NULL) {
        model->state = CON_STATE_NO_RECEIVER;
        return;
    }
    if (model->receiver_epoch != 0 && receiver->epoch != model->receiver_epoch)
        set_note(model, receiver->role, "restarted, reattached");
    model->receiver_epoch = receiver->epoch;
    silence_ns = model->now.mono_ns - receiver->heartbeat_mono_ns;
    if (receiver->state == WF_WRITER_STOPPED) {
        model->state = CON_STATE_STOPPED;
        model->state_age_ns = silence_ns;
    } else if (silence_ns > WF_HEARTBEAT_MAX_NS) {
        model->state = CON_STATE_SILENT;
        model->state_age_ns = silence_ns;
    } else {
        model->state = strcmp(receiver->role, "replay") == 0 ? CON_STATE_REPLAY : CON_STATE_LIVE;
    }
}

void con_model_refresh(struct con_model *model, const struct con_now *now)
{
    struct wf_err err = { 0 };

    model->now = *now;
    if (wf_watch_refresh(model->watch, &err) < 0)
        set_note(model, "regions:", err.text);
    /*
     * Rebuilt every time, not only when the watch says that its set changed:
     * moving an entry costs next to nothing, and an entry that was left out for
     * want of memory gets its second chance.
     */
    rebuild_entries(model);
    judge_writers(model);
    model->unreadable = model->entry_count == 0 && model->state == CON_STATE_NO_RECEIVER
                            ? wf_watch_trouble(model->watch, 0)
                            : NULL;
    con_judge_rates(model);
}

/* --- samples -------------------------------------------------------------- */

static bool take_newest(const struct con_model *model, struct con_entry *entry,
                        const struct con_now *now)
{
    uint64_t head = entry->info.head;
    bool had_sample = entry->has_sample;

    wf_region_info(entry->region, &entry->info);
    entry->is_live = wf_region_is_written(&entry->info, now->mono_ns);
    if (had_sample && entry->info.head == head)
        return false;
    /* On failure the previous one stays, growing older: that is what there is to show. */
    if (wf_region_latest(entry->region, entry->payload, entry->schema->payload_bytes,
                         &entry->stamp) < 0)
        return false;
    entry->has_sample = true;
    con_replay_age(model, entry);
    con_judge_entry(entry, !had_sample, now->mono_ns);
    return true;
}

bool con_model_update(struct con_model *model, const struct con_now *now)
{
    bool is_new = false;

    model->now = *now;
    for (size_t i = 0; i < model->entry_count; i++) {
        struct con_entry *entry = &model->entries[i];

        if (take_newest(model, entry, now))
            is_new = true;
        if (entry->history != NULL)
            mon_history_take(entry->history, entry->region, now->mono_ns);
    }
    (void)con_model_take_alarms(model, now);
    judge_writers(model);
    con_replay_look(model);
    con_judge_all(model);
    if (is_new)
        model->commits++;
    return is_new;
}

/* --- what pages ask ------------------------------------------------------- */

struct wf_region *con_model_table(const struct con_model *model, const char *name)
{
    size_t count = wf_watch_count(model->watch);

    for (size_t i = 0; i < count; i++) {
        struct wf_region *region = wf_watch_region(model->watch, i);
        struct wf_region_info info;

        wf_region_info(region, &info);
        if (info.kind == WF_KIND_TABLE && wf_name_is_equal(info.source, WF_SOURCE_OWN) &&
            wf_name_is_equal(info.subsystem, name))
            return region;
    }
    return NULL;
}

bool con_model_number(const struct con_model *model, const char *subsystem, const char *parameter,
                      double *out)
{
    const struct con_entry *entry = con_model_find(model, WF_SOURCE_OWN, subsystem);
    struct wf_value value;
    int index;

    if (entry == NULL || !entry->has_sample)
        return false;
    index = wf_schema_find(entry->schema, parameter);
    if (index == WF_NO_INDEX)
        return false;
    wf_value_get(entry->schema, entry->payload, (size_t)index, 0, &value);
    if (value.quality >= WF_QUALITY_INVALID)
        return false;
    *out = wf_value_as_double(&value);
    return true;
}
