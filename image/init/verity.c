/* SPDX-License-Identifier: Apache-2.0 */
/* verity.c - dm-verity's superblock and table. */
#include "image/init/verity.h"

#include <assert.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { VERSION = 1, TYPE_NORMAL = 1, SECTOR_BYTES = 512 };

/* As it lies on the disk, little-endian. */
struct superblock {
    char signature[8];
    uint32_t version;
    uint32_t type;
    uint8_t uuid[16];
    char algorithm[32];
    uint32_t data_block_bytes;
    uint32_t hash_block_bytes;
    uint64_t data_blocks;
    uint16_t salt_bytes;
    uint8_t reserved_1[6];
    uint8_t salt[BTX_VERITY_SALT_BYTES_MAX];
    uint8_t reserved_2[168];
};
static_assert(sizeof(struct superblock) == BTX_VERITY_SUPERBLOCK_BYTES, "no padding");

static bool is_block_size(uint32_t bytes)
{
    return bytes >= 512 && bytes <= 4096 && (bytes & (bytes - 1)) == 0;
}

enum btx_fault_code btx_verity_decode(const uint8_t bytes[static BTX_VERITY_SUPERBLOCK_BYTES],
                                      struct btx_verity *ret_verity, struct btx_fault *reterr_fault)
{
    struct superblock superblock;

    memcpy(&superblock, bytes, sizeof(superblock));
    if (memcmp(superblock.signature, "verity\0\0", sizeof(superblock.signature)) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0, "there is no verity superblock");
    if (superblock.version != VERSION || superblock.type != TYPE_NORMAL ||
        strncmp(superblock.algorithm, "sha256", sizeof(superblock.algorithm)) != 0 ||
        !is_block_size(superblock.data_block_bytes) ||
        !is_block_size(superblock.hash_block_bytes) ||
        superblock.salt_bytes > BTX_VERITY_SALT_BYTES_MAX ||
        superblock.data_blocks > UINT64_MAX / superblock.data_block_bytes)
        return btx_fault_set(reterr_fault, BTX_FAULT_LAYOUT, 0,
                             "the verity superblock is damaged, or of a kind that is not ours");
    ret_verity->data_block_bytes = superblock.data_block_bytes;
    ret_verity->hash_block_bytes = superblock.hash_block_bytes;
    ret_verity->data_blocks = superblock.data_blocks;
    ret_verity->salt_bytes = superblock.salt_bytes;
    memcpy(ret_verity->salt, superblock.salt, sizeof(ret_verity->salt));
    return BTX_OK;
}

uint64_t btx_verity_sectors(const struct btx_verity *verity)
{
    return verity->data_blocks * (verity->data_block_bytes / SECTOR_BYTES);
}

enum btx_fault_code btx_verity_table(const struct btx_verity *verity, const char *data_device,
                                     const char *hash_device, const char *root_hash,
                                     char ret_table[static BTX_VERITY_TABLE_BYTES],
                                     struct btx_fault *reterr_fault)
{
    char salt[2 * BTX_VERITY_SALT_BYTES_MAX + 1] = "-"; /* none */
    int length_bytes;

    for (size_t i = 0; i < verity->salt_bytes; i++)
        (void)snprintf(salt + 2 * i, sizeof(salt) - 2 * i, "%02x", verity->salt[i]);
    /* The hash tree begins in the block after the superblock's. */
    length_bytes =
        snprintf(ret_table, BTX_VERITY_TABLE_BYTES,
                 "1 %s %s %" PRIu32 " %" PRIu32 " %" PRIu64 " 1 sha256 %s %s 1 panic_on_corruption",
                 data_device, hash_device, verity->data_block_bytes, verity->hash_block_bytes,
                 verity->data_blocks, root_hash, salt);
    if (length_bytes >= BTX_VERITY_TABLE_BYTES)
        return btx_fault_set(reterr_fault, BTX_FAULT_LIMIT, 0, "the table of verity is too long");
    return BTX_OK;
}
