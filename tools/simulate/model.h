/* SPDX-License-Identifier: MIT */
#ifndef SIM_MODEL_H
#define SIM_MODEL_H

/*
 * Model - one spacecraft in low orbit, coherent from the sun to the last counter.
 *
 *   orbit ─▶ light ─▶ arrays ─▶ battery ─▶ bus ◀─ loads, heaters, transmitter
 *     │        └────▶ temperatures ◀───────────────┘     ▲
 *     ├─▶ attitude ─▶ wheels ─▶ unloading                │
 *     └─▶ stations ─▶ lock, SNR, bit rate, recorder ─────┘
 *
 * It advances in fixed steps of SIM_STEP_S of orbital time, whatever the rates
 * of the packets, so that equal seeds and starts give equal histories. Values
 * here are the truth; noise and quantisation come when a packet is made of them.
 *
 * Pure: no I/O, no clock, no globals.
 */

#include <stdbool.h>
#include <stdint.h>

#include "orbit.h"
#include "random.h"

#define SIM_STEP_S 0.1

enum sim_power_mode { SIM_POWER_OFF, SIM_POWER_SAFE, SIM_POWER_NOMINAL, SIM_POWER_SURVIVAL };

struct sim_power {
    enum sim_power_mode mode;
    bool load_a_on, load_b_on;
    double array_voltage, array_current;
    double battery_voltage, battery_current; /* current positive = charging */
    double charge_ah;                        /* in the battery */
    double through_mah;                      /* both directions, since launch */
    double bus_voltage, bus_current;
    double load_a_current, load_b_current, heater_current;
    unsigned undervoltage_trips;
};

/* Single temperatures first, then the six side panels. */
enum sim_node {
    SIM_NODE_BATTERY,
    SIM_NODE_OBC,
    SIM_NODE_PAYLOAD,
    SIM_NODE_TRANSMITTER,
    SIM_NODE_TANK,
    SIM_NODE_WHEELS,
    SIM_NODE_STAR_TRACKER,
    SIM_NODE_ARRAY,
    SIM_NODE_RADIATOR,
    SIM_NODE_PANEL, /* +X -X +Y -Y +Z -Z */
    SIM_NODE_COUNT = SIM_NODE_PANEL + 6,
};

struct sim_thermal {
    double celsius[SIM_NODE_COUNT];
    bool battery_heater_on, tank_heater_on;
    double duty; /* 0..1, smoothed over an orbit */
    uint32_t heater_cycles;
    double radiator_watt;
};

struct sim_attitude {
    struct sim_quat quaternion; /* inertial to body */
    double rate[3];             /* deg/s, body */
    double error_deg[3];        /* pointing error about each axis */
    struct sim_vec sun_body;    /* unit */
    double momentum[3];         /* Nms, stored in the wheels */
    double wheel_rpm[4], wheel_ampere[4];
    bool is_unloading;
    bool star_tracker_valid;
    double field_nt[3];
    uint64_t control_cycles;
};

struct sim_comms {
    struct sim_view view;
    bool is_in_view, carrier_lock, bit_lock, transmitter_on;
    double in_view_s; /* since the station came up */
    int bit_rate;     /* the schema's enumeration: 0 off .. 4 */
    double snr_db, signal_dbm, doppler_hz, transmit_watt;
    double next_pass_s; /* 0 in a pass */
    uint32_t pass_number;
    double received_frames, sent_frames, sent_bytes; /* whole parts are what is reported */
    uint32_t received_errors, commands_accepted;
    double recorder_bytes;
};

struct sim_model {
    struct sim_orbit orbit;
    struct sim_random random;
    uint64_t step; /* steps done; t = step * SIM_STEP_S */
    double t;

    struct sim_vec position, velocity; /* inertial, km and km/s */
    struct sim_vec sun;                /* inertial unit vector */
    double light;                      /* 0..1 */
    double latitude_deg, longitude_deg, beta_deg;
    uint32_t orbit_number;

    struct sim_power power;
    struct sim_thermal thermal;
    struct sim_attitude attitude;
    struct sim_comms comms;
};

/* As after weeks in orbit: warm, charged, the recorder part full. */
void sim_model_init(struct sim_model *model, uint64_t seed, int64_t start_ns, double phase_deg);
/* Do all whole steps up to `t` seconds of orbital time. */
void sim_model_advance(struct sim_model *model, double t);

/* The parts, each one step of `dt` seconds; called in this order by the model. */
void sim_attitude_step(struct sim_model *model, double dt);
void sim_comms_step(struct sim_model *model, double dt);
void sim_power_step(struct sim_model *model, double dt);
void sim_thermal_step(struct sim_model *model, double dt);

void sim_attitude_init(struct sim_model *model);
void sim_comms_init(struct sim_model *model);
void sim_power_init(struct sim_model *model);
void sim_thermal_init(struct sim_model *model);

/* State of charge, per cent. */
double sim_power_soc(const struct sim_power *power);

/* Share of the way from one steady state to the next in `dt` with time constant `tau`. */
double sim_share(double dt, double tau);

#endif /* SIM_MODEL_H */
