/* The lab's page server, on libmicrohttpd driven from the caller's loop. */
#include "page_server.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint.h"
#include "gather_page.h"

enum { RESULT_BYTES_MAX = 1 << 20, CONNECTIONS_MAX = 64, IDLE_SECONDS = 30 };

struct page_server {
    struct MHD_Daemon *daemon;
    int epoll_fd;
    char *config;
    void (*result)(const json_t *result, void *ctx);
    void *ctx;
};

/* The body of a POST as it arrives, and what it turned out to be. */
struct upload {
    json_t *result;
    size_t len;
    bool too_long;
    char bytes[RESULT_BYTES_MAX];
};

static enum MHD_Result reply(struct MHD_Connection *c, unsigned status, const char *type,
                             const char *bytes, size_t len)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(len, (void *)(uintptr_t)bytes, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result done;

    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", type);
    MHD_add_response_header(response, "Cache-Control", "no-store");
    done = MHD_queue_response(c, status, response);
    MHD_destroy_response(response);
    return done;
}

static enum MHD_Result reply_text(struct MHD_Connection *c, unsigned status, const char *text)
{
    return reply(c, status, "text/plain; charset=utf-8", text, strlen(text));
}

static enum MHD_Result answer_get(struct page_server *server, struct MHD_Connection *c,
                                  const char *url)
{
    if (strcmp(url, "/") == 0)
        return reply(c, MHD_HTTP_OK, "text/html; charset=utf-8", gather_page, gather_page_bytes);
    if (strcmp(url, "/config.json") == 0)
        return reply(c, MHD_HTTP_OK, "application/json", server->config, strlen(server->config));
    return reply_text(c, MHD_HTTP_NOT_FOUND, "not found\n");
}

static void upload_append(struct upload *upload, const char *bytes, size_t len)
{
    if (len > sizeof(upload->bytes) - upload->len) {
        upload->too_long = true;
        return;
    }
    memcpy(upload->bytes + upload->len, bytes, len);
    upload->len += len;
}

static enum MHD_Result answer_result(struct MHD_Connection *c, struct upload *upload)
{
    if (upload->too_long)
        return reply_text(c, MHD_HTTP_CONTENT_TOO_LARGE, "a result has at most 1 MiB\n");
    upload->result = json_loadb(upload->bytes, upload->len, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(upload->result)) {
        json_decref(upload->result);
        upload->result = NULL;
        return reply_text(c, MHD_HTTP_BAD_REQUEST, "a result is a JSON object\n");
    }
    return reply_text(c, MHD_HTTP_OK, "thank you\n");
}

/* libmicrohttpd calls this once for a request's head, then for each piece of its body, then once
 * with no bytes. */
static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c, const char *url,
                                  const char *method, const char *version, const char *body,
                                  size_t *body_len, void **state)
{
    struct page_server *server = ctx;
    struct upload *upload = *state;

    (void)version;
    if (strcmp(method, MHD_HTTP_METHOD_GET) == 0)
        return answer_get(server, c, url);
    if (strcmp(method, MHD_HTTP_METHOD_POST) != 0 || strcmp(url, "/result") != 0)
        return reply_text(c, MHD_HTTP_NOT_FOUND, "not found\n");
    if (upload == NULL) {
        *state = upload = malloc(sizeof(*upload));
        if (upload == NULL)
            return MHD_NO;
        upload->result = NULL;
        upload->len = 0;
        upload->too_long = false;
        return MHD_YES;
    }
    if (*body_len > 0) {
        upload_append(upload, body, *body_len);
        *body_len = 0;
        return MHD_YES;
    }
    return answer_result(c, upload);
}

/* The result is told here and not before, so that a caller who ends at the first one does not cut
 * the page's answer off. */
static void on_completed(void *ctx, struct MHD_Connection *c, void **state,
                         enum MHD_RequestTerminationCode code)
{
    struct page_server *server = ctx;
    struct upload *upload = *state;

    (void)c;
    (void)code;
    *state = NULL;
    if (upload == NULL)
        return;
    if (upload->result != NULL)
        server->result(upload->result, server->ctx);
    json_decref(upload->result);
    free(upload);
}

static bool start_daemon(struct page_server *server, const struct netaddr *address,
                         struct netaddr *bound)
{
    unsigned flags = MHD_USE_EPOLL | (address->family == NETADDR_IPV6 ? MHD_USE_IPv6 : 0);
    struct sockaddr_storage storage;
    const union MHD_DaemonInfo *info;

    endpoint_to_sockaddr(address, &storage);
    server->daemon =
        MHD_start_daemon(flags, address->port, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR,
                         &storage, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
                         MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_END);
    if (server->daemon == NULL)
        return false;
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    if (info == NULL)
        return false;
    server->epoll_fd = info->epoll_fd;
    info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    if (info == NULL)
        return false;
    *bound = *address;
    bound->port = info->port;
    return true;
}

struct page_server *page_server_new(const struct page_server_options *options,
                                    struct netaddr *bound)
{
    struct page_server *server = calloc(1, sizeof(*server));
    int error;

    if (server == NULL)
        return NULL;
    server->result = options->result;
    server->ctx = options->ctx;
    server->config = json_dumps(options->config, JSON_COMPACT);
    errno = 0;
    if (server->config != NULL && start_daemon(server, &options->address, bound))
        return server;
    error = errno != 0 ? errno : ENOMEM;
    page_server_free(server);
    errno = error;
    return NULL;
}

void page_server_free(struct page_server *server)
{
    if (server == NULL)
        return;
    if (server->daemon != NULL)
        MHD_stop_daemon(server->daemon);
    free(server->config);
    free(server);
}

int page_server_fd(const struct page_server *server)
{
    return server->epoll_fd;
}

int page_server_timeout_ms(const struct page_server *server)
{
    MHD_UNSIGNED_LONG_LONG ms = 0;

    if (MHD_get_timeout(server->daemon, &ms) != MHD_YES)
        return -1;
    return ms > 60000 ? 60000 : (int)ms;
}

void page_server_ready(struct page_server *server)
{
    MHD_run(server->daemon);
}
