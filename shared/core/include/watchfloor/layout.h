/* SPDX-License-Identifier: MIT */
#ifndef WF_LAYOUT_H
#define WF_LAYOUT_H

/*
 * Layout - the bytes of a region and of a directory, and nothing else.
 *
 * Programs use <watchfloor/region.h> and <watchfloor/publisher.h>; this is for
 * whoever reads the memory with other means. All numbers are in the byte order
 * of the machine, times int64 nanoseconds, texts ended by a 0 byte, everything
 * reserved is 0. A reader maps read-only, checks every number before using it
 * and never believes one twice without a copy.
 *
 * REGION "/wf.<instance>.<source>.<subsystem>" (names in lower case)
 *
 *   off size  what                 who writes, when           what a reader must do
 *     0    4  magic                writer: last at birth       load-acquire; 0 = not ready,
 *                                  (release), first at death   RETIRED = close, open again
 *     4    2  abi_major            birth                       differs: VERSION
 *     6    2  abi_minor            birth                       fields are only ever added
 *     8    4  endian               birth                       0x01020304, else VERSION
 *    12    4  header_bytes         birth                       where the rest begins
 *    16    8  total_bytes          birth                       equals the size of the mapping
 *    24    8  layout_hash          birth                       of the C struct
 *    32    8  schema_hash          birth                       of the canonical schema text
 *    40    8  created_ns           birth                       UTC; which life of the name
 *    48    4  kind                 birth                       1 samples, 2 table
 *    52    4  schema_offset        birth                       canonical text, not ended
 *    56    4  schema_bytes         birth
 *    60    4  slot_count           birth                       samples: 2^k, at least 8; table: rows
 *    64    4  slot_stride          birth                       multiple of 64
 *    68    4  slots_offset         birth                       multiple of 64
 *    72    4  payload_offset       birth                       inside a slot: 80
 *    76    4  payload_bytes        birth                       multiple of 8
 *    80    4  raw_offset           birth                       inside the payload: raw values
 *    84    4  quality_offset       birth                       inside the payload: quality bytes
 *    88    4  log_offset           birth                       table: the change log; else 0
 *    92    4  log_count            birth                       table: 2^k words; else 0
 *    96   16  boot_id              birth                       a lock of another boot is nobody's
 *   112    8  pid_namespace        birth                       of all writers
 *   120    4  uid                  birth                       equals the owner of the mapping
 *   124    4  reserved
 *   128   32  instance             birth
 *   160   56  source               birth
 *   216   56  subsystem            birth
 *   272   56  role                 birth                       which program writes it
 *   328   56  reserved
 *   384    8  epoch                start of a writer           one life of the writer
 *   392    8  heartbeat_mono_ns    once a second               the writer is alive
 *   400    4  writer_state         start, orderly stop         1 running, 2 stopped
 *   404   44  reserved
 *   448    8  head                 each sample (release)       load-acquire; number of the next
 *   456    8  last_sample_mono_ns  each sample                 0 = never
 *   464    8  aborted_writes       repair
 *   472    8  lock_recoveries      repair
 *   480    4  intent               table: row + 1 while it is being changed; writers only
 *   484   28  reserved
 *   512   64  lock                 the writers' own            never touch it
 *   576       schema text, change log, slots, each where the header says
 *
 * SLOT of a sample, number n lies in slot n mod slot_count
 *
 *     0    8  seq      2n+1 while it is being written, 2n+2 when it is complete
 *     8   72  stamp    struct wf_stamp (region.h): epoch, number, order, packet, sequence,
 *                      device_ns, received_ns, received_mono_ns, flags, lost_before,
 *                      rejected_before
 *    80       payload  C struct, raw values, quality bytes
 *
 *   Reading sample n: seq must be 2n+2 (acquire); copy as relaxed 64-bit words; acquire fence; seq
 *   must still be 2n+2. Otherwise nothing was read. The newest is head-1.
 *
 * ROW of a table: 64 bytes (head 8, reserved) and two slots of slot_stride each: a ring of two
 * samples, so that a writer stopped in the middle of a change hides nothing. A row whose newest
 * stamp has the flag WF_LAYOUT_ROW_REMOVED is empty. `number` in its stamp counts the changes of
 * the table. CHANGE LOG: change c is at word c mod log_count as (c mod 2^32) << 32 | row.
 *
 * DIRECTORY "/wf.<instance>.@<role>": which regions one program writes, and its bell
 *
 *     0    4  magic                as above, another number
 *     4    2  abi_major, 6 2 abi_minor, 8 4 endian, 12 4 header_bytes, 16 8 total_bytes
 *    24    8  created_ns           birth
 *    32    4  entry_count          birth                       entries there is room for
 *    36    4  entry_stride         birth                       128
 *    40    4  entries_offset       birth
 *    44    4  uid                  birth
 *    48   16  boot_id              birth
 *    64    8  pid_namespace        birth
 *    72   32  instance             birth
 *   104   56  role                 birth
 *   160  512  lease                birth                       path of the lease file
 *   672   32  reserved
 *   704    8  epoch                start of a writer
 *   712    8  heartbeat_mono_ns    once a second
 *   720    4  writer_state         start, orderly stop
 *   724    4  pid                  start                       for people; tells nothing about life
 *   768    8  changes              each change of an entry     load-acquire, look again if it moved
 *   776    4  region_count         each change of an entry
 *   832    4  bell                 each ring                   futex: wait while it is unchanged
 *   896    8  order                each sample; writer only
 *   960       entries
 *
 * ENTRY
 *     0    8  seq         odd while it is being changed; read as a slot is read
 *     8    8  created_ns  of the region; 0 = free
 *    16   56  source
 *    72   56  subsystem
 *
 * History: 1.0 first release.
 */

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define WF_LAYOUT_MAGIC_REGION    UINT32_C(0x31524657) /* "WFR1" in memory */
#define WF_LAYOUT_MAGIC_DIRECTORY UINT32_C(0x31444657) /* "WFD1" */
#define WF_LAYOUT_MAGIC_RETIRED   UINT32_C(0x58584657) /* "WFXX" */
#define WF_LAYOUT_ABI_MAJOR       1
#define WF_LAYOUT_ABI_MINOR       0
#define WF_LAYOUT_ENDIAN          UINT32_C(0x01020304)

