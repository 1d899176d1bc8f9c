/* SPDX-License-Identifier: MIT */
/* Pasts: see pasts.h. Joining what was read with what is live is in past_join.c. */

#include "pasts.h"
#include "past_join.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/store/bins.h>

#include "model.h"

/* Four traces and as many of the window before, which is still there when one zooms back. */
#define SLOT_MAX 8
/* Of no interest any more when no drawing asked for so long. */
#define WANTED_NS (2 * WF_NS_PER_S)
/* History is read again after a step, within these bounds, and in a twentieth of the time. */
#define AGAIN_LEAST_NS (5 * WF_NS_PER_S)
#define AGAIN_MOST_NS  (60 * WF_NS_PER_S)
#define AGAIN_PART     20
/* Sooner where memory does not reach back to it: what is between is being stored just now. */
#define AGAIN_APART_NS (2 * WF_NS_PER_S)

struct slot {
    bool is_used, is_asking, was_read;
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE], parameter[WF_NAME_SIZE];
    int64_t span_ns;
    size_t steps;
    struct con_past_request wanted; /* as of the last drawing */
    int64_t asked_mono_ns, read_mono_ns, took_ns;
    struct con_joined joined;
    struct con_past_answer *answer; /* the last that was any good */
    char trouble[160];
};

struct con_pasts {
    struct slot slots[SLOT_MAX];
    char folder[WF_PATH_SIZE];
};

int con_pasts_create(struct con_pasts **out_pasts, struct wf_err *err)
{
    *out_pasts = calloc(1, sizeof(**out_pasts));
    return *out_pasts != NULL ? WF_OK : wf_fail(err, WF_ERR_NOMEM, "past: out of memory");
}

static void empty(struct slot *slot)
{
    free(slot->answer);
    con_joined_fini(&slot->joined);
    *slot = (struct slot){ 0 };
}

void con_pasts_destroy(struct con_pasts **pasts)
{
    struct con_pasts *old = *pasts;

    *pasts = NULL;
    for (size_t i = 0; old != NULL && i < SLOT_MAX; i++)
        empty(&old->slots[i]);
    free(old);
}

void con_pasts_use(struct con_pasts *pasts, const char *folder)
{
    if (strcmp(pasts->folder, folder) == 0)
        return;
    (void)wf_copy_text(pasts->folder, sizeof(pasts->folder), folder);
    for (size_t i = 0; i < SLOT_MAX; i++)
        empty(&pasts->slots[i]);
}

/* --- asking -------------------------------------------------------------------------------- */

static bool is_slot_of(const struct slot *slot, const struct con_entry *entry,
                       const char *parameter, int64_t span_ns, size_t steps)
{
    return slot->is_used && slot->span_ns == span_ns && slot->steps == steps &&
           strcmp(slot->parameter, parameter) == 0 &&
           strcmp(slot->subsystem, entry->subsystem) == 0 &&
           strcmp(slot->source, entry->source) == 0;
}

static struct slot *find_slot(struct con_pasts *pasts, const struct con_entry *entry,
                              const char *parameter, int64_t span_ns, size_t steps)
{
    struct slot *oldest = &pasts->slots[0];

    for (size_t i = 0; i < SLOT_MAX; i++) {
        struct slot *slot = &pasts->slots[i];

        if (is_slot_of(slot, entry, parameter, span_ns, steps))
            return slot;
        if (!slot->is_used || (oldest->is_used && slot->asked_mono_ns < oldest->asked_mono_ns))
            oldest = slot;
    }
    empty(oldest);
    oldest->is_used = true;
    oldest->span_ns = span_ns;
    oldest->steps = steps;
    (void)wf_copy_text(oldest->source, sizeof(oldest->source), entry->source);
    (void)wf_copy_text(oldest->subsystem, sizeof(oldest->subsystem), entry->subsystem);
    (void)wf_copy_text(oldest->parameter, sizeof(oldest->parameter), parameter);
    return oldest;
}

