/* SPDX-License-Identifier: MIT */
#ifndef WFC_LOCAL_SOCKET_H
#define WFC_LOCAL_SOCKET_H

/*
 * Local socket - a byte stream between processes of this host that is found by a name in
 * a folder, and knows who is at the other end. One file for each platform.
 */

#include <stdint.h>

#include <watchfloor/control/control.h>

/* What tells our socket from one that another process put in its place. */
struct wfc_socket_mark {
    uint64_t device, inode;
};

/*
 * Listen at <folder>/<name>.sock; the folder is made when missing. What a dead process left
 * there is replaced. The descriptor does not block and is closed by exec.
 *   WF_ERR_BUSY      a living process listens there
 *   WF_ERR_EXISTS    something that is no socket is in the way
 *   WF_ERR_INVALID   no such group
 */
int wfc_socket_listen(const char *folder, const char *name, const char *group, int *out_fd,
                      struct wfc_socket_mark *out_mark, struct wf_err *err);
/* Remove the name, when it still is that socket. */
void wfc_socket_remove(const char *folder, const char *name, const struct wfc_socket_mark *mark);

/*
 * Connect, until `deadline_ns` (monotonic). The descriptor does not block.
 *   WF_ERR_ABSENT   nobody listens there
 *   WF_ERR_DENIED   not permitted
 *   WF_ERR_BUSY     too many wait to be let in
 */
int wfc_socket_connect(const char *folder, const char *name, int64_t deadline_ns, int *out_fd,
                       struct wf_err *err);

/* Who is at the other end, as the system knows it. */
int wfc_socket_peer(int fd, struct wf_control_peer *out_peer, struct wf_err *err);

#endif /* WFC_LOCAL_SOCKET_H */
