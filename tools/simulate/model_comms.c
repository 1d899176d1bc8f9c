/* SPDX-License-Identifier: MIT */
/*
 * Communications: a station comes into view, the carrier locks, then the bits;
 * the downlink takes the fastest rate the signal allows and empties the recorder.
 */

#include "model.h"

#define DOWNLINK_HZ          2.2e9
#define LIGHT_KM_S           299792.458
#define CARRIER_AFTER_S      6.0
#define BITS_AFTER_S         9.0
#define TRANSMITTER_AFTER_S  12.0
#define VIEW_STEPS           10 /* stations are looked for once a second */
#define TRANSMIT_WATT        5.0
#define FRAME_BYTES          1115.0
#define COMMAND_FRAMES_S     0.8
#define IMAGE_BYTES_S        48000.0 /* recorded over sunlit ground */
#define HOUSEKEEPING_BYTES_S 900.0
#define RECORDER_BYTES       2.56e9

struct rate {
    double bits_per_s;
    double snr_db; /* needed for it */
};
static const struct rate rates[] = {
    { 0.0, -100.0 }, { 128e3, 3.0 }, { 512e3, 9.0 }, { 2e6, 14.0 }, { 8e6, 18.5 },
};

static void measure_link(struct sim_comms *comms)
{
    const double loss_db = 20.0 * log10(comms->view.range_km / 1000.0);

    comms->snr_db = 20.5 - loss_db;
    comms->signal_dbm = -92.0 - loss_db;
    comms->doppler_hz = -comms->view.range_rate / LIGHT_KM_S * DOWNLINK_HZ;
}

static int fastest_rate(double snr_db)
{
    int best = 1;

    for (int i = 2; i < 5; i++)
        if (snr_db >= rates[i].snr_db)
            best = i;
    return best;
}

static void begin_or_end_pass(struct sim_model *model, bool is_in_view)
{
    struct sim_comms *comms = &model->comms;

    if (is_in_view == comms->is_in_view)
        return;
    comms->is_in_view = is_in_view;
    comms->in_view_s = 0.0;
    if (is_in_view) {
        comms->pass_number++;
        comms->next_pass_s = 0.0;
    } else {
        comms->next_pass_s = sim_orbit_next_pass(&model->orbit, model->t);
    }
}

/* Seen, locked, synchronised, sending: each a few seconds after the one before. */
static void lock(struct sim_comms *comms)
{
    comms->carrier_lock = comms->is_in_view && comms->in_view_s > CARRIER_AFTER_S;
    comms->bit_lock = comms->is_in_view && comms->in_view_s > BITS_AFTER_S;
    comms->transmitter_on = comms->is_in_view && comms->in_view_s > TRANSMITTER_AFTER_S;
    comms->transmit_watt = comms->transmitter_on ? TRANSMIT_WATT : 0.0;
    comms->bit_rate = comms->transmitter_on ? fastest_rate(comms->snr_db) : 0;
}

static void exchange(struct sim_model *model, double dt)
{
    struct sim_comms *comms = &model->comms;
    const double sent = rates[comms->bit_rate].bits_per_s / 8.0 * dt;
    const double before = floor(comms->received_frames);

    comms->sent_bytes += sent;
    comms->sent_frames += sent / FRAME_BYTES;
    comms->recorder_bytes += (HOUSEKEEPING_BYTES_S + IMAGE_BYTES_S * model->light) * dt - sent;
    comms->recorder_bytes = fmax(0.0, fmin(RECORDER_BYTES, comms->recorder_bytes));
    if (!comms->bit_lock)
        return;
    comms->received_frames += COMMAND_FRAMES_S * dt;
    if (floor(comms->received_frames) > before) {
        if (sim_random_unit(&model->random) < 0.002)
            comms->received_errors++;
        else if (sim_random_unit(&model->random) < 0.3)
            comms->commands_accepted++;
    }
}

void sim_comms_init(struct sim_model *model)
{
    struct sim_comms *comms = &model->comms;

    sim_orbit_best_station(&model->orbit, 0.0, &comms->view);
    comms->next_pass_s = sim_orbit_next_pass(&model->orbit, 0.0);
    comms->pass_number = 11203;
    comms->received_frames = 2871034.0;
    comms->received_errors = 77;
    comms->sent_frames = 88120211.0;
    comms->sent_bytes = 88120211.0 * FRAME_BYTES;
    comms->commands_accepted = 40122;
    comms->recorder_bytes = 0.31 * RECORDER_BYTES;
    measure_link(comms);
}

void sim_comms_step(struct sim_model *model, double dt)
{
    struct sim_comms *comms = &model->comms;

    if (model->step % VIEW_STEPS == 0) {
        sim_orbit_best_station(&model->orbit, model->t, &comms->view);
        begin_or_end_pass(model, comms->view.elevation_deg >= SIM_HORIZON_DEG);
        measure_link(comms);
    }
    comms->in_view_s += dt;
    comms->next_pass_s = comms->is_in_view ? 0.0 : fmax(0.0, comms->next_pass_s - dt);
    lock(comms);
    exchange(model, dt);
}
