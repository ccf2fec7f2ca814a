/* SPDX-License-Identifier: Apache-2.0 */
/* disk_state.c - what is durable and what is not yet: changes of files and of names. */
#include "tests/crash/disk_state.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "engine/base/check.h"

void btx_disk_grow(void **array, size_t count, size_t *room, size_t element_bytes)
{
    if (count < *room)
        return;
    *room = *room == 0 ? 8 : *room * 2;
    void *larger = btx_disk_memory_take(*room * element_bytes);
    if (count != 0)
        memcpy(larger, *array, count * element_bytes);
    btx_disk_memory_give(*array);
    *array = larger;
}

/* --- Files ------------------------------------------------------------------------------------ */

struct disk_file *btx_disk_find(const struct btx_disk *disk, dev_t device, ino_t inode)
{
    for (size_t i = 0; i < disk->file_count; i++)
        if (disk->files[i]->inode == inode && disk->files[i]->device == device)
            return disk->files[i];
    return NULL;
}

struct disk_file *btx_disk_add(struct btx_disk *disk, struct disk_file *parent, const char *name,
                               bool folder, dev_t device, ino_t inode)
{
    struct disk_file *file = btx_disk_memory_take(sizeof(*file));
    struct disk_file *before = btx_disk_find(disk, device, inode);

    if (before != NULL)
        before->inode = 0; /* It was removed, and the system gives its number to another. */
    file->device = device;
    file->inode = inode;
    file->folder = folder;
    file->parent = parent;
    CHECK(strlen(name) < sizeof(file->name));
    strcpy(file->name, name);
    btx_disk_grow((void **)&disk->files, disk->file_count, &disk->file_room, sizeof(file));
    disk->files[disk->file_count++] = file;
    return file;
}

void btx_disk_reserve(struct disk_file *file, uint64_t size_bytes)
{
    uint64_t room = file->room_bytes == 0 ? 4 * BTX_DISK_PAGE_BYTES : file->room_bytes;

    while (room < size_bytes)
        room *= 2;
    if (room == file->room_bytes)
        return;
    uint8_t *durable = btx_disk_memory_take(room);
    uint64_t *settled = btx_disk_memory_take(room / BTX_DISK_SECTOR_BYTES * sizeof(*settled));
    bool *lost = btx_disk_memory_take(room / BTX_DISK_PAGE_BYTES * sizeof(*lost));
    if (file->room_bytes != 0) {
        memcpy(durable, file->durable, file->room_bytes);
        memcpy(settled, file->settled, file->room_bytes / BTX_DISK_SECTOR_BYTES * sizeof(*settled));
        memcpy(lost, file->lost, file->room_bytes / BTX_DISK_PAGE_BYTES * sizeof(*lost));
    }
    btx_disk_memory_give(file->durable);
    btx_disk_memory_give(file->settled);
    btx_disk_memory_give(file->lost);
    file->durable = durable;
    file->settled = settled;
    file->lost = lost;
    file->room_bytes = room;
}

/* --- Changes of files ------------------------------------------------------------------------- */

static struct disk_change *add_change(struct disk_file *file)
{
    btx_disk_grow((void **)&file->changes, file->change_count, &file->change_room,
                  sizeof(*file->changes));
    struct disk_change *change = &file->changes[file->change_count++];
    memset(change, 0, sizeof(*change));
    change->number = ++file->change_number;
    change->size = file->size;
    return change;
}

bool btx_disk_all_zero(const void *bytes, size_t length_bytes)
{
    const uint8_t *first = bytes;

    return length_bytes == 0 || (first[0] == 0 && memcmp(first, first + 1, length_bytes - 1) == 0);
}

/* A page that a failed sync dropped is written whole, with all of its sectors, when it is changed
 * again: so widen the change to whole pages where it meets such pages. */
static void widen_to_lost_pages(struct disk_file *file, uint64_t *first, uint64_t *end)
{
    const uint64_t sectors = BTX_DISK_PAGE_BYTES / BTX_DISK_SECTOR_BYTES;
    const uint64_t page_first = *first / sectors;
    const uint64_t page_last = (*end - 1) / sectors;

    if (file->lost[page_first])
        *first = page_first * sectors;
    if (file->lost[page_last])
        *end = (page_last + 1) * sectors;
    for (uint64_t page = page_first; page <= page_last; page++)
        file->lost[page] = false;
}

