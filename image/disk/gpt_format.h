/* SPDX-License-Identifier: Apache-2.0 */
/* gpt_format.h - partition tables as they lie on a disk (UEFI 2.10, 5.3). */
#ifndef BTX_DISK_GPT_FORMAT_H
#define BTX_DISK_GPT_FORMAT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "image/disk/guid.h"

enum {
    BTX_GPT_HEADER_BYTES = 92,
    BTX_GPT_LABEL_UNITS = 36,
    BTX_GPT_SECTOR_BYTES_MAX = 4096,
};

#define BTX_GPT_SIGNATURE "EFI PART"

/* Little-endian. */
struct btx_gpt_header {
    char signature[8];
    uint32_t revision;
    uint32_t header_bytes;
    uint32_t header_crc32; /* with this field as zero */
    uint32_t reserved;
    uint64_t own_lba;
    uint64_t other_lba;
    uint64_t usable_first_lba;
    uint64_t usable_last_lba;
    struct btx_guid disk;
    uint64_t entries_lba;
    uint32_t entry_count;
    uint32_t entry_bytes;
    uint32_t entries_crc32;
};
static_assert(offsetof(struct btx_gpt_header, own_lba) == 24, "no padding before it");
static_assert(offsetof(struct btx_gpt_header, entries_crc32) + 4 == BTX_GPT_HEADER_BYTES,
              "no padding");

struct btx_gpt_entry {
    struct btx_guid type;
    struct btx_guid unique;
    uint64_t first_lba;
    uint64_t last_lba;
    uint64_t attributes;
    uint16_t label[BTX_GPT_LABEL_UNITS];
};
static_assert(sizeof(struct btx_gpt_entry) == 128, "what every tool writes");

/* The checksum of GPT (and of zlib). */
uint32_t btx_gpt_crc32(const uint8_t *bytes, size_t length_bytes);

#endif
