/* Event records: what event_view() lets through and what it refuses, and the names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "event.h"
#include "policy.h"

static uint8_t record[EVENT_RECORD_MAX + 64];

static struct event good_head(enum event_kind kind, uint32_t data_len)
{
    return (struct event){
        .kind = (uint16_t)kind,
        .call = EVENT_CALL_sendto,
        .flags = EVENT_OUT | EVENT_UDP,
        .process = 3,
        .fd = 26,
        .data_len = data_len,
        .full_len = data_len,
        .rule = POLICY_RULE_DEFAULT,
    };
}

static bool view_of(const struct event *head, const void *data, size_t data_len,
                    struct event_view *view)
{
    memcpy(record, head, sizeof(*head));
    memcpy(record + sizeof(*head), data, data_len);
    return event_view(record, sizeof(*head) + data_len, view);
}

static const uint8_t stun[20] = {0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42, 1,  2,
                                 3, 4, 5, 6, 7,    8,    9,    10,   11, 12};

static void a_good_record_comes_apart(void **state)
{
    struct event head = good_head(EVENT_STUN, sizeof(stun));
    struct event_view view;

    (void)state;
    head.time_ns = 12345;
    head.remote = netaddr_from_bytes((const uint8_t[]){198, 51, 100, 10}, 4, 3478);
    assert_true(view_of(&head, stun, sizeof(stun), &view));
    assert_memory_equal(&view.head, &head, sizeof(head));
    assert_int_equal(view.head.data_len, sizeof(stun));
    assert_memory_equal(view.data, stun, sizeof(stun));
}

static void every_prefix_of_a_record_is_refused(void **state)
{
    struct event head = good_head(EVENT_STUN, sizeof(stun));
    struct event_view view;

    (void)state;
    assert_true(view_of(&head, stun, sizeof(stun), &view));
    for (size_t len = 0; len < sizeof(head) + sizeof(stun); len++)
        assert_false(event_view(record, len, &view));
    assert_false(event_view(record, sizeof(head) + sizeof(stun) + 1, &view));
    assert_false(event_view(NULL, sizeof(record), &view));
}

static void a_refused_record_leaves_the_view_alone(void **state)
{
    struct event head = good_head(EVENT_KIND_COUNT, 0);
    struct event_view view;
    struct event_view before;

    (void)state;
    memset(&view, 0x77, sizeof(view));
    memcpy(&before, &view, sizeof(view));
    assert_false(view_of(&head, "", 0, &view));
    assert_memory_equal(&view, &before, sizeof(view));
}

/* One field made wrong at a time. */
#define REFUSES(field, value)                                                                      \
    do {                                                                                           \
        struct event head_ = good_head(EVENT_STUN, sizeof(stun));                                  \
        struct event_view view_;                                                                   \
        assert_true(view_of(&head_, stun, sizeof(stun), &view_));                                  \
        head_.field = (value);                                                                     \
        if (view_of(&head_, stun, sizeof(stun), &view_))                                           \
            fail_msg("%s = %s is let through", #field, #value);                                    \
    } while (0)

static void fields_out_of_range_are_refused(void **state)
{
    (void)state;
    REFUSES(kind, EVENT_NONE);
    REFUSES(kind, EVENT_KIND_COUNT);
    REFUSES(kind, UINT16_MAX);
    REFUSES(call, EVENT_CALL_COUNT);
    REFUSES(call, UINT16_MAX);
    REFUSES(flags, EVENT_HIDDEN << 1);
    REFUSES(flags, UINT32_MAX);
    REFUSES(flags, EVENT_CUT); /* says cut and is not */
    REFUSES(data_len, 19);
    REFUSES(data_len, 21);
    REFUSES(data_len, UINT32_MAX);
    REFUSES(full_len, 19);
    REFUSES(full_len, 21); /* is cut and does not say so */
    REFUSES(local.family, 5);
    REFUSES(remote.family, 255);
    REFUSES(action, POLICY_ACTION_COUNT);
    REFUSES(rule, POLICY_RULES_MAX);
    REFUSES(reserved, 1);
}

static void a_cut_record_says_so(void **state)
{
    struct event head = good_head(EVENT_STUN, sizeof(stun));
    struct event_view view;

    (void)state;
    head.flags |= EVENT_CUT;
    head.full_len = 100000;
    assert_true(view_of(&head, stun, sizeof(stun), &view));
}

static void data_is_as_long_as_its_kind_needs(void **state)
{
    static const uint8_t data[EVENT_DATA_MAX + 1];
    struct event_view view;

    (void)state;
    const struct {
        enum event_kind kind;
        uint32_t len;
        bool good;
    } cases[] = {
        {EVENT_PROCESS, sizeof(struct event_process), true},
        {EVENT_PROCESS, sizeof(struct event_process) - 1, false},
        {EVENT_PROCESS, sizeof(struct event_process) + 1, false},
        {EVENT_FORK, sizeof(struct event_fork), true},
        {EVENT_FORK, 4, false},
        {EVENT_STUN, 20, true},
        {EVENT_STUN, 19, false},
        {EVENT_STUN, 0, false},
        {EVENT_STUN, EVENT_DATA_MAX, true},
        {EVENT_STUN, EVENT_DATA_MAX + 1, false},
        {EVENT_CHANNEL_DATA, 4, true},
        {EVENT_CHANNEL_DATA, 3, false},
        {EVENT_CONNECT, 0, true},
        {EVENT_CONNECT, 1, false},
        {EVENT_PROBE, 1, false},
        {EVENT_INTERFACES, 0, true},
        {EVENT_INTERFACES, 3 * sizeof(struct event_interface), true},
        {EVENT_INTERFACES, 3 * sizeof(struct event_interface) - 1, false},
        {EVENT_INTERFACE_NAME, sizeof(struct event_interface), true},
        {EVENT_INTERFACE_NAME, 0, false},
        {EVENT_NETLINK, 17, true},
        {EVENT_DNS, 0, true},
        {EVENT_NAME, 0, false},
        {EVENT_EXEC, 0, true},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct event head = good_head(cases[i].kind, cases[i].len);
        if (view_of(&head, data, cases[i].len, &view) != cases[i].good)
            fail_msg("case %zu: %s with %u bytes", i, event_kind_name(cases[i].kind), cases[i].len);
    }

    /* A lost stream and a failed call may have nothing to show. */
    struct event lost = good_head(EVENT_STUN, 0);
    lost.flags |= EVENT_UNSYNCED;
    assert_true(view_of(&lost, data, 0, &view));
    struct event failed = good_head(EVENT_INTERFACE_NAME, 0);
    failed.flags |= EVENT_FAILED;
    assert_true(view_of(&failed, data, 0, &view));
}

static void addresses_come_out_in_their_one_form(void **state)
{
    struct event head = good_head(EVENT_CONNECT, 0);
    struct event_view view;
    struct netaddr v4 = netaddr_from_bytes((const uint8_t[]){192, 0, 2, 1}, 4, 9);
    struct netaddr none = {.family = NETADDR_NONE};

    (void)state;
    head.local = v4;
    memset(head.local.ip + 4, 0xcc, 12);
    head.local.scope_id = 7;
    head.local.reserved = 9;
    head.remote = (struct netaddr){.ip = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 1},
                                   .port = 9,
                                   .family = NETADDR_IPV6};
    assert_true(view_of(&head, "", 0, &view));
    assert_memory_equal(&view.head.local, &v4, sizeof(v4));
    assert_memory_equal(&view.head.remote, &v4, sizeof(v4));

    memset(&head.local, 0x11, sizeof(head.local));
    head.local.family = NETADDR_NONE;
    assert_true(view_of(&head, "", 0, &view));
    assert_memory_equal(&view.head.local, &none, sizeof(none));
}

