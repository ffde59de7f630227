/*
 * SIGINT, SIGTERM and SIGHUP ask a capture to end.
 *
 * The signals are handled in the thread that calls stop_listen(); threads made before that call and
 * after stop_open() keep them blocked. One capture a process.
 */
#ifndef RTCSHIM_ANALYZER_STOP_H
#define RTCSHIM_ANALYZER_STOP_H

#include <stdbool.h>

/*
 * Make the descriptor that stop_take() is about, to be polled for reading; signals wait from now
 * on. SIGHUP stays ignored where it is, for nohup(1). Writing past a limit on file size is an error
 * from now on, and ends nothing. -1, said on standard error.
 */
int stop_open(void);

/*
 * Signals arrive from now on.
 *
 * Output that nobody reads stops the program in a write, where it looks at no descriptor. So one
 * that comes PATIENCE_MS after the first, or later, ends the process at once, with EXIT_TROUBLE:
 * async-signal-safe, and said on standard error.
 */
void stop_listen(void);

/* How often the end was asked for since the last call. Never waits. */
unsigned stop_take(int fd);

#endif
