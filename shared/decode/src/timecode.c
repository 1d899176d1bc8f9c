/* SPDX-License-Identifier: MIT */
/*
 * CUC and CDS time codes.
 *
 * Both are a count since an epoch: the code gives the count in ns, the format's
 * epoch and scale make it UTC. The P-field, most significant bit first:
 *
 *   octet 1   E iii ww ff      E: octet 2 follows   iii: 001 CUC, CCSDS epoch; 010 CUC, agency's;
 *                              100 CDS              ww+1 seconds, ff fraction octets (CUC)
 *             E 100 e d ss     e: agency epoch      d: 24-bit day      ss: 00 none, 01 us, 10 ps
 *   octet 2   E ww fff 00      that many octets more (CUC only)
 */

#include <stdbool.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/timecode.h>

#define GPS_BEHIND_TAI_NS (INT64_C(19) * WF_NS_PER_S)
#define CCSDS_EPOCH_NS    (INT64_C(-378691200) * WF_NS_PER_S) /* 1958-01-01 */
/* Leap seconds and the GPS offset stay below this: room to add them without overflow. */
#define MARGIN_NS    (INT64_C(1000) * WF_NS_PER_S)

#define P_EXTENDED   0x80u
#define P_CODE(p)    (((p) >> 4) & 7u)
#define P_CUC_CCSDS  1u
#define P_CUC_AGENCY 2u
#define P_CDS        4u

/* Where the parts of one code lie. */
struct shape {
    size_t p_bytes, coarse_bytes, fine_bytes;
    bool is_ccsds_epoch; /* the P-field says so */
};

static bool has_ccsds_epoch(const struct wf_time_format *format)
{
    if (format->epoch_ns != CCSDS_EPOCH_NS)
        return false;
    return format->scale == (format->code == WF_TIME_CODE_CUC ? WF_SCALE_TAI : WF_SCALE_UTC);
}

static size_t shape_bytes(const struct wf_time_format *format, const struct shape *shape)
{
    size_t middle = format->code == WF_TIME_CODE_CDS ? 4 : 0; /* ms of day */

    return shape->p_bytes + shape->coarse_bytes + middle + shape->fine_bytes;
}

/* The P-field is one octet or two; a third is not defined. */
static int read_cuc_shape(const uint8_t *bytes, size_t len, struct shape *out)
{
    unsigned p = bytes[0];

    if (P_CODE(p) != P_CUC_CCSDS && P_CODE(p) != P_CUC_AGENCY)
        return WF_ERR_INVALID;
    out->is_ccsds_epoch = P_CODE(p) == P_CUC_CCSDS;
    out->p_bytes = 1;
    out->coarse_bytes = ((p >> 2) & 3u) + 1;
    out->fine_bytes = p & 3u;
    if ((p & P_EXTENDED) == 0)
        return 0;
    if (len < 2 || (bytes[1] & P_EXTENDED) != 0)
        return WF_ERR_INVALID;
    out->p_bytes = 2;
    out->coarse_bytes += (bytes[1] >> 5) & 3u;
    out->fine_bytes += (bytes[1] >> 2) & 7u;
    return 0;
}

static int read_cds_shape(const uint8_t *bytes, struct shape *out)
{
    unsigned p = bytes[0];

    if (P_CODE(p) != P_CDS || (p & P_EXTENDED) != 0 || (p & 3u) == 3)
        return WF_ERR_INVALID;
    out->is_ccsds_epoch = (p & 8u) == 0;
    out->p_bytes = 1;
    out->coarse_bytes = (p & 4u) != 0 ? 3 : 2;
    out->fine_bytes = (p & 3u) * 2;
    return 0;
}

