/* The text report: what is read from the document, and in which words. */
#include "report_text.h"
#include "report_text_private.h"

#include <stdarg.h>
#include <string.h>

const char *text_at(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

uint64_t number_at(const json_t *object, const char *key)
{
    json_int_t value = json_integer_value(json_object_get(object, key));
    return value > 0 ? (uint64_t)value : 0;
}

const json_t *part_at(const json_t *object, const char *key)
{
    return json_object_get(object, key);
}

const json_t *row_at(const json_t *document, const char *table, const json_t *object,
                     const char *key)
{
    const json_t *index = json_object_get(object, key);
    if (!json_is_integer(index) || json_integer_value(index) < 0)
        return NULL;
    return json_array_get(json_object_get(document, table), (size_t)json_integer_value(index));
}

char *counted(uint64_t count, const char *one, const char *many, char *buf, size_t size)
{
    (void)snprintf(buf, size, "%llu %s", (unsigned long long)count, count == 1 ? one : many);
    return buf;
}

/* Append to a buffer whose text is cut where it ends. */
__attribute__((format(printf, 3, 4))) static void append(char *buf, size_t size, const char *format,
                                                         ...)
{
    size_t len = strlen(buf);
    va_list args;
    va_start(args, format);
    /* args are started. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    (void)vsnprintf(buf + len, size - len, format, args);
    va_end(args);
}

char *process_words(const json_t *document, const json_t *object, char *buf, size_t size)
{
    const json_t *process = row_at(document, "processes", object, "process");
    const char *name = text_at(process, "name"), *role = text_at(process, "role");
    uint64_t pid = number_at(process, "pid");
    buf[0] = '\0';
    append(buf, size, "%s", !process ? "an unknown process" : name[0] ? name : "a process");
    if (!process || (role[0] == '\0' && pid == 0))
        return buf;
    append(buf, size, " (");
    if (role[0] != '\0')
        append(buf, size, "%s process%s", role, pid ? ", " : "");
    if (pid != 0)
        append(buf, size, "pid %llu", (unsigned long long)pid);
    append(buf, size, ")");
    return buf;
}

char *address_words(const json_t *leak, char *buf, size_t size)
{
    const char *address = text_at(leak, "address");
    const json_t *geo = part_at(leak, "geo");
    buf[0] = '\0';
    if (address[0] == '\0') {
        append(buf, size, "the public address of %s", text_at(leak, "iface"));
        return buf;
    }
    append(buf, size, "%s (%s", address, text_at(leak, "kind"));
    if (text_at(geo, "country")[0] != '\0')
        append(buf, size, ", %s", text_at(geo, "country"));
    if (text_at(geo, "network")[0] != '\0')
        append(buf, size, ", %s", text_at(geo, "network"));
    append(buf, size, ")");
    return buf;
}

char *learned_words(const json_t *path, char *buf, size_t size)
{
    const json_t *learned = part_at(path, "learned");
    buf[0] = '\0';
    for (size_t i = 0; i < json_array_size(learned); i++)
        append(buf, size, "%s%s", i > 0 ? ", " : "",
               text_at(json_array_get(learned, i), "address"));
    return buf;
}

/* "events 78, 79" */
static void append_numbers(char *buf, size_t size, const json_t *list, const char *one,
                           const char *many)
{
    size_t count = json_array_size(list);
    if (count == 0)
        return;
    append(buf, size, "%s%s ", buf[0] == '\0' ? "" : "; ", count == 1 ? one : many);
    for (size_t i = 0; i < count; i++)
        append(buf, size, "%s%lld", i > 0 ? ", " : "",
               (long long)json_integer_value(json_array_get(list, i)));
}

char *evidence_words(const json_t *object, char *buf, size_t size)
{
    const json_t *evidence = part_at(object, "evidence");
    buf[0] = '\0';
    append_numbers(buf, size, part_at(evidence, "events"), "event", "events");
    append_numbers(buf, size, part_at(evidence, "frames"), "frame", "frames");
    if (number_at(evidence, "more") > 0)
        append(buf, size, "; and %llu more", (unsigned long long)number_at(evidence, "more"));
    return buf;
}

bool report_text_write(const json_t *document, const struct report_text_options *options, FILE *out)
{
    struct paragraphs p = {.out = out, .width = options->width, .colour = options->colour};
    report_text_verdict(&p, document);
    if (!options->brief)
        report_text_details(&p, document);
    return !p.failed && !ferror(out);
}
