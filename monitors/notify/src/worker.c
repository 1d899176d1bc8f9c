/* SPDX-License-Identifier: MIT */
/* The host's side of a worker: see worker.h. */

#include "worker.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <watchfloor/clock.h>

/* Slow machines and sanitizers included; a delivery's own deadline begins behind it. */
#define START_LIMIT_MS 20000
/* A plugin that keeps its deadline is not killed for the way back. */
#define GRACE_MS   250
#define OUTPUT_MAX (1u << 20) /* during one delivery */
#define ANSWER_MAX 4096

/* One process, from its start until all of it is closed; the worker may be gone before. */
struct life {
    struct ntf_worker *worker; /* NULL: nobody cares any more */
    uv_process_t process;
    uv_pipe_t channel, output;
    uv_timer_t timer;
    int open_handles;
    bool has_process, is_running, is_set_up, is_ending, is_closing;
    char answer[ANSWER_MAX];
    size_t answer_len;
    size_t output_bytes; /* during this delivery */
    char said[200];      /* the last line of it */
    size_t said_len;
    bool is_said_whole;
};

struct ntf_worker {
    uv_loop_t *loop;
    struct ntf_worker_host host;
    char *module;
    json_t *setup;
    int64_t deadline_ns;
    struct life *life;
    bool is_busy;
    json_t *message; /* waits for the setup */
};

/* --- closing ----------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct life *life = handle->data;
    struct ntf_worker *worker = life->worker;

    if (--life->open_handles > 0)
        return;
    free(life);
    if (worker != NULL) {
        worker->life = NULL;
        worker->host.is_free(worker->host.context);
    }
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, on_closed);
}

/* The process handle only behind its exit: until then it is what reaps the child. */
static void close_life(struct life *life)
{
    if (life->is_closing)
        return;
    life->is_closing = true;
    close_handle((uv_handle_t *)&life->channel);
    close_handle((uv_handle_t *)&life->output);
    close_handle((uv_handle_t *)&life->timer);
    if (life->has_process && !life->is_running)
        close_handle((uv_handle_t *)&life->process);
}

static void end_life(struct life *life)
{
    /* It is the leader of a session and group of its own; what it started goes too. */
    if (life->is_running)
        (void)kill(-(pid_t)uv_process_get_pid(&life->process), SIGKILL);
    life->is_ending = true;
    close_life(life);
}

/* --- results ----------------------------------------------------------------------------------- */

/* Tell what became of the delivery, with what the plugin wrote last. */
static void conclude(struct life *life, enum ntf_result result, const char *why)
{
    struct ntf_worker *worker = life->worker;
    char text[NTF_WHY_SIZE];
    struct wf_strbuf all = WF_STRBUF_FIXED(text);

    (void)uv_timer_stop(&life->timer);
    if (worker == NULL || !worker->is_busy)
        return;
    worker->is_busy = false;
    json_decref(worker->message);
    worker->message = NULL;
    wf_strbuf_add(&all, why);
    if (result != NTF_OK && life->said_len > 0)
        wf_strbuf_addf(&all, "%s%s", all.len > 0 ? "; it said: " : "it said: ", life->said);
    life->output_bytes = life->said_len = 0;
    worker->host.result(worker->host.context, result, text);
}

static void fail(struct life *life, enum ntf_result result, const char *why)
{
    end_life(life);
    conclude(life, result, why);
}

static void on_exit(uv_process_t *process, int64_t status, int signal_number)
{
    struct life *life = process->data;
    char text[120];
    struct wf_strbuf why = WF_STRBUF_FIXED(text);

    life->is_running = false;
    /* What it left running in its group has nobody to answer to. */
    (void)kill(-(pid_t)uv_process_get_pid(process), SIGKILL);
    if (signal_number != 0)
        wf_strbuf_addf(&why, "the plugin was ended by signal %d (%s)", signal_number,
                       strsignal(signal_number));
    else
        wf_strbuf_addf(&why, "the plugin ended with status %lld", (long long)status);
    life->is_ending = true;
    conclude(life, NTF_CRASHED, text);
    close_handle((uv_handle_t *)process);
    close_life(life);
}

static void on_deadline(uv_timer_t *timer)
{
    struct life *life = timer->data;
    char text[120];
    struct wf_strbuf why = WF_STRBUF_FIXED(text);

    wf_strbuf_addf(&why, "no answer within ");
    if (life->is_set_up)
        wf_strbuf_add_age(&why, life->worker != NULL ? life->worker->deadline_ns : 0);
    else
        wf_strbuf_addf(&why, "%d s of its start", START_LIMIT_MS / 1000);
    wf_strbuf_add(&why, "; it was ended");
    fail(life, NTF_RETRY, text);
}

/* --- talking ----------------------------------------------------------------------------------- */

struct sending {
    uv_write_t request;
    char *text;
};