uint64_t btx_disk_written(struct disk_file *file, int fd, uint64_t offset_bytes,
                          uint64_t length_bytes)
{
    uint64_t first = offset_bytes / BTX_DISK_SECTOR_BYTES;
    uint64_t end =
        (offset_bytes + length_bytes + BTX_DISK_SECTOR_BYTES - 1) / BTX_DISK_SECTOR_BYTES;

    if (offset_bytes + length_bytes > file->size)
        file->size = offset_bytes + length_bytes;
    btx_disk_reserve(file, end * BTX_DISK_SECTOR_BYTES);
    widen_to_lost_pages(file, &first, &end);
    struct disk_change *change = add_change(file);
    change->sector = first;
    change->sector_count = end - first;
    if (fd < 0)
        return change->number;
    const size_t bytes = change->sector_count * BTX_DISK_SECTOR_BYTES;
    change->bytes = btx_disk_memory_take(bytes);
    const uint64_t begin = first * BTX_DISK_SECTOR_BYTES;
    if (begin < file->size)
        btx_disk_system_read(fd, change->bytes,
                             file->size - begin < bytes ? file->size - begin : bytes, begin);
    if (btx_disk_all_zero(change->bytes, bytes)) {
        btx_disk_memory_give(change->bytes);
        change->bytes = NULL;
    }
    return change->number;
}

void btx_disk_resized(struct disk_file *file, uint64_t size_bytes)
{
    file->size = size_bytes;
    btx_disk_reserve(file, size_bytes);
    (void)add_change(file);
}

/* One sector of @change reaches the bytes at @to. */
static void put_sector(uint8_t *to, const struct disk_change *change, uint64_t index)
{
    uint8_t *sector = to + (change->sector + index) * BTX_DISK_SECTOR_BYTES;

    if (change->bytes == NULL)
        memset(sector, 0, BTX_DISK_SECTOR_BYTES);
    else
        memcpy(sector, change->bytes + index * BTX_DISK_SECTOR_BYTES, BTX_DISK_SECTOR_BYTES);
}

static void drop_changes(struct disk_file *file)
{
    for (size_t i = 0; i < file->change_count; i++)
        btx_disk_memory_give(file->changes[i].bytes);
    file->change_count = 0;
}

/* What lies behind the end of a file is zero when the file grows again. */
static void cut_durable(struct disk_file *file, uint64_t size_bytes)
{
    if (size_bytes < file->durable_size)
        memset(file->durable + size_bytes, 0, file->room_bytes - size_bytes);
    file->durable_size = size_bytes;
}

void btx_disk_settle(struct disk_file *file)
{
    for (size_t i = 0; i < file->change_count; i++) {
        const struct disk_change *change = &file->changes[i];
        for (uint64_t j = 0; j < change->sector_count; j++)
            if (file->settled[change->sector + j] < change->number)
                put_sector(file->durable, change, j);
        if (change->size < file->durable_size)
            cut_durable(file, change->size);
    }
    file->durable_size = file->size;
    drop_changes(file);
}

void btx_disk_settle_change(struct disk_file *file, uint64_t number, uint64_t end_bytes)
{
    for (size_t i = 0; i < file->change_count; i++) {
        const struct disk_change *change = &file->changes[i];
        if (change->sector_count == 0 && change->size < file->durable_size) {
            btx_disk_settle(file); /* The inode goes to the disk as it is, so all of it may. */
            return;
        }
        if (change->number != number)
            continue;
        for (uint64_t j = 0; j < change->sector_count; j++) {
            put_sector(file->durable, change, j);
            file->settled[change->sector + j] = number;
        }
    }
    if (end_bytes > file->durable_size)
        file->durable_size = end_bytes;
}

void btx_disk_lose(struct disk_file *file, uint64_t number, struct btx_random *random)
{
    const uint64_t permille = btx_random_below(random, 3) * btx_random_below(random, 501);
    size_t kept = 0;

    for (size_t i = 0; i < file->change_count; i++) {
        struct disk_change *change = &file->changes[i];
        if (change->number < number) {
            file->changes[kept++] = *change;
            continue;
        }
        for (uint64_t j = 0; j < change->sector_count; j++) {
            const uint64_t sector = change->sector + j;
            if (file->settled[sector] < change->number && btx_random_chance(random, permille))
                put_sector(file->durable, change, j);
            file->lost[sector * BTX_DISK_SECTOR_BYTES / BTX_DISK_PAGE_BYTES] = true;
        }
        btx_disk_memory_give(change->bytes);
    }
    file->change_count = kept;
    if (file->size != file->durable_size)
        (void)add_change(file); /* Its size may still get to the disk. */
}

/* Copy the part of @change that lies in @length_bytes at @offset_bytes. */
static void overlay(const struct disk_file *file, const struct disk_change *change, uint8_t *bytes,
                    uint64_t offset_bytes, uint64_t length_bytes)
{
    for (uint64_t j = 0; j < change->sector_count; j++) {
        const uint64_t begin = (change->sector + j) * BTX_DISK_SECTOR_BYTES;
        const uint64_t end = begin + BTX_DISK_SECTOR_BYTES;
        const uint64_t from = begin > offset_bytes ? begin : offset_bytes;
        const uint64_t to = end < offset_bytes + length_bytes ? end : offset_bytes + length_bytes;
        if (from >= to || file->settled[change->sector + j] >= change->number)
            continue;
        if (change->bytes == NULL)
            memset(bytes + (from - offset_bytes), 0, to - from);
        else
            memcpy(bytes + (from - offset_bytes),
                   change->bytes + j * BTX_DISK_SECTOR_BYTES + (from - begin), to - from);
    }
}

