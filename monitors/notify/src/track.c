/* SPDX-License-Identifier: MIT */
/* What is remembered of alarms: see track.h. */

#include "track.h"

#include <stdlib.h>
#include <string.h>

#define BUCKETS 4096

struct ntf_tracks {
    struct ntf_track *buckets[BUCKETS];
    struct ntf_track **list;
    size_t count, capacity, gone;
};

struct ntf_tracks *ntf_tracks_create(void)
{
    return calloc(1, sizeof(struct ntf_tracks));
}

static void free_track(struct ntf_track *track)
{
    free(track->told);
    free(track);
}

void ntf_tracks_destroy(struct ntf_tracks **tracks)
{
    if (*tracks == NULL)
        return;
    for (size_t i = 0; i < (*tracks)->count; i++)
        free_track((*tracks)->list[i]);
    free((*tracks)->list);
    free(*tracks);
    *tracks = NULL;
}

size_t ntf_tracks_count(const struct ntf_tracks *tracks)
{
    return tracks->count - tracks->gone;
}

struct ntf_track *ntf_tracks_at(const struct ntf_tracks *tracks, size_t index)
{
    return index < tracks->count ? tracks->list[index] : NULL;
}

static void make_key(const char *monitor, const char *alarm, char out[NTF_KEY_SIZE])
{
    struct wf_strbuf key;

    wf_strbuf_init_fixed(&key, out, NTF_KEY_SIZE);
    wf_strbuf_addf(&key, "%s/%s", monitor, alarm);
}

static size_t bucket_of(const char *key)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */

    for (; *key != '\0'; key++)
        hash = (hash ^ (unsigned char)*key) * UINT64_C(1099511628211);
    return (size_t)(hash ^ hash >> 32) % BUCKETS;
}

static struct ntf_track *find(const struct ntf_tracks *tracks, const char *key)
{
    struct ntf_track *at = tracks->buckets[bucket_of(key)];

    while (at != NULL && strcmp(at->key, key) != 0)
        at = at->next_in_bucket;
    return at;
}

struct ntf_track *ntf_tracks_find(const struct ntf_tracks *tracks, const char *monitor,
                                  const char *alarm)
{
    char key[NTF_KEY_SIZE];
    struct ntf_track *track;

    make_key(monitor, alarm, key);
    track = find(tracks, key);
    return track != NULL && !track->is_gone ? track : NULL;
}

struct ntf_track *ntf_tracks_make(struct ntf_tracks *tracks, const char *monitor, const char *alarm)
{
    char key[NTF_KEY_SIZE];
    struct ntf_track *track;

    make_key(monitor, alarm, key);
    track = find(tracks, key);
    if (track != NULL) {
        if (track->is_gone) {
            tracks->gone--;
            track->is_gone = false;
            free(track->told);
            track->told = NULL;
        }
        track->is_dirty = true;
        return track;
    }
    if (tracks->count == tracks->capacity) {
        size_t capacity = tracks->capacity > 0 ? tracks->capacity * 2 : 64;
        struct ntf_track **list = realloc(tracks->list, capacity * sizeof(struct ntf_track *));

        if (list == NULL)
            return NULL;
        tracks->list = list;
        tracks->capacity = capacity;
    }
    track = calloc(1, sizeof(*track));
    if (track == NULL)
        return NULL;
    memcpy(track->key, key, sizeof(key));
    track->due_ns = NTF_NEVER;
    track->is_dirty = true;
    track->next_in_bucket = tracks->buckets[bucket_of(key)];
    tracks->buckets[bucket_of(key)] = track;
    tracks->list[tracks->count++] = track;
    return track;
}

void ntf_tracks_drop(struct ntf_tracks *tracks, struct ntf_track *track)
{
    if (track->is_gone)
        return;
    track->is_gone = track->is_dirty = true;
    track->due_ns = NTF_NEVER;
    tracks->gone++;
}

