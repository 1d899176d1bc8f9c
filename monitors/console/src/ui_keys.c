/* SPDX-License-Identifier: MIT */
/*
 * UI: what keys do. A display sees keys first (it may have a search of its own),
 * except Tab, so that no display can hold anybody on its page; Ctrl-C is a
 * signal and always works.
 */

#include "ui.h"
#include "pages.h"

#include <string.h>

static const enum con_page tab_order[] = {
    CON_PAGE_OVERVIEW, CON_PAGE_ALARMS, CON_PAGE_SUBSYSTEM, CON_PAGE_TREND,
    CON_PAGE_LINKS,    CON_PAGE_EVENTS, CON_PAGE_HISTORY,   CON_PAGE_PLUGINS,
};

static void go_to(struct con_ui *ui, enum con_page page)
{
    ui->page = page;
    ui->scroll = 0;
    ui->is_searching = false;
    ui->alarms.answer[0] = '\0';
}

static void go_to_next_page(struct con_ui *ui)
{
    for (size_t i = 0; i < WF_COUNT_OF(tab_order); i++) {
        if (tab_order[i] == ui->page) {
            go_to(ui, tab_order[(i + 1) % WF_COUNT_OF(tab_order)]);
            return;
        }
    }
    go_to(ui, CON_PAGE_OVERVIEW);
}

/* Move the selection by `step` listed entries; stops at the ends. */
static void move_selection(struct con_ui *ui, const struct con_model *model, int step)
{
    const struct con_entry *selected = con_ui_selected(ui, model);
    size_t at = selected != NULL ? (size_t)(selected - model->entries) : 0;
    int direction = step < 0 ? -1 : 1;

    if (selected == NULL)
        return;
    for (int left = step * direction; left > 0;) {
        if ((direction < 0 && at == 0) || (direction > 0 && at + 1 >= model->entry_count))
            break;
        at = direction < 0 ? at - 1 : at + 1;
        if (con_is_listed(ui, &model->entries[at])) {
            selected = &model->entries[at];
            left--;
        }
    }
    con_ui_select(ui, selected);
}

static void show_next_display(struct con_ui *ui, const struct con_model *model)
{
    const struct con_entry *entry = con_ui_selected(ui, model);
    size_t indexes[16];
    size_t count;
    size_t shown;

    if (entry == NULL || !con_subsystem_display(ui, entry, &shown))
        return;
    count = con_displays_for(ui->displays, entry->schema, indexes, WF_COUNT_OF(indexes));
    for (size_t i = 0; i < count; i++) {
        if (indexes[i] == shown) {
            size_t next = indexes[(i + 1) % count];

            (void)wf_copy_text(ui->display, sizeof(ui->display),
                               con_displays_plugin(ui->displays, next)->name);
            ui->page = CON_PAGE_SUBSYSTEM;
            return;
        }
    }
}

/* --- search on the overview ------------------------------------------------ */

static bool is_name_match(const struct con_entry *entry, const char *search)
{
    char name[WF_FULL_NAME_SIZE];

    con_entry_name(entry, name, sizeof(name));
    return con_text_has(name, search);
}

static bool is_field_match(const struct con_entry *entry, const char *search)
{
    for (size_t i = 0; i < entry->schema->parameter_count; i++) {
        char name[WF_FULL_NAME_SIZE];
        struct wf_strbuf full = WF_STRBUF_FIXED(name);

        wf_strbuf_add_name(&full, entry->source, entry->subsystem,
                           entry->schema->parameters[i].name);
        if (con_text_has(name, search))
            return true;
    }
    return false;
}

/*
 * Select the first match from the selected entry on (from the next one when `is_next`),
 * around. Names of subsystems come before names of what is in them.
 */
static void find_match(struct con_ui *ui, const struct con_model *model, bool is_next)
{
    const struct con_entry *selected = con_ui_selected(ui, model);
    size_t from = selected != NULL ? (size_t)(selected - model->entries) : 0;

    for (int pass = 0; pass <= 1 && ui->search[0] != '\0'; pass++) {
        for (size_t i = is_next ? 1 : 0; i < model->entry_count; i++) {
            const struct con_entry *entry = &model->entries[(from + i) % model->entry_count];

            if (con_is_listed(ui, entry) && (pass == 0 ? is_name_match(entry, ui->search)
                                                       : is_field_match(entry, ui->search))) {
                con_ui_select(ui, entry);
                return;
            }
        }
    }
}

static void begin_search(struct con_ui *ui)
{
    ui->is_searching = true;
    ui->search[0] = '\0';
    (void)wf_copy_text(ui->search_from_source, sizeof(ui->search_from_source), ui->source);
    (void)wf_copy_text(ui->search_from_subsystem, sizeof(ui->search_from_subsystem), ui->subsystem);
}

static void search_key(struct con_ui *ui, const struct con_model *model, uint32_t key)
{
    size_t len = strlen(ui->search);

    if (key == WF_KEY_ENTER) {
        ui->is_searching = false;
    } else if (key == WF_KEY_ESCAPE) {
        ui->is_searching = false;
        (void)wf_copy_text(ui->source, sizeof(ui->source), ui->search_from_source);
        (void)wf_copy_text(ui->subsystem, sizeof(ui->subsystem), ui->search_from_subsystem);
    } else if (key == WF_KEY_BACKSPACE && len > 0) {
        ui->search[len - 1] = '\0';
    } else if (key == WF_KEY_DOWN) {
        find_match(ui, model, true);
    } else if (key > ' ' && key < 127 && len + 1 < sizeof(ui->search)) {
        ui->search[len] = (char)key;
        ui->search[len + 1] = '\0';
        find_match(ui, model, false);
    }
}

