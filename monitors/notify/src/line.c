/* SPDX-License-Identifier: MIT */
/* The messages of one route: see line.h. */

#include "line.h"

#include <stdlib.h>
#include <string.h>

/* A message that ends its worker so often is the one to blame. */
#define CRASHES_MAX 3
/* A route that never groups does so all the same when it fails and so many wait ... */
#define BACKLOG_MAX 2000
/* ... and any route, so that memory has a bound and no route makes the others wait. */
#define WAITING_MAX 20000
#define HELD_MAX    5000

struct ntf_line {
    struct ntf_line_rules rules;
    ntf_done_fn done;
    void *context;
    struct ntf_message *first, *last;
    struct ntf_message *in_flight;
    struct ntf_line_figures figures;
    int64_t window_end_ns; /* of the storm window that runs; 0: none */
    uint32_t window_count; /* that went in it */
    int64_t pause_end_ns;  /* after a failure nothing goes until then */
    int64_t last_held_ns;  /* earliest end of what is held; INT64_MAX: nothing is */
    uint32_t summaries;    /* made, for their ids */
    bool is_dirty;         /* some message in it is */
};

struct ntf_line *ntf_line_create(const struct ntf_line_rules *rules, ntf_done_fn done,
                                 void *context)
{
    struct ntf_line *line = calloc(1, sizeof(*line));

    if (line == NULL)
        return NULL;
    line->rules = *rules;
    line->done = done;
    line->context = context;
    line->last_held_ns = INT64_MAX;
    line->figures.oldest_ns = line->figures.delivered_ns = WF_TIME_NONE;
    return line;
}

void ntf_line_destroy(struct ntf_line **line)
{
    if (*line == NULL)
        return;
    while ((*line)->first != NULL) {
        struct ntf_message *message = (*line)->first;

        (*line)->first = message->next;
        ntf_message_free(&message);
    }
    free(*line);
    *line = NULL;
}

/* --- the list ------------------------------------------------------------------------------ */

static void append(struct ntf_line *line, struct ntf_message *message)
{
    line->is_dirty |= message->is_dirty;
    message->next = NULL;
    if (line->last != NULL)
        line->last->next = message;
    else
        line->first = message;
    line->last = message;
    if (message->state == NTF_HELD) {
        line->figures.held++;
        if (message->not_before_ns < line->last_held_ns)
            line->last_held_ns = message->not_before_ns;
    } else {
        line->figures.waiting++;
    }
}

/* Out of the list, told as done, freed. */
static void finish(struct ntf_line *line, struct ntf_message *message, enum ntf_state state,
                   int64_t now_ns)
{
    struct ntf_message **at = &line->first;
    struct ntf_message *before = NULL;

    while (*at != message) {
        before = *at;
        at = &(*at)->next;
    }
    *at = message->next;
    if (line->last == message)
        line->last = before;
    if (message->state == NTF_HELD)
        line->figures.held--;
    else
        line->figures.waiting--;
    message->state = state;
    message->done_ns = now_ns;
    message->is_dirty = true;
    message->is_in_flight = false;
    if (line->in_flight == message)
        line->in_flight = NULL;
    line->done(line->context, message);
}

/* --- grouping ------------------------------------------------------------------------------ */

/* May it be put together with others: it is of no use by itself to somebody who waits for it. */
static bool can_be_grouped(const struct ntf_message *message)
{
    return !message->is_in_flight && message->event != NTF_TEST;
}

/*
 * Put all of a state that is due (`until_ns`) into one summary, which takes the place at the end and
 * waits as long as the longest of them. Without memory they stay single, which is only more work.
 */
