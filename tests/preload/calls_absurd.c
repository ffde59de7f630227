/* Lengths, counts and addresses that no honest program passes: the kernel refuses them or takes
 * them without a look, and nobody else may follow them either. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Wrong on purpose. */
#pragma GCC diagnostic ignored "-Wstringop-overflow"
#pragma GCC diagnostic ignored "-Wstringop-overread"
#pragma GCC diagnostic ignored "-Wnonnull"

#include "calls.h"
#include "endpoints.h"
#include "transcript.h"

/* bytes[0..len) at the very end of readable memory. */
static void *at_edge(const void *bytes, size_t len)
{
    uint8_t *end = guarded(len);
    memcpy(end - len, bytes, len);
    return end - len;
}

void calls_absurd_send(void)
{
    struct sockaddr_storage to;
    socklen_t to_len;
    uint8_t stun[20];
    int fd[2], other = udp_bound(AF_INET, &to, &to_len);
    udp_pair(fd, AF_INET);
    stun_request(stun, sizeof(stun), 1);

    struct iovec *one = at_edge(&(struct iovec){stun, sizeof(stun)}, sizeof(*one));
    struct msghdr msg = {.msg_name = &to, .msg_namelen = to_len, .msg_iov = one};
    static const size_t counts[] = {2, 1024, 1025, (size_t)1 << 32, (size_t)1 << 60, SIZE_MAX};
    for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
        msg.msg_iovlen = counts[i];
        say("%zu parts, one of them there", counts[i]);
        say_result("  sendmsg", CALL(sendmsg, other, &msg, 0));
        say_result("  sendmmsg", CALL(sendmmsg, other, &(struct mmsghdr){.msg_hdr = msg}, 1, 0));
        say_result("  writev", CALL(writev, fd[0], one, (int)counts[i]));
    }
    /* Far more than a datagram holds; that it is refused at once is counted elsewhere. */
    size_t huge = (size_t)1 << 30;
    void *mem = mmap(NULL, huge, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    say_result("sendto of 1 GiB",
               CALL(sendto, other, mem, huge, 0, (struct sockaddr *)&to, to_len));
    munmap(mem, huge);

    /* A part of a corked datagram: the kernel does not read its control message, whatever length
     * that claims. */
    int corked = socket(AF_INET, SOCK_DGRAM, 0);
    connect(corked, (struct sockaddr *)&to, to_len);
    say_result("first part", CALL(send, corked, stun, sizeof(stun), MSG_MORE));
    struct cmsghdr head = {
        .cmsg_len = (size_t)-64, .cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO};
    struct iovec iov = {stun, sizeof(stun)};
    msg = (struct msghdr){.msg_iov = &iov,
                          .msg_iovlen = 1,
                          .msg_control = at_edge(&head, sizeof(head)),
                          .msg_controllen = sizeof(head)};
    say_result("second part, a control message of endless length", CALL(sendmsg, corked, &msg, 0));
    close(corked);
    close(other);
    close(fd[0]);
    close(fd[1]);
}

void calls_absurd_recv(void)
{
    struct sockaddr_storage self;
    socklen_t self_len;
    uint8_t stun[20], buf[64], zero[4] = {0};
    struct iovec iov = {buf, sizeof(buf)};
    int fd = udp_bound(AF_INET, &self, &self_len);
    static const socklen_t rooms[] = {0, 1, 2, 4};
    for (size_t i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        /* A number where an address should be, and no room there: the kernel writes nothing. */
        void *name = rooms[i] == 0 ? bad_pointer() : at_edge(zero, rooms[i]);
        struct mmsghdr m = {
            .msg_hdr = {
                .msg_name = name, .msg_namelen = rooms[i], .msg_iov = &iov, .msg_iovlen = 1}};
        say("room for %u bytes of the address", rooms[i]);
        sendto(fd, stun, stun_request(stun, 20, 1), 0, (struct sockaddr *)&self, self_len);
        await_input(fd);
        say_result("  recvmsg", CALL(recvmsg, fd, &m.msg_hdr, 0));
        say("  length of the address %u", m.msg_hdr.msg_namelen);
        m.msg_hdr.msg_namelen = rooms[i];
        sendto(fd, stun, stun_request(stun, 20, 2), 0, (struct sockaddr *)&self, self_len);
        await_input(fd);
        say_result("  recvmmsg", CALL(recvmmsg, fd, &m, 1, 0, NULL));
        socklen_t len = rooms[i];
        sendto(fd, stun, stun_request(stun, 20, 3), 0, (struct sockaddr *)&self, self_len);
        await_input(fd);
        say_result("  recvfrom", CALL(recvfrom, fd, buf, sizeof(buf), 0, name, &len));
        say("  length of the address %u", len);
    }
    close(fd);
}

/* An option's length may go past its value: the kernel reads what the option takes. */
void calls_absurd_option(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), mark = 5, lo = 1, on = 1;
    char device[15] = "lo";
    say_result("SO_MARK",
               CALL(setsockopt, fd, SOL_SOCKET, SO_MARK, at_edge(&mark, sizeof(mark)), 100000));
    say_result("SO_BINDTODEVICE", CALL(setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE,
                                       at_edge(device, sizeof(device)), 100000));
    say_result("SO_BINDTOIFINDEX", CALL(setsockopt, fd, SOL_SOCKET, SO_BINDTOIFINDEX,
                                        at_edge(&lo, sizeof(lo)), 100000));
    say_result("SO_REUSEADDR",
               CALL(setsockopt, fd, SOL_SOCKET, SO_REUSEADDR, at_edge(&on, sizeof(on)), 100000));
    close(fd);
}

static void refused_calls(void)
{
    void *p = bad_pointer();
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    refuse_call(SYS_connect, EPERM);
    say_result("connect", CALL(connect, fd, p, 16));
    refuse_call(SYS_sendto, EPERM);
    say_result("send", CALL(send, fd, p, 20, 0));
    say_result("sendto", CALL(sendto, fd, p, 20, 0, p, 16));
    refuse_call(SYS_sendmsg, EACCES);
    say_result("sendmsg", CALL(sendmsg, fd, p, 0));
    say_result("sendmsg, bad parts",
               CALL(sendmsg, fd, &(struct msghdr){.msg_iov = p, .msg_iovlen = 2}, 0));
    struct iovec *one = at_edge(&(struct iovec){p, 20}, sizeof(*one));
    struct msghdr endless = {.msg_iov = one, .msg_iovlen = (size_t)1 << 60};
    say_result("sendmsg, endless parts", CALL(sendmsg, fd, &endless, 0));
    refuse_call(SYS_sendmmsg, ENOBUFS);
    say_result("sendmmsg", CALL(sendmmsg, fd, p, 2, 0));
    refuse_call(SYS_writev, ENOSPC);
    say_result("writev", CALL(writev, fd, p, 2));
    refuse_call(SYS_bind, EPERM);
    say_result("bind", CALL(bind, fd, p, 16));
    refuse_call(SYS_setsockopt, EPERM);
    say_result("setsockopt", CALL(setsockopt, fd, SOL_SOCKET, SO_BINDTODEVICE, p, 16));
}

void calls_filtered(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        refused_calls();
        _exit(0);
    }
    await_child("refused by a filter", pid);
}
