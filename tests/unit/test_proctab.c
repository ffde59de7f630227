/* Tests of proctab*.c, process_thread.c, process_code.c and exec_notes.c: records about real
 * processes, also in a pid namespace of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dlfcn.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "coverage.h"
#include "exec_notes.h"
#include "process_private.h"
#include "procfs.h"
#include "proctab.h"

static unsigned told;
static const struct process *last_told;

static void on_change(const struct process *p, void *ctx)
{
    (void)ctx;
    told++;
    last_told = p;
}

static struct event_view record(enum event_kind kind, uint32_t number, const void *data, size_t len)
{
    return (struct event_view){.head = {.kind = (uint16_t)kind,
                                        .process = number,
                                        .data_len = (uint32_t)len,
                                        .full_len = (uint32_t)len},
                               .data = data};
}

static struct process *report(struct proctab *tab, uint32_t number, struct event_process said)
{
    struct event_view ev = record(EVENT_PROCESS, number, &said, sizeof(said));

    return proctab_report(tab, &ev);
}

static void say_fork(struct proctab *tab, uint32_t number, uint32_t child, int32_t child_pid)
{
    struct event_fork said = {.child = child, .child_pid = child_pid};
    struct event_view ev = record(EVENT_FORK, number, &said, sizeof(said));

    proctab_fork(tab, &ev);
}

/* A child that sleeps until it is killed. */
static pid_t sleeper(void)
{
    pid_t pid = fork();

    if (pid == 0) {
        for (;;)
            pause();
    }
    return pid;
}

static void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void believes_a_constructor_that_procfs_bears_out(void **state)
{
    struct proctab *tab = proctab_new(getpid(), on_change, NULL);
    pid_t pid = sleeper();
    struct process *p =
        report(tab, 1, (struct event_process){.ns_pid = (uint32_t)pid, .proc_pid = (uint32_t)pid});

    (void)state;
    assert_non_null(p);
    assert_int_equal(p->pid, pid);
    assert_int_equal(p->parent, getpid());
    assert_int_equal(p->coverage, COVERAGE_COVERED);
    assert_non_null(p->exe);
    assert_ptr_equal(proctab_find_number(tab, 1), p);
    assert_ptr_equal(proctab_find_pid(tab, pid, 0), p);
    assert_true(proctab_writer_alive(1, tab));
    end_child(pid);
    assert_false(proctab_writer_alive(1, tab));
    proctab_free(tab);
}

static void refuses_a_pid_that_is_no_descendants(void **state)
{
    struct proctab *tab = proctab_new(getpid(), on_change, NULL);
    uint32_t other = (uint32_t)getppid();
    struct process *p = report(tab, 1, (struct event_process){.ns_pid = other, .proc_pid = other});

    (void)state;
    assert_non_null(p);
    assert_int_equal(p->pid, 0);
    p = report(tab, 2, (struct event_process){.ns_pid = 1, .proc_pid = (uint32_t)getpid()});
    assert_int_equal(p->pid, 0);
    proctab_free(tab);
}

static void joins_what_was_found_by_looking_with_its_report(void **state)
{
    struct proctab *tab = proctab_new(getpid(), on_change, NULL);
    pid_t pid = sleeper();
    struct procfs_stat stat;

    (void)state;
    assert_true(procfs_stat(pid, &stat));
    struct process *found = proctab_add_kin(
        tab, &(struct kin){.pid = pid, .ppid = getpid(), .start_ticks = stat.start_ticks});
    struct process *p =
        report(tab, 1, (struct event_process){.ns_pid = (uint32_t)pid, .proc_pid = (uint32_t)pid});
    assert_ptr_equal(p, found);
    assert_int_equal(proctab_count(tab), 1);
    end_child(pid);
    proctab_free(tab);
}

static void ends_the_old_image_when_a_process_runs_another_program(void **state)
{
    struct proctab *tab = proctab_new(getpid(), on_change, NULL);
    pid_t pid = sleeper();
    struct event_process said = {.ns_pid = (uint32_t)pid, .proc_pid = (uint32_t)pid};
    struct process *old = report(tab, 1, said);
    struct process *new = report(tab, 2, said);

    (void)state;
    assert_ptr_not_equal(old, new);
    assert_true(old->ended);
    assert_true(old->replaced);
    assert_false(new->ended);
    assert_ptr_equal(proctab_find_pid(tab, pid, 0), new);
    assert_false(proctab_writer_alive(1, tab));
    assert_true(proctab_writer_alive(2, tab));
    end_child(pid);
    proctab_free(tab);
}

