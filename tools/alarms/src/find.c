/* SPDX-License-Identifier: MIT */
/* Alarms by the names that people write: see desk.h. */

#include "desk.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/alarm/judge.h>

#define SHOWN_MAX 8 /* candidates in a message */

struct parts {
    char bare[WF_JOURNAL_ALARM_SIZE];           /* without the kind; cut at its dots */
    const char *source, *subsystem, *parameter; /* parameter NULL: of a whole subsystem */
    const char *kind;
};

static bool split_alarm(const char *alarm, struct parts *out)
{
    char *blank, *dot;

    if (!wf_copy_text(out->bare, sizeof(out->bare), alarm))
        return false;
    blank = strrchr(out->bare, ' ');
    if (blank == NULL)
        return false;
    *blank = '\0';
    out->kind = alarm + (blank - out->bare) + 1;
    out->source = out->bare;
    dot = strchr(out->bare, '.');
    if (dot == NULL)
        return false;
    *dot = '\0';
    out->subsystem = dot + 1;
    dot = strchr(dot + 1, '.');
    out->parameter = dot != NULL ? dot + 1 : NULL;
    if (dot != NULL)
        *dot = '\0';
    return true;
}

/* An alarm of a whole subsystem has no parameter that a third part could mean. */
static bool match_subsystem(const char *pattern, const struct parts *parts)
{
    char full[2 * WF_NAME_SIZE];

    if (strchr(pattern, '.') == NULL)
        return wf_glob_match(pattern, parts->subsystem);
    (void)snprintf(full, sizeof(full), "%.48s.%.48s", parts->source, parts->subsystem);
    return wf_glob_match(pattern, full);
}

bool desk_name_match(const char *pattern, const char *alarm)
{
    char text[WF_JOURNAL_ALARM_SIZE];
    struct parts parts;
    char *blank;

    if (strcmp(pattern, "*") == 0 || wf_casecmp(pattern, alarm) == 0)
        return true;
    if (!wf_copy_text(text, sizeof(text), pattern) || !split_alarm(alarm, &parts))
        return false;
    blank = strchr(text, ' ');
    if (blank != NULL) {
        *blank = '\0';
        if (!wf_glob_match(blank + 1, parts.kind))
            return false;
    }
    return parts.parameter != NULL
               ? wf_pattern_match(text, parts.source, parts.subsystem, parts.parameter)
               : match_subsystem(text, &parts);
}

const char *desk_short_name(const char *alarm)
{
    size_t len = strlen(WF_SOURCE_MAIN);

    return strncmp(alarm, WF_SOURCE_MAIN, len) == 0 && alarm[len] == '.' ? alarm + len + 1 : alarm;
}

static bool is_kind(const char *word)
{
    for (int kind = 0; kind < WF_ALARM_KIND_COUNT; kind++) {
        if (wf_casecmp(word, wf_alarm_kind_name((enum wf_alarm_kind)kind)) == 0)
            return true;
    }
    return false;
}

int desk_join_names(char **operands, int count)
{
    int kept = 0;

    for (int i = 0; i < count; i++) {
        if (i + 1 < count && is_kind(operands[i + 1]) && strchr(operands[i], ' ') == NULL) {
            size_t size = strlen(operands[i]) + strlen(operands[i + 1]) + 2;
            char *joined = malloc(size); /* as long as the program */

            if (joined != NULL) {
                (void)snprintf(joined, size, "%s %s", operands[i], operands[i + 1]);
                operands[kept++] = joined;
                i++;
                continue;
            }
        }
        operands[kept++] = operands[i];
    }
    return kept;
}

void desk_find_fini(struct desk_find *find)
{
    for (size_t i = 0; i < find->count; i++)
        json_decref(find->list[i].alarm);
    free(find->list);
    *find = (struct desk_find){ 0 };
}

static int keep_found(struct desk_find *find, const char *monitor, json_t *alarm,
                      struct wf_err *err)
{
    if (find->count % 64 == 0) {
        struct desk_found *more = realloc(find->list, (find->count + 64) * sizeof(*more));

        if (more == NULL)
            return wf_fail(err, WF_ERR_NOMEM, "out of memory");
        find->list = more;
    }
    find->list[find->count++] = (struct desk_found){ monitor, json_incref(alarm) };
    return 0;
}

/* The monitor is asked for more than is meant, by a glob around it; what is meant is judged here. */
static int find_at(const struct desk *desk, const char *monitor, const char *pattern,
                   struct desk_find *find, struct wf_err *err)
{
    char glob[WF_JOURNAL_ALARM_SIZE + 4];
    json_t *reply = NULL;
    const json_t *alarms;
    int rc;

    if (snprintf(glob, sizeof(glob), "*%s*", pattern) >= (int)sizeof(glob))
        return wf_fail(err, WF_ERR_INVALID, "'%.60s...' is longer than any name", pattern);
    rc = desk_ask(desk, monitor, json_pack("{s:s,s:s,s:b}", "do", "list", "match", glob, "all", 1),
                  &reply, err);
    alarms = json_object_get(reply, "alarms");
    for (size_t i = 0; rc == 0 && i < json_array_size(alarms); i++) {
        json_t *alarm = json_array_get(alarms, i);

        if (desk_name_match(pattern, desk_text(alarm, "alarm")))
            rc = keep_found(find, monitor, alarm, err);
    }
    json_decref(reply);
    return rc;
}

