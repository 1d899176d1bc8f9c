/* SPDX-License-Identifier: MIT */
/* Which schemas: a file, a folder of files, or a folder of plugin folders. */

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <watchfloor/paths.h>

#include "decode.h"

#define SCHEMAS_MAX 4096
#define SUFFIX      ".ini"

static bool is_loaded(const struct decode_schemas *schemas, const char *name)
{
    for (size_t i = 0; i < schemas->count; i++) {
        if (wf_name_is_equal(schemas->list[i]->name, name))
            return true;
    }
    return false;
}

/* `is_wanted`: named by the user, so it is kept whatever it is. */
static int add_file(struct decode_schemas *schemas, const char *path, bool is_wanted,
                    struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    struct wf_schema *schema = NULL;
    struct wf_schema **list;
    int rc = wf_schema_load(path, &schema, &problems, err);

    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    if (rc < 0)
        return rc;
    if (is_loaded(schemas, schema->name) || (!is_wanted && schema->apid_count == 0)) {
        wf_schema_free(&schema);
        return 0;
    }
    list = schemas->count < SCHEMAS_MAX
               ? realloc(schemas->list, (schemas->count + 1) * sizeof(struct wf_schema *))
               : NULL;
    if (list == NULL) {
        wf_schema_free(&schema);
        return schemas->count < SCHEMAS_MAX
                   ? wf_fail(err, WF_ERR_NOMEM, "out of memory")
                   : wf_fail(err, WF_ERR_LIMIT, "more than %d schemas", SCHEMAS_MAX);
    }
    schemas->list = list;
    schemas->list[schemas->count++] = schema;
    return 0;
}

/* The schema file that a folder's entry stands for: NAME.ini, or NAME/NAME.ini below NAME. */
static bool find_file(const char *folder, const char *entry, char *out, size_t size)
{
    struct wf_strbuf path;
    struct stat status;
    size_t len = strlen(entry);

    if (entry[0] == '.')
        return false;
    wf_strbuf_init_fixed(&path, out, size);
    wf_strbuf_addf(&path, "%s/%s", folder, entry);
    if (path.was_cut || stat(out, &status) < 0)
        return false;
    if (S_ISREG(status.st_mode))
        return len > strlen(SUFFIX) && strcmp(entry + len - strlen(SUFFIX), SUFFIX) == 0;
    if (!S_ISDIR(status.st_mode))
        return false;
    wf_strbuf_addf(&path, "/%s" SUFFIX, entry);
    return !path.was_cut && stat(out, &status) == 0 && S_ISREG(status.st_mode);
}

static int add_folder(struct decode_schemas *schemas, const char *folder, struct wf_err *err)
{
    struct dirent **entries = NULL;
    size_t before = schemas->count;
    int count = scandir(folder, &entries, NULL, alphasort);
    int rc = 0, invalid = 0;

    if (count < 0)
        return wf_fail_errno(err, errno, "%s", folder);
    for (int i = 0; i < count; i++) {
        char path[WF_PATH_SIZE];

        if (rc == 0 && find_file(folder, entries[i]->d_name, path, sizeof(path)))
            rc = add_file(schemas, path, false, err);
        if (rc == WF_ERR_INVALID) { /* all problems of all files at once */
            invalid++;
            rc = 0;
        }
        free(entries[i]);
    }
    free(entries);
    if (rc == 0 && invalid > 0)
        rc = wf_fail(err, WF_ERR_INVALID, "%s: %d schemas with problems", folder, invalid);
    else if (rc == 0 && schemas->count == before)
        rc = wf_fail(err, WF_ERR_ABSENT,
                     "%s: no schema with an APID in it (NAME.ini or NAME/NAME.ini)", folder);
    return rc;
}

int decode_schemas_load(struct decode_schemas *schemas, const char *path, struct wf_err *err)
{
    struct stat status;

    if (stat(path, &status) < 0)
        return wf_fail_errno(err, errno, "%s", path);
    return S_ISDIR(status.st_mode) ? add_folder(schemas, path, err)
                                   : add_file(schemas, path, true, err);
}

void decode_schemas_fini(struct decode_schemas *schemas)
{
    for (size_t i = 0; i < schemas->count; i++)
        wf_schema_free(&schemas->list[i]);
    free(schemas->list);
    *schemas = (struct decode_schemas){ 0 };
}