static void summarise(struct ntf_line *line, enum ntf_state state, int64_t until_ns, int64_t now_ns)
{
    struct ntf_message *summary = ntf_message_create();
    struct wf_strbuf id;
    struct ntf_message *next;

    if (summary == NULL)
        return;
    summary->event = NTF_SUMMARY;
    summary->state = until_ns > now_ns ? NTF_HELD : NTF_WAITING;
    summary->count = 0;
    summary->made_ns = now_ns;
    (void)wf_copy_text(summary->route, sizeof(summary->route), line->rules.route);
    for (struct ntf_message *at = line->first; at != NULL; at = next) {
        next = at->next;
        if (at->state != state || at->not_before_ns > until_ns || at->attempts > 0 ||
            !can_be_grouped(at))
            continue;
        if (summary->count == 0) {
            wf_strbuf_init_fixed(&id, summary->id, sizeof(summary->id));
            wf_strbuf_addf(&id, "%.120s+%u", at->id, line->summaries++);
            (void)wf_copy_text(summary->facts.monitor, sizeof(summary->facts.monitor),
                               at->facts.monitor);
        }
        if (ntf_message_add_member(summary, at) < 0)
            break;
        if (summary->state == NTF_HELD && at->not_before_ns > summary->not_before_ns)
            summary->not_before_ns = at->not_before_ns;
        line->figures.grouped++;
        finish(line, at, NTF_GROUPED, now_ns);
    }
    if (summary->count == 0)
        ntf_message_free(&summary);
    else
        append(line, summary);
}

static uint32_t count_due(const struct ntf_line *line, int64_t now_ns)
{
    uint32_t count = 0;

    for (const struct ntf_message *at = line->first; at != NULL; at = at->next)
        if (at->state == NTF_HELD && at->not_before_ns <= now_ns)
            count++;
    return count;
}

static void release_held(struct ntf_line *line, int64_t now_ns)
{
    line->last_held_ns = INT64_MAX;
    for (struct ntf_message *at = line->first; at != NULL; at = at->next) {
        if (at->state != NTF_HELD)
            continue;
        if (at->not_before_ns <= now_ns) {
            at->state = NTF_WAITING;
            at->not_before_ns = 0;
            at->is_dirty = line->is_dirty = true;
            line->figures.held--;
            line->figures.waiting++;
        } else if (at->not_before_ns < line->last_held_ns) {
            line->last_held_ns = at->not_before_ns;
        }
    }
}

void ntf_line_tick(struct ntf_line *line, int64_t now_ns)
{
    uint32_t due;

    if (now_ns < line->last_held_ns)
        return;
    due = count_due(line, now_ns);
    if (line->rules.group_ns > 0 && due > line->rules.group_above)
        summarise(line, NTF_HELD, now_ns, now_ns);
    release_held(line, now_ns);
    /* The storm may go on: the next window begins where this one ended. */
    if (due > 0 && line->rules.group_ns > 0) {
        line->window_end_ns = now_ns + line->rules.group_ns;
        line->window_count = due > line->rules.group_above ? line->rules.group_above : due;
    }
}

/* When a new message may go: now (0), or at the end of a storm's window or of quiet hours. */
static int64_t hold_until(struct ntf_line *line, const struct ntf_message *message, int64_t now_ns,
                          int64_t utc_ns)
{
    const struct ntf_line_rules *rules = &line->rules;
    unsigned severity = message->facts.severity > message->facts.highest ? message->facts.severity
                                                                         : message->facts.highest;

    if (message->event == NTF_TEST)
        return 0;
    if (rules->quiet.span_count > 0 && severity < rules->quiet_severity &&
        ntf_when_is(&rules->quiet, utc_ns))
        return now_ns + (ntf_when_end(&rules->quiet, utc_ns) - utc_ns);
    if (rules->group_ns <= 0)
        return 0;
    if (now_ns >= line->window_end_ns) {
        line->window_end_ns = now_ns + rules->group_ns;
        line->window_count = 0;
    }
    if (line->window_count < rules->group_above) {
        line->window_count++;
        return 0;
    }
    return line->window_end_ns;
}

void ntf_line_add(struct ntf_line *line, struct ntf_message *message, int64_t now_ns,
                  int64_t utc_ns)
{
    ntf_line_tick(line, now_ns);
    message->not_before_ns = hold_until(line, message, now_ns, utc_ns);
    message->state = message->not_before_ns > now_ns ? NTF_HELD : NTF_WAITING;
    message->is_dirty = true;
    line->figures.made++;
    if (message->event == NTF_TEST && line->first != NULL) {
        message->next = line->first;
        line->first = message;
        line->figures.waiting++;
        line->is_dirty = true;
        return;
    }
    append(line, message);
    if (line->figures.held > HELD_MAX)
        summarise(line, NTF_HELD, INT64_MAX, now_ns);
    if (line->figures.waiting > WAITING_MAX)
        summarise(line, NTF_WAITING, now_ns, now_ns);
}