static void set_wanted(const struct con_pasts *pasts, struct slot *slot,
                       const struct con_entry *entry, const struct con_now *now)
{
    struct con_past_request *wanted = &slot->wanted;
    struct wf_range range;

    wanted->to_ns = con_entry_time(entry, now);
    wanted->from_ns = wanted->to_ns - slot->span_ns;
    range = (struct wf_range){ wanted->from_ns, wanted->to_ns, false };
    wanted->step_ns = wf_bins_step(&range, slot->steps);
    wanted->slot = (size_t)(slot - pasts->slots);
    (void)wf_copy_text(wanted->folder, sizeof(wanted->folder), pasts->folder);
    (void)wf_copy_text(wanted->source, sizeof(wanted->source), slot->source);
    (void)wf_copy_text(wanted->subsystem, sizeof(wanted->subsystem), slot->subsystem);
    (void)wf_copy_text(wanted->parameter, sizeof(wanted->parameter), slot->parameter);
    slot->asked_mono_ns = now->mono_ns;
}

const struct wf_past *con_pasts_ask(struct con_pasts *pasts, struct con_entry *entry,
                                    size_t parameter, int64_t span_ns, size_t steps,
                                    const struct con_now *now)
{
    const char *name = entry->schema->parameters[parameter].name;
    struct slot *slot = find_slot(pasts, entry, name, span_ns, steps);

    set_wanted(pasts, slot, entry, now);
    if (!con_join(&slot->wanted, slot->answer, entry, parameter, now, &slot->joined))
        return NULL;
    slot->joined.past.trouble = slot->trouble;
    slot->joined.past.is_being_read = !slot->was_read ? 1 : 0;
    return &slot->joined.past;
}

/* --- reading ------------------------------------------------------------------------------- */

static bool is_due(const struct slot *slot, const struct con_now *now)
{
    int64_t again_ns = slot->wanted.step_ns;

    if (!slot->is_used || slot->is_asking || now->mono_ns - slot->asked_mono_ns > WANTED_NS)
        return false;
    if (!slot->was_read)
        return true;
    if (again_ns < AGAIN_LEAST_NS)
        again_ns = AGAIN_LEAST_NS;
    if (again_ns > AGAIN_MOST_NS)
        again_ns = AGAIN_MOST_NS;
    if (slot->joined.is_apart)
        again_ns = AGAIN_APART_NS;
    if (again_ns < slot->took_ns * AGAIN_PART)
        again_ns = slot->took_ns * AGAIN_PART;
    /* The clock of a replay may have been set back: what was read is of the future then. */
    return now->mono_ns - slot->read_mono_ns >= again_ns ||
           (slot->answer != NULL && slot->wanted.to_ns < slot->answer->request.to_ns);
}

bool con_pasts_next(struct con_pasts *pasts, const struct con_now *now,
                    struct con_past_request *out)
{
    for (int pass = 0; pass <= 1; pass++) {
        for (size_t i = 0; i < SLOT_MAX; i++) {
            struct slot *slot = &pasts->slots[i];

            if (!is_due(slot, now) || (pass == 0 && slot->was_read))
                continue;
            slot->is_asking = true;
            *out = slot->wanted;
            return true;
        }
    }
    return false;
}

void con_pasts_take(struct con_pasts *pasts, const struct con_past_answer *answer,
                    const struct con_now *now)
{
    const struct con_past_request *request = &answer->request;
    struct slot *slot = &pasts->slots[request->slot < SLOT_MAX ? request->slot : 0];

    /* The slot may be another's by now. */
    if (!slot->is_asking || strcmp(slot->source, request->source) != 0 ||
        strcmp(slot->subsystem, request->subsystem) != 0 ||
        strcmp(slot->parameter, request->parameter) != 0 ||
        slot->span_ns != request->to_ns - request->from_ns ||
        slot->wanted.step_ns != request->step_ns)
        return;
    slot->is_asking = false;
    slot->was_read = true;
    slot->read_mono_ns = now->mono_ns;
    slot->took_ns = answer->took_ns;
    (void)wf_copy_text(slot->trouble, sizeof(slot->trouble), answer->trouble);
    if (!answer->is_there)
        return; /* what was read before stays */
    if (slot->answer == NULL)
        slot->answer = malloc(sizeof(*slot->answer));
    if (slot->answer != NULL)
        *slot->answer = *answer;
}
