/* The policy language: every mistake with its line, column and hint, every qualifier, and that what
 * is printed parses to the same again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <errno.h>

#include <cmocka.h>

#include "parser.h"
#include "printer.h"
#include "role.h"
#include "source.h"
#include "words.h"

static struct program program;
static struct parser_report report;

static bool parse(const char *text)
{
    program_free(&program);
    return parser_parse(text, strlen(text), &program, &report);
}

static int forget(void **state)
{
    (void)state;
    program_free(&program);
    return 0;
}

/* The one statement of a line that must be right. */
static const struct program_statement *statement(const char *line)
{
    if (!parse(line))
        fail_msg("'%s': %u:%u: %s", line, report.note[0].line, report.note[0].column,
                 report.note[0].message);
    assert_int_equal(program.count, 1);
    return &program.statement[0];
}

static void each_mistake_has_its_place_and_a_hint(void **state)
{
    static const struct {
        const char *line;
        unsigned column;
        const char *message, *hint; /* parts of them; "" none at all */
    } rows[] = {
        {"alow stun", 1, "'alow' is not a word that a line may start with", "'allow'"},
        {"block stun", 1, "'block'", "'deny'"},
        {"accept any", 1, "'accept'", "'allow'"},
        {"Deny stun", 1, "'Deny'", "'deny'"},
        {"\"deny\" stun", 1, "'deny' is not", "'deny'"},
        {", stun", 1, "','", "one of: allow, deny, hide, show, default, refuse"},
        {"deny", 5, "a topic is missing after 'deny'", "stun, probe, dns"},
        {"deny sutn", 6, "'sutn' is not a topic", "'stun'"},
        {"deny stun,", 11, "a topic is missing", "one of"},
        {"deny stun,,dns", 11, "a topic is missing", "one of"},
        {"deny zzz", 6, "'zzz' is not a topic", "one of: stun"},
        {"deny all", 6, "'all'", "'any'"},
        {"deny turn", 6, "'turn'", "'stun'"},
        {"deny stun,enumeration", 6, "'enumeration' stands alone", "a line for"},
        {"deny enumeration via eth0", 18, "has no qualifiers", "hide interface"},
        {"deny stun vai tun0", 11, "'vai' is not a qualifier", "'via'"},
        {"deny stun on tun0", 11, "'on'", "'via'"},
        {"deny stun interface tun0", 11, "'interface'", "'via'"},
        {"deny stun udp", 11, "'udp'", "'over'"},
        {"deny stun, via tun0", 12, "'via' is not a topic", ""},
        {"deny stun via tun0 via eth0", 20, "given before, at column 11", "one list"},
        {"deny stun !via tun0", 11, "'!' stands before", "via !tun0"},
        {"deny stun via", 14, "'via' needs a value", "via tun0"},
        {"deny stun via !", 16, "'via' needs a value", "via tun0"},
        {"deny stun via tun0,", 20, "'via' needs a value", ""},
        {"deny stun via ,tun0", 15, "missing before this comma", ""},
        {"deny stun via tun0 ,", 21, "'via' needs a value", ""},
        {"deny stun via a-name-of-16-let", 15, "at most 15 letters", ""},
        {"deny stun via 10.0.0.0/8", 15, "can't be an interface's name", "'to'"},
        {"deny stun via eth0:1", 15, "can't be an interface's name", "alias"},
        {"deny stun via $vnp", 15, "'$vnp' is no variable", "$vpn"},
        {"deny stun via kind", 19, "'via' needs a value", "kind tun"},
        {"deny stun via kind wiregard", 20, "no kind of interface", "'wireguard'"},
        {"deny stun via kind qqqq", 20, "no kind of interface", "quotes"},
        {"deny stun via kind tun,!wireguard", 24, "stands before 'kind'", "neither"},
        {"deny stun via \"\"", 15, "an empty name", ""},
        {"deny stun via \"tun0", 15, "never closed", "'\"'"},
        {"deny stun class", 16, "'class' needs a value", "class request"},
        {"deny stun class reqest", 17, "'reqest' is not a class of STUN messages", "'request'"},
        {"deny stun class !request", 17, "can't be negated", ""},
        {"deny stun method alocate", 18, "'alocate' is not a STUN method", "'allocate'"},
        {"deny stun method 0x1000", 18, "no STUN method", "0xfff"},
        {"deny stun method 0", 18, "no STUN method", ""},
        {"deny dns class request", 10, "'class' goes with another topic", "only STUN"},
        {"deny probe method binding", 12, "'method' goes with another topic", "only STUN"},
        {"deny device to 1.2.3.4", 13, "'to' goes with another topic", "no server"},
        {"deny device port 53", 13, "'port' goes with another topic", "no server"},
        {"deny connect proxied", 14, "'proxied' goes with another topic", ""},
        {"deny stun port 0", 16, "'0' is no port", "1 to 65535"},
        {"deny stun port 65536", 16, "is no port", "1 to 65535"},
        {"deny stun port 3478-", 16, "is no port", "3478-3481"},
        {"deny stun port -3478", 16, "is no port", ""},
        {"deny stun port 5-3", 16, "runs backwards", "lower"},
        {"deny stun port stun", 16, "'stun' is no port", ""},
        {"deny stun port 3478,x", 21, "'x' is no port", ""},
        {"deny stun to 198.51.100.0/33", 27, "0 to 32 bits", ""},
        {"deny stun to 2001:db8::/129", 25, "0 to 128 bits", ""},
        {"deny stun to 198.51.100.0/", 27, "0 to 32 bits", ""},
        {"deny stun to ::ffff:0:0/90", 25, "holds both", "::/0"},
        {"deny stun to 1.2.3.4:3478", 14, "is no server", "to 1.2.3.4 port 3478"},
        {"deny stun to [2001:db8::1]:3478", 14, "is no server", "to 2001:db8::1 port 3478"},
        {"deny stun to stun.example.org:3478", 14, "is no server", "to stun.example.org port 3478"},
        {"deny stun to 1.2.3", 14, "is no server", "prefix"},
        {"deny stun to *.example.org", 14, "is no server", "in full"},
        {"deny stun to fe80::1%eth0", 14, "is no server", ""},
        {"deny stun over sctp", 16, "'sctp' is not a transport", "one of: udp, tcp"},
        {"deny stun over", 15, "'over' needs a value", "udp"},
        {"deny connect over udp", 14, "'connect' is about TCP", "probe"},
        {"deny mdns over tcp", 11, "about UDP", ""},
        {"deny stun family ipv6", 18, "'ipv6' is not an address family", "'inet6'"},
        {"deny stun family", 17, "an address family is missing", "inet, inet6"},
        {"deny stun by rendrer", 14, "'rendrer' is not a role", "'renderer'"},
        {"allow stun with drop", 12, "this rule allows", "deny"},
        {"deny stun with", 15, "'with' needs a value", "ECONNREFUSED"},
        {"deny stun with econnrefused", 16, "no way to refuse", "'ECONNREFUSED'"},
        {"deny stun with dorp", 16, "'dorp' is not a way to refuse", "'drop'"},
        {"deny stun with ENOSUCH", 16, "no way to refuse", "drop, error, best"},
        {"deny stun with EAGAIN", 16, "again at once", "ECONNREFUSED"},
        {"hide", 5, "the word 'interface' or 'address' is missing", "interface, address"},
        {"hide eth0", 6, "'eth0' is not the word 'interface' or 'address'", "interface, address"},
        {"hide address", 13, "needs a value", "tun0"},
        {"show address eth0", 6, "'address' is not the word 'interface'", "interface"},
        {"hide interfaces eth0", 6, "'interfaces'", "'interface'"},
        {"hide interface", 15, "needs a value", "tun0"},
        {"hide interface eth0 by renderer", 21, "'by' does not go with 'hide'", "same interfaces"},
        {"hide interface eth0 family", 27, "an address family is missing", "inet"},
        {"hide interface eth0 docker0", 21, "nothing may stand behind the interfaces", "one rule"},
        {"default", 8, "a default is missing", "allow, deny"},
        {"default drop", 9, "'drop' is not a default", "'deny'"},
        {"default allow stun", 15, "nothing may stand behind the default", ""},
        {"default allow with drop", 15, "this rule allows", "default deny"},
        {"refuse drop", 8, "'drop' is not the word 'with'", ""},
        {"refuse with", 12, "needs a value", ""},
        {"refuse with drop error", 18, "nothing may stand behind the refusal", ""},
        {"deny stun \x01", 11, "a control character", "plain text"},
        {"deny stun # \xff", 13, "no UTF-8", "UTF-8"},
        {"d\xc3\xa9ny stun", 1, "is not a word", ""},
        {"deny stun via \xc3\xa9t\xc3\xa9 vai", 19, "'vai'", "'via'"},
        {"deny stun via eth[", 18, "the '[' in 'eth[' is never closed", "eth[01]"},
        {"deny stun via lo,!eth[01,2]", 22, "'eth[01' is never closed", "comma"},
        {"deny stun via [a]\\[x[]", 21, "never closed", "brackets"},
        {"hide interface *[!]", 17, "'*[!]'", "brackets"},
        {"hide interface [[:digit:]", 16, "never closed", "brackets"},
        {"hide interface [[:digit]", 16, "never closed", "brackets"},
        {"deny stun via \xc3\xa9t[", 17, "never closed", "brackets"},
        {"\tdeny\tstum", 7, "'stum'", "'stun'"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[256];
        /* The line before is right, and the line after too: one mistake is told once. */
        snprintf(text, sizeof text, "# policy\r\nallow stun via lo\n%s\nallow dns via lo\n",
                 rows[i].line);
        if (parse(text))
            fail_msg("'%s' is let through", rows[i].line);
        const struct parser_note *n = &report.note[0];
        if (report.errors != 1 || n->line != 3 || n->column != rows[i].column || n->warning ||
            !strstr(n->message, rows[i].message) || !strstr(n->hint, rows[i].hint) ||
            (rows[i].hint[0] && !n->hint[0]))
            fail_msg("'%s': %zu errors, %u:%u: %s (%s)", rows[i].line, report.errors, n->line,
                     n->column, n->message, n->hint);
        assert_int_equal(program.count, 0);
    }
}

static void every_mistake_of_a_file_is_told(void **state)
{
    char text[1024] = "";

    (void)state;
    assert_false(parse("deny stum\nallow dns\nhide eth0\n\nrefuse drop\n"));
    assert_int_equal(report.errors, 3);
    assert_int_equal(report.note[0].line, 1);
    assert_int_equal(report.note[1].line, 3);
    assert_int_equal(report.note[2].line, 5);
    for (int i = 0; i < 40; i++)
        strcat(text, "nonsense\n");
    assert_false(parse(text));
    assert_int_equal(report.errors, 40);
    assert_int_equal(report.notes, PARSER_NOTES_MAX);
}

static void a_nul_byte_is_no_text(void **state)
{
    static const char text[] = "deny stun\n# a\0b\n";

    (void)state;
    assert_false(parser_parse(text, sizeof text - 1, &program, &report));
    assert_int_equal(report.note[0].line, 2);
    assert_int_equal(report.note[0].column, 4);
}

static void a_second_default_is_a_mistake(void **state)
{
    (void)state;
    assert_false(parse("default allow\ndeny stun\ndefault deny\n"));
    assert_int_equal(report.note[0].line, 3);
    assert_non_null(strstr(report.note[0].message, "line 1"));
}

static void a_rule_that_nothing_comes_to_is_warned_of(void **state)
{
    (void)state;
    assert_true(parse("deny stun\nallow dns\nallow stun to 1.2.3.4\n"));
    assert_int_equal(report.notes, 1);
    assert_true(report.note[0].warning);
    assert_int_equal(report.note[0].line, 3);
    assert_non_null(strstr(report.note[0].message, "line 1"));
    assert_true(parse("allow any\ndeny stun\n"));
    assert_int_equal(report.notes, 1);
    assert_true(parse("allow stun to 1.2.3.4\ndeny stun\ndeny stun,dns\ndeny any\n"));
    assert_int_equal(report.notes, 0);
    /* A line that is wrong takes nothing from the others. */
    assert_false(parse("deny stum\nallow stun\n"));
    assert_int_equal(report.notes, 1);
}

static void bits_behind_a_prefix_are_cleared_with_a_warning(void **state)
{
    struct netaddr wanted;

    (void)state;
    assert_true(parse("deny stun to 198.51.100.77/24"));
    assert_int_equal(report.notes, 1);
    assert_true(report.note[0].warning);
    assert_int_equal(report.note[0].column, 14);
    assert_non_null(strstr(report.note[0].hint, "198.51.100.0/24"));
    assert_true(netaddr_parse_ip("198.51.100.0", &wanted));
    assert_true(netaddr_same_ip(&program.statement[0].server[0].prefix, &wanted));
}

static void every_qualifier_is_understood(void **state)
{
    const struct program_statement *s;
    struct netaddr addr;

    (void)state;
    s = statement("deny stun class request,indication,success,error");
    assert_int_equal(s->verb, PROGRAM_DENY);
    assert_int_equal(s->topics, POLICY_STUN);
    assert_int_equal(s->classes, 15);
    s = statement("allow stun,probe,dns,mdns,device,connect");
    assert_int_equal(s->verb, PROGRAM_ALLOW);
    assert_int_equal(s->topics, POLICY_STUN | POLICY_PROBE | POLICY_DNS | POLICY_MDNS |
                                    POLICY_DEVICE | POLICY_CONNECT);
    s = statement("deny any");
    assert_int_equal(s->topics, 0);
    s = statement("deny stun,any");
    assert_int_equal(s->topics, 0);
    s = statement("deny stun method binding,0x003,9");
    assert_int_equal(s->methods, 3);
    assert_int_equal(s->method[0], 1);
    assert_int_equal(s->method[1], 3);
    assert_int_equal(s->method[2], 9);
    s = statement("deny stun to 198.51.100.0/24 , !198.51.100.7,2001:DB8::/32,stun.example.org,"
                  "!localhost,::ffff:192.0.2.0/120");
    assert_int_equal(s->servers, 6);
    assert_int_equal(s->server[0].bits, 24);
    assert_false(s->server[0].is_not);
    assert_true(s->server[1].is_not);
    assert_int_equal(s->server[1].bits, 32);
    assert_int_equal(s->server[2].prefix.family, NETADDR_IPV6);
    assert_string_equal(s->server[3].name, "stun.example.org");
    assert_true(s->server[4].is_not);
    assert_true(netaddr_parse_ip("192.0.2.0", &addr));
    assert_true(netaddr_same_ip(&s->server[5].prefix, &addr));
    assert_int_equal(s->server[5].bits, 24);
    s = statement("deny stun port 3478-3481,5349");
    assert_int_equal(s->ports, 2);
    assert_int_equal(s->port[0].min, 3478);
    assert_int_equal(s->port[0].max, 3481);
    assert_int_equal(s->port[1].min, 5349);
    assert_int_equal(s->port[1].max, 5349);
    s = statement("deny stun over udp,tcp family inet6 by renderer,other proxied direct");
    assert_int_equal(s->transports, POLICY_UDP | POLICY_TCP);
    assert_int_equal(s->family, NETADDR_IPV6);
    assert_int_equal(s->roles, 1u << ROLE_RENDERER | 1u << ROLE_OTHER);
    assert_int_equal(s->proxied, POLICY_PROXIED | POLICY_DIRECT);
    assert_false(program.uses_vpn);
    s = statement("deny stun via tun0,!eth*,default,!$vpn,\"default\",!kind tun,wireguard");
    assert_true(program.uses_vpn);
    assert_int_equal(s->ifaces, 7);
    assert_int_equal(s->iface[0].kind, PROGRAM_IFACE_NAME);
    assert_int_equal(s->iface[1].kind, PROGRAM_IFACE_GLOB);
    assert_true(s->iface[1].is_not);
    assert_int_equal(s->iface[2].kind, PROGRAM_IFACE_DEFAULT);
    assert_int_equal(s->iface[3].kind, PROGRAM_IFACE_VPN);
    assert_int_equal(s->iface[4].kind, PROGRAM_IFACE_NAME);
    assert_string_equal(s->iface[4].text, "default");
    assert_int_equal(s->iface[5].kind, PROGRAM_IFACE_KIND);
    assert_int_equal(s->iface[6].kind, PROGRAM_IFACE_KIND);
    assert_true(s->iface[5].is_not && s->iface[6].is_not);
    s = statement("deny stun via \"docker*\"");
    assert_int_equal(s->iface[0].kind, PROGRAM_IFACE_NAME);
}

static void refusals_are_understood(void **state)
{
    static const struct {
        const char *word;
        int32_t refusal;
    } rows[] = {{"drop", POLICY_REFUSE_DROP},
                {"best", POLICY_REFUSE_BEST},
                {"error", EPERM},
                {"EPERM", EPERM},
                {"ECONNREFUSED", ECONNREFUSED},
                {"ENETUNREACH", ENETUNREACH}};

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        static const struct {
            const char *before;
            enum program_verb verb;
        } places[] = {{"deny stun", PROGRAM_DENY},
                      {"refuse", PROGRAM_REFUSE},
                      {"default deny", PROGRAM_DEFAULT}};
        for (size_t k = 0; k < 3; k++) {
            char line[64];
            snprintf(line, sizeof line, "%s with %s", places[k].before, rows[i].word);
            const struct program_statement *s = statement(line);
            assert_int_equal(s->verb, places[k].verb);
            assert_true(s->refusal_given);
            assert_int_equal(s->refusal, rows[i].refusal);
        }
    }
}

