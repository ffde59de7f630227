/* Memory that ends in the middle of things, and calls past libc's wrappers. */
#include <dlfcn.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "endpoints.h"
#include "transcript.h"

/* The last `there` bytes before a hole hold the start of a STUN message of len bytes. */
static uint8_t *cut_message(uint8_t *end, size_t there, size_t len)
{
    uint8_t whole[128];
    stun_request(whole, len, 5);
    memcpy(end - there, whole, there);
    return end - there;
}

static void cut_sends(const int fd[static 2])
{
    uint8_t *end = guarded(4096), buf[256];
    for (size_t there = 0; there <= 24; there += 4) {
        uint8_t *p = cut_message(end, there, 60);
        struct iovec iov[2] = {{p, there}, {end, 60 - there}};
        struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};
        say("%zu bytes are there", there);
        say_result("send of more", CALL(send, fd[0], p, 60, 0));
        say_result("write of more", CALL(write, fd[0], p, 60));
        say_result("sendmsg of more", CALL(sendmsg, fd[0], &msg, 0));
        say_result("writev of more", CALL(writev, fd[0], iov, 2));
        if (there > 0) {
            /* The message claims 60 bytes; what is there is all that may be looked at. */
            say_result("send of what is there", CALL(send, fd[0], p, there, 0));
            await_input(fd[1]);
            say_result("  into more room", CALL(recv, fd[1], buf, sizeof(buf), 0));
            CALL(send, fd[0], p, there, 0);
            await_input(fd[1]);
            say_result("  into just enough", CALL(recv, fd[1], end - there, there, 0));
            CALL(send, fd[0], p, there, 0);
            await_input(fd[1]);
            say_result("  into a hole", CALL(recv, fd[1], end - there + 1, there, MSG_DONTWAIT));
            while (recv(fd[1], buf, sizeof(buf), MSG_DONTWAIT) > 0) {
            }
        }
    }
    /* The structures themselves at the end of memory. */
    struct iovec one = {buf, 20};
    struct msghdr msg = {.msg_iov = &one, .msg_iovlen = 1};
    stun_request(buf, 20, 6);
    void *edge = end - sizeof(msg);
    memcpy(edge, &msg, sizeof(msg));
    say_result("msghdr at the end", CALL(sendmsg, fd[0], edge, 0));
    say_result("msghdr past the end", CALL(sendmsg, fd[0], (void *)((uint8_t *)edge + 8), 0));
    memcpy(end - sizeof(one), &one, sizeof(one));
    edge = end - sizeof(one);
    say_result("iovec at the end", CALL(writev, fd[0], edge, 1));
    say_result("iovec runs into a hole", CALL(writev, fd[0], edge, 2));
    msg.msg_iov = edge;
    msg.msg_iovlen = 3;
    say_result("sendmsg, iovec runs into a hole", CALL(sendmsg, fd[0], &msg, 0));
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    memcpy(end - 8, &to, 8);
    say_result("address runs into a hole",
               CALL(sendto, fd[0], buf, 20, 0, (struct sockaddr *)(void *)(end - 8), 16));
    say_result("connect, address runs into a hole",
               CALL(connect, fd[0], (struct sockaddr *)(void *)(end - 8), 16));
}

void calls_page_end(void)
{
    int fd[2];
    udp_pair(fd, AF_INET);
    cut_sends(fd);
    close(fd[0]);
    close(fd[1]);
}

