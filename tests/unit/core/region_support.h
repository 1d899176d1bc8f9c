/* SPDX-License-Identifier: MIT */
#ifndef REGION_SUPPORT_H
#define REGION_SUPPORT_H

/*
 * What the region tests share: an instance of its own for every test (several
 * run at once), a state folder, a schema, samples that can be told from torn
 * ones, and nothing left behind.
 */

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <watchfloor/clock.h>
#include <watchfloor/mapping.h>
#include <watchfloor/publisher.h>
#include <watchfloor/region.h>
#include <watchfloor/schema.h>

struct place {
    char instance[32];
    char state[64];
};

static inline struct place place_make(void)
{
    static int count;
    struct place place;

    (void)snprintf(place.instance, sizeof(place.instance), "t%ld-%d", (long)getpid(), count++);
    (void)snprintf(place.state, sizeof(place.state), "/tmp/wf-%s", place.instance);
    return place;
}

static inline void place_remove(const struct place *place)
{
    struct wf_mapping_names names = { 0 };
    char text[128];
    const struct dirent *entry;
    DIR *folder;

    (void)snprintf(text, sizeof(text), "/wf.%s.", place->instance);
    if (wf_mapping_list(text, &names, NULL) == 0) {
        for (size_t i = 0; i < names.count; i++)
            (void)wf_mapping_remove(names.names[i], WF_BACKING_MEMORY, NULL);
        wf_mapping_names_free(&names);
    }
    (void)snprintf(text, sizeof(text), "%s/lease", place->state);
    folder = opendir(text);
    while (folder != NULL && (entry = readdir(folder)) != NULL) {
        char file[512];

        (void)snprintf(file, sizeof(file), "%s/%s", text, entry->d_name);
        (void)unlink(file);
    }
    if (folder != NULL)
        (void)closedir(folder);
    (void)rmdir(text);
    (void)rmdir(place->state);
}

static inline struct wf_schema *schema_from(const char *name, const char *text)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_err err = { 0 };
    char file[128];

    (void)snprintf(file, sizeof(file), "%s.ini", name);
    if (wf_schema_parse(file, text, strlen(text), &schema, &problems, &err) < 0) {
        wf_problems_print(&problems);
        fail_msg("%s", err.text);
    }
    wf_problems_fini(&problems);
    return schema;
}

#define POWER_TEXT                                                                                 \
    "[subsystem]\nname = power\ntitle = Power\nperiod = 100ms\nring = 16\n"                        \
    "[parameter volts]\nbits = 16\nunit = V\npolynomial = 0 0.01\n"                                \
    "[parameter count]\nbits = 32\n"                                                               \
    "[parameter small]\ntype = int\nbits = 8\n"                                                    \
    "[parameter ratio]\ntype = float\n"                                                            \
    "[parameter big]\nbits = 64\n"                                                                 \
    "[parameter label]\ntype = string\nsize = 8\n"                                                 \
    "[parameter lots]\nbits = 64\ncount = 24\n"

static inline struct wf_schema *power_schema(void)
{
    return schema_from("power", POWER_TEXT);
}

static inline struct wf_publisher *publisher_open(const struct place *place, const char *role)
{
    struct wf_publisher_options options = {
        .instance = place->instance, .role = role, .state = place->state, .region_max = 64
    };
    struct wf_publisher *publisher = NULL;
    struct wf_err err = { 0 };

    if (wf_publisher_open(&options, &publisher, &err) < 0)
        fail_msg("%s", err.text);
    return publisher;
}

static inline struct wf_writer *writer_add(struct wf_publisher *publisher, const char *source,
                                           const struct wf_schema *schema, bool *was_adopted)
{
    struct wf_writer *writer = NULL;
    struct wf_err err = { 0 };

    if (wf_publisher_add(publisher, source, schema, &writer, was_adopted, &err) < 0)
        fail_msg("%s", err.text);
    return writer;
}

static inline struct wf_region *region_open(const struct place *place, const char *source,
                                            const char *subsystem)
{
    struct wf_region *region = NULL;
    struct wf_err err = { 0 };

    if (wf_region_open(place->instance, source, subsystem, &region, &err) < 0)
        fail_msg("%s", err.text);
    return region;
}

/* A payload in which every word is derived from `n`: a torn one shows. */
static inline void payload_fill(unsigned char *payload, size_t size, uint64_t n)
{
    for (size_t i = 0; i + 8 <= size; i += 8) {
        uint64_t word = n * UINT64_C(0x9e3779b97f4a7c15) + i;

        memcpy(payload + i, &word, 8);
    }
}

static inline bool payload_is_whole(const unsigned char *payload, size_t size, uint64_t n)
{
    for (size_t i = 0; i + 8 <= size; i += 8) {
        uint64_t word;

        memcpy(&word, payload + i, 8);
        if (word != n * UINT64_C(0x9e3779b97f4a7c15) + i)
            return false;
    }
    return true;
}

/* Publish the next sample, filled by its own number. */
static inline int publish_next(struct wf_writer *writer)
{
    unsigned char payload[4096];
    struct wf_stamp stamp = { .received_mono_ns = wf_mono_now_ns(), .device_ns = WF_TIME_NONE };
    size_t size = wf_writer_schema(writer)->payload_bytes;

    payload_fill(payload, size, wf_writer_head(writer));
    return wf_writer_publish(writer, &stamp, payload);
}

/* For setup: state becomes a fresh place. */
static inline int place_setup(void **state)
{
    struct place *place = malloc(sizeof(*place));

    if (place == NULL)
        return -1;
    *place = place_make();
    *state = place;
    return 0;
}

static inline int place_teardown(void **state)
{
    struct place *place = *state;

    place_remove(place);
    free(place);
    return 0;
}

#endif /* REGION_SUPPORT_H */
