/*
 * How a program says which records must come of its calls, for `ring_dump -e` to hold against what
 * came: lines "EXPECT word word..." on standard output, and "ALLOW word word..." for those that
 * may.
 */
#ifndef RTCSHIM_TESTS_EXPECTED_H
#define RTCSHIM_TESTS_EXPECTED_H

/* A record that must come. */
void expect(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Records with these words may come, any number of them. */
void allow(const char *words);

#endif
