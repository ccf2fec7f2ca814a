/* SPDX-License-Identifier: Apache-2.0 */
/* disks.c - /sys/block and /dev. */
#include "image/disk/disks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECTOR_BYTES_OF_A_FILE = 512 };

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

enum btx_fault_code btx_disks_list(const struct btx_machine *machine, struct btx_disks *ret_disks,
                                   struct btx_fault *reterr_fault)
{
    struct dirent **entries;
    char path[PATH_MAX];
    int count;

    ret_disks->count = 0;
    if (snprintf(path, sizeof(path), "%s/sys/block", machine->root) >= (int)sizeof(path))
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, ENAMETOOLONG, "looking for disks");
    count = scandir(path, &entries, is_disk_entry, alphasort);
    if (count < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "reading %s", path);
    for (int i = 0; i < count; i++) {
        if (ret_disks->count < BTX_DISKS_MAX) /* is_disk() has measured the name. */
            (void)strcpy(ret_disks->names[ret_disks->count++], entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    return BTX_OK;
}

/* Sizes of the disk; tests have files in the place of disks. */
static bool disk_measure(struct btx_disk *disk)
{
    struct stat status;
    int sector_bytes;

    if (fstat(disk->fd, &status) != 0)
        return false;
    if (S_ISREG(status.st_mode)) {
        disk->sector_bytes = SECTOR_BYTES_OF_A_FILE;
        disk->size_bytes = (uint64_t)status.st_size;
        return true;
    }
    if (ioctl(disk->fd, BLKSSZGET, &sector_bytes) != 0 ||
        ioctl(disk->fd, BLKGETSIZE64, &disk->size_bytes) != 0)
        return false;
    disk->sector_bytes = (uint32_t)sector_bytes;
    return true;
}

enum btx_fault_code btx_disk_open(const struct btx_machine *machine, const char *name, int flags,
                                  struct btx_disk *ret_disk, struct btx_fault *reterr_fault)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/dev/%s", machine->root, name) >= (int)sizeof(path))
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, ENAMETOOLONG, "opening a disk");
    ret_disk->fd = open(path, flags | O_CLOEXEC);
    if (ret_disk->fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "opening %s", path);
    if (!disk_measure(ret_disk)) {
        (void)btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "measuring %s", path);
        (void)close(ret_disk->fd); /* It was only looked at. */
        return reterr_fault->code;
    }
    return BTX_OK;
}

void btx_disk_fact(const struct btx_machine *machine, const char *name, const char *fact,
                   char ret_text[static BTX_DISK_FACT_BYTES])
{
    char path[PATH_MAX];
    size_t spaces = 0;
    ssize_t length;
    int fd;

    ret_text[0] = '\0';
    if (snprintf(path, sizeof(path), "%s/sys/block/%s/%s", machine->root, name, fact) >=
        (int)sizeof(path))
        return;
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    length = read(fd, ret_text, BTX_DISK_FACT_BYTES - 1);
    (void)close(fd); /* It was only read. */
    while (length > 0 && (ret_text[length - 1] == '\n' || ret_text[length - 1] == ' '))
        length--;
    ret_text[length > 0 ? length : 0] = '\0';
    for (char *at = ret_text; *at != '\0'; at++) {
        if (*at < 0x20 || *at > 0x7e)
            *at = '?';
    }
    spaces = strspn(ret_text, " ");
    memmove(ret_text, ret_text + spaces, strlen(ret_text + spaces) + 1);
}
