/* Policies compiled against made-up networks, and judged as the library does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <errno.h>
#include <net/if_arp.h>

#include <cmocka.h>

#include "compiler.h"
#include "history.h"
#include "parser.h"
#include "policy_tables.h"
#include "printer.h"
#include "role.h"
#include "source.h"

static struct netview view;
static struct compiler_report notes;
static struct policy_table compiled;
static struct policy_shared policy;
static const char *vpn;

static void add_iface(uint32_t ifindex, const char *name, const char *kind, uint16_t type)
{
    struct netview_iface *iface = &view.iface[view.ifaces++];

    memset(iface, 0, sizeof *iface);
    iface->ifindex = ifindex;
    iface->type = type;
    iface->loopback = type == ARPHRD_LOOPBACK;
    (void)snprintf(iface->name, sizeof iface->name, "%s", name);
    (void)snprintf(iface->kind, sizeof iface->kind, "%s", kind);
}

static void add_address(uint32_t ifindex, const char *ip, uint8_t bits)
{
    view.addr[view.addrs++] =
        (struct netview_addr){.addr = address(ip, 0), .prefix_bits = bits, .ifindex = ifindex};
}

/* lo, eth0 (IPv6 default), wlan0, tun0 (IPv4 default), docker0, veth1 */
enum { IF_WLAN = 20, IF_VETH = 30 };

static int a_network(void **state)
{
    (void)state;
    memset(&view, 0, sizeof view);
    vpn = NULL;
    add_iface(IF_LO, "lo", "", ARPHRD_LOOPBACK);
    add_iface(IF_ETH, "eth0", "", ARPHRD_ETHER);
    add_iface(IF_WLAN, "wlan0", "", ARPHRD_ETHER);
    view.iface[2].wireless = true;
    add_iface(IF_TUN, "tun0", "tun", ARPHRD_NONE);
    add_iface(IF_DOCKER, "docker0", "bridge", ARPHRD_ETHER);
    add_iface(IF_VETH, "veth1", "veth", ARPHRD_ETHER);
    add_address(IF_LO, "127.0.0.1", 8);
    add_address(IF_LO, "::1", 128);
    add_address(IF_ETH, "192.168.1.23", 24);
    add_address(IF_ETH, "2001:db8:1::23", 64);
    add_address(IF_WLAN, "192.168.2.23", 24);
    add_address(IF_TUN, "10.8.0.2", 24);
    add_address(IF_DOCKER, "172.17.0.1", 16);
    view.default_inet = IF_TUN;
    view.default_inet6 = IF_ETH;
    view.resolvers = 1;
    view.resolver[0] = address("192.168.1.1", 0);
    view.dns_ifindex = IF_ETH;
    return 0;
}

static size_t resolve(const char *name, struct netaddr *out, size_t max, void *ctx)
{
    (void)ctx;
    if (strcmp(name, "turn.example.org") != 0 || max < 2)
        return 0;
    out[0] = address("198.51.100.10", 0);
    out[1] = address("2001:db8:ffff::10", 0);
    return 2;
}

static bool try_compile(const char *text)
{
    struct compiler_options options = {
        .name = "test", .vpn = vpn, .view = &view, .resolve = resolve};
    struct parser_report report;
    struct program program;
    bool ok;

    if (!parser_parse(text, strlen(text), &program, &report))
        fail_msg("%s: %s", text, report.note[0].message);
    ok = compiler_run(&program, &options, &compiled, &notes);
    program_free(&program);
    if (ok) {
        policy_format(&policy);
        policy_publish(&policy, &compiled);
        assert_true(policy_valid(&policy, sizeof policy));
    }
    return ok;
}

static void compile(const char *text)
{
    if (!try_compile(text))
        fail_msg("%s: %s", text, notes.error);
}

