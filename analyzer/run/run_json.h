/* What run.json says, as plain structs. */
#ifndef RTCSHIM_ANALYZER_RUN_JSON_H
#define RTCSHIM_ANALYZER_RUN_JSON_H

#include "run_folder.h"

/* Fill run from run->root. A field of another type than expected is as if it were not there. false:
 * memory is out. */
bool run_json_take(struct run_folder *run);

#endif
