/* SPDX-License-Identifier: MIT */
/* wf-limits - limits in force, who changed them, change them, take them back. */

#include <string.h>

#include <watchfloor/clock.h>

#include "desk.h"
#include "json_text.h"
#include "show.h"

#define LEVELS 4

static const char *const level_names[LEVELS] = { "lolo", "lo", "hi", "hihi" };

struct listing {
    const struct desk *desk;
    const char *monitor;
    struct show_table *table;
    json_t *json;
    size_t count;
};

static void add_limits(struct wf_strbuf *out, const json_t *limits)
{
    bool is_first = true;

    for (size_t i = 0; i < LEVELS; i++) {
        const json_t *value = json_object_get(limits, level_names[i]);

        if (!json_is_number(value))
            continue;
        wf_strbuf_addf(out, "%s%s ", is_first ? "" : "  ", level_names[i]);
        wf_strbuf_add_double(out, json_number_value(value));
        is_first = false;
    }
    if (is_first)
        wf_strbuf_add(out, "none");
}

/* --- all that people changed, from the journals --------------------------------------------- */

static int list_change(void *context, const struct wf_journal_change *change)
{
    struct listing *listing = context;
    json_t *limits = json_loads(change->json, 0, NULL);
    char text[200];
    struct wf_strbuf cell = WF_STRBUF_FIXED(text);
    bool is_named = listing->desk->common.operand_count == 0;

    for (int i = 0; i < listing->desk->common.operand_count && !is_named; i++)
        is_named = desk_name_match(listing->desk->common.operands[i], change->alarm);
    if (is_named) {
        add_limits(&cell, limits);
        show_cell(listing->table, desk_short_name(change->alarm));
        show_cell(listing->table, text);
        show_cell(listing->table, change->user);
        show_cell_time(listing->table, change->utc_ns);
        show_cell(listing->table, listing->monitor);
        (void)json_array_append_new(listing->json,
                                    json_pack("{s:s,s:o,s:o,s:o,s:o}", "monitor", listing->monitor,
                                              "alarm", show_json_text(change->alarm), "limits",
                                              limits != NULL ? json_incref(limits) : json_null(),
                                              "user", show_json_text(change->user), "since",
                                              show_json_time(change->utc_ns)));
        listing->count++;
    }
    json_decref(limits);
    return 0;
}

static int list_changed(const struct desk *desk)
{
    struct show_table table;
    struct listing listing = { .desk = desk, .table = &table, .json = json_array() };
    struct wf_err err = { 0 };
    int rc = desk_need_journals(desk, &err);

    if (rc == WF_ERR_ABSENT)
        rc = 0; /* then nothing was changed */
    show_table_init(&table, 5);
    show_cell(&table, "ALARM");
    show_cell(&table, "LIMITS");
    show_cell(&table, "BY");
    show_cell(&table, "SINCE");
    show_cell(&table, "MONITOR");
    for (size_t i = 0; rc == 0 && i < desk->kept_count; i++) {
        struct wf_journal_reader *reader = NULL;

        listing.monitor = desk->kept[i];
        rc = wf_journal_read(desk->journals, desk->kept[i], &reader, &err);
        if (rc == 0)
            rc = wf_journal_limits(reader, list_change, &listing, &err);
        wf_journal_reader_close(&reader);
        rc = rc == WF_ERR_ABSENT ? 0 : rc;
    }
    if (rc == 0 && desk->is_json)
        (void)json_text_write(listing.json, true, stdout);
    else if (rc == 0 && listing.count > 0)
        show_table_print(&table, 0);
    else if (rc == 0)
        (void)puts("No limits were changed by hand: those of the schemas are in force.");
    show_table_fini(&table);
    json_decref(listing.json);
    return rc < 0 ? desk_fail(desk, &err) : DESK_FINE;
}

/* --- one alarm --------------------------------------------------------------------------------- */

static int ask_explain(const struct desk *desk, const struct desk_found *found, json_t **out_reply,
                       struct wf_err *err)
{
    return desk_ask(
        desk, found->monitor,
        json_pack("{s:s,s:s}", "do", "explain", "alarm", desk_text(found->alarm, "alarm")),
        out_reply, err);
}

static void print_limits(const json_t *explain)
{
    const json_t *changed = json_object_get(explain, "changed_by");
    char force[200], configured[200], when[64];
    struct wf_strbuf a = WF_STRBUF_FIXED(force), b = WF_STRBUF_FIXED(configured),
                     c = WF_STRBUF_FIXED(when);
    const char *context = desk_text(explain, "context"), *unit = desk_text(explain, "unit");

    add_limits(&a, json_object_get(explain, "limits"));
    add_limits(&b, json_object_get(explain, "configured"));
    (void)printf("%s\n  in force    %s%s%s\n  configured  %s\n",
                 desk_short_name(desk_text(explain, "alarm")), force, unit[0] != '\0' ? "  " : "",
                 unit, configured);
    if (context[0] != '\0')
        (void)printf("  context     %s\n", context);
    if (json_is_object(changed)) {
        wf_strbuf_add_time(&c, desk_time(changed, "time_ns"), 0);
        (void)printf("  changed     by %s at %s%s%s\n", desk_text(changed, "user"), when,
                     desk_text(changed, "note")[0] != '\0' ? ": " : "", desk_text(changed, "note"));
    }
}