static size_t name_data(uint8_t *out, const char *name, const struct netaddr *addrs, size_t count)
{
    size_t at = (strlen(name) + 8) / 8 * 8;

    memset(out, 0, at);
    memcpy(out, name, strlen(name));
    memcpy(out + at, addrs, count * sizeof(*addrs));
    return at + count * sizeof(*addrs);
}

static void a_name_comes_apart(void **state)
{
    struct netaddr addrs[3];
    struct netaddr got[3];
    uint8_t data[256];
    struct event_view view;
    const char *name;

    (void)state;
    for (size_t i = 0; i < 3; i++)
        addrs[i] = netaddr_from_bytes((const uint8_t[]){192, 0, 2, (uint8_t)i}, 4, 0);
    const char *const names[] = {"", "a", "1234567", "12345678", "stun.example.org"};
    for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
        size_t len = name_data(data, names[n], addrs, 3);
        struct event head = good_head(EVENT_NAME, (uint32_t)len);
        head.arg = 3;
        assert_true(view_of(&head, data, len, &view));
        assert_int_equal(event_name_unpack(&view, &name, got, 3), 3);
        assert_string_equal(name, names[n]);
        assert_memory_equal(got, addrs, sizeof(addrs));
        assert_int_equal(event_name_unpack(&view, &name, got, 1), 1);
        head.arg = 2;
        assert_false(view_of(&head, data, len, &view));
        head.arg = 3;
        /* Cut behind the second address and a half: two are there, and it must say that it is cut.
         */
        head.data_len = (uint32_t)len - 36;
        assert_false(view_of(&head, data, len - 36, &view));
        head.flags |= EVENT_CUT;
        head.full_len = (uint32_t)len;
        assert_true(view_of(&head, data, len - 36, &view));
        assert_int_equal(event_name_unpack(&view, &name, got, 3), 1);
    }
}

