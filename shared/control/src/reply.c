/* SPDX-License-Identifier: MIT */
/* Reply: see reply.h. */

#include "reply.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/attributes.h>
#include <watchfloor/control/control.h>

static const struct {
    const char *name;
    enum wf_rc rc;
} codes[] = {
#define X(name, value, text) { #name, WF_ERR_##name },
    WF_RC_LIST(X)
#undef X
};

static const char *code_name(enum wf_rc rc)
{
    for (size_t i = 0; i < WF_COUNT_OF(codes); i++) {
        if (codes[i].rc == rc)
            return codes[i].name;
    }
    return "SYSTEM";
}

/* Sentences may quote what somebody sent: only what is UTF-8 can be JSON. */
static json_t *make_text(const char *text)
{
    json_t *value = json_string(text);
    char plain[sizeof(((struct wf_err *)NULL)->text)];
    size_t len = 0;

    if (value != NULL)
        return value;
    for (; text[len] != '\0' && len < sizeof(plain) - 1; len++)
        plain[len] = (unsigned char)text[len] < 0x80 ? text[len] : '?';
    plain[len] = '\0';
    return json_string(plain);
}

json_t *wfc_reply_done(json_t *reply)
{
    if (reply == NULL)
        reply = json_object();
    (void)json_object_set_new(reply, "ok", json_true());
    return reply;
}

json_t *wfc_reply_refused(const struct wf_err *err, json_t *reply)
{
    if (reply == NULL)
        reply = json_object();
    (void)json_object_set_new(reply, "ok", json_false());
    (void)json_object_set_new(reply, "code", json_string(code_name(err->rc)));
    (void)json_object_set_new(reply, "error", make_text(err->text));
    return reply;
}

char *wfc_reply_text(const json_t *reply, size_t *out_len)
{
    char *text = json_dumps(reply, JSON_COMPACT);
    size_t len = text != NULL ? strlen(text) : 0;
    char *line;

    if (text == NULL || len >= WF_CONTROL_REPLY_MAX) {
        free(text);
        return NULL;
    }
    line = realloc(text, len + 2);
    if (line == NULL) {
        free(text);
        return NULL;
    }
    line[len] = '\n';
    line[len + 1] = '\0';
    *out_len = len + 1;
    return line;
}

int wfc_reply_result(const json_t *reply, struct wf_err *err)
{
    const json_t *ok = json_object_get(reply, "ok");
    const char *code = json_string_value(json_object_get(reply, "code"));
    const char *text = json_string_value(json_object_get(reply, "error"));

    if (json_is_true(ok))
        return 0;
    if (!json_is_false(ok) || code == NULL || text == NULL)
        return wf_fail(err, WF_ERR_CORRUPT, "what came back is no answer");
    for (size_t i = 0; i < WF_COUNT_OF(codes); i++) {
        if (strcmp(codes[i].name, code) == 0)
            return wf_fail(err, codes[i].rc, "%s", text);
    }
    return wf_fail(err, WF_ERR_SYSTEM, "%s", text); /* a newer program's code */
}
