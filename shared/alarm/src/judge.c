/* SPDX-License-Identifier: MIT */
/* Judging: see <watchfloor/alarm/judge.h>. */

#include <watchfloor/alarm/judge.h>

#include <math.h>
#include <string.h>

#include <watchfloor/attributes.h>

#define BIT(level) (1u << (level))

/* Levels further out on the same side: a level drops only after they have. */
static unsigned outer_levels(const struct wf_alarm_definition *definition, unsigned level)
{
    static const uint8_t of_limit[] = {
        [WF_LOLO] = 0, [WF_LO] = BIT(WF_LOLO), [WF_HI] = BIT(WF_HIHI), [WF_HIHI] = 0
    };

    if (definition->kind == WF_ALARM_LIMIT)
        return of_limit[level];
    return (BIT(WF_ALARM_LEVEL_MAX) - 1) & ~(BIT(level + 1) - 1);
}

static unsigned count_bits(uint64_t bits)
{
    unsigned count = 0;

    for (; bits != 0; bits &= bits - 1)
        count++;
    return count;
}

static bool is_duration(const struct wf_persistence *persistence)
{
    return persistence->n == 0 && persistence->for_ns > 0;
}

/*
 * Count one sample towards raising or dropping one level. `counting` says that `window` holds
 * something: without it the level is at rest.
 */
static bool count_towards(const struct wf_persistence *persistence, struct wf_alarm_memory *memory,
                          unsigned level, bool is_hit, int64_t mono_ns)
{
    uint64_t window = (memory->counting & BIT(level)) != 0 ? memory->window[level] : 0;
    unsigned m = persistence->m < 1                ? 1
                 : persistence->m > WF_ALARM_M_MAX ? WF_ALARM_M_MAX
                                                   : persistence->m;
    bool is_reached;

    if (is_duration(persistence)) {
        int64_t start = (memory->counting & BIT(level)) != 0 ? (int64_t)window : mono_ns;

        /* A start in the future is that of another boot: it begins now. */
        if (start > mono_ns)
            start = mono_ns;
        window = (uint64_t)start;
        is_reached = is_hit && mono_ns - start >= persistence->for_ns;
        memory->counting =
            (uint8_t)(is_hit ? memory->counting | BIT(level) : memory->counting & ~BIT(level));
    } else {
        window = window << 1 | (is_hit ? 1 : 0);
        if (m < 64)
            window &= (UINT64_C(1) << m) - 1;
        is_reached = is_hit && (m == 1 || count_bits(window) >= persistence->n);
        memory->counting =
            (uint8_t)(window != 0 ? memory->counting | BIT(level) : memory->counting & ~BIT(level));
    }
    memory->window[level] = (memory->counting & BIT(level)) != 0 ? window : 0;
    return is_reached;
}

static void rest(struct wf_alarm_memory *memory, unsigned level)
{
    memory->counting = (uint8_t)(memory->counting & ~BIT(level));
    memory->window[level] = 0;
}

/* The gravest raised level; among equals one violated now, then the one further out. */
static unsigned deciding_level(const struct wf_alarm_definition *definition,
                               const struct wf_alarm_memory *memory)
{
    unsigned best = WF_ALARM_NO_LEVEL, best_score = 0;

    for (unsigned level = 0; level < WF_ALARM_LEVEL_MAX; level++) {
        unsigned score;

        if ((memory->raised & BIT(level)) == 0)
            continue;
        score = definition->severity[level] * 4u + ((memory->violated & BIT(level)) != 0 ? 2u : 0) +
                (outer_levels(definition, level) == 0 ? 1u : 0);
        if (best == WF_ALARM_NO_LEVEL || score > best_score) {
            best = level;
            best_score = score;
        }
    }
    return best;
}

/* What the change from the `before` levels to those raised now means; sets severity and level. */
static bool find_event(const struct wf_alarm_definition *definition, struct wf_alarm_memory *memory,
                       unsigned before, bool was_counting, enum wf_alarm_event *out_event)
{
    uint8_t old_severity = memory->severity, old_level = memory->level;
    unsigned fresh = memory->raised & ~before;
    unsigned level = deciding_level(definition, memory);

    memory->level = (uint8_t)level;
    memory->severity = level == WF_ALARM_NO_LEVEL ? 0 : definition->severity[level];
    if (memory->raised == 0 && before == 0) {
        bool is_counting = memory->counting != 0;

        *out_event = is_counting ? WF_ALARM_VIOLATION : WF_ALARM_GLITCH;
        return is_counting != was_counting;
    }
    if (memory->severity > old_severity) {
        *out_event = old_severity == 0 ? WF_ALARM_RAISE : WF_ALARM_WORSEN;
        return true;
    }
    if (memory->severity < old_severity) {
        *out_event = memory->severity == 0 ? WF_ALARM_RTN : WF_ALARM_EASE;
        return true;
    }
    if (level != WF_ALARM_NO_LEVEL && (fresh & BIT(level)) != 0) {
        *out_event = WF_ALARM_WORSEN;
        return true;
    }
    *out_event = WF_ALARM_EASE;
    return level != old_level && (before & ~(unsigned)memory->raised) != 0;
}