void ntf_tracks_sweep(struct ntf_tracks *tracks)
{
    size_t kept = 0;

    if (tracks->gone == 0)
        return;
    for (size_t i = 0; i < tracks->count; i++) {
        struct ntf_track *track = tracks->list[i];
        struct ntf_track **at = &tracks->buckets[bucket_of(track->key)];

        if (!track->is_gone || track->is_dirty) {
            tracks->list[kept++] = track;
            continue;
        }
        while (*at != track)
            at = &(*at)->next_in_bucket;
        *at = track->next_in_bucket;
        free_track(track);
        tracks->gone--;
    }
    tracks->count = kept;
}

/* --- who was told ------------------------------------------------------------------------------ */

bool ntf_track_was_told(const struct ntf_track *track, const char *route)
{
    char word[WF_NAME_SIZE + 2];
    struct wf_strbuf text = WF_STRBUF_FIXED(word);

    wf_strbuf_addf(&text, " %s ", route);
    return track->told != NULL && strstr(track->told, word) != NULL;
}

void ntf_track_tell(struct ntf_track *track, const char *route)
{
    size_t len = track->told != NULL ? strlen(track->told) : 1;
    size_t more = strlen(route) + 1;
    char *told;

    if (ntf_track_was_told(track, route) || (told = realloc(track->told, len + more + 1)) == NULL)
        return;
    told[len - 1] = ' ';
    memcpy(told + len, route, more - 1);
    told[len + more - 1] = ' ';
    told[len + more] = '\0';
    track->told = told;
}

/* --- written down ------------------------------------------------------------------------------ */

static json_t *number(int64_t value)
{
    return json_integer((json_int_t)value);
}

char *ntf_track_json(const struct ntf_track *track)
{
    json_t *object = json_object();
    char *text;

    (void)json_object_set_new(object, "facts", ntf_facts_json(&track->facts));
    (void)json_object_set_new(object, "announced", number((int64_t)track->announced));
    (void)json_object_set_new(object, "started", number(track->started_ns));
    (void)json_object_set_new(object, "escalation", json_string(track->escalation));
    (void)json_object_set_new(object, "step", number(track->step));
    (void)json_object_set_new(object, "repeats", number(track->repeats));
    (void)json_object_set_new(object, "due", number(track->due_ns));
    (void)json_object_set_new(object, "told", json_string(track->told != NULL ? track->told : ""));
    (void)json_object_set_new(object, "active", json_boolean(track->is_active));
    text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

static int64_t get_number(const json_t *object, const char *key)
{
    return (int64_t)json_integer_value(json_object_get(object, key));
}

int ntf_track_from_json(struct ntf_tracks *tracks, const char *json, struct wf_err *err)
{
    json_t *object = json_loads(json, 0, NULL);
    const char *told = json_string_value(json_object_get(object, "told"));
    const char *escalation = json_string_value(json_object_get(object, "escalation"));
    struct ntf_facts facts = { 0 };
    struct ntf_track *track = NULL;
    int rc = 0;

    ntf_facts_from_json(&facts, json_object_get(object, "facts"));
    if (told == NULL || escalation == NULL || facts.alarm[0] == '\0')
        rc = wf_fail(err, WF_ERR_CORRUPT, "what was remembered of an alarm cannot be read");
    if (rc == 0 && (track = ntf_tracks_make(tracks, facts.monitor, facts.alarm)) == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (rc == 0) {
        track->facts = facts;
        track->announced = (uint64_t)get_number(object, "announced");
        track->started_ns = get_number(object, "started");
        (void)wf_copy_text(track->escalation, sizeof(track->escalation), escalation);
        track->step = (uint32_t)get_number(object, "step");
        track->repeats = (uint32_t)get_number(object, "repeats");
        track->due_ns = get_number(object, "due");
        track->is_active = json_is_true(json_object_get(object, "active"));
        track->is_dirty = false;
        if (told[0] != '\0')
            track->told = strdup(told);
    }
    json_decref(object);
    return rc;
}
