/* SPDX-License-Identifier: MIT */
#ifndef SIM_ORBIT_H
#define SIM_ORBIT_H

/*
 * Orbit - where the spacecraft, the sun and the ground stations are.
 *
 * A circular sun-synchronous orbit (550 km, 97.6 degrees) whose plane keeps 22.5
 * degrees from the sun, so that every orbit has an eclipse of about 35 minutes.
 * Low precision on purpose (sun to 0.01 degree, a spherical earth): good to
 * drive a power system, not to point an antenna. Pure functions.
 */

#include <stdbool.h>
#include <stdint.h>

#include "vector.h"

#define SIM_EARTH_KM 6378.137

struct sim_orbit {
    int64_t start_ns; /* UTC of t = 0 */
    double radius_km;
    double rate;        /* rad/s along the orbit */
    double node;        /* right ascension of the ascending node at t = 0, rad */
    double node_rate;   /* rad/s */
    double inclination; /* rad */
    double phase;       /* argument of latitude at t = 0, rad */
};

/*
 * `phase_deg` says where in its orbit it begins: 0 is the point nearest to the sun,
 * 180 the middle of the eclipse.
 */
void sim_orbit_init(struct sim_orbit *orbit, int64_t start_ns, double phase_deg);
double sim_orbit_period_s(const struct sim_orbit *orbit);

/* Inertial, km and km/s, `t` seconds after the start. */
void sim_orbit_position(const struct sim_orbit *orbit, double t, struct sim_vec *out_position,
                        struct sim_vec *out_velocity);
/* Unit vector to the sun, inertial. */
struct sim_vec sim_orbit_sun(const struct sim_orbit *orbit, double t);
/* Share of the sun's disc that is seen from `position`: 1 in light, 0 in shadow, between in penumbra. */
double sim_orbit_light(struct sim_vec position, struct sim_vec sun);
/* Angle of the earth's rotation (GMST), rad. */
double sim_orbit_earth_angle(const struct sim_orbit *orbit, double t);

struct sim_station {
    const char *name;
    int code; /* in the schema's enumeration of stations */
    double latitude_deg, longitude_deg;
};
#define SIM_STATION_COUNT 5
extern const struct sim_station sim_stations[SIM_STATION_COUNT];
/* A station counts as in view above this elevation. */
#define SIM_HORIZON_DEG 5.0

struct sim_view {
    const struct sim_station *station; /* the one that sees it highest */
    double elevation_deg;
    double range_km;
    double range_rate; /* km/s, positive = leaving */
};
void sim_orbit_best_station(const struct sim_orbit *orbit, double t, struct sim_view *out);
/* Seconds from `t` until any station sees it; 0 = now; at most a day. */
double sim_orbit_next_pass(const struct sim_orbit *orbit, double t);

#endif /* SIM_ORBIT_H */
