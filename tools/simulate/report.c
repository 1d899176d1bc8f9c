/* SPDX-License-Identifier: MIT */
/* The figures of a run as JSON; see report.h. */

#include "report.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include <watchfloor/clock.h>
#include <watchfloor/decode/reject.h>
#include <watchfloor/paths.h>
#include <watchfloor/strbuf.h>

static json_t *make_number(uint64_t number)
{
    return json_integer((json_int_t)number);
}

static json_t *make_time(int64_t utc_ns)
{
    char text[40];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    wf_strbuf_add_time(&buf, utc_ns, 9);
    return json_string(text);
}

/* The reasons under which a receiver should count the damaged packets. */
static json_t *make_rejected(const struct sim_counts *counts)
{
    static const struct {
        enum sim_damage damage;
        enum wf_reject reject;
    } names[] = {
        { SIM_DAMAGE_TRUNCATED, WF_REJECT_TRUNCATED },
        { SIM_DAMAGE_VERSION, WF_REJECT_BAD_VERSION },
        { SIM_DAMAGE_TYPE, WF_REJECT_BAD_TYPE },
        { SIM_DAMAGE_APID, WF_REJECT_UNKNOWN_APID },
        { SIM_DAMAGE_LENGTH, WF_REJECT_BAD_LENGTH },
    };
    json_t *rejected = json_object();

    for (size_t i = 0; i < WF_COUNT_OF(names); i++)
        (void)json_object_set_new(rejected, wf_reject_name(names[i].reject),
                                  make_number(counts->damaged[names[i].damage]));
    (void)json_object_set_new(rejected, wf_reject_name(WF_REJECT_DUPLICATE),
                              make_number(counts->duplicated));
    return rejected;
}

static json_t *make_damaged(const struct sim_counts *counts)
{
    json_t *damaged = json_object();

    for (int i = 0; i < SIM_DAMAGE_COUNT; i++)
        (void)json_object_set_new(damaged, sim_damage_name((enum sim_damage)i),
                                  make_number(counts->damaged[i]));
    return damaged;
}

static json_t *make_stream(const struct sim_stream *stream)
{
    const struct sim_counts *counts = sim_stream_counts(stream);
    const struct {
        const char *name;
        uint64_t number;
    } numbers[] = {
        { "apid", sim_stream_apid(stream) },
        { "made", counts->made },
        { "sent", counts->sent },
        { "withheld", counts->withheld },
        { "duplicated", counts->duplicated },
        { "swapped", counts->swapped },
        { "flooded", counts->flooded },
        { "frozen", counts->frozen },
        { "ramped", counts->ramped },
        { "nan", counts->nan },
        { "shifted", counts->shifted },
        { "first_sequence", counts->first_sequence },
        { "last_sequence", counts->last_sequence },
    };
    json_t *object = json_object();
    json_t *expected = json_object();

    (void)json_object_set_new(object, "rate_hz", json_real(sim_stream_rate(stream)));
    for (size_t i = 0; i < WF_COUNT_OF(numbers); i++)
        (void)json_object_set_new(object, numbers[i].name, make_number(numbers[i].number));
    (void)json_object_set_new(object, "damaged", make_damaged(counts));
    if (counts->intact > 0) {
        (void)json_object_set_new(object, "first_time", make_time(counts->first_ns));
        (void)json_object_set_new(object, "last_time", make_time(counts->last_ns));
    }
    (void)json_object_set_new(expected, "published", make_number(counts->intact));
    (void)json_object_set_new(expected, "lost", make_number(counts->lost));
    (void)json_object_set_new(expected, "out_of_order", make_number(counts->swapped));
    (void)json_object_set_new(expected, "rejected", make_rejected(counts));
    (void)json_object_set_new(object, "expected", expected);
    return object;
}

static json_t *make_report(const struct sim_report *report)
{
    const struct sim_engine *engine = report->engine;
    json_t *root = json_object();
    json_t *subsystems = json_object();

    (void)json_object_set_new(root, "to", json_string(report->where));
    (void)json_object_set_new(root, "seed", make_number(report->seed));
    (void)json_object_set_new(root, "start", make_time(report->start_ns));
    (void)json_object_set_new(root, "speed", json_real(engine->speed));
    (void)json_object_set_new(root, "orbital_seconds", json_real(engine->model.t));
    (void)json_object_set_new(root, "datagrams", make_number(report->datagrams));
    (void)json_object_set_new(root, "failed", make_number(report->failed));
    (void)json_object_set_new(root, "bytes", make_number(report->bytes));
    for (size_t i = 0; i < engine->stream_count; i++)
        (void)json_object_set_new(subsystems, sim_stream_name(engine->streams[i]),
                                  make_stream(engine->streams[i]));
    (void)json_object_set_new(root, "subsystems", subsystems);
    return root;
}

int sim_report_write(const struct sim_report *report, const char *path, struct wf_err *err)
{
    char part[WF_PATH_SIZE];
    struct wf_strbuf part_text = WF_STRBUF_FIXED(part);
    json_t *root = make_report(report);
    int rc = 0;

    if (root == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "report: out of memory");
    wf_strbuf_addf(&part_text, "%s.part", path);
    if (strcmp(path, "-") == 0) {
        if (json_dumpf(root, stdout, JSON_INDENT(2)) < 0 || puts("") < 0 || fflush(stdout) != 0)
            rc = wf_fail(err, WF_ERR_SYSTEM, "report: standard output is closed");
    } else if (json_dump_file(root, part, JSON_INDENT(2)) < 0 || rename(part, path) < 0) {
        rc = wf_fail_errno(err, errno, "report %s", path);
    }
    json_decref(root);
    return rc;
}
