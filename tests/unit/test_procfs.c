/* Tests of procfs.c and lineage.c: texts of the kernel's, with what a process can put into them,
 * and this machine's own /proc. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lineage.h"
#include "procfs.h"

static const char stat_text[] =
    "4242 (a b) c) S 17 4242 4242 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654321 1000 200 "
    "18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 0 0 0 0 0 0\n";

static const char status_text[] =
    "Name:\tev\\nil\nUmask:\t0022\nState:\tS (sleeping)\nTgid:\t77\nNgid:\t0\nPid:\t78\n"
    "PPid:\t5\nTracerPid:\t0\nUid:\t1000\t0\t0\t0\nGid:\t100\t101\t101\t101\n"
    "NStgid:\t77\t9\t1\nNSpid:\t78\t10\t2\nNSpgid:\t77\t9\t1\n";

static void reads_past_parentheses_in_a_name(void **state)
{
    struct procfs_stat stat;

    (void)state;
    assert_true(procfs_stat_parse(stat_text, &stat));
    assert_int_equal(stat.state, 'S');
    assert_int_equal(stat.ppid, 17);
    assert_int_equal(stat.start_ticks, 987654321);
}

static void refuses_every_cut_of_a_stat_line(void **state)
{
    char text[sizeof(stat_text)];
    const char *ticks = strstr(stat_text, "987654321");

    (void)state;
    for (size_t len = 0; len < (size_t)(ticks - stat_text); len++) {
        struct procfs_stat stat = {.ppid = -5};
        memcpy(text, stat_text, len);
        text[len] = '\0';
        assert_false(procfs_stat_parse(text, &stat));
        assert_int_equal(stat.ppid, -5);
    }
}

static void reads_every_pid_namespace(void **state)
{
    struct procfs_status status;

    (void)state;
    assert_true(procfs_status_parse(status_text, &status));
    assert_int_equal(status.tgid, 77);
    assert_int_equal(status.pid, 78);
    assert_int_equal(status.ppid, 5);
    assert_int_equal(status.real_uid, 1000);
    assert_int_equal(status.effective_uid, 0);
    assert_int_equal(status.real_gid, 100);
    assert_int_equal(status.effective_gid, 101);
    assert_int_equal(status.depth, 3);
    assert_int_equal(status.ns_pid[0], 78);
    assert_int_equal(status.ns_pid[2], 2);
}

static void takes_no_field_out_of_another_line(void **state)
{
    struct procfs_status status;

    (void)state;
    /* "Pid:" also ends "TracerPid:" and "PPid:". */
    assert_false(procfs_status_parse("TracerPid:\t9\nPPid:\t1\nTgid:\t3\nUid:\t0\t0\nGid:\t0\t0\n",
                                     &status));
    assert_false(procfs_status_parse("", &status));
    assert_false(procfs_status_parse(
        "Tgid:\t99999999999999\nPid:\t1\nPPid:\t0\nUid:\t0\t0\nGid:\t0\t0\n", &status));
}

static void reads_this_process(void **state)
{
    struct procfs_status status;
    struct procfs_stat stat;
    char comm[PROCFS_COMM_BYTES];
    char *exe = procfs_exe(getpid());
    char *cmdline = procfs_cmdline(getpid());

    (void)state;
    assert_true(procfs_usable());
    assert_true(procfs_status(getpid(), getpid(), &status));
    assert_int_equal(status.pid, getpid());
    assert_int_equal(status.ppid, getppid());
    assert_true(procfs_stat(getpid(), &stat));
    assert_true(procfs_alive(getpid(), stat.start_ticks));
    assert_false(procfs_alive(getpid(), stat.start_ticks + 1));
    assert_true(procfs_comm(getpid(), getpid(), comm, sizeof(comm)));
    assert_string_equal(comm, "test_procfs");
    assert_non_null(exe);
    assert_non_null(strstr(exe, "/test_procfs"));
    assert_non_null(cmdline);
    assert_non_null(strstr(cmdline, "test_procfs"));
    free(exe);
    free(cmdline);
}

static void keeps_a_newline_inside_a_name(void **state)
{
    char comm[PROCFS_COMM_BYTES];

    (void)state;
    prctl(PR_SET_NAME, "a\nb");
    assert_true(procfs_comm(getpid(), getpid(), comm, sizeof(comm)));
    prctl(PR_SET_NAME, "test_procfs");
    assert_string_equal(comm, "a\nb");
}

