/* SPDX-License-Identifier: MIT */
/* The lease, the store, the configuration: see writing.h. */

#include "writing.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

static void notice(void *context, const char *text)
{
    (void)context;
    (void)fprintf(stderr, "wf-history: %s\n", text);
}

int history_writing_configure(struct history_writing *writing, const struct wf_common *common,
                              struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    int rc = wf_config_load(common->config, &common->paths, &writing->config, &problems, err);

    if (rc == 0)
        rc =
            wf_catalogue_load(writing->config, &common->paths, &writing->catalogue, &problems, err);
    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    return rc;
}

int history_writing_lease(struct history_writing *writing, const struct wf_common *common,
                          struct wf_err *err)
{
    struct wf_publisher_options lease = { .instance = common->paths.instance,
                                          .role = "logger",
                                          .state = common->paths.state,
                                          .region_max = 1 };
    int rc = wf_publisher_open(&lease, &writing->lease, err);

    if (rc == WF_ERR_BUSY)
        wf_err_prefix(err, "the logger of '%s' is running; stop it first", common->paths.instance);
    return rc;
}

int history_writing_open(struct history_writing *writing, const struct wf_common *common,
                         struct wf_err *err)
{
    struct wf_store_options options = { .folder = writing->folder,
                                        .instance = common->paths.instance,
                                        .group = writing->config->group,
                                        .notice = notice };
    int rc = history_writing_lease(writing, common, err);

    if (rc == 0)
        rc = wf_store_create(&options, &writing->store, err);
    if (rc == 0)
        rc = wf_store_recover(writing->store, err);
    return rc;
}

static bool show_rows(void *context, uint64_t rows)
{
    if (*(bool *)context)
        (void)fprintf(stderr, "\rrollups: %" PRIu64 " buckets", rows);
    return true;
}

int history_writing_settle(struct history_writing *writing, struct wf_err *err)
{
    bool is_live = isatty(STDERR_FILENO) == 1;
    int rc = wf_store_settle(writing->store, show_rows, &is_live, err);

    if (is_live)
        (void)fprintf(stderr, "\r%-40s\r", "");
    return rc;
}

void history_writing_close(struct history_writing *writing)
{
    wf_store_destroy(&writing->store);
    wf_publisher_close(&writing->lease);
    wf_catalogue_free(&writing->catalogue);
    wf_config_free(&writing->config);
}

const struct wf_schema *history_schema(const struct history_writing *writing, const char *source,
                                       const char *subsystem)
{
    const struct wf_catalogue *catalogue = writing->catalogue;

    for (size_t i = 0; i < catalogue->entry_count; i++) {
        if (wf_name_is_equal(catalogue->entries[i].source, source) &&
            wf_name_is_equal(catalogue->entries[i].schema->name, subsystem))
            return catalogue->entries[i].schema;
    }
    for (size_t i = 0; i < catalogue->type_count; i++) {
        if (wf_name_is_equal(catalogue->types[i]->name, subsystem))
            return catalogue->types[i];
    }
    return NULL;
}
