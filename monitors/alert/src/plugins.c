/* SPDX-License-Identifier: MIT */
/*
 * Alert plugins, each in a process of its own (worker.c). Here they are found, started, listened
 * to, ended when they say nothing for too long, and started again. What a plugin judges is an
 * alarm of kind RULE named like the plugin; what becomes of the plugin itself stands in the journal
 * and in wf.alert.
 */

#include "plugin.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/log.h>

#define PLUGINS_MAX   64
#define PATTERNS_MAX  64
#define BACKOFF_FIRST (WF_NS_PER_S / 2)
#define BACKOFF_LAST  (30 * WF_NS_PER_S)
/* A life that lasted this long makes up for what was before. */
#define CALM_NS (30 * WF_NS_PER_S)
/* A module that never gets as far as saying what it is, is tried so often. */
#define TRIES_MAX 3

struct alert_plugins {
    struct alert_plugin *list;
    struct wf_alarm_coded *coded;
    size_t coded_count;
};

/* --- what becomes of it ---------------------------------------------------------------------- */

void alert_plugin_trouble(struct alert_plugin *plugin, const char *what)
{
    char text[400];
    struct wf_strbuf out = WF_STRBUF_FIXED(text);
    const char *slash = strrchr(plugin->path, '/');

    wf_strbuf_addf(&out, "plugin %s: %s", plugin->name[0] != '\0' ? plugin->name : slash + 1, what);
    wf_log_warning("%s", text);
    alert_note(plugin->alert, WF_JOURNAL_TROUBLE, "", "", "", text);
}

static void free_plugin(struct alert_plugin *plugin)
{
    struct alert_plugin **at = &plugin->alert->plugins->list;

    while (*at != NULL && *at != plugin)
        at = &(*at)->next;
    if (*at == plugin)
        *at = plugin->next;
    free(plugin->subjects);
    free(plugin);
}

static void on_closed(uv_handle_t *handle)
{
    struct alert_plugin *plugin = handle->data;

    if (--plugin->handles == 0 && plugin->is_dropped)
        free_plugin(plugin);
}

