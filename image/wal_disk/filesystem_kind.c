/* SPDX-License-Identifier: Apache-2.0 */
/* filesystem_kind.c - knows superblocks by their marks. */
#include "image/wal_disk/filesystem_kind.h"

#include <string.h>

#include "engine/base/check.h"

enum {
    EXT_SUPERBLOCK = 1024,
    EXT_MAGIC_OFFSET = EXT_SUPERBLOCK + 0x38,
    EXT_COMPATIBLE_OFFSET = EXT_SUPERBLOCK + 0x5c,
    EXT_INCOMPATIBLE_OFFSET = EXT_SUPERBLOCK + 0x60,
    EXT_MAGIC = 0xef53,
    EXT_HAS_JOURNAL = 0x4, /* of the compatible features */
    EXT_EXTENTS = 0x40,    /* of the incompatible ones: what ext3 does not have */
};

static bool is_zero(const uint8_t *bytes, size_t length_bytes)
{
    for (size_t i = 0; i < length_bytes; i++) {
        if (bytes[i] != 0)
            return false;
    }
    return true;
}

static enum btx_filesystem_kind ext_kind(const uint8_t *head)
{
    uint32_t compatible;
    uint32_t incompatible;

    memcpy(&compatible, head + EXT_COMPATIBLE_OFFSET, sizeof(compatible));
    memcpy(&incompatible, head + EXT_INCOMPATIBLE_OFFSET, sizeof(incompatible));
    if ((incompatible & EXT_EXTENTS) == 0)
        return BTX_FILESYSTEM_KIND_EXT2;
    return (compatible & EXT_HAS_JOURNAL) != 0 ? BTX_FILESYSTEM_KIND_EXT4
                                               : BTX_FILESYSTEM_KIND_EXT4_WITHOUT_JOURNAL;
}

enum btx_filesystem_kind btx_filesystem_kind_of(
    const uint8_t head[static BTX_FILESYSTEM_HEAD_BYTES])
{
    uint16_t magic;

    memcpy(&magic, head + EXT_MAGIC_OFFSET, sizeof(magic));
    if (magic == EXT_MAGIC)
        return ext_kind(head);
    if (memcmp(head, "XFSB", 4) == 0)
        return BTX_FILESYSTEM_KIND_XFS;
    return is_zero(head, BTX_FILESYSTEM_HEAD_BYTES) ? BTX_FILESYSTEM_KIND_BLANK
                                                    : BTX_FILESYSTEM_KIND_UNKNOWN;
}

bool btx_filesystem_kind_allowed(enum btx_filesystem_kind kind)
{
    return kind == BTX_FILESYSTEM_KIND_EXT4 || kind == BTX_FILESYSTEM_KIND_XFS;
}

const char *btx_filesystem_kind_name(enum btx_filesystem_kind kind)
{
    static const char *const names[BTX_FILESYSTEM_KIND_COUNT] = {
        [BTX_FILESYSTEM_KIND_BLANK] = "no filesystem",
        [BTX_FILESYSTEM_KIND_EXT4] = "ext4",
        [BTX_FILESYSTEM_KIND_EXT4_WITHOUT_JOURNAL] = "ext4 without a journal",
        [BTX_FILESYSTEM_KIND_EXT2] = "ext2 or ext3",
        [BTX_FILESYSTEM_KIND_XFS] = "XFS",
        [BTX_FILESYSTEM_KIND_UNKNOWN] = "something that is neither ext4 nor XFS",
    };

    CHECK(kind < BTX_FILESYSTEM_KIND_COUNT);
    return names[kind];
}