/* "tun0" where it may leave by that interface after pinning, "yes" as it is, "no" not at all. */
static const char *judged(struct policy_subject about)
{
    struct policy_verdict verdict = policy_judge(&policy, &about);

    if (verdict.action == POLICY_ALLOW)
        return "yes";
    if (verdict.action == POLICY_DENY)
        return "no";
    for (size_t i = 0; i < view.ifaces; i++)
        if (view.iface[i].ifindex == verdict.ifindex)
            return view.iface[i].name;
    return "?";
}

static const char *stun_to(const char *ip)
{
    return judged((struct policy_subject){.topic = POLICY_STUN,
                                          .transport = POLICY_UDP,
                                          .stun_method = 1,
                                          .proxied = POLICY_DIRECT,
                                          .server = address(ip, 3478)});
}

static const char *stun_via(uint32_t ifindex)
{
    return judged((struct policy_subject){.topic = POLICY_STUN,
                                          .transport = POLICY_UDP,
                                          .stun_method = 1,
                                          .proxied = POLICY_DIRECT,
                                          .ifindex = ifindex,
                                          .server = address("198.51.100.10", 3478)});
}

static unsigned hidden(uint32_t ifindex)
{
    return policy_hidden_index(&policy, ifindex);
}

#define SERVER  "198.51.100.10"
#define SERVER6 "2001:db8:ffff::10"

/* --- interfaces ------------------------------------------------------------------------------- */

static void patterns_mean_the_interfaces_that_are_there(void **state)
{
    static const struct {
        const char *via;
        const char *eth, *wlan, *tun, *docker, *veth, *fresh; /* is a denied message let through */
    } rows[] = {
        {"tun0", "yes", "yes", "no", "yes", "yes", "yes"},
        {"!tun0", "no", "no", "yes", "no", "no", "no"},
        {"tun0,eth0", "no", "yes", "no", "yes", "yes", "yes"},
        {"!tun0,!eth0", "yes", "no", "yes", "no", "no", "no"},
        {"*", "no", "no", "no", "no", "no", "yes"},
        {"?eth?", "yes", "yes", "yes", "yes", "no", "yes"},
        {"[ew]*", "no", "no", "yes", "yes", "yes", "yes"},
        {"*0,!tun0", "no", "no", "yes", "no", "yes", "yes"},
        {"\"*\"", "yes", "yes", "yes", "yes", "yes", "yes"},
        {"kind tun", "yes", "yes", "no", "yes", "yes", "yes"},
        {"!kind tun,bridge", "no", "no", "yes", "yes", "no", "no"},
        {"kind ethernet", "no", "yes", "yes", "yes", "yes", "yes"},
        {"kind wifi", "yes", "no", "yes", "yes", "yes", "yes"},
        {"kind tunnel", "yes", "yes", "no", "yes", "yes", "yes"},
        {"kind \"veth\"", "yes", "yes", "yes", "yes", "no", "yes"},
        {"wlan0,kind tun,veth", "yes", "no", "no", "yes", "no", "yes"},
        {"nothere", "yes", "yes", "yes", "yes", "yes", "yes"},
        {"!nothere", "no", "no", "no", "no", "no", "no"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "deny stun via %s", rows[i].via);
        compile(text);
        const char *const got[] = {stun_via(IF_ETH),    stun_via(IF_WLAN), stun_via(IF_TUN),
                                   stun_via(IF_DOCKER), stun_via(IF_VETH), stun_via(IF_NEW)};
        const char *const wanted[] = {rows[i].eth,    rows[i].wlan, rows[i].tun,
                                      rows[i].docker, rows[i].veth, rows[i].fresh};
        for (size_t k = 0; k < 6; k++)
            if (strcmp(got[k], wanted[k]) != 0)
                fail_msg("via %s, interface %zu: %s, not %s", rows[i].via, k, got[k], wanted[k]);
    }
}

