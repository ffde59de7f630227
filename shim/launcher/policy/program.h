/*
 * A policy as it was written: one statement for each line that says something. docs/policy.md
 * describes the language.
 */
#ifndef RTCSHIM_LAUNCHER_PROGRAM_H
#define RTCSHIM_LAUNCHER_PROGRAM_H

#include "netaddr.h"
#include "policy.h"

enum {
    PROGRAM_BYTES_MAX = 256 * 1024, /* of the source */
    PROGRAM_STATEMENTS_MAX = 1024,
    PROGRAM_LIST_MAX = 256, /* items of one list */
};

enum program_verb {
    PROGRAM_ALLOW,
    PROGRAM_DENY,
    PROGRAM_HIDE,
    PROGRAM_SHOW,
    PROGRAM_DEFAULT, /* action says which */
    PROGRAM_REFUSE,  /* with refusal, of the denying rules below */
};

/* One item of a list of interfaces. */
enum program_iface_kind {
    PROGRAM_IFACE_NAME,    /* exactly */
    PROGRAM_IFACE_GLOB,    /* fnmatch(3) */
    PROGRAM_IFACE_KIND,    /* "tun", "wireguard", "ethernet" */
    PROGRAM_IFACE_DEFAULT, /* that of the default route */
    PROGRAM_IFACE_VPN,     /* $vpn, that of --vpn */
};

struct program_iface {
    enum program_iface_kind kind;
    bool is_not;
    bool quoted;
    char *text; /* name, pattern or kind; NULL for the last two. Owned */
};

struct program_server {
    bool is_not;
    char *name;            /* a host's, owned; NULL: prefix */
    struct netaddr prefix; /* bits behind the prefix are zero */
    uint8_t bits;
};

struct program_ports {
    uint16_t min, max;
};

/* Lists with a count of 0, and fields that are 0, were not given. */
struct program_statement {
    enum program_verb verb;
    unsigned line, column;
    enum policy_action action; /* PROGRAM_DEFAULT */
    bool masks;                /* PROGRAM_HIDE: `hide address`, the interface is shown without */
    uint16_t topics;           /* enum policy_topic bits; 0 any */
    uint8_t classes;           /* bits 1 << STUN class */
    uint8_t transports, proxied, family;
    bool refusal_given;
    int32_t refusal;
    uint32_t roles;                /* bits 1 << enum role */
    struct program_iface *iface;   /* `via`, and of hide and show */
    struct program_server *server; /* `to` */
    struct program_ports *port;
    uint16_t *method;
    size_t ifaces, servers, ports, methods;
};

struct program {
    struct program_statement *statement;
    size_t count;
    bool uses_vpn; /* $vpn stands in it */
};

void program_free(struct program *program);

/* Forget the last statement. */
void program_drop_last(struct program *program);

/* It says or may say of something that it is refused or hidden. */
bool program_restricts(const struct program *program);

/* Everything but lines and columns is the same. For tests of the printer. */
bool program_same(const struct program *a, const struct program *b);

/* The statement has qualifiers: it speaks only of a part of its topics. */
bool program_is_qualified(const struct program_statement *statement);

#endif