static void finds_fork_children_in_whichever_order_they_are_told(void **state)
{
    struct proctab *tab = proctab_new(getpid(), on_change, NULL);
    int ready[2];
    pid_t pids[3]; /* parent, child, child */

    (void)state;
    assert_int_equal(pipe(ready), 0);
    pids[0] = fork();
    if (pids[0] == 0) {
        for (int i = 1; i < 3; i++) {
            pids[i] = sleeper();
        }
        (void)!write(ready[1], pids, sizeof(pids));
        for (;;)
            pause();
    }
    pid_t parent = pids[0];
    assert_int_equal(read(ready[0], pids, sizeof(pids)), sizeof(pids));
    pids[0] = parent;
    report(tab, 1,
           (struct event_process){.ns_pid = (uint32_t)parent, .proc_pid = (uint32_t)parent});
    say_fork(tab, 1, 2, pids[1]);
    report(tab, 2, (struct event_process){.ns_pid = (uint32_t)pids[1], .parent = 1, .by_fork = 1});
    report(tab, 3, (struct event_process){.ns_pid = (uint32_t)pids[2], .parent = 1, .by_fork = 1});
    say_fork(tab, 1, 3, pids[2]);
    assert_int_equal(proctab_count(tab), 3);
    for (uint32_t i = 1; i <= 2; i++) {
        struct process *p = proctab_find_number(tab, i + 1);
        assert_int_equal(p->pid, pids[i]);
        assert_int_equal(p->parent, parent);
        assert_true(p->by_fork);
        assert_int_equal(p->coverage, COVERAGE_COVERED);
    }
    for (int i = 0; i < 3; i++)
        end_child(pids[i]);
    close(ready[0]);
    close(ready[1]);
    proctab_free(tab);
}

/* The zygote of Chromium: 1 in its own namespace, and its children have small numbers there. */
static void finds_true_pids_across_pid_namespaces(void **state)
{
    struct proctab *tab = proctab_new(getpid(), on_change, NULL);
    int told_pids[2], go[2];
    pid_t ns_pids[3] = {0};
    char name[64];
    pid_t tid;

    (void)state;
    assert_int_equal(pipe(told_pids), 0);
    assert_int_equal(pipe(go), 0);
    pid_t outer = fork();
    if (outer == 0) {
        if (unshare(CLONE_NEWPID) != 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) != 0)
            _exit(77);
        pid_t zygote = fork();
        if (zygote == 0) {
            pid_t inside[3] = {getpid(), sleeper(), sleeper()};
            (void)!write(told_pids[1], inside, sizeof(inside));
            for (;;)
                pause();
        }
        (void)waitpid(zygote, NULL, 0);
        _exit(0);
    }
    close(told_pids[1]);
    if (read(told_pids[0], ns_pids, sizeof(ns_pids)) != (ssize_t)sizeof(ns_pids))
        fail_msg("no pid namespace can be made here");
    assert_int_equal(ns_pids[0], 1);
    struct lineage *lineage = proctab_lineage(tab);
    assert_true(lineage_refresh(lineage));
    size_t count = 0;
    const struct kin *kin = lineage_kin(lineage, &count);
    pid_t zygote = 0;
    for (size_t i = 0; i < count; i++)
        if (kin[i].ppid == outer)
            zygote = kin[i].pid;
    assert_true(zygote > 1);

    struct process *z =
        report(tab, 1, (struct event_process){.ns_pid = 1, .proc_pid = (uint32_t)zygote});
    assert_int_equal(z->pid, zygote);
    struct process *a = report(
        tab, 2, (struct event_process){.ns_pid = (uint32_t)ns_pids[1], .parent = 1, .by_fork = 1});
    say_fork(tab, 1, 3, ns_pids[2]);
    struct process *b = proctab_find_number(tab, 3);
    for (int i = 1; i < 3; i++) {
        struct process *p = i == 1 ? a : b;
        struct procfs_status status;
        assert_true(p->pid > 1);
        assert_int_equal(p->parent, zygote);
        assert_true(procfs_status(p->pid, p->pid, &status));
        assert_int_equal(status.ns_pid[status.depth - 1], ns_pids[i]);
    }
    process_thread(a, (uint32_t)ns_pids[1], &tid, name, sizeof(name));
    assert_int_equal(tid, a->pid);
    assert_string_equal(name, "test_proctab");
    /* It runs another program, whose procfs is the namespace's own. */
    struct process *c = report(
        tab, 4,
        (struct event_process){.ns_pid = (uint32_t)ns_pids[1], .proc_pid = (uint32_t)ns_pids[1]});
    assert_int_equal(c->pid, a->pid);
    assert_true(a->replaced);
    /* And so does the first of it, whose number there belongs to another process here. */
    assert_int_equal(report(tab, 5, (struct event_process){.ns_pid = 1, .proc_pid = 1})->pid,
                     zygote);
    kill(zygote, SIGKILL);
    assert_int_equal(waitpid(outer, NULL, 0), outer);
    /* Ended, and still named. */
    process_thread(a, (uint32_t)ns_pids[1], &tid, name, sizeof(name));
    assert_int_equal(tid, a->pid);
    assert_string_equal(name, "test_proctab");
    close(told_pids[0]);
    close(go[0]);
    close(go[1]);
    proctab_free(tab);
}