static bool judge_slowly(const struct wf_alarm_definition *definition,
                         struct wf_alarm_memory *memory, unsigned violated, unsigned left,
                         int64_t mono_ns, enum wf_alarm_event *out_event)
{
    unsigned before = memory->raised, after = memory->raised;
    bool was_counting = memory->counting != 0;

    for (unsigned level = 0; level < WF_ALARM_LEVEL_MAX; level++) {
        bool was_raised = (before & BIT(level)) != 0;
        bool is_hit = ((was_raised ? left : violated) & BIT(level)) != 0;

        if ((definition->levels & BIT(level)) == 0)
            continue;
        if (!is_hit && (memory->counting & BIT(level)) == 0)
            continue;
        if (!count_towards(was_raised ? &definition->clear : &definition->raise, memory, level,
                           is_hit, mono_ns))
            continue;
        if (was_raised && (before & outer_levels(definition, level)) != 0)
            continue;
        after ^= BIT(level);
        rest(memory, level);
    }
    memory->raised = (uint8_t)after;
    memory->violated = (uint8_t)violated;
    return find_event(definition, memory, before, was_counting, out_event);
}

bool wf_alarm_judge(const struct wf_alarm_definition *definition, struct wf_alarm_memory *memory,
                    unsigned violated, unsigned left, int64_t mono_ns,
                    enum wf_alarm_event *out_event)
{
    /* Nothing is wrong, was wrong or is being counted: nearly always so. */
    if (WF_LIKELY((violated | memory->raised | memory->counting) == 0)) {
        memory->violated = 0;
        return false;
    }
    return judge_slowly(definition, memory, violated, left, mono_ns, out_event);
}

void wf_alarm_forget_levels(struct wf_alarm_memory *memory)
{
    memory->raised = 0;
    memory->counting = 0;
    memory->violated = 0;
    memory->severity = 0;
    memory->level = WF_ALARM_NO_LEVEL;
    memset(memory->window, 0, sizeof(memory->window));
}

void wf_alarm_forget_counts(const struct wf_alarm_definition *definition,
                            struct wf_alarm_memory *memory)
{
    bool is_pending = memory->state == WF_ALARM_PENDING;

    /* The start of a duration that is pending is known: had it ended, that would be known, too. */
    if (is_pending && is_duration(&definition->raise))
        return;
    for (unsigned level = 0; level < WF_ALARM_LEVEL_MAX; level++) {
        bool is_counting = (memory->counting & BIT(level)) != 0;

        if (is_pending && is_counting)
            memory->window[level] = 1;
        else
            rest(memory, level);
    }
}

bool wf_alarm_change_levels(const struct wf_alarm_definition *definition,
                            struct wf_alarm_memory *memory, enum wf_alarm_event *out_event)
{
    unsigned before = memory->raised;
    bool was_counting = memory->counting != 0;

    memory->counting = 0;
    memset(memory->window, 0, sizeof(memory->window));
    memory->raised &= definition->levels;
    memory->violated &= definition->levels;
    return find_event(definition, memory, before, was_counting, out_event);
}

unsigned wf_alarm_advance(const struct wf_alarm_definition *definition,
                          struct wf_alarm_memory *memory, enum wf_alarm_event event)
{
    const struct wf_alarm_cell *cell = wf_alarm_cell((enum wf_alarm_state)memory->state, event);

    memory->state = definition->is_latched ? cell->next_latched : cell->next;
    if ((cell->actions & WF_ALARM_START) != 0 ||
        ((cell->actions & WF_ALARM_GROW) != 0 && memory->severity > memory->highest))
        memory->highest = memory->severity;
    if (memory->state == WF_ALARM_NORMAL || memory->state == WF_ALARM_PENDING)
        memory->highest = 0;
    return cell->actions;
}