static void finds_a_mapped_file_by_inode_and_name(void **state)
{
    struct stat st;

    (void)state;
    assert_int_equal(stat("/proc/self/exe", &st), 0);
    assert_int_equal(procfs_maps(getpid(), st.st_ino, "test_procfs"), 1);
    assert_int_equal(procfs_maps(getpid(), st.st_ino + 1, "test_procfs"), 0);
    assert_int_equal(procfs_maps(getpid(), st.st_ino, "procfs"), 0);
}

/* A child that waits until the pipe's other end is closed. */
static pid_t start_child(int *end, char *const *argv, char *const *env)
{
    int ends[2];
    pid_t pid;

    assert_int_equal(pipe(ends), 0);
    pid = fork();
    if (pid == 0) {
        char byte;
        close(ends[1]);
        if (argv) {
            dup2(ends[0], 0);
            execve(argv[0], argv, env);
        }
        _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(ends[0]);
    *end = ends[1];
    return pid;
}

static void reads_the_environment_that_a_process_started_with(void **state)
{
    char *const argv[] = {"/bin/cat", NULL};
    char *const env[] = {"A=one", "LD_PRELOAD=x.so:y.so", "AB=two", NULL};
    int end;
    pid_t pid = start_child(&end, argv, env);

    (void)state;
    /* Until the exec is through; alarm() ends a test that waits in vain. */
    alarm(20);
    while (procfs_environ(pid, "A", "one", false) != PROCFS_ENVIRON_HAS)
        usleep(1000);
    alarm(0);
    assert_int_equal(procfs_environ(pid, "A", "one", false), PROCFS_ENVIRON_HAS);
    assert_int_equal(procfs_environ(pid, "A", "on", false), PROCFS_ENVIRON_LACKS);
    assert_int_equal(procfs_environ(pid, "AB", "one", false), PROCFS_ENVIRON_LACKS);
    assert_int_equal(procfs_environ(pid, "LD_PRELOAD", "y.so", true), PROCFS_ENVIRON_HAS);
    close(end);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(procfs_environ(pid, "A", "one", false), PROCFS_ENVIRON_UNREADABLE);
}

static void knows_children_and_grandchildren_from_strangers(void **state)
{
    struct lineage *lineage = lineage_new(getpid());
    size_t count = 99;
    int end, ready[2];
    pid_t grandchild = 0;

    (void)state;
    assert_non_null(lineage);
    assert_true(lineage_refresh(lineage));
    (void)lineage_kin(lineage, &count);
    assert_int_equal(count, 0);
    pid_t child = start_child(&end, NULL, NULL);
    assert_int_equal(pipe(ready), 0);
    pid_t parent = fork();
    if (parent == 0) {
        pid_t pid = fork();
        if (pid > 0)
            (void)!write(ready[1], &pid, sizeof(pid));
        /* Both wait for the same end: this one's closing does not matter to the test. */
        close(end);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ready[0], &grandchild, sizeof(grandchild)), sizeof(grandchild));
    assert_true(lineage_refresh(lineage));
    assert_non_null(lineage_find(lineage, child));
    assert_non_null(lineage_find(lineage, parent));
    assert_non_null(lineage_find(lineage, grandchild));
    assert_int_equal(lineage_find(lineage, grandchild)->ppid, parent);
    assert_null(lineage_find(lineage, getpid()));
    assert_null(lineage_find(lineage, getppid()));
    assert_null(lineage_find(lineage, 1));
    (void)lineage_kin(lineage, &count);
    assert_int_equal(count, 3);
    /* A descendant whose parent ends comes to the subreaper and stays one. */
    kill(parent, SIGKILL);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    assert_true(lineage_refresh(lineage));
    assert_non_null(lineage_find(lineage, grandchild));
    assert_null(lineage_find(lineage, parent));
    kill(grandchild, SIGKILL);
    assert_int_equal(waitpid(grandchild, NULL, 0), grandchild);
    close(end);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_true(lineage_refresh(lineage));
    (void)lineage_kin(lineage, &count);
    assert_int_equal(count, 0);
    close(ready[0]);
    close(ready[1]);
    lineage_free(lineage);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_past_parentheses_in_a_name),
        cmocka_unit_test(refuses_every_cut_of_a_stat_line),
        cmocka_unit_test(reads_every_pid_namespace),
        cmocka_unit_test(takes_no_field_out_of_another_line),
        cmocka_unit_test(reads_this_process),
        cmocka_unit_test(keeps_a_newline_inside_a_name),
        cmocka_unit_test(finds_a_mapped_file_by_inode_and_name),
        cmocka_unit_test(reads_the_environment_that_a_process_started_with),
        cmocka_unit_test(knows_children_and_grandchildren_from_strangers),
    };

    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
