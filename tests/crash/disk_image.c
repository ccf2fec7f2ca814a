/* SPDX-License-Identifier: Apache-2.0 */
/* disk_image.c - taking in a folder as a disk, and building what a power cut leaves of one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "engine/base/check.h"
#include "tests/crash/disk_state.h"

/* --- The system, past the disk ---------------------------------------------------------------- */

int btx_disk_system_open(int folder_fd, const char *path, int flags)
{
    const int fd = (int)syscall(SYS_openat, folder_fd, path, flags | O_CLOEXEC, 0600);

    CHECK(fd >= 0);
    return fd;
}

void btx_disk_system_close(int fd)
{
    CHECK(syscall(SYS_close, fd) == 0);
}

void btx_disk_system_read(int fd, void *bytes, size_t length_bytes, uint64_t offset_bytes)
{
    const long got = syscall(SYS_pread64, fd, bytes, length_bytes, offset_bytes);
    char path[64];

    if (got == (long)length_bytes)
        return;
    /* The descriptor may be one for writing only, as LMDB's for meta pages. */
    CHECK(got < 0 && errno == EBADF);
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    const int again = btx_disk_system_open(AT_FDCWD, path, O_RDONLY);
    CHECK(syscall(SYS_pread64, again, bytes, length_bytes, offset_bytes) == (long)length_bytes);
    btx_disk_system_close(again);
}

void btx_disk_system_write(int fd, const void *bytes, size_t length_bytes, uint64_t offset_bytes)
{
    CHECK(syscall(SYS_pwrite64, fd, bytes, length_bytes, offset_bytes) == (long)length_bytes);
}

