/* SPDX-License-Identifier: MIT */
/* file - one line for each message at the end of a file, as text or JSON. */

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/notify.h>
#include <watchfloor/paths.h>
#include <watchfloor/plugin.h>

struct target {
    char path[WF_PATH_SIZE];
    bool is_json, is_synced;
};

static const struct wf_notify_key keys[] = {
    { "path", true, "the file; relative to <state>/notify" },
    { "format", false, "text (default): a line for people; json: a line for programs" },
    { "sync", false, "yes: a message is told once it is on the disk; default no" },
    { NULL, false, NULL },
};

static int open_target(const struct wf_notify_setup *setup, void **out_state, struct wf_err *err)
{
    const char *path = wf_notify_setting(setup, "path", "");
    const char *format = wf_notify_setting(setup, "format", "text");
    struct target *target = calloc(1, sizeof(*target));
    struct wf_strbuf full;
    int rc = 0;

    if (target == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    wf_strbuf_init_fixed(&full, target->path, sizeof(target->path));
    if (path[0] != '/')
        wf_strbuf_addf(&full, "%s/", setup->state);
    wf_strbuf_add(&full, path);
    target->is_json = strcmp(format, "json") == 0;
    if (path[0] == '\0' || full.was_cut)
        rc = wf_fail(err, WF_ERR_INVALID, "path: expected the path of a file");
    else if (!target->is_json && strcmp(format, "text") != 0)
        rc = wf_fail(err, WF_ERR_INVALID, "format: '%.40s' is none of: text json", format);
    else if ((rc = wf_parse_bool(wf_notify_setting(setup, "sync", "no"), &target->is_synced, err)) <
             0)
        wf_err_prefix(err, "sync");
    if (rc < 0) {
        free(target);
        return rc;
    }
    *out_state = target;
    return 0;
}

static void make_line(const struct target *target, const struct wf_notification *message,
                      struct wf_strbuf *out)
{
    if (target->is_json) {
        wf_strbuf_add(out, message->json);
    } else {
        wf_strbuf_add_time(out, wf_utc_now_ns(), 3);
        wf_strbuf_addf(out, " %s", message->subject);
        if (message->user[0] != '\0' && strcmp(message->event, "acknowledged") != 0)
            wf_strbuf_addf(out, " (%s)", message->user);
        wf_strbuf_addf(out, " [%s]", message->id);
    }
    wf_strbuf_add_char(out, '\n');
}

/* All of it or nothing: half a line would spoil the next. */
static int append(int fd, const char *text, size_t len)
{
    struct stat before;
    size_t done = 0;
    int error = 0;

    if (fstat(fd, &before) != 0)
        return errno;
    while (done < len && error == 0) {
        ssize_t put = write(fd, text + done, len - done);

        if (put > 0)
            done += (size_t)put;
        else if (put == 0 || errno != EINTR)
            error = put == 0 ? EIO : errno;
    }
    if (error != 0 && done > 0 && S_ISREG(before.st_mode))
        (void)!ftruncate(fd, before.st_size);
    return error;
}

/* Opened for each message, so that the file may be rotated at any time. */
static enum wf_notify_result deliver(void *state, const struct wf_notification *message,
                                     int64_t deadline_mono_ns, struct wf_strbuf *why)
{
    const struct target *target = state;
    struct wf_strbuf line;
    int error = 0;
    int fd =
        open(target->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640);

    (void)deadline_mono_ns;
    if (fd < 0) {
        wf_strbuf_addf(why, "%s: %s", target->path, strerror(errno));
        return WF_NOTIFY_RETRY;
    }
    wf_strbuf_init(&line, 1u << 20);
    make_line(target, message, &line);
    error = line.was_cut ? ENOMEM : append(fd, line.text, line.len);
    if (error == 0 && target->is_synced && fdatasync(fd) != 0)
        error = errno;
    if (close(fd) != 0 && error == 0)
        error = errno;
    wf_strbuf_fini(&line);
    if (error != 0)
        wf_strbuf_addf(why, "%s: %s", target->path, strerror(error));
    return error == 0 ? WF_NOTIFY_OK : WF_NOTIFY_RETRY;
}

static const struct wf_notify_ops file_ops = {
    .size = sizeof(file_ops),
    .keys = keys,
    .open = open_target,
    .close = free,
    .deliver = deliver,
};

WF_PLUGIN_EXPORT const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_NOTIFY),
    .name = "file",
    .version = "1.0",
    .summary = "a line at the end of a file, as text or JSON",
    .ops.notify = &file_ops,
};
