/* SPDX-License-Identifier: MIT */
/* Courier: see courier.h. */

#include "courier.h"

#include <stdlib.h>

struct con_courier {
    uv_loop_t *loop;
    uv_work_t work;
    const char *run_folder;
    con_told_fn told;
    void *context;
    bool is_away;

    struct con_orders orders; /* the thread's while away, as the two below */
    bool is_done;
    char text[CON_REPLY_SIZE];
};

int con_courier_create(uv_loop_t *loop, const char *run_folder, con_told_fn told, void *context,
                       struct con_courier **out_courier, struct wf_err *err)
{
    struct con_courier *courier = calloc(1, sizeof(*courier));

    if (courier == NULL)
        return wf_fail(err, WF_ERR_NOMEM, "orders: out of memory");
    courier->loop = loop;
    courier->run_folder = run_folder;
    courier->told = told;
    courier->context = context;
    courier->work.data = courier;
    *out_courier = courier;
    return WF_OK;
}

void con_courier_destroy(struct con_courier **courier)
{
    free(*courier);
    *courier = NULL;
}

static void go(uv_work_t *work)
{
    struct con_courier *courier = work->data;

    courier->is_done = con_orders_send(&courier->orders, courier->run_folder, courier->text,
                                       sizeof(courier->text));
}

static void come_back(uv_work_t *work, int status)
{
    struct con_courier *courier = work->data;

    courier->is_away = false;
    if (status == 0)
        courier->told(courier->context, courier->orders.verb, courier->is_done, courier->text);
}

int con_courier_send(struct con_courier *courier, const struct con_orders *orders,
                     struct wf_err *err)
{
    int rc;

    if (courier->is_away)
        return wf_fail(err, WF_ERR_BUSY, "the last orders are still on their way");
    courier->orders = *orders;
    rc = uv_queue_work(courier->loop, &courier->work, go, come_back);
    if (rc < 0)
        return wf_fail(err, WF_ERR_SYSTEM, "%s", uv_strerror(rc));
    courier->is_away = true;
    return WF_OK;
}
