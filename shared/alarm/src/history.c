/* SPDX-License-Identifier: MIT */
/* The recent past of one parameter, as a ring: see <watchfloor/alarm/history.h>. */

#include <watchfloor/alarm/history.h>

#include <math.h>
#include <stdlib.h>

#define UNKNOWN_PERIOD_SAMPLES 4096

/* Whole numbers stay whole, so that the difference of two large counts is exact. */
struct entry {
    int64_t mono_ns;
    double real;
    uint64_t whole;
};

struct wf_alarm_history {
    struct wf_alarm_history_spec spec;
    uint32_t room, count, next;
    enum wf_value_kind kind; /* of what is in it */
    int64_t dropped_ns;      /* the newest that had to make room */
    uint64_t counter_last;   /* the counter itself; entries hold the unwrapped sum */
    struct entry entries[];
};

int wf_alarm_history_create(const struct wf_alarm_history_spec *spec,
                            struct wf_alarm_history **out_history, struct wf_err *err)
{
    int64_t room = spec->samples;

    if (spec->time_ns > 0 && spec->period_ns > 0)
        /* Twice the nominal rate, and the one before the window. */
        room += spec->time_ns / spec->period_ns >= WF_ALARM_HISTORY_MAX
                    ? WF_ALARM_HISTORY_MAX + 1
                    : 2 * (spec->time_ns / spec->period_ns) + 2;
    else if (spec->time_ns > 0)
        room += UNKNOWN_PERIOD_SAMPLES;
    if (room < 2)
        room = 2;
    if (room > WF_ALARM_HISTORY_MAX || spec->counter_bits > 64)
        return wf_fail(err, WF_ERR_LIMIT, "a window of more than %d samples", WF_ALARM_HISTORY_MAX);
    *out_history = calloc(1, sizeof(**out_history) + (size_t)room * sizeof(struct entry));
    if (*out_history == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "a window of %d samples", (int)room);
    (*out_history)->spec = *spec;
    (*out_history)->room = (uint32_t)room;
    (*out_history)->dropped_ns = INT64_MIN;
    return 0;
}

void wf_alarm_history_destroy(struct wf_alarm_history **history)
{
    free(*history);
    *history = NULL;
}

/* `back` 0 is the newest. */
static const struct entry *entry_at(const struct wf_alarm_history *history, uint32_t back)
{
    return &history->entries[(history->next + history->room - 1 - back) % history->room];
}

static void empty(struct wf_alarm_history *history)
{
    history->count = 0;
    history->dropped_ns = INT64_MIN;
}

void wf_alarm_history_gap(struct wf_alarm_history *history)
{
    if (history->spec.window == WF_WINDOW_RATE)
        empty(history);
}

/*
 * The unwrapped count. A step back of more than half the range forwards would be is a
 * reset: the counter began anew, and so does the window.
 */
static uint64_t unwrap(struct wf_alarm_history *history, uint64_t counter)
{
    uint64_t mask = history->spec.counter_bits < 64
                        ? (UINT64_C(1) << history->spec.counter_bits) - 1
                        : UINT64_MAX;
    uint64_t step = (counter - history->counter_last) & mask;

    history->counter_last = counter;
    if (history->count == 0)
        return counter;
    if (step > mask / 2) {
        empty(history);
        return counter;
    }
    return entry_at(history, 0)->whole + step;
}

void wf_alarm_history_add(struct wf_alarm_history *history, const struct wf_value *value,
                          int64_t mono_ns)
{
    struct entry entry = { .mono_ns = mono_ns, .real = wf_value_as_double(value) };

    if ((value->quality != WF_QUALITY_VALID && value->quality != WF_QUALITY_SUBSTITUTED) ||
        isnan(entry.real))
        return;
    if (history->count > 0 &&
        (history->kind != value->kind || mono_ns < entry_at(history, 0)->mono_ns))
        empty(history);
    history->kind = value->kind;
    if (value->kind == WF_VALUE_U64 || value->kind == WF_VALUE_I64)
        entry.whole = value->as.u64;
    if (value->kind == WF_VALUE_U64 && history->spec.counter_bits > 0)
        entry.whole = unwrap(history, value->as.u64);
    if (history->count == history->room)
        history->dropped_ns = entry_at(history, history->count - 1)->mono_ns;
    else
        history->count++;
    history->entries[history->next] = entry;
    history->next = (history->next + 1) % history->room;
}

