/* SPDX-License-Identifier: MIT */
/* The logger's own health, published as the subsystem wf.logger: see logger.ini. */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include <watchfloor/clock.h>
#include <watchfloor/problems.h>
#include <watchfloor/value.h>

#include "logger.h"

#include "logger_info.h"
#include "logger_schema.h"

struct log_health {
    struct wf_schema *schema;
    struct wf_writer *writer; /* the publisher's */
    uint64_t sequence;
    uint64_t *payload;
};

int log_health_open(struct log_logger *logger, struct wf_err *err)
{
    struct log_health *health = calloc(1, sizeof(*health));
    struct wf_problems problems = { 0 };
    int rc;

    if (health == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    logger->health = health;
    rc = wf_schema_parse("logger.ini", logger_schema_text, logger_schema_text_len, &health->schema,
                         &problems, err);
    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    if (rc == 0)
        rc = wf_publisher_add(logger->publisher, WF_SOURCE_OWN, health->schema, &health->writer,
                              NULL, err);
    if (rc == 0) {
        health->payload = calloc(1, health->schema->payload_bytes);
        if (health->payload == NULL)
            rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    return rc;
}

void log_health_close(struct log_logger *logger)
{
    if (logger->health == NULL)
        return;
    wf_schema_free(&logger->health->schema);
    free(logger->health->payload);
    free(logger->health);
    logger->health = NULL;
}

static void look_at_disk(const char *folder, struct log_disk *disk)
{
    struct statvfs fs;

    /* Before the first row the folder is not there: its parents lie on the same disk. */
    if (statvfs(folder, &fs) != 0) {
        char parent[WF_PATH_SIZE];
        char *slash;

        (void)wf_copy_text(parent, sizeof(parent), folder);
        slash = strrchr(parent, '/');
        if (slash == NULL || slash == parent)
            return;
        *slash = '\0';
        if (statvfs(parent, &fs) != 0)
            return;
    }
    disk->free = (uint64_t)fs.f_bavail * fs.f_frsize;
    disk->used = (uint64_t)(fs.f_blocks - fs.f_bfree) * fs.f_frsize;
}

/* What is not known yet, or will not happen, is no number to judge. */
static void put_known(const struct log_logger *logger, uint8_t *bytes, size_t parameter,
                      double value)
{
    uint8_t *quality = &bytes[logger->health->schema->parameters[parameter].quality_offset];

    *quality = isnan(value) ? (uint8_t)WF_QUALITY_ABSENT : (uint8_t)WF_QUALITY_VALID;
}

static void fill_disk(struct log_logger *logger, const struct wf_store_figures *store,
                      struct logger_info *info)
{
    struct log_disk disk = { .free = 0 };
    struct log_outlook outlook = { .full = (double)NAN, .kept = (double)NAN };
    struct wf_store_retention limits;
    struct log_rates rates;
    uint8_t *bytes = (uint8_t *)(void *)info;

    memcpy(disk.bytes, store->tier_bytes, sizeof(disk.bytes));
    memcpy(disk.deleted, store->deleted_bytes, sizeof(disk.deleted));
    disk.log_bytes = store->wal_bytes;
    look_at_disk(logger->folder, &disk);
    uv_mutex_lock(&logger->pattern_lock);
    limits = logger->retention;
    uv_mutex_unlock(&logger->pattern_lock);
    log_forecast_look(&logger->forecast, wf_mono_now_ns(), &disk);
    if (log_forecast_rates(&logger->forecast, &rates))
        outlook = log_outlook_of(&rates, &disk, &limits);
    info->disk_free = disk.free;
    info->history_bytes = 0;
    for (size_t t = 0; t < WF_STORE_TIERS; t++)
        info->history_bytes += disk.bytes[t];
    info->disk_days = outlook.full;
    info->kept_days = outlook.kept;
    put_known(logger, bytes, LOGGER_DISK_DAYS, outlook.full);
    put_known(logger, bytes, LOGGER_KEPT_DAYS, outlook.kept);
}

/* Since the figures of a second ago. */
static double row_rate(struct log_logger *logger, uint64_t rows)
{
    int64_t now_ns = wf_mono_now_ns();
    double passed_s = (double)(now_ns - logger->rated_ns) / 1e9;
    double rate = logger->rated_ns != 0 && passed_s > 0 && rows >= logger->rated_rows
                      ? (double)(rows - logger->rated_rows) / passed_s
                      : 0;

    logger->rated_ns = now_ns;
    logger->rated_rows = rows;
    return rate;
}

static void fill(struct log_logger *logger, uint8_t *bytes)
{
    struct logger_info *info = (struct logger_info *)(void *)bytes;
    struct log_figures figures;

    uv_mutex_lock(&logger->figures_lock);
    figures = logger->figures;
    logger->figures.commit_max_s = 0;
    uv_mutex_unlock(&logger->figures_lock);

    uv_mutex_lock(&logger->queue.lock);
    info->queue_bytes = logger->queue.bytes;
    uv_mutex_unlock(&logger->queue.lock);

    if (logger->has_ended)
        figures.state = figures.state == LOG_FAILING ? LOG_FAILING : LOG_STOPPED;
    else if (logger->is_ending)
        figures.state = LOG_STOPPING;
    info->state = (uint8_t)figures.state;
    memset(info->trouble, 0, sizeof(info->trouble));
    (void)wf_copy_text(info->trouble, sizeof(info->trouble), figures.trouble);
    info->regions = (uint32_t)atomic_load(&logger->region_count);
    info->drained = atomic_load(&logger->drained);
    info->stored = figures.store.rows;
    /* Rows that a restart read twice are stored once: never less than nothing waits. */
    info->thinned = figures.store.thinned;
    info->queued = info->drained > info->stored + info->thinned
                       ? info->drained - info->stored - info->thinned
                       : 0;
    info->lost = figures.store.lost;
    info->gaps = figures.store.gap_rows;
    info->row_rate = row_rate(logger, figures.store.rows);
    info->batches = figures.store.batches;
    info->syncs = figures.store.syncs;
    info->lag = figures.lag_s;
    info->commit_time = figures.commit_max_s;
    info->look_time = (double)atomic_exchange(&logger->look_max_ns, 0) / 1e9;
    info->errors = figures.store.errors;
    info->checkpoints = figures.store.checkpoints;
    info->db_bytes = figures.store.db_bytes;
    info->wal_bytes = figures.store.wal_bytes;
    info->files_held = (uint32_t)figures.store.files_left;
    info->files_deleted = figures.store.files_deleted;
    info->rollups_failing = figures.store.is_rolling_failed;
    info->clock_doubted = figures.store.is_clock_doubted;
    fill_disk(logger, &figures.store, info);
}

void log_health_publish(struct log_logger *logger)
{
    struct log_health *health = logger->health;
    struct wf_stamp stamp = { .received_ns = wf_utc_now_ns(),
                              .received_mono_ns = wf_mono_now_ns(),
                              .sequence = health->sequence++ };

    stamp.device_ns = stamp.received_ns;
    fill(logger, (uint8_t *)health->payload);
    (void)wf_writer_publish(health->writer, &stamp, health->payload);
    wf_publisher_ring(logger->publisher);
}
