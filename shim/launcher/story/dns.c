/* Decodes DNS messages with libresolv and writes them as JSON. */
#include "dns.h"

#include <arpa/nameser.h>
#include <ctype.h>
#include <resolv.h>
#include <stdio.h>
#include <string.h>

#include "bytes.h"
#include "event_json.h"
#include "text.h"

enum { DNS_HEADER_BYTES = 12, DNS_TXT_BYTES_MAX = 255 };

const char *dns_type_name(unsigned type, char *buf, size_t size)
{
    static const struct {
        unsigned type;
        const char *name;
    } names[] = {
        {1, "A"},      {2, "NS"},    {5, "CNAME"}, {6, "SOA"},    {12, "PTR"},  {15, "MX"},
        {16, "TXT"},   {28, "AAAA"}, {33, "SRV"},  {35, "NAPTR"}, {41, "OPT"},  {43, "DS"},
        {46, "RRSIG"}, {47, "NSEC"}, {64, "SVCB"}, {65, "HTTPS"}, {255, "ANY"}, {257, "CAA"},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].type == type)
            return names[i].name;
    snprintf(buf, size, "TYPE%u", type);
    return buf;
}

static json_t *dns_rcode(unsigned rcode)
{
    static const char *const names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                        "NXDOMAIN", "NOTIMP",  "REFUSED"};

    if (rcode < sizeof names / sizeof names[0])
        return json_string_nocheck(names[rcode]);
    return json_sprintf("RCODE%u", rcode);
}

bool dns_name_is_stun(const char *name)
{
    for (const char *label = name; label && *label;) {
        const char *start = label;
        bool named;

        if (*start == '_')
            start++;
        named = strncasecmp(start, "stun", 4) == 0 || strncasecmp(start, "turn", 4) == 0;
        if (named) {
            start += 4;
            if (tolower((unsigned char)*start) == 's')
                start++;
            while (isdigit((unsigned char)*start) || *start == '-')
                start++;
            if (*start == '.' || *start == '\0')
                return true;
        }
        label = strchr(label, '.');
        if (label)
            label++;
    }
    return false;
}

/* A name inside rdata as text; false where it is malformed. */
static bool dns_rdata_name(const ns_msg *msg, const uint8_t *at, char out[static DNS_NAME_BYTES])
{
    return ns_name_uncompress(ns_msg_base(*msg), ns_msg_end(*msg), at, out, DNS_NAME_BYTES) >= 0;
}

static void dns_add_address(json_t *o, const uint8_t *data, size_t len, bool wanted,
                            struct dns_digest *digest)
{
    struct netaddr addr = netaddr_from_bytes(data, len, 0);

    json_object_set_new_nocheck(o, "data", event_json_ip(&addr));
    if (wanted && addr.family != NETADDR_NONE && digest->addresses < DNS_ADDRESSES_MAX)
        digest->address[digest->addresses++] = addr;
}

/* One resource record's value under "data"; hexadecimal for types that are not taken apart. */
static void dns_add_data(json_t *o, const ns_msg *msg, const ns_rr *rr, bool wanted,
                         struct dns_digest *digest)
{
    const uint8_t *data = ns_rr_rdata(*rr);
    size_t len = ns_rr_rdlen(*rr);
    unsigned type = ns_rr_type(*rr);
    char name[DNS_NAME_BYTES];

    if ((type == ns_t_a && len == 4) || (type == ns_t_aaaa && len == 16)) {
        dns_add_address(o, data, len, wanted, digest);
    } else if ((type == ns_t_cname || type == ns_t_ptr || type == ns_t_ns) &&
               dns_rdata_name(msg, data, name)) {
        json_object_set_new_nocheck(o, "data", text_json(name, strlen(name)));
    } else if (type == ns_t_srv && len > 6 && dns_rdata_name(msg, data + 6, name)) {
        json_object_set_new_nocheck(o, "data", text_json(name, strlen(name)));
        json_object_set_new_nocheck(o, "port", json_integer(be16(data + 4)));
    } else if (type == ns_t_txt && len > 0 && data[0] < len) {
        json_object_set_new_nocheck(o, "data", text_json((const char *)data + 1, data[0]));
    } else {
        json_object_set_new_nocheck(o, "data", text_json_hex(data, len, 64));
    }
}

/* The records of one section; false where one is malformed. */
static bool dns_add_section(json_t *o, const char *key, ns_msg *msg, ns_sect section,
                            struct dns_digest *digest, size_t *left_out)
{
    size_t count = ns_msg_count(*msg, section);
    size_t told = count < DNS_RECORDS_MAX ? count : DNS_RECORDS_MAX;
    json_t *array;
    bool whole = true;

