/* SPDX-License-Identifier: MIT */
/* Terminal: see terminal.h. Colours by meaning; without colour, bold, underline and reverse. */

/* The headers of curses show wide characters only when asked. */
#define NCURSES_WIDECHAR 1

#include "terminal.h"

#include <watchfloor/plugin.h>

#include <curses.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

/* An escape key and an escape sequence are told apart by this pause. */
#define ESCAPE_MS 25

struct con_terminal {
    SCREEN *screen;
    bool is_ascii;
    attr_t attributes[WF_STYLE_COUNT];
    short pairs[WF_STYLE_COUNT];
    struct wf_cell *shown; /* what the terminal shows; NULL = unknown */
    int width, height;     /* of shown */
};

/* --- styles ---------------------------------------------------------------- */

struct look {
    enum wf_style style;
    short rich;     /* foreground of 256 colours, -1 = the terminal's own */
    short plain;    /* of 8 */
    attr_t colored; /* attributes beside the colour */
    attr_t mono;    /* attributes where there is no colour */
};

static const struct look looks[] = {
    { WF_STYLE_NORMAL, -1, -1, A_NORMAL, A_NORMAL },
    { WF_STYLE_DIM, 245, -1, A_NORMAL, A_NORMAL },
    { WF_STYLE_STRONG, -1, -1, A_BOLD, A_BOLD },
    { WF_STYLE_SELECTED, -1, -1, A_REVERSE, A_REVERSE },
    { WF_STYLE_WATCH, 81, COLOR_CYAN, A_NORMAL, A_UNDERLINE },
    { WF_STYLE_WARNING, 220, COLOR_YELLOW, A_NORMAL, A_BOLD },
    { WF_STYLE_DISTRESS, 208, COLOR_MAGENTA, A_BOLD, A_BOLD | A_UNDERLINE },
    { WF_STYLE_CRITICAL, 203, COLOR_RED, A_BOLD, A_REVERSE },
    { WF_STYLE_SEVERE, 231, COLOR_WHITE, A_BOLD, A_REVERSE | A_BOLD },
    { WF_STYLE_GOOD, 114, COLOR_GREEN, A_NORMAL, A_BOLD },
    { WF_STYLE_TRACE1, 75, COLOR_CYAN, A_NORMAL, A_NORMAL },
    { WF_STYLE_TRACE2, 215, COLOR_YELLOW, A_NORMAL, A_BOLD },
    { WF_STYLE_TRACE3, 79, COLOR_GREEN, A_NORMAL, A_UNDERLINE },
    { WF_STYLE_TRACE4, 176, COLOR_MAGENTA, A_NORMAL, A_BOLD | A_UNDERLINE },
};
_Static_assert(WF_COUNT_OF(looks) == WF_STYLE_COUNT, "every style has a look");

static bool wants_colour(void)
{
    const char *no_color = getenv("NO_COLOR");

    return (no_color == NULL || no_color[0] == '\0') && has_colors();
}

static void make_styles(struct con_terminal *terminal)
{
    bool is_colored = wants_colour() && start_color() == OK;
    bool has_default = is_colored && use_default_colors() == OK;
    bool is_rich = is_colored && COLORS >= 256;

    for (size_t i = 0; i < WF_COUNT_OF(looks); i++) {
        const struct look *look = &looks[i];
        short fore = is_rich ? look->rich : look->plain;
        short back = -1;

        terminal->pairs[look->style] = 0;
        terminal->attributes[look->style] = is_colored ? look->colored : look->mono;
        if (is_colored && !is_rich && look->style == WF_STYLE_DIM)
            terminal->attributes[look->style] |= A_DIM;
        if (!is_colored || fore == -1)
            continue;
        /* Severe is the one that fills its background: it cannot be missed. */
        if (look->style == WF_STYLE_SEVERE)
            back = is_rich ? 160 : COLOR_RED;
        else if (!has_default)
            back = COLOR_BLACK;
        if (init_pair((short)(i + 1), fore, back) == OK)
            terminal->pairs[look->style] = (short)(i + 1);
    }
}

/* --- the terminal ---------------------------------------------------------- */