static void names_code_by_file_and_offset(void **state)
{
    struct proctab *tab = proctab_new(getpid(), on_change, NULL);
    pid_t pid = sleeper();
    struct process *p =
        report(tab, 1, (struct event_process){.ns_pid = (uint32_t)pid, .proc_pid = (uint32_t)pid});
    uintptr_t here = (uintptr_t)&names_code_by_file_and_offset;
    char text[96];
    char expected[96];
    Dl_info self;

    (void)state;
    assert_int_not_equal(dladdr((void *)here, &self), 0);
    snprintf(expected, sizeof(expected), "test_proctab+0x%lx",
             (unsigned long)(here - (uintptr_t)self.dli_fbase));
    process_caller(p, here, text, sizeof(text));
    assert_string_equal(text, expected);
    process_caller(p, 16, text, sizeof(text));
    assert_string_equal(text, "");
    process_caller(p, 0, text, sizeof(text));
    assert_string_equal(text, "");
    end_child(pid);
    /* A child whose map can't be read has its parent's code. */
    struct process *child =
        report(tab, 2, (struct event_process){.ns_pid = 999999, .parent = 1, .by_fork = 1});
    process_caller(child, here, text, sizeof(text));
    assert_string_equal(text, expected);
    proctab_free(tab);
}

static void tells_of_a_fork_child_with_its_first_record(void **state)
{
    struct proctab *tab = proctab_new(getpid(), on_change, NULL);
    pid_t pid = sleeper();

    (void)state;
    told = 0;
    report(tab, 1, (struct event_process){.ns_pid = (uint32_t)pid, .parent = 9, .by_fork = 1});
    assert_int_equal(told, 0);
    struct process *p = proctab_writer(tab, 1);
    assert_int_equal(told, 1);
    assert_ptr_equal(last_told, p);
    proctab_writer(tab, 1);
    assert_int_equal(told, 1);
    proctab_set_ended(tab, p);
    proctab_set_ended(tab, p);
    assert_int_equal(told, 2);
    end_child(pid);
    proctab_free(tab);
}

