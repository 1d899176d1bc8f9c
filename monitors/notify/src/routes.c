/* SPDX-License-Identifier: MIT */
/* Lines and workers of all routes together: see notify.h. */

#include "notify.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/log.h>

/* --- modules and settings -------------------------------------------------------------------------- */

static bool is_module_name(const char *name)
{
    return name[0] != '\0' && strlen(name) < 64 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name);
}

static bool try_path(const char *folder, const char *sub, const char *name, char out[WF_PATH_SIZE])
{
    struct wf_strbuf path;

    wf_strbuf_init_fixed(&path, out, WF_PATH_SIZE);
    wf_strbuf_addf(&path, "%s/%s/%s.so", folder, sub, name);
    return !path.was_cut && access(out, R_OK) == 0;
}

/* <folder>/notify/NAME.so, else any <folder>/<plugin>/NAME.so. */
static bool find_below(const char *folder, const char *name, char out[WF_PATH_SIZE])
{
    const struct dirent *entry;
    bool is_found = try_path(folder, "notify", name, out);
    DIR *dir = is_found ? NULL : opendir(folder);

    while (dir != NULL && !is_found && (entry = readdir(dir)) != NULL)
        is_found = entry->d_name[0] != '.' && try_path(folder, entry->d_name, name, out);
    if (dir != NULL)
        (void)closedir(dir);
    return is_found;
}

int ntf_module_find(const char *plugins, const char *name, char out[WF_PATH_SIZE],
                    struct wf_err *err)
{
    bool needs_curl = strcmp(name, "webhook") == 0 || strcmp(name, "mail") == 0;

    if (!is_module_name(name))
        return wf_fail(err, WF_ERR_INVALID, "'%.60s': a plugin's name holds a-z, 0-9 and '-' only",
                       name);
    for (const char *at = plugins; *at != '\0';) {
        size_t len = strcspn(at, ":");
        char folder[WF_PATH_SIZE];

        if (len > 0 && len < sizeof(folder)) {
            (void)wf_copy_text(folder, len + 1, at);
            if (find_below(folder, name, out))
                return 0;
        }
        at += len + (at[len] != '\0' ? 1 : 0);
    }
    return wf_fail(err, WF_ERR_ABSENT, "there is no plugin %s.so below %.100s%s", name, plugins,
                   needs_curl ? "; it was left out when this was built without libcurl "
                                "(libcurl4-openssl-dev)"
                              : "");
}

static char *trim(char *text)
{
    size_t len;

    while (isspace((unsigned char)*text))
        text++;
    for (len = strlen(text); len > 0 && isspace((unsigned char)text[len - 1]);)
        text[--len] = '\0';
    return text;
}

/* One `name = value`; blank lines are none. */
static int add_setting(json_t *settings, char *line, struct wf_err *err)
{
    char *equals = strchr(line, '=');
    const char *name;

    if (*trim(line) == '\0')
        return 0;
    if (equals == NULL)
        return wf_fail(err, WF_ERR_INVALID, "'%.60s': expected `name = value`", trim(line));
    *equals = '\0';
    name = trim(line);
    if (*name == '\0' || json_object_get(settings, name) != NULL)
        return wf_fail(err, WF_ERR_INVALID, "'%.60s' %s", name,
                       *name == '\0' ? "has no name" : "stands there twice");
    return json_object_set_new(settings, name, json_string(trim(equals + 1))) == 0
               ? 0
               : wf_fail(err, WF_ERR_INVALID, "'%.60s': its value is no UTF-8", name);
}

json_t *ntf_setup_make(const struct wf_config_route *route, const char *instance,
                       const char *folder, struct wf_err *err)
{
    char *copy = strdup(route->settings);
    json_t *settings = json_object();
    int rc = copy != NULL ? 0 : wf_fail(err, WF_ERR_NOMEM, "out of memory");

    for (char *line = copy; rc == 0 && line != NULL;) {
        char *feed = strchr(line, '\n');

        if (feed != NULL)
            *feed++ = '\0';
        rc = add_setting(settings, line, err);
        line = feed;
    }
    free(copy);
    if (rc < 0) {
        json_decref(settings);
        return NULL;
    }
    return json_pack("{ss ss ss so}", "instance", instance, "route", route->name, "state", folder,
                     "settings", settings);
}

