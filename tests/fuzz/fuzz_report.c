/* Fuzz what is made of a report, which is a file that anybody can write: it differs in nothing from
 * itself, and of what is redacted no IPv6 address is left that was in it. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "diff.h"
#include "netaddr.h"
#include "redact.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

static void check_diff(const json_t *document)
{
    json_t *diff = diff_documents(document, document, "a", "b");
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    if (!diff || !out || diff_reveals_more(diff) || !diff_print(diff, true, out))
        abort();
    (void)fclose(out);
    free(text);
    json_decref(diff);
}

/* Whether text has it as a whole, in the form in which the redactor would write it. */
static bool has(const char *text, const char *address)
{
    static const char more[] = "0123456789abcdefABCDEF:.";
    for (const char *at = text; (at = strstr(at, address)); at++)
        if ((at == text || !strchr(more, at[-1])) &&
            (!at[strlen(address)] || !strchr(more, at[strlen(address)])))
            return true;
    return false;
}

static void check_left(const json_t *value, const char *redacted)
{
    const char *key;
    size_t i;
    json_t *part;
    json_object_foreach((json_t *)(uintptr_t)value, key, part) check_left(part, redacted);
    json_array_foreach(value, i, part) check_left(part, redacted);
    if (json_is_string(value)) {
        struct netaddr addr;
        char text[NETADDR_IP_TEXT_BYTES];
        /* Only such as are not met by chance, and do not stay. */
        if (netaddr_parse_ip(json_string_value(value), &addr) && addr.scope_id == 0 &&
            netaddr_kind_of(&addr) == NETADDR_KIND_GLOBAL_IPV6 && addr.ip[0] >> 5 == 1 &&
            has(redacted, netaddr_format_ip(&addr, text, sizeof(text))))
            abort();
    }
}

static void check_redaction(json_t *document)
{
    static const uint8_t key[PSEUDONYM_KEY_BYTES] = {1, 2, 3};
    struct pseudonym *names = pseudonym_new(key);
    json_t *original = json_deep_copy(document);
    char why[200] = "";
    if (!names || !original)
        abort();
    if (redact_document(document, names, why, sizeof(why))) {
        char *text = json_dumps(document, 0);
        if (!text)
            abort();
        check_left(original, text);
        free(text);
    } else if (!why[0]) {
        abort();
    }
    json_decref(original);
    pseudonym_free(names);
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    json_t *document = json_loadb((const char *)in, len, 0, NULL);
    if (!document)
        return 0;
    check_diff(document);
    check_redaction(document);
    json_decref(document);
    return 0;
}
