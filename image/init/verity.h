/* SPDX-License-Identifier: Apache-2.0 */
/* verity.h - dm-verity: the superblock that veritysetup writes, and the kernel's table from it.
 *
 * Nothing in the superblock is secret or trusted: whatever it says, the hashes have to come out at
 * the root hash of the command line, or the kernel refuses. */
#ifndef BTX_INIT_VERITY_H
#define BTX_INIT_VERITY_H

#include <stddef.h>
#include <stdint.h>

#include "engine/base/fault.h"

enum {
    BTX_VERITY_SUPERBLOCK_BYTES = 512,
    BTX_VERITY_SALT_BYTES_MAX = 256,
    BTX_VERITY_TABLE_BYTES = 1024,
};

struct btx_verity {
    uint32_t data_block_bytes;
    uint32_t hash_block_bytes;
    uint64_t data_blocks;
    size_t salt_bytes;
    uint8_t salt[BTX_VERITY_SALT_BYTES_MAX];
};

/* Faults: LAYOUT when it is no superblock of the kind that this image has: version 1, type 1,
 * SHA-256, blocks of 512 to 4096 bytes. */
BTX_MUST_USE enum btx_fault_code btx_verity_decode(
    const uint8_t bytes[static BTX_VERITY_SUPERBLOCK_BYTES], struct btx_verity *ret_verity,
    struct btx_fault *reterr_fault);

/* Sectors of 512 bytes of what is verified. */
uint64_t btx_verity_sectors(const struct btx_verity *verity);

/* The parameters of the kernel's target "verity" (Documentation/admin-guide/device-mapper/verity),
 * which panics at the first block that is not what it was.  Faults: LIMIT when names are so long
 * that it does not fit. */
BTX_MUST_USE enum btx_fault_code btx_verity_table(const struct btx_verity *verity,
                                                  const char *data_device, const char *hash_device,
                                                  const char *root_hash,
                                                  char ret_table[static BTX_VERITY_TABLE_BYTES],
                                                  struct btx_fault *reterr_fault);

#endif
