/* SPDX-License-Identifier: MIT */
/*
 * The inside of a worker: loads the plugin, hands it its settings, then message after message. May
 * block anywhere; its host watches the clock. See worker.h.
 */

#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/ini.h>
#include <watchfloor/notify.h>
#include <watchfloor/plugin.h>

#define STATUS_CANNOT 2
#define SETTING_MAX   64

struct inside {
    FILE *in, *out;
    struct wf_module *module;
    const struct wf_notify_ops *ops;
    void *state;
    json_t *setup; /* strings of the plugin's settings live here */
};

/* Everything this worker started goes with it. */
static void end_group(int number)
{
    (void)number;
    (void)kill(0, SIGKILL);
}

static void answer(struct inside *inside, json_t *object)
{
    if (object == NULL || json_dumpf(object, inside->out, JSON_COMPACT) != 0 ||
        fputc('\n', inside->out) == EOF || fflush(inside->out) != 0)
        exit(STATUS_CANNOT); /* the host is gone */
    json_decref(object);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

/* --- settings ------------------------------------------------------------------------------ */

static int check_setting(const struct wf_notify_key *keys, const char *name, struct wf_err *err)
{
    const char *names[SETTING_MAX];
    const char *nearest;
    size_t count = 0;

    for (; keys != NULL && keys->name != NULL && count < SETTING_MAX; keys++) {
        if (wf_casecmp(keys->name, name) == 0)
            return 0;
        names[count++] = keys->name;
    }
    nearest = wf_nearest_name(name, names, count);
    if (nearest != NULL)
        return wf_fail(err, WF_ERR_INVALID, "there is no '%.48s'; did you mean '%s'?", name,
                       nearest);
    if (count == 0)
        return wf_fail(err, WF_ERR_INVALID, "'%.48s': this plugin takes no settings", name);
    wf_fail(err, WF_ERR_INVALID, "there is no '%.48s'; there are", name);
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(err->text);

        (void)snprintf(err->text + len, sizeof(err->text) - len, " %s", names[i]);
    }
    return WF_ERR_INVALID;
}

static int open_plugin(struct inside *inside, struct wf_err *err)
{
    static struct wf_notify_setting settings[SETTING_MAX];
    struct wf_notify_setup setup = { .size = sizeof(setup) };
    json_t *given = json_object_get(inside->setup, "settings");
    const char *name;
    json_t *value;
    int rc;

    json_object_foreach(given, name, value)
    {
        rc = check_setting(inside->ops->keys, name, err);
        if (rc < 0)
            return rc;
        if (setup.setting_count == SETTING_MAX)
            return wf_fail(err, WF_ERR_LIMIT, "more than %d settings", SETTING_MAX);
        settings[setup.setting_count++] =
            (struct wf_notify_setting){ name, json_string_value(value) };
    }
    setup.settings = settings;
    setup.instance = text_of(inside->setup, "instance");
    setup.route = text_of(inside->setup, "route");
    setup.state = text_of(inside->setup, "state");
    for (const struct wf_notify_key *key = inside->ops->keys; key != NULL && key->name != NULL;
         key++)
        if (key->is_required && wf_notify_setting(&setup, key->name, "")[0] == '\0')
            return wf_fail(err, WF_ERR_INVALID, "'%s' is missing: %.150s", key->name,
                           key->sentence != NULL ? key->sentence : "");
    return inside->ops->open != NULL ? inside->ops->open(&setup, &inside->state, err) : 0;
}

static int load(struct inside *inside, const char *path, struct wf_err *err)
{
    int rc = wf_module_load(path, &inside->module, err);
    const struct wf_plugin *plugin;

    if (rc < 0)
        return rc;
    plugin = wf_module_plugin(inside->module);
    if (plugin->kind != WF_PLUGIN_NOTIFY)
        return wf_fail(err, WF_ERR_INVALID, "plugin '%s' is no way to notify", plugin->name);
    inside->ops = plugin->ops.notify;
    return 0;
}

/* --- messages ------------------------------------------------------------------------------ */

static uint32_t number_of(const json_t *object, const char *key)
{
    return (uint32_t)json_integer_value(json_object_get(object, key));
}