static void on_sent(uv_write_t *request, int status)
{
    struct sending *sending = (struct sending *)(void *)request;

    (void)status; /* a channel that broke means an exit, which is told */
    free(sending->text);
    free(sending);
}

static void send_json(struct life *life, json_t *object)
{
    struct sending *sending = calloc(1, sizeof(*sending));
    char *text = object != NULL ? json_dumps(object, JSON_COMPACT) : NULL;
    size_t len = text != NULL ? strlen(text) : 0;
    uv_buf_t buffer;

    json_decref(object);
    if (sending == NULL || text == NULL) {
        free(sending);
        free(text);
        fail(life, NTF_RETRY, "out of memory");
        return;
    }
    sending->text = text;
    text[len] = '\n'; /* the line's end instead of the string's */
    buffer = uv_buf_init(text, (unsigned)len + 1);
    if (uv_write(&sending->request, (uv_stream_t *)&life->channel, &buffer, 1, on_sent) < 0) {
        free(text);
        free(sending);
        fail(life, NTF_CRASHED, "the plugin's channel is broken");
    }
}

static void send_message(struct life *life)
{
    struct ntf_worker *worker = life->worker;
    int64_t left_ms = worker->deadline_ns / WF_NS_PER_MS;
    json_t *message = worker->message;

    if (message == NULL) {
        conclude(life, NTF_OK, ""); /* it opens, which was the question */
        return;
    }
    worker->message = NULL;
    (void)uv_timer_start(&life->timer, on_deadline, (uint64_t)left_ms + GRACE_MS, 0);
    send_json(life, json_pack("{so sI}", "deliver", message, "left_ms", (json_int_t)left_ms));
}

static void take_answer(struct life *life, json_t *answer)
{
    const char *error = json_string_value(json_object_get(answer, "error"));
    const char *why = json_string_value(json_object_get(answer, "why"));
    const json_t *result = json_object_get(answer, "result");

    if (!life->is_set_up && json_is_true(json_object_get(answer, "ok"))) {
        life->is_set_up = true;
        if (life->worker != NULL)
            send_message(life);
    } else if (!life->is_set_up && error != NULL) {
        fail(life, NTF_RETRY, error);
    } else if (life->is_set_up && json_is_integer(result) && json_integer_value(result) >= 0 &&
               json_integer_value(result) <= 2 && why != NULL) {
        conclude(life, (enum ntf_result)json_integer_value(result), why);
    } else {
        fail(life, NTF_CRASHED, "the plugin's process answers nonsense");
    }
}

static void on_answer(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct life *life = stream->data;
    char *feed;

    (void)buffer;
    if (got < 0) {
        /* Closed by the plugin, or by its end, which is told by on_exit. */
        (void)uv_read_stop(stream);
        return;
    }
    life->answer_len += (size_t)got;
    feed = memchr(life->answer, '\n', life->answer_len);
    if (feed != NULL && !life->is_ending) {
        json_t *answer = json_loadb(life->answer, (size_t)(feed - life->answer), 0, NULL);

        life->answer_len = 0; /* one question, one answer */
        take_answer(life, answer);
        json_decref(answer);
    } else if (life->answer_len == sizeof(life->answer)) {
        fail(life, NTF_CRASHED, "the plugin's process answers without end");
    }
}

static void give_answer_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    struct life *life = handle->data;

    (void)wanted;
    *buffer = uv_buf_init(life->answer + life->answer_len,
                          (unsigned)(sizeof(life->answer) - life->answer_len));
}

/* Keep the last line of what it writes. */
static void on_output(uv_stream_t *stream, ssize_t got, const uv_buf_t *buffer)
{
    struct life *life = stream->data;

    if (got < 0) {
        (void)uv_read_stop(stream);
        return;
    }
    for (ssize_t i = 0; i < got; i++) {
        char c = buffer->base[i];

        if (c == '\n') {
            life->is_said_whole = true;
            continue;
        }
        if (life->is_said_whole) {
            life->said_len = 0;
            life->is_said_whole = false;
        }
        if (life->said_len + 1 < sizeof(life->said))
            life->said[life->said_len++] = c >= ' ' || (unsigned char)c >= 0x80 ? c : ' ';
        life->said[life->said_len] = '\0';
    }
    life->output_bytes += (size_t)got;
    if (life->output_bytes > OUTPUT_MAX && !life->is_ending)
        fail(life, NTF_CRASHED, "the plugin wrote more than 1 MiB of output; it was ended");
}

static void give_output_room(uv_handle_t *handle, size_t wanted, uv_buf_t *buffer)
{
    static char room[16384]; /* one loop, one read at a time */

    (void)handle;
    (void)wanted;
    *buffer = uv_buf_init(room, sizeof(room));
}

/* --- starting ---------------------------------------------------------------------------------- */

