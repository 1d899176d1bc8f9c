/* SPDX-License-Identifier: MIT */
#ifndef LOG_FORECAST_H
#define LOG_FORECAST_H

/*
 * Forecast - when the disk of history will be full, or how many days the limits of retention keep.
 *
 * By a look every minute at first, every sixteen when a day has passed: the rate is that of the
 * last day as far as this life goes back. What a tier grows by counts until it reaches its limit;
 * everything else on that filesystem (packet archive, other instances, other programs) is taken to
 * grow on as it did.
 */

#include <stddef.h>
#include <stdint.h>

#include <watchfloor/store/writer.h>

#define LOG_FORECAST_LOOKS 97

/* What is on the disk at one moment. */
struct log_disk {
    uint64_t bytes[WF_STORE_TIERS];
    uint64_t deleted[WF_STORE_TIERS]; /* by retention, since the start */
    uint64_t log_bytes;               /* logs of changes of day files, among `bytes` */
    uint64_t used, free;              /* of the whole filesystem */
};

struct log_look {
    int64_t mono_ns;
    double own[WF_STORE_TIERS]; /* as if nothing had ever been deleted */
    double others;
};

struct log_forecast {
    struct log_look looks[LOG_FORECAST_LOOKS]; /* the oldest first */
    size_t count;
    int64_t spacing_ns;
};

/* Bytes a day. */
struct log_rates {
    double own[WF_STORE_TIERS], others;
};

/* In days; NaN: not known, or it will not happen. */
struct log_outlook {
    double full; /* until the disk is full */
    double kept; /* of samples, once raw_keep or raw_max delete as much as comes */
};

void log_forecast_look(struct log_forecast *forecast, int64_t mono_ns, const struct log_disk *disk);
/* False while too little was seen. */
bool log_forecast_rates(const struct log_forecast *forecast, struct log_rates *out);
/* What comes of it. */
struct log_outlook log_outlook_of(const struct log_rates *rates, const struct log_disk *disk,
                                  const struct wf_store_retention *limits);

#endif /* LOG_FORECAST_H */
