/* SPDX-License-Identifier: MIT */
/* Configuration: one table of keys; loading, refusing, printing and the shipped file agree. */

#include "support/unit.h"

#include <watchfloor/clock.h>
#include <watchfloor/config.h>

#include "config_keys.h"

static const struct wf_paths paths = { .instance = "ops",
                                       .state = "/state",
                                       .prefix = "/prefix",
                                       .plugins = "/prefix/lib/watchfloor/plugins",
                                       .config = "/nowhere" };

/* Write `text` as c.ini and load it; the folder stays until the caller removes it. */
static int load(const struct tmp_folder *folder, const char *text, struct wf_config **out_config,
                struct wf_problems *problems, struct wf_err *err)
{
    char *path = tmp_folder_path(folder, "c.ini");
    int rc;

    tmp_folder_write(folder, "c.ini", text);
    rc = wf_config_load(path, &paths, out_config, problems, err);
    free(path);
    return rc;
}

static struct wf_config *load_good(const struct tmp_folder *folder, const char *text)
{
    struct wf_config *config = NULL;
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    int rc = load(folder, text, &config, &problems, &err);

    wf_problems_print(&problems);
    if (rc != 0)
        fail_msg("%s", err.text);
    return config;
}

static void an_empty_file_means_every_default(void **state)
{
    struct tmp_folder folder = tmp_folder_make();
    struct wf_config *config = load_good(&folder, "");

    (void)state;
    assert_string_equal(config->plugins, paths.plugins);
    assert_string_equal(config->log_level, "info");
    assert_true(config->gather_ns == WF_NS_PER_MS);
    assert_true(config->region_memory == UINT64_C(1) << 30);
    assert_int_equal(config->reject_count, 64);
    assert_true(config->sync_ns == WF_NS_PER_S);
    assert_string_equal(config->log_subsystems, "*");
    assert_true(config->console_rate_hz == 10);
    assert_int_equal(config->listener_count + config->source_count + config->process_count, 0);
    assert_int_equal(config->alert_count, 1);
    assert_string_equal(config->alerts[0].name, "main");
    assert_string_equal(config->alerts[0].subsystems, "*");
    assert_int_equal(config->alerts[0].held_max, 65536);
    wf_config_free(&config);
    assert_null(config);
    wf_config_free(&config);
    tmp_folder_remove(&folder);
}

static void every_kind_of_value_arrives(void **state)
{
    struct tmp_folder folder = tmp_folder_make();
    struct wf_config *config =
        load_good(&folder, "[watchfloor]\nplugins = mine:/theirs\n"
                           "[receiver]\ngather = 0\nregion_memory = 64M\n"
                           "[listener one]\ntransport = tcp-connect\nhost = ::1\nport = 7\n"
                           "source = sat1\nallow = 10.0.0.0/8, fd00::/8\n  192.168.1.1\n"
                           "[Listener two]\n"
                           "[source sat1]\ntitle = Sat One\ntai_offset = -0.5\n"
                           "[console]\nrate = 2.5\n"
                           "[overlay sat1.power.bus_voltage]\nhi = 33\n"
                           "[overlay power.bus_voltage]\nhi = 32\n"
                           "[overlay sat1.power]\nperiod = 1s\n"
                           "[process feed]\nrun = wf-hostfeed \"a b\"\noptional = yes\n");

    (void)state;
    assert_non_null(strstr(config->plugins, "/wf-test-"));
    assert_non_null(strstr(config->plugins, "/mine:/theirs"));
    assert_true(config->gather_ns == 0);
    assert_true(config->region_memory == UINT64_C(64) << 20);
    assert_int_equal(config->listener_count, 2);
    assert_int_equal(config->listeners[0].transport, WF_TRANSPORT_TCP_CONNECT);
    assert_string_equal(config->listeners[0].host, "::1");
    assert_int_equal(config->listeners[0].port, 7);
    assert_int_equal(config->listeners[0].line, 6);
    assert_string_equal(config->listeners[1].name, "two");
    assert_int_equal(config->listeners[1].transport, WF_TRANSPORT_UDP);
    assert_string_equal(config->listeners[1].source, "main");
    assert_int_equal(config->source_count, 1);
    assert_true(config->sources[0].tai_offset_s == -0.5);
    assert_true(config->console_rate_hz == 2.5);
    assert_int_equal(config->overlay_count, 3);
    assert_string_equal(config->overlays[0].source, "sat1");
    assert_string_equal(config->overlays[0].parameter, "bus_voltage");
    assert_string_equal(config->overlays[1].source, "main");
    assert_string_equal(config->overlays[1].subsystem, "power");
    assert_string_equal(config->overlays[2].source, "sat1");
    assert_string_equal(config->overlays[2].parameter, "");
    assert_true(config->processes[0].is_optional);
    assert_true(config->processes[0].is_notifying);
    wf_config_free(&config);
    tmp_folder_remove(&folder);
}

