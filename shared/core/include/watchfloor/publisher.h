/* SPDX-License-Identifier: MIT */
#ifndef WF_PUBLISHER_H
#define WF_PUBLISHER_H

/*
 * Publisher - the writing side: one program's regions, its directory and bell.
 *
 * A writing program (role: "receiver", "logger", "alert", "up") opens one
 * publisher per instance. That takes a lease (an OFD lock on a file below the
 * state folder) which the kernel releases when the program dies, publishes the
 * directory /wf.<instance>.@<role>, and adopts or retires what an earlier life left.
 *
 * Threads: one at a time per publisher; the library keeps one helper thread of
 * its own for waking many sleepers. Publishing allocates nothing.
 */

#include <stdint.h>

#include <watchfloor/region.h>

struct wf_publisher;
struct wf_writer; /* one region of a publisher */

struct wf_publisher_options {
    const char *instance;
    const char *role;
    const char *state;   /* state folder; the lease lies in <state>/lease */
    uint32_t region_max; /* directory entries; default 4096 */
    const char *group;   /* group that may read; NULL = the caller's own */
    int mode;            /* of mappings; 0 = 0640 */

    /* Where a schema does not say how deep its ring is: deep enough for this long. Default 10 s. */
    int64_t ring_time_ns;
    uint64_t memory_max; /* all regions together, bytes; 0 = no ceiling of ours */
};

/*
 *   WF_ERR_BUSY      another process holds the lease (err names its pid)
 *   WF_ERR_DENIED    the name belongs to another user (err says who); nothing was touched
 *   WF_ERR_NOSPACE   /dev/shm or the state folder is full (err says how much is needed)
 */
int wf_publisher_open(const struct wf_publisher_options *options,
                      struct wf_publisher **out_publisher, struct wf_err *err);

/*
 * Orderly stop: writers' state becomes STOPPED; the regions stay, so that
 * readers show the last values. The memory of regions is never unmapped before exit.
 */
void wf_publisher_close(struct wf_publisher **publisher);
/*
 * Instead of close, when the program cannot start after all: what this life made is removed
 * again. What an earlier life left, and this one adopted, stays as if stopped.
 */
void wf_publisher_abandon(struct wf_publisher **publisher);

uint64_t wf_publisher_epoch(const struct wf_publisher *publisher);
/* Bytes of shared memory that all its regions take together. */
uint64_t wf_publisher_memory(const struct wf_publisher *publisher);

/*
 * Create or adopt the region `source`.`schema->name`. Adopted when everything
 * about it fits (numbers continue); otherwise what is there is retired and a
 * new one made, *out_was_adopted (may be NULL) tells. The schema is copied. The
 * writer belongs to the publisher.
 *
 *   WF_ERR_EXISTS    added already, or written by another role
 *   WF_ERR_LIMIT     the directory is full, or memory_max would be exceeded
 *   WF_ERR_DENIED WF_ERR_NOSPACE as above
 */
int wf_publisher_add(struct wf_publisher *publisher, const char *source,
                     const struct wf_schema *schema, struct wf_writer **out_writer,
                     bool *out_was_adopted, struct wf_err *err);
/*
 * Once all regions are added: retire those that an earlier life of this role
 * left and this one did not add again. Returns how many, or a negative WF_ERR_*.
 */
int wf_publisher_settle(struct wf_publisher *publisher, struct wf_err *err);
/* Retire a region (configuration no longer names it) and remove its name. */
void wf_publisher_remove(struct wf_publisher *publisher, struct wf_writer **writer);

/*
 * Publish one sample. `stamp` gives everything but epoch, number and order,
 * which are filled in. Takes the region's mutex (limit 100 ms), repairs after
 * an owner's death. Does not ring.
 *   WF_ERR_BUSY   the mutex was not had in time; the sample is not published
 */
int wf_writer_publish(struct wf_writer *writer, struct wf_stamp *stamp, const void *payload);

/*
 * The same, writing only the first `bytes` of the payload (a multiple of 8, at most
 * payload_bytes; INVALID otherwise): readers find what an earlier sample left behind them. For
 * samples that say themselves how much of them means something.
 */
int wf_writer_publish_prefix(struct wf_writer *writer, struct wf_stamp *stamp, const void *payload,
                             size_t bytes);

/*
 * For many samples at once: take the region's lock (BUSY as above), publish any number
 * with wf_writer_publish, and let go soon. Readers see every sample at once all the same.
 */
int wf_writer_hold(struct wf_writer *writer);
void wf_writer_release(struct wf_writer *writer);

/* Table regions: set or remove the row with the key that `payload` carries. LIMIT: table full. */
int wf_writer_set_row(struct wf_writer *writer, struct wf_stamp *stamp, const void *payload);
int wf_writer_remove_row(struct wf_writer *writer, const char *key);

/* What readers will see as head; and the schema the region was made with. */
uint64_t wf_writer_head(const struct wf_writer *writer);
const struct wf_schema *wf_writer_schema(const struct wf_writer *writer);
/* Samples that are kept (0 for a table): a reader that looks less often than that loses some. */
uint64_t wf_writer_slots(const struct wf_writer *writer);

/* Wake whoever waits, once per batch: bounded cost, coalesced (see shared/core/README.md). */
void wf_publisher_ring(struct wf_publisher *publisher);
/* Say that this program is alive; call at least once a second. */
void wf_publisher_heartbeat(struct wf_publisher *publisher, int64_t now_mono_ns);

#endif /* WF_PUBLISHER_H */
