/* SPDX-License-Identifier: MIT */
/*
 * Local sockets on Linux: UNIX stream sockets, see platform/local_socket.h.
 *
 * A socket's address holds 107 bytes only, a state folder may be deeper: both sides open the folder
 * and go through /proc/self/fd/N/NAME, which is short whatever the folder is called.
 */
#define _GNU_SOURCE

#include "platform/local_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/names.h>
#include <watchfloor/strbuf.h>

#define BACKLOG       64
#define LOCK_PATIENCE (2 * WF_NS_PER_S) /* others hold it for moments only */
#define NAP_MS        5

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static int open_folder(const char *folder, int *out_fd, struct wf_err *err)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return wf_fail_errno(err, errno, "%s", folder);
    *out_fd = fd;
    return 0;
}

/* The file name of the socket, and its address as seen through the open folder. */
static int name_socket(int folder_fd, const char *name, char file[64], struct sockaddr_un *out,
                       struct wf_err *err)
{
    int rc = wf_instance_check(name, err);

    if (rc < 0)
        return rc;
    (void)snprintf(file, 64, "%s.sock", name);
    *out = (struct sockaddr_un){ .sun_family = AF_UNIX };
    (void)snprintf(out->sun_path, sizeof(out->sun_path), "/proc/self/fd/%d/%s", folder_fd, file);
    return 0;
}

static int make_socket(int *out_fd, struct wf_err *err)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0)
        return wf_fail_errno(err, errno, "socket");
    *out_fd = fd;
    return 0;
}

/* Two programs that start at once must not remove each other's socket: one at a time. */
static int lock_folder(int folder_fd, struct wf_err *err)
{
    int64_t deadline_ns = wf_mono_now_ns() + LOCK_PATIENCE;

    while (flock(folder_fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK && errno != EINTR)
            return wf_fail_errno(err, errno, "lock");
        if (wf_mono_now_ns() > deadline_ns)
            return wf_fail(err, WF_ERR_BUSY, "another process holds the folder locked");
        (void)poll(NULL, 0, NAP_MS);
    }
    return 0;
}

/* Take away what a dead process left. */
static int remove_stale(int folder_fd, const char *file, const struct sockaddr_un *address,
                        struct wf_err *err)
{
    struct stat status;
    int fd = -1;
    int rc;

    if (fstatat(folder_fd, file, &status, AT_SYMLINK_NOFOLLOW) != 0)
        return errno == ENOENT ? 0 : wf_fail_errno(err, errno, "%s", file);
    if (!S_ISSOCK(status.st_mode))
        return wf_fail(err, WF_ERR_EXISTS, "%s is in the way: it is not a socket", file);
    rc = make_socket(&fd, err);
    if (rc < 0)
        return rc;
    if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 || errno == EAGAIN)
        rc = wf_fail(err, WF_ERR_BUSY, "a running program listens there already");
    else if (errno != ECONNREFUSED)
        rc = wf_fail_errno(err, errno, "try %s", file);
    else if (unlinkat(folder_fd, file, 0) != 0 && errno != ENOENT)
        rc = wf_fail_errno(err, errno, "remove %s", file);
    close_fd(&fd);
    return rc;
}

static int find_group(const char *group, gid_t *out_gid, struct wf_err *err)
{
    struct group entry, *found = NULL;
    char text[16384];
    uint64_t number;

    if (getgrnam_r(group, &entry, text, sizeof(text), &found) == 0 && found != NULL)
        *out_gid = entry.gr_gid;
    else if (wf_parse_u64(group, &number, NULL) == 0 && number < UINT32_MAX)
        *out_gid = (gid_t)number;
    else
        return wf_fail(err, WF_ERR_INVALID, "no group '%s' here: expected a name or a number",
                       group);
    return 0;
}

/*
 * Between bind and listen nobody can connect, so rights are set before anybody could use them.
 * The group must also get through the folder.
 */
static int set_rights(int folder_fd, const char *file, const char *group, struct wf_err *err)
{
    bool is_open = group != NULL && group[0] != '\0';
    struct stat status;
    gid_t gid = 0;
    int rc = is_open ? find_group(group, &gid, err) : 0;

    if (rc < 0)
        return rc;
    if (is_open && fchownat(folder_fd, file, (uid_t)-1, gid, AT_SYMLINK_NOFOLLOW) != 0)
        return wf_fail_errno(err, errno, "give %s to group '%s'", file, group);
    if (fchmodat(folder_fd, file, is_open ? 0660 : 0600, 0) != 0)
        return wf_fail_errno(err, errno, "set the mode of %s", file);
    if (!is_open || fstat(folder_fd, &status) != 0 || status.st_uid != geteuid())
        return 0; /* a folder that somebody else set up is theirs to open */
    if ((status.st_gid != gid && fchown(folder_fd, (uid_t)-1, gid) != 0) ||
        fchmod(folder_fd, (status.st_mode & 07777) | S_IRGRP | S_IXGRP) != 0)
        return wf_fail_errno(err, errno, "open its folder to group '%s'", group);
    return 0;
}

