/* SPDX-License-Identifier: MIT */
#ifndef WF_REGION_H
#define WF_REGION_H

/*
 * Region - the named mapping that holds the newest samples of one subsystem.
 *
 * This is the reader's side. One program writes a region (publisher.h); any
 * number of monitors open it. They map it read-only, take no lock, never delay
 * the writer and may die at any moment without leaving a trace. Nothing in a
 * region is believed before it was checked.
 *
 * Bytes:   <watchfloor/layout.h>.   Birth, death, adoption: shared/core/README.md.
 * Threads: a handle belongs to the thread that uses it; no call blocks.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <watchfloor/err.h>
#include <watchfloor/schema.h>
#include <watchfloor/value.h>

struct wf_region;

enum wf_sample_flag {
    WF_SAMPLE_LATE = 1u << 0,        /* older than one already seen */
    WF_SAMPLE_GAP_BEFORE = 1u << 1,  /* packets are missing before it */
    WF_SAMPLE_SHORT = 1u << 2,       /* packet ended before the definition did */
    WF_SAMPLE_LONG = 1u << 3,        /* packet has more than the definition */
    WF_SAMPLE_DUPLICATE = 1u << 4,   /* same sequence count as one already seen */
    WF_SAMPLE_TIME_BAD = 1u << 5,    /* device time missing or not believable; received is used */
    WF_SAMPLE_REPLAY = 1u << 6,      /* published from history */
    WF_SAMPLE_RESTART = 1u << 7,     /* the source's counter started again */
    WF_SAMPLE_IMPORTED = 1u << 8,    /* in history only: brought in later, never published */
    WF_SAMPLE_DROP_BEFORE = 1u << 9, /* with GAP_BEFORE: meanwhile the kernel dropped datagrams */
};

/* What was known about one sample, beside the struct itself. */
struct wf_stamp {
    uint64_t epoch;           /* one life of the writer: UTC ns when it took its lease */
    uint64_t number;          /* 0, 1, 2 ... of this region, continuing through restarts */
    uint64_t order;           /* counted over the whole writing program */
    uint64_t packet;          /* number of the packet it came from, over the whole program */
    uint64_t sequence;        /* source sequence count, unwrapped */
    int64_t device_ns;        /* measured at; UTC; WF_TIME_NONE when the packet has none */
    int64_t received_ns;      /* received at; UTC (kernel time stamp) */
    int64_t received_mono_ns; /* the same moment, monotonic */
    uint32_t flags;           /* enum wf_sample_flag */
    uint16_t lost_before;     /* packets missing before it, by the source's count (GAP_BEFORE) */
    uint16_t rejected_before; /* packets of its subsystem rejected since the sample before it */
};

enum wf_writer_state { WF_WRITER_RUNNING = 1, WF_WRITER_STOPPED = 2 };

/* Writers give a sign of life once a second; one that gave none for so long is taken for dead. */
#define WF_HEARTBEAT_MAX_NS INT64_C(3000000000)

struct wf_region_info {
    char instance[32], source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE], role[WF_NAME_SIZE];
    enum wf_region_kind kind;
    int64_t created_ns; /* UTC; a successor at the same name counts from 0 again */
    uint64_t head;      /* samples ever published = number of the next one */
    uint64_t epoch;
    uint32_t slot_count;
    uint64_t total_bytes;
    enum wf_writer_state writer_state;
    int64_t heartbeat_mono_ns;   /* the writer was alive then */
    int64_t last_sample_mono_ns; /* 0 = never */
    uint64_t aborted_writes, lock_recoveries;
    uint64_t layout_hash, schema_hash;
};

/*
 * Open `source`.`subsystem` of `instance` for reading. The caller owns
 * *out_region until wf_region_close(); the schema belongs to the region.
 *
 *   WF_ERR_ABSENT    nobody published it (yet)
 *   WF_ERR_GONE      it was retired just now; look again
 *   WF_ERR_VERSION   another release wrote it; waiting will not help
 *   WF_ERR_CORRUPT   its header contradicts itself, or its owner is not to be trusted
 *   WF_ERR_DENIED    not permitted
 */
