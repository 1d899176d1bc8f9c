/* SPDX-License-Identifier: MIT */
/*
 * wf-new - makes a subsystem plugin that builds and runs as it is, ready to
 * edit: schema, a display of its own, CMakeLists.txt for inside and outside of
 * Watchfloor's tree.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/config.h>
#include <watchfloor/log.h>
#include <watchfloor/options.h>

#include "template.h"

#define STATUS_CANNOT 2

/* CCSDS: 11 bits, and the highest 8 are reserved. */
#define APID_MAX   2039
#define APID_FIRST 200 /* where the search for a free one begins */

/* Lower case: the struct, its macros and the module are named after it. */
static int check_name(const char *name, struct wf_err *err)
{
    int rc = wf_name_check(name, err);

    if (rc == 0 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") != strlen(name))
        rc = wf_fail(
            err, WF_ERR_INVALID,
            "name '%s': a new subsystem is written in lower case, as power or star_tracker", name);
    return rc;
}

static bool is_taken(const struct wf_catalogue *catalogue, unsigned apid)
{
    for (size_t i = 0; i < catalogue->type_count; i++)
        for (size_t k = 0; k < catalogue->types[i]->apid_count; k++)
            if (catalogue->types[i]->apids[k] == apid)
                return true;
    return false;
}

/* One that no subsystem of this configuration has; the first when that cannot be loaded. */
static unsigned free_apid(const struct wf_common *common)
{
    struct wf_problems problems = { 0 };
    struct wf_config *config = NULL;
    struct wf_catalogue *catalogue = NULL;
    unsigned apid = APID_FIRST;

    if (wf_config_load(common->config, &common->paths, &config, &problems, NULL) == 0 &&
        wf_catalogue_load(config, &common->paths, &catalogue, &problems, NULL) == 0)
        while (apid < APID_MAX && is_taken(catalogue, apid))
            apid++;
    wf_catalogue_free(&catalogue);
    wf_config_free(&config);
    wf_problems_fini(&problems);
    return apid;
}

/* The other ways the name is written; `module` has room for "-panel". */
static void make_words(const char *name, char *upper, char *module, char *title)
{
    static const char panel[] = "-panel";
    size_t len = strlen(name);

    for (size_t i = 0; i <= len; i++) {
        upper[i] = (char)(name[i] >= 'a' && name[i] <= 'z' ? name[i] - 'a' + 'A' : name[i]);
        module[i] = (char)(name[i] == '_' ? '-' : name[i]);
        title[i] = (char)(name[i] == '_' ? ' ' : name[i]);
    }
    memcpy(module + len, panel, sizeof(panel));
    if (title[0] >= 'a' && title[0] <= 'z')
        title[0] = upper[0];
}

static int make_subsystem(const struct wf_common *common, const char *name, const char *folder,
                          unsigned apid, struct wf_err *err)
{
    char from[WF_PATH_SIZE], to[WF_PATH_SIZE], apid_text[16];
    char upper[WF_NAME_SIZE], module[WF_NAME_SIZE + 8], title[WF_NAME_SIZE];
    struct wf_strbuf source = WF_STRBUF_FIXED(from), target = WF_STRBUF_FIXED(to);
    struct wf_strbuf number = WF_STRBUF_FIXED(apid_text);
    int rc;

    make_words(name, upper, module, title);
    wf_strbuf_addf(&number, "%u", apid);
    wf_strbuf_addf(&source, "%s/share/watchfloor/templates/subsystem", common->paths.prefix);
    wf_strbuf_addf(&target, "%s/%s", folder, name);
    if (source.was_cut || target.was_cut)
        return wf_fail(err, WF_ERR_LIMIT, "the path %.100s is too long", folder);

    const struct template_word words[] = {
        { "NAME", name },   { "UPPER", upper },    { "MODULE", module },
        { "TITLE", title }, { "APID", apid_text },
    };

    rc = template_make(from, to, words, WF_COUNT_OF(words), err);
    if (rc == 0)
        (void)printf("made %s (APID %u): edit %s.ini, then\n"
                     "  cmake -S %s -B %s/build -DCMAKE_PREFIX_PATH=%s\n"
                     "  cmake --build %s/build\n"
                     "and name %s/build/lib/watchfloor/plugins in `plugins` of the "
                     "configuration.\n"
                     "In Watchfloor's own tree, below plugins/, it is built with the rest.\n",
                     to, apid, name, to, to, common->paths.prefix, to, to);
    return rc;
}

int main(int argc, char **argv)
{
    const char *folder = ".", *apid_text = NULL;
    const struct wf_option options[] = {
        { "dir", "DIR", "Make the plugin's folder in DIR instead of here.", &folder, NULL },
        { "apid", "N", "APID of its packets instead of a free one from 200 on.", &apid_text, NULL },
    };
    const struct wf_command_line line = {
        .program = "wf-new",
        .summary = "make a subsystem plugin that builds and runs, ready to edit",
        .operands = "subsystem NAME",
        .options = options,
        .option_count = WF_COUNT_OF(options),
        .details = "Makes DIR/NAME with NAME.ini (the schema), NAME_panel.c (a display),\n"
                   "CMakeLists.txt and README.md. Nothing that is there is overwritten.",
    };
    struct wf_common common;
    struct wf_err err = { 0 };
    uint64_t apid = 0;
    int rc;

    wf_options_parse(&line, argc, argv, &common);
    if (common.operand_count != 2 || strcmp(common.operands[0], "subsystem") != 0) {
        (void)fprintf(stderr, "wf-new: expected: wf new subsystem NAME (--help tells more)\n");
        return STATUS_CANNOT;
    }
    rc = check_name(common.operands[1], &err);
    if (rc == 0 && apid_text != NULL)
        rc = wf_parse_u64(apid_text, &apid, &err);
    if (rc == 0 && apid > APID_MAX)
        rc = wf_fail(&err, WF_ERR_LIMIT, "--apid: 0 to %d are possible", APID_MAX);
    if (rc == 0)
        rc = make_subsystem(&common, common.operands[1], folder,
                            apid_text != NULL ? (unsigned)apid : free_apid(&common), &err);
    if (rc < 0) {
        (void)fprintf(stderr, "wf-new: %s\n", err.text);
        return STATUS_CANNOT;
    }
    return EXIT_SUCCESS;
}
