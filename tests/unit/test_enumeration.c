/* rtnetlink pieces go in, as browsers read them; whole enumeration events come out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "enumeration.h"
#include "fake_process.h"
#include "netlink_bytes.h"

enum { ETH0 = 2, TUN0 = 4 };

static struct network *network;
static struct enumeration *enumeration;
static json_t *events;
static json_t *common;

static void done(json_t *event, void *ctx)
{
    (void)ctx;
    json_array_append_new(events, event);
}

static int set_up(void **state)
{
    struct netlink_bytes b = {.len = 0};

    (void)state;
    events = json_array();
    common = json_pack("{s:s}", "event_type", "enumeration");
    network = network_new_offline();
    netlink_link(&b, RTM_NEWLINK, 0, 0, ETH0, "eth0");
    network_apply(network, b.data, b.len, NULL, NULL);
    enumeration = enumeration_new(network, done, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    enumeration_free(enumeration);
    network_free(network);
    json_decref(events);
    json_decref(common);
    return 0;
}

static void give(const struct netlink_bytes *b, size_t from, size_t len, uint32_t flags, int fd,
                 uint32_t process)
{
    struct event_view view = {
        .head = {.kind = EVENT_NETLINK,
                 .flags = flags,
                 .fd = fd,
                 .process = process,
                 .data_len = (uint32_t)len},
        .data = b->data + from,
    };

    enumeration_netlink(enumeration, &view, common, 1000);
}

static void out(const struct netlink_bytes *b)
{
    give(b, 0, b->len, EVENT_OUT, 7, 1);
}

static void in(const struct netlink_bytes *b)
{
    give(b, 0, b->len, EVENT_IN, 7, 1);
}

/* "eth0 192.168.1.23, tun0 10.8.0.2" of event i. */
static const char *shown(size_t i)
{
    static char text[512];
    const json_t *e = json_object_get(json_array_get(events, i), "enumeration");
    size_t used = 0, n;
    json_t *item;

    text[0] = '\0';
    json_array_foreach(json_object_get(e, "shown"), n, item)
    {
        const char *iface = json_string_value(json_object_get(item, "iface"));
        const char *ip = json_string_value(json_object_get(item, "ip"));
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s", n ? ", " : "",
                                 iface ? iface : "null", ip ? ip : "null");
    }
    return text;
}

static bool is_true(size_t i, const char *key)
{
    const json_t *e = json_object_get(json_array_get(events, i), "enumeration");

    return json_is_true(json_object_get(e, key));
}

static const char *text_of(size_t i, const char *key)
{
    const json_t *e = json_object_get(json_array_get(events, i), "enumeration");
    const char *text = json_string_value(json_object_get(e, key));

    return text ? text : "(none)";
}

static void puts_a_dump_of_several_pieces_into_one_event(void **state)
{
    struct netlink_bytes request = {.len = 0}, one = {.len = 0}, two = {.len = 0};

    (void)state;
    netlink_request(&request, RTM_GETADDR, NLM_F_REQUEST | NLM_F_ROOT, 5);
    netlink_link(&one, RTM_NEWLINK, NLM_F_MULTI, 5, TUN0, "tun0");
    netlink_addr(&one, RTM_NEWADDR, NLM_F_MULTI, 5, ETH0, "192.168.1.23");
    netlink_addr(&two, RTM_NEWADDR, NLM_F_MULTI, 5, TUN0, "10.8.0.2");
    netlink_done(&two, NLMSG_DONE, 5, 0);
    out(&request);
    in(&one);
    assert_int_equal(json_array_size(events), 0);
    in(&two);
    assert_int_equal(json_array_size(events), 1);
    assert_string_equal(text_of(0, "via"), "netlink");
    assert_string_equal(text_of(0, "request"), "RTM_GETADDR");
    assert_true(is_true(0, "answered") && is_true(0, "complete"));
    assert_string_equal(shown(0), "eth0 192.168.1.23, tun0 10.8.0.2");
}

