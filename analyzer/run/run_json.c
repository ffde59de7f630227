/* Takes run.json apart. */
#include "run_json.h"

#include <stdlib.h>
#include <string.h>

enum { RUN_SCHEMA = 1 };

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static uint64_t number_of(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (uint64_t)value : 0;
}

static uint32_t number32_of(const json_t *object, const char *key)
{
    uint64_t value = number_of(object, key);
    return value > UINT32_MAX ? 0 : (uint32_t)value;
}

static bool truth_of(const json_t *object, const char *key)
{
    return json_is_true(json_object_get(object, key));
}

static uint64_t time_of(const json_t *object, const char *key)
{
    const char *text = text_of(object, key);
    return text ? run_time_ns(text, strlen(text)) : 0;
}

static struct netaddr ip_of(const json_t *object, const char *key)
{
    struct netaddr ip = {0};
    const char *text = text_of(object, key);
    if (text)
        (void)netaddr_parse_ip(text, &ip);
    return ip;
}

/* "10.8.0.0/24", "fe80::%2/64" */
static bool prefix_of(const char *text, struct netaddr *ip, unsigned *bits)
{
    char buf[NETADDR_IP_TEXT_BYTES];
    char *end;
    const char *slash = text ? strchr(text, '/') : NULL;
    if (!slash || (size_t)(slash - text) >= sizeof(buf))
        return false;
    memcpy(buf, text, (size_t)(slash - text));
    buf[slash - text] = '\0';
    unsigned long value = strtoul(slash + 1, &end, 10);
    if (*end != '\0' || value > 128 || !netaddr_parse_ip(buf, ip))
        return false;
    *bits = (unsigned)value;
    return true;
}

/*
 * object's array key as *list, NULL where there is none, and room for a row an element, never NULL
 * but where memory is out.
 */
static void *rows_of(const json_t *object, const char *key, size_t row_bytes, json_t **list)
{
    *list = json_object_get(object, key);
    if (!json_is_array(*list))
        *list = NULL;
    return calloc(json_array_size(*list) + 1, row_bytes);
}

static bool take_policy(struct run_folder *run, const json_t *policy)
{
    json_t *list;
    run->policy_name = text_of(policy, "name");
    run->policy_vpn = text_of(policy, "vpn");
    const json_t *first = json_object_get(policy, "first");
    run->policy_first_name = text_of(first, "name");
    run->policy_first_vpn = text_of(first, "vpn");
    run->policy_first_rules = json_object_get(first, "rules");
    run->policy_first_hidden = json_object_get(first, "hidden");
    run->policy_default = text_of(policy, "default");
    run->policy_changes = json_object_get(policy, "changes");
    if (!json_is_array(run->policy_changes))
        run->policy_changes = NULL;
    run->rules = rows_of(policy, "rules", sizeof(*run->rules), &list);
    if (!run->rules)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        run->rules[run->rule_count++] = (struct run_rule){
            .line = number32_of(item, "line"),
            .text = text_of(item, "rule"),
        };
    }
    run->hidden = rows_of(policy, "hidden", sizeof(*run->hidden), &list);
    if (!run->hidden)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        run->hidden[run->hidden_count++] = (struct run_hidden){
            .iface = text_of(item, "iface"),
            .what = text_of(item, "what"),
        };
    }
    return true;
}

static bool take_ifaces(struct run_folder *run, const json_t *start)
{
    json_t *list;
    run->ifaces = rows_of(start, "interfaces", sizeof(*run->ifaces), &list);
    if (!run->ifaces)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        run->ifaces[run->iface_count++] = (struct run_iface){
            .name = text_of(item, "iface"),
            .kind = text_of(item, "kind"),
            .link_type = text_of(item, "link_type"),
            .index = number32_of(item, "index"),
            .up = truth_of(item, "up"),
            .running = truth_of(item, "running"),
            .loopback = truth_of(item, "loopback"),
        };
    }
    return true;
}

static bool take_addresses(struct run_folder *run, const json_t *start)
{
    json_t *list;
    run->addresses = rows_of(start, "addresses", sizeof(*run->addresses), &list);
    if (!run->addresses)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct run_address address = {
            .iface = text_of(item, "iface"),
            .ip = ip_of(item, "ip"),
            .prefix = number32_of(item, "prefix"),
        };
        if (address.ip.family != NETADDR_NONE)
            run->addresses[run->address_count++] = address;
    }
    return true;
}

