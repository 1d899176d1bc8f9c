/* SPDX-License-Identifier: MIT */
/*
 * Power: two tracking wings, an eight-cell lithium-ion battery on an
 * unregulated bus, loads that draw constant power, and load shedding.
 */

#include "model.h"

#define ARRAY_WATT             620.0 /* both wings, sunlit, at 28 degC */
#define ARRAY_VOLT             62.0  /* at its maximum power point, at 28 degC */
#define ARRAY_WATT_PER_K       (-0.0042)
#define ARRAY_VOLT_PER_K       (-0.0024)
#define TRACKING               0.985 /* cosine of the wings' pointing error */
#define BATTERY_AH             24.0
#define BATTERY_CELLS          8.0
#define BATTERY_OHM            0.045
#define CHARGE_AMPERE          7.5
#define CHARGE_VOLT            32.6 /* the charger tapers towards this */
#define HARNESS_OHM            0.015
#define LOAD_A_WATT            138.0
#define WHEEL_WATT_PER_AMPERE  4.0
#define LOAD_B_WATT            122.0
#define BATTERY_HEATER_WATT    47.0
#define TANK_HEATER_WATT       40.0
#define TRANSMITTER_EFFICIENCY 0.28

static const double safe_below_soc = 40.0;
static const double nominal_above_soc = 65.0;

double sim_power_soc(const struct sim_power *power)
{
    return 100.0 * power->charge_ah / BATTERY_AH;
}

/* Open-circuit voltage: flat in the middle, a knee below a fifth. */
static double open_circuit_voltage(double soc)
{
    const double x = fmax(0.0, fmin(1.0, soc / 100.0));

    return BATTERY_CELLS * (3.42 + 0.62 * x - 0.55 * exp(-18.0 * x));
}

static void shed_loads(struct sim_power *power)
{
    const double soc = sim_power_soc(power);

    if (power->mode == SIM_POWER_NOMINAL && soc < safe_below_soc) {
        power->mode = SIM_POWER_SAFE;
        power->undervoltage_trips = (power->undervoltage_trips + 1) & 31u;
    } else if (power->mode == SIM_POWER_SAFE && soc > nominal_above_soc) {
        power->mode = SIM_POWER_NOMINAL;
    }
    power->load_a_on = true;
    power->load_b_on = power->mode == SIM_POWER_NOMINAL;
}

/* What the wings could give now, and the voltage they would give it at. */
static double array_available(const struct sim_model *model, double *out_voltage)
{
    const double warmer = model->thermal.celsius[SIM_NODE_ARRAY] - 28.0;

    /* Half the light still gives nearly the whole voltage; the dark leaves an offset. */
    *out_voltage = ARRAY_VOLT * (1.0 + ARRAY_VOLT_PER_K * warmer) *
                   (model->light > 0.0 ? fmin(1.0, 0.6 + model->light) : 0.005);
    return ARRAY_WATT * TRACKING * model->light * (1.0 + ARRAY_WATT_PER_K * warmer);
}

/* Payload power follows its duty: imaging over sunlit ground, idle elsewhere. */
static double payload_watt(const struct sim_model *model)
{
    return LOAD_B_WATT * (0.45 + 0.55 * model->light);
}

static double transmitter_watt(const struct sim_model *model)
{
    return model->comms.transmitter_on ? model->comms.transmit_watt / TRANSMITTER_EFFICIENCY + 6.0
                                       : 0.0;
}

/* The battery takes what the array leaves, within what the charger allows. */
static void charge(struct sim_power *power, double surplus_watt, double dt)
{
    const double open = open_circuit_voltage(sim_power_soc(power));
    double current = surplus_watt / power->battery_voltage;

    if (current > 0.0) {
        const double taper = (CHARGE_VOLT - open) / BATTERY_OHM;

        current = fmin(current, fmin(CHARGE_AMPERE, fmax(0.0, taper)));
        if (power->charge_ah >= BATTERY_AH)
            current = 0.0;
    }
    power->battery_current = current;
    power->battery_voltage = open + current * BATTERY_OHM;
    power->charge_ah = fmax(0.0, power->charge_ah + current * dt / 3600.0);
    power->through_mah += fabs(current) * dt / 3.6;
}

void sim_power_step(struct sim_model *model, double dt)
{
    struct sim_power *power = &model->power;
    const struct sim_thermal *thermal = &model->thermal;
    const double bus = power->bus_voltage;
    const double wheels =
        WHEEL_WATT_PER_AMPERE * (model->attitude.wheel_ampere[0] + model->attitude.wheel_ampere[1] +
                                 model->attitude.wheel_ampere[2] + model->attitude.wheel_ampere[3]);
    double available;
    double wanted;
    double used;

    shed_loads(power);
    power->load_a_current = power->load_a_on ? (LOAD_A_WATT + wheels) / bus : 0.0;
    power->load_b_current = power->load_b_on ? payload_watt(model) / bus : 0.0;
    /* Heaters are resistors: their power goes with the square of the voltage. */
    power->heater_current = ((thermal->battery_heater_on ? BATTERY_HEATER_WATT : 0.0) +
                             (thermal->tank_heater_on ? TANK_HEATER_WATT : 0.0)) *
                            bus / (28.0 * 28.0);
    power->bus_current = power->load_a_current + power->load_b_current + power->heater_current +
                         transmitter_watt(model) / bus;

    available = array_available(model, &power->array_voltage);
    wanted = power->bus_current * bus;
    charge(power, available - wanted, dt);
    used = fmax(0.0, fmin(available, wanted + power->battery_current * power->battery_voltage));
    power->array_current = used / power->array_voltage;
    power->bus_voltage = power->battery_voltage - HARNESS_OHM * power->bus_current;
}

void sim_power_init(struct sim_model *model)
{
    struct sim_power *power = &model->power;

    power->mode = SIM_POWER_NOMINAL;
    power->charge_ah = 0.94 * BATTERY_AH;
    power->through_mah = 41377000.0;
    power->battery_voltage = open_circuit_voltage(sim_power_soc(power));
    power->bus_voltage = power->battery_voltage;
    sim_power_step(model, 0.0);
}