bool con_terminal_is_ascii(void)
{
    static const char *const names[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    const char *term = getenv("TERM");

    if (term != NULL && strcmp(term, "linux") == 0)
        return true;
    for (size_t i = 0; i < WF_COUNT_OF(names); i++) {
        const char *value = getenv(names[i]);

        if (value == NULL || value[0] == '\0')
            continue;
        return strstr(value, "UTF-8") == NULL && strstr(value, "utf8") == NULL &&
               strstr(value, "UTF8") == NULL && strstr(value, "utf-8") == NULL;
    }
    /* Nobody said anything, as on most minimal systems: today's terminals are UTF-8. */
    return false;
}

int con_terminal_open(bool is_ascii, struct con_terminal **out_terminal, struct wf_err *err)
{
    struct con_terminal *terminal;
    const char *term = getenv("TERM");

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
        return wf_fail(err, WF_ERR_INVALID,
                       "standard input and output are no terminal; --once prints a screen as text");
    /* Only the character set: everything that is printed keeps the C locale's numbers. */
    if (setlocale(LC_CTYPE, "") == NULL || (!is_ascii && MB_CUR_MAX == 1))
        if (setlocale(LC_CTYPE, "C.UTF-8") == NULL && setlocale(LC_CTYPE, "C.utf8") == NULL)
            is_ascii = true;
    terminal = calloc(1, sizeof(*terminal));
    if (terminal == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "terminal: out of memory");
    terminal->is_ascii = is_ascii;
    terminal->screen = newterm(NULL, stdout, stdin);
    if (terminal->screen == NULL) {
        free(terminal);
        return wf_fail(
            err, WF_ERR_INVALID,
            "this system does not know the terminal TERM=%s; try TERM=xterm-256color, or "
            "--once for plain text",
            term != NULL ? term : "(not set)");
    }
    (void)set_term(terminal->screen);
    if (tigetstr("cup") == NULL) { /* TERM=dumb: curses would draw nothing, and say nothing */
        (void)endwin();
        delscreen(terminal->screen);
        free(terminal);
        return wf_fail(err, WF_ERR_INVALID,
                       "the terminal TERM=%s cannot move its cursor; try TERM=xterm-256color, or "
                       "--once for plain text",
                       term != NULL ? term : "(not set)");
    }
    make_styles(terminal);
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)curs_set(0);
    (void)set_escdelay(ESCAPE_MS);
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)leaveok(stdscr, TRUE);
    *out_terminal = terminal;
    return WF_OK;
}

void con_terminal_close(struct con_terminal **terminal)
{
    struct con_terminal *old = *terminal;

    *terminal = NULL;
    if (old == NULL)
        return;
    (void)endwin();
    delscreen(old->screen);
    free(old->shown);
    free(old);
}

void con_terminal_measure(struct con_terminal *terminal, int *out_width, int *out_height)
{
    struct winsize size = { 0 };

    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0 &&
        (size.ws_row != LINES || size.ws_col != COLS)) {
        (void)resizeterm(size.ws_row, size.ws_col);
        con_terminal_forget(terminal);
    }
    *out_width = COLS;
    *out_height = LINES;
}

void con_terminal_forget(struct con_terminal *terminal)
{
    free(terminal->shown);
    terminal->shown = NULL;
    (void)clearok(stdscr, TRUE);
}

void con_terminal_beep(struct con_terminal *terminal)
{
    (void)terminal;
    (void)beep();
}

static void send_cell(const struct con_terminal *terminal, int x, int y, const struct wf_cell *cell)
{
    wchar_t text[2] = { 0 };
    cchar_t character;

    text[0] = (wchar_t)(terminal->is_ascii ? wf_rune_ascii(cell->rune) : cell->rune);
    if (setcchar(&character, text, terminal->attributes[cell->style], terminal->pairs[cell->style],
                 NULL) == OK)
        (void)mvadd_wch(y, x, &character);
}

void con_terminal_show(struct con_terminal *terminal, const struct wf_canvas *canvas)
{
    const struct wf_cell *cells = wf_canvas_cells(canvas);
    int width = wf_canvas_width(canvas);
    int height = wf_canvas_height(canvas);
    size_t count = (size_t)width * (size_t)height;
    bool is_known =
        terminal->shown != NULL && terminal->width == width && terminal->height == height;

    if (!is_known) {
        (void)erase();
        free(terminal->shown);
        terminal->shown = malloc(count * sizeof(cells[0]));
        terminal->width = width;
        terminal->height = height;
    }
    for (size_t i = 0; i < count; i++) {
        if (is_known && terminal->shown[i].rune == cells[i].rune &&
            terminal->shown[i].style == cells[i].style)
            continue;
        send_cell(terminal, (int)(i % (size_t)width), (int)(i / (size_t)width), &cells[i]);
    }
    if (terminal->shown != NULL) /* without memory everything is sent every time */
        memcpy(terminal->shown, cells, count * sizeof(cells[0]));
    (void)refresh();
}

static uint32_t translate_key(wint_t code)
{
    switch (code) {
    case KEY_UP:
        return WF_KEY_UP;
    case KEY_DOWN:
        return WF_KEY_DOWN;
    case KEY_LEFT:
        return WF_KEY_LEFT;
    case KEY_RIGHT:
        return WF_KEY_RIGHT;
    case KEY_PPAGE:
        return WF_KEY_PAGE_UP;
    case KEY_NPAGE:
        return WF_KEY_PAGE_DOWN;
    case KEY_HOME:
        return WF_KEY_HOME;
    case KEY_END:
        return WF_KEY_END;
    case KEY_ENTER:
        return WF_KEY_ENTER;
    case KEY_BACKSPACE:
        return WF_KEY_BACKSPACE;
    default:
        return 0;
    }
}

bool con_terminal_key(struct con_terminal *terminal, uint32_t *out_key)
{
    wint_t code;
    int kind;

    (void)terminal;
    while ((kind = get_wch(&code)) != ERR) {
        uint32_t key = (uint32_t)code;

        if (kind == KEY_CODE_YES)
            key = translate_key(code);
        else if (code == '\r' || code == '\n')
            key = WF_KEY_ENTER;
        else if (code == '\t')
            key = WF_KEY_TAB;
        else if (code == 27)
            key = WF_KEY_ESCAPE;
        else if (code == 127 || code == 8)
            key = WF_KEY_BACKSPACE;
        if (key != 0) { /* 0: a key nobody has a use for, or a resize */
            *out_key = key;
            return true;
        }
    }
    return false;
}
