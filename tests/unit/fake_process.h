/*
 * Stands in for process.c and coverage.c in tests of the story: a process whose threads are all
 * called "Socket Thread" and have true tids 1000 above their own.
 */
#ifndef RTCSHIM_TESTS_FAKE_PROCESS_H
#define RTCSHIM_TESTS_FAKE_PROCESS_H

#include <stdio.h>

#include "process.h"

const char *coverage_word(enum coverage c)
{
    return c == COVERAGE_COVERED ? "covered" : c == COVERAGE_UNKNOWN ? "unknown" : "static";
}

const char *coverage_sentence(enum coverage c)
{
    return c == COVERAGE_COVERED ? "reported in" : "the program has no dynamic loader";
}

void process_thread(struct process *p, uint32_t ns_tid, pid_t *tid, char *name, size_t size)
{
    (void)p;
    *tid = (pid_t)((ns_tid & 0xfffffff) + 1000);
    snprintf(name, size, "Socket Thread");
}

void process_caller(struct process *p, uint64_t address, char *text, size_t size)
{
    (void)p;
    snprintf(text, size, "libnss3.so+0x%llx", (unsigned long long)address);
}

static struct process fake_process __attribute__((unused)) = {
    .pid = 7610,
    .ns_pid = 7610,
    .parent = 7600,
    .number = 1,
    .name = "firefox-esr",
    .role = "socket",
    .coverage = COVERAGE_COVERED,
};

bool process_look_at_network(struct process *p)
{
    return p->other_network;
}

#endif
