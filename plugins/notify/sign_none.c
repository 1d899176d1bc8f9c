/* SPDX-License-Identifier: MIT */
/* Built without libcrypto: nothing can be signed. See sign.h. */

#include "sign.h"

bool sign_is_possible(void)
{
    return false;
}

bool sign_add(const char *secret, const char *text, size_t len, struct wf_strbuf *out)
{
    (void)secret;
    (void)text;
    (void)len;
    (void)out;
    return false;
}
