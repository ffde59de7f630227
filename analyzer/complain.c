/* Messages on standard error, which may quote file names and what libraries say about them. */
#include "analyzer.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdbool.h>
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

/* An unknown letter may stand among others in a word that getopt_long() has not finished. */
static void complain_of_unknown(const char *command, const char *shorts, char *const *argv)
{
    char letter[] = {'-', (char)optopt, '\0'};
    bool is_letter = optopt > 0 && optopt < 256 && !strchr(shorts, optopt);
    analyzer_complain("%s: unknown option '%s'; 'rtcshim %s --help' lists them", command,
                      is_letter ? letter : argv[optind - 1], command);
}

int analyzer_end_options(int option, const char *command, const char *help, const char *shorts,
                         char *const *argv)
{
    if (option == 'h') {
        (void)fputs(help, stdout);
        return fflush(stdout) == 0 ? 0 : EXIT_TROUBLE;
    }
    if (option == ':')
        analyzer_complain("%s: option '%s' needs a value", command, argv[optind - 1]);
    else
        complain_of_unknown(command, shorts, argv);
    return EXIT_TROUBLE;
}
