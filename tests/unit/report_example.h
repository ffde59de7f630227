/* A report document with something in every field, made by hand: a run with leaks, a fault, a
 * stranger, and names that must not be shown. */
#ifndef RTCSHIM_TESTS_REPORT_EXAMPLE_H
#define RTCSHIM_TESTS_REPORT_EXAMPLE_H

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static inline json_t *report_example(void)
{
    static const char here[] = __FILE__;
    const char *slash = strrchr(here, '/');
    char file[sizeof(here) + 32];
    json_error_t error;
    json_t *document;
    (void)snprintf(file, sizeof(file), "%.*sreport_example.json",
                   slash ? (int)(slash + 1 - here) : 0, here);
    document = json_load_file(file, 0, &error);
    if (!document)
        (void)fprintf(stderr, "%s:%d: %s\n", file, error.line, error.text);
    return document;
}

#endif
