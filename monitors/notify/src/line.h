/* SPDX-License-Identifier: MIT */
#ifndef NTF_LINE_H
#define NTF_LINE_H

/*
 * Line - the messages of one route, in order: which may go now, which wait for a storm or for quiet hours
 * to end, which for another attempt, and when one is given up.
 *
 * No clock and no I/O: times are handed in. One message at a time is on its way. The line owns
 * its messages; those that are done are handed over to `done`, which frees them.
 *
 * Grouping: the first `group_above` messages within `group_ns` go at once, each by itself. What comes
 * beyond is held until the window ends and then goes as one summary; in the windows that follow
 * directly, all is held, until one brings no more than `group_above`. While a route fails, what waits behind
 * the failing message is put together in the same way.
 *
 * Threads: one.
 */

#include <stddef.h>

#include "message.h"
#include "when.h"

struct ntf_line_rules {
    const char *route;
    int64_t group_ns; /* 0: never grouped */
    uint32_t group_above;
    int64_t retry_ns, retry_max_ns;
    uint32_t attempts;
    struct ntf_when quiet; /* no spans: none */
    unsigned quiet_severity;
};

struct ntf_line_figures {
    uint64_t delivered, failed, given_up, grouped, made;
    uint32_t held, waiting;
    uint32_t failing;  /* attempts of the first message that failed */
    int64_t oldest_ns; /* when what waits longest was made; WF_TIME_NONE */
    int64_t delivered_ns;
    char why[NTF_WHY_SIZE]; /* the last failure, until a delivery works */
};

struct ntf_line;

typedef void (*ntf_done_fn)(void *context, struct ntf_message *message);

/* `done` owns the message. */
struct ntf_line *ntf_line_create(const struct ntf_line_rules *rules, ntf_done_fn done,
                                 void *context);
void ntf_line_destroy(struct ntf_line **line);

/*
 * `now_ns` advances steadily, `utc_ns` is what the clock on the wall says. Takes the message over.
 * NTF_TEST goes before all others, once.
 */
void ntf_line_add(struct ntf_line *line, struct ntf_message *message, int64_t now_ns,
                  int64_t utc_ns);
/* The same for one that an earlier life left: it is not counted towards a storm. */
void ntf_line_restore(struct ntf_line *line, struct ntf_message *message);
/* Held messages whose time has come go on. */
void ntf_line_tick(struct ntf_line *line, int64_t now_ns);
/* The message to deliver now, marked as on its way; NULL: none, or one is on its way already. */
struct ntf_message *ntf_line_next(struct ntf_line *line, int64_t now_ns);
/* Something happens by itself then (INT64_MAX: never). */
int64_t ntf_line_due(const struct ntf_line *line);

enum ntf_result { NTF_OK, NTF_RETRY, NTF_REFUSE, NTF_CRASHED };
/* What became of the message on its way. After NTF_OK and when given up it is gone. */
void ntf_line_result(struct ntf_line *line, enum ntf_result result, const char *why,
                     int64_t now_ns);
/* Not delivered and not failed either: the worker could not even be asked. */
void ntf_line_put_back(struct ntf_line *line);

/* Did any message in it change since the last question? */
bool ntf_line_take_dirty(struct ntf_line *line);
void ntf_line_figures(const struct ntf_line *line, struct ntf_line_figures *out);
/* Every message in it; `each` must not change the line. */
void ntf_line_each(struct ntf_line *line, void (*each)(void *context, struct ntf_message *message),
                   void *context);

#endif /* NTF_LINE_H */
