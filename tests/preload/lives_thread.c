/* Threads: at work, cancelled inside a call, interrupted inside a call; and calls that end the
 * program. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "endpoints.h"
#include "lives.h"
#include "transcript.h"

enum { THREADS = 4, ROUNDS = 500 };

static void *work(void *arg)
{
    long *good = arg;
    for (int i = 0; i < ROUNDS; i++) {
        int fd[2];
        udp_pair(fd, i % 2 ? AF_INET : AF_INET6);
        int copy[2] = {fcntl(fd[0], F_DUPFD_CLOEXEC, 0), fd[1]};
        *good += lives_exchange(fd) == 0 && lives_exchange(copy) == 0;
        close(copy[0]);
        close(fd[0]);
        close(fd[1]);
    }
    return NULL;
}

void lives_threads(void)
{
    pthread_t thread[THREADS];
    long good[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&thread[i], NULL, work, &good[i]) != 0)
            fail("pthread_create");
    for (int i = 0; i < THREADS; i++) {
        pthread_join(thread[i], NULL);
        say("thread %d: %ld good rounds", i, good[i]);
    }
}

/* The calls that block, each a cancellation point. */
enum blocking {
    BY_RECV,
    BY_RECVFROM,
    BY_RECVMSG,
    BY_RECVMMSG,
    BY_READ,
    BY_READV,
    BY_ACCEPT,
    BY_ACCEPT4,
    BY_SEND,
    BY_WRITE,
    BY_SENDMSG,
    BLOCKING
};

struct blocked {
    enum blocking call;
    int fd;
    int cleaned;
};

static void clean_up(void *arg)
{
    struct blocked *b = arg;
    b->cleaned++;
}

static void *block(void *arg)
{
    struct blocked *b = arg;
    char buf[4096] = {0};
    struct iovec iov = {buf, sizeof(buf)};
    struct mmsghdr m = {.msg_hdr = {.msg_iov = &iov, .msg_iovlen = 1}};
    pthread_cleanup_push(clean_up, b);
    for (;;) {
        switch (b->call) {
        case BY_RECV:
            CALL(recv, b->fd, buf, sizeof(buf), 0);
            break;
        case BY_RECVFROM:
            CALL(recvfrom, b->fd, buf, sizeof(buf), 0, NULL, NULL);
            break;
        case BY_RECVMSG:
            CALL(recvmsg, b->fd, &m.msg_hdr, 0);
            break;
        case BY_RECVMMSG:
            CALL(recvmmsg, b->fd, &m, 1, 0, NULL);
            break;
        case BY_READ:
            (void)!CALL(read, b->fd, buf, sizeof(buf));
            break;
        case BY_READV:
            (void)!CALL(readv, b->fd, &iov, 1);
            break;
        case BY_ACCEPT:
            CALL(accept, b->fd, NULL, NULL);
            break;
        case BY_ACCEPT4:
            CALL(accept4, b->fd, NULL, NULL, 0);
            break;
        case BY_SEND:
            CALL(send, b->fd, buf, sizeof(buf), 0);
            break;
        case BY_WRITE:
            (void)!CALL(write, b->fd, buf, sizeof(buf));
            break;
        default:
            CALL(sendmsg, b->fd, &m.msg_hdr, 0);
            break;
        }
    }
    pthread_cleanup_pop(0);
    return NULL;
}

void lives_cancel(void)
{
    struct sockaddr_storage addr;
    socklen_t len;
    int listener = tcp_listener(AF_INET, &addr, &len), udp[2];
    udp_pair(udp, AF_INET);
    for (int call = 0; call < BLOCKING; call++) {
        int stream[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, stream) != 0)
            fail("socketpair");
        struct blocked b = {.call = (enum blocking)call,
                            .fd = call < BY_ACCEPT ? udp[1]
                                  : call < BY_SEND ? listener
                                                   : stream[0]};
        pthread_t thread;
        void *result = NULL;
        if (pthread_create(&thread, NULL, block, &b) != 0)
            fail("pthread_create");
        /* Whether it is inside the call already does not matter: each is a cancellation point. */
        pthread_cancel(thread);
        pthread_join(thread, &result);
        say("blocking call %d: cancelled %d, cleaned up %d", call, result == PTHREAD_CANCELED,
            b.cleaned);
        close(stream[0]);
        close(stream[1]);
    }
    say("the sockets live on: %d", lives_exchange(udp));
    close(listener);
    close(udp[0]);
    close(udp[1]);
}

static volatile sig_atomic_t handled;

static void on_signal(int number)
{
    (void)number;
    handled++;
}

struct waiting {
    int fd;
    atomic_int done;
    ssize_t result;
    int error;
};

static void *wait_in_recv(void *arg)
{
    struct waiting *w = arg;
    char buf[64];
    w->result = CALL(recv, w->fd, buf, sizeof(buf), 0);
    w->error = errno;
    atomic_store(&w->done, 1);
    return NULL;
}

void lives_signal(void)
{
    int fd[2];
    udp_pair(fd, AF_INET);
    for (int restart = 0; restart < 2; restart++) {
        struct sigaction act = {.sa_handler = on_signal, .sa_flags = restart ? SA_RESTART : 0};
        struct waiting w = {.fd = fd[1]};
        pthread_t thread;
        sigaction(SIGUSR1, &act, NULL);
        handled = 0;
        if (pthread_create(&thread, NULL, wait_in_recv, &w) != 0)
            fail("pthread_create");
        /* Signals until the call gives up; where it restarts, some signals and then a datagram. */
        while (!atomic_load(&w.done)) {
            if (restart && handled >= 5 && send(fd[0], "hello", 5, 0) != 5)
                fail("send");
            pthread_kill(thread, SIGUSR1);
            usleep(1000);
        }
        pthread_join(thread, NULL);
        errno = w.error;
        say_result(restart ? "recv that restarts" : "recv that does not", w.result);
    }
    signal(SIGUSR1, SIG_DFL);
    close(fd[0]);
    close(fd[1]);
}

void lives_abort(void)
{
    static const char *const what[] = {"__recv_chk", "__recvfrom_chk", "__read_chk",  "__open_2",
                                       "__open64_2", "__openat_2",     "__openat64_2"};
    struct rlimit none = {0, 0};
    int fd[2];
    udp_pair(fd, AF_INET);
    for (int i = 0; i < 7; i++) {
        pid_t pid = fork();
        if (pid == 0) {
            char buf[32];
            setrlimit(RLIMIT_CORE, &none);
            send(fd[0], "hello", 5, 0);
            switch (i) {
            case 0:
                CALL(__recv_chk, fd[1], buf, 64, 32, 0);
                break;
            case 1:
                CALL(__recvfrom_chk, fd[1], buf, 64, 32, 0, NULL, NULL);
                break;
            case 2:
                CALL(__read_chk, fd[1], buf, 64, 32);
                break;
            case 3:
                CALL(__open_2, "/nosuch/file", O_CREAT | O_RDWR);
                break;
            case 4:
                CALL(__open64_2, "/nosuch/file", O_CREAT | O_RDWR);
                break;
            case 5:
                CALL(__openat_2, AT_FDCWD, "/nosuch/file", O_CREAT | O_RDWR);
                break;
            default:
                CALL(__openat64_2, AT_FDCWD, "/nosuch/file", O_CREAT | O_RDWR);
                break;
            }
            _exit(0);
        }
        await_child(what[i], pid);
    }
    close(fd[0]);
    close(fd[1]);
}
