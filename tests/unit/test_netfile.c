/* Files of /proc and /sys that tell about interfaces: which they are, and what their lines name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "netfile.h"

static void knows_tables_names_and_folders_by_their_canonical_path(void **state)
{
    static const struct {
        const char *path;
        enum netfile_what what;
        const char *name;
    } rows[] = {
        {"/proc/4711/net/dev", NETFILE_LINES, NULL},
        {"/proc/4711/task/4712/net/route", NETFILE_LINES, NULL},
        {"/proc/4711/net", NETFILE_OTHER, NULL},
        {"/proc/4711/net/unix", NETFILE_OTHER, NULL},
        {"/proc/4711/net/fib_trie", NETFILE_UNREADABLE, NULL},
        {"/proc/4711/net/nobody_knows_this", NETFILE_UNREADABLE, NULL},
        {"/proc/4711/net/dev_snmp6", NETFILE_UNREADABLE, NULL},
        {"/proc/4711/net/dev_snmp6/eth0", NETFILE_NAMED, "eth0"},
        {"/proc/4711/status", NETFILE_OTHER, NULL},
        {"/proc/net", NETFILE_OTHER, NULL}, /* never canonical: a link to self/net */
        {"/proc/sys/net/ipv4/conf", NETFILE_UNREADABLE, NULL},
        {"/proc/sys/net/ipv4/conf/all/forwarding", NETFILE_OTHER, NULL},
        {"/proc/sys/net/ipv6/neigh/tun0/base_reachable_time", NETFILE_NAMED, "tun0"},
        {"/proc/sys/net/core/somaxconn", NETFILE_OTHER, NULL},
        {"/sys/class/net", NETFILE_CLASS, NULL},
        {"/sys/class/net/eth0", NETFILE_NAMED, "eth0"},
        {"/sys/class/net/bonding_masters", NETFILE_UNREADABLE, NULL},
        {"/sys/class/leds", NETFILE_OTHER, NULL},
        {"/sys/devices/virtual/net", NETFILE_UNREADABLE, NULL},
        {"/sys/devices/pci0000:00/0000:00:03.0/virtio0/net/ens3/address", NETFILE_NAMED, "ens3"},
        {"/sys/devices/virtual/mem", NETFILE_OTHER, NULL},
        {"/home/proc/1/net/dev", NETFILE_OTHER, NULL},
        {"/", NETFILE_OTHER, NULL},
        {"", NETFILE_OTHER, NULL},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct netfile file = netfile_of(rows[i].path);
        if (file.what != rows[i].what)
            fail_msg("%s is %d, not %d", rows[i].path, (int)file.what, (int)rows[i].what);
        if (rows[i].name) {
            assert_int_equal(file.name_len, strlen(rows[i].name));
            assert_memory_equal(file.name, rows[i].name, file.name_len);
        }
    }
}

static struct netfile_line read_line(enum netfile_table table, const char *text)
{
    return netfile_line(table, text, strlen(text));
}

static void names(enum netfile_table table, const char *text, const char *name)
{
    struct netfile_line line = read_line(table, text);

    if (!name) {
        assert_null(line.name);
        return;
    }
    assert_non_null(line.name);
    assert_int_equal(line.name_len, strlen(name));
    assert_memory_equal(line.name, name, line.name_len);
}

static void reads_names_where_each_table_has_them(void **state)
{
    (void)state;
    names(NETFILE_NAME_COLON, "Inter-|   Receive      |  Transmit", NULL);
    names(NETFILE_NAME_COLON, " face |bytes    packets errs", NULL);
    names(NETFILE_NAME_COLON, "  eth0:     266       3", "eth0");
    names(NETFILE_NAME_COLON, "eth0:1234567890 3", "eth0");
    names(NETFILE_NAME_FIRST, "Iface\tDestination\tGateway", NULL);
    names(NETFILE_NAME_FIRST, "tun0\t00000000\t0100080A\t0003", "tun0");
    names(NETFILE_NAME_LAST, "IP address       HW type     Device", NULL);
    names(NETFILE_NAME_LAST, "10.8.0.1  0x1 0x6 02:00:00:00:00:02     *        tun0", "tun0");
    names(NETFILE_NAME_LAST, "00000000000000000000000000000000 00 00 ffffffff 00200200       lo",
          "lo");
    names(NETFILE_NAME_SECOND, "Type Device      Function", NULL);
    names(NETFILE_NAME_SECOND, "0800          ip_rcv", NULL);
    names(NETFILE_NAME_SECOND, "ALL  eth0     packet_rcv", "eth0");
    names(NETFILE_NAME_FIRST, "", NULL);
}