#define WF_LAYOUT_KIND_SAMPLES    1
#define WF_LAYOUT_KIND_TABLE      2
#define WF_LAYOUT_ROW_REMOVED     (UINT32_C(1) << 31) /* in a stamp's flags */

#define WF_LAYOUT_INSTANCE_SIZE   32
#define WF_LAYOUT_NAME_SIZE       56
#define WF_LAYOUT_LEASE_SIZE      512

static_assert(ATOMIC_LLONG_LOCK_FREE == 2, "a 64-bit load must never be a store in disguise");
static_assert(ATOMIC_INT_LOCK_FREE == 2, "nor a 32-bit one");
static_assert(sizeof(void *) == 8, "32-bit machines have no plain 64-bit load");

struct wf_region_header {
    _Atomic uint32_t magic;
    uint16_t abi_major, abi_minor;
    uint32_t endian;
    uint32_t header_bytes;
    uint64_t total_bytes;
    uint64_t layout_hash, schema_hash;
    int64_t created_ns;
    uint32_t kind;
    uint32_t schema_offset, schema_bytes;
    uint32_t slot_count, slot_stride, slots_offset;
    uint32_t payload_offset, payload_bytes;
    uint32_t raw_offset, quality_offset;
    uint32_t log_offset, log_count;
    uint8_t boot_id[16];
    uint64_t pid_namespace;
    uint32_t uid;
    uint32_t reserved_a;
    char instance[WF_LAYOUT_INSTANCE_SIZE];
    char source[WF_LAYOUT_NAME_SIZE];
    char subsystem[WF_LAYOUT_NAME_SIZE];
    char role[WF_LAYOUT_NAME_SIZE];
    uint8_t reserved_b[56];

    /* A cache line for what changes rarely ... */
    _Atomic uint64_t epoch;
    _Atomic int64_t heartbeat_mono_ns;
    _Atomic uint32_t writer_state;
    uint8_t reserved_c[44];

