/* SPDX-License-Identifier: MIT */
/*
 * first_creates NAME - whoever comes first creates a mapping, everybody counts in
 * it. Start it as often as you like, at the same time too: the counts add up.
 */

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

#include <watchfloor/mapping.h>

struct board {
    _Atomic int is_ready; /* the maker stores it last: before, nothing here means anything */
    _Atomic int visitors;
};

int main(int argc, char **argv)
{
    const struct wf_mapping_options options = { .size = sizeof(struct board) };
    const struct timespec pause = { .tv_nsec = 1000000 };
    struct wf_mapping *mapping = NULL;
    struct wf_map_view *view = NULL;
    struct wf_err err = { 0 };
    bool was_made = false;
    struct board *board;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: first_creates /NAME\n");
        return 2;
    }
    if (wf_mapping_obtain(argv[1], &options, &mapping, &was_made, &err) < 0 ||
        wf_map_view_open(mapping, WF_ACCESS_WRITE, 0, 0, NULL, &view, &err) < 0) {
        (void)fprintf(stderr, "first_creates: %s\n", err.text);
        return 2;
    }
    wf_mapping_close(&mapping); /* the view stays */

    board = wf_map_view_data(view);
    if (was_made) {
        atomic_store(&board->visitors, 0); /* whatever else there is to set up */
        atomic_store_explicit(&board->is_ready, 1, memory_order_release);
    }
    for (int i = 0; i < 5000 && !atomic_load_explicit(&board->is_ready, memory_order_acquire); i++)
        (void)nanosleep(&pause, NULL); /* the maker may have died half-way: not for ever */
    if (!atomic_load_explicit(&board->is_ready, memory_order_acquire)) {
        (void)fprintf(stderr, "first_creates: its maker never finished; remove it\n");
        return 1;
    }
    (void)printf("%s, visitor %d\n", was_made ? "made it" : "found it",
                 atomic_fetch_add(&board->visitors, 1) + 1);
    wf_map_view_close(&view);
    return 0;
}
