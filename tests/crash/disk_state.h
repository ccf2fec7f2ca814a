/* SPDX-License-Identifier: Apache-2.0 */
/* disk_state.h - the state of a simulated disk, private to disk_*.c. */
#ifndef BTX_CRASH_DISK_STATE_H
#define BTX_CRASH_DISK_STATE_H

#include <limits.h>
#include <sys/types.h>

#include "tests/crash/disk.h"

enum { DISK_NAME_BYTES = 64 };

/* A change of a file that is not durable yet: sectors, or the size alone. */
struct disk_change {
    uint64_t number; /* 1, 2, 3, ... in the file */
    uint64_t sector; /* first one */
    uint64_t sector_count;
    uint8_t *bytes; /* of the sectors after the change; NULL: zeros, or size alone */
    uint64_t size;  /* of the file after it */
};

/* An inode: a file or a folder. */
struct disk_file {
    dev_t device; /* of the real file; inode 0: it is not there any more */
    ino_t inode;
    bool folder;
    char name[DISK_NAME_BYTES]; /* in the page cache's view, for the names of points */
    struct disk_file *parent;
    uint64_t size;         /* as the page cache has it */
    uint64_t durable_size; /* as the disk has it */
    uint8_t *durable;      /* what the disk has, zeros behind what was ever written */
    uint64_t *settled;     /* for each sector: changes up to this number are overtaken */
    bool *lost;            /* for each page: the cache has what a failed sync dropped */
    uint64_t room_bytes;   /* of durable: whole pages */
    struct disk_change *changes;
    size_t change_count;
    size_t change_room;
    uint64_t change_number;
};

/* An entry of a folder that is durable. */
struct disk_entry {
    struct disk_file *folder;
    struct disk_file *file;
    char name[DISK_NAME_BYTES];
};

enum disk_naming_kind { DISK_NAMING_ADD, DISK_NAMING_REMOVE, DISK_NAMING_MOVE };

/* A change of names that is not durable yet. */
struct disk_naming {
    enum disk_naming_kind kind;
    struct disk_file *folder;
    struct disk_file *to_folder; /* MOVE */
    struct disk_file *file;
    char name[DISK_NAME_BYTES];
    char to_name[DISK_NAME_BYTES]; /* MOVE */
};

/* Entries, durable or as an image has them. */
struct disk_names {
    struct disk_entry *entries;
    size_t count;
    size_t room;
};

struct btx_disk {
    char root_path[PATH_MAX];
    struct disk_file **files; /* the root first */
    size_t file_count;
    size_t file_room;
    struct disk_names durable;
    struct disk_naming *namings; /* in the order in which they were made */
    size_t naming_count;
    size_t naming_room;
};

/* Make room for one more element in the array at *@array. */
void btx_disk_grow(void **array, size_t count, size_t *room, size_t element_bytes);

/* The file of the real inode, NULL for none; a new one for it. */
struct disk_file *btx_disk_find(const struct btx_disk *disk, dev_t device, ino_t inode);
struct disk_file *btx_disk_add(struct btx_disk *disk, struct disk_file *parent, const char *name,
                               bool folder, dev_t device, ino_t inode);

/* The real file has other bytes at @offset_bytes now: read them through @fd, or with -1 know that
 * all of them are zero, in pages behind its old end.  Returns the change. */
uint64_t btx_disk_written(struct disk_file *file, int fd, uint64_t offset_bytes,
                          uint64_t length_bytes);
void btx_disk_resized(struct disk_file *file, uint64_t size_bytes);
/* The change @number has become durable by itself, up to @end_bytes of the file. */
void btx_disk_settle_change(struct disk_file *file, uint64_t number, uint64_t end_bytes);
/* All of it has become durable. */
void btx_disk_settle(struct disk_file *file);
/* A sync failed: of the changes (from @number on) a random part reached the disk, the rest never
 * will, though the cache shows it. */
void btx_disk_lose(struct disk_file *file, uint64_t number, struct btx_random *random);
/* The cache forgets what is not dirty: where a failed sync dropped pages, the real file, which @fd
 * is open on, gets what the disk has. */
void btx_disk_forget(struct disk_file *file, int fd);
/* What a read past the page cache gives. */
void btx_disk_read(const struct disk_file *file, uint8_t *bytes, uint64_t offset_bytes,
                   uint64_t length_bytes);

bool btx_disk_all_zero(const void *bytes, size_t length_bytes);

/* Room in durable for @size_bytes. */
void btx_disk_reserve(struct disk_file *file, uint64_t size_bytes);

struct disk_naming *btx_disk_rename_entry(struct btx_disk *disk, enum disk_naming_kind kind,
                                          struct disk_file *folder, const char *name,
                                          struct disk_file *file);
void btx_disk_naming_apply(struct disk_names *names, const struct disk_naming *naming);
void btx_disk_settle_folder(struct btx_disk *disk, const struct disk_file *folder);

/* Calls of the system, past the disk, that must work here. */
int btx_disk_system_open(int folder_fd, const char *path, int flags);
void btx_disk_system_close(int fd);
void btx_disk_system_read(int fd, void *bytes, size_t length_bytes, uint64_t offset_bytes);
void btx_disk_system_write(int fd, const void *bytes, size_t length_bytes, uint64_t offset_bytes);

#endif
