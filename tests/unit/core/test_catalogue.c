/* SPDX-License-Identifier: MIT */
/* The catalogue: schema files found, sources matched with subsystems, overlays applied. */

#include "support/unit.h"

#include <watchfloor/clock.h>
#include <watchfloor/config.h>

static const char power[] = "[subsystem]\napid = 100\nperiod = 1s\n"
                            "[parameter bus_voltage]\nbits = 16\nhi = 33\nunit = V\n";
static const char thermal[] = "[subsystem]\napid = 101\n[parameter t]\nbits = 16\n";
static const char table[] = "[subsystem]\nkind = table\nkey = k\n"
                            "[parameter k]\ntype = string\nsize = 8\n";

/* A folder with plugins power, thermal and unfed (no apid), and c.ini. */
struct setup {
    struct tmp_folder folder;
    struct wf_config *config;
    struct wf_catalogue *catalogue;
    struct wf_problems problems;
    struct wf_err err;
    int rc;
};

static void write_plugin(const struct tmp_folder *folder, const char *plugins, const char *name,
                         const char *text)
{
    char path[256];
    char *made;
    struct wf_strbuf where = WF_STRBUF_FIXED(path);

    wf_strbuf_addf(&where, "%s/%s", plugins, name);
    made = tmp_folder_path(folder, path);
    assert_int_equal(wf_make_folders(made, NULL), 0);
    free(made);
    wf_strbuf_addf(&where, "/%s.ini", name);
    tmp_folder_write(folder, path, text);
}

static void make_folder(struct setup *setup)
{
    *setup = (struct setup){ .folder = tmp_folder_make() };
    write_plugin(&setup->folder, "plugins", "power", power);
    write_plugin(&setup->folder, "plugins", "thermal", thermal);
    write_plugin(&setup->folder, "plugins", "unfed", table);
    write_plugin(&setup->folder, "plugins", "not-a-name", "nonsense");
}

static void load(struct setup *setup, const char *config)
{
    static const struct wf_paths paths = { .instance = "ops", .plugins = "/nowhere" };
    char *path = tmp_folder_path(&setup->folder, "c.ini");
    char text[4096];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    wf_strbuf_addf(
        &buf, "%s%s",
        strstr(config, "[watchfloor]") == NULL ? "[watchfloor]\nplugins = plugins\n" : "", config);
    tmp_folder_write(&setup->folder, "c.ini", text);
    setup->rc = wf_config_load(path, &paths, &setup->config, &setup->problems, &setup->err);
    wf_problems_print(&setup->problems);
    assert_int_equal(setup->rc, 0);
    setup->rc =
        wf_catalogue_load(setup->config, &paths, &setup->catalogue, &setup->problems, &setup->err);
    free(path);
}

static void clean(struct setup *setup)
{
    wf_catalogue_free(&setup->catalogue);
    wf_config_free(&setup->config);
    wf_problems_fini(&setup->problems);
    tmp_folder_remove(&setup->folder);
}

/* "main.power main.thermal" */
static void expect_entries(const struct setup *setup, const char *want)
{
    char text[512];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    assert_int_equal(setup->rc, 0);
    for (size_t i = 0; i < setup->catalogue->entry_count; i++)
        wf_strbuf_addf(&buf, "%s%s.%s", i > 0 ? " " : "", setup->catalogue->entries[i].source,
                       setup->catalogue->entries[i].schema->name);
    assert_string_equal(text, want);
}

