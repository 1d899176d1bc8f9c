/* SPDX-License-Identifier: MIT */
#ifndef WF_DECODE_XTCE_H
#define WF_DECODE_XTCE_H

/*
 * XTCE - a mission's telemetry definitions (CCSDS 660.0-B, 1.1 and 1.2) as schemas.
 *
 * The file is read by expat, piece by piece, into a tree with a ceiling; each packet
 * definition (a container that is not abstract and that an APID selects) then becomes the text
 * of one schema, with what it inherits. Names lose the prefix that all parameters of a
 * packet share; the mission's spelling stays as alias.
 *
 * Nothing is dropped in silence: what a schema cannot say is a note with file and line, the
 * construct, and what was done instead. Hostile files are safe: no document type with
 * declarations, no entities, bounded depth, count and memory.
 *
 * Threads: one at a time.
 */

#include <stddef.h>

#include <watchfloor/err.h>
#include <watchfloor/names.h>
#include <watchfloor/problems.h>
#include <watchfloor/schema.h>
#include <watchfloor/strbuf.h>

#define WF_XTCE_BYTES_MAX (64u << 20) /* of the file */

struct wf_xtce;

/*
 *   WF_ERR_INVALID   not XML, or not XTCE: err says file, line and what was expected
 *   WF_ERR_LIMIT     larger or deeper than is read
 *   others           as opening and reading gave
 */
int wf_xtce_read(const char *path, struct wf_xtce **out_xtce, struct wf_err *err);
int wf_xtce_parse(const char *file, const char *text, size_t len, struct wf_xtce **out_xtce,
                  struct wf_err *err);
void wf_xtce_free(struct wf_xtce **xtce);

/* What concerns the file as a whole: containers that no APID selects, commands. */
void wf_xtce_notes(const struct wf_xtce *xtce, struct wf_problems *notes);

/* Packet definitions, in the order of the file, and the schema's name of each. */
size_t wf_xtce_packet_count(const struct wf_xtce *xtce);
const char *wf_xtce_packet_name(const struct wf_xtce *xtce, size_t index);

/*
 * Append the schema (INI) of packet `index`; notes say what it lacks.
 *   WF_ERR_LIMIT     more parameters than a schema may have
 *   WF_ERR_NOMEM
 */
int wf_xtce_packet_schema(struct wf_xtce *xtce, size_t index, struct wf_strbuf *out,
                          struct wf_problems *notes, struct wf_err *err);

/*
 * The other way: append `schema` as an XTCE 1.2 file of one packet; notes (`file` names the
 * schema in them) say what XTCE is not told. Importing it again gives the schema back.
 */
void wf_xtce_write(const struct wf_schema *schema, const char *file, struct wf_strbuf *out,
                   struct wf_problems *notes);

#endif /* WF_DECODE_XTCE_H */
