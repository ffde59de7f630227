/* Fuzz the pcapng reader: the input behind a section header, and what mutation rarely keeps right
 * put right. */
#include <string.h>

#include "fuzz_reader.h"

enum { ROOM = 1 << 16 };

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

/* Blocks whose trailer contradicts end the reading; give most of them the right one. */
static void mend_trailers(uint8_t *b, size_t len)
{
    for (size_t pos = 0; len - pos >= 12;) {
        size_t total = b[pos + 4] | (size_t)b[pos + 5] << 8;
        if (b[pos + 6] != 0 || b[pos + 7] != 0 || total < 12 || total % 4 != 0 || total > len - pos)
            return;
        memcpy(b + pos + total - 4, b + pos + 4, 4);
        pos += total;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    static uint8_t copy[ROOM];

    fuzz_read(in, len);
    if (len > sizeof(copy))
        return 0;
    if (len > 0)
        memcpy(copy, in, len);
    mend_trailers(copy, len);
    fuzz_read(copy, len);
    return 0;
}
