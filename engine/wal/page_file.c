/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/wal/page_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/base/check.h"

/* Leaves of small batches lie side by side: 128 KiB make a read of the disk worth its while, and
 * cost little when the neighbours are overflow pages that nobody wants. */
enum { WINDOW_PAGES = 32 };

/* What one call of pread may be asked for: less than the most that the kernel does at once. */
#define READ_BYTES_MAX ((size_t)1 << 30)

enum btx_fault_code btx_page_buffer_reserve(struct btx_page_buffer *buffer, uint64_t size_bytes,
                                            struct btx_fault *reterr_fault)
{
    uint64_t room_bytes = buffer->size_bytes != 0 ? buffer->size_bytes : BTX_WAL_PAGE_BYTES;

    if (size_bytes <= buffer->size_bytes)
        return BTX_OK;
    while (room_bytes < size_bytes)
        room_bytes *= 2;
    free(buffer->bytes);
    buffer->size_bytes = 0;
    buffer->bytes = aligned_alloc(BTX_WAL_PAGE_BYTES, room_bytes);
    if (buffer->bytes == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, ENOMEM, "a buffer of %zu bytes",
                             (size_t)room_bytes);
    buffer->size_bytes = room_bytes;
    return BTX_OK;
}

void btx_page_buffer_done(struct btx_page_buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct btx_page_buffer){0};
}

enum btx_fault_code btx_page_file_look(struct btx_page_file *file, struct btx_fault *reterr_fault)
{
    struct stat status;

    file->window_count = 0;
    if (fstat(file->fd, &status) != 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "looking at a segment");
    if (!S_ISREG(status.st_mode))
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, 0, "this is not an ordinary file");
    file->size_bytes = (uint64_t)status.st_size;
    return BTX_OK;
}

enum btx_fault_code btx_page_file_open(struct btx_page_file *file, int folder_fd, const char *name,
                                       bool direct, bool changing, struct btx_fault *reterr_fault)
{
    /* Nonblocking, because a pipe of that name would let the opening wait for ever. */
    const int flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;

    *file = (struct btx_page_file){.fd = -1, .direct = direct, .changing = changing};
    if (direct) {
        file->fd = openat(folder_fd, name, flags | O_DIRECT);
        if (file->fd < 0 && errno == EINVAL)
            file->direct = false; /* The filesystem cannot: what it caches must do. */
    }
    if (!file->direct)
        file->fd = openat(folder_fd, name, flags);
    if (file->fd < 0)
        return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "opening %s", name);
    if (btx_page_file_look(file, reterr_fault) != BTX_OK)
        return btx_fault_wrap(reterr_fault, "%s", name);
    file->window_bytes = aligned_alloc(BTX_WAL_PAGE_BYTES, WINDOW_PAGES * BTX_WAL_PAGE_BYTES);
    if (file->window_bytes == NULL)
        return btx_fault_set(reterr_fault, BTX_FAULT_MEMORY, ENOMEM, "reading %s", name);
    if (!file->direct && !changing) /* Only a hint: whether it is taken does not matter. */
        (void)posix_fadvise(file->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return BTX_OK;
}

/* Some filesystems let a file be opened past the cache and then refuse to read it so. */
static bool direct_given_up(struct btx_page_file *file)
{
    const int flags = fcntl(file->fd, F_GETFL);

    if (!file->direct || flags < 0 || fcntl(file->fd, F_SETFL, flags & ~O_DIRECT) != 0)
        return false;
    file->direct = false;
    return true;
}

enum btx_fault_code btx_page_file_read(struct btx_page_file *file, uint64_t first, uint8_t *bytes,
                                       size_t length_bytes, size_t *ret_read,
                                       struct btx_fault *reterr_fault)
{
    size_t done_bytes = 0;

    *ret_read = 0;
    if (first > (uint64_t)INT64_MAX / BTX_WAL_PAGE_BYTES)
        return BTX_OK;
    while (done_bytes < length_bytes) {
        const size_t left_bytes = length_bytes - done_bytes;
        const uint64_t offset = first * BTX_WAL_PAGE_BYTES + done_bytes;
        const ssize_t got =
            pread(file->fd, bytes + done_bytes,
                  left_bytes < READ_BYTES_MAX ? left_bytes : READ_BYTES_MAX, (off_t)offset);

        if (got == 0)
            break;
        if (got > 0)
            done_bytes += (size_t)got;
        else if (errno != EINTR && !(errno == EINVAL && direct_given_up(file)))
            return btx_fault_set(reterr_fault, BTX_FAULT_IO, errno, "reading page %llu",
                                 (unsigned long long)first);
    }
    if (done_bytes % BTX_WAL_PAGE_BYTES != 0)
        memset(bytes + done_bytes, 0, BTX_WAL_PAGE_BYTES - done_bytes % BTX_WAL_PAGE_BYTES);
    *ret_read = done_bytes;
    return BTX_OK;
}

enum btx_fault_code btx_page_file_page(struct btx_page_file *file, uint64_t number,
                                       const uint8_t **ret_page, struct btx_fault *reterr_fault)
{
    const uint64_t pages = btx_page_file_pages(file);
    uint64_t wanted = 1;
    size_t read_bytes;

    *ret_page = NULL;
    if (number >= pages)
        return BTX_OK;
    if (file->changing || number - file->window_first >= file->window_count) {
        if (!file->changing)
            wanted = pages - number < WINDOW_PAGES ? pages - number : WINDOW_PAGES;
        file->window_count = 0;
        if (btx_page_file_read(file, number, file->window_bytes, wanted * BTX_WAL_PAGE_BYTES,
                               &read_bytes, reterr_fault) != BTX_OK)
            return reterr_fault->code;
        file->window_first = number;
        file->window_count = (read_bytes + BTX_WAL_PAGE_BYTES - 1) / BTX_WAL_PAGE_BYTES;
        if (file->window_count == 0)
            return BTX_OK; /* Cut since it was looked at. */
    }
    *ret_page = file->window_bytes + (number - file->window_first) * BTX_WAL_PAGE_BYTES;
    return BTX_OK;
}

void btx_page_file_close(struct btx_page_file *file)
{
    if (file->fd >= 0)
        (void)close(file->fd); /* Opened for reading: nothing can be lost. */
    free(file->window_bytes);
    *file = (struct btx_page_file){.fd = -1};
}
