/* Keeps the addresses of the hosts that a policy names. */
#include "hosts.h"

#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

static bool add(struct host *host, const struct netaddr *addr)
{
    for (size_t i = 0; i < host->addrs; i++)
        if (netaddr_same_ip(&host->addr[i], addr))
            return false;
    if (host->addrs == HOSTS_ADDRS_MAX)
        return false;
    host->addr[host->addrs] = *addr;
    host->addr[host->addrs].port = 0;
    host->addr[host->addrs++].scope_id = 0;
    return true;
}

static void ask_for(struct host *host)
{
    struct addrinfo wanted = {.ai_socktype = SOCK_DGRAM};
    struct addrinfo *found;

    if (getaddrinfo(host->name, NULL, &wanted, &found) != 0)
        return;
    for (const struct addrinfo *a = found; a; a = a->ai_next) {
        struct netaddr addr = netaddr_from_sockaddr(a->ai_addr, a->ai_addrlen);
        if (addr.family != NETADDR_NONE)
            add(host, &addr);
    }
    freeaddrinfo(found);
}

static struct host *find(struct hosts *hosts, const char *name)
{
    for (size_t i = 0; i < hosts->count; i++)
        if (strcasecmp(hosts->host[i].name, name) == 0)
            return &hosts->host[i];
    return NULL;
}

void hosts_take(struct hosts *hosts, const struct program *program, const struct names *names,
                bool ask)
{
    memset(hosts, 0, sizeof *hosts);
    hosts->names = names;
    for (size_t i = 0; i < program->count; i++)
        for (size_t k = 0; k < program->statement[i].servers; k++) {
            const char *name = program->statement[i].server[k].name;
            struct host *host;
            if (!name || hosts->count == HOSTS_MAX || find(hosts, name))
                continue;
            host = &hosts->host[hosts->count];
            host->name = strdup(name);
            if (!host->name)
                continue;
            hosts->count++;
            if (ask)
                ask_for(host);
        }
    (void)hosts_learn(hosts);
}

void hosts_free(struct hosts *hosts)
{
    for (size_t i = 0; i < hosts->count; i++)
        free(hosts->host[i].name);
    memset(hosts, 0, sizeof *hosts);
}

bool hosts_learn(struct hosts *hosts)
{
    bool fresh = false;

    for (size_t i = 0; hosts->names && i < hosts->count; i++) {
        struct netaddr addr[HOSTS_ADDRS_MAX];
        size_t count = names_addresses(hosts->names, hosts->host[i].name, addr, HOSTS_ADDRS_MAX);
        for (size_t k = 0; k < count; k++)
            fresh |= add(&hosts->host[i], &addr[k]);
    }
    return fresh;
}

size_t hosts_resolve(const char *name, struct netaddr *out, size_t max, void *ctx)
{
    const struct host *host = find(ctx, name);
    size_t count = host ? host->addrs : 0;

    if (count > max)
        count = max;
    for (size_t i = 0; i < count; i++)
        out[i] = host->addr[i];
    return count;
}

json_t *hosts_json(const struct hosts *hosts)
{
    json_t *json = json_object();

    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *host = &hosts->host[i];
        json_t *list = json_array();
        for (size_t k = 0; k < host->addrs; k++) {
            char ip[NETADDR_IP_TEXT_BYTES];
            json_array_append_new(list,
                                  json_string(netaddr_format_ip(&host->addr[k], ip, sizeof ip)));
        }
        json_object_set_new(json, host->name, list);
    }
    return json;
}

void hosts_add_json(struct hosts *hosts, const json_t *json)
{
    for (size_t i = 0; i < hosts->count; i++) {
        const json_t *list = json_object_get(json, hosts->host[i].name);
        json_t *ip;
        size_t k;
        json_array_foreach(list, k, ip)
        {
            struct netaddr addr;
            if (json_is_string(ip) && netaddr_parse_ip(json_string_value(ip), &addr))
                add(&hosts->host[i], &addr);
        }
    }
}
