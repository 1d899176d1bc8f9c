/* SPDX-License-Identifier: MIT */
/* Nothing has the name that was asked for: why, and what to ask instead. See query.h. */

#include "query.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/ini.h>

/* Names that are compared with a misspelt one; series whose newest sample is looked for. */
#define NAMES_MAX  20000
#define SERIES_MAX 32

struct list {
    const struct wf_history_entry *entries;
    size_t count;
};

/* The subsystems there are, in a line. */
static void add_subsystems(const struct list *list, struct wf_strbuf *out)
{
    for (size_t i = 0; i < list->count; i++) {
        wf_strbuf_add(out, i > 0 ? ", " : "");
        wf_strbuf_add_name(out, list->entries[i].source, list->entries[i].schema->name, NULL);
    }
}

/* --- a name that is nearly right ----------------------------------------------------------- */

struct names {
    struct wf_strbuf text; /* ended texts, one behind another */
    size_t *at;
    size_t count;
};

static void add_name(struct names *names, const char *source, const char *subsystem,
                     const char *parameter)
{
    if (names->count == NAMES_MAX)
        return;
    names->at[names->count++] = names->text.len;
    wf_strbuf_add_name(&names->text, source, subsystem, parameter);
    wf_strbuf_add_bytes(&names->text, "", 1);
}

/* Append what was meant, perhaps; false: nothing is near. */
static bool add_nearest(const struct list *list, const char *pattern, struct wf_strbuf *out)
{
    struct names names = { .at = calloc(NAMES_MAX, sizeof(size_t)) };
    const char **candidates = calloc(NAMES_MAX, sizeof(*candidates));
    const char *nearest = NULL;

    wf_strbuf_init(&names.text, 8u << 20);
    for (size_t i = 0; names.at != NULL && i < list->count; i++) {
        const struct wf_schema *schema = list->entries[i].schema;

        add_name(&names, list->entries[i].source, schema->name, NULL);
        for (size_t k = 0; k < schema->parameter_count; k++)
            add_name(&names, list->entries[i].source, schema->name, schema->parameters[k].name);
    }
    for (size_t i = 0; candidates != NULL && i < names.count; i++)
        candidates[i] = names.text.text + names.at[i];
    if (candidates != NULL && !names.text.was_cut)
        nearest = wf_nearest_name(pattern, candidates, names.count);
    if (nearest != NULL)
        wf_strbuf_add(out, nearest);
    wf_strbuf_fini(&names.text);
    free(names.at);
    free(candidates);
    return nearest != NULL;
}

/* --- a range that is not right -------------------------------------------------------------- */

static bool is_of(const struct wf_history_entry *entry, const char *pattern)
{
    for (size_t i = 0; i < entry->schema->parameter_count; i++) {
        if (wf_pattern_match(pattern, entry->source, entry->schema->name,
                             entry->schema->parameters[i].name))
            return true;
    }
    return false;
}

/* The newest sample of what the pattern (NULL = anything) names, at any time. */
static bool find_newest(struct query *query, const struct list *all, const char *pattern,
                        int64_t *out_ns)
{
    struct wf_history_query last = {
        .range = { INT64_MIN, INT64_MAX, query->options.range.is_by_received }, .is_bare = true
    };
    size_t asked = 0;
    bool is_found = false;

    for (size_t i = 0; i < all->count && asked < SERIES_MAX; i++) {
        struct wf_history_cursor *cursor = NULL;
        struct wf_history_row row;

        if (pattern != NULL && !is_of(&all->entries[i], pattern))
            continue;
        asked++;
        last.source = all->entries[i].source;
        last.subsystem = all->entries[i].schema->name;
        if (wf_history_last(query->history, &last, &cursor, NULL) == 0 &&
            wf_history_next(cursor, &row, NULL) == 0) {
            *out_ns = row.time_ns;
            last.range.from_ns = row.time_ns + 1; /* only later ones are news */
            is_found = true;
        }
        wf_history_cursor_close(&cursor);
    }
    return is_found;
}

int query_missing(struct query *query, const char *pattern, struct wf_err *err)
{
    const struct wf_range any = { .from_ns = INT64_MIN, .to_ns = INT64_MAX };
    struct list here = { 0 }, all = { 0 };
    char text[160] = "", time_text[48] = "";
    struct wf_strbuf names = WF_STRBUF_FIXED(text), newest = WF_STRBUF_FIXED(time_text);
    int64_t now_ns = wf_utc_now_ns(), newest_ns = 0;
    int rc;

    if (query->options.range.from_ns > now_ns) {
        wf_strbuf_add_time(&newest, now_ns, 0);
        return wf_fail(err, WF_ERR_ABSENT, "this range lies in the future: it is %s (UTC)",
                       time_text);
    }
    rc = wf_history_list(query->history, &query->options.range, &here.entries, &here.count, err);
    if (rc < 0)
        return rc;
    if (here.count > 0 && add_nearest(&here, pattern, &names))
        return wf_fail(err, WF_ERR_ABSENT, "no '%.60s' in this range; did you mean %s?", pattern,
                       text);
    add_subsystems(&here, &names);
    /* The list of the range is gone from here on. */
    rc = wf_history_list(query->history, &any, &all.entries, &all.count, err);
    if (rc < 0)
        return rc;
    if (find_newest(query, &all, pattern, &newest_ns)) {
        wf_strbuf_add_time(&newest, newest_ns, 3);
        return wf_fail(err, WF_ERR_ABSENT,
                       "nothing of '%.60s' in this range; its newest sample is of %s", pattern,
                       time_text);
    }
    if (here.count > 0)
        return wf_fail(err, WF_ERR_ABSENT, "no '%.60s' in this range; there is: %s%s", pattern,
                       text, names.was_cut ? " ..." : "");
    if (add_nearest(&all, pattern, &names))
        return wf_fail(err, WF_ERR_ABSENT,
                       "nothing was stored in this range, and no '%.60s' ever; did you mean %s?",
                       pattern, text);
    if (!find_newest(query, &all, NULL, &newest_ns))
        return wf_fail(err, WF_ERR_ABSENT, "nothing that can be read was stored in this range");
    wf_strbuf_add_time(&newest, newest_ns, 3);
    return wf_fail(err, WF_ERR_ABSENT,
                   "nothing was stored in this range, and no '%.60s' ever; the newest sample is of"
                   " %s",
                   pattern, time_text);
}
