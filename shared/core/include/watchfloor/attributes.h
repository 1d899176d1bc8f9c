/* SPDX-License-Identifier: MIT */
#ifndef WF_ATTRIBUTES_H
#define WF_ATTRIBUTES_H

/* Attributes - the few compiler extensions we use, behind names. */

#include <stddef.h>

#if defined(__GNUC__) || defined(__clang__)
#define WF_PRINTF(format_at, first_at) __attribute__((format(printf, format_at, first_at)))
#define WF_NORETURN                    __attribute__((noreturn))
#define WF_LIKELY(x)                   __builtin_expect(!!(x), 1)
#define WF_UNLIKELY(x)                 __builtin_expect(!!(x), 0)
#define WF_EXPORT                      __attribute__((visibility("default")))
#else
#define WF_PRINTF(format_at, first_at)
#define WF_NORETURN
#define WF_LIKELY(x)   (x)
#define WF_UNLIKELY(x) (x)
#define WF_EXPORT
#endif

#define WF_COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif /* WF_ATTRIBUTES_H */
