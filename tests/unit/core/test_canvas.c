/* SPDX-License-Identifier: MIT */
/* Canvas: what is drawn, as text; clipping; hostile text. */

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <watchfloor/canvas.h>

#include "support/golden.h"

static struct wf_canvas *make_canvas(int width, int height, struct wf_canvas_part *out_whole)
{
    struct wf_canvas *canvas = NULL;
    struct wf_err err = { 0 };

    if (wf_canvas_create(width, height, &canvas, &err) < 0)
        fail_msg("%s", err.text);
    *out_whole = wf_canvas_whole(canvas);
    return canvas;
}

static void assert_drawn(struct wf_canvas *canvas, bool ascii, const char *want)
{
    char text[4096];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);

    wf_canvas_to_text(canvas, ascii, &buf);
    assert_string_equal(text, want);
}

static void a_size_that_makes_no_sense_is_refused(void **state)
{
    static const int cases[][2] = { { 0, 10 }, { 10, 0 }, { -1, 5 }, { 100000, 2 }, { 2, 100000 } };
    struct wf_canvas *canvas = NULL;

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++)
        assert_int_equal(wf_canvas_create(cases[i][0], cases[i][1], &canvas, NULL), WF_ERR_INVALID);
    assert_null(canvas);
    wf_canvas_destroy(&canvas);
}

static void text_is_clipped_at_every_edge(void **state)
{
    struct wf_canvas_part whole;
    struct wf_canvas *canvas = make_canvas(6, 3, &whole);

    (void)state;
    assert_int_equal(wf_canvas_text(&whole, -2, 0, WF_STYLE_NORMAL, "abcd"), 2);
    assert_int_equal(wf_canvas_text(&whole, 4, 1, WF_STYLE_NORMAL, "efgh"), 6);
    (void)wf_canvas_text(&whole, 0, -1, WF_STYLE_NORMAL, "never");
    (void)wf_canvas_text(&whole, 0, 3, WF_STYLE_NORMAL, "never");
    (void)wf_canvas_text(&whole, 100, 0, WF_STYLE_NORMAL, "never");
    assert_drawn(canvas, false, "cd\n    ef\n\n");
    wf_canvas_destroy(&canvas);
}

static void a_part_cannot_draw_outside_itself(void **state)
{
    static const struct {
        int x, y, width, height;
        const char *want;
    } cases[] = {
        { 1, 1, 2, 1, "....\n.##.\n....\n" },
        { 3, 2, 50, 50, "....\n....\n...#\n" },
        { -1, -1, 3, 3, "##..\n##..\n....\n" },
        { 9, 9, 2, 2, "....\n....\n....\n" },
        { 0, 0, -4, 2, "....\n....\n....\n" },
        { INT32_MIN, INT32_MIN, INT32_MAX, INT32_MAX, "....\n....\n....\n" },
        { INT32_MAX, 0, INT32_MAX, 1, "....\n....\n....\n" },
        { -INT32_MAX, 0, INT32_MAX, 1, "....\n....\n....\n" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_canvas_part whole;
        struct wf_canvas *canvas = make_canvas(4, 3, &whole);
        struct wf_canvas_part sub;

        wf_canvas_fill(&whole, 0, 0, 4, 3, '.', WF_STYLE_NORMAL);
        sub = wf_canvas_sub(&whole, cases[i].x, cases[i].y, cases[i].width, cases[i].height);
        wf_canvas_fill(&sub, -1000, -1000, 100000, 100000, '#', WF_STYLE_NORMAL);
        assert_drawn(canvas, false, cases[i].want);
        wf_canvas_destroy(&canvas);
    }
}

static void a_spoilt_part_cannot_write_outside_the_canvas(void **state)
{
    struct wf_canvas_part whole;
    struct wf_canvas *canvas = make_canvas(3, 1, &whole);
    static const struct wf_canvas_part spoilt[] = {
        { .x = 2, .width = 1000, .height = 1000 },
        { .x = -5, .y = -5, .width = 1000, .height = 1000 },
        { .x = INT32_MAX, .y = INT32_MAX, .width = INT32_MAX, .height = INT32_MAX },
    };
    double xs[] = { 0, 1, 2 };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(spoilt); i++) {
        struct wf_canvas_part part = spoilt[i];

        part.canvas = canvas;
        wf_canvas_fill(&part, 0, 0, 100, 100, '#', WF_STYLE_NORMAL);
        (void)wf_canvas_text(&part, 0, 0, WF_STYLE_NORMAL, "long text here");
        wf_canvas_put(&part, INT32_MAX, 0, 'x', WF_STYLE_NORMAL);
        if (i == 0)
            wf_canvas_plot(&part, xs, xs, 3, 0, 2, 0, 2, WF_STYLE_NORMAL);
    }
    wf_canvas_destroy(&canvas);
}