static void reads_indexes_and_what_follows_them(void **state)
{
    (void)state;
    assert_int_equal(
        read_line(NETFILE_INDEX_FIRST, "Idx\tDevice    : Count Querier\tGroup").ifindex, 0);
    assert_int_equal(read_line(NETFILE_INDEX_FIRST, "12\teth0      :     1      V3").ifindex, 12);
    assert_true(read_line(NETFILE_INDEX_FIRST, "\t\t\t\t010000E0     1 0:00000000\t\t0").follows);
    assert_int_equal(read_line(NETFILE_INDEX_FIFTH, "sk   RefCnt Type Proto  Iface R").ifindex, 0);
    assert_int_equal(read_line(NETFILE_INDEX_FIFTH, "00000000aa 3 3 0003 7 1 0 0 99").ifindex, 7);
}

static void is_addr(enum netfile_table table, const char *text, const char *ip)
{
    struct netaddr wanted, got = read_line(table, text).addr;

    assert_true(netaddr_parse_ip(ip, &wanted));
    assert_true(netaddr_same_ip(&wanted, &got));
}

static void reads_addresses_in_both_orders(void **state)
{
    struct netfile_line line;
    (void)state;
    line = read_line(NETFILE_INET6, "20010db8000100000000000000000023 0a 40 00 80     eth0");
    assert_int_equal(line.ifindex, 10);
    is_addr(NETFILE_INET6, "20010db8000100000000000000000023 0a 40 00 80     eth0",
            "2001:db8:1::23");
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    is_addr(NETFILE_SOCKETS, "  12: 1701A8C0:1389 00000000:0000 07", "192.168.1.23");
    is_addr(NETFILE_SOCKETS, "  12: B80D0120000001000000000023000000:1389 0:0 07",
            "2001:db8:1::23");
#endif
    assert_int_equal(read_line(NETFILE_SOCKETS, "  sl  local_address rem_address   st").addr.family,
                     NETADDR_NONE);
    assert_int_equal(read_line(NETFILE_INET6, "nonsense").addr.family, NETADDR_NONE);
}

static void every_start_of_a_line_can_be_read(void **state)
{
    static const char text[] = "  12: 1701A8C0:1389 eth0: 0 3 0003 7 1 0 20010db8";
    (void)state;
    for (int table = 0; table <= NETFILE_SOCKETS; table++)
        for (size_t len = 0; len < sizeof text; len++) {
            char exact[sizeof text];
            memset(exact, 'x', sizeof exact);
            memcpy(exact, text, len);
            struct netfile_line line = netfile_line((enum netfile_table)table, exact, len);
            if (line.name)
                assert_true(line.name >= exact && line.name + line.name_len <= exact + len);
        }
}

static void may_lead_there_by_any_spelling(void **state)
{
    (void)state;
    assert_true(netfile_maybe("/proc/net/dev"));
    assert_true(netfile_maybe("//./proc//net/dev"));
    assert_true(netfile_maybe("/tmp/../proc/net/dev"));
    assert_true(netfile_maybe("/proc/self/fd/3/dev"));
    assert_true(netfile_maybe("/proc/self/cwd/dev"));
    assert_true(netfile_maybe("/sys/class/block/../net/eth0"));
    assert_true(netfile_maybe("dev"));
    assert_true(netfile_maybe("/dev/fd/3"));
    assert_true(netfile_maybe("/dev/fd/3/net/dev"));
    assert_true(netfile_maybe("/dev/stdin"));
    assert_false(netfile_maybe("/proc/self/maps"));
    assert_false(netfile_maybe("/sys/devices/system/cpu/online"));
    assert_false(netfile_maybe("/etc/hosts"));
    assert_false(netfile_maybe("/dev/null"));
    assert_false(netfile_maybe("/home/fd/3"));
    assert_false(netfile_maybe("/home/net/dev"));
    assert_false(netfile_maybe("/procedures/net"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_tables_names_and_folders_by_their_canonical_path),
        cmocka_unit_test(reads_names_where_each_table_has_them),
        cmocka_unit_test(reads_indexes_and_what_follows_them),
        cmocka_unit_test(reads_addresses_in_both_orders),
        cmocka_unit_test(every_start_of_a_line_can_be_read),
        cmocka_unit_test(may_lead_there_by_any_spelling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
