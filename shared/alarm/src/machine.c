/* SPDX-License-Identifier: MIT */
/* The transition table of <watchfloor/alarm/machine.h>, as an array, and its names. */

#include <watchfloor/alarm/machine.h>

#include <assert.h>

static const struct wf_alarm_cell table[WF_ALARM_STATE_COUNT][WF_ALARM_EVENT_COUNT] = {
#define X(state, event, to, to_latched, doing)                                                     \
    [WF_ALARM_##state][WF_ALARM_##event] = { .next = WF_ALARM_##to,                                \
                                             .next_latched = WF_ALARM_##to_latched,                \
                                             .actions = (doing) },
    WF_ALARM_TABLE(X)
#undef X
};

static const char *const state_names[WF_ALARM_STATE_COUNT] = {
    "NORMAL", "PENDING", "ACTIVE_UNACK", "ACTIVE_ACK", "RTN_UNACK", "LATCHED",
};

static const char *const event_names[WF_ALARM_EVENT_COUNT] = {
    "VIOLATION", "GLITCH", "RAISE",     "WORSEN",  "EASE",    "RTN",
    "ACK",       "RESET",  "REPRESENT", "DISMISS", "DISABLE", "EDIT",
};

const struct wf_alarm_cell *wf_alarm_cell(enum wf_alarm_state state, enum wf_alarm_event event)
{
    assert((unsigned)state < WF_ALARM_STATE_COUNT && (unsigned)event < WF_ALARM_EVENT_COUNT);
    return &table[state][event];
}

const char *wf_alarm_state_name(enum wf_alarm_state state)
{
    return (unsigned)state < WF_ALARM_STATE_COUNT ? state_names[state] : "?";
}

const char *wf_alarm_event_name(enum wf_alarm_event event)
{
    return (unsigned)event < WF_ALARM_EVENT_COUNT ? event_names[event] : "?";
}
