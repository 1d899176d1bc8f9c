/* SPDX-License-Identifier: MIT */
/* /proc/meminfo and /proc/pressure. */

#include <string.h>

#include "proc.h"

static uint64_t kibibytes(const struct proc_text *text, const char *key)
{
    uint64_t number = 0;

    return proc_find_u64(text, key, &number) ? number * 1024u : 0;
}

static void read_meminfo(const char *root, struct proc_text *text, struct host_raw *out)
{
    if (!proc_text_read(text, root, "/proc/meminfo"))
        return;
    out->memory.total = kibibytes(text, "MemTotal");
    out->memory.available = kibibytes(text, "MemAvailable");
    out->memory.free = kibibytes(text, "MemFree");
    out->memory.buffers = kibibytes(text, "Buffers");
    out->memory.cached = kibibytes(text, "Cached");
    out->memory.shared = kibibytes(text, "Shmem");
    out->memory.dirty = kibibytes(text, "Dirty");
    out->memory.slab = kibibytes(text, "Slab");
    out->memory.swap_total = kibibytes(text, "SwapTotal");
    out->memory.swap_free = kibibytes(text, "SwapFree");
    if (out->memory.available == 0) /* before Linux 3.14 */
        out->memory.available = out->memory.free + out->memory.buffers + out->memory.cached;
}

/* "some avg10=0.12 avg60=..." and, from 5.13 on for cpu too, "full avg10=...". */
static bool read_pressure(const char *root, const char *path, struct proc_text *text,
                          double *out_some, double *out_full)
{
    bool has_some = false;
    char *cursor;
    char *line;

    if (!proc_text_read(text, root, path))
        return false;
    cursor = text->bytes;
    while ((line = proc_next_line(&cursor)) != NULL) {
        const bool is_some = strncmp(line, "some avg10=", 11) == 0;
        char *number = line + 11;
        double value;

        if (!is_some && strncmp(line, "full avg10=", 11) != 0)
            continue;
        if (!proc_next_double(&number, &value))
            continue;
        *(is_some ? out_some : out_full) = value;
        has_some = has_some || is_some;
    }
    return has_some;
}

void proc_read_memory(const char *root, struct proc_text *text, struct host_raw *out)
{
    bool has_cpu;
    bool has_memory;
    bool has_io;

    read_meminfo(root, text, out);
    has_cpu = read_pressure(root, "/proc/pressure/cpu", text, &out->cpu_pressure.some,
                            &out->cpu_pressure.full);
    has_memory = read_pressure(root, "/proc/pressure/memory", text, &out->memory_pressure.some,
                               &out->memory_pressure.full);
    has_io = read_pressure(root, "/proc/pressure/io", text, &out->io_pressure.some,
                           &out->io_pressure.full);
    out->has_pressure = has_cpu && has_memory && has_io;
}
