/* Asks MaxMind DB files where public addresses are. */
#include "geo.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <maxminddb.h>

#include "text_escape.h"

enum {
    GEO_TEXT_BYTES = 128,
    NAME_BYTES = 96, /* of a database and its date */
};

struct geo {
    MMDB_s files[GEO_FILES_MAX];
    size_t count;
    char trouble[256];
};

struct geo *geo_new(void)
{
    return calloc(1, sizeof(struct geo));
}

void geo_free(struct geo *geo)
{
    for (size_t i = 0; geo && i < geo->count; i++)
        MMDB_close(&geo->files[i]);
    free(geo);
}

const char *geo_trouble(const struct geo *geo)
{
    return geo->trouble[0] ? geo->trouble : NULL;
}

bool geo_open(struct geo *geo, const char *file, char *why, size_t size)
{
    MMDB_s *mmdb = &geo->files[geo->count];
    struct stat st;
    int error;
    if (geo->count == GEO_FILES_MAX) {
        (void)snprintf(why, size, "%s: at most %d databases", file, GEO_FILES_MAX);
        return false;
    }
    /* The library would wait for a pipe's other end, and takes a folder for a damaged file. */
    if (stat(file, &st) == 0 && !S_ISREG(st.st_mode)) {
        (void)snprintf(why, size, "%s is no file", file);
        return false;
    }
    error = MMDB_open(file, MMDB_MODE_MMAP, mmdb);
    if (error == MMDB_IO_ERROR || error == MMDB_FILE_OPEN_ERROR)
        (void)snprintf(why, size, "cannot read %s: %s", file, strerror(errno));
    else if (error != MMDB_SUCCESS)
        (void)snprintf(why, size, "%s is no MaxMind DB file, or a damaged one: %s", file,
                       MMDB_strerror(error));
    else
        geo->count++;
    return error == MMDB_SUCCESS;
}

/* A stranger's bytes as JSON. */
static json_t *as_text(const char *bytes, size_t len)
{
    char text[GEO_TEXT_BYTES + 1];
    uint32_t code;
    size_t valid = 0;
    while (valid < len) {
        size_t one = text_next_char((const uint8_t *)bytes + valid, len - valid, &code);
        if (one == 0 || code == 0)
            return json_string(text_escape(bytes, len, text, sizeof(text)));
        if (valid + one > GEO_TEXT_BYTES)
            break; /* as much as fits, in whole characters */
        valid += one;
    }
    return json_stringn(bytes, valid);
}

static bool get(MMDB_entry_s *entry, const char *const *path, MMDB_entry_data_s *data,
                uint32_t type)
{
    return MMDB_aget_value(entry, data, path) == MMDB_SUCCESS && data->has_data &&
           data->type == type;
}

static json_t *get_text(MMDB_entry_s *entry, const char *const *path)
{
    MMDB_entry_data_s data;
    return get(entry, path, &data, MMDB_DATA_TYPE_UTF8_STRING) && data.data_size > 0
               ? as_text(data.utf8_string, data.data_size)
               : NULL;
}

/* "AS64500 Example"; either may be missing. */
static json_t *get_network(MMDB_entry_s *entry)
{
    static const char *const number[] = {"autonomous_system_number", NULL};
    static const char *const owner[] = {"autonomous_system_organization", NULL};
    MMDB_entry_data_s data;
    json_t *name = get_text(entry, owner), *result = name;
    if (get(entry, number, &data, MMDB_DATA_TYPE_UINT32)) {
        result = json_sprintf("AS%" PRIu32 "%s%s", data.uint32, name ? " " : "",
                              name ? json_string_value(name) : "");
        json_decref(name);
    }
    return result;
}

/* What this database knows and result does not. */
static void add(json_t *result, MMDB_entry_s *entry)
{
    static const char *const country[][3] = {{"country", "iso_code"},
                                             {"registered_country", "iso_code"}};
    static const char *const name[][4] = {{"country", "names", "en"},
                                          {"registered_country", "names", "en"}};
    for (size_t i = 0; i < 2 && json_is_null(json_object_get(result, "country")); i++) {
        json_t *code = get_text(entry, country[i]), *text = get_text(entry, name[i]);
        if (code)
            (void)json_object_set_new(result, "country", code);
        if (text && code)
            (void)json_object_set(result, "country_name", text);
        json_decref(text);
    }
    if (json_is_null(json_object_get(result, "network"))) {
        json_t *network = get_network(entry);
        if (network)
            (void)json_object_set_new(result, "network", network);
    }
}

