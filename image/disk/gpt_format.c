/* SPDX-License-Identifier: Apache-2.0 */
/* gpt_format.c - the checksum of partition tables. */
#include "image/disk/gpt_format.h"

/* A table is 16 KiB, so it need not be fast. */
uint32_t btx_gpt_crc32(const uint8_t *bytes, size_t length_bytes)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < length_bytes; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (UINT32_C(0xedb88320) & (0 - (crc & 1)));
    }
    return ~crc;
}
