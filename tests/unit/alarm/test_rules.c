/* SPDX-License-Identifier: MIT */
/* Alarms by rule, as a host wires them: expression, windows, three values, engine. */

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/attributes.h>
#include <watchfloor/clock.h>
#include <watchfloor/alarm/engine.h>
#include <watchfloor/alarm/history.h>

#define ID_X      0
#define ID_MODE   1
#define ID_WINDOW 2 /* and above: histories of x */

struct host {
    struct wf_value x, mode;
    struct wf_alarm_history *histories[4];
    size_t history_count;
    int64_t now_ns;
    size_t transitions;
    enum wf_alarm_state last;
};

static int resolve(void *context, const char *name, int *out_id,
                   const struct wf_enumeration **out_enumeration)
{
    (void)context;
    *out_enumeration = NULL;
    *out_id = strcmp(name, "x") == 0 ? ID_X : ID_MODE;
    return strcmp(name, "x") == 0 || strcmp(name, "mode") == 0 ? 0 : WF_ERR_ABSENT;
}

static int window(void *context, enum wf_expr_window kind, const char *name, uint32_t samples,
                  int64_t time_ns, int *out_id)
{
    struct host *host = context;
    struct wf_alarm_history_spec spec = {
        .window = kind, .samples = samples, .time_ns = time_ns, .period_ns = WF_NS_PER_S
    };

    if (strcmp(name, "x") != 0 || host->history_count == WF_COUNT_OF(host->histories))
        return WF_ERR_ABSENT;
    *out_id = ID_WINDOW + (int)host->history_count;
    return wf_alarm_history_create(&spec, &host->histories[host->history_count++], NULL);
}

static void get(void *context, int id, size_t element, struct wf_value *out)
{
    struct host *host = context;

    (void)element;
    if (id >= ID_WINDOW)
        wf_alarm_history_value(host->histories[id - ID_WINDOW], host->now_ns, out);
    else
        *out = id == ID_X ? host->x : host->mode;
}

static void take(void *context, const struct wf_alarm_transition *transition)
{
    struct host *host = context;

    host->transitions++;
    host->last = transition->to;
}

static void a_rule_over_a_window_holds_raises_or_clears_on_unknown(void **state)
{
    static const struct {
        enum wf_unknown_rule unknown;
        enum wf_alarm_state full, gone; /* after the window filled; after x became INVALID */
    } cases[] = {
        { WF_UNKNOWN_HOLD, WF_ALARM_ACTIVE_UNACK, WF_ALARM_ACTIVE_UNACK },
        { WF_UNKNOWN_RAISE, WF_ALARM_ACTIVE_UNACK, WF_ALARM_ACTIVE_UNACK },
        { WF_UNKNOWN_CLEAR, WF_ALARM_ACTIVE_UNACK, WF_ALARM_RTN_UNACK },
    };
    const struct wf_persistence once = { .n = 1, .m = 1 };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct host host = { .mode = { .kind = WF_VALUE_U64, .as.u64 = 2 } };
        struct wf_expr_scope scope = { .context = &host, .resolve = resolve, .window = window };
        struct wf_expr_values values = { .context = &host, .get = get };
        struct wf_alarm_host alarm_host = { .context = &host, .emit = take };
        struct wf_alarm_spec spec = { .name = "main.power.drained RULE",
                                      .parent = WF_ALARM_NO_PARENT,
                                      .unknown = cases[i].unknown };
        struct wf_alarm_engine *engine = NULL;
        struct wf_alarm_now now = { 0 };
        struct wf_expr *rule = NULL;

        wf_alarm_define_single(WF_ALARM_RULE, 3, &once, &once, false, &spec.definition);
        assert_int_equal(wf_alarm_engine_create(&spec, 1, &alarm_host, &engine, NULL), 0);
        assert_int_equal(wf_expr_compile("avg(x over 3 samples) < 10 and mode == 2 and valid(x) or "
                                         "x < -100",
                                         &scope, &rule, NULL),
                         0);
        for (int second = 0; second < 3; second++) {
            host.now_ns = now.mono_ns = second * WF_NS_PER_S;
            host.x = (struct wf_value){ .kind = WF_VALUE_F64, .as.f64 = second };
            wf_alarm_history_add(host.histories[0], &host.x, host.now_ns);
            /* Not full yet: UNKNOWN, which only `raise` takes for a yes. */
            assert_int_equal(host.transitions, cases[i].unknown == WF_UNKNOWN_RAISE && second > 0);
            wf_alarm_engine_truth(engine, 0, wf_expr_truth(rule, &values), 0, &now);
        }
        assert_int_equal(host.last, cases[i].full);
        host.x.quality = WF_QUALITY_INVALID;
        wf_alarm_engine_truth(engine, 0, wf_expr_truth(rule, &values), 0, &now);
        assert_int_equal(host.last, cases[i].gone);
        wf_expr_free(&rule);
        wf_alarm_engine_destroy(&engine);
        wf_alarm_history_destroy(&host.histories[0]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_over_a_window_holds_raises_or_clears_on_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
