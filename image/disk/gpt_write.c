/* SPDX-License-Identifier: Apache-2.0 */
/* gpt_write.c - writes both copies of a partition table with one partition. */
#include "image/disk/gpt_write.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "engine/base/check.h"

#include "image/disk/gpt.h"
#include "image/disk/gpt_format.h"

enum {
    REVISION = 0x10000,
    ENTRIES_BYTES = BTX_GPT_PARTITIONS_MAX * (int)sizeof(struct btx_gpt_entry),
    MBR_BYTES = 512,
};

/* What is written, and where to. */
struct table {
    int fd;
    uint32_t sector_bytes;
    uint64_t sectors; /* of the disk */
    uint64_t entries_sectors;
    struct btx_gpt_header header; /* of the first copy */
    struct btx_gpt_entry entries[BTX_GPT_PARTITIONS_MAX];
};

uint64_t btx_gpt_partition_bytes(uint64_t size_bytes)
{
    const uint64_t aligned = size_bytes / BTX_GPT_ALIGN_BYTES * BTX_GPT_ALIGN_BYTES;

    /* A MiB at the beginning, and one at the end, where the second copy is. */
    return aligned > 2 * BTX_GPT_ALIGN_BYTES ? aligned - 2 * BTX_GPT_ALIGN_BYTES : 0;
}

static enum btx_fault_code write_at(const struct table *table, uint64_t lba, const void *bytes,
                                    size_t length_bytes, struct btx_fault *reterr_fault)
{
    const ssize_t put = pwrite(table->fd, bytes, length_bytes, (off_t)(lba * table->sector_bytes));

    if (put != (ssize_t)length_bytes)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, put < 0 ? errno : 0,
                             "writing the partition table");
    return BTX_OK;
}

static enum btx_fault_code write_header(const struct table *table,
                                        const struct btx_gpt_header *header,
                                        struct btx_fault *reterr_fault)
{
    uint8_t sector[BTX_GPT_SECTOR_BYTES_MAX] = {0};
    struct btx_gpt_header sealed = *header;

    sealed.header_crc32 = 0;
    memcpy(sector, &sealed, BTX_GPT_HEADER_BYTES);
    sealed.header_crc32 = btx_gpt_crc32(sector, BTX_GPT_HEADER_BYTES);
    memcpy(sector, &sealed, BTX_GPT_HEADER_BYTES);
    return write_at(table, sealed.own_lba, sector, table->sector_bytes, reterr_fault);
}

/* Tells programs that know no GPT that the disk is full of something. */
static enum btx_fault_code write_protective_mbr(const struct table *table,
                                                struct btx_fault *reterr_fault)
{
    uint8_t sector[BTX_GPT_SECTOR_BYTES_MAX] = {0};
    uint8_t *entry = sector + 446;
    const uint64_t rest = table->sectors - 1;
    const uint32_t shown = rest > UINT32_MAX ? UINT32_MAX : (uint32_t)rest;
    const uint32_t first = 1;

    memcpy(entry, "\x00\x00\x02\x00\xee\xff\xff\xff", 8);
    memcpy(entry + 8, &first, sizeof(first));
    memcpy(entry + 12, &shown, sizeof(shown));
    memcpy(sector + MBR_BYTES - 2, "\x55\xaa", 2);
    return write_at(table, 0, sector, table->sector_bytes, reterr_fault);
}

static void table_plan(struct table *table, const struct btx_gpt_plan *plan,
                       uint64_t partition_bytes)
{
    struct btx_gpt_entry *entry = &table->entries[0];

    CHECK(strlen(plan->label) <= BTX_GPT_LABEL_UNITS);
    entry->type = plan->type;
    entry->unique = plan->unique;
    entry->first_lba = BTX_GPT_ALIGN_BYTES / table->sector_bytes;
    entry->last_lba = entry->first_lba + partition_bytes / table->sector_bytes - 1;
    for (size_t i = 0; plan->label[i] != '\0'; i++)
        entry->label[i] = (uint8_t)plan->label[i];
    memcpy(table->header.signature, BTX_GPT_SIGNATURE, sizeof(table->header.signature));
    table->header.revision = REVISION;
    table->header.header_bytes = BTX_GPT_HEADER_BYTES;
    table->header.own_lba = 1;
    table->header.other_lba = table->sectors - 1;
    table->header.usable_first_lba = 2 + table->entries_sectors;
    table->header.usable_last_lba = table->sectors - 2 - table->entries_sectors;
    table->header.disk = plan->disk;
    table->header.entries_lba = 2;
    table->header.entry_count = BTX_GPT_PARTITIONS_MAX;
    table->header.entry_bytes = sizeof(struct btx_gpt_entry);
    table->header.entries_crc32 =
        btx_gpt_crc32((const uint8_t *)table->entries, sizeof(table->entries));
}

static enum btx_fault_code write_all(const struct table *table, struct btx_fault *reterr_fault)
{
    struct btx_gpt_header second = table->header;

    second.own_lba = table->header.other_lba;
    second.other_lba = table->header.own_lba;
    second.entries_lba = second.own_lba - table->entries_sectors;
    if (write_at(table, second.entries_lba, table->entries, sizeof(table->entries), reterr_fault) !=
            BTX_OK ||
        write_header(table, &second, reterr_fault) != BTX_OK ||
        write_protective_mbr(table, reterr_fault) != BTX_OK ||
        write_at(table, 2, table->entries, sizeof(table->entries), reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (fsync(table->fd) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "syncing the partition table");
    if (write_header(table, &table->header, reterr_fault) != BTX_OK)
        return reterr_fault->code;
    if (fsync(table->fd) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "syncing the partition table");
    return BTX_OK;
}

enum btx_fault_code btx_gpt_write(int fd, uint32_t sector_bytes, uint64_t size_bytes,
                                  const struct btx_gpt_plan *plan, struct btx_fault *reterr_fault)
{
    const uint64_t partition_bytes = btx_gpt_partition_bytes(size_bytes);
    struct table table = {.fd = fd,
                          .sector_bytes = sector_bytes,
                          .sectors = size_bytes / sector_bytes,
                          .entries_sectors = ENTRIES_BYTES / sector_bytes};

    CHECK(sector_bytes >= 512 && sector_bytes <= BTX_GPT_SECTOR_BYTES_MAX);
    if (partition_bytes == 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_LIMIT, 0, "the disk is too small");
    table_plan(&table, plan, partition_bytes);
    return write_all(&table, reterr_fault);
}
