/* SPDX-License-Identifier: MIT */
/* Rules, from the configuration: see plan.h. */

#include "plan.h"

#include <stdlib.h>
#include <string.h>

struct place {
    const struct wf_config *config;
    unsigned line;
    struct wf_problems *problems;
};

static void tell(const struct place *place, const char *key, int rc, const struct wf_err *why)
{
    if (rc < 0)
        wf_problems_add(place->problems, place->config->file,
                        wf_config_line(place->config, place->line, key), "%s: %s", key, why->text);
}

static void compile_filter(const struct place *place, const char *severity, const char *kinds,
                           const char *alarms, const char *except, struct ntf_filter *out)
{
    struct wf_err why = { 0 };

    tell(place, "severity", ntf_severity_parse(severity, out, &why), &why);
    tell(place, "kinds", ntf_kinds_parse(kinds, out, &why), &why);
    out->alarms = alarms;
    out->except = except;
}

static void compile_route(const struct place *place, const struct wf_config_route *config,
                          struct ntf_route *out)
{
    struct wf_err why = { 0 };

    out->config = config;
    compile_filter(place, config->severity, config->kinds, config->alarms, config->except,
                   &out->filter);
    tell(place, "days", ntf_days_parse(config->days, &out->when, &why), &why);
    tell(place, "hours", ntf_hours_parse(config->hours, &out->when, &why), &why);
    tell(place, "offset", ntf_offset_parse(config->offset, &out->when, &why), &why);
    out->rules = (struct ntf_line_rules){
        .route = config->name,
        .group_ns = config->group_ns,
        .group_above = config->group_above,
        .retry_ns = config->retry_ns,
        .retry_max_ns =
            config->retry_max_ns > config->retry_ns ? config->retry_max_ns : config->retry_ns,
        .attempts = config->attempts,
        .quiet = { .days = 0x7f, .offset_ns = out->when.offset_ns },
        .quiet_severity = config->quiet_severity,
    };
    tell(place, "quiet", ntf_hours_parse(config->quiet, &out->rules.quiet, &why), &why);
    if (config->plugin[0] == '\0')
        wf_problems_add(place->problems, place->config->file, place->line,
                        "[route %s] has no plugin; expected one of bell, file, syslog, exec, "
                        "webhook, mail, or your own",
                        config->name);
}

static void check_count(const struct wf_config *config, struct wf_problems *problems)
{
    if (config->route_count > NTF_ROUTE_MAX)
        wf_problems_add(problems, config->file, config->routes[NTF_ROUTE_MAX].line,
                        "more than %d routes", NTF_ROUTE_MAX);
}

static void compile_escalation(const struct place *place, const struct ntf_rules *rules,
                               const struct wf_config_escalation *config,
                               struct ntf_escalation *out)
{
    const char *names[NTF_ROUTE_MAX];
    struct wf_err why = { 0 };

    for (size_t i = 0; i < rules->route_count; i++)
        names[i] = rules->routes[i].config->name;
    compile_filter(place, config->severity, config->kinds, config->alarms, config->except,
                   &out->filter);
    out->name = config->name;
    out->is_ended_by_normal = config->is_ended_by_normal;
    tell(place, "after", ntf_escalation_parse(config->after, names, rules->route_count, out, &why),
         &why);
}

int ntf_rules_compile(const struct wf_config *config, struct ntf_rules **out_rules,
                      struct wf_problems *problems, struct wf_err *err)
{
    struct ntf_rules *rules = calloc(1, sizeof(*rules));
    struct place place = { .config = config, .problems = problems };
    size_t before = problems->count;

    check_count(config, problems);
    if (rules != NULL) {
        rules->routes = calloc(config->route_count + 1, sizeof(*rules->routes));
        rules->escalations = calloc(config->escalation_count + 1, sizeof(*rules->escalations));
    }
    if (rules == NULL || rules->routes == NULL || rules->escalations == NULL) {
        ntf_rules_free(&rules);
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    }
    for (size_t i = 0; i < config->route_count && i < NTF_ROUTE_MAX; i++) {
        place.line = config->routes[i].line;
        compile_route(&place, &config->routes[i], &rules->routes[rules->route_count++]);
    }
    for (size_t i = 0; i < config->escalation_count; i++) {
        place.line = config->escalations[i].line;
        compile_escalation(&place, rules, &config->escalations[i],
                           &rules->escalations[rules->escalation_count++]);
    }
    if (problems->count > before) {
        ntf_rules_free(&rules);
        return wf_fail(err, WF_ERR_INVALID, "%s: %zu problem%s", config->file,
                       problems->count - before, problems->count - before == 1 ? "" : "s");
    }
    *out_rules = rules;
    return 0;
}

void ntf_rules_free(struct ntf_rules **rules)
{
    if (*rules == NULL)
        return;
    free((*rules)->routes);
    free((*rules)->escalations);
    free(*rules);
    *rules = NULL;
}
