/* SPDX-License-Identifier: MIT */
/*
 * The socket that children tell their readiness to, on Linux: of the abstract
 * kind, so that the length of the state folder's path does not matter, with the
 * sender's pid from the kernel, because anybody may send to such a socket.
 */

#define _GNU_SOURCE

#include "up.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int name_socket(int fd, char *name, size_t size)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    socklen_t len = sizeof(address.sun_family);
    struct wf_strbuf out;

    /* An address of nothing but the family: the kernel chooses a free name. */
    if (bind(fd, (const struct sockaddr *)&address, len) != 0)
        return -errno;
    len = sizeof(address);
    if (getsockname(fd, (struct sockaddr *)&address, &len) != 0)
        return -errno;
    wf_strbuf_init_fixed(&out, name, size);
    wf_strbuf_add_char(&out, '@');
    wf_strbuf_add_bytes(&out, address.sun_path + 1,
                        len - offsetof(struct sockaddr_un, sun_path) - 1);
    return 0;
}

int up_notify_open(char *name, size_t size, int *out_fd, struct wf_err *err)
{
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    int rc;

    if (fd < 0)
        return wf_fail_errno(err, errno, "notification socket");
    rc = name_socket(fd, name, size);
    if (rc == 0 && setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0)
        rc = -errno;
    if (rc < 0) {
        (void)close(fd);
        return wf_fail_errno(err, -rc, "notification socket");
    }
    *out_fd = fd;
    return 0;
}

int up_notify_receive(int fd, char *text, size_t size, int *out_pid)
{
    union {
        struct cmsghdr header; /* for its alignment */
        char room[CMSG_SPACE(sizeof(struct ucred)) + CMSG_SPACE(sizeof(int) * 8)];
    } control;
    struct iovec part = { .iov_base = text, .iov_len = size - 1 };
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof(control) };
    ssize_t got = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (got < 0)
        return -1;
    text[got] = '\0';
    *out_pid = 0;
    for (struct cmsghdr *at = CMSG_FIRSTHDR(&message); at != NULL; at = CMSG_NXTHDR(&message, at)) {
        if (at->cmsg_level != SOL_SOCKET)
            continue;
        if (at->cmsg_type == SCM_CREDENTIALS) {
            struct ucred sender;

            memcpy(&sender, CMSG_DATA(at), sizeof(sender));
            *out_pid = sender.pid;
        } else if (at->cmsg_type == SCM_RIGHTS) {
            /* sd_notify may carry descriptors; nobody here wants any. */
            for (size_t i = 0; i < (at->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++) {
                int unwanted;

                memcpy(&unwanted, CMSG_DATA(at) + i * sizeof(int), sizeof(unwanted));
                (void)close(unwanted);
            }
        }
    }
    return (int)got;
}

bool up_is_of_session(int pid, int leader)
{
    return leader > 0 && (pid == leader || (pid > 0 && getsid(pid) == leader));
}
