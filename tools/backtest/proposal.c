/* SPDX-License-Identifier: MIT */
/*
 * Proposals: a schema file replaces the alarms of its subsystem, for every source; a file of [overlay
 * SOURCE.SUBSYSTEM.PARAMETER] sections, as in the configuration, changes what it names.
 */

#include "backtest.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/ini.h>
#include <watchfloor/schema_overlay.h>

/* Give member `at` another schema, which the outcome then owns. */
static void replace(struct outcome *outcome, size_t at, struct wf_schema *schema)
{
    wf_schema_free(&outcome->schemas[at]);
    outcome->schemas[at] = schema;
    outcome->members[at].schema = schema;
}

static int apply_schema(struct outcome *outcome, const char *file, struct wf_problems *problems,
                        struct wf_err *err)
{
    struct wf_schema *schema = NULL;
    size_t found = 0;
    int rc = wf_schema_load(file, &schema, problems, err);

    for (size_t i = 0; i < outcome->member_count && rc == 0; i++) {
        struct wf_schema *copy = NULL;

        if (!wf_name_is_equal(outcome->members[i].schema->name, schema->name))
            continue;
        found++;
        rc = wf_schema_load(file, &copy, problems, err);
        if (rc == 0)
            replace(outcome, i, copy);
    }
    if (rc == 0 && found == 0)
        rc = wf_fail(err, WF_ERR_ABSENT, "%s: no subsystem '%s' was recorded in that time", file,
                     schema->name);
    wf_schema_free(&schema);
    return rc;
}

/* SOURCE.SUBSYSTEM.PARAMETER, globs allowed for the source; SUBSYSTEM.PARAMETER: every source. */
static bool is_meant(const struct wf_alarm_member *member, const char *name,
                     char parameter[WF_NAME_SIZE])
{
    char parts[3][WF_NAME_SIZE];
    size_t count = 0;

    for (const char *at = name;;) {
        size_t len = strcspn(at, ".");

        if (count == 3 || len == 0 || len > WF_NAME_MAX)
            return false;
        (void)wf_copy_text(parts[count++], len + 1, at);
        if (at[len] == '\0')
            break;
        at += len + 1;
    }
    parameter[0] = '\0';
    if (count == 3) {
        (void)wf_copy_text(parameter, WF_NAME_SIZE, parts[2]);
        return wf_glob_match(parts[0], member->source) &&
               wf_name_is_equal(parts[1], member->schema->name);
    }
    if (count == 2 && wf_name_is_equal(parts[0], member->schema->name)) {
        (void)wf_copy_text(parameter, WF_NAME_SIZE, parts[1]);
        return true;
    }
    /* SOURCE.SUBSYSTEM: the subsystem's own keys, as stale_after. */
    return count == 2 && wf_glob_match(parts[0], member->source) &&
           wf_name_is_equal(parts[1], member->schema->name);
}

static int apply_overlay(struct outcome *outcome, const char *file, struct wf_ini_section *section,
                         struct wf_problems *problems, struct wf_err *err)
{
    size_t found = 0;
    int rc = 0;

    for (size_t i = 0; i < outcome->member_count && rc == 0; i++) {
        char parameter[WF_NAME_SIZE];
        struct wf_schema *schema = NULL;

        if (!is_meant(&outcome->members[i], section->name, parameter))
            continue;
        found++;
        rc = wf_schema_overlay(outcome->members[i].schema, parameter, file, section, &schema,
                               problems, err);
        if (rc == 0)
            replace(outcome, i, schema);
    }
    if (rc == 0 && found == 0)
        rc = wf_fail(err, WF_ERR_ABSENT,
                     "%s:%u: nothing named '%.60s' was recorded in that time; expected [overlay "
                     "SOURCE.SUBSYSTEM.PARAMETER]",
                     file, section->line, section->name);
    return rc;
}

int proposal_apply(struct outcome *outcome, const char *file, struct wf_err *err)
{
    struct wf_problems problems = { 0 };
    struct wf_ini *ini = NULL;
    int rc = wf_ini_read(file, &ini, &problems, err);

    if (rc == 0 && problems.count == 0) {
        if (wf_ini_find(ini, "subsystem", NULL) != NULL) {
            rc = apply_schema(outcome, file, &problems, err);
        } else {
            for (size_t i = 0; i < ini->section_count && rc == 0; i++) {
                if (wf_casecmp(ini->sections[i].kind, "overlay") == 0)
                    rc = apply_overlay(outcome, file, &ini->sections[i], &problems, err);
                else
                    rc = wf_fail(err, WF_ERR_INVALID,
                                 "%s:%u: [%.40s] means nothing here; expected a schema, or "
                                 "[overlay SOURCE.SUBSYSTEM.PARAMETER] sections",
                                 file, ini->sections[i].line, ini->sections[i].kind);
            }
        }
    }
    if (rc == 0 && problems.count > 0)
        rc = wf_fail(err, WF_ERR_INVALID, "%s: see above", file);
    wf_problems_print(&problems);
    wf_problems_fini(&problems);
    wf_ini_free(&ini);
    return rc;
}