static void control_wide_and_broken_characters_are_made_harmless(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        { "a\033[31mb", "a?[31mb\n" },
        { "tab\tnew\nend\r\x7f", "tab?new?end??\n" },
        { "\xc2\x9b"
          "1m",
          "?1m\n" },                                       /* C1 control */
        { "16.2 \xc2\xb0\x43 \xc2\xb5m", "16.2 °C µm\n" }, /* degree, micro */
        { "e\xcc\x81t\xc3\xa9", "et\xc3\xa9\n" },          /* a combining mark takes no cell */
        { "\xe4\xb8\xad\xe6\x96\x87", "??\n" },            /* wide */
        { "\xf0\x9f\x9a\x80go", "?go\n" },                 /* beyond the first plane */
        { "\xc3", "?\n" },                                 /* cut short */
        { "\xe2\x82", "??\n" },                            /* cut short */
        { "\xc0\xaf\xed\xa0\x80\xff", "??????\n" },        /* overlong, surrogate, never */
        { "\xf4\x90\x80\x80", "????\n" },                  /* above the last code point */
        { "\xe2\x80\xae"
          "evil",
          "?evil\n" }, /* right-to-left override */
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_canvas_part whole;
        struct wf_canvas *canvas = make_canvas(20, 1, &whole);

        (void)wf_canvas_text(&whole, 0, 0, WF_STYLE_NORMAL, cases[i].text);
        assert_drawn(canvas, false, cases[i].want);
        assert_int_equal(wf_text_columns(cases[i].text), wf_text_columns(cases[i].want) - 1);
        wf_canvas_destroy(&canvas);
    }
}

static void text_that_does_not_fit_says_so(void **state)
{
    struct wf_canvas_part whole;
    struct wf_canvas *canvas = make_canvas(12, 4, &whole);

    (void)state;
    assert_int_equal(wf_canvas_text_in(&whole, 1, 0, 5, WF_STYLE_NORMAL, "exact"), 6);
    assert_int_equal(wf_canvas_text_in(&whole, 1, 1, 5, WF_STYLE_NORMAL, "longer"), 6);
    wf_canvas_text_right(&whole, 8, 2, WF_STYLE_NORMAL, "12.5 µV");
    wf_canvas_text_right(&whole, 8, 3, WF_STYLE_NORMAL, "1234567890");
    wf_canvas_text_right(&whole, 0, 3, WF_STYLE_NORMAL, "nowhere");
    assert_drawn(canvas, false, " exact\n long~\n 12.5 µV\n~4567890\n");
    wf_canvas_destroy(&canvas);
}

static void an_unknown_style_becomes_normal(void **state)
{
    struct wf_canvas_part whole;
    struct wf_canvas *canvas = make_canvas(2, 1, &whole);

    (void)state;
    wf_canvas_put(&whole, 0, 0, 'x', (enum wf_style)200);
    wf_canvas_put(&whole, 1, 0, 'y', WF_STYLE_CRITICAL);
    assert_int_equal(wf_canvas_cells(canvas)[0].style, WF_STYLE_NORMAL);
    assert_int_equal(wf_canvas_cells(canvas)[1].style, WF_STYLE_CRITICAL);
    assert_int_equal(wf_canvas_rune(&whole, 1, 0), 'y');
    assert_int_equal(wf_canvas_rune(&whole, 2, 0), 0);
    wf_canvas_destroy(&canvas);
}