static double difference(const struct wf_alarm_history *history, const struct entry *new,
                         const struct entry *old)
{
    bool is_falling = history->kind == WF_VALUE_I64 ? (int64_t) new->whole < (int64_t)old->whole
                                                    : new->whole < old->whole;

    if (history->kind != WF_VALUE_I64 && history->kind != WF_VALUE_U64)
        return new->real - old->real;
    if (history->spec.counter_bits > 0)
        return (double)(new->whole - old->whole); /* the sum may wrap, too */
    return is_falling ? -(double)(old->whole - new->whole) : (double)(new->whole - old->whole);
}

/* From the newest back to the first that is far enough in samples and in time. */
static bool find_rate(const struct wf_alarm_history *history, double *out)
{
    const struct entry *newest = entry_at(history, 0);
    uint32_t back = history->spec.samples > 2 ? history->spec.samples - 1 : 1;

    for (; back < history->count; back++) {
        const struct entry *entry = entry_at(history, back);
        int64_t span_ns = newest->mono_ns - entry->mono_ns;

        if (span_ns <= 0 || span_ns < history->spec.time_ns)
            continue;
        *out = difference(history, newest, entry) * 1e9 / (double)span_ns;
        return isfinite(*out);
    }
    return false;
}

/* How many entries lie in the window; false when some that did were dropped. */
static bool find_extent(const struct wf_alarm_history *history, int64_t now_mono_ns,
                        uint32_t *out_count)
{
    int64_t from_ns = now_mono_ns - history->spec.time_ns;
    uint32_t count = 0;

    if (history->spec.time_ns <= 0) {
        *out_count =
            history->count < history->spec.samples ? history->count : history->spec.samples;
        return true;
    }
    while (count < history->count && entry_at(history, count)->mono_ns > from_ns)
        count++;
    *out_count = count;
    return history->dropped_ns <= from_ns;
}

static double fold(const struct wf_alarm_history *history, uint32_t count)
{
    double result = entry_at(history, 0)->real, sum = 0;

    for (uint32_t back = 0; back < count; back++) {
        double real = entry_at(history, back)->real;

        sum += real / (double)count;
        if ((history->spec.window == WF_WINDOW_MIN && real < result) ||
            (history->spec.window == WF_WINDOW_MAX && real > result))
            result = real;
    }
    return history->spec.window == WF_WINDOW_AVG ? sum : result;
}

/* From the oldest to the newest: never back, and not the same all along? */
static bool is_moving(const struct wf_alarm_history *history, uint32_t count, double sign)
{
    for (uint32_t back = 1; back < count; back++)
        if (sign * (entry_at(history, back - 1)->real - entry_at(history, back)->real) < 0)
            return false;
    return sign * (entry_at(history, 0)->real - entry_at(history, count - 1)->real) > 0;
}

void wf_alarm_history_value(const struct wf_alarm_history *history, int64_t now_mono_ns,
                            struct wf_value *out)
{
    bool is_by_samples = history->spec.time_ns <= 0;
    uint32_t count;
    bool is_whole = find_extent(history, now_mono_ns, &count);
    double rate;

    *out = (struct wf_value){ .kind = WF_VALUE_NONE, .quality = WF_QUALITY_INVALID };
    if (history->spec.window == WF_WINDOW_RATE) {
        if (history->count > 0 && find_rate(history, &rate))
            *out = (struct wf_value){ .kind = WF_VALUE_F64, .as.f64 = rate };
        return;
    }
    if (history->spec.window == WF_WINDOW_COUNT && is_whole) {
        *out = (struct wf_value){ .kind = WF_VALUE_U64, .as.u64 = count };
        return;
    }
    if (!is_whole || count == 0 || (is_by_samples && count < history->spec.samples))
        return;
    if (history->spec.window == WF_WINDOW_RISING || history->spec.window == WF_WINDOW_FALLING) {
        bool is_rising = history->spec.window == WF_WINDOW_RISING;

        if (count > 1)
            *out = (struct wf_value){ .kind = WF_VALUE_BOOL,
                                      .as.u64 = is_moving(history, count, is_rising ? 1 : -1) };
        return;
    }
    *out = (struct wf_value){ .kind = WF_VALUE_F64, .as.f64 = fold(history, count) };
}

enum wf_truth wf_alarm_rate_truth(const struct wf_limits *limits, const struct wf_value *rate)
{
    double value = wf_value_as_double(rate);
    bool is_out;

    if (rate->quality >= WF_QUALITY_INVALID || isnan(value))
        return WF_UNKNOWN;
    is_out = limits->is_exclusive ? value < limits->rate_lo || value > limits->rate_hi
                                  : value <= limits->rate_lo || value >= limits->rate_hi;
    return is_out ? WF_TRUE : WF_FALSE;
}
