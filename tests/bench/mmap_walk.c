/* The least that a reader of a mapped pcap file does: mmap_walk FILE goes from record to record and
 * looks at the first byte of each packet. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FILE_HEADER_BYTES = 24,
    RECORD_BYTES = 16,
};

int main(int argc, char **argv)
{
    struct stat st;
    uint64_t packets = 0, sum = 0;
    int fd = argc == 2 ? open(argv[1], O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0 || fstat(fd, &st) != 0) {
        fputs("usage: mmap_walk FILE\n", stderr);
        return 2;
    }
    const uint8_t *in = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (in == MAP_FAILED) {
        perror("mmap_walk: mmap");
        return 1;
    }
    (void)madvise((void *)in, (size_t)st.st_size, MADV_SEQUENTIAL);
    for (size_t at = FILE_HEADER_BYTES, end = (size_t)st.st_size; end - at > RECORD_BYTES;) {
        uint32_t len;
        memcpy(&len, in + at + 8, sizeof(len));
        if (len > end - at - RECORD_BYTES)
            break;
        packets++;
        sum += in[at + RECORD_BYTES];
        at += RECORD_BYTES + len;
    }
    printf("%llu packets, sum %llu\n", (unsigned long long)packets, (unsigned long long)sum);
    close(fd);
    return 0;
}
