/* SPDX-License-Identifier: MIT */
#ifndef DISPLAY_WORDS_H
#define DISPLAY_WORDS_H

/*
 * Words - text helpers of the generic displays. Functions in a header, because
 * every display is a module of its own.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <watchfloor/plugin.h>
#include <watchfloor/strbuf.h>

/* Does `text` contain `part`, without case? */
static inline bool words_contain(const char *text, const char *part)
{
    size_t len = strlen(part);

    for (;; text++) {
        size_t i = 0;

        while (i < len && text[i] != '\0' &&
               (text[i] | (text[i] >= 'A' && text[i] <= 'Z' ? 0x20 : 0)) ==
                   (part[i] | (part[i] >= 'A' && part[i] <= 'Z' ? 0x20 : 0)))
            i++;
        if (i == len)
            return true;
        if (*text == '\0')
            return false;
    }
}

/* Append `text` on one line: blanks and line ends become single blanks. */
static inline void words_fold(struct wf_strbuf *out, const char *text)
{
    bool is_blank = false;

    for (; *text != '\0'; text++) {
        if (*text == ' ' || *text == '\t' || *text == '\n') {
            is_blank = true;
            continue;
        }
        if (is_blank && out->len > 0)
            wf_strbuf_add_char(out, ' ');
        is_blank = false;
        wf_strbuf_add_char(out, *text);
    }
}

/* A line being typed: true when the key changed it. */
static inline bool words_type(char *line, size_t size, uint32_t key)
{
    size_t len = strlen(line);

    if (key == WF_KEY_BACKSPACE && len > 0) {
        line[len - 1] = '\0';
        return true;
    }
    if (key >= ' ' && key < 127 && len + 1 < size) {
        line[len] = (char)key;
        line[len + 1] = '\0';
        return true;
    }
    return false;
}

/* Text at the right end of [x, x + width), cut when longer. */
static inline void words_right(const struct wf_canvas_part *part, int x, int y, int width,
                               enum wf_style style, const char *text)
{
    struct wf_canvas_part field = wf_canvas_sub(part, x, y, width, 1);

    wf_canvas_text_right(&field, field.width, 0, style, text);
}

#endif /* DISPLAY_WORDS_H */
