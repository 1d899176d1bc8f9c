/* SPDX-License-Identifier: MIT */
/* The C locale for numbers: see locale_c.h. */

#include "locale_c.h"

#include <pthread.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t c_locale; /* stays (locale_t)0 without memory: then nothing is changed */

static void make_c_locale(void)
{
    c_locale = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
}

void wfi_c_locale_enter(struct wfi_c_locale *locale)
{
    (void)pthread_once(&once, make_c_locale);
    locale->before = c_locale == (locale_t)0 ? (locale_t)0 : uselocale(c_locale);
}

void wfi_c_locale_leave(struct wfi_c_locale *locale)
{
    if (locale->before != (locale_t)0)
        (void)uselocale(locale->before);
    locale->before = (locale_t)0;
}
