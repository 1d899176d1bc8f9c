/* SPDX-License-Identifier: MIT */
/* Signatures by OpenSSL's libcrypto: see sign.h. */

#include "sign.h"

#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

bool sign_is_possible(void)
{
    return true;
}

bool sign_add(const char *secret, const char *text, size_t len, struct wf_strbuf *out)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned digest_len = 0;

    if (HMAC(EVP_sha256(), secret, (int)strlen(secret), (const unsigned char *)text, len, digest,
             &digest_len) == NULL)
        return false;
    for (unsigned i = 0; i < digest_len; i++)
        wf_strbuf_addf(out, "%02x", digest[i]);
    return true;
}
