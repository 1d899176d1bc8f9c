/* SPDX-License-Identifier: MIT */
/* bell - rings the terminals of people who are logged in, and writes a line there if wished. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utmpx.h>

#include <watchfloor/ini.h>
#include <watchfloor/names.h>
#include <watchfloor/notify.h>
#include <watchfloor/paths.h>
#include <watchfloor/plugin.h>

#define TERMINAL_MAX 256 /* rung for one message */

struct target {
    char *users;     /* globs; "" when terminals are named */
    char *terminals; /* paths, blanks between */
    bool has_text;
};

/* What one message met. */
struct round {
    char text[1024];
    size_t len;
    unsigned rung;
    char why[200];
};

static const struct wf_notify_key keys[] = {
    { "users", false, "login names, as globs with blanks between; default * unless terminals are" },
    { "terminals", false, "paths of terminals with blanks between, as /dev/tty1" },
    { "text", false, "no: only the bell; yes (default): a line too" },
    { NULL, false, NULL },
};

static const char blanks[] = " \t\n,";

static void close_target(void *state)
{
    struct target *target = state;

    free(target->users);
    free(target->terminals);
    free(target);
}

static int open_target(const struct wf_notify_setup *setup, void **out_state, struct wf_err *err)
{
    const char *terminals = wf_notify_setting(setup, "terminals", "");
    const char *users = wf_notify_setting(setup, "users", terminals[0] == '\0' ? "*" : "");
    struct target *target = calloc(1, sizeof(*target));
    int rc = 0;

    if (target == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    target->users = strdup(users);
    target->terminals = strdup(terminals);
    if (target->users == NULL || target->terminals == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    else if ((rc = wf_parse_bool(wf_notify_setting(setup, "text", "yes"), &target->has_text, err)) <
             0)
        wf_err_prefix(err, "text");
    for (const char *at = terminals + strspn(terminals, blanks); rc == 0 && *at != '\0';) {
        if (*at != '/')
            rc = wf_fail(err, WF_ERR_INVALID, "terminals: '%.40s' is no absolute path", at);
        at += strcspn(at, blanks);
        at += strspn(at, blanks);
    }
    if (rc < 0) {
        close_target(target);
        return rc;
    }
    *out_state = target;
    return 0;
}

/* Never waits: a terminal that was stopped with Ctrl-S takes nothing now. */
static void ring(struct round *round, const char *path)
{
    struct wf_strbuf why;
    int fd = open(path, O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC | O_NOFOLLOW);
    int error = fd < 0 ? errno : 0;

    if (error == 0 && isatty(fd) != 1)
        error = ENOTTY;
    if (error == 0 && write(fd, round->text, round->len) != (ssize_t)round->len)
        error = errno != 0 ? errno : EAGAIN;
    if (fd >= 0)
        (void)close(fd);
    if (error == 0) {
        round->rung++;
        return;
    }
    wf_strbuf_init_fixed(&why, round->why, sizeof(round->why));
    wf_strbuf_addf(&why, "%s: %s", path, strerror(error));
}

static bool is_listed(const char *globs, const char *name)
{
    for (const char *at = globs + strspn(globs, blanks); *at != '\0'; at += strspn(at, blanks)) {
        size_t len = strcspn(at, blanks);
        char glob[64];

        (void)wf_copy_text(glob, len + 1 < sizeof(glob) ? len + 1 : sizeof(glob), at);
        if (wf_glob_match(glob, name))
            return true;
        at += len;
    }
    return false;
}

static void ring_users(struct round *round, const char *users)
{
    const struct utmpx *entry;

    setutxent();
    while ((entry = getutxent()) != NULL && round->rung < TERMINAL_MAX) {
        char user[sizeof(entry->ut_user) + 1], path[sizeof(entry->ut_line) + 8];
        struct wf_strbuf line = WF_STRBUF_FIXED(path);

        if (entry->ut_type != USER_PROCESS)
            continue;
        (void)wf_copy_text(user, sizeof(user), "");
        memcpy(user, entry->ut_user, sizeof(entry->ut_user));
        user[sizeof(user) - 1] = '\0';
        wf_strbuf_add(&line, "/dev/");
        wf_strbuf_add_bytes(&line, entry->ut_line, strnlen(entry->ut_line, sizeof(entry->ut_line)));
        if (is_listed(users, user))
            ring(round, path);
    }
    endutxent();
}

static enum wf_notify_result deliver(void *state, const struct wf_notification *message,
                                     int64_t deadline_mono_ns, struct wf_strbuf *why)
{
    const struct target *target = state;
    struct round round = { .rung = 0 };
    struct wf_strbuf text = WF_STRBUF_FIXED(round.text);

    (void)deadline_mono_ns;
    wf_strbuf_add_char(&text, '\a');
    if (target->has_text)
        wf_strbuf_addf(&text, "\r\nwatchfloor: %s\r\n", message->subject);
    round.len = text.len;
    for (const char *at = target->terminals + strspn(target->terminals, blanks); *at != '\0';) {
        size_t len = strcspn(at, blanks);
        char path[WF_PATH_SIZE];

        (void)wf_copy_text(path, len + 1 < sizeof(path) ? len + 1 : sizeof(path), at);
        ring(&round, path);
        at += len;
        at += strspn(at, blanks);
    }
    if (target->users[0] != '\0')
        ring_users(&round, target->users);
    if (round.rung > 0)
        return WF_NOTIFY_OK;
    /* A bell that rings when somebody comes back an hour later helps nobody: not tried again. */
    wf_strbuf_addf(why, "no terminal could be rung%s%s", round.why[0] != '\0' ? ": " : "; is ",
                   round.why[0] != '\0' ? round.why : "anybody logged in?");
    return WF_NOTIFY_REFUSE;
}

static const struct wf_notify_ops bell_ops = {
    .size = sizeof(bell_ops),
    .keys = keys,
    .open = open_target,
    .close = close_target,
    .deliver = deliver,
};

WF_PLUGIN_EXPORT const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_NOTIFY),
    .name = "bell",
    .version = "1.0",
    .summary = "the bell of terminals where people are logged in",
    .ops.notify = &bell_ops,
};
