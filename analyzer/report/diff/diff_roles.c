/* What an address or an interface is to a run, in words that hold for another run too. */
#include "diff_private.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "netaddr.h"

const char *diff_text(const json_t *object, const char *field)
{
    const char *text = json_string_value(json_object_get(object, field));
    return text ? text : "";
}

const json_t *diff_row(const struct diff_run *run, const char *array, const json_t *object,
                       const char *field)
{
    const json_t *number = json_object_get(object, field);
    json_int_t index = json_integer_value(number);
    if (!json_is_integer(number) || index < 0)
        return NULL;
    return json_array_get(json_object_get(run->document, array), (size_t)index);
}

void diff_append(char out[static DIFF_TEXT_BYTES], const char *format, ...)
{
    size_t len = strlen(out);
    va_list args;
    int wanted;
    va_start(args, format);
    /* args are started. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    wanted = vsnprintf(out + len, DIFF_TEXT_BYTES - len, format, args);
    va_end(args);
    if (wanted < 0 || (size_t)wanted < DIFF_TEXT_BYTES - len)
        return;
    /* Not in the middle of a character: what comes in is UTF-8, and so must be what goes out. */
    len = DIFF_TEXT_BYTES - 1;
    while (len > 0 && ((uint8_t)out[len - 1] & 0xc0) == 0x80)
        len--;
    if (len > 0 && (uint8_t)out[len - 1] >= 0xc0)
        len--;
    out[len] = '\0';
}

static bool is_wanted(const json_t *document, const char *iface)
{
    const json_t *wanted = json_object_get(json_object_get(document, "path"), "wanted");
    for (size_t i = 0; i < json_array_size(wanted); i++) {
        const char *name = json_string_value(json_array_get(wanted, i));
        if (name && strcmp(name, iface) == 0)
            return true;
    }
    return false;
}

const char *diff_iface_role(const struct diff_run *run, const char *iface)
{
    return is_wanted(run->document, iface) || is_wanted(run->other, iface) ? "the tunnel" : iface;
}

/* The interface that has this address as its own; NULL none. */
static const char *owner_of(const json_t *document, const struct netaddr *addr)
{
    size_t i, k;
    const json_t *iface, *row;
    json_array_foreach(json_object_get(document, "interfaces"), i, iface)
    {
        json_array_foreach(json_object_get(iface, "addresses"), k, row)
        {
            struct netaddr own;
            if (netaddr_parse_ip(diff_text(row, "ip"), &own) && netaddr_same_ip(&own, addr))
                return diff_text(iface, "name");
        }
    }
    return NULL;
}

/* RFC 4291, appendix A: the same in every network that the machine comes to. */
static bool has_hardware_address(const struct netaddr *addr)
{
    return addr->family == NETADDR_IPV6 && addr->ip[11] == 0xff && addr->ip[12] == 0xfe;
}

/* "private IPv4", "global IPv6", "ULA" */
static void kind_words(const struct netaddr *addr, char out[static DIFF_TEXT_BYTES])
{
    enum netaddr_kind kind = netaddr_kind_of(addr);
    const char *family = addr->family == NETADDR_IPV4 ? " IPv4" : " IPv6";
    bool said = kind == NETADDR_KIND_GLOBAL_IPV6 || kind == NETADDR_KIND_ULA;
    diff_append(out, "%s%s", netaddr_kind_name(kind), said ? "" : family);
}

void diff_role_of(const struct diff_run *run, const char *address, const char *kind,
                  const char *iface, struct diff_role *role)
{
    char words[DIFF_TEXT_BYTES] = "";
    struct netaddr addr;
    bool is_ip = netaddr_parse_ip(address, &addr);
    const char *owner = is_ip ? owner_of(run->document, &addr) : NULL;
    const char *hardware =
        is_ip && has_hardware_address(&addr) ? ", made of its hardware address" : "";
    role->key[0] = role->words[0] = '\0';
    if (owner)
        iface = owner;
    if (is_ip)
        kind_words(&addr, words);
    else
        diff_append(words, "%s", address[0] ? "multicast DNS" : kind);
    diff_append(role->key, "%s%s|%s", words, hardware, diff_iface_role(run, iface));
    diff_append(role->words, address[0] && !is_ip ? "a name of %s" : "the %s address", words);
    if (iface[0])
        diff_append(role->words, " of %s", iface);
    diff_append(role->words, "%s", hardware);
}
