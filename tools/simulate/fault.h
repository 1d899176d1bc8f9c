/* SPDX-License-Identifier: MIT */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

/*
 * Faults on demand - one line of text each, on the command line and in scenarios:
 *
 *   at TIME [every PERIOD] KIND TARGET [DURATION] [to VALUE] [by [-]DURATION]
 *                                      [rate N] [how DAMAGE]
 *
 *   at 30s gap power 5s                   packets are made and not sent
 *   at 30s freeze thermal 10s             all values stand still, time goes on
 *   at 30s freeze power.bus_voltage 10s   one value stands still
 *   at 30s nan attitude.rate_x 2s         a float becomes NaN
 *   at 30s ramp power.bus_voltage 20s to 35   up to it, stays, and back
 *   at 30s clock-jump all 10s by -1h      device times are off
 *   at 30s duplicate power 5s             every packet twice
 *   at 30s reorder power 5s               neighbours change places
 *   at 30s flood power 2s rate 5000       that many more packets a second
 *   at 30s corrupt power 5s how version   damaged packets (how all: each way in turn)
 *
 * TARGET is a subsystem, `all`, or subsystem.parameter. Without DURATION a fault
 * lasts to the end. A fault holds for samples taken at or after its start and
 * before its end, so what it does is exact: 5 s of a gap at 10 Hz are 50 packets.
 *
 * Pure. A struct sim_fault is a plain value.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/names.h>

enum sim_fault_kind {
    SIM_FAULT_GAP,
    SIM_FAULT_FREEZE,
    SIM_FAULT_NAN,
    SIM_FAULT_RAMP,
    SIM_FAULT_CLOCK_JUMP,
    SIM_FAULT_DUPLICATE,
    SIM_FAULT_REORDER,
    SIM_FAULT_FLOOD,
    SIM_FAULT_CORRUPT,
};

/* Ways to damage a packet, named after what a receiver should say of it. */
enum sim_damage {
    SIM_DAMAGE_TRUNCATED, /* ends before its length field says */
    SIM_DAMAGE_VERSION,   /* version 3 */
    SIM_DAMAGE_TYPE,      /* a command packet */
    SIM_DAMAGE_APID,      /* an APID nobody knows */
    SIM_DAMAGE_LENGTH,    /* consistent, but one byte of data */
    SIM_DAMAGE_BITS,      /* flipped bits in the values: a good packet with wrong contents */
    SIM_DAMAGE_COUNT,
    SIM_DAMAGE_ALL = SIM_DAMAGE_COUNT,
};

#define SIM_FAULT_MAX 64

struct sim_fault {
    enum sim_fault_kind kind;
    int64_t at_ns;                /* since the start of the run */
    int64_t every_ns;             /* 0 = once */
    int64_t for_ns;               /* 0 = to the end */
    char subsystem[WF_NAME_SIZE]; /* "*" = all */
    char parameter[WF_NAME_SIZE]; /* "" = the whole subsystem */
    bool has_to;
    double to;           /* RAMP */
    int64_t by_ns;       /* CLOCK_JUMP */
    double rate_hz;      /* FLOOD */
    enum sim_damage how; /* CORRUPT */
};

/* WF_ERR_INVALID with what is wrong and what was expected. */
int sim_fault_parse(const char *text, struct sim_fault *out, struct wf_err *err);
/* "gap", "clock-jump" ...; "truncated", "version" ... */
const char *sim_fault_name(enum sim_fault_kind kind);
const char *sim_damage_name(enum sim_damage damage);

/* Does it hold for a sample taken `t_ns` after the start? */
bool sim_fault_is_active(const struct sim_fault *fault, int64_t t_ns);
/* How far through it is at `t_ns`, 0 .. 1; 0 when it has no end. */
double sim_fault_progress(const struct sim_fault *fault, int64_t t_ns);
bool sim_fault_concerns(const struct sim_fault *fault, const char *subsystem);

/* 0 at the ends, 1 in the middle fifth: the shape of a ramp. */
double sim_ramp_shape(double progress);

#endif /* SIM_FAULT_H */
