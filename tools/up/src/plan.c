/* SPDX-License-Identifier: MIT */
/* The configuration as a list of children, in the order of their start: see up.h. */

#include "up.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

/* A NULL-ended list of `count` texts in one block. */
static char **make_list(const char *const *texts, size_t count)
{
    size_t bytes = (count + 1) * sizeof(char *);
    size_t used = bytes;
    char **list;

    for (size_t i = 0; i < count; i++)
        bytes += strlen(texts[i]) + 1;
    list = malloc(bytes);
    if (list == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(texts[i]) + 1;

        list[i] = (char *)list + used;
        memcpy(list[i], texts[i], len);
        used += len;
    }
    list[count] = NULL;
    return list;
}

static struct up_child *add_child(struct up *up, const char *name, enum up_part part)
{
    struct up_child *child = &up->children[up->child_count++];

    *child = (struct up_child){ .up = up, .part = part, .is_notifying = true, .exit_status = -1 };
    (void)wf_copy_text(child->name, sizeof(child->name), name);
    return child;
}

/*
 * Programs of our own: told on their command line, so that `ps` shows whose they are. `monitor` is
 * an alarm monitor's name, or NULL.
 */
static int add_own(struct up *up, const char *program, const char *monitor, enum up_part part,
                   struct wf_err *err)
{
    bool is_other = monitor != NULL && !wf_name_is_equal(monitor, "main");
    char file[WF_NAME_SIZE + 4], name[2 * WF_NAME_SIZE];
    struct wf_strbuf file_text = WF_STRBUF_FIXED(file);
    struct wf_strbuf name_text = WF_STRBUF_FIXED(name);
    struct up_child *child;
    int rc;

    wf_strbuf_addf(&file_text, "wf-%s", program);
    wf_strbuf_addf(&name_text, "%s%s%s", program, is_other ? "-" : "", is_other ? monitor : "");
    child = add_child(up, name, part);
    rc = wf_find_program(&up->paths, file, child->program, sizeof(child->program), err);
    if (rc < 0)
        return rc;

    const char *const arguments[] = { child->program, "--instance",    up->paths.instance,
                                      "--config",     up->config_path, "--name",
                                      monitor };

    child->arguments = make_list(arguments, WF_COUNT_OF(arguments) - (monitor == NULL ? 2 : 0));
    return child->arguments != NULL ? 0 : wf_fail(err, WF_ERR_NOMEM, "out of memory");
}

static int add_process(struct up *up, const struct wf_config_process *process, struct wf_err *err)
{
    struct up_child *child = add_child(up, process->name, UP_FEEDS);
    int rc = wf_config_arguments(process, &child->arguments, err);

    child->is_optional = process->is_optional;
    child->is_notifying = process->is_notifying;
    if (rc == 0)
        rc = wf_find_program(&up->paths, child->arguments[0], child->program,
                             sizeof(child->program), err);
    if (rc < 0)
        wf_err_prefix(err, "%s:%u: [process %s]", up->config->file,
                      wf_config_line(up->config, process->line, "run"), process->name);
    return rc;
}

static bool is_ours(const char *entry)
{
    static const char *const names[] = { "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=",
                                         "WF_INSTANCE=",   "WF_STATE=",      "WF_CONFIG=" };

    for (size_t i = 0; i < WF_COUNT_OF(names); i++)
        if (strncmp(entry, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

/* Ours, with what says which system a child belongs to and whom it tells. */
static int make_environment(struct up *up, struct wf_err *err)
{
    char instance[64], state[WF_PATH_SIZE + 16], config[WF_PATH_SIZE + 16], notify[160];
    struct wf_strbuf texts[] = { WF_STRBUF_FIXED(instance), WF_STRBUF_FIXED(state),
                                 WF_STRBUF_FIXED(config), WF_STRBUF_FIXED(notify) };
    size_t count = 0;
    const char **list;

    wf_strbuf_addf(&texts[0], "WF_INSTANCE=%s", up->paths.instance);
    wf_strbuf_addf(&texts[1], "WF_STATE=%s", up->paths.state);
    wf_strbuf_addf(&texts[2], "WF_CONFIG=%s", up->config_path);
    wf_strbuf_addf(&texts[3], "NOTIFY_SOCKET=%s", up->notify_name);
    while (environ[count] != NULL)
        count++;
    list = malloc((count + WF_COUNT_OF(texts)) * sizeof(*list));
    if (list == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    count = 0;
    for (char **at = environ; *at != NULL; at++)
        if (!is_ours(*at))
            list[count++] = *at;
    for (size_t i = 0; i < WF_COUNT_OF(texts); i++)
        list[count++] = texts[i].text;
    up->environment = make_list(list, count);
    free(list);
    return up->environment != NULL ? 0 : wf_fail(err, WF_ERR_NOMEM, "out of memory");
}

static int make_config_absolute(struct up *up, struct wf_err *err)
{
    struct wf_strbuf path;
    char here[WF_PATH_SIZE];

    wf_strbuf_init_fixed(&path, up->config_path, sizeof(up->config_path));
    if (up->config->file[0] != '/') {
        if (getcwd(here, sizeof(here)) == NULL)
            return wf_fail(err, WF_ERR_SYSTEM, "the current folder is gone");
        wf_strbuf_addf(&path, "%s/", here);
    }
    wf_strbuf_add(&path, up->config->file);
    return path.was_cut ? wf_fail(err, WF_ERR_LIMIT, "the configuration's path is too long") : 0;
}

int up_plan(struct up *up, struct wf_err *err)
{
    const struct wf_config *config = up->config;
    int rc = make_config_absolute(up, err);

    if (rc == 0 && config->process_count + config->alert_count + 3 > UP_CHILDREN_MAX)
        rc = wf_fail(err, WF_ERR_LIMIT,
                     "%s: %zu [process] and %zu [alert] sections; %d are possible together",
                     config->file, config->process_count, config->alert_count, UP_CHILDREN_MAX - 3);
    if (rc == 0)
        rc = add_own(up, "receiver", NULL, UP_RECEIVER, err);
    if (rc == 0)
        rc = add_own(up, "logger", NULL, UP_LOGGER, err);
    if (rc == 0 && config->packet_ring > 0)
        rc = add_own(up, "recorder", NULL, UP_LOGGER, err);
    for (size_t i = 0; i < config->alert_count && rc == 0; i++)
        rc = add_own(up, "alert", config->alerts[i].name, UP_LOGGER, err);
    if (config->route_count > 0 && rc == 0)
        rc = add_own(up, "notify", NULL, UP_NOTIFY, err);
    for (size_t i = 0; i < config->process_count && rc == 0; i++)
        rc = add_process(up, &config->processes[i], err);
    return rc < 0 ? rc : make_environment(up, err);
}

void up_plan_free(struct up *up)
{
    for (size_t i = 0; i < up->child_count; i++)
        free(up->children[i].arguments);
    free(up->environment);
    up->environment = NULL;
    up->child_count = 0;
}