static int find_shape(const struct wf_time_format *format, const uint8_t *bytes, size_t len,
                      struct shape *out)
{
    memset(out, 0, sizeof(*out));
    if (format->code != WF_TIME_CODE_CUC && format->code != WF_TIME_CODE_CDS)
        return WF_ERR_INVALID;
    if (!format->has_p_field) {
        out->coarse_bytes = format->coarse_bytes;
        out->fine_bytes = format->fine_bytes;
        return out->coarse_bytes > 0 ? 0 : WF_ERR_INVALID;
    }
    if (len < 1)
        return WF_ERR_INVALID;
    return format->code == WF_TIME_CODE_CUC ? read_cuc_shape(bytes, len, out)
                                            : read_cds_shape(bytes, out);
}

static uint64_t read_be(const uint8_t *bytes, size_t count)
{
    uint64_t value = 0;

    for (size_t i = 0; i < count; i++)
        value = value << 8 | bytes[i];
    return value;
}

static void write_be(uint8_t *out, size_t count, uint64_t value)
{
    for (size_t i = count; i-- > 0; value >>= 8)
        out[i] = (uint8_t)value;
}

/* Bytes of binary fraction to ns, nearest. 32 bits hold a quarter of a ns: enough. */
static int64_t read_fraction(const uint8_t *bytes, size_t count)
{
    uint64_t high = 0;
    uint64_t low = 0;

    for (size_t i = 0; i < 4; i++) {
        high = high << 8 | (i < count ? bytes[i] : 0u);
        low = low << 8 | (i + 4 < count ? bytes[i + 4] : 0u);
    }
    high *= (uint64_t)WF_NS_PER_S; /* below 2^62 */
    low = (low * (uint64_t)WF_NS_PER_S) >> 32;
    return (int64_t)((high + low + (UINT64_C(1) << 31)) >> 32);
}

static int read_cuc(const struct shape *shape, const uint8_t *bytes, int64_t *out_count_ns)
{
    uint64_t seconds = read_be(bytes, shape->coarse_bytes);

    if (seconds >= (uint64_t)(INT64_MAX / WF_NS_PER_S))
        return WF_ERR_LIMIT;
    *out_count_ns = (int64_t)seconds * WF_NS_PER_S +
                    read_fraction(bytes + shape->coarse_bytes, shape->fine_bytes);
    return 0;
}

static int read_cds(const struct shape *shape, const uint8_t *bytes, int64_t *out_count_ns)
{
    uint64_t days = read_be(bytes, shape->coarse_bytes);
    uint64_t ms = read_be(bytes + shape->coarse_bytes, 4);
    uint64_t fine = read_be(bytes + shape->coarse_bytes + 4, shape->fine_bytes);

    /* A day with a leap second has 86,401,000 ms; more is not a time of day. */
    if (ms >= 86401000 || (shape->fine_bytes == 2 && fine >= 1000) || fine >= 1000000000)
        return WF_ERR_INVALID;
    if (days > (uint64_t)(INT64_MAX / WF_NS_PER_DAY - 1))
        return WF_ERR_LIMIT;
    fine = shape->fine_bytes == 2 ? fine * 1000 : (fine + 500) / 1000;
    *out_count_ns = (int64_t)days * WF_NS_PER_DAY + (int64_t)ms * WF_NS_PER_MS + (int64_t)fine;
    return 0;
}

size_t wf_timecode_bytes(const struct wf_time_format *format, const uint8_t *bytes, size_t len)
{
    struct shape shape;

    return find_shape(format, bytes, len, &shape) < 0 ? 0 : shape_bytes(format, &shape);
}

int wf_timecode_from_count(const struct wf_time_format *format, int64_t count_ns,
                           int64_t *out_utc_ns)
{
    int64_t epoch_ns = format->epoch_ns;
    int64_t sum;

    if ((epoch_ns > 0 && count_ns > INT64_MAX - epoch_ns) ||
        (epoch_ns < 0 && count_ns < INT64_MIN - epoch_ns))
        return WF_ERR_LIMIT;
    sum = epoch_ns + count_ns;
    if (sum > INT64_MAX - MARGIN_NS || sum < INT64_MIN + MARGIN_NS)
        return WF_ERR_LIMIT;
    if (format->scale == WF_SCALE_UTC)
        *out_utc_ns = sum;
    else
        *out_utc_ns =
            wf_utc_from_tai(format->scale == WF_SCALE_GPS ? sum + GPS_BEHIND_TAI_NS : sum);
    return 0;
}