static void a_bar_shows_value_limits_and_which_side_it_left(void **state)
{
    static const double limits[4] = { 24, 26, 33, 34.5 };
    static const double none[4] = { NAN, NAN, NAN, NAN };
    static const struct {
        double value, lo, hi;
        const double *ticks;
        const char *want;
    } cases[] = {
        { 28, 22, 36, limits, "[--|-|-*----|-|-]\n" },
        { 22, 22, 36, limits, "[*-|-|------|-|-]\n" },
        { 36, 22, 36, limits, "[--|-|------|-|*]\n" },
        { 10, 22, 36, limits, "[<-|-|------|-|-]\n" },
        { 90, 22, 36, none, "[-------------->]\n" },
        { -INFINITY, 22, 36, none, "[<--------------]\n" },
        { NAN, 22, 36, limits, "[--|-|------|-|-]\n" },
        { 5, 7, 7, limits, "[---------------]\n" },
        { 5, 8, 7, limits, "[---------------]\n" },
        { 5, NAN, 7, limits, "[---------------]\n" },
        { 5, -DBL_MAX, DBL_MAX, limits, "[---------------]\n" },
        { 0.5, 0, 1, NULL, "[-------*-------]\n" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_canvas_part whole;
        struct wf_canvas *canvas = make_canvas(17, 1, &whole);

        wf_canvas_bar(&whole, 0, 0, 17, cases[i].value, cases[i].lo, cases[i].hi, cases[i].ticks,
                      WF_STYLE_NORMAL);
        assert_drawn(canvas, true, cases[i].want);
        wf_canvas_destroy(&canvas);
    }
}

static void a_sparkline_has_holes_and_ends_at_the_right(void **state)
{
    static const double rising[] = { 0, 1, 2, 3, 4, 5, 6, 7 };
    static const double holes[] = { 1, NAN, 2, INFINITY, 1 };
    static const double flat[] = { 5, 5, 5 };
    static const double wild[] = { -DBL_MAX, DBL_MAX, 0 };
    static const struct {
        const double *values;
        size_t count;
        const char *want;
    } cases[] = {
        { rising, 8, "  ▁▂▃▄▅▆▇█\n" }, { holes, 5, "     ▁ █ ▁\n" }, { flat, 3, "       ───\n" },
        { wild, 3, "       ▁█▅\n" },   { rising, 0, "\n" },          { NULL, 0, "\n" },
    };

    (void)state;
    for (size_t i = 0; i < WF_COUNT_OF(cases); i++) {
        struct wf_canvas_part whole;
        struct wf_canvas *canvas = make_canvas(10, 1, &whole);

        wf_canvas_spark(&whole, 0, 0, 10, cases[i].values, cases[i].count, WF_STYLE_NORMAL);
        assert_drawn(canvas, false, cases[i].want);
        wf_canvas_destroy(&canvas);
    }
}

static void a_sparkline_shows_the_newest_when_there_are_too_many(void **state)
{
    double values[100];
    struct wf_canvas_part whole;
    struct wf_canvas *canvas = make_canvas(4, 1, &whole);

    (void)state;
    for (size_t i = 0; i < 100; i++)
        values[i] = i < 97 ? 0 : 1; /* of the last four only the first is low */
    wf_canvas_spark(&whole, 0, 0, 4, values, 100, WF_STYLE_NORMAL);
    assert_drawn(canvas, false, "▁███\n");
    wf_canvas_destroy(&canvas);
}

static void a_gallery_of_boxes_lines_and_plots(void **state)
{
    struct wf_canvas_part whole;
    struct wf_canvas *canvas = make_canvas(60, 14, &whole);
    struct wf_canvas_part plot;
    static char text[16 * 1024];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);
    double xs[200], sine[200], ramp[200];

    (void)state;
    for (size_t i = 0; i < 200; i++) {
        xs[i] = (double)i;
        sine[i] = sin((double)i / 16);
        ramp[i] = (double)i / 100 - 1;
    }
    for (size_t i = 90; i < 110; i++)
        sine[i] = NAN; /* a gap stays a gap */
    wf_canvas_box(&whole, 0, 0, 60, 14, "sine with a gap, ramp beyond the frame");
    plot = wf_canvas_sub(&whole, 1, 1, 58, 12);
    wf_canvas_plot(&plot, xs, sine, 200, 0, 199, -1, 1, WF_STYLE_TRACE1);
    wf_canvas_plot(&plot, xs, ramp, 200, 0, 199, -0.5, 0.5, WF_STYLE_TRACE2);
    wf_canvas_to_text(canvas, false, &buf);
    assert_false(buf.was_cut);
    golden_compare("canvas_gallery.txt", text);
    wf_canvas_destroy(&canvas);
}

