/* SPDX-License-Identifier: MIT */
/* Supervise: see supervise.h. */

#include "supervise.h"

#include <watchfloor/clock.h>
#include <watchfloor/log.h>
#include <watchfloor/strbuf.h>

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

/* A plugin that does not return for this long is hung. */
#define HUNG_NS (5 * WF_NS_PER_S)
/* Asked to stop, the screen gets this long. */
#define STOP_NS (2 * WF_NS_PER_S)
/* Crashes that no plugin is to blame for, before giving up. */
#define OWN_CRASH_MAX 2
#define HELD_SIZE     8192

struct supervisor {
    struct con_crumb *crumb;
    bool is_terminal;
    bool has_termios;
    struct termios termios;
    pid_t child;
    int held_fd; /* the child's standard error, or -1 */
    char held[HELD_SIZE];
    size_t held_len;
    int64_t stop_mono_ns; /* when it was asked to stop; 0 = not */
    bool is_hung;
};

/* Handlers write the signal's number here; the loop reads it. */
static int signal_pipe[2] = { -1, -1 };

static void note_signal(int number)
{
    int saved = errno;
    unsigned char byte = (unsigned char)number;
    ssize_t ignored = write(signal_pipe[1], &byte, 1); /* full: a wake-up is on its way */

    (void)ignored;
    errno = saved;
}

static const int watched[] = { SIGCHLD, SIGINT, SIGTERM, SIGHUP };

static void set_handlers(void (*handler)(int))
{
    struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };

    (void)sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < WF_COUNT_OF(watched); i++)
        (void)sigaction(watched[i], &action, NULL);
}

