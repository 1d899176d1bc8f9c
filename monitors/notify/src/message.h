/* SPDX-License-Identifier: MIT */
#ifndef NTF_MESSAGE_H
#define NTF_MESSAGE_H

/*
 * Message - one thing to be told over one route, from its making to its end.
 *
 * Its id follows from what it is about (journal, entry, route, what for), so that the same message
 * made a second time, after a power cut lost the first, bears the same id.
 *
 * Threads: one.
 */

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/clock.h>
#include <watchfloor/err.h>
#include <watchfloor/names.h>
#include <watchfloor/strbuf.h>

#define NTF_ALARM_SIZE   (WF_FULL_NAME_SIZE + 16)
#define NTF_ID_SIZE      160
#define NTF_WHY_SIZE     200
#define NTF_MONITOR_SIZE 32
/* Alarms a summary names; it counts the others. */
#define NTF_SUMMARY_MAX 100

enum ntf_event {
    NTF_RAISED,
    NTF_WORSENED,
    NTF_RETURNED, /* a shelf or suppression ended */
    NTF_ESCALATED,
    NTF_REPEATED,
    NTF_NORMAL,
    NTF_ACKNOWLEDGED,
    NTF_SUMMARY,
    NTF_TEST,
    NTF_EVENT_COUNT
};
const char *ntf_event_name(enum ntf_event event);

enum ntf_state {
    NTF_HELD,      /* until a storm's window or quiet hours end */
    NTF_WAITING,   /* for its turn, for another attempt, or being delivered */
    NTF_DELIVERED, /* from here on: done */
    NTF_GROUPED,   /* said in a summary */
    NTF_GIVEN_UP,  /* refused, or failed too often */
    NTF_STATE_COUNT
};
const char *ntf_state_name(enum ntf_state state);

/* What is known of an alarm. Texts are cut at their sizes. */
struct ntf_facts {
    char monitor[NTF_MONITOR_SIZE];
    char alarm[NTF_ALARM_SIZE];
    char state[16]; /* "ACTIVE_UNACK" */
    char level[8], value[64], limit[32];
    char user[64], note[160];
    char title[80], guidance[240];
    uint8_t severity, highest;
    uint64_t entry, seq; /* in the journal */
    int64_t utc_ns;      /* of the transition */
};

struct ntf_message {
    struct ntf_message *next;
    char id[NTF_ID_SIZE];
    char route[WF_NAME_SIZE];
    enum ntf_event event;
    struct ntf_facts facts;
    uint32_t step;   /* of the escalation */
    uint32_t count;  /* alarms it speaks of */
    json_t *members; /* of a summary: an array of what was grouped; else NULL */

    enum ntf_state state;
    uint32_t attempts;     /* that failed */
    uint32_t crashes;      /* of those, the worker died or was ended */
    int64_t not_before_ns; /* held until, or the next attempt */
    int64_t made_ns, done_ns;
    char why[NTF_WHY_SIZE]; /* the last failure */

    uint64_t number;   /* in the outbox; 0: not there yet */
    bool is_dirty;     /* differs from the outbox */
    bool is_in_flight; /* a worker has it */
    void *asker;       /* of a test: who waits for the result */
};

struct ntf_message *ntf_message_create(void); /* NULL: out of memory */
void ntf_message_free(struct ntf_message **message);

/* A summary of what it replaces: adds one message to it. */
int ntf_message_add_member(struct ntf_message *summary, const struct ntf_message *member);

/* One line for people; and all of it. `route_title` may be "". */
void ntf_message_subject(const struct ntf_message *message, struct wf_strbuf *out);
void ntf_message_text(const struct ntf_message *message, struct wf_strbuf *out);
/* All of it for programs, also what the outbox keeps. NULL: out of memory. The caller's. */
json_t *ntf_message_json(const struct ntf_message *message, const char *instance);
/* Fills event, facts, step, count and members back in. WF_ERR_CORRUPT when it is no such object. */
int ntf_message_from_json(struct ntf_message *message, const json_t *json, struct wf_err *err);

json_t *ntf_facts_json(const struct ntf_facts *facts);
void ntf_facts_from_json(struct ntf_facts *facts, const json_t *json);

/* Copies text, with anything but printable characters (and, when asked, line feeds) as blanks. */
void ntf_copy_clean(char *out, size_t size, const char *text, bool has_lines);

#endif /* NTF_MESSAGE_H */