static void keeps_dumps_of_other_descriptors_and_processes_apart(void **state)
{
    struct netlink_bytes request = {.len = 0}, a = {.len = 0}, b = {.len = 0};

    (void)state;
    netlink_request(&request, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 1);
    netlink_addr(&a, RTM_NEWADDR, NLM_F_MULTI, 1, ETH0, "192.168.1.1");
    netlink_done(&a, NLMSG_DONE, 1, 0);
    netlink_addr(&b, RTM_NEWADDR, NLM_F_MULTI, 1, ETH0, "192.168.1.2");
    netlink_done(&b, NLMSG_DONE, 1, 0);
    give(&request, 0, request.len, EVENT_OUT, 7, 1);
    give(&request, 0, request.len, EVENT_OUT, 8, 1);
    give(&request, 0, request.len, EVENT_OUT, 7, 2);
    give(&b, 0, b.len, EVENT_IN, 7, 2);
    give(&a, 0, a.len, EVENT_IN, 7, 1);
    assert_int_equal(json_array_size(events), 2);
    assert_string_equal(shown(0), "eth0 192.168.1.2");
    assert_string_equal(shown(1), "eth0 192.168.1.1");
    enumeration_flush(enumeration, 2000, true);
    assert_int_equal(json_array_size(events), 3);
    assert_false(is_true(2, "answered"));
}

static void tells_a_request_without_answer_once_its_time_is_up(void **state)
{
    struct netlink_bytes request = {.len = 0};

    (void)state;
    netlink_request(&request, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 9);
    out(&request);
    enumeration_flush(enumeration, 1000 + ENUMERATION_WAIT_MS - 1, false);
    assert_int_equal(json_array_size(events), 0);
    enumeration_flush(enumeration, 1000 + ENUMERATION_WAIT_MS, false);
    assert_int_equal(json_array_size(events), 1);
    assert_false(is_true(0, "answered"));
    assert_false(is_true(0, "complete"));
}

/* Chromium: 17 bytes, sequence number 0, then notifications with the same number on the same
 * descriptor. */
static void tells_chromium_s_dumps_from_the_notifications_that_follow(void **state)
{
    struct netlink_bytes request = {.len = 0}, dump = {.len = 0}, news = {.len = 0};
    uint32_t len = 17;

    (void)state;
    netlink_request(&request, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 0);
    memcpy(request.data, &len, sizeof len);
    netlink_addr(&dump, RTM_NEWADDR, NLM_F_MULTI, 0, ETH0, "192.168.1.23");
    netlink_addr(&news, RTM_NEWADDR, 0, 0, ETH0, "192.168.1.99");
    give(&request, 0, 17, EVENT_OUT, 7, 1);
    in(&dump);
    in(&news);
    assert_int_equal(json_array_size(events), 1);
    assert_string_equal(text_of(0, "notification"), "RTM_NEWADDR");
    assert_string_equal(shown(0), "eth0 192.168.1.99");
    dump.len = 0;
    netlink_done(&dump, NLMSG_DONE, 0, 0);
    in(&dump);
    assert_int_equal(json_array_size(events), 2);
    assert_string_equal(shown(1), "eth0 192.168.1.23");
}

static void says_that_a_cut_answer_is_incomplete(void **state)
{
    struct netlink_bytes request = {.len = 0}, answer = {.len = 0}, end = {.len = 0};

    (void)state;
    netlink_request(&request, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, 3);
    netlink_addr(&answer, RTM_NEWADDR, NLM_F_MULTI, 3, ETH0, "192.168.1.23");
    netlink_addr(&answer, RTM_NEWADDR, NLM_F_MULTI, 3, ETH0, "192.168.1.24");
    netlink_done(&end, NLMSG_DONE, 3, 0);
    out(&request);
    give(&answer, 0, answer.len - 10, EVENT_IN | EVENT_CUT, 7, 1);
    in(&end);
    assert_int_equal(json_array_size(events), 1);
    assert_true(is_true(0, "answered"));
    assert_false(is_true(0, "complete"));
    assert_string_equal(shown(0), "eth0 192.168.1.23");
}

