/*
 * Serves the candidate-gathering page and takes its result: GET /, GET /config.json, POST /result.
 *
 * Single-threaded: the caller polls page_server_fd() and calls page_server_ready(). A result is any
 * JSON object of at most 1 MiB; it comes from a web page and is a stranger's word.
 */
#ifndef RTCSHIM_LAB_PAGE_SERVER_H
#define RTCSHIM_LAB_PAGE_SERVER_H

#include <jansson.h>

#include "netaddr.h"

struct page_server;

struct page_server_options {
    struct netaddr address; /* port 0 takes a free one */
    const json_t
        *config; /* what /config.json answers: {"iceServers":[...],"mode":...,"microphone":...};
                    borrowed for the call */
    /* Called from page_server_ready() for each result; borrows it. */
    void (*result)(const json_t *result, void *ctx);
    void *ctx;
};

/* *bound gets the address in use. NULL and errno on failure. */
struct page_server *page_server_new(const struct page_server_options *options,
                                    struct netaddr *bound);
void page_server_free(struct page_server *server);

int page_server_fd(const struct page_server *server);
/* Milliseconds until page_server_ready() is to be called even without input; -1 for never. */
int page_server_timeout_ms(const struct page_server *server);
void page_server_ready(struct page_server *server);

#endif
