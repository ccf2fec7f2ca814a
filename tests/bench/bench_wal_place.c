/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_wal_place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <time.h>
#include <unistd.h>

#include "engine/base/limits.h"
#include "engine/wal/filesystem.h"

#define TMPFS_MAGIC_NUMBER UINT64_C(0x01021994)
#define RAMFS_MAGIC_NUMBER UINT64_C(0x858458f6)

/* A thread that sleeps in so many looks in a row, so far apart, has nothing to do. */
#define LOOKS 6
#define LOOKS_MAX 12000
#define LOOK_NS 5000000

static enum btx_fault_code make_folders(const char *path, struct btx_fault *reterr_fault)
{
    char part[4096];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part - 16 || part[0] == '\0') {
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: empty or too long", path);
    }
    for (char *at = part + 1;; at++) {
        const char letter = *at;
        if (letter != '/' && letter != '\0') {
            continue;
        }
        *at = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST) {
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", part);
        }
        if (letter == '\0') {
            return BTX_OK;
        }
        *at = letter;
    }
}

enum btx_fault_code btx_bench_wal_place_init(struct btx_bench_wal_place *place,
                                             const char *directory, struct btx_fault *reterr_fault)
{
    struct statfs filesystem;
    *place = (struct btx_bench_wal_place){.directory = directory};
    if (make_folders(directory, reterr_fault) != BTX_OK) {
        return reterr_fault->code;
    }
    if (statfs(directory, &filesystem) != 0) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s", directory);
    }
    const uint64_t magic = (uint64_t)(uint32_t)filesystem.f_type;
    (void)snprintf(place->filesystem, sizeof place->filesystem, "%s",
                   btx_wal_filesystem_name(magic, &place->is_allowed));
    place->free_bytes = (uint64_t)filesystem.f_bavail * (uint64_t)filesystem.f_bsize;
    if (magic == TMPFS_MAGIC_NUMBER || magic == RAMFS_MAGIC_NUMBER) {
        return btx_fault_set(reterr_fault, BTX_FAULT_CONFIG, 0,
                             "%s is on %s, where nothing is ever durable: say --dir with a folder "
                             "on a disk",
                             directory, place->filesystem);
    }
    if (snprintf(place->root, sizeof place->root, "%s/log", directory) >=
        (int)sizeof place->root - 32) {
        return btx_fault_set(reterr_fault, BTX_FAULT_USAGE, 0, "%s: too long", directory);
    }
    return BTX_OK;
}

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

enum btx_fault_code btx_bench_wal_place_clear(const struct btx_bench_wal_place *place,
                                              struct btx_fault *reterr_fault)
{
    if (nftw(place->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0 && errno != ENOENT) {
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "%s: cannot be removed",
                             place->root);
    }
    return BTX_OK;
}

static bool ends_in(const char *text, const char *ending)
{
    const size_t length = strlen(text);
    const size_t ending_length = strlen(ending);
    return length >= ending_length && strcmp(text + length - ending_length, ending) == 0;
}

void btx_bench_wal_place_each(const struct btx_bench_wal_place *place, const char *below,
                              const char *ending, btx_bench_wal_visit visit, void *context)
{
    char path[sizeof place->root + 32];
    (void)snprintf(path, sizeof path, "%s%s", place->root, below);
    DIR *folder = opendir(path);
    if (folder == NULL) {
        return;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        const int fd = ends_in(entry->d_name, ending)
                           ? openat(dirfd(folder), entry->d_name, O_RDONLY | O_CLOEXEC)
                           : -1;
        if (fd >= 0) {
            visit(context, fd);
            (void)close(fd); /* Only read. */
        }
    }
    (void)closedir(folder); /* Only read. */
}

static void add_blocks(void *context, int fd)
{
    struct stat status;
    if (fstat(fd, &status) == 0) {
        *(uint64_t *)context += (uint64_t)status.st_blocks * 512;
    }
}

uint64_t btx_bench_wal_place_used(const struct btx_bench_wal_place *place, const char *below,
                                  const char *ending)
{
    uint64_t bytes = 0;
    btx_bench_wal_place_each(place, below, ending, add_blocks, &bytes);
    return bytes;
}

void btx_bench_wal_place_sync(const struct btx_bench_wal_place *place)
{
    const int fd = open(place->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        (void)syncfs(fd); /* So that what was there before does not get into the run. */
        (void)close(fd);  /* Only read. */
    }
}

/* Whether thread @id of this process sleeps, and waits for no disk either. */
static bool is_asleep(const char *id)
{
    char path[64];
    char line[256] = "";
    (void)snprintf(path, sizeof path, "/proc/self/task/%.16s/stat", id);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return true; /* It has ended. */
    }
    if (fgets(line, sizeof line, file) == NULL) {
        line[0] = '\0';
    }
    fclose(file);
    /* "id (name) state ..."; the name may hold anything. */
    const char *end = strrchr(line, ')');
    return end != NULL && end[1] == ' ' && end[2] == 'S';
}

static bool all_asleep(void)
{
    char own[32];
    bool asleep = true;
    (void)snprintf(own, sizeof own, "%d", (int)gettid());
    DIR *folder = opendir("/proc/self/task");
    if (folder == NULL) {
        return true;
    }
    for (const struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, own) != 0) {
            asleep &= is_asleep(entry->d_name);
        }
    }
    (void)closedir(folder); /* Only read. */
    return asleep;
}

enum btx_fault_code btx_bench_wal_settle(struct btx_fault *reterr_fault)
{
    const struct timespec pause = {.tv_nsec = LOOK_NS};
    int quiet = 0;
    for (int look = 0; look < LOOKS_MAX && quiet < LOOKS; look++) {
        quiet = all_asleep() ? quiet + 1 : 0;
        (void)nanosleep(&pause, NULL); /* A shorter one does no harm. */
    }
    return quiet == LOOKS ? BTX_OK
                          : btx_fault_set(reterr_fault, BTX_FAULT_BUG, 0,
                                          "the writer's thread is still busy after a minute");
}
