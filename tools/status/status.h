/* SPDX-License-Identifier: MIT */
#ifndef STATUS_H
#define STATUS_H

/*
 * wf status from the inside. gather.c makes one JSON object of everything that
 * the system says about itself; judge.c adds what is wrong with it; main.c
 * prints it, or show.c makes it readable. Whatever a part of the system does
 * not publish (yet) is left out.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include <watchfloor/watch.h>

/* --- read.c: regions as JSON -------------------------------------------------------------- */

/* The region `wf.<subsystem>`, or NULL. */
const struct wf_region *status_region(const struct wf_watch *watch, const char *subsystem);
/* All parameters of one payload by name; an array becomes an array. New reference. */
json_t *status_payload(const struct wf_schema *schema, const void *payload);
/* The newest sample as such an object, or NULL: no region, or never received. */
json_t *status_newest(const struct wf_region *region, struct wf_stamp *out_stamp);
/* Every row of a table; an empty array when there is no region. */
json_t *status_rows(const struct wf_region *region);
/* The newest `count` samples, oldest first. */
json_t *status_samples(const struct wf_region *region, size_t count);

/* Members of objects, with what they are when absent. */
int64_t status_int(const json_t *object, const char *key);
double status_real(const json_t *object, const char *key);
const char *status_text(const json_t *object, const char *key);
bool status_bool(const json_t *object, const char *key);

/* --- the rest ----------------------------------------------------------------------------- */

/* Everything about the instance. New reference. */
json_t *status_gather(const struct wf_watch *watch, const char *instance, bool with_rejects);
/* Add "ready" and "problems", an array of texts. */
void status_judge(json_t *status, const struct wf_watch *watch);
void status_show(const json_t *status);

#endif /* STATUS_H */