static void what_is_wrong_is_told_by_line(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *says;
    } cases[] = {
        { "[watchfloor]\nplugin = x\n", 2, "did you mean 'plugins'?" },
        { "[receivr]\n", 1, "did you mean [receiver]?" },
        { "[something]\n", 1, "the sections are" },
        { "port = 1\n", 1, "before any [SECTION]" },
        { "[receiver x]\n", 1, "takes no name" },
        { "[listener]\n", 1, "a name is missing" },
        { "[listener a b]\n", 1, "letters, digits" },
        { "[listener a]\nport = 70000\n", 2, "outside 0 .. 65535" },
        { "[listener a]\nport = http\n", 2, "not a whole number" },
        { "[listener a]\ntransport = sctp\n", 2, "udp tcp tcp-connect" },
        { "[listener a]\ntransport = tcp-connect\n", 1, "needs a port" },
        { "[listener a]\nhost =\n", 2, "0.0.0.0" },
        { "[listener a]\nformat = binary\n", 2, "none of: ccsds" },
        { "[listener a]\nsource = sat 1\n", 2, "letters, digits" },
        { "[listener a]\nsource = WF\n", 2, "own health" },
        { "[listener a]\ngroup = 10.0.0.1\n", 2, "multicast" },
        { "[listener a]\nallow = 10.0.0.0/33\n", 2, "ADDRESS/PREFIX" },
        { "[listener a]\nallow = everybody\n", 2, "ADDRESS/PREFIX" },
        { "[listener a]\nport = 5\n[listener b]\nport = 5\n", 4, "line 1" },
        { "[receiver]\ngather = 1\n", 2, "not a duration" },
        { "[receiver]\ngather = 1ms\ngather = 2ms\n", 3, "line 2 of this section already" },
        { "[receiver]\ngather = 2s\n", 2, "outside 0 .. 100ms" },
        { "[receiver]\nregion_memory = 1\n", 2, "outside 1M .. 1T" },
        { "[console]\nrate = 60\n", 2, "outside 1 .. 10" },
        { "[watchfloor]\nlog_level = loud\n", 2, "error warning info debug" },
        { "[source wf]\n", 1, "own health" },
        { "[process receiver]\nrun = x\n", 1, "choose another" },
        { "[process alert]\nrun = x\n", 1, "choose another" },
        { "[alert a]\n[alert A]\n", 2, "already" },
        { "[alert a]\ndeadman_to = tcp:1.2.3.4:5\n", 2, "udp:HOST:PORT" },
        { "[alert a]\nlate = never\n", 2, "log alarm ignore" },
        { "[role chief]\n", 1, "viewer, operator, engineer" },
        { "[role operator]\n[role Operator]\n", 2, "already" },
        { "[process p]\n", 1, "expected PROGRAM" },
        { "[process p]\nrun = \"x\n", 2, "quote" },
        { "[process p]\nrun = x\noptional = perhaps\n", 3, "neither yes nor no" },
        { "[overlay sat9.power.bus_voltage]\n", 1, "the source 'sat9'" },
        { "[overlay a.b.c.d]\n", 1, "SOURCE.SUBSYSTEM.PARAMETER" },
        { "[overlay ]\nx = 1\n", 1, "SOURCE.SUBSYSTEM.PARAMETER" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct tmp_folder folder = tmp_folder_make();
        struct wf_problems problems = { 0 };
        struct wf_err err = { 0 };
        struct wf_config *config = NULL;
        int rc = load(&folder, cases[i].text, &config, &problems, &err);

        if (rc != WF_ERR_INVALID || problems.count != 1 || config != NULL ||
            problems.list[0].line != cases[i].line ||
            strstr(problems.list[0].text, cases[i].says) == NULL) {
            wf_problems_print(&problems);
            fail_msg("%s: rc %d, %s", cases[i].text, rc, err.text);
        }
        wf_problems_fini(&problems);
        tmp_folder_remove(&folder);
    }
}

