/* SPDX-License-Identifier: MIT */
/* A way to notify that does what its settings say, all of it bad: for tests/hostile/test_notify.py. */

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <watchfloor/notify.h>
#include <watchfloor/plugin.h>

static const struct wf_notify_key keys[] = {
    { "do", true, "hang, crash, exit, flood, babble, retry, refuse, orphan, open, slow" },
    { "file", false, "gets a line for each attempt" },
    { NULL, false, NULL },
};

struct bad {
    const char *what, *file;
};

static int open_bad(const struct wf_notify_setup *setup, void **out_state, struct wf_err *err)
{
    struct bad *bad = calloc(1, sizeof(*bad));

    if (bad == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "out of memory");
    bad->what = wf_notify_setting(setup, "do", "");
    bad->file = wf_notify_setting(setup, "file", "");
    *out_state = bad;
    if (strcmp(bad->what, "open") == 0) {
        for (;;)
            (void)pause();
    }
    return 0;
}

static void flood(void)
{
    static char block[65536];

    memset(block, 'f', sizeof(block));
    for (;;)
        if (write(STDOUT_FILENO, block, sizeof(block)) < 0)
            return;
}

/* Answers in the host's place, and wrongly. */
static void babble(void)
{
    static const char words[] = "{\"result\":77,\"why\":\"\"}\n";

    (void)!write(3, words, sizeof(words) - 1);
    (void)pause();
}

static void note(const struct bad *bad, const char *id)
{
    FILE *file = bad->file[0] != '\0' ? fopen(bad->file, "a") : NULL;

    if (file == NULL)
        return;
    (void)fprintf(file, "%s\n", id);
    (void)fclose(file);
}

static enum wf_notify_result deliver(void *state, const struct wf_notification *message,
                                     int64_t deadline_mono_ns, struct wf_strbuf *why)
{
    const struct bad *bad = state;

    (void)deadline_mono_ns;
    note(bad, message->id);
    if (strcmp(bad->what, "hang") == 0) {
        (void)signal(SIGTERM, SIG_IGN);
        for (;;)
            (void)pause();
    }
    if (strcmp(bad->what, "orphan") == 0) {
        /* A child that goes on in its group after the deadline. */
        if (fork() == 0)
            for (;;)
                (void)pause();
        for (;;)
            (void)pause();
    }
    if (strcmp(bad->what, "crash") == 0) {
        (void)signal(SIGSEGV, SIG_DFL); /* a sanitizer would make an orderly end of it */
        (void)raise(SIGSEGV);
    }
    if (strcmp(bad->what, "exit") == 0)
        _exit(0);
    if (strcmp(bad->what, "flood") == 0)
        flood();
    if (strcmp(bad->what, "babble") == 0)
        babble();
    if (strcmp(bad->what, "slow") == 0)
        (void)nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    wf_strbuf_add(why, "\x1b[31mbad\nday");
    return strcmp(bad->what, "refuse") == 0 ? WF_NOTIFY_REFUSE
           : strcmp(bad->what, "slow") == 0 ? WF_NOTIFY_OK
                                            : WF_NOTIFY_RETRY;
}

static const struct wf_notify_ops bad_ops = {
    .size = sizeof(bad_ops),
    .keys = keys,
    .open = open_bad,
    .close = free,
    .deliver = deliver,
};

WF_PLUGIN_EXPORT const struct wf_plugin wf_plugin = {
    WF_PLUGIN_HEADER(WF_PLUGIN_NOTIFY),
    .name = "bad",
    .version = "1.0",
    .summary = "all that a way to notify must not do",
    .ops.notify = &bad_ops,
};
