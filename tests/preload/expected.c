/* Says which records are expected. By write() alone: standard output is not flushed where a process
 * ends by force. */
#include "expected.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

void expect(const char *format, ...)
{
    char line[512];
    va_list ap;
    va_start(ap, format);
    vsnprintf(line, sizeof(line), format, ap);
    va_end(ap);
    dprintf(STDOUT_FILENO, "EXPECT %s\n", line);
}

void allow(const char *words)
{
    dprintf(STDOUT_FILENO, "ALLOW %s\n", words);
}
