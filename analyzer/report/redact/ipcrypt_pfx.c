/* ipcrypt-pfx over nettle's AES. */
#include "ipcrypt_pfx.h"

#include <string.h>

#include <nettle/memops.h>

enum { MAPPED_BITS = 96, IP_BITS = 128 };

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

bool ipcrypt_pfx_init(struct ipcrypt_pfx *pfx, const uint8_t key[static IPCRYPT_PFX_KEY_BYTES])
{
    if (memeql_sec(key, key + AES128_KEY_SIZE, AES128_KEY_SIZE))
        return false;
    aes128_set_encrypt_key(&pfx->one, key);
    aes128_set_encrypt_key(&pfx->two, key + AES128_KEY_SIZE);
    return true;
}

static uint8_t random_bit(const struct ipcrypt_pfx *pfx, const uint8_t block[static 16])
{
    uint8_t one[AES_BLOCK_SIZE], two[AES_BLOCK_SIZE];
    aes128_encrypt(&pfx->one, sizeof(one), one, block);
    aes128_encrypt(&pfx->two, sizeof(two), two, block);
    return (one[15] ^ two[15]) & 1;
}

static void shift_in(uint8_t block[static 16], uint8_t bit)
{
    for (int i = 0; i < 15; i++)
        block[i] = (uint8_t)(block[i] << 1 | block[i + 1] >> 7);
    block[15] = (uint8_t)(block[15] << 1 | bit);
}

void ipcrypt_pfx_encrypt(const struct ipcrypt_pfx *pfx, ipcrypt_pfx_keeps *keeps,
                         uint8_t ip[static 16])
{
    uint8_t plain[16];
    /* A one, then the prefix: at first the empty one, or that of all IPv4-mapped addresses. */
    uint8_t block[AES_BLOCK_SIZE] = {[15] = 1};
    unsigned bits = 0;
    memcpy(plain, ip, sizeof(plain));
    if (memcmp(ip, mapped, sizeof(mapped)) == 0) {
        block[3] = 1;
        block[14] = block[15] = 0xff;
        bits = MAPPED_BITS;
    }
    for (; bits < IP_BITS; bits++) {
        unsigned shift = 7 - bits % 8;
        if (!keeps || !keeps(plain, bits))
            ip[bits / 8] ^= (uint8_t)(random_bit(pfx, block) << shift);
        shift_in(block, plain[bits / 8] >> shift & 1);
    }
}
