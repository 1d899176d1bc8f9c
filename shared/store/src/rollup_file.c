/* SPDX-License-Identifier: MIT */
/* Rollup files: see rollup_file.h. */

#include "rollup_file.h"

#include <stdio.h>
#include <string.h>

#include <watchfloor/clock.h>

static const struct {
    const char *name;
    int64_t bucket_ns;
} tiers[WFS_TIER_COUNT] = {
    [WFS_TIER_MINUTE] = { "minute", 60 * WF_NS_PER_S },
    [WFS_TIER_HOUR] = { "hour", 3600 * WF_NS_PER_S },
};

const char *wfs_tier_name(enum wfs_tier tier)
{
    return tiers[tier].name;
}

int64_t wfs_tier_ns(enum wfs_tier tier)
{
    return tiers[tier].bucket_ns;
}

int64_t wfs_bucket_start(enum wfs_tier tier, int64_t time_ns)
{
    int64_t rest = time_ns % tiers[tier].bucket_ns;

    return time_ns - (rest < 0 ? rest + tiers[tier].bucket_ns : rest);
}

/* Start of the month or year that `time_ns` lies in, or of the one `ahead` of it. */
static int64_t period(enum wfs_tier tier, int64_t time_ns, int ahead)
{
    struct wf_civil civil, first = { 0 };

    wf_civil_from_utc(time_ns, &civil);
    first.year = civil.year;
    first.month = tier == WFS_TIER_MINUTE ? civil.month + ahead : 1;
    first.day = 1;
    if (tier == WFS_TIER_HOUR)
        first.year += ahead;
    if (first.month > 12) {
        first.month = 1;
        first.year++;
    }
    return wf_utc_from_civil(&first);
}

int64_t wfs_period_start(enum wfs_tier tier, int64_t time_ns)
{
    return period(tier, time_ns, 0);
}

int64_t wfs_period_end(enum wfs_tier tier, int64_t time_ns)
{
    return period(tier, time_ns, 1);
}

void wfs_period_text(enum wfs_tier tier, int64_t time_ns, char out[16])
{
    struct wf_civil civil;

    wf_civil_from_utc(time_ns, &civil);
    if (tier == WFS_TIER_MINUTE)
        (void)snprintf(out, 16, "%04d-%02d", civil.year % 10000, civil.month % 100);
    else
        (void)snprintf(out, 16, "%04d", civil.year % 10000);
}

bool wfs_period_parse(enum wfs_tier tier, const char *name, int64_t *out_ns)
{
    size_t len = tier == WFS_TIER_MINUTE ? 7 : 4;
    char date[16];

    if (strlen(name) != len + 3 || strcmp(name + len, ".db") != 0 ||
        strspn(name, "0123456789-") != len)
        return false;
    (void)snprintf(date, sizeof(date), "%.*s%s", (int)len, name,
                   tier == WFS_TIER_MINUTE ? "-01" : "-01-01");
    return wf_parse_time(date, 0, out_ns, NULL) == 0;
}

int wfs_rollup_path(const char *folder, enum wfs_tier tier, int64_t time_ns,
                    char out[WFS_PATH_SIZE], struct wf_err *err)
{
    struct wf_strbuf path;
    char text[16];

    wf_strbuf_init_fixed(&path, out, WFS_PATH_SIZE);
    wfs_period_text(tier, time_ns, text);
    wf_strbuf_addf(&path, "%s/%s/%s.db", folder, tiers[tier].name, text);
    return path.was_cut ? wf_fail(err, WF_ERR_LIMIT, "the path of '%s' is too long", text) : 0;
}

/* ISO 8601 of an integer expression that is after 1970 or before; NULL stays NULL. */
#define ISO(ns)                                                                                    \
    "strftime('%%Y-%%m-%%dT%%H:%%M:%%S', (" ns " - ((" ns                                          \
    " %% 1000000000) + 1000000000) %% 1000000000) / 1000000000, 'unixepoch') ||"                   \
    " printf('.%%09dZ', ((" ns " %% 1000000000) + 1000000000) %% 1000000000)"

/* clang-format off */
static const char tables_sql[] =
    "CREATE TABLE _file (key TEXT PRIMARY KEY, value) WITHOUT ROWID;"
    "CREATE TABLE _parameters (id INTEGER PRIMARY KEY, source TEXT NOT NULL COLLATE NOCASE,"
    " subsystem TEXT NOT NULL COLLATE NOCASE, name TEXT NOT NULL COLLATE NOCASE, unit TEXT,"
    " title TEXT, description TEXT, type TEXT, UNIQUE (source, subsystem, name));"
    /* No types but for whole numbers: -0.0 and numbers beyond 2^63 (text) stay what they are. */
    "CREATE TABLE _buckets (id INTEGER PRIMARY KEY, min, max, sum, last, last_ns INTEGER,"
    " count INTEGER, bad INTEGER, quality INTEGER, last_quality INTEGER);"
    "CREATE VIEW parameters AS SELECT source, subsystem, name AS parameter, unit, title,"
    " description, type FROM _parameters ORDER BY source, subsystem, id;";

static const char view_sql[] =
    "CREATE VIEW rollups AS SELECT "
    ISO("(%lld + (b.id & 65535) * %lld)") " AS time,"
    " p.source, p.subsystem, p.name AS parameter, b.min, b.max,"
    " CASE WHEN b.count > 0 THEN b.sum * 1.0 / b.count END AS mean,"
    " nullif(b.last, 'NaN') AS last, "
    ISO("(%lld + (b.id & 65535) * %lld + b.last_ns)") " AS last_time,"
    " b.count, b.bad, CASE b.quality WHEN 0 THEN NULL WHEN 1 THEN 'LATE' WHEN 2 THEN 'SUBSTITUTED'"
    " WHEN 3 THEN 'SUSPECT' WHEN 4 THEN 'INVALID' END AS quality, p.unit"
    " FROM _parameters AS p JOIN _buckets AS b"
    " ON b.id BETWEEN p.id << 16 AND (p.id << 16) + 65535";
/* clang-format on */

int wfs_rollup_create(sqlite3 *db, enum wfs_tier tier, int64_t period_ns, const char *instance,
                      struct wf_err *err)
{
    long long base = (long long)wfs_period_start(tier, period_ns);
    long long width = (long long)tiers[tier].bucket_ns;
    char text[16];
    int rc = wfs_exec(db, err, tables_sql);

    wfs_period_text(tier, period_ns, text);
    /* The time is built from three copies of one sum, so each constant stands three times. */
    if (rc == 0)
        rc = wfs_execf(db, err, view_sql, base, width, base, width, base, width, base, width, base,
                       width, base, width);
    if (rc == 0)
        rc = wfs_execf(db, err,
                       "PRAGMA application_id=%d; PRAGMA user_version=%d;"
                       "INSERT INTO _file VALUES ('instance', %Q), ('tier', %Q), ('period', %Q),"
                       " ('base_ns', %lld), ('bucket_ns', %lld), ('about', 'Watchfloor history:"
                       " least, greatest, mean and last value of every number per %s, by device"
                       " time. Ask the view rollups; the view parameters tells what there is.')",
                       WFS_APPLICATION_ID, WFS_FORMAT_VERSION, instance, tiers[tier].name, text,
                       base, width, tiers[tier].name);
    return rc;
}