/* The kernel writes back what is dirty in the cache before it reads past it; what a failed sync
 * dropped is not dirty, so the disk's bytes show. */
void btx_disk_read(const struct disk_file *file, uint8_t *bytes, uint64_t offset_bytes,
                   uint64_t length_bytes)
{
    memset(bytes, 0, length_bytes);
    if (offset_bytes < file->room_bytes) {
        const uint64_t left = file->room_bytes - offset_bytes;
        memcpy(bytes, file->durable + offset_bytes, length_bytes < left ? length_bytes : left);
    }
    for (size_t i = 0; i < file->change_count; i++) {
        const struct disk_change *change = &file->changes[i];
        overlay(file, change, bytes, offset_bytes, length_bytes);
        if (change->sector_count == 0 && change->size < offset_bytes + length_bytes) {
            const uint64_t from = change->size > offset_bytes ? change->size - offset_bytes : 0;
            memset(bytes + from, 0, length_bytes - from);
        }
    }
}

void btx_disk_forget(struct disk_file *file, int fd)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    for (uint64_t page = 0; page < file->room_bytes / BTX_DISK_PAGE_BYTES; page++) {
        const uint64_t begin = page * BTX_DISK_PAGE_BYTES;
        uint8_t bytes[BTX_DISK_PAGE_BYTES];
        if (!file->lost[page] || begin >= file->size)
            continue;
        const uint64_t left = file->size - begin;
        const size_t length = left < sizeof(bytes) ? left : sizeof(bytes);
        const int writable = btx_disk_system_open(AT_FDCWD, path, O_WRONLY);
        btx_disk_read(file, bytes, begin, length);
        btx_disk_system_write(writable, bytes, length, begin);
        btx_disk_system_close(writable);
        file->lost[page] = false;
    }
}

/* --- Names ------------------------------------------------------------------------------------ */

static struct disk_entry *find_entry(const struct disk_names *names, const struct disk_file *folder,
                                     const char *name)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->entries[i].folder == folder && strcmp(names->entries[i].name, name) == 0)
            return &names->entries[i];
    return NULL;
}

static void put_entry(struct disk_names *names, struct disk_file *folder, const char *name,
                      struct disk_file *file)
{
    struct disk_entry *entry = find_entry(names, folder, name);

    if (entry == NULL) {
        btx_disk_grow((void **)&names->entries, names->count, &names->room,
                      sizeof(*names->entries));
        entry = &names->entries[names->count++];
    }
    entry->folder = folder;
    entry->file = file;
    strcpy(entry->name, name);
}

/* Entries name inodes: what has the name now, but is another file, is not meant. */
static void drop_entry(struct disk_names *names, const struct disk_naming *naming)
{
    struct disk_entry *entry = find_entry(names, naming->folder, naming->name);

    if (entry != NULL && entry->file == naming->file)
        *entry = names->entries[--names->count];
}

/* Under whatever name: a file that is moved has one. */
static void drop_file(struct disk_names *names, const struct disk_file *file)
{
    for (size_t i = 0; i < names->count; i++)
        if (names->entries[i].file == file)
            names->entries[i--] = names->entries[--names->count];
}

void btx_disk_naming_apply(struct disk_names *names, const struct disk_naming *naming)
{
    switch (naming->kind) {
    case DISK_NAMING_ADD:
        put_entry(names, naming->folder, naming->name, naming->file);
        break;
    case DISK_NAMING_REMOVE:
        drop_entry(names, naming);
        break;
    case DISK_NAMING_MOVE:
        drop_file(names, naming->file);
        put_entry(names, naming->to_folder, naming->to_name, naming->file);
        break;
    }
}

struct disk_naming *btx_disk_rename_entry(struct btx_disk *disk, enum disk_naming_kind kind,
                                          struct disk_file *folder, const char *name,
                                          struct disk_file *file)
{
    btx_disk_grow((void **)&disk->namings, disk->naming_count, &disk->naming_room,
                  sizeof(*disk->namings));
    struct disk_naming *naming = &disk->namings[disk->naming_count++];
    memset(naming, 0, sizeof(*naming));
    naming->kind = kind;
    naming->folder = folder;
    naming->file = file;
    CHECK(strlen(name) < sizeof(naming->name));
    strcpy(naming->name, name);
    return naming;
}

void btx_disk_settle_folder(struct btx_disk *disk, const struct disk_file *folder)
{
    size_t kept = 0;

    for (size_t i = 0; i < disk->naming_count; i++) {
        const struct disk_naming *naming = &disk->namings[i];
        if (naming->folder == folder || naming->to_folder == folder)
            btx_disk_naming_apply(&disk->durable, naming);
        else
            disk->namings[kept++] = *naming;
    }
    disk->naming_count = kept;
}
