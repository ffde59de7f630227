/* The verdict's tables, the wanted path, the network over time, and reasons. What runs lead to is
 * in tests/run/report_cases.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "advice.h"
#include "run_files.h"
#include "verdict.h"
#include "wanted.h"

/* --- tables --- */

static void every_reason_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < REASON_COUNT; i++) {
        assert_true(reason_name((enum reason)i)[0] != '\0');
        assert_true(reason_words((enum reason)i)[0] != '\0');
        for (int k = 0; k < i; k++)
            assert_string_not_equal(reason_name((enum reason)i), reason_name((enum reason)k));
    }
}

static bool has_advice(enum reason reason, enum advice_browser browser, enum advice_where where)
{
    const struct advice *a;
    size_t at = 0;
    bool found = false;
    while ((a = advice_next(reason, browser, &at)))
        found = found || a->where == where;
    return found;
}

static void every_reason_has_advice_for_every_browser(void **state)
{
    (void)state;
    for (int i = 0; i < REASON_COUNT; i++) {
        enum reason reason = (enum reason)i;
        /* What goes around the library heeds no option of rtcshim's; nor is it known to be the
         * browser. */
        bool around = reason == REASON_STRANGER;
        assert_int_equal(has_advice(reason, ADVICE_NO_BROWSER, ADVICE_RTCSHIM), !around);
        assert_int_equal(has_advice(reason, ADVICE_IS_FIREFOX, ADVICE_FIREFOX), !around);
        assert_int_equal(has_advice(reason, ADVICE_IS_CHROMIUM, ADVICE_CHROMIUM), !around);
        assert_true(!around || has_advice(reason, ADVICE_NO_BROWSER, ADVICE_SYSTEM));
        assert_false(has_advice(reason, ADVICE_NO_BROWSER, ADVICE_FIREFOX));
        assert_false(has_advice(reason, ADVICE_IS_FIREFOX, ADVICE_CHROMIUM));
        assert_false(has_advice(reason, ADVICE_IS_CHROMIUM, ADVICE_FIREFOX));
    }
}

static void no_advice_stands_twice_and_its_words_are_known(void **state)
{
    (void)state;
    for (size_t i = 0; i < advice_table_count; i++) {
        const struct advice *a = &advice_table[i];
        for (size_t k = 0; k < i; k++)
            assert_false(advice_table[k].reason == a->reason && advice_table[k].where == a->where &&
                         strcmp(advice_table[k].text, a->text) == 0);
        for (const char *at = a->text; (at = strchr(at, '{')); at++)
            assert_true(strncmp(at, "{vpn}", 5) == 0 || strncmp(at, "{command}", 9) == 0 ||
                        strncmp(at, "{iface}", 7) == 0);
    }
}

/* A word that starts with one of heads must be one of names: settings that were measured. */
static void settings_are_known(const char *text, const char *head, const char *const *names,
                               size_t count)
{
    for (const char *at = text; (at = strstr(at, head)); at++) {
        size_t len = strcspn(at, " ,:;");
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known = known || (strlen(names[i]) == len && strncmp(names[i], at, len) == 0);
        if (!known)
            fail_msg("%.*s is no setting that was measured", (int)len, at);
    }
}

static void browsers_have_the_settings_that_are_named(void **state)
{
    (void)state;
    static const char *const firefox[] = {
        "media.peerconnection.enabled", "media.peerconnection.ice.default_address_only",
        "media.peerconnection.ice.no_host", "media.peerconnection.ice.proxy_only"};
    static const char *const chromium[] = {
        "--webrtc-ip-handling-policy=default_public_interface_only",
        "--webrtc-ip-handling-policy=disable_non_proxied_udp"};
    static const char *const policies[] = {"WebRtcIPHandling", "WebRtcLocalIpsAllowedUrls"};
    for (size_t i = 0; i < advice_table_count; i++) {
        settings_are_known(advice_table[i].text, "media.", firefox, 4);
        settings_are_known(advice_table[i].text, "--webrtc", chromium, 2);
        settings_are_known(advice_table[i].text, "--force", NULL, 0);
        settings_are_known(advice_table[i].text, "WebRtc", policies, 2);
    }
}