static void patterns_may_have_brackets(void **state)
{
    static const char *const patterns[] = {"eth[01]",      "[!e]*",  "[^e]*", "[]x]",    "[!]]",
                                           "[[:digit:]]*", "eth\\[", "[\\]]", "e[t][h]", "[[]"};

    (void)state;
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "deny stun via %s", patterns[i]);
        const struct program_statement *s = statement(text);
        assert_int_equal(s->iface[0].kind, PROGRAM_IFACE_GLOB);
        assert_string_equal(s->iface[0].text, patterns[i]);
    }
    /* A name with a bracket in it. */
    assert_int_equal(statement("deny stun via \"eth[\"")->iface[0].kind, PROGRAM_IFACE_NAME);
}

static void comments_blank_lines_and_any_line_end_are_free(void **state)
{
    (void)state;
    assert_true(parse(""));
    assert_int_equal(program.count, 0);
    assert_true(parse("\n\n# only words\n   \t\n"));
    assert_int_equal(program.count, 0);
    assert_true(parse("\xef\xbb\xbf"
                      "deny stun # why\r\n\r\n  default allow"));
    assert_int_equal(program.count, 2);
    assert_int_equal(program.statement[1].line, 3);
    assert_int_equal(program.statement[1].column, 3);
    /* '#' counts at a word's start only. */
    assert_string_equal(statement("hide interface a#b")->iface[0].text, "a#b");
}