/* --- keys of the pages ------------------------------------------------------ */

static bool overview_key(struct con_ui *ui, const struct con_model *model, uint32_t key)
{
    int page = ui->list_height;
    int all = (int)model->entry_count;

    switch (key) {
    case WF_KEY_UP:
    case 'k':
        move_selection(ui, model, -1);
        return true;
    case WF_KEY_DOWN:
    case 'j':
        move_selection(ui, model, 1);
        return true;
    case WF_KEY_PAGE_UP:
        move_selection(ui, model, -page);
        return true;
    case WF_KEY_PAGE_DOWN:
        move_selection(ui, model, page);
        return true;
    case WF_KEY_HOME:
    case 'g':
        move_selection(ui, model, -all);
        return true;
    case WF_KEY_END:
    case 'G':
        move_selection(ui, model, all);
        return true;
    case WF_KEY_ENTER:
    case WF_KEY_RIGHT:
    case 'l':
        go_to(ui, CON_PAGE_SUBSYSTEM);
        return true;
    case '/':
        begin_search(ui);
        return true;
    case 'd':
        ui->shows_never = !ui->shows_never;
        return true;
    default:
        return false;
    }
}

/* Pages longer than the screen: drawing stops at the end. */
static bool scroll_key(struct con_ui *ui, uint32_t key)
{
    int step = 0;

    if (key == WF_KEY_UP || key == 'k')
        step = -1;
    else if (key == WF_KEY_DOWN || key == 'j')
        step = 1;
    else if (key == WF_KEY_PAGE_UP)
        step = -20;
    else if (key == WF_KEY_PAGE_DOWN)
        step = 20;
    else if (key == WF_KEY_HOME || key == 'g')
        step = -10000;
    else if (key == WF_KEY_END || key == 'G')
        step = 10000;
    else
        return false;
    ui->scroll += step;
    if (ui->scroll < 0)
        ui->scroll = 0;
    if (ui->scroll > 10000)
        ui->scroll = 10000;
    return true;
}

static bool display_key(struct con_ui *ui, struct con_model *model, uint32_t key)
{
    struct con_entry *entry = con_ui_selected(ui, model);
    struct wf_view view;
    size_t index;

    if (entry == NULL || !con_subsystem_display(ui, entry, &index))
        return false;
    con_model_view(model, entry, &view);
    return con_displays_key(ui->displays, index, entry, key, &view);
}

static bool page_key(struct con_ui *ui, struct con_model *model, uint32_t key)
{
    switch (ui->page) {
    case CON_PAGE_OVERVIEW:
        return overview_key(ui, model, key);
    case CON_PAGE_SUBSYSTEM:
    case CON_PAGE_TREND:
        return display_key(ui, model, key);
    case CON_PAGE_HISTORY:
        return con_history_key(ui, model, key);
    case CON_PAGE_LINKS:
    case CON_PAGE_EVENTS:
    case CON_PAGE_PLUGINS:
    default:
        return scroll_key(ui, key);
    }
}

static enum con_wish common_key(struct con_ui *ui, struct con_model *model, uint32_t key)
{
    switch (key) {
    case 'q':
        return CON_WISH_QUIT;
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
        go_to(ui, (enum con_page)(key - '0'));
        break;
    case '?':
        ui->page_before_help = ui->page;
        go_to(ui, CON_PAGE_HELP);
        break;
    case WF_KEY_ESCAPE:
        go_to(ui, CON_PAGE_OVERVIEW);
        break;
    case 'p':
        ui->is_frozen = !ui->is_frozen;
        ui->frozen = model->now;
        ui->freeze_age_ns = 0;
        break;
    case '[':
    case WF_KEY_LEFT:
    case 'h':
        move_selection(ui, model, -1);
        break;
    case ']':
    case WF_KEY_RIGHT:
    case 'l':
        move_selection(ui, model, 1);
        break;
    case 'x':
        show_next_display(ui, model);
        break;
    case '+':
        return CON_WISH_FASTER;
    case '-':
        return CON_WISH_SLOWER;
    case 'L' - '@': /* Ctrl-L */
        return CON_WISH_REDRAW;
    default:
        break;
    }
    return CON_WISH_NONE;
}

enum con_wish con_ui_key(struct con_ui *ui, struct con_model *model, uint32_t key)
{
    if (ui->page == CON_PAGE_HELP) {
        if (!scroll_key(ui, key))
            go_to(ui, ui->page_before_help);
        return CON_WISH_NONE;
    }
    if (ui->page == CON_PAGE_ALARMS && (key != WF_KEY_TAB || ui->alarms.form != CON_FORM_NONE) &&
        con_alarm_list_key(&ui->alarms, model, key)) {
        bool has_orders = ui->alarms.has_orders;

        ui->alarms.has_orders = false;
        return has_orders ? CON_WISH_ORDERS : CON_WISH_NONE;
    }
    if (key == WF_KEY_TAB) {
        go_to_next_page(ui);
        return CON_WISH_NONE;
    }
    if (ui->is_searching) {
        search_key(ui, model, key);
        return CON_WISH_NONE;
    }
    if (page_key(ui, model, key))
        return CON_WISH_NONE;
    return common_key(ui, model, key);
}
