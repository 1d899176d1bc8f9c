/* SPDX-License-Identifier: MIT */
/* webhook - posts each message as JSON to an address of the web. */

#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/plugin.h>

#include "sign.h"
#include "transfer.h"

#define SECRET_SIZE 256

struct target {
    char *url, *header, *ca_file;
    char token[SECRET_SIZE], secret[SECRET_SIZE];
    CURL *curl; /* kept, so that a connection may be used again */
};

static const struct wf_notify_key keys[] = {
    { "url", true, "http:// or https:// address that gets a POST" },
    { "header", false, "one more header, as `X-Key: value`" },
    { "token_file", false, "file with a token for `Authorization: Bearer`" },
    { "secret_file", false, "file with a secret that messages are signed with (HMAC-SHA-256)" },
    { "ca_file", false, "certificates to trust instead of the system's" },
    { NULL, false, NULL },
};

static void close_target(void *state)
{
    struct target *target = state;

    if (target->curl != NULL)
        curl_easy_cleanup(target->curl);
    free(target->url);
    free(target->header);
    free(target->ca_file);
    free(target);
}

static int read_settings(const struct wf_notify_setup *setup, struct target *target,
                         struct wf_err *err)
{
    const char *token = wf_notify_setting(setup, "token_file", "");
    const char *secret = wf_notify_setting(setup, "secret_file", "");
    int rc = 0;

    target->url = strdup(wf_notify_setting(setup, "url", ""));
    target->header = strdup(wf_notify_setting(setup, "header", ""));
    target->ca_file = strdup(wf_notify_setting(setup, "ca_file", ""));
    if (target->url == NULL || target->header == NULL || target->ca_file == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (strncmp(target->url, "http://", 7) != 0 && strncmp(target->url, "https://", 8) != 0)
        return wf_fail(err, WF_ERR_INVALID, "url: expected http://... or https://...");
    if (target->header[0] != '\0' && strchr(target->header, ':') == NULL)
        return wf_fail(err, WF_ERR_INVALID, "header: expected `Name: value`");
    if (target->ca_file[0] != '\0' && access(target->ca_file, R_OK) != 0)
        return wf_fail(err, WF_ERR_ABSENT, "ca_file: %.150s cannot be read", target->ca_file);
    if (token[0] != '\0')
        rc = transfer_read_secret("token_file", token, target->token, SECRET_SIZE, err);
    if (rc == 0 && secret[0] != '\0') {
        rc = transfer_read_secret("secret_file", secret, target->secret, SECRET_SIZE, err);
        if (rc == 0 && !sign_is_possible())
            rc = wf_fail(err, WF_ERR_ABSENT,
                         "secret_file: this build cannot sign; install libssl-dev and build anew");
    }
    return rc;
}

static int open_target(const struct wf_notify_setup *setup, void **out_state, struct wf_err *err)
{
    struct target *target = calloc(1, sizeof(*target));
    int rc;

    if (target == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = read_settings(setup, target, err);
    if (rc == 0 &&
        (target->curl = transfer_begin(target->url, TRANSFER_WEB, target->ca_file)) == NULL)
        rc = wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (rc < 0) {
        close_target(target);
        return rc;
    }
    *out_state = target;
    return 0;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name, const char *value)
{
    char text[1024];
    struct wf_strbuf line = WF_STRBUF_FIXED(text);
    struct curl_slist *more;

    wf_strbuf_addf(&line, "%s: %s", name, value);
    more = curl_slist_append(list, text);
    return more != NULL ? more : list;
}

/* "t=SECONDS,v1=HEX" over "SECONDS.BODY", so that an old message cannot be sent again. */
static struct curl_slist *add_signature(struct curl_slist *list, const char *secret,
                                        const char *json)
{
    char room[128];
    struct wf_strbuf value = WF_STRBUF_FIXED(room);
    struct wf_strbuf text;
    long long now_s = (long long)(wf_utc_now_ns() / WF_NS_PER_S);
    bool is_signed;

    wf_strbuf_init(&text, 4u << 20);
    wf_strbuf_addf(&text, "%lld.", now_s);
    wf_strbuf_add(&text, json);
    wf_strbuf_addf(&value, "t=%lld,v1=", now_s);
    is_signed = !text.was_cut && sign_add(secret, text.text, text.len, &value);
    wf_strbuf_fini(&text);
    return is_signed ? add_header(list, "X-Watchfloor-Signature", room) : list;
}

static enum wf_notify_result judge(long status, const char *answer, struct wf_strbuf *why)
{
    if (status >= 200 && status < 300)
        return WF_NOTIFY_OK;
    wf_strbuf_addf(why, "HTTP %ld%s%s", status, answer[0] != '\0' ? ": " : "", answer);
    /* Come back later, or a fault of the server; anything else is a fault of ours. */
    return status == 408 || status == 425 || status == 429 || status >= 500 ? WF_NOTIFY_RETRY
                                                                            : WF_NOTIFY_REFUSE;
}

static enum wf_notify_result deliver(void *state, const struct wf_notification *message,
                                     int64_t deadline_mono_ns, struct wf_strbuf *why)
{
    struct target *target = state;
    struct curl_slist *headers = NULL;
    char room[128];
    struct wf_strbuf answer = WF_STRBUF_FIXED(room);
    long status = 0;
    CURLcode code;

    headers = add_header(headers, "Content-Type", "application/json");
    headers = add_header(headers, "User-Agent", "watchfloor");
    headers = add_header(headers, "Idempotency-Key", message->id);
    headers = add_header(headers, "Expect", "");
    if (target->token[0] != '\0') {
        char bearer[SECRET_SIZE + 8];
        struct wf_strbuf text = WF_STRBUF_FIXED(bearer);

        wf_strbuf_addf(&text, "Bearer %s", target->token);
        headers = add_header(headers, "Authorization", bearer);
    }
    if (target->header[0] != '\0') {
        struct curl_slist *more = curl_slist_append(headers, target->header);

        headers = more != NULL ? more : headers;
    }
    if (target->secret[0] != '\0')
        headers = add_signature(headers, target->secret, message->json);
    (void)curl_easy_setopt(target->curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(target->curl, CURLOPT_POSTFIELDSIZE, (long)strlen(message->json));
    (void)curl_easy_setopt(target->curl, CURLOPT_POSTFIELDS, message->json);
    code = transfer_run(target->curl, deadline_mono_ns, &answer, why);
    (void)curl_easy_getinfo(target->curl, CURLINFO_RESPONSE_CODE, &status);
    (void)curl_easy_setopt(target->curl, CURLOPT_HTTPHEADER, NULL);
    (void)curl_easy_setopt(target->curl, CURLOPT_POSTFIELDS, NULL);
    curl_slist_free_all(headers);
    return code == CURLE_OK ? judge(status, room, why) : WF_NOTIFY_RETRY;
}

static const struct wf_notify_ops webhook_ops = {
    .size = sizeof(webhook_ops),
    .keys = keys,
    .open = open_target,
    .close = close_target,
    .deliver = deliver,
};

WF_PLUGIN_EXPORT const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_NOTIFY),
    .name = "webhook",
    .version = "1.0",
    .summary = "a POST of JSON to an address of the web",
    .ops.notify = &webhook_ops,
};