    if (count == 0)
        return true;
    array = json_array();
    for (size_t i = 0; i < told; i++) {
        ns_rr rr;
        char type[16];

        if (ns_parserr(msg, section, (int)i, &rr) < 0) {
            whole = false;
            break;
        }
        if (ns_rr_type(rr) == ns_t_opt)
            continue; /* no record but the sender's abilities */
        json_t *record = json_object();
        json_object_set_new_nocheck(record, "name",
                                    text_json(ns_rr_name(rr), strlen(ns_rr_name(rr))));
        json_object_set_new_nocheck(
            record, "type",
            json_string_nocheck(dns_type_name((unsigned)ns_rr_type(rr), type, sizeof type)));
        json_object_set_new_nocheck(record, "ttl", json_integer((json_int_t)ns_rr_ttl(rr)));
        dns_add_data(record, msg, &rr, section == ns_s_an, digest);
        json_array_append_new(array, record);
        if (section == ns_s_an && digest->question[0] == '\0')
            snprintf(digest->question, sizeof digest->question, "%s", ns_rr_name(rr));
    }
    *left_out += count - told;
    if (json_array_size(array) > 0)
        json_object_set_nocheck(o, key, array);
    json_decref(array);
    return whole;
}

/* question and qtype are the first; a message with several has them all in questions. */
static bool dns_add_questions(json_t *o, ns_msg *msg, struct dns_digest *digest, size_t *left_out)
{
    size_t count = ns_msg_count(*msg, ns_s_qd);
    size_t told = count < DNS_QUESTIONS_MAX ? count : DNS_QUESTIONS_MAX;
    json_t *all = count > 1 ? json_array() : NULL;
    bool whole = true;

    for (size_t i = 0; i < told; i++) {
        ns_rr rr;
        char type[16];

        if (ns_parserr(msg, ns_s_qd, (int)i, &rr) < 0) {
            whole = false;
            break;
        }
        const char *name = ns_rr_name(rr);
        const char *type_name = dns_type_name((unsigned)ns_rr_type(rr), type, sizeof type);
        if (i == 0) {
            snprintf(digest->question, sizeof digest->question, "%s", name);
            json_object_set_new_nocheck(o, "question", text_json(name, strlen(name)));
            json_object_set_new_nocheck(o, "qtype", json_string_nocheck(type_name));
        }
        if (all) {
            json_t *one = json_object();
            json_object_set_new_nocheck(one, "name", text_json(name, strlen(name)));
            json_object_set_new_nocheck(one, "type", json_string_nocheck(type_name));
            json_array_append_new(all, one);
        }
    }
    *left_out += count - told;
    if (all)
        json_object_set_new_nocheck(o, "questions", all);
    return whole;
}

json_t *dns_json(const uint8_t *in, size_t len, bool multicast, struct dns_digest *digest)
{
    ns_msg msg;
    size_t left_out = 0;
    bool whole;
    json_t *o;

    memset(digest, 0, sizeof *digest);
    if (len < DNS_HEADER_BYTES || len > UINT16_MAX)
        return NULL;
    digest->response = (in[2] & 0x80) != 0;
    o = json_object();
    json_object_set_new_nocheck(o, "type",
                                json_string_nocheck(digest->response ? "answer" : "query"));
    json_object_set_new_nocheck(o, "id", json_integer(be16(in)));
    if (digest->response)
        json_object_set_new_nocheck(o, "rcode", dns_rcode(in[3] & 0x0f));

    /* libresolv takes a message whole or not at all; of what it refuses the header and the first
     * name are told. */
    whole = ns_initparse(in, (int)len, &msg) == 0;
    if (whole) {
        whole = dns_add_questions(o, &msg, digest, &left_out);
        whole = dns_add_section(o, "answers", &msg, ns_s_an, digest, &left_out) && whole;
        if (multicast) {
            whole = dns_add_section(o, "authority", &msg, ns_s_ns, digest, &left_out) && whole;
            whole = dns_add_section(o, "additional", &msg, ns_s_ar, digest, &left_out) && whole;
        }
    } else if (be16(in + 4) > 0 &&
               ns_name_uncompress(in, in + len, in + DNS_HEADER_BYTES, digest->question,
                                  sizeof digest->question) >= 0) {
        json_object_set_new_nocheck(o, "question",
                                    text_json(digest->question, strlen(digest->question)));
    } else {
        digest->question[0] = '\0';
    }
    if (left_out)
        json_object_set_new_nocheck(o, "left_out", json_integer((json_int_t)left_out));
    if (!whole)
        json_object_set_new_nocheck(o, "damaged", json_true());
    return o;
}
