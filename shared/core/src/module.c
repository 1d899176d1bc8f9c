/* SPDX-License-Identifier: MIT */
/*
 * Modules: from a checked file to a plugin record the host may use. See
 * <watchfloor/plugin.h> for the contract and module_file.h for the file's checks.
 */

#include <watchfloor/plugin.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/notify.h>

#include "module_file.h"

#define MODULE_SUFFIX   ".so"
#define MODULE_NAME_MAX 63

struct wf_module {
    struct wfi_module_file *file;
    struct wf_plugin plugin; /* clamped copy; ops point below */
    union {
        struct wf_display_ops display;
        struct wf_alert_ops alert;
        struct wf_decoder_ops decoder;
        struct wf_notify_ops notify;
    } ops;
};

/* What every release puts first; read before anything else is believed. */
struct record_start {
    uint32_t magic;
    uint16_t abi_major, abi_minor;
    uint32_t size, kind;
};

/* "bus-gauge" of "/x/bus-gauge.so". */
static int name_of_path(const char *path, char out[MODULE_NAME_MAX + 1], struct wf_err *err)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash != NULL ? slash + 1 : path;
    size_t len = strlen(base);
    size_t suffix = sizeof(MODULE_SUFFIX) - 1;

    if (len <= suffix || strcmp(base + len - suffix, MODULE_SUFFIX) != 0 ||
        len - suffix > MODULE_NAME_MAX)
        return wf_fail(err, WF_ERR_INVALID, "is not named NAME" MODULE_SUFFIX);
    for (size_t i = 0; i < len - suffix; i++) {
        char c = base[i];

        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
            return wf_fail(err, WF_ERR_INVALID, "its name may hold a-z, 0-9 and '-' only, not '%c'",
                           isprint((unsigned char)c) ? c : '?');
    }
    memcpy(out, base, len - suffix);
    out[len - suffix] = '\0';
    return WF_OK;
}

/* Copy a table that begins with its own size into a zeroed one of ours. */
static int clamp_table(const void *theirs, void *ours, size_t our_size, struct wf_err *err)
{
    size_t size;

    if (theirs == NULL)
        return wf_fail(err, WF_ERR_INVALID, "its record has no table of functions");
    memcpy(&size, theirs, sizeof(size));
    if (size < 2 * sizeof(size_t))
        return wf_fail(err, WF_ERR_INVALID, "its table of functions says it is %zu bytes", size);
    memset(ours, 0, our_size);
    memcpy(ours, theirs, size < our_size ? size : our_size);
    return WF_OK;
}

static int clamp_ops(struct wf_module *module, struct wf_err *err)
{
    struct wf_plugin *plugin = &module->plugin;
    int rc;

    switch (plugin->kind) {
    case WF_PLUGIN_DISPLAY:
        rc = clamp_table(plugin->ops.display, &module->ops.display, sizeof(module->ops.display),
                         err);
        plugin->ops.display = &module->ops.display;
        if (rc == WF_OK && module->ops.display.draw == NULL)
            rc = wf_fail(err, WF_ERR_INVALID, "a display without draw()");
        return rc;
    case WF_PLUGIN_ALERT:
        rc = clamp_table(plugin->ops.alert, &module->ops.alert, sizeof(module->ops.alert), err);
        plugin->ops.alert = &module->ops.alert;
        if (rc == WF_OK && module->ops.alert.judge == NULL)
            rc = wf_fail(err, WF_ERR_INVALID, "an alert without judge()");
        return rc;
    case WF_PLUGIN_DECODER:
        rc = clamp_table(plugin->ops.decoder, &module->ops.decoder, sizeof(module->ops.decoder),
                         err);
        plugin->ops.decoder = &module->ops.decoder;
        if (rc == WF_OK && module->ops.decoder.decode == NULL)
            rc = wf_fail(err, WF_ERR_INVALID, "a decoder without decode()");
        return rc;
    case WF_PLUGIN_NOTIFY:
        rc = clamp_table(plugin->ops.notify, &module->ops.notify, sizeof(module->ops.notify), err);
        plugin->ops.notify = &module->ops.notify;
        if (rc == WF_OK && module->ops.notify.deliver == NULL)
            rc = wf_fail(err, WF_ERR_INVALID, "a way to notify without deliver()");
        return rc;
    default:
        return wf_fail(err, WF_ERR_VERSION, "is of kind %u, which this release does not know",
                       (unsigned)plugin->kind);
    }
}

