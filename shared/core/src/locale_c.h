/* SPDX-License-Identifier: MIT */
#ifndef WFI_LOCALE_C_H
#define WFI_LOCALE_C_H

/*
 * Numbers are read and written in the C locale whatever the program's locale
 * is: a decimal comma in a file or an export would be another number.
 */

#include <locale.h>

struct wfi_c_locale {
    locale_t before; /* 0 when nothing was changed */
};

/* For this thread, until leave. */
void wfi_c_locale_enter(struct wfi_c_locale *locale);
void wfi_c_locale_leave(struct wfi_c_locale *locale);

#endif /* WFI_LOCALE_C_H */
