/* SPDX-License-Identifier: MIT */
/* trend: the list from which parameters are tagged as traces. */

#include "trend.h"

#include "words.h"

static int find_trace(const struct trend *trend, size_t parameter)
{
    for (int i = 0; i < TREND_TRACES; i++)
        if (trend->traces[i].parameter == parameter)
            return i;
    return -1;
}

static size_t step_from(const struct trend *trend, size_t from, int direction)
{
    size_t count = trend->schema->parameter_count;
    size_t at = from;

    while (direction < 0 ? at > 0 : at + 1 < count) {
        at = direction < 0 ? at - 1 : at + 1;
        if (trend_is_number(trend->schema, at))
            return at;
    }
    return from;
}

static void settle_choice(struct trend *trend)
{
    if (trend->choice >= trend->schema->parameter_count)
        trend->choice = 0;
    if (!trend_is_number(trend->schema, trend->choice))
        trend->choice = step_from(trend, trend->choice, 1);
}

void trend_choose_draw(struct trend *trend, const struct wf_canvas_part *part,
                       const struct wf_view *view)
{
    int rows = part->height - 3;
    int at = 0;
    int row = 0;

    if (trend->schema->parameter_count == 0)
        return;
    settle_choice(trend);
    for (size_t i = 0; i < trend->choice; i++)
        at += trend_is_number(trend->schema, i);
    if (at < trend->choice_top)
        trend->choice_top = at;
    if (at >= trend->choice_top + rows)
        trend->choice_top = at - rows + 1;
    (void)wf_canvas_text(part, 1, 0, WF_STYLE_STRONG,
                         "Space tags up to four parameters, Enter shows them, / finds one");
    for (size_t i = 0; i < trend->schema->parameter_count; i++) {
        const struct wf_parameter *definition = &trend->schema->parameters[i];
        int trace = find_trace(trend, i);
        int y = 1 + row - trend->choice_top;
        char text[96];
        struct wf_strbuf value = WF_STRBUF_FIXED(text);

        if (!trend_is_number(trend->schema, i))
            continue;
        if (y >= 1 && y <= rows) {
            enum wf_style style = i == trend->choice ? WF_STYLE_SELECTED : WF_STYLE_NORMAL;

            wf_view_text(view, i, &value);
            (void)wf_canvas_textf(part, 2, y, WF_STYLE_STRONG, "[%c]",
                                  trace >= 0 ? '1' + trace : ' ');
            (void)wf_canvas_text_in(part, 6, y, 32, style, definition->name);
            words_right(part, 39, y, 18, wf_view_style(view, i), text);
            (void)wf_canvas_text_in(part, 59, y, part->width - 60, WF_STYLE_DIM, definition->title);
        }
        row++;
    }
    if (trend->is_searching) {
        int x = wf_canvas_textf(part, 1, part->height - 1, WF_STYLE_STRONG, "/%s", trend->search);

        wf_canvas_put(part, x, part->height - 1, ' ', WF_STYLE_SELECTED);
    }
}

static void toggle_choice(struct trend *trend)
{
    int trace = find_trace(trend, trend->choice);

    if (trace >= 0)
        trend->traces[trace].parameter = TREND_NONE;
    else if ((trace = find_trace(trend, TREND_NONE)) >= 0)
        trend->traces[trace].parameter = trend->choice;
}

static void find_match(struct trend *trend, bool is_next)
{
    size_t count = trend->schema->parameter_count;

    for (size_t i = is_next ? 1 : 0; i < count; i++) {
        size_t at = (trend->choice + i) % count;

        if (trend_is_number(trend->schema, at) &&
            (words_contain(trend->schema->parameters[at].name, trend->search) ||
             words_contain(trend->schema->parameters[at].title, trend->search))) {
            trend->choice = at;
            return;
        }
    }
}

bool trend_choose_key(struct trend *trend, uint32_t key)
{
    if (trend->is_searching) {
        if (key == WF_KEY_ENTER || key == WF_KEY_ESCAPE)
            trend->is_searching = false;
        else if (key == WF_KEY_DOWN)
            find_match(trend, true);
        else if (words_type(trend->search, sizeof(trend->search), key))
            find_match(trend, false);
        return true;
    }
    if (key == WF_KEY_UP || key == 'k') {
        trend->choice = step_from(trend, trend->choice, -1);
    } else if (key == WF_KEY_DOWN || key == 'j') {
        trend->choice = step_from(trend, trend->choice, 1);
    } else if (key == WF_KEY_PAGE_UP || key == WF_KEY_PAGE_DOWN) {
        for (int i = 0; i < 10; i++)
            trend->choice = step_from(trend, trend->choice, key == WF_KEY_PAGE_UP ? -1 : 1);
    } else if (key == ' ') {
        toggle_choice(trend);
    } else if (key == '/') {
        trend->is_searching = true;
        trend->search[0] = '\0';
    } else if (key == WF_KEY_ENTER || key == WF_KEY_ESCAPE) {
        trend->is_choosing = false;
    } else {
        return false;
    }
    return true;
}
