/* SPDX-License-Identifier: MIT */
/*
 * Removing what a dead instance left: see <watchfloor/clean.h>.
 *
 * All leases are taken first and held to the end, so that nobody starts to
 * write in between. A lease is found through the directory that names it, and
 * through the role in a header and our own state folder.
 */

#include <watchfloor/clean.h>

#include <stdlib.h>
#include <string.h>

#include <watchfloor/layout.h>
#include <watchfloor/mapping.h>
#include <watchfloor/names.h>
#include <watchfloor/paths.h>
#include <watchfloor/strbuf.h>

#include "publisher_private.h"
#include "ring.h"

#define LEASES_MAX 256

struct cleaning {
    const char *state;
    struct wfi_host host;
    char *paths[LEASES_MAX]; /* of leases that were had, or are not there */
    struct wfi_lease *leases[LEASES_MAX];
    size_t count;
};

static int take_lease(struct cleaning *cleaning, const char *path, struct wf_err *err)
{
    struct wfi_lease *lease = NULL;
    uint64_t last_epoch;
    int rc;

    for (size_t i = 0; i < cleaning->count; i++) {
        if (strcmp(cleaning->paths[i], path) == 0)
            return 0;
    }
    if (cleaning->count == LEASES_MAX)
        return wf_fail(err, WF_ERR_LIMIT, "more than %d writing programs", LEASES_MAX);
    rc = wfi_lease_take(path, 0, &lease, &last_epoch, err);
    if (rc < 0 && rc != WF_ERR_ABSENT)
        return rc;
    cleaning->paths[cleaning->count] = strdup(path);
    if (cleaning->paths[cleaning->count] == NULL) {
        wfi_lease_release(&lease);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    cleaning->leases[cleaning->count++] = lease;
    return 0;
}

static void release_leases(struct cleaning *cleaning)
{
    while (cleaning->count > 0) {
        cleaning->count--;
        wfi_lease_release(&cleaning->leases[cleaning->count]);
        free(cleaning->paths[cleaning->count]);
    }
}

static int take_lease_of_role(struct cleaning *cleaning, const char *role, struct wf_err *err)
{
    char folder[WF_PATH_SIZE], path[WF_PATH_SIZE];
    struct wf_strbuf text;

    if (wf_name_check(role, NULL) < 0 || !wfi_lease_folder(cleaning->state, folder, NULL))
        return 0;
    wf_strbuf_init_fixed(&text, path, sizeof(path));
    wf_strbuf_addf(&text, "%s/%s.lease", folder, role);
    return text.was_cut ? 0 : take_lease(cleaning, path, err);
}

/* The role in a header, and the lease's path where it is a directory; false when it is neither. */
static bool read_header(const struct wf_mapping *mapping, uint64_t size, bool is_directory,
                        char role[WF_LAYOUT_NAME_SIZE], char lease[WF_LAYOUT_LEASE_SIZE])
{
    size_t wanted =
        is_directory ? sizeof(struct wf_directory_header) : sizeof(struct wf_region_header);
    struct wf_map_view *view = NULL;
    bool is_known = false;

    if (size < wanted ||
        wf_map_view_open(mapping, WF_ACCESS_READ, 0, wanted, NULL, &view, NULL) < 0)
        return false;
    if (is_directory) {
        struct wf_directory_header fixed = { 0 };

        wfi_words_load(&fixed, wf_map_view_data(view), WF_LAYOUT_DIRECTORY_FIXED_BYTES / 8);
        is_known =
            atomic_load_explicit(&fixed.magic, memory_order_relaxed) == WF_LAYOUT_MAGIC_DIRECTORY;
        memcpy(role, fixed.role, sizeof(fixed.role));
        memcpy(lease, fixed.lease, sizeof(fixed.lease));
    } else {
        struct wf_region_header fixed;
        struct wfi_geometry geometry;

        is_known =
            wfi_region_header_check(wf_map_view_data(view), size, &fixed, &geometry, NULL) == 0;
        if (is_known)
            memcpy(role, fixed.role, sizeof(fixed.role));
        lease[0] = '\0';
    }
    role[WF_LAYOUT_NAME_SIZE - 1] = '\0';
    lease[WF_LAYOUT_LEASE_SIZE - 1] = '\0';
    wf_map_view_close(&view);
    return is_known;
}

static bool is_directory_name(const char *name)
{
    return strchr(name, '@') != NULL; /* in no name of an instance, source or subsystem */
}

/* Whoever writes this mapping: is he dead? What cannot be read has no writer. */
static int take_leases_of(struct cleaning *cleaning, const char *name, struct wf_err *err)
{
    char role[WF_LAYOUT_NAME_SIZE], lease[WF_LAYOUT_LEASE_SIZE];
    struct wf_mapping *mapping = NULL;
    struct wf_mapping_info info;
    int rc = 0;

    if (wf_mapping_open(name, WF_BACKING_MEMORY, WF_ACCESS_READ, &mapping, NULL) < 0)
        return 0;
    if (wf_mapping_info(mapping, &info, NULL) == 0 &&
        read_header(mapping, info.size, is_directory_name(name), role, lease)) {
        rc = take_lease_of_role(cleaning, role, err);
        if (rc == 0 && lease[0] == '/')
            rc = take_lease(cleaning, lease, err);
    }
    wf_mapping_close(&mapping);
    return rc;
}

static void remove_one(const struct cleaning *cleaning, const char *name, bool is_dry,
                       wf_clean_fn said, void *context, struct wf_clean_result *result)
{
    struct wfi_host as = cleaning->host;
    struct wf_mapping_info info;
    struct wf_err err = { 0 };

    if (wf_mapping_look(name, WF_BACKING_MEMORY, &info, NULL) < 0)
        return; /* gone meanwhile */
    if (as.uid == 0)
        as.uid = info.uid; /* root may remove anybody's */
    if (info.uid != as.uid) {
        char who[64];

        wfi_host_user_name(info.uid, who, sizeof(who));
        (void)wf_fail(&err, WF_ERR_DENIED, "it belongs to %s", who);
    } else if (!is_dry) {
        (void)wfi_retire(name, &as, &err);
    }
    if (err.rc == WF_OK) {
        result->removed++;
        result->bytes += info.size;
    } else {
        result->kept++;
    }
    if (said != NULL)
        said(context, name, info.size, err.rc == WF_OK ? NULL : err.text);
}

int wf_clean(const char *instance, const char *state, bool is_dry, wf_clean_fn said, void *context,
             struct wf_clean_result *out, struct wf_err *err)
{
    struct cleaning cleaning = { .state = state };
    struct wf_clean_result result = { 0 };
    struct wf_mapping_names names = { 0 };
    char prefix[WFI_REGION_NAME_SIZE];
    struct wf_strbuf text = WF_STRBUF_FIXED(prefix);
    int rc = wf_instance_check(instance, err);

    if (rc == 0)
        rc = wfi_host_read(&cleaning.host, err);
    wf_strbuf_addf(&text, WFI_SHM_PREFIX "%s.", instance);
    if (rc == 0)
        rc = wf_mapping_list(prefix, &names, err);
    for (size_t i = 0; rc == 0 && i < names.count; i++)
        rc = take_leases_of(&cleaning, names.names[i], err);
    /* Directories last: they say where the leases are, should we die in between. */
    for (int directories = 0; rc == 0 && directories <= 1; directories++) {
        for (size_t i = 0; i < names.count; i++) {
            if (is_directory_name(names.names[i]) == (directories == 1))
                remove_one(&cleaning, names.names[i], is_dry, said, context, &result);
        }
    }
    release_leases(&cleaning);
    wf_mapping_names_free(&names);
    if (rc < 0)
        return rc;
    *out = result;
    return 0;
}
