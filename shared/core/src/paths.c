/* SPDX-License-Identifier: MIT */
/* Paths: see <watchfloor/paths.h>. */

#include <watchfloor/paths.h>

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/names.h>
#include <watchfloor/strbuf.h>

#include "program_path.h"

#define INSTANCE_DEFAULT "ops"

static int join(char *out, size_t size, const char *folder, const char *name, struct wf_err *err)
{
    struct wf_strbuf path;

    wf_strbuf_init_fixed(&path, out, size);
    wf_strbuf_add(&path, strcmp(folder, "/") == 0 ? "" : folder);
    wf_strbuf_add_char(&path, '/');
    wf_strbuf_add(&path, name);
    if (path.was_cut)
        return wf_fail(err, WF_ERR_LIMIT, "the path %.100s.../%.60s is too long", folder, name);
    return 0;
}

/* Cut the last part off: "/usr/bin" becomes "/usr", "/bin" becomes "/". */
static void go_up(char *path)
{
    char *slash = strrchr(path, '/');

    if (slash == NULL)
        return;
    slash[slash == path ? 1 : 0] = '\0';
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

static int home_folder(char *out, size_t size, struct wf_err *err)
{
    const char *home = environment("HOME");
    struct passwd entry, *found = NULL;
    char room[4096];

    if (home == NULL && getpwuid_r(getuid(), &entry, room, sizeof(room), &found) == 0 &&
        found != NULL)
        home = found->pw_dir;
    if (home == NULL || home[0] != '/' || !wf_copy_text(out, size, home))
        return wf_fail(err, WF_ERR_ABSENT,
                       "no home folder for state; set WF_STATE to the folder to use");
    return 0;
}

static int find_state(struct wf_paths *paths, struct wf_err *err)
{
    const char *state = environment("WF_STATE");
    const char *xdg = environment("XDG_STATE_HOME");
    char base[WF_PATH_SIZE], below[64];
    struct wf_strbuf name = WF_STRBUF_FIXED(below);
    int rc;

    if (state != NULL && state[0] == '/') {
        if (!wf_copy_text(paths->state, sizeof(paths->state), state))
            return wf_fail(err, WF_ERR_LIMIT, "WF_STATE is too long");
        return 0;
    }
    if (state != NULL) {
        /* Kept absolute: children may run elsewhere. */
        if (getcwd(base, sizeof(base)) == NULL)
            return wf_fail_errno(err, errno, "the current folder");
        return join(paths->state, sizeof(paths->state), base, state, err);
    }
    wf_strbuf_addf(&name, "watchfloor/%s", paths->instance);
    /* The XDG specification says to pass over relative paths. */
    if (xdg != NULL && xdg[0] == '/')
        return join(paths->state, sizeof(paths->state), xdg, below, err);
    wf_strbuf_clear(&name);
    wf_strbuf_addf(&name, ".local/state/watchfloor/%s", paths->instance);
    rc = home_folder(base, sizeof(base), err);
    return rc < 0 ? rc : join(paths->state, sizeof(paths->state), base, below, err);
}

/* An administrator's watchfloor.ini comes before the one that was shipped. */
static int find_config(struct wf_paths *paths, struct wf_err *err)
{
    bool is_usr = strcmp(paths->prefix, "/usr") == 0 || strcmp(paths->prefix, "/") == 0;
    char file[WF_PATH_SIZE];
    int rc = join(paths->config, sizeof(paths->config), is_usr ? "/" : paths->prefix,
                  "etc/watchfloor", err);

    if (rc == 0)
        rc = join(file, sizeof(file), paths->config, "watchfloor.ini", err);
    if (rc < 0 || access(file, F_OK) == 0)
        return rc;
    return join(paths->config, sizeof(paths->config), paths->prefix, "share/watchfloor/config",
                err);
}

int wf_paths_init(struct wf_paths *paths, const char *instance, struct wf_err *err)
{
    int rc;

    *paths = (struct wf_paths){ 0 };
    if (instance == NULL)
        instance = environment("WF_INSTANCE");
    if (instance == NULL)
        instance = INSTANCE_DEFAULT;
    rc = wf_instance_check(instance, err);
    if (rc < 0)
        return rc;
    (void)wf_copy_text(paths->instance, sizeof(paths->instance), instance);

    rc = wfi_program_path(paths->bin, sizeof(paths->bin), err);
    if (rc < 0)
        return rc;
    go_up(paths->bin);
    (void)wf_copy_text(paths->prefix, sizeof(paths->prefix), paths->bin);
    go_up(paths->prefix);
    rc = join(paths->plugins, sizeof(paths->plugins), paths->prefix, "lib/watchfloor/plugins", err);
    if (rc == 0)
        rc = find_config(paths, err);
    return rc < 0 ? rc : find_state(paths, err);
}

int wf_make_folders(const char *path, struct wf_err *err)
{
    char part[WF_PATH_SIZE];
    struct stat status;

    if (!wf_copy_text(part, sizeof(part), path))
        return wf_fail(err, WF_ERR_LIMIT, "the path %.100s... is too long", path);
    for (char *at = part + 1; part[0] != '\0'; at++) {
        if (*at != '/' && *at != '\0')
            continue;

        char kept = *at;

        *at = '\0';
        /* Read-only or foreign parents are no trouble while they are there. */
        if (mkdir(part, 0700) != 0) {
            int errno_value = errno;

            if (stat(part, &status) != 0)
                return wf_fail_errno(err, errno_value, "make folder %s", part);
            if (!S_ISDIR(status.st_mode))
                return wf_fail(err, WF_ERR_EXISTS, "%s is in the way: it is not a folder", part);
        }
        if (kept == '\0')
            break;
        *at = kept;
    }
    return 0;
}

int wf_paths_in_state(const struct wf_paths *paths, const char *name, char *out, size_t size,
                      struct wf_err *err)
{
    return join(out, size, paths->state, name, err);
}

/* Is there an executable `program` in the folder of `folder_len` bytes? Then *out is its path. */
static bool is_program_in(const char *folder, size_t folder_len, const char *program, char *out,
                          size_t size)
{
    struct wf_strbuf path;
    struct stat status;

    wf_strbuf_init_fixed(&path, out, size);
    if (folder_len > 0) {
        wf_strbuf_add_bytes(&path, folder, folder_len);
        wf_strbuf_add_char(&path, '/');
    }
    wf_strbuf_add(&path, program);
    return !path.was_cut && stat(out, &status) == 0 && S_ISREG(status.st_mode) &&
           access(out, X_OK) == 0;
}

int wf_find_program(const struct wf_paths *paths, const char *program, char *out, size_t size,
                    struct wf_err *err)
{
    const char *at = environment("PATH");

    if (strchr(program, '/') != NULL) {
        if (is_program_in("", 0, program, out, size))
            return 0;
        return wf_fail(err, WF_ERR_ABSENT, "there is no program %.200s", program);
    }
    if (program[0] != '\0' && is_program_in(paths->bin, strlen(paths->bin), program, out, size))
        return 0;
    while (at != NULL && *at != '\0' && program[0] != '\0') {
        size_t len = strcspn(at, ":");

        if (len > 0 && is_program_in(at, len, program, out, size))
            return 0;
        at += len + (at[len] != '\0' ? 1 : 0);
    }
    return wf_fail(err, WF_ERR_ABSENT, "there is no program '%.60s' in %.120s or PATH", program,
                   paths->bin);
}
