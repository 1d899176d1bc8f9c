/* SPDX-License-Identifier: MIT */
#ifndef CON_UI_H
#define CON_UI_H

/*
 * UI - what is on the screen and what keys do to it: pages over the model,
 * drawn on a canvas. Knows no terminal and no clock (the model has the time),
 * so that tests draw the very screens operators see.
 *
 * Threads: one.
 */

#include <stdbool.h>
#include <stdint.h>

#include <watchfloor/canvas.h>

#include "alarm_list.h"
#include "displays.h"
#include "events.h"
#include "model.h"

/* The numbers are the keys. */
enum con_page {
    CON_PAGE_OVERVIEW = 1,
    CON_PAGE_ALARMS = 2,
    CON_PAGE_SUBSYSTEM = 3,
    CON_PAGE_TREND = 4,
    CON_PAGE_LINKS = 5,
    CON_PAGE_EVENTS = 6,
    CON_PAGE_HISTORY = 7,
    CON_PAGE_PLUGINS = 8,
    CON_PAGE_HELP = 9,
};

/* What a key asks of the program around the UI. */
enum con_wish {
    CON_WISH_NONE,
    CON_WISH_QUIT,
    CON_WISH_FASTER,
    CON_WISH_SLOWER,
    CON_WISH_REDRAW,
    CON_WISH_ORDERS, /* send ui->alarms.orders, then con_ui_told */
};

#define CON_SEARCH_MAX 48

struct con_ui {
    enum con_page page;
    enum con_page page_before_help;
    /* The selected subsystem by name: lists may change under it. */
    char source[WF_NAME_SIZE], subsystem[WF_NAME_SIZE];
    char display[64]; /* shown on the subsystem page; "" = the first that fits */
    bool shows_never; /* subsystems that never sent anything */
    int list_top;     /* first row of the subsystem list on the screen */
    int list_height;  /* rows it had when drawn last */
    int scroll;       /* links, plugins, help */

    struct con_alarm_list alarms;
    struct con_history {
        char parameter[WF_NAME_SIZE]; /* of the selected subsystem; "" = the first of interest */
        size_t window;
    } history;
    struct con_events *events; /* the program's; NULL: there are none */

    bool is_searching;
    char search[CON_SEARCH_MAX];
    char search_from_source[WF_NAME_SIZE], search_from_subsystem[WF_NAME_SIZE];

    bool is_frozen;
    struct con_now frozen; /* since */
    int64_t freeze_age_ns; /* told by the program: the model's clock stands still */
    double rate_hz;        /* screens a second */
    int64_t rate_told_mono_ns;

    char complaint[160]; /* about the plugin that was left out, a wish that cannot be; "" */
    struct con_displays *displays;
};

void con_ui_init(struct con_ui *ui, struct con_displays *displays);
void con_ui_fini(struct con_ui *ui);

/*
 * Show what `wanted` names: "overview", "links", "plugins", "help", a display ("trend"),
 * a subsystem ("power", "sat1.power"), or both ("power/trend").
 *   WF_ERR_ABSENT   nothing is called that; err lists what there is
 */
int con_ui_show(struct con_ui *ui, const struct con_model *model, const char *wanted,
                struct wf_err *err);

void con_ui_draw(struct con_ui *ui, struct con_model *model, struct wf_canvas *canvas);

/* A key as in wf_display_ops.key. */
enum con_wish con_ui_key(struct con_ui *ui, struct con_model *model, uint32_t key);

/* What came of the orders: a sentence, or the explanation that was asked for. */
void con_ui_told(struct con_ui *ui, enum con_verb verb, bool is_done, const char *text);

void con_ui_select(struct con_ui *ui, const struct con_entry *entry);
/* The selected entry; before anybody chose, the worst, else the first there is, or NULL. */
struct con_entry *con_ui_selected(struct con_ui *ui, const struct con_model *model);

#endif /* CON_UI_H */
