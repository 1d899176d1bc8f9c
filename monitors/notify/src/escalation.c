/* SPDX-License-Identifier: MIT */
/* Steps of an escalation, from text: see escalation.h. */

#include "escalation.h"

#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/ini.h>
#include <watchfloor/strbuf.h>

#define REPEAT_LEAST_NS WF_NS_PER_S

struct words {
    const char *at, *end; /* of one step */
    char word[WF_NAME_SIZE + 16];
};

/* The next word, or false at the step's end; ':' and ',' are blanks here. */
static bool next_word(struct words *words)
{
    static const char between[] = " \t\n:,";
    size_t len;

    while (words->at < words->end && strchr(between, *words->at) != NULL)
        words->at++;
    for (len = 0; words->at + len < words->end && strchr(between, words->at[len]) == NULL; len++)
        continue;
    (void)wf_copy_text(words->word, len + 1 < sizeof(words->word) ? len + 1 : sizeof(words->word),
                       words->at);
    words->at += len;
    return len > 0;
}

static int take_condition(struct words *words, struct ntf_step *step, struct wf_err *err)
{
    if (!next_word(words) ||
        (wf_casecmp(words->word, "unack") != 0 && wf_casecmp(words->word, "active") != 0))
        return wf_fail(err, WF_ERR_INVALID, "behind 'if' stands '%.48s'; expected unack or active",
                       words->word);
    step->is_only_active = wf_casecmp(words->word, "active") == 0;
    return next_word(words) ? 0
                            : wf_fail(err, WF_ERR_INVALID, "a step names no route behind its 'if'");
}

static int take_route(const char *name, const char *const *routes, size_t route_count,
                      struct ntf_step *step, struct wf_err *err)
{
    const char *nearest;

    for (size_t i = 0; i < route_count; i++)
        if (wf_name_is_equal(routes[i], name)) {
            step->routes |= UINT64_C(1) << i;
            return 0;
        }
    nearest = wf_nearest_name(name, routes, route_count);
    return nearest != NULL ? wf_fail(err, WF_ERR_INVALID,
                                     "there is no [route %.48s]; did you mean '%s'?", name, nearest)
                           : wf_fail(err, WF_ERR_INVALID, "there is no [route %.48s]", name);
}

static int take_step(struct words *words, const char *const *routes, size_t route_count,
                     struct ntf_escalation *out, struct wf_err *err)
{
    struct ntf_step step = { 0 };
    int rc = wf_parse_duration_ns(words->word, &step.after_ns, err);

    if (rc < 0) {
        wf_err_prefix(err, "a step begins with a time, as '2m if unack: NAME'");
        return rc;
    }
    if (out->step_count == NTF_STEP_MAX)
        return wf_fail(err, WF_ERR_LIMIT, "more than %d steps", NTF_STEP_MAX);
    if (out->step_count > 0 && step.after_ns < out->steps[out->step_count - 1].after_ns)
        return wf_fail(err, WF_ERR_INVALID, "'%.40s' goes back in time; steps stand in order",
                       words->word);
    if (!next_word(words))
        return wf_fail(err, WF_ERR_INVALID, "a step names no route");
    if (wf_casecmp(words->word, "if") == 0 && (rc = take_condition(words, &step, err)) < 0)
        return rc;
    do {
        /* "route NAME" and NAME are the same. */
        if (wf_casecmp(words->word, "route") != 0 &&
            (rc = take_route(words->word, routes, route_count, &step, err)) < 0)
            return rc;
    } while (next_word(words));
    if (step.routes == 0)
        return wf_fail(err, WF_ERR_INVALID, "a step names no route");
    out->steps[out->step_count++] = step;
    return 0;
}

static int take_repeat(struct words *words, struct ntf_escalation *out, struct wf_err *err)
{
    int rc = next_word(words) ? wf_parse_duration_ns(words->word, &out->repeat_ns, err)
                              : wf_fail(err, WF_ERR_INVALID, "expected a time");

    if (rc == 0 && out->repeat_ns < REPEAT_LEAST_NS)
        rc = wf_fail(err, WF_ERR_INVALID, "'%.40s' is too often; 1s at least", words->word);
    if (rc == 0 && next_word(words))
        rc = wf_fail(err, WF_ERR_INVALID, "'%.40s' is too much; the last step's routes are told",
                     words->word);
    if (rc < 0)
        wf_err_prefix(err, "repeat");
    return rc;
}

int ntf_escalation_parse(const char *text, const char *const *routes, size_t route_count,
                         struct ntf_escalation *out, struct wf_err *err)
{
    out->step_count = 0;
    out->repeat_ns = 0;
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, ";");
        struct words words = { .at = at, .end = at + len };
        int rc = 0;

        if (next_word(&words)) {
            if (out->repeat_ns != 0)
                rc = wf_fail(err, WF_ERR_INVALID, "repeat is the last of the steps");
            else if (wf_casecmp(words.word, "repeat") == 0)
                rc = take_repeat(&words, out, err);
            else
                rc = take_step(&words, routes, route_count, out, err);
        }
        if (rc < 0)
            return rc;
        at += len + (at[len] == ';' ? 1 : 0);
    }
    if (out->step_count == 0)
        return wf_fail(err, WF_ERR_INVALID, "no step; expected TIME: ROUTE; ..., as '0s: bell'");
    return 0;
}
