/* The table of descriptors. */
#include "fdtab.h"

#include <linux/netlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "address.h"
#include "shim.h"
#include "stream.h"

_Atomic fd_word fdtab[FDTAB_SIZE];

static void replace(int fd, fd_word word)
{
    fd_word old = atomic_exchange_explicit(&fdtab[fd], word, memory_order_relaxed);
    if (unlikely(fd_stream(old)))
        stream_release(fd_stream(old));
}

void fdtab_set(int fd, fd_word word)
{
    if ((unsigned)fd < FDTAB_SIZE && !shim_thread.borrowed)
        replace(fd, word);
}

void fdtab_forget(int fd)
{
    if (fdtab_get(fd) != 0)
        fdtab_set(fd, 0);
}

void fdtab_forget_range(unsigned first, unsigned last)
{
    if (last >= FDTAB_SIZE)
        last = FDTAB_SIZE - 1;
    for (unsigned fd = first; fd <= last; fd++)
        fdtab_forget((int)fd);
}

void fdtab_copy(int from, int to)
{
    fd_word word = fdtab_get(from);

    if ((unsigned)to >= FDTAB_SIZE || shim_thread.borrowed || from == to)
        return;
    if (unlikely(fd_stream(word)) && !stream_hold(fd_stream(word)))
        word &= ~FD_STREAM_MASK; /* closed by another thread meanwhile */
    address_copy(from, to);
    if (fd_kind(word) == FD_UDP || fd_kind(word) == FD_TCP) {
        fdtab_change(from, 0, FD_SHARED);
        word |= FD_SHARED;
    }
    replace(to, word);
}

void fdtab_change(int fd, fd_word clear, fd_word set)
{
    if ((unsigned)fd >= FDTAB_SIZE || shim_thread.borrowed)
        return;
    fd_word word = atomic_load_explicit(&fdtab[fd], memory_order_relaxed);
    while (((word & ~clear) | set) != word &&
           !atomic_compare_exchange_weak_explicit(&fdtab[fd], &word, (word & ~clear) | set,
                                                  memory_order_relaxed, memory_order_relaxed))
        ;
}

unsigned fdtab_attach_stream(int fd, unsigned number)
{
    if ((unsigned)fd >= FDTAB_SIZE || shim_thread.borrowed)
        return 0;
    fd_word word = atomic_load_explicit(&fdtab[fd], memory_order_relaxed);
    while (fd_kind(word) == FD_TCP && fd_stream(word) == 0)
        if (atomic_compare_exchange_weak_explicit(&fdtab[fd], &word,
                                                  word | (fd_word)number << FD_STREAM_SHIFT,
                                                  memory_order_relaxed, memory_order_relaxed))
            return number;
    return fd_kind(word) == FD_TCP ? fd_stream(word) : 0;
}

bool fdtab_detach_stream(int fd, unsigned number)
{
    if ((unsigned)fd >= FDTAB_SIZE || shim_thread.borrowed)
        return false;
    fd_word word = atomic_load_explicit(&fdtab[fd], memory_order_relaxed);
    while (fd_stream(word) == number)
        if (atomic_compare_exchange_weak_explicit(&fdtab[fd], &word, word & ~FD_STREAM_MASK,
                                                  memory_order_relaxed, memory_order_relaxed))
            return true;
    return false;
}

fd_word fd_word_of_socket(int domain, int type, int protocol)
{
    fd_word family = domain == AF_INET6 ? FD_IPV6 : 0;

    type &= 0xf; /* without SOCK_CLOEXEC and SOCK_NONBLOCK */
    if (domain == AF_NETLINK)
        return protocol == NETLINK_ROUTE ? FD_ROUTE : FD_OTHER;
    if (domain != AF_INET && domain != AF_INET6)
        return FD_OTHER;
    if (type == SOCK_DGRAM &&
        (protocol == 0 || protocol == IPPROTO_UDP || protocol == IPPROTO_UDPLITE))
        return family | FD_UDP;
    if (type == SOCK_STREAM &&
        (protocol == 0 || protocol == IPPROTO_TCP || protocol == 262 /* IPPROTO_MPTCP */))
        return family | FD_TCP;
    return FD_UNKNOWN; /* raw, ping and the rest: only the cookie tells; they have addresses, too */
}
