/* SPDX-License-Identifier: MIT */
/* The deadbands of a [record] section: see <watchfloor/config.h>. */

#include <watchfloor/config.h>

#include <math.h>
#include <string.h>

/* "0.5", "2%" */
static int parse_size(char *text, struct wf_deadband *out)
{
    size_t len = strlen(text);

    out->is_relative = len > 1 && text[len - 1] == '%';
    if (out->is_relative)
        text[len - 1] = '\0';
    if (wf_parse_double(text, &out->size, NULL) < 0 || !isfinite(out->size) || out->size < 0)
        return WF_ERR_INVALID;
    if (out->is_relative)
        out->size /= 100;
    return 0;
}

int wf_config_deadband(const struct wf_config_record *record, const char *parameter,
                       struct wf_deadband *out, struct wf_err *err)
{
    *out = (struct wf_deadband){ .size = 0 };
    for (const char *at = record->deadband + strspn(record->deadband, " \t\n,"); *at != '\0';
         at += strspn(at, " \t\n,")) {
        size_t len = strcspn(at, " \t\n,");
        char word[WF_NAME_SIZE + 40];
        struct wf_deadband one = { .size = 0 };
        char *number = word, *colon;

        if (len >= sizeof(word))
            return wf_fail(err, WF_ERR_INVALID, "'%.40s...' is no NUMBER and no NAME:NUMBER", at);
        memcpy(word, at, len);
        word[len] = '\0';
        colon = strchr(word, ':');
        if (colon != NULL) {
            *colon = '\0';
            number = colon + 1;
        }
        if (parse_size(number, &one) < 0 || (colon != NULL && wf_name_check(word, NULL) < 0))
            return wf_fail(err, WF_ERR_INVALID,
                           "'%.*s' is no NUMBER and no NAME:NUMBER, as 0.5, bus_voltage:0.01 or"
                           " flow:2%%",
                           (int)len, at);
        at += len;
        one.is_own = colon != NULL;
        if (colon == NULL ? !out->is_own : parameter != NULL && wf_name_is_equal(word, parameter))
            *out = one;
    }
    return 0;
}
