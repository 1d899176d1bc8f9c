/* SPDX-License-Identifier: MIT */
/* UI: which page, which subsystem. See ui.h; what keys do is in ui_keys.c. */

#include "ui.h"
#include "pages.h"

#include <string.h>

static const struct {
    const char *name;
    enum con_page page;
} page_names[] = {
    { "overview", CON_PAGE_OVERVIEW }, { "alarms", CON_PAGE_ALARMS },
    { "links", CON_PAGE_LINKS },       { "events", CON_PAGE_EVENTS },
    { "history", CON_PAGE_HISTORY },   { "plugins", CON_PAGE_PLUGINS },
    { "help", CON_PAGE_HELP },
};

void con_ui_init(struct con_ui *ui, struct con_displays *displays)
{
    *ui = (struct con_ui){
        .page = CON_PAGE_OVERVIEW,
        .page_before_help = CON_PAGE_OVERVIEW,
        .list_height = 1,
        .rate_hz = 10,
        .displays = displays,
    };
    con_alarm_list_init(&ui->alarms);
}

void con_ui_fini(struct con_ui *ui)
{
    con_alarm_list_fini(&ui->alarms);
}

void con_ui_told(struct con_ui *ui, enum con_verb verb, bool is_done, const char *text)
{
    struct con_alarm_list *list = &ui->alarms;

    list->is_refused = !is_done;
    if (verb == CON_EXPLAIN && is_done) {
        con_alarm_list_fini(list);
        list->explanation = strdup(text);
        list->explanation_scroll = 0;
        list->answer[0] = '\0';
        return;
    }
    (void)wf_copy_text(list->answer, sizeof(list->answer), text);
}

void con_ui_select(struct con_ui *ui, const struct con_entry *entry)
{
    (void)wf_copy_text(ui->source, sizeof(ui->source), entry->source);
    (void)wf_copy_text(ui->subsystem, sizeof(ui->subsystem), entry->subsystem);
}

/* Nobody chose yet: what is worst, or else the first. */
static struct con_entry *choose_first(const struct con_ui *ui, const struct con_model *model)
{
    for (size_t i = 0; i < model->exception_count; i++)
        if (con_is_listed(ui, &model->entries[model->exceptions[i].entry]))
            return &model->entries[model->exceptions[i].entry];
    for (size_t i = 0; i < model->entry_count; i++)
        if (con_is_listed(ui, &model->entries[i]))
            return &model->entries[i];
    return ui->page != CON_PAGE_OVERVIEW && model->entry_count > 0 ? &model->entries[0] : NULL;
}

struct con_entry *con_ui_selected(struct con_ui *ui, const struct con_model *model)
{
    struct con_entry *entry = con_model_find(model, ui->source, ui->subsystem);

    if (entry != NULL && (con_is_listed(ui, entry) || ui->page != CON_PAGE_OVERVIEW))
        return entry;
    entry = choose_first(ui, model);
    /* Chosen once: the selection must not jump with whatever becomes worst next. */
    if (entry != NULL && entry->has_sample && ui->subsystem[0] == '\0')
        con_ui_select(ui, entry);
    return entry;
}

/* --- showing by name ------------------------------------------------------- */

static const struct con_entry *find_by_pattern(const struct con_model *model, const char *pattern)
{
    for (size_t i = 0; i < model->entry_count; i++)
        if (wf_pattern_match(pattern, model->entries[i].source, model->entries[i].subsystem, NULL))
            return &model->entries[i];
    return NULL;
}

static bool is_display(const struct con_ui *ui, const char *name)
{
    for (size_t i = 0; i < con_displays_count(ui->displays); i++) {
        const struct con_plugin *plugin = con_displays_plugin(ui->displays, i);

        if (plugin->state == CON_PLUGIN_LOADED && strcmp(plugin->name, name) == 0)
            return true;
    }
    return false;
}

/* The first subsystem that the display named fits, having data rather than not. */
static const struct con_entry *find_for_display(struct con_ui *ui, const struct con_model *model)
{
    const struct con_entry *found = NULL;

    for (size_t i = 0; i < model->entry_count; i++) {
        const struct con_entry *entry = &model->entries[i];
        size_t index;

        if (!con_subsystem_display(ui, entry, &index) ||
            strcmp(con_displays_plugin(ui->displays, index)->name, ui->display) != 0)
            continue;
        if (entry->has_sample)
            return entry;
        if (found == NULL)
            found = entry;
    }
    return found;
}

