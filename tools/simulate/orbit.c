/* SPDX-License-Identifier: MIT */
/* Orbit, sun, shadow and ground stations of the simulator; see orbit.h. */

#include "orbit.h"

#define MU_EARTH     398600.4418     /* km3/s2 */
#define EARTH_RATE   7.2921158553e-5 /* rad/s */
#define ALTITUDE_KM  550.0
#define PLANE_DEG    22.5        /* of the orbit's plane from the sun */
#define SUN_RADIUS   0.00465     /* rad, as seen from here */
#define J2000_UNIX_S 946728000.0 /* 2000-01-01 12:00 UTC */
#define YEAR_S       (365.2422 * 86400.0)

const struct sim_station sim_stations[SIM_STATION_COUNT] = {
    { "SVALBARD", 1, 78.23, 15.39 },        { "KIRUNA", 2, 67.86, 20.96 },
    { "INUVIK", 3, 68.32, -133.55 },        { "AWARUA", 4, -46.53, 168.38 },
    { "HARTEBEESTHOEK", 5, -25.89, 27.71 },
};

static double wrap_turn(double angle)
{
    const double turn = 2.0 * SIM_PI;

    return angle - turn * floor(angle / turn);
}

static double days_since_j2000(const struct sim_orbit *orbit, double t)
{
    return ((double)orbit->start_ns * 1e-9 - J2000_UNIX_S + t) / 86400.0;
}

/* The Astronomical Almanac's low-precision sun, good to 0.01 degree from 1950 to 2050. */
struct sim_vec sim_orbit_sun(const struct sim_orbit *orbit, double t)
{
    const double days = days_since_j2000(orbit, t);
    const double mean = SIM_DEGREES(fmod(280.460 + 0.9856474 * days, 360.0));
    const double anomaly = SIM_DEGREES(fmod(357.528 + 0.9856003 * days, 360.0));
    const double longitude =
        mean + SIM_DEGREES(1.915) * sin(anomaly) + SIM_DEGREES(0.020) * sin(2.0 * anomaly);
    const double obliquity = SIM_DEGREES(23.439 - 4e-7 * days);

    return sim_vec(cos(longitude), cos(obliquity) * sin(longitude),
                   sin(obliquity) * sin(longitude));
}

double sim_orbit_earth_angle(const struct sim_orbit *orbit, double t)
{
    const double days = days_since_j2000(orbit, t);

    return wrap_turn(SIM_DEGREES(280.46061837 + 360.98564736629 * days));
}

double sim_orbit_period_s(const struct sim_orbit *orbit)
{
    return 2.0 * SIM_PI / orbit->rate;
}

void sim_orbit_position(const struct sim_orbit *orbit, double t, struct sim_vec *out_position,
                        struct sim_vec *out_velocity)
{
    const double node = orbit->node + orbit->node_rate * t;
    const double along = orbit->phase + orbit->rate * t;
    const double speed = orbit->radius_km * orbit->rate;
    const double ci = cos(orbit->inclination);
    const double si = sin(orbit->inclination);
    const struct sim_vec p = sim_vec(cos(node), sin(node), 0.0);
    const struct sim_vec q = sim_vec(-sin(node) * ci, cos(node) * ci, si);

    *out_position =
        sim_scale(sim_add(sim_scale(p, cos(along)), sim_scale(q, sin(along))), orbit->radius_km);
    *out_velocity = sim_scale(sim_add(sim_scale(p, -sin(along)), sim_scale(q, cos(along))), speed);
}

void sim_orbit_init(struct sim_orbit *orbit, int64_t start_ns, double phase_deg)
{
    struct sim_vec sun;
    struct sim_vec p;
    struct sim_vec q;

    *orbit = (struct sim_orbit){
        .start_ns = start_ns,
        .radius_km = SIM_EARTH_KM + ALTITUDE_KM,
        .node_rate = 2.0 * SIM_PI / YEAR_S,
        .inclination = SIM_DEGREES(97.6),
    };
    orbit->rate = sqrt(MU_EARTH / (orbit->radius_km * orbit->radius_km * orbit->radius_km));
    sun = sim_orbit_sun(orbit, 0.0);
    orbit->node = wrap_turn(atan2(sun.y, sun.x) + SIM_DEGREES(PLANE_DEG));

    /* The argument of latitude at which the position comes nearest to the sun. */
    sim_orbit_position(orbit, 0.0, &p, &q);
    orbit->phase = atan2(sim_dot(q, sun) / sim_length(q), sim_dot(p, sun) / sim_length(p));
    orbit->phase += SIM_DEGREES(phase_deg);
}

/*
 * The earth's disc over the sun's. Seen from here the earth's edge and the sun
 * are `edge` apart; within the sun's radius on either side part of the disc is
 * covered, which is taken as linear.
 */
double sim_orbit_light(struct sim_vec position, struct sim_vec sun)
{
    const double distance = sim_length(position);
    const double earth_radius = asin(SIM_EARTH_KM / distance);
    const double cosine = fmax(-1.0, fmin(1.0, -sim_dot(position, sun) / distance));
    const double apart = acos(cosine);
    const double edge = (apart - earth_radius) / SUN_RADIUS;

    if (edge >= 1.0)
        return 1.0;
    if (edge <= -1.0)
        return 0.0;
    return 0.5 * (edge + 1.0);
}

static void look_from(const struct sim_orbit *orbit, const struct sim_station *station, double t,
                      struct sim_vec position, struct sim_vec velocity, struct sim_view *out)
{
    const double angle = sim_orbit_earth_angle(orbit, t) + SIM_DEGREES(station->longitude_deg);
    const double latitude = SIM_DEGREES(station->latitude_deg);
    const struct sim_vec up =
        sim_vec(cos(latitude) * cos(angle), cos(latitude) * sin(angle), sin(latitude));
    const struct sim_vec place = sim_scale(up, SIM_EARTH_KM);
    const struct sim_vec moving = sim_vec(-EARTH_RATE * place.y, EARTH_RATE * place.x, 0.0);
    const struct sim_vec line = sim_add(position, sim_scale(place, -1.0));
    const double range = sim_length(line);

    out->station = station;
    out->range_km = range;
    out->elevation_deg = SIM_IN_DEGREES(asin(sim_dot(line, up) / range));
    out->range_rate = sim_dot(line, sim_add(velocity, sim_scale(moving, -1.0))) / range;
}

void sim_orbit_best_station(const struct sim_orbit *orbit, double t, struct sim_view *out)
{
    struct sim_vec position;
    struct sim_vec velocity;

    sim_orbit_position(orbit, t, &position, &velocity);
    look_from(orbit, &sim_stations[0], t, position, velocity, out);
    for (int i = 1; i < SIM_STATION_COUNT; i++) {
        struct sim_view view;

        look_from(orbit, &sim_stations[i], t, position, velocity, &view);
        if (view.elevation_deg > out->elevation_deg)
            *out = view;
    }
}

double sim_orbit_next_pass(const struct sim_orbit *orbit, double t)
{
    const double step_s = 20.0; /* shorter than any pass worth having */

    for (double ahead = 0.0; ahead < 86400.0; ahead += step_s) {
        struct sim_view view;

        sim_orbit_best_station(orbit, t + ahead, &view);
        if (view.elevation_deg >= SIM_HORIZON_DEG)
            return ahead;
    }
    return 86400.0;
}