static void deliver(struct inside *inside, const json_t *message, int64_t left_ns)
{
    char room[400];
    struct wf_strbuf why = WF_STRBUF_FIXED(room);
    char clean[400];
    struct wf_notification notification = {
        .size = sizeof(notification),
        .id = text_of(message, "id"),
        .instance = text_of(message, "instance"),
        .monitor = text_of(message, "monitor"),
        .route = text_of(message, "route"),
        .event = text_of(message, "event"),
        .subject = text_of(message, "subject"),
        .text = text_of(message, "text"),
        .alarm = text_of(message, "alarm"),
        .state = text_of(message, "state"),
        .title = text_of(message, "title"),
        .guidance = text_of(message, "guidance"),
        .level = text_of(message, "level"),
        .value = text_of(message, "value"),
        .limit = text_of(message, "limit"),
        .user = text_of(message, "user"),
        .note = text_of(message, "note"),
        .severity = (uint8_t)number_of(message, "severity"),
        .highest = (uint8_t)number_of(message, "highest"),
        .count = number_of(message, "count"),
        .step = number_of(message, "step"),
        .attempt = number_of(message, "attempt"),
        .seq = (uint64_t)json_integer_value(json_object_get(message, "seq")),
        .utc_ns = WF_TIME_NONE,
    };
    json_t *plain = json_copy((json_t *)message);
    char *json;
    enum wf_notify_result result = WF_NOTIFY_RETRY;

    (void)wf_parse_time(text_of(message, "time"), 0, &notification.utc_ns, NULL);
    (void)json_object_del(plain, "text");
    json = json_dumps(plain, JSON_COMPACT);
    json_decref(plain);
    if (json != NULL) {
        notification.json = json;
        result =
            inside->ops->deliver(inside->state, &notification, wf_mono_now_ns() + left_ns, &why);
    }
    free(json);
    ntf_copy_clean(clean, sizeof(clean), room, false);
    answer(inside, json_pack("{si ss}", "result", (int)result, "why", clean));
}

static bool take_line(struct inside *inside, const char *line)
{
    json_t *request = json_loads(line, 0, NULL);
    json_t *setup = json_object_get(request, "setup");
    json_t *message = json_object_get(request, "deliver");
    struct wf_err err = { 0 };

    if (setup != NULL) {
        inside->setup = json_incref(setup);
        if (open_plugin(inside, &err) < 0)
            answer(inside, json_pack("{sb ss}", "ok", 0, "error", err.text));
        else
            answer(inside, json_pack("{sb}", "ok", 1));
    } else if (message != NULL) {
        deliver(inside, message,
                (int64_t)json_integer_value(json_object_get(request, "left_ms")) * WF_NS_PER_MS);
    }
    json_decref(request);
    return setup != NULL || message != NULL;
}

static void run(struct inside *inside, const char *path)
{
    struct wf_err err = { 0 };
    char *line = NULL;
    size_t size = 0;

    if (load(inside, path, &err) < 0) {
        answer(inside, json_pack("{sb ss}", "ok", 0, "error", err.text));
        return;
    }
    while (getline(&line, &size, inside->in) > 0)
        if (!take_line(inside, line))
            break;
    free(line);
    if (inside->ops->close != NULL && inside->state != NULL)
        inside->ops->close(inside->state);
}

int ntf_worker_main(int argc, char **argv)
{
    struct inside inside = { 0 };
    struct sigaction action = { .sa_handler = end_group };
    const struct rlimit none = { 0, 0 };
    int64_t parent = 0;
    int copy;

    if (argc != 4 || wf_parse_i64(argv[2], &parent, NULL) < 0)
        return STATUS_CANNOT;
    (void)sigaction(SIGTERM, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
    /* A plugin that crashes each time would fill the disk with cores. */
    (void)setrlimit(RLIMIT_CORE, &none);
    if (!ntf_worker_follow_parent((int)parent))
        return STATUS_CANNOT;
    (void)fcntl(NTF_WORKER_FD, F_SETFD, FD_CLOEXEC);
    copy = fcntl(NTF_WORKER_FD, F_DUPFD_CLOEXEC, NTF_WORKER_FD);
    inside.in = fdopen(NTF_WORKER_FD, "r");
    inside.out = copy >= 0 ? fdopen(copy, "w") : NULL;
    if (inside.in == NULL || inside.out == NULL)
        return STATUS_CANNOT;
    run(&inside, argv[3]);
    json_decref(inside.setup);
    wf_module_unload(&inside.module);
    (void)fclose(inside.in);
    (void)fclose(inside.out);
    return EXIT_SUCCESS;
}