static void wild_numbers_cost_no_more_than_the_plot_has(void **state)
{
    static const double xs[] = { 0, 1, 2, 3, 4, 5 };
    static const double ys[] = { 0, 1e300, -1e300, INFINITY, DBL_MAX, 0 };
    struct wf_canvas_part whole;
    struct wf_canvas *canvas = make_canvas(10, 2, &whole);

    (void)state;
    wf_canvas_plot(&whole, xs, ys, 6, 0, 5, 0, 1, WF_STYLE_NORMAL);
    wf_canvas_plot(&whole, xs, ys, 6, 0, 5, -DBL_MAX, DBL_MAX, WF_STYLE_NORMAL);
    wf_canvas_plot(&whole, xs, ys, 6, 5, 0, 0, 1, WF_STYLE_NORMAL);
    wf_canvas_plot(&whole, xs, ys, 6, NAN, 1, 0, 1, WF_STYLE_NORMAL);
    wf_canvas_destroy(&canvas);
}

static void a_point_without_neighbours_is_still_seen(void **state)
{
    static const double xs[] = { 0, 1, 2 };
    static const double ys[] = { NAN, 0, NAN };
    struct wf_canvas_part whole;
    struct wf_canvas *canvas = make_canvas(3, 1, &whole);

    (void)state;
    wf_canvas_plot(&whole, xs, ys, 3, 0, 2, 0, 1, WF_STYLE_NORMAL);
    assert_drawn(canvas, false, " ⢀\n");
    assert_drawn(canvas, true, " .\n");
    wf_canvas_destroy(&canvas);
}

static void severity_is_never_colour_alone(void **state)
{
    (void)state;
    for (int severity = 1; severity <= 5; severity++) {
        assert_int_not_equal(wf_style_of_severity(severity), WF_STYLE_NORMAL);
        assert_int_equal(strlen(wf_severity_letter(severity)), 1);
        assert_int_equal(strlen(wf_severity_glyph(severity)), 2);
        assert_string_not_equal(wf_severity_word(severity), wf_severity_word(severity - 1));
    }
    assert_int_equal(wf_style_of_severity(0), WF_STYLE_NORMAL);
    assert_string_equal(wf_severity_letter(99), "S");
    assert_string_equal(wf_severity_letter(-99), "");
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_size_that_makes_no_sense_is_refused),
        cmocka_unit_test(text_is_clipped_at_every_edge),
        cmocka_unit_test(a_part_cannot_draw_outside_itself),
        cmocka_unit_test(a_spoilt_part_cannot_write_outside_the_canvas),
        cmocka_unit_test(control_wide_and_broken_characters_are_made_harmless),
        cmocka_unit_test(text_that_does_not_fit_says_so),
        cmocka_unit_test(an_unknown_style_becomes_normal),
        cmocka_unit_test(a_bar_shows_value_limits_and_which_side_it_left),
        cmocka_unit_test(a_sparkline_has_holes_and_ends_at_the_right),
        cmocka_unit_test(a_sparkline_shows_the_newest_when_there_are_too_many),
        cmocka_unit_test(a_gallery_of_boxes_lines_and_plots),
        cmocka_unit_test(wild_numbers_cost_no_more_than_the_plot_has),
        cmocka_unit_test(a_point_without_neighbours_is_still_seen),
        cmocka_unit_test(severity_is_never_colour_alone),
    };

    golden_init(argc, argv);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