/* "hi=35", "lo=none" over those in force. */
static int change_one(const char *word, json_t *limits, struct wf_err *err)
{
    const char *sign = strchr(word, '=');
    double value;
    size_t level = 0;

    while (level < LEVELS && (sign == NULL || strlen(level_names[level]) != (size_t)(sign - word) ||
                              strncmp(word, level_names[level], (size_t)(sign - word)) != 0))
        level++;
    if (level == LEVELS)
        return wf_fail(err, WF_ERR_INVALID,
                       "'%.60s': expected lolo= lo= hi= hihi= with a number or none", word);
    if (strcmp(sign + 1, "none") == 0) {
        (void)json_object_del(limits, level_names[level]);
        return 0;
    }
    if (wf_parse_double(sign + 1, &value, err) < 0 || !(value - value == 0)) {
        (void)wf_fail(err, WF_ERR_INVALID, "'%.60s': expected a number or none", word);
        return WF_ERR_INVALID;
    }
    (void)json_object_set_new(limits, level_names[level], json_real(value));
    return 0;
}

static int send_change(const struct desk *desk, const struct desk_found *found, bool is_revert,
                       const char *why, struct wf_err *err)
{
    const struct wf_common *common = &desk->common;
    json_t *explain = NULL, *reply = NULL, *limits, *request;
    int rc = ask_explain(desk, found, &explain, err);

    limits = json_deep_copy(json_object_get(json_object_get(explain, "explain"), "limits"));
    json_decref(explain);
    if (rc == 0 && !json_is_object(limits))
        rc = wf_fail(err, WF_ERR_INVALID, "%s has no limits: only LIMIT alarms do",
                     desk_short_name(desk_text(found->alarm, "alarm")));
    for (int i = 1; rc == 0 && i < common->operand_count; i++)
        rc = change_one(common->operands[i], limits, err);
    if (rc == 0) {
        request = json_pack("{s:s,s:s,s:s}", "do", is_revert ? "revert" : "limits", "alarm",
                            desk_text(found->alarm, "alarm"), "note", why);
        if (request != NULL && !is_revert)
            (void)json_object_set(request, "limits", limits);
        rc = desk_ask(desk, found->monitor, request, &reply, err);
        if (desk->is_json && reply != NULL)
            (void)json_text_write(reply, true, stdout);
    }
    json_decref(reply);
    json_decref(limits);
    return rc;
}

/* Only LIMIT alarms have limits: the kind need not be said. */
static int name_limit(const char *operand, char *out, size_t size, struct wf_err *err)
{
    struct wf_strbuf name;

    wf_strbuf_init_fixed(&name, out, size);
    wf_strbuf_addf(&name, "%s%s", operand, strchr(operand, ' ') == NULL ? " LIMIT" : "");
    return name.was_cut
               ? wf_fail(err, WF_ERR_INVALID, "'%.60s...' is longer than any name", operand)
               : 0;
}

static int run_one(const struct desk *desk, bool is_revert, const char *why)
{
    bool is_change = is_revert || desk->common.operand_count > 1;
    struct desk_found found = { 0 };
    struct wf_err err = { 0 };
    json_t *reply = NULL;
    char name[WF_JOURNAL_ALARM_SIZE];
    int rc = name_limit(desk->common.operands[0], name, sizeof(name), &err);

    if (rc == 0)
        rc = desk_find_one(desk, name, &found, &err);
    if (rc == 0 && is_change)
        rc = send_change(desk, &found, is_revert, why, &err);
    if (rc == 0 && !(is_change && desk->is_json))
        rc = ask_explain(desk, &found, &reply, &err);
    if (rc == 0 && reply != NULL) {
        const json_t *explain = json_object_get(reply, "explain");

        if (desk->is_json)
            (void)json_text_write(explain, true, stdout);
        else
            print_limits(explain);
    }
    json_decref(reply);
    json_decref(found.alarm);
    return rc < 0 ? desk_fail(desk, &err) : DESK_FINE;
}

int main(int argc, char **argv)
{
    struct desk desk = { .program = "wf-limits" };
    const char *why = "";
    bool is_revert = false;
    struct wf_err err = { 0 };
    const struct wf_option options[] = {
        { "why", "TEXT", "the reason, kept with the change (needed for one)", &why, NULL },
        { "revert", NULL, "take back what people changed: the schema's limits again", NULL,
          &is_revert },
        DESK_OPTIONS(desk),
    };
    const struct wf_command_line line = {
        .program = desk.program,
        .summary = "limits in force, who changed them; change them, take them back",
        .operands = "[ALARM [LEVEL=VALUE...]]",
        .details =
            "  wf limits                                    all that people changed\n"
            "  wf limits power.bus_voltage                  of one alarm: in force and configured\n"
            "  wf limits power.bus_voltage hi=35 hihi=none --why 'summer'\n"
            "  wf limits power.bus_voltage --revert --why 'over'\n"
            "LEVEL is lolo lo hi hihi; those not named stay as they are. A change holds at once, "
            "over contexts "
            "and restarts, until it is taken back; only that alarm begins anew. To make it "
            "permanent, write it into the schema or an overlay; `wf backtest` tries it on the "
            "past.\n"
            "Exit status: 0 done, 2 cannot be done.",
        .options = options,
        .option_count = WF_COUNT_OF(options),
    };
    struct wf_common *common = &desk.common;
    int status;

    wf_options_parse(&line, argc, argv, common);
    common->operand_count = desk_join_names(common->operands, common->operand_count);
    if (desk_open(&desk, &err) < 0)
        return desk_fail(&desk, &err);
    if ((is_revert || common->operand_count > 1) && why[0] == '\0') {
        desk_say(&desk, "say why: --why TEXT");
        return DESK_CANNOT;
    }
    if (is_revert && common->operand_count != 1) {
        desk_say(&desk, "--revert needs one ALARM, and no values");
        return DESK_CANNOT;
    }
    if (common->operand_count == 0 ||
        (common->operand_count == 1 && !is_revert && strpbrk(common->operands[0], "*?[") != NULL))
        status = list_changed(&desk);
    else
        status = run_one(&desk, is_revert, why);
    return desk_finish(&desk, status);
}
