/* SPDX-License-Identifier: MIT */
/* The platform's part: the writers' lock, the lease, waiting, the identity of the host. */

#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <watchfloor/clock.h>
#include <watchfloor/err.h>

#include "platform/host.h"
#include "platform/lease.h"
#include "platform/lock.h"
#include "platform/wait.h"

/* Shared with forked children. Never unmapped: it holds a robust lock. */
static struct shared {
    struct wfi_lock lock;
    _Atomic uint32_t word;
    _Atomic uint32_t other;
} * shared;

static int make_shared(void **state)
{
    (void)state;
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? -1 : wfi_lock_make(&shared->lock);
}

static void reach(_Atomic uint32_t *word, uint32_t value)
{
    int64_t until = wf_mono_now_ns() + 10 * WF_NS_PER_S;
    uint32_t now;

    while ((now = atomic_load(word)) < value) {
        struct wfi_waited waited = { word, now };

        assert_true(wf_mono_now_ns() < until);
        wfi_wait_any(&waited, 1, 50 * WF_NS_PER_MS);
    }
}

static void tell(_Atomic uint32_t *word, uint32_t value)
{
    atomic_store(word, value);
    (void)wfi_wake(word, 1000);
}

static pid_t child_that_holds_the_lock(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        if (wfi_lock_take(&shared->lock, WF_NS_PER_S) < 0)
            _exit(1);
        tell(&shared->word, 1);
        for (;;)
            (void)pause();
    }
    assert_true(pid > 0);
    reach(&shared->word, 1);
    return pid;
}

static void a_killed_owner_is_noticed_and_the_lock_goes_on(void **state)
{
    pid_t pid = child_that_holds_the_lock();

    (void)state;
    assert_int_equal(wfi_lock_take(&shared->lock, 10 * WF_NS_PER_MS), WF_ERR_BUSY);
    (void)kill(pid, SIGKILL);
    assert_int_equal(wfi_lock_take(&shared->lock, 5 * WF_NS_PER_S), WFI_LOCK_OWNER_DIED);
    assert_int_equal(wfi_lock_mark_repaired(&shared->lock), 0);
    wfi_lock_release(&shared->lock);
    assert_int_equal(wfi_lock_take(&shared->lock, 0), 0);
    wfi_lock_release(&shared->lock);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_stopped_owner_costs_only_the_time_limit(void **state)
{
    pid_t pid = child_that_holds_the_lock();
    int64_t before = wf_mono_now_ns();

    (void)state;
    (void)kill(pid, SIGSTOP);
    assert_int_equal(wfi_lock_take(&shared->lock, 30 * WF_NS_PER_MS), WF_ERR_BUSY);
    assert_true(wf_mono_now_ns() - before < 5 * WF_NS_PER_S);
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(wfi_lock_take(&shared->lock, WF_NS_PER_S), WFI_LOCK_OWNER_DIED);
    assert_int_equal(wfi_lock_mark_repaired(&shared->lock), 0);
    wfi_lock_release(&shared->lock);
}

static void a_death_left_unrepaired_is_reported_as_damage(void **state)
{
    pid_t pid = child_that_holds_the_lock();

    (void)state;
    (void)kill(pid, SIGKILL);
    assert_int_equal(wfi_lock_take(&shared->lock, 5 * WF_NS_PER_S), WFI_LOCK_OWNER_DIED);
    wfi_lock_release(&shared->lock);
    assert_int_equal(wfi_lock_take(&shared->lock, WF_NS_PER_S), WF_ERR_CORRUPT);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_waiter_wakes_for_any_of_its_words(void **state)
{
    (void)state;
    for (int which = 0; which < 2; which++) {
        _Atomic uint32_t *word = which == 0 ? &shared->word : &shared->other;
        pid_t pid = fork();

        if (pid == 0) {
            struct wfi_waited waited[2] = { { &shared->word, 0 }, { &shared->other, 0 } };

            while (atomic_load(&shared->word) == 0 && atomic_load(&shared->other) == 0)
                wfi_wait_any(waited, 2, 5 * WF_NS_PER_S);
            _exit(0);
        }
        assert_true(pid > 0);
        tell(word, 1);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        atomic_store(word, 0);
    }
}

static void waiting_ends_with_its_time(void **state)
{
    struct wfi_waited waited[2] = { { &shared->word, 0 }, { &shared->other, 0 } };
    int64_t before = wf_mono_now_ns();

    (void)state;
    wfi_wait_any(waited, 2, 20 * WF_NS_PER_MS);
    wfi_wait_any(waited, 1, 20 * WF_NS_PER_MS);
    assert_true(wf_mono_now_ns() - before >= 30 * WF_NS_PER_MS);
    waited[1].seen = 9; /* differs already: no sleep */
    wfi_wait_any(waited, 2, 100 * WF_NS_PER_S);
}

static void a_lease_is_held_once_and_ends_with_its_holder(void **state)
{
    char path[64];
    struct wfi_lease *lease = NULL, *second = NULL;
    struct wf_err err = { 0 };
    uint64_t epoch = 1;
    pid_t pid;

    (void)state;
    (void)snprintf(path, sizeof(path), "/tmp/wf-t%ld.lease", (long)getpid());
    assert_int_equal(wfi_lease_take(path, 0, &lease, &epoch, &err), WF_ERR_ABSENT);

    pid = fork();
    if (pid == 0) {
        if (wfi_lease_take(path, 1, &lease, &epoch, NULL) < 0 || epoch != 0 ||
            wfi_lease_sign(lease, 12345678901234567890u, NULL) < 0)
            _exit(1);
        tell(&shared->word, 1);
        for (;;)
            (void)pause();
    }
    reach(&shared->word, 1);
    assert_int_equal(wfi_lease_take(path, 1, &lease, &epoch, &err), WF_ERR_BUSY);
    char says[32];
    (void)snprintf(says, sizeof(says), "process %ld", (long)pid);
    assert_non_null(strstr(err.text, says));
    (void)kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);

    assert_int_equal(wfi_lease_take(path, 1, &lease, &epoch, &err), 0);
    assert_true(epoch == 12345678901234567890u);
    assert_int_equal(wfi_lease_take(path, 1, &second, &epoch, &err), WF_ERR_BUSY);
    wfi_lease_release(&lease);
    wfi_lease_release(&lease); /* safe on nothing */
    (void)unlink(path);
}

static void the_host_knows_its_boot(void **state)
{
    struct wfi_host a, b;
    static const uint8_t none[16];

    (void)state;
    assert_int_equal(wfi_host_read(&a, NULL), 0);
    assert_int_equal(wfi_host_read(&b, NULL), 0);
    assert_memory_equal(a.boot_id, b.boot_id, 16);
    assert_memory_not_equal(a.boot_id, none, 16);
    assert_int_equal(a.pid_namespace, b.pid_namespace);
    assert_int_equal(a.pid, (uint32_t)getpid());
    assert_true(wfi_host_has_group((uint32_t)getegid()));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, make_shared)
    const struct CMUnitTest tests[] = {
        TEST(a_killed_owner_is_noticed_and_the_lock_goes_on),
        TEST(a_stopped_owner_costs_only_the_time_limit),
        TEST(a_death_left_unrepaired_is_reported_as_damage),
        TEST(a_waiter_wakes_for_any_of_its_words),
        TEST(waiting_ends_with_its_time),
        TEST(a_lease_is_held_once_and_ends_with_its_holder),
        TEST(the_host_knows_its_boot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
