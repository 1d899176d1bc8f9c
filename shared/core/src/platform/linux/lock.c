/* SPDX-License-Identifier: MIT */
/*
 * The writers' lock on Linux, see platform/lock.h.
 *
 * pthread_mutex_clocklock is GNU (glibc 2.30); POSIX.1-2008 has only a limit by
 * CLOCK_REALTIME, which an operator may set back. There is no trylock in here: a
 * probe that meets a dead owner and drops the answer wedges everybody else.
 */
#define _GNU_SOURCE

#include "platform/lock.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <watchfloor/clock.h>
#include <watchfloor/err.h>

_Static_assert(sizeof(pthread_mutex_t) <= WFI_LOCK_BYTES, "a mutex fits its block");
_Static_assert(_Alignof(pthread_mutex_t) <= 8, "and its alignment");

static pthread_mutex_t *mutex_of(struct wfi_lock *lock)
{
    return (pthread_mutex_t *)(void *)lock->opaque;
}

int wfi_lock_make(struct wfi_lock *lock)
{
    pthread_mutexattr_t attributes;
    int error = pthread_mutexattr_init(&attributes);

    if (error != 0)
        return wf_fail_errno(NULL, error, "mutex");
    error = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (error == 0)
        error = pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    if (error == 0)
        error = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (error == 0)
        error = pthread_mutex_init(mutex_of(lock), &attributes);
    (void)pthread_mutexattr_destroy(&attributes);
    return error == 0 ? 0 : wf_fail_errno(NULL, error, "mutex");
}

/* The slow half: the clock is read only when somebody else has the lock. */
static int take_by(pthread_mutex_t *mutex, int64_t limit_ns)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    limit_ns += until.tv_nsec;
    until.tv_sec += (time_t)(limit_ns / WF_NS_PER_S);
    until.tv_nsec = (long)(limit_ns % WF_NS_PER_S);
    return pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until);
}

int wfi_lock_take(struct wfi_lock *lock, int64_t limit_ns)
{
    /* Long past: take it if it is free, otherwise come back at once with ETIMEDOUT. */
    static const struct timespec at_once = { 0, 0 };
    pthread_mutex_t *mutex = mutex_of(lock);
    int error = pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &at_once);

    if (error == ETIMEDOUT && limit_ns > 0)
        error = take_by(mutex, limit_ns);
    switch (error) {
    case 0:
        return 0;
    case EOWNERDEAD:
        return WFI_LOCK_OWNER_DIED;
    case ETIMEDOUT:
        return WF_ERR_BUSY;
    default: /* ENOTRECOVERABLE, EINVAL: its bytes are not a lock's any more */
        return WF_ERR_CORRUPT;
    }
}

int wfi_lock_mark_repaired(struct wfi_lock *lock)
{
    return pthread_mutex_consistent(mutex_of(lock)) == 0 ? 0 : WF_ERR_CORRUPT;
}

void wfi_lock_release(struct wfi_lock *lock)
{
    (void)pthread_mutex_unlock(mutex_of(lock)); /* an error would mean it is not ours */
}
