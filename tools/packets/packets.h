/* SPDX-License-Identifier: MIT */
#ifndef PACKETS_H
#define PACKETS_H

/* What the files of wf-packets share. */

#include <stdio.h>

#include <watchfloor/options.h>
#include <watchfloor/store/packet_log.h>

enum packets_format { PACKETS_TABLE, PACKETS_CSV, PACKETS_JSON, PACKETS_HEX, PACKETS_RAW };

/* list.c: what the query finds, on standard output; gaps among them on standard error. */
int packets_list(const char *history, const struct wf_packet_query *query,
                 enum packets_format format, uint64_t *out_count, struct wf_err *err);

/* origin.c: the packet that NAME's newest value at or before `at_ns` came from, its bits marked. */
int packets_origin(const char *history, const char *name, int64_t at_ns, struct wf_err *err);

/* hex.c: 16 bytes a line; those that hold any of bits first .. end-1 stand in brackets. */
void packets_hex(const uint8_t *bytes, size_t len, uint64_t first, uint64_t end, FILE *file);

#endif /* PACKETS_H */
