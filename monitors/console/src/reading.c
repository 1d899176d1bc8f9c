/* SPDX-License-Identifier: MIT */
/* Reading: see reading.h. */

#include "reading.h"

#include <stdlib.h>

#include "model.h"

struct con_reading {
    uv_loop_t *loop;
    uv_work_t work;
    struct con_model *model;
    void (*came)(void *context);
    void *context;
    bool is_away;

    struct con_past_reader reader; /* the thread's while away, as the two below */
    struct con_past_request request;
    struct con_past_answer answer;
};

int con_reading_create(uv_loop_t *loop, struct con_model *model, void (*came)(void *context),
                       void *context, struct con_reading **out_reading, struct wf_err *err)
{
    struct con_reading *reading = calloc(1, sizeof(*reading));

    if (reading == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "reading: out of memory");
    reading->loop = loop;
    reading->model = model;
    reading->came = came;
    reading->context = context;
    reading->work.data = reading;
    atomic_init(&reading->reader.is_cancelled, false);
    *out_reading = reading;
    return WF_OK;
}

void con_reading_destroy(struct con_reading **reading)
{
    if (*reading != NULL)
        con_past_close(&(*reading)->reader);
    free(*reading);
    *reading = NULL;
}

void con_reading_cancel(struct con_reading *reading)
{
    if (reading != NULL)
        atomic_store_explicit(&reading->reader.is_cancelled, true, memory_order_relaxed);
}

/* Between two rounds the files are let go of: the logger can seal a day that is over. */
static void read_it(uv_work_t *work)
{
    struct con_reading *reading = work->data;

    con_past_read(&reading->reader, &reading->request, &reading->answer);
    con_past_rest(&reading->reader);
}

static void come_back(uv_work_t *work, int status)
{
    struct con_reading *reading = work->data;

    reading->is_away = false;
    if (status != 0 || atomic_load_explicit(&reading->reader.is_cancelled, memory_order_relaxed))
        return;
    con_pasts_take(reading->model->pasts, &reading->answer, &reading->model->now);
    reading->came(reading->context);
}

void con_reading_go(struct con_reading *reading)
{
    if (reading->is_away ||
        !con_pasts_next(reading->model->pasts, &reading->model->now, &reading->request))
        return;
    reading->is_away = uv_queue_work(reading->loop, &reading->work, read_it, come_back) == 0;
}