static void close_one(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

void alert_plugin_end(struct alert_plugin *plugin, const char *reason)
{
    if (!plugin->is_running || plugin->end_reason != NULL)
        return;
    plugin->end_reason = reason;
    (void)uv_process_kill(&plugin->process, SIGKILL);
}

/* In words, what an end without our doing was. */
static void describe_end(const struct alert_plugin *plugin, int64_t status, int signal,
                         struct wf_strbuf *out)
{
    if (plugin->end_reason != NULL)
        wf_strbuf_add(out, plugin->end_reason);
    else if (signal == SIGALRM)
        wf_strbuf_add(out, "it did not answer in time and was ended");
    else if (signal != 0)
        wf_strbuf_addf(out, "it crashed (signal %d)", signal);
    else
        wf_strbuf_addf(out, "it ended by itself with status %lld", (long long)status);
}

static void plan_restart(struct alert_plugin *plugin, int64_t status, int signal)
{
    int64_t now_ns = wf_mono_now_ns();
    char text[200];
    struct wf_strbuf out = WF_STRBUF_FIXED(text);

    if (now_ns - plugin->started_ns > CALM_NS)
        plugin->backoff_ns = 0;
    plugin->backoff_ns = plugin->backoff_ns == 0 ? BACKOFF_FIRST : plugin->backoff_ns * 2;
    if (plugin->backoff_ns > BACKOFF_LAST)
        plugin->backoff_ns = BACKOFF_LAST;
    plugin->has_failed = true;
    describe_end(plugin, status, signal, &out);
    if (plugin->name[0] == '\0' && ++plugin->tries >= TRIES_MAX) {
        plugin->state = PLUGIN_REFUSED;
        wf_strbuf_add(&out, "; it is not started again before a reload");
    } else {
        plugin->again_ns = now_ns + plugin->backoff_ns;
        wf_strbuf_add(&out, "; it is started again in ");
        wf_strbuf_add_age(&out, plugin->backoff_ns);
    }
    alert_plugin_trouble(plugin, text);
}

static void on_exit(uv_process_t *process, int64_t status, int signal)
{
    struct alert_plugin *plugin = process->data;

    plugin->is_running = false;
    close_one((uv_handle_t *)&plugin->process);
    close_one((uv_handle_t *)&plugin->to);
    close_one((uv_handle_t *)&plugin->from);
    if (plugin->is_dropped || plugin->state == PLUGIN_REFUSED)
        return;
    if (signal == 0 && status == ALERT_WORKER_OTHER && plugin->name[0] == '\0') {
        plugin->state = PLUGIN_OTHER;
        return;
    }
    plugin->state = PLUGIN_WAITING;
    plan_restart(plugin, status, signal);
}

static void give_room(uv_handle_t *handle, size_t wanted, uv_buf_t *out)
{
    static char room[16384]; /* one loop, one read at a time */

    (void)handle, (void)wanted;
    *out = uv_buf_init(room, sizeof(room));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buf)
{
    struct alert_plugin *plugin = stream->data;

    if (count < 0) {
        (void)uv_read_stop(stream);
        return;
    }
    plugin->heard_ns = wf_mono_now_ns();
    alert_plugin_hear(plugin, buf->base, (size_t)count);
    alert_batch_flush(plugin->alert, false);
}

/* --- starting ---------------------------------------------------------------------------------- */

/* Where each region was, then the word to begin. One write; the pipe takes it or the plugin hangs. */
static void tell_positions(struct alert_plugin *plugin)
{
    struct wf_strbuf text;
    uv_buf_t buf;

    wf_strbuf_init(&text, 1u << 20);
    for (size_t i = 0; i < plugin->subject_count; i++) {
        const struct alert_subject *subject = &plugin->subjects[i];

        if (subject->created_ns != 0)
            wf_strbuf_addf(&text, "P %s %s %lld %llu\n", subject->source, subject->subsystem,
                           (long long)subject->created_ns, (unsigned long long)subject->next);
    }
    if (plugin->subject_count == 0)
        alert_follow_plugin_positions(plugin->alert, plugin->name, &text);
    wf_strbuf_add(&text, "G\n");
    buf = uv_buf_init(text.text, (unsigned)text.len);
    (void)uv_try_write((uv_stream_t *)&plugin->to, &buf, 1);
    wf_strbuf_fini(&text);
}

static size_t split_patterns(char *text, char **words, size_t max)
{
    size_t count = 0;

    while (count < max) {
        text += strspn(text, " \t\n,");
        if (*text == '\0')
            break;
        words[count++] = text;
        text += strcspn(text, " \t\n,");
        if (*text != '\0')
            *text++ = '\0';
    }
    return count;
}

static void open_pipes(struct alert_plugin *plugin)
{
    uv_loop_t *loop = &plugin->alert->loop;

    (void)uv_pipe_init(loop, &plugin->to, 0);
    (void)uv_pipe_init(loop, &plugin->from, 0);
    plugin->process.data = plugin->to.data = plugin->from.data = plugin;
    plugin->handles = 3;
}

static int spawn(struct alert_plugin *plugin, const char *program, const char *patterns)
{
    struct alert *alert = plugin->alert;
    char deadline[24], copy[4096];
    struct wf_strbuf text = WF_STRBUF_FIXED(deadline);
    char *arguments[PATTERNS_MAX + 8] = { (char *)(uintptr_t)program, ALERT_WORKER_ARGUMENT,
                                          plugin->path, alert->instance, deadline };
    uv_stdio_container_t stdio[4] = {
        { .flags = UV_CREATE_PIPE | UV_READABLE_PIPE, .data.stream = (uv_stream_t *)&plugin->to },
        { .flags = UV_IGNORE },
        { .flags = UV_INHERIT_FD, .data.fd = 2 },
        { .flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE, .data.stream = (uv_stream_t *)&plugin->from },
    };
    const uv_process_options_t options = {
        .exit_cb = on_exit, .file = program, .args = arguments, .stdio = stdio, .stdio_count = 4
    };

    wf_strbuf_addf(&text, "%llu",
                   (unsigned long long)(alert->settings->plugin_deadline_ns / WF_NS_PER_S + 1));
    (void)wf_copy_text(copy, sizeof(copy), patterns);
    (void)split_patterns(copy, arguments + 5, PATTERNS_MAX);
    return uv_spawn(&alert->loop, &plugin->process, &options);
}

static void start(struct alert_plugin *plugin)
{
    struct alert *alert = plugin->alert;
    char program[WF_PATH_SIZE];
    struct wf_err err = { 0 };

    if (plugin->handles > 0)
        return; /* of the life before */
    plugin->end_reason = NULL;
    plugin->line_len = 0;
    if (wf_find_program(alert->paths, "wf-alert", program, sizeof(program), &err) < 0) {
        plugin->again_ns = wf_mono_now_ns() + BACKOFF_LAST;
        return;
    }
    open_pipes(plugin);
    plugin->started_ns = plugin->heard_ns = wf_mono_now_ns();
    if (spawn(plugin, program, alert->settings->subsystems) < 0) {
        close_one((uv_handle_t *)&plugin->process);
        close_one((uv_handle_t *)&plugin->to);
        close_one((uv_handle_t *)&plugin->from);
        plugin->again_ns = wf_mono_now_ns() + BACKOFF_LAST;
        alert_plugin_trouble(plugin, "its process cannot be started; trying again");
        return;
    }
    plugin->is_running = true;
    if (plugin->name[0] != '\0')
        alert->figures.plugin_restarts++;
    (void)uv_read_start((uv_stream_t *)&plugin->from, give_room, on_read);
    plugin->is_told = false;
}

void alert_plugins_tick(struct alert *alert)
{
    int64_t now_ns = wf_mono_now_ns();

    if (alert->plugins == NULL || alert->is_stopping)
        return;
    for (struct alert_plugin *at = alert->plugins->list; at != NULL; at = at->next) {
        if (at->is_dropped)
            continue;
        if (!at->is_running && at->state == PLUGIN_WAITING && now_ns >= at->again_ns)
            start(at);
        if (at->is_running && at->state == PLUGIN_RUNNING && !at->is_told) {
            tell_positions(at);
            at->is_told = true;
        }
        if (at->is_running && now_ns - at->heard_ns > alert->settings->plugin_deadline_ns)
            alert_plugin_end(at, "it did not answer in time and was ended");
        if (at->is_running && at->state == PLUGIN_RUNNING &&
            now_ns - at->started_ns > 2 * alert->settings->plugin_deadline_ns + WF_NS_PER_S)
            at->has_failed = false;
    }
}

/* --- which there are ----------------------------------------------------------------------------- */

static struct alert_plugins *plugins_of(struct alert *alert)
{
    if (alert->plugins == NULL)
        alert->plugins = calloc(1, sizeof(*alert->plugins));
    return alert->plugins;
}

static void drop(struct alert_plugin *plugin)
{
    plugin->is_dropped = true;
    if (plugin->is_running)
        (void)uv_process_kill(&plugin->process, SIGKILL);
    else if (plugin->handles == 0)
        free_plugin(plugin);
}

static void add_module(struct alert *alert, const char *path)
{
    struct alert_plugin *plugin;
    size_t count = 0;

    for (plugin = alert->plugins->list; plugin != NULL; plugin = plugin->next)
        count++;
    if (count >= PLUGINS_MAX)
        return;
    plugin = calloc(1, sizeof(*plugin));
    if (plugin == NULL)
        return;
    plugin->alert = alert;
    (void)wf_copy_text(plugin->path, sizeof(plugin->path), path);
    plugin->next = alert->plugins->list;
    alert->plugins->list = plugin;
}

static bool has_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name), tail = strlen(suffix);

    return len > tail && strcmp(name + len - tail, suffix) == 0;
}

