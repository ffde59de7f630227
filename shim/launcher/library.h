/* Where librtcshim.so is. */
#ifndef RTCSHIM_LAUNCHER_LIBRARY_H
#define RTCSHIM_LAUNCHER_LIBRARY_H

#include <limits.h>
#include <stdbool.h>

/*
 * The absolute path of the preload library: $RTCSHIM_LIBRARY if set (and then nothing else), the
 * folder of this program, or the installation's library folder. false after a message on standard
 * error.
 */
bool library_find(char path[static PATH_MAX]);

#endif
