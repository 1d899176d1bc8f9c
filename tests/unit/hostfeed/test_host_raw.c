/* SPDX-License-Identifier: MIT */
#define _XOPEN_SOURCE 700 /* nftw */

/* Reading a machine: whole, poor and hostile /proc trees, made in a folder of the test. */

#include <errno.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/paths.h>

#include "host_raw.h"

struct tree {
    char root[64];
};

static void make_tree(struct tree *tree)
{
    (void)snprintf(tree->root, sizeof(tree->root), "/tmp/watchfloor-host-XXXXXX");
    assert_non_null(mkdtemp(tree->root));
}

static void put(const struct tree *tree, const char *path, const char *text)
{
    char full[512];
    FILE *file;

    (void)snprintf(full, sizeof(full), "%s%s", tree->root, path);
    for (char *slash = strchr(full + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(full, 0700) < 0)
            assert_int_equal(errno, EEXIST);
        *slash = '/';
    }
    file = fopen(full, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *ftw)
{
    (void)stat;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static void remove_tree(const struct tree *tree)
{
    (void)nftw(tree->root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void put_whole_machine(const struct tree *tree)
{
    put(tree, "/proc/stat",
        "cpu  100 2 30 4000 50 6 7 8 9 0\n"
        "cpu0 60 1 10 2000 30 3 4 5 6 0\n"
        "cpu1 40 1 20 2000 20 3 3 3 3 0\n"
        "intr 987654 1 2 3\nctxt 123456789\nbtime 1700000000\nprocesses 4242\n"
        "procs_running 3\nprocs_blocked 1\n");
    put(tree, "/proc/loadavg", "0.50 1.25 2.75 3/567 8910\n");
    put(tree, "/proc/uptime", "86400.25 100000.00\n");
    put(tree, "/proc/meminfo",
        "MemTotal:       16000000 kB\nMemFree:         1000000 kB\n"
        "MemAvailable:    8000000 kB\nBuffers:          200000 kB\n"
        "Cached:          3000000 kB\nShmem:             50000 kB\n"
        "Dirty:               120 kB\nSlab:             400000 kB\n"
        "SwapTotal:       2000000 kB\nSwapFree:        1500000 kB\n");
    put(tree, "/proc/sys/fs/file-nr", "1234\t0\t9223372036854775807\n");
    put(tree, "/proc/cpuinfo", "cpu MHz\t\t: 2400.500\ncpu MHz\t\t: 2600.500\n");
    put(tree, "/proc/pressure/cpu", "some avg10=1.25 avg60=0.90 avg300=0.80 total=99\n");
    put(tree, "/proc/pressure/memory",
        "some avg10=0.50 avg60=0 avg300=0 total=9\nfull avg10=0.25 avg60=0 avg300=0 total=9\n");
    put(tree, "/proc/pressure/io",
        "some avg10=12.00 avg60=0 avg300=0 total=9\nfull avg10=7.00 avg60=0 avg300=0 total=9\n");
    put(tree, "/proc/diskstats",
        "   8       0 sda 100 5 2000 30 200 6 4000 70 2 500 100\n"
        "   8       1 sda1 90 5 1900 30 200 6 4000 70 0 500 100\n"
        "   7       0 loop0 10 0 20 3 0 0 0 0 0 3 3\n"
        " 259       0 nvme0n1 0 0 0 0 0 0 0 0 0 0 0\n");
    put(tree, "/sys/block/sda/size", "1000\n");
    put(tree, "/sys/block/nvme0n1/size", "1000\n");
    put(tree, "/sys/class/thermal/thermal_zone0/temp", "45500\n");
    put(tree, "/sys/class/thermal/thermal_zone1/temp", "51250\n");
    put(tree, "/sys/class/hwmon/hwmon0/temp1_input", "900000\n"); /* nonsense */
    put(tree, "/proc/net/dev",
        "Inter-|   Receive                                                |  Transmit\n"
        " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
        "drop fifo colls carrier compressed\n"
        "    lo: 1000 10 0 0 0 0 0 0 1000 10 0 0 0 0 0 0\n"
        "  eth0:18446744073709551615 20 1 2 0 0 0 0 3000 30 3 4 0 0 0 0\n");
    put(tree, "/sys/class/net/eth0/operstate", "down\n");
    put(tree, "/sys/class/net/lo/operstate", "unknown\n");
    put(tree, "/proc/net/snmp",
        "Ip: Forwarding DefaultTTL\nIp: 1 64\n"
        "Tcp: RtoAlgorithm MaxConn ActiveOpens CurrEstab RetransSegs EstabResets\n"
        "Tcp: 1 -1 55 7 88 9\n"
        "Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors\n"
        "Udp: 1001 2 3 1004 5 6\nUdpLite: InDatagrams\nUdpLite: 77\n");
    put(tree, "/proc/net/sockstat", "sockets: used 231\nTCP: inuse 5\n");
}

static void a_whole_machine_is_read(void **state)
{
    static struct host_raw raw;
    struct tree tree;

    (void)state;
    make_tree(&tree);
    put_whole_machine(&tree);
    assert_int_equal(host_raw_read(tree.root, &raw, NULL), 0);

    assert_int_equal(raw.cpu_count, 2);
    assert_int_equal(raw.total.ticks[RAW_CPU_USER], 100);
    assert_int_equal(raw.total.ticks[RAW_CPU_GUEST], 9);
    assert_int_equal(raw.cpus[1].ticks[RAW_CPU_IDLE], 2000);
    assert_int_equal(raw.interrupts, 987654);
    assert_int_equal(raw.context_switches, 123456789);
    assert_int_equal(raw.forks, 4242);
    assert_int_equal(raw.tasks_running, 3);
    assert_int_equal(raw.tasks_blocked, 1);
    assert_int_equal(raw.tasks, 567);
    assert_true(raw.load[0] == 0.5 && raw.load[1] == 1.25 && raw.load[2] == 2.75);
    assert_true(raw.uptime_s == 86400.25);
    assert_true(raw.has_frequency && raw.frequency_mhz == 2500.5);
    assert_true(raw.has_temperature && raw.temperature_c == 51.25);
    assert_int_equal(raw.memory.total, UINT64_C(16000000) * 1024);
    assert_int_equal(raw.memory.available, UINT64_C(8000000) * 1024);
    assert_int_equal(raw.memory.swap_free, UINT64_C(1500000) * 1024);
    assert_int_equal(raw.files_open, 1234);
    assert_int_equal(raw.files_max, INT64_MAX);
    assert_true(raw.has_pressure && raw.cpu_pressure.some == 1.25 && raw.io_pressure.full == 7.0);

    assert_int_equal(raw.disk_count, 1); /* no partition, no loop, none that never moved */
    assert_string_equal(raw.disks[0].name, "sda");
    assert_int_equal(raw.disks[0].read_bytes, 2000 * 512);
    assert_int_equal(raw.disks[0].wait_ms, 100);
    assert_int_equal(raw.disks[0].in_flight, 2);
    assert_int_equal(raw.disks[0].busy_ms, 500);
    assert_true(raw.root.total > 0);

    assert_int_equal(raw.net_count, 2);
    assert_true(raw.nets[0].is_loopback && raw.nets[0].is_up);
    assert_string_equal(raw.nets[1].name, "eth0");
    assert_false(raw.nets[1].is_up);
    assert_true(raw.nets[1].received_bytes == UINT64_MAX);
    assert_int_equal(raw.nets[1].sent_drops, 4);
    assert_int_equal(raw.udp_received, 1001);
    assert_int_equal(raw.udp_full, 5);
    assert_int_equal(raw.tcp_resent, 88);
    assert_int_equal(raw.tcp_connections, 7);
    assert_int_equal(raw.sockets, 231);
    remove_tree(&tree);
}

static void a_machine_with_next_to_nothing_is_read(void **state)
{
    static struct host_raw raw;
    struct tree tree;

    (void)state;
    make_tree(&tree);
    put(&tree, "/proc/stat", "cpu  1 0 1 100\n");
    assert_int_equal(host_raw_read(tree.root, &raw, NULL), 0);
    assert_int_equal(raw.cpu_count, 0);
    assert_int_equal(raw.total.ticks[RAW_CPU_IDLE], 100);
    assert_false(raw.has_pressure);
    assert_false(raw.has_temperature);
    assert_false(raw.has_frequency);
    assert_int_equal(raw.disk_count, 0);
    assert_int_equal(raw.net_count, 0);
    remove_tree(&tree);
}

static void without_proc_it_says_so(void **state)
{
    static struct host_raw raw;
    struct tree tree;
    struct wf_err err = { 0 };

    (void)state;
    make_tree(&tree);
    assert_int_equal(host_raw_read(tree.root, &raw, &err), WF_ERR_ABSENT);
    assert_non_null(strstr(err.text, "is /proc mounted"));
    remove_tree(&tree);
}

static void an_old_kernel_without_memavailable_gets_an_estimate(void **state)
{
    static struct host_raw raw;
    struct tree tree;

    (void)state;
    make_tree(&tree);
    put(&tree, "/proc/stat", "cpu  1 0 1 100\n");
    put(&tree, "/proc/meminfo", "MemTotal: 100 kB\nMemFree: 10 kB\nBuffers: 5 kB\nCached: 20 kB\n");
    assert_int_equal(host_raw_read(tree.root, &raw, NULL), 0);
    assert_int_equal(raw.memory.available, 35 * 1024);
    remove_tree(&tree);
}

/* Whatever the files hold: no crash, no number from rubbish. */
static void damaged_files_give_no_numbers(void **state)
{
    static const char *const rubbish[] = {
        "",
        "\n",
        ":",
        "::::\n",
        "cpu",
        "cpu cpu cpu\n",
        "some avg10=\nfull avg10=x\n",
        "99999999999999999999999 99999999999999999999999 x\n",
        "-1 -2 -3\n",
        "\x80\xff\x01\n",
        "MemTotal\nMemTotal:\nMemTotal: x kB\n",
        "Udp: A\nUdp:\n",
        "Udp: InDatagrams\nUdp: -\n",
    };
    static const char *const paths[] = {
        "/proc/loadavg",         "/proc/uptime",
        "/proc/meminfo",         "/proc/sys/fs/file-nr",
        "/proc/cpuinfo",         "/proc/pressure/cpu",
        "/proc/pressure/memory", "/proc/pressure/io",
        "/proc/diskstats",       "/sys/class/thermal/thermal_zone0/temp",
        "/proc/net/dev",         "/proc/net/snmp",
        "/proc/net/sockstat",
    };
    static struct host_raw raw;
    struct tree tree;

    (void)state;
    make_tree(&tree);
    put(&tree, "/proc/stat", "cpu  1 0 1 100\n");
    for (size_t i = 0; i < WF_COUNT_OF(rubbish); i++) {
        for (size_t k = 0; k < WF_COUNT_OF(paths); k++)
            put(&tree, paths[k], rubbish[i]);
        assert_int_equal(host_raw_read(tree.root, &raw, NULL), 0);
        assert_int_equal(raw.net_count + raw.disk_count, 0);
        assert_int_equal(raw.udp_received, 0);
        assert_int_equal(raw.memory.total, 0);
        assert_false(raw.has_temperature && (raw.temperature_c > 150 || raw.temperature_c < -40));
    }
    for (size_t i = 0; i < WF_COUNT_OF(rubbish); i++) {
        put(&tree, "/proc/stat", rubbish[i]);
        assert_int_equal(host_raw_read(tree.root, &raw, NULL), WF_ERR_ABSENT);
    }
    remove_tree(&tree);
}

static void more_than_we_hold_is_cut_and_not_overrun(void **state)
{
    static struct host_raw raw;
    static char text[64 * 1024];
    struct tree tree;
    size_t len = 0;

    (void)state;
    make_tree(&tree);
    len = (size_t)snprintf(text, sizeof(text), "cpu  1 0 1 100\n");
    for (int i = 0; i < HOST_CPUS_MAX + 50; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "cpu%d 1 2 3 4 5\n", i);
    put(&tree, "/proc/stat", text);
    len = 0;
    for (int i = 0; i < 2 * HOST_ITEMS_MAX; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len,
                                "averyveryverylonginterfacename%d: 1 2 3 4 5 6 7 8 9 10 11 12 13 "
                                "14 15 16\n",
                                i);
    put(&tree, "/proc/net/dev", text);
    assert_int_equal(host_raw_read(tree.root, &raw, NULL), 0);
    assert_int_equal(raw.cpu_count, HOST_CPUS_MAX);
    assert_int_equal(raw.net_count, HOST_ITEMS_MAX);
    assert_int_equal(strlen(raw.nets[0].name), HOST_NAME_SIZE - 1);
    remove_tree(&tree);
}

static void this_machine_is_read(void **state)
{
    static struct host_raw raw;

    (void)state;
    assert_int_equal(host_raw_read("", &raw, NULL), 0);
    assert_true(raw.cpu_count > 0);
    assert_true(raw.memory.total > 0 && raw.memory.available <= raw.memory.total);
    assert_true(raw.uptime_s > 0.0);
    assert_true(raw.kernel[0] != '\0');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_machine_is_read),
        cmocka_unit_test(a_machine_with_next_to_nothing_is_read),
        cmocka_unit_test(without_proc_it_says_so),
        cmocka_unit_test(an_old_kernel_without_memavailable_gets_an_estimate),
        cmocka_unit_test(damaged_files_give_no_numbers),
        cmocka_unit_test(more_than_we_hold_is_cut_and_not_overrun),
        cmocka_unit_test(this_machine_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
