/* SPDX-License-Identifier: MIT */
#ifndef WF_STRBUF_H
#define WF_STRBUF_H

/*
 * Text buffer - cannot overflow, remembers that it was cut.
 *
 * Two kinds, same functions: fixed (your array, never allocates, cuts) and
 * growing (heap, bounded by a ceiling you name). `text` is always ended and
 * may be read directly. Threads: belongs to whoever declared it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdarg.h>

#include <watchfloor/attributes.h>
#include <watchfloor/err.h>

struct wf_strbuf {
    char *text;      /* ended; valid until the next call or fini */
    size_t len;      /* without the end */
    size_t capacity; /* with room for the end */
    size_t ceiling;  /* growing kind: never larger than this; fixed kind: 0 */
    bool was_cut;    /* something did not fit, or memory ran out */
};

/* A fixed buffer over an array: struct wf_strbuf line = WF_STRBUF_FIXED(array); */
#define WF_STRBUF_FIXED(array)                                                                     \
    {                                                                                              \
        .text = ((array)[0] = '\0', (array)), .capacity = sizeof(array)                            \
    }

void wf_strbuf_init_fixed(struct wf_strbuf *buf, char *array, size_t size);
void wf_strbuf_init(struct wf_strbuf *buf, size_t ceiling);
void wf_strbuf_fini(struct wf_strbuf *buf); /* frees a growing one; safe twice */
void wf_strbuf_clear(struct wf_strbuf *buf);

void wf_strbuf_add(struct wf_strbuf *buf, const char *text);
void wf_strbuf_add_bytes(struct wf_strbuf *buf, const char *bytes, size_t len);
void wf_strbuf_add_char(struct wf_strbuf *buf, char c);
void wf_strbuf_addf(struct wf_strbuf *buf, const char *format, ...) WF_PRINTF(2, 3);
void wf_strbuf_vaddf(struct wf_strbuf *buf, const char *format, va_list args) WF_PRINTF(2, 0);

/* Copy `text` into a fixed array, always ended. Returns false when it was cut. */
bool wf_copy_text(char *out, size_t size, const char *text);

/* Compare without case, ASCII only whatever the locale. */
int wf_casecmp(const char *a, const char *b);

/*
 * Strict numbers: the whole of `text` (no blanks), decimal or 0x / 0b / 0o. INVALID with a
 * text that says what was expected; LIMIT when it does not fit. `out` only on success.
 */
int wf_parse_u64(const char *text, uint64_t *out, struct wf_err *err);
int wf_parse_i64(const char *text, int64_t *out, struct wf_err *err);
int wf_parse_double(const char *text, double *out, struct wf_err *err); /* also inf, nan */
int wf_parse_bool(const char *text, bool *out,
                  struct wf_err *err); /* yes/no true/false on/off 1/0 */
int wf_parse_duration_ns(const char *text, int64_t *out,
                         struct wf_err *err); /* 250ms 5s 10m 2h 7d; 0 */
int wf_parse_size(const char *text, uint64_t *out,
                  struct wf_err *err); /* 4096 64K 16M 2G, powers of 1024 */

/* Print a double so that reading it back gives the same double, as short as possible. */
void wf_strbuf_add_double(struct wf_strbuf *buf, double value);

#endif /* WF_STRBUF_H */
