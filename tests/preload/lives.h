/* The sections of the program `lives`, and what they share. */
#ifndef RTCSHIM_TESTS_LIVES_H
#define RTCSHIM_TESTS_LIVES_H

void lives_fork(void);
void lives_vfork(void);
void lives_vfork_nested(void);
void lives_vfork_threads(void);
void lives_clone(void);
void lives_fork_threaded(void);
void lives_exec(void);
void lives_exec_fails(void);
void lives_exec_long(void);
void lives_spawn(void);
void lives_threads(void);
void lives_cancel(void);
void lives_signal(void);
void lives_passed(void);
void lives_nowhere(void);
void lives_many(void);
void lives_bare(void);
void lives_null(void);
void lives_abort(void);

/* This program's path. */
const char *lives_self(void);
/* A datagram from one end of a UDP pair to the other, with the hooked calls: 0 if it arrived, else
 * a number that tells which step failed. Async-signal-safe. */
int lives_exchange(const int fd[static 2]);

#endif
