/* SPDX-License-Identifier: MIT */
/* From the model to the structs of the schemas; see telemetry.h. */

#include "telemetry.h"

#include <string.h>

#include "attitude_info.h"
#include "comms_info.h"
#include "model.h"
#include "power_info.h"
#include "thermal_info.h"

static double noisy(struct sim_random *noise, double value, double deviation)
{
    return value + deviation * sim_random_normal(noise);
}

static void fill_power(const struct sim_model *model, struct sim_random *noise, uint64_t sample,
                       void *out_info)
{
    const struct sim_power *power = &model->power;
    const struct sim_thermal *thermal = &model->thermal;
    struct power_info *info = out_info;

    memset(info, 0, sizeof(*info));
    info->mode = (uint8_t)power->mode;
    info->regulator_on = 1;
    info->in_sunlight = model->light > 0.5;
    info->load_a_on = power->load_a_on;
    info->load_b_on = power->load_b_on;
    info->heater_on = thermal->battery_heater_on || thermal->tank_heater_on;
    info->undervoltage_trips = (uint8_t)power->undervoltage_trips;
    info->array_voltage = noisy(noise, power->array_voltage, 0.05);
    info->array_current = noisy(noise, power->array_current, 0.01);
    info->battery_voltage = noisy(noise, power->battery_voltage, 0.01);
    info->battery_current = noisy(noise, power->battery_current, 0.02);
    info->battery_temperature = noisy(noise, thermal->celsius[SIM_NODE_BATTERY], 0.05);
    info->bus_voltage = noisy(noise, power->bus_voltage, 0.01);
    info->bus_current = noisy(noise, power->bus_current, 0.01);
    info->load_a_current = noisy(noise, power->load_a_current, 0.008);
    info->load_b_current = noisy(noise, power->load_b_current, 0.008);
    info->heater_current = noisy(noise, power->heater_current, 0.004);
    info->battery_soc = (float)sim_power_soc(power);
    info->charge_counter = (uint32_t)power->through_mah;
    info->sample_counter = (uint16_t)sample;
}

static void fill_thermal(const struct sim_model *model, struct sim_random *noise, uint64_t sample,
                         void *out_info)
{
    const struct sim_thermal *thermal = &model->thermal;
    const double *celsius = thermal->celsius;
    struct thermal_info *info = out_info;

    (void)sample;
    memset(info, 0, sizeof(*info));
    info->mode = THERMAL_THERMAL_MODES_AUTOMATIC;
    info->battery_heater_on = thermal->battery_heater_on;
    info->tank_heater_on = thermal->tank_heater_on;
    info->heater_duty = (uint8_t)(100.0 * thermal->duty + 0.5);
    info->battery_temperature = noisy(noise, celsius[SIM_NODE_BATTERY], 0.05);
    info->obc_temperature = noisy(noise, celsius[SIM_NODE_OBC], 0.05);
    info->payload_temperature = noisy(noise, celsius[SIM_NODE_PAYLOAD], 0.05);
    info->transmitter_temperature = noisy(noise, celsius[SIM_NODE_TRANSMITTER], 0.05);
    info->tank_temperature = noisy(noise, celsius[SIM_NODE_TANK], 0.05);
    info->wheel_temperature = noisy(noise, celsius[SIM_NODE_WHEELS], 0.05);
    info->star_tracker_temperature = noisy(noise, celsius[SIM_NODE_STAR_TRACKER], 0.05);
    for (int i = 0; i < 6; i++)
        info->panel_temperature[i] = noisy(noise, celsius[SIM_NODE_PANEL + i], 0.1);
    info->array_temperature = noisy(noise, celsius[SIM_NODE_ARRAY], 0.1);
    info->radiator_temperature = noisy(noise, celsius[SIM_NODE_RADIATOR], 0.05);
    info->radiator_heat_flow = (float)noisy(noise, thermal->radiator_watt, 0.5);
    info->heater_cycles = thermal->heater_cycles;
}

static void fill_wheels(const struct sim_attitude *attitude, struct sim_random *noise,
                        struct attitude_info *info)
{
    info->wheel_1_speed = noisy(noise, attitude->wheel_rpm[0], 0.6);
    info->wheel_2_speed = noisy(noise, attitude->wheel_rpm[1], 0.6);
    info->wheel_3_speed = noisy(noise, attitude->wheel_rpm[2], 0.6);
    info->wheel_4_speed = noisy(noise, attitude->wheel_rpm[3], 0.6);
    for (int i = 0; i < 4; i++)
        info->wheel_current[i] = noisy(noise, attitude->wheel_ampere[i], 0.003);
}