void calls_syscall(void)
{
    uint8_t stun[20], buf[64];
    int fd[2];
    udp_pair(fd, AF_INET);
    stun_request(stun, 20, 8);
    struct iovec iov = {stun, 20};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
    say_result("SYS_sendto", CALL(syscall, SYS_sendto, fd[0], stun, 20UL, 0, NULL, 0));
    say_result("SYS_recvfrom", CALL(syscall, SYS_recvfrom, fd[1], buf, sizeof(buf), 0, NULL, NULL));
    say_result("SYS_sendmsg", CALL(syscall, SYS_sendmsg, fd[0], &msg, 0));
    say_result("SYS_read", CALL(syscall, SYS_read, fd[1], buf, sizeof(buf)));
    say_result("SYS_write", CALL(syscall, SYS_write, fd[0], stun, 20UL));
    iov = (struct iovec){buf, sizeof(buf)};
    say_result("SYS_recvmsg", CALL(syscall, SYS_recvmsg, fd[1], &msg, 0));
    say_result("SYS_sendto, bad pointer",
               CALL(syscall, SYS_sendto, fd[0], bad_pointer(), 20UL, 0, NULL, 0));
    say_result("SYS_sendto, bad descriptor",
               CALL(syscall, SYS_sendto, -1, bad_pointer(), 20UL, 0, NULL, 0));
    long made = CALL(syscall, SYS_socket, AF_INET, SOCK_DGRAM, 0);
    say_result("SYS_socket", made);
    long copy = CALL(syscall, SYS_dup, made);
    say_result("SYS_dup", copy);
    say_result("SYS_dup3", CALL(syscall, SYS_dup3, made, 61, 0));
    say_result("SYS_fcntl", CALL(syscall, SYS_fcntl, made, 0, 62));
    say_result("SYS_close", CALL(syscall, SYS_close, made));
    say_result("SYS_close", CALL(syscall, SYS_close, copy));
    say_result("SYS_close_range", CALL(syscall, SYS_close_range, 61, 62, 0));
    say_result("SYS_getpid", CALL(syscall, SYS_getpid) == getpid());
    /* Six arguments: mmap needs them all, the sixth is the offset. */
    char path[] = "/proc/self/exe", head[4] = "";
    int file = open(path, O_RDONLY);
    long where = CALL(syscall, SYS_mmap, NULL, 4096UL, 1, 2, file, 4096L);
    say("SYS_mmap with six arguments: %d", where > 0);
    ssize_t n = pread(file, head, sizeof(head), 4096);
    say("  the sixth came through: %d", n == 4 && where > 0 && memcmp(head, (void *)where, 4) == 0);
    close(file);
    /* Numbers with parts and with a structure of their own. */
    iov = (struct iovec){stun, 20};
    say_result("SYS_pwritev2", CALL(syscall, SYS_pwritev2, fd[0], &iov, 1L, -1L, -1L, 0L));
    iov = (struct iovec){buf, sizeof(buf)};
    say_result("SYS_preadv2", CALL(syscall, SYS_preadv2, fd[1], &iov, 1L, -1L, -1L, 0L));
    say_result("SYS_pwritev2, bad parts",
               CALL(syscall, SYS_pwritev2, fd[0], bad_pointer(), 1L, -1L, -1L, 0L));
    struct open_how how = {.flags = O_RDONLY};
    file = (int)CALL(syscall, SYS_openat2, AT_FDCWD, "/proc/net/dev", &how, sizeof(how));
    say_result("SYS_openat2", file);
    close(file);
    say_result("SYS_openat2, bad path",
               CALL(syscall, SYS_openat2, AT_FDCWD, bad_pointer(), &how, sizeof(how)));
    say_result("unknown number", CALL(syscall, 424242, 1, 2, 3, 4, 5, 6));
    say_result("negative number", CALL(syscall, -5));
    close(fd[0]);
    close(fd[1]);
}

/* Functions found by name are the same functions; through libc's own handle they go past any
 * library, and must still fit together. */
void calls_lookup(void)
{
    ssize_t (*by_default)(int, const void *, size_t, int) = NULL;
    ssize_t (*by_next)(int, const void *, size_t, int) = NULL;
    ssize_t (*by_handle)(int, const void *, size_t, int) = NULL;
    int (*open_socket)(int, int, int) = NULL;
    uint8_t stun[20], buf[64];
    int fd[2];
    void *libc = dlopen("libc.so.6", RTLD_LAZY | RTLD_NOLOAD);
    *(void **)&by_default = dlsym(RTLD_DEFAULT, "send");
    *(void **)&by_next = dlsym(RTLD_NEXT, "send");
    *(void **)&by_handle = libc ? dlsym(libc, "send") : NULL;
    *(void **)&open_socket = libc ? dlsym(libc, "socket") : NULL;
    say("found: %d %d %d %d", by_default != NULL, by_next != NULL, by_handle != NULL,
        open_socket != NULL);
    if (!by_default || !by_next || !by_handle || !open_socket)
        return;
    udp_pair(fd, AF_INET);
    stun_request(stun, 20, 9);
    say_result("RTLD_DEFAULT", by_default(fd[0], stun, 20, 0));
    say_result("RTLD_NEXT", by_next(fd[0], stun, 20, 0));
    say_result("libc's handle", by_handle(fd[0], stun, 20, 0));
    for (int i = 0; i < 3; i++) {
        await_input(fd[1]);
        say_result("arrived", CALL(recv, fd[1], buf, sizeof(buf), 0));
    }
    close(fd[0]);
    /* Made behind the library's back, at a number that it knew as something else. */
    int hidden = open_socket(AF_UNIX, SOCK_DGRAM, 0);
    say("same number again: %d", hidden == fd[0]);
    say_result("send on it", CALL(send, hidden, stun, 20, 0));
    close(hidden);
    close(fd[1]);
    dlclose(libc);
}
