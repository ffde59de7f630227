/* Makes a policy that hides interfaces, from what this machine has. */
#ifndef RTCSHIM_TESTS_POLICY_HIDE_H
#define RTCSHIM_TESTS_POLICY_HIDE_H

#include "policy.h"

/* Put a table in force that shows the interfaces in `shown` ("lo,tun0") and hides all others, those
 * that it does not know too. */
void policy_hide_all_but(struct policy_shared *policy, const char *shown);

#endif
