/* SPDX-License-Identifier: MIT */
/* One message, as text, as JSON and back: see message.h. */

#include "message.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/notify.h>

static const char *const event_names[NTF_EVENT_COUNT] = {
    "raised", "worsened",     "returned", "escalated", "repeated",
    "normal", "acknowledged", "summary",  "test",
};
static const char *const state_names[NTF_STATE_COUNT] = { "held", "waiting", "delivered", "grouped",
                                                          "given up" };

const char *ntf_event_name(enum ntf_event event)
{
    return (unsigned)event < NTF_EVENT_COUNT ? event_names[event] : "?";
}

const char *ntf_state_name(enum ntf_state state)
{
    return (unsigned)state < NTF_STATE_COUNT ? state_names[state] : "?";
}

struct ntf_message *ntf_message_create(void)
{
    struct ntf_message *message = calloc(1, sizeof(*message));

    if (message != NULL) {
        message->count = 1;
        message->is_dirty = true;
        message->facts.utc_ns = WF_TIME_NONE;
        message->done_ns = WF_TIME_NONE;
    }
    return message;
}

void ntf_message_free(struct ntf_message **message)
{
    if (*message == NULL)
        return;
    json_decref((*message)->members);
    free(*message);
    *message = NULL;
}

void ntf_copy_clean(char *out, size_t size, const char *text, bool has_lines)
{
    (void)wf_copy_text(out, size, text != NULL ? text : "");
    for (char *c = out; *c != '\0'; c++)
        if (((unsigned char)*c < ' ' && !(has_lines && *c == '\n')) || *c == 0x7f)
            *c = ' ';
    /* A cut in the middle of a UTF-8 sequence would make it no UTF-8. */
    size_t len = strlen(out);
    size_t back = 0;

    while (back < 3 && back < len && ((unsigned char)out[len - 1 - back] & 0xc0) == 0x80)
        back++;
    if (back < len) {
        unsigned char lead = (unsigned char)out[len - 1 - back];
        size_t want = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;

        if (want > back + 1)
            out[len - 1 - back] = '\0';
    }
}

/* --- for people ------------------------------------------------------------------------------ */

static void add_what(const struct ntf_facts *facts, struct wf_strbuf *out)
{
    wf_strbuf_addf(out, "%s", facts->alarm);
    if (facts->level[0] != '\0')
        wf_strbuf_addf(out, " %s", facts->level);
    if (facts->value[0] != '\0')
        wf_strbuf_addf(out, ": %s", facts->value);
    if (facts->limit[0] != '\0')
        wf_strbuf_addf(out, " (limit %s)", facts->limit);
}

void ntf_message_subject(const struct ntf_message *message, struct wf_strbuf *out)
{
    const struct ntf_facts *facts = &message->facts;

    switch (message->event) {
    case NTF_SUMMARY:
        wf_strbuf_addf(out, "%s: %u notifications together",
                       wf_severity_name(message->facts.highest), message->count);
        break;
    case NTF_TEST:
        wf_strbuf_addf(out, "test of route %s", message->route);
        break;
    case NTF_NORMAL:
        wf_strbuf_addf(out, "normal: %s", facts->alarm);
        break;
    case NTF_ACKNOWLEDGED:
        wf_strbuf_addf(out, "acknowledged: %s", facts->alarm);
        if (facts->user[0] != '\0')
            wf_strbuf_addf(out, " by %s", facts->user);
        break;
    default:
        if (message->event != NTF_RAISED)
            wf_strbuf_addf(out, "%s: ", ntf_event_name(message->event));
        wf_strbuf_addf(
            out, "%s: ", wf_severity_name(facts->severity > 0 ? facts->severity : facts->highest));
        add_what(facts, out);
        if (strcmp(facts->state, "RTN_UNACK") == 0)
            wf_strbuf_add(out, ", normal again");
    }
}

static void add_line(struct wf_strbuf *out, const char *name, const char *value)
{
    if (value[0] != '\0')
        wf_strbuf_addf(out, "%-14s%s\n", name, value);
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static void add_members(const struct ntf_message *message, struct wf_strbuf *out)
{
    size_t named = json_array_size(message->members);

    for (size_t i = 0; i < named; i++) {
        const json_t *member = json_array_get(message->members, i);

        wf_strbuf_addf(out, "%s\n", text_of(member, "subject"));
    }
    if (named < message->count)
        wf_strbuf_addf(out, "... and %u more (wf notify log)\n", message->count - (unsigned)named);
}

void ntf_message_text(const struct ntf_message *message, struct wf_strbuf *out)
{
    const struct ntf_facts *facts = &message->facts;

    ntf_message_subject(message, out);
    wf_strbuf_add_char(out, '\n');
    if (message->event == NTF_TEST) {
        wf_strbuf_add(out, "This is a test. Nothing is wrong.\n");
        add_line(out, "asked by", facts->user);
    }
    if (message->event == NTF_SUMMARY || message->event == NTF_TEST) {
        add_members(message, out);
        return;
    }
    add_line(out, "title", facts->title);
    add_line(out, "state", facts->state);
    if (facts->utc_ns != WF_TIME_NONE) {
        wf_strbuf_addf(out, "%-14s", "since");
        wf_strbuf_add_time(out, facts->utc_ns, 3);
        wf_strbuf_add_char(out, '\n');
    }
    add_line(out, "user", facts->user);
    add_line(out, "note", facts->note);
    add_line(out, "what to do", facts->guidance);
}

/* --- for programs ------------------------------------------------------------------------------ */

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text[0] != '\0')
        (void)json_object_set_new(object, key, json_string(text));
}