/* Modules of each folder below `path`, or (inner) in it. */
static void scan(struct alert *alert, const char *path, bool is_inner)
{
    DIR *folder = opendir(path);
    struct dirent *item;

    if (folder == NULL)
        return;
    while ((item = readdir(folder)) != NULL) {
        char inner[WF_PATH_SIZE];
        int len = snprintf(inner, sizeof(inner), "%s/%s", path, item->d_name);

        if (item->d_name[0] == '.' || len < 0 || (size_t)len >= sizeof(inner))
            continue;
        if (!is_inner)
            scan(alert, inner, true);
        else if (has_suffix(item->d_name, ".so"))
            add_module(alert, inner);
    }
    (void)closedir(folder);
}

void alert_plugins_scan(struct alert *alert, const struct wf_config *config)
{
    const struct wf_config_alert *settings = NULL;

    if (plugins_of(alert) == NULL)
        return;
    for (struct alert_plugin *at = alert->plugins->list, *next; at != NULL; at = next) {
        next = at->next;
        if (!at->is_dropped)
            drop(at);
    }
    for (size_t i = 0; i < config->alert_count; i++)
        if (wf_name_is_equal(config->alerts[i].name, alert->name))
            settings = &config->alerts[i];
    if (settings == NULL || !settings->has_plugins)
        return;
    for (const char *at = config->plugins; *at != '\0';) {
        size_t len = strcspn(at, ":");
        char folder[WF_PATH_SIZE];

        if (len > 0 && len < sizeof(folder)) {
            memcpy(folder, at, len);
            folder[len] = '\0';
            scan(alert, folder, false);
        }
        at += len;
        at += *at == ':';
    }
}

