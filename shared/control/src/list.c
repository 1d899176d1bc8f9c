/* SPDX-License-Identifier: MIT */
/* Which programs of an instance take commands: the sockets in their folder, in order of name. */

#include <watchfloor/control/control.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/names.h>
#include <watchfloor/strbuf.h>

#define SUFFIX   ".sock"
#define LIST_MAX 1024

struct name {
    char text[WF_INSTANCE_MAX + 1];
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct name *)a)->text, ((const struct name *)b)->text);
}

/* The name of a socket file that begins with `prefix`. */
static bool read_name(const char *file, const char *prefix, struct name *out)
{
    size_t len = strlen(file), suffix = strlen(SUFFIX);

    if (len <= suffix || len - suffix > WF_INSTANCE_MAX || strcmp(file + len - suffix, SUFFIX) != 0)
        return false;
    memcpy(out->text, file, len - suffix);
    out->text[len - suffix] = '\0';
    return strncmp(out->text, prefix, strlen(prefix)) == 0 &&
           wf_instance_check(out->text, NULL) == 0;
}

int wf_control_list(const char *folder, const char *prefix,
                    void (*each)(void *context, const char *name), void *context,
                    struct wf_err *err)
{
    struct name *names = NULL;
    const struct dirent *entry;
    size_t count = 0;
    DIR *dir = opendir(folder);

    if (dir == NULL)
        return errno == ENOENT ? 0 : wf_fail_errno(err, errno, "%s", folder);
    names = calloc(LIST_MAX, sizeof(*names));
    if (names == NULL) {
        (void)closedir(dir);
        return wf_fail(err, WF_ERR_NOMEM, "%s: out of memory", folder);
    }
    while (count < LIST_MAX && (entry = readdir(dir)) != NULL) {
        if (read_name(entry->d_name, prefix, &names[count]))
            count++;
    }
    (void)closedir(dir);
    qsort(names, count, sizeof(*names), compare_names);
    for (size_t i = 0; i < count; i++)
        each(context, names[i].text);
    free(names);
    return 0;
}
