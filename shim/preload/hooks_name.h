/* What the hooks of questions for names share. */
#ifndef RTCSHIM_PRELOAD_HOOKS_NAME_H
#define RTCSHIM_PRELOAD_HOOKS_NAME_H

#include "enforce.h"

/*
 * May this question be asked? false: the refusal has been told, h_errno and errno say what they do
 * where no resolver can be reached, and the call is to fail with `failure`, which the event has as
 * its result.
 */
bool name_may_ask(enum event_call call, const char *name, enum enforce_text text, int64_t failure,
                  struct policy_verdict *verdict, uint64_t caller);

#endif
