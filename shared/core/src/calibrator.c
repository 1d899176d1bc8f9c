/* SPDX-License-Identifier: MIT */
/*
 * Calibrators and enumerations: see <watchfloor/schema.h>.
 *
 * A table of order n is the polynomial through the n + 1 points around the raw
 * value; order 0 holds the value of the point below.
 */

#include <watchfloor/schema.h>

#include <math.h>

/* From the highest term that is not 0, so that infinity gives what the polynomial tends to. */
static double polynomial(const struct wf_calibrator *calibrator, double x)
{
    size_t count = calibrator->count;
    double sum;

    while (count > 1 && calibrator->y[count - 1] == 0)
        count--;
    sum = count > 0 ? calibrator->y[count - 1] : 0;
    for (size_t i = count; i-- > 1;)
        sum = sum * x + calibrator->y[i - 1];
    return isnan(x) ? x : sum;
}

/* The last point at or below `x`; 0 when all are above. */
static size_t point_below(const struct wf_calibrator *calibrator, double x)
{
    size_t low = 0, high = calibrator->count;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (calibrator->x[middle] <= x)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Lagrange's polynomial through the points [first, first + count). */
static double through_points(const struct wf_calibrator *calibrator, size_t first, size_t count,
                             double x)
{
    const double *xs = calibrator->x + first, *ys = calibrator->y + first;
    double sum = 0;

    for (size_t i = 0; i < count; i++) {
        double term = ys[i];

        for (size_t k = 0; k < count; k++)
            if (k != i)
                term *= (x - xs[k]) / (xs[i] - xs[k]);
        sum += term;
    }
    return sum;
}

/* The table's value at `x`, also beyond its ends. */
static double table_value(const struct wf_calibrator *calibrator, double x)
{
    size_t below = point_below(calibrator, x);
    size_t wanted = (size_t)calibrator->order + 1;
    size_t first;

    if (wanted > calibrator->count)
        wanted = calibrator->count;
    if (wanted == 1)
        return calibrator->y[below];
    if (wanted == 2) {
        size_t i = below + 1 < calibrator->count ? below : below - 1;
        const double *xs = calibrator->x + i, *ys = calibrator->y + i;

        if (x == xs[1])
            return ys[1]; /* exactly what the table says */
        return ys[0] + (ys[1] - ys[0]) * ((x - xs[0]) / (xs[1] - xs[0]));
    }
    /* Three points: the one below, before and behind it; four: two on each side. */
    first = below > 0 ? below - 1 : 0;
    if (first + wanted > calibrator->count)
        first = calibrator->count - wanted;
    return through_points(calibrator, first, wanted, x);
}

const struct wf_calibrator *wf_calibrator_in_force(const struct wf_schema *schema,
                                                   const void *payload, size_t index)
{
    const struct wf_parameter *parameter = &schema->parameters[index];
    uint8_t choice = 0;

    if (parameter->calibrator < 0)
        return NULL;
    if (parameter->choice_offset != 0)
        choice = *((const uint8_t *)payload + parameter->choice_offset);
    /* A payload may come from somebody else's memory. */
    return &schema->calibrators[choice == 0 || choice > parameter->choice_count
                                    ? parameter->calibrator
                                    : parameter->choices[choice - 1]];
}

bool wf_calibrate(const struct wf_calibrator *calibrator, double raw, double *out)
{
    if (calibrator->kind == WF_CALIBRATOR_POLYNOMIAL) {
        *out = polynomial(calibrator, raw);
        return true;
    }
    /* Written so that NaN is outside. */
    if (!calibrator->extrapolate &&
        !(raw >= calibrator->x[0] && raw <= calibrator->x[calibrator->count - 1]))
        return false;
    *out = table_value(calibrator, raw);
    return true;
}

/* --- the way back -------------------------------------------------------------------- */

typedef double (*forward_fn)(const struct wf_calibrator *calibrator, double x);

/* Where `forward` meets `y` between a and b, on whose sides it lies. */
static double bisect(const struct wf_calibrator *calibrator, forward_fn forward, double y, double a,
                     double b)
{
    bool is_above = forward(calibrator, a) > y;

    for (int i = 0; i < 200 && a != b; i++) {
        double middle = a + (b - a) / 2;

        if (middle == a || middle == b)
            break;
        if ((forward(calibrator, middle) > y) == is_above)
            a = middle;
        else
            b = middle;
    }
    return fabs(forward(calibrator, a) - y) < fabs(forward(calibrator, b) - y) ? a : b;
}

/* Raw values are counts: look outwards from 0, upwards first, in doubling steps of eight parts. */
static bool invert_polynomial(const struct wf_calibrator *calibrator, double y, double *out)
{
    if (calibrator->count < 2 || (calibrator->count == 2 && calibrator->y[1] == 0))
        return false;
    if (calibrator->count == 2) {
        *out = (y - calibrator->y[0]) / calibrator->y[1];
        return isfinite(*out);
    }
    for (int side = 1; side >= -1; side -= 2) {
        double a = 0, step = 0.125;

        for (int i = 0; i < 8 * 60; i++) {
            double b = a + side * step;
            double at_a = polynomial(calibrator, a), at_b = polynomial(calibrator, b);

            if (!isfinite(at_b))
                break;
            if (at_a == y || (at_a > y) != (at_b > y)) {
                *out = at_a == y ? a : bisect(calibrator, polynomial, y, a, b);
                return true;
            }
            a = b;
            if (i % 8 == 7 && i > 8)
                step *= 2;
        }
    }
    return false;
}

static bool is_between(double y, double a, double b)
{
    return (y >= a && y <= b) || (y <= a && y >= b);
}

static bool invert_table(const struct wf_calibrator *calibrator, double y, double *out)
{
    size_t last = calibrator->count - 1, nearest = 0;

    for (size_t i = 0; i <= last; i++)
        if (fabs(calibrator->y[i] - y) < fabs(calibrator->y[nearest] - y))
            nearest = i;
    if (calibrator->order > 0 && calibrator->y[nearest] != y) {
        for (size_t i = 0; i < last; i++) {
            if (!is_between(y, calibrator->y[i], calibrator->y[i + 1]))
                continue;
            *out = bisect(calibrator, table_value, y, calibrator->x[i], calibrator->x[i + 1]);
            return true;
        }
        /* Beyond the ends only a line can be followed. */
        if (calibrator->extrapolate && calibrator->order == 1 &&
            (nearest == 0 || nearest == last)) {
            size_t i = nearest == 0 ? 0 : last - 1;
            double slope = (calibrator->y[i + 1] - calibrator->y[i]) /
                           (calibrator->x[i + 1] - calibrator->x[i]);

            if (slope != 0) {
                *out = calibrator->x[i] + (y - calibrator->y[i]) / slope;
                return true;
            }
        }
    }
    *out = calibrator->x[nearest];
    return true;
}

bool wf_calibrate_inverse(const struct wf_calibrator *calibrator, double y, double *out)
{
    if (!isfinite(y) || calibrator->count == 0)
        return false;
    return calibrator->kind == WF_CALIBRATOR_POLYNOMIAL ? invert_polynomial(calibrator, y, out)
                                                        : invert_table(calibrator, y, out);
}

/* --- enumerations ----------------------------------------------------------------------- */

const char *wf_enumeration_label(const struct wf_enumeration *enumeration, int64_t value)
{
    size_t low = 0, high = enumeration->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct wf_enumeration_entry *entry = &enumeration->entries[middle];

        if (value < entry->low)
            high = middle;
        else if (value > entry->high)
            low = middle + 1;
        else
            return entry->label;
    }
    return NULL;
}