static void survives_records_that_make_no_sense(void **state)
{
    struct proctab *tab = proctab_new(getpid(), on_change, NULL);
    unsigned char data[sizeof(struct event_process)];
    char text[96];
    pid_t tid;

    (void)state;
    srand(7);
    for (int i = 0; i < 3000; i++) {
        /* Small values, so that numbers and pids meet each other. */
        for (size_t n = 0; n < sizeof(data); n++)
            data[n] = n % 4 == 0 ? (unsigned char)((unsigned)rand() % 24) : 0;
        size_t len = (size_t)rand() % 8 ? sizeof(data) : (size_t)rand() % sizeof(data);
        struct event_view ev =
            record(i % 3 ? EVENT_PROCESS : EVENT_FORK, (uint32_t)rand() % 24, data, len);
        if (i % 3)
            (void)proctab_report(tab, &ev);
        else
            proctab_fork(tab, &ev);
        struct process *p = proctab_writer(tab, (uint32_t)rand() % 32);
        assert_non_null(p);
        process_thread(p, (uint32_t)rand() % 64, &tid, text, sizeof(text));
        process_caller(p, (uint64_t)rand(), text, sizeof(text));
        (void)proctab_writer_alive((uint32_t)rand(), tab);
    }
    assert_true(proctab_count(tab) <= 64);
    proctab_free(tab);
}

static void keeps_room_for_what_the_kernel_shows_and_says_when_that_is_full_too(void **state)
{
    struct proctab *tab = proctab_new(getpid(), on_change, NULL);
    struct kin kin = {.pid = INT32_MAX - 2 * PROCTAB_MAX, .ppid = 1, .start_ticks = 1};

    (void)state;
    for (uint32_t number = 100; number < 100 + 2 * PROCTAB_MAX; number++)
        assert_non_null(proctab_writer(tab, number));
    assert_int_equal(proctab_count(tab), PROCTAB_TOLD_MAX);
    for (; proctab_count(tab) < PROCTAB_MAX; kin.pid++)
        assert_non_null(proctab_add_kin(tab, &kin));
    assert_false(proctab_overflowed(tab));
    assert_null(proctab_add_kin(tab, &kin));
    assert_true(proctab_overflowed(tab));
    proctab_free(tab);
}

static void matches_execs_with_the_reports_that_follow(void **state)
{
    static struct exec_notes notes;
    struct process *self = process_new();
    struct process *child = process_new();
    struct exec_note *note;

    (void)state;
    self->pid = 100;
    self->start_ticks = 1;
    child->pid = 200;
    child->parent = 100;
    child->start_ticks = 1;
    note = exec_notes_add(&notes);
    note->number = 1;
    note->target = 100;
    note = exec_notes_add(&notes);
    note->number = 1;
    note->announcer = 100; /* posix_spawn */
    assert_non_null(exec_notes_for(&notes, 100));
    assert_ptr_equal(exec_notes_answered(&notes, child), note);
    assert_non_null(exec_notes_for(&notes, 100));
    assert_non_null(exec_notes_answered(&notes, self));
    assert_null(exec_notes_for(&notes, 100));
    assert_null(exec_notes_answered(&notes, self));
    /* An exec that came back is no exec: the youngest of that thread. */
    note = exec_notes_add(&notes);
    note->number = 5;
    note->tid = 6;
    note->target = 100;
    exec_notes_failed(&notes, 5, 7);
    assert_ptr_equal(exec_notes_for(&notes, 100), note);
    exec_notes_failed(&notes, 5, 6);
    assert_null(exec_notes_for(&notes, 100));
    for (int i = 0; i < 3 * EXEC_NOTES_MAX; i++)
        exec_notes_add(&notes)->target = 1000 + i;
    assert_non_null(exec_notes_for(&notes, 1000 + 3 * EXEC_NOTES_MAX - 1));
    process_free(self);
    process_free(child);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(believes_a_constructor_that_procfs_bears_out),
        cmocka_unit_test(refuses_a_pid_that_is_no_descendants),
        cmocka_unit_test(joins_what_was_found_by_looking_with_its_report),
        cmocka_unit_test(ends_the_old_image_when_a_process_runs_another_program),
        cmocka_unit_test(finds_fork_children_in_whichever_order_they_are_told),
        cmocka_unit_test(finds_true_pids_across_pid_namespaces),
        cmocka_unit_test(names_code_by_file_and_offset),
        cmocka_unit_test(tells_of_a_fork_child_with_its_first_record),
        cmocka_unit_test(survives_records_that_make_no_sense),
        cmocka_unit_test(keeps_room_for_what_the_kernel_shows_and_says_when_that_is_full_too),
        cmocka_unit_test(matches_execs_with_the_reports_that_follow),
    };

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
