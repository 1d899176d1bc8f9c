/* SPDX-License-Identifier: MIT */
/* Displays: see displays.h. Finding and loading is in displays_load.c. */

#include "displays.h"
#include "displays_load.h"

#include <watchfloor/clock.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* States kept; beyond that the one not shown for longest is closed. */
#define INSTANCE_MAX 32

/* One display's state for one subsystem. */
struct instance {
    size_t plugin;
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    uint64_t generation;
    void *state;
    bool is_open;
    uint64_t used; /* grows with every use */
};

struct con_displays {
    struct con_plugin *plugins;
    size_t count;
    struct con_crumb *crumb;
    int64_t (*mono_now)(void);
    struct instance instances[INSTANCE_MAX];
    uint64_t uses;
};

int con_displays_open(const struct con_displays_options *options,
                      struct con_displays **out_displays, struct wf_err *err)
{
    struct con_displays *displays = calloc(1, sizeof(*displays));
    int rc;

    if (displays == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "displays: out of memory");
    displays->crumb = options->crumb;
    displays->mono_now = options->mono_now != NULL ? options->mono_now : wf_mono_now_ns;
    rc = con_plugins_load(options->folders, displays->crumb, &displays->plugins, &displays->count,
                          err);
    if (rc < 0) {
        free(displays);
        return rc;
    }
    *out_displays = displays;
    return WF_OK;
}

/* --- calling, with a note of who is at work and for how long --------------- */

static int64_t begin_call(struct con_displays *displays, const struct con_plugin *plugin,
                          const char *callback)
{
    int64_t now = displays->mono_now();

    con_crumb_enter(displays->crumb, plugin->name, callback, now);
    return now;
}

/* Bucket 0 is up to 1 us, then four to an octave: the last begins near 45 ms. */
static size_t bucket_of(int64_t took_ns)
{
    double us = (double)took_ns / 1e3;
    double at = us > 1 ? ceil(log2(us) * 4) : 0;

    return at < 63 ? (size_t)at : 63;
}

static void end_call(struct con_displays *displays, struct con_plugin *plugin, const char *callback,
                     int64_t began_ns)
{
    int64_t took = displays->mono_now() - began_ns;

    con_crumb_leave(displays->crumb);
    plugin->calls++;
    plugin->histogram[bucket_of(took)]++;
    if (took > CON_SLOW_NS) {
        struct wf_strbuf error;

        plugin->slow_calls++;
        wf_strbuf_init_fixed(&error, plugin->error, sizeof(plugin->error));
        wf_strbuf_addf(&error, "slow: %s took ", callback);
        wf_strbuf_add_age(&error, took);
        wf_strbuf_add(&error, ", at most 100ms is allowed");
    }
}

int64_t con_plugin_p99_ns(const struct con_plugin *plugin)
{
    uint64_t wanted = plugin->calls - plugin->calls / 100;
    uint64_t seen = 0;

    for (size_t i = 0; plugin->calls > 0 && i < WF_COUNT_OF(plugin->histogram); i++) {
        seen += plugin->histogram[i];
        if (seen >= wanted)
            return (int64_t)(exp2((double)i / 4) * 1e3);
    }
    return 0;
}

/* --- states --------------------------------------------------------------- */

static void close_instance(struct con_displays *displays, struct instance *instance)
{
    struct con_plugin *plugin = &displays->plugins[instance->plugin];
    const struct wf_display_ops *ops;

    if (!instance->is_open)
        return;
    ops = plugin->record->ops.display;
    if (ops->close != NULL) {
        int64_t began = begin_call(displays, plugin, "close");

        ops->close(instance->state);
        end_call(displays, plugin, "close", began);
    }
    *instance = (struct instance){ 0 };
}

static bool is_instance_of(const struct instance *instance, size_t plugin,
                           const struct con_entry *entry)
{
    return instance->is_open && instance->plugin == plugin &&
           instance->generation == entry->generation &&
           strcmp(instance->subsystem, entry->subsystem) == 0 &&
           strcmp(instance->source, entry->source) == 0;
}

