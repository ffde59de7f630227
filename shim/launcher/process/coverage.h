/*
 * Whether the preload library can come into a program, judged from its file before or without
 * running it.
 *
 * A judgement from the file is a forecast: a process that reports in is covered, whatever its file
 * looked like. The words for each enum coverage are in process.h.
 */
#ifndef RTCSHIM_LAUNCHER_COVERAGE_H
#define RTCSHIM_LAUNCHER_COVERAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "elf_look.h"
#include "process.h"

/* What programs are compared with: the library, and the loader that it was built for. */
struct coverage_host {
    struct elf_look library;
    char loader[PATH_MAX]; /* this program's own PT_INTERP; "" where it could not be read */
    uid_t uid;             /* who runs the programs */
    gid_t gid;
    bool no_new_privs; /* setuid and file capabilities have no effect */
};

/* library: path of librtcshim.so. false where it is no ELF file: then it can't be preloaded into
 * anything. */
bool coverage_host_init(struct coverage_host *host, const char *library);

/*
 * Look at the program at path: COVERAGE_UNKNOWN where nothing speaks against it (or nothing could
 * be read), else why not. culprit (size bytes) gets the file at fault, which for a script is its
 * interpreter. Opens regular files only.
 */
enum coverage coverage_inspect(const struct coverage_host *host, const char *path, char *culprit,
                               size_t size);

/* The reason is in the program itself, and no environment and no waiting changes it. */
bool coverage_is_certain(enum coverage c);
/* Neither covered nor still unknown. */
bool coverage_is_missing(enum coverage c);

/* Find command as execvp does; false and errno (ENOENT, EACCES) if it is not there. out: PATH_MAX
 * bytes. */
bool coverage_find_program(const char *command, char *out);

#endif
