/* SPDX-License-Identifier: MIT */
/*
 * exec - runs a program for each message, with its words as they stand: no shell ever reads them.
 *
 * It waits for the program's end. A program that overruns the deadline is ended by the host together
 * with this worker, as one process group.
 */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/config.h>
#include <watchfloor/notify.h>
#include <watchfloor/plugin.h>

/* Its status, as sendmail's: never try this message again. */
#define STATUS_REFUSED 65

struct target {
    char *run;    /* what `words` were made from */
    char **words; /* one block */
    size_t count;
};

static const struct wf_notify_key keys[] = {
    { "command", true,
      "program and arguments, split at blanks, \"quotes\" keep blanks; {subject} "
      "{text} {severity} {event} {alarm} {id} {json} stand for the message's" },
    { NULL, false, NULL },
};

static void close_target(void *state)
{
    struct target *target = state;

    free(target->words);
    free(target->run);
    free(target);
}

static bool is_executable(const char *program)
{
    const char *path = getenv("PATH");

    if (strchr(program, '/') != NULL)
        return access(program, X_OK) == 0;
    for (const char *at = path != NULL ? path : ""; *at != '\0';) {
        size_t len = strcspn(at, ":");
        char file[WF_PATH_SIZE];
        struct wf_strbuf name = WF_STRBUF_FIXED(file);

        wf_strbuf_add_bytes(&name, at, len);
        wf_strbuf_addf(&name, "/%s", program);
        if (!name.was_cut && access(file, X_OK) == 0)
            return true;
        at += len + (at[len] == ':' ? 1 : 0);
    }
    return false;
}

static int open_target(const struct wf_notify_setup *setup, void **out_state, struct wf_err *err)
{
    struct target *target = calloc(1, sizeof(*target));
    struct wf_config_process process = { 0 };
    int rc = 0;

    if (target == NULL || (target->run = strdup(wf_notify_setting(setup, "command", ""))) == NULL) {
        free(target);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    process.run = target->run;
    rc = wf_config_arguments(&process, &target->words, err);
    if (rc == 0) {
        while (target->words[target->count] != NULL)
            target->count++;
        if (!is_executable(target->words[0]))
            rc = wf_fail(err, WF_ERR_ABSENT, "'%.100s' is not a program that can be run",
                         target->words[0]);
    }
    if (rc < 0) {
        wf_err_prefix(err, "command");
        close_target(target);
        return rc;
    }
    *out_state = target;
    return 0;
}

/* --- words ------------------------------------------------------------------------------------- */

static const char *value_of(const char *name, size_t len, const struct wf_notification *message,
                            const char *severity)
{
    const struct {
        const char *name, *value;
    } known[] = {
        { "subject", message->subject }, { "text", message->text },   { "severity", severity },
        { "event", message->event },     { "alarm", message->alarm }, { "id", message->id },
        { "json", message->json },
    };

    for (size_t i = 0; i < WF_COUNT_OF(known); i++)
        if (strlen(known[i].name) == len && memcmp(known[i].name, name, len) == 0)
            return known[i].value;
    return NULL;
}

static void fill_word(const char *word, const struct wf_notification *message, const char *severity,
                      struct wf_strbuf *out)
{
    for (const char *at = word; *at != '\0'; at++) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        const char *value =
            end != NULL ? value_of(at + 1, (size_t)(end - at - 1), message, severity) : NULL;

        if (value == NULL) {
            wf_strbuf_add_char(out, *at);
            continue;
        }
        wf_strbuf_add(out, value);
        at = end;
    }
}

static void free_list(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++)
        free(list[i]);
    free(list);
}

static char **make_words(const struct target *target, const struct wf_notification *message)
{
    char **list = calloc(target->count + 1, sizeof(*list));
    char severity[4];
    struct wf_strbuf number = WF_STRBUF_FIXED(severity);

    wf_strbuf_addf(&number, "%u", message->severity);
    for (size_t i = 0; list != NULL && i < target->count; i++) {
        struct wf_strbuf word;

        wf_strbuf_init(&word, 100000); /* the kernel takes 128 KiB a word */
        fill_word(target->words[i], message, severity, &word);
        list[i] = strdup(word.text != NULL ? word.text : "");
        wf_strbuf_fini(&word);
        if (list[i] == NULL) {
            free_list(list);
            return NULL;
        }
    }
    return list;
}

/* --- environment ----------------------------------------------------------------------------- */

#define VARIABLES_MAX 40

struct variables {
    char *list[VARIABLES_MAX + 1];
    size_t count;
};

static void add_variable(struct variables *variables, const char *name, const char *value)
{
    struct wf_strbuf text;

    wf_strbuf_init(&text, 120000);
    wf_strbuf_addf(&text, "%s=", name);
    wf_strbuf_add(&text, value);
    if (variables->count < VARIABLES_MAX &&
        (variables->list[variables->count] = strdup(text.text)) != NULL)
        variables->count++;
    wf_strbuf_fini(&text);
}

