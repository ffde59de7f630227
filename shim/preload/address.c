/* What a socket's addresses are, asked once. */
#include "address.h"

#include <errno.h>

#include "shim.h"

/* Valid where the descriptor's word has FD_LOCAL, FD_PEER. Untouched pages of it cost nothing. */
static struct {
    struct netaddr local, peer;
} known[FDTAB_SIZE];

typedef int ask_function(int, struct sockaddr *, socklen_t *);

static struct netaddr ask(int fd, ask_function *function)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof addr;
    int saved = errno;
    int result = function(fd, (struct sockaddr *)&addr, &len);

    errno = saved;
    return result == 0 ? netaddr_from_sockaddr((struct sockaddr *)&addr, len) : (struct netaddr){0};
}

/* The flag is set after the address is written, and read before it. */
static struct netaddr remember(int fd, fd_word flag, struct netaddr *place, ask_function *function)
{
    struct netaddr addr = ask(fd, function);

    if (addr.family != NETADDR_NONE && addr.port != 0 && !shim_thread.borrowed) {
        *place = addr;
        atomic_thread_fence(memory_order_release);
        fdtab_change(fd, 0, flag);
    }
    return addr;
}

struct netaddr address_local(int fd)
{
    if ((unsigned)fd >= FDTAB_SIZE)
        return ask(fd, REAL(getsockname));
    if (fdtab_get(fd) & FD_LOCAL) {
        atomic_thread_fence(memory_order_acquire);
        return known[fd].local;
    }
    return remember(fd, FD_LOCAL, &known[fd].local, REAL(getsockname));
}

struct netaddr address_peer(int fd)
{
    if ((unsigned)fd >= FDTAB_SIZE)
        return ask(fd, REAL(getpeername));
    if (fdtab_get(fd) & FD_PEER) {
        atomic_thread_fence(memory_order_acquire);
        return known[fd].peer;
    }
    return remember(fd, FD_PEER, &known[fd].peer, REAL(getpeername));
}

void address_copy(int from, int to)
{
    if ((unsigned)from < FDTAB_SIZE && (unsigned)to < FDTAB_SIZE &&
        fdtab_get(from) & (FD_LOCAL | FD_PEER))
        known[to] = known[from];
}