size_t alert_plugins_coded(struct alert *alert, const struct wf_config_alert *settings,
                           struct alert_line *const *members, size_t member_count,
                           const struct wf_alarm_coded **out_coded)
{
    struct alert_plugins *plugins = plugins_of(alert);
    size_t count = 0;

    *out_coded = NULL;
    if (plugins == NULL)
        return 0;
    for (const struct alert_plugin *at = plugins->list; at != NULL; at = at->next)
        count += at->is_dropped ? 0 : at->subject_count;
    free(plugins->coded);
    plugins->coded = calloc(count + 1, sizeof(*plugins->coded));
    plugins->coded_count = 0;
    for (struct alert_plugin *at = plugins->list; at != NULL && plugins->coded != NULL;
         at = at->next)
        for (size_t i = 0; i < at->subject_count && !at->is_dropped; i++) {
            struct alert_subject *subject = &at->subjects[i];
            bool is_there = false;

            for (size_t m = 0; m < member_count && !is_there; m++)
                is_there = wf_name_is_equal(members[m]->source, subject->source) &&
                           wf_name_is_equal(members[m]->subsystem, subject->subsystem);
            subject->condition = -1;
            if (!is_there)
                continue;
            subject->condition = (int)plugins->coded_count;
            plugins->coded[plugins->coded_count++] =
                (struct wf_alarm_coded){ .source = subject->source,
                                         .subsystem = subject->subsystem,
                                         .name = at->name,
                                         .severity = (uint8_t)settings->plugin_severity };
        }
    *out_coded = plugins->coded;
    return plugins->coded_count;
}

void alert_plugins_positions(const struct alert *alert,
                             void (*each)(void *context, const char *plugin, const char *source,
                                          const char *subsystem, int64_t created_ns, uint64_t next),
                             void *context)
{
    if (alert->plugins == NULL)
        return;
    for (const struct alert_plugin *at = alert->plugins->list; at != NULL; at = at->next)
        for (size_t i = 0; i < at->subject_count && !at->is_dropped; i++)
            if (at->subjects[i].created_ns != 0)
                each(context, at->name, at->subjects[i].source, at->subjects[i].subsystem,
                     at->subjects[i].created_ns, at->subjects[i].next);
}

void alert_plugins_close(struct alert *alert)
{
    struct alert_plugins *plugins = alert->plugins;

    if (plugins == NULL)
        return;
    for (struct alert_plugin *at = plugins->list, *next; at != NULL; at = next) {
        next = at->next;
        if (!at->is_dropped)
            drop(at);
    }
    while (plugins->list != NULL)
        (void)uv_run(&alert->loop, UV_RUN_ONCE);
    free(plugins->coded);
    free(plugins);
    alert->plugins = NULL;
}

void alert_plugins_count(const struct alert *alert, uint32_t *out_running, uint32_t *out_failed)
{
    *out_running = *out_failed = 0;
    if (alert->plugins == NULL)
        return;
    for (const struct alert_plugin *at = alert->plugins->list; at != NULL; at = at->next) {
        if (at->is_dropped || at->state == PLUGIN_OTHER)
            continue;
        *out_running += at->is_running && at->state == PLUGIN_RUNNING;
        *out_failed += at->has_failed;
    }
}