/* Call @visit for each entry of the folder @fd, which it closes. */
static void folder_walk(int fd, void (*visit)(void *context, int fd, const char *name),
                        void *context)
{
    DIR *folder = fdopendir(fd);
    struct dirent *entry;

    CHECK(folder != NULL);
    while ((entry = readdir(folder)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            visit(context, fd, entry->d_name);
    CHECK(closedir(folder) == 0);
}

static void remove_entry(void *context, int fd, const char *name)
{
    (void)context;
    if (syscall(SYS_unlinkat, fd, name, 0) == 0)
        return;
    CHECK(errno == EISDIR);
    folder_walk(btx_disk_system_open(fd, name, O_RDONLY | O_DIRECTORY), remove_entry, NULL);
    CHECK(syscall(SYS_unlinkat, fd, name, AT_REMOVEDIR) == 0);
}

void btx_disk_folder_clear(const char *folder)
{
    folder_walk(btx_disk_system_open(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY), remove_entry, NULL);
}

void btx_disk_folder_make(const char *folder)
{
    CHECK(syscall(SYS_mkdirat, AT_FDCWD, folder, 0700) == 0 || errno == EEXIST);
}

/* --- A folder becomes a disk ------------------------------------------------------------------ */

struct take_in {
    struct btx_disk *disk;
    struct disk_file *folder;
};

static void take_in_entry(void *context, int fd, const char *name);

static void take_in_folder(struct btx_disk *disk, struct disk_file *folder, int fd)
{
    struct take_in within = {disk, folder};

    folder_walk(fd, take_in_entry, &within);
}

static void take_in_entry(void *context, int fd, const char *name)
{
    const struct take_in *within = context;
    struct btx_disk *disk = within->disk;
    struct stat status;

    CHECK(fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0);
    struct disk_file *file = btx_disk_add(disk, within->folder, name, S_ISDIR(status.st_mode),
                                          status.st_dev, status.st_ino);
    (void)btx_disk_rename_entry(disk, DISK_NAMING_ADD, within->folder, name, file);
    const int file_fd = btx_disk_system_open(fd, name, O_RDONLY);
    if (file->folder) {
        take_in_folder(disk, file, file_fd);
        return;
    }
    file->size = (uint64_t)status.st_size;
    file->durable_size = file->size;
    btx_disk_reserve(file, file->size);
    if (file->size != 0)
        btx_disk_system_read(file_fd, file->durable, file->size, 0);
    btx_disk_system_close(file_fd);
}

struct btx_disk *btx_disk_open(const char *root)
{
    struct btx_disk *disk = btx_disk_memory_take(sizeof(*disk));
    struct stat status;

    CHECK(root[0] == '/' && strlen(root) < sizeof(disk->root_path));
    strcpy(disk->root_path, root);
    CHECK(stat(root, &status) == 0);
    struct disk_file *file = btx_disk_add(disk, NULL, "", true, status.st_dev, status.st_ino);
    take_in_folder(disk, file, btx_disk_system_open(AT_FDCWD, root, O_RDONLY | O_DIRECTORY));
    for (size_t i = 0; i < disk->naming_count; i++)
        btx_disk_naming_apply(&disk->durable, &disk->namings[i]);
    disk->naming_count = 0;
    return disk;
}

void btx_disk_close(struct btx_disk *disk)
{
    if (disk == NULL)
        return;
    for (size_t i = 0; i < disk->file_count; i++) {
        struct disk_file *file = disk->files[i];
        for (size_t j = 0; j < file->change_count; j++)
            btx_disk_memory_give(file->changes[j].bytes);
        btx_disk_memory_give(file->changes);
        btx_disk_memory_give(file->durable);
        btx_disk_memory_give(file->settled);
        btx_disk_memory_give(file->lost);
        btx_disk_memory_give(file);
    }
    btx_disk_memory_give(disk->files);
    btx_disk_memory_give(disk->durable.entries);
    btx_disk_memory_give(disk->namings);
    btx_disk_memory_give(disk);
}

/* --- A disk becomes a folder ------------------------------------------------------------------ */

/* How much of what is not durable survives, in 1/1000: now and then nothing, or all. */
static uint64_t draw_permille(struct btx_random *random)
{
    const uint64_t drawn = btx_random_below(random, 1201);

    return drawn > 1100 ? 1000 : drawn > 1000 ? 0 : drawn;
}

/* Put those sectors of @change into @bytes that reached the disk. */
static void keep_some(const struct disk_file *file, const struct disk_change *change,
                      uint64_t permille, struct btx_random *random, uint8_t *bytes,
                      struct btx_disk_loss *loss)
{
    uint64_t kept = 0;
    uint64_t lost = 0;

    for (uint64_t j = 0; j < change->sector_count; j++) {
        uint8_t *sector = bytes + (change->sector + j) * BTX_DISK_SECTOR_BYTES;

        if (file->settled[change->sector + j] >= change->number)
            continue;
        if (!btx_random_chance(random, permille)) {
            lost++;
            continue;
        }
        kept++;
        if (change->bytes == NULL)
            memset(sector, 0, BTX_DISK_SECTOR_BYTES);
        else
            memcpy(sector, change->bytes + j * BTX_DISK_SECTOR_BYTES, BTX_DISK_SECTOR_BYTES);
    }
    if (lost != 0 && kept != 0)
        loss->torn_writes++;
    else if (lost != 0)
        loss->lost_writes++;
}

/* The bytes of @file after the cut, in memory of the caller; *ret_size_bytes is its size. */
static uint8_t *file_after_cut(const struct disk_file *file, struct btx_random *random,
                               uint64_t *ret_size_bytes, struct btx_disk_loss *loss)
{
    const uint64_t permille = draw_permille(random);
    uint64_t size = file->durable_size;
    uint8_t *bytes = calloc(1, file->room_bytes + 1);

    CHECK(bytes != NULL);
    if (file->room_bytes != 0)
        memcpy(bytes, file->durable, file->room_bytes);
    for (size_t i = 0; i < file->change_count; i++) {
        const struct disk_change *change = &file->changes[i];

        keep_some(file, change, permille, random, bytes, loss);
        if (change->size == size || !btx_random_chance(random, permille))
            continue;
        if (change->sector_count == 0 && change->size < size)
            memset(bytes + change->size, 0, file->room_bytes - change->size);
        if (change->sector_count == 0 || change->size > size)
            size = change->size;
    }
    /* A growing file may have got anywhere between the two sizes. */
    if (size != file->durable_size && size > file->durable_size && btx_random_chance(random, 250))
        size = btx_random_between(random, file->durable_size, size);
    *ret_size_bytes = size;
    return bytes;
}

/* Write all pages that are not zero: the others are holes, which read the same. */
static void write_file(int folder_fd, const char *name, const uint8_t *bytes, uint64_t size_bytes)
{
    static const uint8_t zeros[BTX_DISK_PAGE_BYTES];
    const int fd = btx_disk_system_open(folder_fd, name, O_WRONLY | O_CREAT | O_EXCL);

    CHECK(syscall(SYS_ftruncate, fd, size_bytes) == 0);
    for (uint64_t offset = 0; offset < size_bytes; offset += BTX_DISK_PAGE_BYTES) {
        const uint64_t left = size_bytes - offset;
        const size_t length = left < BTX_DISK_PAGE_BYTES ? left : BTX_DISK_PAGE_BYTES;
        if (memcmp(bytes + offset, zeros, length) != 0)
            btx_disk_system_write(fd, bytes + offset, length, offset);
    }
    btx_disk_system_close(fd);
}

static void write_folder(const struct disk_names *names, const struct disk_file *folder, int fd,
                         struct btx_random *random, struct btx_disk_loss *loss)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct disk_entry *entry = &names->entries[i];
        if (entry->folder != folder)
            continue;
        if (entry->file->folder) {
            CHECK(syscall(SYS_mkdirat, fd, entry->name, 0700) == 0);
            write_folder(names, entry->file, btx_disk_system_open(fd, entry->name, O_RDONLY),
                         random, loss);
            continue;
        }
        uint64_t size;
        uint8_t *bytes = file_after_cut(entry->file, random, &size, loss);
        write_file(fd, entry->name, bytes, size);
        free(bytes);
    }
    btx_disk_system_close(fd);
}

