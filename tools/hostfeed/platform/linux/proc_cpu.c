/* SPDX-License-Identifier: MIT */
/* /proc/stat: where the processors' time goes, and the kernel's counters. */

#include <string.h>

#include "proc.h"

static void read_ticks(char *cursor, struct host_cpu *out)
{
    for (int i = 0; i < RAW_CPU_STATE_COUNT; i++)
        if (!proc_next_u64(&cursor, &out->ticks[i]))
            return; /* older kernels have fewer states */
}

static void take_line(char *line, struct host_raw *out)
{
    uint64_t number = 0;
    char *cursor = line;
    const char *key = proc_next_word(&cursor);

    if (key == NULL)
        return;
    if (strcmp(key, "cpu") == 0) {
        read_ticks(cursor, &out->total);
    } else if (strncmp(key, "cpu", 3) == 0 && strchr("0123456789", key[3]) != NULL) {
        if (out->cpu_count < HOST_CPUS_MAX)
            read_ticks(cursor, &out->cpus[out->cpu_count++]);
    } else if (strcmp(key, "ctxt") == 0) {
        (void)proc_next_u64(&cursor, &out->context_switches);
    } else if (strcmp(key, "intr") == 0) {
        (void)proc_next_u64(&cursor, &out->interrupts);
    } else if (strcmp(key, "processes") == 0) {
        (void)proc_next_u64(&cursor, &out->forks);
    } else if (strcmp(key, "procs_running") == 0 && proc_next_u64(&cursor, &number)) {
        out->tasks_running = (uint32_t)number;
    } else if (strcmp(key, "procs_blocked") == 0 && proc_next_u64(&cursor, &number)) {
        out->tasks_blocked = (uint32_t)number;
    }
}

bool proc_read_cpu(const char *root, struct proc_text *text, struct host_raw *out)
{
    char *cursor;
    char *line;
    uint64_t sum = 0;

    if (!proc_text_read(text, root, "/proc/stat"))
        return false;
    cursor = text->bytes;
    while ((line = proc_next_line(&cursor)) != NULL)
        take_line(line, out);
    for (int i = 0; i < RAW_CPU_STATE_COUNT; i++)
        sum += out->total.ticks[i];
    return sum > 0;
}
