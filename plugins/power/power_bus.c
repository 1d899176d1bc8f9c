/* SPDX-License-Identifier: MIT */
/*
 * power-bus - the power bus as a picture: what feeds it, what it feeds, and
 * which way the current goes.
 *
 *   array ──▶ regulator ──▶ main bus ──┬▶ load A
 *                              │       ├▶ load B
 *                              ▼       └▶ heaters
 *                           battery
 *
 * Lines are strong where current flows, dotted where it does not; colour is
 * left to values out of their limits. Stateless: one sample is one picture.
 */

#include <watchfloor/plugin.h>

#include <stdbool.h>

#include "power_info.h"

/* Less than this is noise of a current sensor, not a flow. */
#define FLOW_MIN_A 0.05

/* The picture is drawn around these boxes; what room there is goes between them. */
#define ARRAY_WIDTH 18
#define REG_WIDTH   13
#define BUS_WIDTH   18
#define LOAD_WIDTH  19
#define BOX_WIDTHS  (ARRAY_WIDTH + REG_WIDTH + BUS_WIDTH + LOAD_WIDTH)
#define HEIGHT      17

/* Rows of the picture. */
#define ROW_TOP     2 /* of array and bus */
#define ROW_FLOW    4 /* where the current comes in */
#define ROW_BATTERY 11

struct layout {
    int array, regulator, bus, loads; /* left edges */
    int gap;                          /* between neighbours */
};

/* A value by itself, right-aligned, in the colour of its state. */
static void draw_value(const struct wf_canvas_part *part, int x, int y, int width,
                       const struct wf_view *view, enum power_parameter parameter)
{
    struct wf_canvas_part field = wf_canvas_sub(part, x, y, width, 1);
    char text[64];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    wf_view_text(view, parameter, &buf);
    wf_canvas_text_right(&field, field.width, 0, wf_view_style(view, parameter), text);
}

/* "label      value" across a box. */
static void draw_line(const struct wf_canvas_part *part, int x, int y, int width, const char *label,
                      const struct wf_view *view, enum power_parameter parameter)
{
    int end = wf_canvas_text(part, x, y, WF_STYLE_DIM, label);

    draw_value(part, end + 1, y, x + width - end - 1, view, parameter);
}

static enum wf_style flow_style(const struct wf_view *view, bool is_flowing)
{
    return is_flowing && view->is_live ? WF_STYLE_STRONG : WF_STYLE_DIM;
}

/* From x to x + width, with an arrow in the middle when something flows. */
static void draw_flow(const struct wf_canvas_part *part, int x, int y, int width,
                      const struct wf_view *view, bool is_flowing)
{
    enum wf_style style = flow_style(view, is_flowing);

    wf_canvas_fill(part, x, y, width, 1, is_flowing ? 0x2501 : 0x2508, style);
    if (is_flowing)
        wf_canvas_put(part, x + width / 2, y, 0x25b6, style);
}

/* --- boxes -------------------------------------------------------------------- */

static void draw_array(const struct wf_canvas_part *part, const struct layout *at,
                       const struct wf_view *view)
{
    int x = at->array + 2;
    int width = ARRAY_WIDTH - 4;

    wf_canvas_box(part, at->array, ROW_TOP, ARRAY_WIDTH, 5, "SOLAR ARRAY");
    draw_line(part, x, ROW_TOP + 1, width, "", view, POWER_ARRAY_VOLTAGE);
    draw_line(part, x, ROW_TOP + 2, width, "", view, POWER_ARRAY_CURRENT);
    draw_line(part, x, ROW_TOP + 3, width, "", view, POWER_ARRAY_POWER);
}

static void draw_regulator(const struct wf_canvas_part *part, const struct layout *at,
                           const struct wf_view *view, const struct power_info *power)
{
    wf_canvas_box(part, at->regulator, ROW_TOP + 1, REG_WIDTH, 3, "REGULATOR");
    (void)wf_canvas_text(part, at->regulator + 4, ROW_TOP + 2,
                         wf_view_style(view, POWER_REGULATOR_ON),
                         power->regulator_on ? "   ON" : "!! OFF");
}

