/* SPDX-License-Identifier: Apache-2.0 */
/* gpt.c - reads GPT: header, checksums, entries. */
#include "image/disk/gpt.h"

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "image/disk/gpt_format.h"

enum { SECTOR_BYTES_MIN = 512 };

static enum btx_fault_code read_at(int fd, uint64_t offset, void *bytes, size_t length_bytes,
                                   struct btx_fault *reterr_fault)
{
    const ssize_t got = pread(fd, bytes, length_bytes, (off_t)offset);

    if (got != (ssize_t)length_bytes)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, got < 0 ? errno : 0,
                             "reading %zu bytes of the partition table", length_bytes);
    return BTX_OK;
}

/* The header in sector @lba.  @ret_found says whether there is the signature of one. */
static enum btx_fault_code header_read(int fd, uint32_t sector_bytes, uint64_t lba,
                                       struct btx_gpt_header *ret_header, bool *ret_found,
                                       struct btx_fault *reterr_fault)
{
    uint8_t sector[BTX_GPT_SECTOR_BYTES_MAX];

    if (read_at(fd, lba * sector_bytes, sector, sector_bytes, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    memcpy(ret_header, sector, BTX_GPT_HEADER_BYTES);
    *ret_found = memcmp(ret_header->signature, "EFI PART", sizeof(ret_header->signature)) == 0;
    if (!*ret_found)
        return BTX_OK;
    memset(sector + offsetof(struct btx_gpt_header, header_crc32), 0,
           sizeof(ret_header->header_crc32));
    if (ret_header->header_bytes < BTX_GPT_HEADER_BYTES ||
        ret_header->header_bytes > sector_bytes ||
        btx_gpt_crc32(sector, ret_header->header_bytes) != ret_header->header_crc32)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                             "the partition table's header is damaged");
    if (ret_header->own_lba != lba)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                             "the partition table was made for another place");
    if (ret_header->entry_count > BTX_GPT_PARTITIONS_MAX ||
        ret_header->entry_bytes != sizeof(struct btx_gpt_entry))
        return btx_fault_set(reterr_fault, BTX_FAULT_LIMIT, 0,
                             "the partition table has %" PRIu32 " entries of %" PRIu32
                             " bytes, want at most %d of %zu",
                             ret_header->entry_count, ret_header->entry_bytes,
                             BTX_GPT_PARTITIONS_MAX, sizeof(struct btx_gpt_entry));
    return BTX_OK;
}

static void partition_from_entry(const struct btx_gpt_entry *entry, uint32_t number,
                                 struct btx_gpt_partition *partition)
{
    partition->type = entry->type;
    partition->unique = entry->unique;
    partition->number = number;
    partition->sectors =
        entry->last_lba >= entry->first_lba ? entry->last_lba - entry->first_lba + 1 : 0;
    memset(partition->label, 0, sizeof(partition->label));
    for (int i = 0; i < BTX_GPT_LABEL_UNITS && entry->label[i] != 0; i++) {
        const uint16_t unit = entry->label[i];

        partition->label[i] = (char)(unit >= 0x20 && unit < 0x7f ? unit : '?');
    }
}

/* The whole table whose header is in sector @lba. */
static enum btx_fault_code table_read(int fd, uint32_t sector_bytes, uint64_t lba,
                                      struct btx_gpt *gpt, bool *ret_found,
                                      struct btx_fault *reterr_fault)
{
    static const struct btx_guid unused;
    struct btx_gpt_entry entries[BTX_GPT_PARTITIONS_MAX];
    struct btx_gpt_header header;
    size_t length_bytes;

    gpt->count = 0;
    if (header_read(fd, sector_bytes, lba, &header, ret_found, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (!*ret_found)
        return BTX_OK;
    length_bytes = header.entry_count * sizeof(entries[0]);
    if (read_at(fd, header.entries_lba * sector_bytes, entries, length_bytes, reterr_fault) !=
        BTX_OK)
        return reterr_fault->code;
    if (btx_gpt_crc32((const uint8_t *)entries, length_bytes) != header.entries_crc32)
        return btx_fault_set(reterr_fault, BTX_FAULT_CORRUPT, 0,
                             "the partition table's entries are damaged");
    for (uint32_t i = 0; i < header.entry_count; i++) {
        if (!btx_guid_equal(&entries[i].type, &unused))
            partition_from_entry(&entries[i], i + 1, &gpt->partitions[gpt->count++]);
    }
    return BTX_OK;
}

enum btx_fault_code btx_gpt_read(int fd, uint32_t sector_bytes, uint64_t size_bytes,
                                 struct btx_gpt *ret_gpt, struct btx_fault *reterr_fault)
{
    struct btx_fault first = {0};
    bool found = false;

    ret_gpt->count = 0;
    if (sector_bytes < SECTOR_BYTES_MIN || sector_bytes > BTX_GPT_SECTOR_BYTES_MAX ||
        size_bytes / sector_bytes < 3)
        return BTX_OK; /* Too small for a table. */
    if (table_read(fd, sector_bytes, 1, ret_gpt, &found, &first) == BTX_OK && found)
        return BTX_OK;
    if (table_read(fd, sector_bytes, size_bytes / sector_bytes - 1, ret_gpt, &found,
                   reterr_fault) != BTX_OK)
        return reterr_fault->code;
    /* No second copy: then the first one's fault is what there is to say, if it had one. */
    if (!found && first.code != BTX_OK) {
        *reterr_fault = first;
        return first.code;
    }
    return BTX_OK;
}