static void add_number(struct variables *variables, const char *name, uint64_t number)
{
    char room[24];
    struct wf_strbuf text = WF_STRBUF_FIXED(room);

    wf_strbuf_addf(&text, "%llu", (unsigned long long)number);
    add_variable(variables, name, room);
}

/* Of ours only what a program needs to run; monitors/notify/README.md lists the rest. */
static void make_variables(struct variables *out, const struct wf_notification *message)
{
    static const char *const ours[] = { "PATH",   "HOME", "LANG",     "LC_ALL",   "TZ",
                                        "TMPDIR", "USER", "WF_STATE", "WF_CONFIG" };
    char room[40];
    struct wf_strbuf time = WF_STRBUF_FIXED(room);

    for (size_t i = 0; i < WF_COUNT_OF(ours); i++)
        if (getenv(ours[i]) != NULL)
            add_variable(out, ours[i], getenv(ours[i]));
    wf_strbuf_add_time(&time, message->utc_ns, 9);
    add_variable(out, "WF_INSTANCE", message->instance);
    add_variable(out, "ALARM_ID", message->id);
    add_variable(out, "ALARM_MONITOR", message->monitor);
    add_variable(out, "ALARM_ROUTE", message->route);
    add_variable(out, "ALARM_EVENT", message->event);
    add_variable(out, "ALARM_NAME", message->alarm);
    add_variable(out, "ALARM_STATE", message->state);
    add_variable(out, "ALARM_SEVERITY_NAME", wf_severity_name(message->severity));
    add_variable(out, "ALARM_LEVEL", message->level);
    add_variable(out, "ALARM_VALUE", message->value);
    add_variable(out, "ALARM_LIMIT", message->limit);
    add_variable(out, "ALARM_TITLE", message->title);
    add_variable(out, "ALARM_GUIDANCE", message->guidance);
    add_variable(out, "ALARM_USER", message->user);
    add_variable(out, "ALARM_NOTE", message->note);
    add_variable(out, "ALARM_TIME", room);
    add_variable(out, "ALARM_SUBJECT", message->subject);
    add_variable(out, "ALARM_TEXT", message->text);
    add_variable(out, "ALARM_JSON", message->json);
    add_number(out, "ALARM_SEVERITY", message->severity);
    add_number(out, "ALARM_HIGHEST", message->highest);
    add_number(out, "ALARM_COUNT", message->count);
    add_number(out, "ALARM_STEP", message->step);
    add_number(out, "ALARM_ATTEMPT", message->attempt);
    add_number(out, "ALARM_SEQ", message->seq);
}

/* --- running --------------------------------------------------------------------------------- */

static int spawn(char **words, char **variables, pid_t *out_pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int error = posix_spawn_file_actions_init(&actions);

    if (error != 0)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        (void)sigemptyset(&none);
        (void)posix_spawnattr_setsigmask(&attributes, &none);
        (void)sigaddset(&none, SIGPIPE);
        (void)sigaddset(&none, SIGXFSZ);
        (void)sigaddset(&none, SIGTERM);
        (void)posix_spawnattr_setsigdefault(&attributes, &none);
        (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        error = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (error == 0)
            error = posix_spawnp(out_pid, words[0], &actions, &attributes, words, variables);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return error;
}

static enum wf_notify_result judge(const char *program, int status, struct wf_strbuf *why)
{
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return WF_NOTIFY_OK;
    if (WIFSIGNALED(status))
        wf_strbuf_addf(why, "%s was ended by signal %d", program, WTERMSIG(status));
    else
        wf_strbuf_addf(why, "%s ended with status %d", program, WEXITSTATUS(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == STATUS_REFUSED ? WF_NOTIFY_REFUSE
                                                                      : WF_NOTIFY_RETRY;
}

static enum wf_notify_result deliver(void *state, const struct wf_notification *message,
                                     int64_t deadline_mono_ns, struct wf_strbuf *why)
{
    const struct target *target = state;
    struct variables variables = { .count = 0 };
    char **words = make_words(target, message);
    enum wf_notify_result result = WF_NOTIFY_RETRY;
    int status = 0;
    pid_t pid = 0;
    int error;

    (void)deadline_mono_ns;
    make_variables(&variables, message);
    error = words != NULL ? spawn(words, variables.list, &pid) : ENOMEM;
    while (error == 0 && waitpid(pid, &status, 0) < 0)
        error = errno != EINTR ? errno : 0;
    if (error != 0)
        wf_strbuf_addf(why, "%s: %s", target->words[0], strerror(error));
    else
        result = judge(target->words[0], status, why);
    free_list(words);
    for (size_t i = 0; i < variables.count; i++)
        free(variables.list[i]);
    return result;
}

static const struct wf_notify_ops exec_ops = {
    .size = sizeof(exec_ops),
    .keys = keys,
    .open = open_target,
    .close = close_target,
    .deliver = deliver,
};

WF_PLUGIN_EXPORT const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_NOTIFY),
    .name = "exec",
    .version = "1.0",
    .summary = "a program of your own, run for each message",
    .ops.notify = &exec_ops,
};