static void advice_has_the_runs_words_put_in(void **state)
{
    (void)state;
    const struct advice a = {.text = "run --vpn {vpn} {command} on {iface}"};
    const struct advice_words words = {.vpn = "tun0", .command = "firefox", .iface = "eth0"};
    char text[64], brief[12];
    assert_string_equal(advice_text(&a, &words, text, sizeof(text)),
                        "run --vpn tun0 firefox on eth0");
    assert_string_equal(advice_text(&a, &words, brief, sizeof(brief)), "run --vpn t");
}

static void browsers_are_known_by_their_programs(void **state)
{
    (void)state;
    assert_int_equal(advice_browser_of("firefox-esr"), ADVICE_IS_FIREFOX);
    assert_int_equal(advice_browser_of("/usr/lib/firefox-esr/firefox-esr"), ADVICE_IS_FIREFOX);
    assert_int_equal(advice_browser_of("/opt/google/chrome/chrome"), ADVICE_IS_CHROMIUM);
    assert_int_equal(advice_browser_of("/opt/firefox/curl"), ADVICE_NO_BROWSER);
    assert_int_equal(advice_browser_of(NULL), ADVICE_NO_BROWSER);
}

/* --- the wanted path --- */

#define IFACE(name, index, kind, type)                                                             \
    "{\"iface\":\"" name "\",\"index\":" index ",\"kind\":" kind ",\"link_type\":" type            \
    ",\"up\":true,\"running\":true,\"loopback\":false}"
#define ROUTE(to, iface)                                                                           \
    "{\"to\":\"" to "\",\"via\":null,\"iface\":\"" iface                                           \
    "\",\"src\":null,\"table\":254,\"metric\":0}"
#define RUN(policy, ifaces, routes)                                                                \
    "{\"schema\":1,\"start\":\"2026-11-21T12:00:00.000000Z\",\"policy\":{" policy                  \
    "},\"network\":{\"start\":{\"interfaces\":[" ifaces "],\"addresses\":[],\"routes\":[" routes   \
    "]},\"changes\":[]}}"
#define ETH0 IFACE("eth0", "2", "null", "\"ether\"")

struct found {
    char names[64];
    enum wanted_source source;
    bool missing;
};

static struct found wanted_of(const char *run_json, const char *option)
{
    struct run_files f = run_files_new();
    struct found found = {.names = ""};
    struct wanted wanted;
    run_files_put(&f, RUN_JSON_FILE, run_json);
    struct run_folder *run = run_files_open(&f);
    struct network_at *network = network_at_new(run);
    assert_int_equal(run->damage_count, 0);
    assert_non_null(network);
    wanted_find(run, network, option, &wanted);
    for (size_t i = 0; i < wanted.count; i++) {
        assert_string_equal(wanted.list[i], wanted.names[i]);
        strcat(found.names, i ? "," : "");
        strcat(found.names, wanted.names[i]);
    }
    found.source = wanted.source;
    found.missing = wanted.missing;
    network_at_free(network);
    run_folder_free(run);
    run_files_free(&f);
    return found;
}

static void the_wanted_path_is_the_option_then_the_policy_then_the_tunnel(void **state)
{
    (void)state;
    static const char policy[] =
        RUN("\"vpn\":\"wg0\"", ETH0 "," IFACE("tun0", "3", "\"tun\"", "\"none\""),
            ROUTE("0.0.0.0/0", "tun0"));
    struct found f = wanted_of(policy, "eth0");
    assert_string_equal(f.names, "eth0");
    assert_int_equal(f.source, WANTED_OPTION);
    f = wanted_of(policy, NULL);
    assert_string_equal(f.names, "wg0");
    assert_int_equal(f.source, WANTED_POLICY);
    assert_true(f.missing);
    f = wanted_of(RUN("\"vpn\":null", ETH0 "," IFACE("tun0", "3", "\"tun\"", "\"none\""),
                      ROUTE("0.0.0.0/0", "tun0")),
                  NULL);
    assert_string_equal(f.names, "tun0");
    assert_int_equal(f.source, WANTED_TUNNEL);
    assert_false(f.missing);
}