int wf_timecode_to_count(const struct wf_time_format *format, int64_t utc_ns, int64_t *out_count_ns)
{
    int64_t sum = utc_ns;

    if (utc_ns > INT64_MAX - MARGIN_NS || utc_ns < INT64_MIN + MARGIN_NS)
        return WF_ERR_LIMIT;
    if (format->scale != WF_SCALE_UTC)
        sum += wf_tai_minus_utc_s(utc_ns) * WF_NS_PER_S;
    if (format->scale == WF_SCALE_GPS)
        sum -= GPS_BEHIND_TAI_NS;
    if ((format->epoch_ns < 0 && sum > INT64_MAX + format->epoch_ns) ||
        (format->epoch_ns > 0 && sum < INT64_MIN + format->epoch_ns))
        return WF_ERR_LIMIT;
    *out_count_ns = sum - format->epoch_ns;
    return 0;
}

int wf_timecode_read(const struct wf_time_format *format, const uint8_t *bytes, size_t len,
                     int64_t *out_utc_ns)
{
    struct shape shape;
    int64_t count_ns = 0;
    int rc = find_shape(format, bytes, len, &shape);

    if (rc < 0)
        return rc;
    if (len < shape_bytes(format, &shape) || (shape.is_ccsds_epoch && !has_ccsds_epoch(format)))
        return WF_ERR_INVALID;
    bytes += shape.p_bytes;
    rc = format->code == WF_TIME_CODE_CUC ? read_cuc(&shape, bytes, &count_ns)
                                          : read_cds(&shape, bytes, &count_ns);
    return rc < 0 ? rc : wf_timecode_from_count(format, count_ns, out_utc_ns);
}

/* ns below one second to `count` bytes of binary fraction, nearest; true: it became a whole one. */
static bool write_fraction(uint8_t *out, size_t count, int64_t ns)
{
    size_t kept = count < 8 ? count : 8;
    /* As 64 bits of fraction: ns * 2^64 / 1e9 by two divisions of 32 bits each. */
    uint64_t high = ((uint64_t)ns << 32) / (uint64_t)WF_NS_PER_S;
    uint64_t rest = ((uint64_t)ns << 32) % (uint64_t)WF_NS_PER_S;
    uint64_t fraction = high << 32 | (rest << 32) / (uint64_t)WF_NS_PER_S;
    bool carries = false;

    if (kept < 8) {
        uint64_t half = UINT64_C(1) << (63 - 8 * kept);

        carries = fraction > UINT64_MAX - half;
        fraction += half;
    }
    memset(out, 0, count);
    for (size_t i = 0; i < kept; i++)
        out[i] = (uint8_t)(fraction >> (56 - 8 * i));
    return carries;
}

static int write_cuc(const struct wf_time_format *format, const struct shape *shape,
                     int64_t count_ns, uint8_t *out)
{
    uint8_t *fine = out + shape->p_bytes + shape->coarse_bytes;
    uint64_t seconds = (uint64_t)(count_ns / WF_NS_PER_S);

    if (write_fraction(fine, shape->fine_bytes, count_ns % WF_NS_PER_S))
        seconds++;
    if (shape->coarse_bytes < 8 && seconds >> (8 * shape->coarse_bytes) != 0)
        return WF_ERR_LIMIT;
    write_be(out + shape->p_bytes, shape->coarse_bytes, seconds);
    if (shape->p_bytes > 0) {
        size_t coarse = shape->coarse_bytes < 4 ? shape->coarse_bytes : 4;
        size_t fraction = shape->fine_bytes < 3 ? shape->fine_bytes : 3;
        unsigned code = has_ccsds_epoch(format) ? P_CUC_CCSDS : P_CUC_AGENCY;

        out[0] = (uint8_t)((shape->p_bytes > 1 ? P_EXTENDED : 0u) | code << 4 |
                           ((unsigned)coarse - 1) << 2 | (unsigned)fraction);
        if (shape->p_bytes > 1)
            out[1] = (uint8_t)((unsigned)(shape->coarse_bytes - coarse) << 5 |
                               (unsigned)(shape->fine_bytes - fraction) << 2);
    }
    return 0;
}