static void tells_the_kernel_s_error(void **state)
{
    struct netlink_bytes request = {.len = 0}, answer = {.len = 0};

    (void)state;
    netlink_request(&request, RTM_GETROUTE, NLM_F_REQUEST, 3);
    netlink_done(&answer, NLMSG_ERROR, 3, -EPERM);
    out(&request);
    in(&answer);
    assert_string_equal(text_of(0, "error"), "EPERM");
}

static void ends_a_single_answer_without_waiting(void **state)
{
    struct netlink_bytes request = {.len = 0}, answer = {.len = 0};

    (void)state;
    netlink_request(&request, RTM_GETROUTE, NLM_F_REQUEST, 4);
    netlink_route(&answer, RTM_NEWROUTE, 0, 4, ETH0);
    out(&request);
    in(&answer);
    assert_int_equal(json_array_size(events), 1);
    assert_true(is_true(0, "complete"));
    assert_string_equal(shown(0), "eth0 null");
}

static void tells_an_answer_whose_request_went_unseen(void **state)
{
    struct netlink_bytes answer = {.len = 0};

    (void)state;
    netlink_link(&answer, RTM_NEWLINK, NLM_F_MULTI, 77, 9, "wg0");
    netlink_done(&answer, NLMSG_DONE, 77, 0);
    in(&answer);
    assert_int_equal(json_array_size(events), 1);
    assert_string_equal(text_of(0, "request"), "RTM_GETLINK");
    assert_string_equal(shown(0), "wg0 null");
}

static void names_no_interface_that_nobody_named(void **state)
{
    struct netlink_bytes news = {.len = 0};

    (void)state;
    netlink_addr(&news, RTM_DELADDR, 0, 0, 55, "2001:db8::1");
    in(&news);
    assert_string_equal(shown(0), "null 2001:db8::1");
}

static void leaves_requests_that_change_something_out(void **state)
{
    struct netlink_bytes request = {.len = 0};

    (void)state;
    netlink_request(&request, RTM_NEWADDR, NLM_F_REQUEST, 3);
    out(&request);
    enumeration_flush(enumeration, 9000, true);
    assert_int_equal(json_array_size(events), 0);
}

static void keeps_a_bounded_number_of_open_requests(void **state)
{
    (void)state;
    for (uint32_t i = 1; i <= ENUMERATION_OPEN_MAX + 10; i++) {
        struct netlink_bytes request = {.len = 0};
        netlink_request(&request, RTM_GETADDR, NLM_F_REQUEST | NLM_F_DUMP, i);
        out(&request);
    }
    assert_int_equal(json_array_size(events), 10);
    enumeration_flush(enumeration, 9000, true);
    assert_int_equal(json_array_size(events), ENUMERATION_OPEN_MAX + 10);
}

static void survives_every_cut_of_an_answer(void **state)
{
    struct netlink_bytes answer = {.len = 0};

    (void)state;
    netlink_link(&answer, RTM_NEWLINK, NLM_F_MULTI, 3, 9, "wg0");
    netlink_addr(&answer, RTM_NEWADDR, NLM_F_MULTI, 3, 9, "10.0.0.1");
    netlink_done(&answer, NLMSG_DONE, 3, 0);
    for (size_t len = 0; len <= answer.len; len++) {
        struct netlink_bytes *exact = malloc(sizeof *exact);
        memcpy(exact->data, answer.data, len);
        give(exact, 0, len, EVENT_IN, 7, 1);
        free(exact);
    }
    assert_true(json_array_size(events) > 0);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(puts_a_dump_of_several_pieces_into_one_event),
        TEST(keeps_dumps_of_other_descriptors_and_processes_apart),
        TEST(tells_a_request_without_answer_once_its_time_is_up),
        TEST(tells_chromium_s_dumps_from_the_notifications_that_follow),
        TEST(says_that_a_cut_answer_is_incomplete),
        TEST(tells_the_kernel_s_error),
        TEST(ends_a_single_answer_without_waiting),
        TEST(tells_an_answer_whose_request_went_unseen),
        TEST(names_no_interface_that_nobody_named),
        TEST(leaves_requests_that_change_something_out),
        TEST(keeps_a_bounded_number_of_open_requests),
        TEST(survives_every_cut_of_an_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