static void a_rule_tells_what_is_wanted(void **state)
{
    (void)state;
    struct found f =
        wanted_of(RUN("\"rules\":[{\"line\":1,\"rule\":\"allow stun via tun9\"},"
                      "{\"line\":2,\"rule\":\"deny stun via !lo,!tun0,!wg1 with best\"}]",
                      ETH0, ""),
                  NULL);
    assert_string_equal(f.names, "tun0,wg1");
    assert_int_equal(f.source, WANTED_POLICY);
    f = wanted_of(RUN("\"rules\":[{\"line\":1,\"rule\":\"deny stun\"},"
                      "{\"line\":1,\"rule\":\"deny probe via !tun0\"}]",
                      ETH0, ""),
                  NULL);
    assert_int_equal(f.source, WANTED_NONE);
}

static void a_tunnel_is_known_by_its_kind_or_its_link_type(void **state)
{
    (void)state;
    static const char *const tunnels[] = {
        IFACE("t0", "3", "\"wireguard\"", "\"none\""), IFACE("t0", "3", "\"tun\"", "\"ether\""),
        IFACE("t0", "3", "null", "\"ppp\""), IFACE("t0", "3", "null", "\"none\""),
        IFACE("t0", "3", "\"ppp\"", "null")};
    static const char *const others[] = {
        IFACE("t0", "3", "\"veth\"", "\"ether\""), IFACE("t0", "3", "\"bridge\"", "null"),
        IFACE("t0", "3", "\"vxlan\"", "\"ether\""), IFACE("t0", "3", "null", "null")};
    char text[1024];
    for (size_t i = 0; i < sizeof(tunnels) / sizeof(tunnels[0]); i++) {
        snprintf(text, sizeof(text), RUN("", "%s", ROUTE("0.0.0.0/1", "t0")), tunnels[i]);
        assert_string_equal(wanted_of(text, NULL).names, "t0");
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
        snprintf(text, sizeof(text), RUN("", "%s", ROUTE("0.0.0.0/0", "t0")), others[i]);
        assert_int_equal(wanted_of(text, NULL).source, WANTED_NONE);
    }
}

static void of_several_tunnels_the_one_with_the_default_route_is_meant_or_none(void **state)
{
    (void)state;
#define TWO IFACE("tun0", "3", "\"tun\"", "\"none\"") "," IFACE("tun1", "4", "\"tun\"", "\"none\"")
    assert_string_equal(wanted_of(RUN("", TWO, ROUTE("0.0.0.0/0", "tun1")), NULL).names, "tun1");
    assert_string_equal(wanted_of(RUN("", TWO, ""), NULL).names, "");
    assert_string_equal(
        wanted_of(RUN("", IFACE("tun0", "3", "\"tun\"", "\"none\""), ""), NULL).names, "tun0");
}

/* --- the network over time --- */

static const char moving[] =
    "{\"schema\":1,\"start\":\"2026-11-21T12:00:00.000000Z\",\"network\":{\"start\":{\"interfaces\":[" ETH0
    "," IFACE(
        "tun0", "3", "\"tun\"",
        "\"none\"") "],\"addresses\":["
                    "{\"iface\":\"tun0\",\"ip\":\"10.8.0.2\",\"prefix\":24},"
                    "{\"iface\":\"eth0\",\"ip\":\"192.168.1.23\",\"prefix\":24}],\"routes\":[" ROUTE(
                        "0.0.0.0/0",
                        "tun0") "," ROUTE("192.168.1.0/24",
                                          "eth0") "]},\"changes\":["
                                                  "{\"timestamp\":\"2026-11-21T12:00:05.000000+0000\",\"change\":\"removed\",\"what\":\"route\","
                                                  "\"route\":" ROUTE(
                                                      "0.0.0.0/0",
                                                      "tun0") "},"
                                                              "{\"timestamp\":\"2026-11-21T12:00:05.000000+0000\",\"change\":\"added\",\"what\":\"route\","
                                                              "\"route\":" ROUTE(
                                                                  "0.0.0.0/0",
                                                                  "eth0") "},"
                                                                          "{\"timestamp\":\"2026-11-21T12:00:06.000000+0000\",\"change\":\"removed\",\"what\":\"address\","
                                                                          "\"address\":{\"iface\":\"tun0\",\"ip\":\"10.8.0.2\",\"prefix\":24}},"
                                                                          "{\"timestamp\":\"2026-11-21T12:00:07.000000+0000\",\"change\":\"removed\",\"what\":\"interface\","
                                                                          "\"interface\":" IFACE(
                                                                              "tun0", "3",
                                                                              "\"tun\"",
                                                                              "\"none\"") "}]}}";

