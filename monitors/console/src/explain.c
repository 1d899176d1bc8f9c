/* SPDX-License-Identifier: MIT */
/* Explain: see explain.h. What is missing in the answer is left out, so that releases may differ. */

#include "explain.h"

#include <string.h>

#include <watchfloor/clock.h>

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

static void add_text(const json_t *object, const char *key, const char *label,
                     struct wf_strbuf *out)
{
    const char *text = text_of(object, key);

    if (text[0] != '\0')
        wf_strbuf_addf(out, "%-16s %s\n", label, text);
}

static void add_time(const json_t *object, const char *key, const char *label,
                     struct wf_strbuf *out)
{
    const json_t *time = json_object_get(object, key);

    if (!json_is_integer(time))
        return;
    wf_strbuf_addf(out, "%-16s ", label);
    wf_strbuf_add_time(out, json_integer_value(time), 3);
    wf_strbuf_add(out, "\n");
}

/* "lolo 24  lo 26  hi 33": in the order in which people think of them. */
static void add_limits(const json_t *object, const char *key, const char *label,
                       struct wf_strbuf *out)
{
    static const char *const names[] = { "lolo", "lo", "hi", "hihi" };
    const json_t *limits = json_object_get(object, key);

    if (json_object_size(limits) == 0)
        return;
    wf_strbuf_addf(out, "%-16s", label);
    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        const json_t *limit = json_object_get(limits, names[i]);

        if (!json_is_number(limit))
            continue;
        wf_strbuf_addf(out, " %s ", names[i]);
        wf_strbuf_add_double(out, json_number_value(limit));
    }
    wf_strbuf_add(out, "\n");
}

static void add_persistence(const json_t *object, const char *key, struct wf_strbuf *out)
{
    const json_t *rule = json_object_get(object, key);
    const json_t *duration = json_object_get(rule, "for_ns");

    if (!json_is_object(rule))
        return;
    wf_strbuf_addf(out, "%-16s ", key);
    if (json_is_integer(duration)) {
        wf_strbuf_add(out, "for ");
        wf_strbuf_add_age(out, json_integer_value(duration));
    } else {
        wf_strbuf_addf(out, "%lld of %lld samples",
                       (long long)json_integer_value(json_object_get(rule, "n")),
                       (long long)json_integer_value(json_object_get(rule, "m")));
    }
    wf_strbuf_add(out, "\n");
}

static void add_levels(const json_t *explain, struct wf_strbuf *out)
{
    const json_t *levels = json_object_get(explain, "levels");

    for (size_t i = 0; i < json_array_size(levels); i++) {
        const json_t *level = json_array_get(levels, i);

        wf_strbuf_addf(out, "%-16s %-6s%s%s", i == 0 ? "levels" : "", text_of(level, "level"),
                       json_is_true(json_object_get(level, "raised")) ? " raised" : "",
                       json_is_true(json_object_get(level, "violated")) ? " violated" : "");
        if (text_of(level, "window")[0] != '\0')
            wf_strbuf_addf(out, "  last samples %s", text_of(level, "window"));
        wf_strbuf_add(out, "\n");
    }
}

static void add_samples(const json_t *explain, struct wf_strbuf *out)
{
    const json_t *samples = json_object_get(explain, "samples");
    size_t count = json_array_size(samples);

    for (size_t i = 0; i < count; i++) {
        const json_t *sample = json_array_get(samples, count - 1 - i); /* the newest on top */
        const json_t *value = json_object_get(sample, "value");

        wf_strbuf_addf(out, "%-16s ", i == 0 ? "samples" : "");
        wf_strbuf_add_time(out, json_integer_value(json_object_get(sample, "received_ns")), 3);
        wf_strbuf_add(out, "  ");
        if (json_is_string(value))
            wf_strbuf_add(out, json_string_value(value));
        else if (json_is_number(value))
            wf_strbuf_add_double(out, json_number_value(value));
        else
            wf_strbuf_add(out, "--");
        if (strcmp(text_of(sample, "quality"), "VALID") != 0)
            wf_strbuf_addf(out, "  %s", text_of(sample, "quality"));
        wf_strbuf_add(out, "\n");
    }
}

static void add_children(const json_t *explain, struct wf_strbuf *out)
{
    const json_t *children = json_object_get(explain, "children");

    for (size_t i = 0; json_is_array(children) && i < json_array_size(children); i++)
        wf_strbuf_addf(out, "%-16s %s\n", i == 0 ? "suppresses" : "",
                       json_string_value(json_array_get(children, i)));
}

static void add_changed_by(const json_t *explain, struct wf_strbuf *out)
{
    const json_t *changed = json_object_get(explain, "changed_by");

    if (!json_is_object(changed))
        return;
    wf_strbuf_addf(out, "%-16s by %s, ", "limits changed", text_of(changed, "user"));
    wf_strbuf_add_time(out, json_integer_value(json_object_get(changed, "time_ns")), 0);
    wf_strbuf_addf(out, " %s\n", text_of(changed, "note"));
}

void con_explain(const json_t *explain, struct wf_strbuf *out)
{
    const json_t *alarm = json_object_get(explain, "alarm");
    const json_t *now = json_object_get(explain, "now");

    /* The alarm's own fields stand beside the rest, or in an object of their own. */
    if (!json_is_object(alarm))
        alarm = explain;
    wf_strbuf_addf(out, "%s   %s\n\n", text_of(alarm, "alarm"), text_of(alarm, "title"));
    add_text(alarm, "guidance", "guidance", out);
    add_text(alarm, "state", "state", out);
    add_time(alarm, "raised_ns", "raised", out);
    add_text(alarm, "value_text", "value at trip", out);
    add_text(now, "value_text", "value now", out);
    add_text(now, "quality", "quality", out);
    add_text(alarm, "user", "acknowledged by", out);
    add_text(alarm, "note", "note", out);
    add_text(explain, "rule", "rule", out);
    add_text(explain, "enabled_when", "enabled when", out);
    add_text(explain, "suppressed_by", "suppressed by", out);
    add_limits(explain, "limits", "limits in force", out);
    add_text(explain, "context", "by context", out);
    add_changed_by(explain, out);
    add_limits(explain, "configured", "configured", out);
    add_persistence(explain, "raise", out);
    add_persistence(explain, "clear", out);
    add_levels(explain, out);
    add_children(explain, out);
    wf_strbuf_add(out, "\n");
    add_samples(explain, out);
    wf_strbuf_addf(out, "\nIts past: wf explain '%s'\n", text_of(alarm, "alarm"));
}
