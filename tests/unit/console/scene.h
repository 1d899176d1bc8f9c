/* SPDX-License-Identifier: MIT */
#ifndef CONSOLE_SCENE_H
#define CONSOLE_SCENE_H

/*
 * Scene - a small system for screens to show, published for real: regions of
 * the schemas in this tree with samples and times the test decides on. Nothing
 * looks at a clock but the publisher's first heart-beat, so a scene looks the
 * same on every run.
 */

#include "support/unit.h"

#include <math.h>

#include <watchfloor/clock.h>
#include <watchfloor/mapping.h>
#include <watchfloor/publisher.h>

#include "model.h"

/* 2026-11-20T18:06:52.500Z */
#define SCENE_UTC_NS INT64_C(1795198012500000000)

struct scene {
    char instance[32];
    struct tmp_folder state;
    struct wf_publisher *publisher;
    struct con_now now;
};

/* One subsystem being published: set values, then publish. */
struct actor {
    struct scene *scene;
    struct wf_writer *writer;
    struct wf_schema *schema;
    unsigned char *payload;
};

static inline struct scene scene_make(const char *role)
{
    static int count;
    struct scene scene = { .state = tmp_folder_make() };
    struct wf_publisher_options options = { .role = role, .region_max = 64 };
    struct wf_err err = { 0 };

    (void)snprintf(scene.instance, sizeof(scene.instance), "t%ld-%d", (long)getpid(), count++);
    options.instance = scene.instance;
    options.state = scene.state.path;
    scene.now = (struct con_now){ .utc_ns = SCENE_UTC_NS, .mono_ns = wf_mono_now_ns() };
    if (role != NULL && wf_publisher_open(&options, &scene.publisher, &err) < 0)
        fail_msg("%s", err.text);
    return scene;
}

static inline void scene_remove(struct scene *scene)
{
    struct wf_mapping_names names = { 0 };
    char prefix[64];

    wf_publisher_close(&scene->publisher);
    (void)snprintf(prefix, sizeof(prefix), "/wf.%s.", scene->instance);
    if (wf_mapping_list(prefix, &names, NULL) == 0) {
        for (size_t i = 0; i < names.count; i++)
            (void)wf_mapping_remove(names.names[i], WF_BACKING_MEMORY, NULL);
        wf_mapping_names_free(&names);
    }
    tmp_folder_remove(&scene->state);
}

/* `file` below the source tree, as "plugins/power/power.ini". */
static inline struct actor actor_make(struct scene *scene, const char *source, const char *file)
{
    const char *root = getenv("WATCHFLOOR_SOURCE");
    struct wf_problems problems = { 0 };
    struct actor actor = { .scene = scene };
    struct wf_err err = { 0 };
    char path[1024];

    (void)snprintf(path, sizeof(path), "%s/%s", root != NULL ? root : ".", file);
    if (wf_schema_load(path, &actor.schema, &problems, &err) < 0) {
        wf_problems_print(&problems);
        fail_msg("%s", err.text);
    }
    wf_problems_fini(&problems);
    if (wf_publisher_add(scene->publisher, source, actor.schema, &actor.writer, NULL, &err) < 0)
        fail_msg("%s", err.text);
    actor.payload = calloc(1, actor.schema->payload_bytes);
    assert_non_null(actor.payload);
    return actor;
}

static inline void actor_free(struct actor *actor)
{
    wf_schema_free(&actor->schema);
    free(actor->payload);
}

static inline size_t actor_find(const struct actor *actor, const char *name)
{
    int index = wf_schema_find(actor->schema, name);

    if (index == WF_NO_INDEX)
        fail_msg("%s has no parameter %s", actor->schema->name, name);
    return (size_t)index;
}

static inline void actor_quality(struct actor *actor, const char *name, enum wf_quality quality)
{
    size_t index = actor_find(actor, name);

    actor->payload[actor->schema->parameters[index].quality_offset] = (unsigned char)quality;
}

