/* SPDX-License-Identifier: MIT */
/* Forecast: see forecast.h. */

#include "forecast.h"

#include <math.h>
#include <string.h>

#include <watchfloor/clock.h>

#define SPACING_MIN_NS (60 * WF_NS_PER_S)
#define SPACING_MAX_NS (16 * 60 * WF_NS_PER_S)
/* Less than that says nothing: files grow in steps, when their log of changes is moved into them. */
#define ENOUGH_NS (30 * 60 * WF_NS_PER_S)
/* What others do in some minutes (a build, a download) they do not go on with for days. */
#define ENOUGH_OF_OTHERS_NS (3600 * WF_NS_PER_S)
/* More gone at once than a log of changes that was emptied: somebody deleted by hand. */
#define HAND_BYTES (256.0 * 1024 * 1024)

/* --- looking ------------------------------------------------------------------------------------ */

/* Half as many looks, twice as far apart. */
static void thin_out(struct log_forecast *forecast)
{
    size_t kept = 0;

    for (size_t i = 0; i < forecast->count; i += 2)
        forecast->looks[kept++] = forecast->looks[i];
    forecast->count = kept;
    forecast->spacing_ns *= 2;
}

/* What was deleted by hand is no growth backwards: as if it had never been there. */
static void forget_deleted(struct log_forecast *forecast, const struct log_look *now)
{
    struct log_look *last = &forecast->looks[forecast->count - 1];
    double own[WF_STORE_TIERS], others = last->others - now->others;

    for (size_t t = 0; t < WF_STORE_TIERS; t++)
        own[t] = last->own[t] - now->own[t];
    for (size_t i = 0; i < forecast->count; i++) {
        for (size_t t = 0; t < WF_STORE_TIERS; t++)
            forecast->looks[i].own[t] -= own[t] > HAND_BYTES ? own[t] : 0;
        forecast->looks[i].others -= others > HAND_BYTES ? others : 0;
    }
}

void log_forecast_look(struct log_forecast *forecast, int64_t mono_ns, const struct log_disk *disk)
{
    struct log_look look = { .mono_ns = mono_ns };
    double history = 0;

    if (forecast->spacing_ns == 0)
        forecast->spacing_ns = SPACING_MIN_NS;
    if (forecast->count > 0 &&
        mono_ns - forecast->looks[forecast->count - 1].mono_ns < forecast->spacing_ns)
        return;
    for (size_t t = 0; t < WF_STORE_TIERS; t++) {
        look.own[t] = (double)disk->bytes[t] + (double)disk->deleted[t];
        history += (double)disk->bytes[t];
    }
    if (history <= 0)
        return; /* nobody has looked at the files yet */
    /* A log of changes grows for some minutes and is then written again from its beginning. */
    look.own[WF_STORE_RAW] -= (double)disk->log_bytes;
    look.others = (double)disk->used - history;
    if (forecast->count > 0)
        forget_deleted(forecast, &look);
    if (forecast->count == LOG_FORECAST_LOOKS && forecast->spacing_ns < SPACING_MAX_NS) {
        thin_out(forecast);
    } else if (forecast->count == LOG_FORECAST_LOOKS) {
        memmove(&forecast->looks[0], &forecast->looks[1],
                (LOG_FORECAST_LOOKS - 1) * sizeof(forecast->looks[0]));
        forecast->count--;
    }
    forecast->looks[forecast->count++] = look;
}

/* --- rates -------------------------------------------------------------------------------------- */

static double not_below_zero(double value)
{
    return value > 0 ? value : 0;
}

bool log_forecast_rates(const struct log_forecast *forecast, struct log_rates *out)
{
    const struct log_look *first = &forecast->looks[0], *last;
    double days, step = 0;

    *out = (struct log_rates){ .others = 0 };
    if (forecast->count < 3)
        return false;
    last = &forecast->looks[forecast->count - 1];
    if (last->mono_ns - first->mono_ns < ENOUGH_NS)
        return false;
    days = (double)(last->mono_ns - first->mono_ns) / (double)WF_NS_PER_DAY;
    for (size_t t = 0; t < WF_STORE_TIERS; t++)
        out->own[t] = not_below_zero(last->own[t] - first->own[t]) / days;
    if (last->mono_ns - first->mono_ns < ENOUGH_OF_OTHERS_NS)
        return true;
    /* Somebody copied something large, once: that is no rate. */
    for (size_t i = 1; i < forecast->count; i++)
        step = fmax(step, forecast->looks[i].others - forecast->looks[i - 1].others);
    days *= (double)(forecast->count - 2) / (double)(forecast->count - 1);
    out->others = not_below_zero(last->others - first->others - step) / days;
    return true;
}

/* --- what comes of it ----------------------------------------------------------------------------- */

/* Bytes at which a tier stays, because as much is deleted as comes; infinite when nothing is. */
static double level_of(size_t tier, const struct log_rates *rates,
                       const struct wf_store_retention *limits)
{
    double level = (double)INFINITY;

    if (limits->bytes_max[tier] > 0)
        level = (double)limits->bytes_max[tier];
    if (limits->keep_ns[tier] > 0)
        level =
            fmin(level, rates->own[tier] * (double)limits->keep_ns[tier] / (double)WF_NS_PER_DAY);
    return level;
}

struct log_outlook log_outlook_of(const struct log_rates *rates, const struct log_disk *disk,
                                  const struct wf_store_retention *limits)
{
    struct log_outlook outlook = { .full = (double)NAN, .kept = (double)NAN };
    double left = (double)disk->free, passed = 0, ends[WF_STORE_TIERS];

    for (size_t t = 0; t < WF_STORE_TIERS; t++) {
        double room = not_below_zero(level_of(t, rates, limits) - (double)disk->bytes[t]);

        ends[t] = rates->own[t] > 0 ? room / rates->own[t] : 0;
    }
    if (rates->own[WF_STORE_RAW] > 0 && isfinite(ends[WF_STORE_RAW]))
        outlook.kept = level_of(WF_STORE_RAW, rates, limits) / rates->own[WF_STORE_RAW];
    /* From one tier that is at its limit to the next, as long as anything grows. */
    for (size_t step = 0; step <= WF_STORE_TIERS; step++) {
        double rate = rates->others, until = (double)INFINITY;

        for (size_t t = 0; t < WF_STORE_TIERS; t++) {
            if (ends[t] <= passed)
                continue;
            rate += rates->own[t];
            until = fmin(until, ends[t]);
        }
        if (rate <= 0)
            return outlook;
        if (!isfinite(until) || left <= rate * (until - passed)) {
            outlook.full = passed + left / rate;
            return outlook;
        }
        left -= rate * (until - passed);
        passed = until;
    }
    return outlook;
}
