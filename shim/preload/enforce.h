/*
 * Keeping a policy: what is asked before the real call.
 *
 * Each before_... function answers whether the real call may be made. false: *result is what the
 * hook returns, errno is set, and the refusal has been told. While the policy in force says nothing
 * about the topic each costs one load, and the hook is what it is without a policy.
 */
#ifndef RTCSHIM_PRELOAD_ENFORCE_H
#define RTCSHIM_PRELOAD_ENFORCE_H

#include "inspect.h"

/* Something of these topics (enum policy_topic bits) may be refused. */
static inline bool enforcing(unsigned topics)
{
    return unlikely(shim.active && (policy_enforced(shim.policy) & topics) != 0);
}

#endif
