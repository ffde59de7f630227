/* Writes the report as one HTML file: the template, its slots filled in one pass. */
#include "report_html.h"

#include "html/html_private.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <string.h>

/* html/html_assets.S; each ends with a NUL that is not part of it. */
__attribute__((visibility("hidden"))) extern const char html_template[], html_template_end[];
__attribute__((visibility("hidden"))) extern const char html_style[], html_style_end[];
__attribute__((visibility("hidden"))) extern const char html_script[], html_script_end[];

/* What the page's policy allows: this script and this style, known by their hashes. */
static void put_hash(struct page *page, const char *text, const char *end)
{
    struct sha256_ctx context;
    uint8_t digest[SHA256_DIGEST_SIZE];
    char encoded[BASE64_ENCODE_RAW_LENGTH(SHA256_DIGEST_SIZE) + 1] = "";

    sha256_init(&context);
    sha256_update(&context, (size_t)(end - text), (const uint8_t *)text);
    sha256_digest(&context, sizeof(digest), digest);
    base64_encode_raw(encoded, sizeof(digest), digest);
    html_put(page, encoded);
}

static void put_style_hash(struct page *page)
{
    put_hash(page, html_style, html_style_end);
}

static void put_script_hash(struct page *page)
{
    put_hash(page, html_script, html_script_end);
}

static void put_style(struct page *page)
{
    html_put(page, html_style);
}

static void put_script(struct page *page)
{
    html_put(page, html_script);
}

static const struct slot {
    const char *name;
    void (*fill)(struct page *page);
} slots[] = {
    {"script-hash", put_script_hash},
    {"style-hash", put_style_hash},
    {"title", html_title},
    {"style", put_style},
    {"masthead", html_masthead},
    {"contents", html_contents},
    {"verdict", html_verdict},
    {"leaks", html_leaks},
    {"alarms", html_alarms},
    {"legend", html_legend},
    {"paths", html_paths},
    {"tables", html_tables},
    {"footer", html_footer},
    {"document", html_document},
    {"script", put_script},
};

/* The slot that {{name}} at text names, which ends at *end; NULL where there is none. */
static const struct slot *slot_at(const char *text, const char **end)
{
    const char *close = strstr(text, "}}");

    if (!close)
        return NULL;
    *end = close + 2;
    for (size_t i = 0; i < sizeof(slots) / sizeof(slots[0]); i++) {
        size_t len = strlen(slots[i].name);
        if (len == (size_t)(close - text) - 2 && memcmp(text + 2, slots[i].name, len) == 0)
            return &slots[i];
    }
    return NULL;
}

bool report_html_write(const json_t *document, FILE *out)
{
    struct page page = {.out = out, .document = document};
    const char *rest = html_template;

    for (const char *open; (open = strstr(rest, "{{"));) {
        const char *end = open + 2;
        const struct slot *slot = slot_at(open, &end);

        (void)fwrite(rest, 1, (size_t)(open - rest), out);
        if (slot)
            slot->fill(&page);
        rest = end;
    }
    html_put(&page, rest);
    return fflush(out) == 0 && !ferror(out) && !page.failed;
}
