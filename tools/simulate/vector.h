/* SPDX-License-Identifier: MIT */
#ifndef SIM_VECTOR_H
#define SIM_VECTOR_H

/* Three-dimensional vectors and rotations, as small values. Pure. */

#include <math.h>

#define SIM_PI            3.14159265358979323846
#define SIM_DEGREES(x)    ((x) * (SIM_PI / 180.0))
#define SIM_IN_DEGREES(x) ((x) * (180.0 / SIM_PI))

struct sim_vec {
    double x, y, z;
};

/* Vector part first, scalar last. */
struct sim_quat {
    double x, y, z, w;
};

static inline struct sim_vec sim_vec(double x, double y, double z)
{
    return (struct sim_vec){ .x = x, .y = y, .z = z };
}

static inline struct sim_vec sim_add(struct sim_vec a, struct sim_vec b)
{
    return sim_vec(a.x + b.x, a.y + b.y, a.z + b.z);
}

static inline struct sim_vec sim_scale(struct sim_vec a, double k)
{
    return sim_vec(a.x * k, a.y * k, a.z * k);
}

static inline double sim_dot(struct sim_vec a, struct sim_vec b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline struct sim_vec sim_cross(struct sim_vec a, struct sim_vec b)
{
    return sim_vec(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x);
}

static inline double sim_length(struct sim_vec a)
{
    return sqrt(sim_dot(a, a));
}

static inline struct sim_vec sim_unit(struct sim_vec a)
{
    return sim_scale(a, 1.0 / sim_length(a));
}

/* The rotation that takes inertial vectors into the frame with these (orthonormal) axes. */
struct sim_quat sim_quat_from_axes(struct sim_vec x, struct sim_vec y, struct sim_vec z);
struct sim_quat sim_quat_multiply(struct sim_quat a, struct sim_quat b);
/* `v` in the frame that `q` rotates into. */
struct sim_vec sim_quat_into(struct sim_quat q, struct sim_vec v);

#endif /* SIM_VECTOR_H */
