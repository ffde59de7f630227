/* Questions for names that the hosts file or the text itself answers; nothing leaves this machine.
 */
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <string.h>

#include "calls.h"
#include "endpoints.h"
#include "transcript.h"

/* Under these names and this version programs know them that were linked before glibc 2.34. */
int old_query(const char *name, int class, int type, unsigned char *answer, int size);
int old_nquery(struct __res_state *state, const char *name, int class, int type,
               unsigned char *answer, int size);
int old_search(const char *name, int class, int type, unsigned char *answer, int size);
#if defined(__aarch64__)
#define FIRST_VERSION "GLIBC_2.17"
#else
#define FIRST_VERSION "GLIBC_2.2.5"
#endif
__asm__(".symver old_query, __res_query@" FIRST_VERSION);
__asm__(".symver old_nquery, __res_nquery@" FIRST_VERSION);
__asm__(".symver old_search, __res_search@" FIRST_VERSION);

int old_nsearch(struct __res_state *state, const char *name, int class, int type,
                unsigned char *answer, int size);
__asm__(".symver old_nsearch, __res_nsearch@" FIRST_VERSION);

int old_querydomain(const char *name, const char *domain, int class, int type,
                    unsigned char *answer, int size);
int old_nquerydomain(struct __res_state *state, const char *name, const char *domain, int class,
                     int type, unsigned char *answer, int size);
int old_send(const unsigned char *message, int len, unsigned char *answer, int size);
int old_nsend(struct __res_state *state, const unsigned char *message, int len,
              unsigned char *answer, int size);
__asm__(".symver old_querydomain, __res_querydomain@" FIRST_VERSION);
__asm__(".symver old_nquerydomain, __res_nquerydomain@" FIRST_VERSION);
__asm__(".symver old_send, __res_send@" FIRST_VERSION);
__asm__(".symver old_nsend, __res_nsend@" FIRST_VERSION);

static void ask(const char *host, const char *service, int flags, int family)
{
    struct addrinfo hints = {.ai_family = family, .ai_socktype = SOCK_DGRAM, .ai_flags = flags},
                    *list = NULL;
    int result = CALL(getaddrinfo, host, service, &hints, &list);
    /* errno is not part of what getaddrinfo() promises and differs from call to call. */
    say("getaddrinfo %s %s: %d", host ? host : "NULL", service ? service : "NULL", result);
    if (result == 0) {
        for (struct addrinfo *i = list; i; i = i->ai_next)
            say_addr("  address", i->ai_addr, i->ai_addrlen);
        freeaddrinfo(list);
    }
}

static void say_host(const char *how, const struct hostent *host)
{
    char ip[INET6_ADDRSTRLEN];
    say("%s: %s", how, host ? host->h_name : "none");
    for (int i = 0; host && host->h_addr_list[i]; i++)
        say("  %s", inet_ntop(host->h_addrtype, host->h_addr_list[i], ip, sizeof(ip)));
}

