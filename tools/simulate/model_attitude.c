/* SPDX-License-Identifier: MIT */
/*
 * Attitude: the body keeps Z to the earth and X along the flight, with a small
 * wandering error. Disturbances load the wheels; magnetic torquers unload them.
 */

#include "model.h"

#define ERROR_DEG         0.008 /* typical pointing error about an axis */
#define ERROR_TAU_S       25.0
#define WHEEL_BIAS_RPM    2100.0
#define WHEEL_RPM_PER_NMS 520.0
#define UNLOAD_ABOVE_RPM  4500.0
#define UNLOAD_BELOW_RPM  3000.0
#define UNLOAD_TAU_S      240.0
#define FIELD_NT          30100.0 /* of the dipole, at the equator on the ground */
#define FIELD_TILT_DEG    10.5
#define CONTROL_HZ        8.0
#define TRACKER_BLIND_COS 0.94 /* the sun within 20 degrees of its axis (-Z, tilted) */

/* Orbit frame: Z to the earth's centre, Y against the orbit's normal, X completes it. */
static struct sim_quat orbit_frame(const struct sim_model *model)
{
    const struct sim_vec z = sim_scale(sim_unit(model->position), -1.0);
    const struct sim_vec y = sim_scale(sim_unit(sim_cross(model->position, model->velocity)), -1.0);

    return sim_quat_from_axes(sim_cross(y, z), y, z);
}

static void point(struct sim_model *model)
{
    struct sim_attitude *attitude = &model->attitude;
    const struct sim_quat before = attitude->quaternion;
    const struct sim_quat error = {
        .x = SIM_DEGREES(attitude->error_deg[0]) / 2.0,
        .y = SIM_DEGREES(attitude->error_deg[1]) / 2.0,
        .z = SIM_DEGREES(attitude->error_deg[2]) / 2.0,
        .w = 1.0,
    };
    struct sim_quat q = sim_quat_multiply(orbit_frame(model), error);
    double norm = sqrt(q.x * q.x + q.y * q.y + q.z * q.z + q.w * q.w);

    /* q and -q are the same attitude; keep the one that continues the last. */
    if (q.x * before.x + q.y * before.y + q.z * before.z + q.w * before.w < 0.0)
        norm = -norm;
    attitude->quaternion =
        (struct sim_quat){ .x = q.x / norm, .y = q.y / norm, .z = q.z / norm, .w = q.w / norm };
    attitude->sun_body = sim_quat_into(attitude->quaternion, model->sun);
}

/* A tilted dipole that turns with the earth, in body axes. */
static void measure_field(struct sim_model *model)
{
    const double earth = sim_orbit_earth_angle(&model->orbit, model->t) + SIM_DEGREES(-71.0);
    const double tilt = SIM_DEGREES(FIELD_TILT_DEG);
    const struct sim_vec pole = sim_vec(sin(tilt) * cos(earth), sin(tilt) * sin(earth), cos(tilt));
    const struct sim_vec up = sim_unit(model->position);
    const double ratio = SIM_EARTH_KM / sim_length(model->position);
    const double strength = FIELD_NT * ratio * ratio * ratio;
    const struct sim_vec field =
        sim_scale(sim_add(pole, sim_scale(up, -3.0 * sim_dot(pole, up))), strength);
    const struct sim_vec body = sim_quat_into(model->attitude.quaternion, field);

    model->attitude.field_nt[0] = body.x;
    model->attitude.field_nt[1] = body.y;
    model->attitude.field_nt[2] = body.z;
}

/* A steady torque (drag on one wing) and one that turns with the orbit (gravity gradient). */
static void load_wheels(struct sim_model *model, double dt)
{
    struct sim_attitude *attitude = &model->attitude;
    const double along = model->orbit.phase + model->orbit.rate * model->t;
    const double torque[3] = { 2.6e-4 * sin(along) + 4e-5, 5.2e-4 + 1.1e-4 * cos(2.0 * along),
                               1.8e-4 * cos(along) - 6e-5 };
    /* Pyramid: each wheel takes a share of two axes and the bias keeps them from zero. */
    static const double share[4][3] = {
        { 0.7, 0.5, 0.3 }, { -0.7, 0.5, -0.3 }, { 0.3, 0.5, -0.7 }, { -0.3, 0.5, 0.7 }
    };
    static const double bias[4] = { 1.0, 1.05, 0.95, 1.02 };
    double fastest = 0.0;

    for (int axis = 0; axis < 3; axis++) {
        attitude->momentum[axis] += torque[axis] * dt;
        if (attitude->is_unloading)
            attitude->momentum[axis] *= 1.0 - sim_share(dt, UNLOAD_TAU_S);
    }
    for (int i = 0; i < 4; i++) {
        const double h = share[i][0] * attitude->momentum[0] + share[i][1] * attitude->momentum[1] +
                         share[i][2] * attitude->momentum[2];
        const double rpm = WHEEL_BIAS_RPM * bias[i] + WHEEL_RPM_PER_NMS * h;

        attitude->wheel_rpm[i] = rpm;
        attitude->wheel_ampere[i] = 0.11 + 5.5e-5 * fabs(rpm);
        fastest = fmax(fastest, fabs(rpm));
    }
    if (fastest > UNLOAD_ABOVE_RPM)
        attitude->is_unloading = true;
    else if (fastest < UNLOAD_BELOW_RPM)
        attitude->is_unloading = false;
}

void sim_attitude_init(struct sim_model *model)
{
    model->attitude.quaternion = orbit_frame(model);
    model->attitude.momentum[1] = 4.0;
    model->attitude.rate[1] = -SIM_IN_DEGREES(model->orbit.rate);
    model->attitude.control_cycles = UINT64_C(218) * 86400 * 8;
    model->attitude.star_tracker_valid = true;
    point(model);
    load_wheels(model, 0.0);
    measure_field(model);
}

void sim_attitude_step(struct sim_model *model, double dt)
{
    struct sim_attitude *attitude = &model->attitude;
    const double keep = 1.0 - sim_share(dt, ERROR_TAU_S);
    const double kick = ERROR_DEG * sqrt(1.0 - keep * keep);

    for (int axis = 0; axis < 3; axis++) {
        const double before = attitude->error_deg[axis];

        attitude->error_deg[axis] = before * keep + kick * sim_random_normal(&model->random);
        attitude->rate[axis] = (attitude->error_deg[axis] - before) / dt * 0.02;
    }
    attitude->rate[1] -= SIM_IN_DEGREES(model->orbit.rate); /* once around in an orbit */
    point(model);
    load_wheels(model, dt);
    measure_field(model);
    attitude->star_tracker_valid =
        model->light == 0.0 ||
        -0.94 * attitude->sun_body.z + 0.34 * attitude->sun_body.y < TRACKER_BLIND_COS;
    attitude->control_cycles = UINT64_C(218) * 86400 * 8 + (uint64_t)(model->t * CONTROL_HZ);
}