static void draw_bus(const struct wf_canvas_part *part, const struct layout *at,
                     const struct wf_view *view)
{
    int x = at->bus + 2;
    int width = BUS_WIDTH - 4;

    wf_canvas_box(part, at->bus, ROW_TOP, BUS_WIDTH, 5, "MAIN BUS");
    draw_line(part, x, ROW_TOP + 1, width, "", view, POWER_BUS_VOLTAGE);
    draw_line(part, x, ROW_TOP + 2, width, "", view, POWER_BUS_CURRENT);
    draw_line(part, x, ROW_TOP + 3, width, "", view, POWER_BUS_POWER);
}

static void draw_soc(const struct wf_canvas_part *part, int x, int y, int width,
                     const struct wf_view *view, const struct power_info *power)
{
    double lo, hi, ticks[4];

    if (wf_view_range(view, POWER_BATTERY_SOC, &lo, &hi, ticks))
        wf_canvas_bar(part, x, y, width, (double)power->battery_soc, 0, 100, ticks,
                      wf_view_style(view, POWER_BATTERY_SOC));
}

static void draw_battery(const struct wf_canvas_part *part, const struct layout *at,
                         const struct wf_view *view, const struct power_info *power)
{
    const int width = 32;
    int x = at->bus + BUS_WIDTH - width; /* clear of the loads' line */
    bool is_charging = power->battery_current > FLOW_MIN_A;
    bool is_discharging = power->battery_current < -FLOW_MIN_A;

    wf_canvas_box(part, x, ROW_BATTERY, width, 6, "BATTERY");
    draw_line(part, x + 2, ROW_BATTERY + 1, width - 4, "voltage", view, POWER_BATTERY_VOLTAGE);
    draw_line(part, x + 2, ROW_BATTERY + 2, width - 4,
              is_charging      ? "charging"
              : is_discharging ? "discharging"
                               : "resting",
              view, POWER_BATTERY_CURRENT);
    draw_line(part, x + 2, ROW_BATTERY + 3, width - 4, "temperature", view,
              POWER_BATTERY_TEMPERATURE);
    draw_soc(part, x + 2, ROW_BATTERY + 4, 16, view, power);
    draw_value(part, x + 18, ROW_BATTERY + 4, width - 20, view, POWER_BATTERY_SOC);
}

/* Between bus and battery: down while charging, up while discharging. */
static void draw_battery_flow(const struct wf_canvas_part *part, const struct layout *at,
                              const struct wf_view *view, const struct power_info *power)
{
    int x = at->bus + BUS_WIDTH / 2;
    bool is_charging = power->battery_current > FLOW_MIN_A;
    bool is_discharging = power->battery_current < -FLOW_MIN_A;
    bool is_flowing = is_charging || is_discharging;
    enum wf_style style = flow_style(view, is_flowing);

    for (int y = ROW_TOP + 5; y < ROW_BATTERY; y++)
        wf_canvas_put(part, x, y, is_flowing ? 0x2503 : 0x250a, style);
    if (is_flowing)
        wf_canvas_put(part, x, (ROW_TOP + 4 + ROW_BATTERY) / 2, is_charging ? 0x25bc : 0x25b2,
                      style);
    draw_value(part, x - 13, (ROW_TOP + 4 + ROW_BATTERY) / 2, 12, view, POWER_BATTERY_POWER);
}

/* --- loads -------------------------------------------------------------------- */

struct load {
    const char *title;
    enum power_parameter current;
    double amperes;
    bool has_switch, is_on;
};

static void draw_load(const struct wf_canvas_part *part, const struct layout *at, int y,
                      const struct wf_view *view, const struct load *load)
{
    int trunk = at->loads - 3;
    bool is_flowing = load->amperes > FLOW_MIN_A;
    enum wf_style style = flow_style(view, is_flowing);

    wf_canvas_box(part, at->loads, y, LOAD_WIDTH, 3, load->title);
    if (load->has_switch)
        (void)wf_canvas_text(part, at->loads + 2, y + 1, WF_STYLE_DIM, load->is_on ? "on" : "off");
    draw_value(part, at->loads + 5, y + 1, LOAD_WIDTH - 7, view, load->current);
    wf_canvas_put(part, trunk + 1, y + 1, is_flowing ? 0x2501 : 0x2508, style);
    wf_canvas_put(part, trunk + 2, y + 1, is_flowing ? 0x25b6 : 0x2508, style);
}

