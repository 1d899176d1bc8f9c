/* SPDX-License-Identifier: MIT */
/* The roster: see <watchfloor/alarm/roster.h>. */

#include "roster_private.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>

#define LINGER_DEFAULT_NS (5 * WF_NS_PER_S)
#define SETTLE_DEFAULT_NS (WF_NS_PER_S / 4)

/* --- arrays that grow while it is built ------------------------------------------------------- */

void *wfi_roster_more(void **array, size_t *count, size_t *room, size_t size)
{
    char *at;

    if (*count == *room) {
        size_t more = *room == 0 ? 16 : 2 * *room;
        void *grown = realloc(*array, more * size);

        if (grown == NULL)
            return NULL;
        *array = grown;
        *room = more;
    }
    at = (char *)*array + (*count)++ * size;
    memset(at, 0, size);
    return at;
}

int wfi_list_add(struct wfi_list *list, size_t item)
{
    size_t *added;

    for (size_t i = list->count; i-- > 0;)
        if (list->items[i] == item)
            return 0;
    added = wfi_roster_more((void **)&list->items, &list->count, &list->room, sizeof(*list->items));
    if (added == NULL)
        return WF_ERR_NOMEM;
    *added = item;
    return 0;
}

/* --- birth and death ---------------------------------------------------------------------------- */

static bool is_before(const struct wfi_member *a, const struct wfi_member *b)
{
    int order = wf_casecmp(a->source, b->source);

    return order != 0 ? order < 0 : wf_casecmp(a->schema->name, b->schema->name) < 0;
}

/*
 * Whatever happens at the same moment happens in this order. Hosts hand members in as they know
 * them, mostly sorted, so inserting is quick.
 */
static void sort_members(struct wf_alarm_roster *roster)
{
    for (size_t i = 0; i < roster->member_count; i++) {
        size_t at = i;

        for (; at > 0 && is_before(&roster->members[i], &roster->members[roster->sorted[at - 1]]);
             at--)
            roster->sorted[at] = roster->sorted[at - 1];
        roster->sorted[at] = i;
    }
    for (size_t i = 0; i < roster->member_count; i++)
        roster->members[roster->sorted[i]].rank = i;
}

static int start(struct wf_alarm_roster *roster, const struct wf_alarm_roster_options *options,
                 struct wf_err *err)
{
    roster->late = options->late;
    roster->linger_ns = options->linger_ns == 0  ? LINGER_DEFAULT_NS
                        : options->linger_ns < 0 ? 0
                                                 : options->linger_ns;
    roster->settle_ns = options->settle_ns == 0  ? SETTLE_DEFAULT_NS
                        : options->settle_ns < 0 ? 0
                                                 : options->settle_ns;
    roster->members = calloc(options->member_count + 1, sizeof(*roster->members));
    roster->coded = calloc(options->coded_count + 1, sizeof(*roster->coded));
    roster->sorted = calloc(options->member_count + 1, sizeof(*roster->sorted));
    if (roster->members == NULL || roster->coded == NULL || roster->sorted == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < options->member_count; i++) {
        struct wfi_member *member = &roster->members[i];

        if (!wf_copy_text(member->source, sizeof(member->source), options->members[i].source))
            return wf_fail(err, WF_ERR_INVALID, "source '%s': the name is too long",
                           options->members[i].source);
        member->schema = options->members[i].schema;
        member->stale = member->gap = WFI_NO_ALARM;
        roster->member_count++;
    }
    sort_members(roster);
    return 0;
}

int wf_alarm_roster_create(const struct wf_alarm_roster_options *options,
                           struct wf_alarm_roster **out_roster, struct wf_problems *problems,
                           struct wf_err *err)
{
    struct wf_alarm_roster *roster = calloc(1, sizeof(*roster));
    struct wfi_builder builder = { .roster = roster, .options = options, .problems = problems };
    int rc;

