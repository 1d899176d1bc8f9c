/* SPDX-License-Identifier: MIT */
/* Boot, PID namespace and users on Linux, see platform/host.h. */
#define _GNU_SOURCE

#include "platform/host.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#include <watchfloor/strbuf.h>

#define BOOT_ID_FILE "/proc/sys/kernel/random/boot_id"
#define GROUPS_MAX   1024

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

/* "6ba7b810-9dad-11d1-80b4-00c04fd430c8" */
static int parse_boot_id(const char *text, size_t len, uint8_t out[16])
{
    size_t digits = 0;

    for (size_t i = 0; i < len && digits < 32; i++) {
        int digit = hex_digit(text[i]);

        if (digit < 0)
            continue;
        out[digits / 2] = (uint8_t)(digits % 2 == 0 ? digit << 4 : out[digits / 2] | digit);
        digits++;
    }
    return digits == 32 ? 0 : WF_ERR_CORRUPT;
}

int wfi_host_read(struct wfi_host *out, struct wf_err *err)
{
    struct wfi_host host = { .uid = (uint32_t)geteuid(),
                             .gid = (uint32_t)getegid(),
                             .pid = (uint32_t)getpid() };
    struct stat status;
    char text[64];
    ssize_t len;
    int fd = open(BOOT_ID_FILE, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return wf_fail_errno(err, errno, "read " BOOT_ID_FILE " (is /proc mounted?)");
    len = read(fd, text, sizeof(text));
    (void)close(fd);
    if (len < 0 || parse_boot_id(text, (size_t)len, host.boot_id) < 0)
        return wf_fail(err, WF_ERR_SYSTEM, BOOT_ID_FILE ": no boot id in it");
    if (stat("/proc/self/ns/pid", &status) == 0)
        host.pid_namespace = status.st_ino;
    *out = host;
    return 0;
}

uint32_t wfi_host_uid(void)
{
    return (uint32_t)geteuid();
}

int wfi_host_user_id(const char *user, uint32_t *out_uid, struct wf_err *err)
{
    struct passwd entry, *found = NULL;
    char text[4096];
    uint64_t number;

    if (getpwnam_r(user, &entry, text, sizeof(text), &found) == 0 && found != NULL)
        *out_uid = (uint32_t)entry.pw_uid;
    else if (wf_parse_u64(user, &number, NULL) == 0 && number < UINT32_MAX)
        *out_uid = (uint32_t)number;
    else
        return wf_fail(err, WF_ERR_INVALID, "no user '%s' here: expected a name or a number", user);
    return 0;
}

int wfi_host_group_id(const char *group, uint32_t *out_gid, struct wf_err *err)
{
    struct group entry, *found = NULL;
    char text[16384];
    uint64_t number;

    if (getgrnam_r(group, &entry, text, sizeof(text), &found) == 0 && found != NULL)
        *out_gid = (uint32_t)entry.gr_gid;
    else if (wf_parse_u64(group, &number, NULL) == 0 && number < UINT32_MAX)
        *out_gid = (uint32_t)number;
    else
        return wf_fail(err, WF_ERR_INVALID, "no group '%s' here: expected a name or a number",
                       group);
    return 0;
}

bool wfi_host_has_group(uint32_t gid)
{
    gid_t groups[GROUPS_MAX];
    int count;

    if (gid == getegid())
        return true;
    count = getgroups(GROUPS_MAX, groups);
    for (int i = 0; i < count; i++) {
        if (groups[i] == gid)
            return true;
    }
    return false;
}

void wfi_host_group_name(uint32_t gid, char *out, unsigned size)
{
    struct group entry, *found = NULL;
    char text[4096];

    if (getgrgid_r((gid_t)gid, &entry, text, sizeof(text), &found) == 0 && found != NULL)
        (void)wf_copy_text(out, size, found->gr_name);
    else
        (void)snprintf(out, size, "gid %lu", (unsigned long)gid);
}

void wfi_host_user_name(uint32_t uid, char *out, unsigned size)
{
    struct passwd entry, *found = NULL;
    char text[4096];

    if (getpwuid_r((uid_t)uid, &entry, text, sizeof(text), &found) == 0 && found != NULL)
        (void)wf_copy_text(out, size, found->pw_name);
    else
        (void)snprintf(out, size, "uid %lu", (unsigned long)uid);
}