static void limits_are_told(void **state)
{
    static char text[PROGRAM_BYTES_MAX + 64];
    size_t used = 0;

    (void)state;
    used = (size_t)sprintf(text, "deny stun port 1");
    for (int i = 2; i <= PROGRAM_LIST_MAX; i++)
        used += (size_t)sprintf(text + used, ",%d", i);
    assert_true(parse(text));
    sprintf(text + used, ",999");
    assert_false(parse(text));
    assert_non_null(strstr(report.note[0].message, "256 items"));
    assert_int_equal(report.note[0].column, used + 2);

    used = 0;
    for (int i = 0; i < PROGRAM_STATEMENTS_MAX; i++)
        used += (size_t)sprintf(text + used, "deny stun port 1\n");
    assert_true(parse(text));
    sprintf(text + used, "deny stun port 1\n");
    assert_false(parse(text));
    assert_int_equal(report.note[0].line, PROGRAM_STATEMENTS_MAX + 1);

    memset(text, '\n', sizeof text);
    assert_true(parser_parse(text, PROGRAM_BYTES_MAX, &program, &report));
    assert_false(parser_parse(text, PROGRAM_BYTES_MAX + 1, &program, &report));
    assert_non_null(strstr(report.note[0].message, "256 KiB"));

    memset(text, ',', sizeof text);
    assert_false(parser_parse(text, 3000, &program, &report));
}

