/* SPDX-License-Identifier: MIT */
/* Problems: see <watchfloor/problems.h>. */

#include <watchfloor/problems.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <watchfloor/strbuf.h>

#define TEXT_MAX 1024

void wf_problems_add(struct wf_problems *problems, const char *file, unsigned line,
                     const char *format, ...)
{
    char text[TEXT_MAX];
    struct wf_strbuf buf = WF_STRBUF_FIXED(text);
    va_list args;

    if (problems == NULL)
        return;
    problems->count++;
    if (problems->kept >= WF_PROBLEMS_MAX)
        return;
    if (problems->list == NULL) {
        problems->list = calloc(WF_PROBLEMS_MAX, sizeof(*problems->list));
        if (problems->list == NULL)
            return;
    }
    va_start(args, format);
    wf_strbuf_vaddf(&buf, format, args);
    va_end(args);

    struct wf_problem entry = { .file = strdup(file), .line = line, .text = strdup(text) };

    if (entry.file == NULL || entry.text == NULL) {
        free(entry.file);
        free(entry.text);
        return;
    }
    problems->list[problems->kept++] = entry;
}

/* Files may be hostile: what is shown of them must not steer a terminal. */
static void print_disarmed(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        (void)fputc(c == '\n' || c == '\t' ? ' ' : c < 0x20 || c == 0x7f ? '?' : c, stderr);
    }
}

void wf_problems_print(const struct wf_problems *problems)
{
    for (size_t i = 0; i < problems->kept; i++) {
        const struct wf_problem *problem = &problems->list[i];

        print_disarmed(problem->file);
        if (problem->line > 0)
            (void)fprintf(stderr, ":%u", problem->line);
        (void)fputs(": ", stderr);
        print_disarmed(problem->text);
        (void)fputc('\n', stderr);
    }
    if (problems->count > problems->kept)
        (void)fprintf(stderr, "... and %zu more\n", problems->count - problems->kept);
}

void wf_problems_fini(struct wf_problems *problems)
{
    for (size_t i = 0; i < problems->kept; i++) {
        free(problems->list[i].file);
        free(problems->list[i].text);
    }
    free(problems->list);
    *problems = (struct wf_problems){ 0 };
}