static bool take_routes(struct run_folder *run, const json_t *start)
{
    json_t *list;
    run->routes = rows_of(start, "routes", sizeof(*run->routes), &list);
    if (!run->routes)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct run_route route = {
            .iface = text_of(item, "iface"),
            .via = ip_of(item, "via"),
            .src = ip_of(item, "src"),
            .table = number32_of(item, "table"),
            .metric = number32_of(item, "metric"),
        };
        if (prefix_of(text_of(item, "to"), &route.to, &route.prefix))
            run->routes[run->route_count++] = route;
    }
    return true;
}

static bool take_network(struct run_folder *run, const json_t *network)
{
    const json_t *start = json_object_get(network, "start");
    run->network_changes = json_object_get(network, "changes");
    if (!json_is_array(run->network_changes))
        run->network_changes = NULL;
    return take_ifaces(run, start) && take_addresses(run, start) && take_routes(run, start);
}

static bool take_processes(struct run_folder *run)
{
    json_t *list;
    run->processes = rows_of(run->root, "processes", sizeof(*run->processes), &list);
    if (!run->processes)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *item = json_array_get(list, i);
        struct run_process *p = &run->processes[run->process_count++];
        const json_t *used = json_object_get(item, "used_socket");
        *p = (struct run_process){
            .pid = number32_of(item, "pid"),
            .ns_pid = number32_of(item, "ns_pid"),
            .parent = number32_of(item, "parent"),
            .name = text_of(item, "name"),
            .role = text_of(item, "role"),
            .exe = text_of(item, "exe"),
            .cmdline = text_of(item, "cmdline"),
            .coverage = text_of(item, "coverage"),
            .reason = text_of(item, "reason"),
            .by_fork = truth_of(item, "by_fork"),
            .ended = truth_of(item, "ended"),
            .other_network = truth_of(item, "other_network"),
            .used_socket = json_is_boolean(used) ? json_is_true(used) : -1,
        };
        p->covered = p->coverage && strcmp(p->coverage, "covered") == 0;
    }
    return true;
}

static bool take_capture(struct run_folder *run, const json_t *capture)
{
    json_t *list;
    const char *status = text_of(capture, "status");
    if (!json_is_object(capture))
        return true;
    run->capture = (struct run_capture){
        .there = true,
        .complete = status && strcmp(status, "complete") == 0,
        .later = truth_of(capture, "later"),
        .file = text_of(capture, "file"),
        .reason = text_of(capture, "reason"),
        .started_ns = time_of(capture, "started"),
        .ended_ns = time_of(capture, "ended"),
        .packets = number_of(capture, "packets"),
        .dropped = number_of(capture, "dropped"),
    };
    run->capture.ifaces = rows_of(capture, "interfaces", sizeof(*run->capture.ifaces), &list);
    if (!run->capture.ifaces)
        return false;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        if (name)
            run->capture.ifaces[run->capture.iface_count++] = name;
    }
    return true;
}

bool run_json_take(struct run_folder *run)
{
    const json_t *status = json_object_get(run->root, "exit_status");
    uint64_t schema = number_of(run->root, "schema");
    if (run->has_json && schema != RUN_SCHEMA)
        run_folder_damage(
            run, RUN_JSON_FILE, 0, 0,
            "its schema is %llu, and this program knows %d: some of it may be missing",
            (unsigned long long)schema, RUN_SCHEMA);
    run->complete = truth_of(run->root, "complete");
    run->processes_complete = truth_of(run->root, "processes_complete");
    run->start_ns = time_of(run->root, "start");
    run->end_ns = time_of(run->root, "end");
    run->rtcshim = text_of(run->root, "rtcshim");
    if (json_is_integer(status) && json_integer_value(status) >= 0 &&
        json_integer_value(status) <= 255)
        run->exit_status = (int)json_integer_value(status);
    run->events = number_of(run->root, "events");
    run->events_lost = number_of(run->root, "events_lost");
    run->events_unwritten = number_of(run->root, "events_unwritten");
    return take_policy(run, json_object_get(run->root, "policy")) &&
           take_network(run, json_object_get(run->root, "network")) && take_processes(run) &&
           take_capture(run, json_object_get(run->root, "capture"));
}