    /* ... one for what changes with every sample ... */
    _Atomic uint64_t head;
    _Atomic int64_t last_sample_mono_ns;
    _Atomic uint64_t aborted_writes, lock_recoveries;
    _Atomic uint32_t intent;
    uint8_t reserved_d[28];

    /* ... and one for the writers' lock; what is in it, the platform knows. */
    uint64_t lock[8];
};

/* The part that does not change between birth and death. */
#define WF_LAYOUT_FIXED_BYTES 384

struct wf_slot {
    _Atomic uint64_t seq;
    _Atomic uint64_t words[]; /* nine of the stamp, then the payload */
};
#define WF_LAYOUT_STAMP_WORDS    9
#define WF_LAYOUT_PAYLOAD_OFFSET 80

struct wf_row {
    _Atomic uint64_t head;
    uint8_t reserved[56];
};

struct wf_directory_header {
    _Atomic uint32_t magic;
    uint16_t abi_major, abi_minor;
    uint32_t endian;
    uint32_t header_bytes;
    uint64_t total_bytes;
    int64_t created_ns;
    uint32_t entry_count, entry_stride, entries_offset;
    uint32_t uid;
    uint8_t boot_id[16];
    uint64_t pid_namespace;
    char instance[WF_LAYOUT_INSTANCE_SIZE];
    char role[WF_LAYOUT_NAME_SIZE];
    char lease[WF_LAYOUT_LEASE_SIZE];
    uint8_t reserved_a[32];

    _Atomic uint64_t epoch;
    _Atomic int64_t heartbeat_mono_ns;
    _Atomic uint32_t writer_state;
    _Atomic uint32_t pid;
    uint8_t reserved_b[40];

    _Atomic uint64_t changes;
    _Atomic uint32_t region_count;
    uint8_t reserved_c[52];

    _Atomic uint32_t bell;
    uint8_t reserved_d[60];

    _Atomic uint64_t order;
    uint8_t reserved_e[56];
};
#define WF_LAYOUT_DIRECTORY_FIXED_BYTES 704

struct wf_directory_entry {
    _Atomic uint64_t seq;
    _Atomic uint64_t words[15]; /* created_ns, source, subsystem */
};

