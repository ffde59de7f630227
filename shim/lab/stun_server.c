/* The lab's STUN server: one UDP socket, one TCP listener and a few connections behind one epoll
 * descriptor. */
#include "stun_server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bytes.h"
#include "endpoint.h"
#include "stun.h"

enum {
    CONNECTIONS_MAX = 16,
    MESSAGE_BYTES_MAX = 2048,
    PORT_TRIES = 16, /* a free UDP port may be taken for TCP */
    BATCH = 64,      /* datagrams a call, so that a flood can't starve the page server */
};

struct connection {
    int fd; /* -1 free */
    struct netaddr peer;
    size_t len;
    uint8_t buf[MESSAGE_BYTES_MAX];
};

struct stun_server {
    int epoll_fd, udp_fd, tcp_fd;
    unsigned next_victim; /* the connection that gives way when all are in use */
    struct connection connections[CONNECTIONS_MAX];
};

static void connection_close(struct connection *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->len = 0;
}

static void udp_ready(struct stun_server *server)
{
    uint8_t in[MESSAGE_BYTES_MAX], out[MESSAGE_BYTES_MAX];

    for (int i = 0; i < BATCH; i++) {
        struct sockaddr_storage storage;
        socklen_t storage_len = sizeof(storage);
        ssize_t got =
            recvfrom(server->udp_fd, in, sizeof(in), 0, (struct sockaddr *)&storage, &storage_len);
        struct netaddr from;
        size_t len;

        if (got < 0)
            return;
        from = netaddr_from_sockaddr((const struct sockaddr *)&storage, storage_len);
        len = stun_server_answer(in, (size_t)got, &from, out, sizeof(out));
        /* An answer that the kernel can't take now is lost, as on any network; the client asks
         * again. */
        if (len > 0)
            (void)sendto(server->udp_fd, out, len, 0, (const struct sockaddr *)&storage,
                         storage_len);
    }
}

/* Answers every whole message at the buffer's front; false where the connection is to be closed. */
static bool connection_answer(struct connection *c)
{
    uint8_t out[MESSAGE_BYTES_MAX];

    while (c->len >= STUN_HEADER_BYTES) {
        size_t need = STUN_HEADER_BYTES + (size_t)be16(c->buf + 2);
        size_t len;

        if (be32(c->buf + 4) != STUN_COOKIE || need > sizeof(c->buf))
            return false;
        if (c->len < need)
            return true;
        len = stun_server_answer(c->buf, need, &c->peer, out, sizeof(out));
        if (len > 0 && send(c->fd, out, len, MSG_NOSIGNAL) != (ssize_t)len)
            return false; /* a client that does not read its answers */
        c->len -= need;
        memmove(c->buf, c->buf + need, c->len);
    }
    return true;
}

static void connection_ready(struct connection *c)
{
    ssize_t got = recv(c->fd, c->buf + c->len, sizeof(c->buf) - c->len, 0);

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        connection_close(c);
        return;
    }
    c->len += (size_t)got;
    if (!connection_answer(c))
        connection_close(c);
}

static struct connection *free_connection(struct stun_server *server)
{
    struct connection *victim;

    for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
        if (server->connections[i].fd < 0)
            return &server->connections[i];
    }
    victim = &server->connections[server->next_victim++ % CONNECTIONS_MAX];
    connection_close(victim);
    return victim;
}

static void tcp_ready(struct stun_server *server)
{
    struct sockaddr_storage storage;
    socklen_t len = sizeof(storage);
    int fd =
        accept4(server->tcp_fd, (struct sockaddr *)&storage, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct connection *c;
    struct epoll_event ev = {.events = EPOLLIN};

    if (fd < 0)
        return;
    c = free_connection(server);
    c->fd = fd;
    c->peer = netaddr_from_sockaddr((const struct sockaddr *)&storage, len);
    ev.data.ptr = c;
    if (epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, fd, &ev) != 0)
        connection_close(c);
}

static int listen_on(const struct netaddr *address, int type)
{
    struct sockaddr_storage storage;
    socklen_t len = endpoint_to_sockaddr(address, &storage);
    int fd = socket(storage.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int one = 1;

    if (fd < 0)
        return -1;
    if (type == SOCK_STREAM)
        (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (bind(fd, (const struct sockaddr *)&storage, len) == 0 &&
        (type == SOCK_DGRAM || listen(fd, CONNECTIONS_MAX) == 0))
        return fd;
    int error = errno;

    close(fd);
    errno = error;
    return -1;
}

static bool open_sockets(struct stun_server *server, const struct netaddr *address,
                         struct netaddr *bound)
{
    for (int i = 0; i < PORT_TRIES; i++) {
        server->udp_fd = listen_on(address, SOCK_DGRAM);
        if (server->udp_fd < 0)
            return false;
        *bound = endpoint_of_socket(server->udp_fd);
        server->tcp_fd = listen_on(bound, SOCK_STREAM);
        if (server->tcp_fd >= 0)
            return true;
        int error = errno;

        close(server->udp_fd);
        server->udp_fd = -1;
        errno = error;
        if (address->port != 0 || error != EADDRINUSE)
            return false;
    }
    return false;
}

static bool watch(struct stun_server *server, int *fd)
{
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = fd};

    return epoll_ctl(server->epoll_fd, EPOLL_CTL_ADD, *fd, &ev) == 0;
}

struct stun_server *stun_server_new(const struct netaddr *address, struct netaddr *bound)
{
    struct stun_server *server = calloc(1, sizeof(*server));

    if (server == NULL)
        return NULL;
    server->udp_fd = server->tcp_fd = -1;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        server->connections[i].fd = -1;
    server->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (server->epoll_fd >= 0 && open_sockets(server, address, bound) &&
        watch(server, &server->udp_fd) && watch(server, &server->tcp_fd))
        return server;
    int error = errno;

    stun_server_free(server);
    errno = error;
    return NULL;
}

void stun_server_free(struct stun_server *server)
{
    if (server == NULL)
        return;
    for (size_t i = 0; i < CONNECTIONS_MAX; i++)
        connection_close(&server->connections[i]);
    if (server->udp_fd >= 0)
        close(server->udp_fd);
    if (server->tcp_fd >= 0)
        close(server->tcp_fd);
    if (server->epoll_fd >= 0)
        close(server->epoll_fd);
    free(server);
}

int stun_server_fd(const struct stun_server *server)
{
    return server->epoll_fd;
}

void stun_server_ready(struct stun_server *server)
{
    struct epoll_event events[CONNECTIONS_MAX + 2];
    int n = epoll_wait(server->epoll_fd, events, CONNECTIONS_MAX + 2, 0);

    for (int i = 0; i < n; i++) {
        void *what = events[i].data.ptr;

        if (what == &server->udp_fd)
            udp_ready(server);
        else if (what == &server->tcp_fd)
            tcp_ready(server);
        else if (((struct connection *)what)->fd >= 0)
            connection_ready(what);
    }
}
