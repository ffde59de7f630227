/* arm64 RUNNER...: what the assembly of the library does, in one small program: vfork and exec,
 * nested vfork, fork, syscall(), and STUN by each; what is expected goes to standard output. RUNNER
 * starts a program of this machine (an emulator and its options), for the exec. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "endpoints.h"
#include "events.h"
#include "transcript.h"

enum { RUNNER_MAX = 16 };

void expect_stun(const char *call, const char *flags, size_t len, uint32_t id)
{
    printf("EXPECT stun %s %s len=%zu full=%zu id=%u\n", call, flags, len, len, id);
}

static int status_of(pid_t pid)
{
    int status = 0;
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                           : -1;
}

static int nested_vfork(void)
{
    pid_t pid = vfork();
    if (pid == 0) {
        pid_t inner = vfork();
        if (inner == 0) {
            pid_t innermost = vfork();
            if (innermost == 0)
                _exit(3);
            _exit(status_of(innermost) + 1);
        }
        _exit(status_of(inner) + 1);
    }
    return status_of(pid);
}

static void syscalls(int fd, const struct sockaddr *to, socklen_t len)
{
    uint8_t b[20], in[64];
    stun_request(b, 20, 2);
    printf("syscall: %ld\n", syscall(SYS_sendto, fd, b, 20UL, 0, to, len));
    expect_stun("syscall", "out,udp", 20, 2);
    printf("syscall: %ld\n", syscall(SYS_read, fd, in, sizeof(in)));
    expect_stun("syscall", "in,udp", 20, 2);
    /* Six arguments through to a call that is nobody's: the sixth is the offset. */
    FILE *self = fopen("/proc/self/exe", "r");
    long where = syscall(SYS_mmap, NULL, 4096UL, PROT_READ, MAP_PRIVATE, fileno(self), 4096L);
    char head[16] = "";
    fseek(self, 4096, SEEK_SET);
    printf("six arguments: %d\n", fread(head, 1, sizeof(head), self) == sizeof(head) && where > 0 &&
                                      memcmp(head, (void *)where, sizeof(head)) == 0);
    fclose(self);
    printf("no such call: %ld\n", syscall(424242, 1, 2, 3, 4, 5, 6));
    printf("pid: %d\n", syscall(SYS_getpid) == getpid());
}

int main(int argc, char **argv)
{
    struct sockaddr_storage addr;
    socklen_t len;
    uint8_t b[20], in[64];
    char *runner[RUNNER_MAX + 3], *const cleared[] = {"A=1", NULL};

    alarm(60);
    setvbuf(stdout, NULL, _IONBF, 0);
    if (argc > 1 && strcmp(argv[1], "--child") == 0)
        return 7;
    puts("EXPECT process by_fork=0");
    int fd = udp_bound(AF_INET, &addr, &len);
    const struct sockaddr *to = (const struct sockaddr *)&addr;
    printf("sendto: %zd\n", sendto(fd, b, stun_request(b, 20, 1), 0, to, len));
    expect_stun("sendto", "out,udp", 20, 1);
    printf("recv: %zd\n", recv(fd, in, sizeof(in), 0));
    expect_stun("recv", "in,udp", 20, 1);
    syscalls(fd, to, len);

    pid_t pid = fork();
    if (pid == 0) {
        sendto(fd, b, stun_request(b, 20, 3), 0, to, len);
        _exit(4);
    }
    printf("fork: %d\n", status_of(pid));
    puts("EXPECT fork fork child=1");
    puts("EXPECT process by_fork=1 announced=1");
    expect_stun("sendto", "out,udp", 20, 3);

    for (int i = 0; i < 20; i++)
        printf("nested vfork: %d\n", nested_vfork());

    int words = argc - 1 < RUNNER_MAX ? argc - 1 : RUNNER_MAX;
    memcpy(runner, argv + 1, (size_t)words * sizeof(*runner));
    runner[words] = argv[0];
    runner[words + 1] = "--child";
    runner[words + 2] = NULL;
    pid = vfork();
    if (pid == 0) {
        close(fd);
        execve(runner[0], runner, cleared);
        _exit(99);
    }
    printf("vfork and exec: %d\n", status_of(pid));
    printf("EXPECT exec execve out,repaired path=%s\n", runner[0]);
    puts("EXPECT process by_fork=0");
    printf("sendto: %zd\n", sendto(fd, b, stun_request(b, 20, 5), 0, to, len));
    expect_stun("sendto", "out,udp", 20, 5);
    return 0;
}
