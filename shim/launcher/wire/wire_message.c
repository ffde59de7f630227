/* What the capture prints, read back. The bytes came from the network: each field is checked. */
#include "wire_message.h"

#include <jansson.h>
#include <string.h>

static bool copy_text(const json_t *object, const char *key, char *out, size_t size)
{
    const json_t *value = json_object_get(object, key);
    size_t len = json_string_length(value);

    out[0] = '\0';
    if (!json_is_string(value) || len == 0 || len >= size)
        return false;
    memcpy(out, json_string_value(value), len + 1);
    return true;
}

static bool copy_end(const json_t *line, const char *ip_key, const char *port_key,
                     struct netaddr *out)
{
    const char *ip = json_string_value(json_object_get(line, ip_key));
    json_int_t port = json_integer_value(json_object_get(line, port_key));

    if (!ip || !netaddr_parse_ip(ip, out) || port < 1 || port > UINT16_MAX)
        return false;
    out->port = (uint16_t)port;
    return true;
}

static bool is(const json_t *object, const char *key, const char *word)
{
    const char *value = json_string_value(json_object_get(object, key));

    return value && strcmp(value, word) == 0;
}

static bool read_object(const json_t *line, struct wire_message *out)
{
    const json_t *wire = json_object_get(line, "wire");
    json_int_t ifindex = json_integer_value(json_object_get(wire, "ifindex"));

    *out = (struct wire_message){.tcp = is(line, "proto", "TCP"),
                                 .came_in = is(line, "direction", "in")};
    if (!is(wire, "label", "direct") || (!out->tcp && !is(line, "proto", "UDP")) ||
        !copy_end(line, "src_ip", "src_port", &out->src) ||
        !copy_end(line, "dest_ip", "dest_port", &out->dest) ||
        !copy_text(json_object_get(line, "stun"), "txid", out->txid, sizeof(out->txid)) ||
        !copy_text(line, "timestamp", out->timestamp, sizeof(out->timestamp)))
        return false;
    (void)copy_text(line, "in_iface", out->iface, sizeof(out->iface));
    if (ifindex > 0 && ifindex <= INT32_MAX)
        out->ifindex = (uint32_t)ifindex;
    return true;
}

bool wire_message_read(const char *line, size_t len, struct wire_message *out)
{
    json_t *object = json_loadb(line, len, 0, NULL);
    bool good = object && read_object(object, out);

    json_decref(object);
    return good;
}