void calls_name(void)
{
    ask("127.0.0.1", "3478", AI_NUMERICHOST | AI_NUMERICSERV, AF_UNSPEC);
    ask("::1", "53", AI_NUMERICHOST, AF_UNSPEC);
    ask("fe80::1%lo", NULL, AI_NUMERICHOST, AF_INET6);
    ask("localhost", NULL, 0, AF_INET);
    ask(NULL, "443", AI_PASSIVE, AF_INET);
    ask("not-a-number", NULL, AI_NUMERICHOST, AF_UNSPEC);
    ask("localhost", "no-such-service", 0, AF_INET);
    ask("localhost", NULL, 0, 4242);
    ask(NULL, NULL, 0, AF_UNSPEC);
    struct addrinfo *list = NULL;
    say("without hints: %d", CALL(getaddrinfo, "127.0.0.1", NULL, NULL, &list));
    freeaddrinfo(list);

    struct hostent host, *found = NULL;
    char buf[1024];
    int error = 0;
    say_host("gethostbyname", CALL(gethostbyname, "localhost"));
    say_host("gethostbyname2", CALL(gethostbyname2, "127.0.0.7", AF_INET));
    say("gethostbyname_r: %d",
        CALL(gethostbyname_r, "localhost", &host, buf, sizeof(buf), &found, &error));
    say_host("  found", found);
    say("gethostbyname2_r: %d",
        CALL(gethostbyname2_r, "::1", AF_INET6, &host, buf, sizeof(buf), &found, &error));
    say_host("  found", found);
    say("gethostbyname_r, no room: %d",
        CALL(gethostbyname_r, "localhost", &host, buf, 2, &found, &error));

    /* A name that can't be put into a question: refused before anything is sent. */
    static const char unaskable[] = "a..b";
    unsigned char reply[512];
    struct __res_state state;
    memset(&state, 0, sizeof(state));
    res_ninit(&state);
    say("res_query: %d", CALL(res_query, unaskable, 1, 1, reply, sizeof(reply)));
    say("res_nquery: %d", CALL(res_nquery, &state, unaskable, 1, 1, reply, sizeof(reply)));
    say("res_search: %d", CALL(res_search, "a..b.", 1, 1, reply, sizeof(reply)));
    transcript_mark(ROW___res_query);
    say("__res_query: %d", old_query(unaskable, 1, 1, reply, sizeof(reply)));
    transcript_mark(ROW___res_nquery);
    say("__res_nquery: %d", old_nquery(&state, unaskable, 1, 1, reply, sizeof(reply)));
    transcript_mark(ROW___res_search);
    say("__res_search: %d", old_search("a..b.", 1, 1, reply, sizeof(reply)));
    say("res_nsearch: %d", CALL(res_nsearch, &state, "a..b.", 1, 1, reply, sizeof(reply)));
    transcript_mark(ROW___res_nsearch);
    say("__res_nsearch: %d", old_nsearch(&state, "a..b.", 1, 1, reply, sizeof(reply)));
    say("res_querydomain: %d", CALL(res_querydomain, unaskable, "c", 1, 1, reply, sizeof(reply)));
    say("res_nquerydomain: %d",
        CALL(res_nquerydomain, &state, "a", unaskable, 1, 1, reply, sizeof(reply)));
    transcript_mark(ROW___res_querydomain);
    say("__res_querydomain: %d", old_querydomain(unaskable, "c", 1, 1, reply, sizeof(reply)));
    transcript_mark(ROW___res_nquerydomain);
    say("__res_nquerydomain: %d",
        old_nquerydomain(&state, unaskable, NULL, 1, 1, reply, sizeof(reply)));
    /* Without room for an answer nothing is sent. */
    static const unsigned char message[17] = {0, 1, 1, 0, 0, 1, [15] = 1, [16] = 0};
    say_result("res_send", CALL(res_send, message, sizeof(message), reply, 0));
    say_result("res_nsend", CALL(res_nsend, &state, message, sizeof(message), reply, 0));
    transcript_mark(ROW___res_send);
    say("__res_send: %d", old_send(message, sizeof(message), reply, 0));
    transcript_mark(ROW___res_nsend);
    say("__res_nsend: %d", old_nsend(&state, message, sizeof(message), reply, 0));
    res_nclose(&state);
}

void calls_name_back(void)
{
    const struct sockaddr_in in = {
        .sin_family = AF_INET, .sin_port = htons(53), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char host[256] = "", service[64] = "", buf[1024];
    struct hostent space, *found = NULL;
    int error = 0;

    say("getnameinfo: %d %s %s",
        CALL(getnameinfo, (const struct sockaddr *)&in, sizeof(in), host, sizeof(host), service,
             sizeof(service), NI_NUMERICHOST | NI_NUMERICSERV),
        host, service);
    say("getnameinfo, too short: %d",
        CALL(getnameinfo, (const struct sockaddr *)&in, 3, host, sizeof(host), NULL, 0, 0));
    say("getnameinfo, no room: %d", CALL(getnameinfo, (const struct sockaddr *)&in, sizeof(in),
                                         host, 1, NULL, 0, NI_NUMERICHOST));
    say_host("gethostbyaddr", CALL(gethostbyaddr, &in.sin_addr, sizeof(in.sin_addr), AF_INET));
    say_host("gethostbyaddr, too short", CALL(gethostbyaddr, &in.sin_addr, 3, AF_INET));
    say("gethostbyaddr_r: %d", CALL(gethostbyaddr_r, &in.sin_addr, sizeof(in.sin_addr), AF_INET,
                                    &space, buf, sizeof(buf), &found, &error));
    say_host("  found", found);
    say("getaddrinfo_a: %d", CALL(getaddrinfo_a, GAI_WAIT, NULL, 0, NULL));
    say("getaddrinfo_a, unknown mode: %d", CALL(getaddrinfo_a, 77, NULL, 0, NULL));
}
