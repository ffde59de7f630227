/* Messages of the program for people: one line, one write, nothing that acts on a terminal. */
#include "say.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

enum { MESSAGE_BYTES = 4096, ESCAPED_BYTES = 4 }; /* at most, for one byte: \x1b */

static void say(const char *prefix, const char *format, va_list args)
{
    int saved = errno;
    char text[MESSAGE_BYTES];
    char line[MESSAGE_BYTES * ESCAPED_BYTES + 64];
    size_t used;

    /* "%m" in the format means the caller's errno. */
    errno = saved;
    /* Callers have started args. NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized) */
    if (vsnprintf(text, sizeof(text), format, args) < 0)
        text[0] = '\0';
    used = (size_t)snprintf(line, sizeof(line), "%s", prefix);
    text_escape(text, strlen(text), line + used, sizeof(line) - used - 1);
    used += strlen(line + used);
    line[used++] = '\n';
    /* Nothing can be done where standard error is gone; the exit status still tells. */
    if (write(STDERR_FILENO, line, used) < 0)
        errno = saved;
    errno = saved;
}

void say_error(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say("rtcshim: ", format, args);
    va_end(args);
}

void say_warning(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    say("rtcshim: warning: ", format, args);
    va_end(args);
}
