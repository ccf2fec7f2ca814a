/* SPDX-License-Identifier: Apache-2.0 */
/* partition_search.c - goes through /sys/block and the table of each disk. */
#include "image/disk/partition_search.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/check.h"

enum { SECTOR_BYTES_OF_A_FILE = 512 };

struct search {
    const struct btx_machine *machine;
    btx_partition_wanted wanted;
    const void *context;
    struct btx_places *places;
    uint32_t unreadable;
};

static bool is_disk(const char *name)
{
    static const char *const others[] = {"loop", "ram", "zram", "dm-", "md", "sr", "fd"};

    if (name[0] == '.' || strlen(name) >= BTX_DEVICE_NAME_BYTES - sizeof("p128"))
        return false;
    for (size_t i = 0; i < BTX_COUNT_OF(others); i++) {
        if (strncmp(name, others[i], strlen(others[i])) == 0)
            return false;
    }
    return true;
}

static int is_disk_entry(const struct dirent *entry)
{
    return is_disk(entry->d_name);
}

/* The kernel's rule: a "p" between name and number where the name ends in a digit. */
static void device_name(const char *disk, uint32_t number, char name[static BTX_DEVICE_NAME_BYTES])
{
    const char last = disk[strlen(disk) - 1];
    const bool digit = last >= '0' && last <= '9';

    CHECK(snprintf(name, BTX_DEVICE_NAME_BYTES, "%s%s%u", disk, digit ? "p" : "", number) <
          BTX_DEVICE_NAME_BYTES);
}

/* Sizes of the disk @fd; tests have files in the place of disks. */
static bool disk_sizes(int fd, uint32_t *ret_sector_bytes, uint64_t *ret_size_bytes)
{
    struct stat status;
    int sector_bytes;

    if (fstat(fd, &status) != 0)
        return false;
    if (S_ISREG(status.st_mode)) {
        *ret_sector_bytes = SECTOR_BYTES_OF_A_FILE;
        *ret_size_bytes = (uint64_t)status.st_size;
        return true;
    }
    if (ioctl(fd, BLKSSZGET, &sector_bytes) != 0 || ioctl(fd, BLKGETSIZE64, ret_size_bytes) != 0)
        return false;
    *ret_sector_bytes = (uint32_t)sector_bytes;
    return true;
}

static bool table_of_disk(const struct search *search, const char *disk, struct btx_gpt *ret_gpt)
{
    struct btx_fault fault = {0};
    uint32_t sector_bytes;
    uint64_t size_bytes;
    char path[PATH_MAX];
    bool known;
    int fd;

    if (snprintf(path, sizeof(path), "%s/dev/%s", search->machine->root, disk) >= (int)sizeof(path))
        return false;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOMEDIUM; /* An empty reader of cards is a disk without a table. */
    known = disk_sizes(fd, &sector_bytes, &size_bytes) &&
            btx_gpt_read(fd, sector_bytes, size_bytes, ret_gpt, &fault) == BTX_OK;
    (void)close(fd); /* It was only read. */
    return known;
}

static void search_disk(struct search *search, const char *disk)
{
    struct btx_gpt gpt = {0};

    if (!table_of_disk(search, disk, &gpt)) {
        search->unreadable++;
        return;
    }
    for (uint32_t i = 0; i < gpt.count; i++) {
        struct btx_place *place = &search->places->places[search->places->count];

        if (search->places->count == BTX_PLACES_MAX ||
            !search->wanted(&gpt.partitions[i], search->context))
            continue;
        (void)strcpy(place->disk, disk); /* is_disk() has measured it. */
        device_name(disk, gpt.partitions[i].number, place->device);
        place->partition = gpt.partitions[i];
        search->places->count++;
    }
}

enum btx_fault_code btx_partition_search(const struct btx_machine *machine,
                                         btx_partition_wanted wanted, const void *context,
                                         struct btx_places *ret_places, uint32_t *ret_unreadable,
                                         struct btx_fault *reterr_fault)
{
    struct search search = {machine, wanted, context, ret_places, 0};
    struct dirent **disks;
    char path[PATH_MAX];
    int count;

    ret_places->count = 0;
    if (snprintf(path, sizeof(path), "%s/sys/block", machine->root) >= (int)sizeof(path))
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, ENAMETOOLONG, "looking for disks");
    count = scandir(path, &disks, is_disk_entry, alphasort);
    if (count < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "reading %s", path);
    for (int i = 0; i < count; i++) {
        search_disk(&search, disks[i]->d_name);
        free(disks[i]);
    }
    free(disks);
    if (ret_unreadable != NULL)
        *ret_unreadable = search.unreadable;
    return BTX_OK;
}
