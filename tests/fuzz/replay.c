/* SPDX-License-Identifier: MIT */
/*
 * A fuzz target without the fuzzer: runs it over the files named, whole, cut short
 * and with bytes turned over, so that every build with sanitizers repeats what was found.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define BYTES_MAX ((size_t)1 << 20)
#define VARIANTS  24

static int run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = malloc(BYTES_MAX), *copy;
    size_t size = 0;

    if (file == NULL || bytes == NULL) {
        perror(path);
        free(bytes);
        if (file != NULL)
            (void)fclose(file);
        return 1;
    }
    size = fread(bytes, 1, BYTES_MAX, file);
    (void)fclose(file);
    (void)LLVMFuzzerTestOneInput(bytes, size);
    for (size_t i = 1; i < VARIANTS && size > 0; i++) {
        size_t at = i * size / VARIANTS;

        /* A copy of just that size: reading beyond its end is noticed. */
        copy = malloc(at + 1);
        if (copy == NULL)
            break;
        memcpy(copy, bytes, at);
        (void)LLVMFuzzerTestOneInput(copy, at);
        free(copy);
        bytes[at] ^= 0x15;
        (void)LLVMFuzzerTestOneInput(bytes, size);
        bytes[at] ^= 0x15;
    }
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    int status = argc > 1 ? 0 : 1;

    for (int i = 1; i < argc; i++)
        status |= run_file(argv[i]);
    return status;
}