int desk_find(const struct desk *desk, const char *pattern, struct desk_find *out,
              struct wf_err *err)
{
    struct desk_find find = { 0 };
    struct wf_err first = { 0 };
    int rc = 0;

    if (desk->running_count == 0)
        return wf_fail(err, WF_ERR_ABSENT,
                       "no alarm monitor runs in instance '%s'; 'wf up' starts it, 'wf status' "
                       "shows what runs",
                       desk->common.paths.instance);
    /* One monitor that does not answer does not hide what the others know. */
    for (size_t i = 0; i < desk->running_count; i++) {
        struct wf_err one = { 0 };

        if (find_at(desk, desk->running[i], pattern, &find, &one) < 0 && first.rc == 0)
            first = one;
    }
    if (find.count == 0)
        rc = first.rc != 0
                 ? wf_fail(err, first.rc, "%s", first.text)
                 : wf_fail(err, WF_ERR_ABSENT,
                           "there is no alarm '%.100s'; `wf alarms --all` lists them", pattern);
    if (rc < 0) {
        desk_find_fini(&find);
        return rc;
    }
    *out = find;
    return 0;
}

/* Is it the alarm itself, and not one of several that a glob or a short form means? */
static bool is_exact(const char *pattern, const char *alarm)
{
    return wf_casecmp(pattern, alarm) == 0 || wf_casecmp(pattern, desk_short_name(alarm)) == 0;
}

static bool is_listed(const json_t *alarm)
{
    return strcmp(desk_text(alarm, "state"), "NORMAL") != 0 ||
           json_array_size(json_object_get(alarm, "marks")) > 0;
}

int desk_prefer(const char *pattern, const struct desk_find *find)
{
    int exact = -1, exact_count = 0, listed = -1, listed_count = 0;

    for (size_t i = 0; i < find->count; i++) {
        const json_t *alarm = find->list[i].alarm;

        if (is_exact(pattern, desk_text(alarm, "alarm"))) {
            exact = (int)i;
            exact_count++;
        }
        if (is_listed(alarm)) {
            listed = (int)i;
            listed_count++;
        }
    }
    if (find->count == 1)
        return 0;
    if (exact_count == 1)
        return exact;
    /* Two parts or more: a whole subsystem is not meant as one alarm of it. */
    return listed_count == 1 && strpbrk(pattern, "*?[") == NULL && strchr(pattern, '.') != NULL
               ? listed
               : -1;
}

static int tell_candidates(const char *pattern, const struct desk_find *find, struct wf_err *err)
{
    char text[200];
    struct wf_strbuf list = WF_STRBUF_FIXED(text);

    for (size_t i = 0; i < find->count && i < SHOWN_MAX; i++)
        wf_strbuf_addf(&list, "%s'%s'", i > 0 ? ", " : "",
                       desk_short_name(desk_text(find->list[i].alarm, "alarm")));
    return wf_fail(err, WF_ERR_INVALID, "'%.60s' means %zu alarms (%s%s); say which", pattern,
                   find->count, text, find->count > SHOWN_MAX || list.was_cut ? " ..." : "");
}

/* Of alarms of one and the same parameter, the one that people mean by its name; else -1. */
static int prefer_kind(const char *pattern, const struct desk_find *find)
{
    static const char *const kinds[] = { "LIMIT", "STATES", "RATE", "RULE", "INVALID" };
    const char *first = desk_text(find->list[0].alarm, "alarm");
    size_t bare = strcspn(first, " ");

    if (strpbrk(pattern, "*?[ ") != NULL || strchr(pattern, '.') == NULL)
        return -1;
    for (size_t i = 1; i < find->count; i++) {
        const char *name = desk_text(find->list[i].alarm, "alarm");

        if (find->list[i].monitor != find->list[0].monitor || strcspn(name, " ") != bare ||
            strncmp(name, first, bare) != 0)
            return -1;
    }
    for (size_t kind = 0; kind < WF_COUNT_OF(kinds); kind++) {
        for (size_t i = 0; i < find->count; i++) {
            if (strcmp(desk_text(find->list[i].alarm, "kind"), kinds[kind]) == 0)
                return (int)i;
        }
    }
    return -1;
}

int desk_find_one(const struct desk *desk, const char *pattern, struct desk_found *out,
                  struct wf_err *err)
{
    struct desk_find find;
    int rc = desk_find(desk, pattern, &find, err);
    int at;

    if (rc < 0)
        return rc;
    at = desk_prefer(pattern, &find);
    if (at < 0)
        at = prefer_kind(pattern, &find);
    if (at < 0) {
        rc = tell_candidates(pattern, &find, err);
    } else {
        *out = find.list[at];
        (void)json_incref(out->alarm);
    }
    desk_find_fini(&find);
    return rc;
}