static void the_run_of_a_process_splits_into_words(void **state)
{
    static const struct {
        const char *run;
        size_t count;
        const char *words[4];
    } cases[] = {
        { "wf-feed", 1, { "wf-feed" } },
        { "  a  b\n c ", 3, { "a", "b", "c" } },
        { "a \"b c\" d", 3, { "a", "b c", "d" } },
        { "\"/opt/x y/z\" --t=\"1 2\"", 2, { "/opt/x y/z", "--t=1 2" } },
        { "a \"\"", 2, { "a", "" } },
        { "", 0, { NULL } },
        { "\"\"", 0, { NULL } },
        { "a \"b", 0, { NULL } },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        char run[64];
        struct wf_config_process process = { .run = run };
        char **words = NULL;

        assert_true(wf_copy_text(run, sizeof(run), cases[i].run));
        assert_int_equal(wf_config_arguments(&process, &words, NULL),
                         cases[i].count > 0 ? 0 : WF_ERR_INVALID);
        for (size_t k = 0; k < cases[i].count; k++)
            assert_string_equal(words[k], cases[i].words[k]);
        if (cases[i].count > 0)
            assert_null(words[cases[i].count]);
        free(words);
    }
}

static void all_problems_are_told_at_once(void **state)
{
    struct tmp_folder folder = tmp_folder_make();
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    struct wf_config *config = NULL;

    (void)state;
    assert_int_equal(load(&folder, "[receiver]\ngather = x\nbogus = 1\n[x]\nnonsense\n", &config,
                          &problems, &err),
                     WF_ERR_INVALID);
    assert_int_equal(problems.count, 4);
    assert_non_null(strstr(err.text, "4 problems"));
    wf_problems_fini(&problems);
    tmp_folder_remove(&folder);
}

static void a_missing_file_is_absent(void **state)
{
    struct wf_problems problems = { 0 };
    struct wf_err err = { 0 };
    struct wf_config *config = NULL;

    (void)state;
    assert_int_equal(wf_config_load(NULL, &paths, &config, &problems, &err), WF_ERR_ABSENT);
    assert_non_null(strstr(err.text, "/nowhere/watchfloor.ini"));
    assert_null(config);
}

/* Print, load what was printed, print again: the same. */
static void what_is_printed_loads_to_the_same(void **state)
{
    struct tmp_folder folder = tmp_folder_make();
    struct wf_config *config = load_good(
        &folder, "[watchfloor]\nplugins = /a:/b\n[receiver]\ngather = 1500us\n"
                 "[listener x]\ntransport = tcp\nport = 99\nreceive_buffer = 1M\n"
                 "allow = 10.0.0.1\n  10.0.0.2\n[source main]\ntitle = A ; B # C\n"
                 "tai_offset = 0.1\n[overlay power]\ntitle = x\n[process p]\nrun = a \"b c\"\n");
    struct wf_strbuf once, twice;

    (void)state;
    wf_strbuf_init(&once, 1u << 20);
    wf_strbuf_init(&twice, 1u << 20);
    wf_config_print(config, &once);
    wf_config_free(&config);
    assert_non_null(strstr(once.text, "gather = 1500us\n"));
    assert_non_null(strstr(once.text, "title = A ; B # C\n"));
    config = load_good(&folder, once.text);
    wf_config_print(config, &twice);
    assert_string_equal(once.text, twice.text);
    wf_config_free(&config);
    wf_strbuf_fini(&once);
    wf_strbuf_fini(&twice);
    tmp_folder_remove(&folder);
}

