/* SPDX-License-Identifier: MIT */
/*
 * syslog - to the system's log, over its local socket.
 *
 * Not through syslog(3), which tells nobody when there is no log to write to.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/notify.h>
#include <watchfloor/plugin.h>

#define LINE_MAX_BYTES 8192

struct target {
    struct sockaddr_un address;
    int facility;
    bool is_rfc5424;
    char identity[33];
};

static const struct wf_notify_key keys[] = {
    { "socket", false, "the log's socket; default /dev/log" },
    { "facility", false, "local0 (default) to local7, daemon, user" },
    { "identity", false, "who says so; default watchfloor" },
    { "format", false, "local (default), or rfc5424" },
    { NULL, false, NULL },
};

static int facility_of(const char *name)
{
    static const struct {
        const char *name;
        int facility;
    } known[] = {
        { "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
        { "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 },
        { "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 }, { "daemon", LOG_DAEMON },
        { "user", LOG_USER },
    };

    for (size_t i = 0; i < WF_COUNT_OF(known); i++)
        if (strcmp(name, known[i].name) == 0)
            return known[i].facility;
    return -1;
}

/* RFC 5424, 6.2.1: an action must be taken immediately (1) ... informational (6). */
static int priority_of(unsigned severity)
{
    static const int priorities[] = { LOG_INFO, LOG_NOTICE, LOG_WARNING,
                                      LOG_ERR,  LOG_CRIT,   LOG_ALERT };

    return priorities[severity < WF_COUNT_OF(priorities) ? severity : WF_COUNT_OF(priorities) - 1];
}

static int open_target(const struct wf_notify_setup *setup, void **out_state, struct wf_err *err)
{
    const char *path = wf_notify_setting(setup, "socket", "/dev/log");
    const char *format = wf_notify_setting(setup, "format", "local");
    const char *identity = wf_notify_setting(setup, "identity", "watchfloor");
    struct target *target = calloc(1, sizeof(*target));
    int rc = 0;

    if (target == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    target->address.sun_family = AF_UNIX;
    target->facility = facility_of(wf_notify_setting(setup, "facility", "local0"));
    target->is_rfc5424 = strcmp(format, "rfc5424") == 0;
    if (path[0] != '/' ||
        !wf_copy_text(target->address.sun_path, sizeof(target->address.sun_path), path))
        rc = wf_fail(err, WF_ERR_INVALID, "socket: expected an absolute path of up to %zu bytes",
                     sizeof(target->address.sun_path) - 1);
    else if (target->facility < 0)
        rc = wf_fail(err, WF_ERR_INVALID, "facility: expected local0 to local7, daemon or user");
    else if (!target->is_rfc5424 && strcmp(format, "local") != 0)
        rc = wf_fail(err, WF_ERR_INVALID, "format: '%.40s' is none of: local rfc5424", format);
    else if (identity[0] == '\0' || strpbrk(identity, " \t\n:[]") != NULL ||
             !wf_copy_text(target->identity, sizeof(target->identity), identity))
        rc = wf_fail(err, WF_ERR_INVALID, "identity: expected one word of up to 32 bytes");
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
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    unsigned severity = message->severity > 0 ? message->severity : message->highest;
    /* An end or an acknowledge is news, not an alarm. */
    bool is_alarm =
        strcmp(message->event, "normal") != 0 && strcmp(message->event, "acknowledged") != 0;
    char host[256] = "-";

    wf_strbuf_addf(out, "<%d>", target->facility | priority_of(is_alarm ? severity : 0));
    if (target->is_rfc5424) {
        if (gethostname(host, sizeof(host)) != 0 || host[0] == '\0')
            (void)wf_copy_text(host, sizeof(host), "-");
        host[sizeof(host) - 1] = '\0';
        wf_strbuf_add(out, "1 ");
        wf_strbuf_add_time(out, wf_utc_now_ns(), 6);
        wf_strbuf_addf(out, " %s %s %ld %s - ", host, target->identity, (long)getpid(),
                       message->event);
    } else {
        struct wf_civil civil;

        wf_civil_from_utc(wf_utc_now_ns(), &civil);
        wf_strbuf_addf(out, "%s %2d %02d:%02d:%02d %s[%ld]: ", months[(civil.month + 11) % 12],
                       civil.day, civil.hour, civil.minute, civil.second, target->identity,
                       (long)getpid());
    }
    wf_strbuf_addf(out, "%s [%s]", message->subject, message->id);
}

static enum wf_notify_result deliver(void *state, const struct wf_notification *message,
                                     int64_t deadline_mono_ns, struct wf_strbuf *why)
{
    const struct target *target = state;
    char text[LINE_MAX_BYTES];
    struct wf_strbuf line = WF_STRBUF_FIXED(text);
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    bool is_told;

    (void)deadline_mono_ns;
    make_line(target, message, &line);
    /* Not waiting: a log that takes nothing now is asked again later. */
    is_told = fd >= 0 && sendto(fd, line.text, line.len, MSG_DONTWAIT | MSG_NOSIGNAL,
                                (const struct sockaddr *)&target->address,
                                sizeof(target->address)) == (ssize_t)line.len;
    if (!is_told)
        wf_strbuf_addf(why, "%s: %s", target->address.sun_path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return is_told ? WF_NOTIFY_OK : WF_NOTIFY_RETRY;
}

static const struct wf_notify_ops syslog_ops = {
    .size = sizeof(syslog_ops),
    .keys = keys,
    .open = open_target,
    .close = free,
    .deliver = deliver,
};

WF_PLUGIN_EXPORT const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_NOTIFY),
    .name = "syslog",
    .version = "1.0",
    .summary = "the system's log, over its local socket",
    .ops.notify = &syslog_ops,
};