static void vpn_stands_for_the_interface_of_the_option(void **state)
{
    (void)state;
    assert_false(try_compile("deny stun via !$vpn"));
    assert_non_null(strstr(notes.error, "--vpn"));
    vpn = "tun0";
    compile("deny stun via !$vpn");
    assert_int_equal(notes.notes, 0);
    assert_string_equal(stun_to(SERVER), "tun0");
    assert_string_equal(stun_to(SERVER6), "no");
    vpn = "wg0";
    compile("deny stun via !$vpn");
    assert_int_equal(notes.notes, 1);
    assert_non_null(strstr(notes.note[0], "no interface 'wg0'"));
    assert_string_equal(stun_to(SERVER), "no");
    assert_string_equal(stun_via(IF_TUN), "no");
    /* It comes up, under any index. */
    add_iface(IF_NEW, "wg0", "wireguard", ARPHRD_NONE);
    add_address(IF_NEW, "10.9.0.2", 32);
    compile("deny stun via !$vpn");
    assert_string_equal(stun_to(SERVER), "wg0");
}

static void each_family_has_its_default_route(void **state)
{
    (void)state;
    compile("deny stun via !default");
    assert_string_equal(stun_to(SERVER), "tun0");
    assert_string_equal(stun_to(SERVER6), "eth0");
    assert_int_equal(compiled.rules, 2);
    view.default_inet6 = IF_TUN;
    compile("deny stun via !default");
    assert_int_equal(compiled.rules, 1);
    assert_string_equal(stun_to(SERVER6), "no"); /* the tunnel has no such address */
    view.default_inet6 = 0;
    compile("deny stun via !default family inet6");
    assert_string_equal(stun_to(SERVER6), "no");
    assert_string_equal(stun_to(SERVER), "yes");
    compile("allow stun via default\ndefault deny");
    assert_string_equal(stun_to(SERVER), "tun0");
    assert_string_equal(stun_to(SERVER6), "no");
}

static void interfaces_that_rules_name_never_fall_off_the_table(void **state)
{
    (void)state;
    memset(&view.iface[0], 0, sizeof view.iface);
    view.ifaces = 0;
    for (uint32_t i = 0; i < 300; i++) {
        char name[16];
        snprintf(name, sizeof name, "veth%u", i);
        add_iface(1000 + i, name, "veth", ARPHRD_ETHER);
    }
    add_iface(IF_LO, "lo", "", ARPHRD_LOOPBACK);
    add_iface(IF_TUN, "tun0", "tun", ARPHRD_NONE);
    vpn = "tun0";
    compile("deny stun via !$vpn\nhide interface !$vpn,!lo");
    assert_int_equal(compiled.ifaces, POLICY_IFACES_MAX);
    assert_string_equal(stun_to(SERVER), "tun0");
    assert_int_equal(hidden(IF_LO), 0);
    assert_int_equal(hidden(IF_TUN), 0);
    assert_true(hidden(1000 + 299) & POLICY_HIDDEN_LINK);
    assert_string_equal(stun_via(1000 + 299), "no");
    assert_non_null(strstr(notes.note[notes.notes - 1], "174 interfaces past the first 128"));
}

/* --- everything else -------------------------------------------------------------------------- */