static void malformed_names_are_refused(void **state)
{
    struct event head = good_head(EVENT_NAME, 8);
    struct event_view view;

    (void)state;
    assert_false(view_of(&head, "12345678", 8, &view));    /* no NUL */
    assert_false(view_of(&head, "1234\0\0x\0", 8, &view)); /* something in the padding */
    assert_true(view_of(&head, "1234\0\0\0\0", 8, &view));
    view.head.kind = EVENT_DNS;
    const char *name;
    assert_int_equal(event_name_unpack(&view, &name, NULL, 0), -1);

    uint8_t data[32];
    struct netaddr addr = {.family = 77};
    size_t len = name_data(data, "a", &addr, 1);
    head.data_len = head.full_len = (uint32_t)len;
    head.arg = 1;
    assert_true(view_of(&head, data, len, &view));
    assert_int_equal(event_name_unpack(&view, &name, &addr, 1), -1);
    head.arg = UINT32_MAX;
    assert_false(view_of(&head, data, len, &view));
}

static void interfaces_come_one_by_one(void **state)
{
    struct event_interface in[2] = {{.name = "eth0", .index = 2},
                                    {.name = "0123456789abcde", .index = 3}};
    struct event_interface out;
    struct event_view view;
    struct event head = good_head(EVENT_INTERFACES, sizeof(in));

    (void)state;
    in[1].name[15] = 'f'; /* fills the array: no NUL */
    in[1].addr.family = 9;
    assert_true(view_of(&head, in, sizeof(in), &view));
    assert_true(event_interface_at(&view, 0, &out));
    assert_string_equal(out.name, "eth0");
    assert_true(event_interface_at(&view, 1, &out));
    assert_memory_equal(out.name, "0123456789abcdef", 16);
    assert_int_equal(out.addr.family, NETADDR_NONE);
    assert_false(event_interface_at(&view, 2, &out));
    assert_false(event_interface_at(&view, SIZE_MAX, &out));
    view.head.kind = EVENT_NETLINK;
    assert_false(event_interface_at(&view, 0, &out));
}

static void every_call_and_kind_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (unsigned i = 1; i < EVENT_CALL_COUNT; i++) {
        assert_true(event_call_name(i)[0] != '\0');
        for (unsigned j = 1; j < i; j++)
            assert_string_not_equal(event_call_name(i), event_call_name(j));
    }
    for (unsigned i = 1; i < EVENT_KIND_COUNT; i++) {
        assert_true(event_kind_name(i)[0] != '\0');
        for (unsigned j = 1; j < i; j++)
            assert_string_not_equal(event_kind_name(i), event_kind_name(j));
    }
    assert_string_equal(event_call_name(EVENT_CALL_sendto), "sendto");
    assert_string_equal(event_call_name(EVENT_CALL_NONE), "");
    assert_string_equal(event_call_name(EVENT_CALL_COUNT), "");
    assert_string_equal(event_kind_name(EVENT_STUN), "stun");
    assert_string_equal(event_kind_name(EVENT_KIND_COUNT), "");
    assert_string_equal(event_kind_name(UINT32_MAX), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_record_comes_apart),
        cmocka_unit_test(every_prefix_of_a_record_is_refused),
        cmocka_unit_test(a_refused_record_leaves_the_view_alone),
        cmocka_unit_test(fields_out_of_range_are_refused),
        cmocka_unit_test(a_cut_record_says_so),
        cmocka_unit_test(data_is_as_long_as_its_kind_needs),
        cmocka_unit_test(addresses_come_out_in_their_one_form),
        cmocka_unit_test(a_name_comes_apart),
        cmocka_unit_test(malformed_names_are_refused),
        cmocka_unit_test(interfaces_come_one_by_one),
        cmocka_unit_test(every_call_and_kind_has_a_name_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
