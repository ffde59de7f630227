/* Fuzz the capture file readers with whole inputs: classic pcap and compressed streams. */
#include "fuzz_reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *in, size_t len)
{
    fuzz_read(in, len);
    return 0;
}