bool wf_enumeration_value(const struct wf_enumeration *enumeration, const char *label, int64_t *out)
{
    for (size_t i = 0; i < enumeration->count; i++) {
        if (wf_casecmp(enumeration->entries[i].label, label) == 0) {
            *out = enumeration->entries[i].low;
            return true;
        }
    }
    return false;
}

/* --- limits ------------------------------------------------------------------------------- */

static bool is_violated(const struct wf_limits *limits, enum wf_limit which, double value)
{
    double limit = limits->value[which];

    if (which == WF_HI || which == WF_HIHI)
        return limits->is_exclusive ? value > limit : value >= limit;
    return limits->is_exclusive ? value < limit : value <= limit;
}

uint8_t wf_limits_check(const struct wf_limits *limits, double value, int *out_limit)
{
    /* The outer ones first, so that they are named when severities are equal. */
    static const enum wf_limit order[] = { WF_HIHI, WF_LOLO, WF_HI, WF_LO };
    uint8_t worst = WF_SEVERITY_NORMAL;

    if (out_limit != NULL)
        *out_limit = -1;
    for (size_t i = 0; i < WF_LIMIT_COUNT && limits->present != 0; i++) {
        enum wf_limit which = order[i];

        if (!(limits->present & (1u << which)) || limits->severity[which] <= worst ||
            !is_violated(limits, which, value))
            continue;
        worst = limits->severity[which];
        if (out_limit != NULL)
            *out_limit = (int)which;
    }
    return worst;
}
