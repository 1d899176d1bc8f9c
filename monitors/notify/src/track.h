/* SPDX-License-Identifier: MIT */
#ifndef NTF_TRACK_H
#define NTF_TRACK_H

/*
 * Track - what is remembered of one alarm that people were told of, and all of them, by name.
 * Threads: one.
 */

#include "message.h"

#define NTF_NEVER    INT64_MAX
#define NTF_KEY_SIZE (NTF_MONITOR_SIZE + NTF_ALARM_SIZE)

struct ntf_track {
    struct ntf_track *next_in_bucket;
    char key[NTF_KEY_SIZE];        /* "MONITOR/ALARM" */
    struct ntf_facts facts;        /* of the newest transition */
    uint64_t announced;            /* journal entry that began the escalation */
    int64_t started_ns;            /* when it was announced */
    char escalation[WF_NAME_SIZE]; /* ""; of the routes' own, at once */
    uint32_t step;                 /* next one to take */
    uint32_t repeats;              /* of the last step, so far */
    int64_t due_ns;                /* of the next step or repetition; NTF_NEVER */
    char *told;                    /* names of routes, blanks around each; NULL: none */
    bool is_active;                /* violated still */
    bool is_standing;              /* unacknowledged and not hidden: for catching up */
    bool is_dirty, is_gone;
};

struct ntf_tracks;

struct ntf_tracks *ntf_tracks_create(void);
void ntf_tracks_destroy(struct ntf_tracks **tracks);
size_t ntf_tracks_count(const struct ntf_tracks *tracks); /* without those that are gone */
struct ntf_track *ntf_tracks_at(const struct ntf_tracks *tracks, size_t index); /* NULL behind */
/* A gone one is not found. */
struct ntf_track *ntf_tracks_find(const struct ntf_tracks *tracks, const char *monitor,
                                  const char *alarm);
/* Finds, revives or makes one; NULL: out of memory. */
struct ntf_track *ntf_tracks_make(struct ntf_tracks *tracks, const char *monitor,
                                  const char *alarm);
void ntf_tracks_drop(struct ntf_tracks *tracks, struct ntf_track *track); /* is_gone, dirty */
/* Free those that are gone and saved; indexes change. */
void ntf_tracks_sweep(struct ntf_tracks *tracks);

bool ntf_track_was_told(const struct ntf_track *track, const char *route);
void ntf_track_tell(struct ntf_track *track, const char *route);

char *ntf_track_json(const struct ntf_track *track); /* free() it; NULL: out of memory */
int ntf_track_from_json(struct ntf_tracks *tracks, const char *json, struct wf_err *err);

#endif /* NTF_TRACK_H */
