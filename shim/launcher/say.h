/* One-line messages of the program on standard error. */
#ifndef RTCSHIM_LAUNCHER_SAY_H
#define RTCSHIM_LAUNCHER_SAY_H

/*
 * "rtcshim: ..." and "rtcshim: warning: ...", each as one write, so that lines of several programs
 * don't mix. Control characters in the message, which may quote a path or an argument, are written
 * as \xNN. errno is kept.
 */
__attribute__((format(printf, 1, 2))) void say_error(const char *format, ...);
__attribute__((format(printf, 1, 2))) void say_warning(const char *format, ...);

#endif
