/* SPDX-License-Identifier: MIT */
/* Telling the starter how we are, over sd_notify(3)'s protocol: see <watchfloor/service.h>. */

#include <watchfloor/service.h>

#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <watchfloor/strbuf.h>

/* Where to send, from NOTIFY_SOCKET: a path, or '@' and a name of the abstract kind. */
static bool find_address(struct sockaddr_un *out, socklen_t *out_len)
{
    const char *name = getenv("NOTIFY_SOCKET");
    size_t len = name == NULL ? 0 : strlen(name);

    if (len < 2 || len >= sizeof(out->sun_path) || (name[0] != '/' && name[0] != '@'))
        return false;
    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    memcpy(out->sun_path, name, len);
    if (name[0] == '@')
        out->sun_path[0] = '\0';
    *out_len =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] == '@' ? 0u : 1u));
    return true;
}

/* One datagram. A starter that is gone or slow must not hold or hurt us. */
static void tell(const char *text)
{
    struct sockaddr_un address;
    socklen_t len;
    int fd;

    if (!find_address(&address, &len))
        return;
    fd = socket(AF_UNIX, SOCK_DGRAM, 0);
    if (fd < 0)
        return;
    (void)fcntl(fd, F_SETFD, FD_CLOEXEC);
    (void)sendto(fd, text, strlen(text), MSG_DONTWAIT | MSG_NOSIGNAL,
                 (const struct sockaddr *)&address, len);
    (void)close(fd);
}

/* "STATE\nSTATUS=text" with the text on one line, or either alone. */
static void tell_with_status(const char *state, const char *status)
{
    char text[512];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    wf_strbuf_add(&buf, state);
    if (status != NULL && status[0] != '\0') {
        wf_strbuf_add(&buf, state[0] != '\0' ? "\nSTATUS=" : "STATUS=");
        for (; *status != '\0'; status++)
            wf_strbuf_add_char(&buf, *status == '\n' ? ' ' : *status);
    }
    if (text[0] != '\0')
        tell(text);
}

void wf_service_ready(const char *status)
{
    tell_with_status("READY=1", status);
}

void wf_service_status(const char *status)
{
    tell_with_status("", status);
}

void wf_service_stopping(void)
{
    tell("STOPPING=1");
}

void wf_service_alive(void)
{
    tell("WATCHDOG=1");
}

int64_t wf_service_watchdog_ns(void)
{
    const char *text = getenv("WATCHDOG_USEC");
    const char *pid_text = getenv("WATCHDOG_PID");
    uint64_t usec = 0, pid = 0;

    if (text == NULL || wf_parse_u64(text, &usec, NULL) < 0)
        return 0;
    /* The wish is for one process; children inherit the environment. */
    if (pid_text != NULL && (wf_parse_u64(pid_text, &pid, NULL) < 0 || pid != (uint64_t)getpid()))
        return 0;
    return usec > (uint64_t)INT64_MAX / 1000 ? 0 : (int64_t)usec * 1000 / 2;
}