static inline void actor_set(struct actor *actor, const char *name, double value)
{
    const struct wf_parameter *p = &actor->schema->parameters[actor_find(actor, name)];
    unsigned char *at = actor->payload + p->offset;
    double raw = value;
    float single = (float)value;
    int64_t i64 = (int64_t)value;
    uint64_t u64 = value >= 0 ? (uint64_t)value : 0;

    /* Little-endian, as everything the tests run on. */
    if (p->storage == WF_STORE_F64)
        memcpy(at, &value, sizeof(value));
    else if (p->storage == WF_STORE_F32)
        memcpy(at, &single, sizeof(single));
    else if (p->storage >= WF_STORE_I8 && p->storage <= WF_STORE_I64)
        memcpy(at, &i64, wf_storage_bytes(p->storage));
    else
        memcpy(at, &u64, wf_storage_bytes(p->storage));
    if (p->raw_offset != 0 && p->calibrator >= 0 &&
        wf_calibrate_inverse(&actor->schema->calibrators[p->calibrator], value, &raw)) {
        i64 = (int64_t)lround(raw);
        memcpy(actor->payload + p->raw_offset, &i64, sizeof(i64));
    }
    actor->payload[p->quality_offset] =
        isnan(value) ? (unsigned char)WF_QUALITY_INVALID : (unsigned char)WF_QUALITY_VALID;
}

static inline void actor_text(struct actor *actor, const char *name, const char *text)
{
    const struct wf_parameter *p = &actor->schema->parameters[actor_find(actor, name)];

    assert_true(strlen(text) <= p->size_max);
    memset(actor->payload + p->offset, 0, p->size_max + 1);
    memcpy(actor->payload + p->offset, text, strlen(text));
    if (p->count_offset != 0) {
        uint32_t len = (uint32_t)strlen(text);

        memcpy(actor->payload + p->count_offset, &len, sizeof(len));
    }
}

static inline void actor_time(struct actor *actor, const char *name, int64_t utc_ns)
{
    const struct wf_parameter *p = &actor->schema->parameters[actor_find(actor, name)];

    memcpy(actor->payload + p->offset, &utc_ns, sizeof(utc_ns));
}

static inline struct wf_stamp stamp_at(const struct scene *scene, int64_t ago_ns, uint32_t flags)
{
    return (struct wf_stamp){
        .device_ns = scene->now.utc_ns - ago_ns,
        .received_ns = scene->now.utc_ns - ago_ns,
        .received_mono_ns = scene->now.mono_ns - ago_ns,
        .flags = flags,
    };
}

/* The sample was received `ago_ns` before now. */
static inline void actor_publish_flags(struct actor *actor, int64_t ago_ns, uint32_t flags)
{
    struct wf_stamp stamp = stamp_at(actor->scene, ago_ns, flags);

    assert_int_equal(wf_writer_publish(actor->writer, &stamp, actor->payload), 0);
}

static inline void actor_publish(struct actor *actor, int64_t ago_ns)
{
    actor_publish_flags(actor, ago_ns, 0);
}

static inline void actor_set_row(struct actor *actor)
{
    struct wf_stamp stamp = stamp_at(actor->scene, 0, 0);

    assert_int_equal(wf_writer_set_row(actor->writer, &stamp, actor->payload), 0);
}

/* A model of the scene, named "ops" so that screens do not depend on the test's instance. */
static inline struct con_model *scene_model(struct scene *scene)
{
    struct con_model *model = NULL;
    struct wf_err err = { 0 };

    if (con_model_open(scene->instance, &model, &err) < 0)
        fail_msg("%s", err.text);
    (void)wf_copy_text(model->instance, sizeof(model->instance), "ops");
    con_model_refresh(model, &scene->now);
    (void)con_model_update(model, &scene->now);
    return model;
}

#endif /* CONSOLE_SCENE_H */