static void what_is_printed_parses_to_the_same(void **state)
{
    static const char *const lines[] = {
        "deny stun via !$vpn,!lo",
        "allow any",
        "deny stun,probe,connect class request,error method binding,0x123 to 198.51.100.0/24,"
        "!192.0.2.1,2001:db8::/32,::1,stun.example.org port 3478,5349-5350 over udp "
        "via tun0,!eth*,default,kind wireguard,\"odd one\" family inet6 by renderer,other "
        "proxied direct with ECONNREFUSED",
        "deny stun via !kind tun,wireguard,\"new kind\"",
        "deny dns with drop",
        "deny dns with best",
        "deny dns with EPERM",
        "hide interface docker*,!docker0 family inet",
        "hide address default,!lo family inet6",
        "hide interface \"kind\",\"$vpn\",\"default\"",
        "show interface *",
        "allow enumeration",
        "refuse with ENETUNREACH",
        "default deny with drop",
        "default allow",
    };

    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        struct program first;
        char text[PRINTER_LINE_BYTES];
        assert_true(parser_parse(lines[i], strlen(lines[i]), &first, &report));
        printer_statement(&first.statement[0], text, sizeof text);
        if (!parse(text) || !program_same(&first, &program))
            fail_msg("'%s' became '%s'", lines[i], text);
        program_free(&first);
    }
}

