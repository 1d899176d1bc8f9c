/* SPDX-License-Identifier: MIT */
/* Checking, copying, putting a copy back: all that is kept below the state folder. */

#include "history.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "writing.h"

struct telling {
    size_t fine, damaged, set_aside;
    uint64_t bytes;
    bool is_live; /* a terminal: say where we are */
};

static void tell_progress(const struct telling *telling, const struct wf_history_file *file)
{
    if (telling->is_live)
        (void)fprintf(stderr, "\r%-40s\r%s", "", file->name);
}

static int tell(void *context, const struct wf_history_file *file)
{
    struct telling *telling = context;

    telling->bytes += file->bytes;
    if (file->is_set_aside) {
        telling->set_aside++;
        (void)printf("set aside  %s (%" PRIu64 " bytes): %s\n", file->name, file->bytes,
                     strncmp(file->name, "raw/", 4) == 0
                         ? "`wf history repair` saves what can be read"
                         : "kept for a look; remove it when nobody needs it");
    } else if (file->is_fine) {
        telling->fine++;
        tell_progress(telling, file);
    } else {
        telling->damaged++;
        (void)printf("damaged    %s: %s\n", file->name, file->problem);
    }
    return 0;
}

static void end_progress(const struct telling *telling)
{
    if (telling->is_live)
        (void)fprintf(stderr, "\r%-40s\r", "");
}

/* Each tells the files; what they had to say, and the status. */
static int end(const struct telling *telling, int rc, const char *hint, const struct wf_err *err)
{
    end_progress(telling);
    if (rc < 0)
        (void)fprintf(stderr, "wf-history: %s%s\n", err->text, rc == WF_ERR_EXISTS ? hint : "");
    return rc < 0                                      ? STATUS_CANNOT
           : telling->damaged + telling->set_aside > 0 ? STATUS_NOT_WELL
                                                       : EXIT_SUCCESS;
}

int history_check(const struct wf_common *common)
{
    struct telling telling = { .is_live = isatty(STDERR_FILENO) == 1 };
    struct wf_err err = { 0 };
    int rc = wf_history_check(common->paths.state, WF_HISTORY_AND_ALL, tell, &telling, &err);
    int status = end(&telling, rc, "", &err);

    if (rc == 0)
        (void)printf("%zu file%s fine, %zu damaged, %zu set aside; %" PRIu64 " bytes\n",
                     telling.fine, telling.fine == 1 ? "" : "s", telling.damaged, telling.set_aside,
                     telling.bytes);
    return status;
}

int history_backup(const struct wf_common *common, const char *to)
{
    struct telling telling = { .is_live = isatty(STDERR_FILENO) == 1 };
    struct wf_err err = { 0 };
    int rc = wf_history_backup(common->paths.state, to, "", tell, &telling, &err);
    int status = end(&telling, rc, "; name an empty folder", &err);

    if (rc == 0)
        (void)printf("%zu file%s copied to %s; %" PRIu64 " bytes\n", telling.fine,
                     telling.fine == 1 ? "" : "s", to, telling.bytes);
    return status;
}

int history_restore(const struct wf_common *common, const char *from)
{
    struct telling telling = { .is_live = isatty(STDERR_FILENO) == 1 };
    struct history_writing writing = { .folder = "" };
    struct wf_err err = { 0 };
    int rc = history_writing_configure(&writing, common, &err), status;

    if (rc == 0)
        rc = history_writing_lease(&writing, common, &err);
    if (rc == 0)
        rc = wf_history_backup(from, common->paths.state, writing.config->group, tell, &telling,
                               &err);
    history_writing_close(&writing);
    status = end(&telling, rc, "; stop the system and move that away first", &err);
    if (rc == 0)
        (void)printf("%zu file%s put back from %s; %" PRIu64 " bytes\n", telling.fine,
                     telling.fine == 1 ? "" : "s", from, telling.bytes);
    return status;
}
