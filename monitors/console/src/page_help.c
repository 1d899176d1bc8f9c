/* SPDX-License-Identifier: MIT */
/* Help, and the page for when there is nothing to show yet. */

#include "pages.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *keys, *text; /* no text: a heading */
} lines[] = {
    { "PAGES", NULL },
    { "1", "overview: what is out of limits, every subsystem, the selected one beside it" },
    { "2", "alarms: acknowledge, shelve, explain" },
    { "3", "subsystem: the display made for it, or the table" },
    { "4", "trend of up to four parameters" },
    { "5", "links: listeners, peers, packets lost" },
    { "6", "events: transitions of alarms and what people did, the newest on top" },
    { "7", "history: one parameter over hours to weeks, and live behind it" },
    { "8", "plugins: version, calls, time, last error" },
    { "Tab", "next page" },
    { "?", "this page; any key leaves it" },
    { "", NULL },
    { "EVERYWHERE", NULL },
    { "arrows hjkl", "move; PgUp PgDn by a page, g G to the first and last" },
    { "Enter", "open the selected subsystem; Esc goes back to the overview" },
    { "[ ]", "previous, next subsystem" },
    { "x", "next display of this subsystem" },
    { "/", "search as you type; Enter keeps, Esc goes back" },
    { "p", "freeze and go on" },
    { "d", "show or hide what was never received" },
    { "+ -", "more or fewer screens a second" },
    { "^L", "draw everything anew" },
    { "q ^C", "quit" },
    { "", NULL },
    { "ALARMS", NULL },
    { "a  A", "acknowledge the selected; all that are on the screen" },
    { "s u", "shelve (for how long, why); take from the shelf" },
    { "r e", "reset what is latched; explain: rule, limits, history" },
    { "Space", "select several" },
    { "left right v n /", "tab; least severity; unacknowledged only; find" },
    { "", NULL },
    { "TABLE", NULL },
    { "r", "raw or engineering values" },
    { "v V", "more, or only what is not normal" },
    { "", NULL },
    { "TREND", NULL },
    { "Space", "choose parameters: Space tags, Enter closes the list" },
    { "+ - left right", "zoom; move the cursor, Esc takes it away" },
    { "Up Down", "which trace the axis and the limit lines belong to" },
    { "", NULL },
    { "READING", NULL },
    { "!! C  ! W  . w", "severity: S severe, C critical, D distress, W warning, w watch" },
    { "8.5 V ~14s", "stale: the value is 14 s old" },
    { "--  n/a  INV", "never received; not in this packet; received but makes no sense" },
    { "v ^  L S ?", "below or above a limit; late, substituted, suspect" },
};

void con_help_draw(struct con_ui *ui, const struct wf_canvas_part *part)
{
    int count = (int)WF_COUNT_OF(lines);
    int most = count > part->height ? count - part->height : 0;

    if (ui->scroll > most)
        ui->scroll = most;
    for (int i = 0; i < count; i++) {
        int y = i - ui->scroll;

        if (lines[i].text == NULL) {
            (void)wf_canvas_text(part, 1, y, WF_STYLE_STRONG, lines[i].keys);
        } else {
            (void)wf_canvas_text(part, 3, y, WF_STYLE_NORMAL, lines[i].keys);
            (void)wf_canvas_text(part, 20, y, WF_STYLE_NORMAL, lines[i].text);
        }
    }
    if (ui->scroll < most)
        wf_canvas_put(part, part->width - 1, part->height - 1, 0x2193, WF_STYLE_STRONG);
}

/* Broken between words; returns the row behind it. */
static int draw_wrapped(const struct wf_canvas_part *part, int y, const char *text)
{
    int room = part->width - 6;

    while (*text != '\0' && y < part->height - 1) {
        size_t length = strlen(text), cut = length;
        char line[256];

        if (length > (size_t)room) {
            for (cut = (size_t)room; cut > 0 && text[cut] != ' '; cut--) {
            }
            if (cut == 0)
                cut = (size_t)room;
        }
        (void)snprintf(line, sizeof(line), "%.*s", (int)cut, text);
        (void)wf_canvas_text(part, 3, y++, WF_STYLE_NORMAL, line);
        text += cut + (text[cut] == ' ' ? 1 : 0);
    }
    return y;
}

void con_empty_draw(const struct con_model *model, const struct wf_canvas_part *part)
{
    struct wf_canvas_part box =
        wf_canvas_sub(part, (part->width - 66) / 2, part->height / 2 - 5, 66, 10);
    const char *instance = model->instance;

    if (part->width < 66 || part->height < 10)
        box = *part;
    if (model->unreadable != NULL) {
        wf_canvas_box(&box, 0, 0, box.width, box.height, "not readable");
        (void)draw_wrapped(&box, 2, model->unreadable);
        return;
    }
    if (model->state == CON_STATE_NO_RECEIVER) {
        wf_canvas_box(&box, 0, 0, box.width, box.height, "nothing is running");
        (void)wf_canvas_textf(&box, 3, 2, WF_STYLE_STRONG, "No system runs as instance '%s'.",
                              instance);
        (void)wf_canvas_textf(&box, 3, 4, WF_STYLE_NORMAL, "Start one:        wf up --instance %s",
                              instance);
        (void)wf_canvas_text(&box, 3, 5, WF_STYLE_NORMAL, "Try it out:       wf up --demo");
        (void)wf_canvas_text(&box, 3, 6, WF_STYLE_NORMAL,
                             "Look at another:  wf console --instance NAME");
        (void)wf_canvas_text(&box, 3, 8, WF_STYLE_DIM,
                             "This screen attaches by itself when it starts.");
        return;
    }
    wf_canvas_box(&box, 0, 0, box.width, box.height, "nothing received yet");
    (void)wf_canvas_text(&box, 3, 2, WF_STYLE_STRONG,
                         "The receiver runs; no subsystem has sent anything.");
    (void)wf_canvas_text(&box, 3, 4, WF_STYLE_NORMAL, "Links and their state:    page 5");
    (void)wf_canvas_text(&box, 3, 5, WF_STYLE_NORMAL,
                         "What is expected:         d shows what was never received");
    (void)wf_canvas_text(&box, 3, 6, WF_STYLE_NORMAL,
                         "What was rejected, why:   wf status --rejects");
}
