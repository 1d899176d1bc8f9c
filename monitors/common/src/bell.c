/* SPDX-License-Identifier: MIT */
/*
 * Bell: see bell.h. The second thread exists because waiting on a futex cannot
 * be polled; it touches nothing but the watch's wait and the flags below.
 */

#include "bell.h"

#include <stdbool.h>
#include <stdlib.h>

/* A wait ends by itself after this, so that a missed interrupt is only a delay. */
#define WAIT_MS 250

struct mon_bell {
    struct wf_watch *watch;
    mon_bell_fn rang;
    void *context;
    uv_async_t async;
    uv_thread_t thread;

    uv_mutex_t mutex; /* guards the two flags */
    uv_cond_t changed;
    bool is_listening;
    bool is_stopping;
};

static bool is_stopping(struct mon_bell *bell)
{
    bool stopping;

    uv_mutex_lock(&bell->mutex);
    stopping = bell->is_stopping;
    uv_mutex_unlock(&bell->mutex);
    return stopping;
}

/* Sleep until somebody listens; false when it is time to end. */
static bool wait_for_listener(struct mon_bell *bell)
{
    bool go_on;

    uv_mutex_lock(&bell->mutex);
    while (!bell->is_listening && !bell->is_stopping)
        uv_cond_wait(&bell->changed, &bell->mutex);
    bell->is_listening = false;
    go_on = !bell->is_stopping;
    uv_mutex_unlock(&bell->mutex);
    return go_on;
}

static void run_thread(void *context)
{
    struct mon_bell *bell = context;

    while (wait_for_listener(bell)) {
        while (!is_stopping(bell)) {
            if (wf_watch_wait(bell->watch, WAIT_MS) == 1) {
                (void)uv_async_send(&bell->async);
                break;
            }
        }
    }
}

static void hear(uv_async_t *async)
{
    struct mon_bell *bell = async->data;

    bell->rang(bell->context);
}

static void free_bell(uv_handle_t *handle)
{
    struct mon_bell *bell = handle->data;

    uv_cond_destroy(&bell->changed);
    uv_mutex_destroy(&bell->mutex);
    free(bell);
}

int mon_bell_start(uv_loop_t *loop, struct wf_watch *watch, mon_bell_fn rang, void *context,
                   struct mon_bell **out_bell, struct wf_err *err)
{
    struct mon_bell *bell = calloc(1, sizeof(*bell));
    int rc;

    if (bell == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "bell: out of memory");
    bell->watch = watch;
    bell->rang = rang;
    bell->context = context;
    rc = uv_mutex_init(&bell->mutex);
    if (rc < 0)
        goto no_mutex;
    rc = uv_cond_init(&bell->changed);
    if (rc < 0)
        goto no_cond;
    rc = uv_async_init(loop, &bell->async, hear);
    if (rc < 0)
        goto no_async;
    bell->async.data = bell;
    rc = uv_thread_create(&bell->thread, run_thread, bell);
    if (rc < 0) {
        /* The handle is the loop's now: only its close callback may free. */
        uv_close((uv_handle_t *)&bell->async, free_bell);
        return wf_fail(err, WF_ERR_SYSTEM, "bell: thread: %s", uv_strerror(rc));
    }
    *out_bell = bell;
    return WF_OK;

no_async:
    uv_cond_destroy(&bell->changed);
no_cond:
    uv_mutex_destroy(&bell->mutex);
no_mutex:
    free(bell);
    return wf_fail(err, WF_ERR_SYSTEM, "bell: %s", uv_strerror(rc));
}

void mon_bell_listen(struct mon_bell *bell)
{
    uv_mutex_lock(&bell->mutex);
    bell->is_listening = true;
    uv_cond_signal(&bell->changed);
    uv_mutex_unlock(&bell->mutex);
}

void mon_bell_stop(struct mon_bell **bell)
{
    struct mon_bell *stopping = *bell;

    *bell = NULL;
    if (stopping == NULL)
        return;
    uv_mutex_lock(&stopping->mutex);
    stopping->is_stopping = true;
    uv_cond_signal(&stopping->changed);
    uv_mutex_unlock(&stopping->mutex);
    wf_watch_interrupt(stopping->watch);
    (void)uv_thread_join(&stopping->thread);
    uv_close((uv_handle_t *)&stopping->async, free_bell);
}