static void the_network_is_that_of_the_time(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    struct netaddr far = {.ip = {198, 51, 100, 10}, .family = NETADDR_IPV4};
    struct netaddr near = {.ip = {192, 168, 1, 1}, .family = NETADDR_IPV4};
    struct netaddr tunnel = {.ip = {10, 8, 0, 2}, .family = NETADDR_IPV4};
    run_files_put(&f, RUN_JSON_FILE, moving);
    struct run_folder *run = run_files_open(&f);
    struct network_at *n = network_at_new(run);
    const uint64_t start = run->start_ns, second = 1000000000;
    assert_int_equal(run->damage_count, 0);

    network_at_move(n, start + 4 * second);
    assert_string_equal(network_at_route(n, &far)->iface, "tun0");
    assert_string_equal(network_at_route(n, &near)->iface, "eth0");
    assert_true(network_at_up(n, "tun0"));
    assert_int_equal(network_at_epoch(n), 0);

    network_at_move(n, start + 5 * second);
    assert_string_equal(network_at_route(n, &far)->iface, "eth0");
    assert_int_equal(network_at_epoch(n), 2);
    assert_true(network_at_up(n, "tun0"));

    network_at_move(n, start + 6 * second);
    assert_false(network_at_up(n, "tun0"));
    assert_true(network_at_up(n, "eth0"));
    /* What it had it is still known by. */
    assert_string_equal(network_at_owner(n, &tunnel), "tun0");

    network_at_move(n, start + 8 * second);
    assert_false(network_at_up(n, "tun0"));
    assert_non_null(network_at_find_iface(n, "tun0"));

    network_at_move(n, start);
    assert_string_equal(network_at_route(n, &far)->iface, "tun0");
    assert_int_equal(network_at_epoch(n), 0);
    network_at_free(n);
    run_folder_free(run);
    run_files_free(&f);
}

static void a_longer_prefix_goes_before_a_lower_metric(void **state)
{
    (void)state;
    struct run_files f = run_files_new();
    struct netaddr far = {.ip = {198, 51, 100, 10}, .family = NETADDR_IPV4};
    run_files_put(&f, RUN_JSON_FILE,
                  RUN("", ETH0,
                      "{\"to\":\"0.0.0.0/0\",\"iface\":\"a\",\"table\":254,\"metric\":0},"
                      "{\"to\":\"0.0.0.0/0\",\"iface\":\"b\",\"table\":254,\"metric\":50},"
                      "{\"to\":\"198.51.100.0/24\",\"iface\":\"c\",\"table\":254,\"metric\":900},"
                      "{\"to\":\"198.51.100.10/32\",\"iface\":\"d\",\"table\":100,\"metric\":0}"));
    struct run_folder *run = run_files_open(&f);
    struct network_at *n = network_at_new(run);
    assert_string_equal(network_at_route(n, &far)->iface, "c");
    far.ip[0] = 203;
    assert_string_equal(network_at_route(n, &far)->iface, "a");
    far.ip[0] = 198;
    assert_int_equal(network_at_other_table(n, "d", &far)->table, 100);
    assert_null(network_at_other_table(n, "c", &far));
    network_at_free(n);
    run_folder_free(run);
    run_files_free(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reason_has_a_name_of_its_own),
        cmocka_unit_test(every_reason_has_advice_for_every_browser),
        cmocka_unit_test(no_advice_stands_twice_and_its_words_are_known),
        cmocka_unit_test(browsers_have_the_settings_that_are_named),
        cmocka_unit_test(advice_has_the_runs_words_put_in),
        cmocka_unit_test(browsers_are_known_by_their_programs),
        cmocka_unit_test(the_wanted_path_is_the_option_then_the_policy_then_the_tunnel),
        cmocka_unit_test(a_rule_tells_what_is_wanted),
        cmocka_unit_test(a_tunnel_is_known_by_its_kind_or_its_link_type),
        cmocka_unit_test(of_several_tunnels_the_one_with_the_default_route_is_meant_or_none),
        cmocka_unit_test(the_network_is_that_of_the_time),
        cmocka_unit_test(a_longer_prefix_goes_before_a_lower_metric),
    };
    return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
