/* Chooses rows of advice.def and puts the run's words into them. */
#include "advice.h"

#include <stdbool.h>
#include <string.h>

const struct advice advice_table[] = {
#define ADVICE(reason_ident, where_ident, words)                                                   \
    {REASON_##reason_ident, ADVICE_##where_ident, words},
#include "advice.def"
#undef ADVICE
};
const size_t advice_table_count = sizeof(advice_table) / sizeof(advice_table[0]);

const char *advice_where_name(enum advice_where where)
{
    static const char *const names[] = {"rtcshim", "system", "Firefox", "Chromium"};
    return names[where];
}

static bool starts_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

enum advice_browser advice_browser_of(const char *program)
{
    static const char *const firefoxes[] = {"firefox", "librewolf", "waterfox", "iceweasel"};
    static const char *const chromiums[] = {"chromium", "chrome",        "google-chrome",
                                            "brave",    "msedge",        "vivaldi",
                                            "opera",    "microsoft-edge"};
    const char *slash = program ? strrchr(program, '/') : NULL;
    const char *name = slash ? slash + 1 : program;
    for (size_t i = 0; name && i < sizeof(firefoxes) / sizeof(firefoxes[0]); i++)
        if (starts_with(name, firefoxes[i]))
            return ADVICE_IS_FIREFOX;
    for (size_t i = 0; name && i < sizeof(chromiums) / sizeof(chromiums[0]); i++)
        if (starts_with(name, chromiums[i]))
            return ADVICE_IS_CHROMIUM;
    return ADVICE_NO_BROWSER;
}

const struct advice *advice_next(enum reason reason, enum advice_browser browser, size_t *at)
{
    while (*at < advice_table_count) {
        const struct advice *a = &advice_table[(*at)++];
        if (a->reason == reason && (a->where != ADVICE_FIREFOX || browser == ADVICE_IS_FIREFOX) &&
            (a->where != ADVICE_CHROMIUM || browser == ADVICE_IS_CHROMIUM))
            return a;
    }
    return NULL;
}

static const char *word_of(const struct advice_words *words, const char *name, size_t len)
{
    if (len == 3 && strncmp(name, "vpn", len) == 0)
        return words->vpn;
    if (len == 7 && strncmp(name, "command", len) == 0)
        return words->command;
    return words->iface ? words->iface : "all";
}

char *advice_text(const struct advice *advice, const struct advice_words *words, char *out,
                  size_t size)
{
    size_t used = 0;
    for (const char *in = advice->text; *in && used + 1 < size;) {
        const char *end = *in == '{' ? strchr(in, '}') : NULL;
        const char *word = end ? word_of(words, in + 1, (size_t)(end - in - 1)) : in;
        size_t len = end ? strlen(word) : 1;
        if (len > size - 1 - used)
            len = size - 1 - used;
        memcpy(out + used, word, len);
        used += len;
        in = end ? end + 1 : in + 1;
    }
    out[used] = '\0';
    return out;
}
