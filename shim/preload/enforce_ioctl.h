/*
 * ioctl requests about hidden interfaces.
 *
 * Every request that names an interface is refused for a hidden one as the kernel refuses a name
 * that it does not know: ENODEV. Async-signal-safe; arg need not be readable.
 */
#ifndef RTCSHIM_PRELOAD_ENFORCE_IOCTL_H
#define RTCSHIM_PRELOAD_ENFORCE_IOCTL_H

#include "hides.h"

enum enforce_ioctl {
    IOCTL_PASSES,
    IOCTL_IS_DONE, /* *result is the answer and, for -1, errno; the real call is not made */
};

/* Before the real call. Answers SIOCGIFCONF itself, and tells what it did. */
enum enforce_ioctl enforce_ioctl_before(enum event_call call, int fd, unsigned long request,
                                        void *arg, int *result, uint64_t caller);

/* After a call that did not fail: an answer that names something hidden is taken back. */
void enforce_ioctl_after(enum event_call call, int fd, unsigned long request, void *arg,
                         int *result, uint64_t caller);

static inline bool enforce_ioctl_wanted(unsigned long request)
{
    return unlikely((request & 0xfd00) == 0x8900) && hides_anything(); /* 0x89.., 0x8b.. */
}

#endif