static int write_cds(const struct wf_time_format *format, const struct shape *shape,
                     int64_t count_ns, uint8_t *out)
{
    static const int64_t units_ns[] = { WF_NS_PER_MS, 0, WF_NS_PER_US, 0, 1 };
    int64_t unit_ns = units_ns[shape->fine_bytes];
    uint8_t *days = out + shape->p_bytes;
    int64_t rounded;
    int64_t below_ms_ns;
    uint64_t day;

    if (count_ns > INT64_MAX - unit_ns)
        return WF_ERR_LIMIT;
    rounded = (count_ns + unit_ns / 2) / unit_ns * unit_ns;
    day = (uint64_t)(rounded / WF_NS_PER_DAY);
    below_ms_ns = rounded % WF_NS_PER_MS;
    if (day >> (8 * shape->coarse_bytes) != 0)
        return WF_ERR_LIMIT;
    write_be(days, shape->coarse_bytes, day);
    write_be(days + shape->coarse_bytes, 4, (uint64_t)(rounded % WF_NS_PER_DAY / WF_NS_PER_MS));
    write_be(days + shape->coarse_bytes + 4, shape->fine_bytes,
             (uint64_t)(shape->fine_bytes == 2 ? below_ms_ns / 1000 : below_ms_ns * 1000));
    if (shape->p_bytes > 0)
        out[0] = (uint8_t)(P_CDS << 4 | (has_ccsds_epoch(format) ? 0u : 8u) |
                           (shape->coarse_bytes == 3 ? 4u : 0u) | (unsigned)shape->fine_bytes / 2);
    return 0;
}

/* What to write: the format's widths, or the usual ones where only the P-field was asked for. */
static int choose_shape(const struct wf_time_format *format, struct shape *out)
{
    bool is_cuc = format->code == WF_TIME_CODE_CUC;

    memset(out, 0, sizeof(*out));
    if (!is_cuc && format->code != WF_TIME_CODE_CDS)
        return WF_ERR_INVALID;
    out->coarse_bytes = format->coarse_bytes;
    out->fine_bytes = format->fine_bytes;
    if (out->coarse_bytes == 0 && format->has_p_field) {
        out->coarse_bytes = is_cuc ? 4 : 2;
        out->fine_bytes = 2;
    }
    if (is_cuc ? (out->coarse_bytes < 1 || out->coarse_bytes > 7 || out->fine_bytes > 10)
               : (out->coarse_bytes < 2 || out->coarse_bytes > 3 ||
                  (out->fine_bytes != 0 && out->fine_bytes != 2 && out->fine_bytes != 4)))
        return WF_ERR_INVALID;
    if (format->has_p_field)
        out->p_bytes = is_cuc && (out->coarse_bytes > 4 || out->fine_bytes > 3) ? 2 : 1;
    return 0;
}

int wf_timecode_write(const struct wf_time_format *format, int64_t utc_ns, uint8_t *out,
                      size_t size)
{
    struct shape shape;
    int64_t count_ns = 0;
    int rc = choose_shape(format, &shape);

    if (rc < 0)
        return rc;
    if (shape_bytes(format, &shape) > size)
        return WF_ERR_LIMIT;
    rc = wf_timecode_to_count(format, utc_ns, &count_ns);
    if (rc < 0)
        return rc;
    if (count_ns < 0)
        return WF_ERR_LIMIT; /* before the epoch */
    rc = format->code == WF_TIME_CODE_CUC ? write_cuc(format, &shape, count_ns, out)
                                          : write_cds(format, &shape, count_ns, out);
    return rc < 0 ? rc : (int)shape_bytes(format, &shape);
}