struct btx_disk_loss btx_disk_image(struct btx_disk *disk, const char *folder,
                                    struct btx_random *random)
{
    const bool in_order = btx_random_chance(random, 333);
    const uint64_t permille = draw_permille(random);
    struct disk_names names = {0};
    struct btx_disk_loss loss = {0};

    for (size_t i = 0; i < disk->durable.count; i++) {
        btx_disk_grow((void **)&names.entries, i, &names.room, sizeof(*names.entries));
        names.entries[names.count++] = disk->durable.entries[i];
    }
    /* A journal keeps names in order; POSIX asks for nothing. */
    for (size_t i = 0; i < disk->naming_count; i++) {
        const bool kept = btx_random_chance(random, permille);

        if (kept)
            btx_disk_naming_apply(&names, &disk->namings[i]);
        else if (in_order) {
            loss.lost_names += disk->naming_count - i;
            break;
        }
        loss.lost_names += !kept;
    }
    write_folder(&names, disk->files[0], btx_disk_system_open(AT_FDCWD, folder, O_RDONLY), random,
                 &loss);
    btx_disk_memory_give(names.entries);
    return loss;
}

/* --- The real files against the disk ---------------------------------------------------------- */

struct check {
    struct btx_disk *disk;
    char why[256];
};

static void check_file(struct check *check, const struct disk_file *file, int fd, uint64_t size)
{
    uint8_t *real = calloc(2, size + 1);
    uint8_t *ours = real + size + 1;

    CHECK(real != NULL);
    if (size != 0)
        btx_disk_system_read(fd, real, size, 0);
    btx_disk_read(file, ours, 0, size);
    for (uint64_t at = 0; at < size && file->size == size; at += BTX_DISK_PAGE_BYTES) {
        const size_t left = size - at < BTX_DISK_PAGE_BYTES ? size - at : BTX_DISK_PAGE_BYTES;
        if (file->lost[at / BTX_DISK_PAGE_BYTES] || memcmp(real + at, ours + at, left) == 0)
            continue;
        (void)snprintf(check->why, sizeof(check->why), "%s: page %ju differs", file->name,
                       (uintmax_t)(at / BTX_DISK_PAGE_BYTES));
        break;
    }
    if (file->size != size)
        (void)snprintf(check->why, sizeof(check->why), "%s: size is %ju, told was %ju", file->name,
                       (uintmax_t)size, (uintmax_t)file->size);
    free(real);
}

static void check_entry(void *context, int fd, const char *name)
{
    struct check *check = context;
    struct stat status;

    CHECK(fstatat(fd, name, &status, AT_SYMLINK_NOFOLLOW) == 0);
    const struct disk_file *file = btx_disk_find(check->disk, status.st_dev, status.st_ino);
    if (file == NULL || file->folder != S_ISDIR(status.st_mode)) {
        (void)snprintf(check->why, sizeof(check->why), "%s: unknown to the disk", name);
        return;
    }
    const int file_fd = btx_disk_system_open(fd, name, O_RDONLY);
    if (file->folder) {
        folder_walk(file_fd, check_entry, check);
        return;
    }
    check_file(check, file, file_fd, (uint64_t)status.st_size);
    btx_disk_system_close(file_fd);
}

const char *btx_disk_check(struct btx_disk *disk)
{
    static struct check check;

    check.disk = disk;
    check.why[0] = '\0';
    folder_walk(btx_disk_system_open(AT_FDCWD, disk->root_path, O_RDONLY), check_entry, &check);
    return check.why[0] == '\0' ? NULL : check.why;
}
