/* SPDX-License-Identifier: MIT */
/*
 * The same samples give the same transitions: whenever ticks come, and however often the monitor is
 * killed, at any instant, with whatever it had not stored yet. A run that was killed writes
 * the very journal of one that was not.
 */

#include "support/unit.h"

#include "support/roster_rig.h"

#define SAMPLES 4000
#define RING    400 /* newest samples of each subsystem that a restart still finds */
#define RUNS    12

static const char power_text[] =
    "[subsystem]\nperiod = 100ms\nstale_after = 1s\nsuppressed_by = comms STALE\n"
    "[parameter mode]\nenumeration = modes\nstates = SAFE: 2, OFF: 4\n"
    "[enumeration modes]\n0 = OFF\n1 = SAFE\n2 = NOMINAL\n"
    "[parameter volts]\ntype = float\nlolo = 20\nlo = 24\nhi = 33\nhihi = 36\nhysteresis = 0.5\n"
    "raise = 2 of 3\nclear = 3 of 4\nrate = -40 .. 40\nrate_window = 300ms\nlatch = yes\n"
    "[parameter amps]\ntype = float\nhi = 5\nhihi = 8\nraise = 700ms\nclear = 300ms\n"
    "enabled_when = mode == NOMINAL\nsuppressed_by = comms.noisy\n"
    "[parameter cells]\ntype = float\ncount = 3\nlo = 24\n"
    "[context safe]\nwhen = mode == SAFE\nvolts = lo 22 hi 30\n"
    "[context quiet]\nwhen = comms.level < 3\namps = hi 6\nvolts = none\n"
    "[condition weak]\nwhen = avg(volts over 800ms) < 26 and amps > 1\nseverity = 3\n"
    "raise = 3 of 5\n"
    "[condition climbing]\nwhen = rising(amps over 4 samples)\nseverity = 1\nclear = 1 of 1\n";

static const char comms_text[] =
    "[subsystem]\nperiod = 250ms\nstale_after = 900ms\n"
    "[parameter level]\ntype = float\nlo = 2\nclear = 5 of 8\n"
    "[condition noisy]\nwhen = rate(level over 2s) < -2 or power.mode == OFF\nseverity = 2\n"
    "unknown = clear\n";

/* What happened, once for all runs. */
enum act { ACT_SAMPLE, ACT_ACK, ACT_RESET, ACT_SHELVE, ACT_SERVICE };
struct step {
    enum act act;
    size_t member, alarm;
    struct wf_stamp stamp;
    double at_s;
    void *payload;
};

static uint64_t seed;

static uint32_t below(uint32_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % limit);
}

static double walk(double value, double step, double home)
{
    return value + (below(2001) / 1000.0 - 1) * step + (home - value) * 0.02;
}

static void *copy_payload(const struct rig *rig, size_t member)
{
    void *copy = malloc(rig->schemas[member]->payload_bytes);

    assert_non_null(copy);
    memcpy(copy, rig->payloads[member], rig->schemas[member]->payload_bytes);
    return copy;
}

static void make_steps(struct rig *rig, struct step *steps)
{
    double volts = 28, amps = 3, level = 4, now = 0;

    for (size_t i = 0; i < SAMPLES; i++) {
        struct step *step = &steps[i];

        now += below(100) == 0 ? below(4000) / 1000.0 : 0.02 + below(100) / 1000.0;
        step->at_s = now;
        if (i > 2 && below(40) == 0) {
            step->act = (enum act)(ACT_ACK + below(4));
            step->alarm = below(14);
            continue;
        }
        step->member = i < 2 ? i : below(4) == 0;
        if (step->member == 0) {
            volts = walk(volts, 3, 28);
            amps = walk(amps, 1, 3);
            if (below(60) == 0)
                rig_set(rig, 0, "mode", 0, below(3));
            rig_set(rig, 0, "volts", 0, below(50) == 0 ? (double)NAN : volts);
            rig_set(rig, 0, "amps", 0, amps);
            for (size_t k = 0; k < 3; k++)
                rig_set(rig, 0, "cells", k, volts - (double)k);
        } else {
            level = walk(level, 1, 4);
            rig_set(rig, 1, "level", 0, level);
        }
        rig->flags = below(50) == 0 ? WF_SAMPLE_GAP_BEFORE : below(80) == 0 ? WF_SAMPLE_LATE : 0;
        step->stamp = rig_stamp(rig, step->member, now);
        step->payload = copy_payload(rig, step->member);
    }
}