static struct instance *find_instance(struct con_displays *displays, size_t index,
                                      const struct con_entry *entry)
{
    struct con_plugin *plugin = &displays->plugins[index];
    const struct wf_display_ops *ops = plugin->record->ops.display;
    struct instance *found = &displays->instances[0];

    for (size_t i = 0; i < INSTANCE_MAX; i++) {
        if (is_instance_of(&displays->instances[i], index, entry)) {
            displays->instances[i].used = ++displays->uses;
            return &displays->instances[i];
        }
        if (displays->instances[i].used < found->used)
            found = &displays->instances[i];
    }
    close_instance(displays, found);
    found->plugin = index;
    (void)wf_copy_text(found->source, sizeof(found->source), entry->source);
    (void)wf_copy_text(found->subsystem, sizeof(found->subsystem), entry->subsystem);
    found->generation = entry->generation;
    found->used = ++displays->uses;
    if (ops->open != NULL) {
        int64_t began = begin_call(displays, plugin, "open");

        found->state = ops->open(entry->schema);
        end_call(displays, plugin, "open", began);
    }
    found->is_open = true;
    return found;
}

void con_displays_forget(struct con_displays *displays, const struct con_model *model)
{
    for (size_t i = 0; i < INSTANCE_MAX; i++) {
        struct instance *instance = &displays->instances[i];
        const struct con_entry *entry;

        if (!instance->is_open)
            continue;
        entry = con_model_find(model, instance->source, instance->subsystem);
        if (entry == NULL || entry->generation != instance->generation)
            close_instance(displays, instance);
    }
}

void con_displays_close(struct con_displays **displays)
{
    struct con_displays *old = *displays;

    *displays = NULL;
    if (old == NULL)
        return;
    for (size_t i = 0; i < INSTANCE_MAX; i++)
        close_instance(old, &old->instances[i]);
    con_plugins_unload(&old->plugins, old->count);
    free(old);
}

/* --- what pages use ------------------------------------------------------- */

size_t con_displays_count(const struct con_displays *displays)
{
    return displays->count;
}

const struct con_plugin *con_displays_plugin(const struct con_displays *displays, size_t index)
{
    return &displays->plugins[index];
}

static bool is_fitting(struct con_plugin *plugin, const struct wf_schema *schema)
{
    struct wf_err err = { 0 };

    if (plugin->state != CON_PLUGIN_LOADED)
        return false;
    if (wf_module_fits(plugin->module, schema, &err) == 0)
        return true;
    /* Only a display of this very type is expected to fit: the others have nothing to explain. */
    if (wf_name_is_equal(plugin->folder, schema->name))
        (void)wf_copy_text(plugin->error, sizeof(plugin->error), err.text);
    return false;
}

size_t con_displays_for(struct con_displays *displays, const struct wf_schema *schema,
                        size_t *out_indexes, size_t max)
{
    size_t used = 0;

    for (int generic = 0; generic <= 1; generic++) {
        const char *folder = generic == 1 ? CON_GENERIC_FOLDER : schema->name;

        for (size_t i = 0; i < displays->count && used < max; i++)
            if (wf_name_is_equal(displays->plugins[i].folder, folder) &&
                is_fitting(&displays->plugins[i], schema))
                out_indexes[used++] = i;
    }
    return used;
}

void con_displays_draw(struct con_displays *displays, size_t index, const struct con_entry *entry,
                       const struct wf_canvas_part *part, const struct wf_view *view)
{
    struct instance *instance = find_instance(displays, index, entry);
    struct con_plugin *plugin = &displays->plugins[index];
    int64_t began = begin_call(displays, plugin, "draw");

    plugin->record->ops.display->draw(instance->state, part, view);
    end_call(displays, plugin, "draw", began);
}

bool con_displays_key(struct con_displays *displays, size_t index, const struct con_entry *entry,
                      uint32_t key, const struct wf_view *view)
{
    struct instance *instance = find_instance(displays, index, entry);
    struct con_plugin *plugin = &displays->plugins[index];
    const struct wf_display_ops *ops = plugin->record->ops.display;
    int64_t began;
    int is_used;

    if (ops->key == NULL)
        return false;
    began = begin_call(displays, plugin, "key");
    is_used = ops->key(instance->state, key, view);
    end_call(displays, plugin, "key", began);
    return is_used != 0;
}