static void every_match_of_the_language_reaches_the_rule(void **state)
{
    (void)state;
    compile("deny stun class request,error to 192.0.2.0/24 port 3478-3481 over tcp family inet "
            "by socket,gpu proxied with ECONNREFUSED");
    assert_int_equal(compiled.rules, 1);
    const struct policy_rule *r = &compiled.rule[0];
    assert_int_equal(r->topics, POLICY_STUN);
    assert_int_equal(r->action, POLICY_DENY);
    assert_int_equal(r->classes, 1u << 0 | 1u << 3);
    assert_int_equal(r->method, POLICY_ANY_METHOD);
    assert_int_equal(r->prefixes, 1);
    assert_int_equal(compiled.prefix[r->prefix_first].bits, 24);
    assert_int_equal(r->port_min, 3478);
    assert_int_equal(r->port_max, 3481);
    assert_int_equal(r->transports, POLICY_TCP);
    assert_int_equal(r->family, NETADDR_IPV4);
    assert_int_equal(r->roles, 1u << ROLE_SOCKET | 1u << ROLE_GPU);
    assert_int_equal(r->proxied, POLICY_PROXIED);
    assert_int_equal(r->refusal, ECONNREFUSED);
    assert_int_equal(r->line, 1);
    assert_int_equal(compiled.enforced, POLICY_STUN);
    /* A renderer judges itself by the arguments of the process that it was forked from. */
    compile("deny stun by renderer");
    assert_int_equal(compiled.rule[0].roles,
                     1u << ROLE_RENDERER | 1u << ROLE_ZYGOTE | 1u << ROLE_FORKSERVER);
}

static void lists_multiply(void **state)
{
    (void)state;
    compile("allow dns\ndeny stun method binding,allocate port 1,2-3,4");
    assert_int_equal(compiled.rules, 7);
    assert_int_equal(compiled.rule[6].method, 3);
    assert_int_equal(compiled.rule[6].port_min, 4);
    for (uint32_t i = 1; i < 7; i++)
        assert_int_equal(compiled.rule[i].line, 2);
}

static void a_policy_past_the_limit_is_refused_with_its_line(void **state)
{
    static char text[8192];
    size_t used = (size_t)sprintf(text, "allow dns\ndeny stun port 1");

    (void)state;
    for (int i = 2; i <= 255; i++)
        used += (size_t)sprintf(text + used, ",%d", i);
    compile(text);
    assert_int_equal(compiled.rules, POLICY_RULES_MAX);
    sprintf(text + used, "\ndeny probe\n");
    assert_false(try_compile(text));
    assert_non_null(strstr(notes.error, "line 3"));
    assert_non_null(strstr(notes.error, "256"));

    used = 0;
    for (int i = 0; i < 3; i++) {
        used += (size_t)sprintf(text + used, "%sdeny stun to 10.%d.0.0", i ? "\n" : "", i);
        for (int k = 1; k < 200; k++)
            used += (size_t)sprintf(text + used, ",10.%d.0.%d", i, k);
    }
    assert_false(try_compile(text));
    assert_non_null(strstr(notes.error, "line 3"));
    assert_non_null(strstr(notes.error, "512 servers"));
}

static void refuse_with_holds_for_the_rules_below(void **state)
{
    (void)state;
    compile("deny dns\nrefuse with drop\ndeny stun\ndeny probe with EPERM\nrefuse with "
            "ENETUNREACH\ndeny mdns\nallow connect\ndefault deny");
    assert_int_equal(compiled.rule[0].refusal, POLICY_REFUSE_BEST);
    assert_int_equal(compiled.rule[1].refusal, POLICY_REFUSE_DROP);
    assert_int_equal(compiled.rule[2].refusal, EPERM);
    assert_int_equal(compiled.rule[3].refusal, ENETUNREACH);
    assert_int_equal(compiled.rule[4].refusal, 0);
    assert_int_equal(compiled.fallback_refusal, POLICY_REFUSE_BEST);
    compile("default deny with EPERM");
    assert_int_equal(compiled.fallback, POLICY_DENY);
    assert_int_equal(compiled.fallback_refusal, EPERM);
    assert_true(compiled.enforced & POLICY_CONNECT);
}

static void what_only_allows_enforces_nothing(void **state)
{
    (void)state;
    compile("allow stun via tun0\nshow interface *\nrefuse with drop\ndefault allow");
    assert_int_equal(policy_enforced(&policy), 0);
    assert_false(policy_hides(&policy));
    compile("deny any to 192.0.2.0/24");
    assert_int_equal(policy_enforced(&policy), POLICY_STUN | POLICY_PROBE | POLICY_DNS |
                                                   POLICY_MDNS | POLICY_DEVICE | POLICY_CONNECT);
    assert_false(policy_hides(&policy));
}

