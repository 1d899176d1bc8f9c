/* SPDX-License-Identifier: MIT */
/* The spacecraft as a whole: geometry first, then its parts; see model.h. */

#include "model.h"

#define ORBITS_SINCE_LAUNCH 4711u

double sim_share(double dt, double tau)
{
    return 1.0 - exp(-dt / tau);
}

/* Where everything is at model->t. Depends on nothing but the orbit. */
static void look_around(struct sim_model *model)
{
    const struct sim_orbit *orbit = &model->orbit;
    const double earth = sim_orbit_earth_angle(orbit, model->t);
    struct sim_vec normal;
    double longitude;

    sim_orbit_position(orbit, model->t, &model->position, &model->velocity);
    model->sun = sim_orbit_sun(orbit, model->t);
    model->light = sim_orbit_light(model->position, model->sun);

    normal = sim_unit(sim_cross(model->position, model->velocity));
    model->beta_deg = SIM_IN_DEGREES(asin(sim_dot(normal, model->sun)));
    model->latitude_deg = SIM_IN_DEGREES(asin(model->position.z / sim_length(model->position)));
    longitude = SIM_IN_DEGREES(atan2(model->position.y, model->position.x) - earth);
    model->longitude_deg = longitude - 360.0 * floor((longitude + 180.0) / 360.0);
    model->orbit_number = ORBITS_SINCE_LAUNCH + (uint32_t)(model->t / sim_orbit_period_s(orbit));
}

void sim_model_init(struct sim_model *model, uint64_t seed, int64_t start_ns, double phase_deg)
{
    *model = (struct sim_model){ 0 };
    sim_random_init(&model->random, seed, "model");
    sim_orbit_init(&model->orbit, start_ns, phase_deg);
    look_around(model);
    sim_attitude_init(model);
    sim_comms_init(model);
    sim_power_init(model);
    sim_thermal_init(model);
    sim_power_step(model, 0.0); /* the array's voltage depends on its temperature */
}

void sim_model_advance(struct sim_model *model, double t)
{
    const uint64_t until = t > 0.0 ? (uint64_t)(t / SIM_STEP_S + 1e-6) : 0;

    while (model->step < until) {
        model->step++;
        model->t = (double)model->step * SIM_STEP_S;
        look_around(model);
        sim_attitude_step(model, SIM_STEP_S);
        sim_comms_step(model, SIM_STEP_S);
        sim_power_step(model, SIM_STEP_S);
        sim_thermal_step(model, SIM_STEP_S);
    }
}
