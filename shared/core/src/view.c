/* SPDX-License-Identifier: MIT */
/* Views: what a display asks about a parameter. See <watchfloor/plugin.h>. */

#include <watchfloor/plugin.h>

#include <watchfloor/clock.h>

#include <math.h>

/* More elements of an array than this are told by their number only. */
#define ELEMENTS_SHOWN 8
/* Room a bar leaves outside the outermost limits, as part of the distance between them. */
#define ROOM 0.2

static bool is_received(const struct wf_view *view, size_t parameter)
{
    return view->data != NULL && view->stamp != NULL && parameter < view->schema->parameter_count;
}

enum wf_quality wf_view_quality(const struct wf_view *view, size_t parameter)
{
    struct wf_value value;
    enum wf_quality quality;

    if (!is_received(view, parameter))
        return WF_QUALITY_NEVER;
    wf_value_get(view->schema, view->data, parameter, 0, &value);
    quality = wf_quality_now(view->schema, (enum wf_quality)value.quality,
                             view->stamp->received_mono_ns, view->now_mono_ns);
    /* Without a period nothing grows stale by itself, yet a frozen number must never look live. */
    if (!view->is_live && quality < WF_QUALITY_STALE)
        quality = WF_QUALITY_STALE;
    return quality;
}

int wf_view_severity(const struct wf_view *view, size_t parameter)
{
    const struct wf_parameter *definition;
    struct wf_value value;

    if (!is_received(view, parameter))
        return WF_SEVERITY_NORMAL;
    definition = &view->schema->parameters[parameter];
    wf_value_get(view->schema, view->data, parameter, 0, &value);
    if (value.quality == WF_QUALITY_ABSENT)
        return WF_SEVERITY_NORMAL;
    if (value.quality == WF_QUALITY_INVALID)
        return definition->limits.invalid_severity;
    /* A stale value keeps its severity: silence does not make a bad value good. */
    return wf_value_severity(view->schema, parameter, &value);
}

enum wf_style wf_view_style(const struct wf_view *view, size_t parameter)
{
    enum wf_quality quality = wf_view_quality(view, parameter);

    if (quality == WF_QUALITY_STALE || quality == WF_QUALITY_NEVER || quality == WF_QUALITY_ABSENT)
        return WF_STYLE_DIM;
    return wf_style_of_severity(wf_view_severity(view, parameter));
}

int wf_view_limit(const struct wf_view *view, size_t parameter)
{
    struct wf_value value;
    int limit = -1;

    if (!is_received(view, parameter))
        return -1;
    wf_value_get(view->schema, view->data, parameter, 0, &value);
    if (value.quality >= WF_QUALITY_INVALID)
        return -1;
    if (wf_limits_check(&view->schema->parameters[parameter].limits, wf_value_as_double(&value),
                        &limit) == WF_SEVERITY_NORMAL)
        return -1;
    return limit;
}

bool wf_view_range(const struct wf_view *view, size_t parameter, double *out_lo, double *out_hi,
                   double out_ticks[4])
{
    const struct wf_parameter *definition;
    double lo = INFINITY;
    double hi = -INFINITY;
    double room;

    if (parameter >= view->schema->parameter_count)
        return false;
    definition = &view->schema->parameters[parameter];
    for (int i = 0; i < WF_LIMIT_COUNT; i++) {
        bool is_set = (definition->limits.present & (1u << i)) != 0;

        out_ticks[i] = is_set ? definition->limits.value[i] : NAN;
        if (is_set) {
            lo = fmin(lo, out_ticks[i]);
            hi = fmax(hi, out_ticks[i]);
        }
    }
    /* Limits on one side only: most things count from zero, and have room beyond it. */
    if (lo <= hi && isnan(out_ticks[WF_LO]) && isnan(out_ticks[WF_LOLO]))
        lo = isfinite(definition->valid_lo) ? definition->valid_lo : fmin(lo, 0);
    else if (lo <= hi && isnan(out_ticks[WF_HI]) && isnan(out_ticks[WF_HIHI]))
        hi = isfinite(definition->valid_hi) ? definition->valid_hi : fmax(2 * hi, 0);
    room = (hi - lo) * ROOM;
    if (lo < hi) {
        *out_lo = fmax(lo - room, definition->valid_lo);
        *out_hi = fmin(hi + room, definition->valid_hi);
    } else {
        *out_lo = definition->valid_lo;
        *out_hi = definition->valid_hi;
    }
    return isfinite(*out_lo) && isfinite(*out_hi) && *out_lo < *out_hi;
}

static void add_value(const struct wf_view *view, size_t parameter, struct wf_strbuf *out)
{
    size_t count = wf_value_count(view->schema, view->data, parameter);
    struct wf_value value;

    for (size_t i = 0; i < count && i < ELEMENTS_SHOWN; i++) {
        wf_value_get(view->schema, view->data, parameter, i, &value);
        if (i > 0)
            wf_strbuf_add_char(out, ' ');
        wf_value_format(view->schema, parameter, &value, out);
    }
    if (count > ELEMENTS_SHOWN)
        wf_strbuf_addf(out, " ... (%zu)", count);
}

/* What makes the value less than a plain, live, good one. */
static void add_marks(const struct wf_view *view, size_t parameter, enum wf_quality quality,
                      enum wf_quality stored, struct wf_strbuf *out)
{
    int limit = wf_view_limit(view, parameter);

    if (limit >= 0)
        wf_strbuf_add(out, limit == WF_LOLO || limit == WF_LO ? " v" : " ^");
    if (stored == WF_QUALITY_LATE)
        wf_strbuf_add(out, " L");
    else if (stored == WF_QUALITY_SUBSTITUTED)
        wf_strbuf_add(out, " S");
    else if (stored == WF_QUALITY_SUSPECT)
        wf_strbuf_add(out, " ?");
    if (quality == WF_QUALITY_STALE) {
        wf_strbuf_add(out, " ~");
        wf_strbuf_add_age(out, view->now_mono_ns - view->stamp->received_mono_ns);
    }
}

void wf_view_text(const struct wf_view *view, size_t parameter, struct wf_strbuf *out)
{
    enum wf_quality quality = wf_view_quality(view, parameter);
    const char *unit;
    struct wf_value value;

    if (quality == WF_QUALITY_NEVER) {
        wf_strbuf_add(out, "--");
        return;
    }
    wf_value_get(view->schema, view->data, parameter, 0, &value);
    unit = view->schema->parameters[parameter].unit;
    if (value.quality == WF_QUALITY_ABSENT) {
        wf_strbuf_add(out, "n/a");
    } else if (value.quality == WF_QUALITY_INVALID) {
        wf_strbuf_add(out, "INV");
    } else {
        add_value(view, parameter, out);
        if (unit[0] != '\0')
            wf_strbuf_addf(out, " %s", unit);
    }
    add_marks(view, parameter, quality, (enum wf_quality)value.quality, out);
}

const struct wf_past *wf_view_past(const struct wf_view *view, size_t parameter, int64_t span_ns,
                                   size_t steps)
{
    bool is_known = view->size >= offsetof(struct wf_view, past) + sizeof(view->past);

    if (!is_known || view->past == NULL || parameter >= view->schema->parameter_count ||
        span_ns <= 0)
        return NULL;
    return view->past(view, parameter, span_ns,
                      steps < 1                   ? 1
                      : steps > WF_PAST_STEPS_MAX ? WF_PAST_STEPS_MAX
                                                  : steps);
}
