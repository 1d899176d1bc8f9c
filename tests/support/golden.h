/* SPDX-License-Identifier: MIT */
#ifndef WF_TEST_GOLDEN_H
#define WF_TEST_GOLDEN_H

/*
 * Golden files - what a test draws, compared with tests/data/golden/<name>.
 *
 * Run the test binary with --update to write the files anew, then look at the
 * difference with git. Needs WATCHFLOOR_SOURCE, which ctest sets. Include
 * cmocka.h first.
 */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool golden_update;

/* Call first in main(). */
static inline void golden_init(int argc, char **argv)
{
    golden_update = argc > 1 && strcmp(argv[1], "--update") == 0;
}

static inline void golden_path(const char *name, char *out, size_t size)
{
    const char *source = getenv("WATCHFLOOR_SOURCE");

    (void)snprintf(out, size, "%s/tests/data/golden/%s", source != NULL ? source : ".", name);
}

/* Fail with both screens when `text` is not what the file holds. */
static inline void golden_compare(const char *name, const char *text)
{
    static char want[256 * 1024];
    char path[4096];
    size_t len = 0;
    FILE *file;

    golden_path(name, path, sizeof(path));
    if (golden_update) {
        file = fopen(path, "w");
        if (file == NULL)
            fail_msg("cannot write %s", path);
        if (fputs(text, file) == EOF || fclose(file) != 0)
            fail_msg("cannot write %s", path);
        return;
    }
    file = fopen(path, "r");
    if (file != NULL) {
        len = fread(want, 1, sizeof(want) - 1, file);
        (void)fclose(file);
    }
    want[len] = '\0';
    if (strcmp(want, text) != 0)
        fail_msg("%s differs (run with --update when the new one is right)\n"
                 "--- expected\n%s--- drawn\n%s---",
                 name, want, text);
}

#endif /* WF_TEST_GOLDEN_H */