static int take_record(struct wf_module *module, const char *name, struct wf_err *err)
{
    const void *theirs = wfi_module_file_symbol(module->file, WF_PLUGIN_SYMBOL);
    struct record_start start;

    if (theirs == NULL)
        return wf_fail(err, WF_ERR_INVALID, "exports no '" WF_PLUGIN_SYMBOL "'");
    memcpy(&start, theirs, sizeof(start));
    if (start.magic != WF_PLUGIN_MAGIC || start.size < offsetof(struct wf_plugin, needs))
        return wf_fail(err, WF_ERR_CORRUPT, "its '" WF_PLUGIN_SYMBOL "' is not a plugin record");
    /* Within a major, both older and newer minors meet in the middle by size. */
    if (start.abi_major != WF_PLUGIN_ABI_MAJOR)
        return wf_fail(err, WF_ERR_VERSION,
                       "is built for plugin ABI %u.%u, this release has %u.%u; build it anew",
                       start.abi_major, start.abi_minor, (unsigned)WF_PLUGIN_ABI_MAJOR,
                       (unsigned)WF_PLUGIN_ABI_MINOR);

    memcpy(&module->plugin, theirs,
           start.size < sizeof(module->plugin) ? start.size : sizeof(module->plugin));
    module->plugin.needs[WF_COUNT_OF(module->plugin.needs) - 1].subsystem = NULL;
    if (module->plugin.name == NULL || strcmp(module->plugin.name, name) != 0)
        return wf_fail(err, WF_ERR_INVALID, "calls itself '%.63s'; expected '%s'",
                       module->plugin.name != NULL ? module->plugin.name : "", name);
    if (module->plugin.version == NULL)
        module->plugin.version = "";
    if (module->plugin.summary == NULL)
        module->plugin.summary = "";
    return clamp_ops(module, err);
}

int wf_module_load(const char *path, struct wf_module **out_module, struct wf_err *err)
{
    struct wf_module *module = NULL;
    char name[MODULE_NAME_MAX + 1];
    int rc;

    rc = name_of_path(path, name, err);
    if (rc < 0)
        goto out;
    module = calloc(1, sizeof(*module));
    if (module == NULL) {
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
        goto out;
    }
    rc = wfi_module_file_load(path, &module->file, err);
    if (rc < 0)
        goto out;
    rc = take_record(module, name, err);
    if (rc < 0)
        goto out;
    *out_module = module;
    module = NULL;

out:
    if (rc < 0)
        wf_err_prefix(err, "plugin '%s'", path);
    wf_module_unload(&module);
    return rc;
}

void wf_module_unload(struct wf_module **module)
{
    if (*module == NULL)
        return;
    wfi_module_file_unload(&(*module)->file);
    free(*module);
    *module = NULL;
}

const struct wf_plugin *wf_module_plugin(const struct wf_module *module)
{
    return &module->plugin;
}

int wf_module_fits(const struct wf_module *module, const struct wf_schema *schema,
                   struct wf_err *err)
{
    const struct wf_plugin *plugin = &module->plugin;

    if (plugin->needs[0].subsystem == NULL)
        return WF_OK;
    for (size_t i = 0; plugin->needs[i].subsystem != NULL; i++) {
        if (!wf_name_is_equal(plugin->needs[i].subsystem, schema->name))
            continue;
        if (plugin->needs[i].layout_hash == schema->layout_hash)
            return WF_OK;
        return wf_fail(err, WF_ERR_VERSION,
                       "plugin '%s' is built for another layout of %s; build it against %s.ini",
                       plugin->name, schema->name, schema->name);
    }
    return wf_fail(err, WF_ERR_ABSENT, "plugin '%s' is not made for %s", plugin->name,
                   schema->name);
}