static void fill_orbit(const struct sim_model *model, struct sim_random *noise,
                       struct attitude_info *info)
{
    info->position[0] = noisy(noise, model->position.x, 0.003);
    info->position[1] = noisy(noise, model->position.y, 0.003);
    info->position[2] = noisy(noise, model->position.z, 0.003);
    info->velocity[0] = noisy(noise, model->velocity.x, 3e-6);
    info->velocity[1] = noisy(noise, model->velocity.y, 3e-6);
    info->velocity[2] = noisy(noise, model->velocity.z, 3e-6);
    info->latitude = (float)model->latitude_deg;
    info->longitude = (float)model->longitude_deg;
    info->orbit_number = model->orbit_number;
    info->sun_angle = (float)model->beta_deg;
}

static void fill_attitude(const struct sim_model *model, struct sim_random *noise, uint64_t sample,
                          void *out_info)
{
    const struct sim_attitude *attitude = &model->attitude;
    const double *error = attitude->error_deg;
    struct attitude_info *info = out_info;

    (void)sample;
    memset(info, 0, sizeof(*info));
    info->mode = ATTITUDE_ATTITUDE_MODES_NADIR;
    info->star_tracker_valid = attitude->star_tracker_valid;
    info->gps_valid = 1;
    info->momentum_unloading = attitude->is_unloading;
    info->in_sunlight = model->light > 0.5;
    info->quaternion[0] = (float)attitude->quaternion.x;
    info->quaternion[1] = (float)attitude->quaternion.y;
    info->quaternion[2] = (float)attitude->quaternion.z;
    info->quaternion[3] = (float)attitude->quaternion.w;
    info->rate_x = (float)noisy(noise, attitude->rate[0], 0.0003);
    info->rate_y = (float)noisy(noise, attitude->rate[1], 0.0003);
    info->rate_z = (float)noisy(noise, attitude->rate[2], 0.0003);
    info->pointing_error =
        (float)sqrt(error[0] * error[0] + error[1] * error[1] + error[2] * error[2]);
    fill_wheels(attitude, noise, info);
    for (int i = 0; i < 3; i++)
        info->magnetic_field[i] = noisy(noise, attitude->field_nt[i], 25.0);
    fill_orbit(model, noise, info);
    info->control_cycles = attitude->control_cycles;
}

static void fill_comms(const struct sim_model *model, struct sim_random *noise, uint64_t sample,
                       void *out_info)
{
    const struct sim_comms *comms = &model->comms;
    struct comms_info *info = out_info;

    (void)sample;
    memset(info, 0, sizeof(*info));
    info->station = comms->is_in_view ? (uint8_t)comms->view.station->code : 0;
    info->receiver_on = 1;
    info->carrier_lock = comms->carrier_lock;
    info->bit_lock = comms->bit_lock;
    info->transmitter_on = comms->transmitter_on;
    info->bit_rate = (uint8_t)comms->bit_rate;
    info->antenna = COMMS_ANTENNAS_NADIR_PATCH;
    info->signal_strength = noisy(noise, comms->is_in_view ? comms->signal_dbm : -128.0, 0.3);
    info->transmitter_power =
        comms->transmitter_on ? noisy(noise, comms->transmit_watt, 0.02) : 0.0;
    info->snr = noisy(noise, comms->snr_db, 0.15);
    info->doppler = (float)noisy(noise, comms->doppler_hz, 3.0);
    info->slant_range = (float)noisy(noise, comms->view.range_km, 0.02);
    info->elevation = (float)comms->view.elevation_deg;
    info->next_pass = (uint32_t)comms->next_pass_s;
    info->pass_number = (uint16_t)comms->pass_number;
    info->received_frames = (uint32_t)comms->received_frames;
    info->received_errors = (uint16_t)comms->received_errors;
    info->sent_frames = (uint32_t)comms->sent_frames;
    info->sent_bytes = (uint64_t)comms->sent_bytes;
    info->commands_accepted = (uint16_t)comms->commands_accepted;
    info->recorder_fill = comms->recorder_bytes / 2.56e7;
    info->recorder_bytes = (uint64_t)comms->recorder_bytes;
}

const struct sim_subsystem sim_subsystems[SIM_SUBSYSTEM_COUNT] = {
    { "power", fill_power, POWER_INFO_LAYOUT_HASH, 10.0 },
    { "thermal", fill_thermal, THERMAL_INFO_LAYOUT_HASH, 2.0 },
    { "attitude", fill_attitude, ATTITUDE_INFO_LAYOUT_HASH, 10.0 },
    { "comms", fill_comms, COMMS_INFO_LAYOUT_HASH, 1.0 },
};