static void set_time(json_t *object, const char *key, int64_t utc_ns)
{
    char room[40];
    struct wf_strbuf text = WF_STRBUF_FIXED(room);

    if (utc_ns == WF_TIME_NONE)
        return;
    wf_strbuf_add_time(&text, utc_ns, 9);
    set_text(object, key, room);
}

json_t *ntf_facts_json(const struct ntf_facts *facts)
{
    json_t *object = json_object();

    set_text(object, "monitor", facts->monitor);
    set_text(object, "alarm", facts->alarm);
    set_text(object, "state", facts->state);
    (void)json_object_set_new(object, "severity", json_integer(facts->severity));
    (void)json_object_set_new(object, "highest", json_integer(facts->highest));
    set_text(object, "level", facts->level);
    set_text(object, "value", facts->value);
    set_text(object, "limit", facts->limit);
    set_text(object, "user", facts->user);
    set_text(object, "note", facts->note);
    set_text(object, "title", facts->title);
    set_text(object, "guidance", facts->guidance);
    (void)json_object_set_new(object, "entry", json_integer((json_int_t)facts->entry));
    (void)json_object_set_new(object, "seq", json_integer((json_int_t)facts->seq));
    set_time(object, "time", facts->utc_ns);
    return object;
}

static void get_text(const json_t *object, const char *key, char *out, size_t size)
{
    ntf_copy_clean(out, size, text_of(object, key), false);
}

void ntf_facts_from_json(struct ntf_facts *facts, const json_t *json)
{
    get_text(json, "monitor", facts->monitor, sizeof(facts->monitor));
    get_text(json, "alarm", facts->alarm, sizeof(facts->alarm));
    get_text(json, "state", facts->state, sizeof(facts->state));
    get_text(json, "level", facts->level, sizeof(facts->level));
    get_text(json, "value", facts->value, sizeof(facts->value));
    get_text(json, "limit", facts->limit, sizeof(facts->limit));
    get_text(json, "user", facts->user, sizeof(facts->user));
    get_text(json, "note", facts->note, sizeof(facts->note));
    get_text(json, "title", facts->title, sizeof(facts->title));
    get_text(json, "guidance", facts->guidance, sizeof(facts->guidance));
    facts->severity = (uint8_t)json_integer_value(json_object_get(json, "severity"));
    facts->highest = (uint8_t)json_integer_value(json_object_get(json, "highest"));
    facts->entry = (uint64_t)json_integer_value(json_object_get(json, "entry"));
    facts->seq = (uint64_t)json_integer_value(json_object_get(json, "seq"));
    if (wf_parse_time(text_of(json, "time"), 0, &facts->utc_ns, NULL) < 0)
        facts->utc_ns = WF_TIME_NONE;
}

json_t *ntf_message_json(const struct ntf_message *message, const char *instance)
{
    json_t *object = ntf_facts_json(&message->facts);
    char room[512];
    struct wf_strbuf subject = WF_STRBUF_FIXED(room);
    char clean[512];

    ntf_message_subject(message, &subject);
    ntf_copy_clean(clean, sizeof(clean), room, false);
    set_text(object, "id", message->id);
    set_text(object, "instance", instance);
    set_text(object, "route", message->route);
    set_text(object, "event", ntf_event_name(message->event));
    set_text(object, "subject", clean);
    (void)json_object_set_new(object, "step", json_integer(message->step));
    (void)json_object_set_new(object, "count", json_integer(message->count));
    if (message->members != NULL)
        (void)json_object_set(object, "members", message->members);
    return object;
}

int ntf_message_from_json(struct ntf_message *message, const json_t *json, struct wf_err *err)
{
    const char *event = text_of(json, "event");
    json_t *members = json_object_get(json, "members");

    for (int i = 0; i < NTF_EVENT_COUNT; i++) {
        if (strcmp(event, event_names[i]) != 0)
            continue;
        message->event = (enum ntf_event)i;
        ntf_facts_from_json(&message->facts, json);
        get_text(json, "id", message->id, sizeof(message->id));
        get_text(json, "route", message->route, sizeof(message->route));
        message->step = (uint32_t)json_integer_value(json_object_get(json, "step"));
        message->count = (uint32_t)json_integer_value(json_object_get(json, "count"));
        if (json_is_array(members)) {
            json_decref(message->members);
            message->members = json_incref(members);
        }
        return 0;
    }
    return wf_fail(err, WF_ERR_CORRUPT, "'%.40s' is no event of a message", event);
}

int ntf_message_add_member(struct ntf_message *summary, const struct ntf_message *member)
{
    uint8_t severity = member->facts.severity > member->facts.highest ? member->facts.severity
                                                                      : member->facts.highest;

    if (summary->members == NULL && (summary->members = json_array()) == NULL)
        return WF_ERR_NOMEM;
    /* A summary of summaries names what those named. */
    if (member->members != NULL) {
        for (size_t i = 0; i < json_array_size(member->members) &&
                           json_array_size(summary->members) < NTF_SUMMARY_MAX;
             i++)
            (void)json_array_append(summary->members, json_array_get(member->members, i));
    } else if (json_array_size(summary->members) < NTF_SUMMARY_MAX) {
        json_t *json = ntf_message_json(member, "");

        (void)json_object_del(json, "route");
        if (json_array_append_new(summary->members, json) != 0)
            return WF_ERR_NOMEM;
    }
    summary->count += member->count;
    if (severity > summary->facts.highest)
        summary->facts.highest = severity;
    if (member->facts.severity > summary->facts.severity)
        summary->facts.severity = member->facts.severity;
    if (summary->facts.utc_ns == WF_TIME_NONE || member->facts.utc_ns < summary->facts.utc_ns)
        summary->facts.utc_ns = member->facts.utc_ns;
    return 0;
}
