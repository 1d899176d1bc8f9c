/* SPDX-License-Identifier: MIT */
/* Scenario files and options; see scenario.h. */

#include "scenario.h"

#include <string.h>

#include <watchfloor/clock.h>
#include <watchfloor/ini.h>
#include <watchfloor/strbuf.h>

static const char *const keys[] = { "seed", "speed", "phase", "start" };

void sim_scenario_init(struct sim_scenario *scenario)
{
    *scenario = (struct sim_scenario){ .seed = 1, .speed = 1.0, .phase_deg = 60.0 };
    for (size_t i = 0; i < SIM_SUBSYSTEM_COUNT; i++)
        scenario->rate_hz[i] = sim_subsystems[i].rate_hz;
}

static int parse_range(const char *what, const char *text, double low, double high, double *out,
                       struct wf_err *err)
{
    double value;
    const int rc = wf_parse_double(text, &value, err);

    if (rc < 0) {
        wf_err_prefix(err, "%s", what);
        return rc;
    }
    if (!(value >= low && value <= high))
        return wf_fail(err, WF_ERR_INVALID, "%s: %s is not between %g and %g", what, text, low,
                       high);
    *out = value;
    return 0;
}

int sim_scenario_set(struct sim_scenario *scenario, const char *key, const char *value,
                     struct wf_err *err)
{
    int rc = 0;

    if (wf_casecmp(key, "seed") == 0) {
        rc = wf_parse_u64(value, &scenario->seed, err);
        if (rc < 0)
            wf_err_prefix(err, "seed");
    } else if (wf_casecmp(key, "speed") == 0) {
        rc = parse_range("speed", value, 0.0, SIM_SPEED_MAX, &scenario->speed, err);
    } else if (wf_casecmp(key, "phase") == 0) {
        rc = parse_range("phase", value, -360.0, 360.0, &scenario->phase_deg, err);
    } else if (wf_casecmp(key, "start") == 0) {
        rc = wf_parse_time(value, wf_utc_now_ns(), &scenario->start_ns, err);
        scenario->has_start = scenario->has_start || rc == 0;
        if (rc < 0)
            wf_err_prefix(err, "start");
    } else {
        const char *near = wf_nearest_name(key, keys, WF_COUNT_OF(keys));

        rc = wf_fail(err, WF_ERR_INVALID, "unknown key '%s'%s%s%s", key,
                     near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
                     near != NULL ? "'?" : "; expected seed, speed, phase or start");
    }
    return rc;
}

static int set_rate(struct sim_scenario *scenario, const char *name, const char *value,
                    struct wf_err *err)
{
    for (size_t i = 0; i < SIM_SUBSYSTEM_COUNT; i++)
        if (wf_casecmp(sim_subsystems[i].name, name) == 0)
            return parse_range(name, value, 0.0, SIM_RATE_MAX, &scenario->rate_hz[i], err);
    return wf_fail(err, WF_ERR_INVALID,
                   "no subsystem '%s' is simulated; expected power, thermal, attitude or comms",
                   name);
}

int sim_scenario_set_rates(struct sim_scenario *scenario, const char *text, struct wf_err *err)
{
    while (*text != '\0') {
        const size_t len = strcspn(text, ",");
        char item[WF_NAME_SIZE + 32];
        char *equals;
        int rc;

        if (len >= sizeof(item))
            return wf_fail(err, WF_ERR_INVALID, "'%s' is too long for SUBSYSTEM=RATE", text);
        memcpy(item, text, len);
        item[len] = '\0';
        equals = strchr(item, '=');
        if (equals == NULL)
            return wf_fail(err, WF_ERR_INVALID, "'%s': expected SUBSYSTEM=RATE, as power=10", item);
        *equals = '\0';
        rc = set_rate(scenario, item, equals + 1, err);
        if (rc < 0)
            return rc;
        text += len + (text[len] == ',');
    }
    return 0;
}

int sim_scenario_add_fault(struct sim_scenario *scenario, const char *text, struct wf_err *err)
{
    int rc;

    if (scenario->fault_count == SIM_FAULT_MAX)
        return wf_fail(err, WF_ERR_LIMIT, "more than %d faults", SIM_FAULT_MAX);
    rc = sim_fault_parse(text, &scenario->faults[scenario->fault_count], err);
    if (rc == 0)
        scenario->fault_count++;
    return rc;
}

/* One key of one section; what is wrong with it becomes a problem with its line. */
static void load_key(const struct wf_ini *ini, const struct wf_ini_section *section,
                     const struct wf_ini_key *key, struct sim_scenario *scenario,
                     struct wf_problems *problems)
{
    struct wf_err err = { 0 };
    int rc;

    if (wf_casecmp(section->kind, "simulation") == 0)
        rc = sim_scenario_set(scenario, key->name, key->value, &err);
    else if (wf_casecmp(section->kind, "rate") == 0)
        rc = set_rate(scenario, key->name, key->value, &err);
    else if (wf_casecmp(section->kind, "fault") == 0 && wf_casecmp(key->name, "run") == 0)
        rc = sim_scenario_add_fault(scenario, key->value, &err);
    else
        rc = wf_fail(&err, WF_ERR_INVALID, "unknown key '%s' in [%s]", key->name, section->kind);
    if (rc < 0)
        wf_problems_add(problems, ini->file, key->line, "%s", err.text);
}

int sim_scenario_load(const char *path, struct sim_scenario *scenario, struct wf_problems *problems,
                      struct wf_err *err)
{
    struct wf_ini *ini = NULL;
    const int rc = wf_ini_read(path, &ini, problems, err);

    if (rc < 0)
        return rc;
    for (size_t i = 0; i < ini->section_count; i++) {
        const struct wf_ini_section *section = &ini->sections[i];

        if (section->kind[0] != '\0' && wf_casecmp(section->kind, "simulation") != 0 &&
            wf_casecmp(section->kind, "rate") != 0 && wf_casecmp(section->kind, "fault") != 0)
            wf_problems_add(problems, ini->file, section->line,
                            "unknown section [%s]; expected simulation, rate or fault NAME",
                            section->kind);
        else
            for (size_t k = 0; k < section->key_count; k++)
                load_key(ini, section, &section->keys[k], scenario, problems);
    }
    wf_ini_free(&ini);
    if (problems->count > 0)
        return wf_fail(err, WF_ERR_INVALID, "%s: %zu problems", path, problems->count);
    return 0;
}
