/* Pseudonyms for names. */
#include "pseudonym.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "pseudonym_private.h"

enum {
    KNOWN_PROGRAM,
    KNOWN_TOP_LABEL,
    KNOWN_LABEL,
    KNOWN_IFACE,
    KNOWN_FILE,
    KNOWN_POLICY,
    KNOWN_ARGUMENT,

    HOST_BYTES = 253, /* of a name, RFC 1035, as text */
    HOST_LABELS = 12, /* what stands before is one pseudonym */
    IFACE_DIGITS = 3,
};

struct known {
    int kind;
    const char *name;
};

static const struct known known[] = {
#define KNOWN(kind, name) {KNOWN_##kind, name},
#include "pseudonym_known.def"
#undef KNOWN
};

void pseudonym_digest(const struct pseudonym *pseudonym, const char *use, const void *in,
                      size_t len, uint8_t out[static SHA256_DIGEST_SIZE])
{
    struct hmac_sha256_ctx ctx = pseudonym->names;
    hmac_sha256_update(&ctx, strlen(use) + 1, (const uint8_t *)use);
    hmac_sha256_update(&ctx, len, in);
    hmac_sha256_digest(&ctx, SHA256_DIGEST_SIZE, out);
}

static bool is_known(int kind, const char *name, size_t len)
{
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].kind == kind && strlen(known[i].name) == len &&
            memcmp(known[i].name, name, len) == 0)
            return true;
    return false;
}

/* Append "prefix-3f9a01c2"; returns the new end, which is end where there is no room. */
static size_t put_digest(const struct pseudonym *pseudonym, const char *prefix, size_t prefix_len,
                         const void *in, size_t len, char *out, size_t pos)
{
    uint8_t digest[SHA256_DIGEST_SIZE];
    char use[32];
    int written;
    (void)snprintf(use, sizeof(use), "%.*s", (int)prefix_len, prefix);
    pseudonym_digest(pseudonym, use, in, len, digest);
    written = snprintf(out + pos, PSEUDONYM_NAME_BYTES - pos, "%s-%02x%02x%02x%02x", use, digest[0],
                       digest[1], digest[2], digest[3]);
    return written < 0 || (size_t)written >= PSEUDONYM_NAME_BYTES - pos ? pos
                                                                        : pos + (size_t)written;
}

static size_t put_text(const char *text, size_t len, char *out, size_t pos)
{
    if (len >= PSEUDONYM_NAME_BYTES - pos)
        return pos;
    memcpy(out + pos, text, len);
    out[pos + len] = '\0';
    return pos + len;
}

/* Each label's pseudonym is made of the whole rest of the name: "www" is another one below another
 * domain, and all hosts of one domain end alike. */
static void put_host(const struct pseudonym *pseudonym, const char *name, size_t len, char *out)
{
    char lower[HOST_BYTES + 1];
    size_t start, pos = 0, labels = 1;
    if (len && name[len - 1] == '.')
        len--;
    if (len > HOST_BYTES || len == 0) {
        (void)put_digest(pseudonym, "host", 4, name, len, out, 0);
        return;
    }
    for (size_t i = 0; i < len; i++)
        lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] | 0x20 : name[i]);
    start = len;
    while (start > 0 && labels <= HOST_LABELS) {
        start--;
        if (lower[start] == '.')
            labels++;
    }
    /* Stands at the dot behind what is too much, or at the start of all. */
    if (start > 0) {
        pos = put_digest(pseudonym, "host", 4, lower, len, out, pos);
        pos = put_text(".", 1, out, pos);
        start++;
    }
    while (start < len) {
        const char *dot = memchr(lower + start, '.', len - start);
        size_t end = dot ? (size_t)(dot - lower) : len;
        int kind = dot ? KNOWN_LABEL : KNOWN_TOP_LABEL;
        if (is_known(kind, lower + start, end - start))
            pos = put_text(lower + start, end - start, out, pos);
        else
            pos = put_digest(pseudonym, "host", 4, lower + start, len - start, out, pos);
        if (dot)
            pos = put_text(".", 1, out, pos);
        start = end + 1;
    }
}

