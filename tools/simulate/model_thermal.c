/* SPDX-License-Identifier: MIT */
/*
 * Temperatures: each node goes towards the temperature it would settle at, with
 * its own time constant. Two thermostats with hysteresis keep battery and tank warm.
 */

#include "model.h"

/* A node settles at base + sun * light + watt * (what it dissipates). */
struct node {
    double tau_s;
    double base, sun, watt;
};

static const struct node nodes[SIM_NODE_PANEL] = {
    [SIM_NODE_BATTERY] = { 2600.0, 7.0, 5.0, 0.45 },
    [SIM_NODE_OBC] = { 1500.0, 12.0, 4.0, 0.11 },
    [SIM_NODE_PAYLOAD] = { 1300.0, -14.0, 5.0, 0.19 },
    [SIM_NODE_TRANSMITTER] = { 170.0, 12.0, 3.0, 2.1 },
    [SIM_NODE_TANK] = { 5200.0, 4.0, 5.0, 0.30 },
    [SIM_NODE_WHEELS] = { 1900.0, 14.0, 3.0, 1.0 },
    [SIM_NODE_STAR_TRACKER] = { 900.0, -22.0, 9.0, 0.0 },
    [SIM_NODE_ARRAY] = { 260.0, -82.0, 147.0, 0.0 },
    [SIM_NODE_RADIATOR] = { 800.0, -46.0, 12.0, 0.09 },
};

#define PANEL_TAU_S      380.0
#define PANEL_BASE       (-38.0)
#define PANEL_SUN        92.0
#define PANEL_EARTH      14.0
#define DUTY_WINDOW_S    5700.0 /* about an orbit */
#define RADIATOR_W_PER_K 2.4

static double dissipated_watt(const struct sim_model *model, enum sim_node node)
{
    const struct sim_power *power = &model->power;
    const struct sim_thermal *thermal = &model->thermal;
    const struct sim_attitude *attitude = &model->attitude;
    const double volt = power->bus_voltage;

    switch (node) {
    case SIM_NODE_BATTERY:
        return 0.9 * fabs(power->battery_current) + (thermal->battery_heater_on ? 40.0 : 0.0);
    case SIM_NODE_OBC:
        return power->load_a_current * volt;
    case SIM_NODE_PAYLOAD:
        return power->load_b_current * volt;
    case SIM_NODE_TRANSMITTER:
        return model->comms.transmitter_on ? 2.6 * model->comms.transmit_watt : 0.0;
    case SIM_NODE_TANK:
        return thermal->tank_heater_on ? 40.0 : 0.0;
    case SIM_NODE_WHEELS:
        return volt *
               (attitude->wheel_ampere[0] + attitude->wheel_ampere[1] + attitude->wheel_ampere[2] +
                attitude->wheel_ampere[3]) *
               0.5;
    case SIM_NODE_RADIATOR:
        return power->bus_current * volt;
    default:
        return 0.0;
    }
}

static double settles_at(const struct sim_model *model, enum sim_node node)
{
    const struct node *n = &nodes[node];

    return n->base + n->sun * model->light + n->watt * dissipated_watt(model, node);
}

/* Side panel i faces +X -X +Y -Y +Z -Z; +Z looks at the earth. */
static double panel_settles_at(const struct sim_model *model, int panel)
{
    const double axis[3] = { model->attitude.sun_body.x, model->attitude.sun_body.y,
                             model->attitude.sun_body.z };
    const double towards_sun = panel % 2 == 0 ? axis[panel / 2] : -axis[panel / 2];

    return PANEL_BASE + PANEL_SUN * model->light * fmax(0.0, towards_sun) +
           (panel == 4 ? PANEL_EARTH : 0.0);
}

static bool thermostat(struct sim_thermal *thermal, bool is_on, double celsius, double on_below,
                       double off_above)
{
    const bool wanted = is_on ? celsius < off_above : celsius < on_below;

    if (wanted != is_on)
        thermal->heater_cycles++;
    return wanted;
}

void sim_thermal_init(struct sim_model *model)
{
    struct sim_thermal *thermal = &model->thermal;

    for (int i = 0; i < SIM_NODE_PANEL; i++)
        thermal->celsius[i] = settles_at(model, (enum sim_node)i);
    for (int i = 0; i < 6; i++)
        thermal->celsius[SIM_NODE_PANEL + i] = panel_settles_at(model, i);
    thermal->celsius[SIM_NODE_BATTERY] = 13.0;
    thermal->celsius[SIM_NODE_TANK] = 10.0;
    thermal->celsius[SIM_NODE_OBC] = 30.0;
    thermal->celsius[SIM_NODE_PAYLOAD] = 8.0;
    thermal->celsius[SIM_NODE_RADIATOR] = -14.0;
    thermal->heater_cycles = 61844;
    thermal->duty = 0.2;
}

void sim_thermal_step(struct sim_model *model, double dt)
{
    struct sim_thermal *thermal = &model->thermal;
    const double *celsius = thermal->celsius;
    bool any;

    thermal->battery_heater_on =
        thermostat(thermal, thermal->battery_heater_on, celsius[SIM_NODE_BATTERY], 10.0, 14.0);
    thermal->tank_heater_on =
        thermostat(thermal, thermal->tank_heater_on, celsius[SIM_NODE_TANK], 8.0, 11.0);
    any = thermal->battery_heater_on || thermal->tank_heater_on;
    thermal->duty += ((any ? 1.0 : 0.0) - thermal->duty) * sim_share(dt, DUTY_WINDOW_S);

    for (int i = 0; i < SIM_NODE_PANEL; i++)
        thermal->celsius[i] += (settles_at(model, (enum sim_node)i) - thermal->celsius[i]) *
                               sim_share(dt, nodes[i].tau_s);
    for (int i = 0; i < 6; i++) {
        double *panel = &thermal->celsius[SIM_NODE_PANEL + i];

        *panel += (panel_settles_at(model, i) - *panel) * sim_share(dt, PANEL_TAU_S);
    }
    thermal->radiator_watt = RADIATOR_W_PER_K * (celsius[SIM_NODE_RADIATOR] + 80.0);
}
