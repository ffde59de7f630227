/* The little of an ELF program that decides whether a library can be preloaded into it. System V
 * ABI; elf(5). */
#ifndef RTCSHIM_LAUNCHER_ELF_LOOK_H
#define RTCSHIM_LAUNCHER_ELF_LOOK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct elf_look {
    unsigned char bits;       /* ELFCLASS32 or ELFCLASS64 */
    unsigned char byte_order; /* ELFDATA2LSB or ELFDATA2MSB */
    uint16_t machine;         /* EM_* */
    bool has_interpreter;
    char interpreter[PATH_MAX]; /* PT_INTERP, "" where there is none */
};

enum elf_status {
    ELF_LOOK_OK,
    ELF_LOOK_OTHER,   /* not an ELF file */
    ELF_LOOK_DAMAGED, /* starts as one, and what follows is out of range */
};

/* Reads fd by pread from its start; no length in the file is trusted. *out is set on ELF_LOOK_OK
 * only. */
enum elf_status elf_look_read(int fd, struct elf_look *out);

#endif
