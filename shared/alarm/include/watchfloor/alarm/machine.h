/* SPDX-License-Identifier: MIT */
#ifndef WF_ALARM_MACHINE_H
#define WF_ALARM_MACHINE_H

/*
 * Machine - the life of one alarm (ISA-18.2 shaped) as one table: state x event
 * -> state, actions. Everything else in this library only decides which event
 * happens; nothing else changes a state. The tests read the same table.
 *
 * Orthogonal to the state are the marks (WF_ALARM_SHELVED ...): they decide what is
 * evaluated, shown and notified, never what state an alarm is in.
 *
 * Threads: any; the functions are pure.
 */

#include <stddef.h>
#include <stdint.h>

enum wf_alarm_state {
    WF_ALARM_NORMAL,
    WF_ALARM_PENDING,      /* violated, not yet for long enough: visible, never notified */
    WF_ALARM_ACTIVE_UNACK, /* violated, nobody has taken it */
    WF_ALARM_ACTIVE_ACK,   /* violated, somebody has */
    WF_ALARM_RTN_UNACK,    /* returned to normal before anybody took it */
    WF_ALARM_LATCHED,      /* normal again and acknowledged, but kept until reset */
    WF_ALARM_STATE_COUNT
};

enum wf_alarm_event {
    WF_ALARM_VIOLATION, /* first counted violation, not persistent yet */
    WF_ALARM_GLITCH,    /* the violations ended before they persisted */
    WF_ALARM_RAISE,     /* persistent: severity from 0 to something */
    WF_ALARM_WORSEN,    /* a higher severity, or as high at another limit */
    WF_ALARM_EASE,      /* a lower severity, or as high at a limit further in */
    WF_ALARM_RTN,       /* return to normal: severity to 0 */
    WF_ALARM_ACK,       /* acknowledged by a user */
    WF_ALARM_RESET,     /* unlatched by a user */
    WF_ALARM_REPRESENT, /* a shelf or a suppression ended */
    WF_ALARM_DISMISS, /* a suppression ended; it came and went under its parent, nobody was told */
    WF_ALARM_DISABLE, /* judging ends: out of service, or enabled_when became FALSE */
    WF_ALARM_EDIT,    /* its definition changed: it starts anew */
    WF_ALARM_EVENT_COUNT
};

/* What a transition asks for. */
#define WF_ALARM_RECORD   0x01 /* a transition: number it, store it, then show it */
#define WF_ALARM_ANNOUNCE 0x02 /* tell people (unless a mark forbids): escalation starts anew */
#define WF_ALARM_SILENCE  0x04 /* escalation ends */
#define WF_ALARM_START    0x08 /* highest severity since acknowledge = the current one */
#define WF_ALARM_GROW     0x10 /* highest = the greater of itself and the current one */
#define WF_ALARM_REFUSE   0x20 /* a command that means nothing in this state */
#define WF_ALARM_NEVER    0x40 /* the judging cannot produce this event in this state */

/*
 * state, event, next state, next state of a latched alarm, actions.
 * NORMAL and PENDING have no highest severity, whatever the actions say.
 */