/* A pipe that nobody inherits through exec and that never blocks its reader or writer. */
static int make_pipe(int out[2])
{
    if (pipe(out) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        (void)fcntl(out[i], F_SETFD, FD_CLOEXEC);
        (void)fcntl(out[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

/* --- the terminal, after somebody left it as it was -------------------------- */

static int put_byte(int byte)
{
    char out = (char)byte;

    return write(STDOUT_FILENO, &out, 1) == 1 ? byte : EOF;
}

static void put_capability(const char *name)
{
    const char *text = tigetstr(name);

    /* Not a string capability, or this terminal has none: nothing to undo. */
    if (text != NULL && text != (const char *)-1)
        (void)tputs(text, 1, put_byte);
}

static void restore_terminal(const struct supervisor *supervisor)
{
    int code;

    if (!supervisor->is_terminal)
        return;
    if (setupterm(NULL, STDOUT_FILENO, &code) == OK) {
        put_capability("sgr0");
        put_capability("op");
        put_capability("rmkx");
        put_capability("cnorm");
        put_capability("rmcup");
        (void)del_curterm(cur_term);
    }
    if (supervisor->has_termios)
        (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &supervisor->termios);
}

/* --- the child --------------------------------------------------------------- */

static void hold_output(struct supervisor *supervisor)
{
    char bytes[1024];
    ssize_t len;

    while (supervisor->held_fd >= 0 &&
           (len = read(supervisor->held_fd, bytes, sizeof(bytes))) > 0) {
        size_t count = (size_t)len;

        /* The newest tells how it ended. */
        if (supervisor->held_len + count > HELD_SIZE) {
            size_t drop = supervisor->held_len + count - HELD_SIZE;

            supervisor->held_len -= drop;
            memmove(supervisor->held, supervisor->held + drop, supervisor->held_len);
        }
        memcpy(supervisor->held + supervisor->held_len, bytes, count);
        supervisor->held_len += count;
    }
}

static int start_child(struct supervisor *supervisor, con_screen_fn screen, const void *context)
{
    int held[2] = { -1, -1 };
    pid_t child;

    supervisor->is_hung = false;
    supervisor->crumb->entered_mono_ns = 0;
    supervisor->crumb->is_finished = 0;
    if (supervisor->is_terminal && isatty(STDERR_FILENO) && make_pipe(held) < 0)
        return -1;
    child = fork();
    if (child == 0) {
        int status;

        set_handlers(SIG_DFL);
        (void)close(signal_pipe[0]);
        (void)close(signal_pipe[1]);
        if (held[1] >= 0)
            (void)dup2(held[1], STDERR_FILENO);
        status = screen(context, supervisor->crumb);
        supervisor->crumb->is_finished = 1;
        exit(status);
    }
    if (held[1] >= 0)
        (void)close(held[1]);
    if (child < 0 && held[0] >= 0)
        (void)close(held[0]);
    supervisor->held_fd = child < 0 ? -1 : held[0];
    supervisor->child = child;
    return child < 0 ? -1 : 0;
}

static void take_signals(struct supervisor *supervisor)
{
    unsigned char number;

    while (read(signal_pipe[0], &number, 1) == 1) {
        if (number == SIGCHLD)
            continue;
        /* From the keyboard the child has it too; a second one does no harm. */
        (void)kill(supervisor->child, number);
        if (supervisor->stop_mono_ns == 0)
            supervisor->stop_mono_ns = wf_mono_now_ns();
    }
}

/* End a child whose plugin does not come back, or that does not stop when asked. */
static void check_child(struct supervisor *supervisor)
{
    int64_t entered =
        atomic_load_explicit(&supervisor->crumb->entered_mono_ns, memory_order_acquire);
    int64_t now = wf_mono_now_ns();

    if ((entered != 0 && now - entered > HUNG_NS) ||
        (supervisor->stop_mono_ns != 0 && now - supervisor->stop_mono_ns > STOP_NS)) {
        supervisor->is_hung = true;
        (void)kill(supervisor->child, SIGKILL);
    }
}

/* Wait for the child's end; returns its wait status. */
static int wait_child(struct supervisor *supervisor)
{
    int status = 0;

    for (;;) {
        struct pollfd fds[2] = {
            { .fd = signal_pipe[0], .events = POLLIN },
            { .fd = supervisor->held_fd, .events = POLLIN },
        };
        pid_t ended;

        (void)poll(fds, 2, 500);
        take_signals(supervisor);
        hold_output(supervisor);
        ended = waitpid(supervisor->child, &status, WNOHANG);
        if (ended == supervisor->child || (ended < 0 && errno == ECHILD))
            break;
        check_child(supervisor);
        /* The other end closed: do not spin on it until the child is reaped. */
        if (supervisor->held_fd >= 0 && (fds[1].revents & (POLLHUP | POLLERR)) != 0 &&
            (fds[1].revents & POLLIN) == 0) {
            (void)close(supervisor->held_fd);
            supervisor->held_fd = -1;
        }
    }
    hold_output(supervisor);
    if (supervisor->held_fd >= 0)
        (void)close(supervisor->held_fd);
    supervisor->held_fd = -1;
    return status;
}

/* --- after a crash ------------------------------------------------------------ */

static void describe_end(const struct supervisor *supervisor, int status, const char *callback,
                         struct wf_strbuf *out)
{
    if (supervisor->is_hung)
        wf_strbuf_addf(out, "hung in %s", callback);
    else if (WIFSIGNALED(status))
        wf_strbuf_addf(out, "crashed in %s (%s)", callback, strsignal(WTERMSIG(status)));
    else
        wf_strbuf_addf(out, "ended the process in %s (status %d)", callback, WEXITSTATUS(status));
}

/* Put the plugin that was at work on the list; false when none was, or the list is full. */
static bool leave_out(struct supervisor *supervisor, int status)
{
    struct con_crumb *crumb = supervisor->crumb;
    struct con_left_out *item;
    struct wf_strbuf reason;

    if (atomic_load_explicit(&crumb->entered_mono_ns, memory_order_acquire) == 0 ||
        crumb->left_out_count >= CON_LEFT_OUT_MAX)
        return false;
    /* The page was in the hands of the process that crashed. */
    crumb->plugin[sizeof(crumb->plugin) - 1] = '\0';
    crumb->callback[sizeof(crumb->callback) - 1] = '\0';
    item = &crumb->left_out[crumb->left_out_count++];
    (void)wf_copy_text(item->plugin, sizeof(item->plugin), crumb->plugin);
    wf_strbuf_init_fixed(&reason, item->reason, sizeof(item->reason));
    describe_end(supervisor, status, crumb->callback, &reason);
    return true;
}

static void tell(const struct supervisor *supervisor)
{
    size_t at = 0;

    while (at < supervisor->held_len) {
        ssize_t wrote = write(STDERR_FILENO, supervisor->held + at, supervisor->held_len - at);

        if (wrote <= 0)
            break;
        at += (size_t)wrote;
    }
    for (uint32_t i = 0; i < supervisor->crumb->left_out_count; i++)
        wf_log_warning("display '%s' %s, left out", supervisor->crumb->left_out[i].plugin,
                       supervisor->crumb->left_out[i].reason);
}

static int run_children(struct supervisor *supervisor, con_screen_fn screen, const void *context)
{
    int own_crashes = 0;

    for (;;) {
        int status;

        if (start_child(supervisor, screen, context) < 0) {
            wf_log_error("cannot start the screen's process: %s", strerror(errno));
            return 2;
        }
        status = wait_child(supervisor);
        if (supervisor->crumb->is_finished != 0 && WIFEXITED(status))
            return WEXITSTATUS(status);
        restore_terminal(supervisor);
        if (supervisor->stop_mono_ns != 0) /* it was to end anyway */
            return 0;
        if (leave_out(supervisor, status))
            continue;
        if (++own_crashes > OWN_CRASH_MAX) {
            wf_log_error("the screen crashed %d times without a plugin at work (%s); giving up. "
                         "Please report it.",
                         own_crashes,
                         WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "it ended itself");
            return 2;
        }
    }
}

int con_supervise(con_screen_fn screen, const void *context, bool is_terminal)
{
    struct supervisor supervisor = { .is_terminal = is_terminal, .held_fd = -1 };
    struct wf_err err = { 0 };
    int status;

    if (con_crumb_map(&supervisor.crumb, &err) < 0) {
        wf_log_error("%s", err.text);
        return 2;
    }
    if (make_pipe(signal_pipe) < 0) {
        wf_log_error("pipe: %s", strerror(errno));
        return 2;
    }
    supervisor.has_termios = is_terminal && tcgetattr(STDIN_FILENO, &supervisor.termios) == 0;
    set_handlers(note_signal);
    status = run_children(&supervisor, screen, context);
    tell(&supervisor);
    set_handlers(SIG_DFL);
    (void)close(signal_pipe[0]);
    (void)close(signal_pipe[1]);
    return status;
}