static void draw_loads(const struct wf_canvas_part *part, const struct layout *at,
                       const struct wf_view *view, const struct power_info *power)
{
    const struct load loads[] = {
        { "LOAD A", POWER_LOAD_A_CURRENT, power->load_a_current, true, power->load_a_on != 0 },
        { "LOAD B", POWER_LOAD_B_CURRENT, power->load_b_current, true, power->load_b_on != 0 },
        { "HEATERS", POWER_HEATER_CURRENT, power->heater_current, true, power->heater_on != 0 },
        { "OTHER", POWER_OTHER_CURRENT, power->other_current, false, false },
    };
    const int count = (int)(sizeof(loads) / sizeof(loads[0]));
    int trunk = at->loads - 3;
    bool is_flowing = power->bus_current > FLOW_MIN_A;
    enum wf_style style = flow_style(view, is_flowing);

    wf_canvas_fill(part, at->bus + BUS_WIDTH, ROW_FLOW, trunk - at->bus - BUS_WIDTH, 1,
                   is_flowing ? 0x2501 : 0x2508, style);
    for (int y = 2; y <= 3 * count - 1; y++)
        wf_canvas_put(part, trunk, y, is_flowing ? 0x2503 : 0x250a, style);
    for (int i = 0; i < count; i++)
        draw_load(part, at, 1 + 3 * i, view, &loads[i]);
}

/* --- the picture --------------------------------------------------------------- */

static void draw_status(const struct wf_canvas_part *part, const struct wf_view *view,
                        const struct power_info *power)
{
    int x = wf_canvas_text(part, 2, 0, WF_STYLE_DIM, "mode ");
    char text[64];
    struct wf_strbuf mode = WF_STRBUF_FIXED(text);

    wf_view_text(view, POWER_MODE, &mode);
    x = wf_canvas_text(part, x, 0, wf_view_style(view, POWER_MODE), text) + 3;
    x = wf_canvas_text(part, x, 0, wf_view_style(view, POWER_IN_SUNLIGHT),
                       power->in_sunlight ? "IN SUNLIGHT" : "IN ECLIPSE") +
        3;
    x = wf_canvas_text(part, x, 0, WF_STYLE_DIM, "undervoltage trips ");
    (void)wf_canvas_textf(part, x, 0, wf_view_style(view, POWER_UNDERVOLTAGE_TRIPS), "%u",
                          (unsigned)power->undervoltage_trips);
}

static void draw_power_bus(void *state, const struct wf_canvas_part *part,
                           const struct wf_view *view)
{
    const struct power_info *power = view->data; /* the host checked .needs */
    struct layout at = { .array = 1 };
    int room;

    (void)state; /* stateless: there is no open() */
    if (power == NULL) {
        (void)wf_canvas_text(part, 2, 1, WF_STYLE_DIM, "Nothing received from power yet.");
        return;
    }
    if (part->width < BOX_WIDTHS + 9 || part->height < HEIGHT) {
        (void)wf_canvas_textf(part, 1, 1, WF_STYLE_DIM,
                              "The picture needs %d x %d; x shows another display.", BOX_WIDTHS + 9,
                              HEIGHT + 5);
        return;
    }
    room = (part->width - 2 - BOX_WIDTHS) / 3;
    at.gap = room > 9 ? 9 : room;
    at.regulator = at.array + ARRAY_WIDTH + at.gap;
    at.bus = at.regulator + REG_WIDTH + at.gap;
    at.loads = at.bus + BUS_WIDTH + (at.gap > 4 ? at.gap : 4);
    draw_status(part, view, power);
    draw_array(part, &at, view);
    draw_regulator(part, &at, view, power);
    draw_bus(part, &at, view);
    draw_battery(part, &at, view, power);
    draw_flow(part, at.array + ARRAY_WIDTH, ROW_FLOW, at.gap, view,
              power->array_current > FLOW_MIN_A);
    draw_flow(part, at.regulator + REG_WIDTH, ROW_FLOW, at.gap, view,
              power->regulator_on && power->array_current > FLOW_MIN_A);
    draw_battery_flow(part, &at, view, power);
    draw_loads(part, &at, view, power);
}

static const struct wf_display_ops power_bus_ops = {
    .size = sizeof(power_bus_ops),
    .draw = draw_power_bus,
};

WF_PLUGIN_EXPORT const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_DISPLAY),
    .name = "power-bus",
    .version = "1.0",
    .summary = "the power bus as a picture: array, regulator, bus, battery, loads",
    .needs = { { "power", POWER_INFO_LAYOUT_HASH } },
    .ops.display = &power_bus_ops,
};