static int fail_unknown(const struct con_ui *ui, const struct con_model *model, const char *wanted,
                        struct wf_err *err)
{
    char text[200];
    struct wf_strbuf list = WF_STRBUF_FIXED(text);

    wf_strbuf_add(&list, "overview alarms links events history plugins help");
    for (size_t i = 0; i < con_displays_count(ui->displays); i++)
        if (con_displays_plugin(ui->displays, i)->state == CON_PLUGIN_LOADED)
            wf_strbuf_addf(&list, " %s", con_displays_plugin(ui->displays, i)->name);
    for (size_t i = 0; i < model->entry_count; i++) {
        wf_strbuf_add_char(&list, ' ');
        wf_strbuf_add_name(&list, model->entries[i].source, model->entries[i].subsystem, NULL);
    }
    return wf_fail(err, WF_ERR_ABSENT, "nothing to show is called '%s'; there are: %s", wanted,
                   text);
}

int con_ui_show(struct con_ui *ui, const struct con_model *model, const char *wanted,
                struct wf_err *err)
{
    const struct con_entry *entry = NULL;
    char subsystem[WF_FULL_NAME_SIZE];
    const char *slash = strchr(wanted, '/');
    const char *display = slash != NULL ? slash + 1 : "";
    struct wf_strbuf name = WF_STRBUF_FIXED(subsystem);

    for (size_t i = 0; i < WF_COUNT_OF(page_names); i++) {
        if (strcmp(page_names[i].name, wanted) == 0) {
            ui->page = page_names[i].page;
            return WF_OK;
        }
    }
    wf_strbuf_add_bytes(&name, wanted, slash != NULL ? (size_t)(slash - wanted) : strlen(wanted));
    if (slash == NULL && is_display(ui, wanted)) {
        ui->page = CON_PAGE_SUBSYSTEM;
        (void)wf_copy_text(ui->display, sizeof(ui->display), wanted);
        entry = find_for_display(ui, model);
    } else if (display[0] == '\0' || is_display(ui, display)) {
        entry = find_by_pattern(model, subsystem);
        (void)wf_copy_text(ui->display, sizeof(ui->display), display);
    }
    if (entry == NULL)
        return fail_unknown(ui, model, wanted, err);
    ui->page = strcmp(ui->display, "trend") == 0 ? CON_PAGE_TREND : CON_PAGE_SUBSYSTEM;
    if (ui->page == CON_PAGE_TREND)
        ui->display[0] = '\0';
    con_ui_select(ui, entry);
    return WF_OK;
}

/* --- drawing --------------------------------------------------------------- */

static bool is_anything_listed(const struct con_ui *ui, const struct con_model *model)
{
    for (size_t i = 0; i < model->entry_count; i++)
        if (con_is_listed(ui, &model->entries[i]) && !model->entries[i].is_own)
            return true;
    return false;
}

void con_ui_draw(struct con_ui *ui, struct con_model *model, struct wf_canvas *canvas)
{
    struct wf_canvas_part whole = wf_canvas_whole(canvas);
    struct wf_canvas_part body;

    wf_canvas_clear(&whole);
    if (ui->page != CON_PAGE_ALARMS) {
        ui->alarms.shown_mono_ns = 0;
        mon_alarms_hold(model->alarms, false);
    }
    body = con_frame_draw(ui, model, &whole);
    if (ui->page == CON_PAGE_HELP)
        con_help_draw(ui, &body);
    else if (ui->page == CON_PAGE_PLUGINS)
        con_plugins_draw(ui, model, &body);
    else if (ui->page == CON_PAGE_ALARMS && model->entry_count > 0)
        con_alarms_draw(ui, model, &body);
    else if (ui->page == CON_PAGE_EVENTS && model->entry_count > 0)
        con_events_draw(ui, model, &body);
    else if (ui->page == CON_PAGE_HISTORY && model->entry_count > 0)
        con_history_draw(ui, model, &body);
    else if (ui->page == CON_PAGE_LINKS && model->state != CON_STATE_NO_RECEIVER)
        con_links_draw(ui, model, &body);
    else if (model->entry_count == 0 ||
             (ui->page == CON_PAGE_OVERVIEW && !is_anything_listed(ui, model)))
        con_empty_draw(model, &body);
    else if (ui->page == CON_PAGE_OVERVIEW)
        con_overview_draw(ui, model, &body);
    else
        con_subsystem_draw(ui, model, &body);
}