/* --- the shipped file --------------------------------------------------------------------------- */

static char *shipped_path(void)
{
    const char *source = getenv("WATCHFLOOR_SOURCE");
    char *path = malloc(4096);

    assert_non_null(path);
    (void)snprintf(path, 4096, "%s/config/watchfloor.ini", source != NULL ? source : "../..");
    return path;
}

/* The golden file; `test-core_config --update` writes it anew from the table. */
static void the_shipped_file_is_made_from_the_table(void **state)
{
    struct wf_strbuf want;
    char *path = shipped_path();
    char *have = calloc(1, 1u << 20);
    FILE *file = fopen(path, "r");

    (void)state;
    assert_non_null(have);
    wf_strbuf_init(&want, 1u << 20);
    wfi_config_example(&want);
    if (file != NULL) {
        (void)fread(have, 1, (1u << 20) - 1, file);
        (void)fclose(file);
    }
    if (strcmp(have, want.text) != 0)
        fail_msg("%s differs from the table of keys; run test-core_config --update", path);
    wf_strbuf_fini(&want);
    free(have);
    free(path);
}

static void the_shipped_file_loads_and_names_every_key(void **state)
{
    struct tmp_folder folder = tmp_folder_make();
    struct wf_strbuf example;
    struct wf_config *config;
    char *path = shipped_path();
    struct wf_problems problems = { 0 };

    (void)state;
    assert_int_equal(wf_config_load(path, &paths, &config, &problems, NULL), 0);
    wf_config_free(&config);
    wf_strbuf_init(&example, 1u << 20);
    wfi_config_example(&example);
    for (size_t i = 0; i < wfi_key_count; i++) {
        char line[128];
        struct wf_strbuf want = WF_STRBUF_FIXED(line);

        wf_strbuf_addf(&want, "%s =", wfi_keys[i].name);
        assert_non_null(strstr(example.text, line));
    }
    /* With every commented line in force it still loads: no default is out of its own range. */
    for (char *at = example.text; at != NULL; at = strchr(at + 1, '\n')) {
        if (*at == '\n' && at[1] == ';' && at[2] != ' ')
            memmove(at + 1, at + 2, strlen(at + 2) + 1);
    }
    config = load_good(&folder, example.text);
    assert_int_equal(config->listener_count, 1);
    assert_int_equal(config->overlay_count, 1);
    wf_config_free(&config);
    wf_strbuf_fini(&example);
    tmp_folder_remove(&folder);
    free(path);
}

static int update_shipped_file(void)
{
    struct wf_strbuf text;
    char *path = shipped_path();
    FILE *file = fopen(path, "w");
    int rc = 1;

    wf_strbuf_init(&text, 1u << 20);
    wfi_config_example(&text);
    if (file != NULL)
        rc = fputs(text.text, file) < 0 || fclose(file) != 0;
    (void)printf("%s: %s\n", path, rc == 0 ? "written" : "cannot be written");
    wf_strbuf_fini(&text);
    free(path);
    return rc;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_file_means_every_default),
        cmocka_unit_test(every_kind_of_value_arrives),
        cmocka_unit_test(what_is_wrong_is_told_by_line),
        cmocka_unit_test(the_run_of_a_process_splits_into_words),
        cmocka_unit_test(all_problems_are_told_at_once),
        cmocka_unit_test(a_missing_file_is_absent),
        cmocka_unit_test(what_is_printed_loads_to_the_same),
        cmocka_unit_test(the_shipped_file_is_made_from_the_table),
        cmocka_unit_test(the_shipped_file_loads_and_names_every_key),
    };

    if (argc > 1 && strcmp(argv[1], "--update") == 0)
        return update_shipped_file();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