int wf_region_open(const char *instance, const char *source, const char *subsystem,
                   struct wf_region **out_region, struct wf_err *err);
void wf_region_close(struct wf_region **region);

/* Does its writer run, and gave a sign of life lately? */
static inline bool wf_region_is_written(const struct wf_region_info *info, int64_t now_mono_ns)
{
    return info->writer_state == WF_WRITER_RUNNING &&
           now_mono_ns - info->heartbeat_mono_ns <= WF_HEARTBEAT_MAX_NS;
}

const struct wf_schema *wf_region_schema(const struct wf_region *region);
void wf_region_info(const struct wf_region *region, struct wf_region_info *out);

/*
 * Is the mapping still the one its name leads to? 0, or WF_ERR_GONE: it was
 * retired (schema changed, removed); close and open again. Cheap enough for once a second.
 */
int wf_region_check(const struct wf_region *region);

/*
 * Copy the newest sample out, whole or not at all. `size` must be at least
 * schema->payload_bytes.
 *   WF_ERR_ABSENT    never received since this region was born
 *   WF_ERR_BUSY      lapped three times running; show the previous one
 */
int wf_region_latest(const struct wf_region *region, void *out_payload, size_t size,
                     struct wf_stamp *out_stamp);

/*
 * Copy sample `number`.
 *   WF_ERR_ABSENT    not published yet
 *   WF_ERR_GONE      overwritten already
 */
int wf_region_read(const struct wf_region *region, uint64_t number, void *out_payload, size_t size,
                   struct wf_stamp *out_stamp);

/*
 * One scalar of the newest sample, without copying the rest; text, bytes and
 * arrays are not scalars (WF_ERR_INVALID). *out_received_mono_ns may be NULL.
 * Errors as wf_region_latest. The quality is the stored one.
 */
int wf_region_value(const struct wf_region *region, size_t parameter, struct wf_value *out,
                    int64_t *out_received_mono_ns);

/*
 * Follow a region from wherever you are. Zero-initialise to start with the
 * oldest sample there is; set next = info.head to start with the next new one.
 * Invariant: delivered + lost == next - first.
 */
struct wf_cursor {
    uint64_t next; /* number wanted next */
    uint64_t delivered, lost;
};
/*
 * 0 with one sample; WF_ERR_ABSENT when there is none yet; WF_ERR_LIMIT when
 * samples were overwritten before they were read: *out_lost of them, from the old
 * cursor->next on, and the cursor now points behind them (call again); WF_ERR_GONE
 * when the cursor is beyond the head: it counts the samples of another region
 * that had this name before (info.created_ns tells them apart).
 */
int wf_region_next(const struct wf_region *region, struct wf_cursor *cursor, void *out_payload,
                   size_t size, struct wf_stamp *out_stamp, uint64_t *out_lost);

/* STALE / NEVER as of `now_mono_ns` by the schema's stale_after, else the stored `quality`. */
enum wf_quality wf_quality_now(const struct wf_schema *schema, enum wf_quality stored,
                               int64_t received_mono_ns, int64_t now_mono_ns);

/* --- table regions: rows by key (alarms, counters, processes) ----------------------------- */

/* Copy row `row` (0 .. schema->row_max-1): WF_ERR_ABSENT empty, WF_ERR_BUSY changing. */
int wf_region_row(const struct wf_region *region, uint32_t row, void *out_payload, size_t size,
                  struct wf_stamp *out_stamp);
/* Changes ever made to the table (the change log's head); poll it to notice changes. */
uint64_t wf_region_changes(const struct wf_region *region);
/* Which row changed as change number `change`; WF_ERR_GONE when the log has passed it. */
int wf_region_change(const struct wf_region *region, uint64_t change, uint32_t *out_row);

#endif /* WF_REGION_H */
