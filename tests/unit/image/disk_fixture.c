/* SPDX-License-Identifier: Apache-2.0 */
/* disk_fixture.c - writes partition tables by the format's text, not by the reader's code. */
#include "tests/unit/image/disk_fixture.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { ENTRY_BYTES = 128, ENTRY_COUNT = 128, TABLE_SECTORS = ENTRY_BYTES * ENTRY_COUNT / 512 };

static void put(uint8_t *bytes, uint64_t value, int length_bytes)
{
    for (int i = 0; i < length_bytes; i++)
        bytes[i] = (uint8_t)(value >> 8 * i);
}

/* CRC-32 as zlib's and Ethernet's, by its definition: a division of polynomials. */
static uint32_t crc32_by_division(const uint8_t *bytes, size_t length_bytes)
{
    uint32_t rest = 0xffffffffu;

    for (size_t i = 0; i < 8 * length_bytes; i++) {
        const uint32_t bit = ((uint32_t)bytes[i / 8] >> i % 8 & 1u) ^ (rest & 1u);

        rest >>= 1;
        if (bit != 0)
            rest ^= 0xedb88320u;
    }
    return rest ^ 0xffffffffu;
}

static void entry_write(uint8_t *entry, const struct partition_plan *plan, uint64_t first_lba)
{
    struct btx_guid guid;

    assert_true(btx_guid_from_text(plan->type, &guid));
    memcpy(entry, guid.bytes, sizeof(guid.bytes));
    assert_true(btx_guid_from_text(plan->unique, &guid));
    memcpy(entry + 16, guid.bytes, sizeof(guid.bytes));
    put(entry + 32, first_lba, 8);
    put(entry + 40, first_lba + 63, 8);
    for (size_t i = 0; plan->label[i] != '\0'; i++)
        put(entry + 56 + 2 * i, (uint8_t)plan->label[i], 2);
}

static void copy_write(uint8_t *disk, uint64_t own_lba, uint64_t other_lba, uint64_t entries_lba,
                       const struct partition_plan *plans, uint32_t count)
{
    uint8_t *header = disk + own_lba * SECTOR_BYTES;
    uint8_t *entries = disk + entries_lba * SECTOR_BYTES;

    for (uint32_t i = 0; i < count; i++)
        entry_write(entries + (size_t)i * ENTRY_BYTES, &plans[i], 64 + 64 * i);
    memcpy(header, "EFI PART", 8);
    put(header + 8, 0x10000, 4);
    put(header + 12, 92, 4);
    put(header + 24, own_lba, 8);
    put(header + 32, other_lba, 8);
    put(header + 40, 34, 8);
    put(header + 48, DISK_SECTORS - 34, 8);
    put(header + 72, entries_lba, 8);
    put(header + 80, ENTRY_COUNT, 4);
    put(header + 84, ENTRY_BYTES, 4);
    put(header + 88, crc32_by_division(entries, (size_t)ENTRY_COUNT * ENTRY_BYTES), 4);
    put(header + 16, crc32_by_division(header, 92), 4);
}

void table_write(uint8_t disk[static DISK_BYTES], const struct partition_plan *plans,
                 uint32_t count)
{
    const uint64_t last = DISK_SECTORS - 1;

    copy_write(disk, 1, last, 2, plans, count);
    copy_write(disk, last, 1, last - TABLE_SECTORS, plans, count);
}

int disk_open(const uint8_t bytes[static DISK_BYTES])
{
    const int fd = memfd_create("disk", MFD_CLOEXEC);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, DISK_BYTES), DISK_BYTES);
    return fd;
}

void machine_make(struct machine *machine)
{
    (void)snprintf(machine->root, sizeof(machine->root), "/tmp/betex-machine-XXXXXX");
    assert_non_null(mkdtemp(machine->root));
    machine->as_seen.root = machine->root;
    machine_write(machine, "/sys/block/loop0", "", 0);
    machine_write(machine, "/dev/null", "", 0);
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void machine_remove(struct machine *machine)
{
    assert_int_equal(nftw(machine->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void machine_write(const struct machine *machine, const char *path, const void *bytes,
                   size_t length_bytes)
{
    char full[512];
    int fd;

    (void)snprintf(full, sizeof(full), "%s%s", machine->root, path);
    for (char *slash = strchr(full + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        (void)mkdir(full, 0755); /* It may be there. */
        *slash = '/';
    }
    fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, length_bytes), length_bytes);
    assert_int_equal(close(fd), 0);
}

void machine_add_disk(const struct machine *machine, const char *name,
                      const struct partition_plan *plans, uint32_t count)
{
    uint8_t *disk = calloc(1, DISK_BYTES);
    char path[256];

    assert_non_null(disk);
    if (count > 0)
        table_write(disk, plans, count);
    (void)snprintf(path, sizeof(path), "/dev/%s", name);
    machine_write(machine, path, disk, DISK_BYTES);
    (void)snprintf(path, sizeof(path), "/sys/block/%s/size", name);
    machine_write(machine, path, "2048\n", 5);
    free(disk);
}
