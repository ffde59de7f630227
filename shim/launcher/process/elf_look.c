/* ELF headers by bounded reads: class, machine and interpreter, for files of either word size and
 * byte order. */
#include "elf_look.h"

#include <elf.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

enum { PROGRAM_HEADERS_MAX = 1024 };

static bool read_at(int fd, void *out, size_t len, uint64_t at)
{
    return at <= INT64_MAX && pread(fd, out, len, (off_t)at) == (ssize_t)len;
}

/* An unsigned field of size bytes in the file's byte order. */
static uint64_t field(const unsigned char *bytes, size_t size, bool big)
{
    uint64_t value = 0;

    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[big ? i : size - 1 - i];
    return value;
}

/* Take a field of either class out of raw bytes; its size and place are those of the class's own
 * struct in <elf.h>. */
#define FIELD(raw, wide, big, type, member)                                                        \
    ((wide) ? field((raw) + offsetof(Elf64_##type, member), sizeof(((Elf64_##type *)0)->member),   \
                    (big))                                                                         \
            : field((raw) + offsetof(Elf32_##type, member), sizeof(((Elf32_##type *)0)->member),   \
                    (big)))

enum elf_status elf_look_read(int fd, struct elf_look *out)
{
    unsigned char head[sizeof(Elf64_Ehdr)] = {0};
    unsigned char program[sizeof(Elf64_Phdr)] = {0};
    struct elf_look got = {0};

    if (!read_at(fd, head, EI_NIDENT, 0) || memcmp(head, ELFMAG, SELFMAG) != 0)
        return ELF_LOOK_OTHER;
    got.bits = head[EI_CLASS];
    got.byte_order = head[EI_DATA];
    if ((got.bits != ELFCLASS32 && got.bits != ELFCLASS64) ||
        (got.byte_order != ELFDATA2LSB && got.byte_order != ELFDATA2MSB))
        return ELF_LOOK_DAMAGED;

    bool wide = got.bits == ELFCLASS64;
    bool big = got.byte_order == ELFDATA2MSB;
    size_t program_bytes = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
    if (!read_at(fd, head, wide ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr), 0))
        return ELF_LOOK_DAMAGED;
    got.machine = (uint16_t)FIELD(head, wide, big, Ehdr, e_machine);
    uint64_t at = FIELD(head, wide, big, Ehdr, e_phoff);
    uint64_t step = FIELD(head, wide, big, Ehdr, e_phentsize);
    uint64_t count = FIELD(head, wide, big, Ehdr, e_phnum);
    if (count > PROGRAM_HEADERS_MAX || (count > 0 && step < program_bytes))
        return ELF_LOOK_DAMAGED;

    for (uint64_t i = 0; i < count && !got.has_interpreter; i++) {
        if (at > INT64_MAX - i * step || !read_at(fd, program, program_bytes, at + i * step))
            return ELF_LOOK_DAMAGED;
        if (FIELD(program, wide, big, Phdr, p_type) != PT_INTERP)
            continue;
        uint64_t len = FIELD(program, wide, big, Phdr, p_filesz);
        if (len < 2 || len > sizeof(got.interpreter) ||
            !read_at(fd, got.interpreter, (size_t)len, FIELD(program, wide, big, Phdr, p_offset)) ||
            got.interpreter[len - 1] != '\0')
            return ELF_LOOK_DAMAGED;
        got.has_interpreter = true;
    }
    *out = got;
    return ELF_LOOK_OK;
}
