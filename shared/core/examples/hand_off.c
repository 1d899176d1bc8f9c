/* SPDX-License-Identifier: MIT */
/*
 * hand_off /NAME COUNT - a producer and a consumer in two processes that wait for
 * each other: nothing is made before the last one was taken, nothing taken twice.
 * (A region never waits for its readers; this is what to do where one must.)
 */

#include <semaphore.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <watchfloor/mapping.h>
#include <watchfloor/strbuf.h>

struct desk {
    sem_t is_free, is_full; /* in shared memory, known to both */
    uint64_t item;
};
/* Ten seconds at most: the other one may be dead. */
static int await(sem_t *semaphore)
{
    return sem_timedwait(semaphore, &(struct timespec){ .tv_sec = time(NULL) + 10 });
}

int main(int argc, char **argv)
{
    const struct wf_mapping_options options = { .size = sizeof(struct desk), .mode = 0600 };
    struct wf_mapping *mapping = NULL;
    struct wf_map_view *view = NULL;
    struct wf_err err = { 0 };
    uint64_t count, sum = 0;
    if (argc != 3 || wf_parse_u64(argv[2], &count, &err) < 0 ||
        wf_mapping_create(argv[1], &options, &mapping, &err) < 0 ||
        wf_map_view_open(mapping, WF_ACCESS_WRITE, 0, 0, NULL, &view, &err) < 0) {
        (void)fprintf(stderr, "usage: hand_off /NAME COUNT\n%s\n", err.text);
        return 2;
    }
    (void)wf_mapping_remove(argv[1], WF_BACKING_MEMORY, NULL); /* both inherit the view */
    wf_mapping_close(&mapping);
    struct desk *desk = wf_map_view_data(view);
    (void)sem_init(&desk->is_free, 1, 1);
    (void)sem_init(&desk->is_full, 1, 0);
    if (fork() == 0) { /* the producer */
        for (uint64_t i = 1; i <= count && await(&desk->is_free) == 0; i++) {
            desk->item = i;
            (void)sem_post(&desk->is_full);
        }
        _exit(0);
    }
    for (uint64_t i = 1; i <= count && await(&desk->is_full) == 0 && desk->item == i; i++) {
        sum += desk->item;
        (void)sem_post(&desk->is_free);
    }
    (void)wait(NULL);
    wf_map_view_close(&view);
    (void)printf("sum %llu\n", (unsigned long long)sum);
    return sum == count * (count + 1) / 2 ? 0 : 1;
}
