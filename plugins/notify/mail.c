/* SPDX-License-Identifier: MIT */
/* mail - sends each message by SMTP to a mail server. */

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/plugin.h>

#include "transfer.h"

#define PASSWORD_SIZE 256

struct target {
    char *server, *from, *to, *user, *ca_file, *prefix;
    char password[PASSWORD_SIZE];
    long tls;
};

static const struct wf_notify_key keys[] = {
    { "server", true, "smtp://HOST[:PORT], or smtps:// for TLS from the first byte" },
    { "from", true, "the sender's address" },
    { "to", true, "addresses with blanks between" },
    { "tls", false, "required (default), or none: in the clear, for a server on this machine" },
    { "user", false, "to log in as" },
    { "password_file", false, "file with its password" },
    { "ca_file", false, "certificates to trust instead of the system's" },
    { "prefix", false, "of the subject; default [watchfloor]" },
    { NULL, false, NULL },
};

static const char blanks[] = " \t\n,";

static void close_target(void *state)
{
    struct target *target = state;

    free(target->server);
    free(target->from);
    free(target->to);
    free(target->user);
    free(target->ca_file);
    free(target->prefix);
    free(target);
}

/* Nothing in an address may begin a header or a command of its own. */
static bool is_address(const char *text, size_t len)
{
    const char *at = memchr(text, '@', len);

    if (at == NULL || at == text || at == text + len - 1 || len > 254)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] <= ' ' || text[i] == '<' || text[i] == '>' ||
            (unsigned char)text[i] >= 0x7f)
            return false;
    return true;
}

static int check_addresses(const struct target *target, struct wf_err *err)
{
    size_t count = 0;

    if (!is_address(target->from, strlen(target->from)))
        return wf_fail(err, WF_ERR_INVALID, "from: '%.60s' is no address", target->from);
    for (const char *at = target->to + strspn(target->to, blanks); *at != '\0'; count++) {
        size_t len = strcspn(at, blanks);

        if (!is_address(at, len))
            return wf_fail(err, WF_ERR_INVALID, "to: '%.*s' is no address",
                           (int)(len > 60 ? 60 : len), at);
        at += len;
        at += strspn(at, blanks);
    }
    return count > 0 ? 0 : wf_fail(err, WF_ERR_INVALID, "to: expected at least one address");
}

static int read_settings(const struct wf_notify_setup *setup, struct target *target,
                         struct wf_err *err)
{
    const char *password = wf_notify_setting(setup, "password_file", "");
    const char *tls = wf_notify_setting(setup, "tls", "required");

