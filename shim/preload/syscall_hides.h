/* syscall() while something is hidden: the calls that a policy answers instead of the kernel. */
#ifndef RTCSHIM_PRELOAD_SYSCALL_HIDES_H
#define RTCSHIM_PRELOAD_SYSCALL_HIDES_H

#include "hides.h"

/* true: *result is what syscall() returns, and for -1 errno. Async-signal-safe. */
bool syscall_hides_before(long number, long a, long b, long c, long d, long e, uint64_t caller,
                          long *result);

#endif
