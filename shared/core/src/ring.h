/* SPDX-License-Identifier: MIT */
#ifndef WFI_RING_H
#define WFI_RING_H

/*
 * Ring - writing and reading one slot: the memory orders, in one place.
 *
 * Slots of samples, rows of tables and entries of directories all go through
 * here. Why it is right: shared/core/README.md, "Memory order". Everything is
 * inline, since these few lines are the hot path of every program.
 *
 * Each value that shared memory yields is loaded exactly once.
 */

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <watchfloor/layout.h>
#include <watchfloor/region.h>

#define WFI_STAMP_AT(member, offset)                                                               \
    static_assert(offsetof(struct wf_stamp, member) == (offset), "stamp." #member " is as in "     \
                                                                 "layout.h")
WFI_STAMP_AT(epoch, 0);
WFI_STAMP_AT(number, 8);
WFI_STAMP_AT(order, 16);
WFI_STAMP_AT(packet, 24);
WFI_STAMP_AT(sequence, 32);
WFI_STAMP_AT(device_ns, 40);
WFI_STAMP_AT(received_ns, 48);
WFI_STAMP_AT(received_mono_ns, 56);
WFI_STAMP_AT(flags, 64);
WFI_STAMP_AT(lost_before, 68);
WFI_STAMP_AT(rejected_before, 70);
static_assert(sizeof(struct wf_stamp) == 8 * WF_LAYOUT_STAMP_WORDS, "a stamp is copied as it is");

/* One word, through a register: `plain` need not be aligned. */
static inline void wfi_word_store(_Atomic uint64_t *to, const unsigned char *plain)
{
    uint64_t word;

    memcpy(&word, plain, sizeof(word));
    atomic_store_explicit(to, word, memory_order_relaxed);
}

static inline void wfi_word_load(unsigned char *plain, const _Atomic uint64_t *from)
{
    uint64_t word = atomic_load_explicit(from, memory_order_relaxed);

    memcpy(plain, &word, sizeof(word));
}

/* Store `count` words relaxed, by four: compilers neither join nor unroll atomics. */
static inline void wfi_words_store(_Atomic uint64_t *to, const void *from, size_t count)
{
    const unsigned char *bytes = from;

    for (size_t fours = count / 4; fours > 0; fours--, to += 4, bytes += 32) {
        wfi_word_store(&to[0], bytes);
        wfi_word_store(&to[1], bytes + 8);
        wfi_word_store(&to[2], bytes + 16);
        wfi_word_store(&to[3], bytes + 24);
    }
    for (size_t rest = count % 4; rest > 0; rest--, to++, bytes += 8)
        wfi_word_store(to, bytes);
}

static inline void wfi_words_load(void *to, const _Atomic uint64_t *from, size_t count)
{
    unsigned char *bytes = to;

    for (size_t fours = count / 4; fours > 0; fours--, from += 4, bytes += 32) {
        wfi_word_load(bytes, &from[0]);
        wfi_word_load(bytes + 8, &from[1]);
        wfi_word_load(bytes + 16, &from[2]);
        wfi_word_load(bytes + 24, &from[3]);
    }
    for (size_t rest = count % 4; rest > 0; rest--, from++, bytes += 8)
        wfi_word_load(bytes, from);
}

/* The sequence word of a slot: what it says when sample `n` is in it, whole. */
static inline uint64_t wfi_seq_complete(uint64_t n)
{
    return 2 * n + 2;
}

/* Writer, lock held: mark the slot as being written. */
static inline void wfi_slot_begin(_Atomic uint64_t *seq, uint64_t n)
{
    atomic_store_explicit(seq, 2 * n + 1, memory_order_relaxed);
    atomic_thread_fence(memory_order_release); /* the odd mark before the words */
}

/* The words before the even mark; pairs with the acquire in wfi_slot_is_complete. */
static inline void wfi_slot_end(_Atomic uint64_t *seq, uint64_t n)
{
    atomic_store_explicit(seq, wfi_seq_complete(n), memory_order_release);
}

/* Reader: is sample `n` in this slot? Pairs with wfi_slot_end. */
static inline bool wfi_slot_is_complete(const _Atomic uint64_t *seq, uint64_t n)
{
    return atomic_load_explicit(seq, memory_order_acquire) == wfi_seq_complete(n);
}

/*
 * Reader, after loading words: was it sample `n` all the time? The fence pairs
 * with the one in wfi_slot_begin: who saw a word of a later sample sees its odd mark.
 */
static inline bool wfi_slot_is_still(const _Atomic uint64_t *seq, uint64_t n)
{
    atomic_thread_fence(memory_order_acquire);
    return atomic_load_explicit(seq, memory_order_relaxed) == wfi_seq_complete(n);
}

static inline void wfi_slot_write(struct wf_slot *slot, uint64_t n, const struct wf_stamp *stamp,
                                  const void *payload, size_t payload_words)
{
    wfi_slot_begin(&slot->seq, n);
    wfi_words_store(slot->words, stamp, WF_LAYOUT_STAMP_WORDS);
    wfi_words_store(slot->words + WF_LAYOUT_STAMP_WORDS, payload, payload_words);
    wfi_slot_end(&slot->seq, n);
}

/* One try, no spinning. False: sample `n` is not, or no longer, in this slot; out is rubbish. */
static inline bool wfi_slot_read(const struct wf_slot *slot, uint64_t n, struct wf_stamp *out_stamp,
                                 void *out_payload, size_t payload_words)
{
    if (!wfi_slot_is_complete(&slot->seq, n))
        return false;
    wfi_words_load(out_stamp, slot->words, WF_LAYOUT_STAMP_WORDS);
    wfi_words_load(out_payload, slot->words + WF_LAYOUT_STAMP_WORDS, payload_words);
    return wfi_slot_is_still(&slot->seq, n);
}

#endif /* WFI_RING_H */
