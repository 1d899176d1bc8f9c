/* SPDX-License-Identifier: MIT */
#ifndef NOTIFY_TRANSFER_H
#define NOTIFY_TRANSFER_H

/* What webhook and mail share of libcurl: one transfer before a deadline, verified, bounded. */

#include <curl/curl.h>
#include <stdint.h>

#include <watchfloor/notify.h>

/* The kinds of address a transfer may use. */
#define TRANSFER_WEB  0
#define TRANSFER_MAIL 1

/*
 * A handle with what every transfer of ours gets: no signals, certificates verified, nothing beyond
 * the protocols of `kind`, no redirects. NULL: out of memory.
 */
CURL *transfer_begin(const char *url, int kind, const char *ca_file);

/* Run it. The first bytes of the answer are kept in `answer`. A code of libcurl. */
CURLcode transfer_run(CURL *curl, int64_t deadline_mono_ns, struct wf_strbuf *answer,
                      struct wf_strbuf *why);

/* The first line of a small file that others may not read, for a password or secret. */
int transfer_read_secret(const char *setting, const char *path, char *out, size_t size,
                         struct wf_err *err);

#endif /* NOTIFY_TRANSFER_H */
