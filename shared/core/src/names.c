/* SPDX-License-Identifier: MIT */
/* Names and globs: see <watchfloor/names.h>. */

#include <watchfloor/names.h>

#include <string.h>

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

int wf_name_check(const char *name, struct wf_err *err)
{
    size_t len = strlen(name);

    if (len == 0)
        return wf_fail(err, WF_ERR_INVALID, "a name is missing");
    if (len > WF_NAME_MAX)
        return wf_fail(err, WF_ERR_INVALID, "name '%.60s' is longer than %d bytes", name,
                       WF_NAME_MAX);
    if (!is_letter(name[0]))
        return wf_fail(err, WF_ERR_INVALID, "name '%s' must begin with a letter or '_'", name);
    for (size_t i = 1; i < len; i++)
        if (!is_letter(name[i]) && !is_digit(name[i]))
            return wf_fail(err, WF_ERR_INVALID, "name '%s' may hold letters, digits and '_' only",
                           name);
    return 0;
}

int wf_instance_check(const char *instance, struct wf_err *err)
{
    size_t len = strlen(instance);

    if (len == 0 || len > WF_INSTANCE_MAX ||
        strspn(instance, "abcdefghijklmnopqrstuvwxyz0123456789-") != len)
        return wf_fail(err, WF_ERR_INVALID, "instance '%.60s' must be 1 to %d of a-z, 0-9 and '-'",
                       instance, WF_INSTANCE_MAX);
    return 0;
}

void wf_name_from_text(const char *text, char out[WF_NAME_SIZE])
{
    size_t len = 0;

    if (!is_letter(text[0]))
        out[len++] = '_';
    /* A leading digit stays readable behind the '_'; a leading bad byte became it. */
    if (text[0] != '\0' && !is_letter(text[0]) && !is_digit(text[0]))
        text++;
    for (; *text != '\0' && len < WF_NAME_MAX; text++)
        out[len++] = is_letter(*text) || is_digit(*text) ? *text : '_';
    out[len] = '\0';
}

bool wf_name_is_equal(const char *a, const char *b)
{
    return wf_casecmp(a, b) == 0;
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Is the class at `glob` ("[a-z]", "[!x]") closed? Returns what follows it, else NULL. */
static const char *class_end(const char *glob)
{
    const char *at = glob + 1;

    if (*at == '!' || *at == '^')
        at++;
    if (*at == ']')
        at++;
    for (; *at != '\0'; at++)
        if (*at == ']')
            return at + 1;
    return NULL;
}

static bool class_has(const char *glob, const char *end, char c)
{
    const char *at = glob + 1;
    bool is_negated = *at == '!' || *at == '^';
    bool is_in = false;

    if (is_negated)
        at++;
    for (; at < end - 1; at++) {
        unsigned char low = lower(at[0]), high = low;

        if (at[1] == '-' && at + 2 < end - 1) {
            high = lower(at[2]);
            at += 2;
        }
        if (lower(c) >= low && lower(c) <= high)
            is_in = true;
    }
    return is_in != is_negated;
}

/* Match one element of the glob against `c`; *out_next is the glob behind it. */
static bool match_one(const char *glob, char c, const char **out_next)
{
    *out_next = glob + 1;
    if (*glob == '?')
        return true;
    if (*glob == '[') {
        const char *end = class_end(glob);

        if (end != NULL) {
            *out_next = end;
            return class_has(glob, end, c);
        }
    }
    return lower(*glob) == lower(c);
}

/* The glob is [glob, glob_end). On a mismatch only the last '*' has to be tried again, so
 * the cost is bounded by the product of the lengths. */
static bool match_range(const char *glob, const char *glob_end, const char *text)
{
    const char *star = NULL, *star_text = NULL, *next;

    while (*text != '\0') {
        if (glob < glob_end && *glob == '*') {
            star = ++glob;
            star_text = text;
        } else if (glob < glob_end && match_one(glob, *text, &next) && next <= glob_end) {
            glob = next;
            text++;
        } else if (star != NULL) {
            glob = star;
            text = ++star_text;
        } else {
            return false;
        }
    }
    while (glob < glob_end && *glob == '*')
        glob++;
    return glob == glob_end;
}

bool wf_glob_match(const char *glob, const char *text)
{
    return match_range(glob, glob + strlen(glob), text);
}

#define PARTS_MAX 3

struct part {
    const char *begin, *end;
};

/* Split [pattern, end) at dots outside classes; 0 when there are more than three parts. */
static size_t split(const char *pattern, const char *pattern_end, struct part parts[PARTS_MAX])
{
    size_t count = 0;
    const char *at = pattern;

    for (;;) {
        const char *begin = at;

        while (at < pattern_end && *at != '.') {
            const char *end = *at == '[' ? class_end(at) : NULL;

            at = end != NULL && end <= pattern_end ? end : at + 1;
        }
        if (count == PARTS_MAX)
            return 0;
        parts[count++] = (struct part){ begin, at };
        if (at >= pattern_end)
            return count;
        at++;
    }
}

static bool part_match(const struct part *part, const char *text)
{
    return match_range(part->begin, part->end, text);
}

static bool range_match(const char *pattern, const char *end, const char *source,
                        const char *subsystem, const char *parameter)
{
    struct part parts[PARTS_MAX];

    switch (split(pattern, end, parts)) {
    case 1:
        return part_match(&parts[0], subsystem);
    case 2:
        if (part_match(&parts[0], source) && part_match(&parts[1], subsystem))
            return true;
        return part_match(&parts[0], subsystem) &&
               (parameter == NULL || part_match(&parts[1], parameter));
    case 3:
        return part_match(&parts[0], source) && part_match(&parts[1], subsystem) &&
               (parameter == NULL || part_match(&parts[2], parameter));
    default:
        return false;
    }
}

bool wf_pattern_match(const char *pattern, const char *source, const char *subsystem,
                      const char *parameter)
{
    return range_match(pattern, pattern + strlen(pattern), source, subsystem, parameter);
}

bool wf_pattern_list_match(const char *patterns, const char *source, const char *subsystem,
                           const char *parameter)
{
    static const char blanks[] = " \t\n,";

    for (const char *at = patterns + strspn(patterns, blanks); *at != '\0';) {
        const char *end = at + strcspn(at, blanks);

        if (range_match(at, end, source, subsystem, parameter))
            return true;
        at = end + strspn(end, blanks);
    }
    return false;
}

void wf_strbuf_add_name(struct wf_strbuf *buf, const char *source, const char *subsystem,
                        const char *parameter)
{
    if (!wf_name_is_equal(source, WF_SOURCE_MAIN)) {
        wf_strbuf_add(buf, source);
        wf_strbuf_add_char(buf, '.');
    }
    wf_strbuf_add(buf, subsystem);
    if (parameter != NULL) {
        wf_strbuf_add_char(buf, '.');
        wf_strbuf_add(buf, parameter);
    }
}
