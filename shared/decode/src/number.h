/* SPDX-License-Identifier: MIT */
#ifndef WFD_NUMBER_H
#define WFD_NUMBER_H

/* Numbers between the bits of a packet and the members of a C struct, exact on the way. */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/schema.h>

enum wfd_number_kind { WFD_UNSIGNED, WFD_SIGNED, WFD_REAL };

struct wfd_number {
    enum wfd_number_kind kind;
    bool is_bad; /* the bits are no number of their encoding: a BCD digit above 9 */
    union {
        uint64_t u;
        int64_t i;
        double f;
    } as;
};

/* What `bits` of a parameter of that type and encoding mean. */
struct wfd_number wfd_number_from_bits(const struct wf_parameter *parameter, uint64_t bits);
/* The nearest the type, encoding and width can hold; NaN becomes 0 where there is none. */
uint64_t wfd_number_to_bits(const struct wf_parameter *parameter, struct wfd_number number);

double wfd_number_as_double(struct wfd_number number);

/* The number a member holds; WF_STORE_CHARS and _BYTES hold none. */
struct wfd_number wfd_number_load(enum wf_storage storage, const uint8_t *at);
/* Into a member; false when it does not fit (integers) and then `at` is untouched. */
bool wfd_number_store(enum wf_storage storage, struct wfd_number number, uint8_t *at);
/* The raw word of a parameter: u64, i64 or a double's bits, by its type. */
struct wfd_number wfd_number_load_raw(const struct wf_parameter *parameter, const uint8_t *at);
void wfd_number_store_raw(struct wfd_number number, uint8_t *at);

#endif /* WFD_NUMBER_H */
