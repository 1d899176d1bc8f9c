/* SPDX-License-Identifier: MIT */
/* Name, uptime, load, open files, temperature, frequency. */

#include <dirent.h>
#include <string.h>
#include <sys/utsname.h>

#include <watchfloor/paths.h>
#include <watchfloor/strbuf.h>

#include "proc.h"

#define FOLDER_ENTRIES_MAX 256

static void read_load(const char *root, struct proc_text *text, struct host_raw *out)
{
    char *cursor;
    char *slash;
    const char *word;
    uint64_t tasks = 0;

    if (!proc_text_read(text, root, "/proc/loadavg"))
        return;
    cursor = text->bytes;
    for (int i = 0; i < 3; i++)
        if (!proc_next_double(&cursor, &out->load[i]))
            return;
    word = proc_next_word(&cursor); /* running/total */
    slash = word != NULL ? strchr(word, '/') : NULL;
    if (slash != NULL && wf_parse_u64(slash + 1, &tasks, NULL) == 0)
        out->tasks = (uint32_t)tasks;
}

static void read_files(const char *root, struct proc_text *text, struct host_raw *out)
{
    uint64_t unused;
    char *cursor;

    if (!proc_text_read(text, root, "/proc/sys/fs/file-nr"))
        return;
    cursor = text->bytes;
    if (proc_next_u64(&cursor, &out->files_open) && proc_next_u64(&cursor, &unused))
        (void)proc_next_u64(&cursor, &out->files_max);
}

/* One sensor file in thousandths of a degree; sensors that report nonsense are passed over. */
static void take_temperature(const char *root, const char *path, struct proc_text *text,
                             struct host_raw *out)
{
    double millidegree;
    char *cursor;

    if (!proc_text_read(text, root, path))
        return;
    cursor = text->bytes;
    if (!proc_next_double(&cursor, &millidegree) || millidegree < -40e3 || millidegree > 150e3)
        return;
    if (!out->has_temperature || millidegree / 1e3 > out->temperature_c)
        out->temperature_c = millidegree / 1e3;
    out->has_temperature = true;
}

/* Call `take` for what every entry of `folder` that starts with `prefix` holds as `file`. */
static void for_sensors(const char *root, const char *folder, const char *prefix, const char *file,
                        struct proc_text *text, struct host_raw *out)
{
    char path[WF_PATH_SIZE];
    struct wf_strbuf buf = WF_STRBUF_FIXED(path);
    const struct dirent *entry;
    DIR *dir;

    wf_strbuf_addf(&buf, "%s%s", root, folder);
    dir = buf.was_cut ? NULL : opendir(path);
    if (dir == NULL)
        return;
    for (int i = 0; i < FOLDER_ENTRIES_MAX && (entry = readdir(dir)) != NULL; i++) {
        if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
            continue;
        wf_strbuf_clear(&buf);
        wf_strbuf_addf(&buf, "%s/%s%s", folder, entry->d_name, file);
        if (!buf.was_cut)
            take_temperature(root, path, text, out);
    }
    (void)closedir(dir);
}

static void read_frequency(const char *root, struct proc_text *text, struct host_raw *out)
{
    double sum = 0.0;
    int count = 0;
    char *cursor;
    char *line;

    if (!proc_text_read(text, root, "/proc/cpuinfo"))
        return;
    cursor = text->bytes;
    while ((line = proc_next_line(&cursor)) != NULL) {
        double mhz;

        if (strncmp(line, "cpu MHz", 7) != 0)
            continue;
        line += 7;
        if (proc_next_double(&line, &mhz)) {
            sum += mhz;
            count++;
        }
    }
    out->has_frequency = count > 0;
    out->frequency_mhz = count > 0 ? sum / count : 0.0;
}

void proc_read_system(const char *root, struct proc_text *text, struct host_raw *out)
{
    struct utsname names;
    char *cursor;

    if (uname(&names) == 0) {
        (void)wf_copy_text(out->host_name, sizeof(out->host_name), names.nodename);
        (void)wf_copy_text(out->kernel, sizeof(out->kernel), names.release);
    }
    if (proc_text_read(text, root, "/proc/uptime")) {
        cursor = text->bytes;
        (void)proc_next_double(&cursor, &out->uptime_s);
    }
    read_load(root, text, out);
    read_files(root, text, out);
    read_frequency(root, text, out);
    for_sensors(root, "/sys/class/thermal", "thermal_zone", "/temp", text, out);
    for_sensors(root, "/sys/class/hwmon", "hwmon", "/temp1_input", text, out);
}
