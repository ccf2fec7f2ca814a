/* SPDX-License-Identifier: Apache-2.0 */
/* temp_folder.h - a folder of its own for a test, below $TMPDIR or /tmp. */
#ifndef BTX_WAL_TEMP_FOLDER_H
#define BTX_WAL_TEMP_FOLDER_H

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/check.h"

struct temp_folder {
    char path[256];
    int fd;
};

static inline void temp_folder_make_in(struct temp_folder *folder, const char *parent)
{
    int length = snprintf(folder->path, sizeof folder->path, "%s/betex-test-XXXXXX", parent);

    CHECK(length > 0 && (size_t)length < sizeof folder->path);
    CHECK(mkdtemp(folder->path) != NULL);
    folder->fd = open(folder->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(folder->fd >= 0);
}

static inline void temp_folder_make(struct temp_folder *folder)
{
    const char *parent = getenv("TMPDIR");

    temp_folder_make_in(folder, parent != NULL && parent[0] == '/' ? parent : "/tmp");
}

static inline int temp_folder_remove_one(const char *path, const struct stat *status, int type,
                                         struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static inline void temp_folder_remove(struct temp_folder *folder)
{
    (void)close(folder->fd);
    CHECK(nftw(folder->path, temp_folder_remove_one, 16, FTW_DEPTH | FTW_PHYS) == 0);
}

/* Write a file in it, anew. */
static inline void temp_folder_put(const struct temp_folder *folder, const char *name,
                                   const void *bytes, size_t length_bytes)
{
    int fd = openat(folder->fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

    CHECK(fd >= 0);
    CHECK(write(fd, bytes, length_bytes) == (ssize_t)length_bytes);
    CHECK(close(fd) == 0);
}

#endif
