/* SPDX-License-Identifier: MIT */
/* Rules, contexts, parents: do they mean something where they are used? */

#include "check.h"

#include <stdlib.h>
#include <string.h>

#include <watchfloor/alarm/roster.h>

/* The system's own subsystems are not in the catalogue; a rule that names them is seen when it runs. */
static bool is_of_the_system(const struct wf_problem *problem)
{
    return strstr(problem->text, "'" WF_SOURCE_OWN ".") != NULL;
}

/* The schema file of a type by name; the name where there is none. */
static void file_of(const struct wf_catalogue *catalogue, const char *name, struct wf_strbuf *out)
{
    for (size_t i = 0; i < catalogue->type_count; i++) {
        if (!wf_name_is_equal(catalogue->types[i]->name, name))
            continue;
        wf_strbuf_addf(out, "%s/%s/%s.ini", catalogue->type_folders[i], catalogue->types[i]->name,
                       catalogue->types[i]->name);
        return;
    }
    wf_strbuf_add(out, name);
}

static void emit_nothing(void *context, const struct wf_alarm_transition *transition)
{
    (void)context;
    (void)transition;
}

void check_rules(const struct wf_catalogue *catalogue, struct wf_problems *problems)
{
    struct wf_alarm_member *members = calloc(catalogue->entry_count + 1, sizeof(*members));
    struct wf_alarm_roster_options options = { .members = members,
                                               .member_count = catalogue->entry_count,
                                               .host.emit = emit_nothing };
    struct wf_alarm_roster *roster = NULL;
    struct wf_problems found = { 0 };

    if (members == NULL)
        return;
    for (size_t i = 0; i < catalogue->entry_count; i++)
        members[i] = (struct wf_alarm_member){ .source = catalogue->entries[i].source,
                                               .schema = catalogue->entries[i].schema };
    (void)wf_alarm_roster_create(&options, &roster, &found, NULL);
    for (size_t i = 0; i < found.kept; i++) {
        char path[WF_PATH_SIZE];
        struct wf_strbuf file = WF_STRBUF_FIXED(path);

        if (is_of_the_system(&found.list[i]))
            continue;
        file_of(catalogue, found.list[i].file, &file);
        wf_problems_add(problems, path, found.list[i].line, "%s", found.list[i].text);
    }
    wf_problems_fini(&found);
    wf_alarm_roster_destroy(&roster);
    free(members);
}