    if (roster == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = start(roster, options, err);
    if (rc == 0)
        rc = wfi_roster_build(&builder, err);
    if (rc == 0 && builder.is_failed)
        rc = wf_fail(err, WF_ERR_INVALID, "the definitions of alarms are wrong");
    if (rc == 0)
        rc = wf_alarm_engine_create(builder.specs, builder.spec_count, &options->host,
                                    &roster->engine, err);
    free(builder.specs);
    if (rc < 0) {
        wf_alarm_roster_destroy(&roster);
        return rc;
    }
    roster->due_ns = INT64_MAX;
    *out_roster = roster;
    return 0;
}

static void free_member(struct wfi_member *member)
{
    for (size_t i = 0; i < member->reading_count; i++) {
        struct wfi_reading *reading = &member->readings[i];

        for (uint32_t k = 0; reading->rates != NULL && k < reading->rate_count; k++)
            wf_alarm_history_destroy(&reading->rates[k]);
        free((void *)reading->rates);
    }
    for (size_t i = 0; member->context_judgements != NULL && i < member->schema->context_count; i++)
        wfi_roster_forget(&member->context_judgements[i]);
    free(member->readings);
    free(member->context_judgements);
    free(member->context_truths);
    free(member->contexts.items);
    free(member->enables.items);
    free(member->rules.items);
    free(member->windows.items);
    free(member->context_alarms.items);
    free(member->copy);
}

void wf_alarm_roster_destroy(struct wf_alarm_roster **roster)
{
    struct wf_alarm_roster *it = *roster;

    if (it == NULL)
        return;
    for (size_t i = 0; i < it->member_count; i++)
        free_member(&it->members[i]);
    for (size_t i = 0; i < it->ref_count; i++)
        wf_alarm_history_destroy(&it->refs[i].window);
    for (size_t i = 0; i < it->enable_count; i++) {
        wfi_roster_forget(&it->enables[i].judgement);
        free(it->enables[i].alarms.items);
    }
    for (size_t i = 0; i < it->rule_count; i++)
        wfi_roster_forget(&it->rules[i].judgement);
    for (size_t i = 0; i < it->entry_count; i++) {
        free(it->entries[i].coded);
        free(it->entries[i].edited);
    }
    wf_alarm_engine_destroy(&it->engine);
    free(it->members);
    free(it->sorted);
    free(it->entries);
    free(it->refs);
    free(it->enables);
    free(it->rules);
    free(it->coded);
    free(it);
    *roster = NULL;
}

/* --- looking ---------------------------------------------------------------------------------- */

struct wf_alarm_engine *wf_alarm_roster_engine(struct wf_alarm_roster *roster)
{
    return roster->engine;
}

void wf_alarm_roster_about(const struct wf_alarm_roster *roster, size_t alarm,
                           struct wf_alarm_about *out)
{
    const struct wfi_entry *entry;
    const struct wfi_member *member;

    *out = (struct wf_alarm_about){ .parameter = WF_NO_INDEX,
                                    .source = "",
                                    .subsystem = "",
                                    .name = "",
                                    .title = "",
                                    .guidance = "",
                                    .unit = "",
                                    .rule = "",
                                    .enabled_when = "",
                                    .suppressed_by = "" };
    if (alarm >= roster->entry_count)
        return;
    entry = &roster->entries[alarm];
    member = &roster->members[entry->member];
    out->kind = (enum wf_alarm_kind)roster->engine->specs[alarm].definition.kind;
    out->member = entry->member;
    out->parameter = entry->parameter;
    out->source = member->source;
    out->subsystem = member->schema->name;
    out->title = member->schema->title;
    if (entry->coded != NULL) {
        out->name = out->title = entry->coded;
    } else if (entry->condition != NULL) {
        out->name = entry->condition->name;
        out->title = entry->condition->title;
        out->guidance = entry->condition->guidance;
        out->rule = entry->condition->when;
        out->enabled_when = entry->condition->enabled_when;
        out->suppressed_by = entry->condition->suppressed_by;
    } else if (entry->parameter >= 0) {
        const struct wf_parameter *parameter = &member->schema->parameters[entry->parameter];

        out->name = parameter->name;
        out->title = parameter->title;
        out->guidance = parameter->guidance;
        out->unit = parameter->unit;
        out->enabled_when = parameter->enabled_when;
        out->suppressed_by = parameter->suppressed_by;
    }
}

const struct wf_alarm_definition *wf_alarm_roster_definition(const struct wf_alarm_roster *roster,
                                                             size_t alarm, const char **out_context)
{
    const struct wfi_alarm *it;
    const struct wfi_entry *entry;

    *out_context = "";
    if (alarm >= roster->entry_count)
        return NULL;
    it = &roster->engine->alarms[alarm];
    entry = &roster->entries[alarm];
    if (it->memory.context > 0 && entry->edited == NULL)
        *out_context = roster->members[entry->member].schema->contexts[it->memory.context - 1].name;
    return &it->definition;
}

bool wf_alarm_roster_is_frozen(const struct wf_alarm_roster *roster, size_t alarm)
{
    const struct wf_alarm_memory *memory = wf_alarm_engine_memory(roster->engine, alarm);

    /* STALE itself is what says so, and speaks of now. */
    return memory != NULL && memory->state != WF_ALARM_NORMAL &&
           (int)alarm != roster->members[roster->entries[alarm].member].stale &&
           roster->members[roster->entries[alarm].member].is_stale;
}
