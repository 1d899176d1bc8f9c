/* SPDX-License-Identifier: MIT */
#ifndef WFI_HOST_H
#define WFI_HOST_H

/*
 * Host - which boot and which world of process numbers this is. A lock that was
 * held in another boot is nobody's; one whose owner lives in another PID
 * namespace cannot tell owners apart. Platform: linux/host.c.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/err.h>

struct wfi_host {
    uint8_t boot_id[16];
    uint64_t pid_namespace; /* 0 = not known */
    uint32_t uid, gid;
    uint32_t pid;
};

int wfi_host_read(struct wfi_host *out, struct wf_err *err);

/* The user this process acts as, without reading anything. */
uint32_t wfi_host_uid(void);

/* User and group by name, then by number: a user may be called "1000". INVALID: no such one. */
int wfi_host_user_id(const char *user, uint32_t *out_uid, struct wf_err *err);
int wfi_host_group_id(const char *group, uint32_t *out_gid, struct wf_err *err);

/* Is the caller a member of this group, by any of its groups? */
bool wfi_host_has_group(uint32_t gid);

/* "alice" or "uid 1000", for messages. */
void wfi_host_user_name(uint32_t uid, char *out, unsigned size);
void wfi_host_group_name(uint32_t gid, char *out, unsigned size);

#endif /* WFI_HOST_H */