int wfc_socket_listen(const char *folder, const char *name, const char *group, int *out_fd,
                      struct wfc_socket_mark *out_mark, struct wf_err *err)
{
    struct sockaddr_un address;
    struct stat status;
    char file[64] = "";
    bool is_bound = false;
    int folder_fd = -1, fd = -1;
    int rc = wf_make_folders(folder, err);

    if (rc == 0)
        rc = open_folder(folder, &folder_fd, err);
    if (rc == 0)
        rc = name_socket(folder_fd, name, file, &address, err);
    if (rc == 0)
        rc = lock_folder(folder_fd, err);
    if (rc == 0)
        rc = remove_stale(folder_fd, file, &address, err);
    if (rc == 0)
        rc = make_socket(&fd, err);
    if (rc < 0)
        goto out;
    if (bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        rc = wf_fail_errno(err, errno, "bind %s", file);
        goto out;
    }
    is_bound = true;
    rc = set_rights(folder_fd, file, group, err);
    if (rc == 0 && fstatat(folder_fd, file, &status, AT_SYMLINK_NOFOLLOW) != 0)
        rc = wf_fail_errno(err, errno, "%s", file);
    if (rc == 0 && listen(fd, BACKLOG) != 0)
        rc = wf_fail_errno(err, errno, "listen at %s", file);
    if (rc < 0)
        goto out;
    *out_mark = (struct wfc_socket_mark){ .device = status.st_dev, .inode = status.st_ino };
    *out_fd = fd;
    fd = -1;

out:
    if (rc < 0) {
        wf_err_prefix(err, "socket %s/%s.sock", folder, name);
        if (is_bound)
            (void)unlinkat(folder_fd, file, 0);
    }
    close_fd(&fd);
    close_fd(&folder_fd); /* also ends the lock */
    return rc;
}

void wfc_socket_remove(const char *folder, const char *name, const struct wfc_socket_mark *mark)
{
    struct sockaddr_un address;
    struct stat status;
    char file[64];
    int folder_fd = -1;

    if (open_folder(folder, &folder_fd, NULL) < 0)
        return;
    if (name_socket(folder_fd, name, file, &address, NULL) == 0 &&
        lock_folder(folder_fd, NULL) == 0 &&
        fstatat(folder_fd, file, &status, AT_SYMLINK_NOFOLLOW) == 0 &&
        status.st_dev == mark->device && status.st_ino == mark->inode)
        (void)unlinkat(folder_fd, file, 0);
    close_fd(&folder_fd);
}

int wfc_socket_connect(const char *folder, const char *name, int64_t deadline_ns, int *out_fd,
                       struct wf_err *err)
{
    struct sockaddr_un address;
    char file[64];
    int folder_fd = -1, fd = -1;
    int rc = open_folder(folder, &folder_fd, err);

    if (rc == 0)
        rc = name_socket(folder_fd, name, file, &address, err);
    if (rc == 0)
        rc = make_socket(&fd, err);
    while (rc == 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
        if (errno == ECONNREFUSED)
            rc = wf_fail(err, WF_ERR_ABSENT, "nobody listens at %s", file);
        else if (errno != EAGAIN && errno != EINTR)
            rc = wf_fail_errno(err, errno, "%s", file);
        else if (wf_mono_now_ns() > deadline_ns)
            rc = wf_fail(err, WF_ERR_BUSY, "too many wait to be let in");
        else
            (void)poll(NULL, 0, NAP_MS); /* the queue of those waiting is full */
    }
    if (rc == 0) {
        *out_fd = fd;
        fd = -1;
    }
    close_fd(&fd);
    close_fd(&folder_fd);
    return rc;
}

int wfc_socket_peer(int fd, struct wf_control_peer *out_peer, struct wf_err *err)
{
    struct ucred credentials;
    socklen_t size = sizeof(credentials);
    struct wf_control_peer peer = { 0 };
    struct passwd entry, *found = NULL;
    char text[4096];

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return wf_fail_errno(err, errno, "who is asking");
    peer.uid = (uint32_t)credentials.uid;
    peer.gid = (uint32_t)credentials.gid;
    peer.pid = credentials.pid;
    /* A name that does not fit would be somebody else's: then the number it is. */
    if (getpwuid_r(credentials.uid, &entry, text, sizeof(text), &found) != 0 || found == NULL ||
        entry.pw_name[0] == '\0' || !wf_copy_text(peer.user, sizeof(peer.user), entry.pw_name))
        (void)snprintf(peer.user, sizeof(peer.user), "%u", (unsigned)credentials.uid);
    *out_peer = peer;
    return 0;
}