#define WF_ALARM_TABLE(X)                                                                          \
    X(NORMAL, VIOLATION, PENDING, PENDING, WF_ALARM_RECORD)                                        \
    X(NORMAL, GLITCH, NORMAL, NORMAL, WF_ALARM_NEVER)                                              \
    X(NORMAL, RAISE, ACTIVE_UNACK, ACTIVE_UNACK,                                                   \
      WF_ALARM_RECORD | WF_ALARM_ANNOUNCE | WF_ALARM_START)                                        \
    X(NORMAL, WORSEN, NORMAL, NORMAL, WF_ALARM_NEVER)                                              \
    X(NORMAL, EASE, NORMAL, NORMAL, WF_ALARM_NEVER)                                                \
    X(NORMAL, RTN, NORMAL, NORMAL, WF_ALARM_NEVER)                                                 \
    X(NORMAL, ACK, NORMAL, NORMAL, WF_ALARM_REFUSE)                                                \
    X(NORMAL, RESET, NORMAL, NORMAL, WF_ALARM_REFUSE)                                              \
    X(NORMAL, REPRESENT, NORMAL, NORMAL, WF_ALARM_RECORD)                                          \
    X(NORMAL, DISMISS, NORMAL, NORMAL, WF_ALARM_NEVER)                                             \
    X(NORMAL, DISABLE, NORMAL, NORMAL, WF_ALARM_RECORD)                                            \
    X(NORMAL, EDIT, NORMAL, NORMAL, WF_ALARM_RECORD)                                               \
                                                                                                   \
    X(PENDING, VIOLATION, PENDING, PENDING, WF_ALARM_NEVER)                                        \
    X(PENDING, GLITCH, NORMAL, NORMAL, WF_ALARM_RECORD)                                            \
    X(PENDING, RAISE, ACTIVE_UNACK, ACTIVE_UNACK,                                                  \
      WF_ALARM_RECORD | WF_ALARM_ANNOUNCE | WF_ALARM_START)                                        \
    X(PENDING, WORSEN, PENDING, PENDING, WF_ALARM_NEVER)                                           \
    X(PENDING, EASE, PENDING, PENDING, WF_ALARM_NEVER)                                             \
    X(PENDING, RTN, PENDING, PENDING, WF_ALARM_NEVER)                                              \
    X(PENDING, ACK, PENDING, PENDING, WF_ALARM_REFUSE)                                             \
    X(PENDING, RESET, PENDING, PENDING, WF_ALARM_REFUSE)                                           \
    X(PENDING, REPRESENT, PENDING, PENDING, WF_ALARM_RECORD)                                       \
    X(PENDING, DISMISS, PENDING, PENDING, WF_ALARM_NEVER)                                          \
    X(PENDING, DISABLE, NORMAL, NORMAL, WF_ALARM_RECORD)                                           \
    X(PENDING, EDIT, NORMAL, NORMAL, WF_ALARM_RECORD)                                              \
                                                                                                   \
    X(ACTIVE_UNACK, VIOLATION, ACTIVE_UNACK, ACTIVE_UNACK, WF_ALARM_NEVER)                         \
    X(ACTIVE_UNACK, GLITCH, ACTIVE_UNACK, ACTIVE_UNACK, WF_ALARM_NEVER)                            \
    X(ACTIVE_UNACK, RAISE, ACTIVE_UNACK, ACTIVE_UNACK, WF_ALARM_NEVER)                             \
    X(ACTIVE_UNACK, WORSEN, ACTIVE_UNACK, ACTIVE_UNACK,                                            \
      WF_ALARM_RECORD | WF_ALARM_ANNOUNCE | WF_ALARM_GROW)                                         \
    X(ACTIVE_UNACK, EASE, ACTIVE_UNACK, ACTIVE_UNACK, WF_ALARM_RECORD)                             \
    X(ACTIVE_UNACK, RTN, RTN_UNACK, RTN_UNACK, WF_ALARM_RECORD)                                    \
    X(ACTIVE_UNACK, ACK, ACTIVE_ACK, ACTIVE_ACK,                                                   \
      WF_ALARM_RECORD | WF_ALARM_SILENCE | WF_ALARM_START)                                         \
    X(ACTIVE_UNACK, RESET, ACTIVE_UNACK, ACTIVE_UNACK, WF_ALARM_REFUSE)                            \
    X(ACTIVE_UNACK, REPRESENT, ACTIVE_UNACK, ACTIVE_UNACK, WF_ALARM_RECORD | WF_ALARM_ANNOUNCE)    \
    X(ACTIVE_UNACK, DISMISS, ACTIVE_UNACK, ACTIVE_UNACK, WF_ALARM_NEVER)                           \
    X(ACTIVE_UNACK, DISABLE, RTN_UNACK, RTN_UNACK, WF_ALARM_RECORD | WF_ALARM_SILENCE)             \
    X(ACTIVE_UNACK, EDIT, NORMAL, NORMAL, WF_ALARM_RECORD | WF_ALARM_SILENCE)                      \
                                                                                                   \
    X(ACTIVE_ACK, VIOLATION, ACTIVE_ACK, ACTIVE_ACK, WF_ALARM_NEVER)                               \
    X(ACTIVE_ACK, GLITCH, ACTIVE_ACK, ACTIVE_ACK, WF_ALARM_NEVER)                                  \
    X(ACTIVE_ACK, RAISE, ACTIVE_ACK, ACTIVE_ACK, WF_ALARM_NEVER)                                   \
    X(ACTIVE_ACK, WORSEN, ACTIVE_UNACK, ACTIVE_UNACK,                                              \
      WF_ALARM_RECORD | WF_ALARM_ANNOUNCE | WF_ALARM_GROW)                                         \
    X(ACTIVE_ACK, EASE, ACTIVE_ACK, ACTIVE_ACK, WF_ALARM_RECORD)                                   \
    X(ACTIVE_ACK, RTN, NORMAL, LATCHED, WF_ALARM_RECORD)                                           \
    X(ACTIVE_ACK, ACK, ACTIVE_ACK, ACTIVE_ACK, WF_ALARM_REFUSE)                                    \
    X(ACTIVE_ACK, RESET, ACTIVE_ACK, ACTIVE_ACK, WF_ALARM_REFUSE)                                  \
    X(ACTIVE_ACK, REPRESENT, ACTIVE_UNACK, ACTIVE_UNACK, WF_ALARM_RECORD | WF_ALARM_ANNOUNCE)      \
    X(ACTIVE_ACK, DISMISS, ACTIVE_ACK, ACTIVE_ACK, WF_ALARM_NEVER)                                 \
    X(ACTIVE_ACK, DISABLE, NORMAL, LATCHED, WF_ALARM_RECORD)                                       \
    X(ACTIVE_ACK, EDIT, NORMAL, NORMAL, WF_ALARM_RECORD)                                           \
                                                                                                   \
    X(RTN_UNACK, VIOLATION, RTN_UNACK, RTN_UNACK, 0)                                               \
    X(RTN_UNACK, GLITCH, RTN_UNACK, RTN_UNACK, 0)                                                  \
    X(RTN_UNACK, RAISE, ACTIVE_UNACK, ACTIVE_UNACK,                                                \
      WF_ALARM_RECORD | WF_ALARM_ANNOUNCE | WF_ALARM_GROW)                                         \
    X(RTN_UNACK, WORSEN, RTN_UNACK, RTN_UNACK, WF_ALARM_NEVER)                                     \
    X(RTN_UNACK, EASE, RTN_UNACK, RTN_UNACK, WF_ALARM_NEVER)                                       \
    X(RTN_UNACK, RTN, RTN_UNACK, RTN_UNACK, WF_ALARM_NEVER)                                        \
    X(RTN_UNACK, ACK, NORMAL, LATCHED, WF_ALARM_RECORD | WF_ALARM_SILENCE)                         \
    X(RTN_UNACK, RESET, RTN_UNACK, RTN_UNACK, WF_ALARM_REFUSE)                                     \
    X(RTN_UNACK, REPRESENT, RTN_UNACK, RTN_UNACK, WF_ALARM_RECORD)                                 \
    X(RTN_UNACK, DISMISS, NORMAL, LATCHED, WF_ALARM_RECORD | WF_ALARM_SILENCE)                     \
    X(RTN_UNACK, DISABLE, RTN_UNACK, RTN_UNACK, WF_ALARM_RECORD | WF_ALARM_SILENCE)                \
    X(RTN_UNACK, EDIT, NORMAL, NORMAL, WF_ALARM_RECORD | WF_ALARM_SILENCE)                         \
                                                                                                   \
    X(LATCHED, VIOLATION, LATCHED, LATCHED, 0)                                                     \
    X(LATCHED, GLITCH, LATCHED, LATCHED, 0)                                                        \
    X(LATCHED, RAISE, ACTIVE_UNACK, ACTIVE_UNACK,                                                  \
      WF_ALARM_RECORD | WF_ALARM_ANNOUNCE | WF_ALARM_START)                                        \
    X(LATCHED, WORSEN, LATCHED, LATCHED, WF_ALARM_NEVER)                                           \
    X(LATCHED, EASE, LATCHED, LATCHED, WF_ALARM_NEVER)                                             \
    X(LATCHED, RTN, LATCHED, LATCHED, WF_ALARM_NEVER)                                              \
    X(LATCHED, ACK, LATCHED, LATCHED, WF_ALARM_REFUSE)                                             \
    X(LATCHED, RESET, NORMAL, NORMAL, WF_ALARM_RECORD)                                             \
    X(LATCHED, REPRESENT, LATCHED, LATCHED, WF_ALARM_RECORD)                                       \
    X(LATCHED, DISMISS, LATCHED, LATCHED, WF_ALARM_NEVER)                                          \
    X(LATCHED, DISABLE, LATCHED, LATCHED, WF_ALARM_RECORD)                                         \
    X(LATCHED, EDIT, NORMAL, NORMAL, WF_ALARM_RECORD)

struct wf_alarm_cell {
    uint8_t next, next_latched; /* enum wf_alarm_state */
    uint8_t actions;            /* WF_ALARM_RECORD ... */
};

/* The cell of the table above. Both arguments must be in range. */
const struct wf_alarm_cell *wf_alarm_cell(enum wf_alarm_state state, enum wf_alarm_event event);

/* "ACTIVE_UNACK", "REPRESENT"; "?" for others. */
const char *wf_alarm_state_name(enum wf_alarm_state state);
const char *wf_alarm_event_name(enum wf_alarm_event event);

#endif /* WF_ALARM_MACHINE_H */