static void the_built_in_policies_are_right_and_print_to_the_same(void **state)
{
    size_t count;
    const struct source_builtin *rows = source_builtins(&count);

    (void)state;
    assert_true(count >= 8);
    for (size_t i = 0; i < count; i++) {
        static char text[16384];
        struct program first;
        size_t used = 0;
        assert_true(rows[i].len > 0);
        assert_true(parser_parse(rows[i].text, rows[i].len, &first, &report));
        if (report.notes != 0)
            fail_msg("%s: %s", rows[i].name, report.note[0].message);
        for (size_t k = 0; k < first.count; k++) {
            char line[PRINTER_LINE_BYTES];
            used += (size_t)snprintf(text + used, sizeof text - used, "%s\n",
                                     printer_statement(&first.statement[k], line, sizeof line));
        }
        assert_true(parse(text));
        assert_true(program_same(&first, &program));
        program_free(&first);
    }
}

static void every_statement_has_a_sentence(void **state)
{
    static const struct {
        const char *line, *sentence;
    } rows[] = {
        {"deny stun via !tun0,!lo",
         "STUN and TURN messages through any interface but tun0 or lo: refused"},
        {"allow stun to 192.0.2.0/24,!192.0.2.7 port 3478",
         "STUN and TURN messages to 192.0.2.0/24, but not 192.0.2.7, port 3478: allowed"},
        {"hide interface docker*,!docker0", "interfaces called docker*, but not docker0: hidden"},
        {"hide address eth0 family inet6", "IPv6 addresses of eth0: a decoy is shown instead"},
        {"show interface eth0 family inet", "IPv4 of eth0: shown"},
        {"deny enumeration", "every interface but loopback is hidden"},
        {"deny dns with drop", "DNS queries: refused as if it had been sent"},
        {"default deny with ECONNREFUSED", "what no rule speaks of: refused with ECONNREFUSED"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[PRINTER_LINE_BYTES];
        printer_sentence(statement(rows[i].line), text, sizeof text);
        assert_string_equal(text, rows[i].sentence);
    }
}

static void printing_stays_in_its_room(void **state)
{
    const struct program_statement *s = statement("deny stun to 192.0.2.1,192.0.2.2 via tun0");
    char text[64];

    (void)state;
    for (size_t size = 1; size < sizeof text; size++) {
        memset(text, '~', sizeof text);
        printer_statement(s, text, size);
        assert_true(strlen(text) < size);
        assert_int_equal(text[size], '~');
        printer_sentence(s, text, size);
        assert_int_equal(text[size], '~');
    }
}

static void no_word_stands_twice_in_a_table(void **state)
{
    const struct words *const tables[] = {&words_actions,  &words_topics,  &words_qualifiers,
                                          &words_classes,  &words_methods, &words_transports,
                                          &words_families, &words_roles,   &words_kinds,
                                          &words_defaults, &words_refusals};

    (void)state;
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (size_t i = 0; i < tables[t]->rows; i++) {
            const struct word *row = &tables[t]->row[i];
            assert_ptr_equal(words_find(tables[t], row->text, strlen(row->text)), row);
            assert_ptr_equal(words_of_value(tables[t], row->value), row);
        }
}

static void roles_have_a_bit_and_a_name_each(void **state)
{
    (void)state;
    for (unsigned i = ROLE_OTHER + 1; i < ROLE_COUNT; i++) {
        const char *name = role_name(i);
        assert_true(name[0] != '\0');
        assert_int_equal(role_of_name(name, strlen(name)), i);
        const struct word *row = words_find(&words_roles, name, strlen(name));
        assert_non_null(row);
        assert_int_equal(row->value, 1u << i);
    }
    assert_string_equal(role_name(ROLE_OTHER), "");
    assert_string_equal(role_name(ROLE_COUNT), "");
    assert_int_equal(role_of_name("nobody", 6), ROLE_OTHER);
}

static void a_process_can_tell_its_own_role(void **state)
{
    static const char socket_process[] = "/usr/lib/firefox/firefox\0-contentproc\0-x\0socket";
    static const char zygote[] = "/usr/lib/chromium/chromium\0--type=zygote\0--no-zygote-sandbox";
    static const char tricky[] = "cat\0x --type=zygote";

    (void)state;
    assert_int_equal(role_find("/usr/lib/firefox/firefox", socket_process, sizeof socket_process),
                     ROLE_SOCKET);
    assert_int_equal(role_find("chromium", zygote, sizeof zygote), ROLE_ZYGOTE);
    assert_int_equal(role_find("chromium", zygote, 27), ROLE_BROWSER);
    assert_int_equal(role_find(NULL, tricky, sizeof tricky), ROLE_ZYGOTE);
    assert_int_equal(role_find("cat", "cat", 3), ROLE_OTHER);
    assert_int_equal(role_find("cat", "", 0), ROLE_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_teardown(name, forget)
        TEST(each_mistake_has_its_place_and_a_hint),
        TEST(every_mistake_of_a_file_is_told),
        TEST(a_nul_byte_is_no_text),
        TEST(a_second_default_is_a_mistake),
        TEST(a_rule_that_nothing_comes_to_is_warned_of),
        TEST(bits_behind_a_prefix_are_cleared_with_a_warning),
        TEST(every_qualifier_is_understood),
        TEST(refusals_are_understood),
        TEST(patterns_may_have_brackets),
        TEST(comments_blank_lines_and_any_line_end_are_free),
        TEST(limits_are_told),
        TEST(what_is_printed_parses_to_the_same),
        TEST(the_built_in_policies_are_right_and_print_to_the_same),
        TEST(every_statement_has_a_sentence),
        TEST(printing_stays_in_its_room),
        TEST(no_word_stands_twice_in_a_table),
        TEST(roles_have_a_bit_and_a_name_each),
        TEST(a_process_can_tell_its_own_role),
#undef TEST
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
