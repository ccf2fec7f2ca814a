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

/* Runs read together, at most: what the second cache of a core holds beside other things, and what
 * makes a disk fast that nothing reads ahead from. */
enum { AHEAD_CACHED_BYTES = 256 * 1024, AHEAD_DIRECT_BYTES = 1024 * 1024 };

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

    file->single.length_bytes = 0;
    file->run.length_bytes = 0;
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

static enum btx_fault_code window_read(struct btx_page_file *file, struct btx_page_window *window,
                                       uint64_t first, uint64_t length_bytes,
                                       struct btx_fault *reterr_fault)
{
    enum btx_fault_code code = btx_page_buffer_reserve(&window->buffer, length_bytes, reterr_fault);

    window->first = first;
    window->length_bytes = 0;
    if (code == BTX_OK)
        code = btx_page_file_read(file, first, window->buffer.bytes, length_bytes,
                                  &window->length_bytes, reterr_fault);
    return code;
}

/* Bytes from the page @first on that are in the window. */
static size_t window_has(const struct btx_page_window *window, uint64_t first)
{
    if (first < window->first ||
        first - window->first >= window->length_bytes / BTX_WAL_PAGE_BYTES + 1)
        return 0;
    return window->length_bytes - (size_t)(first - window->first) * BTX_WAL_PAGE_BYTES;
}

static const uint8_t *window_at(const struct btx_page_window *window, uint64_t first)
{
    return window->buffer.bytes + (first - window->first) * BTX_WAL_PAGE_BYTES;
}

enum btx_fault_code btx_page_file_page(struct btx_page_file *file, uint64_t number,
                                       const uint8_t **ret_page, struct btx_fault *reterr_fault)
{
    const uint64_t pages = btx_page_file_pages(file);

    *ret_page = NULL;
    if (number >= pages)
        return BTX_OK;
    if (!file->changing && window_has(&file->run, number) != 0) {
        *ret_page = window_at(&file->run, number);
        return BTX_OK;
    }
    if (file->changing || window_has(&file->single, number) == 0) {
        /* Where runs are read, the neighbours are theirs. */
        const uint64_t most = file->changing || file->ahead_bytes != 0 ? 1 : WINDOW_PAGES;
        const uint64_t wanted = pages - number < most ? pages - number : most;
        const enum btx_fault_code code =
            window_read(file, &file->single, number, wanted * BTX_WAL_PAGE_BYTES, reterr_fault);

        if (code != BTX_OK)
            return code;
        if (file->single.length_bytes == 0)
            return BTX_OK; /* Cut since it was looked at. */
    }
    *ret_page = window_at(&file->single, number);
    return BTX_OK;
}

/* How much to read from @first on for a run of @length_bytes.  Runs lie one behind the other, with
 * a few pages of the tree between them; whoever goes on so gets more and more at once. */
static uint64_t run_ahead(struct btx_page_file *file, uint64_t first, uint64_t length_bytes)
{
    const uint64_t window_end =
        file->run.first + file->run.length_bytes / BTX_WAL_PAGE_BYTES + WINDOW_PAGES;
    const uint64_t left_bytes = (btx_page_file_pages(file) - first) * BTX_WAL_PAGE_BYTES;
    const size_t most_bytes = file->direct ? AHEAD_DIRECT_BYTES : AHEAD_CACHED_BYTES;
    uint64_t wanted_bytes;

    if (file->changing || first < file->run.first || first > window_end)
        file->ahead_bytes = 0;
    else if (file->ahead_bytes < most_bytes)
        file->ahead_bytes =
            file->ahead_bytes == 0 ? WINDOW_PAGES * BTX_WAL_PAGE_BYTES : 2 * file->ahead_bytes;
    wanted_bytes = file->ahead_bytes > length_bytes ? file->ahead_bytes : length_bytes;
    return wanted_bytes < left_bytes ? wanted_bytes : left_bytes;
}

enum btx_fault_code btx_page_file_run(struct btx_page_file *file, uint64_t first,
                                      uint64_t length_bytes, const uint8_t **ret_bytes,
                                      size_t *ret_read, struct btx_fault *reterr_fault)
{
    size_t has_bytes = 0;

    *ret_bytes = NULL;
    *ret_read = 0;
    if (first >= btx_page_file_pages(file))
        return BTX_OK;
    if (!file->changing)
        has_bytes = window_has(&file->run, first);
    if (has_bytes < length_bytes) {
        const enum btx_fault_code code = window_read(
            file, &file->run, first, run_ahead(file, first, length_bytes), reterr_fault);

        if (code != BTX_OK)
            return code;
        has_bytes = file->run.length_bytes;
    }
    *ret_bytes = window_at(&file->run, first);
    *ret_read = has_bytes < length_bytes ? has_bytes : (size_t)length_bytes;
    return BTX_OK;
}

void btx_page_file_close(struct btx_page_file *file)
{
    if (file->fd >= 0)
        (void)close(file->fd); /* Opened for reading: nothing can be lost. */
    btx_page_buffer_done(&file->single.buffer);
    btx_page_buffer_done(&file->run.buffer);
    *file = (struct btx_page_file){.fd = -1};
}
