/* Messages on standard error, which may quote file names and what libraries say about them. */
#include "analyzer.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text_escape.h"

void analyzer_complain(const char *format, ...)
{
    static const char prefix[] = "rtcshim-analyzer: ";
    char text[1024];
    char line[sizeof(prefix) + 4 * sizeof(text) + 1];
    va_list args;
    va_start(args, format);
    /* args are started. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    va_end(args);
    memcpy(line, prefix, sizeof(prefix));
    text_escape(text, strlen(text), line + sizeof(prefix) - 1, sizeof(line) - sizeof(prefix));
    size_t len = strlen(line);
    line[len++] = '\n';
    if (write(STDERR_FILENO, line, len) < 0)
        return; /* nobody listens */
}
