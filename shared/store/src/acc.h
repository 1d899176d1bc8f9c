/* SPDX-License-Identifier: MIT */
#ifndef WFS_ACC_H
#define WFS_ACC_H

/*
 * Accumulators - least, greatest, sum and last of one number while a bucket is open, and
 * the meters that say where the numbers of a sample lie.
 *
 * Exact where the value is: integers stay integers, also in the sum as long as it fits.
 * Adding is in the hot path of the logger: a few nanoseconds a value.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "plan.h"

enum wfs_number_kind { WFS_NUMBER_U64, WFS_NUMBER_I64, WFS_NUMBER_F64 };

union wfs_number {
    uint64_t u64;
    int64_t i64;
    double f64;
};

struct wfs_acc {
    union wfs_number min, max, last; /* min and max hold when count > 0 */
    double sum;                      /* of floats, and of integers that outgrew sum_i64 */
    int64_t sum_i64;
    int64_t last_ns;
    uint32_t count, bad; /* in min and max; there, but no number to go by */
    uint8_t kind;        /* enum wfs_number_kind */
    uint8_t worst, last_quality;
    bool is_sum_wide, has_last;
};

/* One number of a sample: scalars that are numbers have one, in the order of the columns. */
struct wfs_meter {
    uint32_t offset, quality_offset; /* of the engineering value */
    uint8_t storage;                 /* enum wf_storage */
    uint8_t kind;
    int parameter;
};

struct wfs_meters {
    size_t count;
    struct wfs_meter list[];
};

/* The caller frees *out_meters. */
int wfs_meters_create(const struct wf_schema *schema, struct wfs_meters **out_meters,
                      struct wf_err *err);

/* `accs` has one for each meter. */
void wfs_accs_clear(struct wfs_acc *accs, const struct wfs_meters *meters);
/* Add a sample of time `time_ns`; of equal times the one added later is the last. */
void wfs_accs_add(struct wfs_acc *accs, const struct wfs_meters *meters, const uint8_t *payload,
                  int64_t time_ns);
/* Add what `from` gathered to `to`. */
void wfs_acc_merge(struct wfs_acc *to, const struct wfs_acc *from);
/* Was anything of it there at all? */
static inline bool wfs_acc_is_empty(const struct wfs_acc *acc)
{
    return !acc->has_last;
}

/* Bind to columns min, max, sum, last, last_ns, count, bad, quality, last_quality from `at` on. */
void wfs_acc_bind(sqlite3_stmt *stmt, int at, const struct wfs_acc *acc, int64_t bucket_ns);
/* And read them back. */
void wfs_acc_read(sqlite3_stmt *stmt, int at, int64_t bucket_ns, struct wfs_acc *out);

#endif /* WFS_ACC_H */
