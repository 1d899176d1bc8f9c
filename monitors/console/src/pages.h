/* SPDX-License-Identifier: MIT */
#ifndef CON_PAGES_H
#define CON_PAGES_H

/*
 * Pages - what fills the space between the banner and the key line. Each draws
 * into a part of its own; shared by the files of the UI only.
 */

#include "ui.h"

/* Banner, links and rule (or warning) at the top, keys at the bottom; returns what is between. */
struct wf_canvas_part con_frame_draw(const struct con_ui *ui, const struct con_model *model,
                                     const struct wf_canvas_part *whole);

void con_overview_draw(struct con_ui *ui, struct con_model *model,
                       const struct wf_canvas_part *part);
void con_subsystem_draw(struct con_ui *ui, struct con_model *model,
                        const struct wf_canvas_part *part);
void con_alarms_draw(struct con_ui *ui, struct con_model *model, const struct wf_canvas_part *part);
/* One alarm in one line, as the overview shows the gravest ones too. */
void con_alarm_row_draw(struct con_model *model, const struct mon_alarm *alarm, bool is_selected,
                        bool is_tagged, const struct wf_canvas_part *part, int y);
void con_events_draw(struct con_ui *ui, struct con_model *model, const struct wf_canvas_part *part);
void con_history_draw(struct con_ui *ui, struct con_model *model,
                      const struct wf_canvas_part *part);
bool con_history_key(struct con_ui *ui, struct con_model *model, uint32_t key);
void con_links_draw(struct con_ui *ui, struct con_model *model, const struct wf_canvas_part *part);
void con_plugins_draw(struct con_ui *ui, struct con_model *model,
                      const struct wf_canvas_part *part);
void con_help_draw(struct con_ui *ui, const struct wf_canvas_part *part);
/* Nothing to show yet: what to do. */
void con_empty_draw(const struct con_model *model, const struct wf_canvas_part *part);

/* The display that the subsystem page (or the trend page) shows; false when none fits. */
bool con_subsystem_display(struct con_ui *ui, const struct con_entry *entry, size_t *out_index);

/* Is the entry in the list (never-seen ones may be hidden)? */
bool con_is_listed(const struct con_ui *ui, const struct con_entry *entry);

/* --- small texts ---------------------------------------------------------- */

#define CON_AGE_SIZE 24
/* "12ms", or "-" below zero. */
const char *con_age(int64_t ns, char out[CON_AGE_SIZE]);
/* Text at the right end of [x, x + width), cut when longer. */
void con_text_right_in(const struct wf_canvas_part *part, int x, int y, int width,
                       enum wf_style style, const char *text);
/* First line or sentence of a long text, blanks folded. */
void con_first_words(const char *text, char *out, size_t size);

/* Is `part` in `text`, without case? Nothing is in everything. */
bool con_text_has(const char *text, const char *part);

/* "power.bus_voltage RATE": without the source main, and without LIMIT, the usual kind. Gives `out`. */
const char *con_short_alarm(const char *name, char *out, size_t size);

/* --- tables --------------------------------------------------------------- */

/* A scalar of a table's row as people read it ("" when it has no such column). */
void con_row_format(const struct wf_schema *schema, const void *row, const char *column, char *out,
                    size_t size);
bool con_row_number(const struct wf_schema *schema, const void *row, const char *column,
                    double *out);
bool con_row_time(const struct wf_schema *schema, const void *row, const char *column,
                  int64_t *out_utc_ns);

#endif /* CON_PAGES_H */
