/* SPDX-License-Identifier: MIT */
/*
 * Signs of life for whoever watches from outside: a file that is written and a datagram that is
 * sent once a second, as long as samples are judged and what comes of it reaches the journal.
 */

#include "alert.h"

#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <watchfloor/log.h>

/* Judging may be silent for that long; transitions may wait for the journal that long. */
#define ALIVE_NS (5 * WF_NS_PER_S)
#define HELD_NS  (10 * WF_NS_PER_S)

struct alert_deadman {
    char path[WF_PATH_SIZE]; /* "" = no file */
    int fd;                  /* of the datagrams, or -1 */
    struct sockaddr_storage to;
    socklen_t to_len;
    uint64_t beat;
    bool is_silent;
    bool has_failed;
};

/* "udp:HOST:PORT", which the configuration has checked; the host is looked up now. */
static int open_socket(struct alert_deadman *deadman, const char *to, struct wf_err *err)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
    struct addrinfo *found = NULL;
    char host[256];
    char *colon;
    int rc;

    (void)wf_copy_text(host, sizeof(host), to + strlen("udp:"));
    colon = strrchr(host, ':');
    if (colon == NULL)
        return wf_fail(err, WF_ERR_INVALID, "deadman_to: '%s' is not udp:HOST:PORT", to);
    *colon = '\0';
    if (host[0] == '[' && colon[-1] == ']') {
        colon[-1] = '\0';
        memmove(host, host + 1, strlen(host + 1) + 1);
    }
    rc = getaddrinfo(host, strrchr(to, ':') + 1, &hints, &found);
    if (rc != 0)
        return wf_fail(err, WF_ERR_ABSENT, "deadman_to: %s: %s", host, gai_strerror(rc));
    deadman->fd = socket(found->ai_family, SOCK_DGRAM, 0);
    if (deadman->fd >= 0) {
        memcpy(&deadman->to, found->ai_addr, found->ai_addrlen);
        deadman->to_len = found->ai_addrlen;
        (void)fcntl(deadman->fd, F_SETFD, FD_CLOEXEC);
        (void)fcntl(deadman->fd, F_SETFL, O_NONBLOCK);
    }
    freeaddrinfo(found);
    return deadman->fd >= 0 ? 0 : wf_fail(err, WF_ERR_SYSTEM, "deadman_to: no socket");
}

int alert_deadman_open(struct alert *alert, const struct wf_config_alert *settings,
                       struct wf_err *err)
{
    struct alert_deadman *deadman = calloc(1, sizeof(*deadman));
    struct wf_strbuf path;
    int rc = 0;

    if (deadman == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    deadman->fd = -1;
    wf_strbuf_init_fixed(&path, deadman->path, sizeof(deadman->path));
    if (settings->deadman_file[0] == '/')
        wf_strbuf_add(&path, settings->deadman_file);
    else if (settings->deadman_file[0] != '\0')
        wf_strbuf_addf(&path, "%s/%s", alert->paths->state, settings->deadman_file);
    if (path.was_cut)
        rc = wf_fail(err, WF_ERR_LIMIT, "deadman_file: the path is too long");
    if (rc == 0 && settings->deadman_to[0] != '\0')
        rc = open_socket(deadman, settings->deadman_to, err);
    if (rc < 0) {
        free(deadman);
        return rc;
    }
    alert_deadman_close(alert);
    alert->deadman = deadman;
    return 0;
}

void alert_deadman_close(struct alert *alert)
{
    if (alert->deadman != NULL && alert->deadman->fd >= 0)
        (void)close(alert->deadman->fd);
    free(alert->deadman);
    alert->deadman = NULL;
}

/* Does the whole path from samples to the journal go on? */
static bool is_alive(const struct alert *alert)
{
    struct alert_commit_figures figures = { 0 };
    int64_t now_ns = wf_mono_now_ns();

    if (!alert->is_open || now_ns - alert->alive_ns > ALIVE_NS)
        return false;
    alert_commit_figures(alert->commit, &figures);
    if (figures.is_failing && now_ns - figures.failing_since_ns > HELD_NS)
        return false;
    return !alert->is_committing || now_ns - alert->committing_ns < HELD_NS;
}

static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    size_t len = strlen(text);
    bool is_written = fd >= 0 && write(fd, text, len) == (ssize_t)len;

    if (fd >= 0)
        (void)close(fd);
    return is_written;
}

void alert_deadman_tick(struct alert *alert)
{
    struct alert_deadman *deadman = alert->deadman;
    char text[400];
    struct wf_strbuf out = WF_STRBUF_FIXED(text);
    bool is_fine = true;

    if (deadman == NULL || (deadman->path[0] == '\0' && deadman->fd < 0))
        return;
    if (is_alive(alert) == deadman->is_silent) {
        deadman->is_silent = !deadman->is_silent;
        wf_log_warning("%s", deadman->is_silent
                                 ? "judging or its journal stands still: no more signs of life"
                                 : "signs of life again");
    }
    if (deadman->is_silent)
        return;
    wf_strbuf_addf(&out, "{\"instance\":\"%s\",\"monitor\":\"%s\",\"beat\":%llu,\"time\":\"",
                   alert->instance, alert->name, (unsigned long long)++deadman->beat);
    wf_strbuf_add_time(&out, wf_utc_now_ns(), 3);
    wf_strbuf_addf(&out, "\",\"state\":\"%s\",\"samples\":%llu,\"transitions\":%llu}\n",
                   alert_state_name(alert_state(alert)), (unsigned long long)alert->figures.samples,
                   (unsigned long long)alert->figures.transitions);
    if (deadman->path[0] != '\0')
        is_fine = write_file(deadman->path, text);
    if (deadman->fd >= 0)
        is_fine = sendto(deadman->fd, text, out.len, 0, (struct sockaddr *)&deadman->to,
                         deadman->to_len) == (ssize_t)out.len &&
                  is_fine;
    if (is_fine == deadman->has_failed)
        wf_log_warning("%s", is_fine ? "the sign of life is written again"
                                     : "the sign of life cannot be written; trying again");
    deadman->has_failed = !is_fine;
}
