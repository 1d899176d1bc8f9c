/* SPDX-License-Identifier: MIT */
/* Which alarms: see filter.h. */

#include "filter.h"

#include <string.h>

static const char blanks[] = " \t\n,";
static const char *const kinds[] = { "LIMIT", "STATES", "RATE", "INVALID", "STALE", "GAP", "RULE" };

static int kind_of(const char *text, size_t len)
{
    char word[16];

    if (len >= sizeof(word))
        return -1;
    (void)wf_copy_text(word, len + 1, text);
    for (size_t i = 0; i < WF_COUNT_OF(kinds); i++)
        if (wf_casecmp(word, kinds[i]) == 0)
            return (int)i;
    return -1;
}

static void copy_part(char *out, size_t size, const char *text, size_t len)
{
    (void)wf_copy_text(out, len + 1 < size ? len + 1 : size, text);
}

void ntf_name_split(const char *alarm, struct ntf_name *out)
{
    const char *blank = strrchr(alarm, ' ');
    size_t len = blank != NULL ? (size_t)(blank - alarm) : strlen(alarm);
    const char *dots[2] = { NULL, NULL };
    size_t count = 0;
    bool is_whole; /* of a whole subsystem, not of a parameter */

    memset(out, 0, sizeof(*out));
    if (blank != NULL)
        (void)wf_copy_text(out->kind, sizeof(out->kind), blank + 1);
    for (size_t i = 0; i < len && count < 2; i++)
        if (alarm[i] == '.')
            dots[count++] = &alarm[i];
    is_whole = strcmp(out->kind, "STALE") == 0 || strcmp(out->kind, "GAP") == 0;
    /* The source main may be left out: a subsystem has two parts then one, a parameter three or two. */
    if (count == (is_whole ? 0 : 1)) {
        (void)wf_copy_text(out->source, sizeof(out->source), WF_SOURCE_MAIN);
        dots[1] = dots[0];
        dots[0] = alarm - 1;
    } else if (count > 0) {
        copy_part(out->source, sizeof(out->source), alarm, (size_t)(dots[0] - alarm));
    } else {
        return;
    }
    if (dots[1] == NULL) {
        copy_part(out->subsystem, sizeof(out->subsystem), dots[0] + 1,
                  (size_t)(alarm + len - dots[0] - 1));
        return;
    }
    copy_part(out->subsystem, sizeof(out->subsystem), dots[0] + 1, (size_t)(dots[1] - dots[0] - 1));
    copy_part(out->parameter, sizeof(out->parameter), dots[1] + 1,
              (size_t)(alarm + len - dots[1] - 1));
}

int ntf_severity_parse(const char *text, struct ntf_filter *filter, struct wf_err *err)
{
    const char *dots = strstr(text, "..");
    char low[8];
    uint64_t from = 0, to = NTF_SEVERITY_MAX;
    bool is_good;

    copy_part(low, sizeof(low), text, dots != NULL ? (size_t)(dots - text) : strlen(text));
    is_good = wf_parse_u64(low, &from, NULL) == 0 &&
              (dots == NULL || wf_parse_u64(dots + 2, &to, NULL) == 0);
    if (!is_good || from > to || to > NTF_SEVERITY_MAX)
        return wf_fail(err, WF_ERR_INVALID,
                       "'%.40s' is no severity; expected 0..%d, or LOW..HIGH, as 2..4", text,
                       NTF_SEVERITY_MAX);
    filter->low = (uint8_t)from;
    filter->high = (uint8_t)to;
    return 0;
}

int ntf_kinds_parse(const char *text, struct ntf_filter *filter, struct wf_err *err)
{
    unsigned found = 0;

    for (const char *at = text + strspn(text, blanks); *at != '\0'; at += strspn(at, blanks)) {
        size_t len = strcspn(at, blanks);
        int kind = kind_of(at, len);

        if (kind < 0)
            return wf_fail(err, WF_ERR_INVALID,
                           "'%.*s' is no kind of alarm; expected LIMIT STATES RATE INVALID STALE "
                           "GAP RULE",
                           (int)(len > 40 ? 40 : len), at);
        found |= 1u << kind;
        at += len;
    }
    filter->kinds = found;
    return 0;
}

bool ntf_filter_takes(const struct ntf_filter *filter, const struct ntf_name *name,
                      unsigned severity)
{
    int kind = kind_of(name->kind, strlen(name->kind));

    if (severity < filter->low || severity > filter->high)
        return false;
    if (filter->kinds != 0 && (kind < 0 || (filter->kinds >> kind & 1) == 0))
        return false;
    return wf_pattern_list_match(filter->alarms, name->source, name->subsystem, name->parameter) &&
           !wf_pattern_list_match(filter->except, name->source, name->subsystem, name->parameter);
}
