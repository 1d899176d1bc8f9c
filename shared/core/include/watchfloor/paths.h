/* SPDX-License-Identifier: MIT */
#ifndef WF_PATHS_H
#define WF_PATHS_H

/*
 * Paths - where a system lives and where its files are found.
 *
 * Everything installed is found relative to the running program, so that the
 * build tree and any prefix behave alike: <prefix>/bin/wf-x,
 * <prefix>/lib/watchfloor/plugins, <prefix>/share/watchfloor/config, or instead of
 * the last <prefix>/etc/watchfloor (for the prefix /usr: /etc/watchfloor) when
 * there is a watchfloor.ini in it.
 */

#include <stddef.h>

#include <watchfloor/err.h>

#define WF_PATH_SIZE 4096

/* Where this run reads and keeps things; filled by wf_paths_init. All ended. */
struct wf_paths {
    char instance[32];         /* --instance, WF_INSTANCE, or "ops" */
    char state[WF_PATH_SIZE];  /* WF_STATE, or <XDG state>/watchfloor/<instance> */
    char prefix[WF_PATH_SIZE]; /* folder above the bin/ this program runs from */
    char bin[WF_PATH_SIZE];
    char plugins[WF_PATH_SIZE]; /* default plugin folder */
    char config[WF_PATH_SIZE];  /* default configuration folder */
};

/*
 * `instance` from the command line or NULL. Reads WF_INSTANCE, WF_STATE,
 * XDG_STATE_HOME, HOME and the path of the running program; creates nothing.
 *   WF_ERR_INVALID   the instance is not [a-z0-9-]+
 */
int wf_paths_init(struct wf_paths *paths, const char *instance, struct wf_err *err);

/* Make `path` and its parents, mode 0700 for those made. */
int wf_make_folders(const char *path, struct wf_err *err);

/* `<state>/<name>`; LIMIT when it does not fit. */
int wf_paths_in_state(const struct wf_paths *paths, const char *name, char *out, size_t size,
                      struct wf_err *err);

/*
 * The file of a program: as given when it has a '/', else beside the running one, else in PATH.
 *   WF_ERR_ABSENT   nowhere, or not executable
 */
int wf_find_program(const struct wf_paths *paths, const char *program, char *out, size_t size,
                    struct wf_err *err);

#endif /* WF_PATHS_H */
