/* SPDX-License-Identifier: MIT */
/* How far a long question is, on stderr where that is a terminal: see query.h. */

#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>

#include "query.h"

#define FIRST_NS (WF_NS_PER_S / 2)
#define EVERY_NS (WF_NS_PER_S / 5)

static int64_t begun_ns, shown_ns;
static bool is_shown;

/*
 * A terminal on stderr, and nobody else who draws on it: not our own rows, which are progress
 * enough, nor a pager at the end of a pipe.
 */
static bool is_wanted(void)
{
    struct stat st;

    return isatty(STDERR_FILENO) != 0 && isatty(STDOUT_FILENO) == 0 &&
           fstat(STDOUT_FILENO, &st) == 0 && !S_ISFIFO(st.st_mode);
}

void query_progress(const struct query *query, int64_t time_ns)
{
    const struct wf_range *range = &query->options.range;
    char text[64];
    struct wf_strbuf line = WF_STRBUF_FIXED(text);
    int64_t now_ns = wf_mono_now_ns();
    double part = ((double)time_ns - (double)range->from_ns) /
                  ((double)range->to_ns - (double)range->from_ns);

    if (begun_ns == 0)
        begun_ns = now_ns;
    if (now_ns - begun_ns < FIRST_NS || now_ns - shown_ns < EVERY_NS || !is_wanted())
        return;
    shown_ns = now_ns;
    is_shown = true;
    wf_strbuf_add_time(&line, time_ns, 0);
    (void)fprintf(stderr, "\r%s  %3d %%", text, part < 0 ? 0 : part > 1 ? 100 : (int)(part * 100));
}

void query_progress_end(void)
{
    if (is_shown)
        (void)fputs("\r\033[K", stderr);
    is_shown = false; /* what comes next is of the same question: the time runs on */
}