static void names_are_the_addresses_that_are_known(void **state)
{
    (void)state;
    compile("deny stun to turn.example.org");
    assert_string_equal(stun_to(SERVER), "no");
    assert_string_equal(stun_to(SERVER6), "no");
    assert_string_equal(stun_to("198.51.100.11"), "yes");
    compile("deny stun to !turn.example.org");
    assert_string_equal(stun_to(SERVER), "yes");
    assert_string_equal(stun_to("198.51.100.11"), "no");
    /* One that nobody knows: it is no server, and every server is another one. */
    compile("deny stun to unknown.example.org");
    assert_string_equal(stun_to(SERVER), "yes");
    assert_int_equal(notes.notes, 1);
    assert_non_null(strstr(notes.note[0], "line 1: no address is known of 'unknown.example.org'"));
    compile("deny stun to !unknown.example.org");
    assert_string_equal(stun_to(SERVER), "no");
    compile("deny stun to unknown.example.org,!192.0.2.1");
    assert_string_equal(stun_to(SERVER), "yes");
    compile("deny stun to !unknown.example.org,!turn.example.org");
    assert_string_equal(stun_to(SERVER), "yes");
    assert_string_equal(stun_to("192.0.2.1"), "no");
}

/* --- hiding ----------------------------------------------------------------------------------- */

enum {
    ALL = POLICY_HIDDEN_LINK | POLICY_HIDDEN_INET | POLICY_HIDDEN_INET6,
    MASKED = POLICY_HIDDEN_INET | POLICY_HIDDEN_INET6 | POLICY_MASKED_INET | POLICY_MASKED_INET6,
};