static void put_iface(const struct pseudonym *pseudonym, const char *name, size_t len, char *out)
{
    const char *prefix = "if";
    size_t longest = 0, digits;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        size_t part = strlen(known[i].name);
        if (known[i].kind == KNOWN_IFACE && part > longest && part <= len &&
            memcmp(known[i].name, name, part) == 0) {
            longest = part;
            prefix = known[i].name;
        }
    }
    for (digits = longest; digits < len && name[digits] >= '0' && name[digits] <= '9'; digits++)
        ;
    if (longest && digits == len && len - longest <= IFACE_DIGITS)
        (void)put_text(name, len, out, 0);
    else
        (void)put_digest(pseudonym, prefix, strlen(prefix), name, len, out, 0);
}

static void put_program(const struct pseudonym *pseudonym, const char *name, size_t len, char *out,
                        size_t pos)
{
    if (is_known(KNOWN_PROGRAM, name, len))
        (void)put_text(name, len, out, pos);
    else
        (void)put_digest(pseudonym, "program", 7, name, len, out, pos);
}

static void put_path(const struct pseudonym *pseudonym, const char *name, size_t len, char *out)
{
    const char *slash = memrchr(name, '/', len);
    size_t pos = 0, folder = slash ? (size_t)(slash - name) : 0;
    if (slash) {
        pos = put_digest(pseudonym, "path", 4, name, folder, out, pos);
        pos = put_text("/", 1, out, pos);
        name = slash + 1;
        len -= folder + 1;
    }
    if (is_known(KNOWN_FILE, name, len))
        (void)put_text(name, len, out, pos);
    else
        put_program(pseudonym, name, len, out, pos);
}

/* A rule is told as its policy, a colon and its line or "default". */
static void put_policy(const struct pseudonym *pseudonym, const char *name, size_t len, char *out)
{
    const char *colon = memrchr(name, ':', len);
    size_t part = colon ? (size_t)(colon - name) : len, pos;
    size_t behind = len - part;
    bool is_rule = behind == 0 || (behind > 1 && strspn(colon + 1, "0123456789") >= behind - 1) ||
                   (behind == 8 && memcmp(colon, ":default", 8) == 0);
    if (!is_rule) {
        part = len;
        behind = 0;
    }
    if (is_known(KNOWN_POLICY, name, part))
        pos = put_text(name, part, out, 0);
    else
        pos = put_digest(pseudonym, "policy", 6, name, part, out, 0);
    (void)put_text(name + part, behind, out, pos);
}

char *pseudonym_name(const struct pseudonym *pseudonym, enum pseudonym_kind kind, const char *name,
                     size_t len, char out[static PSEUDONYM_NAME_BYTES])
{
    out[0] = '\0';
    switch (kind) {
    case PSEUDONYM_HOST:
        put_host(pseudonym, name, len, out);
        break;
    case PSEUDONYM_IFACE:
        put_iface(pseudonym, name, len, out);
        break;
    case PSEUDONYM_PROGRAM:
        put_program(pseudonym, name, len, out, 0);
        break;
    case PSEUDONYM_PATH:
        put_path(pseudonym, name, len, out);
        break;
    case PSEUDONYM_POLICY:
        put_policy(pseudonym, name, len, out);
        break;
    case PSEUDONYM_ARGUMENT:
        if (is_known(KNOWN_ARGUMENT, name, len))
            (void)put_text(name, len, out, 0);
        else
            (void)put_digest(pseudonym, "argument", 8, name, len, out, 0);
        break;
    case PSEUDONYM_OTHER:
    case PSEUDONYM_KIND_COUNT:
        (void)put_digest(pseudonym, "name", 4, name, len, out, 0);
        break;
    }
    return out;
}