static const char power_name[] = "power", comms_name[] = "comms";

static void make_rig(struct rig *rig)
{
    (void)rig_add(rig, "main", power_name, power_text);
    (void)rig_add(rig, "main", comms_name, comms_text);
    rig_make(rig);
}

/* A command may mean nothing just then: the same in every run. */
static void command(struct rig *rig, const struct step *step)
{
    const struct wf_alarm_who who = { .user = "eva" };
    struct wf_alarm_engine *engine = wf_alarm_roster_engine(rig->roster);
    const struct wf_alarm_memory *memory = wf_alarm_engine_memory(engine, step->alarm);
    struct wf_alarm_now now = rig_now(rig, step->at_s);

    if (memory == NULL)
        return;
    switch (step->act) {
    case ACT_ACK:
        (void)wf_alarm_engine_ack(engine, step->alarm, memory->seq, &who, &now, NULL);
        break;
    case ACT_RESET:
        (void)wf_alarm_engine_reset(engine, step->alarm, &who, &now, NULL);
        break;
    case ACT_SHELVE:
        (void)wf_alarm_engine_shelve(engine, step->alarm, 3 * WF_NS_PER_S, &who, &now, NULL);
        break;
    default:
        (void)wf_alarm_engine_service(
            engine, step->alarm, (memory->marks & WF_ALARM_OUT_OF_SERVICE) == 0, &who, &now, NULL);
        break;
    }
}

static void perform(struct rig *rig, const struct step *step)
{
    if (step->act == ACT_SAMPLE)
        wf_alarm_roster_sample(rig->roster, step->member, &step->stamp, step->payload);
    else
        command(rig, step);
}

static char *run_whole(const struct step *steps, bool has_ticks)
{
    struct rig rig = { 0 };
    char *log;

    make_rig(&rig);
    for (size_t i = 0; i < SAMPLES; i++) {
        perform(&rig, &steps[i]);
        /* Commands see what is due by then; ticks may only come when all was handed in. */
        if (i + 1 < SAMPLES && steps[i + 1].act != ACT_SAMPLE)
            rig_tick(&rig, steps[i + 1].at_s + 0.2499);
        else if (has_ticks && i + 1 < SAMPLES && below(3) == 0)
            rig_tick(&rig, steps[i + 1].at_s + 0.2499 - below(200) / 1000.0);
    }
    rig_tick(&rig, steps[SAMPLES - 1].at_s + 60);
    log = strdup(rig.log.text);
    assert_non_null(log);
    rig_free(&rig);
    return log;
}

/* --- killed ------------------------------------------------------------------------------------- */

/* The journal: how long the log and which memories were, at the last commit. */
struct journal {
    size_t log_len;
    struct wf_alarm_memory stored[RIG_ALARM_MAX];
    bool is_stored[RIG_ALARM_MAX];
    uint64_t last_seq;
};

static void commit(const struct rig *rig, struct journal *journal)
{
    journal->log_len = rig->log.len;
    memcpy(journal->stored, rig->stored, sizeof(journal->stored));
    memcpy(journal->is_stored, rig->is_stored, sizeof(journal->is_stored));
    journal->last_seq = rig->last_seq;
}

