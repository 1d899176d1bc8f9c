/* SPDX-License-Identifier: MIT */
/*
 * Subsystem: one line of who and how old, the displays there are for it, and
 * below it whatever the chosen display draws. The trend page is the same with
 * the display called "trend".
 */

#include "pages.h"

#include <watchfloor/clock.h>

#include <string.h>

#define DISPLAY_MAX 16

/* The display wanted by name among those that fit, else the first of them. */
bool con_subsystem_display(struct con_ui *ui, const struct con_entry *entry, size_t *out_index)
{
    const char *wanted = ui->page == CON_PAGE_TREND ? "trend" : ui->display;
    size_t indexes[DISPLAY_MAX];
    size_t count = con_displays_for(ui->displays, entry->schema, indexes, DISPLAY_MAX);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(con_displays_plugin(ui->displays, indexes[i])->name, wanted) == 0) {
            *out_index = indexes[i];
            return true;
        }
    }
    if (count == 0 || ui->page == CON_PAGE_TREND)
        return false;
    *out_index = indexes[0];
    return true;
}

static void draw_title(struct con_ui *ui, const struct con_model *model,
                       const struct con_entry *entry, size_t shown,
                       const struct wf_canvas_part *part)
{
    size_t indexes[DISPLAY_MAX];
    size_t count = con_displays_for(ui->displays, entry->schema, indexes, DISPLAY_MAX);
    char name[WF_FULL_NAME_SIZE], line[128], age[CON_AGE_SIZE];
    struct wf_strbuf text = WF_STRBUF_FIXED(line);
    int x;

    con_entry_name(entry, name, sizeof(name));
    x = wf_canvas_text(part, 1, 0, WF_STYLE_STRONG, name) + 2;
    if (entry->worst > 0)
        x = wf_canvas_textf(part, x, 0, wf_style_of_severity(entry->worst), "%s %zu",
                            wf_severity_word(entry->worst), entry->out_count) +
            2;
    if (part->width >= 100 && entry->schema->title[0] != '\0')
        x = wf_canvas_text_in(part, x, 0, 30, WF_STYLE_DIM, entry->schema->title) + 2;
    for (size_t i = 0; i < count; i++) {
        bool is_shown = indexes[i] == shown;

        x = wf_canvas_textf(part, x, 0, is_shown ? WF_STYLE_SELECTED : WF_STYLE_DIM, " %s ",
                            con_displays_plugin(ui->displays, indexes[i])->name);
    }
    if (!entry->has_sample) {
        wf_strbuf_add(&text, "never received");
    } else {
        wf_strbuf_addf(&text, "%s%s  %.1f/s", entry->is_stale ? "STALE ~" : "",
                       con_age(model->now.mono_ns - entry->stamp.received_mono_ns, age),
                       entry->rate_hz);
        if (part->width >= 100)
            wf_strbuf_addf(&text, "  #%llu", (unsigned long long)entry->stamp.number);
    }
    con_text_right_in(part, x + 1, 0, part->width - x - 2,
                      entry->is_stale ? WF_STYLE_WARNING : WF_STYLE_DIM, line);
}

static void draw_no_display(const struct con_ui *ui, const struct wf_canvas_part *part)
{
    (void)wf_canvas_textf(part, 2, 2, WF_STYLE_WARNING, "No display can show this subsystem%s.",
                          ui->page == CON_PAGE_TREND ? " as a trend" : "");
    (void)wf_canvas_text(part, 2, 3, WF_STYLE_NORMAL,
                         "Page 8 tells which plugins were found and what was wrong with them.");
}

void con_subsystem_draw(struct con_ui *ui, struct con_model *model,
                        const struct wf_canvas_part *part)
{
    struct con_entry *entry = con_ui_selected(ui, model);
    struct wf_canvas_part below = wf_canvas_sub(part, 0, 1, part->width, part->height - 1);
    struct wf_view view;
    size_t display;

    if (entry == NULL)
        return;
    if (!con_subsystem_display(ui, entry, &display)) {
        draw_title(ui, model, entry, SIZE_MAX, part);
        draw_no_display(ui, &below);
        return;
    }
    draw_title(ui, model, entry, display, part);
    con_model_view(model, entry, &view);
    con_displays_draw(ui->displays, display, entry, &below, &view);
}