static void the_first_line_that_speaks_of_an_interface_decides(void **state)
{
    static const struct {
        const char *text;
        unsigned lo, eth, tun, docker, fresh;
    } rows[] = {
        {"hide interface !tun0,!lo", 0, ALL, 0, ALL, ALL},
        {"hide interface docker*", 0, 0, 0, ALL, ALL},
        {"show interface eth0\nhide interface *", ALL, 0, ALL, ALL, ALL},
        {"hide interface eth0\nshow interface *", 0, ALL, 0, 0, ALL},
        {"show interface *\nhide interface eth0", 0, 0, 0, 0, ALL},
        {"show interface !eth0\nhide interface *", 0, ALL, 0, 0, 0},
        {"hide interface kind bridge,veth", 0, 0, 0, ALL, ALL},
        {"hide interface !default,!lo", 0, POLICY_HIDDEN_INET, POLICY_HIDDEN_INET6, ALL, ALL},
        {"hide interface eth0 family inet6", 0, POLICY_HIDDEN_INET6, 0, 0, POLICY_HIDDEN_INET6},
        {"show interface eth0 family inet\nhide interface !lo", 0, POLICY_HIDDEN_INET6, ALL, ALL,
         ALL},
        {"hide interface eth0 family inet\nhide interface eth0 family inet6", 0, ALL, 0, 0, ALL},
        {"hide address eth0", 0, MASKED, 0, 0, ALL},
        {"hide interface !default,!lo\nhide address !lo", 0,
         POLICY_HIDDEN_INET | POLICY_HIDDEN_INET6 | POLICY_MASKED_INET6,
         POLICY_HIDDEN_INET | POLICY_HIDDEN_INET6 | POLICY_MASKED_INET, ALL, ALL},
        {"show interface *\nhide address *", 0, 0, 0, 0, ALL},
        {"deny enumeration", 0, ALL, ALL, ALL, ALL},
        {"allow enumeration\nhide interface *", 0, 0, 0, 0, 0},
        {"show interface tun0\ndeny enumeration", 0, ALL, 0, ALL, ALL},
        {"deny any", 0, ALL, ALL, ALL, ALL},
        {"allow any\nhide interface *", 0, 0, 0, 0, 0},
        {"deny any via eth0", 0, 0, 0, 0, 0},
        {"default deny", 0, ALL, ALL, ALL, ALL},
        {"default deny\nshow interface tun0", 0, ALL, 0, ALL, ALL},
        {"default allow", 0, 0, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        compile(rows[i].text);
        const unsigned got[] = {hidden(IF_LO), hidden(IF_ETH), hidden(IF_TUN), hidden(IF_DOCKER),
                                hidden(IF_NEW)};
        const unsigned wanted[] = {rows[i].lo, rows[i].eth, rows[i].tun, rows[i].docker,
                                   rows[i].fresh};
        bool any = false;
        for (size_t k = 0; k < 5; k++) {
            if (got[k] != wanted[k])
                fail_msg("%s, interface %zu: %u, not %u", rows[i].text, k, got[k], wanted[k]);
            any |= wanted[k] != 0;
        }
        assert_int_equal(policy_hides(&policy), any);
        assert_int_equal((policy_enforced(&policy) & POLICY_ENUMERATION) != 0, any);
    }
}

static void addresses_are_hidden_with_their_interface(void **state)
{
    struct netaddr v4 = address("192.168.1.23", 0);
    struct netaddr v6 = address("2001:db8:1::23", 0);
    struct netaddr tunnel = address("10.8.0.2", 0);

    (void)state;
    compile("hide interface eth0 family inet6");
    assert_int_equal(policy_known_addr(&policy, &v4), POLICY_ADDR_SHOWN);
    assert_int_equal(policy_known_addr(&policy, &v6), POLICY_ADDR_HIDDEN);
    compile("hide interface !tun0,!lo");
    assert_int_equal(policy_known_addr(&policy, &v4), POLICY_ADDR_HIDDEN);
    assert_int_equal(policy_known_addr(&policy, &v6), POLICY_ADDR_HIDDEN);
    assert_int_equal(policy_known_addr(&policy, &tunnel), POLICY_ADDR_SHOWN);
}

static void a_masked_address_is_hidden_and_a_public_one_comes_back_in_answers(void **state)
{
    struct netaddr private = address("192.168.1.23", 0);
    struct netaddr public = address("2001:db8:1::23", 0);
    struct netaddr told, decoy = policy_decoy(NETADDR_IPV6);

    (void)state;
    compile("hide address eth0");
    assert_int_equal(policy_known_addr(&policy, &private), POLICY_ADDR_HIDDEN);
    assert_int_equal(policy_known_addr(&policy, &public), POLICY_ADDR_HIDDEN);
    assert_true(policy_hidden_answer(&policy, &private));
    assert_false(policy_hidden_answer(&policy, &public));
    assert_true(policy_shown_addr(&policy, NETADDR_IPV6, &told));
    assert_true(netaddr_same(&told, &decoy));
    assert_true(policy_iface_addr(&policy, IF_ETH, NETADDR_IPV6, &told));
    assert_true(netaddr_same(&told, &decoy));
    compile("hide interface eth0");
    assert_true(policy_hidden_answer(&policy, &public));
    assert_false(policy_shown_addr(&policy, NETADDR_IPV6, &told));
}

static void resolvers_and_the_way_to_them_are_in_the_table(void **state)
{
    struct netaddr resolver = address("192.168.1.1", 53);

    (void)state;
    compile("deny dns via !tun0");
    assert_true(policy_is_resolver(&policy, &resolver));
    assert_int_equal(compiled.iface[compiled.dns_slot].ifindex, IF_ETH);
    view.dns_ifindex = 0;
    compile("deny dns via !tun0");
    assert_int_equal(compiled.dns_slot, POLICY_SLOT_NONE);
}

/* --- built-in policies ------------------------------------------------------------------------ */

static void compile_builtin(const char *name)
{
    const struct source_builtin *builtin = source_builtin(name);

    assert_non_null(builtin);
    compile(builtin->text);
}

static const char *topic_to(uint16_t topic, const char *ip, uint16_t port)
{
    return judged(
        (struct policy_subject){.topic = topic,
                                .transport = topic == POLICY_CONNECT ? POLICY_TCP : POLICY_UDP,
                                .server = address(ip, port)});
}

static void the_vpn_policy_keeps_everything_in_the_tunnel(void **state)
{
    (void)state;
    vpn = "tun0";
    compile_builtin("vpn");
    assert_string_equal(stun_to(SERVER), "tun0");
    assert_string_equal(stun_to(SERVER6), "no");
    assert_string_equal(stun_to("192.168.1.1"), "tun0");
    assert_string_equal(stun_to("127.0.0.1"), "yes");
    assert_string_equal(stun_via(IF_ETH), "no");
    assert_string_equal(topic_to(POLICY_CONNECT, SERVER, 3478), "tun0");
    assert_string_equal(topic_to(POLICY_CONNECT, SERVER, 19305), "tun0");
    assert_string_equal(topic_to(POLICY_CONNECT, SERVER6, 5349), "no");
    assert_string_equal(topic_to(POLICY_CONNECT, SERVER, 443), "yes");
    assert_string_equal(topic_to(POLICY_PROBE, SERVER, 443), "tun0");
    assert_string_equal(topic_to(POLICY_PROBE, SERVER6, 443), "no");
    assert_string_equal(topic_to(POLICY_DNS, SERVER, 53), "yes");
    assert_int_equal(hidden(IF_TUN), 0);
    assert_int_equal(hidden(IF_LO), 0);
    assert_int_equal(hidden(IF_ETH), ALL);
}

static void the_other_policies_do_what_their_names_say(void **state)
{
    (void)state;
    compile_builtin("observe");
    assert_int_equal(policy_enforced(&policy), 0);
    compile_builtin("rfc8828-1");
    assert_int_equal(policy_enforced(&policy), 0);

    compile_builtin("no-stun");
    assert_string_equal(stun_to(SERVER), "no");
    assert_string_equal(topic_to(POLICY_PROBE, SERVER, 443), "yes");
    assert_false(policy_hides(&policy));

    compile_builtin("no-webrtc");
    assert_string_equal(stun_to(SERVER), "no");
    assert_string_equal(topic_to(POLICY_PROBE, SERVER, 443), "no");
    assert_string_equal(topic_to(POLICY_MDNS, "224.0.0.251", 5353), "no");
    assert_int_equal(hidden(IF_TUN), ALL);
    assert_int_equal(hidden(IF_LO), 0);

    compile_builtin("rfc8828-2");
    assert_string_equal(stun_to(SERVER), "tun0");
    assert_string_equal(stun_to(SERVER6), "eth0");
    assert_string_equal(stun_via(IF_DOCKER), "no");
    assert_int_equal(hidden(IF_TUN) & POLICY_HIDDEN_INET, 0);
    assert_int_equal(hidden(IF_WLAN), ALL);

    compile_builtin("rfc8828-3");
    assert_string_equal(stun_to(SERVER), "tun0");
    assert_int_equal(hidden(IF_TUN), POLICY_HIDDEN_INET | POLICY_HIDDEN_INET6 | POLICY_MASKED_INET);
    assert_int_equal(hidden(IF_WLAN), ALL);
    struct policy_subject probe = {.topic = POLICY_PROBE,
                                   .transport = POLICY_UDP,
                                   .role = 1u << ROLE_SOCKET,
                                   .server = address(SERVER, 53)};
    assert_string_equal(judged(probe), "tun0");
    probe.role = 1u << ROLE_NETWORK;
    assert_string_equal(judged(probe), "no");

    compile_builtin("rfc8828-4");
    assert_int_equal(hidden(IF_TUN), POLICY_HIDDEN_INET | POLICY_HIDDEN_INET6 | POLICY_MASKED_INET);
    assert_string_equal(stun_to(SERVER), "no");
    struct policy_subject proxied = {.topic = POLICY_STUN,
                                     .transport = POLICY_TCP,
                                     .proxied = POLICY_PROXIED,
                                     .server = address(SERVER, 3128)};
    assert_string_equal(judged(proxied), "yes");
    proxied.proxied = POLICY_DIRECT;
    assert_string_equal(judged(proxied), "no");
}

/* --- telling ---------------------------------------------------------------------------------- */

static void a_compiled_rule_prints_what_it_means_now(void **state)
{
    char text[PRINTER_LINE_BYTES];

    (void)state;
    compile(
        "deny stun method binding to 192.0.2.0/24,!192.0.2.1 port 3478 via !tun0,!eth0 with drop");
    assert_string_equal(printer_rule(&compiled, 0, text, sizeof text),
                        "deny stun method binding to 192.0.2.0/24,!192.0.2.1/32 port 3478 via "
                        "!eth0,!tun0 with drop");
    compile("allow any via nothere");
    assert_string_equal(printer_rule(&compiled, 0, text, sizeof text), "allow any via none");
}

static void history_names_rules_by_line_for_as_long_as_it_remembers(void **state)
{
    static struct history history;
    char name[HISTORY_RULE_BYTES];

    (void)state;
    compile("\n\ndeny dns\ndeny stun port 1,2\nhide interface eth0\nhide interface docker0");
    history_add(&history, 7, &compiled);
    history_name(&history, 7, 0, POLICY_DENY, name);
    assert_string_equal(name, "test:3");
    history_name(&history, 7, 2, POLICY_DENY, name);
    assert_string_equal(name, "test:4");
    history_name(&history, 7, POLICY_RULE_DEFAULT, POLICY_ALLOW, name);
    assert_string_equal(name, "test:default");
    history_name(&history, 7, POLICY_RULE_DEFAULT, POLICY_HIDE, name);
    assert_string_equal(name, "test:5,6");
    history_name(&history, 7, POLICY_RULE_DOUBT, POLICY_DENY, name);
    assert_string_equal(name, "test:doubt");
    history_name(&history, 7, 3, POLICY_DENY, name);
    assert_string_equal(name, "test:rule 3");
    for (uint32_t g = 8; g < 8 + HISTORY_MAX; g++)
        history_add(&history, g, &compiled);
    history_name(&history, 7, 0, POLICY_DENY, name);
    assert_string_equal(name, "unknown:rule 0");
    history_name(&history, 8, 0, POLICY_DENY, name);
    assert_string_equal(name, "test:3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup(name, a_network)
        TEST(patterns_mean_the_interfaces_that_are_there),
        TEST(vpn_stands_for_the_interface_of_the_option),
        TEST(each_family_has_its_default_route),
        TEST(interfaces_that_rules_name_never_fall_off_the_table),
        TEST(every_match_of_the_language_reaches_the_rule),
        TEST(lists_multiply),
        TEST(a_policy_past_the_limit_is_refused_with_its_line),
        TEST(refuse_with_holds_for_the_rules_below),
        TEST(what_only_allows_enforces_nothing),
        TEST(names_are_the_addresses_that_are_known),
        TEST(the_first_line_that_speaks_of_an_interface_decides),
        TEST(addresses_are_hidden_with_their_interface),
        TEST(a_masked_address_is_hidden_and_a_public_one_comes_back_in_answers),
        TEST(resolvers_and_the_way_to_them_are_in_the_table),
        TEST(the_vpn_policy_keeps_everything_in_the_tunnel),
        TEST(the_other_policies_do_what_their_names_say),
        TEST(a_compiled_rule_prints_what_it_means_now),
        TEST(history_names_rules_by_line_for_as_long_as_it_remembers),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
