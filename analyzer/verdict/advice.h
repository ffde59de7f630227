/* What to do about a leak: advice.def, chosen by reason and browser. */
#ifndef RTCSHIM_ANALYZER_ADVICE_H
#define RTCSHIM_ANALYZER_ADVICE_H

#include <stddef.h>

#include "reason.h"

enum advice_where {
    ADVICE_RTCSHIM,
    ADVICE_SYSTEM,
    ADVICE_FIREFOX,
    ADVICE_CHROMIUM,
    ADVICE_WHERE_COUNT
};

/* What a program is, from its name or path: "firefox-esr", "/opt/google/chrome/chrome". */
enum advice_browser { ADVICE_NO_BROWSER, ADVICE_IS_FIREFOX, ADVICE_IS_CHROMIUM };
enum advice_browser advice_browser_of(const char *program);

struct advice {
    enum reason reason;
    enum advice_where where;
    const char *text; /* with {vpn}, {command}, {iface} */
};
extern const struct advice advice_table[];
extern const size_t advice_table_count;

struct advice_words {
    const char *vpn, *command, *iface; /* iface may be NULL: "all" */
};

/* The next row from *at on that fits reason and browser; NULL at the end. Browsers' rows fit their
 * browser alone. */
const struct advice *advice_next(enum reason reason, enum advice_browser browser, size_t *at);

const char *advice_where_name(enum advice_where where); /* "rtcshim", "Firefox"; static */

/* The text with its words put in, cut at size. Returns out. */
char *advice_text(const struct advice *advice, const struct advice_words *words, char *out,
                  size_t size);

#endif
