/* SPDX-License-Identifier: MIT */
/* Plugins: every display module found, how it does, and what is wrong with it. */

#include "pages.h"

#include <watchfloor/clock.h>

static const char *state_word(const struct con_plugin *plugin)
{
    switch (plugin->state) {
    case CON_PLUGIN_LOADED:
        return plugin->error[0] == '\0' ? "OK" : "NOTE";
    case CON_PLUGIN_LEFT_OUT:
        return "LEFT OUT";
    case CON_PLUGIN_REFUSED:
    default:
        return "REFUSED";
    }
}

static enum wf_style state_style(const struct con_plugin *plugin)
{
    if (plugin->state == CON_PLUGIN_LOADED)
        return plugin->error[0] == '\0' ? WF_STYLE_NORMAL : WF_STYLE_WATCH;
    return plugin->state == CON_PLUGIN_LEFT_OUT ? WF_STYLE_CRITICAL : WF_STYLE_WARNING;
}

static void draw_numbers(const struct con_plugin *plugin, const struct wf_canvas_part *part, int y)
{
    char text[48];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    wf_strbuf_addf(&buf, "%llu", (unsigned long long)plugin->calls);
    con_text_right_in(part, 46, y, 9, WF_STYLE_NORMAL, text);
    wf_strbuf_clear(&buf);
    wf_strbuf_addf(&buf, "%.2fms", (double)con_plugin_p99_ns(plugin) / 1e6);
    con_text_right_in(part, 56, y, 10, plugin->slow_calls > 0 ? WF_STYLE_WARNING : WF_STYLE_NORMAL,
                      plugin->calls > 0 ? text : "-");
    wf_strbuf_clear(&buf);
    wf_strbuf_addf(&buf, "%llu", (unsigned long long)plugin->slow_calls);
    con_text_right_in(part, 67, y, 6, plugin->slow_calls > 0 ? WF_STYLE_WARNING : WF_STYLE_DIM,
                      text);
}

/* Two or three lines: what it is; where it is; what is wrong. */
static int draw_plugin(const struct con_plugin *plugin, const struct wf_canvas_part *part, int y)
{
    enum wf_style style = state_style(plugin);

    (void)wf_canvas_text_in(part, 1, y, 16, WF_STYLE_STRONG, plugin->name);
    (void)wf_canvas_text_in(part, 18, y, 12, WF_STYLE_NORMAL, plugin->folder);
    (void)wf_canvas_text_in(part, 31, y, 9, style, state_word(plugin));
    if (plugin->record != NULL) {
        (void)wf_canvas_textf(part, 41, y, WF_STYLE_NORMAL, "%u.%u",
                              (unsigned)plugin->record->abi_major,
                              (unsigned)plugin->record->abi_minor);
        draw_numbers(plugin, part, y);
        (void)wf_canvas_textf(part, 75, y, WF_STYLE_DIM, "%s",
                              plugin->record->summary != NULL ? plugin->record->summary : "");
        (void)wf_canvas_textf(part, 3, y + 1, WF_STYLE_DIM, "version %s  %s",
                              plugin->record->version != NULL ? plugin->record->version : "?",
                              plugin->path);
    } else {
        (void)wf_canvas_text_in(part, 3, y + 1, part->width - 4, WF_STYLE_DIM, plugin->path);
    }
    y += 2;
    if (plugin->error[0] != '\0')
        (void)wf_canvas_text_in(part, 3, y++, part->width - 4, style, plugin->error);
    return y;
}

void con_plugins_draw(struct con_ui *ui, struct con_model *model, const struct wf_canvas_part *part)
{
    size_t count = con_displays_count(ui->displays);
    struct wf_canvas_part below = wf_canvas_sub(part, 0, 1, part->width, part->height - 1);
    int y = -ui->scroll;

    (void)model;
    (void)wf_canvas_text(part, 1, 0, WF_STYLE_DIM, "DISPLAY");
    (void)wf_canvas_text(part, 18, 0, WF_STYLE_DIM, "FOR");
    (void)wf_canvas_text(part, 31, 0, WF_STYLE_DIM, "STATE");
    (void)wf_canvas_text(part, 41, 0, WF_STYLE_DIM, "ABI");
    con_text_right_in(part, 46, 0, 9, WF_STYLE_DIM, "CALLS");
    con_text_right_in(part, 56, 0, 10, WF_STYLE_DIM, "P99");
    con_text_right_in(part, 67, 0, 6, WF_STYLE_DIM, "SLOW");
    for (size_t i = 0; i < count; i++)
        y = draw_plugin(con_displays_plugin(ui->displays, i), &below, y);
    if (count == 0)
        (void)wf_canvas_text(
            &below, 1, 1, WF_STYLE_WARNING,
            "No display plugin was found. Is [watchfloor] plugins right? See wf check.");
    if (y < below.height && ui->scroll > 0) {
        ui->scroll -= below.height - y < ui->scroll ? below.height - y : ui->scroll;
        wf_canvas_clear(part);
        con_plugins_draw(ui, model, part);
    }
}