/* A plugin that does not open is asked again so often, also when nothing is to be told. */
#define OPEN_AGAIN_NS (5 * WF_NS_PER_S)

const char *ntf_way_trouble(const struct ntf_way *way, const struct ntf_line_figures *figures)
{
    if (way->worker == NULL || way->cannot_open)
        return way->why;
    return figures->failing > 0 ? figures->why : NULL;
}

/* --- results ------------------------------------------------------------------------------------------ */

static void take_opening(struct ntf_way *way, enum ntf_result result, const char *why)
{
    bool could_not = way->cannot_open;

    way->is_opening = false;
    way->is_open = result == NTF_OK;
    way->cannot_open = !way->is_open;
    ntf_copy_clean(way->why, sizeof(way->why), why, false);
    if (way->cannot_open && !could_not)
        wf_log_warning("route %s: %s; trying again", way->name, why);
    else if (way->is_open && could_not)
        wf_log_info("route %s: works again", way->name);
}

static void on_result(void *context, enum ntf_result result, const char *why)
{
    struct ntf_way *way = context;
    struct ntf_program *program = way->program;
    struct ntf_line_figures before, after;
    struct ntf_now now = ntf_now(program);

    if (way->is_opening) {
        take_opening(way, result, why);
        ntf_pump(program);
        return;
    }
    if (result == NTF_OK) {
        way->is_open = true;
        way->cannot_open = false;
    }
    ntf_line_figures(way->line, &before);
    ntf_line_result(way->line, result, why, now.now_ns);
    ntf_line_figures(way->line, &after);
    program->is_dirty = true;
    /* Once for each trouble, not for each attempt. */
    if (after.failing == 1 && before.failing == 0)
        wf_log_warning("route %s: %s; trying again", way->name, why);
    else if (after.failing == 0 && before.failing > 0)
        wf_log_info("route %s: works again", way->name);
    if (after.given_up > before.given_up) {
        wf_log_error("route %s: a message was given up: %s", way->name, why);
        program->given_up_ns[program->given_up++ % WF_COUNT_OF(program->given_up_ns)] = now.now_ns;
    }
    ntf_pump(program);
}

static void on_free(void *context)
{
    ntf_pump(((struct ntf_way *)context)->program);
}

/* --- delivering --------------------------------------------------------------------------------------- */

static void note_delay(struct ntf_program *program, const struct ntf_message *message,
                       int64_t utc_ns)
{
    bool was_at_once = message->attempts == 0 && message->event <= NTF_RETURNED;

    if (was_at_once && message->facts.utc_ns != WF_TIME_NONE &&
        utc_ns - message->facts.utc_ns > program->delay_ns)
        program->delay_ns = utc_ns - message->facts.utc_ns;
}

static json_t *make_delivery(const struct ntf_program *program, const struct ntf_message *message)
{
    json_t *json = ntf_message_json(message, program->paths->instance);
    struct wf_strbuf text;

    wf_strbuf_init(&text, 256u << 10);
    ntf_message_text(message, &text);
    (void)json_object_set_new(json, "text", json_string(text.text != NULL ? text.text : ""));
    (void)json_object_set_new(json, "attempt", json_integer(message->attempts + 1));
    wf_strbuf_fini(&text);
    return json;
}

/*
 * Before there is something to tell: the first message need not wait for the plugin to start, and one that
 * cannot even be opened is known before it is needed.
 */
static void open_early(struct ntf_way *way, int64_t now_ns)
{
    if (way->worker == NULL || way->is_open || way->is_opening ||
        (way->opened_ns != 0 && now_ns - way->opened_ns < OPEN_AGAIN_NS))
        return;
    way->opened_ns = now_ns;
    way->is_opening = true; /* before: one that is open already says so at once */
    if (!ntf_worker_deliver(way->worker, NULL))
        way->is_opening = false;
}

static void deliver_next(struct ntf_way *way)
{
    struct ntf_program *program = way->program;
    struct ntf_now now = ntf_now(program);
    struct ntf_message *message;

    if (way->worker != NULL && !ntf_worker_is_free(way->worker))
        return;
    message = ntf_line_next(way->line, now.now_ns);
    if (message == NULL) {
        open_early(way, now.now_ns);
        return;
    }
    program->is_dirty |= message->is_dirty;
    if (way->worker == NULL) {
        ntf_line_result(way->line, NTF_RETRY, way->why, now.now_ns);
        program->is_dirty = true;
        return;
    }
    note_delay(program, message, now.utc_ns);
    if (!ntf_worker_deliver(way->worker, make_delivery(program, message)))
        ntf_line_result(way->line, NTF_RETRY, "out of memory", now.now_ns);
}