    target->server = strdup(wf_notify_setting(setup, "server", ""));
    target->from = strdup(wf_notify_setting(setup, "from", ""));
    target->to = strdup(wf_notify_setting(setup, "to", ""));
    target->user = strdup(wf_notify_setting(setup, "user", ""));
    target->ca_file = strdup(wf_notify_setting(setup, "ca_file", ""));
    target->prefix = strdup(wf_notify_setting(setup, "prefix", "[watchfloor]"));
    if (target->server == NULL || target->from == NULL || target->to == NULL ||
        target->user == NULL || target->ca_file == NULL || target->prefix == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    if (strncmp(target->server, "smtp://", 7) != 0 && strncmp(target->server, "smtps://", 8) != 0)
        return wf_fail(err, WF_ERR_INVALID, "server: expected smtp://HOST or smtps://HOST");
    if (strcmp(tls, "required") != 0 && strcmp(tls, "none") != 0)
        return wf_fail(err, WF_ERR_INVALID, "tls: '%.40s' is none of: required none", tls);
    target->tls = strcmp(tls, "none") == 0 ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL;
    if (target->user[0] != '\0' && target->tls == (long)CURLUSESSL_NONE &&
        strncmp(target->server, "smtps://", 8) != 0)
        return wf_fail(err, WF_ERR_INVALID,
                       "user: a password is not sent in the clear; tls = "
                       "required, or smtps://");
    if (target->ca_file[0] != '\0' && access(target->ca_file, R_OK) != 0)
        return wf_fail(err, WF_ERR_ABSENT, "ca_file: %.150s cannot be read", target->ca_file);
    if (strpbrk(target->prefix, "\r\n") != NULL)
        return wf_fail(err, WF_ERR_INVALID, "prefix: expected one line");
    if (password[0] != '\0')
        return transfer_read_secret("password_file", password, target->password, PASSWORD_SIZE,
                                    err);
    return 0;
}

static int open_target(const struct wf_notify_setup *setup, void **out_state, struct wf_err *err)
{
    struct target *target = calloc(1, sizeof(*target));
    int rc;

    if (target == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    rc = read_settings(setup, target, err);
    if (rc == 0)
        rc = check_addresses(target, err);
    if (rc < 0) {
        close_target(target);
        return rc;
    }
    *out_state = target;
    return 0;
}

/* --- the letter -------------------------------------------------------------------------------- */

/* RFC 2047: what is not ASCII as encoded words of whole letters. */
static void add_words(struct wf_strbuf *out, const char *text)
{
    static const char digits[] = "0123456789ABCDEF";
    bool is_plain = true;
    size_t room = 0;

    for (const char *at = text; *at != '\0'; at++)
        if ((unsigned char)*at >= 0x7f || (unsigned char)*at < ' ')
            is_plain = false;
    if (is_plain) {
        wf_strbuf_add(out, text);
        return;
    }
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char c = (unsigned char)*at;

        if (room < 3 || (room < 12 && (c & 0xc0) != 0x80)) {
            wf_strbuf_add(out, room > 0 || at != text ? "?=\r\n =?UTF-8?Q?" : "=?UTF-8?Q?");
            room = 60;
        }
        if (isalnum(c) && c < 0x7f) {
            wf_strbuf_add_char(out, (char)c);
            room--;
        } else {
            wf_strbuf_addf(out, "=%c%c", digits[c >> 4], digits[c & 15]);
            room -= 3;
        }
    }
    wf_strbuf_add(out, "?=");
}

static void add_date(struct wf_strbuf *out, int64_t utc_ns)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct wf_civil civil;

    wf_civil_from_utc(utc_ns, &civil);
    wf_strbuf_addf(out, "Date: %d %s %04d %02d:%02d:%02d +0000\r\n", civil.day,
                   months[(civil.month + 11) % 12], civil.year, civil.hour, civil.minute,
                   civil.second);
}

static void make_letter(const struct target *target, const struct wf_notification *message,
                        struct wf_strbuf *out)
{
    char subject[600];
    struct wf_strbuf line = WF_STRBUF_FIXED(subject);
    const char *host = strchr(target->from, '@');

    wf_strbuf_addf(&line, "%s%s%s", target->prefix, target->prefix[0] != '\0' ? " " : "",
                   message->subject);
    add_date(out, wf_utc_now_ns());
    wf_strbuf_addf(out, "From: <%s>\r\nTo:", target->from);
    for (const char *at = target->to + strspn(target->to, blanks); *at != '\0';) {
        size_t len = strcspn(at, blanks);

        wf_strbuf_addf(out, "%s\r\n <%.*s>",
                       at == target->to + strspn(target->to, blanks) ? "" : ",", (int)len, at);
        at += len;
        at += strspn(at, blanks);
    }
    wf_strbuf_add(out, "\r\nSubject: ");
    add_words(out, subject);
    /* The same id at each attempt: mail programs show the second as the same letter. */
    wf_strbuf_add(out, "\r\nMessage-ID: <");
    for (const char *at = message->id; *at != '\0'; at++)
        wf_strbuf_add_char(out,
                           isalnum((unsigned char)*at) || *at == '-' || *at == '_' ? *at : '.');
    wf_strbuf_addf(out, "%s>\r\n", host);
    wf_strbuf_addf(out,
                   "X-Watchfloor-Id: %s\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
                   "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n"
                   "\r\n",
                   message->id);
    for (const char *at = message->text; *at != '\0'; at++)
        wf_strbuf_add(out, *at == '\n' ? "\r\n" : (const char[]){ *at, '\0' });
}

