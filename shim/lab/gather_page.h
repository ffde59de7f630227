/*
 * gather.html as the build found it; the page is part of the program, so that the program needs no
 * file at run time.
 */
#ifndef RTCSHIM_LAB_GATHER_PAGE_H
#define RTCSHIM_LAB_GATHER_PAGE_H

#include <stdint.h>

extern const char gather_page[];
extern const uint64_t gather_page_bytes;

#endif