void ntf_ways_deliver(struct ntf_program *program)
{
    bool is_held = program->is_stopping || program->next_rules != NULL;

    for (size_t i = 0; i < program->way_count && !is_held; i++)
        deliver_next(&program->ways[i]);
}

int64_t ntf_ways_due(const struct ntf_program *program)
{
    int64_t due_ns = INT64_MAX;

    for (size_t i = 0; i < program->way_count; i++) {
        const struct ntf_way *way = &program->ways[i];
        int64_t way_ns = ntf_line_due(way->line);

        /* A worker that is ending says itself when the next may go. */
        if (way->worker != NULL && !ntf_worker_is_free(way->worker))
            continue;
        if (way_ns < due_ns)
            due_ns = way_ns;
    }
    return due_ns;
}

struct ntf_way *ntf_way_find(struct ntf_program *program, const char *name)
{
    for (size_t i = 0; i < program->way_count; i++)
        if (wf_name_is_equal(program->ways[i].name, name))
            return &program->ways[i];
    return NULL;
}

/* --- making ------------------------------------------------------------------------------------------- */

static int set_worker(struct ntf_way *way, const struct wf_config *config,
                      const struct ntf_route *route, struct wf_err *err)
{
    struct ntf_program *program = way->program;
    const struct ntf_worker_host host = { way, on_result, on_free };
    char module[WF_PATH_SIZE];
    struct wf_err why = { 0 };
    struct ntf_worker_options options = {
        .module = module,
        .deadline_ns = route->config->deadline_ns,
    };
    int rc = ntf_module_find(config->plugins, route->config->plugin, module, &why);

    if (rc == 0)
        options.setup =
            ntf_setup_make(route->config, program->paths->instance, program->folder, &why);
    if (options.setup == NULL) {
        /* The others tell people all the same; this one counts as failing. */
        wf_log_error("route %s: %s; nobody is told by it", way->name, why.text);
        ntf_copy_clean(way->why, sizeof(way->why), why.text, false);
        return 0;
    }
    way->worker = ntf_worker_create(&program->loop, &options, &host);
    json_decref(options.setup);
    return way->worker != NULL ? 0 : wf_fail(err, WF_ERR_NOMEM, "out of memory");
}

static int make_way(struct ntf_program *program, struct ntf_way *way,
                    const struct wf_config *config, const struct ntf_route *route,
                    struct wf_err *err)
{
    way->program = program;
    (void)wf_copy_text(way->name, sizeof(way->name), route->config->name);
    (void)wf_copy_text(way->plugin, sizeof(way->plugin), route->config->plugin);
    way->line = ntf_line_create(&route->rules, ntf_keep_done, way);
    if (way->line == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    return set_worker(way, config, route, err);
}

int ntf_ways_make(struct ntf_program *program, struct wf_err *err)
{
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < program->rules->route_count; i++) {
        program->way_count++;
        rc = make_way(program, &program->ways[i], program->config, &program->rules->routes[i], err);
    }
    return rc;
}

bool ntf_ways_are_busy(const struct ntf_program *program)
{
    for (size_t i = 0; i < program->way_count; i++)
        if (program->ways[i].worker != NULL && !ntf_worker_is_free(program->ways[i].worker))
            return true;
    return false;
}

static void abandon(void *context, struct ntf_message *message)
{
    (void)context;
    if (message->asker != NULL)
        ntf_ask_told(message);
}

void ntf_ways_destroy(struct ntf_program *program)
{
    for (size_t i = 0; i < program->way_count; i++) {
        if (program->ways[i].line != NULL)
            ntf_line_each(program->ways[i].line, abandon, NULL);
        ntf_worker_destroy(&program->ways[i].worker);
        ntf_line_destroy(&program->ways[i].line);
        memset(&program->ways[i], 0, sizeof(program->ways[i]));
    }
    program->way_count = 0;
}
