/* SPDX-License-Identifier: MIT */
/* One transfer: see transfer.h. */

#include "transfer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <watchfloor/clock.h>

/* An answer is of no use beyond its first words; a server that floods us is cut off. */
#define ANSWER_MAX (64u * 1024)

/* Named by words since 7.85; the older way is gone in some later release. */
#if LIBCURL_VERSION_NUM >= 0x075500
#define PROTOCOLS      CURLOPT_PROTOCOLS_STR
#define PROTOCOLS_WEB  "http,https"
#define PROTOCOLS_MAIL "smtp,smtps"
typedef const char *protocols_type;
#else
#define PROTOCOLS      CURLOPT_PROTOCOLS
#define PROTOCOLS_WEB  (CURLPROTO_HTTP | CURLPROTO_HTTPS)
#define PROTOCOLS_MAIL (CURLPROTO_SMTP | CURLPROTO_SMTPS)
typedef long protocols_type;
#endif

struct answer {
    struct wf_strbuf *text;
    size_t seen;
};

static size_t take_answer(char *bytes, size_t size, size_t count, void *context)
{
    struct answer *answer = context;
    size_t len = size * count;

    answer->seen += len;
    for (size_t i = 0; i < len && answer->text->len < 120; i++)
        wf_strbuf_add_char(answer->text, bytes[i] >= ' ' && bytes[i] < 0x7f ? bytes[i] : ' ');
    return answer->seen <= ANSWER_MAX ? len : 0;
}

CURL *transfer_begin(const char *url, int kind, const char *ca_file)
{
    CURL *curl = curl_easy_init();
    protocols_type protocols = kind == TRANSFER_MAIL ? PROTOCOLS_MAIL : PROTOCOLS_WEB;

    if (curl == NULL)
        return NULL;
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, PROTOCOLS, protocols);
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (ca_file[0] != '\0')
        (void)curl_easy_setopt(curl, CURLOPT_CAINFO, ca_file);
    return curl;
}

CURLcode transfer_run(CURL *curl, int64_t deadline_mono_ns, struct wf_strbuf *text,
                      struct wf_strbuf *why)
{
    struct answer answer = { .text = text };
    char words[CURL_ERROR_SIZE] = "";
    int64_t left_ms = (deadline_mono_ns - wf_mono_now_ns()) / WF_NS_PER_MS;
    CURLcode code;

    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left_ms > 1 ? (long)left_ms : 1L);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, words);
    code = curl_easy_perform(curl);
    if (code != CURLE_OK)
        wf_strbuf_add(why, words[0] != '\0' ? words : curl_easy_strerror(code));
    (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    return code;
}

int transfer_read_secret(const char *setting, const char *path, char *out, size_t size,
                         struct wf_err *err)
{
    struct stat status;
    FILE *file = fopen(path, "re");
    int rc = 0;

    if (file == NULL)
        return wf_fail_errno(err, errno, "%s: %s", setting, path);
    if (fstat(fileno(file), &status) != 0 || (status.st_mode & S_IRWXO) != 0)
        rc = wf_fail(err, WF_ERR_DENIED, "%s: %s may be read by anybody; chmod o= it", setting,
                     path);
    else if (fgets(out, (int)size, file) == NULL || out[strcspn(out, "\r\n")] == '\0')
        rc = feof(file) && out[0] != '\0'
                 ? 0
                 : wf_fail(err, WF_ERR_INVALID, "%s: %s: expected one line of up to %zu bytes",
                           setting, path, size - 2);
    (void)fclose(file);
    if (rc == 0)
        out[strcspn(out, "\r\n")] = '\0';
    if (rc == 0 && out[0] == '\0')
        rc = wf_fail(err, WF_ERR_INVALID, "%s: the first line of %s is empty", setting, path);
    return rc;
}
