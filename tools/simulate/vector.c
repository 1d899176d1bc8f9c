/* SPDX-License-Identifier: MIT */
/* Rotations for the simulator; see vector.h. */

#include "vector.h"

/*
 * The rows of the direction cosine matrix are the frame's axes in inertial
 * coordinates. Shepperd's method: take the root of the largest of the four
 * candidates, so that it is never a small number.
 */
struct sim_quat sim_quat_from_axes(struct sim_vec x, struct sim_vec y, struct sim_vec z)
{
    const double trace = x.x + y.y + z.z;
    struct sim_quat q;

    if (trace > x.x && trace > y.y && trace > z.z) {
        q.w = 0.5 * sqrt(1.0 + trace);
        q.x = (y.z - z.y) / (4.0 * q.w);
        q.y = (z.x - x.z) / (4.0 * q.w);
        q.z = (x.y - y.x) / (4.0 * q.w);
    } else if (x.x > y.y && x.x > z.z) {
        q.x = 0.5 * sqrt(1.0 + x.x - y.y - z.z);
        q.w = (y.z - z.y) / (4.0 * q.x);
        q.y = (x.y + y.x) / (4.0 * q.x);
        q.z = (x.z + z.x) / (4.0 * q.x);
    } else if (y.y > z.z) {
        q.y = 0.5 * sqrt(1.0 + y.y - x.x - z.z);
        q.w = (z.x - x.z) / (4.0 * q.y);
        q.x = (x.y + y.x) / (4.0 * q.y);
        q.z = (y.z + z.y) / (4.0 * q.y);
    } else {
        q.z = 0.5 * sqrt(1.0 + z.z - x.x - y.y);
        q.w = (x.y - y.x) / (4.0 * q.z);
        q.x = (x.z + z.x) / (4.0 * q.z);
        q.y = (y.z + z.y) / (4.0 * q.z);
    }
    return q;
}

struct sim_quat sim_quat_multiply(struct sim_quat a, struct sim_quat b)
{
    return (struct sim_quat){
        .x = a.w * b.x + a.x * b.w + a.y * b.z - a.z * b.y,
        .y = a.w * b.y - a.x * b.z + a.y * b.w + a.z * b.x,
        .z = a.w * b.z + a.x * b.y - a.y * b.x + a.z * b.w,
        .w = a.w * b.w - a.x * b.x - a.y * b.y - a.z * b.z,
    };
}

struct sim_vec sim_quat_into(struct sim_quat q, struct sim_vec v)
{
    const struct sim_vec u = sim_vec(-q.x, -q.y, -q.z);
    const struct sim_vec t = sim_scale(sim_cross(u, v), 2.0);

    return sim_add(sim_add(v, sim_scale(t, q.w)), sim_cross(u, t));
}