static void restart(struct rig *rig, const struct journal *journal, const struct step *steps,
                    size_t done)
{
    size_t begin[2] = { 0, 0 };
    struct wf_alarm_now now = rig_now(rig, steps[done > 0 ? done - 1 : 0].at_s);

    wf_alarm_roster_destroy(&rig->roster);
    rig->log.len = journal->log_len;
    if (rig->log.text != NULL)
        rig->log.text[rig->log.len] = '\0';
    memcpy(rig->stored, journal->stored, sizeof(rig->stored));
    memcpy(rig->is_stored, journal->is_stored, sizeof(rig->is_stored));
    rig->last_seq = journal->last_seq;
    rig_make(rig);
    for (size_t i = 0; i < RIG_ALARM_MAX; i++)
        if (rig->is_stored[i])
            assert_int_equal(wf_alarm_roster_restore(rig->roster, i, &rig->stored[i], &now, NULL),
                             0);
    for (size_t member = 0; member < 2; member++) {
        size_t count = 0;

        for (begin[member] = done; begin[member] > 0 && count < RING; begin[member]--)
            count += steps[begin[member] - 1].act == ACT_SAMPLE &&
                     steps[begin[member] - 1].member == member;
    }
    for (size_t i = 0; i < done; i++)
        if (steps[i].act == ACT_SAMPLE && i >= begin[steps[i].member])
            perform(rig, &steps[i]);
}

static char *run_killed(const struct step *steps)
{
    struct rig rig = { 0 };
    struct journal journal = { 0 };
    char *log;

    make_rig(&rig);
    for (size_t i = 0; i < SAMPLES; i++) {
        perform(&rig, &steps[i]);
        if (steps[i].act != ACT_SAMPLE || below(20) == 0)
            commit(&rig, &journal); /* a user is told after the commit */
        if (i + 1 < SAMPLES && steps[i + 1].act != ACT_SAMPLE)
            rig_tick(&rig, steps[i + 1].at_s + 0.2499);
        if (below(150) == 0) {
            restart(&rig, &journal, steps, i + 1);
            if (i + 1 < SAMPLES && steps[i + 1].act != ACT_SAMPLE)
                rig_tick(&rig, steps[i + 1].at_s + 0.2499);
        }
    }
    rig_tick(&rig, steps[SAMPLES - 1].at_s + 60);
    log = strdup(rig.log.text);
    assert_non_null(log);
    rig_free(&rig);
    return log;
}

/* The first line that differs, with the one before it. */
static void assert_same_log(const char *what, uint64_t run, const char *a, const char *b)
{
    size_t at = 0, line = 0;

    if (strcmp(a, b) == 0)
        return;
    for (size_t i = 0; a[i] == b[i]; i++) {
        if (a[i] == '\n') {
            at = line;
            line = i + 1;
        }
    }
    fail_msg("%s, run %llu: the whole run has\n%.300s\n--- and the other\n%.300s", what,
             (unsigned long long)run, a + at, b + at);
}

static void samples_alone_decide(void **state)
{
    const char *wanted = getenv("WF_TEST_RUNS");
    uint64_t runs = RUNS, lines = 0;

    (void)state;
    if (wanted != NULL)
        assert_int_equal(wf_parse_u64(wanted, &runs, NULL), 0);
    for (uint64_t run = 0; run < runs; run++) {
        struct step *steps = calloc(SAMPLES, sizeof(*steps));
        struct rig rig = { 0 };
        char *whole, *ticked, *killed;

        assert_non_null(steps);
        seed = run + 1;
        make_rig(&rig);
        make_steps(&rig, steps);
        rig_free(&rig);
        whole = run_whole(steps, false);
        ticked = run_whole(steps, true);
        assert_same_log("with ticks", run, whole, ticked);
        killed = run_killed(steps);
        assert_same_log("killed", run, whole, killed);
        for (const char *at = whole; *at != '\0'; at++)
            lines += *at == '\n';
        free(whole);
        free(ticked);
        free(killed);
        for (size_t i = 0; i < SAMPLES; i++)
            free(steps[i].payload);
        free(steps);
    }
    assert_true(lines > 100 * runs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_alone_decide),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
