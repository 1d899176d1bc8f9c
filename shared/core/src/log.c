/* SPDX-License-Identifier: MIT */
/* Log: see <watchfloor/log.h>. */

#include <watchfloor/log.h>

#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <watchfloor/clock.h>
#include <watchfloor/strbuf.h>

static const char *const level_names[] = { "error", "warning", "info", "debug" };

/* Set once before any other thread logs; the level may change at any time. */
static const char *program_name = "watchfloor";
static bool is_journal;
static atomic_int level_in_force = WF_LOG_INFO;

/* Is stderr the very stream that systemd named in JOURNAL_STREAM ("device:inode")? */
static bool is_stderr_the_journal(void)
{
    const char *stream = getenv("JOURNAL_STREAM");
    struct stat status;
    char mine[64];
    struct wf_strbuf text = WF_STRBUF_FIXED(mine);

    if (stream == NULL || fstat(STDERR_FILENO, &status) != 0)
        return false;
    wf_strbuf_addf(&text, "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino);
    return wf_casecmp(stream, mine) == 0;
}

void wf_log_init(const char *program, enum wf_log_level level)
{
    program_name = program;
    is_journal = is_stderr_the_journal();
    wf_log_set_level(level);
}

void wf_log_set_level(enum wf_log_level level)
{
    atomic_store_explicit(&level_in_force, (int)level, memory_order_relaxed);
}

int wf_log_level_parse(const char *text, enum wf_log_level *out)
{
    for (size_t i = 0; i < WF_COUNT_OF(level_names); i++) {
        if (wf_casecmp(text, level_names[i]) == 0) {
            *out = (enum wf_log_level)i;
            return 0;
        }
    }
    return WF_ERR_INVALID;
}

/* Text may come from the network or a file: one entry stays one line, without escapes. */
static void disarm(char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '\n' || c == '\t')
            *text = ' ';
        else if (c < 0x20 || c == 0x7f)
            *text = '?';
    }
}

static void write_line(enum wf_log_level level, const char *format, va_list args) WF_PRINTF(2, 0);
static void write_line(enum wf_log_level level, const char *format, va_list args)
{
    static const int priorities[] = { 3, 4, 6, 7 }; /* as in syslog */
    char line[1024];
    /* One byte is kept for the line feed, however long the text. */
    struct wf_strbuf buf;

    wf_strbuf_init_fixed(&buf, line, sizeof(line) - 1);
    if (is_journal) {
        wf_strbuf_addf(&buf, "<%d>", priorities[level]);
    } else {
        wf_strbuf_add_time(&buf, wf_utc_now_ns(), 3);
        wf_strbuf_addf(&buf, " %s %s: ", program_name, level_names[level]);
    }
    wf_strbuf_vaddf(&buf, format, args);
    disarm(buf.text);
    line[buf.len] = '\n';
    /* Nobody is left to tell when stderr itself fails. */
    ssize_t written = write(STDERR_FILENO, line, buf.len + 1);

    (void)written;
}

#define LOG_AT(level)                                                                              \
    do {                                                                                           \
        if (atomic_load_explicit(&level_in_force, memory_order_relaxed) >= (int)(level)) {         \
            va_list args;                                                                          \
                                                                                                   \
            va_start(args, format);                                                                \
            write_line((level), format, args);                                                     \
            va_end(args);                                                                          \
        }                                                                                          \
    } while (0)

void wf_log_error(const char *format, ...)
{
    LOG_AT(WF_LOG_ERROR);
}

void wf_log_warning(const char *format, ...)
{
    LOG_AT(WF_LOG_WARNING);
}

void wf_log_info(const char *format, ...)
{
    LOG_AT(WF_LOG_INFO);
}

void wf_log_debug(const char *format, ...)
{
    LOG_AT(WF_LOG_DEBUG);
}