struct reading {
    const char *text;
    size_t left;
};

static size_t give_letter(char *out, size_t size, size_t count, void *context)
{
    struct reading *reading = context;
    size_t len = size * count < reading->left ? size * count : reading->left;

    memcpy(out, reading->text, len);
    reading->text += len;
    reading->left -= len;
    return len;
}

/* --- sending ------------------------------------------------------------------------------------- */

static struct curl_slist *list_recipients(const char *to)
{
    struct curl_slist *list = NULL;

    for (const char *at = to + strspn(to, blanks); *at != '\0'; at += strspn(at, blanks)) {
        size_t len = strcspn(at, blanks);
        char address[300];
        struct wf_strbuf text = WF_STRBUF_FIXED(address);
        struct curl_slist *more;

        wf_strbuf_addf(&text, "<%.*s>", (int)len, at);
        more = curl_slist_append(list, address);
        list = more != NULL ? more : list;
        at += len;
    }
    return list;
}

static enum wf_notify_result judge(CURL *curl, CURLcode code)
{
    long status = 0;

    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code == CURLE_OK)
        return WF_NOTIFY_OK;
    /* 5xx to sender, recipient or letter is final; a refused login may be mended meanwhile. */
    return status >= 500 && status != 530 && status != 535 && code != CURLE_LOGIN_DENIED
               ? WF_NOTIFY_REFUSE
               : WF_NOTIFY_RETRY;
}

static enum wf_notify_result deliver(void *state, const struct wf_notification *message,
                                     int64_t deadline_mono_ns, struct wf_strbuf *why)
{
    const struct target *target = state;
    CURL *curl = transfer_begin(target->server, TRANSFER_MAIL, target->ca_file);
    struct curl_slist *recipients = list_recipients(target->to);
    enum wf_notify_result result = WF_NOTIFY_RETRY;
    struct wf_strbuf letter;
    struct reading reading;
    char room[128], from[300];
    struct wf_strbuf answer = WF_STRBUF_FIXED(room), sender = WF_STRBUF_FIXED(from);

    wf_strbuf_init(&letter, 4u << 20);
    make_letter(target, message, &letter);
    if (curl == NULL || recipients == NULL || letter.was_cut) {
        wf_strbuf_add(why, "out of memory");
    } else {
        reading = (struct reading){ letter.text, letter.len };
        wf_strbuf_addf(&sender, "<%s>", target->from);
        (void)curl_easy_setopt(curl, CURLOPT_USE_SSL, target->tls);
        if (target->user[0] != '\0') {
            (void)curl_easy_setopt(curl, CURLOPT_USERNAME, target->user);
            (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, target->password);
        }
        (void)curl_easy_setopt(curl, CURLOPT_MAIL_FROM, from);
        (void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, recipients);
        (void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_letter);
        (void)curl_easy_setopt(curl, CURLOPT_READDATA, &reading);
        result = judge(curl, transfer_run(curl, deadline_mono_ns, &answer, why));
    }
    wf_strbuf_fini(&letter);
    curl_slist_free_all(recipients);
    if (curl != NULL)
        curl_easy_cleanup(curl);
    return result;
}

static const struct wf_notify_ops mail_ops = {
    .size = sizeof(mail_ops),
    .keys = keys,
    .open = open_target,
    .close = close_target,
    .deliver = deliver,
};

WF_PLUGIN_EXPORT const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_NOTIFY), .name = "mail",          .version = "1.0",
    .summary = "a letter by SMTP",      .ops.notify = &mail_ops,
};