static int spawn(struct life *life, int output_fd)
{
    char parent[16];
    struct wf_strbuf text = WF_STRBUF_FIXED(parent);
    char program[] = "wf-notify", word[] = NTF_WORKER_WORD;
    char *arguments[] = { program, word, parent, life->worker->module, NULL };
    uv_stdio_container_t stdio[] = {
        { .flags = UV_IGNORE },
        { .flags = UV_INHERIT_FD, .data.fd = output_fd },
        { .flags = UV_INHERIT_FD, .data.fd = output_fd },
        { .flags = UV_CREATE_PIPE | UV_READABLE_PIPE | UV_WRITABLE_PIPE,
          .data.stream = (uv_stream_t *)&life->channel },
    };
    uv_process_options_t options = {
        .exit_cb = on_exit,
        .file = NTF_WORKER_SELF,
        .args = arguments,
        .flags = UV_PROCESS_DETACHED, /* a session and group of its own, to be ended as one */
        .stdio_count = sizeof(stdio) / sizeof(stdio[0]),
        .stdio = stdio,
    };

    wf_strbuf_addf(&text, "%ld", (long)getpid());
    return uv_spawn(life->worker->loop, &life->process, &options);
}

static struct life *make_life(struct ntf_worker *worker)
{
    struct life *life = calloc(1, sizeof(*life));

    if (life == NULL)
        return NULL;
    life->worker = worker;
    life->process.data = life->channel.data = life->output.data = life->timer.data = life;
    (void)uv_pipe_init(worker->loop, &life->channel, 0);
    (void)uv_pipe_init(worker->loop, &life->output, 0);
    (void)uv_timer_init(worker->loop, &life->timer);
    life->open_handles = 3;
    return life;
}

/* A failure to start is told from the loop, as all results are. */
static void on_start_failed(uv_timer_t *timer)
{
    fail(timer->data, NTF_RETRY, "a process for the plugin cannot be started");
}

/* False: out of memory. Anything else that fails comes as a result. */
static bool start(struct ntf_worker *worker)
{
    struct life *life = make_life(worker);
    uv_file output[2];

    if (life == NULL)
        return false;
    worker->life = life;
    if (uv_pipe(output, UV_NONBLOCK_PIPE, 0) < 0) {
        (void)uv_timer_start(&life->timer, on_start_failed, 0, 0);
        return true;
    }
    life->is_running = spawn(life, output[1]) == 0;
    life->has_process = true; /* also when it failed: it is a handle to be closed */
    life->open_handles++;
    (void)close(output[1]);
    if (uv_pipe_open(&life->output, output[0]) < 0)
        (void)close(output[0]);
    else
        (void)uv_read_start((uv_stream_t *)&life->output, give_output_room, on_output);
    if (life->is_running)
        (void)uv_read_start((uv_stream_t *)&life->channel, give_answer_room, on_answer);
    (void)uv_timer_start(&life->timer, life->is_running ? on_deadline : on_start_failed,
                         life->is_running ? START_LIMIT_MS : 0, 0);
    return true;
}

bool ntf_worker_deliver(struct ntf_worker *worker, json_t *message)
{
    worker->is_busy = true;
    worker->message = message;
    if (worker->life != NULL) {
        send_message(worker->life);
        return true;
    }
    if (!start(worker)) {
        worker->is_busy = false;
        json_decref(worker->message);
        worker->message = NULL;
        return false;
    }
    if (worker->life->is_running)
        send_json(worker->life, json_pack("{sO}", "setup", worker->setup));
    return true;
}

/* --- the worker itself --------------------------------------------------------------------------- */

struct ntf_worker *ntf_worker_create(uv_loop_t *loop, const struct ntf_worker_options *options,
                                     const struct ntf_worker_host *host)
{
    struct ntf_worker *worker = calloc(1, sizeof(*worker));

    if (worker == NULL)
        return NULL;
    worker->loop = loop;
    worker->host = *host;
    worker->module = strdup(options->module);
    worker->setup = json_incref(options->setup);
    worker->deadline_ns = options->deadline_ns;
    if (worker->module == NULL)
        ntf_worker_destroy(&worker);
    return worker;
}

void ntf_worker_destroy(struct ntf_worker **worker)
{
    struct ntf_worker *gone = *worker;

    *worker = NULL;
    if (gone == NULL)
        return;
    if (gone->life != NULL) {
        gone->life->worker = NULL;
        end_life(gone->life);
    }
    json_decref(gone->message);
    json_decref(gone->setup);
    free(gone->module);
    free(gone);
}

bool ntf_worker_is_free(const struct ntf_worker *worker)
{
    return !worker->is_busy && (worker->life == NULL || !worker->life->is_ending);
}

int ntf_worker_pid(const struct ntf_worker *worker)
{
    return worker->life != NULL && worker->life->is_running
               ? uv_process_get_pid(&worker->life->process)
               : 0;
}
