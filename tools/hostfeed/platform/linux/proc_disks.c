/* SPDX-License-Identifier: MIT */
/* /proc/diskstats (whole disks only) and the file systems that matter to us. */

#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <watchfloor/paths.h>
#include <watchfloor/strbuf.h>

#include "proc.h"

#define SECTOR_BYTES 512u /* of diskstats, whatever the disk's own */

/* Partitions have no entry of their own in /sys/block; without /sys everything counts. */
static bool is_whole_disk(const char *root, const char *name)
{
    char path[WF_PATH_SIZE];
    struct wf_strbuf buf = WF_STRBUF_FIXED(path);

    wf_strbuf_addf(&buf, "%s/sys/block", root);
    if (access(path, F_OK) != 0)
        return true;
    wf_strbuf_addf(&buf, "/%s", name);
    return access(path, F_OK) == 0;
}

static bool is_pseudo(const char *name)
{
    return strncmp(name, "loop", 4) == 0 || strncmp(name, "ram", 3) == 0;
}

static void take_disk(const char *root, char *line, struct host_raw *out)
{
    uint64_t skip, reads, read_sectors, read_ms, writes, written_sectors, write_ms;
    uint64_t in_flight, busy_ms;
    struct host_disk_raw *disk;
    const char *name;

    if (out->disk_count == HOST_ITEMS_MAX || !proc_next_u64(&line, &skip) ||
        !proc_next_u64(&line, &skip))
        return;
    name = proc_next_word(&line);
    if (name == NULL || is_pseudo(name) || !proc_next_u64(&line, &reads) ||
        !proc_next_u64(&line, &skip) || !proc_next_u64(&line, &read_sectors) ||
        !proc_next_u64(&line, &read_ms) || !proc_next_u64(&line, &writes) ||
        !proc_next_u64(&line, &skip) || !proc_next_u64(&line, &written_sectors) ||
        !proc_next_u64(&line, &write_ms) || !proc_next_u64(&line, &in_flight) ||
        !proc_next_u64(&line, &busy_ms))
        return;
    if (reads + writes == 0 || !is_whole_disk(root, name))
        return;
    disk = &out->disks[out->disk_count++];
    *disk = (struct host_disk_raw){
        .reads = reads,
        .writes = writes,
        .read_bytes = read_sectors * SECTOR_BYTES,
        .written_bytes = written_sectors * SECTOR_BYTES,
        .wait_ms = read_ms + write_ms,
        .busy_ms = busy_ms,
        .in_flight = (uint32_t)in_flight,
    };
    (void)wf_copy_text(disk->name, sizeof(disk->name), name);
}

static bool read_file_system(const char *root, const char *path, struct statvfs *out)
{
    char full[WF_PATH_SIZE];
    struct wf_strbuf buf = WF_STRBUF_FIXED(full);

    wf_strbuf_addf(&buf, "%s%s", root, path);
    return !buf.was_cut && statvfs(full, out) == 0;
}

void proc_read_disks(const char *root, struct proc_text *text, struct host_raw *out)
{
    struct statvfs fs;
    char *cursor;
    char *line;

    if (proc_text_read(text, root, "/proc/diskstats")) {
        cursor = text->bytes;
        while ((line = proc_next_line(&cursor)) != NULL)
            take_disk(root, line, out);
    }
    if (read_file_system(root, "/", &fs)) {
        out->root.total = (uint64_t)fs.f_blocks * fs.f_frsize;
        out->root.available = (uint64_t)fs.f_bavail * fs.f_frsize;
        out->root.files = fs.f_files;
        out->root.files_free = fs.f_ffree;
    }
    if (read_file_system(root, "/dev/shm", &fs)) {
        out->shm.total = (uint64_t)fs.f_blocks * fs.f_frsize;
        out->shm.available = (uint64_t)fs.f_bavail * fs.f_frsize;
        out->shm.files = fs.f_files;
        out->shm.files_free = fs.f_ffree;
    }
}
