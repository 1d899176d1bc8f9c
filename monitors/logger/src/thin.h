/* SPDX-License-Identifier: MIT */
#ifndef LOG_THIN_H
#define LOG_THIN_H

/*
 * Thinning - which samples of a region are not wanted, by the configuration's [record] sections.
 * What is left out is counted by the store as thinned: its number is neither stored nor lost.
 *
 * Rules belong to the writer thread; a state belongs to one line, and dies with it.
 */

#include <watchfloor/config.h>
#include <watchfloor/region.h>
#include <watchfloor/schema.h>

struct log_rules;
struct log_thin;

/* Copies what the configuration says. NULL without memory. */
struct log_rules *log_rules_create(const struct wf_config *config);
void log_rules_destroy(struct log_rules **rules);

/*
 * The state for one region; NULL in *out_thin when every sample of it is wanted. `schema` must
 * outlive it.
 */
int log_thin_create(const struct log_rules *rules, const char *source,
                    const struct wf_schema *schema, struct log_thin **out_thin, struct wf_err *err);
void log_thin_destroy(struct log_thin **thin);

/* Is the next sample of the region wanted? Remembers it when it is. */
bool log_thin_is_wanted(struct log_thin *thin, const struct wf_stamp *stamp, const void *payload);

#endif /* LOG_THIN_H */