#define WF_LAYOUT_AT(type, member, offset)                                                         \
    static_assert(offsetof(struct type, member) == (offset), #type "." #member " is at " #offset)

WF_LAYOUT_AT(wf_region_header, magic, 0);
WF_LAYOUT_AT(wf_region_header, abi_major, 4);
WF_LAYOUT_AT(wf_region_header, abi_minor, 6);
WF_LAYOUT_AT(wf_region_header, endian, 8);
WF_LAYOUT_AT(wf_region_header, header_bytes, 12);
WF_LAYOUT_AT(wf_region_header, total_bytes, 16);
WF_LAYOUT_AT(wf_region_header, layout_hash, 24);
WF_LAYOUT_AT(wf_region_header, schema_hash, 32);
WF_LAYOUT_AT(wf_region_header, created_ns, 40);
WF_LAYOUT_AT(wf_region_header, kind, 48);
WF_LAYOUT_AT(wf_region_header, schema_offset, 52);
WF_LAYOUT_AT(wf_region_header, schema_bytes, 56);
WF_LAYOUT_AT(wf_region_header, slot_count, 60);
WF_LAYOUT_AT(wf_region_header, slot_stride, 64);
WF_LAYOUT_AT(wf_region_header, slots_offset, 68);
WF_LAYOUT_AT(wf_region_header, payload_offset, 72);
WF_LAYOUT_AT(wf_region_header, payload_bytes, 76);
WF_LAYOUT_AT(wf_region_header, raw_offset, 80);
WF_LAYOUT_AT(wf_region_header, quality_offset, 84);
WF_LAYOUT_AT(wf_region_header, log_offset, 88);
WF_LAYOUT_AT(wf_region_header, log_count, 92);
WF_LAYOUT_AT(wf_region_header, boot_id, 96);
WF_LAYOUT_AT(wf_region_header, pid_namespace, 112);
WF_LAYOUT_AT(wf_region_header, uid, 120);
WF_LAYOUT_AT(wf_region_header, reserved_a, 124);
WF_LAYOUT_AT(wf_region_header, instance, 128);
WF_LAYOUT_AT(wf_region_header, source, 160);
WF_LAYOUT_AT(wf_region_header, subsystem, 216);
WF_LAYOUT_AT(wf_region_header, role, 272);
WF_LAYOUT_AT(wf_region_header, reserved_b, 328);
WF_LAYOUT_AT(wf_region_header, epoch, WF_LAYOUT_FIXED_BYTES);
WF_LAYOUT_AT(wf_region_header, heartbeat_mono_ns, 392);
WF_LAYOUT_AT(wf_region_header, writer_state, 400);
WF_LAYOUT_AT(wf_region_header, reserved_c, 404);
WF_LAYOUT_AT(wf_region_header, head, 448);
WF_LAYOUT_AT(wf_region_header, last_sample_mono_ns, 456);
WF_LAYOUT_AT(wf_region_header, aborted_writes, 464);
WF_LAYOUT_AT(wf_region_header, lock_recoveries, 472);
WF_LAYOUT_AT(wf_region_header, intent, 480);
WF_LAYOUT_AT(wf_region_header, reserved_d, 484);
WF_LAYOUT_AT(wf_region_header, lock, 512);
static_assert(sizeof(struct wf_region_header) == 576, "a region's header is 576 bytes");

WF_LAYOUT_AT(wf_slot, seq, 0);
WF_LAYOUT_AT(wf_slot, words, 8);
static_assert(8 + 8 * WF_LAYOUT_STAMP_WORDS == WF_LAYOUT_PAYLOAD_OFFSET, "stamp, then payload");
WF_LAYOUT_AT(wf_row, head, 0);
static_assert(sizeof(struct wf_row) == 64, "a row's head is one cache line");

WF_LAYOUT_AT(wf_directory_header, magic, 0);
WF_LAYOUT_AT(wf_directory_header, abi_major, 4);
WF_LAYOUT_AT(wf_directory_header, abi_minor, 6);
WF_LAYOUT_AT(wf_directory_header, endian, 8);
WF_LAYOUT_AT(wf_directory_header, header_bytes, 12);
WF_LAYOUT_AT(wf_directory_header, total_bytes, 16);
WF_LAYOUT_AT(wf_directory_header, created_ns, 24);
WF_LAYOUT_AT(wf_directory_header, entry_count, 32);
WF_LAYOUT_AT(wf_directory_header, entry_stride, 36);
WF_LAYOUT_AT(wf_directory_header, entries_offset, 40);
WF_LAYOUT_AT(wf_directory_header, uid, 44);
WF_LAYOUT_AT(wf_directory_header, boot_id, 48);
WF_LAYOUT_AT(wf_directory_header, pid_namespace, 64);
WF_LAYOUT_AT(wf_directory_header, instance, 72);
WF_LAYOUT_AT(wf_directory_header, role, 104);
WF_LAYOUT_AT(wf_directory_header, lease, 160);
WF_LAYOUT_AT(wf_directory_header, reserved_a, 672);
WF_LAYOUT_AT(wf_directory_header, epoch, WF_LAYOUT_DIRECTORY_FIXED_BYTES);
WF_LAYOUT_AT(wf_directory_header, heartbeat_mono_ns, 712);
WF_LAYOUT_AT(wf_directory_header, writer_state, 720);
WF_LAYOUT_AT(wf_directory_header, pid, 724);
WF_LAYOUT_AT(wf_directory_header, changes, 768);
WF_LAYOUT_AT(wf_directory_header, region_count, 776);
WF_LAYOUT_AT(wf_directory_header, bell, 832);
WF_LAYOUT_AT(wf_directory_header, order, 896);
static_assert(sizeof(struct wf_directory_header) == 960, "a directory's header is 960 bytes");
WF_LAYOUT_AT(wf_directory_entry, seq, 0);
WF_LAYOUT_AT(wf_directory_entry, words, 8);
static_assert(sizeof(struct wf_directory_entry) == 128, "an entry is 128 bytes");

#endif /* WF_LAYOUT_H */