static void look_up_in(struct geo *geo, MMDB_s *mmdb, const struct netaddr *addr, json_t *result)
{
    struct sockaddr_in ipv4 = {.sin_family = AF_INET};
    struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6};
    const struct sockaddr *sa = (const struct sockaddr *)&ipv4;
    MMDB_lookup_result_s found;
    int error;
    if (addr->family == NETADDR_IPV4) {
        memcpy(&ipv4.sin_addr, addr->ip, 4);
    } else {
        memcpy(&ipv6.sin6_addr, addr->ip, 16);
        sa = (const struct sockaddr *)&ipv6;
    }
    found = MMDB_lookup_sockaddr(mmdb, sa, &error);
    if (error == MMDB_SUCCESS && found.found_entry)
        add(result, &found.entry);
    else if (error != MMDB_SUCCESS && error != MMDB_IPV6_LOOKUP_IN_IPV4_DATABASE_ERROR)
        (void)snprintf(geo->trouble, sizeof(geo->trouble), "%s is damaged: %s", mmdb->filename,
                       MMDB_strerror(error));
}

json_t *geo_look_up(struct geo *geo, const struct netaddr *addr)
{
    enum netaddr_kind kind = netaddr_kind_of(addr);
    json_t *result;
    if (kind != NETADDR_KIND_PUBLIC && kind != NETADDR_KIND_GLOBAL_IPV6)
        return json_null();
    result = json_pack("{sn,sn,sn}", "country", "country_name", "network");
    for (size_t i = 0; result && i < geo->count; i++)
        look_up_in(geo, &geo->files[i], addr, result);
    if (result && json_is_null(json_object_get(result, "country")) &&
        json_is_null(json_object_get(result, "network"))) {
        json_decref(result);
        return json_null();
    }
    return result;
}

static bool fill(struct geo *geo, json_t *array, const char *field)
{
    size_t i;
    json_t *row;
    json_array_foreach(array, i, row)
    {
        const char *text = json_string_value(json_object_get(row, field));
        struct netaddr addr;
        json_t *found;
        if (!text || !netaddr_parse_ip(text, &addr))
            continue;
        found = geo_look_up(geo, &addr);
        if (!found || json_object_set_new(row, "geo", found) != 0)
            return false;
    }
    return true;
}

/* "GeoLite2-City 2026-11-01" */
static void name_database(const MMDB_s *mmdb, char out[static NAME_BYTES])
{
    time_t built = (time_t)mmdb->metadata.build_epoch;
    const char *type = mmdb->metadata.database_type;
    char date[16] = "of no date", visible[NAME_BYTES - sizeof(date) - 1];
    struct tm tm;
    if (gmtime_r(&built, &tm) && tm.tm_year >= 70 && tm.tm_year < 8000)
        (void)strftime(date, sizeof(date), "%Y-%m-%d", &tm);
    (void)text_escape(type ? type : "", type ? strlen(type) : 0, visible, sizeof(visible));
    (void)snprintf(out, NAME_BYTES, "%s %s", visible, date);
}

bool geo_document(struct geo *geo, json_t *document)
{
    char names[GEO_FILES_MAX * (NAME_BYTES + 2)] = "";
    json_t *run = json_object_get(document, "run");
    size_t len = 0;
    for (size_t i = 0; i < geo->count; i++) {
        char name[NAME_BYTES];
        name_database(&geo->files[i], name);
        /* Room for all. */
        len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s", i ? ", " : "", name);
    }
    return fill(geo, json_object_get(document, "leaks"), "address") &&
           fill(geo, json_object_get(document, "servers"), "ip") &&
           json_object_set_new(run, "geo", geo->count ? json_string(names) : json_null()) == 0;
}
