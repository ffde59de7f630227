/* Small pieces of the summary, as text and as JSON. */
#include "tally_parts.h"

void text_count(struct sink *s, uint64_t n, const char *one, const char *more)
{
    sink_uint(s, n);
    sink_char(s, ' ');
    sink_text(s, n == 1 ? one : more);
}

void text_if(struct sink *s, uint64_t n, const char *text)
{
    if (n == 0)
        return;
    sink_lit(s, ", ");
    sink_uint(s, n);
    sink_char(s, ' ');
    sink_text(s, text);
}

void text_iface(struct sink *s, const struct tally *t, uint32_t iface)
{
    const struct tally_iface *i = &t->ifaces[iface];
    if (i->name[0])
        sink_plain(s, i->name, strlen(i->name), TALLY_NAME_BYTES);
    else if (i->ifindex)
        sink_printf(s, "interface index %u", i->ifindex);
    else
        sink_printf(s, "interface %u of file %u (its name is not recorded)", i->number,
                    i->file + 1);
}

void text_address(struct sink *s, const struct netaddr *addr)
{
    char text[NETADDR_TEXT_BYTES];
    sink_text(s, netaddr_format(addr, text, sizeof(text)));
}

void text_thousandths(struct sink *s, uint64_t n)
{
    sink_printf(s, "%llu.%03u", (unsigned long long)(n / 1000), (unsigned)(n % 1000));
}

void json_number(struct sink *s, const char *key, uint64_t value)
{
    sink_char(s, '"');
    sink_text(s, key);
    sink_lit(s, "\":");
    sink_uint(s, value);
}

void json_next(struct sink *s, const char *key, uint64_t value)
{
    sink_char(s, ',');
    json_number(s, key, value);
}

void json_address(struct sink *s, const struct netaddr *addr)
{
    if (addr->family == NETADDR_NONE) {
        sink_lit(s, "\"ip\":null");
    } else {
        sink_lit(s, "\"ip\":\"");
        sink_ip(s, addr);
        sink_char(s, '"');
    }
    json_next(s, "port", addr->port);
}

static void write_key(struct sink *s, const char *key)
{
    sink_lit(s, ",\"");
    sink_text(s, key);
    sink_lit(s, "\":");
}

void json_time(struct sink *s, const char *key, uint64_t time_ns)
{
    write_key(s, key);
    if (time_ns == 0) {
        sink_lit(s, "null");
        return;
    }
    sink_char(s, '"');
    sink_time(s, time_ns);
    sink_lit(s, "+0000\"");
}

void json_text(struct sink *s, const char *key, const char *text)
{
    write_key(s, key);
    if (!text) {
        sink_lit(s, "null");
        return;
    }
    sink_char(s, '"');
    sink_text(s, text);
    sink_char(s, '"');
}

void json_iface(struct sink *s, const struct tally *t, uint32_t iface)
{
    const char *name = t->ifaces[iface].name;
    if (name[0])
        sink_json_string(s, name, strlen(name));
    else
        sink_lit(s, "null");
}
