/* SPDX-License-Identifier: MIT */
/* Packet file: see packet_file.h. */

#include "packet_file.h"

#include <stdio.h>

#include <watchfloor/packets.h>

const struct wfs_format wfs_packet_format = { 0x57467031 /* "WFp1" */, 1, 1, "a packet file" };

int wfs_packet_path(const char *folder, int64_t key, char out[WFS_PATH_SIZE], struct wf_err *err)
{
    struct wf_strbuf path;
    char file[16];

    wf_strbuf_init_fixed(&path, out, WFS_PATH_SIZE);
    wfs_file_text(key, file);
    wf_strbuf_addf(&path, "%s/packets/%s.db", folder, file);
    return path.was_cut ? wf_fail(err, WF_ERR_LIMIT, "the path of '%s' is too long", file) : 0;
}

int wfs_packet_list(const char *folder, int64_t **out_keys, size_t *out_count, struct wf_err *err)
{
    char path[WFS_PATH_SIZE];

    if (snprintf(path, sizeof(path), "%s/packets", folder) >= (int)sizeof(path))
        return wf_fail(err, WF_ERR_LIMIT, "the path of the history folder is too long");
    return wfs_folder_keys(path, out_keys, out_count, err);
}

/* --- a new file -------------------------------------------------------------------------- */

/* APID and sequence count come out of the first bytes; what is shorter has none. */
static const char tables[] =
    "CREATE TABLE _file (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;"
    "CREATE TABLE _names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE _outcomes (code INTEGER PRIMARY KEY, name TEXT NOT NULL);"
    /* One life of a receiver: its rows lie between two ids, by ascending number. */
    "CREATE TABLE _epochs (id INTEGER PRIMARY KEY, epoch_ns INTEGER NOT NULL UNIQUE);"
    "CREATE TABLE _packets (id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, number INTEGER NOT "
    "NULL,"
    " received_ns INTEGER NOT NULL, outcome INTEGER NOT NULL, listener INTEGER, source INTEGER,"
    " subsystem INTEGER, peer INTEGER, data BLOB NOT NULL);"
    /* Where to look: for every 1,024 ids the times and numbers in them. */
    "CREATE TABLE _blocks (block INTEGER PRIMARY KEY, from_ns INTEGER NOT NULL, to_ns INTEGER NOT"
    " NULL, first_epoch INTEGER NOT NULL, first_number INTEGER NOT NULL, last_epoch INTEGER NOT "
    "NULL,"
    " last_number INTEGER NOT NULL);"
    "CREATE TABLE _gaps (id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, first INTEGER NOT NULL,"
    " last INTEGER NOT NULL, cause TEXT NOT NULL, from_ns INTEGER, to_ns INTEGER);"
    "CREATE TABLE _position (one INTEGER PRIMARY KEY CHECK (one = 1), serial INTEGER NOT NULL,"
    " region_created_ns INTEGER NOT NULL, block INTEGER NOT NULL, skip INTEGER NOT NULL,"
    " epoch_ns INTEGER NOT NULL, next_number INTEGER NOT NULL, last_ns INTEGER);";

#define ISO(column)                                                                                \
    "strftime('%Y-%m-%dT%H:%M:%S', " column " / 1000000000, 'unixepoch') ||"                       \
    " printf('.%09dZ', " column " % 1000000000)"

static const char views[] = "CREATE VIEW packets AS SELECT p.number, " ISO(
    "p.received_ns") " AS received,"
                     " (SELECT name FROM _names WHERE id = p.listener) AS listener,"
                     " (SELECT name FROM _names WHERE id = p.source) AS source,"
                     " (SELECT name FROM _names WHERE id = p.subsystem) AS subsystem,"
                     " (SELECT name FROM _outcomes WHERE code = p.outcome) AS outcome,"
                     " (SELECT name FROM _names WHERE id = p.peer) AS peer,"
                     " length(p.data) AS length, hex(substr(p.data, 1, 6)) AS header, p.data AS "
                     "data,"
                     " e.epoch_ns AS epoch FROM _packets AS p JOIN _epochs AS e ON e.id = p.epoch;"
                     "CREATE VIEW rejected AS SELECT * FROM packets WHERE outcome NOT IN"
                     " ('published', 'idle', 'segment');"
                     "CREATE VIEW gaps AS SELECT g.cause, g.last - g.first + 1 AS lost, g.first, "
                     "g.last,"
                     " " ISO("g.from_ns") " AS after, " ISO(
                         "g.to_ns") " AS before, e.epoch_ns AS epoch"
                                    " FROM _gaps AS g JOIN _epochs AS e ON e.id = g.epoch;";

static int put_outcomes(sqlite3 *db, const char *(*reason)(unsigned code), struct wf_err *err)
{
    int rc = 0;

    for (unsigned code = 0; code < 256 && rc == 0; code++) {
        const char *name = wf_packet_outcome_name((uint8_t)code);

        if (name[0] == '\0')
            name = reason != NULL && code < WF_PACKET_SEGMENT ? reason(code) : NULL;
        if (name != NULL)
            rc = wfs_execf(db, err, "INSERT INTO _outcomes VALUES (%u, %Q)", code, name);
    }
    return rc;
}

int wfs_packet_create(sqlite3 *db, const char *instance, const char *day,
                      const char *(*reason)(unsigned code), struct wf_err *err)
{
    int rc = wfs_exec(db, err, "BEGIN IMMEDIATE");

    if (rc == 0)
        rc = wfs_exec(db, err, tables);
    if (rc == 0)
        rc = wfs_exec(db, err, views);
    if (rc == 0)
        rc = put_outcomes(db, reason, err);
    if (rc == 0)
        rc = wfs_execf(db, err,
                       "INSERT INTO _file VALUES ('instance', %Q), ('day', %Q), ('what',"
                       " 'packets as received; see the views packets, rejected, gaps');"
                       "PRAGMA application_id=%d; PRAGMA user_version=%d",
                       instance, day, wfs_packet_format.application, wfs_packet_format.version);
    if (rc == 0)
        rc = wfs_exec(db, err, "COMMIT");
    if (rc < 0)
        (void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}
