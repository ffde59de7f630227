/* The seccomp filter of a running capture. */
#include "sandbox.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "analyzer.h"

static const int anywhere[] = {
#define SYSCALL(name) SCMP_SYS(name),
#include "sandbox.def"
#undef SYSCALL
};

/* Libraries look for optional files (the C library's malloc for the number of processors, libpcap
 * for a card's statistics) and go on without. */
static const int opening[] = {
    SCMP_SYS(open),  SCMP_SYS(openat),     SCMP_SYS(openat2), SCMP_SYS(stat),
    SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(access),  SCMP_SYS(readlink),
};

static int allow_all(scmp_filter_ctx filter)
{
    for (size_t i = 0; i < sizeof(anywhere) / sizeof(anywhere[0]); i++) {
        int failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, anywhere[i], 0);
        if (failed)
            return failed;
    }
    for (size_t i = 0; i < sizeof(opening) / sizeof(opening[0]); i++) {
        int failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), opening[i], 0);
        if (failed)
            return failed;
    }
    return 0;
}

/* On this descriptor only. */
static int allow_on(scmp_filter_ctx filter, int syscall, int fd)
{
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, syscall, 1,
                            SCMP_A0_32(SCMP_CMP_EQ, (uint32_t)fd));
}

/* Memory that is never executable, and no file: a shared map would be a way to write to one. */
static int allow_memory(scmp_filter_ctx filter)
{
    static const int maps[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2)};
    for (size_t i = 0; i < sizeof(maps) / sizeof(maps[0]); i++) {
        int failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, maps[i], 2,
                                      SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0),
                                      SCMP_A3_32(SCMP_CMP_MASKED_EQ, MAP_ANONYMOUS, MAP_ANONYMOUS));
        if (failed)
            return failed;
    }
    return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
                            SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

static int allow_output(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
    /* A file is cut back to its last whole block where the disk is full. */
    static const int calls[] = {SCMP_SYS(write), SCMP_SYS(lseek), SCMP_SYS(_llseek),
                                SCMP_SYS(ftruncate), SCMP_SYS(ftruncate64)};
    for (size_t fd = 0; fd < sandbox->write_fd_count; fd++) {
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
            int failed = allow_on(filter, calls[i], sandbox->write_fds[fd]);
            if (failed)
                return failed;
        }
    }
    return 0;
}

/* The counts of a capture's socket, its pending error, whether its interface is up, and the end of
 * its ring. */
static int allow_socket_questions(scmp_filter_ctx filter)
{
    int failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(getsockopt), 2,
                                  SCMP_A1_32(SCMP_CMP_EQ, SOL_PACKET),
                                  SCMP_A2_32(SCMP_CMP_EQ, PACKET_STATISTICS));
    if (!failed)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(getsockopt), 2,
                                  SCMP_A1_32(SCMP_CMP_EQ, SOL_SOCKET),
                                  SCMP_A2_32(SCMP_CMP_EQ, SO_ERROR));
    if (!failed)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(setsockopt), 2,
                                  SCMP_A1_32(SCMP_CMP_EQ, SOL_PACKET),
                                  SCMP_A2_32(SCMP_CMP_EQ, PACKET_RX_RING));
    if (!failed)
        failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                                  SCMP_A1_32(SCMP_CMP_EQ, SIOCGIFFLAGS));
    return failed;
}

static int build(scmp_filter_ctx filter, const struct sandbox *sandbox)
{
    int failed = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (!failed)
        failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (!failed)
        failed = allow_all(filter);
    if (!failed)
        failed = allow_memory(filter);
    if (!failed)
        failed = allow_output(filter, sandbox);
    if (!failed)
        failed = allow_socket_questions(filter);
    if (!failed)
        failed = allow_on(filter, SCMP_SYS(read), sandbox->read_fd);
    if (!failed)
        failed = allow_on(filter, SCMP_SYS(recvfrom), sandbox->netlink_fd);
    if (!failed)
        failed = allow_on(filter, SCMP_SYS(sendto), sandbox->netlink_fd);
    return failed;
}

bool sandbox_enter(const struct sandbox *sandbox)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    int failed = filter ? build(filter, sandbox) : -ENOMEM;
    if (!failed)
        failed = seccomp_load(filter);
    if (filter)
        seccomp_release(filter);
    if (failed)
        analyzer_complain("cannot close the program in with seccomp: %s; '--no-seccomp' captures "
                          "without, which an attacker's packet may exploit",
                          strerror(-failed));
    return failed == 0;
}