static void a_source_has_what_it_names_or_its_listeners_accept(void **state)
{
    static const struct {
        const char *config, *want;
    } cases[] = {
        { "", "" },
        { "[listener a]\n", "main.power main.thermal" },
        { "[listener a]\nsubsystems = pow*\n", "main.power" },
        { "[listener a]\nsubsystems = power\n[listener b]\nsubsystems = thermal\n",
          "main.power main.thermal" },
        { "[listener a]\nsource = sat2\n[listener b]\nsource = sat1\nsubsystems = thermal\n",
          "sat1.thermal sat2.power sat2.thermal" },
        { "[listener a]\nsource = sat1\n[source Sat1]\nsubsystems = power\n", "Sat1.power" },
        { "[source sat1]\nsubsystems = *al\n", "sat1.thermal" },
        { "[source sat1]\n", "" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct setup setup;

        make_folder(&setup);
        load(&setup, cases[i].config);
        assert_int_equal(setup.catalogue->type_count, 3);
        assert_string_equal(setup.catalogue->types[0]->name, "power");
        assert_non_null(strstr(setup.catalogue->type_folders[0], "plugins/power"));
        expect_entries(&setup, cases[i].want);
        clean(&setup);
    }
}

static void overlays_change_one_source_and_no_other(void **state)
{
    struct setup setup;
    const struct wf_schema *sat1, *sat2;

    (void)state;
    make_folder(&setup);
    load(&setup, "[listener a]\nsource = sat1\n[listener b]\nsource = sat2\nsubsystems = power\n"
                 "[overlay sat1.power.bus_voltage]\nhi = 31\n"
                 "[overlay sat1.power]\nperiod = 5s\n");
    wf_problems_print(&setup.problems);
    expect_entries(&setup, "sat1.power sat1.thermal sat2.power");
    sat1 = setup.catalogue->entries[0].schema;
    sat2 = setup.catalogue->entries[2].schema;
    assert_true(sat1->parameters[0].limits.value[WF_HI] == 31);
    assert_true(sat1->period_ns == 5 * WF_NS_PER_S);
    assert_true(sat2->parameters[0].limits.value[WF_HI] == 33);
    assert_true(sat2->period_ns == WF_NS_PER_S);
    assert_true(sat1->layout_hash == sat2->layout_hash);
    assert_int_equal(setup.catalogue->overlaid_count, 1);
    clean(&setup);
}

static void an_earlier_folder_hides_its_namesakes(void **state)
{
    struct setup setup;

    (void)state;
    make_folder(&setup);
    write_plugin(&setup.folder, "mine", "power",
                 "[subsystem]\napid = 7\n[parameter other]\nbits = 8\n");
    load(&setup, "[watchfloor]\nplugins = mine:plugins\n[listener a]\n");
    expect_entries(&setup, "main.power main.thermal");
    assert_int_equal(setup.catalogue->entries[0].schema->apids[0], 7);
    clean(&setup);
}

static void what_does_not_fit_together_is_told(void **state)
{
    static const struct {
        const char *config;
        unsigned line;
        const char *says;
    } cases[] = {
        { "[listener a]\nsubsystems = powr\n", 3, "did you mean 'power'?" },
        { "[source main]\nsubsystems = power nothing\n", 3, "no subsystem 'nothing'" },
        { "[listener a]\n[overlay main.thermol]\nperiod = 1s\n", 4, "did you mean 'thermal'?" },
        { "[listener a]\nsubsystems = power\n[overlay thermal.t]\nhi = 1\n", 5,
          "'main' has no subsystem 'thermal'" },
        { "[listener a]\n[overlay power.bus_voltag]\nhi = 1\n", 0, "bus_voltag" },
        { "[listener a]\n[overlay power.bus_voltage]\nbits = 3\n", 5, "bits" },
        { "[watchfloor]\nplugins = plugins:none\n", 2, "none" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct setup setup;

        make_folder(&setup);
        load(&setup, cases[i].config);
        if (setup.rc != WF_ERR_INVALID || setup.catalogue != NULL || setup.problems.count != 1 ||
            (cases[i].line != 0 && setup.problems.list[0].line != cases[i].line) ||
            strstr(setup.problems.list[0].text, cases[i].says) == NULL) {
            wf_problems_print(&setup.problems);
            fail_msg("%s", cases[i].config);
        }
        clean(&setup);
    }
}

static void two_that_claim_the_same_packets_are_told(void **state)
{
    struct setup setup;

    (void)state;
    make_folder(&setup);
    write_plugin(&setup.folder, "plugins", "twin", power);
    load(&setup, "[listener a]\n");
    assert_int_equal(setup.rc, WF_ERR_INVALID);
    assert_int_equal(setup.problems.count, 1);
    assert_non_null(strstr(setup.problems.list[0].text, "APID 100"));
    wf_config_free(&setup.config);
    wf_problems_fini(&setup.problems);
    load(&setup, "[listener a]\nsource = sat1\nsubsystems = power\n"
                 "[listener b]\nsource = sat2\nsubsystems = twin\n");
    expect_entries(&setup, "sat1.power sat2.twin");
    clean(&setup);
}

static void a_broken_schema_is_told_with_its_own_line(void **state)
{
    struct setup setup;

    (void)state;
    make_folder(&setup);
    write_plugin(&setup.folder, "plugins", "broken",
                 "[subsystem]\napid = 5\n[parameter a]\nbits = 99\n");
    /* That it is missing where it is named is no second problem. */
    load(&setup, "[listener a]\nsubsystems = broken power\n");
    assert_int_equal(setup.rc, WF_ERR_INVALID);
    assert_int_equal(setup.problems.count, 1);
    assert_int_equal(setup.problems.list[0].line, 4);
    assert_non_null(strstr(setup.problems.list[0].file, "plugins/broken/broken.ini"));
    clean(&setup);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_source_has_what_it_names_or_its_listeners_accept),
        cmocka_unit_test(overlays_change_one_source_and_no_other),
        cmocka_unit_test(an_earlier_folder_hides_its_namesakes),
        cmocka_unit_test(what_does_not_fit_together_is_told),
        cmocka_unit_test(two_that_claim_the_same_packets_are_told),
        cmocka_unit_test(a_broken_schema_is_told_with_its_own_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
