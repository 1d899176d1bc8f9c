/* SPDX-License-Identifier: MIT */
/* The deadbands of a [record] section: see <watchfloor/config.h>. */

#include <watchfloor/config.h>

#include <math.h>
#include <string.h>

int wf_config_deadband(const struct wf_config_record *record, const char *parameter,
                       double *out_deadband, struct wf_err *err)
{
    double found = 0;
    bool is_own = false;

    for (const char *at = record->deadband + strspn(record->deadband, " \t\n,"); *at != '\0';
         at += strspn(at, " \t\n,")) {
        size_t len = strcspn(at, " \t\n,");
        char word[WF_NAME_SIZE + 40];
        char *number = word, *colon;
        double value = 0;

        if (len >= sizeof(word))
            return wf_fail(err, WF_ERR_INVALID, "'%.40s...' is no NUMBER and no NAME:NUMBER", at);
        memcpy(word, at, len);
        word[len] = '\0';
        at += len;
        colon = strchr(word, ':');
        if (colon != NULL) {
            *colon = '\0';
            number = colon + 1;
        }
        if (wf_parse_double(number, &value, NULL) < 0 || !isfinite(value) || value < 0 ||
            (colon != NULL && wf_name_check(word, NULL) < 0))
            return wf_fail(err, WF_ERR_INVALID,
                           "'%s%s%s' is no NUMBER and no NAME:NUMBER, as 0.5 or bus_voltage:0.01",
                           word, colon != NULL ? ":" : "", colon != NULL ? number : "");
        if (colon == NULL && !is_own)
            found = value;
        if (colon != NULL && parameter != NULL && wf_name_is_equal(word, parameter)) {
            found = value;
            is_own = true;
        }
    }
    *out_deadband = found;
    return 0;
}