void ntf_line_restore(struct ntf_line *line, struct ntf_message *message)
{
    append(line, message);
}

/* --- deliveries ---------------------------------------------------------------------------- */

static void group_backlog(struct ntf_line *line, int64_t now_ns)
{
    uint32_t most = line->rules.group_ns > 0 ? line->rules.group_above : BACKLOG_MAX;

    if (line->figures.failing > 0 && line->figures.waiting > most + 1)
        summarise(line, NTF_WAITING, now_ns, now_ns);
}

struct ntf_message *ntf_line_next(struct ntf_line *line, int64_t now_ns)
{
    struct ntf_message *at;

    if (line->in_flight != NULL)
        return NULL;
    ntf_line_tick(line, now_ns);
    if (line->figures.waiting == 0)
        return NULL;
    for (at = line->first; at != NULL && at->state != NTF_WAITING;)
        at = at->next;
    if (at == NULL || (now_ns < line->pause_end_ns && at->event != NTF_TEST))
        return NULL;
    group_backlog(line, now_ns);
    for (at = line->first; at != NULL && at->state != NTF_WAITING;)
        at = at->next;
    if (at != NULL) {
        at->is_in_flight = true;
        line->in_flight = at;
    }
    return at;
}

int64_t ntf_line_due(const struct ntf_line *line)
{
    int64_t due_ns = line->last_held_ns;

    if (line->in_flight == NULL && line->figures.waiting > 0 && line->pause_end_ns < due_ns)
        due_ns = line->pause_end_ns;
    return due_ns;
}

static int64_t pause_after(const struct ntf_line_rules *rules, uint32_t failures)
{
    int64_t pause_ns = rules->retry_ns;

    for (uint32_t i = 1; i < failures && pause_ns < rules->retry_max_ns; i++)
        pause_ns *= 2;
    return pause_ns < rules->retry_max_ns ? pause_ns : rules->retry_max_ns;
}

void ntf_line_result(struct ntf_line *line, enum ntf_result result, const char *why, int64_t now_ns)
{
    struct ntf_message *message = line->in_flight;
    bool is_test = message->event == NTF_TEST;

    message->is_dirty = true;
    if (result == NTF_OK) {
        line->figures.delivered++;
        line->figures.failing = 0;
        line->figures.why[0] = '\0';
        line->figures.delivered_ns = now_ns;
        line->pause_end_ns = 0;
        finish(line, message, NTF_DELIVERED, now_ns);
        return;
    }
    line->figures.failed++;
    message->attempts++;
    message->crashes += result == NTF_CRASHED;
    ntf_copy_clean(message->why, sizeof(message->why), why, false);
    /* A test asks how it is; its failure must not make the others wait, nor be an alarm. */
    if (!is_test) {
        (void)wf_copy_text(line->figures.why, sizeof(line->figures.why), message->why);
        line->figures.failing++;
        line->pause_end_ns = now_ns + pause_after(&line->rules, line->figures.failing);
    }
    if (is_test || result == NTF_REFUSE || message->attempts >= line->rules.attempts ||
        message->crashes >= CRASHES_MAX) {
        if (!is_test)
            line->figures.given_up++;
        finish(line, message, NTF_GIVEN_UP, now_ns);
        return;
    }
    message->is_in_flight = false;
    line->in_flight = NULL;
    line->is_dirty = true;
}

bool ntf_line_take_dirty(struct ntf_line *line)
{
    bool was_dirty = line->is_dirty;

    line->is_dirty = false;
    return was_dirty;
}

void ntf_line_put_back(struct ntf_line *line)
{
    if (line->in_flight == NULL)
        return;
    line->in_flight->is_in_flight = false;
    line->in_flight = NULL;
}

void ntf_line_figures(const struct ntf_line *line, struct ntf_line_figures *out)
{
    *out = line->figures;
    out->oldest_ns = WF_TIME_NONE;
    for (const struct ntf_message *at = line->first; at != NULL; at = at->next)
        if (at->state == NTF_WAITING) {
            out->oldest_ns = at->made_ns;
            break;
        }
}

void ntf_line_each(struct ntf_line *line, void (*each)(void *context, struct ntf_message *message),
                   void *context)
{
    for (struct ntf_message *at = line->first; at != NULL; at = at->next)
        each(context, at);
}
